"""Language modelling: no word is known before it is predicted, in either direction."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from gru_sentiment.batch import Batch
from gru_sentiment.builders.model import build_language_model
from gru_sentiment.config.sections import Config
from gru_sentiment.data.encoding import EncodedTexts
from gru_sentiment.models.language_model import LanguageModel
from gru_sentiment.trainer.language_modelling import LanguageModelling

WORDS = 30
CPU = torch.device("cpu")


def config_of(direction: str, *, streams: int = 1, window: int = 12) -> Config:
    return Config.model_validate(
        {
            "model": {"bidirectional": False, "hidden_size": 6},
            "training": {"batch_size": streams},
            "pretraining": {"direction": direction, "window": window, "negatives": WORDS},
        }
    )


def encoded_from(texts: list[list[int]]) -> EncodedTexts:
    """Texts of these ids."""
    ids = np.array([i for text in texts for i in text], np.int32)
    offsets = np.cumsum([0, *map(len, texts)])
    return EncodedTexts(np.arange(WORDS, dtype=np.int32), ids, offsets, None, 0)


def random_texts(n: int, longest: int = 9) -> list[list[int]]:
    generator = np.random.default_rng(0)
    return [generator.integers(2, WORDS, generator.integers(longest)).tolist() for _ in range(n)]


def task_of(config: Config, texts: list[list[int]], held_out: int = 1) -> LanguageModelling:
    """All but the last few texts to train on, those held out."""
    rows = np.arange(len(texts))
    return LanguageModelling(
        config,
        encoded_from(texts),
        rows=rows[:-held_out],
        held_out=rows[-held_out:],
        words=WORDS,
        device=CPU,
    )


def model_of(config: Config) -> LanguageModel:
    torch.manual_seed(0)
    return build_language_model(config, torch.randn(WORDS, 4), CPU)


def losses_of(model: LanguageModel, batch: Batch) -> list[list[float]]:
    """The loss of every word of a window, read from a fresh state, by direction."""
    assert batch.labels is not None
    steps = len(batch.tokens.batch_sizes)
    state = model.fresh_state(len(batch) // model.directions)
    outputs, _ = model.read(batch.tokens, state)
    scores = outputs @ model.word_weights.T + model.bias
    losses: Tensor = F.cross_entropy(scores, batch.labels, reduction="none")
    return [part.tolist() for part in model.by_direction(losses, steps)]


@pytest.mark.parametrize("place", [0, 5, 11])
def test_a_loss_depends_on_no_word_to_come(place: int) -> None:
    """One text in one window: a word changed changes its own loss and those read after it."""
    config = config_of("both")
    text = list(range(2, 14))
    changed = [20 if i == place else word for i, word in enumerate(text)]
    model = model_of(config)
    ahead, back = losses_of(model, task_of(config, [text, text]).batches(1)[0])
    ahead_2, back_2 = losses_of(model, task_of(config, [changed, text]).batches(1)[0])
    differs = [a != b for a, b in zip(ahead, ahead_2, strict=True)]
    assert differs == [i >= place for i in range(len(text))]
    # the other direction reads the last word first
    differs = [a != b for a, b in zip(back, back_2, strict=True)][::-1]
    assert differs == [i <= place for i in range(len(text))]


def test_both_directions_count_alike() -> None:
    """The mean of the two losses; all words are the sample, so that nothing is drawn."""
    config = config_of("both", streams=2, window=4)
    texts = [list(range(WORDS)), *random_texts(20)]
    task, model = task_of(config, texts), model_of(config).eval()
    batch = task.batches(1)[0]
    loss, correct = task.loss(model, batch)
    expected = [sum(part) / len(part) for part in losses_of(model, batch)]
    assert correct is None
    assert loss.item() == pytest.approx(sum(expected) / 2, rel=1e-5)


def test_perplexities_of_both_and_of_each() -> None:
    config = config_of("both", window=4)
    task, model = task_of(config, random_texts(30), held_out=12), model_of(config)
    state, losses = model.fresh_state(task.held_out.streams // 2), []
    for batch in task.held_out:
        assert batch.labels is not None
        outputs, state = model.read(batch.tokens, state)
        logits = outputs @ model.word_weights.T + model.bias
        of_words = F.cross_entropy(logits, batch.labels, reduction="none")
        losses.append(torch.stack(model.by_direction(of_words, 4)))
    ahead, back = torch.cat(losses, 1).mean(1).tolist()
    scores = task.evaluate(model)
    assert model.training
    assert scores == pytest.approx(
        {
            "loss": (ahead + back) / 2,
            "perplexity": math.exp((ahead + back) / 2),
            "perplexity_forward": math.exp(ahead),
            "perplexity_backward": math.exp(back),
        },
        rel=1e-5,
    )
    one = config_of("forward", window=4)
    alone = task_of(one, random_texts(30), held_out=12).evaluate(model_of(one))
    assert set(alone) == {"loss", "perplexity"}


@pytest.mark.parametrize("direction", ["forward", "both"])
@pytest.mark.parametrize("streams", [1, 3, 200])
def test_batches_are_counted_without_making_them(direction: str, streams: int) -> None:
    task = task_of(config_of(direction, streams=streams, window=5), random_texts(60))
    for epoch in (1, 2):
        assert task.n_batches(epoch) == len(task.batches(epoch))
