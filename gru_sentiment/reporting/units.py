"""Numbers with their units."""

from __future__ import annotations


def count_of(n: int, name: str = "row") -> str:
    return f"{n:,} {name}{'' if n == 1 else 's'}"


def share_of(part: int, whole: int) -> str:
    return f"{part:,} ({part / max(whole, 1):.1%})"


def duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
