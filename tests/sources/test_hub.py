"""The hub's own download is replaced by data sets made here."""

from __future__ import annotations

from collections.abc import Callable

import datasets
import pytest

from gru_sentiment.errors import DataError
from gru_sentiment.sources.hub import load_hub

NAMED = datasets.Features(
    {
        "text": datasets.Value("string"),
        "label": datasets.ClassLabel(names=["bad", "good"]),
        "id": datasets.Value("int64"),
    }
)
TRAIN = {"text": ["a", "b", "c"], "label": [1, 0, 1], "id": [7, 8, 9]}
TEST = {"text": ["d", "e"], "label": [0, 1], "id": [1, 2]}

Offer = Callable[..., list[tuple[str, str, str | None]]]


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch) -> Offer:
    """Let the hub have these splits, or fail; what was asked of it is noted down."""

    def offered(
        splits: dict[str, datasets.Dataset] | None = None, error: Exception | None = None
    ) -> list[tuple[str, str, str | None]]:
        asked: list[tuple[str, str, str | None]] = []

        def load_dataset(path: str, *, split: str, revision: str | None = None) -> datasets.Dataset:
            asked.append((path, split, revision))
            if error is not None:
                raise error
            assert splits is not None
            if split not in splits:
                raise ValueError(f"Unknown split {split!r}. Should be one of {list(splits)}.")
            return splits[split]

        monkeypatch.setattr(datasets, "load_dataset", load_dataset)
        return asked

    return offered


def both(features: datasets.Features | None = NAMED) -> dict[str, datasets.Dataset]:
    return {
        "train": datasets.Dataset.from_dict(TRAIN, features=features),
        "test": datasets.Dataset.from_dict(TEST, features=features),
    }


def test_two_splits_with_the_names_of_the_data_set(offer: Offer) -> None:
    asked = offer(both())
    records = load_hub("someone/reviews", revision="v1")
    assert asked == [("someone/reviews", "train", "v1"), ("someone/reviews", "test", "v1")]
    assert records.splits == {"train": range(3), "test": range(3, 5)}
    assert records.texts.to_pylist() == ["a", "b", "c", "d", "e"]
    assert records.labels == ["good", "bad", "good", "bad", "good"]
    assert records.dataset.column_names == ["text", "label"]


def test_without_a_test_split(offer: Offer) -> None:
    asked = offer(both())
    records = load_hub("someone/reviews", test_split=None)
    assert asked == [("someone/reviews", "train", None)]
    assert records.splits == {"train": range(3)}


def test_splits_and_columns_by_any_name(offer: Offer) -> None:
    data = {"review": ["a", "b"], "stars": [5, 1], "text": ["no", "no"]}
    offer({"unsupervised[:10%]": datasets.Dataset.from_dict(data)})
    records = load_hub(
        "someone/reviews",
        train_split="unsupervised[:10%]",
        test_split=None,
        text_column="review",
        label_column="stars",
    )
    assert records.texts.to_pylist() == ["a", "b"]
    assert records.labels == [5, 1]


def test_labels_without_names_come_back_as_given(offer: Offer) -> None:
    offer(both(features=None))
    assert load_hub("x").labels == [1, 0, 1, 0, 1]
    offer({"train": datasets.Dataset.from_dict({"text": ["a", "b"], "label": ["p", "n"]})})
    assert load_hub("x", test_split=None).labels == ["p", "n"]


@pytest.mark.parametrize("features", [NAMED, None])
def test_given_names_come_before_the_data_sets_own(
    features: datasets.Features | None, offer: Offer
) -> None:
    offer(both(features))
    records = load_hub("x", label_names=["negative", "positive"])
    assert set(records.labels) == {"negative", "positive"}


def test_a_filtered_data_set_gives_its_rows_alone(offer: Offer) -> None:
    train = both()["train"].filter(lambda row: row["label"] == 1)
    offer({"train": train.shuffle(seed=0)})
    records = load_hub("x", test_split=None)
    assert sorted(records.texts.to_pylist()) == ["a", "c"]
    assert records.labels == ["good", "good"]


def test_a_missing_text_is_an_empty_one(offer: Offer) -> None:
    offer({"train": datasets.Dataset.from_dict({"text": ["a", None], "label": [0, 1]})})
    assert load_hub("x", test_split=None).texts.to_pylist() == ["a", ""]


def test_unlabelled_rows(offer: Offer) -> None:
    data = {"text": ["a", "b"], "label": [0, -1], "id": [1, 2]}
    offer({"train": datasets.Dataset.from_dict(data, features=NAMED)})
    with pytest.raises(DataError, match=r"x, split train: label -1 has no name.*bad, good"):
        load_hub("x", test_split=None)
    offer({"train": datasets.Dataset.from_dict(data | {"label": [0, None]}, features=NAMED)})
    with pytest.raises(DataError, match="x, split train: 1 of 2 rows have no label: row 2"):
        load_hub("x", test_split=None)


@pytest.mark.parametrize(
    ("columns", "missing"),
    [
        ({"text_column": "review"}, "'review'"),
        ({"label_column": "stars"}, "'stars'"),
        ({"text_column": "review", "label_column": "stars"}, "'review', 'stars'"),
    ],
)
def test_wrong_column(columns: dict[str, str], missing: str, offer: Offer) -> None:
    offer(both())
    with pytest.raises(DataError, match=f"x, split train: no column {missing}; ") as caught:
        load_hub("x", **columns)  # type: ignore[arg-type]
    assert caught.value.cause.endswith("columns found: text, label, id")
    assert "data.text_column and data.label_column" in caught.value.hint


def test_a_text_column_of_another_type(offer: Offer) -> None:
    offer(both())
    with pytest.raises(DataError, match=r"x, split train: .*int"):
        load_hub("x", text_column="id")


def test_an_empty_split(offer: Offer) -> None:
    offer({"train": datasets.Dataset.from_dict({"text": [], "label": [], "id": []}, NAMED)})
    with pytest.raises(DataError, match="x, split train: holds no rows"):
        load_hub("x", test_split=None)


def test_unknown_split(offer: Offer) -> None:
    offer(both())
    with pytest.raises(DataError, match=r"data set x, split dev: .*'train', 'test'") as caught:
        load_hub("x", test_split="dev")
    assert "the split's name" in caught.value.hint


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ConnectionError("Couldn't reach the Hub\nmore lines"), "Couldn't reach the Hub\n  check"),
        (FileNotFoundError("no such data set"), "no such data set"),
        (datasets.exceptions.DatasetNotFoundError("doesn't exist on the Hub"), "doesn't exist"),
        (ValueError("BuilderConfig 'x' not found"), "BuilderConfig"),
        (OSError(28, "No space left on device"), "No space left"),
        (RuntimeError("Dataset scripts are no longer supported, but found x.py"), "scripts"),
        (ConnectionError(), "ConnectionError"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_failures_of_the_hub(error: Exception, reason: str, offer: Offer) -> None:
    offer(error=error)
    where = "^data set someone/reviews, split train: "
    with pytest.raises(DataError, match=f"{where}.*{reason}") as caught:
        load_hub("someone/reviews")
    assert "data.source package or files" in caught.value.hint
    assert caught.value.__cause__ is error
