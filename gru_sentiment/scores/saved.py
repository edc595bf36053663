"""Predictions that an evaluation or a training saved, read from their file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gru_sentiment.arrays import Booleans, Floats, Integers
from gru_sentiment.errors import DataError

SAME_ROWS = "compare predictions of the same rows: evaluate both on one file, with --predictions"


@dataclass(frozen=True)
class SavedPredictions:
    """Rows with their true and their predicted classes, as text."""

    path: Path
    rows: Integers
    """Indices into the data, shape (rows,); files number the rows from 1 on."""
    true: list[str]
    predicted: list[str]
    classes: list[str]
    probabilities: list[dict[str, Any]]
    """By class, as the file holds them; not checked."""

    def correct_on(self, rows: Integers, true: Sequence[str], classes: Sequence[str]) -> Booleans:
        """Which rows are predicted right, shape (rows,).

        Args:
            rows: expected numbers of the rows, shape (rows,).
            true: expected true classes.
            classes: expected classes of the model.

        Raises:
            DataError: the saved predictions have other rows, true classes or classes.
        """
        self._check_classes(classes)
        if not np.array_equal(self.rows, rows):
            raise DataError(
                f"{self.path}: holds {len(self.rows):,} rows and {len(rows):,} are scored"
                if len(self.rows) != len(rows)
                else f"{self.path}: holds other rows than those that are scored, or in another "
                "order",
                hint=SAME_ROWS,
            )
        odd = [i for i, (a, b) in enumerate(zip(self.true, true, strict=True)) if a != b]
        if odd:
            first = odd[0]
            raise DataError(
                f"{self.path}: row {rows[first] + 1} is {self.true[first]!r} there and "
                f"{true[first]!r} here ({len(odd):,} such rows)",
                hint=SAME_ROWS,
            )
        return np.array([a == b for a, b in zip(self.true, self.predicted, strict=True)])

    def probabilities_of(self, classes: Sequence[str]) -> tuple[Floats, Integers]:
        """Probabilities (rows, classes), and true class indices (rows,).

        Raises:
            DataError: the saved predictions have other classes, or probabilities that are not
                numbers from 0 to 1.
        """
        self._check_classes(classes)
        values = [of_row[name] for of_row in self.probabilities for name in classes]
        if not all(type(value) in {int, float} and 0 <= value <= 1 for value in values):
            raise DataError(f"{self.path}: holds probabilities that are not numbers from 0 to 1")
        if unknown := set(self.true) - set(classes):
            raise DataError(f"{self.path}: the true class {min(unknown)!r} is no class of the run")
        probabilities = np.array(values, np.float64).reshape(-1, len(classes))
        return probabilities, np.array([classes.index(name) for name in self.true], np.int64)

    def _check_classes(self, classes: Sequence[str]) -> None:
        if set(self.classes) != set(classes):
            raise DataError(
                f"{self.path}: has the classes {', '.join(self.classes)}; the run has "
                f"{', '.join(classes)}",
                hint="compare models of the same classes",
            )


def read_predictions(path: Path) -> SavedPredictions:
    """Read a file with a JSON object for every row, as `--predictions` writes it.

    Raises:
        DataError: the file cannot be read, is empty, or holds a line of another form.
    """
    try:
        # not splitlines, which splits at characters that JSON strings may hold
        lines = path.read_bytes().decode("utf-8").removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: byte {error.start} is not UTF-8") from error
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read: {error.strerror}",
            hint="give a run folder, or a file that evaluate --predictions wrote",
        ) from error
    if lines == [""]:
        raise DataError(f"{path}: the file is empty", hint=SAME_ROWS)
    records = [_record(path, number, line) for number, line in enumerate(lines, 1)]
    rows, true, predicted, probabilities = zip(*records, strict=True)
    classes = list(map(tuple, probabilities))
    if len(set(classes)) > 1:
        raise DataError(f"{path}: the lines do not all have the same classes", hint=SAME_ROWS)
    return SavedPredictions(
        path,
        np.array(rows, np.int64),
        list(true),
        list(predicted),
        list(classes[0]),
        list(probabilities),
    )


def _record(path: Path, number: int, line: str) -> tuple[int, str, str, dict[str, Any]]:
    try:
        value = json.loads(line)
        row, probabilities = value["row"], value["probabilities"]
        if type(row) is not int or not isinstance(probabilities, dict):
            raise TypeError
        # earlier versions wrote the number of unknown tokens, and counted rows from 0
        index = row if "unknown_tokens" in value else row - 1
        return index, str(value["true"]), str(value["label"]), probabilities
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise DataError(
            f"{path}: line {number} is not an object with row, true, label and probabilities",
            hint="such files are written by evaluate --predictions, and by every training",
        ) from error
