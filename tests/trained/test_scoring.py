"""A part's answers and scores, against the slow way: one text at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence, pad_packed_sequence

from gru_sentiment.batch import Batch
from gru_sentiment.data.batching import Batcher
from gru_sentiment.data.encoding import EncodedTexts, encode
from gru_sentiment.data.labels import Labels
from gru_sentiment.data.tokenizer import Tokenizer
from gru_sentiment.data.vocab import Vocabulary
from gru_sentiment.models.classifier import TextClassifier
from gru_sentiment.models.embedding import WordEmbedding
from gru_sentiment.results.metrics import Reliability
from gru_sentiment.results.predictions import Decision
from gru_sentiment.trained import scoring as evaluation
from gru_sentiment.trained.predictions import Predictions
from gru_sentiment.trained.scoring import LabelledSplit, calibrate, predict_rows, score
from gru_sentiment.training.losses import log_probabilities

CPU = torch.device("cpu")
TEXTS = [[2, 3, 4, 5, 6], [], [3], [0, 4, 0], [], [5, 5], [2, 0, 6, 0, 3, 4]]
MAX_TOKENS, HEAD = 4, 1
READ = [[2, 4, 5, 6], [1], [3], [0, 4, 0], [1], [5, 5], [2, 0, 3, 4]]
"""What a model reads of `TEXTS`: head and tail, and padding for nothing."""
LABELS = np.array([1, 0, 0, 1, 1, 0, 1])
ROWS = np.array([6, 1, 0, 3, 2])


class Positions(nn.Module):
    """Logits that depend on every id and its place: sum over t of table[id] * (t + 1)."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.table = nn.Parameter(torch.randn(7, outputs, dtype=torch.float64))
        self.calls = 0

    def forward(self, tokens: PackedSequence) -> Tensor:
        self.calls += 1
        values, _ = pad_packed_sequence(tokens._replace(data=self.table[tokens.data]))
        steps = torch.arange(1, len(values) + 1)
        return (values * steps[:, None, None]).sum(dim=0)

    def naive(self, text: list[int]) -> list[float]:
        """Probabilities of one text by plain sums."""
        logits = [
            sum(self.table[word, k].item() * (t + 1) for t, word in enumerate(text))
            for k in range(self.table.shape[1])
        ]
        logits = [0.0, *logits] if len(logits) == 1 else logits
        total = sum(map(math.exp, logits))
        return [math.exp(logit) / total for logit in logits]


def make_part(rows: np.ndarray = ROWS) -> LabelledSplit:
    ids = np.array([word for text in TEXTS for word in text], np.int32)
    offsets = np.cumsum([0, *map(len, TEXTS)])
    encoded = EncodedTexts(np.arange(ids.max() + 1, dtype=np.int32), ids, offsets, MAX_TOKENS, HEAD)
    return LabelledSplit(encoded, rows, Labels([-1, 1]), LABELS)


def answers_for(model: Positions, rows: np.ndarray = ROWS) -> Predictions:
    return predict_rows(model, make_part().encoded, rows, CPU)


@pytest.mark.parametrize("outputs", [1, 2, 3])
def test_answers_are_those_of_one_text_at_a_time(outputs: int) -> None:
    model = Positions(outputs)
    answers = answers_for(model).log_probabilities
    assert answers.dtype == np.float64
    np.testing.assert_allclose(np.exp(answers), [model.naive(READ[row]) for row in ROWS], rtol=1e-9)


@pytest.mark.parametrize("budget", [1, 5, 10_000])
def test_answers_do_not_depend_on_the_batches(monkeypatch: pytest.MonkeyPatch, budget: int) -> None:
    monkeypatch.setattr(evaluation, "TOKENS_PER_BATCH", budget)
    model = Positions(1)
    answers = answers_for(model, np.arange(7)).log_probabilities
    np.testing.assert_allclose(np.exp(answers), [model.naive(text) for text in READ], rtol=1e-9)
    # lengths 4, 4, 3, 2, 1, 1, 1 within the budget
    assert model.calls == {1: 7, 5: 4, 10_000: 1}[budget]


def test_metrics_against_plain_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([10.0, 12.0])
    monkeypatch.setattr(evaluation, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    model = Positions(1)
    metrics, answers = make_part().evaluate(model, CPU)
    probabilities = [model.naive(READ[row]) for row in ROWS]
    true = [LABELS[row] for row in ROWS]
    predicted = [int(p[1] > p[0]) for p in probabilities]
    np.testing.assert_allclose(np.exp(answers.log_probabilities), probabilities, rtol=1e-9)
    assert metrics.n == 5
    assert metrics.accuracy == sum(a == b for a, b in zip(true, predicted, strict=True)) / 5
    losses = [-math.log(p[label]) for p, label in zip(probabilities, true, strict=True)]
    assert metrics.loss == pytest.approx(sum(losses) / 5, rel=1e-9)
    assert list(metrics.per_class) == ["-1", "1"]
    assert [metrics.per_class[name].support for name in ("-1", "1")] == [2, 3]
    confusion = [
        [sum(t == i and p == j for t, p in zip(true, predicted, strict=True)) for j in range(2)]
        for i in range(2)
    ]
    assert metrics.confusion_matrix == confusion
    assert metrics.empty_texts == 1
    assert metrics.tokens == sum(len(READ[row]) for row in ROWS) == 13
    assert metrics.elapsed_s == 2.0
    assert metrics.tokens_per_s == 6.5


def test_predictions_say_what_was_read() -> None:
    model = Positions(1)
    predictions = answers_for(model, np.arange(7)).predictions(Labels([-1, 1]))
    for text, read, prediction in zip(TEXTS, READ, predictions, strict=True):
        expected = model.naive(read)
        assert prediction.label == (1 if expected[1] > expected[0] else -1)
        assert prediction.probabilities == pytest.approx({"-1": expected[0], "1": expected[1]})
        assert prediction.tokens == min(len(text), MAX_TOKENS)
        assert prediction.unknown_tokens == (read.count(0) if text else 0)
        assert prediction.truncated == (len(text) > MAX_TOKENS)


def test_predictions_name_classes_as_given() -> None:
    part = make_part(np.array([2, 0]))
    answers = Predictions(np.log([[0.2, 0.5, 0.3], [0.1, 0.2, 0.7]]), part.encoded, part.rows)
    first, second = answers.predictions(Labels(["negative", "neutral", "positive"]))
    assert (first.label, second.label) == ("neutral", "positive")
    assert first.probabilities == pytest.approx({"negative": 0.2, "neutral": 0.5, "positive": 0.3})
    assert first.to_json()["label"] == "neutral"


def test_lines_name_the_row_and_its_class() -> None:
    part = make_part(np.array([2, 0]))
    answers = Predictions(np.log([[0.25, 0.75], [0.5, 0.5]]), part.encoded, part.rows)
    lines = answers.lines(Labels(["bad", "good"]), LABELS)
    assert [(line["row"], line["true"], line["label"]) for line in lines] == [
        (3, "bad", "good"),
        (1, "good", "bad"),
    ]
    assert lines[0]["probabilities"] == pytest.approx({"bad": 0.25, "good": 0.75})


def test_a_threshold_decides_between_two_classes() -> None:
    part = make_part(np.array([2, 0, 3]))
    answers = Predictions(
        np.log([[0.4, 0.6], [0.75, 0.25], [0.125, 0.875]]), part.encoded, part.rows
    )
    labels = Labels(["bad", "good"])
    for threshold, expected in (
        (0.2, ["good", "good", "good"]),
        (0.25, ["good", "good", "good"]),
        (0.5, ["good", "bad", "good"]),
        (0.7, ["bad", "bad", "good"]),
        (0.9, ["bad", "bad", "bad"]),
    ):
        found = answers.predictions(labels, Decision(threshold))
        assert [prediction.label for prediction in found] == expected
        plain = [prediction.probabilities for prediction in answers.predictions(labels)]
        assert [prediction.probabilities for prediction in found] == plain


def test_few_rows_fit_no_temperature() -> None:
    scored = {"validation": make_part(ROWS).evaluate(Positions(1), CPU)}
    assert len(ROWS) < evaluation.FEWEST
    _, calibration = calibrate(scored, Labels([-1, 1]), LABELS)
    assert calibration.temperature == 1
    assert calibration.after == calibration.before


def test_one_temperature_for_all_parts_fitted_on_validation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(evaluation, "FEWEST", 1)
    model = Positions(1)
    told = {
        name: make_part(rows).evaluate(model, CPU)
        for name, rows in (("validation", ROWS), ("test", np.array([4, 5])))
    }
    found, calibration = calibrate(told, Labels([-1, 1]), LABELS)
    assert calibration.temperature != 1
    assert calibration.before == Reliability.of(told["validation"][0])
    assert calibration.after == Reliability.of(found["validation"][0])
    assert calibration.after.log_loss < calibration.before.log_loss
    for name, (metrics, answers) in found.items():
        raw, before = told[name]
        np.testing.assert_allclose(
            np.diff(answers.log_probabilities),
            np.diff(before.log_probabilities) / calibration.temperature,
            atol=1e-9,
        )
        assert metrics.confusion_matrix == raw.confusion_matrix
        assert metrics.elapsed_s == raw.elapsed_s


def test_a_text_without_a_known_token_gets_the_shares_of_the_classes() -> None:
    tokenized = Tokenizer("en", True).many(["film zyx", "zyx zyx", "", "zyx " * 9, "film"])
    vocabulary = Vocabulary.from_counts({"film": 2}, min_frequency=1, max_size=None)
    read = encode(tokenized, vocabulary, max_tokens=4, head_tokens=2)
    rows = np.array([4, 3, 2, 1, 0])
    found = Predictions(np.log(np.full((5, 2), [[0.1, 0.9]])), read, rows)
    assert found.with_prior(None) is found
    probabilities = np.exp(found.with_prior(np.array([0.75, 0.25])).log_probabilities)
    np.testing.assert_allclose(probabilities[:, 0], [0.1, 0.75, 0.75, 0.75, 0.1])


WORDS = 30


@pytest.fixture(scope="module")
def encoded() -> EncodedTexts:
    generator = np.random.default_rng(0)
    lengths = generator.integers(1, 12, 20)
    ids = generator.integers(2, WORDS, lengths.sum()).astype(np.int32)
    return EncodedTexts(np.arange(WORDS, dtype=np.int32), ids, np.cumsum([0, *lengths]), None, 0)


@pytest.fixture(scope="module")
def model() -> TextClassifier:
    torch.manual_seed(0)
    embedding = WordEmbedding(torch.randn(WORDS, 4), padding_id=1, dropout=0.5)
    pooling = ["last", "mean", "max"]
    return TextClassifier(embedding, 3, hidden_size=5, pooling=pooling, dropout=0.5).eval()


@pytest.fixture(scope="module")
def one_by_one(model: TextClassifier, encoded: EncodedTexts) -> np.ndarray:
    answers = []
    with torch.no_grad():
        for row in range(len(encoded)):
            span = encoded.ids(row)
            tokens = pack_sequence([torch.from_numpy(span.astype(np.int64))])
            answers.append(log_probabilities(model(tokens))[0].numpy())
    return np.stack(answers)


@pytest.mark.parametrize("batch_size", [1, 3, 7, 100])
def test_batch_size_changes_nothing(
    model: TextClassifier, encoded: EncodedTexts, one_by_one: np.ndarray, batch_size: int
) -> None:
    rows = np.arange(len(encoded))
    found = score(model, Batcher(encoded, batch_size).in_order(rows), rows, CPU)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, one_by_one, atol=1e-5)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_order_changes_nothing(
    model: TextClassifier, encoded: EncodedTexts, one_by_one: np.ndarray, seed: int
) -> None:
    """Rows are asked for in any order, and batches come in any other."""
    rows = np.random.default_rng(seed).permutation(len(encoded))[:13]
    batches = Batcher(encoded, 4).shuffled(rows, None, seed=seed, epoch=1)
    found = score(model, batches, rows, CPU)
    np.testing.assert_allclose(found, one_by_one[rows], atol=1e-5)


def test_a_row_may_be_asked_for_twice(
    model: TextClassifier, encoded: EncodedTexts, one_by_one: np.ndarray
) -> None:
    rows = np.array([5, 2, 5, 9, 2])
    found = score(model, Batcher(encoded, 2).in_order(rows), rows, CPU)
    np.testing.assert_allclose(found, one_by_one[rows], atol=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_the_mode_is_put_back(
    model: TextClassifier, encoded: EncodedTexts, one_by_one: np.ndarray, training: bool
) -> None:
    rows = np.arange(4)
    model.train(training)
    try:
        found = score(model, Batcher(encoded, 2).in_order(rows), rows, CPU)
        assert model.training == model.dropout.training == training
    finally:
        model.eval()
    # in evaluation mode: without dropout
    np.testing.assert_allclose(found, one_by_one[:4], atol=1e-5)


def test_batches_are_taken_one_at_a_time_and_without_gradients() -> None:
    alive: list[bool] = []

    class Watching(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(1))

        def forward(self, tokens: object) -> torch.Tensor:
            alive.append(torch.is_grad_enabled())
            return self.weight.view(1, 1)

    def batches() -> Iterator[Batch]:
        for row in range(3):
            assert len(alive) == row
            yield Batch(pack_sequence([torch.tensor([2])]), torch.tensor([row]))

    found = score(Watching(), batches(), np.arange(3), CPU)
    assert alive == [False] * 3
    np.testing.assert_allclose(np.exp(found[:, 1]), [1 / (1 + np.exp(-1))] * 3)
