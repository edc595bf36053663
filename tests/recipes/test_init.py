"""A file is looked at, and the config that comes of it trains."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from gru_sentiment.config.loading import load_config
from gru_sentiment.errors import ConfigError, DataError
from gru_sentiment.recipes import init
from gru_sentiment.recipes.init import config_for, config_text, survey

GOOD = "It works well, looks lovely and I am happy with it."
BAD = "It broke at once, and I am very disappointed with it."


def write(path: Path, rows: list[tuple[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows([("Note", "Rating"), *rows])
    return path


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A file of sentiment that names nothing as the defaults do."""
    rows = [(f"{GOOD} Order {i}.", "fine") for i in range(30)]
    rows += [(f"{BAD} Order {i}.", "poor") for i in range(20)]
    return write(tmp_path / "notes.csv", rows)


def test_what_a_file_holds(notes: Path) -> None:
    found = survey(notes)
    assert found.dialect == {"delimiter": ";"}
    assert (found.text_column, found.label_column) == ("Note", "Rating")
    assert (found.rows, found.classes) == (50, {"fine": 30, "poor": 20})
    assert found.words == {50: 13, 95: 13, 100: 13}
    assert (found.language, found.start) == ("en", "bundled/classifier")


def test_labels_that_do_not_go_with_sentiment(notes: Path) -> None:
    rows = [(text, "ab"[i % 2]) for i, text in enumerate([GOOD, BAD, BAD, GOOD] * 10)]
    assert survey(write(notes, rows)).start == "bundled"


@pytest.mark.parametrize(
    ("readers", "start"),
    [(["classifier", "encoder"], None), (["classifier"], "bundled"), ([], "bundled/classifier")],
)
def test_texts_that_the_package_has_read_do_not_start_from_it(
    notes: Path, readers: list[str], start: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A training from there would be refused, because the scores would be too high."""
    monkeypatch.setattr(init, "share_read", lambda folder, _: 0.5 * (folder.name in readers))
    found = survey(notes)
    assert (found.start, found.read_before) == (start, bool(readers))
    assert config_for(notes).model.initialize_from == (start and Path(start))


def test_the_config_reads_the_file_from_its_own_folder(
    notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "configs"
    folder.mkdir()
    (folder / "notes.yaml").write_text(config_text(survey(notes), folder), "utf-8")
    text = (folder / "notes.yaml").read_text("utf-8")
    assert text.startswith("# notes.csv: 50 texts of 2 classes: fine (30), poor (20)\n")
    assert "path: ../notes.csv" in text
    monkeypatch.chdir("/")
    config = load_config(folder / "notes.yaml")
    assert config.data.path is not None
    assert config.data.path.resolve() == notes
    found = config_for(notes)
    assert found.data.model_copy(update={"path": config.data.path}) == config.data
    assert found.model_copy(update={"data": config.data}) == config


def test_what_is_set_goes_before_what_is_found(notes: Path) -> None:
    config = config_for(notes, ["training.epochs=2", "data.label_column=Rating"], {"run.seed": 4})
    assert (config.training.epochs, config.data.label_column, config.run.seed) == (2, "Rating", 4)
    with pytest.raises(DataError, match="no column 'Mark'") as caught:
        config_for(notes, ["data.label_column=Mark"])
    assert caught.value.hint == "name yours with data.text_column and data.label_column"
    with pytest.raises(ConfigError, match=r"training\.epoch"):
        config_for(notes, ["training.epoch=2"])


def test_a_language_without_blanks(tmp_path: Path) -> None:
    rows = [("电池两天后就坏了没有人回复我的邮件", "差")] * 9 + [("电池很好我非常喜欢它", "好")] * 9
    with pytest.raises(DataError, match="the texts are Chinese"):
        survey(write(tmp_path / "a.csv", rows))
    assert survey(write(tmp_path / "a.csv", rows), language="en").language == "en"


def test_labels_that_are_measurements(tmp_path: Path) -> None:
    rows = [(GOOD, f"{i % 30}.5") for i in range(300)]
    with pytest.raises(DataError, match="they seem to be measurements"):
        survey(write(tmp_path / "a.csv", rows))


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.parquet"])
def test_any_format_that_training_reads(name: str, tmp_path: Path) -> None:
    rows = [{"id": i, "label": i % 2, "text": (GOOD, BAD)[i % 2]} for i in range(40)]
    if name == "a.parquet":
        pyarrow.parquet.write_table(pa.Table.from_pylist(rows), tmp_path / name)
    else:
        lines = [json.dumps(row) for row in rows]
        text = "\n".join(lines) if name == "a.jsonl" else f"[{','.join(lines)}]"
        (tmp_path / name).write_text(text, "utf-8")
    found = survey(tmp_path / name)
    assert (found.text_column, found.label_column) == ("text", "label")
    assert found.classes == {"0": 20, "1": 20}


def test_rows_of_json_may_lack_columns_that_are_neither(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"label": i % 2, "text": (GOOD, BAD)[i % 2]} for i in range(40)]
    rows[0]["note"] = "a remark that only this row has"
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    assert survey(tmp_path / "a.jsonl").classes == {"0": 20, "1": 20}
    del rows[7]["label"]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    with pytest.raises(DataError, match="row 8: no field 'label'"):
        survey(tmp_path / "a.jsonl")
