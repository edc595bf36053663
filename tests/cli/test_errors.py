"""What bad input gets: cause and next step on stderr, exit code 2, nothing half-written."""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
import typer
from safetensors.torch import load_file, save_file
from tqdm import tqdm
from typer.testing import Result

from gru_sentiment.artifact.files import NEEDED
from gru_sentiment.artifact.manifest import write_manifest
from gru_sentiment.cli.errors import command
from gru_sentiment.errors import UserError
from gru_sentiment.recipes import train as training


@dataclass(frozen=True)
class Wrong:
    """Something wrong with a training, and what the message must say."""

    says: tuple[str, ...]
    data: bytes | None = None
    """What reviews.csv holds instead."""
    name: str | None = None
    """What reviews.csv is called instead."""
    options: tuple[str, ...] = ()

    def put_in_place_of(self, reviews_csv: Path) -> None:
        """Change the reviews, their file's name, or neither."""
        if self.data is not None:
            reviews_csv.write_bytes(self.data)
        if self.name is not None:
            reviews_csv.rename(reviews_csv.with_name(self.name))


HEADER = b"text,label\n"
GOOD = HEADER + b"".join(b"film %d,%s\n" % (i, [b"bad", b"good"][i % 2]) for i in range(40))
THREE = HEADER + b"".join(b"film %d,%s\n" % (i, [b"x", b"y", b"z"][i % 3]) for i in range(60))

ROWS = {
    "unknown key": Wrong(
        ("--set: model.hiden_size: unknown key", "did you mean model.hidden_size?"),
        options=("--set", "model.hiden_size=3"),
    ),
    "value out of range": Wrong(
        ("training.epochs", "-1 is not allowed", "greater than or equal to 1"),
        options=("--set", "training.epochs=-1"),
    ),
    "impossible combination": Wrong(
        ("training.tokens_per_batch", "set either this or batch_size"),
        options=("--set", "training.tokens_per_batch=9"),
    ),
    "missing file": Wrong(
        ("reviews.csv: no such file", "files there: reviewz.csv"), data=GOOD, name="reviewz.csv"
    ),
    "unknown kind of file": Wrong(
        ("unknown kind of file '.log'", ".json, .csv, .tsv, .parquet"),
        data=GOOD,
        name="reviews.log",
        options=("--set", "data.path=reviews.log"),
    ),
    "a spreadsheet": Wrong(
        ("unknown kind of file '.xlsx'", "save the sheet as CSV"),
        data=b"PK",
        name="reviews.xlsx",
        options=("--set", "data.path=reviews.xlsx"),
    ),
    "texts alone": Wrong(
        ("reviews.txt: a .txt file holds texts alone, and no column 'label'",),
        data=GOOD,
        name="reviews.txt",
        options=("--set", "data.path=reviews.txt"),
    ),
    "a quote that opens in one row and closes in another": Wrong(
        (
            "reviews.csv: row 41: the quote that opens in line 42 closes in line 44, and rows",
            "set data.quoting to none",
        ),
        data=GOOD + b'"one,good\ntwo,bad\nthree",good\n',
    ),
    "a column named twice": Wrong(
        ("reviews.csv: the header names 'label' twice",),
        data=GOOD.replace(b"text,label", b"text,label,label", 1),
    ),
    "a name in another case": Wrong(
        ("no column 'text'; columns found: Text, label", "did you mean 'Text'?"),
        data=GOOD.replace(b"text,", b"Text,", 1),
    ),
    "a path that its source does not read": Wrong(
        ("data.path: has no effect where data.source is package; set data.source to files",),
        options=("--set", "data.source=package", "--set", "data.path=reviews.csv"),
    ),
    "label_names for words": Wrong(
        ("data.label_names names the classes no, yes, and rows 1, 2, 3, 4, 5, … have the label",),
        options=("--set", "data.label_names=[no, yes]"),
    ),
    "validation on the training file": Wrong(
        ("data.validation_path: ", "reviews.csv is the train file too"),
        options=("--set", "data.validation_path=reviews.csv"),
    ),
    "wrong column name": Wrong(
        ("no column 'review'; columns found: text, label", "data.text_column"),
        options=("--set", "data.text_column=review"),
    ),
    "empty file": Wrong(("reviews.csv: the input is empty",), data=b""),
    "blank file": Wrong(("reviews.csv: the input is empty",), data=b"\n\n\n"),
    "header alone": Wrong(("holds no rows", "add reviews"), data=HEADER),
    "one class only": Wrong(
        ("every row has the label 'good': nothing to tell apart", "at least two classes"),
        data=HEADER + b"a,good\nb,good\n",
    ),
    "missing label": Wrong(
        ("2 of 40 rows have no label: rows 1, 3", "fill the labels in"),
        data=GOOD.replace(b"film 0,bad", b"film 0,").replace(b"film 2,bad", b"film 2,"),
    ),
    "bytes that are not UTF-8": Wrong(
        ("reviews.csv: row 2: 0xe9 is not UTF-8 (line 3)", "set data.encoding to latin-1"),
        data=HEADER + b"film 0,bad\ncaf\xe9,good\n",
    ),
    "UTF-16 without a mark": Wrong(
        ("looks like UTF-16 without a byte order mark", "set data.encoding to utf-16-le"),
        data=GOOD.decode().encode("utf-16-le"),
    ),
    "uneven rows": Wrong(
        ("row 41: 4 fields, the header names 2 (line 42)", "must stand in quotes"),
        data=GOOD + b"one, two, three,good\n",
    ),
    "lone surrogate": Wrong(
        ("reviews.jsonl: a label holds half a character",),
        data=b'{"text": "a", "label": "x"}\n{"text": "b", "label": "\\ud800"}\n',
        name="reviews.jsonl",
        options=("--set", "data.path=reviews.jsonl"),
    ),
    "too few of a class": Wrong(("rare", "add reviews of that class"), data=GOOD + b"once,rare\n"),
    "three classes, one logit": Wrong(
        ("bce: needs two classes, the data has 3: x, y, z", "training.loss to auto"),
        data=THREE,
        options=("--set", "training.loss=bce"),
    ),
    "class weights of another number": Wrong(
        ("3 weights for 2 classes",), options=("--set", "training.class_weights=[1, 2, 3]")
    ),
    "no word often enough": Wrong(
        ("the vocabulary is empty", "lower text.min_frequency"),
        options=("--set", "text.min_frequency=1000"),
    ),
    "unknown language": Wrong(
        ("spaCy knows no language 'qq'", "use a code such as en"),
        options=("--set", "text.language=qq"),
    ),
    "no vectors file": Wrong(
        ("glove.txt: no such file of word vectors",),
        options=("--set", "vectors.source=file", "--set", "vectors.path=glove.txt"),
    ),
    "diverging": Wrong(
        ("epoch 1, batch", "rows ", "lower training.learning_rate"),
        options=(
            *("--set", "training.optimizer=sgd", "--set", "training.learning_rate=1e38"),
            *("--set", "training.schedule=constant", "--set", "training.clip_norm=null"),
        ),
    ),
    "output in the way": Wrong(
        ("tiny.yaml: is not a run folder",), options=("--output", "tiny.yaml", "--force")
    ),
    "output below a file": Wrong(
        ("cannot be written", "choose another --output"), options=("--output", "tiny.yaml/run")
    ),
}


def check_message(result: Result, *says: str) -> None:
    """Exit code 2, nothing on stdout, and an error that says all of this."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    lines = result.stderr.splitlines()
    (start,) = (i for i, line in enumerate(lines) if line.startswith("error: "))
    message = "\n".join(lines[start:])
    for words in says:
        assert words in message


def left_over(folder: Path) -> list[str]:
    """What a training has left below this folder, other than its input."""
    return sorted(str(path.relative_to(folder)) for path in folder.glob("**/*partial*")) + sorted(
        str(path.relative_to(folder)) for path in folder.glob("runs/*")
    )


@pytest.mark.parametrize("row", ROWS)
def test_bad_input_to_a_training(
    gru_sent: Callable[..., Result],
    tiny_config: Path,
    reviews_csv: Path,
    tmp_path: Path,
    row: str,
) -> None:
    wrong = ROWS[row]
    wrong.put_in_place_of(reviews_csv)
    given = sorted(path.name for path in tmp_path.iterdir())
    result = gru_sent("train", "--config", tiny_config, *wrong.options)
    check_message(result, *wrong.says)
    assert left_over(tmp_path) == []
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "runs") == given


@pytest.mark.parametrize(
    "row",
    ["unknown key", "missing file", "wrong column name", "one class only", "unknown language"],
)
def test_data_check_says_the_same(
    gru_sent: Callable[..., Result],
    tiny_config: Path,
    reviews_csv: Path,
    row: str,
) -> None:
    wrong = ROWS[row]
    wrong.put_in_place_of(reviews_csv)
    check_message(gru_sent("data", "check", "-c", tiny_config, *wrong.options), *wrong.says)
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"model: {cell: gru, hiden_size: 3}\n", ("bad.yaml:1: model.hiden_size: unknown key",)),
        (b"modle: {cell: gru}\n", ("bad.yaml:1: modle: unknown key", "did you mean model?")),
        (b"model:\n  cell: [\n", ("bad.yaml:3: not valid YAML",)),
        (b"- gru\n", ("expected sections such as 'model:'",)),
        (b"run: {seed: 1, seed: 2}\n", ("seed is set twice",)),
        (b"# caf\xe9\n", ("byte 5 is not UTF-8",)),
    ],
)
def test_bad_configs(
    gru_sent: Callable[..., Result], tmp_path: Path, content: bytes, says: tuple[str, ...]
) -> None:
    (tmp_path / "bad.yaml").write_bytes(content)
    check_message(gru_sent("train", "--config", "bad.yaml"), *says)
    assert left_over(tmp_path) == []


def test_a_config_that_is_not_there(
    gru_sent: Callable[..., Result], tiny_config: Path, tmp_path: Path
) -> None:
    result = gru_sent("train", "--config", "tinny.yaml")
    check_message(result, "tinny.yaml: no such config file", "configs there: tiny.yaml")
    assert left_over(tmp_path) == []


# texts of any length, none at all included


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("<br />", 0), ("film", 1), ("film " * 100_000, 20)]
)
def test_odd_texts_are_trained_on_predicted_and_counted(
    gru_sent: Callable[..., Result],
    tiny_config: Path,
    tmp_path: Path,
    text: str,
    tokens: int,
) -> None:
    odd = f"text,label\n{text},negative\nfilm great,positive\n"
    (tmp_path / "odd.csv").write_text(odd, "utf-8")
    parts = ["--set", "data.validation_path=odd.csv", "--set", "data.test_path=odd.csv"]
    # the same text may not stand in two parts: the test part keeps it
    for part, option in zip(("validation", "test"), (parts[:2], parts[2:]), strict=True):
        result = gru_sent("train", "-c", tiny_config, "-q", "--output", part, *option)
        assert result.exit_code == 0, result.output
        scores = json.loads(Path(part, "metrics.json").read_text("utf-8"))[part]
        assert (scores["n"], scores["empty_texts"]) == (2, int(tokens == 0))
    lines = Path("validation/predictions-validation.jsonl").read_text("utf-8").splitlines()
    answer = json.loads(lines[0])
    assert (answer["true"], answer["tokens"]) == ("negative", tokens)
    assert answer["truncated"] == (tokens == 20)
    assert sum(answer["probabilities"].values()) == pytest.approx(1)
    # the same in the training part
    reviews = (tmp_path / "reviews.csv").read_text("utf-8")
    (tmp_path / "reviews.csv").write_text(reviews + f"{text},negative\n", "utf-8")
    result = gru_sent("train", "-c", tiny_config, "-q", "--output", "train")
    assert result.exit_code == 0, result.output
    scored = gru_sent("evaluate", "train", "--data", "odd.csv", "--json", "-")
    assert json.loads(scored.stdout)["empty_texts"] == int(tokens == 0)


# devices


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
@pytest.mark.parametrize("words", [["train", "-c", "tiny.yaml"], ["evaluate"], ["predict", "x"]])
def test_cuda_that_is_not_there(
    gru_sent: Callable[..., Result], run: Path, words: list[str]
) -> None:
    result = gru_sent(*words, "--device", "cuda")
    check_message(result, "--device cuda: ", "use --device cpu", "CUDA build of torch")
    assert sorted(path.name for path in Path("runs").iterdir()) == ["latest", "tiny"]


# run folders


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("config.yaml", ["evaluate"]),
        ("vocabulary.txt", ["predict", "x"]),
        ("labels.json", ["evaluate"]),
        ("model.safetensors", ["predict", "x"]),
    ],
)
def test_a_run_folder_with_a_file_missing(
    gru_sent: Callable[..., Result], run: Path, name: str, words: list[str]
) -> None:
    (run / name).unlink()
    result = gru_sent(*words)
    check_message(result, f"not a complete run folder: {name} missing", "copy the whole folder")


def append_words(run: Path) -> None:
    with (run / "vocabulary.txt").open("a", encoding="utf-8") as file:
        file.write("one\nmore\n")


def cut_words(run: Path) -> None:
    path = run / "vocabulary.txt"
    path.write_text("\n".join(path.read_text("utf-8").split("\n")[:30]) + "\n", "utf-8")


def latin_words(run: Path) -> None:
    path = run / "vocabulary.txt"
    path.write_bytes(path.read_bytes().replace(b"film", b"f\xeflm"))


def repeat_a_word(run: Path) -> None:
    path = run / "vocabulary.txt"
    path.write_text(path.read_text("utf-8").replace("\nfilm\n", "\nplot\n"), "utf-8")


def more_classes(run: Path) -> None:
    (run / "labels.json").write_text('{"labels": ["a", "b", "c"]}', "utf-8")


def no_classes(run: Path) -> None:
    (run / "labels.json").write_text("[]", "utf-8")


def other_cell(run: Path) -> None:
    path = run / "config.yaml"
    path.write_text(path.read_text("utf-8").replace("cell: gru", "cell: lstm"), "utf-8")


def unknown_key(run: Path) -> None:
    with (run / "config.yaml").open("a", encoding="utf-8") as file:
        file.write("from_a_later_version: 1\n")


def cut_weights(run: Path) -> None:
    path = run / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def no_table(run: Path) -> None:
    tensors = load_file(run / "model.safetensors")
    save_file(
        {name: tensor for name, tensor in tensors.items() if "embedding" not in name},
        run / "model.safetensors",
    )


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (append_words, ("holds vectors for 70 words and", "lists 72", "same training")),
        (cut_words, ("holds vectors for 70 words and", "lists 30", "same training")),
        (latin_words, ("vocabulary.txt: not a vocabulary",)),
        (repeat_a_word, ("vocabulary.txt: not a vocabulary", "every word once")),
        (more_classes, ("head.bias has shape [1], the config asks for [3]", "same training")),
        (no_classes, ("labels.json: expected two or more",)),
        (other_cell, ("model.safetensors: recurrent", "the config asks for", "same training")),
        (unknown_key, ("from_a_later_version: unknown key",)),
        (cut_weights, ("model.safetensors: not readable weights", "copy the whole folder")),
        (no_table, ("holds vectors for no words",)),
    ],
)
def test_a_run_folder_whose_files_do_not_fit(
    gru_sent: Callable[..., Result],
    run: Path,
    damage: Callable[[Path], None],
    says: tuple[str, ...],
) -> None:
    damage(run)
    check_message(gru_sent("predict", "great"), "is not the file that was written")
    write_manifest(run, NEEDED)  # as a stranger could
    check_message(gru_sent("predict", "great"), *says)


def test_a_folder_that_is_no_run(gru_sent: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    check_message(gru_sent("predict", "great", "--run", "empty"), "not a complete run folder")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            b"text,label\nfilm,neutral\n",
            "label 'neutral' of 1 of 1 rows (row 1) is not a class of this model",
        ),
        (b"text,label\nfilm,\n", "1 of 1 rows have no label"),
        (b"body,label\nfilm,positive\n", "columns found: body, label"),
        (b"text,label\n", "holds no rows"),
        (b"text,label\nf\xeflm,positive\n", "is not UTF-8"),
        (None, "no such file"),
    ],
)
def test_bad_files_to_evaluate(
    gru_sent: Callable[..., Result], run: Path, tmp_path: Path, content: bytes | None, says: str
) -> None:
    if content is not None:
        (tmp_path / "own.csv").write_bytes(content)
    check_message(gru_sent("evaluate", "--data", "own.csv", "--json", "scores.json"), says)
    assert not (tmp_path / "scores.json").exists()


# a full disk


@pytest.mark.parametrize(
    ("writes", "code"),
    [
        *((writes, errno.ENOSPC) for writes in range(13)),
        (3, errno.EDQUOT),
        (3, errno.EIO),
    ],
)
def test_no_space_left_on_the_disk(
    gru_sent: Callable[..., Result],
    tiny_config: Path,
    monkeypatch: pytest.MonkeyPatch,
    writes: int,
    code: int,
) -> None:
    done = 0

    def fsync(descriptor: int) -> None:
        nonlocal done
        if done == writes:
            raise OSError(code, os.strerror(code))
        done += 1

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        result = gru_sent("train", "--config", tiny_config, "--set", "training.epochs=1")
    step = "choose another --output" if code == errno.EIO else "free some space"
    check_message(result, f"cannot be written: {os.strerror(code)}", step)
    assert done == writes
    # config, classes, words and inference.json come before the weights: nothing to go on from
    assert Path("runs/tiny.partial").exists() == (writes > 5)
    again = ["--resume", "runs/tiny"] if writes > 5 else ["--config", tiny_config]
    assert gru_sent("train", *again).exit_code == 0
    assert left_over(Path()) == ["runs/latest", "runs/tiny"]


def test_no_space_left_for_the_history(
    gru_sent: Callable[..., Result],
    tiny_config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(self: Path, mode: str = "r", *arguments: object, **options: object) -> object:
        if self.name == "metrics.jsonl":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return as_usual(self, mode, *arguments, **options)  # type: ignore[arg-type]

    as_usual = Path.open
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", full)
        result = gru_sent("train", "--config", tiny_config)
    check_message(result, "metrics.jsonl: cannot be written: No space left", "free some space")
    assert gru_sent("train", "--resume", "runs/tiny").exit_code == 0
    assert left_over(tmp_path) == ["runs/latest", "runs/tiny"]


@pytest.mark.parametrize("words", [["train"], ["data", "check"]])
def test_no_space_left_for_the_cache(
    gru_sent: Callable[..., Result],
    tiny_config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
) -> None:
    def full(self: Path, mode: str = "r", *arguments: object, **options: object) -> object:
        if self.suffix == ".words":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return as_usual(self, mode, *arguments, **options)  # type: ignore[arg-type]

    as_usual = Path.open
    monkeypatch.setattr(Path, "open", full)
    monkeypatch.setenv("GRU_SENT_CACHE", str(tmp_path / "empty"))
    result = gru_sent(*words, "--config", tiny_config)
    check_message(result, "No space left on device", "GRU_SENT_CACHE")
    assert left_over(tmp_path) == []


def test_a_cache_that_cannot_be_written(
    gru_sent: Callable[..., Result],
    tiny_config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GRU_SENT_CACHE", str(tiny_config / "below"))
    result = gru_sent("train", "--config", tiny_config)
    check_message(result, "the cache cannot be written", "set GRU_SENT_CACHE")
    assert left_over(tmp_path) == []


# exit codes


@pytest.mark.parametrize(
    "words",
    [
        ["train", "-c", "nope.yaml"],
        ["evaluate", "nope"],
        ["predict", "x", "--run", "nope"],
        ["config", "check", "nope.yaml"],
        ["config", "show", "nope.yaml"],
        ["data", "check", "-c", "nope.yaml"],
    ],
)
def test_debug_shows_the_traceback_too(gru_sent: Callable[..., Result], words: list[str]) -> None:
    plain, debug = gru_sent(*words), gru_sent(*words, "--debug")
    check_message(plain, "nope", "no such")
    assert debug.exit_code == 2
    assert "Traceback (most recent call last)" in debug.stderr
    assert plain.stderr.removeprefix("error: ").splitlines()[0] in debug.stderr


def test_a_bug_of_ours_is_not_hidden(
    gru_sent: Callable[..., Result],
    tiny_config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(training, "build_model", broken)
    result = gru_sent("train", "--config", tiny_config)
    assert result.exit_code == 1
    assert isinstance(result.exception, ZeroDivisionError)
    assert left_over(tmp_path) == []


def test_a_command_leaves_the_log_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("gru_sentiment")
    before = list(logger.handlers)
    with command(debug=False):
        logger.info("shown")
    with command(debug=False, quiet=True):
        logger.info("hidden")
        logger.warning("a warning")
    assert capsys.readouterr().err == "shown\na warning\n"
    assert logger.handlers == before


def test_ctrl_c_before_the_first_message_has_the_lock_of_the_bars(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.delattr(tqdm, "_lock", raising=False)
    monkeypatch.setattr(tqdm, "get_lock", interrupted)
    with pytest.raises(typer.Exit) as ended, command(debug=False):
        logging.getLogger("gru_sentiment").info("never written")
    assert ended.value.exit_code == 130
    assert capsys.readouterr().err == "interrupted\n"


@pytest.mark.parametrize(
    ("error", "code", "printed"),
    [
        (UserError("cause", hint="next step"), 2, "error: cause\n  next step\n"),
        (UserError("cause"), 2, "error: cause\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_exit_codes(
    error: BaseException, code: int, printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from typer import Exit

    with pytest.raises(Exit) as caught, command(debug=False):
        raise error
    assert caught.value.exit_code == code
    assert capsys.readouterr() == ("", printed)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (MemoryError(), ("out of memory", "training.batch_size")),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), ("out of memory",)),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), ("out of memory",)),
        (
            RuntimeError("x_cuda does not have a deterministic implementation, but you set"),
            ("--deterministic: x_cuda does not have a deterministic", "leave --deterministic out"),
        ),
    ],
)
def test_what_torch_says_with_a_runtime_error(
    gru_sent: Callable[..., Result],
    tiny_config: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    says: tuple[str, ...],
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(training, "build_model", fail)
    check_message(gru_sent("train", "--config", tiny_config), *says)


# what the system refuses


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["runs", "x" * 300], "File name too long"),
        (["predict", "x", "--run", "x" * 300], "File name too long"),
        (["evaluate", "--json", "x" * 300], "File name too long"),
        (["train", "-c", "tiny.yaml", "--output", "x" * 300], "File name too long"),
        (["train", "-c", "x" * 300], "File name too long"),
        (["train", "--resume", "/"], "/: cannot be a run folder"),
        (["fuse", "runs/tiny", "other", "-o", "/"], "cannot be a run folder"),
        (["reproduce", "runs/tiny", "-o", ""], "exists already"),
        (["evaluate", "--json", "loop"], "ymlink loop"),
        (["config", "show", "tiny.yaml", "--set", "run.seed=!!float ''"], "is not valid YAML"),
        (
            ["config", "show", "tiny.yaml", "--set", "run.threads=5000"],
            "less than or equal to 1024",
        ),
    ],
)
def test_paths_and_values_that_are_refused(
    gru_sent: Callable[..., Result], run: Path, words: list[str], says: str
) -> None:
    Path("loop").symlink_to("loop")
    shutil.copytree(run, "other")
    result = gru_sent(*words)
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("error: ")
    assert says in result.stderr


@pytest.mark.parametrize("words", [["runs", "a\0b"], ["config", "show", "a\0b"]])
def test_a_nul_character(gru_sent: Callable[..., Result], words: list[str]) -> None:
    result = gru_sent(*words)
    assert result.exit_code == 2
    assert "can hold a NUL character" in result.stderr


@pytest.mark.parametrize(
    "words",
    [["train", "-c", "tiny.yaml"], ["runs"], ["predict", "x"], ["data", "check", "-c", "x"]],
)
def test_a_current_folder_that_was_removed(
    gru_sent: Callable[..., Result],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    check_message(
        gru_sent(*words),
        "the current folder cannot be used: No such file or directory",
        "change to a folder that exists",
    )
