"""Write the pinned set with the SHA-256 of every archive, for every system and Python.

    .venv/bin/python scripts/lock.py > scripts/locked.txt

uv resolves the set; it downloads metadata alone. torch needs care, because its builds have one
version and different dependencies:

- The CUDA build needs packages of several gigabytes, which pip would install beside the CPU build
  too. `tool.uv` in pyproject.toml leaves them out of the lock, and `make setup LOCKED=1` lets pip
  add them where the CUDA build is installed.
- pip may take a CPU build that the package index does not offer. Its hash is added here. uv itself
  would lock that build alone for this kind of machine, which breaks all others of the kind.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[1]
CONSTRAINTS = str(ROOT / "scripts" / "constraints.txt")


def main() -> None:
    """Resolve, and print the lock."""
    lock = _run(
        *("-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"),
        *("--generate-hashes", "--no-annotate", "--no-header", "--constraint", CONSTRAINTS),
        *("--extra", "offline", "--extra", "dev", str(ROOT / "pyproject.toml")),
    )
    print("# Written by scripts/lock.py from constraints.txt; do not edit.")
    print(with_hash(lock, "torch", hash_of_torch()), end="")


def with_hash(lock: str, name: str, sha256: str) -> str:
    """The lock, in which `name` may have this hash too."""
    if f"sha256:{sha256}" in lock:
        return lock
    before, pin, after = lock.partition(f"\n{name}==")
    if not pin:
        raise ValueError(f"the lock does not pin {name}")
    version, _, hashes = after.partition("\n")
    return f"{before}{pin}{version}\n    --hash=sha256:{sha256} \\\n{hashes}"


def hash_of_torch() -> str:
    """SHA-256 of the archive of torch that pip takes on this machine."""
    report = _run(
        *("-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps", "--quiet"),
        *("--report", "-", "--constraint", CONSTRAINTS, "torch"),
    )
    info: dict[str, Any] = json.loads(report)["install"][0]["download_info"]
    known = info.get("archive_info", {}).get("hashes", {}).get("sha256")
    if known:
        return str(known)
    return hashlib.sha256(Path(unquote(urlsplit(info["url"]).path)).read_bytes()).hexdigest()


def _run(*arguments: str) -> str:
    """What Python prints with these arguments."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout


if __name__ == "__main__":
    main()
