"""Look at a file of labelled texts, and write a config to train on it."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from gru_sentiment.arrays import Integers
from gru_sentiment.artifact.folders import BUNDLED_CLASSIFIER, named_start
from gru_sentiment.builders.corpus import build_tokenizer
from gru_sentiment.builders.dataset import build_labels
from gru_sentiment.builders.device import build_device
from gru_sentiment.config.loading import changed_config, overridden_values, parse_config
from gru_sentiment.config.sections import Config, DataConfig
from gru_sentiment.config.yaml_file import dump_commented
from gru_sentiment.inspection.columns import (
    check_header,
    found_separator,
    label_column,
    text_column,
)
from gru_sentiment.inspection.dialect import found_dialect
from gru_sentiment.inspection.language import check_has_blanks, found_language
from gru_sentiment.inspection.settings import suggested
from gru_sentiment.machine.torch_setup import set_up_torch
from gru_sentiment.results.survey import CLASSIFIER, ENCODER, Survey
from gru_sentiment.rows.formats import Dialect, column_names, named
from gru_sentiment.rows.reading import MissingColumnError, columns_hint, listed
from gru_sentiment.sources.file_columns import read_columns, read_table
from gru_sentiment.sources.files import records_of_columns
from gru_sentiment.trained.leakage import ACCIDENT, share_read
from gru_sentiment.trained.reader import load_run

logger = logging.getLogger(__name__)

PERCENTILES = (50, 95, 100)
"""Of the numbers of words."""
NAMED = 10
"""Classes that are listed."""
ASKED = 300
"""Texts that the classifier in the package is asked about."""
STARTS = (CLASSIFIER, ENCODER)
"""The runs in the package, the one that gives more first."""
RATES = 0.15
"""Share of the variance of its predictions that the classes explain, from which on they go with
them."""


def survey(
    path: Path,
    *,
    texts: str | None = None,
    labels: str | None = None,
    language: str | None = None,
    separator: str | None = None,
    setting: str = "--{}",
    dialect: Mapping[str, str | None] | None = None,
) -> Survey:
    """Dialect, columns, classes, lengths and language of a file.

    Args:
        path: a csv, tsv, jsonl, json or parquet file.
        texts: the column of the texts; by default it is found.
        labels: the column of the labels; by default it is found.
        language: the code of the texts' language; by default it is found.
        separator: between the classes of a text; by default it is found.
        setting: how an option is written in messages, with {} for its name.
        dialect: fields of `rows.formats.Dialect` that are known.

    Raises:
        UnclearColumnError: several columns could hold the labels.
        DataError: the file cannot be read, or cannot be trained on.
    """
    found = found_dialect(path, Dialect.of({**(dialect or {}), "setting": setting}))
    names = column_names(path, found)
    wanted = [name for name in (texts, labels) if name]
    if missing := [name for name in wanted if name not in names]:
        raise MissingColumnError(
            f"{path}: no column {missing[0]!r}; columns found: {listed(names)}",
            missing=missing,
            hint=columns_hint(setting, labelled=True),
        )
    if not (texts and labels):
        table = read_table(path, names, found)
        with named(path):
            check_header(table)
            texts = texts or text_column(table, setting)
            labels = labels or label_column(table, texts, setting)
    columns = read_columns(path, [texts, labels], found)
    separator = separator or found_separator(columns[labels])
    records = records_of_columns(path, columns[texts], columns[labels], separator)
    classes = build_labels(DataConfig(label_separator=separator), records)
    targets = classes.indices(records.labels)
    lengths = [len(text.split()) for text in columns[texts]]
    language = language or found_language(columns[texts])
    check_has_blanks(language, setting)
    wanted_start = _start(language, columns[texts], None if classes.label_sets else targets)
    start = _unread(wanted_start, records.hashes)
    given = {"delimiter": found.delimiter, "quoting": found.quoting, "encoding": found.encoding}
    return Survey(
        path=path,
        dialect={key: value for key, value in given.items() if value not in (None, "auto")},
        text_column=texts,
        label_column=labels,
        classes=dict(zip(classes.names, classes.counts(targets).tolist(), strict=True)),
        words={p: int(np.percentile(lengths, p)) for p in PERCENTILES},
        language=language,
        start=start,
        read_before=start != wanted_start,
        label_sets=len(targets) if classes.label_sets else None,
        label_separator=separator,
    )


def config_text(found: Survey, folder: Path) -> str:
    """A commented config, in YAML, for a file in `folder`."""
    values, comments = suggested(found, os.path.relpath(found.path, folder))
    heading = "\n".join([*_seen(found), "'gru-sent config schema' describes every key"])
    return dump_commented(values, comments, heading=heading)


def config_for(
    path: Path, overrides: Sequence[str] = (), flags: Mapping[str, str | int] | None = None
) -> Config:
    """The same config for a file, with `overrides` and `flags` as in `load_config`.

    Raises:
        UserError: see `survey` and `load_config`.
    """
    known = {key.removeprefix("data."): v for key, v in overridden_values(overrides).items()}
    found = survey(
        path,
        texts=known.get("text_column"),
        labels=known.get("label_column"),
        language=known.get("text.language"),
        separator=known.get("label_separator"),
        setting="data.{}",
        dialect={key: known.get(key) for key in ("delimiter", "quoting", "encoding")},
    )
    for line in _seen(found):
        logger.info("%s", line)
    values, _ = suggested(found, str(path.resolve()))
    config = parse_config(dump_commented(values, {}), str(path))
    return changed_config(config, overrides, flags)


def _seen(found: Survey) -> Iterator[str]:
    """What was found, in short lines."""
    shown = [f"{name} ({rows:,})" for name, rows in list(found.classes.items())[:NAMED]]
    more = f" and {len(found.classes) - NAMED} more" if len(found.classes) > NAMED else ""
    each = "" if found.label_sets is None else "any number of "
    classes = f"{each}{len(found.classes)} classes: {', '.join(shown)}{more}"
    yield f"{found.path.name}: {found.rows:,} texts of {classes}"
    columns = f"texts in column {found.text_column}, labels in column {found.label_column}"
    yield f"{columns}; language: {found.language}"
    yield from found.notes


def _start(language: str, texts: Sequence[str], targets: Integers | None) -> str | None:
    """The run in the package that suits texts of one class each, or of several (None)."""
    if language != "en":
        return None
    rates = targets is not None and _rates_sentiment(texts, targets)
    return CLASSIFIER if rates else ENCODER


def _unread(start: str | None, texts: Integers) -> str | None:
    """The start, or a lesser one, that has not read these texts in training; `texts` are hashes."""
    for candidate in STARTS[STARTS.index(start) :] if start else ():
        if share_read(named_start(Path(candidate)), texts) <= ACCIDENT:
            return candidate
    return None


def _rates_sentiment(texts: Sequence[str], classes: Integers) -> bool:
    """Whether the predictions of the classifier in the package differ between the classes.

    That is told by the correlation ratio (Fisher 1925): the variance of the means of the classes,
    as a share of the whole variance.
    """
    set_up_torch(None)
    run = load_run(BUNDLED_CLASSIFIER, build_device("cpu"))
    rows = np.random.default_rng(0).permutation(len(texts))[:ASKED]
    tokenized = build_tokenizer(run.config.text).many([texts[row] for row in rows])
    predicted = run.predict(tokenized, np.arange(len(rows), dtype=np.int64))
    positive, of_row = np.exp(predicted.log_probabilities[:, 1]), classes[rows]
    means = np.bincount(of_row, positive) / np.maximum(np.bincount(of_row), 1)
    whole = positive.var()
    return bool(whole and means[of_row].var() / whole >= RATES)
