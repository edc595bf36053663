"""Files that a command writes: tested before the work, and written together after it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from gru_sentiment.errors import ConfigError
from gru_sentiment.machine.same_file import Place, input_at, inputs_inside

SUMMARY = "GITHUB_STEP_SUMMARY"
"""Environment variable that names the file whose Markdown GitHub shows with a job."""


def check_outputs(
    outputs: Mapping[str, Path | None], inputs: Mapping[str, Sequence[Place]]
) -> None:
    """Check that every output can be written and is neither an input nor another output.

    The standard output is one too: it may be redirected into a file.

    Args:
        outputs: paths by option; None where an option was not given.
        inputs: what the command reads, by option or other name.

    Raises:
        ConfigError: an output that cannot be written, or has the path of another.
    """
    check_standard_output(inputs)
    taken: dict[Path, str] = {}
    for option, path in outputs.items():
        if path is None:
            continue
        with _explained(option, path):
            home = path.resolve()
            other = input_at(path, inputs) or taken.get(home)
            if other and not _is_stream(path):
                raise ConfigError(
                    f"{option} {path}: is the path of {other} too", hint="choose another path"
                )
            taken[home] = option
            _test(path)


def check_standard_output(inputs: Mapping[str, Sequence[Place]]) -> None:
    """Check that what is printed is not added to a file that the command reads.

    Raises:
        ConfigError: the standard output is redirected into such a file.
    """
    name = input_at(sys.stdout, inputs)
    if name:
        raise ConfigError(
            f"the standard output: is the path of {name} too", hint="redirect it to another file"
        )


def check_run_folder(
    folder: Path | None, inputs: Mapping[str, Sequence[Place]], *, force: bool
) -> None:
    """Check that a run folder which is going to be replaced holds nothing that the command reads.

    Args:
        folder: where the new run will lie; None for a name that is free.
        inputs: as for `check_outputs`.
        force: whether a folder that exists is replaced.

    Raises:
        ConfigError: the folder is an input, or holds one or the current folder.
    """
    check_standard_output(inputs)
    if folder is None or not force or not folder.is_dir():
        return
    name = inputs_inside(folder, {**inputs, "the current folder": [Path.cwd()]})
    if name:
        raise ConfigError(
            f"--output {folder}: would be replaced, and {name} lies there",
            hint="choose another --output",
        )


def write_outputs(outputs: Mapping[str, tuple[Path, str]]) -> None:
    """Write texts to files, all of them or, where one fails, none.

    Half a surrogate pair, as in a path that is not UTF-8, is escaped.

    Args:
        outputs: path and text by option.

    Raises:
        ConfigError: a file cannot be written.
    """
    with ExitStack() as stack:
        for option, (path, text) in outputs.items():
            target = path if _is_stream(path) else _temporary(path)
            if target is not path:
                stack.callback(target.unlink, missing_ok=True)
            with _explained(option, path):
                target.write_text(text, "utf-8", errors="backslashreplace")
        for option, (path, _) in outputs.items():
            if not _is_stream(path):
                # resolved, so that a link stays and its target is replaced
                with _explained(option, path):
                    os.replace(_temporary(path), path.resolve())


def summary_file() -> Path | None:
    """The file whose Markdown GitHub shows with a job; None outside such a job."""
    name = os.environ.get(SUMMARY)
    return Path(name) if name else None


def append_summary(markdown: str) -> None:
    """Add to the summary that GitHub shows with a job; nothing outside such a job.

    Raises:
        ConfigError: the file cannot be written.
    """
    path = summary_file()
    if path is not None:
        with _explained(SUMMARY, path), path.open("ab") as file:
            file.write(markdown.encode("utf-8", "backslashreplace"))


def _test(path: Path) -> None:
    """Create and remove a file beside the output, or fail as writing would."""
    if path.is_dir():
        raise IsADirectoryError(None, "it is a folder")
    if not _is_stream(path):
        temporary = _temporary(path)
        temporary.touch()
        temporary.unlink()


def _temporary(path: Path) -> Path:
    """A file beside the output, which replaces it when it is complete."""
    home = path.resolve()
    return home.with_name(f".{home.name}.{os.getpid()}.tmp")


def _is_stream(path: Path) -> bool:
    """Whether a path is a pipe, a terminal or /dev/null, which is written to and never replaced."""
    return path.exists() and not path.is_file()


@contextmanager
def _explained(option: str, path: Path) -> Iterator[None]:
    """Turn an error of the disk into one that names the option."""
    try:
        yield
    except OSError as error:
        raise ConfigError(
            f"{option} {path}: cannot be written: {error.strerror or error}",
            hint="choose another path",
        ) from error
