"""Numbers as every report writes them."""

from __future__ import annotations


def score(value: float | None) -> str:
    """A score with four decimals; `n/a` for None."""
    return "n/a" if value is None else f"{value:.4f}"


def interval(low: float | None, high: float | None) -> str:
    """Both ends of an interval of a score; `n/a` where one is None."""
    return "n/a" if low is None or high is None else f"{low:.4f} to {high:.4f}"


def count_of(n: int, name: str = "row") -> str:
    """A number and the noun that it counts: `1 row`, `1,200 rows`."""
    return f"{n:,} {name}{'' if n == 1 else 's'}"


def share_of(n: int, whole: int) -> str:
    """A number and its share of a whole: `500 (25.0%)`."""
    return f"{n:,} ({n / max(whole, 1):.1%})"


def duration(seconds: float) -> str:
    """Seconds, from one minute on as minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
