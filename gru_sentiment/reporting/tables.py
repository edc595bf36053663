"""Tables as all reports write them."""

from __future__ import annotations

from rich import box
from rich.table import Table
from rich.text import Text

from gru_sentiment.reporting.wording import demand, interval, threshold_columns, threshold_rows
from gru_sentiment.results.evaluation import FoundThreshold
from gru_sentiment.results.suites import Judged


def new_table(first: str, *others: str) -> Table:
    """An empty table: a column of names, then columns of numbers."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column(Text(first))
    for name in others:
        table.add_column(Text(name), justify="right", overflow="fold")
    return table


def add_row(table: Table, *cells: str) -> None:
    """A row as it stands: names of the user may look like markup."""
    table.add_row(*map(Text, cells))


def gates_table(judged: Judged) -> Table:
    """A row a gate: what it asks for, what was found."""
    table = new_table("gate", "value", "95 % interval", "")
    for gate in judged.gates:
        found = f"{gate.value:.6g}", interval(gate.low, gate.high)
        add_row(table, demand(gate), *found, "met" if gate.passed else "FAILED")
    return table


def threshold_table(found: FoundThreshold) -> Table:
    """A row for every set of rows, at 0.5 and at the threshold."""
    table = new_table(*threshold_columns(found))
    for cells in threshold_rows(found):
        add_row(table, *cells)
    return table
