"""Losses at moved word vectors, against what they are defined by."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence

from gru_sentiment.arrays import NO_LABEL
from gru_sentiment.batch import Batch
from gru_sentiment.models.classifier import TextClassifier
from gru_sentiment.models.embedding import WordEmbedding
from gru_sentiment.training.adversarial import (
    AdversarialLoss,
    divergence,
    loss_of_drawn,
    unit_by_text,
)
from gru_sentiment.training.losses import ClassificationLoss, log_probabilities

TEXTS = [[2, 3, 4, 5], [5, 6], [7]]
BATCH = Batch(
    pack_sequence([torch.tensor(text) for text in TEXTS]),
    torch.arange(3),
    torch.tensor([1, 0, 1]),
)
SIZES = BATCH.tokens.batch_sizes
TEXT_OF = torch.tensor([0, 1, 2, 0, 1, 0, 0])


def new_model() -> TextClassifier:
    torch.manual_seed(0)
    embedding = WordEmbedding(torch.randn(8, 4), padding_id=1)
    return TextClassifier(embedding, 1, hidden_size=3, pooling=("max", "last"))


def length_by_text(x: Tensor) -> list[float]:
    return [float(x[i == TEXT_OF].norm()) for i in range(3)]


def loss_at(model: TextClassifier, vectors: Tensor) -> Tensor:
    assert BATCH.labels is not None
    return ClassificationLoss()(model.classify(PackedSequence(vectors, SIZES)), BATCH.labels)


def test_directions_have_length_one_in_every_text() -> None:
    direction = torch.randn(7, 4)
    unit = unit_by_text(direction, BATCH)
    assert length_by_text(unit) == pytest.approx([1.0] * 3)
    # within a text, all is scaled alike
    torch.testing.assert_close(unit[0] / unit[3], direction[0] / direction[3])
    assert torch.equal(unit_by_text(torch.zeros(7, 4), BATCH), torch.zeros(7, 4))


def test_the_adversary_moves_along_the_gradient() -> None:
    model, epsilon = new_model(), 0.3
    found, correct = AdversarialLoss(
        ClassificationLoss(), "adversarial", epsilon=epsilon, weight=0.5
    ).loss_and_correct(model, BATCH)
    vectors = model.embedding(BATCH.tokens.data).detach().requires_grad_()
    clean = loss_at(model, vectors)
    (gradient,) = torch.autograd.grad(clean, vectors)
    scale = float(vectors.detach().square().mean().sqrt())
    moved = vectors.detach().clone()
    for text in range(3):
        of_text = gradient[text == TEXT_OF]
        moved[text == TEXT_OF] += epsilon * scale * of_text / of_text.norm()
    torch.testing.assert_close(found, clean + 0.5 * loss_at(model, moved))
    assert loss_at(model, moved) > clean
    _, expected = ClassificationLoss().loss_and_correct(model, BATCH)
    assert correct == expected


@pytest.mark.parametrize("trainable", [True, False])
def test_the_gradients_are_those_of_both_losses(trainable: bool) -> None:
    model, epsilon = new_model().double(), 0.3
    model.embedding.set_trainable(trainable)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    loss = AdversarialLoss(ClassificationLoss(), "adversarial", epsilon=epsilon, weight=0.5)
    total, _ = loss.loss_and_correct(model, BATCH)
    (total / 4).backward()  # as where gradients are accumulated

    vectors = model.embedding(BATCH.tokens.data)
    at = vectors.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(loss_at(model, at), at)
    move = epsilon * at.detach().square().mean().sqrt() * unit_by_text(gradient, BATCH)
    both = loss_at(model, vectors) + 0.5 * loss_at(model, vectors + move)
    for parameter, expected in zip(trained, torch.autograd.grad(both / 4, trained), strict=True):
        torch.testing.assert_close(parameter.grad, expected)


def test_the_adversary_is_worse_than_chance() -> None:
    model, epsilon = new_model(), 0.5
    loss = AdversarialLoss(ClassificationLoss(), "adversarial", epsilon=epsilon, weight=1.0)
    found, _ = loss.loss_and_correct(model, BATCH)
    vectors = model.embedding(BATCH.tokens.data).detach()
    clean, scale = loss_at(model, vectors), vectors.square().mean().sqrt()
    torch.manual_seed(1)
    for _ in range(20):
        random = unit_by_text(torch.randn_like(vectors), BATCH)
        assert found - clean > loss_at(model, vectors + epsilon * scale * random)


def test_no_answer_changes_without_moving() -> None:
    model = new_model()
    clean, _ = ClassificationLoss().loss_and_correct(model, BATCH)
    found, _ = AdversarialLoss(
        ClassificationLoss(), "virtual", epsilon=1e-4, weight=1.0
    ).loss_and_correct(model, BATCH)
    torch.testing.assert_close(found, clean, atol=1e-6, rtol=0)


def test_the_virtual_adversary_changes_answers_more_than_chance() -> None:
    model, epsilon = new_model().double(), 0.05
    loss = AdversarialLoss(ClassificationLoss(), "virtual", epsilon=epsilon, weight=1.0)
    clean, _ = ClassificationLoss().loss_and_correct(model, BATCH)
    torch.manual_seed(0)
    found = [float((loss.loss_and_correct(model, BATCH)[0] - clean).detach()) for _ in range(10)]
    vectors = model.embedding(BATCH.tokens.data).detach()
    scale = vectors.square().mean().sqrt()

    def answer(x: Tensor) -> Tensor:
        return model.classify(PackedSequence(x, SIZES))

    with torch.no_grad():
        random = [
            float(
                divergence(
                    answer(vectors),
                    answer(
                        vectors + epsilon * scale * unit_by_text(torch.randn_like(vectors), BATCH)
                    ),
                )
            )
            for _ in range(30)
        ]
    assert min(found) > sum(random) / len(random)


def moved_by(model: TextClassifier, epsilon: float) -> Tensor:
    """Vectors of all texts moved along the gradient of their logits."""
    vectors = model.embedding(BATCH.tokens.data).detach().requires_grad_()
    logits = model.classify(PackedSequence(vectors, SIZES))
    (gradient,) = torch.autograd.grad(logits.sum(), vectors)
    scale = vectors.detach().square().mean().sqrt()
    return epsilon * scale * unit_by_text(gradient, BATCH)


def test_a_text_without_a_label_moves_along_its_logit_one_way_or_the_other() -> None:
    """For two classes that is where one step of the power method ends, from any guess."""
    model, epsilon = new_model().double(), 0.5
    batch = replace(BATCH, labels=torch.tensor([1, NO_LABEL, NO_LABEL]), unlabelled=2)
    loss = AdversarialLoss(ClassificationLoss(), "virtual", epsilon=epsilon, weight=1.0)
    vectors, move = model.embedding(BATCH.tokens.data).detach(), moved_by(model, epsilon)
    logits = model.classify(PackedSequence(vectors, SIZES)).detach()
    ways = []
    for signs in product([-1.0], [-1.0, 1.0], [-1.0, 1.0]):  # the first has the label 1
        way = torch.tensor(signs)[TEXT_OF].unsqueeze(1) * move
        there = model.classify(PackedSequence(vectors + way, SIZES))
        ways.append(float(divergence(logits, there).detach()))
    clean, _ = ClassificationLoss().loss_and_correct(model, batch)
    seen = set()
    for seed in range(30):
        torch.manual_seed(seed)
        added = float((loss.loss_and_correct(model, batch)[0] - clean).detach())
        seen.add(min(range(4), key=lambda way: abs(ways[way] - added)))
        assert min(abs(way - added) for way in ways) < 1e-9
    assert len(seen) > 1


def test_what_finds_the_direction_teaches_next_to_nothing() -> None:
    model = new_model().double()
    batch = replace(BATCH, labels=torch.tensor([1, NO_LABEL, NO_LABEL]), unlabelled=2)
    weights = list(model.parameters())
    expected = torch.autograd.grad(ClassificationLoss().loss_and_correct(model, batch)[0], weights)
    # too near for the divergence to have a gradient
    loss = AdversarialLoss(ClassificationLoss(), "virtual", epsilon=1e-9, weight=1.0)
    for one, other in zip(
        torch.autograd.grad(loss.loss_and_correct(model, batch)[0], weights), expected, strict=True
    ):
        torch.testing.assert_close(one, other, atol=3e-3, rtol=0)


@pytest.mark.parametrize("outputs", [1, 3])
def test_drawn_classes_have_a_mean_gradient_of_zero_and_the_curvature(outputs: int) -> None:
    torch.manual_seed(0)
    row, draws = torch.randn(1, outputs), 20_000
    logits = row.repeat(draws, 1).requires_grad_()
    labels = torch.full((draws,), NO_LABEL)
    batch = replace(BATCH, labels=labels, unlabelled=draws)
    (each,) = torch.autograd.grad(draws * loss_of_drawn(logits, batch), logits)
    torch.testing.assert_close(each.mean(0), torch.zeros(outputs), atol=0.02, rtol=0)
    p = log_probabilities(row)[0].exp().float()[-outputs:]
    torch.testing.assert_close(
        each.T @ each / draws, torch.diag(p) - torch.outer(p, p), atol=0.02, rtol=0
    )


@pytest.mark.parametrize("kind", ["adversarial", "virtual"])
def test_frozen_vectors_stay_and_the_rest_learns(kind: str) -> None:
    model = new_model()
    model.embedding.set_trainable(False)
    loss, _ = AdversarialLoss(ClassificationLoss(), kind, epsilon=1.0, weight=1.0).loss_and_correct(
        model, BATCH
    )
    loss.backward()
    assert model.embedding.table.weight.grad is None
    assert isinstance(model.head, nn.Linear)
    for parameter in (model.head.weight, *model.recurrent.parameters()):
        assert parameter.grad is not None
        assert parameter.grad.abs().sum() > 0
