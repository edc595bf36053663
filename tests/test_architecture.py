"""Imports point down only, and a few things are done nowhere. Read with `ast`, nothing is run."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import gru_sentiment
from gru_sentiment.config import yaml_file

ROOT = Path(gru_sentiment.__file__).parent
FILES = {path.relative_to(ROOT).as_posix(): path for path in sorted(ROOT.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text("utf-8")) for name, path in FILES.items()}
ROOMS = {name.split("/")[0].removesuffix(".py") for name in FILES}
IN_THE_ROOT = {"__init__", "errors", "batch", "arrays"}
FLOORS = (
    {"errors", "batch", "arrays", ""},
    {"results", "machine"},
    {"config", "kernel", "rows"},
    {
        "data", "vectors", "sources", "models", "training", "baselines", "postprocess", "scores",
        "suites", "inspection",
    },
    {"artifact", "builders"},
    {"trained"},
    {"inference"},
    {"trainer", "export"},
    {"recipes", "reporting"},
    {"cli"},
)  # fmt: skip
"""Rooms by floor, the ground first; `""` is the package itself, for its version."""
GROUND = {"batch": {"batch", "arrays"}, "": {"", "inference", "results"}}
"""What a room of the ground may import beside itself. The public face names what its functions
return, for type checkers alone (`test_importing_the_package_is_cheap`)."""
READS_CONFIG = {"suites": {"config"}}
"""Rooms of the third floor that may read the config: a suite is a YAML file too."""
SEES_NO_TORCH = {"reporting": {"results", "errors"}}
"""Rooms that know less than their floor allows."""
CROWDED = {
    "artifact": "one file a kind of thing on the disk, with torch and config apart from the rest",
    "cli": "one file a command, and what all of them share",
    "export": "the formats, and what is in the folders that they write",
    "data": "one file a step from a text to a batch",
    "recipes": "one file a job",
    "scores": "one file a kind of score",
    "sources": "one file a source, and the rules that all follow",
    "trained": "one file a kind of run, and what they share",
    "reporting": "one file a kind of report",
}
"""Rooms of more than nine files, and why."""
MANY_FILES = 9
MANY_EDGES = 85 + 3 + 6 + 8 + 16 + 3 + 1
"""Three are those of the compiled kernel: it knows arrays and errors, and models know it. Five are
those of `gru-sent init`: inspection knows rows, results and errors, and its recipe inspection and
sources, whose columns it looks at. One is that of a recipe that sorts rows into folds: arrays.
Eight are those of `gru-sent export`: the room export turns what a run is made of (trained, models,
baselines, data and artifact, arrays and errors) into another form, and a recipe knows the room.
Sixteen are those of predictions without torch: inference knows eight rooms below it, and recipes
know it; the public face knows what it calls and returns, five rooms; and the number that stands for
no label moved from batch, which has torch, to arrays, so that batch and training know these. Three
are those of the export that needs numpy alone: it is made of modules of inference and postprocess,
and builders tell it the shape of a network. One is that of work in several processes: machine knows
errors, because a process that was killed is the user's to mend."""
COMPUTES_WITHOUT_TORCH = {"layout", "library", "arguments", "passes", "threads"}
"""Modules of the kernel, which predict without torch."""
LAZY = {
    "cli": {"recipes", "config", "cli"},
    "": {"recipes", "config", "machine"},
}
"""What the command line and the public face import inside functions: a command, or what a call
needs."""
NO_TORCH = ("errors.py", "results/", "config/", "suites/", "reporting/", "cli/")
RECIPES = "gru_sentiment.recipes"
CELLS = {"rnn", "lstm", "gru"}
CELLS_ARE_NAMED = {
    "config/sections.py",
    "models/recurrent.py",
    "models/classifier.py",
    "inference/steps.py",
}
"""The allowed values, the dictionary with torch, the default of a constructor, and the dictionary
without torch."""


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
    rooms = {name[1] if len(name) > 1 else "" for name in names if name[0] == "gru_sentiment"}
    return {room if room in ROOMS else "" for room in rooms}


def inside_functions(tree: ast.AST) -> set[str]:
    bodies = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    return {room for body in bodies for room in own_rooms(body)}


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def may_import(room: str) -> set[str]:
    """The rooms below a room, and itself; rooms of one floor do not know each other."""
    floor = next(number for number, rooms in enumerate(FLOORS) if room in rooms)
    if room in SEES_NO_TORCH:
        return SEES_NO_TORCH[room] | {room}
    if not floor:
        return GROUND.get(room, {room})
    below = set[str]().union(*FLOORS[:floor])
    if floor == 3:
        below = below - {"config"} | READS_CONFIG.get(room, set())
    return below | {room} | ({"reporting"} if room == "cli" else set())


def test_every_room_has_a_floor() -> None:
    assert {room_of(name) for name in FILES} == set[str]().union(*FLOORS)
    assert len(FILES) > 100


def test_no_loose_module_and_no_folder_in_a_folder() -> None:
    loose = {path.stem for path in ROOT.glob("*.py")}
    assert loose == IN_THE_ROOT
    assert max(name.count("/") for name in FILES) == 1


def test_a_room_of_more_than_nine_files_has_a_reason() -> None:
    sizes = Counter(room_of(name) for name in FILES if not name.endswith("__init__.py"))
    assert {room for room, n in sizes.items() if n > MANY_FILES} == set(CROWDED)


def test_few_edges_between_rooms() -> None:
    edges = {
        (room_of(name), other)
        for name, tree in TREES.items()
        for other in own_rooms(tree) - {room_of(name), ""}
    }
    assert len(edges) <= MANY_EDGES


def test_no_recipe_imports_a_recipe() -> None:
    recipes = [TREES[name] for name in FILES if room_of(name) == "recipes"]
    assert not [m for tree in recipes for m in imports(tree) if m.startswith(f"{RECIPES}.")]


@pytest.mark.parametrize("name", FILES)
def test_imports_point_down(name: str) -> None:
    room, tree = room_of(name), TREES[name]
    lazily = inside_functions(tree)
    assert lazily <= LAZY.get(room, set()), "own import inside a function"
    assert own_rooms(tree) - lazily <= may_import(room)


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith(NO_TORCH)])
def test_is_free_of_torch(name: str) -> None:
    heavy = {"torch", "torchtext", "spacy", "datasets", "pyarrow", "numpy", "safetensors"}
    assert not heavy & {imported.split(".")[0] for imported in imports(TREES[name])}


@pytest.mark.parametrize("module", sorted(COMPUTES_WITHOUT_TORCH))
def test_the_kernel_needs_no_torch(module: str) -> None:
    modules = {imported.split(".")[0] for imported in imports(TREES[f"kernel/{module}.py"])}
    assert modules - sys.stdlib_module_names <= {"numpy", "gru_sentiment"}
    own = {
        m for m in imports(TREES[f"kernel/{module}.py"]) if m.startswith("gru_sentiment.kernel.")
    }
    assert {name.split(".")[2] for name in own} <= COMPUTES_WITHOUT_TORCH


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("inference/")])
def test_inference_needs_no_torch(name: str) -> None:
    modules = {imported.split(".")[0] for imported in imports(TREES[name])}
    # the tags of an estimator are made when scikit-learn asks for them
    allowed = {"numpy", "gru_sentiment"} | (
        {"sklearn"} if name.endswith("classifier.py") else set()
    )
    assert modules - sys.stdlib_module_names <= allowed


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("scores/")])
def test_scores_are_of_arrays(name: str) -> None:
    modules = {imported.split(".")[0] for imported in imports(TREES[name])}
    assert modules - sys.stdlib_module_names <= {"numpy", "gru_sentiment"}


def test_importing_the_package_is_cheap() -> None:
    code = (
        "import sys; before = set(sys.modules); import gru_sentiment\n"
        "new = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(new - sys.stdlib_module_names), len(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names, number = done.stdout.rsplit(" ", 1)
    assert names == "['gru_sentiment']"
    assert int(number) < 60


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
