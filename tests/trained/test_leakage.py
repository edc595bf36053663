"""What a model is scored on was read neither by it nor by what it was made from."""

from __future__ import annotations

import functools
import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import tiny_reviews, write_csv, write_tiny

from gru_sentiment.artifact.files import SEEN_TEXTS
from gru_sentiment.artifact.manifest import named, write_manifest
from gru_sentiment.artifact.tensors import load_seen_texts
from gru_sentiment.builders.dataset import build_training_dataset
from gru_sentiment.cli.progress import SilentProgress
from gru_sentiment.config.loading import load_config
from gru_sentiment.errors import ArtifactError
from gru_sentiment.recipes import pretrain as pretraining
from gru_sentiment.recipes import train as training
from gru_sentiment.recipes.baseline import baseline
from gru_sentiment.recipes.evaluate import evaluate
from gru_sentiment.recipes.fuse import fuse
from gru_sentiment.sources.records import hash_texts

LANGUAGE_MODEL = [
    "pretraining={window: 8, negatives: 20, held_out: 8}",
    "model.bidirectional=false",
    "training.batch_size=4",
]
FROM_ENCODER = ["model.initialize_from=lm", "model.bidirectional=false"]
TAUGHT = ["data.unlabelled_path=more.csv", "training.unlabelled.batch_size=8"]
# 40 of 200 rows to validate, 40 to test
OTHER_SPLITS = [
    ["data.seed=1"],
    ["data.validation_size=0.3"],
    ["data.test_path=test.csv"],
]


def write_inputs() -> None:
    write_tiny(Path(), 200)
    write_csv(Path("test.csv"), tiny_reviews(200)[:40])
    texts = [text.replace("number", "more") for text, _ in tiny_reviews(30, seed=1)]
    Path("more.csv").write_text("\n".join(["text", *texts]) + "\n", "utf-8")


@pytest.fixture(autouse=True)
def _with_inputs(_in_folder: None) -> None:
    write_inputs()


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """An encoder of the splits of a seed, which several tests start from."""

    @functools.cache
    def make(seed: int) -> Path:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(tmp_path_factory.mktemp("encoder"))
            write_inputs()
            pretrain(f"data.seed={seed}")
            return Path("lm").absolute()

    return make


@pytest.fixture
def encoder(pretrained: Callable[[int], Path]) -> Path:
    """A copy of that of the config's own splits."""
    return Path(shutil.copytree(pretrained(0), "lm"))


def pretrain(*overrides: str) -> None:
    settings = [*LANGUAGE_MODEL, "run.output=lm", *overrides]
    pretraining.pretrain(load_config(Path("tiny.yaml"), settings), SilentProgress())


def train(output: str, *overrides: str) -> None:
    settings = [f"run.output={output}", "training.epochs=1", *overrides]
    training.train(load_config(Path("tiny.yaml"), settings), SilentProgress())


def forget(run: str) -> None:
    """Make a run look as one of an earlier version, which kept no hashes."""
    Path(run, SEEN_TEXTS).unlink()
    write_manifest(Path(run), named(Path(run)))


def replace(run: str, name: str, content: str | bytes) -> None:
    """Another file, which the manifest takes for the one that was written."""
    Path(run, name).write_bytes(content.encode() if isinstance(content, str) else content)
    write_manifest(Path(run), named(Path(run)))


@pytest.mark.parametrize("of_earlier_version", [False, True])
@pytest.mark.parametrize("other", OTHER_SPLITS)
def test_an_encoder_that_has_read_the_test_split_is_refused(
    other: list[str], of_earlier_version: bool, encoder: Path
) -> None:
    if of_earlier_version:
        forget("lm")
    # what it read by itself: all but its own validation and test split
    dataset = build_training_dataset(load_config(Path("tiny.yaml"), other))
    own = build_training_dataset(load_config(Path("tiny.yaml")))
    known = {
        split: int(np.isin(hash_texts(dataset.texts(split)), hash_texts(own.texts("train"))).sum())
        for split in ("validation", "test")
    }
    assert sum(known.values()) >= 10
    with pytest.raises(ArtifactError) as caught:
        train("tuned", *FROM_ENCODER, *other)
    for split, n in known.items():
        size = len(dataset.splits[split])
        assert not n or f"{n} of the {size} texts of the {split} split" in caught.value.cause
    key, _, value = other[0].partition("=")
    assert f"{key}: " in caught.value.cause
    assert value in caught.value.cause
    assert not Path("tuned.partial").exists()


def test_an_encoder_of_the_same_splits_is_taken(encoder: Path) -> None:
    # fewer texts of the same training split are no harm
    train("tuned", *FROM_ENCODER, "data.train_size=20")
    read, tuned = load_seen_texts(encoder), load_seen_texts(Path("tuned"))
    assert read is not None
    assert tuned is not None
    assert len(read) == 120
    assert set(tuned) == set(read)


def test_an_encoder_of_other_data_is_taken_and_told(
    caplog: pytest.LogCaptureFixture, encoder: Path
) -> None:
    caplog.set_level(logging.INFO)
    others = [(text.replace("number", "other"), label) for text, label in tiny_reviews(80, seed=2)]
    write_csv(Path("others.csv"), others)
    train("tuned", *FROM_ENCODER, "data.path=others.csv")
    assert "made from other data or splits, and has read none" in caplog.text


def test_a_text_in_a_hundred_is_an_accident(
    caplog: pytest.LogCaptureFixture, encoder: Path
) -> None:
    read = build_training_dataset(load_config(Path("tiny.yaml"))).texts("train")[0].as_py()
    others = [(text.replace("number", "other"), label) for text, label in tiny_reviews(220, seed=2)]
    write_csv(Path("others.csv"), others[:80])
    write_csv(Path("test.csv"), [*others[80:], (read, "positive")])
    train("tuned", *FROM_ENCODER, "data.path=others.csv", "data.test_path=test.csv")
    assert "has read 1 of the 141 texts of the test split in training" in caplog.text


def test_texts_without_labels_count() -> None:
    """What the encoder has read in its unlabelled file may not be the test file."""
    write_csv(Path("more.csv"), others := [(f"text {i}", "positive") for i in range(40)])
    pretrain("data.unlabelled_path=more.csv")
    write_csv(Path("held_back.csv"), [*others[:20], ("another text", "negative")])
    with pytest.raises(ArtifactError, match="20 of the 21 texts of the test split"):
        train("tuned", *FROM_ENCODER, "data.test_path=held_back.csv")


@pytest.mark.parametrize("of_earlier_version", [False, True])
def test_a_teacher_whose_encoder_has_read_the_test_split(
    of_earlier_version: bool, encoder: Path
) -> None:
    """The teacher itself has not: its labels of other data lie elsewhere."""
    others = [(text.replace("number", "other"), label) for text, label in tiny_reviews(80, seed=2)]
    write_csv(Path("others.csv"), others)
    train("teacher", *FROM_ENCODER, "data.path=others.csv")
    if of_earlier_version:
        forget("teacher")
    taught = [*TAUGHT, "training.unlabelled.teacher=teacher"]
    with pytest.raises(ArtifactError, match=r"training\.unlabelled\.teacher: .*teacher has read"):
        train("student", *taught, "data.seed=1")
    train("student", *taught)


def test_a_teacher_of_other_splits() -> None:
    baseline(load_config(Path("tiny.yaml")), output=Path("teacher"), model="nb")
    taught = [*TAUGHT, "training.unlabelled.teacher=teacher"]
    with pytest.raises(ArtifactError, match=r"read \d+ of the 40 texts of the validation split"):
        train("student", *taught, "data.seed=7")
    train("student", *taught, "data.train_size=20")


def test_members_of_a_fusion_teach_under_the_same_rule() -> None:
    train("net")
    baseline(load_config(Path("tiny.yaml")), output=Path("linear"), model="nb")
    fuse([Path("net"), Path("linear")], output=Path("both"))
    taught = [*TAUGHT, "training.unlabelled.teacher=both"]
    with pytest.raises(ArtifactError, match="both/members/0 has read"):
        train("student", *taught, "data.seed=7")
    train("student", *taught)


@pytest.mark.parametrize("of_earlier_version", [False, True])
def test_fuse_refuses_a_member_whose_encoder_has_read_the_splits(
    of_earlier_version: bool, pretrained: Callable[[int], Path]
) -> None:
    shutil.copytree(pretrained(1), "lm")
    baseline(load_config(Path("tiny.yaml")), output=Path("linear"), model="nb")
    train("tuned")
    # as an earlier version let it be trained
    if of_earlier_version:
        forget("tuned")
        config = Path("tuned/config.yaml").read_text("utf-8")
        origin = f"initialize_from: {Path('lm').resolve()}"
        replace("tuned", "config.yaml", config.replace("initialize_from: null", origin))
    else:
        replace("tuned", SEEN_TEXTS, Path("lm", SEEN_TEXTS).read_bytes())
    with pytest.raises(ArtifactError, match=r"fuse: tuned has read \d+ of the 40 texts"):
        fuse([Path("tuned"), Path("linear")], output=Path("both"))
    assert not Path("both").exists()


@pytest.mark.parametrize("content", [b"", b"x" * 100])
def test_damaged_hashes_are_refused(content: bytes, encoder: Path) -> None:
    Path("lm", SEEN_TEXTS).write_bytes(content)
    with pytest.raises(ArtifactError, match=f"{SEEN_TEXTS}: is not the file that was written"):
        train("tuned", *FROM_ENCODER)
    Path("lm", SEEN_TEXTS).unlink()
    with pytest.raises(ArtifactError, match=SEEN_TEXTS):
        train("tuned", *FROM_ENCODER)


def test_a_run_of_an_earlier_version_whose_data_is_gone() -> None:
    pretrain()
    forget("lm")
    Path("reviews.csv").rename("moved.csv")
    with pytest.raises(ArtifactError, match="lm: cannot tell which texts it has read") as caught:
        train("tuned", *FROM_ENCODER, "data.path=moved.csv")
    assert caught.value.hint == "put its data back, or train it again"


@pytest.mark.parametrize("kind", ["network", "fusion"])
def test_scores_on_texts_that_were_trained_on_are_warned_of(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    train("net")
    if kind == "fusion":
        baseline(load_config(Path("tiny.yaml")), output=Path("linear"), model="nb")
        fuse([Path("net"), Path("linear")], output=Path("both"))
    run = Path({"network": "net", "fusion": "both"}[kind])
    caplog.clear()
    evaluate(run, split="test")
    assert "in training" not in caplog.text
    evaluate(run, data=Path("reviews.csv"))
    assert f"{run} has read 120 of the 200 distinct texts of reviews.csv in training" in caplog.text
