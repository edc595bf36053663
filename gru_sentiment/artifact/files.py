"""Names in a run folder, and files that appear as a whole or not at all. No torch."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gru_sentiment.errors import ArtifactError

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
CALIBRATION = "calibration.json"
"""What becomes of a run's logits: a temperature, weights of network and n-grams, class shares."""
INFERENCE = "inference.json"
"""What predictions need of the config, and the rules of the tokenizer: with it and the weights, a
run predicts without torch and spaCy. Runs of earlier versions have none."""
KIND = "kind.json"
"""The kind of a run that is no network, with the settings of that kind."""
NETWORK, BASELINE, FUSION, ENCODER = "net", "baseline", "fusion", "encoder"
MEMBERS = "members"
"""The runs that a fusion is made of: members/0, members/1, …"""
NGRAMS = f"{MEMBERS}/ngrams"
"""The n-gram model beside a network."""
MANIFEST = "manifest.json"
NEEDED = (CONFIG, VOCABULARY, LABELS, WEIGHTS)
"""What evaluate and predict read."""
CHECKPOINTS, LOCK = "checkpoints", "lock"
"""Of a run that is not finished."""
SEEN_TEXTS = "seen-texts.safetensors"
"""Hashes of the texts that a run, and the runs that it was made from, have read in training."""
SOFT_LABELS = "soft-labels.safetensors"
"""A teacher's soft labels, while the run is not finished or keeps its checkpoints."""
PARTIAL = ".partial"
SERIES = "seeds.json"
"""In the parent folder of several seeds or folds."""
WRITTEN = (
    KIND,
    *NEEDED,
    INFERENCE,
    CALIBRATION,
    HISTORY,
    METRICS,
    METADATA,
    PREDICTIONS,
    SEEN_TEXTS,
)
"""What the manifest names, as far as it is there."""
OF_RUN = (*WRITTEN, MANIFEST, SOFT_LABELS, SERIES)
"""The files of a run, whatever its kind, and of several seeds or folds."""
AGAIN = "copy the whole folder again"
MAX_TEXT_BYTES = 1 << 28
"""Of a JSON or text file: far above what a training writes."""


def partial_of(path: Path) -> Path:
    """The name that a run folder has while it is written."""
    named = _named(path)
    return named.with_name(named.name + PARTIAL)


def finished_of(path: Path) -> Path:
    """The name that a run folder has in the end."""
    named = _named(path)
    return named.with_name(named.name.removesuffix(PARTIAL) or named.name)


def _named(path: Path) -> Path:
    """The path with a name at its end, which `.`, `..` and an empty path lack.

    Raises:
        ArtifactError: it is the root, which has none.
    """
    named = path.resolve() if path.name in {"", ".."} else path
    if not named.name:
        raise ArtifactError(f"{path}: cannot be a run folder", hint="name a folder below it")
    return named


def path_from(path: Path, start: Path | None = None) -> str:
    """A path as it is called from a folder, by default the current one.

    On Windows there is no way from one drive to another: there it is called as it is.
    """
    try:
        return os.path.relpath(path, start)
    except ValueError:
        return str(path)


def to_json(value: Mapping[str, Any]) -> bytes:
    """JSON for people, as a file holds it; half a surrogate pair, as in a path, is escaped."""
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    return text.encode("utf-8", "backslashreplace")


def read_json(path: Path) -> Any:
    """A JSON file of a run.

    Raises:
        ArtifactError: it cannot be read, is too large or is not JSON.
    """
    try:
        check_size(path)
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{path}: not valid JSON: {error}", hint=AGAIN) from error
    except OSError as error:
        raise ArtifactError(f"{path}: cannot be read: {error.strerror}") from error


def check_size(path: Path) -> None:
    """Refuse a text file that no training wrote."""
    if path.stat().st_size > MAX_TEXT_BYTES:
        raise ArtifactError(f"{path}: larger than {MAX_TEXT_BYTES:,} bytes")


def write_whole(path: Path, content: bytes) -> None:
    """Under a temporary name, synced to the disk, then renamed.

    Raises:
        ArtifactError: the disk refuses it; what was there before is left as it was.
    """
    temporary = path.with_name(path.name + ".tmp")
    with writing(path):
        try:
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise


def sync_folder(path: Path) -> None:
    """Make renames in a folder last, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an error of the disk into one that tells the user what to do."""
    try:
        yield
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
        hint = (
            "free some space, or choose an --output on another disk"
            if full
            else "choose another --output"
        )
        raise ArtifactError(
            f"{path}: cannot be written: {error.strerror or error}", hint=hint
        ) from error
