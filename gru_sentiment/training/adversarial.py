"""Losses at word vectors that were moved where it hurts most (Miyato, Dai & Goodfellow 2017).

A text's vectors are moved together, by `epsilon` times their root mean square: the paper keeps the
vectors normalised to a variance of 1 instead, so that a network cannot escape by making them large.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable
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

    def parameters(self) -> Iterator[nn.Parameter]:
        """What is trained."""


@dataclass(frozen=True)
class Reading:
    """A batch whose words have been looked up, to be read more than once."""

    model: TwoStage
    batch: Batch
    vectors: Tensor
    """Word vectors (tokens, dimension), dropout applied: every reading has the same."""

    def logits_at(self, vectors: Tensor) -> Tensor:
        """Logits for these word vectors or others."""
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
        kinds: dict[str, Callable[[Reading], tuple[Tensor, Tensor, Tensor]]] = {
            "adversarial": self._adversarial,
            "virtual": self._virtual,
        }
        self.loss, self.read = loss, kinds[kind]
        self.epsilon, self.weight = epsilon, weight

    def of_model(self, model: TwoStage, batch: Batch) -> tuple[Tensor, int]:
        """The loss of a batch under `model`, and how many of its rows are classified rightly."""
        logits, loss, added = self.read(Reading(model, batch, model.embedding(batch.tokens.data)))
        return loss + self.weight * added, count_correct(logits, batch)

    def _adversarial(self, texts: Reading) -> tuple[Tensor, Tensor, Tensor]:
        # one backward pass finds where to move and what the first reading teaches the weights,
        # and frees its memory before the second
        vectors = texts.vectors.detach().requires_grad_()
        logits = texts.logits_at(vectors)
        weights = [weight for weight in texts.model.parameters() if weight.requires_grad]
        loss = self.loss.of_batch(logits, texts.batch)
        gradients = _gradients(loss, [vectors, *weights])
        known: Tensor = _Differentiated.apply(  # type: ignore[no-untyped-call]
            loss.detach(), gradients, texts.vectors, *weights
        )
        assert gradients[0] is not None
        moved = texts.logits_at(texts.moved(gradients[0], self.epsilon))
        return logits, known, self.loss.of_batch(moved, texts.batch)

    def _virtual(self, texts: Reading) -> tuple[Tensor, Tensor, Tensor]:
        logits = texts.logits_at(texts.vectors)
        answer = _log_softmax(logits.detach())

        def change(vectors: Tensor) -> Tensor:
            return divergence(answer, _log_softmax(texts.logits_at(vectors)))

        guess = texts.moved(torch.randn_like(texts.vectors), SMALL).detach().requires_grad_()
        (gradient,) = torch.autograd.grad(change(guess), guess)
        loss = self.loss.of_batch(logits, texts.batch)
        return logits, loss, change(texts.moved(gradient, self.epsilon))


class _Differentiated(Function):
    """A loss whose gradients are known: nothing that it was computed from is needed any more."""

    @staticmethod
    def forward(
        ctx: Any,
        loss: Tensor,
        gradients: Sequence[Tensor | None],
        *inputs: Tensor,  # noqa: ARG004, what the gradients are of
    ) -> Tensor:
        ctx.gradients = gradients
        return loss.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        known = (None if one is None else one * upstream for one in ctx.gradients)
        return None, None, *known


def _gradients(loss: Tensor, inputs: Sequence[Tensor]) -> Sequence[Tensor | None]:
    """Gradients of a loss, None for inputs that it does not depend on."""
    # a backward pass has the types of the forward one, and autocast is not for it
    with torch.autocast(loss.device.type, enabled=False):
        return torch.autograd.grad(loss, inputs, allow_unused=True)


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
