"""The compiled layer as an autograd function: against torch's operations, and what it keeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from models.cells import CELLS, random_texts
from models.layer_results import (
    LossOn,
    Results,
    assert_near,
    assert_same_results,
    layer_results,
)
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence

from gru_sentiment.kernel.function import CompiledCall, CompiledRecurrence
from gru_sentiment.kernel.layout import Texts

from .layers import CELLS as KERNEL_CELLS
from .paths import KERNELS, every_kernel, on_threads, using

every_cell = pytest.mark.parametrize("cell", CELLS)
either_way = pytest.mark.parametrize("bidirectional", [False, True], ids=["one", "both"])
LENGTHS = [9, 6, 6, 2, 1]
EDGES = [1, 7, 8, 15, 16, 17, 31, 33, 48, 64, 65, 100]
"""Hidden sizes around the edges of vectors (4, 8 and 16 numbers) and of blocks of them."""


def packed_of(lengths: Sequence[int], width: int = 3, seed: int = 0) -> PackedSequence:
    """Random texts."""
    return pack_sequence(random_texts(list(lengths), width, seed=seed), enforce_sorted=False)


def on_path(path: str, module: nn.RNNBase, *given: Any, **options: Any) -> Results:
    """Values, states and gradients, by a kernel or by torch's operations."""
    with using(path):
        return layer_results(module, *given, **options)


# against torch's operations


@every_kernel
@every_cell
@either_way
@pytest.mark.parametrize("hidden", EDGES)
def test_results_are_those_of_torchs_operations(
    kernel: str, cell: str, bidirectional: bool, hidden: int
) -> None:
    """Values, final states and every gradient to 1e-5."""
    layer, _ = CELLS[cell].layers(5, hidden, bidirectional=bidirectional)
    given = (packed_of(LENGTHS, 5), CELLS[cell].states(layer, len(LENGTHS)))
    assert_same_results(on_path(kernel, layer, *given), on_path("none", layer, *given), 1e-5)


@every_kernel
@every_cell
@either_way
@pytest.mark.parametrize("lengths", ["equal", "different"])
@pytest.mark.parametrize("batch", [1, 5, 97, 200])
def test_so_they_are_of_many_texts_on_any_number_of_threads(
    kernel: str, cell: str, bidirectional: bool, lengths: str, batch: int
) -> None:
    """A chunk has 96 texts at most (CHUNK in product.h), so these are one, two or three a lane."""
    texts = [6] * batch if lengths == "equal" else range(1, batch + 1)
    layer, _ = CELLS[cell].layers(3, 5, bidirectional=bidirectional)
    given = (packed_of(texts), CELLS[cell].states(layer, batch))
    expected = on_path("none", layer, *given)
    for threads in (1, 2, 3):
        with on_threads(threads):
            found = on_path(kernel, layer, *given)
        assert_same_results(found, expected, 1e-5)


@every_kernel
@every_cell
@either_way
@pytest.mark.parametrize("loss_on", ["output", "final"])
def test_so_they_are_where_few_gradients_arrive(
    kernel: str, cell: str, bidirectional: bool, loss_on: LossOn
) -> None:
    layer, _ = CELLS[cell].layers(3, 9, 2, bidirectional=bidirectional)
    given = (packed_of(LENGTHS), CELLS[cell].states(layer, len(LENGTHS)))
    found = on_path(kernel, layer, *given, loss_on=loss_on)
    assert_same_results(found, on_path("none", layer, *given, loss_on=loss_on), 1e-5)


@every_kernel
@pytest.mark.parametrize("used", [0, 1])
@either_way
def test_so_they_are_where_one_of_two_states_is_used(
    kernel: str, used: int, bidirectional: bool
) -> None:
    """An LSTM's final h alone, or its final c alone, of the second text."""
    layer, _ = CELLS["lstm"].layers(3, 9, bidirectional=bidirectional)
    packed, gradients = packed_of(LENGTHS), []
    for path in (kernel, "none"):
        with using(path):
            _, states = layer(packed)
        loss = states[used][:, 1].square().sum()
        gradients.append(torch.autograd.grad(loss, list(layer.parameters())))
    for found, expected in zip(*gradients, strict=True):
        assert_near(found, expected, 1e-5)


@every_kernel
@every_cell
def test_so_they_are_where_the_input_needs_no_gradient(kernel: str, cell: str) -> None:
    """Frozen word vectors."""
    layer, _ = CELLS[cell].layers(3, 9, bidirectional=True)
    gradients = []
    for path in (kernel, "none"):
        with using(path):
            out, _ = layer(packed_of(LENGTHS))
        gradients.append(torch.autograd.grad(out.data.square().sum(), list(layer.parameters())))
    for found, expected in zip(*gradients, strict=True):
        assert_near(found, expected, 1e-5)


# the same bytes


@every_kernel
@every_cell
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_two_runs_give_the_same_bytes(kernel: str, cell: str, threads: int) -> None:
    layer, _ = CELLS[cell].layers(20, 33, 2, bidirectional=True)
    given = (packed_of(range(1, 60), 20), CELLS[cell].states(layer, 59))
    with on_threads(threads):
        first, second = (on_path(kernel, layer, *given) for _ in range(2))
    for name, values in first.items():
        assert torch.equal(second[name], values), name


# numbers that are not finite, and large ones


def spoilt(tensor: Tensor, value: float) -> Tensor:
    """The same numbers with another one in the middle."""
    changed = tensor.detach().clone()
    changed.view(-1)[changed.numel() // 2] = value
    return changed


PLACES = ["input", "weight_ih_l0", "weight_hh_l0", "bias_hh_l0", "h", "c"]


@every_kernel
@every_cell
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("scale", [1, 1e4], ids=["usual", "large"])
def test_what_is_not_finite_for_torch_is_not_finite(
    kernel: str, cell: str, value: float, place: str, scale: float
) -> None:
    """Of values, final states and gradients alike; the rest agrees. Gates end at an infinite bias
    as at a large one, so there all may be finite. Where words are large, gates are exactly 0, and 0
    times infinity is no number."""
    layer, _ = CELLS[cell].layers(3, 9, bidirectional=True)
    packed, states = packed_of(LENGTHS), CELLS[cell].states(layer, len(LENGTHS))
    packed = packed._replace(data=packed.data * scale)
    if place == "input":
        packed = packed._replace(data=spoilt(packed.data, value))
    elif place in dict(layer.named_parameters()):
        layer.load_state_dict(layer.state_dict() | {place: spoilt(getattr(layer, place), value)})
    else:
        spoilt_state = "hc".index(place) % len(states)
        states = tuple(
            spoilt(state, value) if i == spoilt_state else state for i, state in enumerate(states)
        )
    found, expected = (on_path(path, layer, packed, states) for path in (kernel, "none"))
    assert place == "bias_hh_l0" or not all(v.isfinite().all() for v in expected.values())
    for name, values in expected.items():
        assert not (found[name].isfinite() & ~values.isfinite()).any(), name
        finite = found[name].isfinite()
        if finite.any():
            assert_near(found[name][finite], values[finite], 1e-3, name)


@every_kernel
@every_cell
@pytest.mark.parametrize("scale", [1e4, 1e30])
def test_large_numbers_are_as_torchs(kernel: str, cell: str, scale: float) -> None:
    """Gates far beyond where their functions end. To 1e-3, which lies between float32 numbers near
    1e4: where large products cancel, a gate is known to that."""
    layer, _ = CELLS[cell].layers(3, 9, bidirectional=True)
    packed, states = packed_of(LENGTHS), CELLS[cell].states(layer, len(LENGTHS))
    packed = packed._replace(data=packed.data * scale)
    found, expected = (on_path(path, layer, packed, states) for path in (kernel, "none"))
    assert all(values.isfinite().all() for values in expected.values())
    assert_same_results(found, expected, 1e-3)


# autograd


def call(kernel: str, cell: str, *, store: bool = True) -> tuple[CompiledCall, list[Tensor]]:
    """A layer of both directions over five texts, and its leaves."""
    of_kernel, hidden, inputs = KERNEL_CELLS[cell], 9, 3
    texts = Texts.of(packed_of(LENGTHS).batch_sizes.numpy())
    rows, states = of_kernel.gates * hidden, 2 if of_kernel.has_cells else 1
    shapes = [(texts.tokens, inputs), (2, rows, inputs), (2, rows, hidden), (2, rows), (2, rows)]
    shapes += [(2, texts.batch, hidden)] * states
    torch.manual_seed(0)
    leaves = [torch.randn(shape).requires_grad_() for shape in shapes]
    return CompiledCall(KERNELS[kernel], of_kernel, texts, 2, store), leaves


def apply(kernel: str, cell: str) -> tuple[tuple[Tensor, ...], list[Tensor]]:
    """Outputs and final states, and the leaves that they come from."""
    compiled, leaves = call(kernel, cell)
    outputs: Any = CompiledRecurrence.apply(compiled, *leaves)
    return outputs, leaves


def weighted_sum(outputs: Sequence[Tensor]) -> Tensor:
    return torch.stack([output.square().sum() for output in outputs]).sum()


@every_kernel
@every_cell
def test_a_kept_graph_gives_the_same_gradients_twice(kernel: str, cell: str) -> None:
    """The backward pass never writes to what the forward pass stored."""
    outputs, leaves = apply(kernel, cell)
    loss = weighted_sum(outputs)
    first = torch.autograd.grad(loss, leaves, retain_graph=True)
    second = torch.autograd.grad(loss, leaves)
    assert all(map(torch.equal, first, second))
    with pytest.raises(RuntimeError, match="second time"):
        torch.autograd.grad(loss, leaves)


@every_kernel
@every_cell
def test_the_incoming_gradients_and_the_leaves_are_left_as_they_are(kernel: str, cell: str) -> None:
    outputs, leaves = apply(kernel, cell)
    incoming = [torch.randn_like(output) for output in outputs]
    kept = [tensor.detach().clone() for tensor in [*incoming, *leaves, *outputs]]
    torch.autograd.backward(outputs, incoming)
    assert all(map(torch.equal, [*incoming, *leaves, *outputs], kept))


@every_kernel
@every_cell
def test_a_gradient_of_any_layout_is_taken(kernel: str, cell: str) -> None:
    """Expanded from one number, as `sum` gives it, and transposed."""
    outputs, leaves = apply(kernel, cell)
    for layout in (lambda x: x.new_ones(()).expand_as(x), lambda x: x.new_ones(x.T.shape).T):
        incoming = [layout(output.flatten(1)).view_as(output) for output in outputs[:1]]
        found = torch.autograd.grad(outputs[:1], leaves[:5], incoming, retain_graph=True)
        ones = [torch.ones_like(output) for output in outputs[:1]]
        expected = torch.autograd.grad(outputs[:1], leaves[:5], ones, retain_graph=True)
        assert all(map(torch.equal, found, expected))


@every_kernel
@every_cell
def test_a_change_of_what_was_saved_is_an_error(kernel: str, cell: str) -> None:
    """Of the outputs, the input, a weight or an initial state: never a wrong gradient."""
    for changed in ("out", 0, 1, 2, 5):
        outputs, leaves = apply(kernel, cell)
        with torch.no_grad():
            (outputs[0] if changed == "out" else leaves[int(changed)]).add_(1)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            weighted_sum(outputs[1:]).backward()


@every_kernel
@every_cell
def test_a_second_derivative_is_refused(kernel: str, cell: str) -> None:
    """Better an error than a second derivative that silently lacks terms."""
    outputs, leaves = apply(kernel, cell)
    (first,) = torch.autograd.grad(weighted_sum(outputs), leaves[:1], create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.sum().backward()


class Context:
    """Stands in for autograd's context and shows what a forward pass leaves on it."""

    def __init__(self) -> None:
        self.saved: tuple[Tensor | None, ...] = ()

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Remember as autograd would."""
        self.saved = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Nothing to see: backward is not run."""


@every_kernel
@every_cell
def test_storing_changes_what_is_kept_and_nothing_else(kernel: str, cell: str) -> None:
    """Told not to store, a forward pass leaves nothing on its context and returns the same."""
    storing, bare = Context(), Context()
    with torch.no_grad():
        expected, found = (
            CompiledRecurrence.forward(context, compiled, *leaves)
            for context, store in ((storing, True), (bare, False))
            for compiled, leaves in [call(kernel, cell, store=store)]
        )
    assert storing.saved
    assert vars(bare) == {"saved": ()}
    assert all(map(torch.equal, found, expected))
