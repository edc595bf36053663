from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_sentiment.errors import DataError
from gru_sentiment.results.predictions import Label
from gru_sentiment.sources.files import (
    FILE_READERS,
    MissingColumnError,
    load_files,
    read_labelled,
    read_table,
    read_texts,
)

Rows = list[tuple[str, Label]]

AWKWARD = [
    'He said "no", twice',
    "two\nlines,\r\nor three",
    "tab\there",
    " spaces around ",
    '"quoted"',
    "",
    "NA",
    "null",
    "1.50",
    "caf\u00e9 \u2028 \u0085 \U0001f3ac",
    "a,b,c",
]
SUFFIXES = list(FILE_READERS)
TEXT_SUFFIXES = [".csv", ".tsv", ".jsonl", ".json"]


def objects(rows: Rows, columns: tuple[str, str]) -> list[dict[str, object]]:
    return [{"other": i, columns[0]: t, columns[1]: label} for i, (t, label) in enumerate(rows)]


def delimited(delimiter: str) -> Callable[[Rows, tuple[str, str]], bytes]:
    def written(rows: Rows, columns: tuple[str, str]) -> bytes:
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer, delimiter=delimiter, quoting=csv.QUOTE_ALL)
        writer.writerows([("other", *columns), *((i, *row) for i, row in enumerate(rows))])
        return buffer.getvalue().encode()

    return written


def jsonl(rows: Rows, columns: tuple[str, str]) -> bytes:
    lines = [json.dumps(item, ensure_ascii=False) for item in objects(rows, columns)]
    return "\n".join(lines).encode()


def parquet(rows: Rows, columns: tuple[str, str]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(objects(rows, columns)), buffer)
    return buffer.getvalue()


WRITERS: dict[str, Callable[[Rows, tuple[str, str]], bytes]] = {
    ".csv": delimited(","),
    ".tsv": delimited("\t"),
    ".jsonl": jsonl,
    ".json": lambda rows, columns: json.dumps(objects(rows, columns), indent=1).encode(),
    ".parquet": parquet,
}


def write(
    folder: Path, name: str, rows: Rows, columns: tuple[str, str] = ("text", "label")
) -> Path:
    path = folder / name
    path.write_bytes(WRITERS[path.suffix.lower()](rows, columns))
    return path


def raw(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows_of(table: pa.Table) -> Rows:
    return list(zip(table["text"].to_pylist(), table["label"].to_pylist(), strict=True))


# --- what is read ---


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".CSV"])
@pytest.mark.parametrize(
    "labels",
    [["pos", "neg", "so, so"], [1, 0], [5, -3, 12], [f"class {i}" for i in range(11)]],
    ids=["strings", "integers", "any integers", "many"],
)
def test_every_kind_gives_texts_and_labels_as_they_are(
    suffix: str, labels: list[Label], tmp_path: Path
) -> None:
    rows = [(text, labels[i % len(labels)]) for i, text in enumerate(AWKWARD)]
    found = rows_of(read_table(write(tmp_path, f"r{suffix}", rows), "text", "label"))
    assert found == rows
    assert {type(label) for _, label in found} == {type(labels[0])}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_columns_by_any_name(suffix: str, tmp_path: Path) -> None:
    path = write(tmp_path, f"r{suffix}", [("good", "x"), ("bad", "y")], ("my review", "stars"))
    assert rows_of(read_table(path, "my review", "stars")) == [("good", "x"), ("bad", "y")]


@given(
    st.lists(
        st.tuples(
            st.text(
                st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12
            ),
            st.sampled_from(["a", "b,c", 'd"e']),
        ),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from(SUFFIXES),
)
@settings(max_examples=60, deadline=None)
def test_any_text_comes_back(
    tmp_path_factory: pytest.TempPathFactory, rows: Rows, suffix: str
) -> None:
    path = write(tmp_path_factory.getbasetemp(), f"drawn{suffix}", rows)
    assert rows_of(read_table(path, "text", "label")) == rows


@pytest.mark.parametrize("suffix", TEXT_SUFFIXES)
def test_byte_order_mark(suffix: str, tmp_path: Path) -> None:
    path = write(tmp_path, f"r{suffix}", [("good", 1), ("bad", 0)])
    content = path.read_bytes().replace(b"other", b"text_")
    path.write_bytes(b"\xef\xbb\xbf" + content)
    assert rows_of(read_table(path, "text", "label")) == [("good", 1), ("bad", 0)]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("end", [True, False], ids=["ended", "open"])
def test_line_ends(newline: str, end: bool, tmp_path: Path) -> None:
    lines = ["text,label", "good film,1", "bad film,0"]
    path = raw(tmp_path, "r.csv", newline.join(lines) + newline * end)
    assert rows_of(read_table(path, "text", "label")) == [("good film", 1), ("bad film", 0)]


def test_quotes_inside_a_value_need_no_care(tmp_path: Path) -> None:
    path = raw(tmp_path, "r.csv", 'text,label\na 5" screen,x\nhe said "no" twice,y\n')
    assert rows_of(read_table(path, "text", "label")) == [
        ('a 5" screen', "x"),
        ('he said "no" twice', "y"),
    ]


def test_a_long_text(tmp_path: Path) -> None:
    text = "word, " * 400_000
    for suffix in (".csv", ".jsonl"):
        path = write(tmp_path, f"r{suffix}", [(text, "x"), ("short", "y")])
        assert rows_of(read_table(path, "text", "label")) == [(text, "x"), ("short", "y")]


def test_empty_lines_of_jsonl_are_passed_over(tmp_path: Path) -> None:
    item = '{"text": "good", "label": "x"}'
    path = raw(tmp_path, "r.jsonl", f"\n{item}\r\n \n{item}\n\n")
    assert rows_of(read_table(path, "text", "label")) == [("good", "x")] * 2


@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".parquet"])
def test_a_missing_text_is_an_empty_one(suffix: str, tmp_path: Path) -> None:
    path = write(tmp_path, f"r{suffix}", [("good", 1), (None, 0)])  # type: ignore[list-item]
    assert rows_of(read_table(path, "text", "label")) == [("good", 1), ("", 0)]


def test_parquet_of_narrow_and_coded_columns(tmp_path: Path) -> None:
    path = tmp_path / "r.parquet"
    texts = pa.array(["good", "bad"], pa.large_string())
    for labels, expected in (
        (pa.array([1, 0], pa.uint8()), [1, 0]),
        (pa.array(["x", "y"]).dictionary_encode(), ["x", "y"]),
    ):
        pq.write_table(pa.table({"text": texts, "label": labels}), path)
        assert read_table(path, "text", "label")["label"].to_pylist() == expected


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_parquet_whose_texts_are_a_dictionary(kind: pa.DataType, tmp_path: Path) -> None:
    """As pandas writes a categorical column: scoring reads it too."""
    path = tmp_path / "r.parquet"
    texts = pa.array(["good", None, "good"], pa.dictionary(pa.int8(), kind))
    labels = pa.array(["x", "y", "x"], pa.dictionary(pa.int8(), kind))
    pq.write_table(pa.table({"text": texts, "label": labels}), path)
    assert rows_of(read_table(path, "text", "label")) == [("good", "x"), ("", "y"), ("good", "x")]
    assert read_texts(path, "text") == ["good", None, "good"]


# --- parts ---


def test_parts_and_names(tmp_path: Path) -> None:
    parts = {
        "train": write(tmp_path, "a.csv", [("a", 1), ("b", 0)]),
        "validation": write(tmp_path, "b.jsonl", [("c", 1)]),
        "test": write(tmp_path, "c.parquet", [("d", 0), ("e", 1)]),
    }
    records = load_files(parts, label_names=["negative", "positive"])
    assert records.splits == {"train": range(2), "validation": range(2, 3), "test": range(3, 5)}
    assert records.texts.to_pylist() == list("abcde")
    assert records.labels == ["positive", "negative", "positive", "negative", "positive"]
    assert load_files(parts).labels == [1, 0, 1, 0, 1]


def test_names_for_too_few_classes(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", [("a", 1), ("b", 2)])
    with pytest.raises(DataError, match="label 2 has no name") as caught:
        load_files({"train": path}, label_names=["negative", "positive"])
    assert str(path) in caught.value.cause


def test_parts_whose_labels_are_of_two_types(tmp_path: Path) -> None:
    train = write(tmp_path, "a.csv", [("a", 1), ("b", 0)])
    test = write(tmp_path, "b.csv", [("c", "pos"), ("d", "neg")])
    with pytest.raises(DataError, match="label"):
        load_files({"train": train, "test": test})


def test_the_first_pair_of_columns_that_is_there(tmp_path: Path) -> None:
    path = write(tmp_path, "r.csv", [("good", "x"), ("bad", "y")], ("text", "label"))
    table, _ = read_labelled(path, ("review", "stars"), ("text", "label"))
    assert rows_of(table) == [("good", "x"), ("bad", "y")]
    with pytest.raises(MissingColumnError, match="no column 'review', 'stars'"):
        read_labelled(path, ("review", "stars"), ("text", "sentiment"))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_columns_beside_the_texts(suffix: str, tmp_path: Path) -> None:
    path = write(tmp_path, f"r{suffix}", [("good", 1), ("bad", 0)], ("text", "label"))
    names = ["other", "label", "text"]
    table, beside = read_labelled(path, ("review", "stars"), ("text", "label"), beside=names)
    assert rows_of(table) == [("good", 1), ("bad", 0)]
    assert list(beside) == names
    assert beside["label"] == [1, 0]
    assert beside["text"] == ["good", "bad"]
    assert len(beside["other"]) == 2


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_column_that_is_not_beside_the_texts(suffix: str, tmp_path: Path) -> None:
    path = write(tmp_path, f"r{suffix}", [("good", 1), ("bad", 0)], ("text", "label"))
    with pytest.raises(MissingColumnError, match="no column 'genre'; columns found") as caught:
        read_labelled(path, ("review", "stars"), ("text", "label"), beside=["genre"])
    assert caught.value.hint == "choose one of those"


def test_another_problem_is_not_taken_for_a_missing_column(tmp_path: Path) -> None:
    path = raw(tmp_path, "r.csv", "text,label\n")
    with pytest.raises(DataError, match="holds no rows"):
        read_labelled(path, ("text", "label"), ("review", "stars"))


# --- what cannot be read ---


def error_of(path: Path) -> DataError:
    with pytest.raises(DataError) as caught:
        read_table(path, "text", "label")
    assert str(path) in caught.value.cause
    return caught.value


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_missing_file(suffix: str, tmp_path: Path) -> None:
    raw(tmp_path, "there.csv", "")
    raw(tmp_path, "notes.txt", "")
    error = error_of(tmp_path / f"none{suffix}")
    assert "no such file" in error.cause
    assert error.hint == "files there: there.csv"
    assert error_of(tmp_path / "no folder" / f"none{suffix}").hint == "check the path"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_folder_is_no_file(suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"r{suffix}").mkdir()
    assert "no such file" in error_of(tmp_path / f"r{suffix}").cause


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_wrong_column(suffix: str, tmp_path: Path) -> None:
    path = write(tmp_path, f"r{suffix}", [("good", 1), ("bad", 0)], ("review", "label"))
    with pytest.raises(MissingColumnError, match="no column 'text'; ") as caught:
        read_table(path, "text", "label")
    assert str(path) in caught.value.cause
    assert caught.value.cause.endswith("columns found: other, review, label")
    assert "data.text_column and data.label_column" in caught.value.hint


def test_both_columns_wrong(tmp_path: Path) -> None:
    error = error_of(raw(tmp_path, "r.csv", "review;stars\ngood;1\n"))
    assert error.cause.endswith("no column 'text', 'label'; columns found: review;stars")


def test_a_column_missing_in_one_object(tmp_path: Path) -> None:
    path = raw(tmp_path, "r.jsonl", '{"text": "a", "label": 1}\n\n{"text": "b", "stars": 1}\n')
    with pytest.raises(MissingColumnError, match=r"line 3: no column 'label'.*text, stars"):
        read_table(path, "text", "label")


@pytest.mark.parametrize("suffix", TEXT_SUFFIXES)
@pytest.mark.parametrize("content", [b"", b"\n", b" \r\n\t\n", b"\xef\xbb\xbf"])
def test_empty_file(suffix: str, content: bytes, tmp_path: Path) -> None:
    assert "the file is empty" in error_of(raw(tmp_path, f"r{suffix}", content)).cause


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("r.csv", "text,label\n"),
        ("r.csv", "text,label\r\n"),
        ("r.csv", "text,label"),
        ("r.tsv", "text\tlabel\n"),
        ("r.json", "[]"),
        ("r.parquet", parquet([("a", "b")], ("text", "label"))),
    ],
)
def test_header_only(name: str, content: str | bytes, tmp_path: Path) -> None:
    path = raw(tmp_path, name, content)
    if path.suffix == ".parquet":
        pq.write_table(pq.read_table(path).slice(0, 0), path)
    assert "holds no rows" in error_of(path).cause


@pytest.mark.parametrize("suffix", TEXT_SUFFIXES)
def test_not_utf8_by_line_and_byte(suffix: str, tmp_path: Path) -> None:
    path = write(tmp_path, f"r{suffix}", [("good", 1), ("cafe", 0), ("bad", 0)])
    content = path.read_bytes().replace(b"cafe", b"caf\xe9")
    path.write_bytes(content)
    place = content.index(b"\xe9")
    line = content[:place].count(b"\n") + 1
    error = error_of(path)
    assert f"line {line}, byte {place}: 0xe9 is not UTF-8" in error.cause
    assert f"iconv -f latin1 -t utf-8 {path.name}" in error.hint


def test_utf16(tmp_path: Path) -> None:
    path = raw(tmp_path, "r.csv", "text,label\ngood,1\n".encode("utf-16"))
    assert "line 1, byte 0: 0xff is not UTF-8" in error_of(path).cause


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".json", ".parquet"])
def test_missing_labels_by_their_rows(suffix: str, tmp_path: Path) -> None:
    empty: Label = "" if suffix in {".csv", ".tsv"} else None  # type: ignore[assignment]
    rows: Rows = [("a", "x"), ("b", empty), ("c", "y"), ("d", empty)]
    error = error_of(write(tmp_path, f"r{suffix}", rows))
    assert "2 of 4 rows have no label: rows 2, 4 (counting rows from 1" in error.cause
    assert "leave those rows out" in error.hint


@pytest.mark.parametrize("suffix", [".jsonl", ".json"])
def test_labels_of_mixed_types(suffix: str, tmp_path: Path) -> None:
    error = error_of(write(tmp_path, f"r{suffix}", [("a", "x"), ("b", 1)]))
    assert "labels must be all strings or all integers, found int, str" in error.cause


@pytest.mark.parametrize(
    "content",
    [
        "text,label\na,x\nb,c,y\n",
        "text,label\na,x\nb\n",
        "text,label\na,x,\nb,y,\n",
        'text,label\n"a,x\nb,y\n',
        'text,label\na,x\n"b" c",y\n"d,z\n',
    ],
    ids=["too many", "too few", "always too many", "quote left open", "stray quotes"],
)
def test_ragged_csv(content: str, tmp_path: Path) -> None:
    error = error_of(raw(tmp_path, "r.csv", content))
    assert "not a well-formed file of 2 columns" in error.cause
    assert "must stand in quotes" in error.hint


def test_a_quote_left_open_in_a_long_header(tmp_path: Path) -> None:
    error_of(raw(tmp_path, "r.csv", 'text,"label\n' + "good,x\n" * 20_000))


BROKEN_JSON = [
    ("r.jsonl", '{"text": "a", "label": 1}\n\n{"text": "b",\n', "line 3 is not valid JSON"),
    ("r.jsonl", '{"text": "a", "label": 1}\n[1, 2]\n', "line 2: expected an object"),
    ("r.jsonl", '"text"\n', "line 1: expected an object with text and label"),
    ("r.jsonl", "[" * 100_000, "line 1 is not valid JSON"),
    ("r.jsonl", '{"text": "a", "label": ' + "1" * 5_000 + "}", "line 1"),
    ("r.jsonl", '{"text": 5, "label": 1}', "line 1: text is int, expected a string"),
    ("r.jsonl", '{"text": "a", "label": 1}\n{"text": "\\ud83d", "label": 1}', "line 2"),
    ("r.jsonl", '{"text": "a", "label": 1}\n{"text": "b", "label": "\\ud83d"}', "line 2"),
    ("r.json", '[{"text": "a", "label": 1}, {"text"\n', "file is not valid JSON: .*line 2"),
    ("r.json", '{"text": ["a"], "label": [1]}', "expected a JSON array of objects"),
    ("r.json", '[{"text": "a", "label": 1}, 5]', "item 2: expected an object"),
    ("r.json", '["good", "bad"]', "item 1: expected an object"),
    ("r.json", '["{\\"text\\": \\"a\\", \\"label\\": 1}"]', "item 1: expected an object"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "message"), BROKEN_JSON, ids=range(len(BROKEN_JSON)))
def test_broken_json_by_its_place(name: str, content: str, message: str, tmp_path: Path) -> None:
    path = raw(tmp_path, name, content)
    with pytest.raises(DataError, match=message) as caught:
        read_table(path, "text", "label")
    assert str(path) in caught.value.cause


@pytest.mark.parametrize("name", ["r.txt", "r.xlsx", "r", "r.csv.gz"])
def test_unknown_kind_of_file(name: str, tmp_path: Path) -> None:
    error = error_of(raw(tmp_path, name, "text,label\na,x\n"))
    assert f"unknown kind of file {(tmp_path / name).suffix!r}" in error.cause
    assert error.hint == "known: .csv, .tsv, .jsonl, .json, .parquet"


@pytest.mark.parametrize("content", [b"", b"PAR1", b"text,label\na,x\n"])
def test_no_parquet_at_all(content: bytes, tmp_path: Path) -> None:
    error = error_of(raw(tmp_path, "r.parquet", content))
    assert "not a readable parquet file" in error.cause


def test_parquet_cut_off(tmp_path: Path) -> None:
    path = write(tmp_path, "r.parquet", [("good", "x"), ("bad", "y")])
    path.write_bytes(path.read_bytes()[:-10])
    assert "not a readable parquet file" in error_of(path).cause


def test_parquet_whose_texts_are_numbers(tmp_path: Path) -> None:
    path = write(tmp_path, "r.parquet", [(1, "x"), (2, "y")])  # type: ignore[list-item]
    assert "column text holds int64, expected strings" in error_of(path).cause
