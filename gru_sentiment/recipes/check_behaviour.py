"""What a run makes of behaviour suites: minimal pairs and invariances."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from gru_sentiment.builders.corpus import build_tokenizer
from gru_sentiment.builders.device import build_device
from gru_sentiment.errors import DataError
from gru_sentiment.machine.torch_setup import set_up_torch
from gru_sentiment.results.metrics import Measured
from gru_sentiment.results.predictions import Prediction
from gru_sentiment.results.suites import Behaviour, FailedCase, SuiteResult
from gru_sentiment.scores.gates import check_names, judge, parse_floor
from gru_sentiment.scores.intervals import wilson
from gru_sentiment.suites.cases import Case, Suite
from gru_sentiment.suites.files import load_suites
from gru_sentiment.trained.reader import Run, load_run

logger = logging.getLogger(__name__)

PREFIX = "suite."
"""Before a suite's name, where a gate names it."""


def check_behaviour(
    path: Path | None,
    names: Sequence[str],
    *,
    fail_under: Sequence[str] = (),
    device: str = "auto",
    threads: int | None = None,
) -> Behaviour:
    """Pass rates of a run (the latest by default) on suites, and what gates make of them.

    Args:
        path: the run.
        names: built-in suites, `all` of them, or YAML files.
        fail_under: floors such as suite.negation=0.8, see `parse_floor`.
        device: where to compute.
        threads: of the CPU.

    Raises:
        ConfigError: no such suite, a file that is not one, or a gate for none of them.
        ArtifactError: no such run, or one that cannot be read.
        DataError: the run tells other classes apart than a suite is about.
    """
    suites = load_suites(names)
    gates = [parse_floor(text) for text in fail_under]
    check_names(gates, [PREFIX + suite.name for suite in suites])
    set_up_torch(threads)
    run = load_run(path, build_device(device))
    for suite in suites:
        _check_classes(run, suite)
    # many cases share a text; the answer to it depends on nothing else
    texts = list(dict.fromkeys(t for suite in suites for case in suite.cases for t in case.texts))
    logger.info("scoring %s texts", f"{len(texts):,}")
    started = time.perf_counter()
    tokenized = build_tokenizer(run.config.text).many(texts)
    rows = np.arange(len(texts), dtype=np.int64)
    predictions = run.predict(tokenized, rows).predictions(run.labels)
    answers = dict(zip(texts, predictions, strict=True))
    elapsed_s = time.perf_counter() - started
    results = {suite.name: _result(suite, answers) for suite in suites}
    judged = judge(gates, {PREFIX + name: _measured(name, of) for name, of in results.items()})
    return Behaviour(str(run.path), results, judged, elapsed_s)


def _check_classes(run: Run, suite: Suite) -> None:
    wanted = sorted(map(str, suite.classes))
    if sorted(run.labels.names) != wanted:
        raise DataError(
            f"{run.path}: tells {', '.join(run.labels.names)} apart; the suite {suite.name} is "
            f"about {', '.join(wanted)}",
            hint="write a suite whose 'classes:' are the run's, and give its file: --suite "
            "mine.yaml",
        )


def _result(suite: Suite, answers: Mapping[str, Prediction]) -> SuiteResult:
    found = [(case, [answers[text] for text in case.texts]) for case in suite.cases]
    failures = [_failed(case, given) for case, given in found if not case.holds(given)]
    n, passed = len(found), len(found) - len(failures)
    low, high = wilson(passed, n)
    return SuiteResult(n, passed, low, high, failures)


def _measured(name: str, result: SuiteResult) -> Measured:
    return Measured(PREFIX + name, result.rate, result.low, result.high)


def _failed(case: Case, answers: Sequence[Prediction]) -> FailedCase:
    about = [answer.label if case.label is None else case.label for answer in answers]
    return FailedCase(
        expected=case.expected,
        texts=case.texts,
        answers=[
            (label, answer.probabilities[str(label)])
            for label, answer in zip(about, answers, strict=True)
        ],
    )
