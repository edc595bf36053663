"""`gru-sent predict TEXT`, also without Typer, whose own imports take longer than a prediction.

`parsed` reads the plainest command lines: options in full, each once, with values that need no
explanation. All others, and every mistake, are left to Typer.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gru_sentiment
from gru_sentiment.cli.errors import EndedError, ending
from gru_sentiment.cli.streams import print_json
from gru_sentiment.machine.environment import set_up_network, set_up_threads
from gru_sentiment.reporting.console import is_terminal, print_lines
from gru_sentiment.reporting.predictions import prediction_lines

FLAGS = {
    "--json": "as_json",
    "--offline": "offline",
    "--quiet": "quiet",
    "-q": "quiet",
    "--debug": "debug",
}
NUMBER = r"[0-9]{0,9}\.?[0-9]{1,9}"
VALUES = {
    "--run": ("run", r"[^-].*", Path),
    "--threshold": ("threshold", NUMBER, float),
    "--abstain": ("abstain", NUMBER, float),
    "--undecided": ("undecided", r"[^-].*", str),
    "--device": ("device", "auto|cpu", str),
    "--threads": ("threads", "[1-9][0-9]{0,2}", int),
}
"""By option: the parameter, its plainest values, and their type."""


def predict_text(
    text: str,
    run: Path | None = None,
    *,
    threshold: float | None = None,
    abstain: float = 0.0,
    undecided: str | None = None,
    as_json: bool = False,
    device: str = "auto",
    threads: int | None = None,
    offline: bool = False,
) -> None:
    """Predict the class of a text and print it."""
    set_up_network(offline=offline)
    set_up_threads(threads)
    classifier = gru_sentiment.load(run, device=device, threads=threads)
    (prediction,) = classifier.predict(
        [text], threshold=threshold, abstain=abstain, undecided=undecided
    )
    if as_json:
        print_json(prediction.to_json())
    else:
        print_lines(prediction_lines(prediction, terminal=is_terminal()))


def parsed(arguments: Sequence[str]) -> dict[str, Any] | None:
    """The parameters of `predict TEXT` by name; None for a command line that Typer must read."""
    if arguments[:1] != ["predict"] or any("COMPLETE" in name for name in os.environ):
        return None
    found: dict[str, Any] = {}
    words = list(arguments[1:])
    while words:
        word = words.pop(0)
        name, equals, given = word.partition("=")
        value: Any = True
        if word == "--" and len(words) == 1:
            name, value = "text", words.pop()
        elif word in FLAGS:
            name = FLAGS[word]
        elif name in VALUES:
            option, plain, kind = VALUES[name]
            given = given if equals else words.pop(0) if words else ""
            if not re.fullmatch(plain, given, re.DOTALL):
                return None
            name, value = option, kind(given)
        elif word.startswith("-"):
            return None
        else:
            name, value = "text", word
        if name in found:
            return None
        found[name] = value
    # Typer explains what belongs together
    return found if "text" in found and ("undecided" not in found or "abstain" in found) else None


def run(parameters: dict[str, Any]) -> None:
    """`predict_text` as a whole program.

    Raises:
        SystemExit: it failed.
    """
    debug, quiet = parameters.pop("debug", False), parameters.pop("quiet", False)
    try:
        with ending(debug=debug, quiet=quiet):
            predict_text(**parameters)
    except EndedError as end:
        sys.exit(end.code)
