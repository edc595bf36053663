"""The entry point of `gru-sent`. Typer is loaded for all that `one_text` does not read itself."""

from __future__ import annotations

import sys

from gru_sentiment.cli import one_text
from gru_sentiment.cli.errors import USER_ERROR
from gru_sentiment.cli.streams import set_up_streams
from gru_sentiment.errors import UserError
from gru_sentiment.machine.environment import set_up_process


def main() -> None:
    """Run the program, on whatever its standard streams are."""
    set_up_process()
    set_up_streams()
    try:
        try:
            _run()
        finally:
            sys.stdout.flush()
    except UserError as error:
        # the help, or the rest of a report, cannot be written
        print(f"error: {error}", file=sys.stderr)
        sys.exit(USER_ERROR)


def _run() -> None:
    if (parameters := one_text.parsed(sys.argv[1:])) is not None:
        one_text.run(parameters)
        return
    from gru_sentiment.cli.app import app

    app()
