"""Soft labels for single sentences of unlabelled reviews, by a teacher.

It is taught in three steps:

1. The first and last sentences of labelled reviews, whose label is the review's.
2. The labelled sentences of Rotten Tomatoes.
3. These again, and pairs of a sentence and its negation: where both the sentence and the negated
   part have a clear opinion, the negation turns it round, a good one for certain and a bad one most
   of the time. Sentences of all kinds with the labels that the teacher gave them before step 3 keep
   it from taking every negation for one.

Then it labels sentences: half of them with a word that turns or weakens others, more that are short
and hold a negation or an objection, and pairs. Only train splits are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import torch

from gru_sentiment.builders.dataset import build_dataset
from gru_sentiment.config.sections import Config
from gru_sentiment.sources.unlabelled import unlabelled_file
from pretrained.negation import Pair, pairs, short_negations
from pretrained.reviews import TURNING, all_sentences, ends_of_reviews, labelled_sentences
from pretrained.teacher import Lesson, Stage, Teacher, fit, installed, predict

Drawn = TypeVar("Drawn")
FROM_REVIEWS = 26_000
WEAK = Stage("sentences of labelled reviews", 1, 5e-5, 48)
STRONG = Stage("labelled sentences", 2, 4e-5, 32)
NEGATED = Stage("negated sentences", 1, 3e-5, 32)
CLEAR = 0.9
"""A probability from which on, or up to 1 less which, an opinion is clear."""
NOT_GOOD, NOT_BAD = 0.05, 0.75
"""The probability that what is said to be not good, or not bad, is meant to be positive."""
COPULAR, HAVING = 400, 130
"""Pairs of each opinion that teach the teacher."""
KEPT = 6_000
"""Sentences with a turning word whose labels it keeps."""
ANY, PAIRED, OBJECTING = 60_000, 3_000, 15_000
"""Sentences that get soft labels: of any kind, in pairs of each opinion, and short objections."""
OBJECTION = re.compile(r"\b(?:but|although|though|however|yet|despite|except)\b", re.IGNORECASE)
SHORT = 18
"""Words of a short objection at most."""


def make_sentences(config: Config, unlabelled: Path, target: Path) -> None:
    """Fine-tune the teacher and write texts with their soft labels, `negative` and `positive`.

    `config` has the source `reviews_and_sentences`, whose train split teaches.
    """
    torch.manual_seed(0)
    dataset = build_dataset(config)
    teacher, labelled = Teacher(installed()), labelled_sentences(dataset, "train")
    fit(teacher, ends_of_reviews(dataset, FROM_REVIEWS), WEAK)
    fit(teacher, labelled, STRONG)

    generator = np.random.default_rng(0)
    found = all_sentences(unlabelled_file(unlabelled, "text")["text"].to_pylist())
    copular, having = pairs(found, generator)
    good, bad = clear(teacher, copular)
    turning = _drawn([s for s in found if TURNING.search(s)], KEPT, generator)
    lesson = Lesson(turning, predict(teacher, turning)) + labelled
    for (good_ones, bad_ones), n in (((good, bad), COPULAR), (clear(teacher, having), HAVING)):
        lesson += _lesson(_drawn(good_ones, n, generator), CLEAR, NOT_GOOD)
        lesson += _lesson(_drawn(bad_ones, n, generator), 1 - CLEAR, NOT_BAD)
    fit(teacher, lesson, NEGATED)

    kept = labelled_sentences(dataset, "validation")
    right = (predict(teacher, kept.texts) > 0.5) == kept.positive
    print(f"the teacher: {right.mean():.3f} of {len(right)} validation sentences right")
    good, bad = (_drawn(of, PAIRED, generator) for of in (good, bad))
    objections = [s for s in found if len(s.split()) <= SHORT and OBJECTION.search(s)]
    texts = [
        *half_turning(found),
        *short_negations(found),
        *_drawn(objections, OBJECTING, generator),
        *(text for pair in (*good, *bad) for text in (pair.affirmed, pair.negated)),
    ]
    _write(teacher, texts, good, bad, target)


def clear(teacher: Teacher, found: Sequence[Pair]) -> tuple[list[Pair], list[Pair]]:
    """The pairs whose sentence and part are both clearly good, and those that are clearly bad."""
    whole = predict(teacher, [pair.affirmed for pair in found])
    part = predict(teacher, [pair.part for pair in found])
    lowest, highest = np.minimum(whole, part), np.maximum(whole, part)
    good = [found[i] for i in np.flatnonzero(lowest > CLEAR)]
    return good, [found[i] for i in np.flatnonzero(highest < 1 - CLEAR)]


def half_turning(sentences: Sequence[str]) -> list[str]:
    """Some of the sentences, half of them with a turning word."""
    turning = np.array([bool(TURNING.search(sentence)) for sentence in sentences])
    generator, half = np.random.default_rng(0), ANY // 2
    chosen = [generator.permutation(np.flatnonzero(of))[:half] for of in (turning, ~turning)]
    return [sentences[i] for i in np.sort(np.concatenate(chosen))]


def _lesson(found: Sequence[Pair], affirmed: float, negated: float) -> Lesson:
    texts = [text for pair in found for text in (pair.affirmed, pair.negated)]
    return Lesson(texts, np.tile([affirmed, negated], len(found)))


def _write(
    teacher: Teacher, texts: Iterable[str], good: Sequence[Pair], bad: Sequence[Pair], target: Path
) -> None:
    """Write the texts with the teacher's labels, without pairs that it does not turn round."""
    distinct = list(dict.fromkeys(texts))
    positive = predict(teacher, distinct)
    of_text = dict(zip(distinct, positive, strict=True))
    wrong = {pair.negated for pair in good if of_text[pair.negated] > 0.5}
    wrong |= {pair.negated for pair in bad if of_text[pair.negated] < 0.5}
    rows = [i for i, text in enumerate(distinct) if text not in wrong]
    print(f"{len(rows):,} sentences; {len(wrong):,} negated ones left out")
    kept: Any = positive[rows]
    table = {"text": [distinct[i] for i in rows], "negative": 1 - kept, "positive": kept}
    pyarrow.parquet.write_table(pa.table(table), target)


def _drawn(found: Sequence[Drawn], n: int, generator: Any) -> list[Drawn]:
    """As many of them at random; all where there are fewer."""
    return [found[i] for i in generator.permutation(len(found))[:n]]
