"""Losses of a language model, against the softmax over all words."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from gru_sentiment.training import next_word
from gru_sentiment.training.next_word import SampledSoftmax, inclusion, mean_loss

WORDS, DIMENSION, TOKENS = 40, 6, 50


@pytest.fixture
def problem() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Outputs, word vectors, bias, next words."""
    generator = torch.Generator().manual_seed(0)
    return (
        torch.randn(TOKENS, DIMENSION, generator=generator),
        torch.randn(WORDS, DIMENSION, generator=generator),
        torch.randn(WORDS, generator=generator),
        torch.randint(WORDS, (TOKENS,), generator=generator),
    )


def exact(outputs: Tensor, weights: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(outputs @ weights.T + bias, targets)


def test_a_sample_of_all_words_is_the_softmax(
    problem: tuple[Tensor, Tensor, Tensor, Tensor],
) -> None:
    outputs, weights, bias, targets = (t.clone() for t in problem)
    found = [t.requires_grad_() for t in (outputs, weights, bias)]
    # equally frequent words are all in the sample: there is nothing to correct but a constant
    loss = SampledSoftmax(torch.ones(WORDS), 10_000)(*found, targets)
    gradients = torch.autograd.grad(loss, found)
    expected = exact(*found, targets)
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(gradients, torch.autograd.grad(expected, found))


def test_what_is_learned_is_the_softmax() -> None:
    """Three contexts, words of very different frequency, a sample of half of them."""
    contexts, words = 3, 12
    frequency = 1.0 / torch.arange(1, words + 1)
    generator = torch.Generator().manual_seed(0)
    truth = torch.softmax(frequency.log() + torch.randn(contexts, words, generator=generator), 1)
    sampled = SampledSoftmax(truth.sum(0) * 1000, 6)
    weights = torch.zeros(words, contexts, requires_grad=True)
    bias = torch.zeros(words, requires_grad=True)
    optimizer = torch.optim.Adam([weights, bias], lr=0.1)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.01, 600)
    torch.manual_seed(0)
    for _ in range(600):
        context = torch.randint(contexts, (400,))
        targets = torch.multinomial(truth[context], 1).squeeze(1)
        loss = sampled(torch.eye(contexts)[context], weights, bias, targets)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        schedule.step()
    learned = torch.softmax(weights.T + bias, 1).detach()
    assert float((learned - truth).abs().max()) < 0.02


@pytest.mark.parametrize("n", [1, 5, 20, 39])
def test_how_likely_a_word_is_in_the_sample(n: int) -> None:
    probabilities = 1.0 / torch.arange(1, WORDS + 1).double()
    probabilities /= probabilities.sum()
    expected = inclusion(probabilities, n)
    assert float(expected.sum()) == pytest.approx(n, rel=1e-3)
    torch.manual_seed(0)
    rows = torch.multinomial(probabilities.float().expand(20_000, -1), n)
    seen = torch.bincount(rows.flatten(), minlength=WORDS) / 20_000
    assert float((seen - expected).abs().max()) < 0.05


def test_the_right_word_is_never_a_wrong_answer() -> None:
    outputs, weights = torch.ones(1, 1), torch.tensor([[0.0], [50.0]])
    # were word 1 among the others too, it would take half of the probability
    loss = SampledSoftmax(torch.ones(2), 2)(outputs, weights, torch.zeros(2), torch.tensor([1]))
    assert float(loss) == pytest.approx(0.0, abs=1e-6)


def test_words_that_never_occur_are_not_drawn() -> None:
    counts = torch.tensor([5, 0, 3, 0])
    sampled = SampledSoftmax(counts, 4)
    assert sampled.negatives == 2
    weights = torch.zeros(4, 1)
    weights[1] = weights[3] = 1e6
    loss = sampled(torch.ones(3, 1), weights, torch.zeros(4), torch.tensor([0, 2, 0]))
    assert float(loss) < 2.0


@pytest.mark.parametrize("at_once", [1, 7, 1000])
def test_mean_loss_is_that_of_all_tokens(
    problem: tuple[Tensor, Tensor, Tensor, Tensor], monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(next_word, "TOKENS_AT_ONCE", at_once)
    outputs, weights, bias, targets = problem
    pairs = [(outputs[:20], targets[:20]), (outputs[20:], targets[20:])]
    loss, tokens = mean_loss(iter(pairs), weights, bias)
    assert tokens == TOKENS
    assert loss == pytest.approx(float(exact(outputs, weights, bias, targets)), rel=1e-5)


def test_autocast_rounds_products_and_not_what_is_added(
    problem: tuple[Tensor, Tensor, Tensor, Tensor],
) -> None:
    """Without anything to multiply, the loss and the bias's gradient are those of float32."""
    outputs, weights, bias, targets = problem
    counts = torch.arange(WORDS, 0, -1).double().pow(3)  # rare words have large corrections
    found = []
    for enabled in (False, True):
        torch.manual_seed(0)  # the same sample
        leaf = bias.clone().requires_grad_()
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            loss = SampledSoftmax(counts, 10)(outputs * 0, weights, leaf, targets)
        found.append((loss.detach(), *torch.autograd.grad(loss, leaf)))
    torch.testing.assert_close(*found, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("scale", [1.0, 1e3], ids=["near", "far apart"])
def test_the_sum_of_scores_is_torchs(scale: float) -> None:
    """Values and gradients, with scores of minus infinity among the others."""
    torch.manual_seed(0)
    scores = scale * torch.randn(7, 9, dtype=torch.float64)
    scores[0, 3] = scores[1, :8] = -torch.inf
    ours, theirs = scores.clone().requires_grad_(), scores.clone().requires_grad_()
    found, expected = next_word._log_sum_exp(ours), theirs.logsumexp(1)
    torch.testing.assert_close(found, expected)
    weights = torch.randn(7, dtype=torch.float64)
    torch.autograd.backward([found, expected], [weights, weights])
    torch.testing.assert_close(ours.grad, theirs.grad)


def test_a_row_without_a_finite_score_has_no_gradient() -> None:
    scores = torch.full((1, 3), -torch.inf, requires_grad=True)
    found = next_word._log_sum_exp(scores)
    found.backward(torch.zeros(1))
    assert found.item() == -torch.inf
    assert scores.grad is not None
    assert scores.grad.tolist() == [[0, 0, 0]]
