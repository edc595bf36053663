"""What a folder holds is what it says it holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gru_sentiment.artifact.contents import (
    check_complete,
    read_kind,
    read_object,
)
from gru_sentiment.artifact.files import CALIBRATION, CONFIG, KIND, NEEDED
from gru_sentiment.artifact.manifest import write_manifest
from gru_sentiment.errors import ArtifactError
from gru_sentiment.trained.calibration import load_prior, load_temperature

from .runs import write_baseline, write_fusion, write_run


def test_kinds() -> None:
    assert read_kind(write_fusion()) == "fusion"
    assert read_kind(Path("runs/b")) == "baseline"
    assert read_kind(Path("runs/a")) == "net"
    Path("empty").mkdir()
    assert read_kind(Path("empty")) == "net"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b"[" * 100_000])
def test_what_says_nothing(content: bytes) -> None:
    path = write_run()
    (path / KIND).write_bytes(content)
    with pytest.raises(
        ArtifactError, match=r"^runs/a/kind\.json: (not valid JSON|expected a JSON)"
    ):
        read_kind(path)


def test_an_object_is_read_whole() -> None:
    path = write_baseline()
    assert read_object(path / KIND) == {"kind": "baseline", "model": "tfidf", "longest": 2}
    (path / KIND).write_text(json.dumps(["kind"]), "utf-8")
    with pytest.raises(ArtifactError, match="expected a JSON object"):
        read_object(path / KIND)


def test_all_missing_files_are_named_before_any_is_compared() -> None:
    path = write_run()
    (path / CONFIG).unlink()
    (path / NEEDED[1]).unlink()
    with pytest.raises(ArtifactError, match=f"{CONFIG}, {NEEDED[1]} missing"):
        check_complete(path, NEEDED)
    partial = path.rename("runs/a.partial")
    with pytest.raises(ArtifactError) as caught:
        check_complete(partial, NEEDED)
    assert caught.value.hint == "resume it: gru-sent train --resume runs/a"


def test_a_temperature_comes_back() -> None:
    assert load_temperature(write_run(temperature=1.25)) == 1.25
    assert load_temperature(write_baseline(temperature=20.0)) == 20


def test_a_run_that_was_written_without_a_temperature_has_one_of_1() -> None:
    assert load_temperature(write_run()) == 1


@pytest.mark.parametrize(
    "temperature", [None, True, "1", 0, -1, 0.049, 20.1, 10**400, [1], float("nan"), float("inf")]
)
def test_what_is_no_temperature(temperature: object) -> None:
    path = write_run(temperature=1.25)
    (path / CALIBRATION).write_text(json.dumps({"temperature": temperature}), "utf-8")
    with pytest.raises(ArtifactError, match=r"^runs/a/calibration\.json: is not the file that was"):
        load_temperature(path)
    write_manifest(path, (*NEEDED, CALIBRATION))  # as a stranger could
    with pytest.raises(
        ArtifactError, match=r"^runs/a/calibration\.json: temperature is .*0\.05 to"
    ):
        load_temperature(path)


def test_a_temperature_that_was_taken_out_or_put_in_is_missed() -> None:
    path = write_run(temperature=1.25)
    content = (path / CALIBRATION).read_bytes()
    (path / CALIBRATION).unlink()
    with pytest.raises(ArtifactError, match=r"calibration\.json: cannot be read"):
        load_temperature(path)
    (path / CALIBRATION).write_bytes(content)
    write_manifest(path, NEEDED)
    with pytest.raises(ArtifactError, match=r"manifest\.json: does not name calibration\.json"):
        load_temperature(path)


def test_shares_of_the_classes_come_back() -> None:
    path = write_run(temperature=1.25)
    assert load_prior(path, 2) is None
    write_calibration(path, [0.25, 0.75])
    assert load_prior(path, 2) == pytest.approx([0.25, 0.75])


@pytest.mark.parametrize(
    "prior", [[], [1.0], [0.5, 0.5, 0.0], [0, 1], [0.0, 1.0], ["a", "b"], "ab", [0.5, float("nan")]]
)
def test_what_are_no_shares_of_two_classes(prior: object) -> None:
    path = write_run(temperature=1.25)
    write_calibration(path, prior)
    with pytest.raises(ArtifactError, match=r"prior is .*, expected the shares of 2 classes"):
        load_prior(path, 2)


def write_calibration(path: Path, prior: object) -> None:
    (path / CALIBRATION).write_text(json.dumps({"temperature": 1.0, "prior": prior}), "utf-8")
    write_manifest(path, (*NEEDED, CALIBRATION))
