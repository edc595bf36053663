"""Modules of the package as files of their own."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from gru_sentiment.data.rule_tokenizer import RuleTokenizer
from gru_sentiment.data.rules import Rules
from gru_sentiment.export.onnx_format import TOKENIZER_MODULES
from gru_sentiment.export.sources import joined, renamed, source_of

TEXTS = [
    "I can't say it wasn't good: 3/4 stars, Mr. Smith (U.S.)!",
    "so-so<br /><br />… http://example.com/a?b=c, e.g.   two\nlines",
    "",
    "x" * 600 + " né 好",
]
ALONE = """\
import json, sys
for name in ("gru_sentiment", "spacy", "torch", "numpy"):
    sys.modules[name] = None
from tokenizer import RuleTokenizer, Rules
tokenizer = RuleTokenizer(Rules.from_json(json.loads(open("rules.json", encoding="utf-8").read())))
print(json.dumps([tokenizer(text) for text in json.loads(sys.argv[1])]))
"""


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_tokenizer_in_one_file_gives_the_same_tokens(language: str) -> None:
    rules = Rules.from_spacy(language)
    Path("tokenizer.py").write_text(joined(TOKENIZER_MODULES), "utf-8")
    Path("rules.json").write_text(json.dumps(rules.to_json()), "utf-8")
    Path("alone.py").write_text(ALONE, "utf-8")
    done = subprocess.run(
        [sys.executable, "alone.py", json.dumps(TEXTS)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == list(map(RuleTokenizer(rules), TEXTS))


def test_one_file_defines_every_name_once_and_imports_the_standard_library_alone() -> None:
    tree = ast.parse(joined(TOKENIZER_MODULES))
    names = Counter(
        name
        for node in tree.body
        for name in (
            [node.name]
            if isinstance(node, ast.ClassDef | ast.FunctionDef)
            else [target.id for target in node.targets if isinstance(target, ast.Name)]
            if isinstance(node, ast.Assign)
            else []
        )
    )
    assert {name for name, n in names.items() if n > 1} == set()
    assert {"RuleTokenizer", "Rules", "DataError", "LINE_BREAK"} <= set(names)
    imported = [n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
    modules = {getattr(n, "module", None) or n.names[0].name for n in imported}
    assert {str(name).split(".")[0] for name in modules} <= set(sys.stdlib_module_names)
    assert len(modules) == len(imported)
    assert "gru_sentiment" not in {
        str(n.module).split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)
    }


def test_all_lines_but_imports_are_those_of_the_modules() -> None:
    lines = set(joined(TOKENIZER_MODULES).splitlines())
    for module in TOKENIZER_MODULES:
        tree = ast.parse(source_of(module))
        source = source_of(module).splitlines()
        definitions = [n for n in tree.body if isinstance(n, ast.ClassDef | ast.FunctionDef)]
        assert definitions
        for node in definitions:
            assert set(source[node.lineno - 1 : node.end_lineno]) <= lines


def test_the_example_is_short_and_imports_from_the_file_beside_it() -> None:
    example = renamed("export.onnx_example", TOKENIZER_MODULES, "tokenizer")
    tree = ast.parse(example)
    assert "gru_sentiment" not in example
    assert example.count("from tokenizer import") == 2
    statements = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and not isinstance(node, ast.Import | ast.ImportFrom)
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]
    assert len(statements) <= 40
