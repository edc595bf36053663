"""What a run makes of behaviour suites: minimal pairs and invariances."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from gru_sentiment.artifact.reader import Run, load_run
from gru_sentiment.build import build_device, build_tokenizer
from gru_sentiment.errors import DataError
from gru_sentiment.results import Prediction
from gru_sentiment.scores.intervals import wilson
from gru_sentiment.suite_results import Behaviour, FailedCase, SuiteResult
from gru_sentiment.suites.cases import Case, Suite
from gru_sentiment.suites.files import load_suites
from gru_sentiment.training.seeding import set_threads

logger = logging.getLogger(__name__)


def check_behaviour(
    path: Path | None, names: Sequence[str], *, device: str = "auto", threads: int | None = None
) -> Behaviour:
    """Pass rates of a run (the latest by default) on suites: built-in names, `all`, YAML files.

    Raises:
        ConfigError: no such suite, or a file that is not one.
        ArtifactError: no such run, or one that cannot be read.
        DataError: the run tells other classes apart than a suite is about.
    """
    suites = load_suites(names)
    set_threads(threads)
    run = load_run(path, build_device(device))
    for suite in suites:
        _check_classes(run, suite)
    # many cases share a text; the answer to it depends on nothing else
    texts = list(dict.fromkeys(t for suite in suites for case in suite.cases for t in case.texts))
    logger.info("scoring %s texts", f"{len(texts):,}")
    tokenized = build_tokenizer(run.config.text).many(texts)
    predictions = run.answers(tokenized, np.arange(len(texts))).predictions(run.labels)
    answers = dict(zip(texts, predictions, strict=True))
    return Behaviour(str(run.path), {suite.name: _result(suite, answers) for suite in suites})


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
