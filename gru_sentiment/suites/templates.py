"""Cases from templates: words for slots, and typos, drawn with a seed."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Mapping, Sequence

from gru_sentiment.results.predictions import Label
from gru_sentiment.suites.cases import Case, Expectation

SLOT = re.compile(r"\{([a-z_]+)([2-9]?)\}")
"""{name} is filled from the list of that name, {name2} with another word of that list."""
LONG_WORD = re.compile(r"[A-Za-z]{5,}")
"""So long that a reader recognises it in spite of a typo."""

Words = Mapping[str, Sequence[str]]
"""Lists of words by the names of the slots that they fill."""


def slots_of(texts: Sequence[str]) -> dict[str, list[str]]:
    """The slots of some texts by the list that fills them: {"film": ["film", "film2"]}."""
    slots_by_list: dict[str, list[str]] = {}
    for text in texts:
        for name, number in SLOT.findall(text):
            slots = slots_by_list.setdefault(name, [])
            if name + number not in slots:
                slots.append(name + number)
    return slots_by_list


def expand(
    texts: Sequence[str],
    expect: Expectation,
    label: Label | None,
    words: Words,
    *,
    draws: int,
    typos: int,
    generator: random.Random,
) -> list[Case]:
    """Distinct cases from one template.

    Args:
        texts: with slots.
        expect: what every case expects.
        label: the class that the cases are about; None for `same`.
        words: lists for the slots.
        draws: number of cases; fewer where the words allow no more.
        typos: with more than 0, every case ends with a copy of its first text in which so many
            words are misspelt.
        generator: draws words and typos.
    """
    slots = slots_of(texts)
    possible = math.prod(math.perm(len(words[name]), len(of)) for name, of in slots.items())
    drawn: set[tuple[str, ...]] = set()
    cases = []
    while len(drawn) < min(draws, possible):
        fillers: dict[str, str] = {}
        for name, of in slots.items():
            fillers |= zip(of, generator.sample(list(words[name]), len(of)), strict=True)
        filled = tuple(_fill(text, fillers) for text in texts)
        if tuple(fillers.values()) in drawn:
            continue
        drawn.add(tuple(fillers.values()))
        if typos:
            filled = (*filled, with_typos(filled[0], typos, generator))
        cases.append(Case(expect, filled, label))
    return cases


def with_typos(text: str, n: int, generator: random.Random) -> str:
    """The text with a typo in `n` of its long words, or in all where it has fewer."""
    long_words = list(LONG_WORD.finditer(text))
    chosen = generator.sample(long_words, min(n, len(long_words)))
    # from the end, so that the positions before stay valid
    for word in sorted(chosen, key=lambda match: -match.start()):
        text = text[: word.start()] + _misspelt(word[0], generator) + text[word.end() :]
    return text


def _misspelt(word: str, generator: random.Random) -> str:
    """Swap two different neighbours, or double a letter; the first and the last letter stay."""
    swaps = [i for i in range(1, len(word) - 2) if word[i] != word[i + 1]]
    if swaps and generator.random() < 0.5:
        i = generator.choice(swaps)
        return word[:i] + word[i + 1] + word[i] + word[i + 2 :]
    i = generator.randrange(1, len(word) - 1)
    return word[:i] + word[i] + word[i:]


def _fill(text: str, fillers: Mapping[str, str]) -> str:
    return SLOT.sub(lambda slot: fillers[slot[1] + slot[2]], text)
