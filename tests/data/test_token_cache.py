"""The cache of tokenised texts."""

from __future__ import annotations

import errno
import functools
import json
import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_sentiment.data import token_cache as module
from gru_sentiment.data.token_cache import cache_folder, tokenize_cached
from gru_sentiment.data.tokenizer import Tokenizer
from gru_sentiment.data.tokens import TokenizedTexts
from gru_sentiment.errors import DataError
from gru_sentiment.machine import processes

from .texts import words_of

ENGLISH = Tokenizer()
TEXTS = ["A good film!", "", "Isn't it<br />bad?", "one", " "]


def tokenize(
    texts: Sequence[str], cache: Path | None, tokenizer: Tokenizer = ENGLISH, **options: Any
) -> TokenizedTexts:
    column = pa.chunked_array([pa.array(texts, pa.large_string())])
    return tokenize_cached(tokenizer, column, str(texts), cache=cache, **options)


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the batches that were truly tokenised, in this process."""
    sizes: list[int] = []
    many = Tokenizer.many

    @functools.wraps(many)  # a worker finds it by its name
    def counted(tokenizer: Tokenizer, texts: Sequence[str]) -> TokenizedTexts:
        sizes.append(len(texts))
        return many(tokenizer, texts)

    monkeypatch.setattr(Tokenizer, "many", counted)
    return sizes


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def test_many_texts_equal_one_by_one(tmp_path: Path) -> None:
    expected = [Tokenizer()(text) for text in TEXTS]
    assert words_of(tokenize(TEXTS, tmp_path)) == expected


@pytest.mark.parametrize("language", ["klingon", "../en"])
def test_unknown_language_leaves_nothing(language: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"text\.language"):
        tokenize(["good"], tmp_path / "cache", Tokenizer(language))
    assert not (tmp_path / "cache").exists()


def test_the_words_are_mapped_from_the_file(tmp_path: Path) -> None:
    found = tokenize(TEXTS * 500, tmp_path)
    for array in (found.indices, found.offsets):
        assert not array.flags.owndata
        assert not array.flags.writeable
        assert array.ctypes.data % 8 == 0
    maps = Path("/proc/self/maps")
    if maps.exists():
        assert str(only_file(tmp_path)) in maps.read_text()


@pytest.mark.parametrize("texts", [[""], ["", " "]], ids=["one", "two"])
def test_texts_without_words(texts: list[str], tmp_path: Path) -> None:
    found = tokenize(texts, tmp_path)
    assert words_of(found) == [[] for _ in texts]


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_damaged_file_is_made_again(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("cache")
    expected = words_of(tokenize(TEXTS, folder))
    whole = only_file(folder).read_bytes()
    position = data.draw(st.integers(0, len(whole) - 1))
    flipped = bytearray(whole)
    flipped[position] ^= 1 << data.draw(st.integers(0, 7))
    damaged = data.draw(st.sampled_from([bytes(flipped), whole[:position], whole + b"x"]))
    only_file(folder).write_bytes(damaged)
    assert words_of(tokenize(TEXTS, folder)) == expected
    assert only_file(folder).read_bytes() == whole


def test_a_damaged_file_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tokenize(TEXTS, tmp_path)
    only_file(tmp_path).write_bytes(b"")
    with caplog.at_level(logging.WARNING):
        tokenize(TEXTS, tmp_path)
    assert f"{only_file(tmp_path)} is damaged" in caplog.text


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    tokenize(TEXTS, tmp_path)
    path = only_file(tmp_path)
    path.unlink()
    path.mkdir()
    with pytest.raises(DataError, match="the cache cannot be read") as caught:
        tokenize(TEXTS, tmp_path)
    assert str(path) in caught.value.cause
    assert "GRU_SENT_CACHE" in caught.value.hint


def test_a_second_call_reads_the_cache(
    tmp_path: Path, batches: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TEXTS_A_TASK", 400)
    texts = ["good film", "bad film"] * 300
    first = tokenize(texts, tmp_path)
    assert batches == [400, 200]
    files = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    second = tokenize(["good film", "bad film"] * 300, tmp_path)
    assert batches == [400, 200]
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
    tokenize(["good film", "bad film"], tmp_path)
    changed = tokenize(texts, tmp_path, tokenizer)
    assert batches == [2, 2]
    tokenize(["good film", "bad film"], tmp_path)
    assert batches == [2, 2]
    assert words_of(changed) == [tokenizer(text) for text in texts]


def test_one_and_two_processes_give_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batches: list[int]
) -> None:
    monkeypatch.setattr(processes, "TEXTS_A_PROCESS", 2)
    texts = [f"word{i} and word{i % 7}." for i in range(1_001)]
    monkeypatch.setattr(module, "TEXTS_A_TASK", 200)
    monkeypatch.setattr(module, "TASKS_AT_A_TIME", 2)
    one = tokenize(texts, tmp_path / "one", processes=1)
    two = tokenize(texts, tmp_path / "two", processes=2)
    assert two.distinct == one.distinct
    np.testing.assert_array_equal(two.indices, one.indices)
    np.testing.assert_array_equal(two.offsets, one.offsets)
    tokenized_here = len(batches)
    again = tokenize(texts, tmp_path / "two", processes=2)
    assert again.distinct == one.distinct
    assert len(batches) == tokenized_here


AT_ONCE = """
import json, sys
sys.modules["torch"] = None  # spaCy would load it without need
from pathlib import Path
import pyarrow as pa
from gru_sentiment.data.token_cache import tokenize_cached
from gru_sentiment.data.tokenizer import Tokenizer

texts = [f"word{i} and word{i % 7}." * 20 for i in range(300)]
column = pa.chunked_array([pa.array(texts, pa.large_string())])
Tokenizer()("load the rules")
print("ready", flush=True)
sys.stdin.readline()
found = tokenize_cached(Tokenizer(), column, str(texts), processes=1, cache=Path(sys.argv[1]))
print(json.dumps([found.distinct, found.indices.tolist(), found.offsets.tolist()]))
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

    texts = [f"word{i} and word{i % 7}." * 20 for i in range(300)]
    cached = tokenize(texts, tmp_path)
    assert batches == []
    assert answers[0] == answers[1]
    assert answers[0] == [cached.distinct, cached.indices.tolist(), cached.offsets.tolist()]
    assert words_of(cached) == [Tokenizer()(text) for text in texts]
    assert len(list(tmp_path.iterdir())) == 1


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
    tokenize(["good"], None)
    assert [path.suffix for path in (tmp_path / "mine").iterdir()] == [".words"]


@pytest.mark.parametrize("below", ["", "below"])
def test_a_file_in_place_of_the_cache_folder(below: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    folder = tmp_path / "file" / below
    with pytest.raises(DataError, match="the cache cannot be written") as caught:
        tokenize(["good"], folder)
    assert str(folder) in caught.value.cause
    assert "GRU_SENT_CACHE" in caught.value.hint


@pytest.mark.parametrize(("owner", "name"), [(tempfile, "mkdtemp"), (os, "replace")])
@pytest.mark.parametrize("code", [errno.EACCES, errno.ENOSPC], ids=errno.errorcode.get)
def test_a_cache_folder_that_takes_no_files(
    code: int, owner: object, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(owner, name, refuse)
    with pytest.raises(DataError, match=os.strerror(code)) as caught:
        tokenize(["good"], tmp_path)
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
        tokenize(["good"], tmp_path, progress=shown)
        assert datasets.are_progress_bars_disabled() is hidden
    finally:
        set_bars[before]()
    assert ("tokenising" in capfd.readouterr().err) is shown


def test_ctrl_c_while_the_processes_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A signal reaches whichever thread does not block it; none of the processes may stay."""
    raised, begun = threading.Event(), threading.Event()

    def raise_signal() -> None:
        begun.wait()
        signal.raise_signal(signal.SIGINT)
        raised.set()

    kind: Any = multiprocessing.get_context("fork").Process
    start = kind.start

    def start_and_signal(process: Any) -> None:
        start(process)
        begun.set()
        assert raised.wait(10)

    monkeypatch.setattr(kind, "start", start_and_signal)
    thread = threading.Thread(target=raise_signal)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        tokenize(TEXTS * 1_000, tmp_path, processes=2)
    thread.join()
    assert multiprocessing.active_children() == []
    assert list(tmp_path.iterdir()) == []
