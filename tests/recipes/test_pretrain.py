"""Pre-training learns to predict, goes on where it stopped, and starts a classifier."""

from __future__ import annotations

import json
import math
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from artifact.runs import write_baseline
from predicting import predict
from safetensors.torch import load_file
from trainings import StoppedError, Stopping, outcome

from gru_sentiment.artifact.contents import read_kind
from gru_sentiment.artifact.files import ENCODER
from gru_sentiment.artifact.writer import RunWriter
from gru_sentiment.builders.corpus import build_corpus
from gru_sentiment.cli.progress import SilentProgress
from gru_sentiment.config.loading import load_config
from gru_sentiment.config.sections import Config
from gru_sentiment.errors import ArtifactError, ConfigError, DataError, UserError
from gru_sentiment.recipes import pretrain as recipe
from gru_sentiment.recipes import train as training
from gru_sentiment.recipes.evaluate import evaluate
from gru_sentiment.results.training import EvaluationRecord, PretrainingResult, StepRecord

CONFIG = """\
data: {source: files, path: reviews.csv, validation_size: 0.2, test_size: 0.2}
text: {max_tokens: null, min_frequency: 1}
vectors: {source: none, dimension: 6}
model: {cell: gru, hidden_size: 8, bidirectional: false, dropout: 0.1}
training: {epochs: 2, batch_size: 8, learning_rate: 0.03}
pretraining: {window: 8, negatives: 20, held_out: 8}
run: {threads: 1}
"""
FINE_TUNING = """\
data: {source: files, path: reviews.csv, validation_size: 0.2, test_size: 0.2}
text: {max_tokens: 20, head_tokens: 10, min_frequency: 1}
vectors: {source: none, dimension: 6}
model: {cell: gru, hidden_size: 8, bidirectional: false, initialize_from: runs/lm}
training:
  epochs: 2
  batch_size: 8
  learning_rate: 0.03
  fine_tuning: {layer_decay: 2.6}
run: {threads: 1}
"""


class Observer(Stopping):
    """Keeps the evaluations."""

    def __init__(self, at: int | None = None) -> None:
        super().__init__(at)
        self.evaluations: list[EvaluationRecord] = []

    def on_step(self, record: StepRecord) -> None:
        assert record.accuracy is None
        super().on_step(record)

    def on_evaluation(self, record: EvaluationRecord) -> None:
        self.evaluations.append(record)
        super().on_evaluation(record)


OFTEN = "run.checkpoint_every=1 step"
BOTH, BIDIRECTIONAL = "pretraining.direction=both", "model.bidirectional=true"


def texts(n: int, seed: int) -> list[str]:
    """`n` distinct texts."""
    generator = random.Random(seed)
    words = ["the", "film", "plot", "acting", "was", "and", "with", "great", "awful"]
    return [f"{' '.join(generator.choices(words, k=12))} text{seed}x{i}" for i in range(n)]


def write_texts(path: Path, found: list[str]) -> None:
    """A csv with two classes in turns."""
    lines = [f"{text},{'no' if i % 2 else 'yes'}" for i, text in enumerate(found)]
    path.write_text("\n".join(["text,label", *lines]) + "\n", "utf-8")


def write_inputs() -> None:
    write_texts(Path("reviews.csv"), texts(80, seed=0))
    Path("lm.yaml").write_text(CONFIG, "utf-8")
    Path("tune.yaml").write_text(FINE_TUNING, "utf-8")


@pytest.fixture(autouse=True)
def _with_inputs(_in_folder: None) -> None:
    write_inputs()


@pytest.fixture(scope="module")
def encoders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two encoders that several tests start from: of one direction, and of both."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("encoders"))
        write_inputs()
        pretrain("run.output=forward")
        pretrain("run.output=both", BOTH)
        return Path.cwd()


@pytest.fixture
def encoder(encoders: Path) -> Callable[..., None]:
    """Puts one of them where the config for fine-tuning looks for it."""

    def put(*, both: bool = False) -> None:
        shutil.copytree(encoders / ("both" if both else "forward"), "runs/lm")

    return put


def pretrain(*overrides: str, observer: Observer | None = None) -> PretrainingResult:
    config = load_config(Path("lm.yaml"), ["run.output=runs/lm", *overrides])
    return recipe.pretrain(config, observer or Observer())


def fine_tune(*overrides: str) -> Any:
    return training.train(load_config(Path("tune.yaml"), overrides), SilentProgress(), name="tune")


def test_it_learns_what_follows() -> None:
    watcher = Observer()
    result = pretrain("training.epochs=12", observer=watcher)
    first, last = watcher.evaluations[0], watcher.evaluations[-1]
    # drawn from nine words: a model that knows how often each occurs has about 10
    assert last.scores["loss"] < first.scores["loss"]
    assert result.perplexity < 0.6 * result.vocabulary
    assert result.perplexity == pytest.approx(math.exp(result.loss))
    assert {record.train_accuracy for record in watcher.evaluations} == {None}


def test_an_encoder_run_is_whole() -> None:
    result = pretrain()
    run = Path(result.run)
    names = {path.name for path in run.iterdir()}
    assert names == {
        "config.yaml",
        "vocabulary.txt",
        "model.safetensors",
        "metrics.jsonl",
        "metrics.json",
        "metadata.json",
        "manifest.json",
        "kind.json",
        "seen-texts.safetensors",
    }
    facts = json.loads((run / "metadata.json").read_bytes())
    assert facts["kind"] == "encoder"
    assert facts["rows"] == {"train": 40, "held_out": 8}
    assert facts["parameters"]["total"] == result.parameters
    scores = json.loads((run / "metrics.json").read_bytes())["held_out"]
    assert (scores["loss"], scores["perplexity"]) == (result.loss, result.perplexity)
    assert not [name for name in load_file(run / "model.safetensors") if "carried" in name]


def test_perplexities_of_both_directions() -> None:
    result = pretrain("pretraining.direction=both")
    scores = json.loads(Path("runs/lm/metrics.json").read_bytes())["held_out"]
    apart = [scores[f"perplexity_{direction}"] for direction in ("forward", "backward")]
    assert apart[0] != apart[1]
    assert result.perplexity == pytest.approx(math.sqrt(apart[0] * apart[1]))


@pytest.mark.parametrize("direction", ["forward", "both"])
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_equal_to_one_that_never_stopped(cell: str, direction: str, tmp_path: Path) -> None:
    overrides = [f"model.cell={cell}", f"pretraining.direction={direction}", OFTEN]
    whole = Observer()
    pretrain(*overrides, observer=whole)
    Path("runs/lm").rename(tmp_path / "whole")
    expected = outcome(tmp_path / "whole")
    half = whole.seen // 2
    # the steps around the first evaluation, and the last one
    for at in (2, half - 1, half + 1, whole.seen - 1):
        with pytest.raises(StoppedError):
            pretrain(*overrides, observer=Observer(at))
        torch.manual_seed(at)
        recipe.resume(Path("runs/lm"), Observer())
        assert outcome(Path("runs/lm")) == expected, at
        Path("runs/lm").rename(tmp_path / f"stopped-at-{at}")


def test_changed_texts_are_refused() -> None:
    with pytest.raises(StoppedError):
        pretrain(OFTEN, observer=Observer(3))
    write_texts(Path("reviews.csv"), texts(80, seed=1))
    with pytest.raises(ArtifactError, match="the data changed since the training started"):
        recipe.resume(Path("runs/lm"), Observer())


def test_each_command_goes_on_with_its_own() -> None:
    with pytest.raises(StoppedError):
        pretrain(OFTEN, observer=Observer(3))
    with pytest.raises(ArtifactError) as caught:
        training.resume(Path("runs/lm"), SilentProgress())
    assert caught.value.cause == "runs/lm.partial: was started by gru-sent pretrain"
    assert caught.value.hint == "gru-sent pretrain --resume runs/lm"


def test_a_folder_that_can_be_gone_on_with_says_what_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever moment it dies at: the config comes last."""
    saved = RunWriter.save_config

    def die(writer: RunWriter, config: Config) -> None:
        saved(writer, config)
        raise StoppedError

    monkeypatch.setattr(RunWriter, "save_config", die)
    # as sudden as a death: nothing is tidied up
    monkeypatch.setattr(RunWriter, "__exit__", lambda *_: None)
    with pytest.raises(StoppedError):
        pretrain()
    assert read_kind(Path("runs/lm.partial")) == ENCODER


# more texts


def test_unlabelled_texts_are_read_too() -> None:
    lines = [f'{{"text": "{text} rareword"}}\n' for text in texts(30, seed=7)]
    Path("more.jsonl").write_text("".join(lines), "utf-8")
    pretrain("data.unlabelled_path=more.jsonl")
    facts = json.loads(Path("runs/lm/metadata.json").read_bytes())
    assert facts["rows"] == {"train": 70, "held_out": 8}
    assert "rareword" in Path("runs/lm/vocabulary.txt").read_text("utf-8").split("\n")


def test_no_text_of_the_test_part_is_read(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    pretrain()
    config = load_config(Path("lm.yaml"))
    corpus = build_corpus(config)
    tested = corpus.records.texts.take(corpus.splits["test"][:3]).to_pylist()
    write_texts(Path("more.csv"), [*tested, *texts(10, seed=9)])
    pretrain("data.unlabelled_path=more.csv", "run.output=runs/more")
    facts = json.loads(Path("runs/more/metadata.json").read_bytes())
    assert facts["rows"]["train"] + facts["rows"]["held_out"] == 48 + 10
    assert "3 unlabelled texts left out: they stand in the test split" in caplog.messages
    words = set(Path("runs/more/vocabulary.txt").read_text("utf-8").split("\n"))
    assert not [text for text in tested if text.split()[-1] in words]


def test_a_test_part_is_recognised_by_its_texts() -> None:
    write_texts(Path("more.csv"), texts(80, seed=0))
    with pytest.raises(DataError, match=r"hold 16 of the 16 texts of the \w+ split"):
        pretrain("data.unlabelled_path=more.csv")
    assert not Path("runs").exists() or not any(Path("runs").iterdir())


# what bad input gets


@pytest.mark.parametrize(
    ("overrides", "error", "words"),
    [
        (
            ["model.bidirectional=true"],
            ConfigError,
            "model.bidirectional: a language model that reads in",
        ),
        (["pretraining.direction=both", "model.layers=2"], ConfigError, "model.layers: 2, but pre"),
        (["pretraining.direction=backward"], ConfigError, "pretraining.direction"),
        (
            ["training.monitor=+accuracy"],
            ConfigError,
            "training.monitor: +accuracy is not a score of a language model",
        ),
        (["text.max_size=1"], DataError, "the vocabulary holds 1 word"),
        (
            ["training.augmentation.word_dropout=0.1"],
            ConfigError,
            "training.augmentation: is for a classifier",
        ),
        (["training.batch_size=500"], DataError, "too little text: 500 streams of 8 words"),
        (["pretraining.held_out=48"], DataError, "pretraining.held_out: 48 of 48 texts"),
        (["data.unlabelled_path=none.csv"], DataError, "none.csv: no such file"),
        (["pretraining=null"], ConfigError, "pretraining: the config has no such section"),
    ],
)
def test_bad_input(overrides: list[str], error: type[UserError], words: str) -> None:
    with pytest.raises(error) as caught:
        pretrain(*overrides)
    assert words in caught.value.cause
    assert caught.value.hint
    assert not Path("runs/lm").exists()


def test_a_classifiers_command_refuses_a_language_model() -> None:
    with pytest.raises(ConfigError) as caught:
        training.train(load_config(Path("lm.yaml")), SilentProgress())
    assert "gru-sent pretrain" in caught.value.hint


@pytest.mark.parametrize("use", [evaluate, lambda run: predict(["good"], run)])
def test_an_encoder_answers_nothing(use: Any, encoder: Callable[..., None]) -> None:
    encoder()
    with pytest.raises(ArtifactError) as caught:
        use(Path("runs/lm"))
    assert "pre-trained encoder" in caught.value.cause
    assert "model.initialize_from" in caught.value.hint


# fine-tuning


@pytest.mark.parametrize("both", [False, True])
def test_a_classifier_starts_from_the_encoder(both: bool, encoder: Callable[..., None]) -> None:
    encoder(both=both)
    result = fine_tune("training.learning_rate=1e-12", "training.epochs=1", *[BIDIRECTIONAL] * both)
    encoder = load_file("runs/lm/model.safetensors")
    classifier = load_file(f"{result.run}/model.safetensors")
    shared = [n for n in classifier if n.startswith(("embedding.", "recurrent."))]
    assert len(shared) == (9 if both else 5)
    for name in shared:
        torch.testing.assert_close(classifier[name], encoder[name], atol=1e-6, rtol=0)
    assert (
        Path(f"{result.run}/vocabulary.txt").read_bytes()
        == Path("runs/lm/vocabulary.txt").read_bytes()
    )
    facts = json.loads(Path(f"{result.run}/metadata.json").read_bytes())
    assert facts["encoder"]["path"].endswith("runs/lm")
    assert result.coverage is None


def test_the_classifier_needs_no_encoder_afterwards(encoder: Callable[..., None]) -> None:
    encoder()
    result = fine_tune()
    before = predict(["a great film"], Path(result.run))
    shutil.rmtree("runs/lm")
    assert predict(["a great film"], Path(result.run)) == before


@pytest.mark.parametrize("both", [False, True])
def test_gradual_unfreezing_trains_from_the_top(both: bool, encoder: Callable[..., None]) -> None:
    """Both directions of a layer are one layer."""
    encoder(both=both)
    result = fine_tune(
        "training.fine_tuning.unfreeze_epochs=1", "training.epochs=2", *[BIDIRECTIONAL] * both
    )
    encoder = load_file("runs/lm/model.safetensors")
    classifier = load_file(f"{result.run}/model.safetensors")
    layer = ["recurrent.weight_hh_l0", "recurrent.weight_hh_l0_reverse"][: 1 + both]
    moved = {
        name: not torch.equal(classifier[name], encoder[name])
        for name in ("embedding.table.weight", *layer)
    }
    best = json.loads(Path(f"{result.run}/metadata.json").read_bytes())["best_epoch"]
    # the recurrent layer joins in the second epoch; the vectors would in the third
    assert moved == {"embedding.table.weight": False, **dict.fromkeys(layer, best == 2)}


@pytest.mark.parametrize(
    ("override", "both"),
    [
        ("model.cell=lstm", "model.cell: lstm here, gru in"),
        ("model.hidden_size=16", "model.hidden_size: 16 here, 8 in"),
        ("model.layers=2", "model.layers: 2 here, 1 in"),
        ("model.bidirectional=true", "model.bidirectional: True here, False in"),
        ("text.lowercase=false", "text.lowercase: False here, True in"),
        ("vectors.dimension=7", "vectors.dimension: 7 here, 6 in"),
    ],
)
def test_both_sides_of_a_mismatch_are_named(
    override: str, both: str, encoder: Callable[..., None]
) -> None:
    encoder()
    with pytest.raises(ConfigError) as caught:
        fine_tune(override)
    assert both in caught.value.cause
    assert "runs/lm" in caught.value.cause


def test_a_classifier_that_reads_one_direction_of_two(encoder: Callable[..., None]) -> None:
    encoder(both=True)
    with pytest.raises(ConfigError) as caught:
        fine_tune()
    assert caught.value.cause.startswith("model.bidirectional: False here, True in ")
    assert "pretraining.direction: both" in caught.value.hint


def test_a_changed_encoder_is_refused_when_going_on(encoder: Callable[..., None]) -> None:
    encoder()
    config = load_config(Path("tune.yaml"), ["run.checkpoint_every=1 step"])
    with pytest.raises(StoppedError):
        training.train(config, Stopping(3), name="tune")
    shutil.rmtree("runs/lm")
    pretrain("run.seed=5")
    with pytest.raises(ArtifactError, match="the encoder changed"):
        training.resume(Path("runs/tune"), SilentProgress())


@pytest.mark.parametrize("kind", ["missing", "baseline", "damaged"])
def test_what_is_no_encoder(kind: str, encoder: Callable[..., None]) -> None:
    if kind == "damaged":
        encoder()
        path = Path("runs/lm/model.safetensors")
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    if kind == "baseline":
        write_baseline(Path("runs/lm"))
    words = {
        "missing": "no such run folder",
        "baseline": "is a baseline, and has no recurrent layers",
        "damaged": "is not the file that was written",
    }
    with pytest.raises(ArtifactError, match=words[kind]) as caught:
        fine_tune()
    assert caught.value.hint


@pytest.mark.parametrize("kind", ["adversarial", "virtual"])
def test_an_adversary_takes_part(kind: str, encoder: Callable[..., None]) -> None:
    encoder()
    plain = fine_tune("run.output=runs/plain")
    moved = fine_tune("run.output=runs/moved", f"training.adversarial.kind={kind}")
    one, other = (
        [json.loads(line) for line in Path(r.run, "metrics.jsonl").read_text().splitlines()]
        for r in (plain, moved)
    )
    assert one[0]["train_loss"] != other[0]["train_loss"]
    assert moved.metrics["validation"].n == plain.metrics["validation"].n


@pytest.mark.parametrize("unfreeze", [0, 1])
def test_it_may_be_taught_on_unlabelled_texts(unfreeze: int, encoder: Callable[..., None]) -> None:
    encoder()
    fine_tune("run.output=runs/teacher")
    Path("more.jsonl").write_text(
        "".join(f'{{"text": "{text}"}}\n' for text in texts(30, seed=7)), "utf-8"
    )
    result = fine_tune(
        "data.unlabelled_path=more.jsonl",
        "training.unlabelled.batch_size=8",
        "training.unlabelled.teacher=runs/teacher",
        "training.adversarial.kind=virtual",
        f"training.fine_tuning.unfreeze_epochs={unfreeze}",
    )
    facts = json.loads(Path(f"{result.run}/metadata.json").read_bytes())
    assert facts["rows"]["unlabelled"] == 30
    assert facts["encoder"]["path"].endswith("runs/lm")
    assert facts["teacher"]["path"].endswith("runs/teacher")


@pytest.mark.parametrize("kind", ["none", "virtual"])
def test_synonyms_are_neighbours_in_the_encoder(kind: str, encoder: Callable[..., None]) -> None:
    encoder()
    adversary = f"training.adversarial.kind={kind}"
    plain = fine_tune("run.output=runs/plain", adversary)
    replaced = fine_tune(
        "run.output=runs/replaced", adversary, "training.augmentation.synonyms=0.5"
    )
    one, other = (
        [json.loads(line) for line in Path(r.run, "metrics.jsonl").read_text().splitlines()]
        for r in (plain, replaced)
    )
    assert one[0]["train_loss"] != other[0]["train_loss"]
    assert one[0]["tokens"] == other[0]["tokens"]
