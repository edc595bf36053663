"""torchtext is used in training alone, and nothing of it that is unsafe."""

from __future__ import annotations

import ast
import hashlib
import ssl
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torchtext.vocab import GloVe, Vectors, pretrained_aliases
from typer.testing import CliRunner

import gru_sentiment
from gru_sentiment.cli.app import app
from gru_sentiment.trained.reader import load_run
from gru_sentiment.vectors import named

from .file_server import FileServer
from .test_named import zipped

ROOT = Path(gru_sentiment.__file__).parent
TREES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8"))
    for path in ROOT.rglob("*.py")
}
USES = {
    "data/vocab.py": {"Vocab"},
    "vectors/named.py": {"pretrained_aliases", "GloVe", "FastText"},
}
"""What each file imports of `torchtext.vocab`."""
DOWNLOADING = {"GloVe", "FastText", "alias", "alias.func"}
"""What begins a download of torchtext when it is called."""
ROWS = {"great": [1.5, 0.5, -1.0], "awful": [2.0, 0.25, 3e-05], "film": [-4.0, 5.0, 6.0]}
"""Words of the reviews that `reviews_csv` holds."""
SPY = """
import sys
from gru_sentiment.cli.app import main
try:
    main()
finally:
    print("loaded", "torchtext" in sys.modules, file=sys.stderr)
"""


def torchtext_imports(tree: ast.AST) -> list[ast.Import | ast.ImportFrom]:
    return [
        node
        for node in ast.walk(tree)
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("torchtext"))
        or (
            isinstance(node, ast.Import)
            and any(alias.name.startswith("torchtext") for alias in node.names)
        )
    ]


def test_only_the_vocabulary_and_the_table_of_torchtext_are_used() -> None:
    uses: dict[str, set[str]] = {}
    for file, tree in TREES.items():
        for node in torchtext_imports(tree):
            assert isinstance(node, ast.ImportFrom), file
            assert node.module == "torchtext.vocab", file
            assert all(alias.asname is None for alias in node.names), file
            uses.setdefault(file, set()).update(alias.name for alias in node.names)
    assert uses == USES


@pytest.mark.parametrize("file", USES)
def test_torchtext_is_imported_inside_functions(file: str) -> None:
    bodies = [n for n in ast.walk(TREES[file]) if isinstance(n, ast.FunctionDef)]
    inside = {node for body in bodies for node in torchtext_imports(body)}
    assert set(torchtext_imports(TREES[file])) == inside


def test_nothing_of_torchtext_that_downloads_is_called() -> None:
    tree = TREES["vectors/named.py"]
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert "pretrained_aliases.items" in called
    assert not called & DOWNLOADING


@pytest.fixture
def named_set(server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a set of vectors that lies on the server; torchtext itself may load none."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("torchtext began a download of its own")

    rows = "".join(f"{word} {' '.join(map(str, row))}\n" for word, row in ROWS.items())
    server.body = zipped(**{"tiny.2d.txt": b"great 1 2\n", "tiny.3d.txt": rows.encode()})
    monkeypatch.setattr(Vectors, "__init__", refuse)
    monkeypatch.setitem(GloVe.url, "tiny", server.url.removesuffix("file") + "tiny.zip")
    monkeypatch.setitem(pretrained_aliases, "tiny.3d", partial(GloVe, name="tiny", dim="3"))
    monkeypatch.setitem(named.SHA256, "tiny.zip", hashlib.sha256(server.body).hexdigest())
    monkeypatch.setenv("GRU_SENT_CACHE", str(tmp_path / "cache"))
    return "tiny.3d"


def test_a_training_starts_from_a_named_set(
    named_set: str,
    server: FileServer,
    tiny_config: Path,
) -> None:
    certificates_are_checked = ssl._create_default_https_context
    changes = {
        "vectors": f"{{source: name, name: {named_set}}}",
        "model.embedding_frozen_epochs": "all",
        "run.processes": 1,
    }
    options = [word for key, value in changes.items() for word in ("--set", f"{key}={value}")]
    for _ in range(2):
        command = ["train", "-c", str(tiny_config), "-q", "--force", *options]
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 0, result.output
    assert server.requests == [("/tiny.zip", None)]
    kept = {path.name for path in Path("cache/vectors").iterdir() if path.suffix != ".lock"}
    assert kept == {"tiny.zip"}
    assert ssl._create_default_https_context is certificates_are_checked

    run = load_run(Path("runs/tiny"), torch.device("cpu"))
    table = run.model.embedding.table.weight.detach().numpy()
    for word, row in ROWS.items():
        np.testing.assert_array_equal(table[run.vocabulary.ids([word])[0]], np.float32(row))


def torchtext_is_loaded(*arguments: object) -> bool:
    """Whether the program has loaded torchtext at its end."""
    done = subprocess.run(
        [sys.executable, "-c", SPY, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
    )
    return {"loaded True": True, "loaded False": False}[done.stderr.splitlines()[-1]]


@pytest.mark.slow
def test_only_training_loads_torchtext(tiny_config: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert torchtext_is_loaded("train", "-c", tiny_config, "-q", "--output", run)
    assert not torchtext_is_loaded("--help")
    assert not torchtext_is_loaded("predict", "a great film", "--run", run)
    assert not torchtext_is_loaded("evaluate", run, "--split", "validation")
