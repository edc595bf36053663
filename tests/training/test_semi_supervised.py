"""Terms of texts without labels: against written-out sums, and that they teach."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from gru_sentiment.arrays import NO_LABEL, Integers
from gru_sentiment.batch import Batch
from gru_sentiment.data.batching import pack
from gru_sentiment.data.encoding import EncodedTexts
from gru_sentiment.models.classifier import TextClassifier
from gru_sentiment.models.embedding import WordEmbedding
from gru_sentiment.training.adversarial import AdversarialLoss
from gru_sentiment.training.losses import ClassificationLoss
from gru_sentiment.training.semi_supervised import SemiSupervisedLoss

TEXTS = [[2, 3, 4], [5], [6, 2], [3, 3, 3, 4, 2], [5, 6], [4]]
LABELS = np.array([1, 0, 1, NO_LABEL, NO_LABEL, NO_LABEL])
LABELLED, UNLABELLED = np.arange(3), np.arange(3, 6)
SOFT = torch.tensor([[0.0, 0.0]] * 3 + [[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])


def encoded() -> EncodedTexts:
    flat = np.array([i for ids in TEXTS for i in ids], np.int32)
    offsets = np.cumsum([0, *map(len, TEXTS)]).astype(np.int64)
    return EncodedTexts(np.arange(8, dtype=np.int32), flat, offsets, None, 0)


def batch_of(rows: Integers) -> Batch:
    return pack(encoded(), rows, LABELS)


MIXED = batch_of(np.arange(6))


def new_model(outputs: int = 1) -> TextClassifier:
    torch.manual_seed(0)
    embedding = WordEmbedding(torch.randn(8, 4), padding_id=1)
    return TextClassifier(embedding, outputs, hidden_size=3, pooling=("max", "last"))


def value(
    loss: ClassificationLoss | AdversarialLoss, model: TextClassifier, batch: Batch = MIXED
) -> Tensor:
    return loss.loss_and_correct(model, batch)[0]


@pytest.mark.parametrize("cell", [1, 2])
def test_a_mixed_batch_has_the_logits_of_both_apart(cell: int) -> None:
    model = new_model(cell)
    together = model(MIXED.tokens)
    for rows in (LABELLED, UNLABELLED):
        batch = batch_of(rows)
        places = [MIXED.rows.tolist().index(row) for row in batch.rows.tolist()]
        torch.testing.assert_close(model(batch.tokens), together[places])


def test_rows_without_labels_are_neither_right_nor_wrong() -> None:
    model = new_model()
    found, correct = SemiSupervisedLoss().loss_and_correct(model, MIXED)
    expected, right = ClassificationLoss().loss_and_correct(model, batch_of(LABELLED))
    torch.testing.assert_close(found, expected)
    assert correct == right
    assert MIXED.n_judged == 3


@pytest.mark.parametrize("terms", [{}, {"soft_labels": SOFT, "weight": 0.0}])
def test_without_terms_it_is_the_plain_loss(terms: dict[str, Any]) -> None:
    model = new_model()
    options: dict[str, Any] = {"class_weights": (1.0, 3.0), "label_smoothing": 0.1}
    loss, plain = SemiSupervisedLoss(**terms, **options), ClassificationLoss(**options)
    torch.testing.assert_close(value(loss, model), value(plain, model, batch_of(LABELLED)))


def test_a_batch_without_unlabelled_rows_has_no_terms() -> None:
    model, batch = new_model(), batch_of(LABELLED)
    loss = SemiSupervisedLoss(soft_labels=SOFT)
    assert torch.equal(value(loss, model, batch), value(ClassificationLoss(), model, batch))


@pytest.mark.parametrize("outputs", [1, 2])
def test_probabilities_of_0_and_1_are_labels(outputs: int) -> None:
    model, hard = new_model(outputs), torch.tensor([0, 0, 0, 1, 0, 1])
    soft = torch.nn.functional.one_hot(hard, 2).float()
    found = value(SemiSupervisedLoss(soft_labels=soft, weight=0.5), model)
    others = batch_of(UNLABELLED)
    labelled = replace(others, labels=hard[others.rows], unlabelled=0)
    plain = ClassificationLoss()
    expected = value(plain, model, batch_of(LABELLED)) + 0.5 * value(plain, model, labelled)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("outputs", [1, 2])
def test_soft_labels_weigh_the_classes(outputs: int) -> None:
    model = new_model(outputs)
    found = value(SemiSupervisedLoss(soft_labels=SOFT), model) - value(ClassificationLoss(), model)
    logits = model(MIXED.tokens)
    pairs = torch.cat([torch.zeros_like(logits), logits], 1) if outputs == 1 else logits
    log_p = pairs.log_softmax(1).detach()
    sums = [-float((SOFT[row] * log_p[i]).sum()) for i, row in enumerate(MIXED.rows) if row > 2]
    assert found.item() == pytest.approx(sum(sums) / 3, rel=1e-5)


def test_class_weights_and_smoothing_are_of_labels_alone() -> None:
    model = new_model()
    options: dict[str, Any] = {"class_weights": (1.0, 9.0), "label_smoothing": 0.3}
    none: dict[str, Any] = {}
    both = [
        value(SemiSupervisedLoss(soft_labels=SOFT, **o), model)
        - value(ClassificationLoss(**o), model)
        for o in (options, none)
    ]
    torch.testing.assert_close(*both)


def test_the_gradient_reaches_words_of_unlabelled_texts_alone() -> None:
    """Word 7 stands in no labelled text."""
    model = new_model()
    texts = EncodedTexts(
        np.arange(8, dtype=np.int32),
        np.array([2, 3, 7, 7, 4], np.int32),
        np.array([0, 2, 5]),
        None,
        0,
    )
    batch = pack(texts, np.arange(2), np.array([1, NO_LABEL]))
    loss = SemiSupervisedLoss(soft_labels=torch.tensor([[0.0, 0.0], [0.9, 0.1]]))
    torch.autograd.backward(value(loss, model, batch))
    gradient = model.embedding.table.weight.grad
    assert gradient is not None
    assert gradient[7].abs().sum() > 0
    assert gradient[5].abs().sum() == 0


# with an adversary


def added_by(batch: Batch, kind: str, loss: ClassificationLoss) -> float:
    model = new_model()
    adversarial = AdversarialLoss(loss, kind, epsilon=0.5, weight=1.0)
    torch.manual_seed(3)
    return float((value(adversarial, model, batch) - value(loss, model, batch)).detach())


def test_the_virtual_adversary_moves_all_rows() -> None:
    labelled = added_by(batch_of(LABELLED), "virtual", ClassificationLoss())
    found = added_by(MIXED, "virtual", SemiSupervisedLoss())
    # a mean over rows, and those without labels have changed too
    assert found > 0.5 * labelled > 0


def test_an_adversary_moves_against_the_teacher_too() -> None:
    plain = added_by(MIXED, "adversarial", SemiSupervisedLoss())
    taught = added_by(MIXED, "adversarial", SemiSupervisedLoss(soft_labels=SOFT))
    assert taught > plain > 0


def test_a_teacher_needs_no_drawn_answers() -> None:
    model = new_model()
    loss = AdversarialLoss(
        SemiSupervisedLoss(soft_labels=SOFT), "adversarial", epsilon=0.5, weight=1.0
    )
    before = torch.get_rng_state()
    value(loss, model)
    assert torch.equal(torch.get_rng_state(), before)
