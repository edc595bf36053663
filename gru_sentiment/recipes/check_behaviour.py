"""Check how a run behaves on suites of minimal pairs and invariances."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from gru_sentiment.builders.corpus import build_tokenizer
from gru_sentiment.builders.device import build_device
from gru_sentiment.data.labels import check_single
from gru_sentiment.errors import DataError
from gru_sentiment.machine.torch_setup import set_up_torch
from gru_sentiment.results.metrics import MeasuredMetric
from gru_sentiment.results.predictions import Prediction
from gru_sentiment.results.suites import GATE_PREFIX, Behaviour, FailedCase, SuiteResult
from gru_sentiment.scores.gates import Gates
from gru_sentiment.scores.intervals import wilson
from gru_sentiment.suites.cases import Case, Suite
from gru_sentiment.suites.files import load_suites
from gru_sentiment.trained.reader import Run, load_run

logger = logging.getLogger(__name__)


def check_behaviour(
    path: Path | None,
    names: Sequence[str],
    *,
    fail_under: Sequence[str] = (),
    device: str = "auto",
    threads: int | None = None,
) -> Behaviour:
    """Pass rates of a run (the latest by default) on suites, and the gates judged on them.

    Args:
        path: the run folder.
        names: built-in suites, `all` of them, or YAML files.
        fail_under: floors such as suite.negation=0.8, see `parse_floor`.
        device: `auto`, `cpu` or `cuda`.
        threads: number of CPU threads; by default one a core.

    Raises:
        ConfigError: there is no such suite, a file is not a suite, or a gate names none of them.
        ArtifactError: there is no such run, or it cannot be read.
        DataError: the run has other classes than a suite.
    """
    suites = load_suites(names)
    gates = Gates.parse(fail_under=fail_under)
    gates.check_names([GATE_PREFIX + suite.name for suite in suites])
    set_up_torch(threads)
    run = load_run(path, build_device(device))
    for suite in suites:
        _check_classes(run, suite)
    started = time.perf_counter()
    predictions = _predictions(run, suites)
    elapsed_s = time.perf_counter() - started
    results = {suite.name: _result(suite, predictions) for suite in suites}
    measured = {GATE_PREFIX + name: _pass_rate(name, result) for name, result in results.items()}
    return Behaviour(str(run.path), results, gates.judge(measured), elapsed_s)


def _check_classes(run: Run, suite: Suite) -> None:
    check_single(run.labels, f"{run.path}: evaluate --suite")
    expected = sorted(map(str, suite.classes))
    if sorted(run.labels.names) != expected:
        raise DataError(
            f"{run.path}: has the classes {', '.join(run.labels.names)}; the suite {suite.name} "
            f"is about {', '.join(expected)}",
            hint="write a suite whose 'classes:' are those of the run, and name its file: --suite "
            "mine.yaml",
        )


def _predictions(run: Run, suites: Sequence[Suite]) -> dict[str, Prediction]:
    """The prediction for every distinct text of the suites: many cases share a text."""
    texts = list(dict.fromkeys(t for suite in suites for case in suite.cases for t in case.texts))
    logger.info("scoring %s texts", f"{len(texts):,}")
    tokenized = build_tokenizer(run.config.text).many(texts)
    predicted = run.predict(tokenized, np.arange(len(texts), dtype=np.int64))
    return dict(zip(texts, predicted.predictions(run.labels), strict=True))


def _result(suite: Suite, predictions: Mapping[str, Prediction]) -> SuiteResult:
    cases = [(case, [predictions[text] for text in case.texts]) for case in suite.cases]
    failures = [_failed(case, of_case) for case, of_case in cases if not case.holds(of_case)]
    n, passed = len(cases), len(cases) - len(failures)
    low, high = wilson(passed, n)
    return SuiteResult(n, passed, low, high, failures)


def _pass_rate(name: str, result: SuiteResult) -> MeasuredMetric:
    return MeasuredMetric(GATE_PREFIX + name, result.rate, result.low, result.high)


def _failed(case: Case, predictions: Sequence[Prediction]) -> FailedCase:
    labels = [str(p.label if case.label is None else case.label) for p in predictions]
    return FailedCase(
        expected=case.expected,
        texts=case.texts,
        answers=[
            (label, prediction.probabilities[label])
            for label, prediction in zip(labels, predictions, strict=True)
        ],
    )
