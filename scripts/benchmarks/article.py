"""Section 4: the article's own program against ours with its recipe, on the same reviews.

An epoch of the article's program takes an hour or so on a CPU, because `nn.GRU` on a PackedSequence
costs the square of the length. So the batches of one epoch are sorted by their longest review and
divided into buckets, narrower towards the longest; the middle batch of every bucket stands for its
bucket, and the epoch is the sum over buckets of its seconds times the bucket's batches:
extrapolated. The cost is convex in the length, so the middle batch flatters the slower program.
Ours steps over the same reviews in the same round, and trains one whole epoch besides.

That both compute the same is shown apart, in `article_losses.py`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from measuring.reviews import packaged_reviews
from measuring.settings import CONFIGS, Settings
from measuring.tables import table
from measuring.timing import Rounds, Spread, alternate, timed
from peers import article as peer
from torch.optim import Adam

from benchmarks.article_losses import first_losses
from benchmarks.article_ours import Ours, prepare, train
from gru_sentiment.builders.text import build_batcher
from gru_sentiment.config.loading import load_config
from gru_sentiment.config.sections import Config
from gru_sentiment.data.batching import Batches

MOST_ROUNDS = 3


@dataclass(frozen=True)
class Sizes:
    """How much of it."""

    edges: Sequence[float]
    """Shares of an epoch's batches, the shortest first, between which a bucket lies."""
    equal_steps: int
    longest_equal: int
    """Words of the longest review in the batches that the losses are compared on."""
    reviews: int | None = None
    letters: int | None = None
    """Longest review in letters."""


FULL = Sizes(
    edges=(0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.85, 0.92, 0.97, 0.99, 1),
    equal_steps=20,
    longest_equal=1_000,
)
QUICK = Sizes(edges=(0, 0.5, 0.8, 1), equal_steps=4, longest_equal=1_000, reviews=500, letters=500)


@dataclass(frozen=True)
class Sample:
    """The batch that stands for a bucket."""

    examples: list[Any]
    rows: np.ndarray[Any, np.dtype[np.int64]]
    batches: int
    """Of the bucket."""

    @property
    def longest(self) -> int:
        """Words of the longest review, as the article's program counts them."""
        return len(self.examples[0].text)


Step = Callable[[Sample], float]
"""A training step; returns its seconds."""


def measure(settings: Settings) -> dict[str, Any]:
    """Preparation, the epoch of both, and the first losses of both."""
    sizes = QUICK if settings.quick else FULL
    config = _config(settings, sizes)
    peer.tokenize("Neither side pays for loading spaCy.")
    _say("preparing ours")
    started = time.perf_counter()
    ours = prepare(config)
    ours_s = time.perf_counter() - started
    _say("preparing the article's")
    texts = ours.corpus.records.texts.take(ours.rows).to_pylist()
    labels = ours.corpus.label_ids[ours.rows].tolist()
    started = time.perf_counter()
    theirs = peer.make_corpus(texts, labels, settings.vectors)
    article_s = time.perf_counter() - started
    return {
        "vectors": settings.vectors is not None,
        "reviews": len(texts),
        "tokens": {
            "article": sum(len(example.text) for example in theirs.examples),
            "ours": int(ours.encoded.lengths[ours.rows].sum()),
        },
        "prepare_s": {"ours": ours_s, "article": article_s},
        "epoch": _epoch(ours, theirs, sizes, min(settings.rounds, MOST_ROUNDS)),
        "losses": _losses(config, theirs, sizes),
    }


def report(result: dict[str, Any]) -> str:
    """The section in Markdown."""
    epoch, losses, tokens = result["epoch"], result["losses"], result["tokens"]
    article, prepare_s = epoch["extrapolated_s"]["article"], result["prepare_s"]
    in_ours = prepare_s["article"] / prepare_s["ours"]
    rows = [
        (
            "an epoch, extrapolated from the same batches, s",
            article,
            epoch["extrapolated_s"]["ours"],
            epoch["article_in_ours"],
        ),
        (
            "an epoch of ours measured, the article's extrapolated, s",
            article,
            epoch["ours_measured_s"],
            epoch["article_in_ours_measured"],
        ),
        ("from texts to the first batch, s", prepare_s["article"], prepare_s["ours"], in_ours),
        ("words an epoch", f"{tokens['article']:,}", f"{tokens['ours']:,}", None),
    ]
    columns = ("", "article", "ours", "article / ours")
    buckets = [
        {
            "batches in the bucket": row["batches"],
            "longest review": row["longest"],
            "article, s a step": row["article_s"],
            "ours, s a step": row["ours_s"],
        }
        for row in epoch["buckets"]
    ]
    return (
        "The article's program (`scripts/peers/article.py`) and `configs/article.yaml` on the "
        f"same {result['reviews']:,} reviews, "
        + ("with the same vectors" if result["vectors"] else "with random vectors")
        + ". Its epoch is extrapolated from one batch of each bucket of lengths.\n\n"
        + table([dict(zip(columns, row, strict=True)) for row in rows])
        + "\n"
        + table(buckets)
        + f"\nThe losses of the first {len(losses['article'])} steps from the same weights, "
        f"batches and dropout masks differ by at most {losses['largest_difference']:.1e}.\n"
    )


def _config(settings: Settings, sizes: Sizes) -> Config:
    overrides = ["vectors.name=null", "run.device=cpu"]
    if settings.vectors is None:
        overrides += ["vectors.source=none", f"vectors.dimension={peer.EMBEDDING}"]
    else:
        overrides += ["vectors.source=file", f"vectors.path={settings.vectors}"]
    if sizes.reviews is not None:
        reviews = packaged_reviews(sizes.reviews, longest=sizes.letters)
        file = reviews.write(settings.work / "short.jsonl")
        overrides += ["data.source=files", f"data.path={file}"]
        overrides += ["data.validation_size=50", "data.test_size=50"]
    return load_config(CONFIGS / "article.yaml", overrides)


def _epoch(ours: Ours, theirs: peer.Corpus, sizes: Sizes, rounds: int) -> dict[str, Any]:
    samples = _samples(ours, theirs, sizes.edges)
    _say("steps over reviews of up to", *(sample.longest for sample in samples), "words")
    steps = _steps(ours, theirs)
    for step in steps.values():
        step(samples[0])
    found, buckets = _extrapolate(steps, samples, rounds)
    _say("a whole epoch of ours")
    batcher = build_batcher(ours.config.training, ours.encoded)
    measured_s = train(ours, batcher.shuffled(ours.rows, ours.corpus.label_ids, seed=0, epoch=1))
    return {
        "extrapolated_s": {name: found.spread(name) for name in steps},
        "ours_measured_s": measured_s,
        "article_in_ours": found.ratio("article", "ours"),
        "article_in_ours_measured": found.spread("article").scaled(1 / measured_s),
        "buckets": buckets,
    }


def _steps(ours: Ours, theirs: peer.Corpus) -> dict[str, Step]:
    """A training step of both on a sample, collation included."""
    model = peer.make_model(theirs)
    optimizer = Adam(model.parameters())

    def article(sample: Sample) -> float:
        return timed(lambda: peer.train_step(model, optimizer, theirs.batch(sample.examples)))

    def own(sample: Sample) -> float:
        return train(ours, Batches(ours.encoded, [sample.rows], ours.corpus.label_ids))

    return {"article": article, "ours": own}


def _extrapolate(
    steps: Mapping[str, Step], samples: Sequence[Sample], rounds: int
) -> tuple[Rounds, list[dict[str, Any]]]:
    """Seconds of an epoch by round, extrapolated, and those of a step by bucket."""
    seconds: dict[str, list[list[float]]] = {name: [[] for _ in samples] for name in steps}

    def epoch(name: str) -> float:
        for sample, so_far in zip(samples, seconds[name], strict=True):
            so_far.append(steps[name](sample))
        pairs = zip(samples, seconds[name], strict=True)
        return sum(sample.batches * so_far[-1] for sample, so_far in pairs)

    actions = {name: partial(epoch, name) for name in steps}
    found = alternate(actions, rounds=rounds, warm_up=False, budget_s=float("inf"))
    buckets = [
        {
            "batches": sample.batches,
            "longest": sample.longest,
            **{f"{name}_s": Spread.of(seconds[name][i]) for name in steps},
        }
        for i, sample in enumerate(samples)
    ]
    return found, buckets


def _samples(ours: Ours, theirs: peer.Corpus, edges: Sequence[float]) -> list[Sample]:
    """The middle batch of every bucket, the shortest bucket first."""
    row_of = dict(zip(map(id, theirs.examples), ours.rows.tolist(), strict=True))
    batches = sorted(theirs.batches(seed=0), key=lambda examples: len(examples[0].text))
    samples = []
    for start, end in pairwise(round(edge * len(batches)) for edge in edges):
        examples = batches[(start + end) // 2]
        rows = np.array([row_of[id(example)] for example in examples])
        samples.append(Sample(examples, rows, end - start))
    return samples


def _losses(config: Config, theirs: peer.Corpus, sizes: Sizes) -> dict[str, Any]:
    _say("losses of the first", sizes.equal_steps, "steps")
    return first_losses(config, theirs, steps=sizes.equal_steps, longest=sizes.longest_equal)


def _say(*what: object) -> None:
    print("article:", *what, file=sys.stderr, flush=True)
