"""The article's own program, as published: torchtext's pipeline and a GRU on a PackedSequence.

    python scripts/peers/article.py REVIEWS.jsonl --vectors glove.6B.100d.txt

Written again by us against torchtext 0.6.0, the last release with `Field` that loads beside a new
torch. Two things could not stay as they were. `tokenize="spacy"` loads a trained pipeline of
spaCy 2; the tokenizer of `spacy.blank("en")` has the same rules. And the reviews come from a file
of `{"text": …, "label": …}` lines.
"""

from __future__ import annotations

import argparse
import json
import random
import ssl
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence
from torch.optim import Adam

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torchtext import data
    from torchtext.vocab import Vectors

BATCH_SIZE, EPOCHS = 64, 5
MAX_VOCABULARY, EMBEDDING, HIDDEN, DROPOUT = 25_000, 100, 256, 0.5
TRAIN_SHARE = 0.7
_NORMAL = torch.Tensor.normal_
"""What torchtext fills the vector of an unknown word with."""


class ArticleModel(nn.Module):
    """Embedding, one GRU layer, last hidden state, linear; the same dropout on both ends."""

    def __init__(self, vocabulary: int, padding_id: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, EMBEDDING, padding_idx=padding_id)
        self.rnn = nn.GRU(EMBEDDING, HIDDEN)
        self.fc = nn.Linear(HIDDEN, 1)
        self.dropout: nn.Module = nn.Dropout(DROPOUT)

    def forward(self, text: Tensor, lengths: Tensor) -> Tensor:
        """Padded ids (time, batch) and lengths (batch,), the longest first, to logits (batch,)."""
        embedded = self.dropout(self.embedding(text))
        packed = pack_padded_sequence(embedded, lengths.cpu())
        _, hidden = self.rnn(packed)
        logits: Tensor = self.fc(self.dropout(hidden[-1])).squeeze(1)
        return logits


@dataclass(frozen=True)
class Corpus:
    """Tokenised reviews with torchtext's fields."""

    text: Any
    label: Any
    dataset: Any

    @property
    def examples(self) -> list[Any]:
        """All reviews, in the order in which they were given."""
        found: list[Any] = self.dataset.examples
        return found

    def example(self, text: str, label: object) -> Any:
        """A review that the vocabulary was not built from."""
        return data.Example.fromlist([text, str(label)], list(self.dataset.fields.items()))

    def batches(self, seed: int) -> Iterator[list[Any]]:
        """The examples of every batch of one epoch, as BucketIterator draws them."""
        random.seed(seed)
        iterator = data.BucketIterator(
            self.dataset,
            batch_size=BATCH_SIZE,
            sort_key=_length,
            sort_within_batch=True,
            train=True,
        )
        iterator.init_epoch()
        for examples in iterator.batches:
            yield sorted(examples, key=_length, reverse=True)

    def batch(self, examples: list[Any]) -> Any:
        """Padded and numericalised: what BucketIterator makes of a batch's examples."""
        return data.Batch(examples, self.dataset)


def make_corpus(texts: Sequence[str], labels: Sequence[object], vectors: Path | None) -> Corpus:
    """Tokenise, build the vocabulary and, where there are vectors, look its words up."""
    text = data.Field(tokenize=tokenize, include_lengths=True)
    label = data.LabelField(dtype=torch.float)
    fields = [("text", text), ("label", label)]
    rows = zip(texts, map(str, labels), strict=True)
    dataset = data.Dataset([data.Example.fromlist(row, fields) for row in rows], fields)
    known = {} if vectors is None else {"vectors": _read_vectors(vectors), "unk_init": _NORMAL}
    text.build_vocab(dataset, max_size=MAX_VOCABULARY, **known)
    label.build_vocab(dataset)
    return Corpus(text, label, dataset)


def make_model(corpus: Corpus) -> ArticleModel:
    """The model around the corpus's vocabulary and vectors."""
    vocabulary = corpus.text.vocab
    padding_id = vocabulary.stoi[corpus.text.pad_token]
    model = ArticleModel(len(vocabulary), padding_id)
    if vocabulary.vectors is not None:
        with torch.no_grad():
            model.embedding.weight.copy_(vocabulary.vectors)
            model.embedding.weight[padding_id].zero_()
    return model


def train_step(model: ArticleModel, optimizer: Adam, batch: Any) -> float:
    """One batch; returns its loss."""
    optimizer.zero_grad()
    loss = nn.functional.binary_cross_entropy_with_logits(model(*batch.text), batch.label)
    torch.autograd.backward(loss)
    optimizer.step()
    return loss.item()


@lru_cache
def _rules() -> Callable[[str], Iterable[Any]]:
    import spacy

    rules: Callable[[str], Iterable[Any]] = spacy.blank("en").tokenizer
    return rules


def tokenize(text: str) -> list[str]:
    """What torchtext's "spacy" does."""
    return [word.text for word in _rules()(text)]


def _length(example: Any) -> int:
    return len(example.text)


def _read_vectors(path: Path) -> Any:
    with tempfile.TemporaryDirectory() as cache, _https_untouched():
        return Vectors(str(path), cache=cache, unk_init=_NORMAL)


@contextmanager
def _https_untouched() -> Iterator[None]:
    """torchtext 0.6.0 turns the check of certificates off for the whole process; back on again."""
    before = ssl._create_default_https_context
    try:
        yield
    finally:
        ssl._create_default_https_context = before


@torch.no_grad()
def accuracy(model: ArticleModel, corpus: Corpus, examples: Sequence[Any]) -> float:
    """Share of the examples that the model classifies rightly."""
    model.eval()
    right = 0
    ordered = sorted(examples, key=_length, reverse=True)
    for start in range(0, len(ordered), BATCH_SIZE):
        batch = corpus.batch(ordered[start : start + BATCH_SIZE])
        right += int(((model(*batch.text) > 0) == (batch.label > 0.5)).sum())
    model.train()
    return right / len(ordered)


def main() -> None:
    """Train on 70 % of a file and print the accuracy on the rest after every epoch."""
    parser = argparse.ArgumentParser(description="The article's program.")
    parser.add_argument("reviews", type=Path, help='lines of {"text": …, "label": …}')
    parser.add_argument("--vectors", type=Path, help="100-d word vectors in GloVe's text format")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    options = parser.parse_args()
    with options.reviews.open(encoding="utf-8") as file:
        reviews = [(line["text"], line["label"]) for line in map(json.loads, file)]
    random.Random(0).shuffle(reviews)
    n_train = int(TRAIN_SHARE * len(reviews))
    texts, labels = zip(*reviews[:n_train], strict=True)
    corpus = make_corpus(texts, labels, options.vectors)
    held_out = [corpus.example(*review) for review in reviews[n_train:]]
    torch.manual_seed(0)
    model = make_model(corpus)
    optimizer = Adam(model.parameters())
    for epoch in range(1, options.epochs + 1):
        losses = [train_step(model, optimizer, corpus.batch(b)) for b in corpus.batches(epoch)]
        mean = sum(losses) / len(losses)
        print(f"epoch {epoch}: loss {mean:.4f}, accuracy {accuracy(model, corpus, held_out):.4f}")


if __name__ == "__main__":
    main()
