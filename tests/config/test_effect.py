"""A path or a name chooses its source, and what no source reads is an error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gru_sentiment.config.effect import READ_UNDER
from gru_sentiment.config.loading import dump_config, load_config
from gru_sentiment.config.sections import Config
from gru_sentiment.errors import ConfigError

HUB = "data: {source: hub, dataset: a/b, test_split: null}\nvectors: {source: name, name: glove}"


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Config]:
    def loaded(text: str, *overrides: str) -> Config:
        (tmp_path / "c.yaml").write_text(text, "utf-8")
        return load_config(tmp_path / "c.yaml", overrides)

    return loaded


@pytest.mark.parametrize("text", ["", "data: {source: package}", HUB, "data:"])
def test_a_path_on_the_command_line_is_trained_on(
    load: Callable[..., Config], text: str, tmp_path: Path
) -> None:
    """And not the 25,000 reviews of films that the config names."""
    data = load(text, "data.path=mine.csv").data
    assert (data.source, data.path) == ("files", tmp_path / "mine.csv")
    assert data.dataset is None


def test_a_folder_on_the_command_line(load: Callable[..., Config], tmp_path: Path) -> None:
    (tmp_path / "aclImdb").mkdir()
    assert load("", "data.path=aclImdb").data.source == "folder"


@pytest.mark.parametrize(
    ("text", "section", "source"),
    [
        ("data: {path: a.csv, validation_path: b.csv}", "data", "files"),
        ("data: {dataset: a/b, revision: c}", "data", "hub"),
        ("vectors: {name: glove.6B.50d}", "vectors", "name"),
        ("vectors: {path: a.txt}", "vectors", "file"),
    ],
)
def test_a_path_or_a_name_chooses_its_source(
    load: Callable[..., Config], text: str, section: str, source: str
) -> None:
    assert getattr(load(text), section).source == source


def test_another_source_leaves_out_what_it_does_not_read(load: Callable[..., Config]) -> None:
    config = load(HUB, "data.source=package", "vectors.source=none")
    assert (config.data.dataset, config.vectors.name) == (None, None)
    assert load(HUB, "vectors.path=a.txt").vectors.source == "file"
    assert load(HUB, "data={path: a.csv}").data.source == "files"


VALUES = {
    "data.path": "a.csv",
    "data.validation_path": "b.csv",
    "data.test_path": "c.csv",
    "data.label_names": "[a, b]",
    "data.delimiter": "';'",
    "data.quoting": "none",
    "vectors.path": "d.txt",
}


@pytest.mark.parametrize("key", READ_UNDER)
@pytest.mark.parametrize("by_override", [False, True])
def test_a_key_that_nothing_reads(load: Callable[..., Config], key: str, by_override: bool) -> None:
    choice, read_under = READ_UNDER[key]
    others = {"data.source": ["package"], "vectors.source": ["none"]}[choice]
    section, _, name = key.partition(".")
    value = VALUES.get(key, "x")
    for other in others:
        text = f"{section}: {{source: {other}, {name}: {value}}}"
        overrides = [f"{choice}={other}", f"{key}={value}"] if by_override else []
        with pytest.raises(ConfigError) as caught:
            load("" if by_override else text, *overrides)
        assert f"{key}: has no effect where {choice} is {other}; set {choice} to " in str(
            caught.value
        )
        assert " or ".join(read_under) in str(caught.value)


def test_two_sources_at_once(load: Callable[..., Config]) -> None:
    with pytest.raises(ConfigError, match=r"vectors.path: has no effect where .* is name"):
        load("", "vectors.name=glove.6B.50d", "vectors.path=a.txt")


def test_unlabelled_texts_are_read_by_the_same_keys(load: Callable[..., Config]) -> None:
    data = load("data: {unlabelled_path: a.csv, text_column: review, delimiter: ';'}").data
    assert (data.source, data.text_column, data.delimiter) == ("package", "review", ";")


@pytest.mark.parametrize(
    ("path", "key"),
    [("a.jsonl", "delimiter: ';'"), ("a.json.gz", "quoting: none"), ("a.parquet", "encoding: x")],
)
def test_a_dialect_that_no_file_is_read_with(
    load: Callable[..., Config], path: str, key: str
) -> None:
    with pytest.raises(
        ConfigError, match=f"data.{key.split(':', maxsplit=1)[0]}: has no effect on {path}"
    ):
        load(f"data: {{path: {path}, {key}}}")
    load(f"data: {{path: {path}, unlabelled_path: b.csv.gz, {key}}}")


def test_all_problems_come_at_once(load: Callable[..., Config]) -> None:
    with pytest.raises(ConfigError) as caught:
        load("data: {source: package, path: a.csv}\nmodel: {cell: grru}")
    assert "c.yaml:1: data.path: has no effect" in caught.value.cause
    assert "c.yaml:2: model.cell" in caught.value.cause


def test_what_show_prints_can_be_loaded(load: Callable[..., Config], tmp_path: Path) -> None:
    for text in ("", HUB, "data: {path: a.csv}"):
        config = load(text)
        (tmp_path / "shown.yaml").write_text(dump_config(config), "utf-8")
        assert load_config(tmp_path / "shown.yaml") == config


def test_a_stored_config_may_hold_keys_without_effect(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("data: {source: package, path: a.csv}", "utf-8")
    assert load_config(path, stored=True).data.source == "package"
