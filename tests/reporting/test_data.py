"""A check of data as a reader sees it."""

from __future__ import annotations

from dataclasses import replace

from gru_sentiment.reporting.data import data_report, label_report
from gru_sentiment.results.data import (
    DataReport,
    LabelledRow,
    LabelReport,
    NearDuplicate,
    SuspectLabel,
)
from gru_sentiment.results.training import (
    Coverage,
)

from .examples import SPLIT, lines_of


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


def test_near_duplicates_by_pair_of_splits() -> None:
    pair = NearDuplicate(LabelledRow("test", 3, "neg"), LabelledRow("train", 1_234, "neg"), 0.9)
    splits = {"train": SPLIT, "test": replace(SPLIT, rows=1_256)}
    report = DataReport("abc", splits, {"train and test": 0}, 10, None)
    lines = lines_of(data_report(replace(report, near_duplicates={"test": {"train": [pair] * 37}})))
    assert lines[-3:] == [
        "texts in both train and test: 0",
        "near duplicates in train of test: 37 (2.9%)",
        "vocabulary: 10 words",
    ]
    assert (
        lines_of(data_report(report))[-2]
        == "near duplicates were not looked for: pip install 'gru-sentiment[clean]'"
    )


def test_suspect_labels_are_cut_and_counted() -> None:
    suspect = SuspectLabel("train", 1_234, "long\n" * 30, "good", "bad", 0.0213)
    lines = lines_of(label_report(LabelReport(5_000, [suspect] * 21)))
    assert next(line for line in lines if "1,234" in line).split()[:6] == [
        *("train", "1,234", "good", "bad", "2.1%", "long"),
    ]
    assert sum("1,234" in line for line in lines) == 20
    assert lines[-2:] == [
        "21 of 5,000 labels are suspect",
        "the first 20 are shown; --json prints all, a line each",
    ]
    assert lines_of(label_report(LabelReport(5, []))) == ["0 of 5 labels are suspect"]
