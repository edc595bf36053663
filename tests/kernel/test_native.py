"""The C files under sanitizers, without a compiler, and in whole trainings."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cli.programs import environment, gru_sent

from gru_sentiment.kernel.library import VARIABLE, kernels

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "gru_sentiment" / "kernel"
SMOKE = ROOT / "configs" / "smoke.yaml"
COMPILER = shutil.which(os.environ.get("CC") or "cc")
SHAPES = 2_000
GEOMETRIES = {"as it comes": [], "as for AVX-512": ["-DWIDTH=16", "-DVECTORS=4"]}
"""Of the portable kernel: its own, and one that otherwise runs on processors with AVX-512 alone."""
SPREAD = 0.03
"""Twice the standard error of the difference of two accuracies near 0.85 on 1,000 reviews."""


def sanitizer() -> Path | None:
    """The library of AddressSanitizer, which must be loaded before all others."""
    if COMPILER is None or not sys.platform.startswith("linux"):
        return None
    done = subprocess.run(
        [COMPILER, "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    )
    path = Path(done.stdout.strip())
    return path.resolve() if path.is_absolute() else None


def compiled(folder: Path, flags: list[str], of_portable: list[str]) -> Path:
    """The library of the kernels, with flags for all files and others for the portable one."""
    assert COMPILER is not None
    command = [COMPILER, "-std=gnu11", "-fPIC", "-w", *flags]
    for file in SOURCES.glob("*.c"):
        more = of_portable if file.name == "portable.c" else []
        output = str(folder / f"{file.stem}.o")
        subprocess.run([*command, *more, "-c", str(file), "-o", output], check=True)
    library = folder / "kernels.so"
    objects = map(str, folder.glob("*.o"))
    subprocess.run([*command, "-shared", *objects, "-o", str(library)], check=True)
    return library


@pytest.mark.skipif(sanitizer() is None, reason="no compiler, or none with AddressSanitizer")
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_sanitizers_find_nothing(tmp_path: Path, geometry: str) -> None:
    """Every kernel of this processor, over the table of cells and random shapes."""
    flags = ["-O2", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    library = compiled(tmp_path, flags, GEOMETRIES[geometry])
    done = subprocess.run(
        [sys.executable, "-m", "kernel.fuzz", str(library), str(SHAPES)],
        cwd=ROOT / "tests",
        env=environment(
            LD_PRELOAD=str(sanitizer()),
            ASAN_OPTIONS="detect_leaks=0",
            PYTHONMALLOC="malloc",  # so that small arrays have guards too
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert [line.rpartition(": ")[2] for line in done.stdout.splitlines()] == [
        f"{SHAPES + 128} shapes" for _ in kernels()
    ]


def run_code(code: str, installed: Path) -> subprocess.CompletedProcess[str]:
    """Run Python with the package of a folder; from there, since the current folder goes first."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=installed,
        env=environment(PYTHONPATH=str(installed)),
        capture_output=True,
        text=True,
        check=True,
    )


def test_without_a_compiler_the_install_goes_on(tmp_path: Path) -> None:
    """The wheel holds no library; what it holds trains by operations of torch, and predicts."""
    for name in ("pyproject.toml", "README.md", "gru_sentiment"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    for library in (tmp_path / "gru_sentiment").rglob("*.so"):
        library.unlink()
    code = "from setuptools import build_meta; print(build_meta.build_wheel('.'))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment(CC="no-such-compiler"),
        capture_output=True,
        text=True,
        check=True,
    )
    wheel = tmp_path / done.stdout.splitlines()[-1]
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        assert not [name for name in archive.namelist() if name.endswith(".so")]
        archive.extractall(installed)
    code = (
        "import torch, gru_sentiment\n"
        "from torch.nn.utils.rnn import pack_sequence\n"
        "from gru_sentiment.models.recurrent import GRU, recurrent_path\n"
        "print(gru_sentiment.__file__, recurrent_path('cpu', 'float32'))\n"
        "GRU(3, 4)(pack_sequence([torch.randn(5, 3)]))[0].data.sum().backward()\n"
    )
    done = run_code(code, installed)
    assert done.stdout == f"{installed}/gru_sentiment/__init__.py operations of torch\n"
    code = "from gru_sentiment.cli.app import app; app(['predict', 'Not bad at all.'])"
    done = run_code(code, installed)
    assert done.stdout.startswith("positive (")
    assert "the model in the package predicts" in done.stderr


@pytest.mark.skipif(not kernels(), reason="nothing was compiled here")
def test_trainings_end_alike_with_and_without_the_kernel(tmp_path: Path) -> None:
    """Its weights are the same bytes twice; without it the accuracy is the same to the noise."""

    def train(name: str, **variables: str) -> Any:
        run = tmp_path / name
        done = gru_sent(
            tmp_path, "train", "--config", SMOKE, "--output", run, env=environment(**variables)
        )
        assert done.returncode == 0, done.stderr
        metadata = json.loads((run / "metadata.json").read_text("utf-8"))
        metrics = json.loads((run / "metrics.json").read_text("utf-8"))
        weights = (run / "model.safetensors").read_bytes()
        return metadata["recurrent_layers"], metrics["validation"]["accuracy"], weights

    (path, accuracy, weights), again = train("first"), train("second")
    assert path == f"compiled kernel ({kernels()[0].name})"
    assert again == (path, accuracy, weights)
    other_path, other_accuracy, _ = train("without", **{VARIABLE: "none"})
    assert other_path == "operations of torch"
    assert abs(other_accuracy - accuracy) < SPREAD
