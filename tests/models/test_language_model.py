"""The language model: windows of a stream are one text, and the output weights are tied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from gru_sentiment.models.embedding import WordEmbedding
from gru_sentiment.models.language_model import CARRIED, SUFFIXES, LanguageModel
from gru_sentiment.models.recurrent import CELLS

WORDS, DIMENSION, HIDDEN, STREAMS = 11, 4, 5, 3


def new_model(cell: str = "gru", layers: int = 1, **options: Any) -> LanguageModel:
    torch.manual_seed(0)
    embedding = WordEmbedding(torch.randn(WORDS, DIMENSION), padding_id=1)
    return LanguageModel(
        embedding, STREAMS, cell=cell, hidden_size=HIDDEN, layers=layers, **options
    )


def window(words: Tensor) -> PackedSequence:
    """Ids (steps, streams) as a batch."""
    return PackedSequence(words.reshape(-1), torch.full((len(words),), words.shape[1]))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 2])
def test_windows_are_one_text(cell: str, layers: int) -> None:
    model = new_model(cell, layers)
    words = torch.randint(WORDS, (10, STREAMS))
    whole, _ = model.read(window(words), model.fresh_state(STREAMS))
    parts = [model(window(part)) for part in words.split(4)]
    torch.testing.assert_close(torch.cat(parts), whole)
    # and so is what another process goes on with
    model.forget()
    model(window(words[:4]))
    other = new_model(cell, layers)
    other.load_state_dict(model.state_dict())
    torch.testing.assert_close(other(window(words[4:8])), parts[1])


def test_a_stream_knows_nothing_of_the_others() -> None:
    model = new_model()
    words = torch.randint(WORDS, (6, STREAMS))
    changed = words.clone()
    changed[:, 1] = (changed[:, 1] + 1) % WORDS
    one, other = (
        model.read(window(w), model.fresh_state(STREAMS))[0].reshape(6, STREAMS, DIMENSION)
        for w in (words, changed)
    )
    assert torch.equal(one[:, [0, 2]], other[:, [0, 2]])
    assert not torch.equal(one[:, 1], other[:, 1])


def test_forgetting_begins_anew() -> None:
    model = new_model()
    words = torch.randint(WORDS, (3, STREAMS))
    first = model(window(words))
    assert not torch.equal(model(window(words)), first)
    model.forget()
    assert torch.equal(model(window(words)), first)


def test_gradients_end_at_the_window() -> None:
    model = new_model()
    model(window(torch.randint(WORDS, (3, STREAMS))))
    assert not any(part.requires_grad for part in model.carried)
    second = model(window(torch.full((2, STREAMS), 7)))
    second.sum().backward()
    gradient = model.embedding.table.weight.grad
    assert gradient is not None
    assert gradient.abs().sum(1).nonzero().flatten().tolist() == [7]


def test_the_output_weights_are_the_word_vectors() -> None:
    model = new_model()
    assert model.word_weights is model.embedding.table.weight
    assert model.bias.shape == (WORDS,)


@pytest.mark.parametrize(("cell", "parts"), [("gru", 1), ("rnn", 1), ("lstm", 2)])
def test_the_state_is_part_of_a_checkpoint(cell: str, parts: int) -> None:
    model = new_model(cell, 2)
    names = [name for name in model.state_dict() if name.startswith(CARRIED)]
    assert len(names) == parts
    assert all(model.state_dict()[n].shape == (2, STREAMS, HIDDEN) for n in names)


def test_dropout_acts_on_what_is_compared() -> None:
    model = new_model(dropout=0.5)
    outputs = model(window(torch.randint(WORDS, (40, STREAMS))))
    assert 0.3 < (outputs == 0).float().mean() < 0.7
    model.eval()
    assert (model(window(torch.randint(WORDS, (4, STREAMS)))) == 0).sum() == 0
    assert isinstance(model.dropout, nn.Dropout)


# two directions


def one_of_two(model: LanguageModel, cell: str, suffix: str) -> LanguageModel:
    """A model of one direction with the weights of one of two."""
    alone = new_model(cell)
    alone.embedding.load_state_dict(model.embedding.state_dict())
    for name in ("recurrent", "project"):
        weights = model.get_submodule(f"{name}{suffix}").state_dict()
        alone.get_submodule(name).load_state_dict(weights)
    return alone


@pytest.mark.parametrize("cell", CELLS)
def test_two_directions_are_two_models_side_by_side(cell: str) -> None:
    """Over several windows: each carries its own state."""
    model = new_model(cell, directions=2)
    alone = [one_of_two(model, cell, suffix) for suffix in SUFFIXES]
    for words in torch.randint(WORDS, (3, 3, 2 * STREAMS)):
        found = model.by_direction(model(window(words)), len(words))
        halves = words.chunk(2, 1)
        expected = [one(window(half)) for one, half in zip(alone, halves, strict=True)]
        torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("cell", CELLS)
def test_a_bidirectional_layer_reads_with_their_weights(cell: str) -> None:
    """The streams of the second direction hold what those of the first hold from its end."""
    model = new_model(cell, directions=2)
    prefix = "recurrent."
    make_cell: Callable[..., nn.RNNBase] = CELLS[cell]
    both = make_cell(DIMENSION, HIDDEN, bidirectional=True)
    weights = model.weights()
    both.load_state_dict(
        {n.removeprefix(prefix): t for n, t in weights.items() if n.startswith(prefix)}
    )
    words = torch.randint(WORDS, (7, STREAMS))
    tokens = window(torch.cat([words, words.flip(0)], 1))
    outputs, _ = model.read(tokens, model.fresh_state(STREAMS))
    ahead, back = (part.reshape(7, STREAMS, -1) for part in model.by_direction(outputs, 7))
    vectors = PackedSequence(model.embedding(words.reshape(-1)), torch.full((7,), STREAMS))
    hidden = both(vectors)[0].data.reshape(7, STREAMS, 2, HIDDEN)
    for found, direction, name in ((ahead, 0, "project"), (back.flip(0), 1, "project_reverse")):
        expected = model.get_submodule(name)(hidden[:, :, direction])
        torch.testing.assert_close(found, expected)


def test_two_directions_share_the_words_and_nothing_else() -> None:
    names = set(new_model(directions=2).weights())
    of_one = set(new_model().weights())
    assert of_one < names
    added = {name.replace("_reverse", "") for name in names - of_one}
    assert added == {n for n in of_one if n.startswith(("recurrent.", "project."))}
    assert not [name for name in names if name.startswith(CARRIED)]
