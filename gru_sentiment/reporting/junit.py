"""Gates as JUnit XML, which CI servers show as tests: one case a gate."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from gru_sentiment.reporting.wording import demand, failure, outcome
from gru_sentiment.results import Evaluation

NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, not even escaped (section 2.2)."""


def junit_xml(evaluation: Evaluation) -> str:
    """A document with one suite; the names may hold anything."""
    elapsed = f"{evaluation.metrics.elapsed_s:.3f}"
    counts = {
        "tests": str(len(evaluation.gates)),
        "failures": str(len(evaluation.failed)),
        "errors": "0",
        "skipped": "0",
        "time": elapsed,
    }
    root = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(root, "testsuite", {"name": "gru-sent evaluate", **counts})
    where = _valid(f"{evaluation.run} on {evaluation.data}")
    for gate in evaluation.gates:
        about = {"classname": where, "name": _valid(demand(gate)), "time": "0"}
        case = ElementTree.SubElement(suite, "testcase", about)
        if gate.passed:
            ElementTree.SubElement(case, "system-out").text = _valid(outcome(gate))
        else:
            message = _valid(failure(gate))
            ElementTree.SubElement(case, "failure", {"message": message, "type": "gate"})
    ElementTree.indent(root)
    text = ElementTree.tostring(root, "unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _valid(text: str) -> str:
    return NOT_XML.sub("\ufffd", text)
