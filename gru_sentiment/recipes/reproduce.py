"""Is a second training of a run the same run?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from gru_sentiment.artifact.files import HISTORY, finished_of
from gru_sentiment.config.sections import Config
from gru_sentiment.machine.provenance import provenance
from gru_sentiment.results.training import Comparison
from gru_sentiment.trained.reader import existing_run, load_network, read_metadata

CLOCK = ("elapsed_s", "tokens_per_s")
"""What differs between any two trainings, in a line of metrics.jsonl."""


def config_of(path: Path, output: Path | None) -> Config:
    """The run's config with the number of threads that it had, for a training into `output`.

    Raises:
        ArtifactError: no such run, or not the one that was written, or none of a network.
    """
    path = existing_run(path)
    config = load_network(path, torch.device("cpu")).config
    # a link such as runs/latest names another folder, and the copy belongs beside that one
    home = finished_of(path.resolve())
    changes = {
        "output": output or home.with_name(f"{home.name}-reproduced"),
        "threads": read_metadata(path).get("threads", config.run.threads),
    }
    return config.model_copy(update={"run": config.run.model_copy(update=changes)})


def compare(first: Path, second: Path) -> Comparison:
    """Weights and history of two runs, bit by bit."""
    first, device = existing_run(first), torch.device("cpu")
    a = load_network(first, device).model.state_dict()
    b = load_network(second, device).model.state_dict()
    same_shapes = {n: t.shape for n, t in a.items()} == {n: t.shape for n, t in b.items()}
    largest = max(float((a[name] - b[name]).abs().max()) for name in a) if same_shapes else None
    before, now = read_metadata(first), provenance()
    both = {name: (before.get(name), now[name]) for name in now}
    changed = {name: (str(old), str(new)) for name, (old, new) in both.items() if old != new}
    return Comparison(
        first=str(first),
        second=str(second),
        equal_weights=same_shapes and all(torch.equal(a[name], b[name]) for name in a),
        largest_difference=largest,
        equal_history=_history(first) == _history(second),
        changed=changed,
    )


def _history(path: Path) -> list[dict[str, Any]]:
    lines = (path / HISTORY).read_text("utf-8").splitlines()
    return [
        {key: value for key, value in json.loads(line).items() if key not in CLOCK}
        for line in lines
    ]
