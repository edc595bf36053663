"""Compare a run with a second training of its config."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from gru_sentiment.artifact.contents import read_metadata
from gru_sentiment.artifact.files import HISTORY, finished_of
from gru_sentiment.artifact.folders import existing_run, is_bundled
from gru_sentiment.config.sections import Config
from gru_sentiment.errors import ArtifactError
from gru_sentiment.machine.provenance import provenance
from gru_sentiment.results.training import Reproduction
from gru_sentiment.trained.reader import load_network

CLOCK = ("elapsed_s", "tokens_per_s")
"""Fields of a line of metrics.jsonl that differ between any two trainings."""


def config_of(path: Path, output: Path | None) -> Config:
    """The run's config for a second training into `output`, with the run's number of threads.

    Without `output` the second run goes beside the first, with -reproduced behind its name.

    Raises:
        ArtifactError: there is no such run, its files are damaged, it is not a network, or it is
            the one in the package.
    """
    path = existing_run(path)
    if is_bundled(path):
        raise ArtifactError(
            f"{path}: is the average of two trainings on texts that are not in the package",
            hint="scripts/make_pretrained.py --check makes it again and compares",
        )
    config = load_network(path, torch.device("cpu")).config
    # a link such as runs/latest names another folder, and the copy belongs beside that one
    home = finished_of(path.resolve())
    changes = {
        "output": output or home.with_name(f"{home.name}-reproduced"),
        "threads": read_metadata(path).get("threads", config.run.threads),
    }
    return config.model_copy(update={"run": config.run.model_copy(update=changes)})


def compare(first: Path, second: Path) -> Reproduction:
    """Compare weights and history of two runs bit by bit, and the versions that trained them.

    Raises:
        ArtifactError: a run that cannot be read.
    """
    first, device = existing_run(first), torch.device("cpu")
    a = load_network(first, device).model.state_dict()
    b = load_network(second, device).model.state_dict()
    same_shapes = {n: t.shape for n, t in a.items()} == {n: t.shape for n, t in b.items()}
    largest = max(float((a[name] - b[name]).abs().max()) for name in a) if same_shapes else None
    before, now = read_metadata(first), provenance()
    changed = {
        name: (str(before.get(name)), str(value))
        for name, value in now.items()
        if before.get(name) != value
    }
    return Reproduction(
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
