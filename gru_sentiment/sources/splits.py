"""Which rows train, which validate, which test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from gru_sentiment.arrays import Integers
from gru_sentiment.errors import DataError


def split_rows(
    texts: pa.ChunkedArray,
    labels: Integers,
    parts: Mapping[str, range],
    *,
    validation_size: int | float,
    test_size: int | float,
    seed: int,
    train_size: int | None = None,
    class_names: Sequence[str] | None = None,
) -> dict[str, Integers]:
    """Rows of `train`, `validation` and, unless there is none, `test`, each in ascending order.

    A part that the source has stays as it is. Others are drawn from the training part, the test
    part first, stratified by class and from the seed alone. The rows of one text stay together,
    so that exact duplicates never stand on both sides of a split: what is drawn takes its
    duplicates along, and what a part of the source holds is removed from the parts before it
    (test before validation before train).

    Args:
        texts: all texts, one a row.
        labels: class index of every row, shape (rows,).
        parts: the rows that the source calls train, validation and test.
        validation_size: rows, or share of the training part where below 1.
        test_size: the same for the test part; 0 for none.
        seed: of the draw.
        train_size: rows to train on, of those that are left; all by default.
        class_names: the classes by index, for messages.

    Raises:
        DataError: a class with too few distinct texts to stand in every part, or more rows to train
            on than there are.
    """
    text_ids = _text_ids(texts)
    generator = np.random.default_rng(seed)
    rest = np.asarray(parts["train"], dtype=np.int64)
    n_train = len(rest)
    taken: dict[str, Integers] = {}
    for part, size in (("test", test_size), ("validation", validation_size)):
        if part in parts:
            drawn = np.asarray(parts[part], dtype=np.int64)
            for other in taken.values():
                drawn = drawn[~np.isin(text_ids[drawn], text_ids[other])]
        elif size:
            _check_left(rest, taken)
            wanted = size if size >= 1 else round(size * n_train)
            drawn = _draw(
                rest,
                labels,
                text_ids,
                int(wanted),
                generator=generator,
                part=part,
                names=class_names,
            )
        else:
            continue
        if not len(drawn):
            raise DataError(
                f"no rows are left in the {part} part: all its texts stand in the test part",
                hint="give two different files, or leave data.validation_path out",
            )
        taken[part] = drawn
        rest = _remove_known(rest, text_ids, taken)
    _check_left(rest, taken)
    if train_size is not None:
        rest = _subset(rest, labels, train_size, seed)
    return {"train": rest, **dict(reversed(taken.items()))}


def _check_left(rest: Integers, taken: Mapping[str, Integers]) -> None:
    if not len(rest):
        raise DataError(
            "no rows are left to train on: all texts of the training file stand in the "
            f"{' or '.join(taken)} split too",
            hint="give other files, or lower data.validation_size and data.test_size",
        )


def _subset(rows: Integers, labels: Integers, n: int, seed: int) -> Integers:
    """`n` of `rows`, the classes in proportion, in ascending order.

    Every class has an order of its own, of which a larger subset takes more.
    """
    classes, counts = np.unique(labels[rows], return_counts=True)
    if not len(classes) <= n <= len(rows):
        raise DataError(
            f"data.train_size: {n:,}; the training part has {len(rows):,} rows of "
            f"{len(classes)} classes",
            hint=f"set it between {len(classes)} and {len(rows):,}, or to null for all",
        )
    generator = np.random.default_rng(seed)
    quota = _apportion(n, counts)
    while quota.sum() > n:
        # what rare classes got beyond their share comes from the largest
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
    part: str,
    names: Sequence[str] | None,
) -> Integers:
    """About `n` of `rows`, the classes in proportion and at least one text of each."""
    _, first = np.unique(text_ids[rows], return_index=True)
    firsts = rows[np.sort(first)]
    classes, counts = np.unique(labels[firsts], return_counts=True)
    quota = _apportion(n, counts)
    chosen = []
    for label, count, take in zip(classes, counts, quota, strict=True):
        if count <= take:
            raise DataError(
                f"class {names[label] if names else label} has {count} distinct texts left for the "
                f"{part} and training parts, and {take} go to {part}",
                hint="add reviews of that class, or lower data.validation_size or data.test_size",
            )
        chosen.append(generator.permutation(firsts[labels[firsts] == label])[:take])
    drawn: Integers = rows[np.isin(text_ids[rows], text_ids[np.concatenate(chosen)])]
    return drawn


def _apportion(n: int, counts: Integers) -> Integers:
    """`n` divided in proportion to `counts` by largest remainders, at least one each."""
    exact = n * counts / counts.sum()
    quota = np.floor(exact).astype(np.int64)
    by_remainder = np.argsort(quota - exact, kind="stable")
    quota[by_remainder[: n - quota.sum()]] += 1
    at_least_one: Integers = np.maximum(quota, 1)
    return at_least_one
