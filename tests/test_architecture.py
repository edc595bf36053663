"""Imports point down only, and a few things are done nowhere. Read with `ast`, nothing is run."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import gru_sentiment
from gru_sentiment.config import yaml_file

ROOT = Path(gru_sentiment.__file__).parent
FILES = {path.relative_to(ROOT).as_posix(): path for path in sorted(ROOT.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text("utf-8")) for name, path in FILES.items()}
RESULTS = {"results", "evaluation_results", "suite_results", "run_results"}
GROUND = {"errors", *RESULTS, "batch", "process", "stop_request", "counting"}
SECOND = {"data", "models", "training", "sources", "linear", "scores", "rows"}
SECTIONS = {"config", "config_training", "config_section"}
BELOW_BUILD = {*GROUND, *SECOND, *SECTIONS}
MAY_IMPORT = {
    **{name: set[str]() for name in ("", *GROUND, "config_section")},
    "config_training": {"config_section"},
    "config": {"config_training", "config_section"},
    "yaml_file": {"errors"},
    "config_problems": {"config"},
    "config_file": {"config", "config_problems", "yaml_file", "errors"},
    "provenance": {""},
    "stop_request": {"errors"},
    "results": {"evaluation_results"},
    "suite_results": {"results", "evaluation_results"},
    "run_results": {"evaluation_results"},
    "config_changes": {"config", "errors"},
    **{room: {room, *GROUND} for room in SECOND},
    "suites": {"suites", *GROUND, "yaml_file"},
    "build": BELOW_BUILD,
    "artifact": {"artifact", *BELOW_BUILD, "build", "config_file", "yaml_file", "evaluation"},
    "machine": {"build", "config", "training"},
    "corpora": BELOW_BUILD,
    "tasks": {"tasks", *BELOW_BUILD, "build", "evaluation"},
    "fitting": {*BELOW_BUILD, "build", "artifact", "evaluation", "tasks"},
    "resuming": {"artifact", "config", "config_file", "config_changes", "errors"},
    "evaluation": {"data", "training", "linear", "scores", *GROUND},
    "own_data": {*BELOW_BUILD, "corpora", "artifact"},
    "yardstick": {*BELOW_BUILD, "artifact"},
    "teacher": {*BELOW_BUILD, "corpora", "artifact"},
    "recipes": {
        *BELOW_BUILD,
        "suites",
        "config_file",
        "config_changes",
        "provenance",
        "build",
        "artifact",
        "evaluation",
        "fitting",
        "machine",
        "corpora",
        "tasks",
        "resuming",
        "own_data",
        "yardstick",
        "teacher",
    },
    "reporting": {"reporting", *RESULTS, "errors"},
    "export": {"export", *BELOW_BUILD, "config_file", "build", "artifact", "evaluation"},
    "cli": {
        "",
        "cli",
        "config",
        "config_file",
        "process",
        "counting",
        "reporting",
        *RESULTS,
        "errors",
    },
}
"""By room or file of the top level; `""` is the package itself, for its version."""
NO_TORCH = (
    "errors.py",
    "results.py",
    "evaluation_results.py",
    "suite_results.py",
    "run_results.py",
    "config.py",
    "config_training.py",
    "config_section.py",
    "config_file.py",
    "config_problems.py",
    "yaml_file.py",
    "suites/",
    "reporting/",
    "cli/",
)
CELLS = {"rnn", "lstm", "gru"}
CELLS_ARE_NAMED = {"config.py", "models/recurrent.py", "models/classifier.py"}
"""The allowed values, the dictionary, and the default of a constructor."""


def room_of(name: str) -> str:
    return name.split("/", maxsplit=1)[0].removesuffix(".py").removesuffix("__init__")


def imports(tree: ast.AST) -> Iterator[str]:
    """Full names of imported modules; `from gru_sentiment import x` imports gru_sentiment.x."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"relative import in line {node.lineno}"
            if node.module == "gru_sentiment":
                yield from (f"gru_sentiment.{alias.name}" for alias in node.names)
            else:
                yield str(node.module)


def own_rooms(tree: ast.AST) -> set[str]:
    names = [name.split(".") for name in imports(tree)]
    return {name[1] if len(name) > 1 else "" for name in names if name[0] == "gru_sentiment"}


def inside_functions(tree: ast.AST) -> set[str]:
    bodies = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    return {room for body in bodies for room in own_rooms(body)}


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def test_looks_at_every_room() -> None:
    assert {room_of(name) for name in FILES} >= set(MAY_IMPORT) - {"export"}
    assert len(FILES) > 40


@pytest.mark.parametrize("name", FILES)
def test_imports_point_down(name: str) -> None:
    room, tree = room_of(name), TREES[name]
    lazily = inside_functions(tree)
    assert lazily <= ({"recipes"} if room == "cli" else set()), "own import inside a function"
    assert own_rooms(tree) - lazily <= MAY_IMPORT[room]


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith(NO_TORCH)])
def test_is_free_of_torch(name: str) -> None:
    heavy = {"torch", "torchtext", "spacy", "datasets", "pyarrow", "numpy", "safetensors"}
    assert not heavy & {imported.split(".")[0] for imported in imports(TREES[name])}


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("scores/")])
def test_scores_are_of_arrays(name: str) -> None:
    modules = {imported.split(".")[0] for imported in imports(TREES[name])}
    assert modules - sys.stdlib_module_names <= {"numpy", "gru_sentiment"}


def test_the_command_line_loads_nothing_heavy() -> None:
    code = (
        "import gru_sentiment.cli.app, sys\n"
        "print([m for m in ('torch', 'spacy', 'torchtext', 'datasets') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", FILES)
def test_runs_no_code_from_data(name: str) -> None:
    tree = TREES[name]
    modules = {imported.split(".")[0] for imported in imports(tree)}
    assert not modules & {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
    for function, call in calls(tree):
        assert function not in {"eval", "exec", "compile", "os.system", "torch.load", "torch.save"}
        assert not function.endswith((".extractall", ".extract"))
        shell = [k.value for k in call.keywords if k.arg == "shell"]
        assert all(isinstance(value, ast.Constant) and value.value is False for value in shell)
        if function.startswith("yaml.") and "load" in function:
            loader = [*call.args[1:], *(k.value for k in call.keywords if k.arg == "Loader")]
            assert (function, list(map(ast.unparse, loader))) == ("yaml.load", ["_Loader"])


def test_the_yaml_loader_is_a_safe_one() -> None:
    assert issubclass(yaml_file._Loader, yaml.SafeLoader)


def test_the_cell_is_compared_nowhere() -> None:
    def named(tree: ast.AST) -> set[object]:
        return {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and n.value in CELLS}

    assert {name for name, tree in TREES.items() if named(tree)} == CELLS_ARE_NAMED
    decisions = ast.Compare | ast.MatchValue
    found = [
        f"{name}:{node.lineno}"
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, decisions) and named(node)
    ]
    assert found == []
