"""An export for a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from gru_sentiment.reporting.numbers import share_of
from gru_sentiment.results.export import Export


def export_report(export: Export) -> RenderableType:
    """How well it predicts what the run does, its size, and where it is."""
    return Group(
        Text(f"compared with {export.run} on {export.texts:,} {export.on}:"),
        Text(f"  probabilities differ by {export.difference:.1e} at most"),
        Text(f"  other classes for {share_of(export.changed, export.texts)}"),
        Text(f"model: {export.model_bytes / 2**20:.1f} MiB"),
        Text(f"exported: {export.folder} (python {export.folder}/example.py TEXT)"),
    )
