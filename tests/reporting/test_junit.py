"""JUnit XML: one case a gate, a document whatever the names hold."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gru_sentiment.reporting.junit import junit_xml
from gru_sentiment.results.evaluation import Evaluation


def test_a_case_a_gate(evaluation: Evaluation) -> None:
    root = ElementTree.fromstring(junit_xml(evaluation))
    (suite,) = root
    assert root.tag == "testsuites"
    for element in (root, suite):
        found = [element.get(name) for name in ("tests", "failures", "errors", "time")]
        assert found == ["2", "1", "0", "2.500"]
    failed, passed = suite
    assert (failed.get("classname"), failed.get("name")) == (
        "runs/gru on reviews.csv",
        "lower end of accuracy >= 0.9",
    )
    (failure,) = failed
    assert failure.tag == "failure"
    assert "0.91 (95 % interval 0.8900 to 0.9300)" in failure.get("message", "")
    assert passed.find("failure") is None
    assert passed.get("name") == "loss <= 0.5"


def test_no_gates_are_a_suite_without_cases(evaluation: Evaluation) -> None:
    root = ElementTree.fromstring(junit_xml(replace(evaluation, gates=[])))
    assert root.get("tests") == "0"
    assert list(root[0]) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(name=st.text(st.characters(codec=None), max_size=20))
def test_any_name_makes_a_document_that_can_be_written(evaluation: Evaluation, name: str) -> None:
    gates = [replace(gate, metric=f"f1.{name}") for gate in evaluation.gates]
    text = junit_xml(replace(evaluation, run=name, data=name, gates=gates))
    root = ElementTree.fromstring(text.encode())
    assert len(root[0]) == 2


def test_characters_that_xml_cannot_hold_are_replaced(evaluation: Evaluation) -> None:
    text = junit_xml(replace(evaluation, run="a\0b\ud800c<&\"'>"))
    case = ElementTree.fromstring(text)[0][0]
    assert case.get("classname") == "a\ufffdb\ufffdc<&\"'> on reviews.csv"
