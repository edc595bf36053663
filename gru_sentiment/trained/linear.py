"""What a linear baseline is made of, read from its folder, and its predictions. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gru_sentiment.arrays import Integers
from gru_sentiment.artifact.contents import (
    check_complete,
    load_labels,
    load_vocabulary,
    read_object,
)
from gru_sentiment.artifact.files import AGAIN, KIND, LABELS, NEEDED, NGRAMS, VOCABULARY, WEIGHTS
from gru_sentiment.artifact.manifest import named
from gru_sentiment.artifact.weights import read_array, stored_arrays
from gru_sentiment.baselines.model import LinearModel, n_weights_for
from gru_sentiment.baselines.ngrams import BITS, LONGEST, MAX_WORDS, Features
from gru_sentiment.data.encoding import encode
from gru_sentiment.data.labels import Labels
from gru_sentiment.data.tokens import TokenizedTexts
from gru_sentiment.data.vocab import Vocabulary
from gru_sentiment.errors import ArtifactError
from gru_sentiment.trained.calibration import load_temperature
from gru_sentiment.trained.predictions import TOKENS_PER_BATCH, Predictions

KEYS, VALUES, BIAS, IDF = "keys", "weights", "bias", "idf"
SAME_FIT = f"the files of a baseline must come from one 'gru-sent baseline'; {AGAIN}"


@dataclass(frozen=True)
class Linear:
    """A fitted linear model with all that it needs to predict."""

    path: Path
    vocabulary: Vocabulary
    labels: Labels
    model: LinearModel
    temperature: float = 1.0
    """Of the probabilities."""

    def predict(
        self, tokenized: TokenizedTexts, rows: Integers, tokens_per_batch: int | None = None
    ) -> Predictions:
        """The model's predictions for the texts `rows`, which it reads uncut."""
        encoded = encode(tokenized, self.vocabulary, max_tokens=None, head_tokens=0)
        found = [np.zeros((0, len(self.labels)))]
        found += map(
            self.model.log_probabilities,
            encoded.full_ids(rows, tokens_per_batch or TOKENS_PER_BATCH),
        )
        predictions = Predictions(np.concatenate(found), encoded, rows)
        return predictions.at_temperature(self.temperature)


def read_linear(folder: Path) -> Linear:
    """Read the folder of a baseline.

    Raises:
        ArtifactError: a file is missing or not the one that was written, or the files do not fit
            each other.
    """
    check_complete(folder, (KIND, *NEEDED))
    longest = _load_longest(folder / KIND)
    labels = load_labels(folder / LABELS)
    vocabulary = load_vocabulary(folder / VOCABULARY)
    model = _load_model(folder / WEIGHTS, longest, len(vocabulary), len(labels))
    return Linear(folder, vocabulary, labels, model, load_temperature(folder))


def read_ngrams(folder: Path) -> Linear | None:
    """The n-gram model beside a network; a training that is not finished has none yet.

    Raises:
        ArtifactError: see `read_linear`.
    """
    names = [name for name in named(folder) if name.startswith(f"{NGRAMS}/")]
    if not names:
        return None
    check_complete(folder, names)
    return read_linear(folder / NGRAMS)


def _load_longest(path: Path) -> int:
    longest = read_object(path).get("longest")
    if not isinstance(longest, int) or isinstance(longest, bool) or not 1 <= longest <= LONGEST:
        raise ArtifactError(
            f"{path}: longest is {str(longest)[:20]}, expected 1 to {LONGEST} words", hint=AGAIN
        )
    return longest


def _load_model(path: Path, longest: int, words: int, classes: int) -> LinearModel:
    arrays = stored_arrays(path)
    _check_shapes(path, {name: stored.shape for name, stored in arrays.items()}, classes)
    keys = read_array(arrays, KEYS, "int64")
    values, bias = read_array(arrays, VALUES), read_array(arrays, BIAS)
    idf = read_array(arrays, IDF) if IDF in arrays else None
    _check_keys(path, keys, longest, words)
    if idf is not None and not (idf > 0).all():
        raise ArtifactError(f"{path}: {IDF} holds numbers that are not above 0", hint=AGAIN)
    return LinearModel(Features(keys, longest, idf), values, bias)


def _check_shapes(path: Path, found: dict[str, list[int]], classes: int) -> None:
    n, outputs = (found.get(KEYS) or [0])[0], n_weights_for(classes)
    expected = {KEYS: [n], VALUES: [n, outputs], BIAS: [outputs], IDF: [n]}
    # idf is there or not: it decides what an n-gram's number is
    wrong = [
        name
        for name in expected | found
        if found.get(name) != expected.get(name) and (name != IDF or name in found)
    ]
    if wrong:
        name = wrong[0]
        raise ArtifactError(
            f"{path}: {name} has shape {found.get(name, 'none')}, expected "
            f"{expected.get(name, 'none')} for {n:,} n-grams and {classes} classes",
            hint=SAME_FIT,
        )


def _check_keys(path: Path, keys: Integers, longest: int, words: int) -> None:
    if words > MAX_WORDS:
        raise ArtifactError(f"{path.parent / VOCABULARY}: more than {MAX_WORDS:,} words")
    if not (np.diff(keys) > 0).all():
        raise ArtifactError(f"{path}: {KEYS} are not in ascending order", hint=AGAIN)
    if not len(keys):
        return
    largest = max(int((keys >> shift & MAX_WORDS - 1).max()) for shift in (0, BITS, 2 * BITS))
    if keys[0] < 1 or keys[-1] >> longest * BITS or largest >= words:
        raise ArtifactError(
            f"{path}: {KEYS} name words or n-grams that are none of the {words:,} of "
            f"{path.parent / VOCABULARY} or longer than {longest}",
            hint=SAME_FIT,
        )
