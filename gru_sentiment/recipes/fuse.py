"""Fuse the predictions of several runs, with weights fitted on the validation split alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from gru_sentiment.artifact.contents import read_metadata
from gru_sentiment.artifact.files import KIND, LABELS, METADATA, METRICS, PREDICTIONS
from gru_sentiment.artifact.folders import free_run_path
from gru_sentiment.artifact.writer import RunWriter
from gru_sentiment.builders.corpus import build_tokenized
from gru_sentiment.builders.dataset import Dataset, build_splits
from gru_sentiment.builders.device import build_device
from gru_sentiment.builders.inference import build_inference
from gru_sentiment.data.labels import check_single
from gru_sentiment.errors import ArtifactError
from gru_sentiment.machine.provenance import Stopwatch, provenance
from gru_sentiment.machine.torch_setup import set_up_torch
from gru_sentiment.results.metrics import scores_to_json
from gru_sentiment.results.training import FusionResult
from gru_sentiment.trained.dataset import reload_dataset
from gru_sentiment.trained.fusion import (
    Fusion,
    fit_member_weights,
    fuse_scored,
    fusion_kind,
    same_tokens,
)
from gru_sentiment.trained.leakage import check_unseen
from gru_sentiment.trained.members import MAX_MEMBERS, copy_member, member_folder
from gru_sentiment.trained.reader import Run, load_run
from gru_sentiment.trained.reference import gaps_to_reference
from gru_sentiment.trained.scoring import SCORED_SPLITS, score_predictions

ONE_DATA = "give runs of one set of data, with one data.seed, validation_size, test_size and fold"


def fuse(
    paths: Sequence[Path],
    *,
    output: Path | None = None,
    force: bool = False,
    device: str = "auto",
    threads: int | None = None,
    progress: bool = False,
) -> FusionResult:
    """Fit a weight per run on the validation split, score all splits, and save a run.

    Args:
        paths: two or more run folders of networks and baselines, all trained on one data set with
            the same validation and test split.
        output: the run folder; by default runs/fused.
        force: replace an existing run.
        device: where the networks compute.
        threads: CPU threads of torch; by default one per core.
        progress: show a bar while tokenising, not lines of the log.

    Raises:
        ArtifactError: runs that cannot be read, or cannot be fused.
        DataError: their data cannot be read, or its texts may have several classes.
    """
    set_up_torch(threads)
    watch = Stopwatch()
    members = _load(paths, device)
    labels, config = members[0].labels, members[0].config
    dataset = _common_dataset(members)
    rows = {split: dataset.splits[split] for split in SCORED_SPLITS if split in dataset.splits}
    with RunWriter(output or free_run_path("fused"), force=force) as writer:
        label_ids = labels.indices(dataset.records.labels)
        tokenized = build_tokenized(config, dataset.records, progress=progress)
        by_member = {
            split: [
                score_predictions(partial(member.predict, tokenized, of_split), labels, label_ids)
                for member in members
            ]
            for split, of_split in rows.items()
        }
        weights = fit_member_weights(by_member["validation"], label_ids)
        fused = {
            split: fuse_scored(scored, weights, labels, label_ids)
            for split, scored in by_member.items()
        }
        member_metrics = {
            str(member.path): {split: scored[number][0] for split, scored in by_member.items()}
            for number, member in enumerate(members)
        }
        metrics = {split: of_split for split, (of_split, _) in fused.items()}
        _, predictions = fused["validation"]
        by_path = dict(zip(member_metrics, weights.tolist(), strict=True))
        for number, member in enumerate(members):
            copy_member(member.path, member_folder(writer.partial, number))
        writer.save_config(config)
        writer.save_inference(build_inference(config))
        writer.write_json(LABELS, {"labels": labels.classes})
        writer.write_json(KIND, fusion_kind(weights))
        writer.write_lines(PREDICTIONS, predictions.lines(labels, label_ids))
        writer.write_json(METRICS, scores_to_json(metrics, members=member_metrics))
        writer.write_json(
            METADATA,
            {
                **provenance(),
                **watch.metadata(),
                "data_fingerprint": dataset.records.fingerprint,
                "rows": {split: len(of_split) for split, of_split in rows.items()},
                "members": [{"run": run, "weight": weight} for run, weight in by_path.items()],
            },
        )
        writer.finish()
    accuracies = {split: of_split.accuracy for split, of_split in metrics.items()}
    return FusionResult(
        run=str(writer.path),
        weights=by_path,
        scores=member_metrics,
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
        check_single(member.labels, f"{member.path}: gru-sent fuse")
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
                    f"{member.path}: its {split} split holds other rows than that of {first.path}",
                    hint=ONE_DATA,
                )
    check_unseen(members, dataset, first.config, key="fuse")
    return dataset
