from __future__ import annotations

from pathlib import Path

from gru_sentiment.data.vocab import SPECIALS

WORDS = [*SPECIALS, "the", "film", ". . .", "caf\u00e9", "missing"]


ROWS = {
    "the": [0.5, -1.25, 3e-05],
    "unwanted": [9.0, 9.0, 9.0],
    ". . .": [-0.1, 0.2, -0.3],
    "film": [4.0, 5.0, 6.0],
    "caf\u00e9": [7.0, 8.0, 9.0],
    "at name@domain.com": [1.0, 1.0, 1.0],
}


TEXT = "".join(f"{word} {' '.join(map(str, row))}\n" for word, row in ROWS.items())


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
