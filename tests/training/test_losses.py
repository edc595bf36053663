"""The loss against torch's own binary cross-entropy and against written-out sums."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_sequence

from gru_sentiment.batch import NO_LABEL, Batch
from gru_sentiment.training.losses import (
    ClassificationLoss,
    LabelSetLoss,
    as_class_logits,
    log_odds_probabilities,
    log_probabilities,
    predicted_classes,
)

LOGITS = torch.tensor([[0.3], [-1.2], [2.5], [0.0], [-4.0]], dtype=torch.float64)
LABELS = torch.tensor([1, 0, 0, 1, 1])


def naive(
    logits: list[list[float]], labels: list[int], weights: list[float] | None, smoothing: float
) -> float:
    """Weighted mean of sum_c target_c * -log p_c, every step written out."""
    total, divisor = 0.0, 0.0
    for row, label in zip(logits, labels, strict=True):
        classes = len(row)
        normaliser = math.log(sum(math.exp(logit) for logit in row))
        w = [1.0] * classes if weights is None else weights
        for c, logit in enumerate(row):
            target = (1 - smoothing) * (c == label) + smoothing / classes
            total += w[c] * target * (normaliser - logit)
        divisor += w[label]
    return total / divisor


def test_one_logit_is_binary_cross_entropy_with_logits() -> None:
    expected = F.binary_cross_entropy_with_logits(LOGITS[:, 0], LABELS.double())
    assert ClassificationLoss()(LOGITS, LABELS).item() == pytest.approx(expected.item(), rel=1e-12)


def test_one_logit_has_the_gradient_of_binary_cross_entropy() -> None:
    ours, torchs = LOGITS.clone().requires_grad_(), LOGITS.clone().requires_grad_()
    ClassificationLoss()(ours, LABELS).backward()
    F.binary_cross_entropy_with_logits(torchs[:, 0], LABELS.double()).backward()
    torch.testing.assert_close(ours.grad, torchs.grad)


def test_class_weights_of_binary_cross_entropy() -> None:
    weight = torch.tensor([0.5, 3.0], dtype=torch.float64)[LABELS]
    rows = F.binary_cross_entropy_with_logits(LOGITS[:, 0], LABELS.double(), reduction="none")
    expected = (weight * rows).sum() / weight.sum()
    found = ClassificationLoss(class_weights=(0.5, 3.0))(LOGITS, LABELS)
    assert found.item() == pytest.approx(expected.item(), rel=1e-12)


def test_label_smoothing_of_binary_cross_entropy() -> None:
    targets = 0.8 * LABELS.double() + 0.1
    expected = F.binary_cross_entropy_with_logits(LOGITS[:, 0], targets)
    found = ClassificationLoss(label_smoothing=0.2)(LOGITS, LABELS)
    assert found.item() == pytest.approx(expected.item(), rel=1e-12)


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_any_number_of_classes(classes: int, weighted: bool, smoothing: float) -> None:
    generator = torch.Generator().manual_seed(classes)
    logits = torch.randn(7, classes, generator=generator, dtype=torch.float64)
    labels = torch.randint(classes, (7,), generator=generator)
    weights = [0.5 + c for c in range(classes)] if weighted else None
    loss = ClassificationLoss(class_weights=weights, label_smoothing=smoothing)
    expected = naive(logits.tolist(), labels.tolist(), weights, smoothing)
    assert loss(logits, labels).item() == pytest.approx(expected, rel=1e-12)


def test_equal_weights_change_nothing() -> None:
    plain = ClassificationLoss()(LOGITS, LABELS)
    weighted = ClassificationLoss(class_weights=(7.0, 7.0))(LOGITS, LABELS)
    torch.testing.assert_close(plain, weighted)


def test_one_logit_is_the_log_odds_of_class_1() -> None:
    assert as_class_logits(torch.tensor([[2.0], [-3.0]])).tolist() == [[0.0, 2.0], [0.0, -3.0]]
    two = torch.tensor([[1.0, 2.0]])
    assert as_class_logits(two) is two
    probabilities = log_probabilities(LOGITS).exp()
    torch.testing.assert_close(probabilities[:, 1], torch.sigmoid(LOGITS[:, 0]))


@pytest.mark.parametrize("outputs", [1, 2, 4])
def test_probabilities_sum_to_one_in_float64(outputs: int) -> None:
    answers = log_probabilities(torch.randn(6, outputs))
    assert answers.dtype == torch.float64
    assert answers.shape == (6, max(outputs, 2))
    torch.testing.assert_close(answers.exp().sum(dim=1), torch.ones(6, dtype=torch.float64))


@pytest.mark.parametrize("logit", [1e3, -1e3, 1e30, -1e30, 3e38])
def test_huge_logits_stay_finite(logit: float) -> None:
    given = torch.tensor([[logit]])
    answers = log_probabilities(given)
    assert torch.isfinite(answers).all()
    likely = int(logit > 0)
    assert answers[0, likely] == 0
    assert answers[0, 1 - likely].item() == -abs(given.double().item())
    wrong = ClassificationLoss()(given, torch.tensor([1 - likely]))
    assert wrong.item() == pytest.approx(abs(logit))


@pytest.mark.parametrize(
    ("logits", "classes"),
    [
        ([[0.1], [-0.1], [0.0]], [1, 0, 0]),
        ([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0], [1.0, 2.0, 2.0]], [2, 0, 1]),
    ],
)
def test_ties_go_to_the_first_class(logits: list[list[float]], classes: list[int]) -> None:
    assert predicted_classes(torch.tensor(logits)).tolist() == classes


class Fixed(nn.Module):
    """Gives logits row by row, whatever it reads."""

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.logits = nn.Parameter(logits)

    def forward(self, tokens: object) -> Tensor:
        return self.logits


def test_of_model_gives_the_loss_and_counts_what_is_right() -> None:
    batch = Batch(pack_sequence([torch.tensor([2])] * 5), torch.arange(5), LABELS)
    loss, correct = ClassificationLoss().loss_and_correct(Fixed(LOGITS), batch)
    assert loss.item() == ClassificationLoss()(LOGITS, LABELS).item()
    # right: 0.3 -> 1 and -1.2 -> 0; 0.0 is a tie and goes to class 0
    assert correct == 2
    assert loss.requires_grad


SETS = torch.tensor([[1, 0, 1], [0, 0, 0], [1, 1, 1], [0, 1, 0]])
OF_SETS = torch.tensor(
    [[0.3, -1.2, 2.0], [1.5, -0.5, 0.1], [-2.0, 0.7, 3.0], [-1.0, 0.2, -0.4]], dtype=torch.float64
)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("classes", [None, (0.5, 3.0)])
def test_a_weight_of_2_is_the_row_twice(
    classes: tuple[float, ...] | None, smoothing: float
) -> None:
    loss = ClassificationLoss(class_weights=classes, label_smoothing=smoothing)
    weights = torch.tensor([2.0, 1.0, 3.0, 1.0, 2.0], dtype=torch.float64)
    repeated = torch.repeat_interleave(torch.arange(5), weights.long())
    once, often = LOGITS.clone().requires_grad_(), LOGITS.clone().requires_grad_()
    weighted = loss(once, LABELS, weights)
    plain = loss(often[repeated], LABELS[repeated])
    assert weighted.item() == pytest.approx(plain.item(), rel=1e-12)
    weighted.backward()
    plain.backward()
    torch.testing.assert_close(once.grad, often.grad, rtol=1e-10, atol=1e-12)
    assert loss(LOGITS, LABELS, torch.ones(5)).item() == pytest.approx(loss(LOGITS, LABELS).item())


def test_rows_without_a_label_have_no_weight() -> None:
    labels = torch.tensor([1, NO_LABEL, 0])
    weights = torch.tensor([2.0, 5.0, 1.0], dtype=torch.float64)
    loss = ClassificationLoss(class_weights=(0.5, 3.0))
    known = loss(LOGITS[[0, 2]], labels[[0, 2]], weights[[0, 2]])
    assert loss(LOGITS[:3], labels, weights).item() == pytest.approx(known.item(), rel=1e-12)


def test_label_sets_have_torchs_binary_cross_entropy() -> None:
    expected = F.binary_cross_entropy_with_logits(OF_SETS, SETS.double())
    assert LabelSetLoss()(OF_SETS, SETS).item() == pytest.approx(expected.item(), rel=1e-12)
    positive = torch.tensor([2.0, 1.0, 0.5], dtype=torch.float64)
    expected = F.binary_cross_entropy_with_logits(OF_SETS, SETS.double(), pos_weight=positive)
    found = LabelSetLoss(class_weights=(2.0, 1.0, 0.5))(OF_SETS, SETS)
    assert found.item() == pytest.approx(expected.item(), rel=1e-12)
    expected = F.binary_cross_entropy_with_logits(OF_SETS, SETS.double() * 0.8 + 0.1)
    found = LabelSetLoss(label_smoothing=0.2)(OF_SETS, SETS)
    assert found.item() == pytest.approx(expected.item(), rel=1e-12)
    weights = torch.tensor([2.0, 1.0, 1.0, 3.0], dtype=torch.float64)
    repeated = torch.repeat_interleave(torch.arange(4), weights.long())
    twice = LabelSetLoss()(OF_SETS[repeated], SETS[repeated])
    assert LabelSetLoss()(OF_SETS, SETS, weights).item() == pytest.approx(twice.item(), rel=1e-12)


def test_a_label_set_is_right_if_all_its_classes_are() -> None:
    batch = Batch(pack_sequence([torch.zeros(1, dtype=torch.long)] * 4), torch.arange(4), SETS)
    # only the first row and the last are right in every class
    assert LabelSetLoss().count_correct(OF_SETS, batch) == 2
    found = log_odds_probabilities(OF_SETS)
    torch.testing.assert_close(found.exp(), torch.sigmoid(OF_SETS))
