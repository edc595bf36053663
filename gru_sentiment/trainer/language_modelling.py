"""Predicts the next token, reading from the beginning or from both ends."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from gru_sentiment.arrays import Integers
from gru_sentiment.batch import Batch
from gru_sentiment.config.sections import Config
from gru_sentiment.data.encoding import EncodedTexts
from gru_sentiment.data.streams import (
    Windows,
    concatenated_streams,
    n_windows,
    stream_length,
    token_stream,
)
from gru_sentiment.models.language_model import LanguageModel
from gru_sentiment.training.next_word import SampledSoftmax, mean_loss

HELD_OUT_STREAMS = 32
"""Streams that the held-out texts are read in, at most, in each direction."""
DIRECTIONS = ("forward", "backward")
"""In the order of their streams."""


class LanguageModelling:
    """The config's language model over some texts, validated on others."""

    def __init__(
        self,
        config: Config,
        encoded: EncodedTexts,
        *,
        rows: Integers,
        held_out: Integers,
        words: int,
        device: torch.device,
    ) -> None:
        assert config.pretraining is not None
        assert config.training.batch_size is not None
        self.config, self.encoded, self.rows, self.device = config, encoded, rows, device
        self.directions = DIRECTIONS[: config.pretraining.directions]
        self.streams, self.window = config.training.batch_size, config.pretraining.window
        words_held_out = stream_length(encoded, held_out)
        # few texts are read in few streams: the context of a token matters
        streams = min(HELD_OUT_STREAMS, max(1, words_held_out // (8 * self.window)))
        self.held_out = self._windows(held_out, streams)
        counts = np.bincount(token_stream(encoded, rows), minlength=words)
        self.sampled = SampledSoftmax(torch.from_numpy(counts), config.pretraining.negatives)

    def batches(self, epoch: int) -> Sequence[Batch]:
        """The texts in a new order, which follows from seed and epoch, as streams."""
        order = np.random.default_rng([self.config.run.seed, epoch]).permutation(self.rows)
        return self._windows(order, self.streams)

    def n_batches(self, epoch: int) -> int:  # noqa: ARG002
        """The same for every order of the texts."""
        return n_windows(stream_length(self.encoded, self.rows), self.streams, self.window)

    def _windows(self, rows: Integers, streams: int) -> Windows:
        """With so many streams in every direction."""
        words = [
            token_stream(self.encoded, rows, backward=d == "backward") for d in self.directions
        ]
        return Windows(concatenated_streams(words, streams), streams * len(words), self.window)

    def loss(self, model: LanguageModel, batch: Batch) -> tuple[Tensor, int | None]:
        """Cross-entropy of the next tokens, with sampled softmax."""
        assert batch.labels is not None
        return self.sampled(model(batch.tokens), model.word_weights, model.bias, batch.labels), None

    @torch.no_grad()
    def evaluate(self, model: LanguageModel) -> dict[str, float]:
        """Loss and perplexity on the held-out texts, with the full softmax.

        Of two directions, the mean loss, its perplexity, and the perplexity of each.
        """
        was_training = model.training
        model.eval()
        losses = self._held_out_losses(model)
        model.train(was_training)
        loss = sum(losses.values()) / len(losses)
        apart = {f"perplexity_{name}": _perplexity(one) for name, one in losses.items()}
        return {"loss": loss, "perplexity": _perplexity(loss), **(apart if len(apart) > 1 else {})}

    def _held_out_losses(self, model: LanguageModel) -> dict[str, float]:
        totals = dict.fromkeys(self.directions, 0.0)
        state = model.fresh_state(self.held_out.streams // len(totals))
        for i in range(len(self.held_out)):
            batch = self.held_out[i].to(self.device)
            assert batch.labels is not None
            outputs, state = model.read(batch.tokens, state)
            apart = (model.by_direction(values, self.window) for values in (outputs, batch.labels))
            for name, *pair in zip(totals, *apart, strict=True):
                totals[name] += mean_loss([tuple(pair)], model.word_weights, model.bias)[0]
        # every window has the same number of tokens
        return {name: total / len(self.held_out) for name, total in totals.items()}

    def begin_epoch(self, model: LanguageModel, epoch: int) -> None:  # noqa: ARG002
        """Other texts come first now."""
        model.forget()

    def release(self, model: LanguageModel, epoch: int) -> None:
        """Nothing is frozen."""

    def to_save(self, model: LanguageModel) -> Mapping[str, Tensor]:
        """The weights without the state between two windows, named as a classifier's."""
        return model.weights()


def _perplexity(loss: float) -> float:
    return math.exp(min(loss, 700.0))
