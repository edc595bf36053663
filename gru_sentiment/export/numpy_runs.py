"""What a folder holds: networks, n-gram models, and several of them that predict together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gru_sentiment.arrays import Floats, Integers
from gru_sentiment.artifact.rows import Rows
from gru_sentiment.baselines.model import LinearModel
from gru_sentiment.baselines.ngrams import Features
from gru_sentiment.data.encoding import encode
from gru_sentiment.data.tokens import TokenizedTexts
from gru_sentiment.data.vocab import Vocabulary
from gru_sentiment.inference.forward import Model, NetworkShape
from gru_sentiment.postprocess.joint import at_temperature, fuse_predictions
from gru_sentiment.trained.calibrated import Calibration

NETWORK, NGRAMS, FUSION = "network", "ngrams", "fusion"
"""The kinds of runs."""
MEMBERS = "members"
"""The folder of the runs of a fusion, which are named 0, 1, …"""
VOCABULARIES = {NETWORK: "vocabulary.txt", NGRAMS: "ngram-vocabulary.txt"}
ARRAYS = {NETWORK: "network.npz", NGRAMS: "ngrams.npz"}
WORDS = "words.npy"
"""A row for each word of a network. Only the rows that a text needs are read and expanded."""
SCALES = "scales"
"""Beside the parameters of a network: what its rows of whole numbers are multiplied by."""
TOKENS_AT_ONCE = 1 << 14
"""Tokens that are read at once: bounds the memory, whatever the texts' lengths."""


@dataclass(frozen=True)
class LinearRun:
    """An n-gram model with all that it needs to predict."""

    vocabulary: Vocabulary
    model: LinearModel
    temperature: float

    def log_probabilities(self, tokenized: TokenizedTexts) -> Floats:
        """Shape (texts, classes); texts are read whole."""
        encoded = encode(tokenized, self.vocabulary, max_tokens=None, head_tokens=0)
        groups = encoded.full_ids(_all(tokenized), TOKENS_AT_ONCE)
        found = np.concatenate(list(map(self.model.log_probabilities, groups)))
        return at_temperature(found, self.temperature)


@dataclass(frozen=True)
class NetworkRun:
    """A network with all that it needs to predict."""

    vocabulary: Vocabulary
    model: Model
    calibration: Calibration
    max_tokens: int | None
    head_tokens: int
    label_sets: bool
    ngrams: LinearRun | None

    def log_probabilities(self, tokenized: TokenizedTexts) -> Floats:
        """Shape (texts, classes)."""
        encoded = encode(
            tokenized,
            self.vocabulary,
            max_tokens=self.max_tokens,
            head_tokens=self.head_tokens,
        )
        rows, sets = _all(tokenized), self.label_sets
        own = self.model.log_probabilities(encoded, rows, TOKENS_AT_ONCE, label_sets=sets)
        beside = self.ngrams.log_probabilities(tokenized) if self.ngrams else None
        unknown = encoded.without_known_token(rows)
        return self.calibration.applied(own, beside, unknown, label_sets=sets)


@dataclass(frozen=True)
class FusionRun:
    """Runs that predict together."""

    members: Sequence[LinearRun | NetworkRun]
    weights: Floats
    """Shape (members,)."""

    def log_probabilities(self, tokenized: TokenizedTexts) -> Floats:
        """Shape (texts, classes)."""
        found = [member.log_probabilities(tokenized) for member in self.members]
        return fuse_predictions(np.stack(found), self.weights)


Run = LinearRun | NetworkRun | FusionRun


def read_run(folder: Path, stored: Mapping[str, Any], *, label_sets: bool) -> Run:
    """A run from its files and its settings."""
    if stored["kind"] != FUSION:
        return _READERS[stored["kind"]](folder, stored, label_sets)
    members = [
        _READERS[member["kind"]](folder / MEMBERS / str(number), member, label_sets)
        for number, member in enumerate(stored["members"])
    ]
    return FusionRun(members, np.array(stored["weights"], np.float64))


def _read_network(folder: Path, stored: Mapping[str, Any], label_sets: bool) -> NetworkRun:
    shape = NetworkShape(**{**stored["shape"], "pooling": tuple(stored["shape"]["pooling"])})
    with np.load(folder / ARRAYS[NETWORK]) as file:
        parameters = {name: file[name].astype(np.float32) for name in file.files}
    rows = Rows(np.load(folder / WORDS, mmap_mode="r"), parameters.pop(SCALES, None))
    return NetworkRun(
        Vocabulary.load(folder / VOCABULARIES[NETWORK]),
        Model.of(shape, rows, parameters),
        Calibration(stored["temperature"], *(_numbers(stored[k]) for k in ("prior", "weights"))),
        stored["max_tokens"],
        stored["head_tokens"],
        label_sets,
        stored["ngrams"] and _read_linear(folder, stored["ngrams"], label_sets),
    )


def _read_linear(folder: Path, stored: Mapping[str, Any], _: bool) -> LinearRun:
    with np.load(folder / ARRAYS[NGRAMS]) as file:
        idf = file["idf"] if "idf" in file.files else None
        features = Features(file["keys"], stored["longest"], idf)
        model = LinearModel(features, file["weights"], file["bias"])
    return LinearRun(Vocabulary.load(folder / VOCABULARIES[NGRAMS]), model, stored["temperature"])


_READERS: dict[str, Callable[[Path, Mapping[str, Any], bool], LinearRun | NetworkRun]] = {
    NETWORK: _read_network,
    NGRAMS: _read_linear,
}


def _numbers(stored: list[float] | None) -> Floats | None:
    return None if stored is None else np.array(stored, np.float64)


def _all(tokenized: TokenizedTexts) -> Integers:
    return np.arange(len(tokenized), dtype=np.int64)
