"""The training, validation and test splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from gru_sentiment.arrays import Integers
from gru_sentiment.errors import DataError


def split_rows(
    texts: pa.ChunkedArray,
    labels: Integers,
    source_splits: Mapping[str, range],
    *,
    sets: Sequence[range] = (),
    validation_size: int | float,
    test_size: int | float,
    seed: int,
    train_size: int | None = None,
    fold: tuple[int, int] | None = None,
    class_names: Sequence[str] | None = None,
) -> dict[str, Integers]:
    """Split the rows into `train`, `validation` and, unless `test_size` is 0, `test`.

    A split that the source has is kept. The others are drawn from the training rows, the test split
    first, stratified by class and from the seed alone. No text stands in two splits: all rows with
    one text are drawn together, and a text of a split that the source has is removed from the
    others (a test text from validation and training, a validation text from training).

    Args:
        texts: all texts, one for each row.
        labels: class index of every row, shape (rows,).
        source_splits: the rows of each split that the source has: train, and possibly validation
            and test.
        sets: sets of training rows from each of which the splits are drawn as from a source of its
            own; a number of rows is divided among the sets in proportion. Without them, all
            training rows are one set.
        validation_size: rows, or share of the training rows if below 1.
        test_size: the same for the test split; 0 makes none.
        seed: of the draw.
        train_size: the number of rows to train on, of those that are left; None is all.
        fold: the number of a fold, from 1 on, and how many folds the training rows are divided
            into; the fold is the validation split, whatever `validation_size`. The test split and
            the folds are the same for every number.
        class_names: the classes by index, for messages.

    Returns:
        The rows of each split in ascending order, shape (rows of the split,).

    Raises:
        DataError: a class has too few distinct texts for all splits, a split has no rows left, or
            `train_size` is larger than the number of training rows.
    """
    text_ids = _text_ids(texts)
    rest = np.asarray(source_splits["train"], dtype=np.int64)
    # a generator each, so that a set is drawn from as it would be alone
    drawn_from = [(rows, np.random.default_rng(seed)) for rows in sets or [source_splits["train"]]]
    taken: dict[str, Integers] = {}
    for split, size in (("test", test_size), ("validation", validation_size)):
        if split in source_splits:
            drawn = np.asarray(source_splits[split], dtype=np.int64)
            for other in taken.values():
                drawn = drawn[~np.isin(text_ids[drawn], text_ids[other])]
        elif split == "validation" and fold:
            _check_left(rest, taken, source_splits)
            drawn = _draw_fold(rest, labels, text_ids, drawn_from, fold=fold, names=class_names)
        elif size:
            _check_left(rest, taken, source_splits)
            share = size / len(source_splits["train"]) if size >= 1 else size
            drawn = np.concatenate(
                [
                    _draw(
                        rest[np.isin(rest, rows)],
                        labels,
                        text_ids,
                        round(share * len(rows)),
                        generator=generator,
                        split=split,
                        names=class_names,
                    )
                    for rows, generator in drawn_from
                ]
            )
        else:
            continue
        if not len(drawn):
            raise DataError(
                f"no rows are left in the {split} split: all its texts stand in the test split",
                hint="give two different files, or leave data.validation_path out",
            )
        taken[split] = drawn
        rest = _remove_known(rest, text_ids, taken)
    _check_left(rest, taken, source_splits)
    if train_size is not None:
        rest = _subset(rest, labels, train_size, seed)
    return {"train": rest, **dict(reversed(taken.items()))}


def _check_left(
    rest: Integers, taken: Mapping[str, Integers], source_splits: Mapping[str, range]
) -> None:
    if len(rest):
        return
    given = [split for split in taken if split in source_splits]
    raise DataError(
        "no rows are left to train on: all texts of the training file stand in the "
        f"{' or '.join(given or taken)} {'file' if given else 'split'} too",
        hint="give a training file with other texts"
        if given
        else "lower data.validation_size and data.test_size",
    )


def _subset(rows: Integers, labels: Integers, n: int, seed: int) -> Integers:
    """Draw `n` of `rows`, the classes in proportion; ascending.

    Every class has a random order of its own, of which a larger `n` takes more rows.
    """
    classes, counts = np.unique(labels[rows], return_counts=True)
    if not len(classes) <= n <= len(rows):
        raise DataError(
            f"data.train_size: {n:,}; the training split has {len(rows):,} rows of "
            f"{len(classes)} classes",
            hint=f"set it between {len(classes)} and {len(rows):,}, or to null for all",
        )
    generator = np.random.default_rng(seed)
    quota = _apportion(n, counts)
    while quota.sum() > n:
        # rare classes got more than their share: take it from the largest
        quota[quota.argmax()] -= 1
    chosen = [
        generator.permutation(rows[labels[rows] == label])[:take]
        for label, take in zip(classes, quota, strict=True)
    ]
    subset: Integers = np.sort(np.concatenate(chosen))
    return subset


def _text_ids(texts: pa.ChunkedArray) -> Integers:
    """A number for every distinct text, shape (rows,)."""
    encoded = texts.combine_chunks().dictionary_encode()
    ids: Integers = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return ids


def _remove_known(rows: Integers, text_ids: Integers, taken: Mapping[str, Integers]) -> Integers:
    for other in taken.values():
        rows = rows[~np.isin(text_ids[rows], text_ids[other])]
    return rows


def _draw(
    rows: Integers,
    labels: Integers,
    text_ids: Integers,
    n: int,
    *,
    generator: np.random.Generator,
    split: str,
    names: Sequence[str] | None,
) -> Integers:
    """Draw about `n` of `rows`, the classes in proportion and at least one text of each."""
    _, first = np.unique(text_ids[rows], return_index=True)
    firsts = rows[np.sort(first)]
    classes, counts = np.unique(labels[firsts], return_counts=True)
    quota = _apportion(n, counts)
    chosen = []
    for label, count, take in zip(classes, counts, quota, strict=True):
        if count <= take:
            raise DataError(
                f"class {names[label] if names else label} has {count} distinct texts left for the "
                f"{split} and training splits, and {take} go to {split}",
                hint="add reviews of that class, or lower data.validation_size or data.test_size",
            )
        chosen.append(generator.permutation(firsts[labels[firsts] == label])[:take])
    drawn: Integers = rows[np.isin(text_ids[rows], text_ids[np.concatenate(chosen)])]
    return drawn


def _draw_fold(
    rows: Integers,
    labels: Integers,
    text_ids: Integers,
    drawn_from: Sequence[tuple[range, np.random.Generator]],
    *,
    fold: tuple[int, int],
    names: Sequence[str] | None,
) -> Integers:
    """One fold of `rows`; every set is divided by itself, but for texts that an earlier one has."""
    number, n = fold
    fold_of_text = np.full(len(text_ids), -1)
    for of_set, generator in drawn_from:
        own = rows[np.isin(rows, of_set)]
        own = own[fold_of_text[text_ids[own]] < 0]
        fold_of_text[text_ids[own]] = _folds(
            text_ids[own], labels[own], n, generator=generator, names=names
        )
    drawn: Integers = rows[fold_of_text[text_ids[rows]] == number - 1]
    return drawn


def _folds(
    text_ids: Integers,
    labels: Integers,
    n: int,
    *,
    generator: np.random.Generator,
    names: Sequence[str] | None,
) -> Integers:
    """The fold of each row, from 0 to `n` - 1, shape (rows,).

    All rows of a text lie in one fold. Of the distinct texts of a class, and of all of them, no
    fold has more than one more than another.
    """
    _, first, text_of = np.unique(text_ids, return_index=True, return_inverse=True)
    of_text = np.zeros(len(first), np.int64)
    divided = 0
    for label in np.unique(labels):
        texts = np.flatnonzero(labels[first] == label)
        if len(texts) < n:
            raise DataError(
                f"class {names[label] if names else label} has {len(texts)} distinct texts for {n} "
                "folds",
                hint="add texts of that class or leave it out, or take fewer folds: --folds, or "
                "data.folds in the config",
            )
        # each class begins with the fold after the last one's, so that the folds are of one size
        of_text[generator.permutation(texts)] = (divided + np.arange(len(texts))) % n
        divided += len(texts)
    folds: Integers = of_text[text_of]
    return folds


def _apportion(n: int, counts: Integers) -> Integers:
    """Divide `n` in proportion to `counts` by largest remainders, at least one for each."""
    exact = n * counts / counts.sum()
    quota = np.floor(exact).astype(np.int64)
    by_remainder = np.argsort(quota - exact, kind="stable")
    quota[by_remainder[: n - quota.sum()]] += 1
    at_least_one: Integers = np.maximum(quota, 1)
    return at_least_one
