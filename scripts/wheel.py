"""Build the package: a source archive, and a wheel from it.

    .venv/bin/python scripts/wheel.py                      into dist/ (`make wheel`)
    .venv/bin/python scripts/wheel.py --output FOLDER

The wheel is built from the unpacked archive: nothing else that lies in the checkout gets into it,
and the archive is known to hold what a build needs. setuptools of this environment builds both.

With a C compiler the wheel holds the compiled kernel, and its name says for which Python and which
kind of machine. Without one it is for all of them. setuptools alone would name it as if it held the
kernel, because the project declares one.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = """\
import sys
from setuptools import Distribution, build_meta
hook, output, pure = sys.argv[1:]
if pure:
    Distribution.has_ext_modules = lambda self: False
print(getattr(build_meta, hook)(output))
"""
LIBRARIES = (".so", ".pyd")


def main() -> None:
    """Build both and say what they are."""
    parser = argparse.ArgumentParser(description="Build the source archive and the wheel.")
    parser.add_argument("--output", type=Path, default=ROOT / "dist")
    output = parser.parse_args().output.resolve()
    output.mkdir(parents=True, exist_ok=True)
    for old in output.glob("gru_sentiment-*"):
        old.unlink()
    archive, _ = build("build_sdist", ROOT, output)
    print(f"{described(archive)}: the sources")
    with tempfile.TemporaryDirectory() as folder:
        shutil.unpack_archive(archive, folder)
        (source,) = Path(folder).iterdir()
        wheel, log = build("build_wheel", source, output)
        if holds_kernel(wheel):
            print(f"{described(wheel)}: with the compiled kernel, for this kind of machine")
            return
        wheel.unlink()
        wheel, _ = build("build_wheel", source, output, pure=True)
    print(*re.findall(r'building extension ".+" failed: .+', log), sep="\n", file=sys.stderr)
    print(f"{described(wheel)}: without the compiled kernel, for all machines")


def build(hook: str, source: Path, output: Path, *, pure: bool = False) -> tuple[Path, str]:
    """Let setuptools build something of a source folder.

    Args:
        hook: the name of a function of PEP 517.
        source: the folder with pyproject.toml.
        output: where the result goes.
        pure: compile nothing.

    Returns:
        The file that was built, and what setuptools and the compiler wrote.
    """
    done = subprocess.run(
        [sys.executable, "-c", BUILD, hook, str(output), "pure" if pure else ""],
        cwd=source,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(f"{done.stdout}\nerror: {hook} failed")
    return output / done.stdout.splitlines()[-1], done.stdout


def holds_kernel(wheel: Path) -> bool:
    """Whether a wheel holds a compiled library."""
    with zipfile.ZipFile(wheel) as archive:
        return any(name.endswith(LIBRARIES) for name in archive.namelist())


def described(path: Path) -> str:
    """A file as seen from here, and its size."""
    return f"{os.path.relpath(path)} ({path.stat().st_size / 1e6:.1f} MB)"


if __name__ == "__main__":
    main()
