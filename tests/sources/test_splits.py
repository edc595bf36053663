from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_sentiment.arrays import Integers
from gru_sentiment.errors import DataError
from gru_sentiment.sources.splits import split_rows


@dataclass(frozen=True)
class Reviews:
    texts: list[str]
    labels: Integers

    def split(self, **options: object) -> dict[str, Integers]:
        """Drawn from all of them, where `source_splits` does not say otherwise."""
        settings = {"source_splits": {"train": range(len(self.texts))}, "seed": 0} | options
        column = pa.chunked_array([pa.array(self.texts, pa.large_string())])
        return split_rows(column, self.labels, **settings)  # type: ignore[arg-type]

    def distinct(self, rows: Integers) -> set[str]:
        return {self.texts[row] for row in rows}

    def classes(self, rows: Integers) -> Counter[int]:
        """Distinct texts by class."""
        return Counter(label for _, label in {(self.texts[r], int(self.labels[r])) for r in rows})


@st.composite
def reviews(draw: st.DrawFn, duplicates: bool = True) -> Reviews:
    """2 to 4 classes of 20 to 30 distinct texts each, some of them several times, in any order."""
    sizes = draw(st.lists(st.integers(20, 30), min_size=2, max_size=4))
    distinct = [(f"text {label} {i}", label) for label, n in enumerate(sizes) for i in range(n)]
    copies = draw(st.lists(st.sampled_from(distinct), max_size=15)) if duplicates else []
    rows = draw(st.randoms(use_true_random=False)).sample(distinct + copies, len(distinct + copies))
    return Reviews([text for text, _ in rows], np.array([label for _, label in rows]))


def of_classes(*sizes: int) -> Reviews:
    """So many distinct texts of each class, one class after the other."""
    labels = [label for label, n in enumerate(sizes) for _ in range(n)]
    return Reviews([f"text {i}" for i in range(len(labels))], np.array(labels))


def assert_apart(given: Reviews, parts: dict[str, Integers]) -> None:
    names = list(parts)
    for i, a in enumerate(names):
        assert parts[a].tolist() == sorted(set(parts[a].tolist()))
        for b in names[i + 1 :]:
            assert not set(parts[a].tolist()) & set(parts[b].tolist())
            assert not given.distinct(parts[a]) & given.distinct(parts[b])


def assert_shares(found: Counter[int], whole: Counter[int], n: int) -> None:
    """`n` texts, every class within one of its exact share."""
    assert found.total() == n
    for label, count in whole.items():
        assert abs(found[label] - n * count / whole.total()) < 1


# --- drawn parts ---


@given(reviews(), st.integers(8, 12), st.integers(8, 12), st.integers(0, 5))
@settings(max_examples=50, deadline=None)
def test_drawn_parts(given: Reviews, validation: int, test: int, seed: int) -> None:
    parts = given.split(validation_size=validation, test_size=test, seed=seed)
    assert list(parts) == ["train", "validation", "test"]
    assert_apart(given, parts)
    assert sorted(np.concatenate(list(parts.values())).tolist()) == list(range(len(given.texts)))
    everything = given.classes(np.arange(len(given.texts)))
    in_test = given.classes(parts["test"])
    assert_shares(in_test, everything, test)
    assert_shares(given.classes(parts["validation"]), everything - in_test, validation)
    for rows in parts.values():
        assert set(given.classes(rows)) == set(everything)


@given(reviews(), st.sampled_from([0, 8, 0.1]), st.integers(0, 3))
@settings(max_examples=30, deadline=None)
def test_the_test_part_does_not_depend_on_the_validation_part(
    given: Reviews, validation: float, seed: int
) -> None:
    first = given.split(validation_size=6, test_size=7, seed=seed)
    other = given.split(validation_size=validation, test_size=7, seed=seed)
    np.testing.assert_array_equal(first["test"], other["test"])


@given(reviews(duplicates=False), st.sampled_from([0.1, 0.2, 0.25]))
@settings(max_examples=30, deadline=None)
def test_a_share_is_one_of_the_training_rows(given: Reviews, share: float) -> None:
    parts = given.split(validation_size=share, test_size=share)
    n = round(share * len(given.texts))
    assert {name: len(rows) for name, rows in parts.items()} == {
        "train": len(given.texts) - 2 * n,
        "validation": n,
        "test": n,
    }


@pytest.mark.parametrize(
    ("sizes", "n", "expected"),
    [
        ((50, 50), 10, [5, 5]),
        ((75, 25), 20, [15, 5]),
        ((60, 30, 10), 10, [6, 3, 1]),
        ((34, 33, 33), 10, [4, 3, 3]),
        # at least one of each class, however rare
        ((96, 2, 2), 4, [4, 1, 1]),
        ((50, 50), 1, [1, 1]),
    ],
)
def test_classes_keep_their_shares(sizes: tuple[int, ...], n: int, expected: list[int]) -> None:
    given = of_classes(*sizes)
    parts = given.split(validation_size=0, test_size=n)
    assert sorted(parts) == ["test", "train"]
    assert [given.classes(parts["test"])[label] for label in range(len(sizes))] == expected


def test_no_parts_asked_for() -> None:
    parts = of_classes(3, 3).split(validation_size=0, test_size=0)
    assert {name: rows.tolist() for name, rows in parts.items()} == {"train": list(range(6))}


def test_the_seed_alone_decides() -> None:
    given = of_classes(100, 100)

    def drawn(seed: int) -> dict[str, list[int]]:
        parts = given.split(validation_size=20, test_size=20, seed=seed)
        return {name: rows.tolist() for name, rows in parts.items()}

    first = drawn(0)
    np.random.seed(7)
    assert drawn(0) == first
    others = [drawn(seed) for seed in range(1, 5)]
    assert all(other["test"] != first["test"] for other in others)
    assert len({tuple(other["test"]) for other in others}) == 4


def test_the_draw_is_not_the_first_rows() -> None:
    test = of_classes(500, 500).split(validation_size=0, test_size=100)["test"]
    assert 150 < np.median(test[:50]) < 350
    assert 650 < np.median(test[50:]) < 850


def test_what_is_drawn_takes_its_duplicates_along() -> None:
    given = Reviews(["a", "b"] * 10 + ["c", "d"], np.array([0, 1] * 11))
    parts = given.split(validation_size=0, test_size=2)
    assert len(given.distinct(parts["test"])) == 2
    assert len(parts["test"]) + len(parts["train"]) == 22
    assert_apart(given, parts)


@given(reviews(), st.data())
@settings(max_examples=30, deadline=None)
def test_texts_with_two_labels_stay_on_one_side(given: Reviews, data: st.DataObject) -> None:
    turned = data.draw(st.lists(st.integers(0, len(given.texts) - 1), max_size=10))
    torn = Reviews(
        given.texts + [given.texts[row] for row in turned],
        np.concatenate([given.labels, [(given.labels[row] + 1) % 2 for row in turned]]).astype(int),
    )
    parts = torn.split(validation_size=6, test_size=6)
    assert_apart(torn, parts)
    assert sum(map(len, parts.values())) == len(torn.texts)


# --- parts of the source ---


@given(reviews(), reviews(), st.integers(0, 4))
@settings(max_examples=30, deadline=None)
def test_a_given_test_part_stays(train: Reviews, test: Reviews, seed: int) -> None:
    n, whole = len(train.texts), len(train.texts) + len(test.texts)
    extra = [f"only in train {i}" for i in range(40)]
    given = Reviews(
        train.texts + extra + test.texts,
        np.concatenate([train.labels, np.arange(40) % 4, test.labels]),
    )
    ranges = {"train": range(n + 40), "test": range(n + 40, whole + 40)}
    parts = given.split(source_splits=ranges, validation_size=5, test_size=99, seed=seed)
    assert parts["test"].tolist() == list(ranges["test"])
    assert_apart(given, parts)
    kept = sorted([*parts["train"].tolist(), *parts["validation"].tolist()])
    known = given.distinct(parts["test"])
    assert kept == [row for row in ranges["train"] if given.texts[row] not in known]


def test_test_goes_before_validation_before_train() -> None:
    texts = ["t", "tv", "te", "own", "tv", "ve", "v", "te", "ve", "e"]
    given = Reviews(texts, np.array([0, 1] * 5))
    ranges = {"train": range(4), "validation": range(4, 7), "test": range(7, 10)}
    parts = given.split(source_splits=ranges, validation_size=0.5, test_size=0.5)
    assert {name: [texts[row] for row in rows] for name, rows in parts.items()} == {
        "train": ["t", "own"],
        "validation": ["tv", "v"],
        "test": ["te", "ve", "e"],
    }


def test_a_given_validation_part_beside_a_drawn_test_part() -> None:
    texts = [f"text {i}" for i in range(20)] + [f"text {i}" for i in range(0, 20, 2)] + ["v", "w"]
    given = Reviews(texts, np.arange(32) % 2)
    ranges = {"train": range(20), "validation": range(20, 32)}
    parts = given.split(source_splits=ranges, validation_size=0.5, test_size=4)
    assert len(parts["test"]) == 4
    assert max(parts["test"]) < 20
    assert_apart(given, parts)
    in_test = given.distinct(parts["test"])
    assert parts["validation"].tolist() == [r for r in range(20, 32) if texts[r] not in in_test]


# --- a part of the training part ---


@given(reviews(), st.integers(0, 3), st.data())
@settings(max_examples=50, deadline=None)
def test_a_training_part_of_a_size(given: Reviews, seed: int, data: st.DataObject) -> None:
    sizes = {"validation_size": 6, "test_size": 7, "seed": seed}
    whole = given.split(**sizes)
    counts = Counter(given.labels[whole["train"]].tolist())
    n = data.draw(st.integers(len(counts), len(whole["train"])))
    parts = given.split(**sizes, train_size=n)
    for part in ("validation", "test"):
        np.testing.assert_array_equal(parts[part], whole[part])
    assert parts["train"].tolist() == sorted(set(parts["train"].tolist()))
    assert set(parts["train"].tolist()) <= set(whole["train"].tolist())
    found = Counter(given.labels[parts["train"]].tolist())
    assert set(found) == set(counts)
    assert_shares(found, counts, n)


def test_a_smaller_part_stands_in_a_larger_one() -> None:
    given = of_classes(150, 50)

    def train(n: int, seed: int = 0) -> set[int]:
        sizes = {"validation_size": 20, "test_size": 20, "train_size": n}
        return set(given.split(**sizes, seed=seed)["train"].tolist())

    assert train(10) < train(33) < train(160)
    assert train(10) != train(10, seed=1)
    assert len(train(160)) == 160


@pytest.mark.parametrize(
    ("sizes", "n", "expected"), [((50, 3, 3), 3, [1, 1, 1]), ((50, 50, 3, 3), 5, [1, 2, 1, 1])]
)
def test_rare_classes_have_a_row_of_the_size(
    sizes: tuple[int, ...], n: int, expected: list[int]
) -> None:
    given = of_classes(*sizes)
    parts = given.split(validation_size=0, test_size=0, train_size=n)
    assert np.bincount(given.labels[parts["train"]]).tolist() == expected


# --- folds ---


def folds_in(given: Reviews, n: int, **options: object) -> list[dict[str, Integers]]:
    """The splits with each fold as the validation split."""
    sizes = {"validation_size": 0.1, "test_size": 0} | options
    return [given.split(fold=(number, n), **sizes) for number in range(1, n + 1)]


@given(reviews(), st.integers(2, 6), st.sampled_from([0, 7]), st.integers(0, 5))
@settings(max_examples=50, deadline=None)
def test_folds(given: Reviews, n: int, test: int, seed: int) -> None:
    found = folds_in(given, n, test_size=test, seed=seed)
    everything = np.arange(len(given.texts))
    tested = given.split(validation_size=3, test_size=test, seed=seed).get("test", everything[:0])
    divided = np.setdiff1d(everything, tested)
    for parts in found:
        assert_apart(given, parts)
        assert parts.get("test", everything[:0]).tolist() == tested.tolist()
        both = [*parts["train"].tolist(), *parts["validation"].tolist()]
        assert sorted(both) == divided.tolist()
    validated = [parts["validation"] for parts in found]
    assert sorted(np.concatenate(validated).tolist()) == divided.tolist()
    # all rows of a text in one fold
    assert sum(len(given.distinct(rows)) for rows in validated) == len(given.distinct(divided))
    # the classes, and the folds as a whole, within one text of an equal share
    sizes = [len(given.distinct(rows)) for rows in validated]
    assert max(sizes) - min(sizes) <= 1
    for label in set(given.labels.tolist()):
        counts = [given.classes(rows)[label] for rows in validated]
        assert max(counts) - min(counts) <= 1


def test_folds_are_drawn_from_the_seed_alone() -> None:
    given = of_classes(30, 30)

    def validated(seed: int, size: float) -> list[list[int]]:
        found = folds_in(given, 3, seed=seed, validation_size=size)
        return [parts["validation"].tolist() for parts in found]

    assert validated(0, 0.1) == validated(0, 0)
    assert validated(0, 0.1) != validated(1, 0.1)


def test_texts_with_two_labels_lie_in_one_fold() -> None:
    given = Reviews([f"text {i % 20}" for i in range(40)], np.arange(40) // 2 % 2)
    found = [given.distinct(parts["validation"]) for parts in folds_in(given, 4)]
    assert sum(map(len, found)) == len(set().union(*found)) == 20


def test_a_fold_and_a_number_of_rows_to_train_on() -> None:
    whole, small = (folds_in(of_classes(20, 20), 4, train_size=size)[1] for size in (None, 10))
    assert small["validation"].tolist() == whole["validation"].tolist()
    assert len(small["train"]) == 10
    assert set(small["train"].tolist()) < set(whole["train"].tolist())


def test_folds_of_each_set() -> None:
    texts, labels = [f"text {i % 180}" for i in range(200)], np.arange(200) % 2
    given, sets = Reviews(texts, labels), [range(100), range(100, 200)]
    found = folds_in(given, 4, sets=sets)
    validated = [parts["validation"] for parts in found]
    assert sorted(np.concatenate(validated).tolist()) == list(range(200))
    for parts in found:
        assert_apart(given, parts)
        # 25 rows of each set, and a few of its 20 that are texts of the other one
        assert [(parts["validation"] < 100).sum()] == [25]
        assert 20 <= (parts["validation"] >= 100).sum() <= 40
    alone = folds_in(Reviews(texts[:100], labels[:100]), 4)
    for parts, of_first in zip(found, alone, strict=True):
        in_first = [row for row in parts["validation"].tolist() if row < 100]
        assert in_first == of_first["validation"].tolist()


# --- errors ---


@pytest.mark.parametrize(
    ("names", "name"), [(None, "class 1"), (["negative", "positive"], "class positive")]
)
def test_a_class_with_fewer_texts_than_folds(names: list[str] | None, name: str) -> None:
    texts = [f"text {i}" for i in range(10)] + ["one", "two", "three"] * 3
    given = Reviews(texts, np.array([0] * 10 + [1] * 9))
    assert len(folds_in(given, 3)) == 3
    with pytest.raises(DataError) as caught:
        folds_in(given, 4, class_names=names)
    assert caught.value.cause == f"{name} has 3 distinct texts for 4 folds"
    assert "take fewer folds: --folds" in caught.value.hint


def test_nothing_left_to_divide_into_folds() -> None:
    given = Reviews(["a", "b", "a", "b", "c"], np.array([0, 1, 0, 1, 0]))
    ranges = {"train": range(2), "test": range(2, 5)}
    with pytest.raises(DataError, match="no rows are left to train on"):
        given.split(source_splits=ranges, validation_size=0.1, test_size=0, fold=(1, 2))


@pytest.mark.parametrize("n", [1, 31, 20_000])
def test_a_training_part_of_no_size_that_there_is(n: int) -> None:
    with pytest.raises(DataError) as caught:
        of_classes(20, 20).split(validation_size=6, test_size=4, train_size=n)
    assert caught.value.cause == (
        f"data.train_size: {n:,}; the training split has 30 rows of 2 classes"
    )
    assert caught.value.hint == "set it between 2 and 30, or to null for all"


@pytest.mark.parametrize(
    ("names", "name"), [(None, "class 1"), (["negative", "positive"], "class positive")]
)
def test_a_class_with_too_few_texts(names: list[str] | None, name: str) -> None:
    texts = [f"text {i}" for i in range(10)] + ["only one"] * 5
    given = Reviews(texts, np.array([0] * 10 + [1] * 5))
    with pytest.raises(
        DataError, match=f"^{name} has 1 distinct texts left for the test"
    ) as caught:
        given.split(validation_size=2, test_size=2, class_names=names)
    assert "1 go to test" in caught.value.cause
    assert "data.validation_size or data.test_size" in caught.value.hint


@pytest.mark.parametrize(
    ("validation", "test", "part"), [(0, 20, "test"), (0, 50, "test"), (10, 10, "validation")]
)
def test_parts_larger_than_the_data(validation: int, test: int, part: str) -> None:
    with pytest.raises(DataError, match=f"for the {part} and training splits"):
        of_classes(10, 10).split(validation_size=validation, test_size=test)


@pytest.mark.parametrize("validation", [0, 0.2])
def test_nothing_left_to_train_on(validation: float) -> None:
    """As with a test file that holds the whole training file, also before a draw from it."""
    given = Reviews(["a", "b", "a", "b", "c"], np.array([0, 1, 0, 1, 0]))
    ranges = {"train": range(2), "test": range(2, 5)}
    with pytest.raises(DataError, match="no rows are left to train on") as caught:
        given.split(source_splits=ranges, validation_size=validation, test_size=0)
    assert "stand in the test file too" in caught.value.cause
    assert "other texts" in caught.value.hint


def test_nothing_left_to_validate_on() -> None:
    """As with one file given for both parts."""
    given = Reviews([*"abcdef", *"xy", *"xy"], np.arange(10) % 2)
    ranges = {"train": range(6), "validation": range(6, 8), "test": range(8, 10)}
    with pytest.raises(DataError, match="validat"):
        given.split(source_splits=ranges, validation_size=0, test_size=0)


@given(reviews(duplicates=False), st.integers(0, 3), st.sampled_from([0.1, 0.2]))
def test_each_set_is_split_as_it_would_be_alone(both: Reviews, seed: int, size: float) -> None:
    n = len(both.texts)
    texts, labels = [*both.texts, *(f"other {t}" for t in both.texts)], np.tile(both.labels, 2)
    sizes = {"validation_size": size, "test_size": size, "seed": seed}
    alone = both.split(**sizes)
    together = Reviews(texts, labels).split(**sizes, sets=[range(n), range(n, 2 * n)])
    for split, rows in alone.items():
        assert together[split].tolist() == [*rows, *(rows + n)]


def test_a_number_of_rows_is_divided_among_sets() -> None:
    one = Reviews([f"text {i}" for i in range(300)], np.arange(300) % 2)
    sets = [range(200), range(200, 300)]
    found = one.split(validation_size=30, test_size=60, sets=sets)
    assert [(found[s] < 200).sum() for s in ("validation", "test")] == [20, 40]
    assert [len(found[s]) for s in ("validation", "test")] == [30, 60]


def test_a_text_of_two_sets_stands_in_one_split() -> None:
    texts = [f"text {i % 100}" for i in range(200)]
    both = Reviews(texts, np.arange(200) // 50 % 2)
    found = both.split(validation_size=0.2, test_size=0.2, sets=[range(100), range(100, 200)])
    names = [both.distinct(rows) for rows in found.values()]
    assert not names[0] & names[1]
    assert not names[0] & names[2]
