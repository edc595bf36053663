"""Every config that we ship: loads, builds, and says how to run it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from torch.nn.utils.rnn import pack_sequence

from gru_sentiment.builders.model import build_model, n_logits_for, release_layers
from gru_sentiment.builders.objective import build_loss
from gru_sentiment.builders.optimisation import build_optimizer, build_schedule, build_stopping
from gru_sentiment.config.loading import load_config
from gru_sentiment.config.sections import Config
from gru_sentiment.config.training import AdversarialConfig, UnlabelledConfig
from gru_sentiment.data.labels import Labels

FOLDER = Path(__file__).parents[1] / "configs"
CONFIGS = sorted(
    path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.suffix[:3] == ".ya"
)
PRETRAINING = {"pretrain.yaml"}
KNOBS = {
    "data": {"source", "validation_size", "seed"},
    "text": {"max_tokens", "min_frequency", "max_size"},
    "vectors": {"source"},
    "model": {"cell", "hidden_size", "layers", "bidirectional", "pooling"},
    "training": {"epochs", "batch_size", "loss", "optimizer", "learning_rate", "schedule"},
    "run": {"seed"},
}
PACKAGED_DIMENSION = 50


def dimension_of(config: Config) -> int:
    named = re.search(r"\.(\d+)d$", config.vectors.name or "")
    return config.vectors.dimension or (int(named[1]) if named else PACKAGED_DIMENSION)


def test_finds_the_configs_that_are_promised() -> None:
    promised = {
        "gru",
        "lstm",
        "rnn",
        "imdb-hub",
        "smoke",
        "article",
        "imdb-best",
        "few-labels",
        "few-best",
    }
    assert {f"{name}.yaml" for name in promised} <= set(CONFIGS)
    others = {p.name for p in FOLDER.rglob("*") if p.is_file()} - {Path(c).name for c in CONFIGS}
    assert others == {"README.md", "RESULTS.md"}


@pytest.mark.parametrize("name", CONFIGS)
def test_loads_and_builds(name: str) -> None:
    config = load_config(FOLDER / name)
    cpu = torch.device("cpu")
    model = build_model(config, torch.randn(12, dimension_of(config)), 2, cpu)
    release_layers(config, model, 1)
    labels = np.array([0, 1, 1])
    loss = build_loss(config.training, Labels(["negative", "positive"]), labels)
    optimizer = build_optimizer(config.training, model)
    schedule = build_schedule(config.training, optimizer, 10)
    stopping = build_stopping(config.training)

    texts = pack_sequence([torch.tensor([2, 3, 4]), torch.tensor([5, 0]), torch.tensor([1])])
    logits = model(texts)
    assert logits.shape == (3, n_logits_for(config.training, 2))
    value = loss(logits, torch.from_numpy(labels))
    value.backward()
    before = model.head.weight.detach().clone()
    optimizer.step()
    schedule.after_step()
    schedule.after_evaluation(value.item())
    assert not torch.equal(model.head.weight, before)
    assert stopping.is_best({"loss": 0.5, stopping.score: 0.5})


@pytest.mark.parametrize("name", CONFIGS)
def test_begins_with_its_exact_command(name: str) -> None:
    lines = (FOLDER / name).read_text("utf-8").splitlines()
    comment = [line for line in lines[: lines.index("")] if line.startswith("#")]
    assert len(comment) == lines.index("") > 2
    verb = "pretrain" if name in PRETRAINING else "train"
    assert any(line.startswith(f"#   gru-sent {verb} --config configs/{name}") for line in comment)


@pytest.mark.parametrize("name", CONFIGS)
def test_writes_the_science_out(name: str) -> None:
    written = yaml.safe_load((FOLDER / name).read_text("utf-8"))
    not_needed = {"pooling", "loss"} if name in PRETRAINING else set()
    for section, knobs in KNOBS.items():
        assert knobs - not_needed <= set(written[section]), section
    assert ("pretraining" in written) == (name in PRETRAINING)


def test_self_training_is_fine_tuning_with_a_teacher_and_no_adversary() -> None:
    tuned, taught = (load_config(FOLDER / f"{name}.yaml") for name in ("finetune", "imdb-best"))
    added = taught.training.unlabelled
    assert added is not None
    assert added.teacher == FOLDER / "../runs/fused"
    plain = taught.training.model_copy(update={"unlabelled": None})
    assert tuned.training.adversarial.kind == "adversarial"
    alone = tuned.training.model_copy(update={"adversarial": AdversarialConfig()})
    assert taught.model_copy(update={"training": plain}) == tuned.model_copy(
        update={"training": alone}
    )


def test_few_labels_are_taught_as_they_are_learned_alone() -> None:
    alone, taught = (load_config(FOLDER / f"{name}.yaml") for name in ("few-labels", "few-best"))
    told = UnlabelledConfig(batch_size=32, teacher=FOLDER / "../runs/few-fused", weight=2.0)
    training = alone.training.model_copy(update={"unlabelled": told})
    data = alone.data.model_copy(update={"unlabelled_size": taught.data.unlabelled_size})
    assert taught == alone.model_copy(update={"training": training, "data": data})


def test_the_student_of_few_labels_has_as_many_texts_as_it_reads() -> None:
    config = load_config(FOLDER / "few-best.yaml")
    training, labelled = config.training, config.data.train_size
    assert training.unlabelled is not None
    assert training.batch_size is not None
    assert labelled is not None
    read = training.epochs * -(-labelled // training.batch_size) * training.unlabelled.batch_size
    assert config.data.unlabelled_size == read


@pytest.mark.parametrize(
    ("target", "stages"),
    [
        ("finetune", ["finetune"]),
        ("fuse", ["finetune", "baseline", "fused"]),
        ("best", ["finetune", "baseline", "fused", "imdb-best"]),
        ("few", ["few-labels", "few-baseline", "few-fused", "few-best"]),
    ],
)
def test_make_runs_every_stage_of_a_chain(target: str, stages: list[str], tmp_path: Path) -> None:
    def commands() -> list[str]:
        make = ["make", "-n", "-C", str(FOLDER.parent), target, f"RUNS={tmp_path}"]
        done = subprocess.run(make, capture_output=True, text=True, check=True)
        return [line for line in done.stdout.splitlines() if str(tmp_path) in line]

    for command, stage in zip(commands(), stages, strict=True):
        assert f"--output {tmp_path / stage}" in command
        named = re.search(r"--config (\S+)", command)
        assert named is None or (FOLDER.parent / named[1]).is_file()
    # what is there is not made again
    (tmp_path / stages[0]).mkdir()
    assert len(commands()) == len(stages) - 1


def test_few_labels_start_from_the_same_encoder_and_read_as_much() -> None:
    tuned, few = (load_config(FOLDER / f"{name}.yaml") for name in ("finetune", "few-labels"))
    assert (few.model, few.text, few.vectors) == (tuned.model, tuned.text, tuned.vectors)
    assert few.data == tuned.data.model_copy(update={"train_size": 500})


@pytest.mark.parametrize("cell", ["gru", "lstm", "rnn"])
def test_a_config_is_named_after_its_cell(cell: str) -> None:
    assert load_config(FOLDER / f"{cell}.yaml").model.cell == cell


def test_the_article_is_as_it_was_written() -> None:
    config = load_config(FOLDER / "article.yaml")
    model, training = config.model, config.training
    assert (config.text.max_size, config.text.max_tokens) == (25_000, None)
    assert (model.cell, model.hidden_size, model.layers, model.bidirectional) == (
        "gru",
        256,
        1,
        False,
    )
    assert (model.pooling, model.embedding_dropout, model.dropout) == (("last",), 0.5, 0.5)
    assert (training.optimizer, training.learning_rate, training.schedule) == (
        "adam",
        1e-3,
        "constant",
    )
    assert (training.batch_size, training.epochs, training.monitor) == (64, 5, "-loss")
    assert config.vectors.name == "glove.6B.100d"
