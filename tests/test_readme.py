"""The README's commands, run as they stand there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
BIN = Path(sys.executable).parent


def blocks(language: str, section: str) -> list[str]:
    """Code blocks of a language below a heading."""
    text = README.split(f"\n## {section}\n")[1].split("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


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


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"make ([a-z][a-z-]*)", README.replace("make train` creates", "")))
    commands = {target for target in targets if f"\n{target}:" in (ROOT / "Makefile").read_text()}
    assert {"train", "test", "check", "test-slow", "test-gpu"} <= commands


def test_every_config_is_in_the_table() -> None:
    for config in (ROOT / "configs").glob("*.yaml"):
        assert f"`configs/{config.name}`" in README


def test_the_tree_names_every_file_of_the_package() -> None:
    tree = blocks("text", "The tree")[0]
    for path in (ROOT / "gru_sentiment").rglob("*.py"):
        if path.name != "__init__.py":
            assert path.name in tree, path


@pytest.mark.slow
def test_own_data(tmp_path: Path) -> None:
    """The ten-line csv becomes a model that knows its ten lines."""
    (csv,) = blocks("csv", "Your own data")
    (commands,) = blocks("bash", "Your own data")
    (tmp_path / "reviews.csv").write_text(csv, "utf-8")
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    done = run(commands, tmp_path)
    assert "good (" in done.stdout
    assert (tmp_path / "runs" / "mine" / "model.safetensors").is_file()


@pytest.mark.slow
def test_make_train_and_predict(tmp_path: Path) -> None:
    """What `make train` runs, cut short, then the README's predict on runs/latest."""
    dry = run(f"make --no-print-directory -n -C {ROOT} train", tmp_path).stdout
    (train,) = [line for line in dry.splitlines() if line.startswith(".venv/bin/gru-sent")]
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    short = "--set training.epochs=1 --set text.max_tokens=20 --set text.head_tokens=10"
    done = run(f"{train.removeprefix('.venv/bin/')} {short}", tmp_path)
    assert "accuracy" in done.stdout
    assert "run folder: runs/gru" in done.stdout
    predict = blocks("bash", "Five minutes")[1].replace(".venv/bin/", "")
    assert run(predict, tmp_path).stdout.startswith(("negative (", "positive ("))
