"""Write the pinned set with the SHA-256 of every archive, for the install that CI makes.

    .venv/bin/python scripts/lock.py > scripts/locked.txt
    .venv/bin/python scripts/lock.py --kind         what the first line would say

The hashes are those of the archives that pip takes on this kind of machine. The first line names
the kind; on other kinds `make` installs from the pins alone.

A lock for every system, as `uv pip compile --universal --generate-hashes` writes it, was tried and
does not work with a CPU build of torch that lies beside the package index:

- The index and that build have one version, torch 2.13.0. Where a lock lists the hashes of both,
  pip prefers the archive whose hash the index announces, which on Linux is the CUDA build.
- The CUDA build needs 19 further packages of several gigabytes. The lock names them for Linux, and
  pip installs them beside the CPU build too.
- If uv is shown the CPU build, it locks `torch==2.13.0+cpu` for Linux with Python 3.11, and the
  lock fails wherever that build does not lie.
"""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[1]
PROJECT = "gru-sentiment"
BUILD = ("setuptools", "wheel")
"""What builds the project itself, which pip must not fetch unchecked."""


def main() -> None:
    """Ask pip what it would install, and print it with hashes."""
    if "--kind" in sys.argv:
        print(kind_of_machine())
        return
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"),
            *("--report", "-", "--constraint", str(ROOT / "scripts" / "constraints.txt")),
            *(f"{ROOT}[offline,dev]", *BUILD),
        ],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    items = json.loads(done.stdout)["install"]
    lines = sorted(
        f"{item['metadata']['name']}=={item['metadata']['version'].partition('+')[0]}"
        f" --hash=sha256:{_sha256(item['download_info'])}"
        for item in items
        if item["metadata"]["name"] != PROJECT
    )
    print(f"# {kind_of_machine()}")
    print("# Written by scripts/lock.py from constraints.txt; do not edit.")
    print("\n".join(lines))


def kind_of_machine() -> str:
    """What decides which archive pip takes."""
    version = ".".join(platform.python_version_tuple()[:2])
    return f"{platform.python_implementation()} {version}, {sys.platform} {platform.machine()}"


def _sha256(info: dict[str, Any]) -> str:
    known = info.get("archive_info", {}).get("hashes", {}).get("sha256")
    if known:
        return str(known)
    path = Path(unquote(urlsplit(info["url"]).path))
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
