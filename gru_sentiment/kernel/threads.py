"""Calls of compiled functions, each in a thread."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any


def in_threads(function: Callable[[Any], None], arguments: Sequence[Any], threads: int) -> None:
    """Call `function` with each of the arguments, on so many threads at most.

    The calling thread takes its share. A call of a compiled function leaves Python's lock free.
    """
    shares = [arguments[first::threads] for first in range(min(threads, len(arguments)))]
    mine, *others = shares

    def work(share: Sequence[Any]) -> None:
        for argument in share:
            function(argument)

    waiting = [_pool(os.getpid(), threads).submit(work, share) for share in others]
    work(mine)
    for future in waiting:
        future.result()


@cache
def _pool(process: int, threads: int) -> ThreadPoolExecutor:  # noqa: ARG001
    """Threads that wait for work. A forked process has none of its parent's: hence `process`."""
    return ThreadPoolExecutor(threads, thread_name_prefix="recurrence")
