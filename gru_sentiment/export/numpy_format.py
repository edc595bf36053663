"""A run as arrays with the modules that predict with them: numpy is all that they need."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gru_sentiment.artifact.files import WEIGHTS, write_whole, writing
from gru_sentiment.artifact.rows import Rows
from gru_sentiment.artifact.weights import matrices, read_array, read_rows, stored_arrays
from gru_sentiment.builders.inference import build_inference
from gru_sentiment.data.rules import Rules
from gru_sentiment.errors import ArtifactError
from gru_sentiment.export.folder import write_beside
from gru_sentiment.export.int8 import int8_rows
from gru_sentiment.export.numpy_runs import (
    ARRAYS,
    FUSION,
    MEMBERS,
    NETWORK,
    NGRAMS,
    SCALES,
    VOCABULARIES,
    WORDS,
)
from gru_sentiment.export.sources import packaged, renamed
from gru_sentiment.inference.steps import names_of
from gru_sentiment.trained.fusion import Fusion
from gru_sentiment.trained.label_sets import HALF
from gru_sentiment.trained.linear import Linear
from gru_sentiment.trained.network import Network
from gru_sentiment.trained.network_shape import EMBEDDING
from gru_sentiment.trained.reader import Run

PREDICTOR, EXAMPLE = "predictor", "example.py"
MODULES = {
    "export.numpy_predictor": "__init__",
    "export.numpy_runs": "runs",
    "data.rules": "rules",
    "data.rule_tokenizer": "rule_tokenizer",
    "data.tokens": "tokens",
    "data.vocab": "vocabulary",
    "data.encoding": "encoding",
    "data.packed": "packed",
    "artifact.rows": "rows",
    "kernel.layout": "layout",
    "inference.steps": "steps",
    "inference.pooling": "pooling",
    "inference.forward": "network",
    "baselines.ngrams": "ngrams",
    "baselines.model": "linear",
    "postprocess.joint": "joint",
    "scores.complement": "complement",
    "trained.calibrated": "calibrated",
    "arrays": "arrays",
    "errors": "errors",
}
"""The modules that predict, and their names in the folder."""
CARD = """\
# A text classifier

Written by gru-sent, which is not needed here. Python 3.11 and numpy, or newer, are:

    pip install numpy
    python example.py "A text." "Another one."

In your own program, where the folder `predictor` can be imported:

    from predictor import Predictor

    predictor = Predictor()
    predictor.predict(["A text.", "Another one."])

`predictor` may be copied elsewhere: `Predictor(folder)` reads the files of this folder then.

| file | holds |
|---|---|
{files}| `tokenizer.json` | the rules that turn a text into tokens |
| `labels.json` | the classes, in the order of the probabilities: {labels} |
| `export.json` | what the model is made of, thresholds, versions, the SHA-256 of the run's files |
| `predictor/` | the modules that predict |
| `example.py` | a program that prints a JSON object for each text |

Recurrent layers are computed step by step: a text takes milliseconds.
"""
FILES = {
    NETWORK: """\
| `words.npy` | a row for each word of the network{int8}; a text reads its own alone |
| `network.npz` | the other parameters |
| `vocabulary.txt` | its words, a word in each line |
""",
    NGRAMS: """\
| `ngrams.npz` | the n-grams, three words of 21 bits each in a number, and their weights |
| `ngram-vocabulary.txt` | their words, a word in each line |
""",
    FUSION: "| `members/` | the runs that predict together, each with its arrays and words |\n",
}
INT8 = ", as whole numbers of 8 bits whose `scales` are in `network.npz`"


def check(run: Run, int8: bool) -> None:
    """Check that the rows of a run can be stored as int8, where that is wanted.

    Raises:
        ArtifactError: it has none.
    """
    members = run.members if isinstance(run, Fusion) else [run]
    if int8 and not any(isinstance(member, Network) for member in members):
        raise ArtifactError(f"{run.path}: has no word vectors", hint="leave --int8 out")


def write(run: Run, rules: Rules, folder: Path, int8: bool) -> int:
    """Write a run of any kind; returns the bytes of its arrays."""
    stored = _write(folder, run, int8)
    text = run.config.text
    with writing(folder / PREDICTOR):
        (folder / PREDICTOR).mkdir()
    example = renamed("export.numpy_example", ["export.numpy_predictor"], PREDICTOR)
    modules = {f"{PREDICTOR}/{name}": source for name, source in packaged(MODULES).items()}
    write_beside(
        folder,
        run,
        rules,
        settings={
            "model": "numpy",
            "text": {"language": text.language, "lowercase": text.lowercase},
            "thresholds": _thresholds(run),
            "run": stored,
        },
        packages=("numpy",),
        sources={EXAMPLE: example, **modules},
        card=CARD.format(files=_card_of(stored), labels=", ".join(run.labels.names)),
    )
    return sum(path.stat().st_size for path in folder.rglob("*.np[yz]"))


def _write(folder: Path, run: Run | Linear, int8: bool) -> dict[str, Any]:
    """Write the arrays and words of a run; returns its settings."""
    if isinstance(run, Fusion):
        return _fusion(folder, run, int8)
    return _network(folder, run, int8) if isinstance(run, Network) else _linear(folder, run)


def _fusion(folder: Path, run: Fusion, int8: bool) -> dict[str, Any]:
    folders = [folder / MEMBERS / str(number) for number in range(len(run.members))]
    for each in folders:
        with writing(each):
            each.mkdir(parents=True)
    members = [_write(to, member, int8) for to, member in zip(folders, run.members, strict=True)]
    return {"kind": FUSION, "weights": run.weights.tolist(), "members": members}


def _network(folder: Path, run: Network, int8: bool) -> dict[str, Any]:
    arrays = stored_arrays(run.path / WEIGHTS)
    rows = read_rows(arrays, EMBEDDING)
    names = [name for name in matrices(arrays) if name != EMBEDDING]
    parameters: dict[str, Any] = {n: read_array(arrays, n, arrays[n].dtype) for n in names}
    if int8 and rows.scales is None:
        compact = int8_rows(rows.take(slice(None)))
        rows = Rows(compact.numbers, compact.scales)
        first, *_ = names_of(0, 2 if run.config.model.bidirectional else 1)
        parameters |= {name: parameters[name] * compact.columns for name in first}
    if rows.scales is not None:
        parameters[SCALES] = rows.scales
    _save(folder / WORDS, lambda path: np.save(path, rows.stored))
    _save(folder / ARRAYS[NETWORK], lambda path: np.savez(path, **parameters))
    write_whole(folder / VOCABULARIES[NETWORK], run.vocabulary.to_text().encode())
    text, fitted = run.config.text, run.calibration
    return {
        "kind": NETWORK,
        "int8": rows.scales is not None,
        "shape": build_inference(run.config, run.labels)["network"],
        "max_tokens": text.max_tokens,
        "head_tokens": text.head_tokens,
        "temperature": fitted.temperature,
        "prior": _list(fitted.prior),
        "weights": _list(fitted.weights),
        "ngrams": run.ngrams and _linear(folder, run.ngrams),
    }


def _linear(folder: Path, run: Linear) -> dict[str, Any]:
    features = run.model.features
    arrays: dict[str, Any] = {
        "keys": features.keys,
        "weights": run.model.weights,
        "bias": run.model.bias,
    }
    if features.idf is not None:
        arrays["idf"] = features.idf
    _save(folder / ARRAYS[NGRAMS], lambda path: np.savez(path, **arrays))
    write_whole(folder / VOCABULARIES[NGRAMS], run.vocabulary.to_text().encode())
    return {"kind": NGRAMS, "longest": features.longest, "temperature": run.temperature}


def _thresholds(run: Run) -> list[float] | None:
    """From which probability on each class of a label set is predicted."""
    if not run.labels.label_sets or not isinstance(run, Network):
        return None
    return _list(run.calibration.thresholds) or [HALF] * len(run.labels)


def _card_of(stored: dict[str, Any]) -> str:
    """The rows of the card for what a run is made of."""
    kinds = [stored["kind"], *([NGRAMS] if stored.get("ngrams") else [])]
    return "".join(FILES[kind].format(int8=INT8 if stored.get("int8") else "") for kind in kinds)


def _save(path: Path, save: Callable[[Path], None]) -> None:
    with writing(path):
        save(path)


def _list(numbers: NDArray[Any] | None) -> list[float] | None:
    return None if numbers is None else [float(number) for number in numbers]
