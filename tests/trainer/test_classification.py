"""What is trained on may be augmented and cut; nothing that is measured is."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.utils.rnn import pad_packed_sequence

from gru_sentiment.batch import Batch
from gru_sentiment.builders.model import build_model
from gru_sentiment.config.sections import Config, ModelConfig, TextConfig
from gru_sentiment.config.training import AugmentationConfig, TrainingConfig
from gru_sentiment.data.batching import Batches
from gru_sentiment.data.encoding import EncodedTexts
from gru_sentiment.data.labels import Labels
from gru_sentiment.trained.scoring import LabelledSplit
from gru_sentiment.trainer.classification import Classification
from gru_sentiment.trainer.initialisation import initial_weights
from gru_sentiment.vectors.word_vectors import WordVectors

CPU = torch.device("cpu")
WORDS, TEXTS, LENGTH = 30, 40, 12
VECTORS = WordVectors(
    np.random.default_rng(0).standard_normal((WORDS, 5), dtype=np.float32),
    np.ones(WORDS, bool),
    "drawn",
)


def task_with(max_tokens: int | None = None, **options: float) -> Classification:
    ids = np.random.default_rng(1).integers(2, WORDS, TEXTS * LENGTH).astype(np.int32)
    offsets = np.arange(TEXTS + 1) * LENGTH
    encoded = EncodedTexts(np.arange(WORDS, dtype=np.int32), ids, offsets, None, 2)
    labels, rows = np.arange(TEXTS) % 2, np.arange(TEXTS)
    parts = {
        "train": LabelledSplit(encoded, rows[:30], Labels([0, 1]), labels),
        "validation": LabelledSplit(encoded, rows[30:], Labels([0, 1]), labels),
    }
    training = TrainingConfig(
        batch_size=8,
        max_tokens=max_tokens,
        augmentation=AugmentationConfig(**options),  # type: ignore[arg-type]
    )
    text = TextConfig(max_tokens=None, head_tokens=2)
    config = Config(text=text, model=ModelConfig(hidden_size=4), training=training)
    return Classification(config, parts, VECTORS, CPU)


def rows_of(batches: list[Batch]) -> list[list[int]]:
    return [batch.rows.tolist() for batch in batches]


def test_without_one_the_batches_are_plain() -> None:
    assert isinstance(task_with().batches(1), Batches)
    assert isinstance(task_with(neighbours=3).batches(1), Batches)


def test_batches_are_counted_without_making_them() -> None:
    for task in (task_with(), task_with(word_dropout=0.2)):
        assert [task.n_batches(epoch) for epoch in (1, 2)] == [4, 4]
        assert [len(task.batches(epoch)) for epoch in (1, 2)] == [4, 4]


def test_the_order_of_the_texts_is_the_same() -> None:
    plain, augmented = task_with(), task_with(word_dropout=0.2, synonyms=0.2)
    for epoch in (1, 2):
        one, other = list(plain.batches(epoch)), list(augmented.batches(epoch))
        assert rows_of(one) == rows_of(other)
        assert not any(
            torch.equal(a.tokens.data, b.tokens.data) for a, b in zip(one, other, strict=True)
        )


def test_validation_texts_are_read_as_they_are() -> None:
    torch.manual_seed(0)
    weights = initial_weights(VECTORS, 0)
    plain, augmented = task_with(), task_with(word_dropout=0.9, synonyms=0.9)
    model = build_model(plain.config, weights, 2, CPU)
    assert augmented.evaluate(model) == plain.evaluate(model)
    first, other = plain.batches(1)[0], augmented.batches(1)[0]
    assert plain.loss(model, first)[0] != plain.loss(model, other)[0]


def test_texts_are_cut_in_training_alone() -> None:
    torch.manual_seed(0)
    weights = initial_weights(VECTORS, 0)
    whole, cut = task_with(), task_with(max_tokens=5)
    model = build_model(whole.config, weights, 2, CPU)
    assert cut.evaluate(model) == whole.evaluate(model)
    for long, short in zip(whole.batches(1), cut.batches(1), strict=True):
        assert long.rows.tolist() == short.rows.tolist()
        texts, lengths = pad_packed_sequence(long.tokens, batch_first=True)
        read, read_lengths = pad_packed_sequence(short.tokens, batch_first=True)
        assert lengths.tolist() == [LENGTH] * len(long)
        assert read_lengths.tolist() == [5] * len(long)
        assert torch.equal(read, torch.cat([texts[:, :2], texts[:, -3:]], dim=1))
