"""A run is scored on the same rows and with the same numbers as while it was trained."""

from __future__ import annotations

import csv
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
from predicting import predict
from trainings import LEARNED, plain, train

from gru_sentiment.config.loading import load_config
from gru_sentiment.errors import ArtifactError, DataError
from gru_sentiment.recipes.baseline import baseline
from gru_sentiment.recipes.evaluate import evaluate

Rows = list[tuple[str, Any]]


@pytest.fixture
def rows(reviews_csv: Path) -> Rows:
    """Texts and labels of the 80 reviews."""
    with reviews_csv.open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["label"]) for row in csv.DictReader(file)]


def write(path: Path, rows: Rows, header: tuple[str, str] = ("text", "label")) -> Path:
    """A csv or tsv of rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter="\t" if path.suffix == ".tsv" else ",").writerows(
            [header, *rows]
        )
    return path


# on its own data


@pytest.mark.parametrize("split", ["validation", "test"])
def test_gives_the_numbers_of_the_run(run: Path, split: str) -> None:
    result = evaluate(run, split=split)
    stored = json.loads((run / "metrics.json").read_text("utf-8"))[split]
    assert plain(result.metrics) == plain(stored)
    assert (result.run, result.data) == (str(run), split)
    assert result.metrics.elapsed_s > 0


def test_default_is_the_test_part_of_the_latest_run(run: Path, tiny_config: Path) -> None:
    newest = train(tiny_config, *LEARNED, "run.seed=3")
    assert evaluate(None).to_json().keys() >= {"run", "data", "accuracy", "loss", "n"}
    assert plain(evaluate(None).metrics) == plain(evaluate(newest, split="test").metrics)
    assert plain(evaluate(None).metrics) != plain(evaluate(run).metrics)


def test_changed_data_are_refused(run: Path, reviews_csv: Path) -> None:
    text = reviews_csv.read_text("utf-8")
    reviews_csv.write_text(text.replace("number7,", "number8,"), "utf-8")
    with pytest.raises(ArtifactError, match="changed since training") as caught:
        evaluate(run, split="validation")
    assert "--data" in caught.value.hint
    # as a file of its own it can still be scored
    assert evaluate(run, data=reviews_csv).metrics.n == 80
    reviews_csv.write_text(text, "utf-8")
    assert evaluate(run, split="validation").metrics.n == 16


def test_a_part_that_the_run_never_had(tiny_config: Path) -> None:
    run = train(tiny_config, *LEARNED, "data.test_size=0")
    with pytest.raises(DataError, match="without a test split") as caught:
        evaluate(run)
    assert "--split validation" in caught.value.hint
    assert evaluate(run, split="validation").metrics.n == 16


def test_data_that_are_gone(run: Path, reviews_csv: Path) -> None:
    reviews_csv.unlink()
    with pytest.raises(DataError, match="no such file"):
        evaluate(run)


def test_threads_change_no_score(run: Path) -> None:
    one, two = (evaluate(run, threads=threads).metrics for threads in (1, 2))
    evaluate(run, threads=1)
    assert one.loss == pytest.approx(two.loss, abs=1e-6)
    assert one.confusion_matrix == two.confusion_matrix


# on a file


def test_the_folder_alone_is_enough(run: Path, rows: Rows, tmp_path: Path) -> None:
    expected = plain(evaluate(run, data=write(tmp_path / "a.csv", rows)).metrics)
    moved = tmp_path / "moved"
    run.rename(moved)
    for path in (tmp_path / "reviews.csv", tmp_path / "tiny.yaml"):
        path.unlink()
    assert plain(evaluate(moved, data=tmp_path / "a.csv").metrics) == expected
    assert predict(["great"], moved)[0].tokens == 1


def test_rows_are_scored_one_by_one_and_divided_once(run: Path, rows: Rows, tmp_path: Path) -> None:
    other = {"negative": "positive", "positive": "negative"}
    # the labels of five are wrong
    some = [*((text, other[label]) for text, label in rows[:5]), *rows[5:31]]
    metrics = evaluate(run, data=write(tmp_path / "some.csv", some)).metrics
    answers = predict([text for text, _ in some], run)
    right = sum(answer.label == label for answer, (_, label) in zip(answers, some, strict=True))
    assert metrics.n == 31
    assert metrics.accuracy == right / 31
    assert 0 < right < 31


def jsonl(path: Path, rows: Rows) -> None:
    lines = [json.dumps({"label": label, "text": text, "id": 1}) for text, label in rows]
    path.write_text("\n".join(lines) + "\n", "utf-8")


def parquet(path: Path, rows: Rows) -> None:
    texts, labels = zip(*rows, strict=True)
    pyarrow.parquet.write_table(pa.table({"text": list(texts), "label": list(labels)}), path)


@pytest.mark.parametrize(
    ("name", "writer"), [("a.tsv", write), ("a.jsonl", jsonl), ("a.parquet", parquet)]
)
def test_every_kind_of_file_gives_the_same(
    run: Path, rows: Rows, tmp_path: Path, name: str, writer: Callable[[Path, Rows], object]
) -> None:
    expected = evaluate(run, data=write(tmp_path / "a.csv", rows))
    writer(tmp_path / name, rows)
    result = evaluate(run, data=tmp_path / name)
    assert plain(result.metrics) == plain(expected.metrics)
    assert result.data == str(tmp_path / name)


@pytest.mark.parametrize("header", [("review", "sentiment"), ("text", "label")])
def test_columns_are_the_configs_or_text_and_label(
    tiny_config: Path, rows: Rows, tmp_path: Path, header: tuple[str, str]
) -> None:
    write(tmp_path / "named.csv", rows, ("review", "sentiment"))
    columns = ["data.text_column=review", "data.label_column=sentiment"]
    run = train(tiny_config, *LEARNED, "data.path=named.csv", *columns)
    data = write(tmp_path / "other.csv", rows, header)
    assert evaluate(run, data=data).metrics.n == 80


def test_the_configs_columns_come_first(tiny_config: Path, rows: Rows, tmp_path: Path) -> None:
    write(tmp_path / "named.csv", rows, ("review", "label"))
    run = train(tiny_config, *LEARNED, "data.path=named.csv", "data.text_column=review")
    with (tmp_path / "both.csv").open("w", encoding="utf-8") as file:
        file.write("text,review,label\n")
        file.writelines(f"nonsense,{text},{label}\n" for text, label in rows)
    expected = plain(evaluate(run, data=tmp_path / "named.csv").metrics)
    assert plain(evaluate(run, data=tmp_path / "both.csv").metrics) == expected


def test_columns_that_are_not_there_are_named(run: Path, rows: Rows, tmp_path: Path) -> None:
    data = write(tmp_path / "odd.csv", rows, ("body", "stars"))
    with pytest.raises(DataError, match="columns found: body, stars"):
        evaluate(run, data=data)


def test_integers_are_indices_where_no_class_bears_that_name(
    run: Path, rows: Rows, tmp_path: Path
) -> None:
    expected = evaluate(run, data=write(tmp_path / "names.csv", rows)).metrics
    indices = [(text, ["negative", "positive"].index(label)) for text, label in rows]
    found = evaluate(run, data=write(tmp_path / "indices.csv", indices)).metrics
    assert plain(found) == plain(expected)
    assert list(found.per_class) == ["negative", "positive"]


def test_integers_that_are_classes_are_themselves(
    tiny_config: Path, rows: Rows, tmp_path: Path
) -> None:
    # 1 is the name of the first class and would be the index of the second
    stars = [(text, {"negative": 1, "positive": 5}[label]) for text, label in rows]
    data = write(tmp_path / "stars.csv", stars)
    run = train(tiny_config, *LEARNED, "data.path=stars.csv")
    metrics = evaluate(run, data=data).metrics
    assert {name: scores.support for name, scores in metrics.per_class.items()} == {
        "1": 40,
        "5": 40,
    }
    as_text = tmp_path / "text.jsonl"
    jsonl(as_text, [(text, str(label)) for text, label in stars])
    assert plain(evaluate(run, data=as_text).metrics) == plain(metrics)


@pytest.mark.parametrize("label", ["neutral", 2, -1])
def test_a_label_that_is_no_class_is_refused(
    run: Path, rows: Rows, tmp_path: Path, label: object
) -> None:
    data = write(tmp_path / "odd.csv", [(text, label) for text, _ in rows])
    with pytest.raises(
        DataError, match=f"{label}' of 80 of 80 .* is not a class.*'negative', 'positive'"
    ):
        evaluate(run, data=data)


def test_rows_of_one_class_are_enough(run: Path, rows: Rows, tmp_path: Path) -> None:
    data = write(tmp_path / "one.csv", [row for row in rows if row[1] == "positive"])
    metrics = evaluate(run, data=data).metrics
    assert metrics.n == 40
    assert metrics.roc_auc is None
    assert metrics.per_class["negative"].support == 0
    assert metrics.absent_classes == ["negative"]
    assert metrics.balanced_accuracy == metrics.macro_recall == metrics.accuracy


def test_empty_texts_are_counted_not_dropped(run: Path, rows: Rows, tmp_path: Path) -> None:
    data = write(tmp_path / "empty.csv", [("", "positive"), ("<br />", "negative"), *rows[:8]])
    metrics = evaluate(run, data=data).metrics
    assert (metrics.n, metrics.empty_texts) == (10, 2)
    assert sum(map(sum, metrics.confusion_matrix)) == 10


def test_a_file_that_is_not_there(run: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nope\.csv: no such file") as caught:
        evaluate(run, data=tmp_path / "nope.csv")
    assert "reviews.csv" in caught.value.hint


def test_a_second_look_at_a_file_tokenises_nothing(
    run: Path, rows: Rows, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gru_sentiment")
    data = write(tmp_path / "a.csv", [(f"{text} again", label) for text, label in rows])
    first = evaluate(run, data=data)
    assert "tokenising 80 texts" in caplog.text
    caplog.clear()
    second = evaluate(run, data=data)
    assert "tokenising" not in caplog.text
    assert plain(first.metrics) == plain(second.metrics)


# without a run


def test_a_run_that_is_not_there_names_the_others(run: Path) -> None:
    with pytest.raises(ArtifactError, match="no such run folder") as caught:
        evaluate(Path("runs/nope"))
    assert str(run) in caught.value.hint


# beside a baseline


@pytest.fixture
def beside(run: Path, tiny_config: Path) -> Path:
    """A baseline on the data and parts of `run`."""
    return Path(baseline(load_config(tiny_config), model="tfidf").run)


@pytest.mark.parametrize("split", ["validation", "test"])
def test_a_part_stands_against_the_stored_score(run: Path, beside: Path, split: str) -> None:
    result = evaluate(run, split=split)
    own = json.loads((beside / "metrics.json").read_bytes())[split]["accuracy"]
    assert result.baseline is not None
    assert (result.baseline.run, result.baseline.accuracy) == (str(beside), own)
    assert result.baseline.points == pytest.approx(100 * (result.metrics.accuracy - own))
    assert result.to_json()["baseline"] == {
        "run": str(beside),
        "accuracy": own,
        "points": result.baseline.points,
    }


def test_a_file_is_scored_by_both(run: Path, beside: Path, rows: Rows, tmp_path: Path) -> None:
    data = write(tmp_path / "some.csv", rows[:31])
    result, own = evaluate(run, data=data), evaluate(beside, data=data)
    assert result.baseline is not None
    assert result.baseline.accuracy == own.metrics.accuracy
    assert own.baseline is None
    assert "baseline" not in own.to_json()


def test_a_baseline_of_other_words_reads_the_file_itself(
    run: Path, tiny_config: Path, rows: Rows, tmp_path: Path
) -> None:
    config = load_config(tiny_config, ["text.lowercase=false"])
    other = Path(baseline(config, model="nb").run)
    data = write(tmp_path / "some.csv", [(text.title(), label) for text, label in rows])
    result = evaluate(run, data=data)
    assert result.baseline is not None
    assert result.baseline.accuracy == evaluate(other, data=data).metrics.accuracy


def test_a_damaged_baseline_stops_nothing(
    run: Path, beside: Path, reviews_csv: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (beside / "model.safetensors").write_bytes(b"")
    assert evaluate(run, split="test").baseline is not None  # its stored score is still whole
    assert evaluate(run, data=reviews_csv).baseline is None
    assert "the reference baseline is left out" in caplog.text
