"""Let several runs answer together, by weights fitted on validation data alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gru_sentiment.arrays import Floats, Integers
from gru_sentiment.artifact.files import KIND, LABELS, METADATA, METRICS, PREDICTIONS
from gru_sentiment.artifact.folders import free_run_path
from gru_sentiment.artifact.writer import RunWriter
from gru_sentiment.builders.corpus import build_tokenized
from gru_sentiment.builders.dataset import Dataset, build_splits
from gru_sentiment.builders.device import build_device
from gru_sentiment.data.labels import Labels
from gru_sentiment.errors import ArtifactError
from gru_sentiment.machine.provenance import Stopwatch, provenance
from gru_sentiment.machine.torch_setup import set_up_torch
from gru_sentiment.postprocess.fusion import fit_weights, fuse_predictions
from gru_sentiment.results.metrics import scores_to_json
from gru_sentiment.results.training import FusionResult
from gru_sentiment.trained.dataset import reload_dataset
from gru_sentiment.trained.fusion import (
    MAX_MEMBERS,
    Fusion,
    copy_member,
    fusion_kind,
    member_folder,
    same_tokens,
)
from gru_sentiment.trained.leakage import check_unseen
from gru_sentiment.trained.predictions import SCORED_SPLITS, Predictions, Scored, score_predictions
from gru_sentiment.trained.reader import Run, load_run, read_metadata
from gru_sentiment.trained.reference import gaps_to_reference

ONE_DATA = "give runs of one set of data, with one data.seed, validation_size and test_size"


def fuse(
    paths: Sequence[Path],
    *,
    output: Path | None = None,
    force: bool = False,
    device: str = "auto",
    threads: int | None = None,
    progress: bool = False,
) -> FusionResult:
    """Fit a weight a run on their validation part, score all on validation and test, save a run.

    Args:
        paths: two or more run folders, nets and baselines, all trained on one set of data with the
            same validation and test part.
        output: the run folder; by default runs/fused.
        force: replace an existing run.
        device: where the nets compute.
        threads: of torch; by default one a core.
        progress: a bar while tokenising, not lines of the log.

    Raises:
        ArtifactError: runs that cannot be read, or cannot be fused.
        DataError: their data cannot be read.
    """
    set_up_torch(threads)
    watch = Stopwatch()
    members = _load(paths, device)
    labels, config = members[0].labels, members[0].config
    dataset = _common_dataset(members)
    records = dataset.records
    parts = {split: dataset.splits[split] for split in SCORED_SPLITS if split in dataset.splits}
    with RunWriter(output or free_run_path("fused"), force=force) as writer:
        label_ids = labels.indices(records.labels)
        tokenized = build_tokenized(config, records, progress=progress)
        scored = {
            split: [
                score_predictions(partial(member.predict, tokenized, rows), labels, label_ids)
                for member in members
            ]
            for split, rows in parts.items()
        }
        weights = fit_weights(_stacked(scored["validation"]), label_ids[parts["validation"]])
        fused = {split: _add_up(one, weights, labels, label_ids) for split, one in scored.items()}
        scores = {
            str(member.path): {split: one[number][0] for split, one in scored.items()}
            for number, member in enumerate(members)
        }
        metrics = {split: one[0] for split, one in fused.items()}
        for number, member in enumerate(members):
            copy_member(member.path, member_folder(writer.partial, number))
        writer.save_config(config)
        writer.write_json(LABELS, {"labels": labels.classes})
        writer.write_json(KIND, fusion_kind(weights))
        writer.write_lines(PREDICTIONS, fused["validation"][1].lines(labels, label_ids))
        writer.write_json(METRICS, scores_to_json(metrics, members=scores))
        about = _about(members, dataset, parts, weights)
        writer.write_json(METADATA, provenance() | watch.metadata() | about)
        writer.finish()
    accuracies = {split: one.accuracy for split, one in metrics.items()}
    return FusionResult(
        run=str(writer.path),
        weights=dict(zip(scores, weights.tolist(), strict=True)),
        scores=scores,
        fused=metrics,
        baseline=gaps_to_reference(writer.path, config, accuracies),
    )


def _load(paths: Sequence[Path], device: str) -> list[Run]:
    """The runs, once it is known that they fit each other."""
    if not 2 <= len(paths) <= MAX_MEMBERS:
        raise ArtifactError(
            f"a fusion is made of 2 to {MAX_MEMBERS} runs, {len(paths)} given",
            hint="gru-sent fuse RUN_A RUN_B",
        )
    members = [load_run(path, build_device(device)) for path in paths]
    first, folders = members[0], [member.path.resolve() for member in members]
    for number, member in enumerate(members):
        if isinstance(member, Fusion):
            raise ArtifactError(
                f"{member.path}: is a fusion already",
                hint="fuse what it is made of: the run folders in its members/",
            )
        if folders[number] in folders[:number]:
            raise ArtifactError(f"{member.path}: is given twice", hint="give different runs")
        if member.labels.classes != first.labels.classes:
            raise ArtifactError(
                f"{member.path}: has the classes {', '.join(member.labels.names)}; {first.path} "
                f"has {', '.join(first.labels.names)}",
                hint=ONE_DATA,
            )
        if not same_tokens(member.config.text, first.config.text):
            raise ArtifactError(
                f"{member.path}: text.language and text.lowercase are not those of {first.path}",
                hint="train both with the same ones",
            )
    return members


def _common_dataset(members: Sequence[Run]) -> Dataset:
    """The data of all members, whose validation and test splits hold the same rows."""
    first, *others = members
    dataset = reload_dataset(first)
    records, splits = dataset.records, dataset.splits
    for member in others:
        known = read_metadata(member.path).get("data_fingerprint")
        if known != records.fingerprint:
            raise ArtifactError(
                f"{member.path}: was not trained on the data of {first.path} (fingerprint "
                f"{str(known)[:12]}…, there {records.fingerprint[:12]}…)",
                hint=ONE_DATA,
            )
        theirs = build_splits(member.config.data, records, member.labels)
        for split in SCORED_SPLITS:
            if not np.array_equal(splits.get(split, []), theirs.get(split, [])):
                raise ArtifactError(
                    f"{member.path}: its {split} part holds other rows than that of {first.path}",
                    hint=ONE_DATA,
                )
    check_unseen(members, dataset, first.config, key="fuse")
    return dataset


def _stacked(scored: Sequence[Scored]) -> Floats:
    """Log probabilities, shape (members, rows, classes)."""
    return np.stack([answers.log_probabilities for _, answers in scored]).astype(np.float64)


def _add_up(
    scored: Sequence[Scored],
    weights: Floats,
    labels: Labels,
    label_ids: Integers,
) -> Scored:
    """Scores of the members' answers together, and the answers."""
    first = scored[0][1]
    answers = Predictions(fuse_predictions(_stacked(scored), weights), first.encoded, first.rows)
    elapsed_s = sum(metrics.elapsed_s for metrics, _ in scored)
    return answers.metrics(labels, label_ids, elapsed_s), answers


def _about(
    members: Sequence[Run], dataset: Dataset, parts: dict[str, Integers], weights: Floats
) -> dict[str, Any]:
    """What metadata.json says of a fusion."""
    return {
        "data_fingerprint": dataset.records.fingerprint,
        "rows": {split: len(rows) for split, rows in parts.items()},
        "members": [
            {"run": str(member.path), "weight": float(weight)}
            for member, weight in zip(members, weights, strict=True)
        ],
    }
