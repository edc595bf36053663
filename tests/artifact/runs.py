"""Small runs for the tests of this folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gru_sentiment.artifact.files import ENCODER, KIND, LABELS, METADATA, NGRAMS
from gru_sentiment.artifact.writer import RunWriter
from gru_sentiment.baselines.model import LinearModel
from gru_sentiment.baselines.ngrams import BITS, Features
from gru_sentiment.builders.inference import build_inference
from gru_sentiment.builders.model import build_language_model, build_model
from gru_sentiment.config.sections import Config, ModelConfig, PretrainingConfig, VectorsConfig
from gru_sentiment.data.labels import Labels
from gru_sentiment.data.vocab import Vocabulary
from gru_sentiment.models.classifier import TextClassifier
from gru_sentiment.results.training import EvaluationRecord
from gru_sentiment.trained import baseline as linear
from gru_sentiment.trained import fusion as fusions
from gru_sentiment.trained.members import copy_member, member_folder

CPU = torch.device("cpu")
CONFIG_VALUE = Config(
    model=ModelConfig(hidden_size=3), vectors=VectorsConfig(source="none", dimension=4)
)
WORDS = Vocabulary(["<unk>", "<pad>", "good", "bad", "\u2028", "caf\u00e9"])
CLASSES = Labels(["negative", "positive"])
TRAIN_ONE = "train one: gru-sent train --config configs/gru.yaml"


def new_model(config: Config = CONFIG_VALUE, seed: int = 0) -> TextClassifier:
    torch.manual_seed(seed)
    return build_model(config, torch.randn(len(WORDS), 4), len(CLASSES), CPU)


def set_up(writer: RunWriter, config: Config = CONFIG_VALUE, labels: Labels = CLASSES) -> None:
    writer.save_config(config)
    writer.save_names(WORDS, labels)
    writer.save_inference(build_inference(config, labels))


def fill(writer: RunWriter, model: TextClassifier | None = None) -> None:
    set_up(writer)
    writer.save_weights((model or new_model()).state_dict())


def write_run(
    path: Path = Path("runs/a"),
    *,
    force: bool = False,
    seed: int = 0,
    temperature: float | None = None,
) -> Path:
    with RunWriter(path, force=force) as writer:
        fill(writer, new_model(seed=seed))
        if temperature is not None:
            writer.save_temperature(temperature)
        writer.write_json(METADATA, {"seed": seed})
        writer.finish()
    return path


def new_linear(seed: int = 0) -> LinearModel:
    """Four n-grams of the two words that are known."""
    keys = np.array([2, 3, (2 << BITS) + 3, (3 << BITS) + 3], np.int64)
    weights = np.random.default_rng(seed).normal(size=(4, 1)).astype(np.float32)
    idf = np.array([1, 1, 2, 2], np.float32)
    return LinearModel(Features(keys, 2, idf), weights, np.array([0.25], np.float32))


def write_baseline(
    path: Path = Path("runs/b"), *, seed: int = 0, temperature: float | None = None
) -> Path:
    model = new_linear(seed)
    with RunWriter(path) as writer:
        set_up(writer)
        writer.write_json(KIND, linear.baseline_kind(model, "tfidf"))
        writer.write_json(METADATA, {"seed": seed})
        writer.save_weights(linear.to_tensors(model))
        if temperature is not None:
            writer.save_temperature(temperature)
        writer.finish()
    return path


def write_fusion(path: Path = Path("runs/f")) -> Path:
    """Of a net and a baseline, both with a temperature."""
    net, baseline = write_run(temperature=1.5), write_baseline(temperature=0.5)
    with RunWriter(path) as writer:
        writer.save_config(CONFIG_VALUE)
        writer.save_inference(build_inference(CONFIG_VALUE))
        writer.write_json(LABELS, {"labels": CLASSES.classes})
        writer.write_json(KIND, fusions.fusion_kind(np.array([0.5, 0.25])))
        for number, member in enumerate([net, baseline]):
            copy_member(member, member_folder(writer.partial, number))
        writer.finish()
    return path


def write_both(path: Path = Path("runs/n")) -> Path:
    """A network with an n-gram model beside it, both with a temperature."""
    baseline = write_baseline(temperature=0.5)
    with RunWriter(path) as writer:
        fill(writer)
        writer.save_temperature(1.5, np.array([0.5, 0.5]), np.array([0.75, 0.25]))
        copy_member(baseline, writer.partial / NGRAMS)
        writer.finish()
    return path


ENCODER_CONFIG = CONFIG_VALUE.model_copy(
    update={
        "model": ModelConfig(hidden_size=3, bidirectional=False),
        "pretraining": PretrainingConfig(direction="both"),
    }
)


def write_encoder(path: Path = Path("runs/e")) -> Path:
    """Of both directions: a classifier of CONFIG_VALUE can start from it."""
    torch.manual_seed(0)
    model = build_language_model(ENCODER_CONFIG, torch.randn(len(WORDS), 4), CPU)
    with RunWriter(path) as writer:
        writer.write_json(KIND, {"kind": ENCODER})
        writer.save_config(ENCODER_CONFIG)
        writer.save_vocabulary(WORDS)
        writer.save_weights(model.weights())
        writer.finish(latest=False)
    return path


def record(epoch: int) -> EvaluationRecord:
    return EvaluationRecord(
        epoch=epoch,
        step=3 * epoch,
        train_loss=0.5,
        train_accuracy=0.75,
        learning_rate=0.01,
        gradient_norm=1.5,
        scores={"loss": 0.25, "accuracy": 0.5},
        tokens=100,
        elapsed_s=2.0,
        tokens_per_s=50.0,
    )


def train_and(
    action: Callable[[RunWriter], object],
    path: Path = Path("runs/a"),
    *,
    force: bool = False,
    save: bool = True,
) -> None:
    """Write a run up to its weights, then do `action` in the writer's block."""
    with RunWriter(path, force=force) as writer:
        set_up(writer)
        if save:
            writer.save_weights(new_model().state_dict())
        action(writer)


def stop_with(error: BaseException) -> Callable[[RunWriter], None]:
    def stop(_: RunWriter) -> None:
        raise error

    return stop


def failing(code: int) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail
