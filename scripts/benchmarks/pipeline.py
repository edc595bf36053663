"""Section 3: tokenising, and what a step of the default model holds besides the layer."""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable
from functools import lru_cache, partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import spacy
import torch
from measuring.default_run import CONFIG
from measuring.reviews import packaged_reviews
from measuring.settings import Settings
from measuring.tables import table
from measuring.timing import alternate, timed
from torch import nn

from gru_sentiment.builders.corpus import build_tokenizer
from gru_sentiment.builders.model import build_model
from gru_sentiment.builders.objective import build_loss
from gru_sentiment.builders.optimisation import build_optimizer
from gru_sentiment.builders.text import build_batcher, build_encoded, build_vocabulary
from gru_sentiment.config.loading import load_config
from gru_sentiment.data.labels import Labels
from gru_sentiment.data.token_cache import tokenize_cached
from gru_sentiment.data.tokenizer import rules
from gru_sentiment.data.tokens import TokenizedTexts

N_TEXTS, N_TEXTS_QUICK = 25_000, 300
N_STEPS, N_STEPS_QUICK = 40, 3
PARTS = ("collating the batch", "forward", "backward", "clipping", "optimizer")
SPARSE = "row-sparse gradient, SparseAdam"
TABLES = {
    "dense, AdamW, an operation after the other": {"foreach": True},
    "dense, AdamW in one pass (ours)": {"fused": True},
}
"""Ways to train the table of word vectors."""


def measure(settings: Settings) -> dict[str, Any]:
    """Tokenising by process count, parts of a training step, ways to train the table."""
    n = N_TEXTS_QUICK if settings.quick else N_TEXTS
    texts = list(packaged_reviews(n).texts)
    config = load_config(CONFIG)
    tokenized = build_tokenizer(config.text).many(texts)
    _say(f"tokenising {n:,} reviews")
    _say(f"tokenising {n:,} reviews")
    tokenising = _tokenising(texts, settings)
    _say("steps of the default model")
    steps = _Steps(tokenized, N_STEPS_QUICK if settings.quick else N_STEPS)
    return {
        "texts": n,
        "tokenising": tokenising,
        "steps": steps.n,
        "parts_s": steps.parts(),
        "words": steps.words,
        "table": [
            {"way": name, "seconds": spread}
            for name, spread in steps.tables(settings.rounds).items()
        ],
    }


def report(result: dict[str, Any]) -> str:
    """The section in Markdown."""
    parts: dict[str, float] = result["parts_s"]
    whole = sum(parts.values())
    return (
        f"Tokenising {result['texts']:,} reviews, tokens/s. The bare loop is `[word.text for word "
        "in nlp.tokenizer(text)]` in as many processes at once; ours also loads spaCy, cleans, "
        "lower-cases, starts its processes, writes the cache and maps it.\n\n"
        + table(
            [
                {
                    "processes": row["processes"],
                    "bare loop": row["bare"],
                    "ours": row["ours"],
                    "ours / bare loop": row["ratio"],
                }
                for row in result["tokenising"]
            ]
        )
        + f"\nA training step of `configs/gru.yaml`, mean of {result['steps']} steps:\n\n"
        + table(
            [
                {"part": name, "ms": 1e3 * s, "share": f"{s / whole:.1%}"}
                for name, s in parts.items()
            ]
        )
        + f"\nThe table of word vectors, {result['words']:,} words: look-up, gradient and update "
        "of a batch.\n\n"
        + table([{"": row["way"], "ms": row["seconds"].scaled(1e3)} for row in result["table"]])
    )


def _tokenising(texts: list[str], settings: Settings) -> list[dict[str, Any]]:
    """Ours beside bare loops at work in as many processes."""
    column = pa.chunked_array([pa.array(texts, pa.large_string())])
    tokenizer = build_tokenizer(load_config(CONFIG).text)
    tokens = _bare_loop(texts)

    def bare(processes: int) -> None:
        context = multiprocessing.get_context("fork")
        started = [
            context.Process(target=_bare_loop, args=(texts[i::processes],))
            for i in range(processes)
        ]
        for process in started:
            process.start()
        for process in started:
            process.join()

    def ours(processes: int) -> None:
        rules.cache_clear()  # nothing is remembered from the round before
        with tempfile.TemporaryDirectory(dir=settings.work) as cache:
            tokenize_cached(tokenizer, column, "", processes=processes, cache=Path(cache))

    counts = sorted({1, settings.threads})
    found = alternate(
        {
            f"{name}{n}": partial(timed, partial(work, n))
            for n in counts
            for name, work in (("bare", bare), ("ours", ours))
        },
        rounds=settings.rounds,
    )
    return [
        {
            "processes": n,
            "bare": found.rate(f"bare{n}", tokens),
            "ours": found.rate(f"ours{n}", tokens),
            "ratio": found.ratio(f"bare{n}", f"ours{n}"),
        }
        for n in counts
    ]


@lru_cache
def _spacy() -> Callable[[str], Any]:
    tokenize: Callable[[str], Any] = spacy.blank("en").tokenizer
    return tokenize


def _bare_loop(texts: list[str]) -> int:
    """Number of words."""
    tokenize = _spacy()
    return sum(len([word.text for word in tokenize(text)]) for text in texts)


class _Steps:
    """Training steps of the default model, taken apart."""

    def __init__(self, tokenized: TokenizedTexts, n: int) -> None:
        config = load_config(CONFIG)
        rows = np.arange(len(tokenized))
        vocabulary = build_vocabulary(config.text, tokenized.counts(rows))
        encoded = build_encoded(config.text, tokenized, vocabulary)
        labels = np.arange(len(rows)) % 2
        batcher = build_batcher(config.training, encoded)
        self.batches = batcher.shuffled(rows, labels, seed=0, epoch=1)
        weights = torch.randn(len(vocabulary), config.vectors.dimension or 50)
        self.model = build_model(config, weights, 2, torch.device("cpu"))
        self.loss = build_loss(config.training, Labels(["negative", "positive"]), labels)
        self.optimizer = build_optimizer(config.training, self.model)
        self.clip_norm = config.training.clip_norm or 1.0
        self.n, self.words = min(n, len(self.batches)), len(vocabulary)

    def parts(self) -> dict[str, float]:
        """Mean seconds of every part; one step before warms up."""
        sums = dict.fromkeys(
            ("collating the batch", "forward", "backward", "clipping", "optimizer"), 0.0
        )
        for i in range(-1, self.n):
            seconds = self._step(max(i, 0))
            for name, s in zip(sums, seconds, strict=True):
                sums[name] += s if i >= 0 else 0.0
        return {name: total / self.n for name, total in sums.items()}

    def tables(self, rounds: int) -> dict[str, Any]:
        """Seconds to look a batch up, give the table its gradient and update it."""
        ids = self.batches[0].tokens.data
        start = self.model.embedding.table.weight.detach()
        gradient = torch.randn(len(ids), start.shape[1])

        def action(sparse: bool, make: Callable[..., torch.optim.Optimizer]) -> Callable[[], float]:
            layer = nn.Embedding.from_pretrained(start.clone(), freeze=False, sparse=sparse)
            optimizer = make(layer.parameters())

            def update() -> None:
                torch.autograd.backward(layer(ids), gradient)
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)

            return lambda: timed(update)

        actions = {
            name: action(False, partial(torch.optim.AdamW, **options))
            for name, options in TABLES.items()
        }
        actions[SPARSE] = action(True, torch.optim.SparseAdam)
        found = alternate(actions, rounds=max(rounds, 5) * 4)
        return {name: found.spread(name) for name in actions}

    def _step(self, i: int) -> list[float]:
        clock = [time.perf_counter()]
        batch = self.batches[i]
        clock.append(time.perf_counter())
        loss, _ = self.loss.loss_and_correct(self.model, batch)
        clock.append(time.perf_counter())
        torch.autograd.backward(loss)
        clock.append(time.perf_counter())
        nn.utils.clip_grad_norm_(self.model.parameters(), self.clip_norm)
        clock.append(time.perf_counter())
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        clock.append(time.perf_counter())
        return [after - before for before, after in pairwise(clock)]


def _say(*what: object) -> None:
    print("pipeline:", *what, file=sys.stderr, flush=True)
