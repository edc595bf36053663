"""The run folder that a training starts in: a new one, or one to resume."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gru_sentiment.artifact.checkpoints import Checkpoint
from gru_sentiment.artifact.contents import read_kind
from gru_sentiment.artifact.files import CONFIG, ENCODER, KIND, NETWORK, finished_of
from gru_sentiment.artifact.folders import free_run_path, unfinished
from gru_sentiment.artifact.run_config import load_run_config
from gru_sentiment.artifact.writer import RunWriter
from gru_sentiment.config.changes import check_extension
from gru_sentiment.config.loading import load_config
from gru_sentiment.config.sections import Config
from gru_sentiment.errors import ArtifactError
from gru_sentiment.trained.reader import check_is_network

logger = logging.getLogger(__name__)

UNLABELLED_FACT, TEACHER_FACT = "unlabelled texts", "teacher's answers"
"""Keys that checkpoints store."""
REFUSED = ("data", UNLABELLED_FACT, "vocabulary", "encoder", TEACHER_FACT)
"""A training is not resumed if one of these facts changed; with others the weights may differ in
the last digits."""


@dataclass(frozen=True)
class Start:
    """The config and the folder of a training that starts or is resumed."""

    config: Config
    writer: RunWriter
    checkpoint: Checkpoint | None = None
    """The state to resume from; None where there is none yet."""

    @property
    def known(self) -> Mapping[str, Any]:
        """What the weights depend on besides the config, as it was when the training started."""
        return self.checkpoint.facts if self.checkpoint else {}

    def check_facts(self, now: Mapping[str, Any]) -> None:
        """Compare the facts of now with the known ones; versions may record different facts.

        Raises:
            ArtifactError: the data, the vocabulary, the encoder or the teacher's soft labels
                changed, or cannot be compared because this version does not record them.
        """
        known = self.known
        for name, old in known.items():
            if name not in now:
                _cannot_compare(name, old)
            elif old != now[name]:
                _differs(name, old, now[name])
        added = [name for name in now if self.checkpoint and name not in known]
        for name in added:
            logger.warning(
                "%s: not recorded when the training started, %s now; if it was another one, the "
                "weights will differ",
                name,
                now[name],
            )


def _cannot_compare(name: str, old: Any) -> None:
    """A fact that was recorded when the training started, and that this version does not record."""
    if name in REFUSED:
        raise ArtifactError(
            f"the {name} of the training (fingerprint {str(old)[:12]}…) cannot be compared: this "
            "version finds none",
            hint="resume with the version of gru-sent that started it, or start a new training",
        )
    logger.warning(
        "%s: %s when the training started, a fact that this version of gru-sent does not know; the "
        "weights may differ in the last digits",
        name,
        old,
    )


def _differs(name: str, old: Any, new: Any) -> None:
    if name in REFUSED:
        raise ArtifactError(
            f"the {name} changed since the training started (fingerprint {str(old)[:12]}…, now "
            f"{str(new)[:12]}…)",
            hint="put the old one back, or start a new training",
        )
    logger.warning(
        "%s: %s when the training started, %s now; the weights may differ in the last digits",
        name,
        old,
        new,
    )


@contextmanager
def new_run(config: Config, *, name: str, force: bool) -> Iterator[Start]:
    """A training from its start, in `run.output` or runs/NAME.

    Raises:
        ArtifactError: the folder is taken and not to be replaced.
    """
    with RunWriter(config.run.output or free_run_path(name), force=force) as writer:
        # before the config: with that a folder can be resumed, and must say what it is
        if config.pretraining is not None:
            writer.write_json(KIND, {"kind": ENCODER})
        writer.save_config(config)
        yield Start(config, writer)


@contextmanager
def old_run(
    path: Path,
    *,
    pretraining: bool,
    config: Config | None = None,
    overrides: Sequence[str] = (),
    flags: Mapping[str, str | int] | None = None,
) -> Iterator[Start]:
    """A training that was interrupted, with its newest checkpoint.

    Args:
        path: the run, by its name or as NAME.partial.
        pretraining: what kind of training it must be.
        config: the config to resume with; by default the run's own.
        overrides: `section.key=value` over its own config, such as more epochs.
        flags: values by key over its own config, from the command line.

    Raises:
        ArtifactError: nothing to resume, or another process writes it.
        ConfigError: a change of the config that would have changed what was trained so far.
    """
    path = finished_of(path)
    folder = unfinished(path)
    _check_kind(folder, ENCODER if pretraining else NETWORK)
    before = load_run_config(folder)
    after = config or load_config(folder / CONFIG, overrides, flags, stored=True)
    for change in check_extension(before, after):
        logger.info("changed: %s", change)
    with RunWriter(path, resume=True) as writer:
        writer.save_config(after)
        yield Start(after, writer, writer.checkpoints.newest())


def _check_kind(folder: Path, wanted: str) -> None:
    kind = read_kind(folder)
    if kind != wanted and kind in {NETWORK, ENCODER}:
        verb = {NETWORK: "train", ENCODER: "pretrain"}[kind]
        raise ArtifactError(
            f"{folder}: was started by gru-sent {verb}",
            hint=f"gru-sent {verb} --resume {finished_of(folder)}",
        )
    if kind != wanted:
        check_is_network(folder)
