"""Configs of files, their paths, and configs written out again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_sentiment.config.loading import dump_config, load_config, parse_config
from gru_sentiment.config.sections import Config
from gru_sentiment.errors import ConfigError


@pytest.mark.parametrize("text", ["", "# nothing\n", "run:\nmodel:\n", "{}"])
def test_nothing_means_the_defaults(text: str) -> None:
    assert parse_config(text, "c.yaml") == Config()


def test_missing_file_lists_the_configs_there(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "notes.txt"):
        (tmp_path / name).write_text("", "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "c.yaml")
    assert caught.value.cause == f"{tmp_path}/c.yaml: no such config file"
    assert caught.value.hint == f"configs there: {tmp_path}/a.yml, {tmp_path}/b.yaml"


@pytest.mark.parametrize("name", ["c.yaml", "nowhere/c.yaml"])
def test_missing_file_with_none_beside_it_points_to_configs(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="see configs/ for examples"):
        load_config(tmp_path / name)


def test_the_message_names_the_file_as_it_was_given(
    write: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write("epochs: 3").parent)
    with pytest.raises(ConfigError, match=r"^c\.yaml:1: epochs: unknown key"):
        load_config(Path("c.yaml"))


def test_paths_are_relative_to_the_file_and_in_overrides_to_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    (there / "c.yaml").write_text(
        "data: {source: files, path: a.csv, test_path: ../b.csv, validation_path: /c.csv}\n"
        "vectors: {source: file, path: v.txt}\nrun: {output: out}\n"
        "training: {unlabelled: {teacher: ../runs/a}}",
        "utf-8",
    )
    monkeypatch.chdir(here)
    config = load_config(Path("../there/c.yaml"), ["vectors.path=w.txt", "run.output=/r"])
    assert config.data.path == there / "a.csv"
    assert config.data.test_path is not None
    assert config.data.test_path.resolve() == tmp_path / "b.csv"
    assert config.data.validation_path == Path("/c.csv")
    assert config.vectors.path == here / "w.txt"
    assert config.run.output == Path("/r")
    assert config.training.unlabelled is not None
    assert config.training.unlabelled.teacher == there / "../runs/a"
    assert load_config(Path("../there/c.yaml")).run.output == there / "out"


def test_the_home_folder_is_expanded(
    write: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    config = load_config(write("data: {path: ~/a.csv}"), ["vectors.path=~/v.txt"])
    assert config.data.path == Path("/home/someone/a.csv")
    assert config.vectors.path == Path("/home/someone/v.txt")


@pytest.mark.parametrize("overrides", [[], ["data.path=~no_such_user_here/a.csv"]])
def test_an_unknown_home_folder_is_the_users_error(
    write: Callable[[str], Path], overrides: list[str]
) -> None:
    path = write("" if overrides else "data: {path: ~no_such_user_here/a.csv}")
    with pytest.raises(ConfigError, match=r"data\.path.*no_such_user_here"):
        load_config(path, overrides)


@pytest.mark.parametrize(
    "text",
    [
        "1e5",
        "08",
        "3E-3",
        "no",
        "null",
        "~",
        "1_0",
        "#",
        " a ",
        "é",
        "a\nb",
        "\r",
        "\x85",
        "\u2028",
    ],
)
def test_a_dumped_string_stays_a_string(text: str) -> None:
    config = Config.model_validate(
        {"data": {"label_column": text, "label_names": (text, "b")}, "vectors": {"name": text}}
    )
    assert parse_config(dump_config(config), "dumped") == config


def test_a_dump_writes_every_default_out() -> None:
    written = yaml.safe_load(dump_config(Config()))
    assert list(written) == list(Config.model_fields)
    assert written.pop("pretraining") is None
    for name, values in written.items():
        assert set(values) == set(type(getattr(Config(), name)).model_fields)


fractions = st.floats(0, 1, exclude_max=True)


positive = st.integers(1, 10**6)


above_zero = st.floats(0, 1e6, exclude_min=True)


words = st.text(min_size=1, max_size=8)


paths = words.filter(lambda word: "\0" not in word).map(Path)


valid_configs = st.fixed_dictionaries(
    {
        "data": st.fixed_dictionaries(
            {"source": st.sampled_from(["package", "files"]), "path": paths},
            optional={
                "text_column": words,
                "dataset": st.none() | words,
                "label_names": st.none()
                | st.lists(words, max_size=3, unique_by=str.casefold).map(tuple),
                "validation_size": positive | st.floats(0.01, 0.99),
                "test_size": st.integers(0, 99) | fractions,
                "train_size": st.none() | positive,
                "unlabelled_size": st.none() | positive,
                "seed": st.integers(0, 2**32 - 1),
            },
        ),
        "text": st.fixed_dictionaries(
            {"head_tokens": st.integers(0, 10), "max_tokens": st.none() | st.integers(10, 10**6)},
            optional={"lowercase": st.booleans(), "language": words},
        ),
        "model": st.fixed_dictionaries(
            {},
            optional={
                "cell": st.sampled_from(["rnn", "lstm", "gru"]),
                "hidden_size": st.integers(1, 65_536),
                "dropout": fractions,
                "embedding_frozen_epochs": st.integers(0, 9) | st.just("all"),
                "pooling": st.lists(
                    st.sampled_from(["last", "mean", "max", "attention"]), min_size=1, unique=True
                ).map(tuple),
            },
        ),
        "training": st.fixed_dictionaries(
            {},
            optional={
                "learning_rate": above_zero,
                "weight_decay": st.floats(0, 1e6),
                "class_weights": st.none() | st.just("balanced") | st.tuples(above_zero),
                "clip_norm": st.none() | above_zero,
                "monitor": st.sampled_from(["-loss", "+accuracy", "+macro_f1", "+roc_auc"]),
            },
        ),
    }
)


@settings(max_examples=30, deadline=None)
@given(values=valid_configs)
def test_a_dumped_config_reads_back_equal(values: dict[str, Any]) -> None:
    config = Config.model_validate(values)
    assert parse_config(dump_config(config), "dumped") == config
