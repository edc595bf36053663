"""A run's dataset is reloaded with the splits that it had, or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gru_sentiment.builders.corpus import build_corpus
from gru_sentiment.builders.device import build_device
from gru_sentiment.config.loading import load_config
from gru_sentiment.errors import ArtifactError
from gru_sentiment.recipes.baseline import baseline
from gru_sentiment.trained.dataset import reload_dataset
from gru_sentiment.trained.reader import load_run


def test_the_splits_are_those_of_the_config(tiny_config: Path, reviews_csv: Path) -> None:
    config = load_config(tiny_config, ["data.train_size=20"])
    run = load_run(Path(baseline(config).run), build_device("cpu"))
    dataset = reload_dataset(run)
    corpus = build_corpus(config)
    assert dataset.records.fingerprint == corpus.records.fingerprint
    assert dataset.labels.classes == corpus.labels.classes
    assert list(dataset.splits) == list(corpus.splits)
    for split, rows in corpus.splits.items():
        np.testing.assert_array_equal(dataset.splits[split], rows)
    reviews_csv.write_text(reviews_csv.read_text("utf-8") + "more,positive\n", "utf-8")
    with pytest.raises(ArtifactError, match="runs/baseline: its data changed since training"):
        reload_dataset(run)
