"""Runs of random weights, written as a training writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from gru_sentiment.artifact.writer import RunWriter
from gru_sentiment.builders.inference import build_inference
from gru_sentiment.builders.model import build_model
from gru_sentiment.config.sections import Config, ModelConfig, TextConfig, VectorsConfig
from gru_sentiment.data.labels import Labels, LabelSets
from gru_sentiment.data.vocab import Vocabulary

WORDS = Vocabulary(
    [*("<unk>", "<pad>", "good", "bad", "film", "the", "not", ".", "it", "'s", "caf\u00e9")]
)
TWO, THREE = Labels(["negative", "positive"]), Labels([1, 3, 5])
SETS = LabelSets(["dull", "funny", "sad"])
TEXTS = [
    "It's good.",
    "",
    "not bad, the film",
    "zyx wvu",
    "GOOD<br />bad " * 20,
    "the café film . " + "good " * 7,
    "\n \t",
    "bad",
    "film zyx " * 3,
    "the film",
]
"""Known, unknown, none, and more than the longest that is read."""


def config_of(language: str = "en", **model: Any) -> Config:
    """With random vectors of four numbers."""
    if "pooling" in model:
        model["pooling"] = tuple(model["pooling"])
    return Config(
        text=TextConfig(language=language, max_tokens=12, head_tokens=4),
        model=ModelConfig(**{"hidden_size": 5, **model}),
        vectors=VectorsConfig(source="none", dimension=4),
    )


def network_of(config: Config, labels: Labels = TWO, seed: int = 0) -> nn.Module:
    """Of larger weights than at the start of a training, so that predictions differ."""
    torch.manual_seed(seed)
    label_sets = labels.label_sets
    model = build_model(
        config, torch.randn(len(WORDS), 4), len(labels), torch.device("cpu"), label_sets=label_sets
    )
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2)
    return model


def write_network(
    path: Path = Path("runs/net"),
    config: Config | None = None,
    labels: Labels = TWO,
    *,
    inference: bool = True,
) -> Path:
    """With a temperature, class shares and, for label sets, thresholds."""
    config, n = config or config_of(), len(labels)
    shares = np.arange(1, n + 1) / (n * (n + 1) / 2)
    with RunWriter(path) as writer:
        writer.save_config(config)
        writer.save_names(WORDS, labels)
        if inference:
            writer.save_inference(build_inference(config, labels))
        writer.save_weights(network_of(config, labels).state_dict())
        thresholds = np.linspace(0.3, 0.7, n) if labels.label_sets else None
        writer.save_temperature(1.25, shares, None, thresholds)
        writer.finish()
    return path
