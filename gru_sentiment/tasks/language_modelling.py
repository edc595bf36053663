"""Words to the word that comes next."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from gru_sentiment.batch import Batch
from gru_sentiment.config import Config
from gru_sentiment.data.encoding import EncodedTexts, Integers
from gru_sentiment.data.streams import Windows, in_a_row
from gru_sentiment.models.language_model import CARRIED, LanguageModel
from gru_sentiment.training.next_word import SampledSoftmax, mean_loss

HELD_OUT_STREAMS = 32
"""Streams that the held-out texts are read in, at most."""


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
        self.config, self.encoded, self.rows, self.device = config, encoded, rows, device
        self.backward = config.pretraining.direction == "backward"
        words_held_out = int(encoded.full_lengths[held_out].sum()) + len(held_out)
        # few texts are read in few streams: what stands before a word matters
        streams = min(HELD_OUT_STREAMS, max(1, words_held_out // (8 * config.pretraining.window)))
        self.held_out = self._windows(held_out, streams)
        counts = np.bincount(in_a_row(encoded, rows), minlength=words)
        self.sampled = SampledSoftmax(torch.from_numpy(counts), config.pretraining.negatives)

    def batches(self, epoch: int) -> Sequence[Batch]:
        """The texts in a new order, which follows from seed and epoch, as streams."""
        order = np.random.default_rng([self.config.run.seed, epoch]).permutation(self.rows)
        streams = self.config.training.batch_size
        assert streams is not None
        return self._windows(order, streams)

    def _windows(self, rows: Integers, streams: int) -> Windows:
        assert self.config.pretraining is not None
        words = in_a_row(self.encoded, rows, backward=self.backward)
        return Windows(words, streams, self.config.pretraining.window)

    def loss(self, model: LanguageModel, batch: Batch) -> tuple[Tensor, int | None]:
        """Cross-entropy of the next words among a sample."""
        assert batch.labels is not None
        return self.sampled(model(batch.tokens), model.word_weights, model.bias, batch.labels), None

    @torch.no_grad()
    def evaluate(self, model: LanguageModel) -> dict[str, float]:
        """Loss over all words and perplexity of the held-out texts."""
        was_training = model.training
        model.eval()
        loss, _ = mean_loss(self._read_held_out(model), model.word_weights, model.bias)
        model.train(was_training)
        return {"loss": loss, "perplexity": math.exp(min(loss, 700.0))}

    def _read_held_out(self, model: LanguageModel) -> Iterator[tuple[Tensor, Tensor]]:
        state = model.fresh_state(self.held_out.streams)
        for i in range(len(self.held_out)):
            batch = self.held_out[i].to(self.device)
            outputs, state = model.read(batch.tokens, state)
            yield outputs, batch.labels

    def begin_epoch(self, model: LanguageModel, epoch: int) -> None:  # noqa: ARG002
        """Other texts come first now."""
        model.forget()

    def release(self, model: LanguageModel, epoch: int) -> None:
        """Nothing is frozen."""

    def to_save(self, model: LanguageModel) -> Mapping[str, Tensor]:
        """The weights without the state between two windows."""
        return {n: t for n, t in model.state_dict().items() if not n.startswith(CARRIED)}
