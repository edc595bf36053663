"""How a process that trains uses the machine. To be called before torch is loaded."""

from __future__ import annotations

import ctypes
import os
import sys

SPIN_COUNT = "2000"
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
KEEP_BYTES = 1 << 30


def set_up_process() -> None:
    """Share the cores with other programs, and keep freed memory for the next step.

    GNU OpenMP's threads spin while they wait for each other: with its default, two trainings on
    one machine keep each other from working (25 times slower, measured); with a short spin they
    share it, and a training alone is no slower. And glibc gives every large tensor back to the
    system when it is freed, which then clears it page by page for the next step: a fifth of the
    time of a recurrent layer. Other systems are left as they are.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # musl has none
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, KEEP_BYTES)
