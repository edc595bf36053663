"""What all sections are told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"
CONFIGS = ROOT / "configs"


@dataclass(frozen=True)
class Settings:
    """How to measure."""

    quick: bool
    """Small sizes: shows that everything runs; its figures mean nothing."""
    rounds: int
    """Rounds at most; what is slow has fewer, and its figures say how many."""
    work: Path
    """A folder for what the sections write and nobody keeps."""
    threads: int
    """CPU threads of torch."""
    vectors: Path | None
    """Word vectors (100-d) in GloVe's format for the article's recipe; random ones without."""
    run: Path | None
    """A trained run for the command line; the default is trained without."""

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """From JSON values, paths as strings."""
        paths = {key: values[key] and Path(values[key]) for key in ("work", "vectors", "run")}
        return cls(**{**values, **paths})
