"""Parquet in and out, a group of rows at a time."""

from __future__ import annotations

import datetime
import decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gru_sentiment.errors import DataError
from gru_sentiment.results.predictions import Label, Prediction
from gru_sentiment.rows import parquet
from gru_sentiment.rows.parquet import ParquetOutput, read_parquet
from gru_sentiment.rows.row import Row, ScoredRow

TEXTS = ["one", None, "", "caf\u00e9\0\n", "five"]
FOUND = Prediction("yes", {"no": 0.25, "yes": 0.75}, 8, 2, False)


def write(path: Path, texts: pa.Array, **columns: pa.Array) -> Path:
    pq.write_table(pa.table({"text": texts, **columns}), path, row_group_size=2)
    return path


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())]
)
def test_rows(tmp_path: Path, kind: pa.DataType) -> None:
    path = write(tmp_path / "a.parquet", pa.array(TEXTS, pa.string()).cast(kind))
    rows = list(read_parquet(path, "text", False).rows)
    assert [row.text for row in rows] == ["one", "", "", "caf\u00e9\0\n", "five"]
    assert [row.error for row in rows] == [None] * 5
    assert {row.kept for row in rows} == {None}


def test_bytes_that_are_no_text_and_texts_that_are_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = pa.array([b"a", b"caf\xe9", b"x" * 100, b"b"], pa.binary())
    texts = pa.StringArray.from_buffers(4, raw.buffers()[1], raw.buffers()[2])
    monkeypatch.setattr(parquet, "MAX_BYTES", 10)
    rows = list(read_parquet(write(tmp_path / "a.parquet", texts), "text", False).rows)
    assert [row.text for row in rows] == ["a", "", "", "b"]
    assert rows[1].error == "byte 4, 0xe9, is not UTF-8"
    assert str(rows[2].error).startswith("longer than")


@pytest.mark.parametrize(
    ("columns", "cause"),
    [
        ({"review": pa.array(["a"])}, r"no column 'text'; columns found: review"),
        ({"text": pa.array([1])}, "column text holds int64, expected strings"),
    ],
)
def test_a_file_without_texts(tmp_path: Path, columns: dict[str, pa.Array], cause: str) -> None:
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    with pytest.raises(DataError, match=cause):
        read_parquet(tmp_path / "a.parquet", "text", False)


def test_a_file_that_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 not at all")
    with pytest.raises(DataError, match="not a readable parquet file"):
        read_parquet(path, "text", False)
    # only the data, not what describes them
    write(path, pa.array([f"a longer text {i}" for i in range(3000)]))
    content = bytearray(path.read_bytes())
    content[4:2000] = b"\xff" * 1996
    path.write_bytes(content)
    source = read_parquet(path, "text", False)
    with pytest.raises(DataError, match="not a readable parquet file"):
        list(source.rows)


def answered(rows: list[Row], classes: list[Label]) -> list[ScoredRow]:
    found = Prediction(
        classes[-1], dict(zip(map(str, classes), [0.25, 0.75], strict=True)), 8, 2, False
    )
    return [ScoredRow(i, row, None if row.error else found) for i, row in enumerate(rows, 1)]


@pytest.mark.parametrize("classes", [["no", "yes"], [0, 1], [0, "yes"]])
def test_copied_columns_keep_their_types(tmp_path: Path, classes: list[Label]) -> None:
    others = {
        "label": pa.array([1, 2, None, 4, 5], pa.int8()),
        "at": pa.array([1, 2, 3, 4, None], pa.timestamp("ns", "UTC")),
        "price": pa.array([decimal.Decimal("1.25")] * 5),
        "tags": pa.array([["a"], [], None, ["b", "c"], ["d"]]),
        "day": pa.array([datetime.date(2026, 1, 1)] * 5),
        "kind": pa.array(list("ababa")).dictionary_encode(),
    }
    source = read_parquet(
        write(tmp_path / "a.parquet", pa.array(TEXTS, pa.string()), **others), "text", True
    )
    answers = answered(list(source.rows), classes)
    out = tmp_path / "out.parquet"
    with ParquetOutput(out, classes, source.schema) as output:
        output.write(answers[:3])
        output.write(answers[3:])
        assert not out.exists()
    table = pq.read_table(out)
    before = pq.read_table(tmp_path / "a.parquet")
    for name in before.column_names:
        copied = table["input_label" if name == "label" else name]
        assert copied.type == before[name].type
        assert copied.to_pylist() == before[name].to_pylist()
    assert table["row"].to_pylist() == [1, 2, 3, 4, 5]
    numbers = all(isinstance(label, int) for label in classes)
    assert table["label"].to_pylist()[:2] == [1 if numbers else "yes"] * 2
    assert table[f"probability_{classes[0]}"].to_pylist()[:2] == [0.25, 0.25]
    assert table["error"].to_pylist()[:2] == [None, None]
    assert pq.ParquetFile(out).num_row_groups == 2
    assert [path.name for path in tmp_path.iterdir() if "partial" in path.name] == []


def test_no_rows_are_a_file_with_columns(tmp_path: Path) -> None:
    with ParquetOutput(tmp_path / "out.parquet", ["no", "yes"], None):
        pass
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.num_rows == 0
    assert table.column_names[:4] == ["row", "label", "probability_no", "probability_yes"]


def test_an_interrupted_job_leaves_what_was_there(tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    out.write_bytes(b"before")

    def interrupted() -> None:
        with ParquetOutput(out, ["no", "yes"], None) as output:
            output.write([ScoredRow(1, Row("a", 1), FOUND)])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [path.name for path in tmp_path.iterdir()] == ["out.parquet"]
    assert out.read_bytes() == b"before"
