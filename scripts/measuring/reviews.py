"""The packaged reviews, as texts and as a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gru_sentiment.builders.dataset import build_records
from gru_sentiment.config.sections import DataConfig
from gru_sentiment.results.predictions import Label


@dataclass(frozen=True)
class Reviews:
    """Labelled texts."""

    texts: Sequence[str]
    labels: Sequence[Label]

    def write(self, path: Path) -> Path:
        """As JSON lines with `text` and `label`."""
        with path.open("w", encoding="utf-8") as file:
            for text, label in zip(self.texts, self.labels, strict=True):
                file.write(json.dumps({"text": text, "label": label}, ensure_ascii=False) + "\n")
        return path


def packaged_reviews(n: int | None = None, *, longest: int | None = None) -> Reviews:
    """`n` of the packaged reviews in a seeded order (all without), of at most `longest` letters."""
    records = build_records(DataConfig())
    texts, labels = records.texts.to_pylist(), records.labels
    order = np.random.default_rng(0).permutation(len(texts)).tolist()
    chosen = [row for row in order if longest is None or len(texts[row]) <= longest][:n]
    return Reviews([texts[row] for row in chosen], [labels[row] for row in chosen])
