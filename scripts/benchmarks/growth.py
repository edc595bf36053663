"""Section 2: how the cost grows with the length of the texts and with their number."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from measuring.reviews import packaged_reviews
from measuring.settings import CONFIGS, Settings
from measuring.tables import table
from measuring.timing import Spread, alternate, timed

from benchmarks.layer import Case, Step
from gru_sentiment.builders.corpus import build_tokenizer
from gru_sentiment.builders.text import build_batcher, build_encoded, build_vocabulary
from gru_sentiment.config.loading import load_config
from gru_sentiment.config.sections import Config
from gru_sentiment.data.tokens import TokenizedTexts
from gru_sentiment.models.recurrent import CELLS


@dataclass(frozen=True)
class Sizes:
    """How long and how many."""

    lengths: Sequence[int]
    hidden: int
    batch: int
    reviews: Sequence[int]
    distinct: int
    """Reviews tokenised; larger numbers repeat them."""


FULL = Sizes(
    (64, 128, 256, 512, 1024, 2048, 4096), 256, 32, (1_000, 3_000, 10_000, 25_000, 100_000), 25_000
)
QUICK = Sizes((64, 128, 256), 64, 8, (500, 1_000, 2_000), 500)


def measure(settings: Settings) -> dict[str, Any]:
    """Seconds by length for every cell, seconds by number of reviews."""
    sizes = QUICK if settings.quick else FULL
    return {
        "hidden": sizes.hidden,
        "batch": sizes.batch,
        "cells": {cell: _by_length(cell, sizes, settings.rounds) for cell in reversed(CELLS)},
        "pipeline": _by_number(sizes, settings.rounds),
    }


def report(result: dict[str, Any]) -> str:
    """The section in Markdown."""
    lines = [
        f"Our layers, {Case.input_size} -> {result['hidden']}, batch {result['batch']}, lengths "
        "drawn between T/2 and T: seconds a training step. The exponent is the slope of log "
        "seconds over log tokens by least squares: 1 is linear.\n\n"
    ]
    cells = result["cells"]
    lengths = [row["longest"] for row in next(iter(cells.values()))["steps"]]
    rows = [
        {
            "T": length,
            **{cell: found["steps"][i]["seconds"] for cell, found in cells.items()},
        }
        for i, length in enumerate(lengths)
    ]
    exponents = {cell: f"**{found['exponent']:.3f}**" for cell, found in cells.items()}
    lines.append(table([*rows, {"T": "exponent", **exponents}]))
    pipeline = result["pipeline"]
    lines.append(
        "\nFrom words to packed batches (counting, vocabulary, ids, one shuffled epoch of "
        f"batches), {pipeline['distinct']:,} distinct reviews, repeated where there are more; "
        f"exponent **{pipeline['exponent']:.3f}**.\n\n"
    )
    lines.append(
        table(
            [
                {
                    "reviews": f"{row['reviews']:,}",
                    "seconds": row["seconds"],
                    "microseconds a review": row["seconds_a_review"].scaled(1e6),
                }
                for row in pipeline["sizes"]
            ]
        )
    )
    return "".join(lines)


def exponent(amounts: Sequence[float], seconds: Sequence[Spread]) -> float:
    """Slope of log median seconds over log amounts, by least squares."""
    slope, _ = np.polyfit(np.log(amounts), np.log([s.median for s in seconds]), 1)
    return float(slope)


def _by_length(cell: str, sizes: Sizes, rounds: int) -> dict[str, Any]:
    _say(cell, "over lengths", *sizes.lengths)
    cases = [Case(cell, sizes.hidden, sizes.batch, longest) for longest in sizes.lengths]
    found = alternate({str(case.longest): Step(case, "compiled") for case in cases}, rounds=rounds)
    seconds = [found.spread(str(case.longest)) for case in cases]
    return {
        "input_size": Case.input_size,
        "exponent": exponent([case.tokens for case in cases], seconds),
        "steps": [
            {"longest": case.longest, "tokens": case.tokens, "seconds": spread}
            for case, spread in zip(cases, seconds, strict=True)
        ],
    }


def _by_number(sizes: Sizes, rounds: int) -> dict[str, Any]:
    config = load_config(CONFIGS / "gru.yaml")
    _say(f"tokenising {sizes.distinct:,} reviews")
    reviews = packaged_reviews(sizes.distinct)
    tokenized = build_tokenizer(config.text).many(reviews.texts)
    _say("batches of", *sizes.reviews, "reviews")
    actions = {
        str(n): partial(timed, partial(_make_batches, _repeated(tokenized, n), config))
        for n in sizes.reviews
    }
    found = alternate(actions, rounds=rounds)
    seconds = [found.spread(str(n)) for n in sizes.reviews]
    return {
        "distinct": len(tokenized),
        "exponent": exponent(sizes.reviews, seconds),
        "sizes": [
            {"reviews": n, "seconds": spread, "seconds_a_review": spread.scaled(1 / n)}
            for n, spread in zip(sizes.reviews, seconds, strict=True)
        ],
    }


def _repeated(texts: TokenizedTexts, n: int) -> TokenizedTexts:
    """The first `n` texts, from the beginning again where there are fewer."""
    whole, part = divmod(n, len(texts))
    lengths = np.resize(np.diff(texts.offsets), n)
    indices = [texts.indices] * whole + [texts.indices[: texts.offsets[part]]]
    offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    return TokenizedTexts(texts.distinct, np.concatenate(indices), offsets)


def _make_batches(texts: TokenizedTexts, config: Config) -> None:
    """All that lies between words and the model: vocabulary, ids, one epoch of batches."""
    rows = np.arange(len(texts))
    vocabulary = build_vocabulary(config.text, texts.counts(rows))
    encoded = build_encoded(config.text, texts, vocabulary)
    for _ in build_batcher(config.training, encoded).shuffled(rows, None, seed=0, epoch=1):
        pass


def _say(*what: object) -> None:
    print("growth:", *what, file=sys.stderr, flush=True)
