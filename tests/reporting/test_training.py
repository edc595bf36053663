"""A training as a reader sees it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gru_sentiment.reporting.evaluation import (
    evaluation_report,
)
from gru_sentiment.reporting.training import (
    baseline_report,
    epoch_line,
    fusion_report,
    pretraining_report,
    training_report,
)
from gru_sentiment.reporting.wording import baseline_line
from gru_sentiment.results.evaluation import BaselineGap, Evaluation
from gru_sentiment.results.training import (
    BaselineResult,
    EvaluationRecord,
    FusionResult,
    PretrainingResult,
)

from .examples import METRICS, RESULT, lines_of

RECORD = EvaluationRecord(
    epoch=2,
    step=704,
    train_loss=0.31416,
    train_accuracy=0.86421,
    learning_rate=0.003,
    gradient_norm=1.0,
    scores={"loss": 0.27182, "accuracy": 0.88765, "roc_auc": 0.95},
    tokens=4_000_000,
    elapsed_s=78.4,
    tokens_per_s=51_020.4,
)


def test_a_training_in_words() -> None:
    lines = lines_of(training_report(RESULT))
    assert "accuracy 0.9123 0.9000" in lines
    assert lines[-5:] == [
        "best epoch 2 of 3; stopped: all 3 epochs done",
        "1,234,567 parameters, 25,002 words",
        "temperature 1.234: loss 0.3000 to 0.2718, calibration error 0.0500 to 0.0199 "
        "on validation",
        "trained in 4 min 5 s, 5 min 1 s in all",
        "run folder: runs/gru",
    ]


@pytest.mark.parametrize(
    ("points", "words"),
    [
        (1.2345, "beats the baseline by 1.23 points"),
        (-0.5, "misses the baseline by 0.50 points"),
        (0.0, "as accurate as the baseline"),
    ],
)
def test_a_gap_in_words(points: float, words: str) -> None:
    gap = BaselineGap("runs/baseline", 0.90351, points)
    assert baseline_line(gap) == f"{words} (runs/baseline: 0.9035)"
    beside = {"validation": gap, "test": replace(gap, points=2.0)}
    lines = lines_of(training_report(replace(RESULT, baseline=beside)))
    assert lines[-7:-5] == [
        f"validation: {words} (runs/baseline: 0.9035)",
        "test: beats the baseline by 2.00 points (runs/baseline: 0.9035)",
    ]
    evaluation = Evaluation("runs/gru", "test", METRICS, baseline=gap)
    assert lines_of(evaluation_report(evaluation))[-1] == f"{words} (runs/baseline: 0.9035)"


def test_baselines_side_by_side() -> None:
    low = replace(METRICS, accuracy=0.5, loss=0.6931)
    scores = {"majority": {"validation": low, "test": low}, "nb": RESULT.metrics}
    report = baseline_report(
        BaselineResult(
            run="runs/baseline",
            model="nb",
            scores=scores,
            ngrams={"majority": 0, "nb": 857_763},
            fit_s={"majority": 0.1, "nb": 10.2},
            total_s=75.0,
        )
    )
    lines = lines_of(report)
    assert "validation accuracy test accuracy validation loss test loss" in lines
    assert "majority 0.5000 0.5000 0.6931 0.6931" in lines
    assert "nb 0.9123 0.9000 0.2346 0.2346" in lines
    assert lines[-4:] == [
        "majority: 0 n-grams, fitted in 0 s",
        "nb: 857,763 n-grams, fitted in 10 s",
        "saved: nb; 1 min 15 s in all",
        "run folder: runs/baseline",
    ]


def test_a_fusion_beside_its_members() -> None:
    one = {"validation": METRICS}
    report = fusion_report(
        FusionResult(
            run="runs/fused",
            weights={"runs/gru": 0.41, "runs/[b]": 0.696},
            scores={"runs/gru": one, "runs/[b]": one},
            fused={"validation": replace(METRICS, accuracy=0.95)},
            baseline={"validation": BaselineGap("runs/[b]", 0.9, 5.0)},
        )
    )
    lines = lines_of(report)
    assert "runs/[b] 0.9123 0.2346" in lines
    assert "fused 0.9500 0.2346" in lines
    assert lines[-4:] == [
        "weight of runs/gru: 0.410",
        "weight of runs/[b]: 0.696",
        "validation: beats the baseline by 5.00 points (runs/[b]: 0.9000)",
        "run folder: runs/fused",
    ]


@pytest.mark.parametrize("bidirectional", [False, True])
def test_an_encoder_says_how_it_is_used(bidirectional: bool) -> None:
    result = PretrainingResult(
        run="runs/lm",
        loss=4.5041,
        perplexity=90.39,
        epochs=2,
        stopped_by="all 2 epochs done",
        parameters=1_234_567,
        vocabulary=30_002,
        training_s=60.0,
        total_s=61.0,
        bidirectional=bidirectional,
    )
    lines = lines_of(pretraining_report(result))
    assert lines[0] == "perplexity 90.4 of the held-out texts (loss 4.5041)"
    command = " ".join(lines[lines.index("run folder: runs/lm") + 1 :])
    assert command == (
        "fine-tune it: gru-sent train --config configs/finetune.yaml "
        "--set model.initialize_from=runs/lm "
        f"--set model.bidirectional={str(bidirectional).lower()}"
    )


def test_an_epoch_in_a_line() -> None:
    assert epoch_line(RECORD) == (
        "epoch 2: training loss 0.3142, accuracy 0.8642; validation loss 0.2718, accuracy 0.8877; "
        "78 s, 51,020 tokens/s"
    )
    assert "accuracy 0.8877, best so far; 78 s" in epoch_line(replace(RECORD, is_best=True))
