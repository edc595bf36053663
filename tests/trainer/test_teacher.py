"""A teacher's answers: by row, with its own words, and only where it may give any."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import tiny_reviews, write_tiny

from gru_sentiment.artifact.files import SOFT_LABELS
from gru_sentiment.builders.corpus import Corpus, build_tokenizer, build_training_corpus
from gru_sentiment.config.loading import load_config
from gru_sentiment.config.sections import Config
from gru_sentiment.data.tokens import TokenizedTexts
from gru_sentiment.errors import ArtifactError
from gru_sentiment.recipes.baseline import baseline
from gru_sentiment.trained.reader import load_run
from gru_sentiment.trainer.teacher import SoftLabels, Teacher

RUN, CPU = Path("teacher"), torch.device("cpu")
TAUGHT = [
    "data.unlabelled_path=more.csv",
    "training.unlabelled.batch_size=8",
    f"training.unlabelled.teacher={RUN}",
]


@pytest.fixture(autouse=True)
def _with_texts(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    texts = [text.replace("great", "GREAT") for text, _ in tiny_reviews(30, seed=1)]
    (tmp_path / "more.csv").write_text("\n".join(["text", *texts]) + "\n", "utf-8")


def make_teacher(*overrides: str) -> None:
    baseline(load_config(Path("tiny.yaml"), overrides), output=RUN, model="nb")


def teach(*overrides: str, known: str | None = None) -> tuple[Config, Corpus, SoftLabels]:
    config = load_config(Path("tiny.yaml"), [*TAUGHT, *overrides])
    found = Teacher.of(config, Path(), known, CPU)
    assert found is not None
    corpus = build_training_corpus(config)
    return config, corpus, found.soft_labels(config, corpus)


def test_no_teacher_where_none_is_named() -> None:
    for overrides in ([], [*TAUGHT[:2], "training.adversarial.kind=virtual"]):
        config = load_config(Path("tiny.yaml"), overrides)
        assert Teacher.of(config, Path(), None, CPU) is None


@pytest.mark.parametrize("lowercase", ["true", "false"])
def test_its_probabilities_stand_at_their_rows(lowercase: str) -> None:
    """With its own words: one that tells capitals apart is asked about capitals."""
    make_teacher(f"text.lowercase={lowercase}")
    _, corpus, taught = teach()
    assert corpus.unlabelled is not None
    rows, run = torch.from_numpy(corpus.splits["unlabelled"]), load_run(RUN, CPU)
    split = build_tokenizer(run.config.text).many(corpus.unlabelled.texts.to_pylist())
    expected = run.predict(split, corpus.unlabelled.rows).log_probabilities
    torch.testing.assert_close(taught.probabilities[rows], torch.from_numpy(expected).exp().float())
    assert taught.probabilities.shape == (110, 2)
    assert taught.probabilities[:80].abs().sum() == 0
    assert taught.metadata()["path"].endswith("teacher")


def test_what_it_said_is_kept_and_read_again() -> None:
    make_teacher()
    _, _, first = teach()
    assert Path(SOFT_LABELS).stat().st_size < 30 * 2 * 4 + 200
    shutil.rmtree(RUN)
    _, _, second = teach(known=first.fingerprint)
    assert torch.equal(first.probabilities, second.probabilities)
    assert first.fingerprint == second.fingerprint
    with pytest.raises(ArtifactError, match="no such run folder"):
        teach(known="0" * 64)


def test_it_is_asked_a_few_texts_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    make_teacher()
    _, _, whole = teach()
    monkeypatch.setattr("gru_sentiment.trainer.teacher.TEXTS_AT_A_TIME", 7)
    asked: list[int] = []
    of_run = type(load_run(RUN, CPU)).predict

    def answers(run: Any, tokenized: TokenizedTexts, rows: Any) -> Any:
        asked.append(len(rows))
        return of_run(run, tokenized, rows)

    monkeypatch.setattr(type(load_run(RUN, CPU)), "predict", answers)
    _, _, parts = teach()
    assert asked == [7, 7, 7, 7, 2]
    torch.testing.assert_close(parts.probabilities, whole.probabilities)


def test_both_sides_classes_are_named() -> None:
    make_teacher()
    renamed = Path("reviews.csv").read_text("utf-8").replace(",negative", ",bad")
    Path("other.csv").write_text(renamed, "utf-8")
    with pytest.raises(ArtifactError) as caught:
        teach("data.path=other.csv")
    assert "teacher has the classes 'negative', 'positive'" in caught.value.cause
    assert "the training data has 'bad', 'positive'" in caught.value.cause
