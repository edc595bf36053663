"""How a process is set up, seen from one of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from gru_sentiment.machine.environment import SETTINGS

FAULTS = """
import resource, sys
if "set up" in sys.argv:
    from gru_sentiment.machine.environment import set_up_process
    set_up_process()
import numpy as np
large = np.ones(10_000_000)
del large
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
large = np.ones(10_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
SET = """
import os
from gru_sentiment.machine.environment import SETTINGS, set_up_process
set_up_process()
print(*(os.environ[name] for name in SETTINGS))
"""


def printed(code: str, *arguments: str, **environment: str) -> str:
    inherited = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=inherited | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_freed_memory_is_kept() -> None:
    """80 MB are pages to be fetched from the system again, or still there."""
    assert int(printed(FAULTS, "set up")) < int(printed(FAULTS)) / 4


def test_threads_spin_shortly_and_little_is_prepared_unless_the_user_says_how_much() -> None:
    assert printed(SET) == "2000 1 256"
    assert printed(SET, GOMP_SPINCOUNT="7", LRU_CACHE_CAPACITY="8") == "7 8 256"


PRODUCTS = """
import random, resource
from gru_sentiment.machine.environment import set_up_process
set_up_process()
import torch
from gru_sentiment.machine.torch_setup import multiply_with_onednn
multiply_with_onednn()
random.seed(0)
weight = torch.randn(512, 128)
def multiply(times):
    for _ in range(times):
        torch.randn(random.randrange(200, 2000), 128) @ weight.T
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(multiply(1500) - multiply(300))
"""


@pytest.mark.slow
def test_products_of_ever_new_shapes_take_no_ever_new_memory() -> None:
    assert float(printed(PRODUCTS)) < 64


NETWORK = """
import os, socket, sys
from gru_sentiment.machine.environment import is_offline, set_up_network
set_up_network(offline="offline" in sys.argv)
print(is_offline(), os.environ.get("HF_HUB_OFFLINE"), socket.has_ipv6)
"""


def test_the_network_is_refused_by_the_option_or_by_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    assert printed(NETWORK).startswith("False None")
    assert printed(NETWORK, "offline") == "True 1 False"
    assert printed(NETWORK, HF_HUB_OFFLINE="yes") == "True 1 False"
    assert printed(NETWORK, HF_DATASETS_OFFLINE="1") == "True 1 False"
    assert printed(NETWORK, HF_HUB_OFFLINE="0").startswith("False 0")
