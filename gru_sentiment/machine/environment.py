"""How a process uses the machine and the network. Call these before torch is loaded."""

from __future__ import annotations

import ctypes
import os
import socket
import sys

OFFLINE = ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE")
SETTINGS = {
    "GOMP_SPINCOUNT": "2000",
    "LRU_CACHE_CAPACITY": "1",
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "256",
}
"""Environment variables of GNU OpenMP, of torch's use of oneDNN, and of oneDNN."""
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
KEEP_BYTES = 1 << 30


def cores() -> int:
    """The processor's cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def set_up_process() -> None:
    """Set environment variables and the memory allocator for recurrent networks on a CPU.

    GNU OpenMP's threads spin while they wait for each other. With its default, two trainings on one
    machine keep each other from working (25 times slower, measured). The shorter the spin, the
    better they share it, and the slower a training alone is: 2,000 is for two at once, and 10,000
    is faster alone (scripts/BENCHMARKS.md has both). oneDNN caches what it prepares for a
    product of one shape, torch caches it once more, and every batch has new shapes: 23 GiB after
    two epochs that take 5 GiB with MKL, and most of it saves no time. glibc returns every large
    tensor to the system when it is freed, and the system clears its pages for the next step: a
    fifth of the time of a recurrent layer. On systems other than Linux the allocator is left alone.
    """
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # musl has none
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, KEEP_BYTES)


def set_up_threads(threads: int | None) -> None:
    """Let numpy multiply matrices on this many threads; None leaves one for each core."""
    if threads is not None and "numpy" not in sys.modules:
        os.environ["OPENBLAS_NUM_THREADS"] = str(threads)


def set_up_network(*, offline: bool) -> None:
    """Open no connection from now on, if `offline` or the user's environment says so."""
    if offline or is_offline():
        os.environ.update(dict.fromkeys(OFFLINE, "1"))  # the library of the hub reads them too
        socket.has_ipv6 = False  # urllib3, which spaCy loads, would open a socket to find out


def is_offline() -> bool:
    """Whether `set_up_network` or the user's environment forbids connections."""
    return any(os.environ.get(name, "").upper() in {"1", "ON", "YES", "TRUE"} for name in OFFLINE)
