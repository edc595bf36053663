"""Word vectors in GloVe's text format."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from gru_sentiment.arrays import Singles
from gru_sentiment.errors import VectorsError
from gru_sentiment.vectors.word_vectors import WordVectors

MAX_LINE, MAX_UNPACKED = 1 << 20, 1 << 34
"""The most bytes of a line and of a file. The largest known file, wiki.en.vec, has 6.6 GB."""


def file_vectors(path: Path, words: Sequence[str], *, member: str | None = None) -> WordVectors:
    """Read vectors in GloVe's text format from a plain or gzipped file, or from a zip archive.

    Nothing is unpacked to the disk, and at most MAX_UNPACKED bytes are read. A first line of two
    numbers, which word2vec and fastText write, is skipped.

    Args:
        path: the file.
        words: the words, one for each row of the result.
        member: the file in the archive; None reads its only file.

    Raises:
        VectorsError: the file is missing, cut off or malformed, its lines have several dimensions,
            or it holds no vectors.
    """
    wanted = {word.encode(): i for i, word in enumerate(words)}
    found, matrix = np.zeros(len(words), bool), np.zeros((len(words), 0), np.float32)
    with _explained(path):
        for number, word, values in _entries(path, member):
            if not matrix.shape[1]:
                matrix = np.zeros((len(words), len(values)), np.float32)
            if (row := wanted.get(word)) is not None and not found[row]:
                matrix[row] = _numbers(path, number, values)
                found[row] = True
    if not matrix.shape[1]:
        raise VectorsError(f"{path}: holds no vectors")
    return WordVectors(matrix, found, path.name)


def file_words(path: Path, *, member: str | None = None) -> Iterator[str]:
    """The words of a file in the same format, in its order.

    Raises:
        VectorsError: as `file_vectors`.
    """
    with _explained(path):
        for _, word, _ in _entries(path, member):
            yield word.decode("utf-8", "replace")


def _entries(path: Path, member: str | None) -> Iterator[tuple[int, bytes, list[bytes]]]:
    """The number of each line, its word and its numbers, as many in all lines.

    Raises:
        VectorsError: a line is malformed.
    """
    dimension = 0
    with _open(path, member) as file:
        for number, line in enumerate(_lines(path, file), 1):
            if number == 1 and _is_header(line):
                continue
            if not dimension:
                dimension = _first_dimension(path, number, line)
            # from the right: some words of glove.840B hold spaces
            word, *values = line.rstrip(b"\r\n ").rsplit(b" ", dimension)
            if len(values) < dimension or not word:
                raise _bad_line(path, number, f"{len(values)} numbers, expected {dimension}")
            if b" " in word and _is_number(word.rsplit(b" ", 1)[1]):
                raise _bad_line(path, number, f"more than {dimension} numbers")
            yield number, word, values


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn errors of the disk and of archives into errors that the user can fix."""
    try:
        yield
    except (RuntimeError, NotImplementedError) as error:
        raise VectorsError(
            f"{path}: cannot be unpacked: {error}",
            hint="unpack it and give the text file as vectors.path",
        ) from error
    except (EOFError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error) as error:
        raise VectorsError(
            f"{path}: damaged or cut off: {error}", hint="download or copy the file again"
        ) from error
    except OSError as error:
        raise VectorsError(f"{path}: cannot be read: {error.strerror or error}") from error


def _lines(path: Path, file: IO[bytes]) -> Iterator[bytes]:
    """The lines of a file.

    Raises:
        VectorsError: a line is longer than MAX_LINE, or all together than MAX_UNPACKED.
    """
    number, left = 0, MAX_UNPACKED
    while line := file.readline(MAX_LINE):
        number, left = number + 1, left - len(line)
        if len(line) == MAX_LINE:
            raise _bad_line(path, number, f"longer than {MAX_LINE:,} bytes")
        if left < 0:
            raise VectorsError(f"{path}: holds more than {MAX_UNPACKED:,} bytes unpacked")
        yield line


@contextmanager
def _open(path: Path, member: str | None) -> Iterator[IO[bytes]]:
    if not path.is_file():
        raise VectorsError(
            f"{path}: no such file of word vectors",
            hint="vectors.path is relative to the config file",
        )
    with path.open("rb") as file:
        start = file.read(512).lstrip().lower()
        file.seek(0)
        if start.startswith((b"<!doctype", b"<html", b"<?xml")):
            raise VectorsError(
                f"{path}: a web page, not word vectors: the download returned an error page",
                hint="delete it and download again",
            )
        if path.suffix == ".gz":
            with gzip.open(file) as unpacked:
                yield io.BufferedReader(unpacked)
        elif path.suffix == ".zip":
            with (
                zipfile.ZipFile(file) as archive,
                archive.open(_member(path, archive, member)) as unpacked,
            ):
                yield unpacked
        else:
            yield file


def _member(path: Path, archive: zipfile.ZipFile, wanted: str | None) -> str:
    names = [info.filename for info in archive.infolist() if not info.is_dir()]
    if wanted in names:
        return wanted
    if len(names) != 1 or wanted:
        raise VectorsError(
            f"{path}: holds {len(names)} files: {', '.join(names[:5])}",
            hint="unpack it and set vectors.path to one of them",
        )
    return names[0]


def _is_header(line: bytes) -> bool:
    parts = line.split()
    return len(parts) == 2 and all(part.isdigit() for part in parts)


def _is_number(part: bytes) -> bool:
    try:
        float(part)
    except ValueError:
        return False
    return True


def _first_dimension(path: Path, number: int, line: bytes) -> int:
    values = line.rstrip(b"\r\n ").split(b" ")[1:]
    _numbers(path, number, values)
    if not values:
        raise _bad_line(path, number, "no numbers after the word")
    return len(values)


def _numbers(path: Path, number: int, values: Sequence[bytes]) -> Singles:
    try:
        row = np.array(values, dtype=np.float32)
    except ValueError as error:
        raise _bad_line(path, number, str(error)) from error
    if not np.isfinite(row).all():
        raise _bad_line(path, number, "a number that is not finite")
    return row


def _bad_line(path: Path, number: int, reason: str) -> VectorsError:
    return VectorsError(
        f"{path}: line {number}: {reason}",
        hint="expected a word and its numbers, separated by single spaces; the file may be cut off",
    )
