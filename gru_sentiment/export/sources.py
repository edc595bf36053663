"""Modules of this package as files that run without it."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources

import gru_sentiment

PACKAGE = "gru_sentiment"
IMPORTED = re.compile(rf"\bfrom {PACKAGE}\.(\S+) import")
LICENCE = f"# Of gru-sent {gru_sentiment.__version__}, licence Apache-2.0.\n"


def source_of(module: str) -> str:
    """The source of a module, named as `data.rules` is."""
    *folders, name = module.split(".")
    return resources.files(PACKAGE).joinpath(*folders, f"{name}.py").read_text("utf-8")


def joined(modules: Sequence[str]) -> str:
    """Several modules as one file, which needs nothing but what they import from elsewhere.

    Args:
        modules: in an order in which none needs a later one. What they define has different names,
            and they import from each other with `from … import` at their beginning.
    """
    plain, names, bodies = set[str](), defaultdict[str, set[str]](set), list[str]()
    for module in modules:
        source = source_of(module)
        tree, lines = ast.parse(source), source.splitlines()
        for node in _head(tree):
            if isinstance(node, ast.Import):
                plain.add(ast.unparse(node))
            elif isinstance(node, ast.ImportFrom) and not _is_own(node):
                names[str(node.module)] |= {ast.unparse(alias) for alias in node.names}
            _blank(lines, node)
        bodies.append(f"# --- {module} ---\n\n" + "\n".join(lines).strip() + "\n")
    by_module = {name: f"from {name} import {', '.join(sorted(names[name]))}" for name in names}
    future = by_module.pop("__future__", "")
    head = [LICENCE, future, "", *sorted(plain), *sorted(by_module.values()), ""]
    return "\n\n".join(["\n".join(head), *bodies])


def renamed(module: str, modules: Sequence[str], name: str) -> str:
    """A module that imports from another file what it imports from some modules.

    Args:
        module: as for `source_of`.
        modules: what it imports from.
        name: of the file that holds them, as it is imported.
    """
    source = source_of(module)
    for other in modules:
        source = source.replace(f"from {PACKAGE}.{other} import", f"from {name} import")
    return LICENCE + source


def packaged(modules: Mapping[str, str]) -> dict[str, str]:
    """Several modules as the files of one package, which import each other.

    Args:
        modules: their names in that package, by those for `source_of`. They hold all that any of
            them needs of this package, and import it with `from … import`.

    Returns:
        The source of each by the name of its file.
    """
    found = {}
    for module, name in modules.items():
        source = IMPORTED.sub(lambda match: f"from .{modules[match[1]]} import", source_of(module))
        found[f"{name}.py"] = LICENCE + source
    return found


def _head(tree: ast.Module) -> Iterator[ast.stmt]:
    """The docstring of a module and its imports."""
    for number, node in enumerate(tree.body):
        is_docstring = not number and ast.get_docstring(tree) is not None
        if is_docstring or isinstance(node, ast.Import | ast.ImportFrom):
            yield node


def _is_own(node: ast.ImportFrom) -> bool:
    """Whether a module is imported from this package."""
    return str(node.module).split(".")[0] == PACKAGE


def _blank(lines: list[str], node: ast.stmt) -> None:
    """Empty the lines of a node."""
    for number in range(node.lineno - 1, node.end_lineno or node.lineno):
        lines[number] = ""
