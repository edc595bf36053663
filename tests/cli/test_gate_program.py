"""The gate as CI uses it: the real program, and the workflow of scripts/ci step by step."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from gru_sentiment.sources.package import load_package

from .programs import LIMIT_S, PROGRAM, environment, gru_sent

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SMOKE = ROOT / "configs" / "smoke.yaml"
WORKFLOW = ROOT / "scripts" / "ci" / "evaluate.yml"
ROWS = 800


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the run of configs/smoke.yaml and a file of real reviews."""
    folder = tmp_path_factory.mktemp("gate")
    done = gru_sent(folder, "train", "--config", SMOKE, "--quiet")
    assert done.returncode == 0, done.stderr
    records = load_package()
    texts = records.texts.to_pylist()
    lines = (
        json.dumps({"text": texts[row], "label": records.labels[row]})
        for row in range(0, len(texts), len(texts) // ROWS)
    )
    (folder / "reviews.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def failures(path: Path) -> list[str | None]:
    """Names of the cases that failed, of a JUnit file."""
    (suite,) = ElementTree.parse(path).getroot()
    return [case.get("name") for case in suite if case.find("failure") is not None]


def test_a_gate_that_is_met_and_one_that_is_not(trained: Path) -> None:
    words = ["evaluate", "runs/smoke", "--data", "reviews.jsonl", "--junit-xml", "gates.xml"]
    met = gru_sent(trained, *words, "--fail-under", "accuracy=0.6@lower")
    assert met.returncode == 0, met.stderr
    assert "1 gate, all met" in met.stdout
    assert failures(trained / "gates.xml") == []
    gates = ["--fail-under", "accuracy=0.6", "--fail-under", "f1.negative=0.99"]
    missed = gru_sent(trained, *words, *gates)
    assert missed.returncode == 3, missed.stderr
    assert failures(trained / "gates.xml") == ["f1.negative >= 0.99"]
    *_, last = missed.stderr.splitlines()
    assert last.startswith("failed: f1.negative 0.")
    assert last.endswith("is below the floor 0.99")


def test_a_worse_run_is_a_regression(trained: Path) -> None:
    words = ["--quiet", "--set", "training.epochs=1", "--set", "training.learning_rate=1e-5"]
    done = gru_sent(trained, "train", "--config", SMOKE, *words, "--output", "runs/worse")
    assert done.returncode == 0, done.stderr
    words = ["--data", "reviews.jsonl", "--max-regression", "0.01", "--json", "-", "--quiet"]
    done = gru_sent(trained, "evaluate", "runs/worse", *words, "--against", "runs/smoke")
    assert done.returncode == 3, done.stderr
    comparison = json.loads(done.stdout)["against"]["comparison"]
    assert comparison["difference"] < -0.05
    assert comparison["high"] < 0
    assert comparison["p_value"] < 0.001
    back = gru_sent(trained, "evaluate", "runs/smoke", *words, "--against", "runs/worse")
    assert back.returncode == 0, back.stderr
    opposite = json.loads(back.stdout)["against"]["comparison"]
    assert (opposite["fixed"], opposite["broken"]) == (comparison["broken"], comparison["fixed"])


def steps() -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Steps of the workflow that run something, and its variables."""
    workflow = yaml.safe_load(WORKFLOW.read_text("utf-8"))
    (job,) = workflow["jobs"].values()
    return [step for step in job["steps"] if "run" in step], workflow["env"]


def run_step(step: dict[str, Any], folder: Path, **variables: str) -> Any:
    """A step as GitHub's runner starts it."""
    path = f"{Path(PROGRAM).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=folder,
        env=environment(PATH=path, CI="true", **variables),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


def test_the_workflow_step_by_step(trained: Path, tmp_path: Path) -> None:
    found, variables = steps()
    summary = tmp_path / "summary.md"
    variables |= {"RUN": "runs/smoke", "DATA": "reviews.jsonl"}
    variables |= {"GITHUB_STEP_SUMMARY": str(summary)}
    assert [step["name"] for step in found] == ["Install", "Evaluate"]
    assert found[1]["run"].count("gru-sent evaluate") == 1
    for step in found:
        done = run_step(step, trained, **variables)
        assert done.returncode == 0, f"{step['name']}\n{done.stdout}\n{done.stderr}"
    results = trained / "evaluation"
    assert sorted(path.name for path in results.iterdir()) == [
        "gates.xml",
        "metrics.json",
        "predictions.jsonl",
    ]
    assert failures(results / "gates.xml") == []
    scores = json.loads((results / "metrics.json").read_text("utf-8"))
    assert scores["n"] == len((results / "predictions.jsonl").read_text("utf-8").splitlines())
    assert len(scores["gates"]) == 3
    assert "**3 gates, all met**" in summary.read_text("utf-8")
    # the next release is compared with what this one predicted
    (results / "predictions.jsonl").rename(trained / "baseline.jsonl")
    done = run_step(found[1], trained, **variables)
    assert done.returncode == 0, done.stderr
    assert failures(results / "gates.xml") == []
    assert "difference +0.0000" in done.stdout
    # a gate that is not met fails the job, which still compares and shows why
    strict = found[1] | {"run": found[1]["run"].replace("f1.negative=0.75", "f1.negative=0.99")}
    done = run_step(strict, trained, **variables)
    assert done.returncode == 3
    assert "difference +0.0000" in done.stdout
    assert failures(results / "gates.xml") == ["f1.negative >= 0.99"]
    assert "**4 gates, 1 failed**" in summary.read_text("utf-8")


def test_a_gate_for_each_label_of_texts_that_have_several(tmp_path: Path) -> None:
    rows = [("a funny film", "funny"), ("a slow film", "slow"), ("a funny slow film", "funny|slow")]
    lines = [f"{text} number{i},{label}" for i in range(20) for text, label in rows]
    (tmp_path / "films.csv").write_text("\n".join(["text,label", *lines]) + "\n", "utf-8")
    settings = ["vectors.source=none", "training.learning_rate=0.03", "training.batch_size=8"]
    overrides = [word for setting in settings for word in ("--set", setting)]
    (tmp_path / "films.yaml").write_text(
        "data: {source: files, path: films.csv, label_separator: '|'}", "utf-8"
    )
    done = gru_sent(tmp_path, "train", "--config", "films.yaml", "--quiet", *overrides)
    assert done.returncode == 0, done.stderr
    (tmp_path / "new.csv").write_text(
        "text,label\na funny film,funny\na funny film,funny|slow\n", "utf-8"
    )
    gates = ["--fail-under", "f1.funny=0.9", "--fail-under", "recall.slow=0.9"]
    missed = gru_sent(tmp_path, "evaluate", "--data", "new.csv", "--junit-xml", "x.xml", *gates)
    assert missed.returncode == 3, missed.stderr
    assert failures(tmp_path / "x.xml") == ["recall.slow >= 0.9"]
    assert "2 gates, 1 failed" in missed.stdout
