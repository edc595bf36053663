"""Records of a config and their splits."""

from __future__ import annotations

from pathlib import Path

from gru_sentiment.builders.dataset import build_records
from gru_sentiment.config.sections import DataConfig


def test_records_of_files_keep_their_parts(tmp_path: Path) -> None:
    for part, rows in {"a": 3, "b": 2}.items():
        lines = "".join(f"{part}{i},{i % 2}\n" for i in range(rows))
        (tmp_path / f"{part}.csv").write_text(f"review,class\n{lines}", "utf-8")
    config = DataConfig(
        source="files",
        path=tmp_path / "a.csv",
        test_path=tmp_path / "b.csv",
        text_column="review",
        label_column="class",
        label_names=("no", "yes"),
    )
    records = build_records(config)
    assert records.texts.to_pylist() == ["a0", "a1", "a2", "b0", "b1"]
    assert list(records.labels) == ["no", "yes", "no", "no", "yes"]
    assert {part: list(rows) for part, rows in records.splits.items()} == {
        "train": [0, 1, 2],
        "test": [3, 4],
    }
