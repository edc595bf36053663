"""What a packed classifier scores, and the card that tells a user."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from gru_sentiment.builders.corpus import build_tokenized
from gru_sentiment.builders.dataset import Dataset
from gru_sentiment.results.metrics import scores_to_json
from gru_sentiment.scores.intervals import wilson
from gru_sentiment.scores.reliability import Calibration
from gru_sentiment.trained.network import Network
from gru_sentiment.trained.predictions import Predictions
from gru_sentiment.trained.scoring import SCORED_SPLITS

QUARTERS = 4
SETS = ("reviews", "sentences")
"""The sets of the dataset, in their order."""


def scores_of(network: Network, dataset: Dataset) -> dict[str, Any]:
    """metrics.json: both splits as any run has them, and each set of texts on its own."""
    labels, label_ids = dataset.labels, dataset.labels.indices(dataset.records.labels)
    tokenized = build_tokenized(network.config, dataset.records)
    metrics, by_set = {}, {}
    for split in SCORED_SPLITS:
        started = time.perf_counter()
        found = network.predict(tokenized, dataset.splits[split])
        metrics[split] = found.metrics(labels, label_ids, time.perf_counter() - started)
        by_set[split] = {
            name: _summary(found, label_ids, np.isin(found.rows, rows))
            for name, rows in zip(SETS, dataset.records.sets, strict=True)
        }
        by_set[split]["by_length"] = _by_length(found, label_ids)
    return scores_to_json(metrics) | {"sets": by_set}


def card(metadata: Mapping[str, Any], scores: Mapping[str, Any], size: int) -> str:
    """A page for people who use the model."""
    commit = str(metadata.get("commit"))[:12]
    seeds = " and ".join(map(str, metadata.get("seeds", [])))
    lines = [
        "# The model in the package",
        "",
        "It tells negative from positive English texts about films: whole reviews and single",
        "sentences. Texts about other things, other languages, and texts without an opinion it",
        "answers too, and often wrongly.",
        "",
        "- Network: a GRU of 384 units over word vectors of 192 dimensions, 30,000 words; "
        f"{size / 1e6:.1f} MB,",
        "  the word vectors in 8 bits.",
        "- Trained on: a language model of 72,000 IMDb reviews (Maas et al. 2011), then their",
        "  labels, the labels of 7,678 sentences of Rotten Tomatoes (Pang & Lee 2005), and soft",
        "  labels of 98,000 sentences of unlabelled reviews, some of them negated by a program,",
        "  which a fine-tuned MiniLM gave.",
        f"- The average of seeds {seeds}, commit {commit}, config.yaml beside this file; "
        "scripts/make_pretrained.py makes it again.",
        "",
        "| texts kept apart | n | accuracy (95 %) | calibration error |",
        "|---|---|---|---|",
    ]
    for split, parts in scores["sets"].items():
        for name in SETS:
            one = parts[name]
            low, high = one["accuracy_interval"]
            lines.append(
                f"| {name}, {split} | {one['n']:,} | {one['accuracy']:.4f} ({low:.3f} to "
                f"{high:.3f}) | {one['ece']:.3f} |"
            )
    lines += ["", "| validation, by length in tokens | n | accuracy | calibration error |"]
    lines += ["|---|---|---|---|"]
    for part in scores["sets"]["validation"]["by_length"]:
        lines.append(
            f"| {part['from']} to {part['to']} | {part['n']} | {part['accuracy']:.4f} | "
            f"{part['ece']:.3f} |"
        )
    lines += [
        "",
        "The epoch was chosen on the validation texts; the test texts were scored once. The",
        "official test split of IMDb was not read.",
    ]
    return "\n".join(lines) + "\n"


def _summary(found: Predictions, label_ids: Any, chosen: Any) -> dict[str, Any]:
    probabilities = np.exp(found.log_probabilities[chosen])
    true = label_ids[found.rows[chosen]]
    right, n = int((probabilities.argmax(1) == true).sum()), int(chosen.sum())
    return {
        "n": n,
        "accuracy": right / n,
        "accuracy_interval": wilson(right, n),
        "ece": Calibration(probabilities, true).error(np.ones(n, np.int64)),
    }


def _by_length(found: Predictions, label_ids: Any) -> list[dict[str, Any]]:
    """Accuracy and calibration error of the quarters of the texts by length."""
    lengths = found.encoded.full_lengths[found.rows]
    parts = []
    for rows in np.array_split(np.argsort(lengths, kind="stable"), QUARTERS):
        chosen = np.isin(np.arange(len(lengths)), rows)
        ends = {"from": int(lengths[rows].min()), "to": int(lengths[rows].max())}
        parts.append(ends | _summary(found, label_ids, chosen))
    return parts
