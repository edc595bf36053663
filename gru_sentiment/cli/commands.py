"""The commands, each imported when it is called: what one command needs, no other waits for."""

from __future__ import annotations

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
    "runs": "runs",
    "compare": "runs",
    "config": "config",
    "data": "data",
}
"""By command, as the help lists them: the module that holds it."""
GROUPS = ("config", "data")
"""Commands that have commands of their own."""


class LazyGroup(TyperGroup):
    """The commands of the program. All of them are loaded where all are shown."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """Their names, in the order of the help."""
        return list(MODULES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name, if there is one."""
        if cmd_name in MODULES and cmd_name not in self.commands:
            self.commands[cmd_name] = _load(cmd_name)
        return super().get_command(ctx, cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the words of a command line name; where there is none, similar names."""
        if args and args[0] not in MODULES:
            self.load_all()
        return super().resolve_command(ctx, args)

    def load_all(self) -> None:
        """Load all commands."""
        for name in MODULES:
            self.commands.setdefault(name, _load(name))


def _load(name: str) -> Any:
    module, found = import_module(f"gru_sentiment.cli.{MODULES[name]}"), typer.Typer()
    if name in GROUPS:
        found.add_typer(module.app, name=name)
    else:
        found.command(name, cls=Command, epilog=epilog(name))(getattr(module, name))
    found.callback()(lambda: None)
    return typer.main.get_group(found).commands[name]
