"""scripts/wheel.py: what it builds, and the program installed from it, away from the checkout."""

from __future__ import annotations

import email.policy
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest
from cli.programs import LIMIT_S, environment
from packaging.requirements import Requirement
from packaging.utils import parse_wheel_filename

pytestmark = pytest.mark.wheel

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "gru_sentiment"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
COMPILER = shutil.which(os.environ.get("CC") or "cc")
NOT_IN_THE_WHEEL = {".c", ".h", ".so", ".pyc"}
DOCUMENTS = {PACKAGE / "README.md", PACKAGE / "cli" / "README.md", PACKAGE / "LICENSE"}


def program(*command: object, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """A program in this folder, to its end, without what leads Python to the checkout."""
    done = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env=environment(PYTHONPATH="", **variables),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


def build(folder: Path, **variables: str) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The wheel that `make wheel` builds, in this folder, and what it says."""
    script = ROOT / "scripts" / "wheel.py"
    done = program(sys.executable, script, "--output", "dist", folder=folder, **variables)
    (wheel,) = (folder / "dist").glob("*.whl")
    return wheel, done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this machine; the source archive lies beside it."""
    built, done = build(tmp_path_factory.mktemp("built"))
    kernel = "with the compiled kernel" if COMPILER else "without the compiled kernel"
    assert f"dist/{built.name} (" in done.stdout
    assert f": {kernel}, " in done.stdout
    return built


def names_in(wheel: Path) -> set[str]:
    """The files of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def headers(wheel: Path, name: str) -> EmailMessage:
    """A file of a wheel's metadata."""
    (path,) = [each for each in names_in(wheel) if each.endswith(f".dist-info/{name}")]
    with zipfile.ZipFile(wheel) as archive:
        message = email.message_from_bytes(archive.read(path), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_it_holds_the_package_and_nothing_else(wheel: Path) -> None:
    paths = {path for path in PACKAGE.rglob("*") if path.is_file()} - DOCUMENTS
    expected = {
        path.relative_to(ROOT).as_posix() for path in paths if path.suffix not in NOT_IN_THE_WHEEL
    }
    assert {"gru_sentiment/py.typed", "gru_sentiment/suites/negation.yaml"} < expected
    names = {name for name in names_in(wheel) if ".dist-info/" not in name}
    kernels = {name for name in names if name.endswith(".so")}
    assert names - kernels == expected
    assert len(kernels) == (1 if COMPILER else 0)
    (licence,) = [name for name in names_in(wheel) if name.endswith("/LICENSE")]
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read(licence) == (PACKAGE / "LICENSE").read_bytes()


def test_the_archive_holds_the_c_files(wheel: Path) -> None:
    (path,) = wheel.parent.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    sources = {path.relative_to(ROOT).as_posix() for path in (PACKAGE / "kernel").glob("*.[ch]")}
    assert len(sources) > 3
    assert sources | {"pyproject.toml", "README.md", "gru_sentiment/LICENSE"} <= names
    assert not [name for name in names if name.endswith(".so") or name.startswith("configs")]


def test_it_is_for_this_python_and_machine_if_it_holds_the_kernel(wheel: Path) -> None:
    (tag,) = parse_wheel_filename(wheel.name)[3]
    pure = (tag.interpreter, tag.abi, tag.platform) == ("py3", "none", "any")
    assert pure == (COMPILER is None)
    assert headers(wheel, "WHEEL")["Root-Is-Purelib"] == str(pure).lower()
    assert pure or tag.interpreter == f"cp{sys.version_info[0]}{sys.version_info[1]}"


def test_without_a_compiler_it_is_for_all(tmp_path: Path) -> None:
    wheel, done = build(tmp_path, CC="no-such-compiler")
    assert wheel.name.endswith("-py3-none-any.whl")
    assert headers(wheel, "WHEEL")["Root-Is-Purelib"] == "true"
    assert not [name for name in names_in(wheel) if name.endswith(".so")]
    assert ": without the compiled kernel, for all machines\n" in done.stdout
    assert "no-such-compiler" in done.stderr


def test_its_metadata_say_what_the_project_declares(wheel: Path) -> None:
    metadata = headers(wheel, "METADATA")
    assert metadata["Name"] == PROJECT["name"]
    assert metadata["Version"] == PROJECT["version"]
    assert metadata["Summary"] == PROJECT["description"]
    assert metadata["Requires-Python"] == PROJECT["requires-python"]
    assert metadata["License-Expression"] == PROJECT["license"]
    assert metadata["Description-Content-Type"] == "text/markdown"
    readme = (ROOT / "README.md").read_text("utf-8")
    assert metadata.get_payload(decode=True).decode().strip() == readme.strip()

    extras = PROJECT["optional-dependencies"]
    assert metadata.get_all("Provides-Extra") == list(extras)
    needs = [Requirement(line) for line in metadata.get_all("Requires-Dist")]
    always = {f"{each.name}{each.specifier}" for each in needs if "extra" not in str(each.marker)}
    declared = map(Requirement, PROJECT["dependencies"])
    assert always == {f"{each.name}{each.specifier}" for each in declared}
    with_extra = [each for each in needs if "extra" in str(each.marker)]
    assert len(with_extra) == sum(map(len, extras.values()))


def test_it_predicts_and_trains_away_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    """Installed with the pinned versions into an environment that knows nothing else."""
    outer = (sys.executable, "-m")
    program(*outer, "venv", "--without-pip", "env", folder=tmp_path)
    pip = (*outer, "pip", "--python", "env/bin/python")
    constraints = ROOT / "scripts" / "constraints.txt"
    install = ("install", "--quiet", "--no-compile", "--constraint", constraints)
    program(*pip, *install, f"{wheel}[offline]", folder=tmp_path)
    program(*pip, "check", folder=tmp_path)

    code = "import sys, gru_sentiment; print(gru_sentiment.__file__, *sys.path, sep='\\n')"
    found = program("env/bin/python", "-c", code, folder=tmp_path).stdout.splitlines()
    assert Path(found[0]).is_relative_to(tmp_path / "env")
    assert not [path for path in found if Path(path).is_relative_to(ROOT)]

    gru_sent = "env/bin/gru-sent"
    versions = program(gru_sent, "--version", "--verbose", folder=tmp_path).stdout
    kernel = "recurrent layers: compiled kernel" if COMPILER else "operations of torch"
    assert kernel in versions
    said = program(gru_sent, "predict", "Not bad at all.", folder=tmp_path).stdout
    assert said.startswith("positive (")

    shutil.copy(ROOT / "configs" / "smoke.yaml", tmp_path)
    program(gru_sent, "train", "--config", "smoke.yaml", folder=tmp_path)
    gate = ("--split", "validation", "--fail-under", "accuracy=0.75")
    program(gru_sent, "evaluate", "runs/smoke", *gate, folder=tmp_path)
