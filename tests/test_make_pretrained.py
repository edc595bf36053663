"""scripts/make_pretrained.py: sentences, batches, packed runs that predict as before."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest
import torch
from safetensors.torch import load_file

from gru_sentiment.artifact.files import METADATA, WEIGHTS
from gru_sentiment.artifact.folders import BUNDLED_CLASSIFIER
from gru_sentiment.artifact.tensors import save_seen_texts
from gru_sentiment.trained.encoder import load_encoder

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

from pretrained import sentences  # noqa: E402
from pretrained.card import card  # noqa: E402
from pretrained.negation import Pair, pairs, short_negations  # noqa: E402
from pretrained.packing import average, pack_encoder  # noqa: E402
from pretrained.reviews import TURNING, all_sentences, sentences_of  # noqa: E402
from pretrained.teacher import Lesson, batches  # noqa: E402

sys.path.insert(0, str(ROOT / "tests"))
from artifact.runs import write_encoder  # noqa: E402

REVIEW = 'A long film.<br /><br />It was not good at all. Why? "I left early," she said. He too'


def test_sentences_of_a_review() -> None:
    assert sentences_of(REVIEW) == [
        "It was not good at all.",
        '"I left early," she said.',
    ]
    assert sentences_of("word " * 41) == []
    assert sentences_of("") == []


def test_words_that_turn_a_sentence() -> None:
    for text in ("not good", "Hardly a film", "it isn't", "Good, but long", "lacks wit"):
        assert TURNING.search(text)
    for text in ("a notable film", "butter", "noble", "good"):
        assert not TURNING.search(text)


def test_half_of_the_sentences_hold_such_a_word() -> None:
    reviews = [f"The film number {i} was good. It was not film number {i}." for i in range(9)]
    found = sentences.half_turning(all_sentences([*reviews, *reviews]))
    assert len(found) == len(set(found)) == 18
    assert sum(bool(TURNING.search(text)) for text in found) == 9


def test_an_epoch_reads_every_sentence_once() -> None:
    texts = ["x" * (i % 7) for i in range(100)]
    found = batches(texts, 8, 0)
    assert sorted(np.concatenate(found).tolist()) == list(range(100))
    assert max(map(len, found)) == 8
    assert [b.tolist() for b in found] == [b.tolist() for b in batches(texts, 8, 0)]
    assert [b.tolist() for b in found] != [b.tolist() for b in batches(texts, 8, 1)]


@pytest.mark.parametrize(
    ("sentence", "negated", "part"),
    [
        (
            "The plot is dull.",
            {"The plot is {} dull.", "The plot isn't dull.", "{} dull."},
            "dull.",
        ),
        (
            "We were charmed.",
            {"We were {} charmed.", "We weren't charmed.", "{} charmed."},
            "charmed.",
        ),
    ],
)
def test_a_sentence_with_a_copula_is_negated(sentence: str, negated: set[str], part: str) -> None:
    found = [
        pair for seed in range(60) for pair in pairs([sentence], np.random.default_rng(seed))[0]
    ]
    negators = "not", "never", "hardly", "not at all", "far from"
    expected = {form.format(negator) for form in negated for negator in negators}
    assert {pair.negated for pair in found} <= expected
    assert len({pair.negated for pair in found}) > 6
    assert {pair.affirmed for pair in found} == {sentence, part}
    assert {pair.part for pair in found} == {part}


@pytest.mark.parametrize(
    ("sentence", "negated", "part"),
    [
        ("There is some charm here.", "There is no charm here.", "charm here."),
        ("It has a fine cast.", "It has no fine cast.", "fine cast."),
        ("A comedy with some wit.", "A comedy without wit.", "wit."),
    ],
)
def test_what_is_there_is_negated(sentence: str, negated: str, part: str) -> None:
    _, found = pairs([sentence], np.random.default_rng(0))
    assert found == [Pair(sentence, negated, part)]


@pytest.mark.parametrize(
    "sentence",
    ["It is not dull.", "Is it dull?", "It is long but it was fun.", "It is dull and is long.",
     "He ran home.", "It is a film that I would like to see again some day."],
)  # fmt: skip
def test_sentences_that_are_not_negated(sentence: str) -> None:
    assert pairs([sentence], np.random.default_rng(0)) == ([], [])


def test_short_sentences_that_end_in_a_negation() -> None:
    kept = ["It is not dull.", "I never got bored.", "It isn't bad.", "There is no plot."]
    others = ["It is dull.", "Not one of the many people in it is anything but dull.", "Is it not?"]
    assert short_negations([*kept, *others]) == kept


class Judge(torch.nn.Module):
    """A teacher that goes by one word, whatever stands before it."""

    def forward(self, texts: list[str]) -> torch.Tensor:
        return torch.tensor([9.0 if "fine" in text else -9.0 for text in texts])


def test_pairs_are_taken_where_sentence_and_part_agree(tmp_path: Path) -> None:
    good = Pair("It was fine.", "It was not fine.", "fine.")
    bad = Pair("It was dull.", "It was not dull.", "dull.")
    mixed = Pair("Fine as it is, it was dull.", "…", "fine.")
    judge: Any = Judge()
    assert sentences.clear(judge, [good, bad, mixed]) == ([good], [bad])
    # this teacher turns round neither pair: both negations are left out
    texts = [text for pair in (good, bad) for text in (pair.affirmed, pair.negated)]
    sentences._write(judge, [*texts, "So fine."], [good], [bad], tmp_path / "a.parquet")
    written = pyarrow.parquet.read_table(tmp_path / "a.parquet").to_pydict()
    assert written["text"] == ["It was fine.", "It was dull.", "So fine."]
    assert [round(p) for p in written["positive"]] == [1, 0, 1]
    assert [p + n for p, n in zip(written["positive"], written["negative"], strict=True)] == [1] * 3


def test_lessons_are_joined() -> None:
    joined = Lesson(["a"], np.array([1])) + Lesson(["b", "c"], np.array([0.5, 0]))
    assert joined.texts == ["a", "b", "c"]
    assert joined.positive.tolist() == [1, 0.5, 0]


def test_the_average_of_weights() -> None:
    found = average([{"a": torch.tensor([0.0, 2.0])}, {"a": torch.tensor([1.0, 4.0])}])
    assert found["a"].tolist() == [0.5, 3.0]


def test_a_packed_encoder_is_near_the_one_it_was_made_from(tmp_path: Path) -> None:
    run = write_encoder(tmp_path / "encoder")
    (run / METADATA).write_text(json.dumps({"seed": 0, "path": "/somewhere"}), "utf-8")
    save_seen_texts(run, np.array([1, 2]))
    pack_encoder(run, tmp_path / "packed")
    whole, packed = load_encoder(run), load_encoder(tmp_path / "packed")
    assert packed.vocabulary.words == whole.vocabulary.words
    assert packed.tensors.keys() < whole.tensors.keys()
    for name, tensor in packed.tensors.items():
        torch.testing.assert_close(tensor, whole.tensors[name], rtol=2e-3, atol=2e-2)
    assert load_file(tmp_path / "packed" / WEIGHTS)["embedding.table.weight"].dtype == torch.int8
    assert "somewhere" not in (tmp_path / "packed" / METADATA).read_text("utf-8")


def test_the_card_in_the_package_is_the_one_that_is_written() -> None:
    read = {
        name: json.loads((BUNDLED_CLASSIFIER / f"{name}.json").read_bytes())
        for name in ("metadata", "metrics")
    }
    shown = (BUNDLED_CLASSIFIER / "card.md").read_text("utf-8")
    assert card(read["metadata"], read["metrics"], 7_600_000) == shown
