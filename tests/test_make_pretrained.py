"""scripts/make_pretrained.py: sentences, batches, packed runs that predict as before."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
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
from pretrained.packing import pack_encoder  # noqa: E402

sys.path.insert(0, str(ROOT / "tests"))
from artifact.runs import write_encoder  # noqa: E402

REVIEW = 'A long film.<br /><br />It was not good at all. Why? "I left early," she said. He too'


def test_sentences_of_a_review() -> None:
    assert sentences.sentences_of(REVIEW) == [
        "It was not good at all.",
        '"I left early," she said.',
    ]
    assert sentences.sentences_of("word " * 41) == []
    assert sentences.sentences_of("") == []


def test_words_that_turn_a_sentence() -> None:
    for text in ("not good", "Hardly a film", "it isn't", "Good, but long", "lacks wit"):
        assert sentences.TURNING.search(text)
    for text in ("a notable film", "butter", "noble", "good"):
        assert not sentences.TURNING.search(text)


def test_half_of_the_sentences_hold_such_a_word() -> None:
    reviews = [f"The film number {i} was good. It was not film number {i}." for i in range(9)]
    found = sentences.drawn([*reviews, *reviews])
    assert len(found) == len(set(found)) == 18
    assert sum(bool(sentences.TURNING.search(text)) for text in found) == 9


def test_an_epoch_reads_every_sentence_once() -> None:
    texts = ["x" * (i % 7) for i in range(100)]
    batches = sentences._batches(texts, 8, 0)
    assert sorted(np.concatenate(batches).tolist()) == list(range(100))
    assert max(map(len, batches)) == 8
    assert [b.tolist() for b in batches] == [b.tolist() for b in sentences._batches(texts, 8, 0)]
    assert [b.tolist() for b in batches] != [b.tolist() for b in sentences._batches(texts, 8, 1)]


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
