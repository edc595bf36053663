"""Several seeds or folds as one: laid out, resumed, summed up; the trainer only writes files."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from pathlib import Path

import pytest

from gru_sentiment.artifact.series import read_series
from gru_sentiment.config.loading import dump_config, load_config
from gru_sentiment.config.sections import Config
from gru_sentiment.errors import ArtifactError, ConfigError, DivergenceError
from gru_sentiment.recipes.series import (
    Trainer,
    holds_series,
    resume_series,
    train_folds,
    train_seeds,
)

ACCURACY = {0: 0.8, 1: 0.9, 2: 0.85, 3: 0.7}


class Trainings:
    """Notes what it is asked to train, and writes the plain files of a run."""

    def __init__(
        self, stop_at: int | None = None, error: BaseException | None = None, *, keep: bool = True
    ) -> None:
        self.done: list[tuple[str, int]] = []
        self.stop_at, self.error, self.keep = stop_at, error or KeyboardInterrupt(), keep
        self.trainer = Trainer(self.train, self.resume)

    def train(self, config: Config) -> None:
        self._write("train", config)

    def resume(self, path: Path, config: Config) -> None:
        assert path == config.run.output
        path.with_name(f"{path.name}.partial").rename(path)
        self._write("resume", config)

    def _write(self, how: str, config: Config) -> None:
        folder, seed = config.run.output, config.data.fold or config.run.seed
        assert folder is not None
        stopped = seed == self.stop_at
        if stopped and not self.keep:
            raise self.error
        if stopped:
            folder = folder.with_name(f"{folder.name}.partial")
        folder.mkdir(exist_ok=True)
        (folder / "config.yaml").write_text(dump_config(config), "utf-8")
        if stopped:
            raise self.error
        self.done.append((how, seed))
        scores = {"accuracy": ACCURACY[seed], "loss": 1 - ACCURACY[seed]}
        (folder / "metrics.json").write_text(json.dumps({"validation": scores}), "utf-8")
        about = {"seed": config.run.seed}
        (folder / "metadata.json").write_text(json.dumps(about), "utf-8")


@pytest.fixture
def config(tiny_config: Path) -> Callable[..., Config]:
    return lambda *overrides: load_config(tiny_config, overrides)


def test_mean_spread_and_the_best(config: Callable[..., Config]) -> None:
    trainings = Trainings()
    result = train_seeds(config(), 3, trainings.trainer, name="tiny")
    assert trainings.done == [("train", 0), ("train", 1), ("train", 2)]
    assert result.folder == "runs/tiny"
    assert [run.run for run in result.runs] == [f"runs/tiny/seed-{i}" for i in range(3)]
    assert [run.best for run in result.runs] == [False, True, False]
    assert (result.best, result.monitor) == ("runs/tiny/seed-1", "-loss")
    values = [ACCURACY[seed] for seed in range(3)]
    spread = result.spread["validation.accuracy"]
    assert spread.mean == pytest.approx(statistics.mean(values))
    assert spread.deviation == pytest.approx(statistics.stdev(values))
    assert (spread.low, spread.high) == (0.8, 0.9)
    assert "test.accuracy" not in result.spread
    assert read_series(Path("runs/tiny")).best == "seed-1"
    assert json.loads(Path("runs/tiny/seeds.json").read_text("utf-8"))["scores"].keys() == {
        "validation.accuracy",
        "validation.loss",
    }
    assert Path("runs/latest").resolve() == Path("runs/tiny/seed-1").resolve()


def test_seeds_count_on_from_the_configs(config: Callable[..., Config]) -> None:
    result = train_seeds(config("run.seed=2"), 2, Trainings().trainer, name="tiny")
    assert [run.seed for run in result.runs] == [2, 3]
    assert result.best == "runs/tiny/seed-2"


def test_the_best_is_by_the_configs_monitor(config: Callable[..., Config]) -> None:
    result = train_seeds(config("training.monitor=+accuracy"), 2, Trainings().trainer, name="tiny")
    assert (result.best, result.monitor) == ("runs/tiny/seed-1", "+accuracy")
    with pytest.raises(
        ArtifactError, match=r"seed-0: its metrics\.json has no validation\.roc_auc"
    ):
        train_seeds(config("training.monitor=+roc_auc"), 2, Trainings().trainer, name="other")


def test_the_same_again_trains_nothing_again(config: Callable[..., Config]) -> None:
    first = train_seeds(config(), 2, Trainings().trainer, name="tiny")
    again = Trainings()
    assert train_seeds(config(), 2, again.trainer, name="tiny") == first
    assert again.done == []
    more = Trainings()
    assert len(train_seeds(config(), 3, more.trainer, name="tiny").runs) == 3
    assert more.done == [("train", 2)]


@pytest.mark.parametrize("how", ["again", "resume"])
def test_what_was_killed_goes_on(
    config: Callable[..., Config], how: str, caplog: pytest.LogCaptureFixture
) -> None:
    killed = Trainings(stop_at=1)
    with pytest.raises(KeyboardInterrupt):
        train_seeds(config(), 3, killed.trainer, name="tiny")
    assert killed.done == [("train", 0)]
    assert "resume all seeds with: gru-sent train --resume runs/tiny" in caplog.text
    folder = Path("runs/tiny")
    with pytest.raises(ArtifactError, match="not all of its 3 seeds are finished") as caught:
        assert read_series(folder).best_run
    assert "--resume runs/tiny" in caught.value.hint
    second = Trainings()
    if how == "again":
        result = train_seeds(config(), 3, second.trainer, name="tiny")
    else:
        result = resume_series(folder, second.trainer)
    assert second.done == [("resume", 1), ("train", 2)]
    assert result.best == "runs/tiny/seed-1"


def test_another_config_has_another_folder(config: Callable[..., Config]) -> None:
    train_seeds(config(), 2, Trainings().trainer, name="tiny")
    other = train_seeds(config("model.cell=lstm"), 2, Trainings().trainer, name="tiny")
    assert other.folder == "runs/tiny-2"
    again = Trainings()
    assert train_seeds(config("model.cell=lstm"), 2, again.trainer, name="tiny") == other
    assert again.done == []


def test_another_config_in_a_named_folder_is_refused(config: Callable[..., Config]) -> None:
    train_seeds(config("run.output=mine"), 2, Trainings().trainer, name="tiny")
    changed = config("run.output=mine", "model.cell=lstm")
    with pytest.raises(ArtifactError, match="holds seeds of another config") as caught:
        train_seeds(changed, 2, Trainings().trainer, name="tiny")
    assert "model.cell: gru there, lstm now" in caught.value.cause
    assert "--force" in caught.value.hint
    forced = Trainings()
    train_seeds(changed, 2, forced.trainer, name="tiny", force=True)
    assert forced.done == [("train", 0), ("train", 1)]
    assert read_series(Path("mine")).config.model.cell == "lstm"


def test_a_seed_of_another_config_is_not_taken_for_a_finished_one(
    config: Callable[..., Config],
) -> None:
    with pytest.raises(KeyboardInterrupt):
        train_seeds(config(), 2, Trainings(stop_at=1).trainer, name="tiny")
    path = Path("runs/tiny/seed-0/config.yaml")
    path.write_text(path.read_text("utf-8").replace("epochs: 2", "epochs: 1"), "utf-8")
    with pytest.raises(ArtifactError, match=r"seed-0: was trained with another training\.epochs"):
        resume_series(Path("runs/tiny"), Trainings().trainer)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (["config.yaml", "vocabulary.txt"], "is a run"),
        (["config.yaml"], "holds no seeds"),
        (["photo.jpg"], "holds no seeds"),
    ],
)
@pytest.mark.parametrize("force", [False, True])
def test_a_folder_with_something_else_is_left_alone(
    config: Callable[..., Config], content: list[str], says: str, force: bool
) -> None:
    Path("mine").mkdir()
    for name in content:
        (Path("mine") / name).write_text("x", "utf-8")
    with pytest.raises(ArtifactError, match=says):
        train_seeds(config("run.output=mine"), 2, Trainings().trainer, name="tiny", force=force)
    assert sorted(path.name for path in Path("mine").iterdir()) == content


def test_settings_do_not_change_on_the_way(config: Callable[..., Config]) -> None:
    train_seeds(config(), 2, Trainings().trainer, name="tiny")
    with pytest.raises(ConfigError) as caught:
        resume_series(
            Path("runs/tiny"),
            Trainings().trainer,
            overrides=["model.cell=lstm"],
            flags={"run.threads": 3},
        )
    assert caught.value.cause == (
        "model.cell: gru in runs/tiny, lstm now\nrun.threads: 1 in runs/tiny, 3 now"
    )


def test_settings_that_are_those_of_the_seeds_may_be_given_again(
    config: Callable[..., Config],
) -> None:
    train_seeds(config(), 2, Trainings().trainer, name="tiny")
    again = resume_series(
        Path("runs/tiny"), Trainings().trainer, overrides=["run.seed=0"], flags={"run.threads": 1}
    )
    assert len(again.runs) == 2
    resume_series(Path("runs/tiny"), Trainings().trainer, config=config())


def test_which_folders_hold_seeds(config: Callable[..., Config]) -> None:
    train_seeds(config(), 2, Trainings().trainer, name="tiny")
    assert holds_series(Path("runs/tiny"))
    assert not holds_series(Path("runs/tiny/seed-0"))
    assert not holds_series(Path("runs/nope"))


# folds


def test_a_run_for_each_fold(config: Callable[..., Config]) -> None:
    trainings = Trainings()
    result = train_folds(config(), 3, trainings.trainer, name="tiny")
    assert trainings.done == [("train", 1), ("train", 2), ("train", 3)]
    assert [run.run for run in result.runs] == [f"runs/tiny/fold-{i}" for i in (1, 2, 3)]
    assert [run.config["data.fold"] for run in result.runs] == [1, 2, 3]
    assert {run.config["data.folds"] for run in result.runs} == {3}
    assert {run.seed for run in result.runs} == {0}
    values = [ACCURACY[fold] for fold in (1, 2, 3)]
    assert result.spread["validation.accuracy"].mean == pytest.approx(statistics.mean(values))
    assert (result.kind, result.best) == ("fold", "runs/tiny/fold-1")
    assert holds_series(Path("runs/tiny"))
    again = Trainings()
    assert train_folds(config(), 3, again.trainer, name="tiny") == result
    assert again.done == []
    # another number of folds divides the rows otherwise
    assert train_folds(config(), 2, again.trainer, name="tiny").folder == "runs/tiny-2"


def test_a_fold_of_the_config_does_not_matter(config: Callable[..., Config]) -> None:
    given = config("data.folds=4", "data.fold=3")
    result = train_folds(given, 2, Trainings().trainer, name="tiny")
    assert [run.config["data.fold"] for run in result.runs] == [1, 2]


def test_folds_beside_a_validation_file(config: Callable[..., Config]) -> None:
    given = config("data.validation_path=other.csv")
    with pytest.raises(ConfigError, match=r"data\.folds: a fold is the validation split"):
        train_folds(given, 2, Trainings().trainer, name="tiny")
    assert not Path("runs").exists()


@pytest.mark.parametrize("how", ["again", "resume", "resume with the config"])
def test_interrupted_folds_are_resumed(
    config: Callable[..., Config], how: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(KeyboardInterrupt):
        train_folds(config(), 3, Trainings(stop_at=2).trainer, name="tiny")
    assert "resume all folds with: gru-sent train --resume runs/tiny" in caplog.text
    second, folder = Trainings(), Path("runs/tiny")
    if how == "again":
        result = train_folds(config(), 3, second.trainer, name="tiny")
    else:
        given = config() if how == "resume with the config" else None
        result = resume_series(folder, second.trainer, config=given)
    assert second.done == [("resume", 2), ("train", 3)]
    assert len(result.runs) == 3
    with pytest.raises(ConfigError, match=r"data\.folds: 3 in runs/tiny, 5 now"):
        resume_series(folder, second.trainer, config=config("data.folds=5", "data.fold=1"))


@pytest.mark.parametrize("keep", [True, False])
def test_a_fold_that_fails_leaves_the_finished_ones(
    config: Callable[..., Config], keep: bool, caplog: pytest.LogCaptureFixture
) -> None:
    failing = Trainings(2, DivergenceError("the loss is not finite"), keep=keep)
    with pytest.raises(DivergenceError):
        train_folds(config(), 3, failing.trainer, name="tiny")
    assert "fold 2 of 3 failed; the finished ones stay" in caplog.text
    assert "gru-sent train --resume runs/tiny" in caplog.text
    assert Path("runs/tiny/fold-1/metrics.json").is_file()
    second = Trainings()
    assert len(resume_series(Path("runs/tiny"), second.trainer).runs) == 3
    assert second.done == [("resume" if keep else "train", 2), ("train", 3)]


def test_a_first_fold_that_leaves_nothing_leaves_no_folder(
    config: Callable[..., Config], caplog: pytest.LogCaptureFixture
) -> None:
    failing = Trainings(1, ConfigError("cannot be trained"), keep=False)
    with pytest.raises(ConfigError):
        train_folds(config(), 3, failing.trainer, name="tiny")
    assert not Path("runs/tiny").exists()
    assert "--resume" not in caplog.text


@pytest.mark.parametrize("force", [False, True])
def test_seeds_and_folds_do_not_share_a_folder(config: Callable[..., Config], force: bool) -> None:
    train_seeds(config("run.output=mine"), 2, Trainings().trainer, name="tiny")
    with pytest.raises(ArtifactError, match="mine: holds seeds, not folds"):
        train_folds(config("run.output=mine"), 2, Trainings().trainer, name="x", force=force)
    assert train_seeds(config(), 2, Trainings().trainer, name="tiny").folder == "runs/tiny"
    assert train_folds(config(), 2, Trainings().trainer, name="tiny").folder == "runs/tiny-2"


def test_fewer_folds_replace_more(config: Callable[..., Config]) -> None:
    train_folds(config("run.output=mine"), 3, Trainings().trainer, name="tiny")
    with pytest.raises(ArtifactError, match="holds folds of another config") as caught:
        train_folds(config("run.output=mine"), 2, Trainings().trainer, name="tiny")
    assert "data.folds: 3 there, 2 now" in caught.value.cause
    train_folds(config("run.output=mine"), 2, Trainings().trainer, name="tiny", force=True)
    assert sorted(path.name for path in Path("mine").iterdir()) == [
        "fold-1",
        "fold-2",
        "seeds.json",
    ]
