"""YAML, overrides and error messages."""

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
from gru_sentiment.config.yaml_file import MAX_CONFIG_BYTES, parse_yaml
from gru_sentiment.errors import ConfigError

HINT = "'gru-sent config schema' lists every key with what it allows"


def error_of(text: str) -> str:
    """What is said of a config named c.yaml, without the hint."""
    with pytest.raises(ConfigError) as caught:
        parse_config(text, "c.yaml")
    return caught.value.cause


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def write_config(text: str) -> Path:
        path = tmp_path / "c.yaml"
        path.write_text(text, "utf-8")
        return path

    return write_config


# one problem at a time: file, line, dotted key, value received, what is allowed, nearest name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        # unknown keys
        (
            "model:\n  hiden_size: 3",
            "c.yaml:2: model.hiden_size: unknown key (value 3); did you mean model.hidden_size?",
        ),
        (
            "learning_rate: 0.1",
            "c.yaml:1: learning_rate: unknown key (value 0.1); "
            "did you mean training.learning_rate?",
        ),
        (
            "text:\n\n  hidden_size: 3",
            "c.yaml:3: text.hidden_size: unknown key (value 3); did you mean model.hidden_size?",
        ),
        (
            "training:\n  fine_tuning:\n    layer_dekay: 2",
            "c.yaml:3: training.fine_tuning.layer_dekay: unknown key (value 2); "
            "did you mean training.fine_tuning.layer_decay?",
        ),
        (
            "model: {bidirectional: false}\npretraining:\n  windows: 3",
            "c.yaml:3: pretraining.windows: unknown key (value 3); "
            "did you mean pretraining.window?",
        ),
        ("trainin: {x: 1}", "c.yaml:1: trainin: unknown key; did you mean training?"),
        ("model.cell: gru", 'c.yaml:1: model.cell: unknown key (value "gru"); did you mean model?'),
        ("qqqq: [1, 2]", "c.yaml:1: qqqq: unknown key (value [1, 2])"),
        ("1: 2", "c.yaml:1: 1: unknown key (value 2)"),
        ("run: {<<: 1}", "c.yaml:1: run.<<: unknown key (value 1)"),
        # wrong types
        (
            "training: {epochs: true}",
            "c.yaml:1: training.epochs: true is not allowed; expected a valid integer",
        ),
        (
            "training: {epochs: '3'}",
            'c.yaml:1: training.epochs: "3" is not allowed; expected a valid integer',
        ),
        (
            'training: {learning_rate: "1e-3"}',
            'c.yaml:1: training.learning_rate: "1e-3" is not allowed; expected a valid number',
        ),
        (
            "text: {lowercase: no}",
            'c.yaml:1: text.lowercase: "no" is not allowed; expected a valid boolean',
        ),
        (
            "data: {text_column: 3}",
            "c.yaml:1: data.text_column: 3 is not allowed; expected a valid string",
        ),
        ("model: gru", 'c.yaml:1: model: "gru" is not allowed; expected an object'),
        (
            "model: {pooling: last}",
            'c.yaml:1: model.pooling: "last" is not allowed; expected a valid array',
        ),
        (
            "training: {class_weights: 3}",
            "c.yaml:1: training.class_weights: 3 is not allowed; "
            "expected 'balanced' or a valid array",
        ),
        # out of range
        (
            "model: {hidden_size: 0}",
            "c.yaml:1: model.hidden_size: 0 is not allowed; expected greater than or equal to 1",
        ),
        (
            "training: {clip_norm: 0}",
            "c.yaml:1: training.clip_norm: 0 is not allowed; expected greater than 0",
        ),
        (
            "training: {warmup: .nan}",
            "c.yaml:1: training.warmup: NaN is not allowed; expected a finite number",
        ),
        (
            "training: {learning_rate: .inf}",
            "c.yaml:1: training.learning_rate: Infinity is not allowed; expected a finite number",
        ),
        (
            "data: {validation_size: 1.5}",
            "c.yaml:1: data.validation_size: 1.5 is not allowed; "
            "expected a valid integer or less than 1",
        ),
        (
            "model: {cell: gruu}",
            "c.yaml:1: model.cell: \"gruu\" is not allowed; expected 'rnn', 'lstm' or 'gru'; "
            "did you mean gru?",
        ),
        (
            "model: {pooling: [last, lst]}",
            'c.yaml:1: model.pooling: "lst" is not allowed; '
            "expected 'last', 'mean', 'max' or 'attention'; did you mean last?",
        ),
        (
            "model: {embedding_frozen_epochs: never}",
            'c.yaml:1: model.embedding_frozen_epochs: "never" is not allowed; '
            "expected a valid integer or 'all'",
        ),
        # combinations
        (
            "model:\n  cell: lstm\n  nonlinearity: relu",
            "c.yaml:3: model.nonlinearity: cell lstm has none to choose; remove it",
        ),
        (
            "training:\n  epochs: 3\n  momentum: 0.9",
            "c.yaml:3: training.momentum: adamw has none; use sgd or rmsprop",
        ),
        # the key is not in the file: its section's line, or none at all
        ("data: {source: files}", "c.yaml:1: data.path: needed for data.source files"),
        (
            "training: {batch_size: null}",
            "c.yaml:1: training.tokens_per_batch: set either this or batch_size, and the other one "
            "to null",
        ),
    ],
)
def test_one_problem(text: str, message: str) -> None:
    assert error_of(text) == message


def test_all_problems_at_once_in_the_order_of_the_lines() -> None:
    text = """\
model:
  cell: gruu
  hiden_size: 3
training:
  momentum: 0.9
  epochs: many
data:
  source: files
vectors: {source: file}
lowercase: true
"""
    with pytest.raises(ConfigError) as caught:
        parse_config(text, "c.yaml")
    assert str(caught.value).splitlines() == [
        "c.yaml:2: model.cell: \"gruu\" is not allowed; expected 'rnn', 'lstm' or 'gru'; "
        "did you mean gru?",
        "c.yaml:3: model.hiden_size: unknown key (value 3); did you mean model.hidden_size?",
        "c.yaml:5: training.momentum: adamw has none; use sgd or rmsprop",
        'c.yaml:6: training.epochs: "many" is not allowed; expected a valid integer',
        "c.yaml:7: data.path: needed for data.source files",
        "c.yaml:9: vectors.path: needed for vectors.source file",
        "c.yaml:10: lowercase: unknown key (value true); did you mean text.lowercase?",
        f"  {HINT}",
    ]


def test_a_long_value_is_cut_in_the_message() -> None:
    message = error_of(f"model: {{cell: {'x' * 5000}}}")
    assert len(message) < 250
    assert '"xxxx' in message
    assert "..." in message


# YAML


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3e-3", 0.003),
        ("3E-3", 0.003),
        ("1.5e2", 150.0),
        (".5", 0.5),
        ("-2.", -2.0),
        ("+7", 7),
        ("25_000", 25_000),
        ("0", 0),
        ("010", 10),
        ("08", 8),
        ("no", "no"),
        ("off", "off"),
        ("y", "y"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("1:30", "1:30"),
        ("2024-01-31", "2024-01-31"),
        ("0x1f", "0x1f"),
        ("'3'", "3"),
        ("glove.6B.100d", "glove.6B.100d"),
        ("[1, no, 2e1]", [1, "no", 20.0]),
    ],
)
def test_plain_values_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    found = parse_yaml(f"a: {text}", "c.yaml")[0]["a"]
    assert (found, type(found)) == (value, type(value))


def test_every_key_has_its_line() -> None:
    values, lines = parse_yaml("# one\na:\n  b: 1\n  c: {d: 2,\n   e: 3}\n", "c.yaml")
    assert values == {"a": {"b": 1, "c": {"d": 2, "e": 3}}}
    assert lines == {"a": 2, "a.b": 3, "a.c": 4, "a.c.d": 4, "a.c.e": 5}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model:\n  cell: gru\n  cell: lstm", "c.yaml:3: model.cell is set twice (line 2)"),
        ("run: {}\nrun: {}", "c.yaml:2: run is set twice (line 1)"),
        ("a:\n- b: 1\n  c: 2\n  b: 3", "c.yaml:4: a.0.b is set twice (line 2)"),
        ("a: [1, [{b: {c: 1,\n c: 2}}]]", "c.yaml:2: a.1.0.b.c is set twice (line 1)"),
        ("a:\n- ? [b]\n  : 1", "c.yaml:2: a key must be a single word"),
        ("a: &x {b: 1}\nc: *x", "c.yaml:2: not valid YAML: aliases are not allowed"),
        ("a: [1\nb: 2", "c.yaml:2: not valid YAML: "),
        ("- a\n- b", "c.yaml: expected sections such as 'model:' at the top"),
        ("just words", "c.yaml: expected sections such as 'model:' at the top"),
        ("? [a, b]\n: 1", "c.yaml:1: a key must be a single word"),
        ("a: 1\n---\na: 2", "c.yaml:2: not valid YAML: "),
        ("a: \x07", "c.yaml: not valid YAML: "),
        ("a: !!python/object/apply:os.getcwd []", "c.yaml:1: not valid YAML: could not determine"),
        ("run: {seed: " + "9" * 5000 + "}", "c.yaml: not valid YAML: "),
        ("a: " + "[" * 5000, "c.yaml: not valid YAML: "),
    ],
)
def test_what_is_no_config_is_refused(text: str, message: str) -> None:
    assert error_of(text).startswith(message)


def test_a_value_from_the_command_line_sets_no_key_twice(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").touch()
    with pytest.raises(ConfigError, match="neighbours is set twice"):
        load_config(tmp_path / "c.yaml", ["training.augmentation={neighbours: 1, neighbours: 2}"])


@pytest.mark.parametrize("text", ["", "# nothing\n", "run:\nmodel:\n", "{}"])
def test_nothing_means_the_defaults(text: str) -> None:
    assert parse_config(text, "c.yaml") == Config()


# files


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


def test_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes("run: {} # caf\u00e9".encode("latin-1"))
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert caught.value.cause == f"{path}: byte 13 is not UTF-8"


def test_too_large(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("#" * MAX_CONFIG_BYTES, "utf-8")
    assert load_config(path) == Config()
    path.write_text("#" * (MAX_CONFIG_BYTES + 1), "utf-8")
    with pytest.raises(ConfigError, match=f"larger than {MAX_CONFIG_BYTES} bytes, not a config"):
        load_config(path)


def test_a_folder_is_no_config(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load_config(tmp_path)


def test_the_message_names_the_file_as_it_was_given(
    write: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write("epochs: 3").parent)
    with pytest.raises(ConfigError, match=r"^c\.yaml:1: epochs: unknown key"):
        load_config(Path("c.yaml"))


# overrides


@pytest.mark.parametrize(
    ("override", "key", "value"),
    [
        ("model.cell=lstm", "model.cell", "lstm"),
        ("training.learning_rate=3e-3", "training.learning_rate", 0.003),
        ("training.learning_rate=1", "training.learning_rate", 1.0),
        ("model.pooling=[last, max]", "model.pooling", ("last", "max")),
        ("text.max_tokens=null", "text.max_tokens", None),
        ("text.max_tokens=", "text.max_tokens", None),
        ("model.bidirectional=false", "model.bidirectional", False),
        ("data.text_column=a=b", "data.text_column", "a=b"),
        ("data.text_column='08'", "data.text_column", "08"),
        ("model={cell: lstm}", "model.cell", "lstm"),
        ("run.seed=7", "run.seed", 7),
    ],
)
def test_overrides_take_yaml_values(
    write: Callable[[str], Path], override: str, key: str, value: Any
) -> None:
    config = load_config(write("model: {cell: rnn}\nrun:"), [override])
    section, name = key.split(".")
    assert getattr(getattr(config, section), name) == value


def test_the_last_override_wins(write: Callable[[str], Path]) -> None:
    config = load_config(write("run: {seed: 1}"), ["run.seed=2", "run.seed=3"])
    assert config.run.seed == 3


def test_an_override_leaves_the_rest_of_its_section(write: Callable[[str], Path]) -> None:
    config = load_config(write("model: {cell: rnn, layers: 2}"), ["model.cell=lstm"])
    assert (config.model.cell, config.model.layers) == ("lstm", 2)


@pytest.mark.parametrize(
    ("override", "reason"),
    [
        (
            "model.cel=lstm",
            'model.cel: unknown key (value "lstm"); did you mean model.cell?',
        ),
        (
            "model.hidden_size=big",
            'model.hidden_size: "big" is not allowed; expected a valid integer',
        ),
        ("cell=gru", 'cell: unknown key (value "gru"); did you mean model.cell?'),
        ("model.nonlinearity=relu", "model.nonlinearity: cell gru has none to choose; remove it"),
        ("training.epochs=0", "training.epochs: 0 is not allowed; expected greater than or equal"),
    ],
)
def test_a_wrong_override_is_the_same_error_as_in_a_file(
    write: Callable[[str], Path], override: str, reason: str
) -> None:
    path = write("# a comment\nrun: {}")
    with pytest.raises(ConfigError) as caught:
        load_config(path, [override])
    where, _, said = caught.value.cause.partition(": ")
    assert said.startswith(reason)
    assert where == "--set"
    assert caught.value.hint == HINT
    # the same key and value in a file
    key, _, value = override.partition("=")
    *sections, last = key.split(".")
    in_file = "".join(f"{name}: {{" for name in sections) + f"{last}: {value}" + "}" * len(sections)
    assert error_of(in_file).partition(": ")[2] == said


@pytest.mark.parametrize("override", ["model.cell", "=lstm", "", "lstm"])
def test_an_override_without_key_or_value(write: Callable[[str], Path], override: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(write(""), [override])
    assert caught.value.cause == f"--set {override}: expected section.key=value"
    assert caught.value.hint == "for example --set model.cell=lstm"


@pytest.mark.parametrize("value", ["[1", "{a: b", "'x", "*x", "9" * 5000, "[" * 5000])
def test_an_override_whose_value_is_not_yaml(write: Callable[[str], Path], value: str) -> None:
    with pytest.raises(ConfigError, match="the value is not valid YAML"):
        load_config(write(""), [f"run.seed={value}"])


def test_an_override_below_a_value(write: Callable[[str], Path]) -> None:
    with pytest.raises(ConfigError, match=r"cell is a value and has no keys"):
        load_config(write("model: {cell: gru}"), ["model.cell.size=3"])


# paths


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


def test_paths_in_an_overridden_section_are_relative_to_the_current_folder(
    write: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    config = load_config(path, ["data={source: files, path: a.csv}"])
    assert config.data.path == tmp_path / "here" / "a.csv"


def test_flags_are_taken_as_they_are(
    write: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("run: {output: x, threads: 1}")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    config = load_config(path, ["run.threads=2"], {"run.output": "2024 #1", "run.threads": 3})
    assert config.run.output == tmp_path / "here" / "2024 #1"
    assert config.run.threads == 3


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


# round trip


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
                "label_names": st.none() | st.lists(words, max_size=3).map(tuple),
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
