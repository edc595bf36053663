"""Tables for a terminal."""

from __future__ import annotations

from rich import box
from rich.table import Table
from rich.text import Text

from gru_sentiment.reporting.cells import Cells


def new_table(first: str, *others: str) -> Table:
    """An empty table: a column of names, then columns of numbers."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column(Text(first))
    for name in others:
        table.add_column(Text(name), justify="right", overflow="fold")
    return table


def add_row(table: Table, *cells: str) -> None:
    """Add a row of plain text: a name that looks like rich's markup is shown as it is."""
    table.add_row(*map(Text, cells))


def table_of(cells: Cells) -> Table:
    """A table with all its rows."""
    table = new_table(*cells.head)
    for row in cells.rows:
        add_row(table, *row)
    return table
