"""A program: the peak memory of one training step of a layer, in MiB, as JSON.

    python -m benchmarks.layer_memory '{"case": {…}, "contender": "compiled", "threads": 2}'

What counts is what the step adds to the memory held before it: module, input and gradient are
there already, and a short step has loaded and allocated what torch keeps. Linux tells the peak
since a moment of our choice; elsewhere it is the growth of the process's all-time peak.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.layer import Case, Step
from gru_sentiment.machine.provenance import peak_memory_mib

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
RESET_PEAK = "5"
WARM_UP = 8
"""Words a text, at most, of the step before."""


def main() -> None:
    """Measure what the command line describes."""
    request = json.loads(sys.argv[1])
    torch.set_num_threads(request["threads"])
    case, contender = Case(**request["case"]), request["contender"]
    Step(replace(case, longest=WARM_UP), contender)()
    step = Step(case, contender)
    before = _start()
    step()
    print(json.dumps({"peak_mib": _peak() - before}))


def _start() -> float:
    """MiB held now; the peak counts from here."""
    if not CLEAR.exists():
        return peak_memory_mib() or 0.0
    CLEAR.write_text(RESET_PEAK)
    return _status("VmRSS")


def _peak() -> float:
    return _status("VmHWM") if CLEAR.exists() else peak_memory_mib() or 0.0


def _status(name: str) -> float:
    found = re.search(rf"{name}:\s+(\d+) kB", STATUS.read_text())
    assert found is not None
    return int(found[1]) / 2**10


if __name__ == "__main__":
    main()
