"""What predictions need of a config, as plain data: inference.json of a run folder."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from gru_sentiment.builders.model import n_logits_for
from gru_sentiment.config.sections import Config
from gru_sentiment.data.labels import Labels
from gru_sentiment.data.rules import Rules
from gru_sentiment.errors import DataError


def build_inference(config: Config, labels: Labels | None = None) -> dict[str, Any]:
    """What inference.json holds.

    Args:
        config: of the run.
        labels: the classes of a network; None for a run that holds none.
    """
    text = config.text
    return {
        "text": {
            "language": text.language,
            "lowercase": text.lowercase,
            "max_tokens": text.max_tokens,
            "head_tokens": text.head_tokens,
        },
        "network": None if labels is None else _network(config, labels),
        "tokenizer": _rules(text.language),
    }


def _network(config: Config, labels: Labels) -> dict[str, Any]:
    """The shape of a network."""
    model = config.model
    return {
        "cell": model.cell,
        "nonlinearity": model.nonlinearity,
        "hidden_size": model.hidden_size,
        "layers": model.layers,
        "bidirectional": model.bidirectional,
        "pooling": list(model.pooling),
        "logits": n_logits_for(config.training, len(labels), label_sets=labels.label_sets),
    }


@lru_cache
def _rules(language: str) -> dict[str, Any] | None:
    """The rules of a tokenizer; None where only spaCy itself can apply them."""
    try:
        return Rules.from_spacy(language).to_json()
    except DataError:
        return None
