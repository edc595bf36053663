"""A program: a section in a process that is set up as `gru-sent` sets up its own; prints its JSON.

    python -m benchmarks.set_up_section growth '{"quick": false, …}'

For sections that measure nothing but our own program.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
from dataclasses import asdict
from typing import Any

from measuring.processes import run_process
from measuring.settings import SCRIPTS, Settings
from measuring.timing import decode_spreads, encode_spread

from gru_sentiment.machine.environment import set_up_process


def measure_set_up(name: str, settings: Settings) -> dict[str, Any]:
    """What `benchmarks.NAME.measure` gives in such a process."""
    request = {key: str(v) if v is not None else None for key, v in asdict(settings).items()}
    request |= {key: getattr(settings, key) for key in ("quick", "rounds", "threads")}
    process = run_process(
        [sys.executable, "-m", "benchmarks.set_up_section", name, json.dumps(request)],
        folder=settings.work,
        environment={"PYTHONPATH": SCRIPTS},
    )
    found: dict[str, Any] = json.loads(process.output, object_hook=decode_spreads)
    return found


def main() -> None:
    """Measure the section that the command line names."""
    set_up_process()
    from gru_sentiment.machine.torch_setup import set_up_torch

    settings = Settings.from_json(json.loads(sys.argv[2]))
    set_up_torch(settings.threads)
    with contextlib.redirect_stdout(sys.stderr):
        found = importlib.import_module(f"benchmarks.{sys.argv[1]}").measure(settings)
    print(json.dumps(found, default=encode_spread))


if __name__ == "__main__":
    main()
