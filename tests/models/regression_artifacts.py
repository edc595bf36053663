"""Small frozen results of torch.nn, one file a cell, that every later version must reproduce.

Each file in `artifacts/` holds three texts (`texts.0` to `texts.2`, the longest first), initial
states (`state.h0`, `state.c0`), all weights of two layers in both directions (`weight.*`), and what
`torch.nn.RNN`, `torch.nn.GRU` or `torch.nn.LSTM` made of them: outputs, final states and gradients
(`result.*`, named as in `layer_results.py`). It was computed in float64 on a `PackedSequence`, and
stored in float32; the file's metadata names the torch version. Written once, from the project's
root, with::

    python -m tests.models.regression_artifacts
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.utils.rnn import pack_sequence

from .cells import CELLS, random_texts
from .layer_results import layer_results

FOLDER = Path(__file__).parent / "artifacts"
FILES = {"rnn-tanh": "rnn", "gru": "gru", "lstm": "lstm"}
"""Name of every cell's file."""
LENGTHS = [7, 4, 1]
INPUT, HIDDEN, LAYERS = 3, 4, 2


def artifact_path(cell: str) -> Path:
    """Where the artifact of a cell lies."""
    return FOLDER / f"{FILES[cell]}.safetensors"


def make_artifact(cell: str) -> dict[str, Tensor]:
    """Texts, states, weights and torch's results for one cell, in float32."""
    _, theirs = CELLS[cell].layers(INPUT, HIDDEN, LAYERS, bidirectional=True, dtype=torch.float64)
    texts = random_texts(LENGTHS, INPUT, dtype=torch.float64)
    states = CELLS[cell].states(theirs, len(LENGTHS))
    results = layer_results(theirs, pack_sequence(texts), states)
    named = {
        **{f"texts.{i}": text for i, text in enumerate(texts)},
        **{f"state.{name}0": state for name, state in zip("hc", states, strict=False)},
        **{f"weight.{name}": weight for name, weight in theirs.state_dict().items()},
        **{f"result.{name}": t for name, t in results.items() if not name.startswith("layout")},
    }
    return {name: tensor.float().contiguous() for name, tensor in named.items()}


def main() -> None:
    """Write every cell's artifact."""
    FOLDER.mkdir(exist_ok=True)
    for cell in FILES:
        origin = {"made_with": f"torch.nn, torch {torch.__version__}, float64, packed"}
        save_file(make_artifact(cell), artifact_path(cell), origin)


if __name__ == "__main__":
    main()
