"""A model of four words that builds in no time."""

from __future__ import annotations

from typing import Any

import torch

from gru_sentiment.builders.model import build_model
from gru_sentiment.config.sections import Config, ModelConfig

CPU = torch.device("cpu")


def tiny_model(**options: Any) -> Any:
    config = Config(model=ModelConfig(**{"hidden_size": 3, **options}))
    return build_model(config, torch.ones(4, 5), 2, CPU)
