"""Texts as streams: nothing lost within them, and every window goes on where the last one ended."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gru_sentiment.batch import Batch
from gru_sentiment.data.encoding import EncodedTexts
from gru_sentiment.data.streams import (
    END_OF_TEXT,
    Windows,
    concatenated_streams,
    n_windows,
    stream_length,
    token_stream,
)


def encoded_from(texts: list[list[int]]) -> EncodedTexts:
    """Texts of these ids, as they come out of a vocabulary that turns the words round."""
    ids = np.array([i for text in texts for i in text], np.int32)
    id_of = np.arange(100, dtype=np.int32)[::-1].copy()
    offsets = np.cumsum([0, *map(len, texts)])
    # what is stored are positions in `id_of`; a cut must not be seen
    return EncodedTexts(id_of, (99 - ids).astype(np.int32), offsets, max_tokens=1, head_tokens=0)


def words_of(batch: Batch) -> torch.Tensor:
    """Words and next words, shape (2, tokens)."""
    assert batch.labels is not None
    return torch.stack([batch.tokens.data, batch.labels])


TEXTS = st.lists(st.lists(st.integers(2, 99), max_size=6), min_size=1, max_size=8)


@given(texts=TEXTS, data=st.data())
def test_all_words_in_a_row(texts: list[list[int]], data: st.DataObject) -> None:
    rows = data.draw(st.permutations(range(len(texts))))
    expected = [i for row in rows for i in (END_OF_TEXT, *texts[row])]
    order = np.array(rows, np.int64)
    assert token_stream(encoded_from(texts), order).tolist() == expected
    assert stream_length(encoded_from(texts), order) == len(expected)
    # a text read from its end stands behind a mark like any other
    turned = [i for row in reversed(rows) for i in (END_OF_TEXT, *reversed(texts[row]))]
    assert token_stream(encoded_from(texts), order, backward=True).tolist() == turned


@given(st.integers(1, 60), st.integers(1, 4), st.integers(1, 7))
def test_windows_go_on_where_the_last_one_ended(n: int, streams: int, window: int) -> None:
    ids = np.arange(n, dtype=np.int32)
    windows = Windows(ids, streams, window)
    length = n // streams
    read = [ids[s * length : (s + 1) * length].tolist() for s in range(streams)]
    assert len(windows) == max(0, (length - 1) // window) == n_windows(n, streams, window)
    for w, batch in enumerate(windows):
        words = batch.tokens.data.reshape(window, streams).T.tolist()
        following = batch.labels.reshape(window, streams).T.tolist()
        start = w * window
        assert words == [stream[start : start + window] for stream in read]
        assert following == [stream[start + 1 : start + window + 1] for stream in read]
        assert batch.tokens.batch_sizes.tolist() == [streams] * window
        assert batch.rows.tolist() == list(range(streams))
    left = length - 1 - len(windows) * window
    assert left < window or not len(windows)


@given(st.integers(1, 60), st.integers(1, 4), st.integers(1, 7))
def test_streams_side_by_side_are_those_of_each_alone(n: int, streams: int, window: int) -> None:
    rows = [np.arange(n, dtype=np.int32), np.arange(100, 100 + n, dtype=np.int32)]
    together = Windows(concatenated_streams(rows, streams), 2 * streams, window)
    alone = [Windows(row, streams, window) for row in rows]
    assert len(together) == len(alone[0]) == len(alone[1])
    for w, batch in enumerate(together):
        parts = [words_of(windows[w]).reshape(2, window, streams) for windows in alone]
        found = words_of(batch).reshape(2, window, 2 * streams)
        assert torch.equal(found, torch.cat(parts, 2))


def test_there_is_no_window_behind_the_last() -> None:
    windows = Windows(np.arange(9, dtype=np.int32), 2, 3)
    assert len(windows) == 1
    for index in (1, -1):
        with pytest.raises(IndexError):
            windows[index]
