"""Cells are shown as they are."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from gru_sentiment.reporting.cells import gate_cells
from gru_sentiment.reporting.tables import add_row, new_table, table_of
from gru_sentiment.results.evaluation import GateResult


@pytest.mark.parametrize("name", ["[bold]x", "[/b]", ":smile:", "\\"])
def test_names_that_look_like_markup(name: str) -> None:
    table = new_table(name, f"{name}2")
    add_row(table, f"{name}3", f"{name}4")
    console = Console(file=StringIO(), width=80)
    console.print(table)
    assert isinstance(console.file, StringIO)
    text = console.file.getvalue()
    assert all(f"{name}{end}" in text for end in ("", "2", "3", "4"))


def test_a_row_a_gate() -> None:
    gates = [
        GateResult("suite.a", "floor", 0.8, end, 0.75, 0.3, 0.95, passed=end is None)
        for end in (None, "lower")
    ]
    table = table_of(gate_cells(gates))
    cells = [[str(cell) for cell in column.cells] for column in table.columns]
    assert cells[0] == ["suite.a >= 0.8", "lower end of suite.a >= 0.8"]
    assert cells[1:] == [["0.75"] * 2, ["0.3000 to 0.9500"] * 2, ["met", "FAILED"]]
