"""RNN, GRU and LSTM for packed sequences, on the CPU at the speed of the matrix product.

Each class is torch's own (same constructor, parameters and `state_dict`), and on CUDA or for a
padded tensor it runs torch's own code. For a `PackedSequence` on the CPU torch cuts every step out
of one large tensor with `narrow`, and the backward pass of each cut fills a zero tensor as large
as the whole batch: the cost grows with the square of the length (pytorch issue 149194). Here the
recurrence of a layer is one `autograd.Function`: in float32 a compiled one
(`gru_sentiment/kernel/`), and in other types, or where nothing was compiled, one of torch's
operations (`recurrence.py`). There both directions run side by side: reading a text backwards is a
permutation of the packed tokens.

Under autocast, what runs here multiplies in autocast's type and does all else in float32. Torch's
own code runs outside autocast, in the type of the weights.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.nn import functional as F
from torch.nn.utils.rnn import PackedSequence

from gru_sentiment.kernel.function import CompiledCall, CompiledRecurrence
from gru_sentiment.kernel.layout import GRU as GRU_CELL
from gru_sentiment.kernel.layout import LSTM as LSTM_CELL
from gru_sentiment.kernel.layout import RNN_RELU, RNN_TANH, Cell, Texts
from gru_sentiment.kernel.library import Kernel, kernel
from gru_sentiment.models.matmul import matmul_dtype
from gru_sentiment.models.packing import Layout
from gru_sentiment.models.recurrence import GRURecurrence, LSTMRecurrence, RNNRecurrence

States = tuple[Tensor, ...]
"""(h,) or (h, c), each (layers x directions, batch, hidden)."""


class _Mirror(Function):
    """The tokens of every text in reverse order: a permutation that is its own inverse."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, reverse: Tensor) -> Tensor:
        ctx.save_for_backward(reverse)
        return x.index_select(0, reverse)

    @staticmethod
    def backward(ctx: Any, d_x: Tensor) -> tuple[Tensor, None]:
        (reverse,) = ctx.saved_tensors
        return d_x.index_select(0, reverse), None


def _apply(function: type[Function], *arguments: Any) -> Any:
    """`Function.apply`, which torch leaves without types."""
    return function.apply(*arguments)  # type: ignore[no-untyped-call]


def _runs_here(module: nn.RNNBase, x: Tensor | PackedSequence) -> bool:
    """Packed, on the CPU and without LSTM projections: the case that torch runs slowly."""
    packed = isinstance(x, PackedSequence) and x.data.device.type == "cpu"
    return packed and module.proj_size == 0


def _outside_autocast(x: Tensor | PackedSequence) -> AbstractContextManager[object]:
    """A context for torch's own layers, in which they keep to the type of their weights.

    On CUDA autocast would run them in float16 whatever type autocast is set to (torch registers
    `_cudnn_rnn` with that type), and gradients of a mean loss are too small for float16.
    """
    return torch.autocast(x.data.device.type, enabled=False)


def _stacked(module: nn.RNNBase, name: str, layer: int) -> Tensor:
    """A layer's parameter for all its directions, (direction, ...); zero where it has no bias."""
    if name.startswith("bias") and not module.bias:
        like = _stacked(module, "weight_hh", layer)
        return like.new_zeros(like.shape[:2])
    suffixes = ("", "_reverse") if module.bidirectional else ("",)
    return torch.stack([getattr(module, f"{name}_l{layer}{suffix}") for suffix in suffixes])


LayerPass = Callable[[Tensor, list[Tensor], list[Tensor]], tuple[Tensor, list[Tensor]]]
"""Input (tokens, input), parameters stacked by direction and initial states, each (directions,
batch, hidden), to outputs (tokens, directions x hidden) and final states."""


def _compiled(kernel: Kernel, cell: Cell, batch_sizes: Tensor) -> LayerPass:
    """A pass through one layer by a compiled kernel."""
    texts, threads = Texts.of(batch_sizes.numpy()), torch.get_num_threads()

    def run(
        x: Tensor, parameters: list[Tensor], initial: list[Tensor]
    ) -> tuple[Tensor, list[Tensor]]:
        call = CompiledCall(kernel, cell, texts, threads, store=torch.is_grad_enabled())
        out, *final = _apply(CompiledRecurrence, call, x, *parameters, *initial)
        return out, final

    return run


def _step_by_step(
    recurrence: type[Function], batch_sizes: Tensor, *extra: Any, bidirectional: bool
) -> LayerPass:
    """A pass through one layer by operations of torch."""
    layout = Layout.of(batch_sizes, torch.device("cpu"))
    reverse = layout.reverse if bidirectional else None

    def run(
        x: Tensor, parameters: list[Tensor], initial: list[Tensor]
    ) -> tuple[Tensor, list[Tensor]]:
        both = x[None] if reverse is None else torch.stack([x, _apply(_Mirror, x, reverse)])
        store = torch.is_grad_enabled()
        out, *final = _apply(recurrence, layout, store, both, *parameters, *initial, *extra)
        if reverse is None:
            return out[0], final
        return torch.cat([out[0], _apply(_Mirror, out[1], reverse)], 1), final

    return run


def _usable_kernel(module: nn.RNNBase, x: Tensor) -> Kernel | None:
    """The compiled kernel, if there is one for this processor and for numbers of this type."""
    types = {x.dtype, matmul_dtype(x), *(p.dtype for p in module.parameters())}
    return kernel() if types == {torch.float32} else None


def _run_layers(
    module: nn.RNNBase,
    recurrence: type[Function],
    cell: Cell,
    packed: PackedSequence,
    states: States,
    *extra: Any,
) -> tuple[PackedSequence, States]:
    """All layers of `module` over `packed`; states and results as torch gives them."""
    data, batch_sizes, sorted_indices, unsorted_indices = packed
    given = states if len(states) > 1 else states[0]
    module.check_forward_args(data, given, batch_sizes)  # type: ignore[arg-type]  # LSTM: a pair
    if sorted_indices is not None:
        states = tuple(state.index_select(1, sorted_indices) for state in states)
    compiled = _usable_kernel(module, data)
    if compiled is not None:
        run = _compiled(compiled, cell, batch_sizes)
    else:
        run = _step_by_step(recurrence, batch_sizes, *extra, bidirectional=module.bidirectional)
    directions, finals = (2 if module.bidirectional else 1), []
    for layer in range(module.num_layers):
        if layer:
            data = F.dropout(data, module.dropout, module.training)
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        parameters = [_stacked(module, name, layer) for name in names]
        initial = [state[layer * directions : (layer + 1) * directions] for state in states]
        data, final = run(data, parameters, initial)
        finals.append(final)
    ends = tuple(torch.cat(layers) for layers in zip(*finals, strict=True))
    if unsorted_indices is not None:
        ends = tuple(end.index_select(1, unsorted_indices) for end in ends)
    return PackedSequence(data, batch_sizes, sorted_indices, unsorted_indices), ends


def _zero_state(module: nn.RNNBase, packed: PackedSequence) -> Tensor:
    directions = 2 if module.bidirectional else 1
    batch = int(packed.batch_sizes[0])
    return packed.data.new_zeros(module.num_layers * directions, batch, module.hidden_size)


class RNN(nn.RNN):
    """`torch.nn.RNN` (Elman 1990), fast on packed sequences on the CPU."""

    def forward(self, input: Any, hx: Tensor | None = None) -> tuple[Any, Tensor]:
        """Packed (tokens, input) to packed (tokens, directions x hidden) and the final h."""
        if not _runs_here(self, input):
            with _outside_autocast(input):
                return super().forward(input, hx)
        h0 = _zero_state(self, input) if hx is None else hx
        cell = {"tanh": RNN_TANH, "relu": RNN_RELU}[self.nonlinearity]
        out, (h,) = _run_layers(self, RNNRecurrence, cell, input, (h0,), self.nonlinearity)
        return out, h


class GRU(nn.GRU):
    """`torch.nn.GRU` (Cho et al. 2014), fast on packed sequences on the CPU."""

    def forward(self, input: Any, hx: Tensor | None = None) -> tuple[Any, Tensor]:
        """Packed (tokens, input) to packed (tokens, directions x hidden) and the final h."""
        if not _runs_here(self, input):
            with _outside_autocast(input):
                return super().forward(input, hx)
        h0 = _zero_state(self, input) if hx is None else hx
        out, (h,) = _run_layers(self, GRURecurrence, GRU_CELL, input, (h0,))
        return out, h


class LSTM(nn.LSTM):
    """`torch.nn.LSTM` (Hochreiter & Schmidhuber 1997), fast on packed sequences on the CPU."""

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, tuple[Tensor, Tensor]]:
        """Packed (tokens, input) to packed (tokens, directions x hidden) and the final (h, c)."""
        if not _runs_here(self, input):
            with _outside_autocast(input):
                return super().forward(input, hx)
        zeros = _zero_state(self, input)
        out, (h, c) = _run_layers(self, LSTMRecurrence, LSTM_CELL, input, hx or (zeros, zeros))
        return out, (h, c)


CELLS: dict[str, type[nn.RNNBase]] = {"rnn": RNN, "lstm": LSTM, "gru": GRU}
"""The one place where a cell is chosen by name."""


def recurrent_path(device_type: str, matmul_precision: str) -> str:
    """What computes packed texts on a device with products of a precision, in words."""
    if device_type != "cpu":
        return "torch's own (cuDNN)"
    compiled = kernel() if matmul_precision == "float32" else None
    return "operations of torch" if compiled is None else f"compiled kernel ({compiled.name})"
