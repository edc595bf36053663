"""Texts of different splits that are almost equal: MinHash and locality-sensitive hashing.

A text is the set of its shingles, which are SHINGLE words in a row, in lower case and without
punctuation. Words are spaCy's tokens, so that Chinese has some too. Two texts are near duplicates
if their sets have a Jaccard similarity, the size of the intersection by that of the union, of at
least THRESHOLD (Broder 1997).

The sketch of a set is its least hash under each of BANDS x HASHES permutations, in BANDS bands of
HASHES. Sets that agree in a whole band are candidates. Two sets of similarity s are candidates with
the probability 1 - (1 - s^HASHES)^BANDS, which is 0.9998 at s = 0.8. The similarity of candidates
is then counted, so that no pair is found that is not one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from gru_sentiment.arrays import Floats, Integers
from gru_sentiment.data.tokens import TokenizedTexts
from gru_sentiment.machine.progress import progress_of

if TYPE_CHECKING:
    from datasketch import MinHash

Hashes = npt.NDArray[np.uint64]

SHINGLE = 3
"""Words of a shingle. One changed word in a text of 29 words leaves a similarity of 0.8; with
shingles of five words a text would need 49."""
THRESHOLD = 0.8
"""The least similarity of near duplicates."""
BANDS, HASHES = 16, 4
SEED = 0
"""Of the permutations."""
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
"""Any large odd number: the hash of a shingle is a polynomial in it."""
ROWS_AT_ONCE = 25_000
"""Texts that others are compared with at a time; bounds the memory."""


@dataclass(frozen=True)
class SimilarRows:
    """A row and the most similar row of an earlier split."""

    row: int
    earlier_row: int
    similarity: float
    """At least THRESHOLD. Texts that differ in capitals and punctuation alone have 1."""


def near_duplicates(
    tokenized: TokenizedTexts, splits: Mapping[str, Integers], *, progress: bool = False
) -> dict[str, dict[str, list[SimilarRows]]]:
    """The rows of each split but the first that are almost equal to a row of an earlier one.

    Texts without words are left out. A text that is shorter than a shingle is the set of its words.
    Needs datasketch.

    Args:
        tokenized: the tokens of all texts.
        splits: the rows of every split, in ascending order; no text stands in two.
        progress: show a progress bar.

    Returns:
        By split, then by earlier split, with ascending rows. Of equally similar rows of the earlier
        split the first one is named.
    """
    words = _Words(tokenized)
    names = list(splits)
    split_of = np.zeros(len(tokenized), np.int8)
    for number, rows in enumerate(splits.values()):
        split_of[rows] = number
    earlier = [row for name in names[:-1] for row in splits[name].tolist()]
    later = [row for name in names[1:] for row in splits[name].tolist()]
    best: dict[tuple[int, int], SimilarRows] = {}
    chunks = [later[i : i + ROWS_AT_ONCE] for i in range(0, len(later), ROWS_AT_ONCE)]
    total = len(later) + len(chunks) * len(earlier)
    with progress_of("comparing", "text", total, bar=progress) as count:
        for chunk in chunks:
            index = _Index()
            for row, shingles, sketch in _sketches(words, chunk):
                index.add(row, shingles, sketch)
                count(1)
            for row, shingles, sketch in _sketches(words, earlier):
                for other, similarity in index.similar(shingles, sketch):
                    pair = other, int(split_of[row])
                    known = best[pair].similarity if pair in best else 0.0
                    if split_of[row] < split_of[other] and similarity > known:
                        best[pair] = SimilarRows(other, row, similarity)
                count(1)
    found: dict[str, dict[str, list[SimilarRows]]] = {
        name: {before: [] for before in names[:i]} for i, name in enumerate(names) if i
    }
    for row, number in sorted(best):
        found[names[split_of[row]]][names[number]].append(best[row, number])
    return found


class _Words:
    """The words of texts as hashes that follow from the words alone."""

    def __init__(self, tokenized: TokenizedTexts) -> None:
        self._tokenized = tokenized
        self._is_word = np.array([any(map(str.isalnum, t)) for t in tokenized.distinct], bool)
        digests = (
            hashlib.blake2b(token.lower().encode(), digest_size=8).digest()
            for token in tokenized.distinct
        )
        self._hashes: Hashes = np.frombuffer(b"".join(digests), "<u8")

    def shingles(self, row: int) -> Hashes:
        """The distinct shingles of a text in ascending order, shape (shingles,)."""
        start, stop = self._tokenized.offsets[row : row + 2]
        tokens = self._tokenized.indices[start:stop]
        words = self._hashes[tokens[self._is_word[tokens]]]
        if len(words) < SHINGLE:
            return np.unique(words)
        n = len(words) - SHINGLE + 1
        found = np.zeros(n, np.uint64)
        for i in range(SHINGLE):
            found = found * MULTIPLIER + words[i : i + n]
        return np.unique(found)


def _sketches(words: _Words, rows: Sequence[int]) -> Iterator[tuple[int, Hashes, MinHash]]:
    """Row, shingles and sketch of each text; those without words are left out."""
    from datasketch import MinHash

    empty = MinHash(num_perm=BANDS * HASHES, seed=SEED, hashfunc=int)
    for row in rows:
        shingles = words.shingles(row)
        if len(shingles):
            sketch = empty.copy()
            sketch.update_batch((shingles >> np.uint64(32)).tolist())
            yield row, shingles, sketch


class _Index:
    """Texts that are found by sketches."""

    def __init__(self) -> None:
        from datasketch import MinHashLSH

        self._bands = MinHashLSH(num_perm=BANDS * HASHES, params=(BANDS, HASHES))
        self._shingles: dict[int, Hashes] = {}

    def add(self, row: int, shingles: Hashes, sketch: MinHash) -> None:
        """Take a text in."""
        self._bands.insert(row, sketch)
        self._shingles[row] = shingles

    def similar(self, shingles: Hashes, sketch: MinHash) -> Iterator[tuple[int, float]]:
        """The rows that are near duplicates of a text, and how similar they are."""
        rows = self._bands.query(sketch)
        if rows:
            similarities = _jaccard(shingles, [self._shingles[row] for row in rows])
            for i in np.flatnonzero(similarities >= THRESHOLD).tolist():
                yield rows[i], float(similarities[i])


def _jaccard(shingles: Hashes, others: Sequence[Hashes]) -> Floats:
    """The similarity of a set to each of the others, none of which is empty, shape (others,)."""
    sizes = np.array([len(each) for each in others])
    starts = np.cumsum(sizes) - sizes
    common = np.add.reduceat(np.isin(np.concatenate(others), shingles), starts, dtype=np.int64)
    found: Floats = common / (len(shingles) + sizes - common)
    return found
