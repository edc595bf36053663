"""How a text file is written: the first way in which its rows can be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from charset_normalizer import from_bytes

from gru_sentiment.errors import DataError
from gru_sentiment.rows.formats import DELIMITED, Dialect, column_names, format_of, opened_source
from gru_sentiment.rows.lines import AHEAD, ahead, utf8

DELIMITERS = (",", "tab", ";", "|")
LOOKED_AT = 1_000
"""Rows that are read in each dialect."""
FEW_LETTERS = 30
"""Fewer letters beyond ASCII tell encodings apart by chance alone."""


def found_dialect(path: Path, given: Dialect) -> Dialect:
    """A file's dialect: what is given, and for what is not, what its rows can be read with.

    Raises:
        DataError: the file cannot be read, or has one column alone.
    """
    kind = format_of(path)
    if kind in {"parquet", "text"}:
        return given
    dialect = replace(given, encoding=given.encoding or _encoding(path))
    if kind not in DELIMITED:
        return dialect
    fewest, best = 1.0, None
    for candidate in _candidates(dialect, kind):
        share = _bad_rows(path, kind, candidate)
        if share < fewest:
            fewest, best = share, candidate
        if not share:
            break
    if best is None:
        names = column_names(path, dialect)
        raise DataError(
            f"{path}: only one column was found: {names[0][:80]!r}",
            hint="texts and labels stand in two columns; name what separates them with --delimiter",
        )
    return best


def _candidates(dialect: Dialect, kind: str) -> Iterator[Dialect]:
    """Dialects to try, the likeliest first; the delimiter of the file's own kind is not named."""
    signs = sorted(DELIMITERS, key=lambda sign: Dialect(sign).sign != DELIMITED[kind])
    quotings = ("auto", "none" if kind == "csv" else "double")
    for quoting in quotings if dialect.quoting == "auto" else (dialect.quoting,):
        for sign in (dialect.delimiter,) if dialect.delimiter else (None, *signs[1:]):
            yield replace(dialect, delimiter=sign, quoting=quoting)


def _bad_rows(path: Path, kind: str, dialect: Dialect) -> float:
    """The share of the first rows that cannot be read; 1 where there is one column alone."""
    try:
        names = column_names(path, dialect)
        if len(names) < 2:
            return 1.0
        with opened_source(path, kind, names[0], keep=False, dialect=dialect) as source:
            bad = [row.error is not None for row in islice(source.rows, LOOKED_AT)]
    except DataError:
        return 1.0
    # a header that cannot be read is worse than any row that cannot
    return 0.99 * sum(bad) / max(len(bad), 1)


def _encoding(path: Path) -> str | None:
    """The encoding of a file's beginning; None for UTF-8, and where a byte order mark names it."""
    raw = _beginning(path)
    if _is_utf8(raw):
        return None
    beyond = [byte for byte in raw if byte >= 0x80]
    if len(beyond) >= FEW_LETTERS and (best := from_bytes(raw).best()):
        return best.encoding.replace("_", "-")
    return "cp1252" if any(byte < 0xA0 for byte in beyond) else "latin-1"


def _beginning(path: Path) -> bytes:
    """The first bytes of a file, unpacked, as UTF-8 where a byte order mark names their encoding;
    none of a file that cannot be read, which others report."""
    try:
        with path.open("rb", AHEAD) as file:
            return ahead(utf8(file))
    except (OSError, DataError):
        return b""


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        # a character that the cut has parted
        return error.start > len(raw) - 4 and error.end == len(raw)
    return True
