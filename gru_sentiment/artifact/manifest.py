"""SHA-256 of files that belong together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from gru_sentiment.artifact.files import MANIFEST, to_json, write_whole
from gru_sentiment.errors import ArtifactError

MAX_BYTES = 1 << 20
AGAIN = "copy the whole folder again, or train again"


def write_manifest(folder: Path, names: Iterable[str]) -> None:
    """Write down what `names` hold; those that do not exist are left out."""
    found = {name: digest(folder / name) for name in names if (folder / name).is_file()}
    write_whole(folder / MANIFEST, to_json({"sha256": found}))


def named(folder: Path) -> set[str]:
    """The files that the manifest names.

    Raises:
        ArtifactError: there is no manifest.
    """
    return set(_read(folder / MANIFEST))


def verify(folder: Path, names: Iterable[str]) -> None:
    """Compare files with the manifest.

    Raises:
        ArtifactError: there is no manifest, or a file is missing, unknown to it or changed.
    """
    expected = _read(folder / MANIFEST)
    for name in names:
        path = folder / name
        if name not in expected:
            raise ArtifactError(f"{folder / MANIFEST}: does not name {name}", hint=AGAIN)
        try:
            found = digest(path)
        except OSError as error:
            raise ArtifactError(f"{path}: cannot be read: {error.strerror}", hint=AGAIN) from error
        if found != expected[name]:
            raise ArtifactError(
                f"{path}: is not the file that was written (SHA-256 {found[:12]}…, "
                f"{MANIFEST} says {expected[name][:12]}…)",
                hint=AGAIN,
            )


def _read(path: Path) -> dict[str, str]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ArtifactError(f"{path}: larger than {MAX_BYTES} bytes, not a manifest")
        found = json.loads(path.read_bytes())["sha256"]
    except OSError as error:
        raise ArtifactError(f"{path}: cannot be read: {error.strerror}", hint=AGAIN) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ArtifactError(f"{path}: not a manifest", hint=AGAIN) from error
    if not isinstance(found, dict) or not all(isinstance(v, str) for v in found.values()):
        raise ArtifactError(f"{path}: not a manifest", hint=AGAIN)
    return found


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
