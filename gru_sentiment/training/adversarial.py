"""Losses at word vectors that were moved where it hurts most (Miyato, Dai & Goodfellow 2017).

A text's vectors are moved together, by `epsilon` times their root mean square: the paper keeps the
vectors normalised to a variance of 1 instead, so that a network cannot escape by making them large.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import PackedSequence

from gru_sentiment.batch import Batch
from gru_sentiment.training.losses import ClassificationLoss, as_class_logits, count_correct

SMALL = 0.1
"""Length of the first guess of a virtual direction, relative as `epsilon` is."""


class TwoStage(Protocol):
    """A classifier whose word vectors can be looked at."""

    @property
    def embedding(self) -> nn.Module:
        """Ids (tokens,) to vectors (tokens, dimension)."""

    def classify(self, vectors: PackedSequence) -> Tensor:
        """Packed word vectors (tokens, dimension) to logits (batch, outputs)."""


@dataclass(frozen=True)
class Pass:
    """A batch, read once: what a second reading is compared with."""

    model: TwoStage
    batch: Batch
    vectors: Tensor
    """Word vectors (tokens, dimension), dropout applied: the second reading has the same."""
    logits: Tensor
    loss: Tensor

    def logits_at(self, vectors: Tensor) -> Tensor:
        """Logits for other word vectors."""
        return self.model.classify(PackedSequence(vectors, self.batch.tokens.batch_sizes))

    def moved(self, direction: Tensor, length: float) -> Tensor:
        """The word vectors, those of each text moved together by `length` along `direction`."""
        scale = self.vectors.detach().square().mean().sqrt()
        return self.vectors + length * scale * unit_by_text(direction, self.batch)


class AdversarialLoss:
    """The loss of a batch plus `weight` times a loss at moved word vectors.

    `adversarial` moves along the gradient of the loss (eq. 3 and 4 of the paper); `virtual` where
    the answer changes most, found by one step of the power method, and needs no labels (eq. 6 to
    8): what it adds is the divergence of the two answers, over all rows of the batch, labelled or
    not.
    """

    def __init__(
        self, loss: ClassificationLoss, kind: str, *, epsilon: float, weight: float
    ) -> None:
        kinds: dict[str, Callable[[Pass], Tensor]] = {
            "adversarial": self._adversarial,
            "virtual": self._virtual,
        }
        self.loss, self.added = loss, kinds[kind]
        self.epsilon, self.weight = epsilon, weight

    def of_model(self, model: TwoStage, batch: Batch) -> tuple[Tensor, int]:
        """The loss of a batch under `model`, and how many of its rows are classified rightly."""
        vectors: Tensor = model.embedding(batch.tokens.data)
        if not vectors.requires_grad:
            vectors = vectors.requires_grad_()
        logits = model.classify(PackedSequence(vectors, batch.tokens.batch_sizes))
        first = Pass(model, batch, vectors, logits, self.loss.of_batch(logits, batch))
        return first.loss + self.weight * self.added(first), count_correct(logits, batch)

    def _adversarial(self, first: Pass) -> Tensor:
        (gradient,) = torch.autograd.grad(first.loss, first.vectors, retain_graph=True)
        return self.loss.of_batch(first.logits_at(first.moved(gradient, self.epsilon)), first.batch)

    def _virtual(self, first: Pass) -> Tensor:
        answer = _log_softmax(first.logits.detach())

        def change(vectors: Tensor) -> Tensor:
            return divergence(answer, _log_softmax(first.logits_at(vectors)))

        guess = first.moved(torch.randn_like(first.vectors), SMALL).detach().requires_grad_()
        (gradient,) = torch.autograd.grad(change(guess), guess)
        return change(first.moved(gradient, self.epsilon))


def unit_by_text(direction: Tensor, batch: Batch) -> Tensor:
    """`direction` (tokens, dimension) scaled to length 1 over all words of each text."""
    sizes = batch.tokens.batch_sizes.tolist()
    text_of = torch.cat([torch.arange(size) for size in sizes]).to(direction.device)
    squares = direction.square().sum(1)
    norms = squares.new_zeros(len(batch)).index_add(0, text_of, squares).sqrt().clamp_min(1e-12)
    return direction / norms[text_of].unsqueeze(1)


def divergence(log_p: Tensor, log_q: Tensor) -> Tensor:
    """Mean Kullback-Leibler divergence of rows of log probabilities (batch, classes), in nats."""
    return F.kl_div(log_q, log_p, reduction="batchmean", log_target=True)


def _log_softmax(logits: Tensor) -> Tensor:
    """Log probabilities (batch, classes)."""
    return torch.log_softmax(as_class_logits(logits), dim=1)
