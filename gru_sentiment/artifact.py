"""A run folder: weights and plain text, written under a temporary name and renamed.

::

    config.yaml                   resolved, every default written
    vocabulary.txt                one word a line, in the order of the ids
    labels.json                   the classes
    model.safetensors             weights of the best epoch
    metrics.jsonl                 a line an epoch
    metrics.json                  final scores by split
    metadata.json                 versions, seed, device, data fingerprint, counts
    predictions-validation.jsonl  a line a validation row
"""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import nn

from gru_sentiment.build import build_model
from gru_sentiment.config import Config
from gru_sentiment.config_file import dump_config, parse_config
from gru_sentiment.data.labels import Labels
from gru_sentiment.data.vocab import Vocabulary
from gru_sentiment.errors import ArtifactError, ConfigError
from gru_sentiment.models.classifier import TextClassifier
from gru_sentiment.results import EvaluationRecord

logger = logging.getLogger(__name__)

RUNS = Path("runs")
LATEST = RUNS / "latest"
CONFIG, VOCABULARY, LABELS = "config.yaml", "vocabulary.txt", "labels.json"
WEIGHTS, HISTORY, METRICS, METADATA = (
    "model.safetensors",
    "metrics.jsonl",
    "metrics.json",
    "metadata.json",
)
PREDICTIONS = "predictions-validation.jsonl"
NEEDED = (CONFIG, VOCABULARY, LABELS, WEIGHTS)
"""What evaluate and predict read."""
TABLE = "embedding.table.weight"


@dataclass(frozen=True)
class Run:
    """A trained model with all that it needs to answer."""

    path: Path
    config: Config
    vocabulary: Vocabulary
    labels: Labels
    model: TextClassifier
    device: torch.device


class RunWriter:
    """A run folder while it is written, as `NAME.partial`; `finish` gives it its name.

    Left by an error, the folder is removed; left by an interruption after weights were saved, it
    stays.
    """

    def __init__(self, path: Path, *, force: bool = False) -> None:
        self.path = path
        self.partial = partial_of(path)
        self.force = force
        self._check_free()
        with _written(self.partial):
            if force and self.partial.exists():
                shutil.rmtree(self.partial)
            self.partial.mkdir(parents=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        interrupted = kind is not None and issubclass(kind, KeyboardInterrupt)
        if kind and not (interrupted and (self.partial / WEIGHTS).is_file()):
            shutil.rmtree(self.partial, ignore_errors=True)

    def _check_free(self) -> None:
        if self.path.absolute() == LATEST.absolute():
            raise ArtifactError(
                f"{self.path}: is the link to the newest run", hint="choose another --output"
            )
        if self.path.exists():
            self._check_replaceable()
        if self.partial.exists() and not self.force:
            raise ArtifactError(
                f"{self.partial}: another training writes it, or one that was interrupted left it",
                hint="choose another --output, remove that folder, or replace it with --force",
            )

    def _check_replaceable(self) -> None:
        if not self.force:
            raise ArtifactError(
                f"{self.path}: exists already",
                hint="choose another --output, or replace it with --force",
            )
        if not _is_run(self.path):
            raise ArtifactError(f"{self.path}: is not a run folder; --force replaces runs only")

    def save_setup(self, config: Config, vocabulary: Vocabulary, labels: Labels) -> None:
        """What is known before training starts."""
        self.write_text(CONFIG, dump_config(config))
        self.write_text(LABELS, _json({"labels": labels.classes}))
        self.write_text(VOCABULARY, vocabulary.to_text())

    def save_model(self, model: nn.Module) -> None:
        """The weights, replaced as a whole."""
        tensors = {name: tensor.contiguous().cpu() for name, tensor in model.state_dict().items()}
        self._write(WEIGHTS, save(tensors))

    def load_weights(self, model: nn.Module) -> nn.Module:
        """The model with the weights that were saved last."""
        model.load_state_dict(load_file(self.partial / WEIGHTS))
        return model

    def append_record(self, record: EvaluationRecord) -> None:
        """A line of metrics.jsonl."""
        with _written(self.partial / HISTORY), (self.partial / HISTORY).open("a") as file:
            file.write(json.dumps(record.to_json(), ensure_ascii=False) + "\n")

    def write_json(self, name: str, value: Mapping[str, Any]) -> None:
        """A JSON file of the run."""
        self.write_text(name, _json(value))

    def write_lines(self, name: str, values: Iterable[Mapping[str, Any]]) -> None:
        """A file with one JSON object a line."""
        self.write_text(
            name, "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)
        )

    def write_text(self, name: str, text: str) -> None:
        """A text file of the run."""
        self._write(name, text.encode())

    def _write(self, name: str, content: bytes) -> None:
        """A file as a whole: under a temporary name, synced to the disk, then renamed."""
        target = self.partial / name
        temporary = target.with_name(name + ".tmp")
        with _written(target):
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)

    def finish(self) -> None:
        """Give the folder its name and make it the latest run."""
        if self.path.exists():
            self._check_replaceable()
        with (
            _written(self.path),
            tempfile.TemporaryDirectory(
                prefix=f".{self.path.name}-", dir=self.path.parent, ignore_cleanup_errors=True
            ) as aside,
        ):
            old = Path(aside) / "replaced"
            if self.path.exists():
                self.path.rename(old)
            try:
                self.partial.rename(self.path)
            except OSError:
                if old.exists():
                    old.rename(self.path)
                raise
        _point_latest_to(self.path)


def partial_of(path: Path) -> Path:
    """The name that a run folder has while it is written."""
    return path.with_name(path.name + ".partial")


def free_run_path(name: str) -> Path:
    """runs/NAME, or runs/NAME-2, … where that is taken."""
    number, path = 1, RUNS / name
    while path == LATEST or path.exists() or partial_of(path).exists():
        number += 1
        path = RUNS / f"{name}-{number}"
    return path


def load_run(path: Path | None, device: torch.device) -> Run:
    """Read a run folder; by default the latest.

    Raises:
        ArtifactError: there is none, a file is missing, or the files do not fit each other.
    """
    folder = _existing_run(path)
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing:
        raise ArtifactError(
            f"{folder}: not a complete run folder: {', '.join(missing)} missing",
            hint="train again, or copy the whole folder",
        )
    try:
        config = parse_config((folder / CONFIG).read_text("utf-8"), str(folder / CONFIG))
    except (ConfigError, UnicodeDecodeError) as error:
        raise ArtifactError(f"{folder / CONFIG}: {error}") from error
    vocabulary = Vocabulary.load(folder / VOCABULARY)
    labels = _load_labels(folder / LABELS)
    model = _load_model(folder / WEIGHTS, config, vocabulary, labels, device)
    # the run that runs/latest names, rather than the link
    named = Path(os.path.relpath(folder.resolve())) if folder.is_symlink() else folder
    return Run(named, config, vocabulary, labels, model, device)


def read_metadata(path: Path) -> dict[str, Any]:
    """metadata.json of a run; empty where the run has none yet."""
    try:
        value = json.loads((path / METADATA).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ArtifactError(f"{path / METADATA}: not valid JSON: {error}") from error
    return value if isinstance(value, dict) else {}


def _existing_run(path: Path | None) -> Path:
    if path is not None and not path.is_dir():
        raise ArtifactError(f"{path}: no such run folder", hint=_known_runs())
    folder = path or LATEST
    if not folder.is_dir():
        raise ArtifactError(
            "there is no finished run here",
            hint="train one: gru-sent train --config configs/gru.yaml",
        )
    return folder


def _known_runs() -> str:
    runs = sorted(str(p) for p in RUNS.glob("*") if _is_run(p) and not p.is_symlink())
    if not runs:
        return "train one: gru-sent train --config configs/gru.yaml"
    return f"runs here: {', '.join(runs[:10])}"


def _is_run(path: Path) -> bool:
    return path.is_dir() and ((path / CONFIG).is_file() or not any(path.iterdir()))


def _load_labels(path: Path) -> Labels:
    try:
        classes = json.loads(path.read_text("utf-8"))["labels"]
        whole = isinstance(classes, list) and all(
            isinstance(c, str | int) and not isinstance(c, bool) for c in classes
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"{path}: not a list of classes: {error}") from error
    if not whole or len(set(classes)) != len(classes) or len(classes) < 2:
        raise ArtifactError(f"{path}: expected two or more distinct strings or integers")
    return Labels(classes)


def _load_model(
    path: Path, config: Config, vocabulary: Vocabulary, labels: Labels, device: torch.device
) -> TextClassifier:
    try:
        tensors = load_file(path)
    except (SafetensorError, OSError) as error:
        raise ArtifactError(
            f"{path}: not readable weights: {error}", hint="copy the whole folder again"
        ) from error
    shape = list(tensors[TABLE].shape) if TABLE in tensors else []
    if len(shape) != 2 or shape[0] != len(vocabulary):
        raise ArtifactError(
            f"{path}: holds vectors for {shape[0] if shape else 'no'} words and "
            f"{path.parent / VOCABULARY} lists {len(vocabulary)}",
            hint="both must come from the same training; copy the whole folder again",
        )
    model = build_model(config, torch.zeros(shape), len(labels), torch.device("cpu"))
    _check_shapes(path, model, {name: list(tensor.shape) for name, tensor in tensors.items()})
    model.load_state_dict(tensors)
    return model.to(device).eval()


def _check_shapes(path: Path, model: nn.Module, found: dict[str, list[int]]) -> None:
    expected = {name: list(tensor.shape) for name, tensor in model.state_dict().items()}
    if expected == found:
        return
    wrong = sorted(name for name in expected | found if expected.get(name) != found.get(name))
    name = wrong[0]
    raise ArtifactError(
        f"{path}: {name} has shape {found.get(name, 'none')}, the config asks for "
        f"{expected.get(name, 'none')} ({len(wrong)} such tensors)",
        hint="config.yaml, labels.json and model.safetensors must come from the same training",
    )


def _point_latest_to(path: Path) -> None:
    """Make runs/latest a link to the run, in one step; the run is whole without it."""
    temporary = RUNS / f".latest-{os.getpid()}"
    try:
        RUNS.mkdir(exist_ok=True)
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(os.path.relpath(path.resolve(), RUNS.resolve()))
        os.replace(temporary, LATEST)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        logger.warning("%s still names another run: %s", LATEST, error.strerror)


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


@contextmanager
def _written(path: Path) -> Iterator[None]:
    """Turn what the disk refuses into an error that says what to do."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        code = getattr(error, "errno", None)
        full = code in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG} or "No space left" in str(error)
        hint = (
            "free some space, or choose an --output on another disk"
            if full
            else "choose another --output"
        )
        raise ArtifactError(
            f"{path}: cannot be written: {getattr(error, 'strerror', None) or error}", hint=hint
        ) from error
