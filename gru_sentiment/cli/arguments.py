"""How the words of a command line are read, where Typer's own message would not help."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperCommand


class Command(TyperCommand):
    """A command that explains how to give a text or path that begins with a hyphen."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words behind the command's name.

        Raises:
            BadParameter: a word begins with a hyphen and is a text rather than an option, or holds
                a NUL character.
        """
        words = list(args)
        if any("\0" in word for word in words):
            raise typer.BadParameter("no text or path can hold a NUL character", ctx=ctx)
        if parted := _parted_setting(words):
            raise typer.BadParameter(parted, ctx=ctx)
        try:
            return super().parse_args(ctx, args)
        except Exception as error:
            # the class lies in click, or in the copy of it that newer versions of Typer hold
            if "unexpected extra argument" in str(getattr(error, "message", "")):
                raise typer.BadParameter(_unquoted(words, ctx.command_path), ctx=ctx) from error
            text = _misread(words)
            if type(error).__name__ != "NoSuchOption" or not text:
                raise
            raise typer.BadParameter(
                f'{text!r} begins with "-" and is read as options. Write -- before it: '
                f'{ctx.command_path} -- "{text}"',
                ctx=ctx,
            ) from error


def _parted_setting(words: Sequence[str]) -> str:
    """What to do about a --set whose value the shell took apart at blanks; empty if none is."""
    for i, word in enumerate(words[:-2]):
        key, behind = words[i + 1], words[i + 2 : i + 4]
        if word == "--set" and ("=" not in key or key.endswith("=")) and behind[0][:1] != "-":
            return (
                f"--set {key} {behind[0]}: leave no blanks around =, or quote all of it: "
                f"--set '{key.rstrip('=')}={' '.join(behind).strip(' =')}'"
            )
    return ""


def _unquoted(words: Sequence[str], command: str) -> str:
    """What to do about words that belong to no option: the shell took a value apart at blanks."""
    plain = " ".join(itertools.takewhile(lambda word: not word.startswith("-"), words))
    return (
        f"more words than this command takes. A text or path that holds blanks must be quoted: "
        f'{command} "{plain or "a text"}"'
    )


def _misread(words: Sequence[str]) -> str:
    """The first word that begins with a hyphen and is a text rather than an option; else empty."""
    for word in words:
        if word == "--":
            break
        name, equals, _ = word.partition("=")
        is_option = word.startswith("--") and bool(equals) and " " not in name
        if word.startswith("-") and not is_option and (" " in word or word[1:2].isdigit()):
            return word
    return ""
