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
    LABELS,
    NEEDED,
    NGRAMS,
    VOCABULARY,
    WEIGHTS,
    to_json,
    write_whole,
    writing,
)
from gru_sentiment.artifact.manifest import digest
from gru_sentiment.data.rules import Rules
from gru_sentiment.errors import ArtifactError
from gru_sentiment.export.sources import joined, renamed
from gru_sentiment.trained.network import Network

SETTINGS, TOKENIZER_RULES, CARD = "export.json", "tokenizer.json", "README.md"
NGRAM_VOCABULARY = "ngram-vocabulary.txt"
TOKENIZER, EXAMPLE = "tokenizer.py", "example.py"
FORMAT, VERSION = "gru-sent export", 1
"""Of the folder. Raise the version when older examples would read it wrong."""
TOKENIZER_MODULES = ("errors", "data.rules", "data.rule_tokenizer")


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
    network: Network,
    rules: Rules,
    *,
    form: Mapping[str, Any],
    packages: tuple[str, ...],
    example: str,
    card: str,
) -> None:
    """Write everything but the model.

    Args:
        folder: where to.
        network: what is exported.
        rules: of its tokenizer.
        form: the form that the model has, for the settings.
        packages: which wrote it, and read it.
        example: the module that becomes the example.
        card: the README.
    """
    write_whole(folder / VOCABULARY, network.vocabulary.to_text().encode())
    if network.ngrams is not None:
        write_whole(folder / NGRAM_VOCABULARY, network.ngrams.vocabulary.to_text().encode())
    write_whole(folder / LABELS, to_json(stored_labels(network.labels)))
    write_whole(folder / TOKENIZER_RULES, to_json(rules.to_json()))
    write_whole(folder / TOKENIZER, joined(TOKENIZER_MODULES).encode())
    source = renamed(example, TOKENIZER_MODULES, Path(TOKENIZER).stem)
    write_whole(folder / EXAMPLE, source.encode())
    write_whole(folder / SETTINGS, to_json(_settings(network, rules, form, packages)))
    write_whole(folder / CARD, card.encode("utf-8", "backslashreplace"))


def _settings(
    network: Network, rules: Rules, form: Mapping[str, Any], packages: tuple[str, ...]
) -> dict[str, Any]:
    text, fitted = network.config.text, network.calibration
    head = text.head_tokens if text.max_tokens is None else min(text.head_tokens, text.max_tokens)
    names = (*NEEDED, CALIBRATION, f"{NGRAMS}/{WEIGHTS}", f"{NGRAMS}/{VOCABULARY}")
    files = [name for name in names if (network.path / name).is_file()]
    return {
        "format": FORMAT,
        "version": VERSION,
        **form,
        "ngrams": network.ngrams is not None,
        "text": {
            "language": text.language,
            "lowercase": text.lowercase,
            "max_tokens": text.max_tokens,
            "head_tokens": head,
        },
        "temperature": fitted.temperature,
        "prior": None if fitted.prior is None else fitted.prior.tolist(),
        "thresholds": None if fitted.thresholds is None else fitted.thresholds.tolist(),
        "run_sha256": {name: digest(network.path / name) for name in files},
        "versions": {
            "gru-sent": gru_sentiment.__version__,
            "python": platform.python_version(),
            "spacy": rules.spacy,
            **{name: version(name) for name in packages},
        },
    }


def _is_export(path: Path) -> bool:
    if path.is_symlink() or not (path / SETTINGS).is_file():
        return False
    with suppress(ArtifactError):
        return read_object(path / SETTINGS).get("format") == FORMAT
    return False
