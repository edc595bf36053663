"""The numbers of `data check`, counted by hand on data made for it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gru_sentiment.config.loading import load_config
from gru_sentiment.config.sections import Config
from gru_sentiment.errors import DataError, UserError, VectorsError
from gru_sentiment.recipes.check_data import check_data
from gru_sentiment.results.data import Conflict, DataReport, LabelledRow, NearDuplicate

TRAIN = [
    ("good film", "pos"),
    ("good film", "pos"),
    ("bad film", "neg"),
    ("", "neg"),
    ("one two three four five six", "pos"),
    ("bad plot", "neg"),
    # these two leave the training part: other parts hold them
    ("known to test", "pos"),
    ("known to validation", "neg"),
]
VALIDATION = [
    ("known to validation", "neg"),
    ("good day", "pos"),
    # leaves the validation part
    ("known to both", "pos"),
]
TEST = [
    ("known to test", "pos"),
    ("words unheard", "neg"),
    ("known to both", "pos"),
]
CONFIG = """\
data: {source: files, path: train.csv, validation_path: validation.csv, test_path: test.csv}
text: {max_tokens: 4, head_tokens: 2, min_frequency: 2}
vectors: {source: file, path: vectors.txt}
"""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    for name, rows in (("train", TRAIN), ("validation", VALIDATION), ("test", TEST)):
        lines = ["text,label", *(f"{text},{label}" for text, label in rows)]
        (tmp_path / f"{name}.csv").write_text("\n".join(lines) + "\n", "utf-8")
    (tmp_path / "vectors.txt").write_text("film 0.1 0.2\ngood 0.3 0.4\nday 0.5 0.6\n", "utf-8")
    (tmp_path / "config.yaml").write_text(CONFIG, "utf-8")
    return load_config(tmp_path / "config.yaml")


@pytest.fixture
def report(config: Config) -> DataReport:
    return check_data(config)


def test_rows_and_balance(report: DataReport) -> None:
    assert list(report.splits) == ["train", "validation", "test"]
    assert {name: split.rows for name, split in report.splits.items()} == {
        "train": 6,
        "validation": 2,
        "test": 3,
    }
    assert {name: split.labels for name, split in report.splits.items()} == {
        "train": {"neg": 3, "pos": 3},
        "validation": {"neg": 1, "pos": 1},
        "test": {"neg": 1, "pos": 2},
    }


def test_empty_and_duplicate_texts(report: DataReport) -> None:
    counts = {
        name: (split.empty_texts, split.duplicate_texts) for name, split in report.splits.items()
    }
    assert counts == {"train": (1, 1), "validation": (0, 0), "test": (0, 0)}


def test_overlaps_before_and_after(report: DataReport) -> None:
    assert report.overlaps == {
        "train of the source and validation of the source": 1,
        "train of the source and test of the source": 1,
        "validation of the source and test of the source": 1,
        "train and validation": 0,
        "train and test": 0,
        "validation and test": 0,
    }


def test_lengths_are_those_before_truncation(report: DataReport) -> None:
    # 0 2 2 2 2 6 words, between which percentiles are interpolated and cut to whole words
    lengths = report.splits["train"].lengths
    expected = {"5 %": 0, "25 %": 2, "50 %": 2, "75 %": 2, "95 %": 5, "99 %": 5, "100 %": 6}
    assert lengths == expected
    assert report.splits["validation"].lengths["100 %"] == 3
    assert report.splits["train"].truncated == pytest.approx(1 / 6)
    assert report.splits["test"].truncated == 0


def test_words_that_the_vocabulary_does_not_know(report: DataReport) -> None:
    # it knows film, good and bad, and two specials
    assert report.vocabulary == 5
    shares = {name: split.out_of_vocabulary for name, split in report.splits.items()}
    assert shares == {
        "train": pytest.approx(7 / 14),
        "validation": pytest.approx(4 / 5),
        "test": 1.0,
    }


def test_coverage_by_word_and_by_text(report: DataReport) -> None:
    assert report.coverage is not None
    assert report.coverage.vectors == "vectors.txt"
    assert report.coverage.types == pytest.approx(2 / 3)
    assert report.coverage.tokens == pytest.approx(5 / 7)
    assert list(report.coverage.most_frequent_missing) == [("bad", 2)]


def test_warnings_name_what_to_look_at(report: DataReport) -> None:
    assert any("train" in warning and "no word" in warning for warning in report.warnings)
    assert any("71%" in warning and "text.lowercase" in warning for warning in report.warnings)
    assert len(report.warnings) == 2


def test_at_most_ten_uncovered_words_are_named(tmp_path: Path) -> None:
    words = [chr(ord("a") + i) * 3 for i in range(14)]
    # the later in the alphabet, the more often
    texts = [" ".join(words[i:]) for i in range(14)] * 2
    rows = [f"{text} number{i},{'pos' if i % 2 else 'neg'}" for i, text in enumerate(texts)]
    (tmp_path / "train.csv").write_text("\n".join(["text,label", *rows]) + "\n", "utf-8")
    (tmp_path / "config.yaml").write_text(
        "data: {source: files, path: train.csv, test_size: 0}\nvectors: {source: none}\n", "utf-8"
    )
    report = check_data(load_config(tmp_path / "config.yaml"))
    assert report.coverage is not None
    missing = list(report.coverage.most_frequent_missing)
    assert [word for word, _ in missing] == words[:3:-1]
    assert (report.coverage.types, report.coverage.tokens) == (0.0, 0.0)


def test_a_rare_class_is_a_warning(tmp_path: Path) -> None:
    rows = [f"text number {i},{'rare' if i % 20 == 0 else 'usual'}" for i in range(200)]
    (tmp_path / "train.csv").write_text("\n".join(["text,label", *rows]) + "\n", "utf-8")
    (tmp_path / "config.yaml").write_text(
        "data: {source: files, path: train.csv}\nvectors: {source: none}\n", "utf-8"
    )
    report = check_data(load_config(tmp_path / "config.yaml"))
    assert any("train: only 8 of 160 rows are rare" in warning for warning in report.warnings)


def test_parts_that_are_drawn_cover_every_row_once(tiny_config: Path) -> None:
    report = check_data(load_config(tiny_config))
    assert sum(split.rows for split in report.splits.values()) == 80
    assert report.overlaps == {
        "train and validation": 0,
        "train and test": 0,
        "validation and test": 0,
    }
    assert {name: split.labels for name, split in report.splits.items()} == {
        "train": {"negative": 24, "positive": 24},
        "validation": {"negative": 8, "positive": 8},
        "test": {"negative": 8, "positive": 8},
    }


def test_a_smaller_training_part_is_what_is_looked_at(tiny_config: Path) -> None:
    whole = check_data(load_config(tiny_config))
    small = check_data(load_config(tiny_config, ["data.train_size=10"]))
    assert small.splits["train"].rows == 10
    assert small.splits["train"].labels == {"negative": 5, "positive": 5}
    assert small.vocabulary < whole.vocabulary
    for split in ("validation", "test"):
        assert small.splits[split].rows == whole.splits[split].rows
    with pytest.raises(DataError, match=r"data\.train_size: 49; the training split has 48 rows"):
        check_data(load_config(tiny_config, ["data.train_size=49"]))


def test_fingerprint_follows_the_content(config: Config, tmp_path: Path) -> None:
    first = check_data(config).fingerprint
    assert check_data(config).fingerprint == first
    path = tmp_path / "test.csv"
    path.write_text(path.read_text("utf-8").replace("unheard", "unhearD"), "utf-8")
    assert check_data(config).fingerprint != first


def test_writes_nothing_beside_the_data(config: Config, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    check_data(config)
    assert sorted(tmp_path.iterdir()) == before


def test_what_training_could_not_use_is_an_error_here_too(config: Config, tmp_path: Path) -> None:
    (tmp_path / "vectors.txt").write_text("film 0.1 0.2\ngood 0.3\n", "utf-8")
    with pytest.raises(VectorsError, match="line 2"):
        check_data(config)
    (tmp_path / "train.csv").write_text("text,label\na,pos\nb,pos\n", "utf-8")
    with pytest.raises(DataError):
        check_data(config)


def test_texts_with_two_labels_are_counted_and_listed(config: Config) -> None:
    assert check_data(config).conflicts == []
    with Path("train.csv").open("a", encoding="utf-8") as file:
        file.write("good film,neg\nwords unheard,pos\n")
    report = check_data(config)
    assert report.conflicts == [
        Conflict(
            "good film",
            [
                LabelledRow("train", 1, "pos"),
                LabelledRow("train", 2, "pos"),
                LabelledRow("train", 9, "neg"),
            ],
        ),
        Conflict("words unheard", [LabelledRow("train", 10, "pos"), LabelledRow("test", 2, "neg")]),
    ]
    assert report.to_json()["conflicts"][0]["rows"][2] == {
        "split": "train",
        "row": 9,
        "label": "neg",
    }
    assert (
        "2 texts have more than one label (5 rows; train row 1: pos, train row 2: pos, train row "
        "9: neg); --json lists them" in report.warnings
    )


LONG = " ".join(f"word{i}" for i in range(60))


def add_row(split: str, text: str, label: str) -> None:
    with Path(f"{split}.csv").open("a", encoding="utf-8") as file:
        file.write(f"{text},{label}\n")


def test_near_duplicates_by_their_rows(config: Config) -> None:
    add_row("train", LONG, "pos")
    add_row("train", "unlike in every word but in none the same", "pos")
    add_row("validation", f"{LONG}!", "pos")
    add_row("test", LONG.replace("word30", "another"), "neg")
    report = check_data(config)
    rows = {
        "train": LabelledRow("train", 9, "pos"),
        "validation": LabelledRow("validation", 4, "pos"),
        "test": LabelledRow("test", 4, "neg"),
    }
    assert report.near_duplicates == {
        "validation": {"train": [NearDuplicate(rows["validation"], rows["train"], 1.0)]},
        "test": {
            "train": [NearDuplicate(rows["test"], rows["train"], 55 / 61)],
            "validation": [NearDuplicate(rows["test"], rows["validation"], 55 / 61)],
        },
    }
    assert report.warnings[-2:] == [
        "test: 1 of 4 rows almost equal a row of train, which makes scores too high (test row 4: "
        "train row 9); --json lists them",
        "test: 1 of 4 rows almost equal a row of validation, which makes scores too high (test "
        "row 4: validation row 4); --json lists them",
    ]
    found = report.to_json()["near_duplicates"]["test"]["train"]
    assert found[0]["other"] == {"split": "train", "row": 9, "label": "pos"}


def test_equal_texts_are_no_near_duplicates(config: Config) -> None:
    add_row("train", LONG, "pos")
    add_row("test", LONG, "pos")
    report = check_data(config)
    assert report.overlaps["train of the source and test of the source"] == 2
    assert report.near_duplicates == {
        "validation": {"train": []},
        "test": {"train": [], "validation": []},
    }


def test_few_near_duplicates_are_no_warning(config: Config) -> None:
    add_row("train", LONG, "pos")
    add_row("test", f"{LONG}!", "pos")
    for i in range(96):
        add_row("test", f"other{i} words{i} here{i}", "pos")
    assert not any("almost equal" in warning for warning in check_data(config).warnings)
    Path("test.csv").write_text("".join(Path("test.csv").read_text().splitlines(True)[:-1]))
    assert any("1 of 99 rows almost equal" in warning for warning in check_data(config).warnings)


def test_without_the_extra_they_are_not_looked_for(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = check_data(config)
    assert whole.near_duplicates is not None
    monkeypatch.setitem(sys.modules, "datasketch", None)
    report = check_data(config)
    assert report.near_duplicates is None
    assert (report.splits, report.warnings) == (whole.splits, whole.warnings)


@pytest.mark.parametrize(
    ("training", "cause"),
    [
        ({"loss": "bce"}, "training.loss bce: needs two classes, the data has 3: neg, other, pos"),
        ({"class_weights": (1.0, 2.0)}, "2 weights for 3 classes: neg, other, pos"),
        ({"class_weights": {"bad": 2.0}}, "'bad' is no class; classes: neg, other, pos"),
    ],
)
def test_what_training_would_refuse(
    config: Config, training: dict[str, object], cause: str
) -> None:
    with Path("train.csv").open("a", encoding="utf-8") as file:
        file.write("a third class,other\n")
    assert check_data(config).splits["train"].labels["other"] == 1
    refused = config.training.model_copy(update=training)
    with pytest.raises(DataError, match=cause):
        check_data(config.model_copy(update={"training": refused}))


def test_a_start_that_is_not_there(config: Config) -> None:
    model = config.model.model_copy(update={"initialize_from": Path("runs/none")})
    with pytest.raises(UserError, match="runs/none"):
        check_data(config.model_copy(update={"model": model}))


def test_a_class_that_leaves_the_training_rows(config: Config) -> None:
    with Path("train.csv").open("a", encoding="utf-8") as file:
        file.write("rare film,rare\n")
    with Path("test.csv").open("a", encoding="utf-8") as file:
        file.write("rare film,rare\n")
    with pytest.raises(DataError, match="class rare has no rows left to train on"):
        check_data(config)
