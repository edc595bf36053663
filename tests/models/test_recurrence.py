"""The hand-written recurrences: the equations, their derivatives, and what they keep in memory."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.autograd import Function, gradcheck
from torch.autograd.graph import saved_tensors_hooks
from torch.nn.utils.rnn import PackedSequence, pack_sequence

from gru_sentiment.kernel.function import CompiledRecurrence
from gru_sentiment.kernel.library import VARIABLE, kernels
from gru_sentiment.models.packing import Layout
from gru_sentiment.models.recurrence import GRURecurrence, LSTMRecurrence, RNNRecurrence

from .cell_references import run_reference
from .cells import CELLS, random_texts
from .layer_results import assert_same_results, layer_results

LENGTHS = [6, 4, 4, 1]
RECURRENCES: dict[str, tuple[type[Function], int, int, tuple[str, ...]]] = {
    "rnn-tanh": (RNNRecurrence, 1, 1, ("tanh",)),
    "rnn-relu": (RNNRecurrence, 1, 1, ("relu",)),
    "gru": (GRURecurrence, 3, 1, ()),
    "lstm": (LSTMRecurrence, 4, 2, ()),
}
"""Function, gates, states and trailing arguments of every cell."""

every_cell = pytest.mark.parametrize("cell", CELLS)
either_way = pytest.mark.parametrize("bidirectional", [False, True], ids=["one", "both"])


def ragged(width: int = 3, dtype: torch.dtype = torch.float64) -> PackedSequence:
    """Four texts of unequal lengths, two of them of the same."""
    return pack_sequence(random_texts(LENGTHS, width, dtype=dtype))


def arguments(
    cell: str, *, hidden: int = 2, inputs: int = 3, directions: int = 2
) -> tuple[Layout, tuple[Tensor, ...]]:
    """A layout, and float64 leaves: input, weights, biases and states stacked by direction."""
    _, gates, n_states, _ = RECURRENCES[cell]
    torch.manual_seed(1)
    rows = gates * hidden
    shapes = [(sum(LENGTHS), inputs), (rows, inputs), (rows, hidden), (rows,), (rows,)]
    shapes += [(len(LENGTHS), hidden)] * n_states
    leaves = [torch.randn(directions, *shape, dtype=torch.float64) for shape in shapes]
    layout = Layout.of(ragged().batch_sizes, torch.device("cpu"))
    return layout, tuple(leaf.requires_grad_() for leaf in leaves)


def apply(cell: str, layout: Layout, leaves: tuple[Tensor, ...], store: bool = True) -> Any:
    """The recurrence's outputs and final states."""
    function, _, _, extra = RECURRENCES[cell]
    return function.apply(layout, store, *leaves, *extra)


@every_cell
@either_way
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])
def test_ours_and_torchs_follow_the_equations(cell: str, bidirectional: bool, bias: bool) -> None:
    """Two layers in float64: values, final states and every gradient to 1e-10."""
    ours, theirs = CELLS[cell].layers(
        3, 2, 2, bidirectional=bidirectional, bias=bias, dtype=torch.float64
    )
    packed, states = ragged(), CELLS[cell].states(ours, len(LENGTHS))

    def by_hand(packed: PackedSequence, given: Any) -> tuple[PackedSequence, Any]:
        given = given if isinstance(given, tuple) else (given,)
        return run_reference(CELLS[cell].reference, theirs, packed, given)

    expected = layer_results(theirs, packed, states, run=by_hand)
    assert_same_results(layer_results(theirs, packed, states), expected, 1e-10)
    assert_same_results(layer_results(ours, packed, states), expected, 1e-10)


@every_cell
@pytest.mark.parametrize("directions", [1, 2])
def test_backward_is_the_derivative_of_forward(cell: str, directions: int) -> None:
    """`gradcheck` on a ragged batch, over the outputs and the final states together."""
    layout, leaves = arguments(cell, directions=directions)
    assert gradcheck(lambda *given: apply(cell, layout, given), leaves)


@every_cell
def test_gradients_do_not_depend_on_who_else_wants_one(cell: str) -> None:
    """Frozen word vectors: the input needs no gradient, the others are the same as before."""
    layout, leaves = arguments(cell)
    out, *finals = apply(cell, layout, leaves)
    expected = torch.autograd.grad(out.sum() + finals[0].sum(), leaves)
    frozen = (leaves[0].detach(), *leaves[1:])
    out, *finals = apply(cell, layout, frozen)
    assert not frozen[0].requires_grad
    found = torch.autograd.grad(out.sum() + finals[0].sum(), frozen[1:])
    for ours, reference in zip(found, expected[1:], strict=True):
        assert torch.equal(ours, reference)


@every_cell
def test_a_kept_graph_gives_the_same_gradients_twice(cell: str) -> None:
    """The backward pass works in place, but never on what the forward pass stored."""
    layout, leaves = arguments(cell)
    loss = apply(cell, layout, leaves)[0].square().sum()
    first = torch.autograd.grad(loss, leaves, retain_graph=True)
    second = torch.autograd.grad(loss, leaves)
    for once, again in zip(first, second, strict=True):
        assert torch.equal(once, again)


@every_cell
def test_the_incoming_gradients_are_left_as_they_are(cell: str) -> None:
    """Those of the outputs and of the final states: they belong to whoever computed them."""
    layout, leaves = arguments(cell)
    outputs = apply(cell, layout, leaves)
    incoming = [torch.randn_like(output) for output in outputs]
    kept = [gradient.clone() for gradient in incoming]
    torch.autograd.backward(outputs, incoming)
    assert all(map(torch.equal, incoming, kept))


@every_cell
def test_a_second_derivative_is_refused(cell: str) -> None:
    """Better an error than a second derivative that silently lacks terms."""
    layout, leaves = arguments(cell)
    (first,) = torch.autograd.grad(
        apply(cell, layout, leaves)[0].square().sum(), leaves[:1], create_graph=True
    )
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.sum().backward()


class Kept:
    """A tensor saved for the backward pass, in an object whose end can be watched."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor


@every_cell
@either_way
def test_nothing_is_kept_after_backward(cell: str, bidirectional: bool) -> None:
    """All that was saved is gone while the outputs still live, without the garbage collector."""
    layer, _ = CELLS[cell].layers(3, 2, 2, bidirectional=bidirectional)
    saved: list[weakref.ref[Kept]] = []

    def keep(tensor: Tensor) -> Kept:
        kept = Kept(tensor)
        saved.append(weakref.ref(kept))
        return kept

    gc.disable()
    try:
        with saved_tensors_hooks(keep, lambda kept: kept.tensor):
            output, _ = layer(ragged(dtype=torch.float32))
        assert sum(kept() is not None for kept in saved) == len(saved) > 0
        output.data.sum().backward()
        assert [kept for kept in saved if kept() is not None] == []
    finally:
        gc.enable()
    with pytest.raises(RuntimeError, match="second time"):
        output.data.sum().backward()


@every_cell
def test_no_tensor_outlives_its_step(cell: str) -> None:
    """As many tensors after a step as before it, the garbage collector off: there is no cycle."""
    layer, _ = CELLS[cell].layers(3, 2, 2, bidirectional=True)

    def step() -> int:
        layer(ragged(dtype=torch.float32))[0].data.sum().backward()
        return sum(issubclass(type(found), Tensor) for found in gc.get_objects())

    gc.collect()
    gc.disable()
    try:
        step()
        assert step() == step()
    finally:
        gc.enable()


@every_cell
@either_way
@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_inference_stores_nothing_and_gives_the_same_values(
    cell: str, bidirectional: bool, mode: type[torch.no_grad] | type[torch.inference_mode]
) -> None:
    layer, _ = CELLS[cell].layers(3, 2, 2, bidirectional=bidirectional)
    packed = ragged(dtype=torch.float32)
    saved: list[Tensor] = []
    expected, _ = layer(packed)
    with mode(), saved_tensors_hooks(saved.append, lambda kept: kept):
        output, final = layer(packed)
    finals = final if isinstance(final, tuple) else (final,)
    assert saved == []
    assert all(tensor.grad_fn is None for tensor in (output.data, *finals))
    assert torch.equal(output.data, expected.data)


class Context:
    """Stands in for autograd's context and shows what a forward pass leaves on it."""

    def __init__(self) -> None:
        self.saved: tuple[Tensor, ...] = ()

    def save_for_backward(self, *tensors: Tensor) -> None:
        """Remember as autograd would."""
        self.saved = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Nothing to see: backward is not run."""


@every_cell
def test_storing_changes_what_is_kept_and_nothing_else(cell: str) -> None:
    """Told not to store, a forward pass leaves nothing on its context and returns the same."""
    layout, leaves = arguments(cell)
    function, _, _, extra = RECURRENCES[cell]
    storing, bare = Context(), Context()
    with torch.no_grad():
        expected = function.forward(storing, layout, True, *leaves, *extra)
        found = function.forward(bare, layout, False, *leaves, *extra)
    assert storing.saved
    assert vars(bare) == {"saved": ()}
    for ours, reference in zip(found, expected, strict=True):
        assert torch.equal(ours, reference)


@every_cell
@pytest.mark.parametrize("path", ["compiled", "none"])
def test_the_layer_stores_only_where_gradients_are_wanted(
    cell: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if path == "none":
        monkeypatch.setenv(VARIABLE, "none")
    elif not kernels():
        pytest.skip("nothing was compiled here")
    function: Any = RECURRENCES[cell][0] if path == "none" else CompiledRecurrence
    forward, told = function.forward, []

    def spy(ctx: Any, call: Any, store: Any, *rest: Any) -> Any:
        told.append(store if path == "none" else call.store)
        return forward(ctx, call, store, *rest)

    monkeypatch.setattr(function, "forward", staticmethod(spy))
    layer, _ = CELLS[cell].layers(3, 2)
    layer(ragged(dtype=torch.float32))
    with torch.no_grad():
        layer(ragged(dtype=torch.float32))
    with torch.inference_mode():
        layer(ragged(dtype=torch.float32))
    assert told == [True, False, False]
