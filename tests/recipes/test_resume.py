"""A training that stopped goes on to the very weights that it would have had."""

from __future__ import annotations

import functools
import json
import logging
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import write_tiny
from trainings import StoppedError, Stopping, history, outcome

from gru_sentiment.artifact.checkpoints import TENSORS, VALUES
from gru_sentiment.artifact.manifest import write_manifest
from gru_sentiment.artifact.writer import RunWriter
from gru_sentiment.builders import device as machine
from gru_sentiment.config.loading import load_config
from gru_sentiment.errors import ArtifactError, ConfigError
from gru_sentiment.machine.torch_setup import multiplies_bfloat16
from gru_sentiment.recipes import train as recipe
from gru_sentiment.results.training import EvaluationRecord, StepRecord
from gru_sentiment.trainer.resume import TEACHER_FACT

RUN, PARTIAL = Path("runs/mine"), Path("runs/mine.partial")
Record = StepRecord | EvaluationRecord


def train(config: Path, *overrides: str, observer: Stopping | None = None, **options: Any) -> Path:
    settings = load_config(config, [*QUICK, "run.output=runs/mine", *overrides])
    return Path(recipe.train(settings, observer or Stopping(), **options).run)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """What a training that never stopped leaves; one of the same settings is made once."""
    folder = tmp_path_factory.mktemp("whole")
    config = write_tiny(folder)
    (folder / "vectors.txt").write_text(VECTORS, "utf-8")

    @functools.cache
    def trained(*overrides: str) -> Path:
        output = tmp_path_factory.mktemp("run") / "whole"
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            return train(config, *overrides, f"run.output={output}")

    return lambda *overrides: outcome(trained(*overrides))


def stopped(config: Path, at: int, *overrides: str) -> None:
    with pytest.raises(StoppedError):
        train(config, *overrides, observer=Stopping(at))
    assert not RUN.exists()


def resume(*overrides: str, observer: Stopping | None = None) -> Path:
    return Path(recipe.resume(RUN, observer or Stopping(), overrides=overrides).run)


def rewrite_checkpoints(run: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """As if another version had written them."""
    for folder in (run / "checkpoints").iterdir():
        values = json.loads((folder / VALUES).read_bytes())
        change(values)
        (folder / VALUES).write_text(json.dumps(values), "utf-8")
        write_manifest(folder, (TENSORS, VALUES))


OFTEN = "run.checkpoint_every=1 step"
RECIPES = {
    "gru": ["model.dropout=0.3", "model.embedding_dropout=0.2"],
    "lstm": ["model.cell=lstm", "model.layers=2", "model.layer_dropout=0.2"],
    "rnn": ["model.cell=rnn", "training.optimizer=sgd", "training.momentum=0.9"],
    "average": ["training.ema_decay=0.9", "training.schedule=cosine"],
    "accumulation": ["training.accumulation_steps=3", "training.optimizer=rmsprop"],
    "plateau": [
        "training.schedule=reduce_on_plateau",
        "training.plateau_patience=0",
        "training.epochs=3",
    ],
    "bfloat16": [f"training.mixed_precision={str(multiplies_bfloat16()).lower()}"],
    "frozen": ["model.embedding_frozen_epochs=1", "training.optimizer=adam"],
    "augmentation": [
        "vectors.source=file",
        "vectors.path=vectors.txt",
        "vectors.dimension=2",
        "training.augmentation.word_dropout=0.2",
        "training.augmentation.synonyms=0.3",
        "training.augmentation.neighbours=2",
    ],
    "patience": [
        "training.patience=1",
        "training.learning_rate=0.3",
        "training.schedule=constant",
        "training.epochs=3",
    ],
}
VECTORS = "film 0.1 0.9\nplot 0.2 0.8\nmusic 0.3 0.7\ngreat 0.9 0.3\nthe -0.5 0.1\n"
BATCHES = 4
QUICK = ["training.batch_size=12", "text.max_tokens=8", "text.head_tokens=4"]
"""48 training rows in four batches of short texts."""


@pytest.mark.parametrize("name", RECIPES)
def test_equal_to_a_training_that_never_stopped(
    name: str, tiny_config: Path, tmp_path: Path, whole: Callable[..., Any]
) -> None:
    (tmp_path / "vectors.txt").write_text(VECTORS, "utf-8")
    overrides = [*RECIPES[name], OFTEN]
    expected = whole(*overrides)
    moments = len(expected[1]) * (BATCHES + 1)
    for at in sorted({5, BATCHES, BATCHES + 1, moments // 2 + 1, moments}):
        stopped(tiny_config, at, *overrides)
        # the generators stand anywhere when another process begins
        torch.manual_seed(at)
        assert outcome(resume()) == expected, at
        (tmp_path / "runs" / "latest").unlink()
        (RUN).rename(tmp_path / f"stopped-at-{at}")


def test_times_are_those_of_all_processes(tiny_config: Path) -> None:
    stopped(tiny_config, 10, OFTEN)
    facts = json.loads((resume() / "metadata.json").read_bytes())
    assert facts["total_s"] > facts["training_s"] > 0


def test_a_training_may_stop_again_and_again(tiny_config: Path, whole: Callable[..., Any]) -> None:
    overrides = [OFTEN, "model.dropout=0.3"]
    expected = whole(*overrides)
    stopped(tiny_config, 3, *overrides)
    for _ in range(3):
        with pytest.raises(StoppedError):
            resume(observer=Stopping(3))
    assert outcome(resume()) == expected


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("at", [1, BATCHES + 1])
def test_a_signal_saves_a_checkpoint_first(
    number: int, at: int, tiny_config: Path, whole: Callable[..., Any]
) -> None:
    never = "run.checkpoint_every=null"
    expected = whole(never)
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt):
        train(tiny_config, never, observer=Stopping(at, lambda: signal.raise_signal(number)))
    assert signal.getsignal(number) == before
    seen = Stopping()
    assert outcome(resume(observer=seen)) == expected
    # the batch that was done when the signal came is not done again
    assert seen.seen == 2 * (BATCHES + 1) - at


def test_a_second_signal_does_not_wait(tiny_config: Path) -> None:
    def twice() -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(tiny_config, OFTEN, observer=Stopping(4, twice))
    assert len(list((PARTIAL / "checkpoints").iterdir())) == 2


def test_stopped_before_the_first_checkpoint_it_begins_again(
    tiny_config: Path, whole: Callable[..., Any]
) -> None:
    expected = whole()
    with pytest.raises(StoppedError):
        train(tiny_config, observer=Stopping(2))
    assert not PARTIAL.exists()
    # what a kill would have left
    with RunWriter(RUN) as writer:
        writer.save_config(load_config(tiny_config, [*QUICK, "run.output=runs/mine"]))
    assert outcome(resume()) == expected


@pytest.mark.parametrize("change", ["model.hidden_size=9", "run.seed=1", "training.batch_size=4"])
def test_a_changed_config_is_refused_by_name(change: str, tiny_config: Path) -> None:
    stopped(tiny_config, 9, OFTEN)
    key = change.partition("=")[0]
    with pytest.raises(ConfigError, match=rf"^{key}: \d+ in the run, \d now\n") as caught:
        resume(change)
    assert "training.epochs" in caught.value.hint
    assert PARTIAL.exists()


def test_the_config_it_was_started_with_may_be_given(tiny_config: Path) -> None:
    stopped(tiny_config, 9, OFTEN)
    other = load_config(tiny_config, [*QUICK, OFTEN, "text.min_frequency=2"])
    with pytest.raises(ConfigError, match=r"text\.min_frequency: 1 in the run, 2 now"):
        recipe.resume(RUN, Stopping(), config=other)
    recipe.resume(PARTIAL, Stopping(), config=load_config(tiny_config, [*QUICK, OFTEN]))
    assert RUN.exists()


def test_more_epochs_equal_a_longer_training(
    tiny_config: Path, caplog: pytest.LogCaptureFixture
) -> None:
    options = ["training.schedule=constant", "run.keep_checkpoint=true", "model.dropout=0.2"]
    longer = train(tiny_config, *options, "training.epochs=4", "run.output=runs/whole")
    train(tiny_config, *options)
    with caplog.at_level(logging.INFO):
        run = resume("training.epochs=4")
    assert "changed: training.epochs: 2 in the run, 4 now" in caplog.text
    assert history(run)[1].pop("stopped_by") == "all 2 epochs done"
    found, expected = outcome(run), outcome(longer)
    for lines in (found[1], expected[1]):
        lines[1].pop("stopped_by")
    assert found == expected


@pytest.mark.parametrize(
    ("schedule", "epochs", "reason"),
    [
        ("one_cycle", 4, "the schedule one_cycle was laid out for 2 epochs"),
        ("constant", 1, "2 in the run, 1 now; it can only be raised"),
    ],
)
def test_epochs_that_cannot_be_changed(
    schedule: str, epochs: int, reason: str, tiny_config: Path
) -> None:
    stopped(tiny_config, 9, OFTEN, f"training.schedule={schedule}")
    with pytest.raises(ConfigError, match=reason):
        resume(f"training.epochs={epochs}")


ENDED = {
    "training.patience=1": ("no better loss for 1 evaluation(s)", ["=9", "=null"]),
    "training.stop_at_loss=100": ("reached 100", ["=1e-9", "=null"]),
    "training.max_minutes=1e-9": ("the budget of 1e-09 minutes ended", ["=9", "=null"]),
}
"""By a rule that ends the training: the reason, and the rule loosened."""
WORSE_AND_WORSE = [
    *("training.learning_rate=2", "training.schedule=constant", "training.epochs=4"),
    *("run.keep_checkpoint=true", "model.dropout=0.2"),
]


@pytest.mark.parametrize("rule", ENDED)
def test_a_training_that_a_rule_ended_goes_on_once_it_is_loosened(
    rule: str, tiny_config: Path, whole: Callable[..., Any]
) -> None:
    reason, looser = ENDED[rule]
    unended = whole(*WORSE_AND_WORSE)
    for value in looser:
        ended = train(tiny_config, *WORSE_AND_WORSE, rule, force=True)
        lines = history(ended)
        assert reason in lines[-1]["stopped_by"]
        assert len(lines) < 4
        found = outcome(resume(rule.partition("=")[0] + value))
        # that it once ended stays in the history
        assert found[1][len(lines) - 1].pop("stopped_by") == lines[-1]["stopped_by"]
        expected = [dict(line) for line in unended[1]]
        expected[len(lines) - 1].pop("stopped_by")
        assert found == (unended[0], expected, *unended[2:])


@pytest.mark.parametrize("rule", ENDED)
def test_a_training_that_a_rule_ended_stays_ended(rule: str, tiny_config: Path) -> None:
    expected = outcome(train(tiny_config, *WORSE_AND_WORSE, rule))
    seen = Stopping()
    result = recipe.resume(RUN, seen)
    assert seen.seen == 0
    assert result.stopped_by == expected[1][-1]["stopped_by"]
    assert outcome(RUN) == expected


def test_a_rule_that_is_not_loosened_enough_ends_it_again(tiny_config: Path) -> None:
    options = ["training.learning_rate=0.3", "training.schedule=constant", "training.epochs=9"]
    train(tiny_config, *options, "run.keep_checkpoint=true", "training.patience=1")
    before = len(history(RUN))
    result = recipe.resume(RUN, Stopping(), overrides=["training.patience=2"])
    assert result.stopped_by == "no better loss for 2 evaluation(s)"
    assert before < result.epochs < 9


@pytest.mark.parametrize(
    ("rule", "tighter"),
    [
        ("training.patience=5", "training.patience=1"),
        ("training.patience=null", "training.patience=5"),
        ("training.stop_at_loss=1e-9", "training.stop_at_loss=0.5"),
        ("training.stop_at_loss=null", "training.stop_at_loss=1e-9"),
    ],
)
def test_a_rule_is_not_tightened(rule: str, tighter: str, tiny_config: Path) -> None:
    stopped(tiny_config, 9, OFTEN, rule)
    key = rule.partition("=")[0]
    with pytest.raises(ConfigError, match=rf"^{key}: .* now; it can only be .* null when a"):
        resume(tighter)
    assert resume() == RUN


def test_a_smaller_budget_ends_with_the_epoch_at_hand(tiny_config: Path) -> None:
    stopped(tiny_config, BATCHES + 3, OFTEN, "training.epochs=9", "training.schedule=constant")
    result = recipe.resume(RUN, Stopping(), overrides=["training.max_minutes=1e-9"])
    assert (result.epochs, result.stopped_by) == (2, "the budget of 1e-09 minutes ended")


def test_a_checkpoint_of_an_earlier_version(tiny_config: Path) -> None:
    """It holds the reason to stop, and no loss."""
    rule = "training.stop_at_loss=100"
    expected = train(tiny_config, *WORSE_AND_WORSE, rule)
    reason = history(expected)[-1]["stopped_by"]

    def earlier(values: dict[str, Any]) -> None:
        values["state"]["position"]["stopped_by"] = reason
        del values["state"]["stopping"]["loss"]

    rewrite_checkpoints(RUN, earlier)
    seen = Stopping()
    assert recipe.resume(RUN, seen).stopped_by == reason
    assert seen.seen == 0
    assert recipe.resume(RUN, seen, overrides=["training.stop_at_loss=null"]).epochs == 4


def test_a_finished_run_without_its_checkpoint(tiny_config: Path) -> None:
    train(tiny_config)
    with pytest.raises(ArtifactError, match="runs/mine: is finished") as caught:
        resume()
    assert "run.keep_checkpoint" in caught.value.hint


def test_nothing_to_go_on_with() -> None:
    with pytest.raises(ArtifactError, match=r"there is no runs/mine\.partial") as caught:
        resume()
    assert "gru-sent train --config" in caught.value.hint


def test_changed_reviews_are_refused(tiny_config: Path, reviews_csv: Path) -> None:
    stopped(tiny_config, 9, OFTEN)
    before = reviews_csv.read_text("utf-8")
    reviews_csv.write_text(before.replace("great", "good"), "utf-8")
    with pytest.raises(ArtifactError, match="the data changed since the training started"):
        resume()
    reviews_csv.write_text(before, "utf-8")
    assert resume() == RUN


def test_a_training_that_runs_is_not_joined(tiny_config: Path) -> None:
    def join() -> None:
        with pytest.raises(ArtifactError, match="another process writes it"):
            resume()

    assert train(tiny_config, OFTEN, observer=Stopping(9, join)).samefile(RUN)


@pytest.mark.parametrize("how", ["flipped", "cut", "gone"])
def test_a_damaged_checkpoint_is_passed_over(
    how: str, tiny_config: Path, caplog: pytest.LogCaptureFixture, whole: Callable[..., Any]
) -> None:
    expected = whole(OFTEN)
    stopped(tiny_config, 9, OFTEN)
    newest = sorted((PARTIAL / "checkpoints").iterdir())[-1] / TENSORS
    content = bytearray(newest.read_bytes())
    content[-1] ^= 1
    damaged = {"flipped": bytes(content), "cut": bytes(content[:-9])}
    newest.unlink()
    if how in damaged:
        newest.write_bytes(damaged[how])
    assert outcome(resume()) == expected
    assert "using the checkpoint before it" in caplog.text


def test_all_checkpoints_damaged(tiny_config: Path) -> None:
    stopped(tiny_config, 9, OFTEN)
    for tensors in PARTIAL.glob(f"checkpoints/*/{TENSORS}"):
        tensors.write_bytes(b"")
    with pytest.raises(ArtifactError, match="every checkpoint is damaged"):
        resume()


def test_other_threads_are_named(
    tiny_config: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped(tiny_config, 9, OFTEN)
    monkeypatch.setattr(machine, "set_up_torch", lambda _: 2)
    resume()
    assert "threads: 1 when the training started, 2 now; the weights may differ" in caplog.text


def test_a_fact_that_this_version_does_not_know_is_named(
    tiny_config: Path, caplog: pytest.LogCaptureFixture, whole: Callable[..., Any]
) -> None:
    expected = whole(OFTEN)
    stopped(tiny_config, 9, OFTEN)
    rewrite_checkpoints(PARTIAL, lambda values: values["facts"].update({"weather": "rain"}))
    assert outcome(resume()) == expected
    assert "weather: rain when the training started, a fact that this version" in caplog.text


def test_without_what_it_learned_from_it_does_not_go_on(tiny_config: Path) -> None:
    stopped(tiny_config, 9, OFTEN)
    rewrite_checkpoints(PARTIAL, lambda values: values["facts"].update({TEACHER_FACT: "0" * 64}))
    with pytest.raises(ArtifactError, match=r"answers of the training .* cannot be compared"):
        resume()
    assert PARTIAL.exists()


@pytest.mark.parametrize("name", ["vocabulary", "threads"])
def test_a_fact_that_was_not_recorded_is_named(
    name: str, tiny_config: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stopped(tiny_config, 9, OFTEN)
    rewrite_checkpoints(PARTIAL, lambda values: values["facts"].pop(name))
    assert resume() == RUN
    (said,) = [line for line in caplog.messages if "not recorded when the training" in line]
    assert said.startswith(f"{name}: not recorded")


def test_without_a_checkpoint_there_is_nothing_to_compare(
    tiny_config: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with RunWriter(RUN) as writer:
        writer.save_config(load_config(tiny_config, [*QUICK, "run.output=runs/mine"]))
    resume()
    assert "not recorded" not in caplog.text


def test_checkpoints_are_removed_in_the_end(tiny_config: Path) -> None:
    run = train(tiny_config, OFTEN)
    assert not (run / "checkpoints").exists()
    assert not (run / "lock").exists()
    kept = train(tiny_config, OFTEN, "run.keep_checkpoint=true", force=True)
    assert len(list((kept / "checkpoints").iterdir())) == 2
