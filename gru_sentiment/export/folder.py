"""The folder of an export: the files beside the model, whatever its format, whole or not at all."""

from __future__ import annotations

import platform
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import version
from os.path import lexists
from pathlib import Path
from typing import Any

import gru_sentiment
from gru_sentiment.artifact.contents import read_object, stored_labels
from gru_sentiment.artifact.files import (
    CALIBRATION,
    KIND,
    LABELS,
    MEMBERS,
    NEEDED,
    to_json,
    write_whole,
    writing,
)
from gru_sentiment.artifact.manifest import digest
from gru_sentiment.data.rules import Rules
from gru_sentiment.errors import ArtifactError
from gru_sentiment.trained.reader import Run

SETTINGS, TOKENIZER_RULES, CARD = "export.json", "tokenizer.json", "README.md"
FORMAT, VERSION = "gru-sent export", 1
"""Of the folder. Raise the version when older examples would read it wrong."""


def check_free(path: Path, *, force: bool) -> None:
    """Check that an export can be written to a folder.

    Raises:
        ArtifactError: something is there, and it is no export, or is not to be replaced.
    """
    if not lexists(path):
        return
    if not force:
        raise ArtifactError(
            f"{path}: exists already",
            hint="choose another --output, or replace it with --force",
        )
    if not _is_export(path):
        raise ArtifactError(
            f"{path}: is no export; --force replaces exports only", hint="choose another --output"
        )


@contextmanager
def whole_folder(path: Path, *, force: bool) -> Iterator[Path]:
    """A folder to write to, which gets the name `path` in the end; after an error nothing is left.

    Raises:
        ArtifactError: see `check_free`; or the disk refuses it.
    """
    check_free(path, force=force)
    path = path.resolve() if path.name in {"", ".."} else path
    absent = [parent for parent in path.parents if not lexists(parent)]
    hidden = path.with_name(f".export-{uuid.uuid4().hex}")
    aside = hidden.with_name(f"{hidden.name}-replaced")
    try:
        with writing(path):
            hidden.mkdir(parents=True)
        yield hidden
        check_free(path, force=force)
        with writing(path):
            if path.exists():
                path.rename(aside)
            hidden.rename(path)
    except BaseException:
        shutil.rmtree(hidden, ignore_errors=True)
        if aside.exists() and not path.exists():
            aside.rename(path)
        for parent in absent:
            with suppress(OSError):
                parent.rmdir()
        raise
    shutil.rmtree(aside, ignore_errors=True)


def write_beside(
    folder: Path,
    run: Run,
    rules: Rules,
    *,
    settings: Mapping[str, Any],
    packages: tuple[str, ...],
    sources: Mapping[str, str],
    card: str,
) -> None:
    """Write what stands beside a model of any format.

    Args:
        folder: where to.
        run: what is exported.
        rules: of its tokenizer.
        settings: how the model is read.
        packages: which wrote it, and read it.
        sources: of programs, by the names of their files.
        card: the README.
    """
    write_whole(folder / LABELS, to_json(stored_labels(run.labels)))
    write_whole(folder / TOKENIZER_RULES, to_json(rules.to_json()))
    for name, source in sources.items():
        write_whole(folder / name, source.encode())
    origin = {
        "run_sha256": {name: digest(run.path / name) for name in _files_of(run.path)},
        "versions": {
            "gru-sent": gru_sentiment.__version__,
            "python": platform.python_version(),
            "spacy": rules.spacy,
            **{name: version(name) for name in packages},
        },
    }
    named = {"format": FORMAT, "version": VERSION}
    write_whole(folder / SETTINGS, to_json({**named, **settings, **origin}))
    write_whole(folder / CARD, card.encode("utf-8", "backslashreplace"))


def _files_of(run: Path) -> list[str]:
    """The files of a run, and of the runs in it, that decide its predictions."""
    folders = [run, *run.glob(f"{MEMBERS}/*"), *run.glob(f"{MEMBERS}/*/{MEMBERS}/*")]
    names = [path / name for path in sorted(folders) for name in (KIND, *NEEDED, CALIBRATION)]
    return [path.relative_to(run).as_posix() for path in names if path.is_file()]


def _is_export(path: Path) -> bool:
    if path.is_symlink() or not (path / SETTINGS).is_file():
        return False
    with suppress(ArtifactError):
        return read_object(path / SETTINGS).get("format") == FORMAT
    return False
