"""Pass rates are what the single answers say, and gates hold them against bounds."""

from __future__ import annotations

from pathlib import Path

import pytest
from predicting import predict
from trainings import train

from gru_sentiment.errors import ConfigError, DataError
from gru_sentiment.recipes.check_behaviour import check_behaviour
from gru_sentiment.scores.intervals import wilson
from gru_sentiment.suites.files import load_suites


def test_rates_are_those_of_single_answers(run: Path) -> None:
    found = check_behaviour(run, ["all"], threads=1)
    assert found.run == str(run)
    suites = load_suites(["all"])
    assert list(found.suites) == [suite.name for suite in suites]
    for suite in suites:
        result = found.suites[suite.name]
        held = [case.holds(predict(case.texts, run)) for case in suite.cases[:6]]
        failed = {tuple(failure.texts) for failure in result.failures}
        assert held == [case.texts not in failed for case in suite.cases[:6]]
        assert (result.n, result.passed) == (len(suite.cases), len(suite.cases) - len(failed))
        assert (result.low, result.high) == wilson(result.passed, result.n)
        assert result.low <= result.rate <= result.high


def test_a_failure_says_what_was_answered(run: Path, tmp_path: Path) -> None:
    text = """\
name: own
templates:
  - {expect: label, label: positive, texts: ["awful awful dull."]}
  - {expect: label, label: negative, texts: ["awful awful dull."]}
  - {expect: pair, texts: ["awful boring hated.", "wonderful great loved."]}
  - {expect: same, texts: ["awful boring hated.", "wonderful great loved."]}
"""
    Path("own.yaml").write_text(text, "utf-8")
    result = check_behaviour(run, ["own.yaml"]).suites["own"]
    assert (result.n, result.passed) == (4, 1)
    wrong, pair, same = result.failures
    bad, good = predict(["awful boring hated.", "wonderful great loved."], run)
    assert (wrong.expected, wrong.texts) == ("positive", ("awful awful dull.",))
    assert wrong.answers[0][0] == "positive"
    assert wrong.answers[0][1] < 0.5
    assert pair.answers == [
        ("positive", pytest.approx(answer.probabilities["positive"], abs=1e-6))
        for answer in (bad, good)
    ]
    assert [label for label, _ in same.answers] == ["negative", "positive"]


def test_gates(run: Path) -> None:
    free = check_behaviour(run, ["names"])
    rate = free.suites["names"].rate
    floors = [f"suite.names={rate}", "suite.names=0", f"suite.names={rate}@lower"]
    found = check_behaviour(run, ["names"], fail_under=floors)
    assert [gate.passed for gate in found.gates] == [True, True, False]
    assert found.failed == found.gates[2:]
    assert found.gates[0].value == rate
    assert found.gates[0].low == found.suites["names"].low
    assert free.gates == []


@pytest.mark.parametrize(
    ("floor", "says"),
    [
        ("suite.nmes=0.8", "no metric 'suite.nmes'; did you mean suite.names"),
        ("suite.typos=0.8", "no metric 'suite.typos'"),
        ("suite.names=much", "expected a number"),
    ],
)
def test_gates_that_are_none(run: Path, floor: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        check_behaviour(run, ["names"], fail_under=[floor])


def test_other_classes_are_refused_unless_the_file_names_them(
    tiny_config: Path, reviews_csv: Path
) -> None:
    text = reviews_csv.read_text("utf-8").replace(",negative", ",0").replace(",positive", ",1")
    reviews_csv.write_text(text, "utf-8")
    run = train(tiny_config)
    with pytest.raises(
        DataError, match="has the classes 0, 1; the suite names is about nega"
    ) as caught:
        check_behaviour(run, ["names"])
    assert "classes:" in caught.value.hint
    own = "name: own\nclasses: [0, 1]\ntemplates: [{expect: label, label: 1, texts: [great.]}]"
    Path("own.yaml").write_text(own, "utf-8")
    assert check_behaviour(run, ["own.yaml"]).suites["own"].n == 1


def test_suites_are_read_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--suite odd"):
        check_behaviour(tmp_path / "nope", ["odd"])
