"""`data.weight_column`: a row of weight 2 counts in training as if it stood there twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import tiny_reviews
from predicting import predict
from safetensors.numpy import load_file
from trainings import train

from gru_sentiment.artifact.files import WEIGHTS
from gru_sentiment.errors import ConfigError, DataError

CONFIG = """\
data: {{source: files, path: {path}, validation_path: validation.csv, test_size: 0{more}}}
text: {{max_tokens: 20, head_tokens: 10, min_frequency: 1}}
vectors: {{source: none, dimension: 8}}
model: {{hidden_size: 8, ngrams: true}}
training: {{epochs: 3, batch_size: 1000, learning_rate: 0.01, optimizer: sgd, schedule: constant,
           class_weights: balanced}}
run: {{threads: 1}}
"""
REVIEWS = [(f"{text} again", label) for text, label in tiny_reviews(40)]


def write(name: str, rows: list[tuple[str, ...]], *more: str) -> Path:
    lines = [",".join(row) for row in [("text", "label", *more), *rows]]
    path = Path(name)
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


@pytest.fixture
def weighted() -> Path:
    """A config of rows with the weights 0, 1, 2 and 3."""
    write("validation.csv", tiny_reviews(20, seed=1))
    # every word stands in two rows of weight above 0, so that neither counts decide a vocabulary
    rows = [(text, label, str(i % 4)) for i, (text, label) in enumerate(REVIEWS * 2)]
    write("weighted.csv", rows, "weight")
    write("twice.csv", [row[:2] for row in rows for _ in range(int(row[2]))])
    for name, more in (("weighted", ", weight_column: weight"), ("twice", "")):
        text = CONFIG.format(path=f"{name}.csv", more=more)
        Path(f"{name}.yaml").write_text(text, "utf-8")
    return Path("weighted.yaml")


def test_a_weight_of_2_is_the_row_twice(weighted: Path) -> None:
    """In whole batches, and from one vocabulary, network and linear model learn the same."""
    train(weighted, "data.weight_column=null", "run.output=start")
    start = "model.initialize_from=start"
    ours = train(weighted, start, "run.output=ours")
    often = train(Path("twice.yaml"), start, "run.output=often")
    found, expected = load_file(ours / WEIGHTS), load_file(often / WEIGHTS)
    for key in expected:
        np.testing.assert_allclose(found[key], expected[key], atol=1e-6, err_msg=key)
    # the n-grams too, whose words have other numbers
    texts = [text for text, _ in tiny_reviews(20, seed=2)]
    pairs = zip(predict(texts, ours), predict(texts, often), strict=True)
    for one, other in pairs:
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-6)


def test_without_the_column_all_rows_count_once(weighted: Path) -> None:
    plain = train(weighted, "data.weight_column=null", "run.output=plain")
    ours = train(weighted, "run.output=ours")
    assert (plain / WEIGHTS).read_bytes() != (ours / WEIGHTS).read_bytes()


def test_a_column_that_is_not_there_or_holds_words(weighted: Path) -> None:
    with pytest.raises(DataError, match="no column 'wieght'"):
        train(weighted, "data.weight_column=wieght")
    with pytest.raises(DataError, match="the weight 'negative' is not a number"):
        train(weighted, "data.weight_column=label")


def test_the_key_is_for_files() -> None:
    Path("a.yaml").write_text("data: {source: package, weight_column: w}", "utf-8")
    with pytest.raises(ConfigError, match=r"data\.weight_column: .*has no effect"):
        train(Path("a.yaml"))
