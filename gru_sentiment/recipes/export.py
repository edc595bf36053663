"""Export a run for programs that have neither gru-sent nor torch, and check the export."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gru_sentiment.arrays import Floats, Integers
from gru_sentiment.artifact.files import METADATA
from gru_sentiment.builders.corpus import build_tokenizer
from gru_sentiment.builders.device import build_device
from gru_sentiment.data.rules import Rules
from gru_sentiment.data.vocab import Vocabulary
from gru_sentiment.errors import ArtifactError, ConfigError, DataError, UserError
from gru_sentiment.export.folder import check_free, whole_folder
from gru_sentiment.export.formats import FORMATS, Format, Predictor
from gru_sentiment.machine.torch_setup import set_up_torch
from gru_sentiment.results.export import Export
from gru_sentiment.trained.dataset import reload_split
from gru_sentiment.trained.fusion import Fusion
from gru_sentiment.trained.reader import Run, load_run

logger = logging.getLogger(__name__)

TOLERANCE, INT8_TOLERANCE = 1e-5, 1e-2
"""The largest difference between probabilities that an export may have."""
MOST_TEXTS = 1_000
"""Of the validation split, that are compared."""
DRAWN_TEXTS = 200
LONGEST_DRAWN = 500
"""Tokens of a text of drawn words."""
TEXTS_AT_ONCE = 32


def export(
    path: Path,
    output: Path,
    *,
    form: str = "onnx",
    int8: bool = False,
    force: bool = False,
    threads: int | None = None,
) -> Export:
    """Write a run in another form, and compare its predictions with those of the run.

    Args:
        path: the run folder.
        output: the folder to write, which must not exist.
        form: one of `FORMATS`.
        int8: store the word vectors as whole numbers of 8 bits with a scale a word.
        force: replace an export that exists.
        threads: CPU threads of torch; by default one a core.

    Raises:
        ConfigError: there is no such format.
        MissingPackageError: what writes the format is not installed.
        ArtifactError: there is no such run, the format cannot hold it, the folder exists, or the
            export does not predict as the run does.
        DataError: the tokenizer of the run's language cannot do without spaCy.
    """
    target = _format(form)
    target.check_packages()
    check_free(output, force=force)
    set_up_torch(threads)
    run = load_run(path, build_device("cpu"))
    target.check(run, int8)
    rules = _rules(run)
    with whole_folder(output, force=force) as folder:
        size = target.write(run, rules, folder, int8)
        texts, on = _texts(run)
        logger.info("comparing on %s texts", f"{len(texts):,}")
        difference, changed = _compare(run, target.read(folder), texts)
        if not difference <= (INT8_TOLERANCE if int8 else TOLERANCE):
            raise ArtifactError(
                f"{run.path}: the export does not predict as the run does: on {len(texts):,} "
                f"{on} probabilities differ by up to {difference:.1e}",
                hint="leave --int8 out"
                if int8
                else f"try another version of {target.computes}; if that does not help, this is a "
                "bug",
            )
    return Export(
        run=str(run.path),
        folder=str(output),
        model_bytes=size,
        texts=len(texts),
        on=on,
        difference=difference,
        changed=changed,
    )


def _format(name: str) -> Format:
    if name not in FORMATS:
        close = difflib.get_close_matches(name, FORMATS, n=1)
        meant = f"did you mean {close[0]}? " if close else ""
        raise ConfigError(
            f"--format {name[:40]}: there is no such format",
            hint=f"{meant}known are: {', '.join(FORMATS)}",
        )
    return FORMATS[name]


def _rules(run: Run) -> Rules:
    try:
        return Rules.from_spacy(run.config.text.language)
    except DataError as error:
        raise DataError(
            f"{run.path}: cannot be exported: {error.cause}",
            hint="train with another text.language, such as xx, which is for any",
        ) from error


def _texts(run: Run) -> tuple[list[str], str]:
    """Texts to compare predictions on, and what they are."""
    try:
        if not (run.path / METADATA).exists():
            raise ArtifactError(f"{run.path}: has no {METADATA}")
        split = reload_split(run, "validation")
    except UserError as error:
        logger.info("the validation texts cannot be read again: %s", error.cause)
        return _drawn_texts(run), "texts of words that were drawn from its vocabulary"
    chosen = np.linspace(0, len(split.rows) - 1, min(MOST_TEXTS, len(split.rows)))
    rows = split.rows[chosen.astype(np.int64)]
    return [split.dataset.records.texts[int(row)].as_py() for row in rows], "validation texts"


def _drawn_texts(run: Run) -> list[str]:
    """Texts of all lengths, also one that is empty and one of which no word is known."""
    draw, words = np.random.default_rng(0), _vocabulary(run).words
    lengths = np.geomspace(1, LONGEST_DRAWN, DRAWN_TEXTS).astype(np.int64)
    drawn = [" ".join(words[i] for i in draw.integers(len(words), size=n)) for n in lengths]
    return ["", "\u2603\u2603\u2603", *drawn]


def _vocabulary(run: Run) -> Vocabulary:
    """Words that the run knows, or the first run of a fusion."""
    return _vocabulary(run.members[0]) if isinstance(run, Fusion) else run.vocabulary


def _compare(run: Run, exported: Predictor, texts: Sequence[str]) -> tuple[float, int]:
    """The largest difference between probabilities, and the texts with other classes."""
    order: Integers = np.argsort([len(text) for text in texts], kind="stable")
    ordered = [texts[i] for i in order]
    tokenized = build_tokenizer(run.config.text).many(ordered)
    predicted = run.predict(tokenized, np.arange(len(ordered), dtype=np.int64))
    expected: Floats = np.exp(predicted.log_probabilities)
    found: Floats = np.concatenate(
        [
            exported.probabilities(ordered[start : start + TEXTS_AT_ONCE])
            for start in range(0, len(ordered), TEXTS_AT_ONCE)
        ]
    )
    changed = sum(
        exported.chosen(own) != exported.chosen(theirs)
        for own, theirs in zip(found, expected, strict=True)
    )
    return float(np.abs(found - expected).max()), changed
