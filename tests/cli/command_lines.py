"""Random command lines: a value, mostly an odd one, for any option and argument of any command."""

from __future__ import annotations

import inspect
import io
import os
import random
import shutil
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args, get_type_hints

import typer

from gru_sentiment.cli.app import app
from gru_sentiment.config.sections import Config

ALLOWED = {0, 2, 3, 4}
"""Exit codes that a command line may end with: done, the user's error, a failed check, bad rows."""
LONG = "x" * 300
NUMBERS = [*map(str, range(-2, 4)), "0.5", "-0.0", "1e-9", "1e999", "nan", "-inf", f"1{'0' * 30}"]
NUMBERS += ["9" * 5_000, "", " ", "0_2", "0x10", "٣", "2,5"]
PATHS = [
    *(
        "runs/tiny",
        "runs/latest",
        "runs",
        "runs/no",
        "bundled",
        "tiny.yaml",
        "reviews.csv",
        "in.txt",
    ),
    *("broken.yaml", "empty", "sub", "sub/new", "loop", "gone", "file/below", "new.csv", "-", "--"),
    *("", " ", ".", "..", "./.", "/", "//", "~", "~no-user/x", "$HOME", "a\0b", LONG, "d/" * 3_000),
    *(
        "né好.csv",
        "\udcff\udcfe",
        "a\nb",
        "*",
        "/dev/null",
        "/dev/full",
        "/dev/stdin",
        "/proc/1/mem",
    ),
    *("/proc/none/x", "/dev/null/x", "fifo.csv/x", "new.parquet", "new.tsv", "new.jsonl", "x.xlsx"),
    *("reviews.csv/", "runs/tiny/config.yaml", "runs/tiny/model.safetensors", "link.csv"),
]
TEXTS = [
    *(
        "a great film",
        "",
        " ",
        "-5 stars",
        "né好🎬",
        "\udcff",
        "a\0b",
        "\x1b[31m",
        "[bold]x[/",
        LONG,
    ),
    *("x=y", "=", "accuracy=0.9", "accuracy=90", "f1.=1", "loss=0.3@upper", "length", "label"),
    *("negation", "all", "precision=0.95", "0.005@lower", "test.macro_f1", "-date", "cell=gru"),
]
YAML = [
    *NUMBERS,
    *(
        "!!float ''",
        "!!int ''",
        "!!bool x",
        "!!timestamp x",
        "!!binary x",
        "!!set {a}",
        "!!python/x",
    ),
    *("!!null x", "!x", "&a 1", "*a", "<<: 1", "[", "{", "[1, [2]]", "{a: 1, a: 2}", "{? [1] : 2}"),
    *(
        "null",
        "~",
        "true",
        "yes",
        ".nan",
        "-.inf",
        "2024-01-01",
        "'",
        '"\\ud800"',
        '"\\0"',
        "\t",
        "|",
    ),
    *(
        "[" * 2_000,
        "a: b: c",
        "- x",
        "# x",
        "%YAML 9",
        "---\n...",
        "\x07",
        "bce",
        "hub",
        "name",
        "file",
    ),
]
SANE = {
    **dict.fromkeys(("config", "file"), "tiny.yaml"),
    **dict.fromkeys(("run", "runs", "against", "resume"), "runs/tiny"),
    **dict.fromkeys(("data", "source"), "reviews.csv"),
}
"""Values of parameters with which a command comes further than to its first message."""
STDIN = [
    b"",
    b"great\nawful\n",
    b"\xff\n",
    b"text,label\ngreat,positive\n",
    b'{"text": 1}\n',
    b"\0",
]


def keys() -> list[str]:
    """Dotted keys of a config, and some that are none."""
    found = ["", ".", "data", "data.", ".path", "data.path.x", "né", "a\0b", "data..path", LONG]
    for section, field in Config.model_fields.items():
        fields = getattr(_kind(field.annotation), "model_fields", {})
        found += [section, *(f"{section}.{name}" for name in fields)]
    return found


def leaves(command: Any, *names: str) -> Iterator[tuple[list[str], Any]]:
    """Every command that is no group, with its names."""
    children = getattr(command, "commands", None)
    if children is None:
        yield list(names), command
    for name, child in (children or {}).items():
        yield from leaves(child, *names, name)


class Lines:
    """A seeded source of command lines."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)
        self._commands = list(leaves(typer.main.get_command(app)))
        self._keys = keys()

    def line(self) -> list[str]:
        """The words behind the program's name."""
        names, command = self._draw.choice(self._commands)
        words, kinds = list[str](), _kinds(command)
        for parameter in command.params:
            required = parameter.required or "config" in str(parameter.name)
            if self._draw.random() < (0.95 if required else 0.2):
                for _ in range(self._draw.choice([1, 1, 2]) if _takes_several(parameter) else 1):
                    words += self._words(parameter, kinds)
        if self._draw.random() < 0.05:
            words.insert(self._draw.randrange(len(words) + 1), self._draw.choice(TEXTS + PATHS))
        prefix = ["--verbose"] if self._draw.random() < 0.01 else []
        return [*prefix, *names, *words]

    def input(self) -> bytes:
        """What comes from the standard input."""
        return self._draw.choice(STDIN)

    def folder(self) -> str:
        """The current folder, which is sometimes one that was removed."""
        return self._draw.choice(["work"] * 19 + ["removed"])

    def _words(self, parameter: Any, kinds: dict[str, type]) -> list[str]:
        if parameter.param_type_name == "argument":
            return [self._value(parameter, kinds)]
        option = self._draw.choice(parameter.opts)
        if getattr(parameter, "is_flag", False):
            return [option]
        value = self._value(parameter, kinds)
        joined = option.startswith("--") and self._draw.random() < 0.3
        return [f"{option}={value}"] if joined else [option, value]

    def _value(self, parameter: Any, kinds: dict[str, type]) -> str:
        name, kind = str(parameter.name), kinds[parameter.name]
        if name == "overrides":
            equals = "=" if self._draw.random() < 0.95 else ""
            return self._draw.choice(self._keys) + equals + self._draw.choice(YAML + PATHS)
        if name in SANE and self._draw.random() < 0.7:
            return SANE[name]
        if issubclass(kind, StrEnum):
            return self._draw.choice([*map(str, kind), "", "né", LONG])
        if kind in {int, float}:
            return self._draw.choice(NUMBERS)
        return self._draw.choice(PATHS if kind is Path else [*TEXTS, *NUMBERS, *PATHS])


def _kinds(command: Any) -> dict[str, type]:
    """The type of every parameter, or of the items of its list."""
    hints = get_type_hints(inspect.unwrap(command.callback))
    return {name: _kind(hint) for name, hint in hints.items()}


def _kind(hint: Any) -> type:
    """The type in `X | None`, `list[X]` or `X`."""
    inner = [kind for kind in get_args(hint) if kind is not type(None)]
    return _kind(inner[0]) if inner else hint if isinstance(hint, type) else str


def _takes_several(parameter: Any) -> bool:
    return bool(getattr(parameter, "multiple", False)) or parameter.nargs == -1


class Workplace:
    """A folder that is made anew for every line, and a watch over what is written outside."""

    def __init__(self, home: Path, template: Path, *allowed: Path) -> None:
        self.home, self._template = home, template
        self._allowed = tuple(map(str, (home, *allowed, "/dev/", "/proc/")))
        self._watching, self.escapes = False, list[str]()
        sys.addaudithook(self._audit)

    @contextmanager
    def entered(self, folder: str) -> Iterator[None]:
        """Work in a fresh folder; `removed` names one that is no longer there."""
        work = self.home / folder
        shutil.copytree(self._template, work, symlinks=True)
        os.chdir(work)
        if folder == "removed":
            shutil.rmtree(work)
        self._watching = True
        try:
            yield
        finally:
            self._watching = False
            os.chdir(self.home)
            for path in self.home.iterdir():
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._watching or event not in WRITES or not WRITES[event](arguments):
            return
        names = arguments[:2] if event in {"os.rename", "os.link"} else arguments[:1]
        for name in names:
            if isinstance(name, str | bytes | os.PathLike):
                self._check(event, os.fsdecode(name))

    def _check(self, event: str, name: str) -> None:
        try:
            path = os.path.abspath(name)
        except (OSError, ValueError):  # the current folder was removed
            return
        if not f"{path}/".startswith(self._allowed):
            self.escapes.append(f"{event} {path}")


def _opens_to_write(arguments: tuple[Any, ...]) -> bool:
    flags = arguments[2] if len(arguments) > 2 else 0
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


WRITES: dict[str, Callable[[tuple[Any, ...]], bool]] = {
    "open": _opens_to_write,
    **{
        f"os.{name}": lambda _: True
        for name in ("mkdir", "rename", "remove", "rmdir", "link", "symlink", "truncate", "chmod")
    },
}
"""Audit events of Python that change a disk, and whether one of them does."""


def run_line(words: list[str], source: bytes) -> str:
    """What is wrong with how a command line ends; empty if nothing is."""
    raw, code, trace = io.BytesIO(), None, ""
    # as main() sets the streams up, but in memory
    streams = [io.TextIOWrapper(raw, "utf-8", "backslashreplace", write_through=True)] * 2
    before = sys.stdin, sys.stdout, sys.stderr
    sys.stdin, sys.stdout, sys.stderr = io.TextIOWrapper(io.BytesIO(source)), *streams
    try:
        app(words, prog_name="gru-sent")
    except SystemExit as ended:
        code = ended.code
    except Exception as error:  # noqa: BLE001, any is a finding
        trace = "".join(traceback.format_exception(error)[-4:])
    finally:
        sys.stdin, sys.stdout, sys.stderr = before
    said = raw.getvalue().decode()
    unasked = "Traceback" in said and "--debug" not in words
    if code in ALLOWED and not unasked and not trace:
        return ""
    shown = [word if len(word) < 80 else f"{word[:40]}…({len(word)})" for word in words]
    return f"{shown}: exit code {code}\n{trace or said[-500:]}"


def failures(workplace: Workplace, seed: int, n: int) -> list[str]:
    """What is wrong with `n` random command lines."""
    lines, found = Lines(seed), []
    for number in range(n):
        folder, words, source = lines.folder(), lines.line(), lines.input()
        with workplace.entered(folder):
            problem = run_line(words, source)
        problem += "".join(f"\nwrote outside: {escape}" for escape in workplace.escapes)
        workplace.escapes.clear()
        if problem:
            # a worker of pytest cannot send a half surrogate pair
            found.append(ascii(f"line {number} of seed {seed} in {folder}: {problem}"))
    return found
