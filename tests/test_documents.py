"""The documents: their sizes, links, names and commands, and the README's commands run."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
import types
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from gru_sentiment.artifact import files
from gru_sentiment.artifact.folders import BUNDLED_CLASSIFIER, CARD
from gru_sentiment.cli.app import app
from gru_sentiment.config.changes import EXTENDABLE
from gru_sentiment.config.loading import load_config
from gru_sentiment.config.sections import Config
from gru_sentiment.scores.gates import parse_ceiling, parse_floor

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "gru_sentiment"
BIN = Path(sys.executable).parent
FOLDERS = ("configs", "gru_sentiment", "gru_sentiment/cli", "scripts", "tests", ".")
DOCUMENTS = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for folder in FOLDERS
    for path in sorted((ROOT / folder).glob("*.md"))
}
LIMITS = {
    "README.md": 10_000,
    "gru_sentiment/README.md": 10_000,
    "gru_sentiment/cli/README.md": 10_000,
    "configs/README.md": 10_000,
    "scripts/README.md": 3_000,
    "tests/README.md": 3_000,
}
"""Bytes of a document."""
LOGS = {"configs/RESULTS.md", "scripts/BENCHMARKS.md"}
"""Every figure ever measured: as long as needed, and they name settings that are gone."""
MAX_DECIMALS = 40
GATES = {"fail_under": parse_floor, "fail_over": parse_ceiling}
PLACEHOLDERS = {"COMMAND": "train"}
"""Words that stand for a value which the program would not take as it is."""

RUN_FILES = {
    *files.NEEDED,
    files.HISTORY,
    files.METRICS,
    files.METADATA,
    files.PREDICTIONS,
    files.CALIBRATION,
    files.KIND,
    files.MANIFEST,
    files.SEEN_TEXTS,
}
"""What a finished run folder may hold."""

CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def prose(text: str) -> str:
    """A document without its code blocks."""
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def blocks(language: str, text: str) -> list[str]:
    """Code blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def section(name: str, heading: str) -> str:
    """A document's text below a heading."""
    return DOCUMENTS[name].split(f"\n## {heading}\n")[1].split("\n## ")[0]


def codes(text: str) -> list[str]:
    """Inline code outside of code blocks."""
    return [code.replace("\\|", "|") for code in CODE.findall(prose(text))]


def anchors(text: str) -> set[str]:
    """The names that GitHub gives to headings."""
    headings = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def shell_lines(text: str) -> Iterator[str]:
    """Lines of bash blocks, and of indented blocks that begin with gru-sent, put together."""
    indented = re.findall(r"^    (gru-sent (?:.*\\\n)*.*)$", text, re.MULTILINE)
    for block in [*blocks("bash", text), *indented]:
        yield from re.sub(r"\s*\\\n\s*", " ", block).splitlines()


def commands_in(lines: Iterable[str]) -> list[str]:
    """`gru-sent …` wherever it stands in lines of a shell, without the programs beside it."""
    parts = (part.strip() for line in lines for part in re.split(r"\s[|>]\s", line))
    return [part for part in parts if re.match(r"(\.venv/bin/)?gru-sent ", part)]


COMMANDS = sorted(
    {
        (name, command, whole)
        for name, text in DOCUMENTS.items()
        for lines, whole in ((shell_lines(text), True), (codes(text), False))
        for command in commands_in(lines)
    }
)
"""(document, `gru-sent …`, whether it stands in a block, to be copied)."""


def parse(command: str, *, whole: bool) -> dict[str, Any]:
    """The parameters that the program reads from a command; in a sentence its name is enough."""
    words = [PLACEHOLDERS.get(word, word) for word in shlex.split(command)[1:]]
    verb = typer.main.get_command(app)
    while words and words[0] in getattr(verb, "commands", {}):
        verb = verb.commands[words.pop(0)]
    assert words or whole or not hasattr(verb, "commands"), "names a group"
    if not words and not whole:
        return {}
    if hasattr(verb, "commands"):
        assert words[0].startswith("-"), "no such command"
    try:
        parameters = dict(verb.make_context(verb.name, words).params)
    except typer.Exit:
        return {}  # --help
    for option, parse_gate in GATES.items():
        for text in parameters.get(option) or ():
            parse_gate(text)
    return parameters


def keys_of(model: type = Config, before: str = "") -> Iterator[str]:
    """Dotted names of all keys of the config."""
    for name, field in model.model_fields.items():
        yield before + name
        for kind in [field.annotation, *getattr(field.annotation, "__args__", ())]:
            if isinstance(kind, type) and hasattr(kind, "model_fields"):
                yield from keys_of(kind, f"{before}{name}.")


def test_finds_the_documents() -> None:
    assert set(DOCUMENTS) == set(LIMITS) | LOGS
    elsewhere = set(PACKAGE.rglob("*.md")) | set((ROOT / "tests").rglob("*.md"))
    card = (BUNDLED_CLASSIFIER / CARD).relative_to(ROOT).as_posix()
    assert {path.relative_to(ROOT).as_posix() for path in elsewhere} <= {*LIMITS, card}


@pytest.mark.parametrize("name", sorted(set(LIMITS) & set(DOCUMENTS)))
def test_is_within_its_size(name: str) -> None:
    assert len(DOCUMENTS[name].encode()) <= LIMITS[name]


def test_the_readme_has_few_decimals() -> None:
    assert len(re.findall(r"\d\.\d", DOCUMENTS["README.md"])) <= MAX_DECIMALS


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name: str) -> None:
    for target in LINK.findall(prose(DOCUMENTS[name])):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / name).parent / path if path else ROOT / name
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file.read_text("utf-8")), target


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_file_that_is_named_exists(name: str) -> None:
    ours = re.compile(r"(configs|gru_sentiment|scripts|tests)/[\w./-]+|[a-z_]+/[a-z_]+(\.py)?")
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir()}
    for code in codes(DOCUMENTS[name]):
        if not ours.fullmatch(code):
            continue
        first = code.split("/")[0]
        if first in rooms:
            assert (PACKAGE / code).with_suffix(".py").is_file() or (PACKAGE / code).is_dir(), code
        elif first in {"configs", "gru_sentiment", "scripts", "tests"}:
            assert (ROOT / code).exists(), code


def test_every_make_target_exists() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    named = set()
    for text in DOCUMENTS.values():
        for line in [*shell_lines(text), *codes(text), *re.findall(r"^    (make .*)$", text, re.M)]:
            named |= set(re.findall(r"^make ([a-z][a-z-]*)", line))
    assert {"train", "test-slow", "finetune", "few", "benchmark"} <= named
    assert {target for target in named if f"\n{target}:" not in makefile} == set()


@pytest.mark.parametrize(("name", "command", "whole"), COMMANDS)
def test_every_command_is_one_that_the_program_takes(name: str, command: str, whole: bool) -> None:
    """Its options exist and have values that fit; the config that it names takes what it sets."""
    parameters = parse(command, whole=whole)
    config = str(parameters.get("config") or parameters.get("file"))
    if config.startswith("configs/"):
        load_config(ROOT / config, parameters["overrides"])


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("gru-sent trian --config FILE", "no such command"),
        ("gru-sent train --confg FILE", "No such option"),
        ("gru-sent train --seeds FILE", "valid int"),
        ("gru-sent baseline", "Missing"),
        ("gru-sent evaluate --fail-under loss=0.3", "is better the lower"),
    ],
)
def test_a_command_that_the_program_does_not_take_is_found(command: str, problem: str) -> None:
    with pytest.raises(Exception, match=problem):
        parse(command, whole=True)


@pytest.mark.parametrize("name", sorted(set(LIMITS) & set(DOCUMENTS)))
def test_every_key_that_is_named_exists(name: str) -> None:
    known = set(keys_of())
    sections = "|".join(Config.model_fields)
    texts = [*codes(DOCUMENTS[name]), *shell_lines(DOCUMENTS[name])]
    named = {
        key
        for text in texts
        for key in re.findall(rf"(?:^|--set )((?:{sections})\.[a-z_.]+[a-z_])(?=$|[=: ])", text)
    } - RUN_FILES
    assert named - known == set()
    assert name != "configs/README.md" or len(named) > 10


def test_the_readme_names_every_command() -> None:
    verbs = typer.main.get_command(app).commands
    table = section("README.md", "Commands")
    assert len(verbs) > 10
    assert {verb for verb in verbs if f"gru-sent {verb}" not in table} == set()


def test_every_config_is_in_the_table_with_its_score() -> None:
    table = DOCUMENTS["configs/README.md"]
    for config in (ROOT / "configs").glob("*.yaml"):
        assert f"`configs/{config.name}`" in table
        head = config.read_text("utf-8").split("\n\ndata:")[0].replace("\n# ", " ")
        scores = re.findall(r"(?:accuracy|perplexity) (\d\d?\.\d+(?: ± \d\.\d+)?)", head)
        assert [score for score in scores if score not in table] == []
        assert len(scores) == (config.stem != "imdb-hub"), config.name


def test_the_tree_names_every_file_of_the_package_and_no_other() -> None:
    (tree,) = blocks("text", section("gru_sentiment/README.md", "The tree"))
    room, named = "", set()
    for line in tree.splitlines():
        match = re.fullmatch(r"(?:\d |  )([a-z_]+/|[a-z0-9_., ]+:) .+", line)
        assert match, line
        names = match[1]
        if not line.startswith("  "):
            room = names if names.endswith("/") else ""
        if not names.endswith("/"):
            files = names.removesuffix(":").split(", ")
            named |= {f"{room}{file}" if "." in file else f"{room}{file}.py" for file in files}
    sources = (path for kind in ("py", "c", "h") for path in PACKAGE.rglob(f"*.{kind}"))
    there = {path.relative_to(PACKAGE).as_posix() for path in sources}
    assert named == {path for path in there if not path.endswith("__init__.py")}


def test_the_reference_is_whole() -> None:
    reference = DOCUMENTS["gru_sentiment/cli/README.md"]
    assert {key for key in EXTENDABLE if f"`{key}`" not in reference} == set()
    table = section("gru_sentiment/cli/README.md", "The run folder")
    assert {name for name in RUN_FILES if f"`{name}`" not in table} == set()


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A shell command with the environment's programs first in the path."""
    environment = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "CI": "1"}
    done = subprocess.run(
        ["bash", "-euc", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.mark.slow
def test_own_data(tmp_path: Path) -> None:
    """The ten-line csv becomes a model that knows its ten lines, and predicts in pipes."""
    (csv,) = blocks("csv", section("README.md", "Your own data"))
    (steps,) = blocks("bash", section("README.md", "Your own data"))
    (tmp_path / "reviews.csv").write_text(csv, "utf-8")
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    done = run(steps, tmp_path)
    assert "good (" in done.stdout
    assert (tmp_path / "runs" / "reviews" / "model.safetensors").is_file()

    with_jq, with_csv = blocks("bash", section("README.md", "Commands"))[0].splitlines()
    rows = run(with_csv, tmp_path).stdout.splitlines()
    assert rows[0].startswith("row,label,probability_bad,probability_good")
    assert len(rows) == len(csv.splitlines())
    if shutil.which("jq"):
        assert run(with_jq, tmp_path).stdout in {"good\n", "bad\n"}


@pytest.mark.slow
def test_make_train_and_predict(tmp_path: Path) -> None:
    """The README's predict by the model in the package, what `make train` runs, cut short, and
    predict on runs/latest."""
    first, make = blocks("bash", section("README.md", "Five minutes"))
    set_up, predict = first.splitlines()
    assert set_up == "make setup"
    assert make == "make train\n"
    shown = blocks("text", section("README.md", "Five minutes"))[0].splitlines()
    bundled = run(predict.replace(".venv/bin/", ""), tmp_path)
    assert [bundled.stderr.strip(), bundled.stdout.strip()] == shown
    dry = run(f"make --no-print-directory -n -C {ROOT} train", tmp_path).stdout
    (train,) = [line for line in dry.splitlines() if line.startswith(".venv/bin/gru-sent")]
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    short = "--set training.epochs=1 --set text.max_tokens=20 --set text.head_tokens=10"
    done = run(f"{train.removeprefix('.venv/bin/')} {short}", tmp_path)
    assert "accuracy" in done.stdout
    assert "run folder: runs/gru" in done.stdout
    predicted = run(predict.replace(".venv/bin/", ""), tmp_path).stdout
    assert predicted.startswith(("negative (", "positive ("))


def test_the_python_interface_does_what_its_lines_show() -> None:
    lines, _ = blocks("python", section("gru_sentiment/README.md", "From Python"))
    failures, tried = doctest.testmod(types.ModuleType("interface", lines))
    assert (failures, tried) == (0, 4)
