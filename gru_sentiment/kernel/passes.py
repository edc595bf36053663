"""The forward and the backward pass of a recurrent layer, by a compiled kernel, on all cores.

Axes: (tokens, directions, ...), the tokens in packed order (`gru_sentiment/batch.py`). No direction
is mirrored: the second one reads each text from its last token. Each thread takes its own texts
through all steps, so threads never wait for each other. The outputs of a text do not depend on the
number of threads; the weight gradients are summed thread by thread. It needs no torch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gru_sentiment.arrays import Singles
from gru_sentiment.kernel.arguments import Arguments, check
from gru_sentiment.kernel.layout import Cell, Texts
from gru_sentiment.kernel.library import Kernel, Pass, address
from gru_sentiment.kernel.threads import in_threads


@dataclass(frozen=True)
class Stored:
    """What a forward pass leaves, each (tokens, directions, ...)."""

    out: Singles
    """States after each token, (..., hidden)."""
    gates: Singles | None = None
    """(..., gates x hidden), where it is stored."""
    inner: Singles | None = None
    """GRU: Un h + cn, (..., hidden), where it is stored."""
    cells: Singles | None = None
    """LSTM: cells after each token, (..., hidden), where they are stored."""


@dataclass(frozen=True)
class Gradients:
    """What a backward pass gives, by direction."""

    x: Singles | None
    """(directions, tokens, input), where it is wanted: to be summed over the directions."""
    w: Singles
    """Input weights, (directions, gates x hidden, input)."""
    u: Singles
    """Recurrent weights, (directions, gates x hidden, hidden)."""
    b: Singles
    """Biases beside W, (directions, gates x hidden)."""
    c: Singles
    """Biases beside U, the same."""


@dataclass(frozen=True)
class Layer:
    """A recurrent layer and a packed batch.

    The constructor and both passes raise ValueError for an array of another shape or type.
    """

    kernel: Kernel
    cell: Cell
    texts: Texts
    w: Singles
    """Input weights, (directions, gates x hidden, input)."""
    u: Singles
    """Recurrent weights, (directions, gates x hidden, hidden)."""
    threads: int
    """Threads at most, one or more."""

    def __post_init__(self) -> None:
        for name, weights in (("w", self.w), ("u", self.u)):
            if weights.ndim != 3 or len(weights) not in {1, 2}:
                expected = "(1 or 2 directions, rows, columns)"
                raise ValueError(f"{name}: {weights.shape} is not {expected}")
        rows = self.cell.gates * self.hidden
        check("w", self.w, (self.directions, rows, self.w.shape[2]))
        check("u", self.u, (self.directions, rows, self.hidden))
        if self.threads < 1:
            raise ValueError(f"threads: {self.threads} is below 1")

    @property
    def hidden(self) -> int:
        """Number of units."""
        return int(self.u.shape[2])

    @property
    def directions(self) -> int:
        """1 or 2."""
        return len(self.u)

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
        x: Singles,
        bias: Singles,
        bias_n: Singles | None,
        h0: Singles,
        c: Singles | None,
        *,
        store: bool,
    ) -> Stored:
        """Run all steps.

        Args:
            x: (tokens, input).
            bias: what is added to the gates, (directions, gates x hidden).
            bias_n: GRU: the recurrent bias of n, (directions, hidden).
            h0: initial states, (directions, batch, hidden).
            c: LSTM: initial cells, (directions, batch, hidden). The final cells replace them.
            store: keep what `backward` needs.
        """
        cell = self.cell
        stored = Stored(
            out=self._new(1),
            gates=self._new(cell.gates) if store else None,
            inner=self._new(1) if cell.has_inner and store else None,
            cells=self._new(1) if cell.has_cells and store else None,
        )
        arguments = self._arguments(x, h0, stored, store=store)
        arguments.add("bias", bias, self.directions, cell.gates * self.hidden)
        if cell.has_inner:
            arguments.add("bias_n", bias_n, self.directions, self.hidden)
        if cell.has_cells:
            arguments.add("c", c, *self._of_texts)
        self._run(arguments, back=False)
        return stored

    def backward(
        self,
        x: Singles,
        stored: Stored,
        h0: Singles,
        c0: Singles | None,
        *,
        d_out: Singles | None,
        d_h: Singles,
        d_c: Singles | None,
        wants_x: bool = True,
    ) -> Gradients:
        """All gradients.

        Args:
            x: (tokens, input).
            stored: what `forward` returned.
            h0: initial states, (directions, batch, hidden).
            c0: LSTM: initial cells, (directions, batch, hidden).
            d_out: gradient of the outputs, (tokens, directions, hidden); None is zero.
            d_h: gradient of the final states, (directions, batch, hidden). The gradient of the
                initial states replaces it.
            d_c: LSTM: the same for the cells.
            wants_x: whether to give the gradient of x.
        """
        cell, hidden, input_size = self.cell, self.hidden, self.w.shape[2]
        rows, by_lane = cell.gates * hidden, (self.directions, self.lanes)
        d_x = np.empty((self.directions, *x.shape), np.float32) if wants_x else None
        d_w = np.zeros((*by_lane, rows, input_size), np.float32)
        d_u = np.zeros((*by_lane, rows, hidden), np.float32)
        d_bias = np.zeros((*by_lane, cell.gradients * hidden), np.float32)
        scratch = self.kernel.scratch(cell.number, input_size, hidden)
        arguments = self._arguments(x, h0, stored, store=True)
        arguments.add("d_w", d_w, *d_w.shape).add("d_u", d_u, *d_u.shape)
        arguments.add("d_bias", d_bias, *d_bias.shape)
        arguments.add("scratch", np.empty((*by_lane, scratch), np.float32), *by_lane, scratch)
        arguments.add("d_h", d_h, *self._of_texts)
        if d_x is not None:
            arguments.add("d_x", d_x, *d_x.shape).stride("d_x", input_size)
        if d_out is not None:
            arguments.add_tokens("d_out", d_out, hidden)
        if cell.has_cells:
            arguments.add("c0", c0, *self._of_texts).add("d_c", d_c, *self._of_texts)
        self._run(arguments, back=True)
        turn = self._turn
        of_bias = d_bias.sum(1)
        return Gradients(
            x=d_x,
            w=np.roll(d_w.sum(1), -turn, axis=1),
            u=d_u.sum(1),
            b=np.roll(of_bias[:, :rows], -turn, axis=1),
            c=of_bias[:, -rows:],
        )

    @property
    def _of_texts(self) -> tuple[int, int, int]:
        return self.directions, self.texts.batch, self.hidden

    @property
    def _turn(self) -> int:
        """The gradients of a GRU's gates begin with n, the last gate: rows to turn weights by."""
        return self.hidden if self.cell.has_inner else 0

    def _new(self, per_unit: int) -> Singles:
        shape = (self.texts.tokens, self.directions, per_unit * self.hidden)
        return np.empty(shape, np.float32)

    def _arguments(self, x: Singles, h0: Singles, stored: Stored, *, store: bool) -> Arguments:
        """What both passes are given."""
        check("x", x, (self.texts.tokens, self.w.shape[2]))
        arguments = Arguments(self.directions, self.texts.tokens)
        arguments.share("x", x).stride("x", x.shape[1]).add("h0", h0, *self._of_texts)
        arguments.add_tokens("out", stored.out, self.hidden)
        if store:
            arguments.add_tokens("gates", stored.gates, self.cell.gates * self.hidden)
            if self.cell.has_inner:
                arguments.add_tokens("inner", stored.inner, self.hidden)
            if self.cell.has_cells:
                arguments.add_tokens("cells", stored.cells, self.hidden)
            arguments.number("store", 1)
        return arguments

    def _run(self, arguments: Arguments, *, back: bool) -> None:
        """Every direction and lane of texts in a thread."""
        w = np.roll(self.w, self._turn, axis=1) if back else self.w
        pack = self.kernel.pack
        panels = [
            {
                "w": pack(w[d], self.cell.gates, back=back),
                "u": pack(self.u[d], self.cell.gates, back=back),
            }
            for d in range(self.directions)
        ]
        calls = [
            Pass(
                cell=self.cell.number,
                input=self.w.shape[2],
                hidden=self.hidden,
                steps=len(self.texts.sizes),
                reverse=direction,
                lane=lane,
                lanes=self.lanes,
                sizes=address(self.texts.sizes),
                starts=address(self.texts.starts),
                **{name: address(array) for name, array in panels[direction].items()},
                **arguments.of_direction[direction],
            )
            for lane in range(self.lanes)
            for direction in range(self.directions)
        ]
        for call in calls:
            call.memory = (self.texts, panels, arguments.arrays)
        functions = self.kernel.functions
        in_threads(functions.backward if back else functions.forward, calls, self.threads)
