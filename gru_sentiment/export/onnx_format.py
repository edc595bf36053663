"""A network as a file of ONNX with what reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gru_sentiment.artifact.files import VOCABULARY, write_whole, writing
from gru_sentiment.data.rules import Rules
from gru_sentiment.errors import ArtifactError, MissingPackageError
from gru_sentiment.export.folder import write_beside
from gru_sentiment.export.graph import Head, classifier_graph
from gru_sentiment.export.ngrams import Ngrams
from gru_sentiment.export.sources import joined, renamed
from gru_sentiment.models.classifier import TextClassifier
from gru_sentiment.trained.fusion import Fusion
from gru_sentiment.trained.network import Network
from gru_sentiment.trained.reader import Run

MODEL, TOKENIZER, EXAMPLE = "model.onnx", "tokenizer.py", "example.py"
NGRAM_VOCABULARY = "ngram-vocabulary.txt"
TOKENIZER_MODULES = ("errors", "data.rules", "data.rule_tokenizer")
PACKAGES = ("onnx", "onnxruntime")
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


def check_packages() -> None:
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


def check(run: Run, int8: bool) -> None:
    """Check that ONNX can hold a run, maybe with int8 rows.

    Raises:
        ArtifactError: it is no network, or too large.
    """
    network = _network(run)
    table = network.model.get_parameter("embedding.table.weight")
    if table.numel() * (1 if int8 else 4) > LARGEST:
        raise ArtifactError(
            f"{network.path}: its {len(table):,} word vectors are more than a file of ONNX can "
            "hold",
            hint="use --format numpy, or train with a smaller text.max_size"
            if int8
            else "add --int8, or use --format numpy",
        )


def write(run: Run, rules: Rules, folder: Path, int8: bool) -> int:
    """Write a network; returns the bytes of its model."""
    import onnx

    network = _network(run)
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
    write_whole(folder / VOCABULARY, network.vocabulary.to_text().encode())
    if network.ngrams is not None:
        write_whole(folder / NGRAM_VOCABULARY, network.ngrams.vocabulary.to_text().encode())
    write_beside(
        folder,
        run,
        rules,
        settings=_settings(network, int8),
        packages=PACKAGES,
        sources={
            TOKENIZER: joined(TOKENIZER_MODULES),
            EXAMPLE: renamed("export.onnx_example", TOKENIZER_MODULES, Path(TOKENIZER).stem),
        },
        card=_card(network, int8),
    )
    return (folder / MODEL).stat().st_size


def _network(run: Run) -> Network:
    """The run, which must be a network.

    Raises:
        ArtifactError: it is something else.
    """
    if isinstance(run, Network):
        return run
    if isinstance(run, Fusion):
        networks = [str(one.path) for one in run.members if isinstance(one, Network)]
        one_of_them = f", or export one of its networks: {', '.join(networks)}" if networks else ""
        raise ArtifactError(
            f"{run.path}: is a fusion of {len(run.members)} runs, and a file of ONNX holds one "
            "network",
            hint=f"--format numpy exports it{one_of_them}",
        )
    raise ArtifactError(
        f"{run.path}: is a baseline, and a file of ONNX holds a network",
        hint="--format numpy exports it",
    )


def _ngrams(network: Network) -> Ngrams | None:
    beside = network.ngrams
    if beside is None or network.calibration.weights is None:
        return None
    return Ngrams(beside.model, beside.temperature, network.calibration.weights)


def _settings(network: Network, int8: bool) -> dict[str, Any]:
    text, fitted = network.config.text, network.calibration
    head = text.head_tokens if text.max_tokens is None else min(text.head_tokens, text.max_tokens)
    return {
        "model": "onnx",
        "int8": int8,
        "ngrams": network.ngrams is not None,
        "text": {
            "language": text.language,
            "lowercase": text.lowercase,
            "max_tokens": text.max_tokens,
            "head_tokens": head,
        },
        "temperature": fitted.temperature,
        "prior": None if fitted.prior is None else fitted.prior.tolist(),
        "thresholds": None if fitted.thresholds is None else fitted.thresholds.tolist(),
    }


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
