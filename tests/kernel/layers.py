"""Random layers and batches for the kernel, and the same forward pass in plain numpy. No torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gru_sentiment.arrays import Integers, Singles
from gru_sentiment.kernel.layout import GRU, LSTM, RNN_RELU, RNN_TANH, Cell, Texts
from gru_sentiment.kernel.library import Kernel
from gru_sentiment.kernel.passes import Gradients, Layer, Stored

CELLS = {"rnn-tanh": RNN_TANH, "rnn-relu": RNN_RELU, "gru": GRU, "lstm": LSTM}


@dataclass(frozen=True)
class Problem:
    """A layer with its input, biases and initial states."""

    cell: Cell
    sizes: Integers
    """As `batch_sizes` of a PackedSequence."""
    w: Singles
    u: Singles
    x: Singles
    bias: Singles
    bias_n: Singles | None
    h0: Singles
    c0: Singles | None

    @classmethod
    def drawn(
        cls,
        cell: Cell,
        lengths: list[int],
        *,
        input_size: int = 5,
        hidden: int = 7,
        directions: int = 2,
        seed: int = 0,
    ) -> Problem:
        """Normal numbers; weights small enough that no state explodes."""
        generator = np.random.default_rng(seed)

        def normal(*shape: int, scale: float = 1.0) -> Singles:
            return (generator.standard_normal(shape) * scale).astype(np.float32)

        longest = np.sort(lengths)[::-1]
        sizes = (longest[:, None] > np.arange(longest[0])).sum(0)
        scale, rows = 1 / np.sqrt(hidden), cell.gates * hidden
        states = (directions, len(lengths), hidden)
        return cls(
            cell=cell,
            sizes=sizes,
            w=normal(directions, rows, input_size, scale=scale),
            u=normal(directions, rows, hidden, scale=scale),
            x=normal(int(sizes.sum()), input_size),
            bias=normal(directions, rows),
            bias_n=normal(directions, hidden) if cell.has_inner else None,
            h0=normal(*states),
            c0=normal(*states) if cell.has_cells else None,
        )

    def layer(self, kernel: Kernel, threads: int = 1) -> Layer:
        """The layer, for a kernel."""
        return Layer(kernel, self.cell, Texts.of(self.sizes), self.w, self.u, threads)

    def forward(
        self, kernel: Kernel, threads: int = 1, *, store: bool = True
    ) -> tuple[Stored, Singles | None]:
        """What the forward pass leaves, and the final cells of an LSTM."""
        c = None if self.c0 is None else self.c0.copy()
        stored = self.layer(kernel, threads).forward(
            self.x, self.bias, self.bias_n, self.h0, c, store=store
        )
        return stored, c

    def backward(self, kernel: Kernel, threads: int = 1) -> tuple[Gradients, Singles]:
        """Gradients of half the sum of the squared outputs, and of the initial states."""
        stored, _ = self.forward(kernel, threads)
        d_h = np.zeros_like(self.h0)
        gradients = self.layer(kernel, threads).backward(
            self.x,
            stored,
            self.h0,
            self.c0,
            d_out=stored.out.copy(),
            d_h=d_h,
            d_c=None if self.c0 is None else np.zeros_like(self.c0),
        )
        return gradients, d_h


def reference(problem: Problem) -> Singles:
    """Outputs (tokens, directions, hidden) in float64, text by text, from the equations."""
    texts, sizes = Texts.of(problem.sizes), problem.sizes
    out = np.zeros((texts.tokens, len(problem.u), problem.u.shape[2]))
    for direction in range(len(problem.u)):
        for text in range(texts.batch):
            h = problem.h0[direction, text].astype(float)
            c = None if problem.c0 is None else problem.c0[direction, text].astype(float)
            places = [int(texts.starts[t]) + text for t in range(len(sizes)) if sizes[t] > text]
            for place in places[::-1] if direction else places:
                h, c = _step(problem, direction, problem.x[place].astype(float), h, c)
                out[place, direction] = h
    return out


def _step(problem: Problem, d: int, x: Singles, h: Singles, c: Singles | None):  # type: ignore[no-untyped-def]
    of_x, of_h = problem.w[d] @ x + problem.bias[d], problem.u[d] @ h
    if problem.cell == RNN_TANH:
        return np.tanh(of_x + of_h), None
    if problem.cell == RNN_RELU:
        return np.maximum(of_x + of_h, 0), None
    if problem.cell == GRU:
        assert problem.bias_n is not None
        (x_r, x_z, x_n), (h_r, h_z, h_n) = np.split(of_x, 3), np.split(of_h, 3)
        z = _sigmoid(x_z + h_z)
        n = np.tanh(x_n + _sigmoid(x_r + h_r) * (h_n + problem.bias_n[d]))
        return (1 - z) * n + z * h, None
    assert c is not None
    i, f, g, o = np.split(of_x + of_h, 4)
    c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
    return _sigmoid(o) * np.tanh(c), c


def _sigmoid(a: Singles) -> Singles:
    return 0.5 + 0.5 * np.tanh(0.5 * a)
