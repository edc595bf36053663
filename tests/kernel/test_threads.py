"""Threads of a pass: each call once, errors, and an interrupt while others compute."""

from __future__ import annotations

import gc
import threading
import weakref
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gru_sentiment.kernel.layout import LSTM
from gru_sentiment.kernel.library import Kernel, Pass
from gru_sentiment.kernel.threads import in_threads

from .layers import Problem


@pytest.mark.parametrize("n", [1, 2, 3, 7])
@pytest.mark.parametrize("threads", [1, 2, 3, 9])
def test_every_call_is_made_once(n: int, threads: int) -> None:
    calls: list[int] = []
    in_threads(calls.append, range(n), threads)
    assert sorted(calls) == list(range(n))


def test_no_more_threads_than_asked_for() -> None:
    """The calling thread is one of them."""
    together, used = threading.Barrier(3, timeout=60), set()

    def call(number: int) -> None:
        together.wait()
        used.add(threading.get_ident())

    in_threads(call, range(6), 3)
    assert len(used) == 3
    assert threading.get_ident() in used


def test_an_error_in_another_thread_is_raised_here() -> None:
    def call(number: int) -> None:
        if number:
            raise RuntimeError(f"call {number}")

    with pytest.raises(RuntimeError, match="call 1"):
        in_threads(call, [0, 1], 2)


def test_memory_outlives_an_interrupt_while_threads_compute() -> None:
    """Ctrl-C ends the calling thread at once. The other ones still write to the arrays."""
    go_on, ended, main = threading.Event(), threading.Event(), threading.current_thread()
    memory: list[weakref.ref[Any]] = []
    alive: list[bool] = []

    def forward(call: Pass) -> None:
        if threading.current_thread() is main:
            raise KeyboardInterrupt
        go_on.wait(60)
        alive.extend(array() is not None for array in memory)
        ended.set()

    def pack(weights: np.ndarray[Any, Any], gates: int, *, back: bool) -> np.ndarray[Any, Any]:
        panels = np.zeros(weights.size, np.float32)
        memory.append(weakref.ref(panels))
        return panels

    functions: Any = SimpleNamespace(forward=forward)
    kernel = Kernel("interrupted", 4, functions)
    object.__setattr__(kernel, "pack", pack)

    def interrupted() -> None:
        problem = Problem.drawn(LSTM, [3, 2])
        layer, c = problem.layer(kernel, 2), problem.h0.copy()
        for array in (problem.x, problem.bias, problem.h0, c, layer.texts.sizes):
            memory.append(weakref.ref(array))
        layer.forward(problem.x, problem.bias, None, problem.h0, c, store=True)

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    gc.collect()
    go_on.set()
    assert ended.wait(60)
    assert len(alive) > 5
    assert all(alive)
