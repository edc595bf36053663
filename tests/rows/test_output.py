"""An output that was cut anywhere is found as it is, and goes on only where it fits."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_sentiment.errors import DataError
from gru_sentiment.results.predictions import Prediction
from gru_sentiment.rows.output import COMPARED, LineOutput, written
from gru_sentiment.rows.rendering import Delimited, JsonLines, Rendering
from gru_sentiment.rows.row import Row, ScoredRow

RENDERINGS = [JsonLines(), Delimited(",", ["no", "yes"], ["text"])]


def answers(texts: list[str], first: int = 1, shift: float = 0.0) -> list[ScoredRow]:
    found = Prediction("yes", {"no": 0.25 + shift, "yes": 0.75 - shift}, 8, 2, False)
    return [
        ScoredRow(i, Row(text, 1, {"text": text}), found if text else None)
        for i, text in enumerate(texts, first)
    ]


TEXTS = ['one "two"\nthree', "", "four,\r\n", '"', "five\n\n", "six"]


def whole(render: Rendering, texts: list[str] = TEXTS) -> bytes:
    stream = io.BytesIO()
    LineOutput(stream, render).write(answers(texts))
    return stream.getvalue()


def resumed(path: Path, render: Rendering, chunks: list[list[ScoredRow]]) -> bytes:
    found = written(path, render)
    with path.open("r+b") as stream:
        output = LineOutput(stream, render, found)
        for chunk in chunks:
            if chunk[-1].number >= output.done:
                output.write(chunk)
    return path.read_bytes()


@settings(deadline=None, max_examples=60)
@given(data=st.data())
@pytest.mark.parametrize("render", RENDERINGS)
def test_cut_anywhere_it_becomes_what_it_would_have_been(
    render: Rendering, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    texts = data.draw(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=50))
    expected = whole(render, texts)
    path = tmp_path_factory.mktemp("cut") / "out"
    path.write_bytes(expected[: data.draw(st.integers(0, len(expected)))])
    size = data.draw(st.integers(1, 30))
    all_answers = answers(texts)
    chunks = [all_answers[i : i + size] for i in range(0, len(texts), size)]
    assert resumed(path, render, chunks) == expected


@pytest.mark.parametrize("render", RENDERINGS)
def test_rows_are_counted_where_they_are_whole(render: Rendering, tmp_path: Path) -> None:
    content = whole(render)
    path = tmp_path / "out"
    path.write_bytes(content)
    found = written(path, render)
    assert (found.rows, found.end) == (len(TEXTS), len(content))
    path.write_bytes(content[:-1])
    assert written(path, render).rows == len(TEXTS) - 1
    path.write_bytes(render.header)
    assert written(path, render).rows == 0


@pytest.mark.parametrize("render", RENDERINGS)
@pytest.mark.parametrize("compared_from", [1, COMPARED + 10])
def test_another_model_or_another_input_is_refused(
    render: Rendering, compared_from: int, tmp_path: Path
) -> None:
    texts = ["same"] * (compared_from + 5)
    path = tmp_path / "out"
    path.write_bytes(whole(render, texts))
    before = path.read_bytes()
    # what another number of threads changes does no harm
    assert resumed(path, render, [answers(texts, shift=1e-6)]) == before
    other = [*texts[:-1], "other"]
    for chunk in (answers(texts, shift=0.01), answers(other), answers([*texts[:-1], ""])):
        if render is RENDERINGS[0] and chunk == answers(other):
            continue
        with pytest.raises(DataError, match="does not fit the input or the run") as caught:
            resumed(path, render, [chunk])
        assert "--force" in caught.value.hint
        assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("render", "content", "cause"),
    [
        (RENDERINGS[0], b"some notes\n", "row 1 of it is not the prediction"),
        (RENDERINGS[0], b'{"row": 2}\n', "row 1 of it is not the prediction"),
        (RENDERINGS[0], b'{"a": 2}\n', "row 1 of it is not the prediction"),
        (RENDERINGS[0], b"[]\n", "row 1 of it is not the prediction"),
        (RENDERINGS[1], b"text,label\n", "its header is not that of this job"),
        (RENDERINGS[1], RENDERINGS[1].header + b"x\n", "row 1 of it is not the prediction"),
    ],
)
def test_a_file_of_something_else_is_refused(
    render: Rendering, content: bytes, cause: str, tmp_path: Path
) -> None:
    path = tmp_path / "out"
    path.write_bytes(content)
    with pytest.raises(DataError, match=cause):
        written(path, render)
    assert path.read_bytes() == content


def test_a_stream_is_flushed_after_every_write() -> None:
    flushed: list[bytes] = []

    class Stream(io.BytesIO):
        def flush(self) -> None:
            flushed.append(self.getvalue())

    output = LineOutput(Stream(), JsonLines())
    output.write(answers(["a"]))
    output.write(answers(["b"], first=2))
    assert [content.count(b"\n") for content in flushed] == [0, 1, 2]
