from __future__ import annotations

import csv
import gzip
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
from gru_sentiment.rows.reading import MissingColumnError
from gru_sentiment.sources.files import load_files, load_labelled, read_texts
from gru_sentiment.sources.records import Records

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
SUFFIXES = [".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".csv.gz", ".jsonl.gz"]
TEXT_SUFFIXES = [".csv", ".tsv", ".jsonl", ".json"]
QUOTED = {"quoting": "double"}
"""How the tests write a tsv file."""


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
    ".ndjson": jsonl,
    ".json": lambda rows, columns: json.dumps(objects(rows, columns), indent=1).encode(),
    ".parquet": parquet,
}


def write(
    folder: Path, name: str, rows: Rows, columns: tuple[str, str] = ("text", "label")
) -> Path:
    path = folder / name
    packed = name.lower().endswith(".gz")
    content = WRITERS[Path(name.lower().removesuffix(".gz")).suffix](rows, columns)
    path.write_bytes(gzip.compress(content) if packed else content)
    return path


def raw(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows_of(records: Records) -> Rows:
    return list(zip(records.texts.to_pylist(), records.labels, strict=True))


def read_table(path: Path, text_column: str, label_column: str) -> Records:
    """A file that is trained on; tsv files of these tests are quoted."""
    return load_files(
        {"train": path}, text_column=text_column, label_column=label_column, quoting="double"
    )


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
def test_a_null_is_an_empty_text(suffix: str, tmp_path: Path) -> None:
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
        assert read_table(path, "text", "label").labels == expected


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_parquet_whose_texts_are_a_dictionary(kind: pa.DataType, tmp_path: Path) -> None:
    """As pandas writes a categorical column: scoring reads it too."""
    path = tmp_path / "r.parquet"
    texts = pa.array(["good", None, "good"], pa.dictionary(pa.int8(), kind))
    labels = pa.array(["x", "y", "x"], pa.dictionary(pa.int8(), kind))
    pq.write_table(pa.table({"text": texts, "label": labels}), path)
    assert rows_of(read_table(path, "text", "label")) == [("good", "x"), ("", "y"), ("good", "x")]
    assert read_texts(path, "text") == {"text": ["good", "", "good"]}


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


def test_classes_that_no_training_row_has(tmp_path: Path) -> None:
    train = write(tmp_path, "a.csv", [("a", "good"), ("b", "bad")])
    test = write(tmp_path, "b.csv", [("c", "goood"), ("d", "bad"), ("e", "goood")])
    with pytest.raises(DataError) as caught:
        load_files({"train": train, "test": test})
    assert caught.value.cause == (
        f"{test}: the label 'goood' of 2 of 3 rows (rows 1, 3) is a class that no row of {train} "
        "has: 'bad', 'good'"
    )
    assert "did you mean 'good'?" in caught.value.hint


@pytest.mark.parametrize("name", ["a.csv", "link.csv"])
def test_one_file_for_two_splits(name: str, tmp_path: Path) -> None:
    train = write(tmp_path, "a.csv", [("a", "good"), ("b", "bad")])
    (tmp_path / "link.csv").symlink_to(train)
    with pytest.raises(DataError, match="is the train file too") as caught:
        load_files({"train": train, "validation": tmp_path / name})
    assert caught.value.cause.startswith("data.validation_path: ")
    assert "leave data.validation_path out" in caught.value.hint


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('text,label\na,x\n"b,y\nc,x\nd "e",y\n', "line 3 closes in line 5, and text goes on"),
        ('text,label\na,x\nb,y\n"c,x\nd",y\n', "line 4 closes in line 5, and rows stand betw"),
        ('text,label\na,x\n"b,y\nc,x\n', "line 3 is never closed"),
    ],
)
@pytest.mark.parametrize("split", ["train", "validation", "unlabelled", "labelled"])
def test_stray_quotes_by_their_lines(content: str, line: str, split: str, tmp_path: Path) -> None:
    path = raw(tmp_path, "r.csv", content)
    good = write(tmp_path, "good.csv", [("a", "x"), ("b", "y")])
    readers: dict[str, Callable[[], object]] = {
        "unlabelled": lambda: read_texts(path, "text"),
        "labelled": lambda: load_labelled(path, ("text", "label"), classes=["x", "y"]),
    }
    read = readers.get(split, lambda: load_files({"train": good} | {split: path}))
    with pytest.raises(DataError) as caught:
        read()
    assert f"{path}: row " in caught.value.cause
    assert f"the quote that opens in {line}" in caught.value.cause
    assert "data.quoting to none" in caught.value.hint


def test_quotes_of_a_tsv_file_are_characters(tmp_path: Path) -> None:
    path = raw(tmp_path, "r.tsv", 'text\tlabel\n"a\tx\nb" c\ty\n"d"\tx\n')
    assert load_files({"train": path}).texts.to_pylist() == ['"a', 'b" c', '"d"']
    with pytest.raises(DataError, match="opens in line 2 closes in line 3"):
        load_files({"train": path}, quoting="double")
    as_csv = raw(tmp_path, "r.csv", path.read_text().replace("\t", "|"))
    found = load_files({"train": as_csv}, delimiter="|", quoting="none")
    assert found.texts.to_pylist() == ['"a', 'b" c', '"d"']


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("suffix", TEXT_SUFFIXES)
def test_encodings(encoding: str, suffix: str, tmp_path: Path) -> None:
    rows: Rows = [("caf\u00e9", "gut"), ("b\u00f6se", "schlecht")]
    path = write(tmp_path, f"r{suffix}", rows)
    text = path.read_text("utf-8")
    path.write_bytes(text.encode(encoding))
    named = {"encoding": encoding} if encoding == "latin-1" else {}
    assert rows_of(load_files({"train": path}, **QUOTED, **named)) == rows


def test_a_text_file_has_texts_alone(tmp_path: Path) -> None:
    path = raw(tmp_path, "r.txt", "one\ntwo\n")
    assert read_texts(path, "text") == {"text": ["one", "two"]}
    with pytest.raises(DataError, match="holds texts alone, and no column 'label'"):
        load_files({"train": path})


def labelled(
    path: Path, *choices: tuple[str, str], beside: tuple[str, ...] = ()
) -> tuple[Records, dict[str, list[object]]]:
    return load_labelled(path, *choices, classes=["x", "y", 0, 1], beside=beside, **QUOTED)


def test_the_first_pair_of_columns_that_is_there(tmp_path: Path) -> None:
    path = write(tmp_path, "r.csv", [("good", "x"), ("bad", "y")], ("text", "label"))
    records, _ = labelled(path, ("review", "stars"), ("text", "label"))
    assert rows_of(records) == [("good", "x"), ("bad", "y")]
    with pytest.raises(MissingColumnError, match="no column 'review', 'stars'"):
        labelled(path, ("review", "stars"), ("text", "sentiment"))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_columns_beside_the_texts(suffix: str, tmp_path: Path) -> None:
    path = write(tmp_path, f"r{suffix}", [("good", 1), ("bad", 0)], ("text", "label"))
    names = ("other", "label", "text")
    records, beside = labelled(path, ("review", "stars"), ("text", "label"), beside=names)
    assert rows_of(records) == [("good", 1), ("bad", 0)]
    assert tuple(beside) == names
    assert list(map(str, beside["label"])) == ["1", "0"]
    assert beside["text"] == ["good", "bad"]
    assert len(beside["other"]) == 2


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_column_that_is_not_beside_the_texts(suffix: str, tmp_path: Path) -> None:
    path = write(tmp_path, f"r{suffix}", [("good", 1), ("bad", 0)], ("text", "label"))
    with pytest.raises(MissingColumnError, match=r"no (column|field) 'genre'; .* found") as caught:
        labelled(path, ("review", "stars"), ("text", "label"), beside=("genre",))
    assert caught.value.hint == "choose one of those"


def test_another_problem_is_not_taken_for_a_missing_column(tmp_path: Path) -> None:
    path = raw(tmp_path, "r.csv", "text,label\n")
    with pytest.raises(DataError, match="holds no rows"):
        labelled(path, ("text", "label"), ("review", "stars"))


# --- what cannot be read ---


def error_of(path: Path) -> DataError:
    with pytest.raises(DataError) as caught:
        read_table(path, "text", "label")
    assert str(path) in caught.value.cause
    return caught.value


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_missing_file(suffix: str, tmp_path: Path) -> None:
    raw(tmp_path, "there.csv", "")
    raw(tmp_path, "notes.log", "")
    error = error_of(tmp_path / f"none{suffix}")
    assert "no such file" in error.cause
    assert error.hint == "files there: there.csv"
    assert error_of(tmp_path / "no folder" / f"none{suffix}").hint == "check the path"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_folder_is_no_file(suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"r{suffix}").mkdir()
    assert "is a folder" in error_of(tmp_path / f"r{suffix}").cause


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_wrong_column(suffix: str, tmp_path: Path) -> None:
    path = write(tmp_path, f"r{suffix}", [("good", 1), ("bad", 0)], ("review", "label"))
    with pytest.raises(MissingColumnError, match=r"no (column|field) 'text'; ") as caught:
        read_table(path, "text", "label")
    assert str(path) in caught.value.cause
    assert caught.value.cause.endswith("s found: other, review, label")
    assert "data.text_column and data.label_column" in caught.value.hint


def test_both_columns_wrong(tmp_path: Path) -> None:
    error = error_of(raw(tmp_path, "r.csv", "review;stars\ngood;1\n"))
    assert error.cause.endswith("no column 'text', 'label'; columns found: review;stars")


def test_a_column_missing_in_one_object(tmp_path: Path) -> None:
    path = raw(tmp_path, "r.jsonl", '{"text": "a", "label": 1}\n\n{"text": "b", "stars": 1}\n')
    with pytest.raises(
        MissingColumnError, match=r"row 2: no field 'label'.*text, stars \(line 3\)"
    ):
        read_table(path, "text", "label")


@pytest.mark.parametrize("suffix", TEXT_SUFFIXES)
@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n\n", b"\xef\xbb\xbf"])
def test_empty_file(suffix: str, content: bytes, tmp_path: Path) -> None:
    expected = "the input is empty" if suffix in {".csv", ".tsv"} else "holds no rows"
    assert expected in error_of(raw(tmp_path, f"r{suffix}", content)).cause


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
def test_not_utf8_by_row(suffix: str, tmp_path: Path) -> None:
    path = write(tmp_path, f"r{suffix}", [("good", 1), ("a cafe in France", 0), ("bad", 0)])
    path.write_bytes(path.read_bytes().replace(b"cafe", b"caf\xe9"))
    error = error_of(path)
    assert f"{path}: row " in error.cause
    assert "0xe9" in error.cause
    assert "not UTF-8" in error.cause
    assert "set data.encoding to latin-1" in error.hint


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".json", ".parquet"])
def test_missing_labels_by_their_rows(suffix: str, tmp_path: Path) -> None:
    empty: Label = "" if suffix in {".csv", ".tsv"} else None  # type: ignore[assignment]
    rows: Rows = [("a", "x"), ("b", empty), ("c", "y"), ("d", empty)]
    error = error_of(write(tmp_path, f"r{suffix}", rows))
    assert "2 of 4 rows have no label: rows 2, 4 (counting rows from 1" in error.cause
    assert "leave those rows out" in error.hint


@pytest.mark.parametrize("suffix", [".jsonl", ".json"])
def test_labels_of_mixed_types_are_words(suffix: str, tmp_path: Path) -> None:
    path = write(tmp_path, f"r{suffix}", [("a", "x"), ("b", 1)])
    assert read_table(path, "text", "label").labels == ["x", "1"]


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ("text,label\na,x\nb,c,y\n", "row 2: 3 fields, the header names 2 (line 3)"),
        ("text,label\na,x\nb\n", "row 2: 1 fields, the header names 2 (line 3)"),
        ("text,label\na,x,\nb,y,\n", "row 1: 3 fields, the header names 2 (line 2)"),
    ],
    ids=["too many", "too few", "always too many"],
)
def test_ragged_csv(content: str, cause: str, tmp_path: Path) -> None:
    error = error_of(raw(tmp_path, "r.csv", content))
    assert error.cause.endswith(cause)
    assert "must stand in quotes" in error.hint


def test_a_quote_left_open_in_a_long_header(tmp_path: Path) -> None:
    error_of(raw(tmp_path, "r.csv", 'text,"label\n' + "good,x\n" * 20_000))


BROKEN_JSON = [
    ("r.jsonl", '{"text": "a", "label": 1}\n\n{"text": "b",\n', r"row 2: not valid.*\(line 3\)"),
    ("r.jsonl", '{"text": "a", "label": 1}\n[1, 2]\n', "row 2: is an array, expected an object"),
    ("r.jsonl", '"text"\n', "row 1: is a string, expected an object"),
    ("r.jsonl", "[" * 100_000, "row 1: not valid JSON"),
    ("r.jsonl", '{"text": "a", "label": ' + "1" * 5_000 + "}", "row 1"),
    ("r.jsonl", '{"text": 5, "label": 1}', "row 1: text is a number, expected a string"),
    ("r.jsonl", '{"text": "b", "label": "\\ud83d"}', "a label holds half a character"),
    ("r.jsonl", '{"text": "a", "label": 1, "label": 2}', "row 1: the object names 'label' twice"),
    ("r.json", '[{"text": "a", "label": 1}, {"text"\n', "row 2: not valid JSON"),
    ("r.json", '{"text": ["a"], "label": [1]}', "row 1: text is an array, expected a string"),
    ("r.json", '[{"text": "a", "label": 1}, 5]', "row 2: is a number, expected an object"),
    ("r.json", '["good", "bad"]', "row 1: is a string, expected an object"),
    ("r.json", "5", "row 1: expected a JSON array of objects"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "message"), BROKEN_JSON, ids=range(len(BROKEN_JSON)))
def test_broken_json_by_its_place(name: str, content: str, message: str, tmp_path: Path) -> None:
    path = raw(tmp_path, name, content)
    with pytest.raises(DataError, match=message) as caught:
        read_table(path, "text", "label")
    assert str(path) in caught.value.cause


@pytest.mark.parametrize("name", ["r.log", "r", "r.gz"])
def test_unknown_kind_of_file(name: str, tmp_path: Path) -> None:
    error = error_of(raw(tmp_path, name, "text,label\na,x\n"))
    assert f"unknown kind of file {(tmp_path / name).suffix!r}" in error.cause
    assert error.hint.startswith("known: .txt, .jsonl, .ndjson, .json, .csv, .tsv, .parquet")


def test_a_spreadsheet(tmp_path: Path) -> None:
    assert "save the sheet as CSV" in error_of(raw(tmp_path, "r.xlsx", b"PK")).hint
    named_csv = raw(tmp_path, "r.csv", b"PK\x03\x04")
    assert "a zip archive or a spreadsheet, not text" in error_of(named_csv).cause


def test_half_a_character_of_a_text_is_replaced(tmp_path: Path) -> None:
    """As where it is scored."""
    path = raw(tmp_path, "r.jsonl", '{"text": "a\\ud83d", "label": 1}')
    assert read_table(path, "text", "label").texts.to_pylist() == ["a\ufffd"]


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
