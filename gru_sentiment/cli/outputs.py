"""Files that a command is asked to write: tried before the work, written together after it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from gru_sentiment.errors import ConfigError

SUMMARY = "GITHUB_STEP_SUMMARY"
"""The variable that names the file whose Markdown GitHub shows with a job."""


def check_outputs(outputs: Mapping[str, Path | None], inputs: Mapping[str, Path | None]) -> None:
    """That every output can be written, and none is another one or an input; by option.

    Raises:
        ConfigError: one cannot.
    """
    taken = {path.resolve(): option for option, path in inputs.items() if path is not None}
    for option, path in _given(outputs):
        if path.resolve() in taken and not _is_stream(path):
            raise ConfigError(
                f"{option} {path}: is what {taken[path.resolve()]} names too",
                hint="give it a name of its own",
            )
        taken[path.resolve()] = option
        with _explained(option, path):
            _try(path)


def write_outputs(outputs: Mapping[str, tuple[Path, str]]) -> None:
    """Write texts to their files, by option: each whole, and none where one fails.

    Raises:
        ConfigError: the disk refuses one.
    """
    with ExitStack() as stack:
        for option, (path, text) in outputs.items():
            target = path if _is_stream(path) else _temporary(path)
            if target is not path:
                stack.callback(target.unlink, missing_ok=True)
            with _explained(option, path):
                target.write_text(text, "utf-8")
        for option, (path, _) in outputs.items():
            if not _is_stream(path):
                # behind a link, what the link names
                with _explained(option, path):
                    os.replace(_temporary(path), path.resolve())


def summary_file() -> Path | None:
    """Where what GitHub shows with the job is collected, where there is such a job."""
    name = os.environ.get(SUMMARY)
    return Path(name) if name else None


def append_summary(markdown: str) -> None:
    """Add to what GitHub shows with the job, if there is one.

    Raises:
        ConfigError: the disk refuses it.
    """
    path = summary_file()
    if path is not None:
        with _explained(SUMMARY, path), path.open("a", encoding="utf-8") as file:
            file.write(markdown)


def _given(outputs: Mapping[str, Path | None]) -> Iterator[tuple[str, Path]]:
    return ((option, path) for option, path in outputs.items() if path is not None)


def _try(path: Path) -> None:
    if path.is_dir():
        raise IsADirectoryError(None, "it is a folder")
    if not _is_stream(path):
        temporary = _temporary(path)
        temporary.touch()
        temporary.unlink()


def _temporary(path: Path) -> Path:
    """UnlabelledSampler the file, so that it can take its place."""
    home = path.resolve()
    return home.with_name(f".{home.name}.{os.getpid()}.tmp")


def _is_stream(path: Path) -> bool:
    """A pipe, a terminal or /dev/null: written to, never replaced."""
    return path.exists() and not path.is_file()


@contextmanager
def _explained(option: str, path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(
            f"{option} {path}: cannot be written: {error.strerror or error}",
            hint="choose another place",
        ) from error
