"""The formats that a run can be exported in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from gru_sentiment.data.rules import Rules
from gru_sentiment.export import numpy_format, onnx_format
from gru_sentiment.export.numpy_predictor import Predictor as NumpyPredictor
from gru_sentiment.export.onnx_example import Classifier
from gru_sentiment.trained.reader import Run


class Predictor(Protocol):
    """An exported model, read again."""

    def probabilities(self, texts: Sequence[str]) -> Any:
        """The probabilities of the classes, shape (texts, classes)."""

    def chosen(self, probabilities: Any) -> list[int]:
        """The classes of a text by its row of probabilities."""


@dataclass(frozen=True)
class Format:
    """How a run is written and read again."""

    check_packages: Callable[[], None]
    """Raises an error for packages that are missing."""
    check: Callable[[Run, bool], None]
    """Raises an error for a run that the format cannot hold, maybe with int8 rows."""
    write: Callable[[Run, Rules, Path, bool], int]
    """Writes a run with the rules of its tokenizer into a folder, maybe with int8 rows; returns the
    bytes of the model."""
    read: Callable[[Path], Predictor]
    """Reads the folder by its own program."""
    computes: str
    """The package that predicts."""


FORMATS = {
    "onnx": Format(
        onnx_format.check_packages,
        onnx_format.check,
        onnx_format.write,
        Classifier,
        "onnxruntime",
    ),
    "numpy": Format(lambda: None, numpy_format.check, numpy_format.write, NumpyPredictor, "numpy"),
}
