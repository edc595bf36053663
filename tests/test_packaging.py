"""What pyproject.toml puts into the package."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
APACHE_2 = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"
"""SHA-256 of https://www.apache.org/licenses/LICENSE-2.0.txt."""


def test_the_licence_ships_in_the_package() -> None:
    assert PROJECT["project"]["license"] == "Apache-2.0"
    (pattern,) = PROJECT["project"]["license-files"]
    (file,) = ROOT.glob(pattern)
    assert file.is_relative_to(ROOT / "gru_sentiment")
    assert hashlib.sha256(file.read_bytes()).hexdigest() == APACHE_2


def test_data_files_of_the_package_exist() -> None:
    for package, patterns in PROJECT["tool"]["setuptools"]["package-data"].items():
        for pattern in patterns:
            assert list((ROOT / package).glob(pattern)), pattern


def test_the_runs_in_the_package_are_whole() -> None:
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["gru_sentiment"]
    packed = {path for pattern in patterns for path in (ROOT / "gru_sentiment").glob(pattern)}
    for run in (ROOT / "gru_sentiment" / "pretrained").iterdir():
        named = json.loads((run / "manifest.json").read_bytes())["sha256"]
        for name, expected in named.items():
            assert run / name in packed
            assert hashlib.sha256((run / name).read_bytes()).hexdigest() == expected
        assert ("inference.json" in named) == (run.name == "classifier")
