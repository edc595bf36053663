"""Word vectors in 8 bits: what they lose, and that they lose it once."""

from __future__ import annotations

import numpy as np
import torch

from gru_sentiment.artifact.tensors import compact
from gru_sentiment.export.int8 import Int8Rows, int8_rows

SIZES = np.array([8, 1, 1, 0.5, 0, 1, 1, 0.25], np.float32)
TABLE = np.random.default_rng(0).normal(size=(200, 8)).astype(np.float32) * SIZES
TABLE[1] = 0


def expanded(rows: Int8Rows) -> np.ndarray:  # type: ignore[type-arg]
    return rows.numbers * rows.scales[:, None] * rows.columns


def test_no_number_is_off_by_more_than_half_a_step() -> None:
    rows = int8_rows(TABLE)
    assert rows.numbers.dtype == np.int8
    assert (expanded(rows)[1] == 0).all()
    step = rows.scales[:, None] * rows.columns
    assert (np.abs(expanded(rows) - TABLE) <= 0.501 * step).all()


def by_row(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    """The whole numbers of a compact file, and what they stand for."""
    stored = compact({"t": torch.from_numpy(table)}, "t")
    scales = stored["t.scales"].float().numpy()
    return stored["t"].numpy(), stored["t"].numpy() * scales[:, None]


def test_a_large_column_does_not_make_the_others_rough() -> None:
    _, plain = by_row(TABLE)
    found = expanded(int8_rows(TABLE))
    error, before = (np.square(each - TABLE)[:, 1:].mean() for each in (found, plain))
    assert error < before / 4


def test_rows_that_are_whole_numbers_already_lose_nothing() -> None:
    numbers, table = by_row(TABLE)
    rows = int8_rows(table)
    assert (rows.columns == 1).all()
    assert (rows.numbers == numbers).all()
    assert (expanded(rows) == table).all()
