"""One row out for each row in, in order, and an answer depends on its text and the run alone."""

from __future__ import annotations

import csv
import functools
import gzip
import io
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import tiny_reviews
from hypothesis import given, settings
from hypothesis import strategies as st
from predicting import predict

from gru_sentiment.artifact.files import INFERENCE
from gru_sentiment.artifact.manifest import named, write_manifest
from gru_sentiment.errors import ArtifactError, DataError, ReaderLeftError
from gru_sentiment.kernel.library import kernel
from gru_sentiment.recipes import score_file as module
from gru_sentiment.recipes.score_file import Job, score_file
from gru_sentiment.results.predictions import FileScoring, Prediction
from gru_sentiment.rows.row import whole_characters

FORMATS = ["text", "jsonl", "csv", "tsv", "parquet"]
AWKWARD = [
    "",
    "   ",
    '"quoted", they said',
    "two\nlines\r\nor three\rhere",
    "tab\there",
    "nul\0here",
    "caf\u00e9 \U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\ufeffmark",
    "<br /><br>",
    "great " * 300,
]


@pytest.fixture(scope="module")
def run(learned_run: Path) -> Path:
    return learned_run


@pytest.fixture(scope="module")
def alone(run: Path) -> Callable[[str], Prediction]:
    """What the run predicts for a text by itself; it is loaded anew for each."""
    return functools.cache(lambda text: predict([text], run)[0])


def write(path: Path, kind: str, texts: list[str]) -> Path:
    """The texts as rows of a file; a surrogate as an escape where the format has one."""
    if kind == "jsonl":
        path.write_text("".join(json.dumps({"id": 1, "text": t}) + "\n" for t in texts), "utf-8")
    elif kind == "parquet":
        pq.write_table(pa.table({"text": pa.array(texts, pa.string())}), path, row_group_size=7)
    elif kind == "text":
        path.write_bytes("".join(f"{t}\n" for t in texts).encode())
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            delimiter = "\t" if kind == "tsv" else ","
            csv.writer(file, delimiter=delimiter).writerows([("text",), *((t,) for t in texts)])
    return path


def one_line(text: str) -> str:
    return text.replace("\n", " ").removesuffix("\r").removeprefix("\ufeff")


def read(path: Path) -> list[dict[str, Any]]:
    """Rows of an output of any kind, numbers as numbers."""
    if path.suffix == ".parquet":
        rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
        return rows
    with path.open(encoding="utf-8", newline="") as file:
        if path.suffix == ".jsonl":
            return [json.loads(line) for line in file]
        delimiter = "\t" if path.suffix == ".tsv" else ","
        return [
            {
                name: float(value) if name.startswith(("probability", "tokens", "row")) else value
                for name, value in row.items()
                if value
            }
            for row in csv.DictReader(file, delimiter=delimiter)
        ]


def probability(row: dict[str, Any], name: str = "positive") -> float:
    value = row["probabilities"][name] if "probabilities" in row else row[f"probability_{name}"]
    return float(value)


def suffix(kind: str) -> str:
    return "jsonl" if kind == "text" else kind


# one row out for each row in


@pytest.mark.parametrize("kind", FORMATS)
def test_every_row_is_answered_as_if_it_were_alone(
    run: Path, alone: Callable[[str], Prediction], tmp_path: Path, kind: str
) -> None:
    texts = [text for text, _ in tiny_reviews(30)] + AWKWARD
    texts = list(map(one_line, texts)) if kind == "text" else texts
    random.Random(0).shuffle(texts)
    out = tmp_path / f"out.{suffix(kind)}"
    source = write(tmp_path / f"in.{'txt' if kind == 'text' else kind}", kind, texts)
    result = score_file(run, Job(source, out, quoting="double"), tokens_per_batch=64)
    assert (result.rows, result.bad_rows, result.first_error) == (len(texts), 0, None)
    rows = read(out)
    assert [row["row"] for row in rows] == list(range(1, len(texts) + 1))
    for row, text in zip(rows, texts, strict=True):
        expected = alone(one_line(text) if kind == "text" else text)
        assert row["label"] == expected.label
        assert probability(row) == pytest.approx(expected.probabilities["positive"], abs=1e-6)
        assert row["tokens"] == expected.tokens
        share = expected.unknown_tokens / max(expected.tokens, 1)
        assert float(row["unknown_share"]) == pytest.approx(share)
        assert str(row["truncated"]).lower() == str(expected.truncated).lower()
        assert row.get("error") is None
    assert len({probability(row) for row in rows}) > 20


def test_bad_rows_are_answered_with_what_is_wrong(run: Path, tmp_path: Path) -> None:
    lines = [
        b'{"text": "great"}',
        b"{broken",
        b'{"id": 1}',
        b'{"text": 3}',
        b'{"text": "caf\xe9"}',
        b'{"text": "half \\ud83d"}',
        b"[]",
        b"",
        b'{"text": "' + b"film " * 100_000 + b'"}',
    ]
    (tmp_path / "in.jsonl").write_bytes(b"\n".join(lines))
    result = score_file(run, Job(tmp_path / "in.jsonl", tmp_path / "out.jsonl"))
    assert (result.rows, result.bad_rows) == (8, 5)
    assert str(result.first_error).startswith("row 2: not valid JSON")
    rows = read(tmp_path / "out.jsonl")
    assert [row["row"] for row in rows] == list(range(1, 9))
    assert [list(row) == ["row", "error"] for row in rows] == [
        *(False, True, True, True, True, False, True, False)
    ]
    assert (rows[7]["tokens"], rows[7]["truncated"]) == (20, True)
    (half,) = predict(["half \ufffd"], run)
    assert probability(rows[5]) == pytest.approx(half.probabilities["positive"], abs=1e-6)


def test_only_bad_rows_and_no_rows(run: Path, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,text\n1\n2\n", "utf-8")
    result = score_file(run, Job(tmp_path / "in.csv", tmp_path / "out.csv"))
    assert (result.rows, result.bad_rows) == (2, 2)
    assert [row["error"] for row in read(tmp_path / "out.csv")] == [
        f"1 fields, the header names 2 (line {n})" for n in (2, 3)
    ]
    (tmp_path / "none.csv").write_text("id,text\n", "utf-8")
    assert score_file(run, Job(tmp_path / "none.csv", tmp_path / "none.jsonl")).rows == 0
    assert (tmp_path / "none.jsonl").read_bytes() == b""


def test_strict_ends_at_the_first_bad_row(run: Path, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "great"}\n' * 3 + "x\n" + '{"text": ""}', "utf-8")
    job = Job(tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    with pytest.raises(DataError, match="row 4: not valid JSON") as caught:
        score_file(run, job, strict=True)
    assert "without --strict" in caught.value.hint
    # the rows before it are answered
    assert [row["row"] for row in read(tmp_path / "out.jsonl")] == [1, 2, 3]


@pytest.mark.parametrize(
    ("read_as", "written", "header"),
    [
        ("csv", "csv", ["row", "id", "text", "input_label", "label"]),
        ("csv", "jsonl", ["row", "id", "text", "input_label", "label"]),
        ("parquet", "parquet", ["row", "id", "text", "input_label", "label"]),
    ],
)
def test_columns_are_kept(
    run: Path, tmp_path: Path, read_as: str, written: str, header: list[str]
) -> None:
    columns = {"id": ["7", "8"], "text": ["great, film", "awful"], "label": ["x", "y"]}
    source = tmp_path / f"in.{read_as}"
    if read_as == "parquet":
        pq.write_table(pa.table(columns), source)
    else:
        source.write_text('id,text,label\n7,"great, film",x\n8,awful,y\n', "utf-8")
    out = tmp_path / f"out.{written}"
    score_file(run, Job(source, out, keep_columns=True))
    rows = read(out)
    assert list(rows[0])[:5] == header
    assert [row["input_label"] for row in rows] == columns["label"]
    assert [row["text"] for row in rows] == columns["text"]


def test_another_column(run: Path, tmp_path: Path) -> None:
    (tmp_path / "in.tsv").write_text("text\treview\nawful\tgreat\n", "utf-8")
    score_file(run, Job(tmp_path / "in.tsv", tmp_path / "out.tsv", text_column="review"))
    (alone,) = predict(["great"], run)
    assert probability(read(tmp_path / "out.tsv")[0]) == pytest.approx(
        alone.probabilities["positive"], abs=1e-6
    )


def test_processes_change_nothing(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(tmp_path / "in.jsonl", "jsonl", [t for t, _ in tiny_reviews(50)] + AWKWARD)
    monkeypatch.setattr(module, "TEXTS_AT_A_TIME", 9)
    for processes in (1, 2):
        monkeypatch.setattr(module, "n_workers_for", lambda *_, n=processes: n)
        score_file(run, Job(source, tmp_path / f"out-{processes}.jsonl"))
    assert (tmp_path / "out-1.jsonl").read_bytes() == (tmp_path / "out-2.jsonl").read_bytes()


@pytest.mark.parametrize("processes", [1, 2])
def test_predictions_are_those_with_torch(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    older = tmp_path / "older"
    shutil.copytree(run, older)
    (older / INFERENCE).unlink()
    write_manifest(older, named(older) - {INFERENCE})
    texts = [t for t, _ in tiny_reviews(50)] + AWKWARD
    source = write(tmp_path / "in.jsonl", "jsonl", texts)
    monkeypatch.setattr(module, "TEXTS_AT_A_TIME", 9)
    monkeypatch.setattr(module, "n_workers_for", lambda *_: processes)
    for path in (run, older):
        score_file(path, Job(source, tmp_path / f"{path.name}.jsonl"))
    for one, other in zip(
        read(tmp_path / f"{run.name}.jsonl"), read(tmp_path / "older.jsonl"), strict=True
    ):
        assert probability(one) == pytest.approx(probability(other), abs=1e-5)
        assert one | {"probabilities": 0} == other | {"probabilities": 0}


@pytest.mark.skipif(kernel() is None, reason="products of numpy depend on the batch")
def test_no_batch_changes_a_byte(run: Path, tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", "jsonl", [t for t, _ in tiny_reviews(50)] + AWKWARD)
    written = set()
    for tokens, threads in ((1, 1), (50, 3), (32_768, 2)):
        out = tmp_path / f"{tokens}.jsonl"
        score_file(run, Job(source, out), tokens_per_batch=tokens, threads=threads)
        written.add(out.read_bytes())
    assert len(written) == 1


@pytest.mark.parametrize("threads", [1, 3, None])
def test_threads_bound_the_processes(
    run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    threads: int | None,
) -> None:
    asked: list[tuple[int, int | None]] = []

    def workers(texts: int, processes: int | None) -> int:
        asked.append((texts, processes))
        return 1

    monkeypatch.setattr(module, "n_workers_for", workers)
    source = write(tmp_path / "in.jsonl", "jsonl", ["great film"] * 100)
    score_file(run, Job(source, tmp_path / "out.jsonl"), threads=threads)
    assert asked == [(source.stat().st_size // module.BYTES_A_TEXT, threads)]


@pytest.mark.parametrize("processes", [1, 2])
def test_rows_before_what_cannot_be_read_are_answered(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    monkeypatch.setattr(module, "CHUNK_ROWS", 7)
    monkeypatch.setattr(module, "n_workers_for", lambda *_: processes)
    lines = [json.dumps({"text": f"great film {i} {os.urandom(2_000).hex()}"}) for i in range(900)]
    packed = gzip.compress("\n".join(lines).encode())
    (tmp_path / "in.jsonl.gz").write_bytes(packed[: len(packed) * 9 // 10])
    out = tmp_path / "out.jsonl"
    with pytest.raises(DataError, match="gzip file that is cut off"):
        score_file(run, Job(tmp_path / "in.jsonl.gz", out))
    rows = read(out)
    assert [row["row"] for row in rows] == list(range(1, len(rows) + 1))
    assert len(rows) % 7 == 0
    assert 700 < len(rows) < 900


LOADED = """\
import sys
from pathlib import Path
from gru_sentiment.kernel.library import kernel
from gru_sentiment.recipes import score_file as module
module.n_workers_for = lambda *_: int(sys.argv[3])
module.score_file(Path(sys.argv[1]), module.Job(Path(sys.argv[2]), Path("out.jsonl")))
heavy = ("torch", "torchtext", "spacy", "pyarrow", "pandas", "datasets", "pydantic")
print([name for name in heavy if name in sys.modules])
"""


@pytest.mark.parametrize(
    ("kind", "processes", "loaded"),
    [
        ("text", 1, []),
        ("jsonl", 2, []),
        ("csv", 1, []),
        ("tsv", 2, []),
        ("parquet", 1, ["pyarrow"]),
    ],
)
def test_no_module_is_loaded_in_vain(
    run: Path, tmp_path: Path, kind: str, processes: int, loaded: list[str]
) -> None:
    texts = [text for text, _ in tiny_reviews(20)]
    source = write(tmp_path / f"in.{'txt' if kind == 'text' else kind}", kind, texts)
    done = subprocess.run(
        [sys.executable, "-c", LOADED, str(run), str(source), str(processes)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{loaded}\n"
    assert len(read(tmp_path / "out.jsonl")) == 20


# neighbours


TEXTS = st.text(
    st.sampled_from("great awful film.\n\u00e9\U0001f600'"), max_size=60
) | st.sampled_from([text for text, _ in tiny_reviews(20)] + AWKWARD)


@settings(max_examples=25, deadline=None)
@given(
    texts=st.lists(TEXTS, min_size=1, max_size=12),
    batch=st.integers(1, 60),
    chunk=st.integers(1, 12),
    data=st.data(),
)
def test_neighbours_change_no_answer(
    run: Path,
    alone: Callable[[str], Prediction],
    *,
    texts: list[str],
    batch: int,
    chunk: int,
    data: st.DataObject,
) -> None:
    order = data.draw(st.permutations(range(len(texts))))
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        patch.setattr(module, "CHUNK_ROWS", chunk)
        write(folder / "in.jsonl", "jsonl", [texts[i] for i in order])
        score_file(run, Job(folder / "in.jsonl", folder / "out.jsonl"), tokens_per_batch=batch)
        rows = read(folder / "out.jsonl")
    for i, row in zip(order, rows, strict=True):
        for label, value in alone(texts[i]).probabilities.items():
            assert row["probabilities"][label] == pytest.approx(value, abs=1e-5)


Drawn = tuple[list[str], list[bytes]]


def drawn(rows: int) -> Drawn:
    """At least so many texts that hypothesis draws, and lines of any bytes."""
    texts: list[str] = []
    noise: list[bytes] = []
    text = st.text(st.characters(), max_size=40) | st.sampled_from(AWKWARD)

    @settings(max_examples=rows // 10, deadline=None, database=None)
    @given(st.lists(text, min_size=20, max_size=20), st.binary(max_size=20))
    def draw(some: list[str], line: bytes) -> None:
        texts.extend(some)
        noise.append(line.replace(b"\n", b" "))

    draw()
    assert len(texts) >= rows
    return texts, noise


def check_rows(run: Path, kind: str, texts: list[str], noise: list[bytes]) -> None:
    """As many rows out as in, and an error only where the line was one of any bytes."""
    if kind != "jsonl":  # which alone can write half a surrogate pair
        texts = list(map(whole_characters, texts))
    with tempfile.TemporaryDirectory() as name:
        source, out = Path(name) / "in", Path(name) / f"out.{suffix(kind)}"
        write(source, kind, list(map(one_line, texts)) if kind == "text" else texts)
        count = len(texts)
        if kind in ("text", "jsonl"):
            more = b"\n".join([*noise, b"end"])
            source.write_bytes(source.read_bytes() + more)
            # CR ends a line of jsonl too, and empty lines are no rows
            lines = more.splitlines() if kind == "jsonl" else more.split(b"\n")
            count += sum(kind == "text" or bool(line.strip()) for line in lines)
        result = score_file(run, Job(source, out, format=kind, quoting="double"))
        found = read(out)
    assert result.rows == count
    assert [row["row"] for row in found] == list(range(1, count + 1))
    assert all(row.get("error") is None for row in found[: len(texts)])
    assert sum(row.get("error") is not None for row in found) == result.bad_rows


@pytest.fixture(scope="module")
def some() -> Drawn:
    return drawn(400)


@pytest.fixture(scope="module")
def many() -> Drawn:
    return drawn(20_000)


@pytest.mark.parametrize("kind", FORMATS)
def test_as_many_rows_out_as_in(run: Path, some: Drawn, kind: str) -> None:
    check_rows(run, kind, *some)


@pytest.mark.slow
@pytest.mark.parametrize("kind", FORMATS)
def test_twenty_thousand_rows_of_anything(run: Path, many: Drawn, kind: str) -> None:
    check_rows(run, kind, *many)


# streams


class Pipe:
    """Our ends of the input and output of a job in another thread."""

    def __init__(self, run: Path, **options: Any) -> None:
        source, self._to = os.pipe()
        self._from, target = os.pipe()
        self.error: BaseException | None = None

        def work() -> None:
            with open(source, "rb") as reading, open(target, "wb") as writing:
                try:
                    score_file(run, Job(reading, writing), **options)
                except ReaderLeftError as error:
                    self.error = error
                    os.dup2(os.open(os.devnull, os.O_WRONLY), writing.fileno())

        self.thread = threading.Thread(target=work)
        self.input: BinaryIO = os.fdopen(self._to, "wb", buffering=0)
        self.output: BinaryIO = os.fdopen(self._from, "rb")
        self.thread.start()

    def __enter__(self) -> Pipe:
        return self

    def __exit__(self, *_: object) -> None:
        self.input.close()
        self.thread.join()
        self.output.close()


def test_unbuffered_answers_a_line_before_the_next_is_read(run: Path) -> None:
    with Pipe(run, unbuffered=True) as pipe:
        for i, text in enumerate(["great", "", "awful film"], 1):
            pipe.input.write(f"{text}\n".encode())
            assert json.loads(pipe.output.readline())["row"] == i


def test_the_first_rows_appear_before_the_last_are_read(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK_ROWS", 3)
    with Pipe(run) as pipe:
        pipe.input.write(b"great\n" * 4)
        assert [json.loads(pipe.output.readline())["row"] for _ in range(3)] == [1, 2, 3]
        pipe.input.write(b"awful\n")
        pipe.input.close()
        assert len(pipe.output.readlines()) == 2


def test_a_reader_that_leaves(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK_ROWS", 2)
    with Pipe(run) as pipe:
        pipe.output.close()
        pipe.input.write(b"great\n" * 4)
    assert isinstance(pipe.error, ReaderLeftError)


# going on


@pytest.fixture
def reviews(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module, "CHUNK_ROWS", 7)
    texts = [text for text, _ in tiny_reviews(40)] + AWKWARD
    return write(tmp_path / "in.jsonl", "jsonl", texts)


def resume(run: Path, source: Path, out: Path) -> FileScoring:
    return score_file(run, Job(source, out, resume=True))


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.5, 0.77, 0.999, 1.0])
@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_an_output_that_was_cut_becomes_what_it_would_have_been(
    run: Path, tmp_path: Path, reviews: Path, share: float, kind: str
) -> None:
    whole, cut = tmp_path / f"whole.{kind}", tmp_path / f"cut.{kind}"
    expected = score_file(run, Job(reviews, whole))
    content = whole.read_bytes()
    cut.write_bytes(content[: int(share * len(content))])
    result = resume(run, reviews, cut)
    assert cut.read_bytes() == content
    assert (result.rows, result.bad_rows) == (expected.rows, expected.bad_rows)
    assert 0 <= result.done_before <= 50


def test_resuming_where_there_is_nothing_begins(run: Path, tmp_path: Path, reviews: Path) -> None:
    result = resume(run, reviews, tmp_path / "new.jsonl")
    assert (result.rows, result.done_before) == (50, 0)
    assert len(read(tmp_path / "new.jsonl")) == 50


def test_an_output_of_another_input_is_refused(run: Path, tmp_path: Path, reviews: Path) -> None:
    out = tmp_path / "out.jsonl"
    score_file(run, Job(reviews, out))
    before = out.read_bytes()
    short = write(tmp_path / "short.jsonl", "jsonl", ["great"] * 9)
    other = write(tmp_path / "other.jsonl", "jsonl", ["great film"] * 60)
    for source, cause in [
        (short, "the output holds 50 rows and the input 9"),
        (other, "does not fit the input or the run"),
    ]:
        with pytest.raises(DataError, match=cause):
            resume(run, source, out)
        assert out.read_bytes() == before


def test_an_output_that_is_there_needs_a_decision(run: Path, tmp_path: Path, reviews: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("mine", "utf-8")
    with pytest.raises(DataError, match="exists already") as caught:
        score_file(run, Job(reviews, out))
    assert "--resume" in caught.value.hint
    assert "--force" in caught.value.hint
    assert out.read_text("utf-8") == "mine"
    score_file(run, Job(reviews, out, force=True))
    assert len(read(out)) == 50


def test_the_input_is_never_replaced(run: Path, tmp_path: Path, reviews: Path) -> None:
    before = reviews.read_bytes()
    for target in (reviews, tmp_path / "." / reviews.name):
        with pytest.raises(DataError, match="is the input"):
            score_file(run, Job(reviews, target, force=True))
    assert reviews.read_bytes() == before


def test_parquet_replaces_no_device_and_no_folder(run: Path, tmp_path: Path, reviews: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for target in (tmp_path / "pipe", tmp_path):
        with pytest.raises(DataError, match="is not a file"):
            score_file(run, Job(reviews, target, output_format="parquet", force=True))


def test_nothing_is_written_where_nothing_can_be_answered(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    (tmp_path / "in.csv").write_text("id,review\n", "utf-8")
    with pytest.raises(DataError, match="no column 'text'"):
        score_file(run, Job(tmp_path / "in.csv", out))
    (tmp_path / "in.txt").write_text("great", "utf-8")
    with pytest.raises(ArtifactError, match="no such run folder"):
        score_file(tmp_path / "nope", Job(tmp_path / "in.txt", out))
    with pytest.raises(DataError, match="needs an output that is a file"):
        score_file(run, Job(tmp_path / "in.txt", io.BytesIO(), resume=True))
    assert not out.exists()


def test_an_interrupted_job_says_how_to_go_on(
    run: Path, tmp_path: Path, reviews: Path, caplog: pytest.LogCaptureFixture
) -> None:
    out = tmp_path / "out.jsonl"

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score_file(run, Job(reviews, out), on_rows=interrupt)
    assert len(read(out)) == 7
    assert f"{out} holds 7 predicted rows; add --resume to the command to continue" in caplog.text


def test_progress_is_told(run: Path, tmp_path: Path, reviews: Path) -> None:
    told: list[int] = []
    score_file(run, Job(reviews, tmp_path / "out.jsonl"), on_rows=told.append)
    assert told == [7] * 7 + [1]
