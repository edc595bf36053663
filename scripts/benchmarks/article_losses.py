"""That the article's program and ours compute the same: the losses of their first steps.

From the same weights, on the same batches of ids and with the same dropout masks (left to
themselves the two programs would draw theirs in different shapes) both make the first steps of
their training, each with its own loss and its own Adam.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
import torch
from peers import article as peer
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence
from torch.optim import Adam

from benchmarks.article_ours import CPU
from gru_sentiment.batch import Batch
from gru_sentiment.builders.model import build_model
from gru_sentiment.builders.objective import build_loss
from gru_sentiment.builders.optimisation import build_state
from gru_sentiment.config.sections import Config
from gru_sentiment.data.labels import Labels
from gru_sentiment.models.classifier import TextClassifier
from gru_sentiment.training.loop import train_epochs

DROPOUT = 0.5
Masks = tuple[Tensor, Tensor]
"""Of padded word vectors (time, batch, vector) and of states (batch, hidden)."""


class GivenDropout(nn.Module):
    """Dropout by masks that were drawn elsewhere, one a call."""

    def __init__(self) -> None:
        super().__init__()
        self.masks: list[Tensor] = []

    def forward(self, x: Tensor) -> Tensor:
        """`x` times the next mask."""
        return x * self.masks.pop(0)


def first_losses(
    config: Config, theirs: peer.Corpus, *, steps: int, longest: int
) -> dict[str, Any]:
    """The losses of the first `steps` steps of both, and how far apart they are at most.

    The batches are the first of a shuffled epoch that hold no review of more than `longest` words.
    """
    torch.manual_seed(0)
    model = peer.make_model(theirs)
    twin = build_model(config, model.embedding.weight.detach().clone(), 2, CPU)
    twin.recurrent.load_state_dict(model.rnn.state_dict())
    twin.head.load_state_dict(model.fc.state_dict())
    chosen = _first_batches(theirs, steps, longest)
    masks = [_masks(batch, seed) for seed, batch in enumerate(chosen)]
    article = _article_losses(model, chosen, masks)
    ours = _our_losses(config, twin, chosen, masks)
    pairs = zip(article, ours, strict=True)
    return {
        "article": article,
        "ours": ours,
        "largest_difference": max(abs(a - b) for a, b in pairs),
        "longest_review": max(int(batch.text[1].max()) for batch in chosen),
    }


def _first_batches(theirs: peer.Corpus, steps: int, longest: int) -> list[Any]:
    short = (b for b in theirs.batches(seed=1) if len(b[0].text) <= longest)
    return [theirs.batch(examples) for examples in islice(short, steps)]


def _masks(batch: Any, seed: int) -> Masks:
    """Masks for padded word vectors (time, batch, vector) and states (batch, hidden)."""
    generator = torch.Generator().manual_seed(seed)
    words, lengths = batch.text
    shapes = (*words.shape, peer.EMBEDDING), (len(lengths), peer.HIDDEN)
    kept = (torch.rand(shape, generator=generator) >= DROPOUT for shape in shapes)
    of_words, of_states = (mask / (1 - DROPOUT) for mask in kept)
    return of_words, of_states


def _article_losses(
    model: peer.ArticleModel, batches: Sequence[Any], masks: Sequence[Masks]
) -> list[float]:
    given = GivenDropout()
    model.dropout = given
    optimizer = Adam(model.parameters())
    losses = []
    for batch, pair in zip(batches, masks, strict=True):
        given.masks = list(pair)
        losses.append(peer.train_step(model, optimizer, batch))
    return losses


def _our_losses(
    config: Config,
    model: TextClassifier,
    batches: Sequence[Any],
    masks: Sequence[Masks],
) -> list[float]:
    given = GivenDropout()
    model.embedding.dropout = model.dropout = given  # type: ignore[assignment]
    loss = build_loss(config.training, Labels(["negative", "positive"]), np.array([0, 1]))
    upcoming: Iterator[tuple[Any, Masks]] = zip(batches, masks, strict=True)
    losses = []

    def compute_loss(model: nn.Module, batch: Batch) -> tuple[Tensor, int]:
        original, (of_words, of_states) = next(upcoming)
        given.masks = [pack_padded_sequence(of_words, original.text[1]).data, of_states]
        value, correct = loss.loss_and_correct(model, batch)
        losses.append(value.item())
        return value, correct

    packed = [_packed(batch) for batch in batches]
    for _ in train_epochs(
        build_state(config.training, model, len(packed)),
        lambda epoch: packed,  # noqa: ARG005
        compute_loss,
        lambda model: {"loss": 0.0},  # noqa: ARG005
        epochs=1,
        device=CPU,
        clip_norm=config.training.clip_norm,
    ):
        pass
    return losses


def _packed(batch: Any) -> Batch:
    """A batch of the article's program as one of ours: the same ids in the same order."""
    words, lengths = batch.text
    tokens = pack_padded_sequence(words, lengths)
    return Batch(tokens, torch.arange(len(lengths)), batch.label.long())
