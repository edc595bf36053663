from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_sentiment.data import tokenizer as module
from gru_sentiment.data.tokenizer import (
    TokenizedTexts,
    Tokenizer,
    cache_folder,
    tokenize_dataset,
    tokenize_texts,
)
from gru_sentiment.errors import DataError
from gru_sentiment.sources.package import load_package
from gru_sentiment.sources.records import records_from

WORD_LISTS = st.lists(st.lists(st.sampled_from("abcdefg"), max_size=6), max_size=8)


def dataset_of(texts: Sequence[str], label: int = 0) -> datasets.Dataset:
    table = pa.table({"text": pa.array(texts, pa.large_string()), "label": [label] * len(texts)})
    return records_from({"train": table}).dataset


def words_of(tokenized: TokenizedTexts) -> list[list[str]]:
    """Every text as a list of words again."""
    spans = zip(tokenized.offsets[:-1], tokenized.offsets[1:], strict=True)
    return [[tokenized.words[i] for i in tokenized.indices[a:b]] for a, b in spans]


def columns_of(word_lists: list[list[str]]) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(word_lists, pa.list_(pa.string()))])


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the batches that were truly tokenised, in this process."""
    sizes: list[int] = []
    tokenize = module._tokenize_batch

    def counted(batch: dict[str, list[str]], tokenizer: Tokenizer) -> dict[str, list[list[str]]]:
        sizes.append(len(batch["text"]))
        return tokenize(batch, tokenizer)

    monkeypatch.setattr(module, "_tokenize_batch", counted)
    return sizes


# --- one text ---


@pytest.mark.parametrize("lowercase", [True, False])
def test_equals_spacy_on_real_reviews(lowercase: bool) -> None:
    spacy_en = spacy.blank("en")
    tokenizer = Tokenizer(lowercase=lowercase)
    reviews = load_package().texts.take(list(range(0, 25_000, 400))).to_pylist()
    assert any("<br />" in review for review in reviews)
    for review in reviews:
        expected = [token.text for token in spacy_en(review.replace("<br />", " "))]
        expected = [word for word in expected if not word.isspace()]
        assert tokenizer(review) == ([w.lower() for w in expected] if lowercase else expected)


@pytest.mark.parametrize("br", ["<br />", "<br/>", "<br>", "<BR />", "<Br>", "<br   />", "<br\n/>"])
def test_line_breaks_are_removed_in_all_spellings(br: str) -> None:
    assert Tokenizer()(f"good.{br}{br}Bad{br}end") == ["good", ".", "bad", "end"]


def test_other_markup_stays() -> None:
    assert "broken" in Tokenizer()("<broken> <b>bold</b>")
    assert Tokenizer()("<b>x") == [token.text for token in spacy.blank("en")("<b>x")]


@pytest.mark.parametrize("space", [" ", "  ", "\n", "\t \r\n", "\u00a0", "\u2003", "\u2028"])
def test_white_space_is_no_word(space: str) -> None:
    assert Tokenizer()(f"{space}good{space}film{space}") == ["good", "film"]


@pytest.mark.parametrize("text", ["", " ", "\n\t", "<br />", "<br /> <br>"])
def test_text_without_words_is_an_empty_list(text: str) -> None:
    assert Tokenizer()(text) == []


def test_casing_comes_after_the_rules() -> None:
    text = "Mr. Lee lives in the U.S. and it's GREAT"
    kept, lowered = Tokenizer(lowercase=False)(text), Tokenizer()(text)
    assert kept[:2] == ["Mr.", "Lee"]
    assert "U.S." in kept
    assert lowered == [word.lower() for word in kept]


def test_a_hundred_thousand_words() -> None:
    words = Tokenizer()("great film " * 50_000)
    assert len(words) == 100_000
    assert set(words) == {"great", "film"}


def test_other_languages_have_their_own_rules() -> None:
    assert Tokenizer("de")("z.B. gut") == ["z.b.", "gut"]
    assert Tokenizer("en")("z.B. gut") != ["z.b.", "gut"]


@pytest.mark.parametrize("language", ["klingon", "", "EN", "../en"])
def test_unknown_language(language: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=rf"text\.language.*{language!r}") as caught:
        Tokenizer(language)("good")
    assert "en, de or fr" in caught.value.hint
    with pytest.raises(DataError, match=r"text\.language"):
        tokenize_dataset(Tokenizer(language), dataset_of(["good"]), cache=tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_fingerprint_changes_with_all_that_changes_the_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fingerprint = Tokenizer().fingerprint
    assert Tokenizer().fingerprint == fingerprint
    changed = {fingerprint, Tokenizer("de").fingerprint, Tokenizer(lowercase=False).fingerprint}
    with monkeypatch.context() as patch:
        patch.setattr(module, "RULES", module.RULES + 1)
        changed.add(Tokenizer().fingerprint)
    monkeypatch.setattr("importlib.metadata.version", lambda name: "0.0")
    changed.add(Tokenizer().fingerprint)
    assert len(changed) == 5


# --- many texts ---


@given(WORD_LISTS)
@settings(max_examples=40, deadline=None)
def test_columns_become_words_and_positions(word_lists: list[list[str]]) -> None:
    found = TokenizedTexts.from_column(columns_of(word_lists))
    assert len(found) == len(word_lists)
    assert words_of(found) == word_lists
    assert len(set(found.words)) == len(found.words)


@given(WORD_LISTS, WORD_LISTS)
@settings(max_examples=20, deadline=None)
def test_chunks_share_their_words(a: list[list[str]], b: list[list[str]]) -> None:
    chunks = [chunk for part in (a, b) for chunk in columns_of(part).chunks]
    found = TokenizedTexts.from_column(pa.chunked_array(chunks))
    assert words_of(found) == a + b
    assert len(set(found.words)) == len(found.words)


@given(WORD_LISTS, st.data())
@settings(max_examples=40, deadline=None)
def test_counts_are_of_the_given_rows_alone(
    word_lists: list[list[str]], data: st.DataObject
) -> None:
    rows = data.draw(st.sets(st.integers(0, max(len(word_lists) - 1, 0)))) if word_lists else set()
    found = TokenizedTexts.from_column(columns_of(word_lists))
    expected = Counter(word for row in rows for word in word_lists[row])
    assert found.counts(np.array(sorted(rows), np.int64)) == dict(expected)


def test_many_texts_equal_one_by_one(tmp_path: Path) -> None:
    texts = ["A good film!", "", "Isn't it<br />bad?", "one", " "]
    expected = [Tokenizer()(text) for text in texts]
    assert words_of(tokenize_texts(Tokenizer(), texts)) == expected
    assert words_of(tokenize_dataset(Tokenizer(), dataset_of(texts), cache=tmp_path)) == expected


# --- the cache ---


def test_a_second_call_reads_the_cache(tmp_path: Path, batches: list[int]) -> None:
    dataset = dataset_of(["good film", "bad film"] * 300)
    first = tokenize_dataset(Tokenizer(), dataset, cache=tmp_path)
    assert batches == [500, 100]
    files = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    second = tokenize_dataset(
        Tokenizer(), dataset_of(["good film", "bad film"] * 300), cache=tmp_path
    )
    assert batches == [500, 100]
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == files
    assert words_of(first) == words_of(second)


@pytest.mark.parametrize(
    ("tokenizer", "texts"),
    [
        (Tokenizer(), ["good film", "bad filn"]),
        (Tokenizer(), ["good film", "bad fil"]),
        (Tokenizer(), ["good filmb", "ad film"]),
        (Tokenizer(lowercase=False), ["good film", "bad film"]),
        (Tokenizer("de"), ["good film", "bad film"]),
    ],
    ids=["byte", "shorter", "moved border", "lowercase", "language"],
)
def test_a_change_misses_the_cache(
    tokenizer: Tokenizer, texts: list[str], tmp_path: Path, batches: list[int]
) -> None:
    tokenize_dataset(Tokenizer(), dataset_of(["good film", "bad film"]), cache=tmp_path)
    changed = tokenize_dataset(tokenizer, dataset_of(texts), cache=tmp_path)
    assert batches == [2, 2]
    assert words_of(changed) == [tokenizer(text) for text in texts]
    tokenize_dataset(Tokenizer(), dataset_of(["good film", "bad film"]), cache=tmp_path)
    assert batches == [2, 2]


def test_one_and_two_processes_give_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batches: list[int]
) -> None:
    monkeypatch.setattr(module, "TEXTS_A_PROCESS", 2)
    dataset = dataset_of([f"word{i} and word{i % 7}." for i in range(1_001)])
    one = tokenize_dataset(Tokenizer(), dataset, processes=1, cache=tmp_path / "one")
    two = tokenize_dataset(Tokenizer(), dataset, processes=2, cache=tmp_path / "two")
    assert len(list((tmp_path / "two").iterdir())) == 2
    assert two.words == one.words
    np.testing.assert_array_equal(two.indices, one.indices)
    np.testing.assert_array_equal(two.offsets, one.offsets)
    tokenized_here = len(batches)
    again = tokenize_dataset(Tokenizer(), dataset, processes=2, cache=tmp_path / "two")
    assert again.words == one.words
    assert len(batches) == tokenized_here


AT_ONCE = """
import json, sys
sys.modules["torch"] = None  # spaCy would load it without need
from pathlib import Path
import pyarrow as pa
from gru_sentiment.data.tokenizer import Tokenizer, tokenize_dataset
from gru_sentiment.sources.records import records_from

texts = [f"word{i} and word{i % 7}." * 20 for i in range(1_500)]
table = pa.table({"text": pa.array(texts, pa.large_string()), "label": [0] * len(texts)})
dataset = records_from({"train": table}).dataset
Tokenizer()("load the rules")
print("ready", flush=True)
sys.stdin.readline()
found = tokenize_dataset(Tokenizer(), dataset, processes=1, cache=Path(sys.argv[1]))
print(json.dumps([found.words, found.indices.tolist(), found.offsets.tolist()]))
"""


def test_two_processes_at_once_do_not_corrupt_the_cache(tmp_path: Path, batches: list[int]) -> None:
    both = [
        subprocess.Popen(
            [sys.executable, "-c", AT_ONCE, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [json.loads(process.communicate(timeout=60)[0]) for process in both]
    assert [process.returncode for process in both] == [0, 0]

    texts = [f"word{i} and word{i % 7}." * 20 for i in range(1_500)]
    cached = tokenize_dataset(Tokenizer(), dataset_of(texts), cache=tmp_path)
    assert batches == []
    assert answers[0] == answers[1]
    assert answers[0] == [cached.words, cached.indices.tolist(), cached.offsets.tolist()]
    assert words_of(cached) == [Tokenizer()(text) for text in texts]
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("cores", "processes", "texts", "expected"),
    [
        (8, None, 25_000, 8),
        (2, None, 25_000, 2),
        (8, None, 5_999, 2),
        (8, None, 10, 1),
        (8, 1, 25_000, 1),
        (1, 4, 25_000, 4),
    ],
)
def test_processes_only_where_they_are_faster(
    cores: int,
    processes: int | None,
    texts: int,
    expected: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    assert module._workers(texts, processes) == expected


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"GRU_SENT_CACHE": "own", "XDG_CACHE_HOME": "xdg"}, "own"),
        ({"XDG_CACHE_HOME": "xdg"}, "xdg/gru-sent"),
        ({"HOME": "home"}, "home/.cache/gru-sent"),
    ],
)
def test_cache_folder(
    variables: dict[str, str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GRU_SENT_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    for name, folder in variables.items():
        monkeypatch.setenv(name, str(tmp_path / folder))
    assert cache_folder() == tmp_path / expected


def test_the_default_cache_is_the_cache_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRU_SENT_CACHE", str(tmp_path / "mine"))
    tokenize_dataset(Tokenizer(), dataset_of(["good"]))
    assert [path.suffix for path in (tmp_path / "mine").iterdir()] == [".arrow"]


@pytest.mark.parametrize("below", ["", "below"])
def test_a_file_in_place_of_the_cache_folder(below: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    folder = tmp_path / "file" / below
    with pytest.raises(DataError, match="the cache cannot be written") as caught:
        tokenize_dataset(Tokenizer(), dataset_of(["good"]), cache=folder)
    assert str(folder) in caught.value.cause
    assert "GRU_SENT_CACHE" in caught.value.hint


@pytest.mark.parametrize("code", [errno.EACCES, errno.ENOSPC], ids=errno.errorcode.get)
def test_a_cache_folder_that_takes_no_files(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("tempfile.NamedTemporaryFile", refuse)
    with pytest.raises(DataError, match=os.strerror(code)) as caught:
        tokenize_dataset(Tokenizer(), dataset_of(["good"]), cache=tmp_path)
    assert str(tmp_path) in caught.value.cause
    assert "GRU_SENT_CACHE" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("hidden", [True, False])
@pytest.mark.parametrize("shown", [True, False])
def test_progress_bars_are_put_back(
    hidden: bool, shown: bool, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = datasets.are_progress_bars_disabled()
    set_bars: dict[bool, Callable[[], None]] = {
        True: datasets.disable_progress_bars,
        False: datasets.enable_progress_bars,
    }
    set_bars[hidden]()
    try:
        tokenize_dataset(Tokenizer(), dataset_of(["good"]), cache=tmp_path, progress=shown)
        assert datasets.are_progress_bars_disabled() is hidden
    finally:
        set_bars[before]()
    assert ("tokenising" in capfd.readouterr().err) is shown
