"""A run folder at the beginning of a training, or where another process left it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from gru_sentiment.artifact.contents import load_run_config, read_kind
from gru_sentiment.artifact.files import CONFIG, ENCODER, KIND, NETWORK, finished_of
from gru_sentiment.artifact.folders import free_run_path, unfinished
from gru_sentiment.artifact.writer import RunWriter
from gru_sentiment.config.changes import check_extension
from gru_sentiment.config.loading import load_config
from gru_sentiment.config.sections import Config
from gru_sentiment.errors import ArtifactError
from gru_sentiment.trained.reader import check_is_network

logger = logging.getLogger(__name__)

UNLABELLED_FACT, TEACHER_FACT = "unlabelled texts", "teacher's answers"
REFUSED = ("data", UNLABELLED_FACT, "vocabulary", "encoder", TEACHER_FACT)
"""Facts without which a training does not go on; with others it may differ in the last digits."""


@dataclass(frozen=True)
class Start:
    """What a training begins with."""

    config: Config
    writer: RunWriter
    checkpoint: tuple[Mapping[str, Tensor], Mapping[str, Any]] | None = None
    """Where another process left it."""

    @property
    def known(self) -> dict[str, Any]:
        """What the weights depend on besides the config, as it was when the training began."""
        return self.checkpoint[1]["facts"] if self.checkpoint else {}

    def check_facts(self, now: Mapping[str, Any]) -> None:
        """Compare with what is known; versions may know different facts.

        Raises:
            ArtifactError: data, vocabulary, encoder or the teacher's answers are not the same any
                more, or cannot be compared because this version does not know them.
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
                "%s: not recorded when the training began, %s now; if it was another one, the "
                "training goes on differently",
                name,
                now[name],
            )


def _cannot_compare(name: str, old: Any) -> None:
    """A fact that was recorded when the training began, and that nothing here tells."""
    if name in REFUSED:
        raise ArtifactError(
            f"the {name} of the training (fingerprint {str(old)[:12]}…) cannot be compared: this "
            "version finds none",
            hint="go on with the version of gru-sent that began it, or start a new training",
        )
    logger.warning(
        "%s: %s when the training began, a fact that this version of gru-sent does not know; the "
        "weights may differ in the last digits",
        name,
        old,
    )


def _differs(name: str, old: Any, new: Any) -> None:
    if name in REFUSED:
        raise ArtifactError(
            f"the {name} changed since the training began (fingerprint {str(old)[:12]}…, now "
            f"{str(new)[:12]}…)",
            hint="put the old one back, or start a new training",
        )
    logger.warning(
        "%s: %s when the training began, %s now; the weights may differ in the last digits",
        name,
        old,
        new,
    )


@contextmanager
def new_run(config: Config, *, name: str, force: bool) -> Iterator[Start]:
    """A training from its beginning, in `run.output` or runs/NAME.

    Raises:
        ArtifactError: the folder is taken and not to be replaced.
    """
    with RunWriter(config.run.output or free_run_path(name), force=force) as writer:
        # before the config: with that a folder can be gone on with, and must say what it is
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
    """A training that was killed, with its newest checkpoint.

    Args:
        path: the run, by its name or as NAME.partial.
        pretraining: what kind of training it must be.
        config: what the run must have been started with; by default its own config.
        overrides: `section.key=value` over its own config, such as more epochs.
        flags: values by key over its own config, from the command line.

    Raises:
        ArtifactError: nothing to go on with, or it is written by another process.
        ConfigError: a change of the config that cannot be made in between.
    """
    path = finished_of(path)
    folder = unfinished(path)
    _check_kind(folder, ENCODER if pretraining else NETWORK)
    before = load_run_config(folder)
    after = config or load_config(folder / CONFIG, overrides, flags)
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
            f"{folder}: was begun by gru-sent {verb}",
            hint=f"gru-sent {verb} --resume {finished_of(folder)}",
        )
    if kind != wanted:
        check_is_network(folder)
