"""A run folder that holds a linear baseline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from gru_sentiment.arrays import Integers
from gru_sentiment.artifact.contents import (
    check_complete,
    check_values,
    load_labels,
    load_run_config,
    load_vocabulary,
    read_object,
)
from gru_sentiment.artifact.files import (
    AGAIN,
    BASELINE,
    CONFIG,
    KIND,
    LABELS,
    NEEDED,
    VOCABULARY,
    WEIGHTS,
    to_json,
    write_whole,
    writing,
)
from gru_sentiment.artifact.manifest import write_manifest
from gru_sentiment.artifact.tensors import write_tensors
from gru_sentiment.baselines.model import LinearModel, n_weights_for
from gru_sentiment.baselines.ngrams import BITS, LONGEST, MAX_WORDS, Features
from gru_sentiment.config.loading import dump_config
from gru_sentiment.config.sections import Config
from gru_sentiment.data.encoding import encode
from gru_sentiment.data.labels import Labels
from gru_sentiment.data.tokenizer import TokenizedTexts
from gru_sentiment.data.vocab import Vocabulary
from gru_sentiment.errors import ArtifactError
from gru_sentiment.trained.calibration import load_temperature
from gru_sentiment.trained.predictions import Predictions
from gru_sentiment.trained.scoring import TOKENS_PER_BATCH

KEYS, VALUES, BIAS, IDF = "keys", "weights", "bias", "idf"
SAME_FIT = f"the files of a baseline must come from one 'gru-sent baseline'; {AGAIN}"


@dataclass(frozen=True)
class Baseline:
    """A fitted linear model with all that it needs to predict."""

    path: Path
    config: Config
    vocabulary: Vocabulary
    labels: Labels
    model: LinearModel
    temperature: float = 1.0
    """Of the probabilities."""

    def predict(self, tokenized: TokenizedTexts, rows: Integers) -> Predictions:
        """The model's predictions for the texts `rows`, which it reads uncut."""
        encoded = encode(tokenized, self.vocabulary, max_tokens=None, head_tokens=0)
        found = [np.zeros((0, len(self.labels)))]
        found += map(self.model.log_probabilities, encoded.full_ids(rows, TOKENS_PER_BATCH))
        predictions = Predictions(np.concatenate(found), encoded, rows)
        return predictions.at_temperature(self.temperature)


def to_tensors(model: LinearModel) -> dict[str, Tensor]:
    """The arrays of a model, as its file holds them."""
    features = model.features
    arrays = {KEYS: features.keys, VALUES: model.weights, BIAS: model.bias}
    if features.idf is not None:
        arrays[IDF] = features.idf
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def baseline_kind(model: LinearModel, name: str) -> dict[str, Any]:
    """The contents of kind.json for a model."""
    return {"kind": BASELINE, "model": name, "longest": model.features.longest}


def write_baseline(run: Baseline, name: str) -> None:
    """Write a fitted model into its folder; only what predictions need.

    Raises:
        ArtifactError: the disk refuses it.
    """
    with writing(run.path):
        run.path.mkdir(parents=True, exist_ok=True)
    write_whole(run.path / CONFIG, dump_config(run.config).encode())
    write_whole(run.path / LABELS, to_json({"labels": run.labels.classes}))
    write_whole(run.path / VOCABULARY, run.vocabulary.to_text().encode())
    write_whole(run.path / KIND, to_json(baseline_kind(run.model, name)))
    write_tensors(run.path / WEIGHTS, to_tensors(run.model))
    write_manifest(run.path, (KIND, *NEEDED))


def read_baseline(folder: Path, _device: torch.device) -> Baseline:
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
    config, temperature = load_run_config(folder), load_temperature(folder)
    return Baseline(folder, config, vocabulary, labels, model, temperature)


def _load_longest(path: Path) -> int:
    longest = read_object(path).get("longest")
    if not isinstance(longest, int) or isinstance(longest, bool) or not 1 <= longest <= LONGEST:
        raise ArtifactError(
            f"{path}: longest is {str(longest)[:20]}, expected 1 to {LONGEST} words", hint=AGAIN
        )
    return longest


def _load_model(path: Path, longest: int, words: int, classes: int) -> LinearModel:
    try:
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise ArtifactError(f"{path}: not readable weights: {error}", hint=AGAIN) from error
    _check_shapes(path, {name: list(tensor.shape) for name, tensor in tensors.items()}, classes)
    keys = tensors.pop(KEYS)
    check_values(path, {KEYS: keys}, torch.int64)
    check_values(path, tensors, torch.float32)
    arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
    _check_keys(path, keys.numpy(), longest, words)
    if IDF in arrays and not (arrays[IDF] > 0).all():
        raise ArtifactError(f"{path}: {IDF} holds numbers that are not above 0", hint=AGAIN)
    features = Features(keys.numpy(), longest, arrays.get(IDF))
    return LinearModel(features, arrays[VALUES], arrays[BIAS])


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
