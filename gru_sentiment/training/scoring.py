"""A model's answers to batches, in the order of the rows that were asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import nn

from gru_sentiment.batch import Batch
from gru_sentiment.training.losses import log_probabilities

Floats = np.ndarray[Any, np.dtype[np.float64]]
Integers = np.ndarray[Any, np.dtype[np.int64]]


@torch.no_grad()
def score(
    model: nn.Module, batches: Iterable[Batch], rows: Integers, device: torch.device
) -> Floats:
    """Log probabilities (rows, classes), row i for `rows[i]` whatever batch it was in.

    The model is put into evaluation mode and back.
    """
    was_training = model.training
    model.eval()
    found, answers = [], []
    for batch in batches:
        answers.append(log_probabilities(model(batch.to(device).tokens)).cpu())
        found.append(batch.rows)
    model.train(was_training)
    by_row = np.argsort(torch.cat(found).numpy(), kind="stable")
    ordered: Floats = torch.cat(answers).numpy()[by_row]
    # `by_row` sorts ascending; undo the same sort of what was asked
    return ordered[np.argsort(np.argsort(rows, kind="stable"), kind="stable")]
