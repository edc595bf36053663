"""A run folder while it is written."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout
from safetensors.torch import load_file
from torch import Tensor, nn

from gru_sentiment.arrays import Floats, Integers
from gru_sentiment.artifact.checkpoints import Checkpoints
from gru_sentiment.artifact.contents import stored_inference, stored_labels
from gru_sentiment.artifact.files import (
    CALIBRATION,
    CHECKPOINTS,
    CONFIG,
    HISTORY,
    INFERENCE,
    KIND,
    LABELS,
    LATEST,
    LOCK,
    MANIFEST,
    MEMBERS,
    NEEDED,
    SEEN_TEXTS,
    SOFT_LABELS,
    VOCABULARY,
    WEIGHTS,
    WRITTEN,
    partial_of,
    to_json,
    write_whole,
    writing,
)
from gru_sentiment.artifact.folders import is_run, point_latest_to, unfinished
from gru_sentiment.artifact.manifest import write_manifest
from gru_sentiment.artifact.tensors import save_seen_texts, write_tensors
from gru_sentiment.config.loading import dump_config
from gru_sentiment.config.sections import Config
from gru_sentiment.data.labels import Labels
from gru_sentiment.data.vocab import Vocabulary
from gru_sentiment.errors import ArtifactError
from gru_sentiment.results.training import EvaluationRecord

RENAMES_OPEN_FILES = os.name == "posix"
"""Whether the system renames a folder that holds an open file."""


class RunWriter:
    """A run folder under the name NAME.partial; `finish` gives it its own.

    One process writes it: the lock ends with the process, however that ends. What an error or an
    interruption leaves stays where a training can be resumed from it, and is removed where not.
    """

    def __init__(self, path: Path, *, force: bool = False, resume: bool = False) -> None:
        self.path, self.partial = path, partial_of(path)
        self.force = force or resume
        self.checkpoints = Checkpoints(self.partial / CHECKPOINTS)
        self._lock = FileLock(self.partial / LOCK)
        self._check_free()
        with writing(self.partial):
            if resume:
                self._revive()
            else:
                self._clear()
                self.partial.mkdir(parents=True)
            self._take_lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # without the lock the folder may be another process' by now
        if kind and self._lock.is_locked and not self._worth_keeping():
            with suppress(OSError):
                self._remove()
        self._lock.release()

    def _check_free(self) -> None:
        if self.path.absolute() == LATEST.absolute():
            raise ArtifactError(
                f"{self.path}: is the link to the newest run", hint="choose another --output"
            )
        if self.path.exists():
            self._check_replaceable()

    def _check_replaceable(self) -> None:
        if not self.force:
            raise ArtifactError(
                f"{self.path}: exists already",
                hint="choose another --output, or replace it with --force",
            )
        if not is_run(self.path):
            raise ArtifactError(f"{self.path}: is not a run folder; --force replaces runs only")

    def _revive(self) -> None:
        """Go on in the folder that is there, or in a copy of the finished one."""
        if unfinished(self.path) == self.path:
            shutil.copytree(self.path, self.partial)

    def _clear(self) -> None:
        """Make room for a new folder, unless what is there is worth something."""
        if not self.partial.exists():
            return
        self._take_lock()
        if not self.force and (self._worth_keeping() or not self._is_ours()):
            self._lock.release()
            raise ArtifactError(
                f"{self.partial}: a training that did not finish left it",
                hint=f"resume it: gru-sent train --resume {self.path}; or choose another "
                "--output, or replace it with --force",
            )
        self._remove()

    def _remove(self) -> None:
        """Move the folder aside, then remove it, so that no process sees half of it."""
        aside = self.partial.with_name(f".{self.partial.name}-{uuid.uuid4().hex}")
        self._move(aside)
        shutil.rmtree(aside)

    def _move(self, target: Path) -> None:
        """Rename the folder and end its lock, so that no other process can take it in between.

        The lock is held until the folder has left its place. Windows renames no folder that holds
        an open file: there the lock ends first, and whoever takes it in between has the file open,
        which keeps the folder where it is.
        """
        if not RENAMES_OPEN_FILES:
            self._lock.release()
        self.partial.rename(target)
        (target / LOCK).unlink(missing_ok=True)
        self._lock.release()

    def _take_lock(self) -> None:
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise ArtifactError(
                f"{self.partial}: another process writes it",
                hint="wait for it to end, or choose another --output",
            ) from error

    def _worth_keeping(self) -> bool:
        return (self.partial / WEIGHTS).is_file() or any(self.checkpoints.folder.glob("*"))

    def _is_ours(self) -> bool:
        """Whether the folder holds nothing but what a training that just started has written."""
        at_the_start = {*WRITTEN, MEMBERS, MANIFEST, LOCK, SOFT_LABELS}
        return {path.name.removesuffix(".tmp") for path in self.partial.glob("*")} <= at_the_start

    def save_config(self, config: Config) -> None:
        """The resolved config."""
        self.write_text(CONFIG, dump_config(config))

    def save_names(self, vocabulary: Vocabulary, labels: Labels) -> None:
        """The vocabulary and the classes."""
        self.write_json(LABELS, stored_labels(labels))
        self.save_vocabulary(vocabulary)

    def save_inference(self, inference: Mapping[str, Any]) -> None:
        """What predictions need of the config."""
        write_whole(self.partial / INFERENCE, stored_inference(inference))

    def save_vocabulary(self, vocabulary: Vocabulary) -> None:
        """The vocabulary."""
        self.write_text(VOCABULARY, vocabulary.to_text())

    def save_weights(self, weights: Mapping[str, Tensor]) -> None:
        """The weights, replaced as a whole; from here on the folder is worth keeping."""
        calibration = self.partial / CALIBRATION
        with writing(calibration):
            calibration.unlink(missing_ok=True)  # it is that of other weights
        write_tensors(self.partial / WEIGHTS, weights)
        write_manifest(self.partial, (KIND, *NEEDED, INFERENCE, SEEN_TEXTS))

    def save_temperature(
        self,
        temperature: float,
        prior: Floats | None = None,
        weights: Floats | None = None,
        thresholds: Floats | None = None,
    ) -> None:
        """The temperature of the predictions with the weights that were saved last.

        Args:
            temperature: of the probabilities.
            prior: the probabilities of texts without a known token, shape (classes,).
            weights: of network and n-grams, shape (2,).
            thresholds: from which probability on each class of a label set is predicted, shape
                (classes,).
        """
        arrays = {"prior": prior, "weights": weights, "thresholds": thresholds}
        known = {name: array.tolist() for name, array in arrays.items() if array is not None}
        self.write_json(CALIBRATION, {"temperature": temperature, **known})
        write_manifest(self.partial, (KIND, *NEEDED, INFERENCE, CALIBRATION, SEEN_TEXTS))

    def remove_members(self) -> None:
        """Remove the n-grams that a training kept before it was resumed without or anew."""
        shutil.rmtree(self.partial / MEMBERS, ignore_errors=True)

    def save_seen_texts(self, hashes: Integers) -> None:
        """Hashes of the texts that the run, and those that it is made from, read in training."""
        save_seen_texts(self.partial, hashes)

    def load_weights(self, model: nn.Module) -> nn.Module:
        """The model with the weights that were saved last."""
        model.load_state_dict(load_file(self.partial / WEIGHTS))
        return model

    def append_record(self, record: EvaluationRecord) -> None:
        """A line of metrics.jsonl."""
        line = json.dumps(record.to_json(), ensure_ascii=False) + "\n"
        # as bytes: UTF-8 and "\n" on every system
        with writing(self.partial / HISTORY), (self.partial / HISTORY).open("ab") as file:
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())

    @property
    def history_bytes(self) -> int:
        """Length of metrics.jsonl."""
        history = self.partial / HISTORY
        return history.stat().st_size if history.exists() else 0

    def cut_history(self, length: int) -> None:
        """Forget the lines after `length` bytes: they will be written again."""
        if self.history_bytes == length:
            return
        if self.history_bytes < length:
            raise ArtifactError(
                f"{self.partial / HISTORY}: {self.history_bytes:,} bytes, the checkpoint knows of "
                f"{length:,}",
                hint="put the whole file back, or train again with --force",
            )
        with writing(self.partial / HISTORY), (self.partial / HISTORY).open("ab") as file:
            file.truncate(length)

    def write_json(self, name: str, value: Mapping[str, Any]) -> None:
        """A JSON file of the run."""
        write_whole(self.partial / name, to_json(value))

    def write_lines(self, name: str, values: Iterable[Mapping[str, Any]]) -> None:
        """A file with one JSON object a line."""
        self.write_text(
            name, "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)
        )

    def write_text(self, name: str, text: str) -> None:
        """A text file of the run."""
        write_whole(self.partial / name, text.encode())

    def finish(self, *, keep_checkpoint: bool = False, latest: bool = True) -> None:
        """Give the folder its name and make it the latest run, unless `latest` is false."""
        if self.path.exists():
            self._check_replaceable()
        members = [path for path in (self.partial / MEMBERS).rglob("*") if path.is_file()]
        names = sorted(path.relative_to(self.partial).as_posix() for path in members)
        write_manifest(self.partial, (*WRITTEN, *names))
        with (
            writing(self.path),
            tempfile.TemporaryDirectory(
                prefix=f".{self.path.name}-", dir=self.path.parent, ignore_cleanup_errors=True
            ) as aside,
        ):
            old = Path(aside) / "replaced"
            if self.path.exists():
                self.path.rename(old)
            try:
                self._move(self.path)
            except OSError:
                if old.exists():
                    old.rename(self.path)
                raise
        if latest:
            point_latest_to(self.path)
        # not before: a death in between must leave a finished run or one that can be resumed
        if not keep_checkpoint:
            shutil.rmtree(self.path / CHECKPOINTS, ignore_errors=True)
            (self.path / SOFT_LABELS).unlink(missing_ok=True)
