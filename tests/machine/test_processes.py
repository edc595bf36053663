"""Work in several processes: in order, with what was loaded, and nobody left behind."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest

from gru_sentiment.errors import DataError
from gru_sentiment.machine.processes import n_workers_for, process_map


@pytest.mark.parametrize(
    ("cores", "processes", "texts", "expected"),
    [
        (8, None, 25_000, 8),
        (2, None, 25_000, 2),
        (8, None, 5_999, 2),
        (8, None, 10, 1),
        (8, 1, 25_000, 1),
        (1, 4, 25_000, 4),
    ],
)
def test_processes_only_where_they_are_faster(
    cores: int,
    processes: int | None,
    texts: int,
    expected: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    assert n_workers_for(texts, processes) == expected


def with_process(value: int) -> tuple[int, int]:
    time.sleep(0.001 * (value % 3))
    return value, os.getpid()


@pytest.mark.parametrize("processes", [1, 3])
def test_results_come_in_order_of_the_arguments(processes: int) -> None:
    with process_map(with_process, processes, hint="") as apply:
        values, ids = zip(*apply(range(40)), strict=True)
    assert values == tuple(range(40))
    assert (os.getpid() in ids) == (processes == 1)
    assert len(set(ids)) <= processes


def test_one_process_works_when_it_is_asked() -> None:
    done: list[int] = []
    with process_map(done.append, 1, hint="") as apply:
        results = apply([1, 2])
        assert done == []
        next(results)
    assert done == [1]


def kill(_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail(_: object) -> None:
    raise DataError("not this one")


@pytest.mark.parametrize(
    ("work", "says"), [(kill, "was killed, perhaps for lack of memory"), (fail, "not this one")]
)
def test_what_fails(work: Callable[[object], None], says: str) -> None:
    with (
        pytest.raises(DataError, match=says) as caught,
        process_map(work, 2, hint="use fewer") as apply,
    ):
        list(apply([0]))
    assert ("or use fewer" in caught.value.hint) == (work is kill)


def test_a_block_that_is_left_early_leaves_no_process() -> None:
    def interrupted(ids: set[int]) -> None:
        with process_map(with_process, 2, hint="") as apply:
            results = apply(range(1_000))
            ids.update(next(results)[1] for _ in range(10))
            raise KeyboardInterrupt

    ids: set[int] = set()
    with pytest.raises(KeyboardInterrupt):
        interrupted(ids)
    assert ids
    assert_ended(ids)


def slow(_: int) -> int:
    time.sleep(0.5)
    return os.getpid()


def test_tasks_that_are_queued_are_left_undone() -> None:
    started = time.monotonic()
    with process_map(slow, 2, hint="") as apply:
        ids = {next(apply(range(100)))}
    assert time.monotonic() - started < 2  # and not the five tasks that two processes have ahead
    assert_ended(ids)


def assert_ended(ids: set[int]) -> None:
    for each in ids:
        with pytest.raises(ProcessLookupError):
            os.kill(each, 0)
