"""What a reader sees: every value that a result holds, in words."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console, RenderableType

from gru_sentiment.reporting.data import data_report
from gru_sentiment.reporting.evaluation import evaluation_report
from gru_sentiment.reporting.metrics import confusion_table, metrics_table
from gru_sentiment.reporting.predictions import prediction_report, scoring_line
from gru_sentiment.reporting.training import (
    baseline_report,
    epoch_line,
    fusion_report,
    pretraining_report,
    training_report,
)
from gru_sentiment.reporting.wording import absent_lines, baseline_line
from gru_sentiment.results.data import DataReport, SplitReport
from gru_sentiment.results.evaluation import BaselineGap, Evaluation
from gru_sentiment.results.metrics import Calibrated, ClassMetrics, Metrics, Reliability
from gru_sentiment.results.predictions import FileScoring, Prediction
from gru_sentiment.results.training import (
    BaselineResult,
    Coverage,
    EvaluationRecord,
    FusionResult,
    PretrainingResult,
    TrainingResult,
)

METRICS = Metrics(
    n=2500,
    loss=0.23456,
    accuracy=0.91234,
    accuracy_interval=[0.90065, 0.92281],
    balanced_accuracy=0.91156,
    macro_precision=0.11,
    macro_recall=0.12,
    macro_f1=0.91111,
    mcc=0.82467,
    roc_auc=0.97001,
    average_precision=0.96512,
    brier=0.06321,
    ece=0.01987,
    per_class={
        "negative": ClassMetrics(precision=0.9012, recall=0.8023, f1=0.7034, support=1200),
        "positive": ClassMetrics(precision=0.6045, recall=0.5056, f1=0.4067, support=1300),
    },
    confusion_matrix=[[1100, 100], [119, 1181]],
    tokens=600_000,
    elapsed_s=12.0,
    tokens_per_s=50_000.4,
)
RESULT = TrainingResult(
    run="runs/gru",
    metrics={"validation": METRICS, "test": replace(METRICS, n=2501, accuracy=0.9)},
    calibration=Calibrated(
        1.2344, Reliability(0.3, 0.08, 0.05), Reliability(0.27182, 0.07, 0.01987)
    ),
    best_epoch=2,
    epochs=3,
    stopped_by="all 3 epochs done",
    parameters=1_234_567,
    vocabulary=25_002,
    coverage=None,
    training_s=245.4,
    total_s=301.0,
)
SPLIT = SplitReport(
    rows=2000,
    labels={"negative": 500, "positive": 1500},
    empty_texts=3,
    duplicate_texts=7,
    lengths={"50 %": 174, "100 %": 2470},
    truncated=0.125,
    out_of_vocabulary=0.0321,
)
PREDICTION = Prediction(
    label="positive",
    probabilities={"negative": 0.25, "positive": 0.75},
    tokens=6,
    unknown_tokens=1,
    truncated=False,
)
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


def lines_of(report: RenderableType) -> list[str]:
    """The rendered lines, runs of spaces as one."""
    console = Console(file=StringIO(), width=100)
    console.print(report)
    assert isinstance(console.file, StringIO)
    return [" ".join(line.split()) for line in console.file.getvalue().splitlines()]


def test_metrics_have_a_column_a_split() -> None:
    lines = lines_of(metrics_table(RESULT.metrics))
    for line in [
        "validation test",
        "reviews 2,500 2,501",
        "accuracy 0.9123 0.9000",
        "loss 0.2346 0.2346",
        "ROC AUC 0.9700 0.9700",
        "macro F1 0.9111 0.9111",
        "precision of negative 0.9012 0.9012",
        "recall of negative 0.8023 0.8023",
        "f1 of negative 0.7034 0.7034",
        "precision of positive 0.6045 0.6045",
        "recall of positive 0.5056 0.5056",
        "f1 of positive 0.4067 0.4067",
        "tokens/s 50,000 50,000",
    ]:
        assert line in lines


def test_a_score_that_does_not_exist() -> None:
    assert "ROC AUC n/a" in lines_of(metrics_table({"test": replace(METRICS, roc_auc=None)}))


def test_classes_without_rows_are_named() -> None:
    lacking = replace(METRICS, absent_classes=["negative"])
    result = replace(RESULT, metrics={"validation": METRICS, "test": lacking})
    note = "test: no rows of negative; averages over the classes leave it out"
    found = lines_of(training_report(result))
    assert note in found
    assert "f1 of negative 0.7034 n/a" in found
    assert note in lines_of(evaluation_report(Evaluation("runs/gru", "test", lacking)))
    assert not any("no rows of" in line for line in lines_of(training_report(RESULT)))
    both = replace(METRICS, absent_classes=["negative", "neutral"])
    assert absent_lines({"a.csv": both}) == [
        "a.csv: no rows of negative, neutral; averages over the classes leave them out"
    ]


def test_confusion_has_true_classes_by_row() -> None:
    lines = lines_of(confusion_table(METRICS))
    assert "true \\ predicted negative positive" in lines
    assert "negative 1,100 100" in lines
    assert "positive 119 1,181" in lines


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


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (3601, "60 min 1 s")]
)
def test_durations(seconds: float, text: str) -> None:
    lines = lines_of(training_report(replace(RESULT, training_s=seconds)))
    assert f"trained in {text}, 5 min 1 s in all" in lines


def test_an_evaluation_in_words() -> None:
    lines = lines_of(evaluation_report(Evaluation("runs/gru", "test", METRICS)))
    assert lines[0] == "runs/gru on test"
    assert "accuracy 0.9123" in lines
    assert "positive 119 1,181" in lines
    assert not any("no token" in line for line in lines)
    empty = replace(METRICS, empty_texts=1001)
    lines = lines_of(evaluation_report(Evaluation("runs/gru", "test", empty)))
    assert lines[-1] == "1,001 texts hold no token"


def test_an_evaluation_has_scores_that_a_training_does_not_show() -> None:
    lines = lines_of(evaluation_report(Evaluation("runs/gru", "test", METRICS)))
    more = [
        "balanced accuracy 0.9116",
        "average precision 0.9651",
        "MCC 0.8247",
        "Brier score 0.0632",
        "calibration error 0.0199",
    ]
    assert set(more) <= set(lines)
    assert "accuracy, 95 % interval: 0.9006 to 0.9228" in lines
    assert not set(more) & set(lines_of(training_report(RESULT)))


def test_gates_comparison_and_slices_in_words(evaluation: Evaluation) -> None:
    lines = lines_of(evaluation_report(evaluation))
    assert "lower end of accuracy >= 0.9 0.91 0.8900 to 0.9300 FAILED" in lines
    assert "loss <= 0.5 0.25 n/a met" in lines
    assert "2 gates, 1 failed" in lines
    assert "30 rows fixed, 10 broken; McNemar's exact test: p = 0.00222" in lines
    assert "by [genre], worst first rows accuracy 95 % interval" in lines
    start = lines.index("horror|[b] 20 0.5000 0.2990 to 0.7010")
    assert lines[start + 1] == "comedy 1,980 0.9200 0.9080 to 0.9310"
    assert "reviews.csv 0.62 0.8000 0.7000 0.6000 0.6462" in lines


def test_a_prediction_in_a_pipe_is_one_line() -> None:
    assert lines_of(prediction_report(PREDICTION, terminal=False)) == ["positive (75.0%)"]


def test_a_prediction_on_a_terminal_has_bars() -> None:
    lines = lines_of(prediction_report(PREDICTION, terminal=True))
    assert lines == [
        "positive (75.0%)",
        "negative 25.0% " + "█" * 8,
        "positive 75.0% " + "█" * 22,
    ]


@pytest.mark.parametrize(
    ("tokens", "unknown", "truncated", "remark"),
    [
        (0, 0, False, "the text holds no token: this is the prediction for an empty text"),
        (4, 4, False, "the model knows no token of the text"),
        (4000, 1, True, "the model read 4,000 tokens, without the middle part"),
    ],
)
def test_a_prediction_says_what_it_rests_on(
    tokens: int, unknown: int, truncated: bool, remark: str
) -> None:
    given = replace(PREDICTION, tokens=tokens, unknown_tokens=unknown, truncated=truncated)
    assert lines_of(prediction_report(given, terminal=False)) == ["positive (75.0%)", remark]


def test_an_integer_class_is_looked_up_by_its_name() -> None:
    given = replace(PREDICTION, label=1, probabilities={"0": 0.1, "1": 0.9})
    assert lines_of(prediction_report(given, terminal=False)) == ["1 (90.0%)"]


def test_data_in_words() -> None:
    lopsided = replace(SPLIT, rows=1000, labels={"negative": 1000, "positive": 0})
    report = DataReport(
        fingerprint="abc",
        splits={"train": SPLIT, "test": lopsided},
        overlaps={"train and test": 1234},
        vocabulary=25_002,
        coverage=Coverage("glove", 0.9512, 0.987, [("lol", 1200)]),
        warnings=["train: only 3 rows are odd"],
    )
    lines = lines_of(data_report(report))
    for line in [
        "train test",
        "rows 2,000 1,000",
        "negative 500 (25.0%) 1,000 (100.0%)",
        "positive 1,500 (75.0%) 0 (0.0%)",
        "empty texts 3 3",
        "duplicate texts 7 7",
        "tokens, 50th percentile 174 174",
        "tokens, longest text 2,470 2,470",
        "truncated 12.5% 12.5%",
        "out of vocabulary 3.21% 3.21%",
        "texts in both train and test: 1,234",
        "vocabulary: 25,002 words",
        "vectors: glove cover 95.1% of the vocabulary, 98.7% of the known tokens "
        "in the training texts",
        "most frequent words without a vector: 'lol' (1,200)",
        "warning: train: only 3 rows are odd",
    ]:
        assert line in lines


def test_data_without_vectors_says_nothing_of_them() -> None:
    report = DataReport("abc", {"train": SPLIT}, {}, 10, None)
    assert lines_of(data_report(report))[-1] == "vocabulary: 10 words"


def test_an_epoch_in_a_line() -> None:
    assert epoch_line(RECORD) == (
        "epoch 2: training loss 0.3142, accuracy 0.8642; validation loss 0.2718, accuracy 0.8877; "
        "78 s, 51,020 tokens/s"
    )
    assert "accuracy 0.8877, best so far; 78 s" in epoch_line(replace(RECORD, is_best=True))


@pytest.mark.parametrize("name", ["[neutral]", "[/b]", "[bold]x", "a[red]", ":smile:", "\\"])
def test_names_of_the_user_are_shown_as_they_are(name: str) -> None:
    """Classes and files may look like markup."""
    per_class = {name: METRICS.per_class["negative"], "other": METRICS.per_class["positive"]}
    metrics = replace(METRICS, per_class=per_class)
    lines = lines_of(evaluation_report(Evaluation(f"runs/{name}", f"{name}.csv", metrics)))
    assert f"runs/{name} on {name}.csv" in lines
    assert f"{name}.csv" in lines
    assert f"precision of {name} 0.9012" in lines
    assert f"{name} 1,100 100" in lines
    assert f"true \\ predicted {name} other" in lines
    split = replace(SPLIT, labels={name: 500, "other": 1500})
    lines = lines_of(data_report(DataReport("abc", {"train": split}, {}, 10, None, [name])))
    assert f"{name} 500 (25.0%)" in lines
    assert lines[-1] == f"warning: {name}"


@pytest.mark.parametrize(
    ("scoring", "line"),
    [
        (FileScoring(25_000, 0, 0, None, 40.0), "25,000 rows in 40 s, 625 rows/s"),
        (
            FileScoring(1_001, 1_000, 1, "row 3: not valid JSON", 0.5),
            "1 row in 0 s, 2 rows/s, after 1,000 rows of the interrupted job; 1 bad row, "
            "the first: row 3: not valid JSON",
        ),
        (
            FileScoring(5, 0, 1_200, "row 1: why", 100.0),
            "5 rows in 1 min 40 s, 0 rows/s; 1,200 bad rows, the first: row 1: why",
        ),
    ],
)
def test_a_file_that_was_predicted(scoring: FileScoring, line: str) -> None:
    assert scoring_line(scoring) == line
