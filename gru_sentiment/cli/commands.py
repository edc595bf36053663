"""The commands, each imported when it is called: what one command needs, no other waits for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from gru_sentiment.cli.arguments import Command
from gru_sentiment.cli.examples import epilog

MODULES = {
    "init": "init",
    "train": "train",
    "pretrain": "pretrain",
    "reproduce": "train",
    "baseline": "baseline",
    "fuse": "fuse",
    "evaluate": "evaluate",
    "predict": "predict",
    "export": "export",
    "runs": "runs",
    "compare": "runs",
    "config": "config",
    "data": "data",
}
"""By command, as the help lists them: the module that holds it."""
GROUPS = ("config", "data")
"""Commands that have commands of their own."""


class Commands(Mapping[str, Any]):
    """All commands by name; one is imported when it is looked up."""

    def __init__(self) -> None:
        self.loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        module = MODULES[name]
        if name not in self.loaded:
            self.loaded[name] = _command(name, import_module(f"gru_sentiment.cli.{module}"))
        return self.loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in MODULES

    def __iter__(self) -> Iterator[str]:
        return iter(MODULES)

    def __len__(self) -> int:
        return len(MODULES)


class LazyGroup(TyperGroup):
    """The program, whose commands are imported when they are looked up."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands: Any = Commands()


def _command(name: str, module: Any) -> Any:
    """The command of this name, or the group, as Typer makes it for a program that has it."""
    program = typer.Typer()
    if name in GROUPS:
        program.add_typer(module.app, name=name)
    else:
        program.command(name, cls=Command, epilog=epilog(name))(getattr(module, name))
    program.callback()(lambda: None)
    return typer.main.get_group(program).commands[name]
