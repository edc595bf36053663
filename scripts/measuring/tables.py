"""Figures as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from measuring.timing import Spread

Cell = str | int | float | Spread | None


def table(rows: Sequence[Mapping[str, Cell]]) -> str:
    """Rows of equal keys as a Markdown table; a Spread shows its median and its range."""
    if not rows:
        return "nothing measured\n"
    columns = list(rows[0])
    lines = [columns, ["---"] * len(columns)]
    lines += [[show(row[column]) for column in columns] for row in rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def show(value: Cell) -> str:
    """A figure with three digits that count."""
    if value is None:
        return ""
    if isinstance(value, Spread):
        if value.n == 1:
            return f"{_number(value.median)} (once)"
        return f"{_number(value.median)} ({_number(value.low)} to {_number(value.high)})"
    return _number(value) if isinstance(value, float) else str(value)


def _number(value: float) -> str:
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1e}" if abs(value) < 0.0005 else f"{value:#.3g}".rstrip(".")
