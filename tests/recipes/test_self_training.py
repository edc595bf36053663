"""Unlabelled reviews in a training: they teach, and are the same when it goes on."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import tiny_reviews, write_csv, write_tiny
from predicting import predict
from safetensors.torch import load_file
from trainings import StoppedError, Stopping, outcome

from gru_sentiment.artifact.files import SOFT_LABELS
from gru_sentiment.builders.corpus import build_corpus, build_training_corpus
from gru_sentiment.cli.progress import SilentProgress
from gru_sentiment.config.loading import load_config
from gru_sentiment.errors import ArtifactError, ConfigError, DataError, UserError
from gru_sentiment.recipes import train as recipe
from gru_sentiment.recipes.baseline import baseline
from gru_sentiment.recipes.evaluate import evaluate
from gru_sentiment.recipes.fuse import fuse
from gru_sentiment.results.training import TrainingResult
from gru_sentiment.trainer import teacher

RUN, TEACHER = Path("runs/mine"), Path("runs/teacher")
TEXTS = "data.unlabelled_path=more.csv"
TAUGHT = [TEXTS, "training.unlabelled.batch_size=8", f"training.unlabelled.teacher={TEACHER}"]
OFTEN = "run.checkpoint_every=1 step"


def write_texts(path: Path, n: int) -> None:
    """`n` texts that are none of the reviews."""
    texts = [text.replace("number", "more") for text, _ in tiny_reviews(n, seed=1)]
    path.write_text("\n".join(["text", *texts]) + "\n", "utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with labelled and unlabelled reviews and a baseline that can teach."""
    folder = tmp_path_factory.mktemp("taught")
    write_tiny(folder)
    write_texts(folder / "more.csv", 120)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        baseline(load_config(Path("tiny.yaml")), output=TEACHER, model="tfidf")
    return folder


@pytest.fixture(autouse=True)
def _in_folder(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(made, tmp_path / "work", symlinks=True)
    monkeypatch.chdir(tmp_path / "work")


def train(*overrides: str, observer: Any = None) -> TrainingResult:
    config = load_config(Path("tiny.yaml"), [f"run.output={RUN}", *overrides])
    return recipe.train(config, observer or SilentProgress(), force=True)


def stopped(at: int, *overrides: str) -> None:
    with pytest.raises(StoppedError):
        train(*overrides, observer=Stopping(at))


def resume(*overrides: str) -> None:
    recipe.resume(RUN, SilentProgress(), overrides=overrides)


def facts() -> dict[str, Any]:
    value: dict[str, Any] = json.loads((RUN / "metadata.json").read_bytes())
    return value


COLUMNS = "training.unlabelled.soft_labels=[negative, positive]"


def write_soft_labels(path: Path, **changed: object) -> None:
    """The teacher's probabilities beside the texts; `changed` are values of the first row."""
    texts = Path("more.csv").read_text("utf-8").splitlines()[1:]
    rows = [
        {"text": text, **prediction.probabilities}
        for text, prediction in zip(texts, predict(texts, TEACHER), strict=True)
    ]
    rows[0] |= changed
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def from_file(*overrides: str) -> list[str]:
    return [
        "data.unlabelled_path=soft.jsonl",
        "training.unlabelled.batch_size=8",
        COLUMNS,
        *overrides,
    ]


# learning


def test_soft_labels_of_a_file_teach_as_the_teacher_does() -> None:
    write_soft_labels(Path("soft.jsonl"))
    train(*TAUGHT)
    taught = load_file(RUN / "model.safetensors")
    train(*from_file())
    for name, tensor in load_file(RUN / "model.safetensors").items():
        torch.testing.assert_close(tensor, taught[name], rtol=1e-3, atol=1e-4)
    assert facts()["teacher"]["path"].endswith("soft.jsonl")
    train(*TAUGHT[:2], "training.adversarial.kind=virtual")
    other = load_file(RUN / "model.safetensors")["head.weight"]
    assert not torch.allclose(other, taught["head.weight"], atol=1e-3)


def test_soft_labels_of_a_file_on_resume() -> None:
    write_soft_labels(Path("soft.jsonl"))
    train(*from_file())
    whole = outcome(RUN)
    stopped(5, *from_file(OFTEN))
    resume()
    assert outcome(RUN) == whole
    stopped(5, *from_file(OFTEN))
    write_soft_labels(Path("soft.jsonl"), negative=0.5, positive=0.5)
    with pytest.raises(ArtifactError, match="the unlabelled texts changed"):
        resume()


@pytest.mark.parametrize(
    ("changed", "shown"),
    [
        ({"negative": 0.5, "positive": 0.4}, "negative 0.5, positive 0.4"),
        ({"negative": -0.5, "positive": 1.5}, "negative -0.5, positive 1.5"),
        ({"negative": "much"}, "negative 'much', positive"),
        ({"negative": None}, "negative None, positive"),
        ({"negative": float("nan")}, "negative nan, positive"),
    ],
)
def test_soft_labels_that_are_no_probabilities(changed: dict[str, Any], shown: str) -> None:
    write_soft_labels(Path("soft.jsonl"), **changed)
    with pytest.raises(DataError) as caught:
        train(*from_file())
    assert f"soft.jsonl: row 1: {shown}" in caught.value.cause
    assert "add up to 1" in caught.value.cause


def test_soft_labels_for_other_classes() -> None:
    write_soft_labels(Path("soft.jsonl"), other=0)
    three = COLUMNS.replace("]", ", other]")
    with pytest.raises(DataError, match="3 columns for the 2 classes negative, positive"):
        train(*from_file(three))
    with pytest.raises(DataError, match="no field 'middle'"):
        train(*from_file(COLUMNS.replace("positive", "middle")))


def test_a_teacher_teaches_what_few_labels_do_not() -> None:
    write_csv(Path("reviews.csv"), tiny_reviews(300))
    write_texts(Path("more.csv"), 400)
    many = ["data.path=reviews.csv", "training.monitor=+accuracy"]
    baseline(load_config(Path("tiny.yaml"), many), output=TEACHER, model="nb", force=True)
    few = [*many, "data.train_size=4", "training.epochs=25", "training.learning_rate=0.05"]
    alone = train(*few).metrics["test"].accuracy
    shown = ["training.unlabelled.batch_size=100", "training.unlabelled.weight=5"]
    taught = train(*few, *TAUGHT, *shown).metrics["test"].accuracy
    assert alone < 0.7
    assert taught > 0.8


def test_what_was_trained_on_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    train(*TAUGHT)
    known = facts()
    assert known["rows"] == {"train": 48, "validation": 16, "test": 16, "unlabelled": 120}
    assert known["teacher"]["path"].endswith("runs/teacher")
    assert len(known["unlabelled_fingerprint"]) == 32
    assert "120 unlabelled" in caplog.text
    assert "predicts 120 unlabelled texts" in caplog.text
    (asked,) = (
        message for message in caplog.messages if message.startswith("the teacher's soft labels: ")
    )
    assert "% negative" in asked
    # words of unlabelled reviews are known too
    assert "more7" in Path(RUN, "vocabulary.txt").read_text("utf-8").split()


def test_so_many_texts_are_read(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    def drawn(*overrides: str) -> list[int]:
        config = load_config(Path("tiny.yaml"), [*TAUGHT, *overrides])
        found: list[int] = build_training_corpus(config).splits["unlabelled"].tolist()
        return found

    everything, some = drawn(), drawn("data.unlabelled_size=40")
    assert len(everything) == 120
    assert len(some) == 40
    assert some == sorted(set(some))
    assert set(drawn("data.unlabelled_size=10")) < set(some) < set(everything)
    assert some not in (everything[:40], drawn("data.unlabelled_size=40", "data.seed=1"))
    train(*TAUGHT, "data.unlabelled_size=40")
    assert facts()["rows"]["unlabelled"] == 40
    assert "predicts 40 unlabelled texts" in caplog.text


def test_accuracy_in_training_is_that_of_labels() -> None:
    """With all labels of 48 rows: every share is a multiple of 1/48."""
    train(*TAUGHT)
    for line in outcome(RUN)[1]:
        assert line["train_accuracy"] * 48 == pytest.approx(round(line["train_accuracy"] * 48))


def test_without_a_teacher() -> None:
    plain = train()
    before = outcome(RUN)[1]
    virtual = "training.adversarial.kind=virtual"
    found = train(TEXTS, virtual, "training.unlabelled.batch_size=8")
    assert found.metrics["test"].n == plain.metrics["test"].n
    assert outcome(RUN)[1][0]["train_loss"] != before[0]["train_loss"]
    assert facts()["teacher"] is None
    assert not (RUN / SOFT_LABELS).exists()


def test_the_run_needs_neither_teacher_nor_texts() -> None:
    train(*TAUGHT)
    before = predict(["a great film"], RUN)
    assert not (RUN / SOFT_LABELS).exists()
    shutil.rmtree(TEACHER)
    Path("more.csv").unlink()
    assert predict(["a great film"], RUN) == before
    assert evaluate(RUN, split="test").metrics is not None


def test_a_network_and_a_fusion_teach_too() -> None:
    train("run.output=runs/net")
    fuse([Path("runs/net"), TEACHER], output=Path("runs/both"))
    for name in ("net", "both"):
        train(*TAUGHT, f"training.unlabelled.teacher=runs/{name}")
        assert facts()["teacher"]["path"].endswith(name)


# going on


@pytest.mark.parametrize(
    "overrides",
    [
        ["model.dropout=0.3"],
        ["training.adversarial.kind=virtual", "training.batch_size=null",
         "training.tokens_per_batch=80"],
    ],
)  # fmt: skip
def test_equal_to_a_training_that_never_stopped(overrides: list[str], tmp_path: Path) -> None:
    settings = [*TAUGHT, *overrides, OFTEN]
    train(*settings, "run.output=runs/whole")
    expected = outcome(Path("runs/whole"))
    for at in (3, 12):
        stopped(at, *settings)
        assert not list(RUN.with_name("mine.partial").glob("checkpoints/*/*soft*"))
        torch.manual_seed(at)
        resume()
        assert outcome(RUN) == expected, at
        assert not (RUN / SOFT_LABELS).exists()
        RUN.rename(tmp_path / f"stopped-at-{at}")


def test_the_teacher_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = [*TAUGHT, OFTEN]
    train(*settings, "run.output=runs/whole")
    stopped(4, *settings)
    monkeypatch.setattr(teacher, "load_run", None)
    shutil.rmtree(TEACHER)
    resume()
    assert outcome(RUN) == outcome(Path("runs/whole"))


@pytest.mark.parametrize("how", ["damaged", "gone"])
def test_lost_answers_are_given_again(how: str) -> None:
    settings = [*TAUGHT, OFTEN]
    train(*settings, "run.output=runs/whole")
    stopped(4, *settings)
    path = RUN.with_name("mine.partial") / SOFT_LABELS
    path.write_bytes(b"x") if how == "damaged" else path.unlink()
    resume()
    assert outcome(RUN) == outcome(Path("runs/whole"))


def test_other_answers_are_refused() -> None:
    stopped(4, *TAUGHT, OFTEN)
    (RUN.with_name("mine.partial") / SOFT_LABELS).unlink()
    baseline(load_config(Path("tiny.yaml")), output=TEACHER, model="nb", force=True)
    with pytest.raises(ArtifactError, match="the teacher's answers changed since the training"):
        resume()


def test_other_texts_are_refused() -> None:
    stopped(4, *TAUGHT, OFTEN)
    path = Path("more.csv")
    path.write_text(path.read_text("utf-8").replace("great", "good"), "utf-8")
    with pytest.raises(ArtifactError, match="the unlabelled texts changed since the training"):
        resume()


def test_a_kept_checkpoint_can_be_trained_further() -> None:
    settings = [*TAUGHT, "training.schedule=constant", "run.keep_checkpoint=true"]
    train(*settings, "training.epochs=3", "run.output=runs/whole")
    train(*settings)
    shutil.rmtree(TEACHER)
    resume("training.epochs=3")
    assert outcome(RUN)[0] == outcome(Path("runs/whole"))[0]


# what bad input gets


def test_texts_of_the_test_part_are_not_read(caplog: pytest.LogCaptureFixture) -> None:
    corpus = build_corpus(load_config(Path("tiny.yaml")))
    tested = corpus.records.texts.take(corpus.splits["test"][:3]).to_pylist()
    with Path("more.csv").open("a", encoding="utf-8") as file:
        file.write("\n".join(tested) + "\n")
    caplog.set_level(logging.INFO)
    train(*TAUGHT)
    assert facts()["rows"]["unlabelled"] == 120
    assert "3 unlabelled texts left out: they stand in the test split" in caplog.messages


@pytest.mark.parametrize(
    ("overrides", "error", "words"),
    [
        (["data.unlabelled_path=null"], ConfigError, "data.unlabelled_path: needed for"),
        (["training.unlabelled.batch_size=500"], DataError, "500 is more than the 120 unlabelled"),
        (["training.unlabelled.teacher=runs/none"], ArtifactError, "runs/none: no such run folder"),
        (["data.unlabelled_path=none.csv"], DataError, "none.csv: no such file"),
        (["data.unlabelled_path=empty.csv"], DataError, "empty.csv"),
        (
            ["data.unlabelled_size=121"],
            DataError,
            "data.unlabelled_size: 121; there are 120 unlabelled texts",
        ),
    ],
)
def test_bad_input(overrides: list[str], error: type[UserError], words: str) -> None:
    Path("empty.csv").write_text("text\n\n", "utf-8")
    with pytest.raises(error) as caught:
        train(*TAUGHT, *overrides)
    assert words in caught.value.cause
    assert caught.value.hint
    assert not RUN.exists()
    assert not RUN.with_name("mine.partial").exists()
