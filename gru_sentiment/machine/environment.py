"""How a process uses the machine and the network. To be called before torch is loaded."""

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


def set_up_process() -> None:
    """Share the cores with other programs, and keep freed memory for the next step.

    GNU OpenMP's threads spin while they wait for each other: with its default, two trainings on
    one machine keep each other from working (25 times slower, measured); with a short spin they
    share it, and a training alone is no slower. oneDNN keeps what it has prepared for a product of
    one shape, torch keeps as much again, and every batch brings new shapes: 23 GiB after two epochs
    that take 5 with MKL's products, and no time saved by most of it. And glibc gives every large
    tensor back to the system when it is freed, which then clears it page by page for the next
    step: a fifth of the time of a recurrent layer. Other systems are left as they are.
    """
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # musl has none
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, KEEP_BYTES)


def set_up_network(*, offline: bool) -> None:
    """Open no connection from here on if `offline`, or if the user's environment says so."""
    if offline or is_offline():
        os.environ.update(dict.fromkeys(OFFLINE, "1"))  # the hub's library reads them too
        socket.has_ipv6 = False  # urllib3, which spaCy loads, would open a socket to find out


def is_offline() -> bool:
    """Whether connections are refused, by `set_up_network` or by the user's environment."""
    return any(os.environ.get(name, "").upper() in {"1", "ON", "YES", "TRUE"} for name in OFFLINE)
