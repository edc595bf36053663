"""Losses at a worst-case perturbation of the word embeddings (Miyato, Dai & Goodfellow 2017).

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
from gru_sentiment.training.losses import ClassificationLoss, as_class_logits

FAINT = 1e-3
"""Weight of the loss that gives texts without labels a direction. The directions are scaled to
length 1. The weights get a gradient from it too: noise with mean zero, which this keeps small."""


class TwoStage(Protocol):
    """A classifier that embeds and classifies in two calls."""

    @property
    def embedding(self) -> nn.Module:
        """Ids (tokens,) to vectors (tokens, dimension)."""

    def classify(self, vectors: PackedSequence) -> Tensor:
        """Packed word vectors (tokens, dimension) to logits (batch, outputs)."""

    def parameters(self) -> Iterator[nn.Parameter]:
        """All parameters."""


@dataclass(frozen=True)
class EmbeddedBatch:
    """A batch with its word vectors, to be classified more than once."""

    model: TwoStage
    batch: Batch
    vectors: Tensor
    """Word vectors (tokens, dimension), dropout applied: the same for every call."""

    def logits_at(self, vectors: Tensor) -> Tensor:
        """Logits for these word vectors or others."""
        return self.model.classify(PackedSequence(vectors, self.batch.tokens.batch_sizes))

    def moved(self, direction: Tensor, length: float) -> Tensor:
        """The word vectors, those of each text moved together by `length` along `direction`."""
        scale = self.vectors.detach().square().mean().sqrt()
        return self.vectors + length * scale * unit_by_text(direction, self.batch)


class AdversarialLoss:
    """The loss of a batch plus `weight` times a loss at perturbed word vectors.

    The perturbation of a text follows the gradient of its loss (eq. 3 and 4 of the paper). If
    `kind` is `virtual`, a text without a label takes the gradient for a class that is drawn from
    the predicted distribution. The mean outer product of such gradients is Fisher's information,
    the curvature of the divergence that the paper maximises. For two classes it has one direction:
    the one that the paper's power method finds from a random vector (eq. 6 to 8), here without a
    forward pass of its own.

    If `kind` is `adversarial`, the added loss is that of the labels at the perturbed vectors. If it
    is `virtual`, it is the divergence of the two predictions, over all rows of the batch, labelled
    or not.
    """

    def __init__(
        self, loss: ClassificationLoss, kind: str, *, epsilon: float, weight: float
    ) -> None:
        kinds: dict[str, Callable[[Tensor, Tensor, Batch], Tensor]] = {
            "adversarial": lambda _, moved, batch: loss.of_batch(moved, batch),
            "virtual": lambda logits, moved, _: divergence(logits, moved),
        }
        self.loss, self.added, self.draws = loss, kinds[kind], kind == "virtual"
        self.epsilon, self.weight = epsilon, weight

    def loss_and_correct(self, model: TwoStage, batch: Batch) -> tuple[Tensor, int]:
        """The loss of a batch under `model`, and how many of its rows are classified correctly."""
        # one backward pass gives the directions and the weights' gradient of the first forward
        # pass, and frees its memory before the second one
        texts = EmbeddedBatch(model, batch, model.embedding(batch.tokens.data))
        vectors = texts.vectors.detach().requires_grad_()
        logits = texts.logits_at(vectors)
        weights = [weight for weight in model.parameters() if weight.requires_grad]
        loss = self.loss.of_batch(logits, batch)
        leading = loss + FAINT * loss_of_drawn(logits, batch) if self.draws else loss
        gradients = _gradients(leading, [vectors, *weights])
        known: Tensor = _Differentiated.apply(  # type: ignore[no-untyped-call]
            loss.detach(), gradients, texts.vectors, *weights
        )
        assert gradients[0] is not None
        moved = texts.logits_at(texts.moved(gradients[0], self.epsilon))
        added = self.added(logits.detach(), moved, batch)
        return known + self.weight * added, self.loss.count_correct(logits, batch)


class _Differentiated(Function):
    """A loss whose gradients are known: its graph is not needed any more."""

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


def loss_of_drawn(logits: Tensor, batch: Batch) -> Tensor:
    """Cross-entropy of rows without labels with classes drawn from their predictions, a scalar.

    Its gradient is zero in the mean, and that of a row points along the curvature there.
    """
    if not batch.unlabelled:
        return logits.new_zeros(())
    unlabelled = as_class_logits(logits[batch.unlabelled_places])
    with torch.no_grad():  # the largest of these is a draw (Gumbel 1954)
        drawn = (unlabelled - torch.empty_like(unlabelled).exponential_().log()).argmax(1)
    return F.cross_entropy(unlabelled, drawn)


def unit_by_text(direction: Tensor, batch: Batch) -> Tensor:
    """`direction` (tokens, dimension) scaled to length 1 over all tokens of each text."""
    sizes = batch.tokens.batch_sizes.tolist()
    text_of = torch.cat([torch.arange(size) for size in sizes]).to(direction.device)
    squares = direction.square().sum(1)
    norms = squares.new_zeros(len(batch)).index_add(0, text_of, squares).sqrt().clamp_min(1e-16)
    return direction / norms[text_of].unsqueeze(1)


def divergence(logits: Tensor, others: Tensor) -> Tensor:
    """Mean Kullback-Leibler divergence, in nats, of other predictions from those of `logits`.

    `logits` and `others` have the shape (batch, 1 or classes).
    """
    log_p, log_q = (torch.log_softmax(as_class_logits(x), dim=1) for x in (logits, others))
    return F.kl_div(log_q, log_p, reduction="batchmean", log_target=True)
