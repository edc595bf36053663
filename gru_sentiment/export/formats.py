"""The formats that a network can be exported in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from gru_sentiment.artifact.files import writing
from gru_sentiment.data.rules import Rules
from gru_sentiment.errors import ArtifactError, MissingPackageError
from gru_sentiment.export.folder import write_beside
from gru_sentiment.export.graph import Head, classifier_graph
from gru_sentiment.export.ngrams import Ngrams
from gru_sentiment.export.onnx_example import Classifier
from gru_sentiment.models.classifier import TextClassifier
from gru_sentiment.trained.network import Network

MODEL = "model.onnx"
LARGEST = 2_000_000_000
"""Bytes of weights that a file of ONNX can hold, which is of less than 2 GiB."""
ONNX_CARD = """\
# A text classifier

Written by gru-sent, which is not needed here. Python 3.11, numpy and onnxruntime, or newer, are:

    pip install numpy onnxruntime
    python example.py "A text." "Another one."

| file | holds |
|---|---|
| `model.onnx` | the network{int8}{ngrams} |
| `vocabulary.txt` | a token in each line; its id is the number of the line, from 0 on |
{vocabulary}| `tokenizer.py`, `tokenizer.json` | what turns a text into tokens, and its rules |
| `labels.json` | the classes, in the order of the probabilities: {labels} |
| `export.json` | how a text is read, thresholds, versions, the SHA-256 of the run's files |
| `example.py` | from texts to classes: what your own program has to do |

`model.onnx` takes `ids` (batch, time) and `lengths` (batch), whole numbers of 64 bits, and gives
`probabilities` (batch, classes). What stands in `ids` behind the length of a text does not matter.
Id 0 is a token that is not in the vocabulary, id 1 is padding. Of a text of more than `max_tokens`
tokens the first `head_tokens` are read, and of the others the last. The temperature is applied, and
a text without any known token has the probabilities `prior`, if `export.json` holds them.
"""
NGRAMS_CARD = """\

`ngram_ids` and `ngram_lengths` are the same for the n-grams, which have a vocabulary of their own
and read texts whole. Each text takes a few times {bytes:,} bytes of memory: predict few at once.
"""
NGRAM_VOCABULARY_LINE = "| `ngram-vocabulary.txt` | the same for n-grams |\n"


class Predictor(Protocol):
    """An exported model, read again."""

    def probabilities(self, texts: Sequence[str]) -> Any:
        """The probabilities of the classes, shape (texts, classes)."""

    def chosen(self, probabilities: Any) -> list[int]:
        """The classes of a text by its row of probabilities."""


@dataclass(frozen=True)
class Format:
    """How a network is written and read again."""

    check_packages: Callable[[], None]
    """Raises an error for packages that are missing."""
    check: Callable[[Network, bool], None]
    """Raises an error for a network that the format cannot hold, maybe with int8 rows."""
    write: Callable[[Network, Rules, Path, bool], Path]
    """Writes a network with the rules of its tokenizer into a folder, maybe with int8 rows; returns
    the file of the model."""
    read: Callable[[Path], Predictor]
    """Reads the folder by its own example."""


def _check_packages() -> None:
    """Check that the packages of the extra `export` are there.

    Raises:
        MissingPackageError: one is not.
    """
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise MissingPackageError(
            f"export --format onnx: {error.name or error} is not installed",
            hint="pip install 'gru-sentiment[export]'",
        ) from error


def _check_onnx(network: Network, int8: bool) -> None:
    table = network.model.get_parameter("embedding.table.weight")
    if table.numel() * (1 if int8 else 4) > LARGEST:
        raise ArtifactError(
            f"{network.path}: its {len(table):,} word vectors are more than a file of ONNX can "
            "hold",
            hint="train with a smaller text.max_size" if int8 else "add --int8",
        )


def _ngrams(network: Network) -> Ngrams | None:
    beside = network.ngrams
    if beside is None or network.calibration.weights is None:
        return None
    return Ngrams(beside.model, beside.temperature, network.calibration.weights)


def _write_onnx(network: Network, rules: Rules, folder: Path, int8: bool) -> Path:
    import onnx

    model, labels, fitted = network.model, network.labels, network.calibration
    assert isinstance(model, TextClassifier)
    head = Head(
        len(labels),
        labels.label_sets,
        fitted.temperature,
        fitted.prior,
        _ngrams(network),
    )
    graph = classifier_graph(model, head, int8=int8)
    onnx.checker.check_model(graph, full_check=True)
    with writing(folder / MODEL):
        (folder / MODEL).write_bytes(graph.SerializeToString())
    write_beside(
        folder,
        network,
        rules,
        form={"model": "onnx", "int8": int8},
        packages=("onnx", "onnxruntime"),
        example="export.onnx_example",
        card=_card(network, int8),
    )
    return folder / MODEL


def _card(network: Network, int8: bool) -> str:
    beside = network.ngrams
    card = ONNX_CARD.format(
        int8=", its word vectors as whole numbers of 8 bits" if int8 else "",
        ngrams=", and n-grams beside it" if beside else "",
        vocabulary=NGRAM_VOCABULARY_LINE if beside else "",
        labels=", ".join(network.labels.names),
    )
    if beside is None:
        return card
    return card + NGRAMS_CARD.format(bytes=4 * len(beside.model.features.keys))


FORMATS = {"onnx": Format(_check_packages, _check_onnx, _write_onnx, Classifier)}
