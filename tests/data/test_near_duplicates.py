"""Texts of two splits that are almost equal are found, with their similarity."""

from __future__ import annotations

import random
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru_sentiment.data import near_duplicates as module
from gru_sentiment.data.near_duplicates import THRESHOLD, SimilarRows, near_duplicates
from gru_sentiment.data.tokenizer import Tokenizer

LONG = [f"word{i}" for i in range(60)]


def found(
    *splits: list[str], language: str = "en"
) -> dict[tuple[int, int], list[tuple[int, int, float]]]:
    """By numbers of the split and the earlier one: number of each text, and the similarity."""
    starts = np.cumsum([0, *map(len, splits)])
    names = [str(i) for i in range(len(splits))]
    tokenized = Tokenizer(language).many([text for split in splits for text in split])
    rows = {name: np.arange(*starts[i : i + 2]) for i, name in enumerate(names)}
    return {
        (int(a), int(b)): [
            (p.row - starts[int(a)], p.earlier_row - starts[int(b)], p.similarity) for p in pairs
        ]
        for a, by_earlier in near_duplicates(tokenized, rows).items()
        for b, pairs in by_earlier.items()
    }


def changed(words: list[str], *places: int) -> str:
    return " ".join("another" if i in places else word for i, word in enumerate(words))


def test_a_changed_word() -> None:
    """Of 58 shingles three differ on either side."""
    train = ["nothing of the kind", changed(LONG), "nor this"]
    assert found(train, ["no", changed(LONG, 30)]) == {(1, 0): [(1, 1, 55 / 61)]}
    # one word fewer changes fewer shingles at the end
    assert found(train, [changed(LONG[:-1])]) == {(1, 0): [(0, 1, 57 / 58)]}


@pytest.mark.parametrize(("length", "is_near"), [(29, True), (28, False)])
def test_the_threshold_is_near(length: int, is_near: bool) -> None:
    texts = [changed(LONG[:length])], [changed(LONG[:length], 10)]
    assert found(*texts) == {(1, 0): [(0, 0, 0.8)] if is_near else []}


def test_capitals_and_punctuation_are_no_difference() -> None:
    assert found(["A good film, really!"], ["a GOOD film -- really", "a good film"]) == {
        (1, 0): [(0, 0, 1.0)]
    }


def test_short_and_empty_texts() -> None:
    train = ["Film", "good film", "", "!!!", "one two three"]
    test = ["film!", "good; film", "", "...", "good", "one two"]
    assert found(train, test) == {(1, 0): [(0, 0, 1.0), (1, 1, 1.0)]}


def test_every_pair_of_splits_and_the_most_similar_row() -> None:
    train = [changed(LONG, 10, 40), changed(LONG, 10), changed(LONG, 20)]
    assert found(train, [changed(LONG, 59)], [changed(LONG), "unlike"]) == {
        (1, 0): [(0, 1, 54 / 62)],
        (2, 0): [(0, 1, 55 / 61)],
        (2, 1): [(0, 0, 57 / 59)],
    }


def test_chinese() -> None:
    text = "这部电影的故事很好看演员的表演也非常精彩音乐配得恰到好处我和家人都很喜欢推荐给大家去看"
    similar = text.replace("家人", "朋友")
    pairs = found([text], [similar, "完全不同的一句话没有关系"], language="zh")[1, 0]
    assert [(row, earlier) for row, earlier, _ in pairs] == [(0, 0)]


def test_texts_are_compared_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    train = [changed(LONG, i) for i in range(0, 60, 7)]
    test = [changed(LONG, i) for i in range(1, 60, 4)]
    whole = found(train, test[:5], test[5:])
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 4)
    assert found(train, test[:5], test[5:]) == whole
    assert len(whole[1, 0]) == 5


WORDS = st.sampled_from(["a", "b", "c", "d", "e", "f"])
TEXTS = st.lists(st.lists(WORDS, max_size=9).map(" ".join), max_size=6)


def jaccard(first: str, second: str) -> float:
    a, b = (
        {tuple(w[i : i + 3]) for i in range(len(w) - 2)} if len(w) > 2 else set(w)
        for w in (first.split(), second.split())
    )
    return len(a & b) / max(len(a | b), 1)


@given(train=TEXTS, validation=TEXTS, test=TEXTS)
def test_as_counted_by_hand(train: list[str], validation: list[str], test: list[str]) -> None:
    """Of few words, so that many are near: all that is found is, and nothing alike is missed."""
    splits = [train, validation, test]
    expected: dict[tuple[int, int], list[tuple[int, int, float]]] = {}
    for earlier, later in combinations(range(3), 2):
        expected[later, earlier] = []
        for row, text in enumerate(splits[later]):
            of_row = [jaccard(text, other) for other in splits[earlier]]
            if max(of_row, default=0.0) >= THRESHOLD:
                best = max(of_row)
                expected[later, earlier].append((row, of_row.index(best), best))
    assert found(*splits) == expected


@given(st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(generator: random.Random) -> None:
    texts = [changed(LONG, *generator.sample(range(60), 4)) for _ in range(24)]
    orders = [generator.sample(range(12), 12) for _ in range(2)]
    train, test = texts[:12], texts[12:]
    before = {(row, similarity) for row, _, similarity in found(train, test)[1, 0]}
    shuffled = [train[i] for i in orders[0]], [test[i] for i in orders[1]]
    after = {(orders[1][row], similarity) for row, _, similarity in found(*shuffled)[1, 0]}
    assert after == before


def test_rows_that_are_in_no_split_are_not_looked_at() -> None:
    tokenized = Tokenizer().many([changed(LONG), changed(LONG, 1), changed(LONG, 2)])
    rows = {"train": np.array([1]), "test": np.array([2])}
    (pair,) = near_duplicates(tokenized, rows)["test"]["train"]
    assert (pair.row, pair.earlier_row) == (2, 1)
    assert pair == SimilarRows(2, 1, pair.similarity)
