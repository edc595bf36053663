"""Pairs of a sentence and the same sentence negated, made from sentences of reviews.

"The acting was superb." becomes "The acting was not superb." or "not superb.", and "There is some
charm." becomes "There is no charm." Such minimal pairs teach what a negation does (Kaushik et al.
2020). The words and their order come from the reviews, the negation is inserted; whether the
negated part has an opinion at all is for a model to say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pretrained.reviews import TURNING

COPULA = re.compile(r"\b(?:is|was|are|were)\b", re.IGNORECASE)
NEGATORS = {
    "not": 0.5, "n't": 0.3, "never": 0.05, "hardly": 0.05, "not at all": 0.05, "far from": 0.05,
}  # fmt: skip
"""What is inserted behind a copula, and how often."""
PREDICATE_ALONE = 0.25
"""Share of the pairs that are cut to what stands behind the copula."""
HAVING = re.compile(
    r"\b(?P<there>there(?:'s| is| are| was| were)) (?:a |an |some |the |so many |many |a lot of )?"
    r"|\b(?P<has>has|have|had) (?:a |an |some )|\b(?P<with>with) (?:a |an |some )",
    re.IGNORECASE,
)
"""Finds that something is there, with its article."""
MOST_BEFORE, MOST_BEHIND, MOST_OF_HAVING = 8, 6, 12
"""Words before and behind the negation, and of a whole sentence that says what is there."""
NEGATION = re.compile(
    r"\b(?:not|never|hardly|barely|nothing|nobody|without|lacks)\b|(?<=\w)n't\b|\bno (?=\w)",
    re.IGNORECASE,
)
SHORT = 16
"""Words of a short sentence at most."""


@dataclass(frozen=True)
class Pair:
    """A sentence, its negation, and the part that is negated."""

    affirmed: str
    negated: str
    part: str


def pairs(sentences: Sequence[str], generator: Any) -> tuple[list[Pair], list[Pair]]:
    """All pairs: of sentences with a copula, and of those that say what is there.

    Sentences with a word that turns others, and questions, are left out.
    """
    plain = [s for s in sentences if not s.endswith("?") and not TURNING.search(s)]
    copular = [pair for s in plain if (pair := _of_copula(s, generator))]
    having = [pair for s in plain if (pair := _of_having(s))]
    return copular, having


def short_negations(sentences: Sequence[str]) -> list[str]:
    """Short sentences of the reviews with one negation near their end."""
    return [s for s in sentences if len(s.split()) <= SHORT and _ends_in_negation(s)]


def _of_copula(sentence: str, generator: Any) -> Pair | None:
    found = list(COPULA.finditer(sentence))
    if len(found) != 1:
        return None
    copula = found[0]
    before, part = sentence[: copula.start()], sentence[copula.end() :]
    if len(before.split()) > MOST_BEFORE or not 1 <= len(part.split()) < MOST_BEHIND:
        return None
    negator = str(generator.choice(list(NEGATORS), p=list(NEGATORS.values())))
    if negator == "n't":
        return Pair(sentence, f"{sentence[: copula.end()]}n't{part}", part.strip())
    if generator.random() < PREDICATE_ALONE:
        return Pair(part.strip(), negator + part, part.strip())
    return Pair(sentence, f"{sentence[: copula.end()]} {negator}{part}", part.strip())


def _of_having(sentence: str) -> Pair | None:
    found = list(HAVING.finditer(sentence))
    if len(found) != 1 or len(sentence.split()) > MOST_OF_HAVING:
        return None
    part = sentence[found[0].end() :]
    if not 1 <= len(part.split()) <= MOST_BEHIND or COPULA.match(part):
        return None
    word = found[0]["there"] or found[0]["has"]
    negation = f"{word} no " if word else "without "
    return Pair(sentence, sentence[: found[0].start()] + negation + part, part)


def _ends_in_negation(sentence: str) -> bool:
    found = list(NEGATION.finditer(sentence))
    if len(found) != 1 or sentence.endswith("?") or len(TURNING.findall(sentence)) > 1:
        return False
    return 1 <= len(sentence[found[0].end() :].split()) < MOST_BEHIND
