"""Gates, comparisons, slices and predictions of a run, against its answers one by one."""

from __future__ import annotations

import csv
import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
from predicting import predict
from trainings import LEARNED, train

from gru_sentiment.errors import ConfigError, DataError
from gru_sentiment.recipes.evaluate import evaluate
from gru_sentiment.results.evaluation import Evaluation
from gru_sentiment.scores.intervals import wilson
from gru_sentiment.trained import scoring as evaluation

Rows = list[tuple[str, str]]


@pytest.fixture
def weaker(tiny_config: Path) -> Path:
    """A run that gets other rows right."""
    return train(tiny_config, *LEARNED, "training.epochs=1", "run.seed=3", "run.output=runs/weaker")


@pytest.fixture
def rows(reviews_csv: Path) -> Rows:
    with reviews_csv.open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["label"]) for row in csv.DictReader(file)]


def write(path: Path, rows: Rows) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *rows])
    return path


def right(run: Path, rows: Rows) -> list[bool]:
    answers = predict([text for text, _ in rows], run)
    return [answer.label == label for answer, (_, label) in zip(answers, rows, strict=True)]


# gates


def test_values_and_intervals_are_those_of_the_metrics(run: Path, rows: Rows) -> None:
    data = write(Path("a.csv"), rows)
    floors = ["accuracy=0.5", "recall.negative=0.5", "f1.negative=0.5", "roc_auc=0.5"]
    found = evaluate(run, data=data, fail_under=floors, fail_over=["loss=0.1", "ece=1"])
    metrics = found.metrics
    negative = metrics.per_class["negative"]
    assert [gate.value for gate in found.gates] == [
        pytest.approx(value, abs=1e-12)
        for value in (
            *(metrics.accuracy, negative.recall, negative.f1, metrics.roc_auc),
            *(metrics.loss, metrics.ece),
        )
    ]
    hits = sum(right(run, rows))
    assert (found.gates[0].low, found.gates[0].high) == wilson(hits, 80)
    assert [found.gates[0].low, found.gates[0].high] == metrics.accuracy_interval
    for gate in found.gates[:-1]:
        assert gate.low is not None
        assert gate.high is not None
        assert gate.low <= gate.value <= gate.high
    assert found.failed == [gate for gate in found.gates if not gate.passed]


def test_gates_are_judged_on_a_part_of_the_own_data_too(run: Path) -> None:
    stored = json.loads((run / "metrics.json").read_text("utf-8"))["validation"]
    found = evaluate(run, split="validation", fail_under=[f"accuracy={stored['accuracy']}"])
    assert found.failed == []
    found = evaluate(run, split="validation", fail_under=[f"accuracy={stored['accuracy'] + 1e-9}"])
    assert [gate.metric for gate in found.failed] == ["accuracy"]


def test_a_wrong_gate_is_found_before_anything_is_read() -> None:
    with pytest.raises(ConfigError, match="--fail-over loss=x"):
        evaluate(Path("no such run"), fail_over=["loss=x"])
    with pytest.raises(ConfigError, match="--max-regression"):
        evaluate(Path("no such run"), max_regression="0.1")


def test_a_wrong_metric_is_found_before_the_data_are_read(run: Path) -> None:
    with pytest.raises(ConfigError, match=r"did you mean f1.positive"):
        evaluate(run, data=Path("no.csv"), fail_under=["f1.positiv=1"])


# comparison


def test_another_run_on_the_same_rows(run: Path, weaker: Path, rows: Rows) -> None:
    data = write(Path("a.csv"), rows)
    found = evaluate(run, data=data, against=weaker, max_regression="0").against
    ours, theirs = right(run, rows), right(weaker, rows)
    assert found is not None
    assert found.other == str(weaker)
    assert found.other_accuracy == sum(theirs) / 80
    pairs = list(enumerate(zip(ours, theirs, strict=True), start=1))
    assert found.fixed_rows == [i for i, (a, b) in pairs if a and not b]
    assert found.broken_rows == [i for i, (a, b) in pairs if b and not a]
    comparison = found.comparison
    assert (comparison.fixed, comparison.broken) == (
        len(found.fixed_rows),
        len(found.broken_rows),
    )
    assert comparison.difference == pytest.approx((sum(ours) - sum(theirs)) / 80)
    assert comparison.fixed > 0


def test_saved_predictions_are_as_good_as_the_run(run: Path, weaker: Path, rows: Rows) -> None:
    data = write(Path("a.csv"), rows)
    lines = evaluate(weaker, data=data, predictions=True).predictions
    Path("saved.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    one = evaluate(run, data=data, against=weaker).against
    other = evaluate(run, data=data, against=Path("saved.jsonl")).against
    assert one is not None
    assert other is not None
    assert other == replace(one, other="saved.jsonl")


def test_what_a_training_saved_can_be_compared_with(run: Path, weaker: Path) -> None:
    saved = weaker / "predictions-validation.jsonl"
    one = evaluate(run, split="validation", against=saved).against
    other = evaluate(run, split="validation", against=weaker).against
    assert one is not None
    assert other is not None
    assert one.comparison == other.comparison


def test_a_regression_fails_by_the_value_or_by_its_lower_end(
    run: Path, weaker: Path, rows: Rows
) -> None:
    data = write(Path("a.csv"), rows)

    def passed(bound: str) -> bool:
        (gate,) = evaluate(weaker, data=data, against=run, max_regression=bound).gates
        assert gate.metric == "difference"
        return gate.passed

    found = evaluate(weaker, data=data, against=run).against
    assert found is not None
    lost, end = -found.comparison.difference, -found.comparison.low
    assert 0 < lost < end
    assert passed(f"{lost + 1e-9}")
    assert not passed(f"{lost - 1e-9}")
    assert not passed(f"{lost + 1e-9}@lower")
    assert passed(f"{end + 1e-9}@lower")


def test_predictions_of_changed_labels_are_refused(run: Path, rows: Rows) -> None:
    lines = evaluate(run, data=write(Path("a.csv"), rows), predictions=True).predictions
    Path("saved.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    changed = [(rows[0][0], "positive"), *rows[1:]]
    with pytest.raises(DataError, match="row 1 is 'negative' there and 'positive' here"):
        evaluate(run, data=write(Path("b.csv"), changed), against=Path("saved.jsonl"))


# predictions and slices


def test_predictions_have_the_form_of_those_a_training_saves(run: Path) -> None:
    found = evaluate(run, split="validation", predictions=True).predictions
    saved = (run / "predictions-validation.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(json.dumps(line)) for line in found] == list(map(json.loads, saved))
    assert evaluate(run, split="validation").predictions == []


def test_slices_by_length(run: Path, rows: Rows) -> None:
    scores = evaluate(run, data=write(Path("a.csv"), rows), slices=["length"]).slices["length"]
    spans = {s.name: [int(n) for n in s.name.removesuffix(" tokens").split(" to ")] for s in scores}
    words = [answer.tokens for answer in predict([text for text, _ in rows], run)]
    correct = right(run, rows)
    for score in scores:
        first, last = spans[score.name][0], spans[score.name][-1]
        inside = [i for i, n in enumerate(words) if first <= n <= last]
        assert score.n == len(inside)
        assert score.accuracy == pytest.approx(sum(correct[i] for i in inside) / len(inside))
    assert sum(score.n for score in scores) == 80


def test_slices_by_a_column_of_any_type(run: Path, rows: Rows) -> None:
    lines = [{"text": t, "label": y, "year": 1990 + i % 2} for i, (t, y) in enumerate(rows)]
    data = Path("a.jsonl")
    data.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    found = evaluate(run, data=data, slices=["year", "label"]).slices
    # the labels alternate too
    assert {s.name for s in found["year"]} == {"1990", "1991"}
    assert [(s.n, s.accuracy) for s in found["year"]] == [(s.n, s.accuracy) for s in found["label"]]


# independence


def asked(run: Path, data: Path) -> Evaluation:
    gates = {"fail_under": ["f1.positive=0.9", "average_precision=0.9"], "fail_over": ["loss=0.1"]}
    return evaluate(run, data=data, slices=["length"], predictions=True, **gates)


def test_nothing_depends_on_the_batches(
    run: Path, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write(Path("a.csv"), rows)
    expected = asked(run, data)
    for budget in (1, 100):
        monkeypatch.setattr(evaluation, "TOKENS_PER_BATCH", budget)
        found = asked(run, data)
        assert found.metrics.confusion_matrix == expected.metrics.confusion_matrix
        assert found.slices == expected.slices
        for name in ("loss", "brier", "ece", "roc_auc", "average_precision"):
            there, here = getattr(expected.metrics, name), getattr(found.metrics, name)
            assert here == pytest.approx(there, abs=1e-6)
        for one, other in zip(found.gates, expected.gates, strict=True):
            assert (one.value, one.low, one.high) == pytest.approx(
                (other.value, other.low, other.high), abs=1e-6
            )


def test_nothing_depends_on_the_order_of_the_rows(run: Path, rows: Rows) -> None:
    expected = asked(run, write(Path("a.csv"), rows))
    order = list(range(80))
    random.Random(0).shuffle(order)
    found = asked(run, write(Path("b.csv"), [rows[i] for i in order]))
    assert found.metrics.confusion_matrix == expected.metrics.confusion_matrix
    assert found.slices == expected.slices
    for one, other in zip(found.gates, expected.gates, strict=True):
        assert (one.value, one.low, one.high) == pytest.approx(
            (other.value, other.low, other.high), abs=1e-6
        )
    for i, line in zip(order, found.predictions, strict=True):
        before = expected.predictions[i]
        assert line["label"] == before["label"]
        assert line["probabilities"] == pytest.approx(before["probabilities"], abs=1e-6)
