"""The sections: defaults, strictness, ranges, impossible combinations, the schema."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from gru_sentiment.config.sections import (
    Config,
    DataConfig,
    ModelConfig,
    PretrainingConfig,
    RunConfig,
    TextConfig,
    VectorsConfig,
)
from gru_sentiment.config.strict import Section
from gru_sentiment.config.training import (
    AdversarialConfig,
    AugmentationConfig,
    FineTuningConfig,
    TrainingConfig,
    UnlabelledConfig,
)

SECTIONS = [
    DataConfig,
    TextConfig,
    VectorsConfig,
    ModelConfig,
    FineTuningConfig,
    AdversarialConfig,
    UnlabelledConfig,
    AugmentationConfig,
    TrainingConfig,
    PretrainingConfig,
    RunConfig,
]


@pytest.mark.parametrize("section", [*SECTIONS, Config])
def test_every_default_is_valid(section: type[Section]) -> None:
    defaults = section()
    assert section.model_validate(defaults.model_dump()) == defaults


@pytest.mark.parametrize("section", SECTIONS)
def test_sections_are_frozen_and_closed(section: type[Section]) -> None:
    key = next(iter(section.model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(section(), key, "other")
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        section.model_validate({"unknown": 1})


OUT_OF_RANGE: list[tuple[type[Section], str, Any]] = [
    (DataConfig, "source", "web"),
    (DataConfig, "folds", 1),
    (DataConfig, "fold", 0),
    (PretrainingConfig, "direction", "backward"),
    (DataConfig, "validation_size", -1),
    (DataConfig, "validation_size", 1.0),
    (DataConfig, "test_size", -0.1),
    (TextConfig, "max_tokens", 0),
    (TrainingConfig, "max_tokens", 0),
    (TextConfig, "head_tokens", -1),
    (TextConfig, "min_frequency", 0),
    (TextConfig, "max_size", 0),
    (VectorsConfig, "source", "glove"),
    (VectorsConfig, "dimension", 0),
    (ModelConfig, "cell", "GRU"),
    (ModelConfig, "nonlinearity", "gelu"),
    (ModelConfig, "hidden_size", 0),
    (ModelConfig, "layers", 0),
    (ModelConfig, "pooling", ()),
    (ModelConfig, "pooling", ("sum",)),
    (ModelConfig, "dropout", 1.0),
    (ModelConfig, "embedding_dropout", -0.1),
    (ModelConfig, "layer_dropout", 1.5),
    (ModelConfig, "embedding_frozen_epochs", -1),
    (ModelConfig, "embedding_frozen_epochs", "never"),
    (AugmentationConfig, "word_dropout", 1.0),
    (AugmentationConfig, "word_dropout", -0.1),
    (AugmentationConfig, "synonyms", 1.0),
    (AugmentationConfig, "synonyms", -0.1),
    (AugmentationConfig, "neighbours", 0),
    (TrainingConfig, "epochs", 0),
    (TrainingConfig, "batch_size", 0),
    (TrainingConfig, "accumulation_steps", 0),
    (TrainingConfig, "class_weights", (1.0, 0.0)),
    (TrainingConfig, "class_weights", "equal"),
    (TrainingConfig, "label_smoothing", 1.0),
    (TrainingConfig, "learning_rate", 0.0),
    (TrainingConfig, "learning_rate", float("nan")),
    (TrainingConfig, "learning_rate", float("inf")),
    (TrainingConfig, "weight_decay", -1e-9),
    (TrainingConfig, "warmup", 1.0),
    (TrainingConfig, "plateau_factor", 1.0),
    (TrainingConfig, "plateau_patience", -1),
    (TrainingConfig, "clip_norm", 0.0),
    (TrainingConfig, "ema_decay", 1.0),
    (TrainingConfig, "monitor", "-accuracy"),
    (TrainingConfig, "patience", 0),
    (TrainingConfig, "stop_at_loss", 0.0),
    (TrainingConfig, "max_minutes", 0.0),
    (UnlabelledConfig, "batch_size", 0),
    (UnlabelledConfig, "weight", 0.0),
    (RunConfig, "device", "gpu"),
    (RunConfig, "threads", 0),
    (RunConfig, "processes", 0),
    # numpy's generator takes no negative seed and torch none above 64 bits
    (RunConfig, "seed", -1),
    (RunConfig, "seed", 2**64),
    (DataConfig, "seed", -1),
]


@pytest.mark.parametrize(("section", "key", "value"), OUT_OF_RANGE)
def test_values_out_of_range_are_refused(section: type[Section], key: str, value: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        section.model_validate({key: value})
    assert {error["loc"][0] for error in caught.value.errors()} == {key}


WRONG_TYPES: list[tuple[type[Section], str, Any]] = [
    (TrainingConfig, "epochs", True),
    (TrainingConfig, "epochs", 3.0),
    (TrainingConfig, "epochs", "3"),
    (TrainingConfig, "learning_rate", "1e-3"),
    (TrainingConfig, "learning_rate", True),
    (TrainingConfig, "mixed_precision", 1),
    (TrainingConfig, "mixed_precision", "yes"),
    (ModelConfig, "bidirectional", 0),
    (ModelConfig, "pooling", "last"),
    (TextConfig, "language", 1),
    (TextConfig, "lowercase", None),
    (DataConfig, "text_column", 0),
    (DataConfig, "validation_size", True),
    (DataConfig, "label_names", "ab"),
    (VectorsConfig, "dimension", 50.0),
]


@pytest.mark.parametrize(("section", "key", "value"), WRONG_TYPES)
def test_values_of_another_type_are_refused(section: type[Section], key: str, value: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        section.model_validate({key: value})
    assert {error["loc"][0] for error in caught.value.errors()} == {key}


def test_schema_describes_every_key() -> None:
    schema = json.loads(json.dumps(Config.model_json_schema()))
    assert list(schema["properties"]) == [
        "data",
        "text",
        "vectors",
        "model",
        "training",
        "pretraining",
        "run",
    ]
    assert schema["additionalProperties"] is False
    for section in SECTIONS:
        described = schema["$defs"][section.__name__]
        assert described["description"]
        assert described["additionalProperties"] is False
        assert set(described["properties"]) == set(section.model_fields)
        for key, value in described["properties"].items():
            assert value["description"].endswith("."), key
            assert "default" in value, key


def test_schema_lists_allowed_values() -> None:
    definitions = Config.model_json_schema()["$defs"]
    assert definitions["ModelConfig"]["properties"]["cell"]["enum"] == ["rnn", "lstm", "gru"]
    rate = definitions["TrainingConfig"]["properties"]["learning_rate"]
    assert (rate["type"], rate["exclusiveMinimum"]) == ("number", 0)


def test_every_section_is_one_of_ours() -> None:
    fields = Config.model_fields.items()
    annotations = [field.annotation for name, field in fields if name != "pretraining"]
    within = {
        FineTuningConfig,
        AdversarialConfig,
        UnlabelledConfig,
        AugmentationConfig,
        PretrainingConfig,
    }
    assert set(annotations) == set(SECTIONS) - within
    assert all(isinstance(a, type) and issubclass(a, BaseModel) for a in annotations)
    assert Config.model_fields["pretraining"].annotation == PretrainingConfig | None


@pytest.mark.parametrize(
    ("given", "monitor"),
    [("loss", "-loss"), ("macro_f1", "+macro_f1"), ("accuracy", "+accuracy"), ("-loss", "-loss")],
)
def test_the_sign_of_a_monitored_score_may_be_left_out(given: str, monitor: str) -> None:
    assert TrainingConfig.model_validate({"monitor": given}).monitor == monitor
