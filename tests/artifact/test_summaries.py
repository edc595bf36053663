"""A run's plain files are read whatever they hold."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_sentiment.artifact.files import MAX_TEXT_BYTES, read_json
from gru_sentiment.artifact.summaries import (
    by_dotted_key,
    find_runs,
    read_fingerprint,
    read_summary,
)
from gru_sentiment.errors import ArtifactError, UserError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
FIELDS = ("kind", "seed", "parameters", "total_s", "started_at", "data_fingerprint")
KNOWN = st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, VALUES))


def test_flat() -> None:
    assert by_dotted_key({"a": {"b": 1, "c": {"d": [2]}}, "e": None}) == {
        "a.b": 1,
        "a.c.d": [2],
        "e": None,
    }


@settings(max_examples=150, deadline=None)
@given(about=KNOWN | VALUES, metrics=VALUES, config=st.binary(max_size=40) | VALUES)
def test_any_content_is_read_or_refused(about: Any, metrics: Any, config: Any) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "metadata.json").write_text(json.dumps(about), "utf-8")
        (folder / "metrics.json").write_text(json.dumps(metrics), "utf-8")
        text = config if isinstance(config, bytes) else json.dumps(config).encode()
        (folder / "config.yaml").write_bytes(text)
        try:
            summary = read_summary(folder)
        except UserError:
            return
        assert summary.run == str(folder)
        assert all(-1e300 < value < 1e300 for value in summary.metrics.values())
        for text_field in (summary.kind, summary.cell, summary.date):
            assert text_field is None or text_field.isprintable()
        json.dumps(summary.to_json())


def test_numbers_that_are_none_are_not_known() -> None:
    folder = Path("run")
    folder.mkdir()
    about = {"seed": True, "parameters": {"total": "many"}, "total_s": float("nan"), "kind": 7}
    (folder / "metadata.json").write_text(json.dumps(about), "utf-8")
    summary = read_summary(folder)
    assert (summary.seed, summary.parameters, summary.minutes) == (None, None, None)
    assert (summary.kind, summary.config, summary.metrics) == ("net", {}, {})


def test_only_so_deep_and_no_hidden_folders() -> None:
    for name in ("runs/a/b/run", "runs/a/b/c/run", "runs/.hidden/run", "runs/run"):
        Path(name).mkdir(parents=True)
        (Path(name) / "config.yaml").write_text("", "utf-8")
    assert [str(path) for path in find_runs(Path("runs"))] == ["runs/a/b/run", "runs/run"]
    assert list(find_runs(Path("nope"))) == []


def test_the_fingerprint() -> None:
    folder = Path("run")
    folder.mkdir()
    assert read_fingerprint(folder) is None
    (folder / "metadata.json").write_text('{"data_fingerprint": "abc"}', "utf-8")
    assert read_fingerprint(folder) == "abc"


def test_a_file_that_is_no_json() -> None:
    path = Path("x.json")
    with pytest.raises(ArtifactError, match="cannot be read: No such file"):
        read_json(path)
    path.write_text("[" * 100_000, "utf-8")
    with pytest.raises(ArtifactError, match="not valid JSON"):
        read_json(path)
    with path.open("wb") as file:
        file.truncate(MAX_TEXT_BYTES + 1)
    with pytest.raises(ArtifactError, match="larger than"):
        read_json(path)
