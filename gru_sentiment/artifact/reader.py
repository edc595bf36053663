"""A run folder from anywhere, checked before it is used."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from gru_sentiment.artifact.files import (
    AGAIN,
    CONFIG,
    LABELS,
    LATEST,
    METADATA,
    NEEDED,
    PARTIAL,
    RUNS,
    SEEDS,
    VOCABULARY,
    WEIGHTS,
    check_size,
    finished_of,
    read_json,
)
from gru_sentiment.artifact.manifest import verify
from gru_sentiment.artifact.seeds import read_seeds
from gru_sentiment.artifact.writer import is_run
from gru_sentiment.build import build_encoded, build_model
from gru_sentiment.config import Config
from gru_sentiment.config_file import parse_config, read_config_text
from gru_sentiment.data.labels import Integers, Labels
from gru_sentiment.data.tokenizer import TokenizedTexts
from gru_sentiment.data.vocab import Vocabulary
from gru_sentiment.errors import ArtifactError, ConfigError
from gru_sentiment.evaluation import Answers, answers_of
from gru_sentiment.models.classifier import TextClassifier

TABLE, RECURRENT = "embedding.table.weight", "recurrent.weight_hh_l"
SAME_TRAINING = "config.yaml, labels.json and model.safetensors must come from the same training"


@dataclass(frozen=True)
class Run:
    """A trained model with all that it needs to answer."""

    path: Path
    config: Config
    vocabulary: Vocabulary
    labels: Labels
    model: TextClassifier
    device: torch.device

    def answers(self, tokenized: TokenizedTexts, rows: Integers) -> Answers:
        """What the model says of the texts `rows`."""
        encoded = build_encoded(self.config.text, tokenized, self.vocabulary)
        return answers_of(self.model, encoded, rows, self.device)


def load_run(path: Path | None, device: torch.device) -> Run:
    """Read a run folder, by default the latest; of a folder of several seeds the best one.

    Raises:
        ArtifactError: there is none, a file is missing or not the one that was written, or the
            files do not fit each other.
    """
    folder = existing_run(path)
    _refuse_encoder(folder)
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing:
        raise ArtifactError(
            f"{folder}: not a complete run folder: {', '.join(missing)} missing",
            hint=f"go on training it: gru-sent train --resume {finished_of(folder)}"
            if folder.name.endswith(PARTIAL)
            else "train again, or copy the whole folder",
        )
    verify(folder, NEEDED)
    config = load_run_config(folder)
    vocabulary = load_vocabulary(folder / VOCABULARY)
    labels = _load_labels(folder / LABELS)
    model = _load_model(folder / WEIGHTS, config, vocabulary, labels)
    # the run that runs/latest names, rather than the link
    named = Path(os.path.relpath(folder.resolve())) if folder.is_symlink() else folder
    return Run(named, config, vocabulary, labels, model.to(device).eval(), device)


def _refuse_encoder(folder: Path) -> None:
    if not (folder / CONFIG).is_file() or (folder / LABELS).exists():
        return
    if load_run_config(folder).pretraining is not None:
        raise ArtifactError(
            f"{folder}: is a pre-trained encoder, not a classifier",
            hint="fine-tune it: gru-sent train --config configs/finetune.yaml "
            f"--set model.initialize_from={folder}",
        )


def load_run_config(folder: Path) -> Config:
    """The config of a run.

    Raises:
        ArtifactError: it cannot be read, or is not a config of this version.
    """
    path = folder / CONFIG
    try:
        return parse_config(read_config_text(path), str(path))
    except ConfigError as error:
        raise ArtifactError(f"{path}: not a config of this version: {error}") from error


def read_metadata(path: Path) -> dict[str, Any]:
    """metadata.json of a run; empty where the run has none yet."""
    value = read_json(path / METADATA) if (path / METADATA).exists() else {}
    return value if isinstance(value, dict) else {}


def existing_run(path: Path | None) -> Path:
    """The folder of a run; of several seeds the best one's.

    Raises:
        ArtifactError: there is none.
    """
    if path is not None and not path.is_dir():
        raise ArtifactError(f"{path}: no such run folder", hint=_known_runs())
    folder = path or LATEST
    if not folder.is_dir():
        raise ArtifactError(
            "there is no finished run here",
            hint="train one: gru-sent train --config configs/gru.yaml",
        )
    return read_seeds(folder).best_run if (folder / SEEDS).is_file() else folder


def _known_runs() -> str:
    runs = sorted(str(p) for p in RUNS.glob("*") if _is_run(p) and not p.is_symlink())
    if not runs:
        return "train one: gru-sent train --config configs/gru.yaml"
    return f"runs here: {', '.join(runs[:10])}"


def _is_run(path: Path) -> bool:
    return is_run(path) or (path / SEEDS).is_file()


def load_vocabulary(path: Path) -> Vocabulary:
    """The words of a run.

    Raises:
        ArtifactError: not a list of words.
    """
    check_size(path)
    return Vocabulary.load(path)


def _load_labels(path: Path) -> Labels:
    value = read_json(path)
    classes: Any = value.get("labels") if isinstance(value, dict) else None
    whole = isinstance(classes, list) and all(
        isinstance(c, str | int) and not isinstance(c, bool) for c in classes
    )
    if not whole or len(set(classes)) != len(classes) or len(classes) < 2:
        raise ArtifactError(f"{path}: expected two or more distinct strings or integers")
    return Labels(classes)


def _load_model(
    path: Path, config: Config, vocabulary: Vocabulary, labels: Labels
) -> TextClassifier:
    try:
        with safe_open(path, "pt") as file:
            found = {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118
            _check_words(path, found.get(TABLE, []), vocabulary)
            _check_size_of_model(path, config, found)
            model = build_model(config, torch.zeros(found[TABLE]), len(labels), torch.device("cpu"))
            _check_shapes(path, model, found)
            tensors = {name: file.get_tensor(name) for name in found}
    except (SafetensorError, OSError) as error:
        raise ArtifactError(f"{path}: not readable weights: {error}", hint=AGAIN) from error
    check_values(path, tensors)
    model.load_state_dict(tensors)
    return model


def _check_size_of_model(path: Path, config: Config, found: dict[str, list[int]]) -> None:
    """So that what is built is no larger than a few times what the file truly holds."""
    layers = sum(name.startswith(RECURRENT) and name[len(RECURRENT) :].isdigit() for name in found)
    sizes = found.get(f"{RECURRENT}0", [])
    expected = config.model.layers, config.model.hidden_size
    if (layers, sizes[-1] if sizes else 0) != expected:
        raise ArtifactError(
            f"{path}: holds {layers} recurrent layers with weights of shape {sizes or 'none'}, the "
            f"config asks for {expected[0]} of {expected[1]} units",
            hint=SAME_TRAINING,
        )


def _check_words(path: Path, table: list[int], vocabulary: Vocabulary) -> None:
    if len(table) != 2 or table[0] != len(vocabulary):
        raise ArtifactError(
            f"{path}: holds vectors for {table[0] if table else 'no'} words and "
            f"{path.parent / VOCABULARY} lists {len(vocabulary)}",
            hint=f"both must come from the same training; {AGAIN}",
        )


def _check_shapes(path: Path, model: nn.Module, found: dict[str, list[int]]) -> None:
    expected = {name: list(tensor.shape) for name, tensor in model.state_dict().items()}
    if expected == found:
        return
    wrong = sorted(name for name in expected | found if expected.get(name) != found.get(name))
    name = wrong[0]
    raise ArtifactError(
        f"{path}: {name} has shape {found.get(name, 'none')}, the config asks for "
        f"{expected.get(name, 'none')} ({len(wrong)} such tensors)",
        hint=SAME_TRAINING,
    )


def check_values(path: Path, tensors: dict[str, Tensor]) -> None:
    """Single precision and finite.

    Raises:
        ArtifactError: a tensor that is not.
    """
    for name, tensor in tensors.items():
        if tensor.dtype != torch.float32:
            raise ArtifactError(f"{path}: {name} holds {tensor.dtype}, expected torch.float32")
        if not torch.isfinite(tensor).all():
            raise ArtifactError(f"{path}: {name} holds numbers that are not finite", hint=AGAIN)
