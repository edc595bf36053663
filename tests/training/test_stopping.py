"""Which evaluation is the best, and which the last."""

from __future__ import annotations

import json

import pytest

from gru_sentiment.errors import DataError
from gru_sentiment.training.stopping import Stopping


@pytest.mark.parametrize(
    ("monitor", "values", "best"),
    [
        ("-loss", [0.5, 0.4, 0.45, 0.3], [True, True, False, True]),
        ("+accuracy", [0.5, 0.4, 0.45, 0.6], [True, False, False, True]),
        ("-loss", [0.5, 0.5, 0.5], [True, False, False]),
        ("+macro_f1", [0.0, 0.0, 1e-12], [True, False, True]),
        ("+roc_auc", [0.9, 0.8, 0.9, 0.9], [True, False, False, False]),
        ("-loss", [float("nan"), 2.0, float("nan"), 1.0], [False, True, False, True]),
    ],
)
def test_better_is_signed_and_ties_go_to_the_earliest(
    monitor: str, values: list[float], best: list[bool]
) -> None:
    stopping = Stopping(monitor)
    scores = ({"loss": 1.0, monitor[1:]: value} for value in values)
    assert [stopping.is_best(of_epoch) for of_epoch in scores] == best


def reasons(stopping: Stopping, losses: list[float], epoch_s: float = 1.0) -> list[str | None]:
    """What is said after every evaluation, up to the first reason."""
    said: list[str | None] = []
    for epoch, loss in enumerate(losses, start=1):
        scores = {"loss": loss, "accuracy": 0.5}
        stopping.is_best(scores)
        said.append(stopping.reason(epoch * epoch_s))
        if said[-1] is not None:
            break
    return said


def test_without_rules_training_goes_on() -> None:
    assert reasons(Stopping(), [1.0] * 50, epoch_s=1e6) == [None] * 50


@pytest.mark.parametrize(
    ("patience", "losses", "stops_after"),
    [
        (1, [1.0, 1.0], 2),
        (2, [1.0, 2.0, 2.0], 3),
        (2, [1.0, 2.0, 0.5, 2.0, 0.5, 2.0], 5),
    ],
)
def test_patience_counts_evaluations_without_a_new_best(
    patience: int, losses: list[float], stops_after: int
) -> None:
    said = reasons(Stopping(patience=patience), losses)
    assert len(said) == stops_after
    assert said[:-1] == [None] * (stops_after - 1)
    assert said[-1] == f"no better loss for {patience} evaluation(s)"


def test_patience_follows_the_monitored_score() -> None:
    said = reasons(Stopping("+accuracy", patience=1), [3.0, 2.0, 1.0])
    assert said == [None, "no better accuracy for 1 evaluation(s)"]


def test_a_loss_at_the_threshold_is_enough() -> None:
    said = reasons(Stopping(stop_at_loss=0.5), [0.6, 0.51, 0.5, 0.1])
    assert said == [None, None, "validation loss 0.5000 reached 0.5"]


def test_the_budget_ends_with_its_epoch() -> None:
    said = reasons(Stopping(max_minutes=1.5), [1.0] * 9, epoch_s=30.0)
    assert said == [None, None, "the budget of 1.5 minutes ended"]


def test_a_threshold_is_told_before_patience_and_budget() -> None:
    stopping = Stopping(patience=1, stop_at_loss=1.0, max_minutes=0.001)
    assert reasons(stopping, [2.0, 1.0], epoch_s=0.01) == [
        None,
        "validation loss 1.0000 reached 1.0",
    ]


def test_a_score_that_is_missing() -> None:
    with pytest.raises(DataError) as caught:
        Stopping("+roc_auc").is_best({"loss": 1.0, "accuracy": 0.5})
    assert caught.value.cause == (
        "training.monitor: no roc_auc on the validation split: all rows are of one class"
    )
    assert caught.value.hint.startswith(
        "monitor one of loss, accuracy, or add validation rows of another class"
    )


RULES: dict[str, float] = {"patience": 1, "stop_at_loss": 0.5, "max_minutes": 1}


@pytest.mark.parametrize("rule", RULES)
def test_the_reason_follows_from_the_rules_as_they_are_now(rule: str) -> None:
    """After a training that the rule ended: unchanged it ends it again, without it nothing does."""
    ended = Stopping(**{rule: RULES[rule]})
    for loss in (0.4, 0.4):
        ended.is_best({"loss": loss})
    reason = ended.reason(60.0)
    assert reason is not None
    stored = json.loads(json.dumps(ended.state_dict()))
    same, free = Stopping(**{rule: RULES[rule]}), Stopping()
    for other in (same, free):
        other.load_state_dict(stored)
    assert (same.reason(60.0), free.reason(60.0)) == (reason, None)


def test_before_the_first_evaluation_no_loss_is_known() -> None:
    begun = Stopping(stop_at_loss=0.5)
    begun.load_state_dict(json.loads(json.dumps(Stopping().state_dict())))
    assert begun.reason(0.0) is None


@pytest.mark.parametrize(
    ("monitor", "best", "since_best", "reason"),
    [
        ("-loss", -0.25, 0, "validation loss 0.2500 reached 0.5"),
        ("-loss", -0.25, 1, None),
        ("-loss", None, 0, None),
        ("+accuracy", 0.9, 0, None),
    ],
)
def test_what_an_earlier_version_stored(
    monitor: str, best: float | None, since_best: int, reason: str | None
) -> None:
    """No loss: it is known where the newest evaluation has the best one."""
    stopping = Stopping(monitor, stop_at_loss=0.5)
    stopping.load_state_dict({"best": best, "since_best": since_best})
    assert stopping.reason(0.0) == reason


def test_the_last_evaluation_is_kept_and_the_loss_is_followed() -> None:
    """On few validation rows the best of many evaluations is the best by chance."""
    stopping = Stopping("last", patience=2)
    assert [stopping.is_best({"loss": loss}) for loss in (0.5, 0.4, 0.6, 0.5)] == [True] * 4
    assert stopping.reason(0) == "no better loss for 2 evaluation(s)"
    restored = Stopping("last", patience=2)
    restored.load_state_dict(stopping.state_dict())
    assert restored.state_dict() == stopping.state_dict()
    assert (stopping.sign, stopping.score) == (-1, "loss")
