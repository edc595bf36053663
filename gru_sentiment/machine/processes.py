"""Work in several processes."""

from __future__ import annotations

import ctypes
import mmap
import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

from gru_sentiment.errors import DataError
from gru_sentiment.machine.environment import cores
from gru_sentiment.machine.signals import StopRequest

TEXTS_A_PROCESS = 2_000
"""Texts for which starting one more process saves time."""
PR_SET_PDEATHSIG = 1
Apply = Callable[[Iterable[Any]], Iterator[Any]]
"""As `map` of one function: what it returns for each argument, in order."""
_work: Callable[[Any], Any] | None = None
"""What a process has been started for."""
_left: mmap.mmap | None = None
"""A byte that forked processes share; it is not 0 when nobody waits for results any more."""


def n_workers_for(n_texts: int, processes: int | None) -> int:
    """The number of processes for so many texts: at most `processes`, or one for each core."""
    return min(processes or cores(), max(1, n_texts // TEXTS_A_PROCESS))


@contextmanager
def process_map(work: Callable[[Any], Any], processes: int, *, hint: str) -> Iterator[Apply]:
    """A `map` of `work` over that many processes.

    With more than one, the work begins at once, and the processes end after their task if this
    block is left early. Of `work` they have what it was when they were started.

    Args:
        work: what is done with each argument; several processes get it at their start.
        processes: how many; with one it is done in this process, when the results are asked for.
        hint: what helps against too many processes.

    Raises:
        DataError: a process was killed, for instance for lack of memory.
    """
    if processes == 1:
        yield lambda arguments: map(work, arguments)
        return
    # a forked worker starts in milliseconds, with all that `work` has loaded
    forked = sys.platform == "linux"
    context = multiprocessing.get_context("fork" if forked else None)
    left = mmap.mmap(-1, 1) if forked else None
    pool = ProcessPoolExecutor(
        processes, mp_context=context, initializer=_begin_worker, initargs=(work, left)
    )
    try:
        with StopRequest() as stop:
            # Ctrl-C waits here: while processes are starting it would leave some of them behind
            list(pool.map(_started, range(processes)))
            stop.grant()
        yield lambda arguments: pool.map(_do, arguments)
    except BrokenProcessPool as error:
        raise DataError(
            "a process was killed, perhaps for lack of memory",
            hint=f"free some memory, or {hint}",
        ) from error
    finally:
        # workers finish their task and end, and do nothing of those that are queued already;
        # killing one could leave a full queue, on which Python 3.11 waits forever
        if left is not None:
            left[0] = 1
        pool.shutdown(cancel_futures=True)


def _begin_worker(work: Callable[[Any], Any], left: mmap.mmap | None) -> None:
    """Ignore signals, which the parent process handles, and end with the parent."""
    global _work, _left
    for number in (signal.SIGINT, signal.SIGTERM):  # the whole process group receives them
        signal.signal(number, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    _work, _left = work, left


def _started(_: int) -> None:
    """Nothing: a process that does it has started."""


def _do(argument: Any) -> Any:
    assert _work is not None
    if _left is not None and _left[0]:
        return None
    return _work(argument)
