"""A run's dataset is reloaded with the splits that it had, or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gru_sentiment.builders.corpus import build_corpus
from gru_sentiment.builders.device import build_device
from gru_sentiment.config.loading import load_config
from gru_sentiment.errors import ArtifactError, DataError
from gru_sentiment.recipes.baseline import baseline
from gru_sentiment.trained.dataset import read_labelled_rows, reload_dataset, reload_split
from gru_sentiment.trained.reader import load_run


@pytest.mark.parametrize("overrides", [["data.train_size=20"], ["data.folds=3", "data.fold=2"]])
def test_the_splits_are_those_of_the_config(
    tiny_config: Path, reviews_csv: Path, overrides: list[str]
) -> None:
    config = load_config(tiny_config, overrides)
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


def test_rows_of_a_split_and_of_a_file(
    tiny_config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = load_config(tiny_config, ["data.test_size=0"])
    run = load_run(Path(baseline(config).run), build_device("cpu"))
    rows = reload_split(run, "validation")
    assert (rows.name, rows.is_split, len(rows.rows)) == ("validation", True, 16)
    expected = rows.dataset.labels.indices(rows.dataset.records.labels)[rows.rows]
    np.testing.assert_array_equal(rows.true, expected)
    with pytest.raises(DataError, match="was trained without a test split"):
        reload_split(run, "test")
    Path("some.csv").write_text("text,label,year\ngreat,positive,1999\ndull,negative,\n", "utf-8")
    rows = read_labelled_rows(run, Path("some.csv"), ["year"])
    assert (rows.name, rows.is_split) == ("some.csv", False)
    assert (rows.rows.tolist(), rows.true.tolist()) == ([0, 1], [1, 0])
    assert rows.column("year") == ["1999", ""]
    predictions = run.predict(rows.tokenized(run.config), rows.rows)
    labels = [prediction.label for prediction in predictions.predictions(run.labels)]
    assert rows.correct(predictions).tolist() == [labels[0] == "positive", labels[1] == "negative"]
