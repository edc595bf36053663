"""inference.json of a run folder: what predictions need beside the weights, checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gru_sentiment.artifact.contents import check_complete, load_inference
from gru_sentiment.artifact.files import AGAIN, INFERENCE
from gru_sentiment.artifact.manifest import named
from gru_sentiment.data.rules import Rules
from gru_sentiment.errors import ArtifactError, DataError
from gru_sentiment.inference.forward import NetworkShape


@dataclass(frozen=True)
class TextSettings:
    """How texts become tokens."""

    language: str
    lowercase: bool
    max_tokens: int | None
    """The most tokens that a network reads of a text; None reads all."""
    head_tokens: int
    """How many of them are taken from the beginning of a text."""

    def same_tokens(self, other: TextSettings) -> bool:
        """Whether both tokenise alike."""
        return (self.language, self.lowercase) == (other.language, other.lowercase)


@dataclass(frozen=True)
class Inference:
    """The contents of inference.json."""

    path: Path
    text: TextSettings
    network: NetworkShape | None
    """None where the run holds no network of its own."""
    rules: Rules
    """Of the tokenizer."""

    @property
    def shape(self) -> NetworkShape:
        """That of the network.

        Raises:
            ArtifactError: there is none.
        """
        if self.network is None:
            raise _damaged(self.path, "it has no network")
        return self.network


def has_inference(folder: Path) -> bool:
    """Whether a run has the file; those of earlier versions have none."""
    try:
        return INFERENCE in named(folder)
    except ArtifactError:
        return False  # whatever reads the run says what is wrong


def read_inference(folder: Path) -> Inference | None:
    """The file of a run that has one; None where only spaCy can tokenise the language.

    Raises:
        ArtifactError: the file is missing, not the one that was written, or damaged.
    """
    check_complete(folder, [INFERENCE])
    path = folder / INFERENCE
    found = load_inference(path)
    if found.get("tokenizer") is None:
        return None
    try:
        text, network = TextSettings(**found["text"]), found["network"]
        shape = None if network is None else NetworkShape(**_with_tuple(network))
        rules = Rules.from_json(found["tokenizer"])
    except (KeyError, TypeError) as error:
        raise _damaged(path, error) from error
    except DataError as error:
        raise ArtifactError(f"{path}: {error.cause}", hint=AGAIN) from error
    _check_text(path, text)
    if shape is not None:
        _check_shape(path, shape)
    return Inference(path, text, shape, rules)


def _with_tuple(network: dict[str, Any]) -> dict[str, Any]:
    return {**network, "pooling": tuple(network["pooling"])}


def _check_text(path: Path, text: TextSettings) -> None:
    whole = text.max_tokens is None or _is_count(text.max_tokens, least=1)
    if not whole or not _is_count(text.head_tokens, least=0):
        raise _damaged(path, f"max_tokens {text.max_tokens}, head_tokens {text.head_tokens}")
    if not isinstance(text.language, str) or not isinstance(text.lowercase, bool):
        raise _damaged(path, f"language {text.language!r}, lowercase {text.lowercase!r}")


def _check_shape(path: Path, shape: NetworkShape) -> None:
    counts = (shape.hidden_size, shape.layers, shape.logits)
    if not all(_is_count(value, least=1) for value in counts):
        raise _damaged(path, f"hidden_size, layers and logits {counts}")
    if not isinstance(shape.cell, str) or not isinstance(shape.nonlinearity, str | None):
        raise _damaged(path, f"cell {shape.cell!r}, nonlinearity {shape.nonlinearity!r}")
    pooling = shape.pooling
    fine = all(isinstance(name, str) for name in pooling) and len(set(pooling)) == len(pooling) > 0
    if not isinstance(shape.bidirectional, bool) or not fine:
        raise _damaged(path, f"bidirectional {shape.bidirectional!r}, pooling {pooling!r}")


def _is_count(value: object, *, least: int) -> bool:
    return type(value) is int and least <= value < 1 << 31


def _damaged(path: Path, why: object) -> ArtifactError:
    return ArtifactError(f"{path}: not what predictions need: {str(why)[:80]}", hint=AGAIN)
