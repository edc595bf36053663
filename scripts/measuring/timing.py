"""Rounds in which the contenders take turns, and what they come to.

A machine's speed drifts, so seconds are compared only within a round, and the order of a round is
the reverse of the round before.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

Action = Callable[[], float]
"""Does its work and returns the seconds that count."""

BUDGET_S = 60.0


@dataclass(frozen=True)
class Spread:
    """Median, least and most of a few measurements."""

    median: float
    low: float
    high: float
    n: int

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        """The spread of at least one value."""
        found = list(values)
        return cls(statistics.median(found), min(found), max(found), len(found))

    def scaled(self, factor: float) -> Spread:
        """The spread of the values times `factor`, which is positive."""
        return Spread(self.median * factor, self.low * factor, self.high * factor, self.n)


def encode_spread(value: object) -> dict[str, float]:
    """What `json.dumps` asks for a Spread."""
    if isinstance(value, Spread):
        return asdict(value)
    raise TypeError(f"{value!r} has no JSON")


def decode_spreads(value: dict[str, Any]) -> Any:
    """What `json.loads` asks for an object: a Spread where it is one."""
    return Spread(**value) if value.keys() == Spread.__annotations__.keys() else value


@dataclass(frozen=True)
class Rounds:
    """Seconds by contender and round."""

    seconds: dict[str, dict[int, float]]

    def spread(self, name: str) -> Spread:
        """Seconds of one contender."""
        return Spread.of(self.seconds[name].values())

    def rate(self, name: str, amount: float) -> Spread:
        """`amount` a second."""
        return Spread.of(amount / s for s in self.seconds[name].values())

    def ratio(self, slow: str, fast: str) -> Spread:
        """Seconds of `slow` in those of `fast`, round by round.

        Where `slow` was cut off before the first round that `fast` counts, every pair counts.
        """
        a, b = self.seconds[slow], self.seconds[fast]
        paired = [a[i] / b[i] for i in a if i in b]
        return Spread.of(paired or [s / f for s in a.values() for f in b.values()])


def timed(work: Callable[[], object]) -> float:
    """Seconds that `work` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def alternate(
    actions: Mapping[str, Action],
    *,
    rounds: int,
    warm_up: bool = True,
    budget_s: float = BUDGET_S,
) -> Rounds:
    """Run every action once a round, for `rounds` rounds.

    Round 0 warms up. Its seconds count only for an action that has no other round, because round
    0 used up its budget: after `budget_s` seconds an action sits out.
    """
    seconds: dict[str, dict[int, float]] = {name: {} for name in actions}
    for number in range(0 if warm_up else 1, rounds + 1):
        for name in actions if number % 2 else reversed(list(actions)):
            if sum(seconds[name].values()) < budget_s:
                seconds[name][number] = actions[name]()
    for found in seconds.values():
        if len(found) > 1:
            found.pop(0, None)
    return Rounds(seconds)
