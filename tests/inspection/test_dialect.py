"""The dialect that is found reads the rows that were written."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru_sentiment.errors import DataError
from gru_sentiment.inspection.dialect import found_dialect
from gru_sentiment.rows.formats import Dialect, column_names
from gru_sentiment.sources.file_columns import read_columns

ROWS = [
    ('Great, and "witty"; all of it.', "good"),
    ("Dull\tand long | never again.", "bad"),
    ("So-so, neither this nor that.", "bad"),
    ("", "good"),
]
GERMAN = [("Schöne Küche, große Bäder, höchst gemütlich und überaus hübsch.", "gut")] * 9
OPTIONS = Dialect(setting="--{}")


def written(rows: list[tuple[str, str]], delimiter: str, *, quoted: bool = True) -> str:
    stream = io.StringIO(newline="")
    if quoted:
        csv.writer(stream, delimiter=delimiter).writerows([("text", "label"), *rows])
    else:
        stream.writelines(
            f"{text}{delimiter}{label}\n" for text, label in [("text", "label"), *rows]
        )
    return stream.getvalue()


def read(path: Path) -> list[tuple[str, str]]:
    dialect = found_dialect(path, OPTIONS)
    columns = read_columns(path, column_names(path, dialect), dialect)
    return list(zip(columns["text"], columns["label"], strict=True))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.csv.gz"])
def test_any_delimiter_under_any_name(delimiter: str, name: str, tmp_path: Path) -> None:
    content = written(ROWS, delimiter).encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    assert read(tmp_path / name) == ROWS


def test_the_dialect_of_the_name_is_not_spelt_out(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(written(ROWS, ","), "utf-8")
    assert found_dialect(tmp_path / "a.csv", OPTIONS) == OPTIONS
    (tmp_path / "a.tsv").write_text('text\tlabel\nA "fine film.\tgood\n', "utf-8")
    assert found_dialect(tmp_path / "a.tsv", OPTIONS) == OPTIONS


def test_quotes_that_close_nowhere_are_characters(tmp_path: Path) -> None:
    rows = [('"Fine film.', "good"), ('A 5" screen.', "bad"), ('"Rubbish.', "bad")]
    (tmp_path / "a.csv").write_text(written(rows, ";", quoted=False), "utf-8")
    assert read(tmp_path / "a.csv") == rows
    assert found_dialect(tmp_path / "a.csv", OPTIONS).quoting == "none"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"])
def test_encodings(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(written(GERMAN, ";").encode(encoding))
    assert read(tmp_path / "a.csv") == GERMAN


@pytest.mark.parametrize(("letter", "encoding"), [("é", "latin-1"), ("\u2019", "cp1252")])
def test_few_letters_are_western_european(letter: str, encoding: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(f"text,label\nCaf{letter} here,good\n".encode("cp1252"))
    assert found_dialect(tmp_path / "a.csv", OPTIONS).encoding == encoding


def test_what_is_given_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(written(ROWS, ";"), "utf-8")
    given = Dialect(delimiter=";", quoting="double", encoding="utf-8", setting="--{}")
    assert found_dialect(tmp_path / "a.csv", given) == given


def test_one_column(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text\nfine\n", "utf-8")
    with pytest.raises(DataError, match="only one column was found: 'text'") as caught:
        found_dialect(tmp_path / "a.csv", OPTIONS)
    assert "--delimiter" in caught.value.hint


def test_a_missing_file_and_one_of_texts(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        found_dialect(tmp_path / "a.csv", OPTIONS)
    (tmp_path / "a.txt").write_text("fine\n", "utf-8")
    with pytest.raises(DataError, match="holds texts alone, and no labels"):
        column_names(tmp_path / "a.txt", found_dialect(tmp_path / "a.txt", OPTIONS))


def test_a_character_that_the_look_ahead_parts_is_still_utf_8(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = "text,label\nschön,gut\n".encode()
    (tmp_path / "a.csv").write_bytes(content)
    monkeypatch.setattr("gru_sentiment.inspection.dialect.AHEAD", content.index(b"\xc3") + 1)
    assert found_dialect(tmp_path / "a.csv", OPTIONS).encoding is None


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1, max_size=20)


@given(st.lists(st.tuples(CELL, st.sampled_from(["a", "b"])), min_size=1), st.sampled_from(";\t,|"))
def test_quoted_files_are_read_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], delimiter: str
) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(
        [("text", "label"), *rows]
    )
    path.write_bytes(stream.getvalue().encode())
    given_delimiter = Dialect(delimiter="tab" if delimiter == "\t" else delimiter, setting="--{}")
    found = found_dialect(path, OPTIONS)
    assert found.sign in {delimiter, None}
    assert read_columns(path, ["text"], found) == read_columns(path, ["text"], given_delimiter)
