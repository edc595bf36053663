"""Print the lowest version of every dependency that pyproject.toml allows, as `name==version`.

    .venv/bin/python scripts/lowest.py offline --take torch==2.13.0 > lowest.txt

The words are extras to include. `--take` puts another version in the place of a lowest one, where
that cannot be had; the line says so. A dependency without a lowest version is an error.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"
LOWER_BOUNDS = (">=", "==", "~=")


def main() -> None:
    """Read the project file and print a pin a line, for pip's `--requirement`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("extras", nargs="*")
    parser.add_argument("--take", action="append", default=[], metavar="NAME==VERSION")
    parser.add_argument("--project", type=Path, default=PROJECT, metavar="FILE")
    arguments = parser.parse_args()
    project = tomllib.loads(arguments.project.read_text("utf-8"))["project"]
    try:
        lines = pins(declared(project, arguments.extras), arguments.take)
    except ValueError as error:
        sys.exit(f"error: {error}")
    print("\n".join(lines))


def declared(project: dict[str, Any], extras: list[str]) -> list[Requirement]:
    """Requirements of the project and of these extras that apply on this machine."""
    optional = project.get("optional-dependencies", {})
    unknown = sorted(set(extras) - set(optional))
    if unknown:
        raise ValueError(f"no such extra: {', '.join(unknown)}")
    lists = [project["dependencies"], *(optional[extra] for extra in extras)]
    requirements = [Requirement(line) for lines in lists for line in lines]
    return [each for each in requirements if each.marker is None or each.marker.evaluate()]


def pins(requirements: list[Requirement], taken: list[str]) -> list[str]:
    """A pin for each requirement: its lowest version, or the one taken instead."""
    instead = dict(map(_name_and_version, taken))
    unknown = sorted(set(instead) - {canonicalize_name(each.name) for each in requirements})
    if unknown:
        raise ValueError(f"--take {', '.join(unknown)}: not a dependency")
    return [_pin(each, instead.get(canonicalize_name(each.name))) for each in requirements]


def lowest_version(requirement: Requirement) -> Version:
    """The lowest version that a requirement allows."""
    bounds = [
        Version(each.version)
        for each in requirement.specifier
        if each.operator in LOWER_BOUNDS and not each.version.endswith(".*")
    ]
    if not bounds or max(bounds) not in requirement.specifier:
        raise ValueError(f"{requirement}: no lowest version; declare one with >=")
    return max(bounds)


def _name_and_version(pin: str) -> tuple[str, Version]:
    name, _, version = pin.partition("==")
    return canonicalize_name(name), Version(version)


def _pin(requirement: Requirement, instead: Version | None) -> str:
    lowest = lowest_version(requirement)
    if instead is None:
        return f"{requirement.name}=={lowest}"
    if instead not in requirement.specifier:
        raise ValueError(f"--take {requirement.name}=={instead}: the project needs {requirement}")
    return f"{requirement.name}=={instead}  # in place of {lowest}, which is not tested here"


if __name__ == "__main__":
    main()
