"""A program: every kernel of a library over the table of cells and over random shapes.

    python -m kernel.fuzz LIBRARY SHAPES          in the folder tests/

For a library that was compiled with sanitizers, which end the process at the first fault. Every
array is exactly as large as it has to be. It loads no torch. At the end it prints a line a kernel.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from gru_sentiment.kernel.library import Kernel, load

from .layers import CELLS, Problem, reference

LONGEST, TEXTS, HIDDEN, INPUT = 90, 70, 300, 60
WORK = 300_000
"""Multiplications of a drawn shape, about: long texts have few units, many units few texts."""
MANY_UNITS_TEXTS = 3
"""Texts that a shape may have, however much work they are."""
TABLE = [
    (lengths, hidden, directions)
    for lengths in ([1], [3, 3, 3], [7, 4, 4, 1], [2] * 100)
    for hidden in (1, 7, 16, 33)
    for directions in (1, 2)
]


def main() -> None:
    """Run what the command line says."""
    library, shapes = Path(sys.argv[1]), int(sys.argv[2])
    for kernel in load(library):
        n = sum(_run(kernel, problem, exactly=True) for problem in _table())
        n += sum(_run(kernel, problem, exactly=i % 50 == 0) for i, problem in _drawn(shapes))
        print(f"{kernel.name}, {kernel.width} wide: {n} shapes")


def _table() -> Iterator[Problem]:
    for cell in CELLS.values():
        for lengths, hidden, directions in TABLE:
            yield Problem.drawn(cell, lengths, hidden=hidden, directions=directions)


def _drawn(shapes: int) -> Iterator[tuple[int, Problem]]:
    generator = np.random.default_rng(0)
    cells = list(CELLS.values())
    for i in range(shapes):
        cell = cells[i % len(cells)]
        hidden = int(np.exp(generator.uniform(0, np.log(HIDDEN + 1))))
        input_size = int(generator.integers(1, INPUT + 1))
        tokens = WORK // (hidden * (hidden + input_size) * cell.gates)
        texts = min(int(generator.integers(1, TEXTS + 1)), max(MANY_UNITS_TEXTS, tokens))
        longest = int(np.clip(2 * tokens // texts, 1, LONGEST))
        lengths = generator.integers(1, longest + 1, texts).tolist()
        yield (
            i,
            Problem.drawn(
                cell,
                lengths,
                input_size=input_size,
                hidden=hidden,
                directions=1 + i % 2,
                seed=i,
            ),
        )


def _run(kernel: Kernel, problem: Problem, *, exactly: bool) -> int:
    """Both passes on one to three threads; `exactly` holds the outputs against the equations."""
    threads = 1 + len(problem.x) % 3
    bare, _ = problem.forward(kernel, threads, store=False)
    problem.backward(kernel, threads)
    if exactly:
        expected = reference(problem)
        scale = max(1.0, float(np.abs(expected).max()))
        assert np.abs(bare.out - expected).max() <= 1e-5 * scale, problem
    return 1


if __name__ == "__main__":
    main()
