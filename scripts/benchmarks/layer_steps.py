"""A program: seconds of a layer's training steps, ours and torch's in turns, as JSON.

    python -m benchmarks.layer_steps '{"case": {…}, "rounds": 5, "threads": 2, "set_up": false}'

A process of its own, because how it treats freed memory and waiting threads is settled before torch
is loaded: as any Python program comes, or set up as ours.
"""

from __future__ import annotations

import json
import os
import sys

from gru_sentiment.machine.environment import SETTINGS, set_up_process


def main() -> None:
    """Measure what the command line describes."""
    request = json.loads(sys.argv[1])
    if request["set_up"]:
        set_up_process()
    else:
        for name in SETTINGS:  # whoever started this was set up
            os.environ.pop(name, None)
    import torch  # from here on the process is as it is

    from benchmarks.layer import Case, run_rounds
    from gru_sentiment.machine.torch_setup import set_up_torch

    if request["set_up"]:
        set_up_torch(request["threads"])
    else:
        torch.set_num_threads(request["threads"])
    print(json.dumps(run_rounds(Case(**request["case"]), request["rounds"])))


if __name__ == "__main__":
    main()
