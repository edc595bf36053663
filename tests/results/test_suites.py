"""What suites came to, as numbers and as JSON."""

from __future__ import annotations

import json

from gru_sentiment.results.evaluation import GateResult
from gru_sentiment.results.suites import Behaviour, FailedCase, SuiteResult

RESULT = SuiteResult(4, 3, 0.3, 0.95, [FailedCase("positive", ["Fine."], [("positive", 0.2)])])


def test_the_rate() -> None:
    assert RESULT.rate == 0.75


def test_json() -> None:
    gate = GateResult("suite.a", "floor", 0.8, None, 0.75, 0.3, 0.95, passed=False)
    found = Behaviour("runs/gru", {"a": RESULT}, [gate]).to_json()
    assert json.loads(json.dumps(found))["suites"]["a"]["failures"][0]["texts"] == ["Fine."]
    assert found["suites"]["a"]["rate"] == 0.75
    assert found["gates"][0]["metric"] == "suite.a"
    assert "gates" not in Behaviour("runs/gru", {"a": RESULT}).to_json()


def test_failed_gates() -> None:
    met, missed = (
        GateResult("suite.a", "floor", 0.8, None, 0.75, 0.3, 0.95, passed=passed)
        for passed in (True, False)
    )
    assert Behaviour("runs/gru", {"a": RESULT}, [met, missed]).failed == [missed]
