"""The forward and the backward pass of a recurrent layer, by a compiled kernel, on all cores.

Axes: (tokens, directions, ...), the tokens in packed order (`gru_sentiment/batch.py`). No direction
is mirrored: the second one reads each text from its last token. Each thread takes its own texts
through all steps, so threads never wait for each other, and a text has the same result whatever
their number. The arrays are checked here: C checks nothing. It needs no torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gru_sentiment.arrays import Integers, Singles
from gru_sentiment.kernel.library import Kernel, Pass, address
from gru_sentiment.kernel.threads import in_threads


@dataclass(frozen=True)
class Cell:
    """What a cell computes for each unit."""

    number: int
    """Its number in `pass.h`."""
    gates: int
    """Gates."""
    gradients: int
    """Gradients that a backward pass gives: those of the gates, and for a GRU one more, because its
    gate n has another one for U than for W."""
    has_inner: bool = False
    """Whether a bias stands behind a gate, as in a GRU."""
    has_cells: bool = False
    """Whether there is a cell beside the state, as in an LSTM."""


RNN_TANH = Cell(0, 1, 1)
RNN_RELU = Cell(1, 1, 1)
GRU = Cell(2, 3, 4, has_inner=True)
LSTM = Cell(3, 4, 4, has_cells=True)


@dataclass(frozen=True)
class Texts:
    """Where the tokens of a packed batch lie."""

    sizes: Integers
    """Texts that reach each step, shape (steps,); they never rise."""
    starts: Integers
    """The first token of each step, shape (steps,)."""

    @classmethod
    def of(cls, batch_sizes: Integers) -> Texts:
        """From the `batch_sizes` of a PackedSequence, shape (steps,).

        Raises:
            ValueError: they rise, or are not above zero.
        """
        sizes = np.ascontiguousarray(batch_sizes, np.int64)
        if not len(sizes) or sizes[-1] < 1 or (np.diff(sizes) > 0).any():
            raise ValueError("batch_sizes must be above zero and never rise")
        return cls(sizes, np.cumsum(sizes) - sizes)

    @property
    def batch(self) -> int:
        """Number of texts."""
        return int(self.sizes[0])

    @property
    def tokens(self) -> int:
        """Number of tokens."""
        return int(self.sizes.sum())


@dataclass(frozen=True)
class Stored:
    """What a forward pass leaves for the backward pass, each (tokens, directions, ...)."""

    out: Singles
    """States after each token, (..., hidden)."""
    gates: Singles
    """(..., gates x hidden)"""
    inner: Singles | None
    """GRU: Un h + cn, (..., hidden)."""
    cells: Singles | None
    """LSTM: cells after each token, (..., hidden)."""


@dataclass(frozen=True)
class Gradients:
    """What a backward pass gives. Its gradients stand in the order of the gates; for a GRU they are
    those of n, r, z and u, of which W has the first three and U the last three."""

    gates: Singles
    """(tokens, directions, gradients x hidden)"""
    bias: Singles
    """Their sum over all tokens, (directions, gradients x hidden)."""
    before: Singles
    """The state before each token, (tokens, directions, hidden)."""


@dataclass(frozen=True)
class Layer:
    """A recurrent layer and a packed batch.

    Every method raises ValueError if an array has another shape or type than it says.
    """

    kernel: Kernel
    cell: Cell
    texts: Texts
    weights: Singles
    """Recurrent weights, (directions, gates x hidden, hidden)."""
    threads: int
    """Threads at most."""

    @property
    def hidden(self) -> int:
        """Number of units."""
        return int(self.weights.shape[2])

    @property
    def directions(self) -> int:
        """1 or 2."""
        return len(self.weights)

    @property
    def lanes(self) -> int:
        """Groups of texts, each for one thread.

        Where the directions alone fill the threads, a thread takes all texts of one: more texts
        share what is read of the weights.
        """
        shared = self.threads % self.directions == 0
        return min(self.threads // self.directions if shared else self.threads, self.texts.batch)

    def forward(
        self,
        gates: Singles,
        bias: Singles,
        bias_n: Singles | None,
        h0: Singles,
        c: Singles | None,
        *,
        store: bool,
    ) -> Stored:
        """Run all steps.

        Args:
            gates: W x, (tokens, directions, gates x hidden).
            bias: (directions, gates x hidden).
            bias_n: GRU: the recurrent bias of n, (directions, hidden).
            h0: initial states, (directions, batch, hidden).
            c: LSTM: initial cells, (directions, batch, hidden). The final cells replace them.
            store: keep what `backward` needs. The gates then replace W x.
        """
        cell = self.cell
        stored = Stored(
            out=self._new(1),
            gates=gates,
            inner=self._new(1) if cell.has_inner and store else None,
            cells=self._new(1) if cell.has_cells and store else None,
        )
        arguments = _Arguments(self).tokens("gates", gates, cell.gates).tokens("out", stored.out)
        arguments.units("bias", bias, cell.gates).texts("h0", h0)
        if cell.has_inner:
            arguments.units("bias_n", bias_n)
        if cell.has_cells:
            arguments.texts("c", c)
        if store:
            self._pass_stored(arguments, stored)
        self._run("forward", arguments.fields, store=store)
        return stored

    def backward(
        self,
        stored: Stored,
        h0: Singles,
        c0: Singles | None,
        *,
        d_out: Singles | None,
        d_h: Singles,
        d_c: Singles | None,
    ) -> Gradients:
        """The gradients of the gates, and the state before each token.

        Args:
            stored: what `forward` returned.
            h0: initial states, (directions, batch, hidden).
            c0: LSTM: initial cells, (directions, batch, hidden).
            d_out: gradient of the outputs, (tokens, directions, hidden); None is zero.
            d_h: gradient of the final states, (directions, batch, hidden). The gradient of the
                initial states replaces it.
            d_c: LSTM: the same for the cells.
        """
        cell = self.cell
        d_gates, before = self._new(cell.gradients), self._new(1)
        d_bias = np.zeros((self.directions, self.lanes, cell.gradients * self.hidden), np.float32)
        arguments = _Arguments(self).tokens("gates", stored.gates, cell.gates)
        arguments.tokens("out", stored.out).tokens("before", before)
        arguments.tokens("d_gates", d_gates, cell.gradients).texts("h0", h0).texts("d_h", d_h)
        arguments.lanes("d_bias", d_bias, cell.gradients)
        if d_out is not None:
            arguments.tokens("d_out", d_out)
        if cell.has_cells:
            arguments.texts("c0", c0).texts("d_c", d_c)
        self._pass_stored(arguments, stored)
        self._run("backward", arguments.fields, store=True)
        return Gradients(d_gates, d_bias.sum(1), before)

    def _new(self, per_unit: int) -> Singles:
        shape = (self.texts.tokens, self.directions, per_unit * self.hidden)
        return np.empty(shape, np.float32)

    def _pass_stored(self, arguments: _Arguments, stored: Stored) -> None:
        if self.cell.has_inner:
            arguments.tokens("inner", stored.inner)
        if self.cell.has_cells:
            arguments.tokens("cells", stored.cells)

    def _run(self, name: str, fields: list[dict[str, int | None]], *, store: bool) -> None:
        """Every direction and lane of texts in a thread."""
        packed = [self._packed(weights, back=name == "backward") for weights in self.weights]
        calls = [
            Pass(
                cell=self.cell.number,
                hidden=self.hidden,
                steps=len(self.texts.sizes),
                reverse=direction,
                lane=lane,
                lanes=self.lanes,
                sizes=address(self.texts.sizes),
                starts=address(self.texts.starts),
                panels=address(packed[direction]),
                store=store,
                **fields[direction],
            )
            for lane in range(self.lanes)
            for direction in range(self.directions)
        ]
        in_threads(getattr(self.kernel.functions, name), calls, self.threads)

    def _packed(self, weights: Singles, *, back: bool) -> Singles:
        _check("weights", weights, (self.cell.gates * self.hidden, self.hidden))
        panels = np.empty(self.kernel.n_packed(weights), np.float32)
        self.kernel.pack(weights, panels, back=back)
        return panels


class _Arguments:
    """The arrays of a pass as addresses and strides, checked; one set for each direction."""

    def __init__(self, layer: Layer) -> None:
        self._layer = layer
        self.fields: list[dict[str, int | None]] = [{} for _ in layer.weights]

    def tokens(self, name: str, array: Singles | None, per_unit: int = 1) -> _Arguments:
        """(tokens, directions, per_unit x hidden)"""
        layer = self._layer
        shape = (layer.texts.tokens, layer.directions, per_unit * layer.hidden)
        checked = _check(name, array, shape)
        stride = {f"{name}_stride": shape[1] * shape[2]}
        return self._add(name, [checked[:, d] for d in range(layer.directions)], **stride)

    def texts(self, name: str, array: Singles | None) -> _Arguments:
        """(directions, batch, hidden)"""
        layer = self._layer
        return self._add(
            name, _check(name, array, (layer.directions, layer.texts.batch, layer.hidden))
        )

    def units(self, name: str, array: Singles | None, per_unit: int = 1) -> _Arguments:
        """(directions, per_unit x hidden)"""
        layer = self._layer
        return self._add(name, _check(name, array, (layer.directions, per_unit * layer.hidden)))

    def lanes(self, name: str, array: Singles, per_unit: int) -> _Arguments:
        """(directions, lanes, per_unit x hidden)"""
        layer = self._layer
        shape = (layer.directions, layer.lanes, per_unit * layer.hidden)
        return self._add(name, _check(name, array, shape))

    def _add(self, name: str, by_direction: Any, **also: int) -> _Arguments:
        for fields, array in zip(self.fields, by_direction, strict=True):
            fields.update({name: address(array), **also})
        return self


def _check(name: str, array: Singles | None, shape: tuple[int, ...]) -> Singles:
    if array is None or array.shape != shape:
        raise ValueError(f"{name}: {None if array is None else array.shape} is not {shape}")
    if array.dtype != np.float32 or not array.flags.c_contiguous:
        raise ValueError(f"{name} must be float32 without gaps, not {array.dtype}")
    return array
