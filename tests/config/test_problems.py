"""Every problem of a config: file, line, dotted key, value, allowed values, nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest

from gru_sentiment.config.loading import load_config, parse_config
from gru_sentiment.config.problems import dotted_keys
from gru_sentiment.errors import ConfigError

from .conftest import HINT, error_of


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
            "expected 'balanced' or a valid array or an object",
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


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("training.lr", "training.learning_rate"),
        ("training.num_epochs", "training.epochs"),
        ("model.hidden", "model.hidden_size"),
        ("text.lr", "training.learning_rate"),
    ],
)
def test_names_that_keys_have_elsewhere(key: str, meant: str, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("", "utf-8")
    with pytest.raises(ConfigError, match=f"{key}: unknown key .*; did you mean {meant}"):
        load_config(tmp_path / "c.yaml", [f"{key}=1"])


def test_every_key_is_listed_for_completion() -> None:
    keys = list(dotted_keys())
    assert {"data.path", "training.learning_rate", "training.adversarial.epsilon"} <= set(keys)
    assert "training.adversarial" not in keys
    assert len(keys) == len(set(keys)) > 80
