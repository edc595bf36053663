"""Which arrays the weights of a network must be. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gru_sentiment.artifact.files import AGAIN, VOCABULARY
from gru_sentiment.data.vocab import Vocabulary
from gru_sentiment.errors import ArtifactError

EMBEDDING, FIRST_WEIGHTS = "embedding.table.weight", "recurrent.weight_hh_l"
SAME_TRAINING = "config.yaml, labels.json and model.safetensors must come from the same training"


def check_words(path: Path, table: list[int], vocabulary: Vocabulary) -> None:
    """Whether there is a word vector for each word of the vocabulary.

    Raises:
        ArtifactError: there is not.
    """
    if len(table) != 2 or table[0] != len(vocabulary):
        raise ArtifactError(
            f"{path}: holds vectors for {table[0] if table else 'no'} words and "
            f"{path.parent / VOCABULARY} lists {len(vocabulary)}",
            hint=f"both must come from the same training; {AGAIN}",
        )


def check_layers(path: Path, layers: int, hidden_size: int, found: Mapping[str, list[int]]) -> None:
    """Whether there are weights of so many recurrent layers, each of so many units.

    Args:
        path: of the weights.
        layers: by the config.
        hidden_size: by the config.
        found: the shapes of the weights, by name.

    Raises:
        ArtifactError: there are not.
    """
    stored = sum(
        name.startswith(FIRST_WEIGHTS) and name[len(FIRST_WEIGHTS) :].isdigit() for name in found
    )
    sizes = found.get(f"{FIRST_WEIGHTS}0", [])
    if (stored, sizes[-1] if sizes else 0) != (layers, hidden_size):
        raise ArtifactError(
            f"{path}: holds {stored} recurrent layers with weights of shape {sizes or 'none'}, the "
            f"config asks for {layers} of {hidden_size} units",
            hint=SAME_TRAINING,
        )
