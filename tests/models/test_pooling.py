"""Poolings over packed outputs against the same formula on one text at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_sequence

from gru_sentiment.models.pooling import POOLINGS, AttentionPooling, Pooling

from .cells import random_texts
from .layer_results import assert_near

WIDTH = 3
LENGTHS = st.lists(st.integers(1, 9), min_size=1, max_size=6).map(
    lambda lengths: sorted(lengths, reverse=True)
)

every_pooling = pytest.mark.parametrize("name", POOLINGS)


def attention(module: AttentionPooling, text: Tensor, final: Tensor) -> Tensor:
    """The weights are a softmax over one text's words, as in Yang et al. 2016."""
    weights = torch.softmax(module.score(torch.tanh(module.project(text))), dim=0)
    return (weights * text).sum(0)


OF_ONE_TEXT: dict[str, Callable[[Any, Tensor, Tensor], Tensor]] = {
    "last": lambda module, text, final: final,
    "mean": lambda module, text, final: text.mean(0),
    "max": lambda module, text, final: text.amax(0),
    "attention": attention,
}
"""Outputs of one text (time, width) and its final state (width,) to (width,)."""


def make_pooling(names: Sequence[str]) -> Pooling:
    """A pooling in float64 with seeded weights."""
    torch.manual_seed(0)
    return Pooling(names, WIDTH).double()


def make_outputs(lengths: list[int], seed: int = 0) -> tuple[PackedSequence, Tensor]:
    """Packed outputs (tokens, width) and final states (batch, width) that want gradients."""
    packed = pack_sequence(random_texts(lengths, WIDTH, dtype=torch.float64, seed=seed))
    final = torch.stack(random_texts([WIDTH] * len(lengths), 1, dtype=torch.float64)).squeeze(2)
    return packed._replace(data=packed.data.requires_grad_()), final.requires_grad_()


def by_hand(pooling: Pooling, outputs: PackedSequence, final: Tensor) -> Tensor:
    """All parts of `pooling`, text by text."""
    rows = []
    for i, length in enumerate(lengths_of(outputs)):
        starts = outputs.batch_sizes.cumsum(0) - outputs.batch_sizes
        text = outputs.data[starts[:length] + i]
        parts = [OF_ONE_TEXT[name](part, text, final[i]) for name, part in pooling.parts.items()]
        rows.append(torch.cat(parts))
    return torch.stack(rows)


def lengths_of(packed: PackedSequence) -> list[int]:
    """Words of every text."""
    return [int((packed.batch_sizes > i).sum()) for i in range(int(packed.batch_sizes[0]))]


def gradients(result: Tensor, leaves: Sequence[Tensor]) -> list[Tensor]:
    """Of a weighted sum of `result`; zero where it does not depend on a leaf."""
    loss = (torch.arange(1.0, result.numel() + 1).view_as(result) * result).sum()
    found = torch.autograd.grad(loss, leaves, allow_unused=True)
    return [
        torch.zeros_like(leaf) if g is None else g for g, leaf in zip(found, leaves, strict=True)
    ]


@pytest.mark.parametrize(
    "names",
    [*([name] for name in POOLINGS), ["max", "mean"], list(POOLINGS)],
    ids="+".join,
)
@given(lengths=LENGTHS, seed=st.integers(0, 99))
@settings(max_examples=12, deadline=None, derandomize=True)
def test_values_and_gradients_are_those_of_each_text_alone(
    names: list[str], lengths: list[int], seed: int
) -> None:
    pooling, (outputs, final) = make_pooling(names), make_outputs(lengths, seed)
    leaves = [outputs.data, final, *pooling.parameters()]
    found, expected = pooling(outputs, final), by_hand(pooling, outputs, final)
    assert found.shape == (len(lengths), pooling.width) == (len(lengths), WIDTH * len(names))
    assert_near(found, expected, 1e-12)
    for ours, reference in zip(gradients(found, leaves), gradients(expected, leaves), strict=True):
        assert_near(ours, reference, 1e-11)


def test_joined_poolings_stand_side_by_side_in_the_order_given() -> None:
    outputs, final = make_outputs([4, 2])
    joined = make_pooling(["max", "last"])(outputs, final)
    single = [make_pooling([name])(outputs, final) for name in ("max", "last")]
    assert torch.equal(joined, torch.cat(single, dim=1))


@pytest.mark.parametrize("name", ["mean", "max", "attention"])
def test_every_word_of_the_text_and_no_other_counts(name: str) -> None:
    """A word moves its own text's vector, and the vector of no other text."""
    lengths = [5, 3, 1]
    pooling, (outputs, final) = make_pooling([name]), make_outputs(lengths)
    before = pooling(outputs, final)
    owners = [i for t in range(5) for i, length in enumerate(lengths) if t < length]
    for position, owner in enumerate(owners):
        data = outputs.data.detach().clone()
        data[position] += 10
        moved = (pooling(outputs._replace(data=data), final) != before).any(dim=1)
        assert moved.tolist() == [i == owner for i in range(len(lengths))]


def test_max_of_negative_outputs_is_negative() -> None:
    """No zero of padding or of an empty start takes part."""
    outputs, final = make_outputs([3, 2])
    negative = outputs._replace(data=-outputs.data.abs() - 1)
    assert (make_pooling(["max"])(negative, final) <= -1).all()


def test_equal_maxima_share_the_gradient() -> None:
    """As `amax` has it, in any order of the words."""
    outputs, final = make_outputs([4])
    tied = outputs._replace(data=torch.ones_like(outputs.data).requires_grad_())
    (found,) = torch.autograd.grad(make_pooling(["max"])(tied, final).sum(), [tied.data])
    assert_near(found, torch.full((4, WIDTH), 0.25, dtype=torch.float64), 1e-15)


def test_attention_weights_sum_to_one_whatever_the_scores() -> None:
    """Scores of thousands neither overflow nor vanish: equal words come out as they are."""
    pooling = make_pooling(["attention"])
    part = pooling.parts["attention"]
    assert isinstance(part, AttentionPooling)
    with torch.no_grad():
        part.score.weight.fill_(1e5)
    words = [torch.ones(n, WIDTH, dtype=torch.float64) * i for i, n in enumerate((4, 2), start=-1)]
    final = torch.zeros(2, WIDTH, dtype=torch.float64)
    expected = torch.stack([text[0] for text in words])
    assert_near(pooling(pack_sequence(words), final), expected, 1e-12)


@every_pooling
def test_a_text_of_one_word_is_that_word(name: str) -> None:
    outputs, _ = make_outputs([1])
    assert_near(make_pooling([name])(outputs, outputs.data), outputs.data, 1e-15)


@every_pooling
def test_precision_is_kept(name: str) -> None:
    outputs, final = make_outputs([3, 1])
    halved = outputs._replace(data=outputs.data.float())
    assert make_pooling([name]).float()(halved, final.float()).dtype == torch.float32


HALF = [torch.bfloat16, torch.float16]
MANY = 1_000
"""Words of a text over which a sum in bfloat16 goes wrong: it stops at 256."""


def make_long(dtype: torch.dtype = torch.float32) -> tuple[PackedSequence, Tensor]:
    """Outputs in (-1, 1) of texts of 1,000, 400 and 2 words, final states, both of `dtype`."""
    texts = [torch.tanh(text).to(dtype) for text in random_texts([MANY, 400, 2], 16)]
    return pack_sequence(texts), torch.stack([text[-1] for text in texts])


def make_float32(name: str) -> Pooling:
    """A pooling of outputs of `make_long`; attention prefers some words by far."""
    torch.manual_seed(0)
    pooling = Pooling([name], 16)
    if name == "attention":
        torch.nn.init.normal_(pooling.parts["attention"].score.weight)  # type: ignore[arg-type, union-attr]
    return pooling


@every_pooling
@pytest.mark.parametrize("dtype", [torch.float32, *HALF], ids=str)
@pytest.mark.parametrize("autocast", [False, True], ids=["plain", "autocast"])
def test_equal_words_come_out_as_they_are_in_half_precision(
    name: str, dtype: torch.dtype, autocast: bool
) -> None:
    """However many: a mean's total and the weights of an attention add up."""
    outputs, _ = make_long(dtype)
    equal = outputs._replace(data=torch.full_like(outputs.data, 0.5))
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        found = make_float32(name)(equal, torch.full((3, 16), 0.5, dtype=dtype))
    assert_near(found, torch.full((3, 16), 0.5), 1e-5)


@every_pooling
@pytest.mark.parametrize("dtype", [torch.float32, *HALF], ids=str)
def test_sums_are_those_of_float32_under_autocast(name: str, dtype: torch.dtype) -> None:
    """Values and gradients; the numbers that come in are the same."""
    outputs, final = make_long(dtype)
    pooling, results = make_float32(name), []
    for autocast in (False, True):
        kept = torch.float32 if not autocast else dtype
        leaves = [outputs.data.to(kept).requires_grad_(), final.to(kept).requires_grad_()]
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            found = pooling(outputs._replace(data=leaves[0]), leaves[1])
        assert found.dtype == torch.float32
        results.append([found, *gradients(found, [*leaves, *pooling.parameters()])])
    for rounded, exact in zip(*reversed(results), strict=True):
        assert rounded.isfinite().all()
        assert (rounded.float() - exact).norm() <= 2e-2 * exact.norm()
