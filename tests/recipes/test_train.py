"""A training leaves a whole run folder, keeps the best epoch, and does the same every time."""

from __future__ import annotations

import math
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from predicting import predict
from safetensors.torch import load_file
from trainings import CLOCK, history, read_json, read_lines

from gru_sentiment.builders.corpus import build_corpus
from gru_sentiment.builders.model import build_model
from gru_sentiment.config.loading import load_config
from gru_sentiment.errors import ArtifactError, DataError, DivergenceError, VectorsError
from gru_sentiment.recipes import train as recipe
from gru_sentiment.recipes.evaluate import evaluate
from gru_sentiment.results.training import EvaluationRecord, StepRecord, TrainingResult
from gru_sentiment.trainer import initialisation

FILES = {
    "inference.json",
    "calibration.json",
    "config.yaml",
    "vocabulary.txt",
    "labels.json",
    "model.safetensors",
    "metrics.jsonl",
    "metrics.json",
    "metadata.json",
    "predictions-validation.jsonl",
    "seen-texts.safetensors",
    "manifest.json",
}
NOT_TEXT = {"model.safetensors", "seen-texts.safetensors", "manifest.json"}
TABLE = "embedding.table.weight"
# 48 training rows: six batches of eight
BATCHES = 6


@dataclass
class Watcher:
    """An observer that keeps what it is told, and may act on it."""

    act: Callable[[StepRecord | EvaluationRecord], None] = lambda record: None
    steps: list[StepRecord] = field(default_factory=list)
    evaluations: list[EvaluationRecord] = field(default_factory=list)

    def on_step(self, record: StepRecord) -> None:
        self.steps.append(record)
        self.act(record)

    def on_evaluation(self, record: EvaluationRecord) -> None:
        self.evaluations.append(record)
        self.act(record)


def train(
    config: Path, *overrides: str, watcher: Watcher | None = None, **options: Any
) -> tuple[Path, TrainingResult]:
    """The run folder and what the recipe says of it."""
    result = recipe.train(load_config(config, overrides), watcher or Watcher(), **options)
    return Path(result.run), result


def weights(run: Path) -> bytes:
    return (run / "model.safetensors").read_bytes()


def left_in(folder: Path) -> list[str]:
    """Names below runs/, hidden ones too."""
    return sorted(path.name for path in (folder / "runs").glob("*"))


def relabelled(source: Path, target: Path, label: Callable[[int, str], object]) -> Path:
    """A copy of a csv of reviews with other labels, made from the row's number and label."""
    header, *rows = source.read_text("utf-8").splitlines()
    pairs = [row.rsplit(",", 1) for row in rows]
    lines = [header, *(f"{text},{label(i, old)}" for i, (text, old) in enumerate(pairs))]
    target.write_text("\n".join(lines) + "\n", "utf-8")
    return target


# what is in the folder


def test_leaves_exactly_the_files_of_a_run(tiny_config: Path, tmp_path: Path) -> None:
    run, result = train(tiny_config, name="tiny")
    assert {path.name for path in run.iterdir()} == FILES
    assert (run, result.run) == (Path("runs/tiny"), "runs/tiny")
    assert left_in(tmp_path) == ["latest", "tiny"]
    assert Path("runs/latest").resolve() == run.resolve()


def test_history_has_a_line_an_epoch(tiny_config: Path) -> None:
    watcher = Watcher()
    run, result = train(tiny_config, "training.epochs=3", watcher=watcher)
    lines = read_lines(run / "metrics.jsonl")
    assert lines == [record.to_json() for record in watcher.evaluations]
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    assert [line["step"] for line in lines] == [BATCHES, 2 * BATCHES, 3 * BATCHES]
    assert {"train_loss", "train_accuracy", "learning_rate", "validation_loss", *CLOCK} <= set(
        lines[0]
    )
    assert [line["stopped_by"] for line in lines] == [None, None, "all 3 epochs done"]
    assert result.epochs == 3


def test_final_metrics_are_complete_for_every_split(tiny_config: Path) -> None:
    run, result = train(tiny_config)
    metrics = read_json(run / "metrics.json")
    assert list(metrics) == ["validation", "test", "calibration"]
    assert metrics.pop("calibration") == result.calibration.to_json()
    assert metrics == {split: scores.to_json() for split, scores in result.metrics.items()}
    for scores in metrics.values():
        assert {"n", "loss", "accuracy", "roc_auc", "confusion_matrix", *CLOCK} <= set(scores)
        assert {"macro_precision", "macro_recall", "macro_f1"} <= set(scores)
        assert list(scores["per_class"]) == ["negative", "positive"]
        for one in scores["per_class"].values():
            assert set(one) == {"precision", "recall", "f1", "support"}
        assert scores["n"] == 16 == sum(map(sum, scores["confusion_matrix"]))
        assert scores["accuracy"] == (
            sum(row[i] for i, row in enumerate(scores["confusion_matrix"])) / 16
        )
        assert scores["tokens_per_s"] == pytest.approx(scores["tokens"] / scores["elapsed_s"])


def test_metadata_say_where_the_run_came_from(tiny_config: Path) -> None:
    run, result = train(tiny_config, "run.seed=7")
    facts = read_json(run / "metadata.json")
    assert facts["packages"]["torch"] == torch.__version__
    assert facts["python"]
    assert facts["commit"] is None or len(facts["commit"]) == 40
    assert (facts["seed"], facts["threads"], facts["device"]) == (7, 1, "cpu")
    assert len(facts["data_fingerprint"]) == 32
    assert facts["rows"] == {"train": 48, "validation": 16, "test": 16}
    counts = facts["parameters"]
    stored = sum(tensor.numel() for tensor in load_file(run / "model.safetensors").values())
    assert counts.pop("total") == sum(counts.values()) == result.parameters == stored
    assert (facts["best_epoch"], facts["epochs"]) == (result.best_epoch, 2)


def test_resolved_config_has_every_key(tiny_config: Path) -> None:
    run, _ = train(tiny_config, "model.cell=lstm")
    assert load_config(run / "config.yaml") == load_config(tiny_config, ["model.cell=lstm"])
    text = (run / "config.yaml").read_text("utf-8")
    assert "cell: lstm" in text
    assert "label_smoothing: 0.0" in text


def test_predictions_are_those_of_the_validation_part(tiny_config: Path) -> None:
    run, result = train(tiny_config)
    lines = read_lines(run / "predictions-validation.jsonl")
    corpus = build_corpus(load_config(tiny_config))
    rows = corpus.splits["validation"].tolist()
    assert [line["row"] for line in lines] == [row + 1 for row in rows]
    assert [line["true"] for line in lines] == [corpus.records.labels[row] for row in rows]
    scores = result.metrics["validation"]
    right = sum(line["label"] == line["true"] for line in lines)
    assert right / len(lines) == scores.accuracy
    losses = [-math.log(line["probabilities"][line["true"]]) for line in lines]
    assert sum(losses) / len(lines) == pytest.approx(scores.loss)


def test_vocabulary_knows_the_training_part_alone(tiny_config: Path) -> None:
    run, _ = train(tiny_config)
    corpus = build_corpus(load_config(tiny_config))
    words = set((run / "vocabulary.txt").read_text("utf-8").split("\n"))
    # every review holds a number of its own
    known = {row for row in range(80) if f"number{row}" in words}
    assert known == set(corpus.splits["train"].tolist())


def test_without_a_test_part_none_is_scored(tiny_config: Path) -> None:
    run, result = train(tiny_config, "data.test_size=0")
    assert list(result.metrics) == ["validation"]
    assert list(read_json(run / "metrics.json")) == ["validation", "calibration"]


def test_parts_of_their_own_are_used_as_they_are(
    tiny_config: Path, reviews_csv: Path, tmp_path: Path
) -> None:
    header, *rows = reviews_csv.read_text("utf-8").splitlines()
    for name, part in (("train", rows[:60]), ("dev", rows[60:74]), ("held-out", rows[74:])):
        (tmp_path / f"{name}.csv").write_text("\n".join([header, *part]) + "\n", "utf-8")
    overrides = ["data.path=train.csv", "data.validation_path=dev.csv"]
    run, result = train(tiny_config, *overrides, "data.test_path=held-out.csv")
    assert {split: scores.n for split, scores in result.metrics.items()} == {
        "validation": 14,
        "test": 6,
    }
    lines = read_lines(run / "predictions-validation.jsonl")
    assert [line["row"] for line in lines] == list(range(61, 75))


# the best epoch


@pytest.mark.parametrize("monitor", ["-loss", "+accuracy", "+macro_f1", "+roc_auc"])
def test_weights_of_the_best_epoch_are_saved(tiny_config: Path, monitor: str) -> None:
    overrides = ["training.schedule=constant", "training.learning_rate=0.3", "training.epochs=6"]
    run, result = train(tiny_config, *overrides, f"training.monitor={monitor}")
    lines = history(run)
    sign = {"+": 1, "-": -1}[monitor[0]]
    values = [sign * line[f"validation_{monitor[1:]}"] for line in lines]
    best = values.index(max(values)) + 1
    # the first of equals
    assert result.best_epoch == best
    assert best < 6 or monitor != "-loss"  # the rate is so high that the loss rises again
    assert max(line["epoch"] for line in lines if line["is_best"]) == best
    assert result.calibration.before.log_loss == lines[best - 1]["validation_loss"]
    saved = evaluate(run, split="validation").metrics
    assert saved.loss == pytest.approx(result.metrics["validation"].loss, abs=1e-9)


def test_every_best_epoch_is_on_disk_at_once(tiny_config: Path) -> None:
    found: list[tuple[bool, bytes]] = []

    def keep(record: StepRecord | EvaluationRecord) -> None:
        if isinstance(record, EvaluationRecord):
            found.append((record.is_best, weights(Path("runs/run.partial"))))

    overrides = ["training.schedule=constant", "training.learning_rate=0.3", "training.epochs=6"]
    run, result = train(tiny_config, *overrides, watcher=Watcher(keep))
    assert not all(best for best, _ in found)
    for before, (best, now) in pairwise(found):
        assert best == (now != before[1])
    assert weights(run) == found[result.best_epoch - 1][1]


# the same again


def test_same_seed_gives_the_same_bytes(tiny_config: Path) -> None:
    overrides = ["model.dropout=0.3", "model.embedding_dropout=0.2"]
    first, _ = train(tiny_config, *overrides)
    second, _ = train(tiny_config, *overrides)
    assert first != second
    assert weights(first) == weights(second)
    assert history(first) == history(second)
    for name in FILES - {*NOT_TEXT, "metrics.jsonl", "metrics.json", "metadata.json"}:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_another_seed_gives_other_weights_for_the_same_parts(tiny_config: Path) -> None:
    first, _ = train(tiny_config)
    second, _ = train(tiny_config, "run.seed=1")
    assert weights(first) != weights(second)
    rows = [
        [line["row"] for line in read_lines(run / "predictions-validation.jsonl")]
        for run in (first, second)
    ]
    assert rows[0] == rows[1]


def test_resolved_config_alone_reproduces_the_run(
    tiny_config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = train(tiny_config, "model.cell=lstm", "model.dropout=0.2", "training.batch_size=5")
    alone = tmp_path / "elsewhere"
    alone.mkdir()
    (alone / "config.yaml").write_bytes((first / "config.yaml").read_bytes())
    monkeypatch.chdir(alone)
    second, _ = train(alone / "config.yaml")
    assert weights(alone / second) == weights(tmp_path / first)
    assert history(alone / second) == history(tmp_path / first)


# classes


def test_three_string_classes(tiny_config: Path, reviews_csv: Path, tmp_path: Path) -> None:
    relabelled(reviews_csv, tmp_path / "three.csv", lambda i, _: ["bad", "good", "so-so"][i % 3])
    run, result = train(tiny_config, "data.path=three.csv", "training.loss=cross_entropy")
    assert read_json(run / "labels.json") == {"labels": ["bad", "good", "so-so"]}
    scores = result.metrics["test"]
    assert [len(row) for row in scores.confusion_matrix] == [3, 3, 3]
    assert list(scores.per_class) == ["bad", "good", "so-so"]
    lines = read_lines(run / "predictions-validation.jsonl")
    assert {line["true"] for line in lines} == {"bad", "good", "so-so"}
    assert all(sum(line["probabilities"].values()) == pytest.approx(1) for line in lines)


def test_two_classes_with_cross_entropy(tiny_config: Path) -> None:
    run, _ = train(tiny_config, "training.loss=cross_entropy")
    shapes = {name: list(t.shape) for name, t in load_file(run / "model.safetensors").items()}
    assert 2 in {shape[0] for name, shape in shapes.items() if name.startswith("head")}
    (answer,) = predict(["the film was great"], run)
    assert sum(answer.probabilities.values()) == pytest.approx(1)


def test_integer_labels_come_back_as_integers(
    tiny_config: Path, reviews_csv: Path, tmp_path: Path
) -> None:
    relabelled(reviews_csv, tmp_path / "stars.csv", lambda i, label: {"n": 2, "p": 10}[label[0]])
    run, _ = train(tiny_config, "data.path=stars.csv")
    # in the order of numbers, not of their digits
    assert read_json(run / "labels.json") == {"labels": [2, 10]}
    lines = read_lines(run / "predictions-validation.jsonl")
    assert {line["true"] for line in lines} == {2, 10}
    assert {type(line["label"]) for line in lines} == {int}
    assert list(lines[0]["probabilities"]) == ["2", "10"]


def test_integer_labels_with_names(tiny_config: Path, reviews_csv: Path, tmp_path: Path) -> None:
    relabelled(reviews_csv, tmp_path / "ids.csv", lambda i, label: int(label == "positive"))
    run, _ = train(tiny_config, "data.path=ids.csv", "data.label_names=[thumb down, thumb up]")
    assert read_json(run / "labels.json") == {"labels": ["thumb down", "thumb up"]}


def test_binary_loss_refuses_three_classes(
    tiny_config: Path, reviews_csv: Path, tmp_path: Path
) -> None:
    relabelled(reviews_csv, tmp_path / "three.csv", lambda i, _: "abc"[i % 3])
    with pytest.raises(DataError, match=r"training\.loss bce: needs two classes, the data has 3"):
        train(tiny_config, "data.path=three.csv", "training.loss=bce")
    assert left_in(tmp_path) == []


# ending early


@pytest.mark.parametrize(
    ("overrides", "epochs", "reason"),
    [
        # a rate too small to change any answer
        (["training.monitor=+accuracy", "training.patience=2"], 3, "no better accuracy for 2"),
        (["training.stop_at_loss=9"], 1, "reached 9"),
        (["training.max_minutes=1e-9"], 1, "the budget of 1e-09 minutes ended"),
        (["training.epochs=4"], 4, "all 4 epochs done"),
    ],
)
def test_what_ended_the_run_is_written_down(
    tiny_config: Path, overrides: list[str], epochs: int, reason: str
) -> None:
    run, result = train(
        tiny_config, "training.epochs=8", "training.learning_rate=1e-12", *overrides
    )
    lines = read_lines(run / "metrics.jsonl")
    assert len(lines) == epochs == result.epochs
    assert reason in result.stopped_by
    assert [line["stopped_by"] for line in lines] == [None] * (epochs - 1) + [result.stopped_by]
    assert read_json(run / "metadata.json")["stopped_by"] == result.stopped_by


def test_patience_counts_from_the_best_epoch(tiny_config: Path) -> None:
    overrides = ["training.schedule=constant", "training.learning_rate=0.1", "training.epochs=20"]
    run, result = train(tiny_config, *overrides, "training.patience=2")
    assert 1 < result.best_epoch == result.epochs - 2
    assert [line["is_best"] for line in history(run)][-2:] == [False, False]


# how the weights are fitted


@pytest.fixture
def vectors(tmp_path: Path) -> dict[str, list[float]]:
    """A few 8-d word vectors, in vectors.txt."""
    words = ["the", "film", "great", "awful", "unseen"]
    table = {word: [i + k / 8 for k in range(8)] for i, word in enumerate(words)}
    (tmp_path / "vectors.txt").write_text(
        "".join(f"{word} {' '.join(map(str, row))}\n" for word, row in table.items()), "utf-8"
    )
    return table


FROM_FILE = ["vectors.source=file", "vectors.path=vectors.txt", "vectors.dimension=null"]


@pytest.mark.parametrize(("frozen", "first_moved"), [("0", 1), ("1", 2), ("2", 3), ("all", None)])
def test_word_vectors_stay_as_they_are_while_frozen(
    tiny_config: Path,
    vectors: dict[str, list[float]],
    frozen: str,
    first_moved: int | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    models: list[torch.nn.Module] = []
    tables: list[torch.Tensor] = []

    def build(*arguments: Any, **options: Any) -> torch.nn.Module:
        models.append(build_model(*arguments, **options))
        return models[0]

    def look(record: StepRecord | EvaluationRecord) -> None:
        if isinstance(record, EvaluationRecord) or record.step == 1:
            tables.append(models[0].state_dict()[TABLE].clone())

    monkeypatch.setattr(recipe, "build_model", build)
    choice = ["training.epochs=3", f"model.embedding_frozen_epochs={frozen}"]
    run, _ = train(tiny_config, *FROM_FILE, *choice, watcher=Watcher(look))
    words = (run / "vocabulary.txt").read_text("utf-8").split("\n")
    known = sorted(set(words) & set(vectors))
    assert known == ["awful", "film", "great", "the"]
    rows = [words.index(word) for word in known]
    # two looks an epoch: after the first batch and after the last
    given = torch.tensor([vectors[word] for word in known])
    moved = [not torch.equal(table[rows], given) for table in tables]
    expected = [first_moved is not None and epoch >= first_moved for epoch in (1, 1, 2, 2, 3, 3)]
    assert moved == expected
    assert not tables[-1][words.index("<pad>")].any()


def test_coverage_of_the_vectors_is_stored(
    tiny_config: Path, vectors: dict[str, list[float]]
) -> None:
    run, result = train(tiny_config, *FROM_FILE)
    stored = read_json(run / "metadata.json")["coverage"]
    # four of its words; `unseen` is in no review
    assert stored["types"] == pytest.approx(4 / (result.vocabulary - 2))
    assert result.coverage is not None
    assert stored["tokens"] == result.coverage.tokens
    assert 0 < stored["tokens"] < 1


def test_averaged_weights_are_what_is_scored_and_saved(tiny_config: Path) -> None:
    overrides = ["training.schedule=constant", "training.epochs=3"]
    plain, _ = train(tiny_config, *overrides)
    averaged, _ = train(tiny_config, *overrides, "training.ema_decay=0.9")
    ours, theirs = (load_file(run / "model.safetensors") for run in (averaged, plain))
    assert {name: t.shape for name, t in ours.items()} == {n: t.shape for n, t in theirs.items()}
    assert not torch.allclose(ours[TABLE], theirs[TABLE])
    best = read_json(averaged / "metadata.json")["best_epoch"]
    lines = history(averaged)
    before = read_json(averaged / "metrics.json")["calibration"]["before"]
    assert before["log_loss"] == pytest.approx(lines[best - 1]["validation_loss"], abs=1e-9)
    scores = evaluate(averaged, split="validation").metrics
    assert scores.accuracy == lines[best - 1]["validation_accuracy"]
    # the steps themselves do not depend on the average
    for mine, other in zip(history(averaged), history(plain), strict=True):
        assert mine["train_loss"] == other["train_loss"]
        assert mine["validation_loss"] != other["validation_loss"]


def test_an_average_that_forgets_at_once_is_the_model(tiny_config: Path) -> None:
    plain, _ = train(tiny_config)
    averaged, _ = train(tiny_config, "training.ema_decay=1e-12")
    expected = load_file(plain / "model.safetensors")
    for name, tensor in load_file(averaged / "model.safetensors").items():
        torch.testing.assert_close(tensor, expected[name], msg=lambda m, n=name: f"{n}: {m}")


@pytest.mark.parametrize(("accumulation", "steps"), [(2, 3), (4, 2), (100, 1)])
def test_accumulation_makes_fewer_steps(tiny_config: Path, accumulation: int, steps: int) -> None:
    watcher = Watcher()
    run, _ = train(tiny_config, f"training.accumulation_steps={accumulation}", watcher=watcher)
    assert [line["step"] for line in history(run)] == [steps, 2 * steps]
    assert len(watcher.steps) == 2 * BATCHES
    # the schedule ends with the last step, whatever their number
    assert history(run)[-1]["learning_rate"] < 1e-6


def test_accumulated_batches_are_one_large_batch(tiny_config: Path) -> None:
    overrides = ["training.optimizer=sgd", "training.schedule=constant", "training.epochs=1"]
    whole, _ = train(tiny_config, *overrides, "training.batch_size=48")
    pieces, _ = train(tiny_config, *overrides, "training.accumulation_steps=6")
    expected = load_file(whole / "model.safetensors")
    for name, tensor in load_file(pieces / "model.safetensors").items():
        torch.testing.assert_close(tensor, expected[name], rtol=1e-5, atol=1e-7)


def test_batches_within_a_budget_of_tokens(tiny_config: Path) -> None:
    watcher = Watcher()
    budget = ["training.batch_size=null", "training.tokens_per_batch=40"]
    run, _ = train(tiny_config, *budget, watcher=watcher)
    lines = read_lines(run / "metrics.jsonl")
    assert math.ceil(lines[0]["tokens"] / 40) <= lines[0]["step"] < 48
    assert watcher.steps[0].steps == lines[0]["step"]
    assert lines[0]["tokens"] == lines[1]["tokens"]


@pytest.mark.parametrize(
    ("optimizer", "schedule"),
    [
        ("sgd", "constant"),
        ("rmsprop", "linear"),
        ("adam", "cosine"),
        ("adamw", "one_cycle"),
        ("sgd", "reduce_on_plateau"),
    ],
)
def test_optimizers_and_schedules_by_name(tiny_config: Path, optimizer: str, schedule: str) -> None:
    choice = [f"training.optimizer={optimizer}", f"training.schedule={schedule}"]
    run, result = train(tiny_config, *choice)
    assert math.isfinite(result.metrics["test"].loss)
    rates = [line["learning_rate"] for line in history(run)]
    assert all(0 <= rate <= 0.03 for rate in rates)
    assert (rates[0] == rates[1]) == (schedule in {"constant", "reduce_on_plateau"})


def test_class_weights_and_smoothing_change_the_training(tiny_config: Path) -> None:
    runs = [
        weights(train(tiny_config, *overrides)[0])
        for overrides in (
            [],
            ["training.class_weights=[1, 3]"],
            ["training.label_smoothing=0.2"],
        )
    ]
    assert len(set(runs)) == 3
    # both classes have as many rows
    assert weights(train(tiny_config, "training.class_weights=balanced")[0]) == runs[0]


# nothing half-written


def test_an_existing_run_is_not_overwritten(tiny_config: Path, tmp_path: Path) -> None:
    run, _ = train(tiny_config, "run.output=runs/mine")
    before = weights(run)
    with pytest.raises(ArtifactError, match="exists already"):
        train(tiny_config, "run.output=runs/mine", "run.seed=1")
    assert weights(run) == before
    train(tiny_config, "run.output=runs/mine", "run.seed=1", force=True)
    assert weights(run) != before
    assert left_in(tmp_path) == ["latest", "mine"]


def test_force_replaces_runs_only(tiny_config: Path, tmp_path: Path) -> None:
    precious = tmp_path / "thesis"
    precious.mkdir()
    (precious / "chapter.txt").write_text("x", "utf-8")
    with pytest.raises(ArtifactError, match="not a run folder"):
        train(tiny_config, "run.output=thesis", force=True)
    assert [path.name for path in precious.iterdir()] == ["chapter.txt"]


def test_names_are_counted_on(tiny_config: Path) -> None:
    runs = [train(tiny_config, name="mine")[0] for _ in range(3)]
    assert runs == [Path("runs/mine"), Path("runs/mine-2"), Path("runs/mine-3")]
    assert Path("runs/latest").resolve() == runs[-1].resolve()


def test_a_run_may_not_take_the_name_of_the_link(tiny_config: Path) -> None:
    train(tiny_config, name="latest")
    second, _ = train(tiny_config, name="other")
    assert Path("runs/latest").is_symlink()
    assert Path("runs/latest").resolve() == second.resolve()


def test_the_output_may_not_be_the_link(tiny_config: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="latest"):
        train(tiny_config, "run.output=runs/latest")
    assert left_in(tmp_path) == []


def test_another_training_of_that_name_is_left_alone(tiny_config: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "runs" / "mine.partial"
    (theirs / "checkpoints" / "000001").mkdir(parents=True)
    (theirs / "config.yaml").write_text("theirs", "utf-8")
    with pytest.raises(ArtifactError, match="a training that did not finish left it"):
        train(tiny_config, "run.output=runs/mine")
    assert (theirs / "config.yaml").read_text("utf-8") == "theirs"
    assert train(tiny_config, name="mine")[0] == Path("runs/mine-2")


@pytest.mark.parametrize("error", [RuntimeError, MemoryError])
@pytest.mark.parametrize("epoch", [1, 2])
def test_an_error_leaves_what_was_saved(
    tiny_config: Path, tmp_path: Path, error: type[Exception], epoch: int
) -> None:
    def fail(record: StepRecord | EvaluationRecord) -> None:
        if record.epoch == epoch:
            raise error

    with pytest.raises(error):
        train(tiny_config, watcher=Watcher(fail))
    assert left_in(tmp_path) == ([] if epoch == 1 else ["run.partial"])


def test_an_error_leaves_the_run_that_it_was_to_replace(tiny_config: Path, tmp_path: Path) -> None:
    def fail(record: StepRecord | EvaluationRecord) -> None:
        raise RuntimeError

    run, _ = train(tiny_config, "run.output=runs/mine")
    before = weights(run)
    with pytest.raises(RuntimeError):
        train(tiny_config, "run.output=runs/mine", force=True, watcher=Watcher(fail))
    assert weights(run) == before
    assert left_in(tmp_path) == ["latest", "mine"]


def test_a_loss_that_is_not_finite_stops_the_run(tiny_config: Path, tmp_path: Path) -> None:
    wild = ["training.optimizer=sgd", "training.learning_rate=1e38", "training.clip_norm=null"]
    with pytest.raises(DivergenceError, match=r"epoch 1, batch \d+: .*rows \d+") as caught:
        train(tiny_config, *wild, "training.schedule=constant")
    assert "training.learning_rate" in caught.value.hint
    assert left_in(tmp_path) == []


# augmentation

AUGMENTED = ["training.augmentation.word_dropout=0.2", "training.augmentation.synonyms=0.3"]


@pytest.mark.usefixtures("vectors")
def test_other_words_every_time_and_the_same_ones_again(tiny_config: Path) -> None:
    few = "training.augmentation.neighbours=3"
    first, _ = train(tiny_config, *FROM_FILE, *AUGMENTED, few, name="first")
    again, _ = train(tiny_config, *FROM_FILE, *AUGMENTED, few, name="again")
    plain, _ = train(tiny_config, *FROM_FILE, few, name="plain")
    assert (weights(first), history(first)) == (weights(again), history(again))
    assert history(plain)[0]["train_loss"] != history(first)[0]["train_loss"]
    assert [line["tokens"] for line in history(plain)] == [
        line["tokens"] for line in history(first)
    ]


@pytest.mark.usefixtures("vectors")
def test_more_neighbours_than_words_leave_nothing(tiny_config: Path, tmp_path: Path) -> None:
    with pytest.raises(
        VectorsError, match=r"neighbours: 10 neighbours a word, but only 4 words of"
    ):
        train(tiny_config, *FROM_FILE, *AUGMENTED)
    assert left_in(tmp_path) == []


# interrupted


@pytest.mark.parametrize("at", ["evaluation", "step after it"])
def test_an_interruption_leaves_the_best_epoch(
    tiny_config: Path, tmp_path: Path, at: str, caplog: pytest.LogCaptureFixture
) -> None:
    saved: list[bytes] = []
    partial = Path("runs/mine.partial")

    def interrupt(record: StepRecord | EvaluationRecord) -> None:
        if isinstance(record, EvaluationRecord):
            saved.append(weights(partial))
        if bool(saved) and (at == "evaluation" or isinstance(record, StepRecord)):
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(tiny_config, name="mine", watcher=Watcher(interrupt))
    assert left_in(tmp_path) == ["mine.partial"]
    assert weights(partial) == saved[0]
    assert len(read_lines(partial / "metrics.jsonl")) == 1
    assert "weights of epoch 1" in caplog.text
    (answer,) = predict(["the film was great"], partial)
    assert sum(answer.probabilities.values()) == pytest.approx(1)
    assert evaluate(partial, split="validation").metrics.n == 16


def test_an_interruption_in_the_first_epoch_leaves_what_there_is(
    tiny_config: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def interrupt(record: StepRecord | EvaluationRecord) -> None:
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(tiny_config, name="mine", watcher=Watcher(interrupt))
    assert left_in(tmp_path) == ["mine.partial"]
    assert "untested weights" in caplog.text
    assert predict(["great"], Path("runs/mine.partial"))[0].tokens == 1


def test_an_interruption_before_training_leaves_nothing(
    tiny_config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(initialisation, "build_vocabulary", interrupt)
    with pytest.raises(KeyboardInterrupt):
        train(tiny_config)
    assert left_in(tmp_path) == []
