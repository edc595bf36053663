"""Losses of a language model: sampled softmax in training, the full softmax in evaluation."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

BISECTIONS = 60
TOKENS_AT_ONCE = 1_024
"""Tokens whose scores over the vocabulary are held at once: bounds the memory."""


class SampledSoftmax:
    """Cross-entropy of the next word among negative samples, the same samples for all tokens.

    The negative samples are drawn for every batch, without replacement and in proportion to the
    words' frequencies. The score of a word is corrected by the log of the probability that the
    sample holds it (Jean et al. 2015; Bengio & Senecal 2008), so that the model learns the softmax
    over the whole vocabulary.

    Args:
        counts: how often every word occurs, shape (words,).
        negatives: the number of samples, at most; the whole vocabulary makes it the full softmax.
    """

    def __init__(self, counts: Tensor, negatives: int) -> None:
        probabilities = counts.double() / counts.sum()
        self.probabilities = probabilities.float()
        self.negatives = min(negatives, int((counts > 0).sum()))
        drawn = inclusion(probabilities, self.negatives)
        self.log_expected = drawn.clamp_min(1e-12).log().float()

    def __call__(self, outputs: Tensor, weights: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
        """Mean loss of outputs (tokens, dimension) against next words (tokens,).

        `weights` are the vectors of all words, (words, dimension), and `bias` is (words,).
        """
        sample = torch.multinomial(self.probabilities, self.negatives).to(targets.device)
        # one look-up for both, because its gradient is as large as the table
        chosen = torch.cat([sample, targets])
        vectors = F.embedding(chosen, weights)
        offsets = bias[chosen] - self.log_expected.to(chosen.device)[chosen]
        n = len(sample)
        others = _scores(outputs, vectors[:n], offsets[:n])
        right = (outputs * vectors[n:]).sum(1) + offsets[n:]
        # where the sample holds the target itself, it is no negative
        place = torch.full((len(weights),), -1, device=sample.device)
        place[sample] = torch.arange(n, device=sample.device)
        hit = place[targets]
        tokens = (hit >= 0).nonzero().squeeze(1)
        # in place, behind the back of autograd: the weight of these scores is 0 in any case
        others.detach()[tokens, hit[tokens]] = -math.inf
        return (torch.logaddexp(right, _log_sum_exp(others)) - right).mean()


class _LogSumExp(Function):
    """log sum_k e^s_k of each row, (tokens, words) to (tokens,).

    The gradient of s_k is e^s_k / sum_k e^s_k. torch computes the exponentials once more for it,
    which takes longer than to keep them.
    """

    @staticmethod
    def forward(ctx: Any, scores: Tensor) -> Tensor:
        top = scores.amax(1, keepdim=True).clamp_min_(torch.finfo(scores.dtype).min)
        exponentials = torch.sub(scores, top).exp_()
        total = exponentials.sum(1, keepdim=True)
        ctx.save_for_backward(exponentials, total)
        return top.add(total.log()).squeeze(1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        exponentials: Tensor
        total: Tensor
        exponentials, total = ctx.saved_tensors
        # a row without any finite score has neither a sum nor a gradient
        share = gradient.unsqueeze(1) / total.clamp_min(torch.finfo(total.dtype).tiny)
        return exponentials * share


def _log_sum_exp(scores: Tensor) -> Tensor:
    summed: Tensor = _LogSumExp.apply(scores)  # type: ignore[no-untyped-call]
    return summed


def _scores(outputs: Tensor, vectors: Tensor, offsets: Tensor) -> Tensor:
    """outputs vectors^T + offsets, (tokens, words); under autocast only the product is rounded.

    The offset of a rare word is 8 or more, which bfloat16 rounds to sixteenths.
    """
    if torch.is_autocast_enabled(outputs.device.type):
        return (outputs @ vectors.T).float().add_(offsets)
    return torch.addmm(offsets, outputs, vectors.T)  # in one pass


def inclusion(probabilities: Tensor, n: int) -> Tensor:
    """How likely every word is among `n` different ones, shape (words,), in float64.

    Nearly 1 - (1 - p)^k, with as many draws k as it takes to meet n different words: they are
    found by bisection, so that the likelihoods add up to n.
    """
    log_missed = torch.log1p(-probabilities.clamp_max(1 - 1e-12))
    fewest, most = 0.0, 60.0
    for _ in range(BISECTIONS):
        middle = (fewest + most) / 2
        met = -torch.expm1(math.exp(middle) * log_missed).sum()
        fewest, most = (middle, most) if met < n else (fewest, middle)
    return -torch.expm1(math.exp(fewest) * log_missed)


def mean_loss(
    pairs: Iterable[tuple[Tensor, Tensor]], weights: Tensor, bias: Tensor
) -> tuple[float, int]:
    """Mean cross-entropy over all words, in nats a token, and the number of tokens.

    Its exponential is the perplexity. `pairs` are outputs (tokens, dimension) and next words.
    """
    total, tokens = 0.0, 0
    for outputs, targets in pairs:
        for part, right in zip(
            torch.split(outputs, TOKENS_AT_ONCE), torch.split(targets, TOKENS_AT_ONCE), strict=True
        ):
            scores = torch.addmm(bias, part, weights.T)
            total += F.cross_entropy(scores, right, reduction="sum").item()
            tokens += len(right)
    return total / max(tokens, 1), tokens
