"""The layout of a packed batch against lists and loops."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.utils.rnn import pack_sequence

from gru_sentiment.models.packing import Layout

CPU = torch.device("cpu")
LENGTHS = st.lists(st.integers(1, 12), min_size=1, max_size=9).map(
    lambda lengths: sorted(lengths, reverse=True)
)
few = settings(max_examples=60, deadline=None, derandomize=True)


def layout_of(lengths: list[int]) -> Layout:
    """The layout of texts with these lengths."""
    return Layout.of(pack_sequence([torch.zeros(n, 1) for n in lengths]).batch_sizes, CPU)


def words_of(lengths: list[int]) -> list[tuple[int, int]]:
    """(step, text) of every word in packed order, the naive way."""
    return [(t, i) for t in range(lengths[0]) for i, length in enumerate(lengths) if t < length]


def numbered_texts(lengths: list[int]) -> list[Tensor]:
    """Texts whose words are 100 x text + step: no two alike."""
    return [100 * i + torch.arange(n) for i, n in enumerate(lengths)]


def test_the_example_of_the_batch_docstring() -> None:
    """Lengths 3, 2 and 2: a1 b1 c1  a2 b2 c2  a3."""
    layout = layout_of([3, 2, 2])
    assert layout.sizes == [3, 3, 1]
    assert layout.starts == [0, 3, 6]
    assert layout.last.tolist() == [6, 4, 5]
    assert layout.reverse.tolist() == [6, 4, 5, 3, 1, 2, 0]
    assert layout.previous.tolist() == [0, 1, 2, 3]


@few
@given(LENGTHS)
def test_every_word_knows_its_step_and_its_text(lengths: list[int]) -> None:
    layout, words = layout_of(lengths), words_of(lengths)
    assert list(zip(layout.step_of.tolist(), layout.text_of.tolist(), strict=True)) == words
    assert layout.lengths.tolist() == lengths
    assert layout.sizes == [sum(n > t for n in lengths) for t in range(lengths[0])]
    assert layout.starts == [words.index((t, 0)) for t in range(lengths[0])]


@few
@given(LENGTHS)
def test_last_and_previous_are_where_a_search_finds_them(lengths: list[int]) -> None:
    layout, words = layout_of(lengths), words_of(lengths)
    assert layout.last.tolist() == [words.index((n - 1, i)) for i, n in enumerate(lengths)]
    assert layout.previous.tolist() == [words.index((t - 1, i)) for t, i in words if t]


@few
@given(LENGTHS)
def test_reverse_mirrors_every_text_within_its_own_length(lengths: list[int]) -> None:
    texts = numbered_texts(lengths)
    mirrored = pack_sequence([text.flip(0) for text in texts])
    assert torch.equal(pack_sequence(texts).data[layout_of(lengths).reverse], mirrored.data)


@few
@given(LENGTHS)
def test_reverse_undoes_itself(lengths: list[int]) -> None:
    reverse = layout_of(lengths).reverse
    assert torch.equal(reverse[reverse], torch.arange(sum(lengths)))


def test_tensors_lie_on_the_device_asked_for() -> None:
    sizes = pack_sequence([torch.zeros(3, 1), torch.zeros(1, 1)]).batch_sizes
    layout = Layout.of(sizes, torch.device("meta"))
    tensors = (layout.step_of, layout.text_of, layout.lengths, layout.last)
    assert {tensor.device.type for tensor in tensors} == {"meta"}
