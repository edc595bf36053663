"""Gates as JUnit XML, which CI servers show as tests: one test case for each gate."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from gru_sentiment.reporting.wording import demand, failure, outcome
from gru_sentiment.results.evaluation import GateResult
from gru_sentiment.results.suites import Judged

NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, not even escaped (section 2.2)."""


def junit_xml(*results: Judged) -> str:
    """A document with a test suite for each result; names may hold any character."""
    root = ElementTree.Element("testsuites", _counts(*results))
    for result in results:
        attributes = {"name": "gru-sent evaluate", **_counts(result)}
        suite = ElementTree.SubElement(root, "testsuite", attributes)
        where = _valid(f"{result.run} on {result.data}")
        for gate in result.gates:
            _add_case(suite, gate, where)
    ElementTree.indent(root)
    text = ElementTree.tostring(root, "unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _counts(*results: Judged) -> dict[str, str]:
    return {
        "tests": str(sum(len(result.gates) for result in results)),
        "failures": str(sum(len(result.failed) for result in results)),
        "errors": "0",
        "skipped": "0",
        "time": f"{sum(result.elapsed_s for result in results):.3f}",
    }


def _add_case(suite: ElementTree.Element, gate: GateResult, where: str) -> None:
    attributes = {"classname": where, "name": _valid(demand(gate)), "time": "0"}
    case = ElementTree.SubElement(suite, "testcase", attributes)
    if gate.passed:
        ElementTree.SubElement(case, "system-out").text = _valid(outcome(gate))
    else:
        message = _valid(failure(gate))
        ElementTree.SubElement(case, "failure", {"message": message, "type": "gate"})


def _valid(text: str) -> str:
    return NOT_XML.sub("\ufffd", text)
