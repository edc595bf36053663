"""An answer depends on the text and the run alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from predicting import predict
from trainings import train

TEXTS = [
    "the film was wonderful and touching",
    "awful",
    "",
    "a boring story with dreadful acting . hated the plot and the music",
    "wonderful " * 50 + "awful " * 50,
    "zyx wvu",
]


# enough to tell the two classes apart
LEARNED = ["training.learning_rate=0.05", "training.epochs=10", "model.pooling=[max]"]


def test_probabilities_sum_to_one_and_name_the_label(run: Path) -> None:
    answers = predict(TEXTS, run)
    assert len(answers) == len(TEXTS)
    for answer in answers:
        assert list(answer.probabilities) == ["negative", "positive"]
        assert sum(answer.probabilities.values()) == pytest.approx(1, abs=1e-12)
        assert answer.probabilities[str(answer.label)] == max(answer.probabilities.values())


def test_alone_or_among_others(run: Path) -> None:
    together = predict(TEXTS, run)
    backwards = predict(TEXTS[::-1], run)[::-1]
    for text, answer, other in zip(TEXTS, together, backwards, strict=True):
        (alone,) = predict([text], run)
        for same in (alone, other):
            assert same.label == answer.label
            assert same.probabilities == pytest.approx(answer.probabilities, abs=1e-6)
            assert (same.tokens, same.truncated) == (answer.tokens, answer.truncated)


def test_answers_are_those_of_the_training_data(tiny_config: Path) -> None:
    run = train(tiny_config, *LEARNED)
    answers = predict(["the film was wonderful and great", "the plot was awful and dull"], run)
    assert [answer.label for answer in answers] == ["positive", "negative"]


def test_an_empty_text_is_answered(run: Path) -> None:
    for text in ("", "   ", "\n\t", "<br /><br/>"):
        (answer,) = predict([text], run)
        assert (answer.tokens, answer.unknown_tokens, answer.truncated) == (0, 0, False)
        assert sum(answer.probabilities.values()) == pytest.approx(1)
        assert answer == predict([""], run)[0]


@pytest.mark.parametrize(("text", "unknown"), [("great", 0), ("zyx", 1)])
def test_a_text_of_one_token(run: Path, text: str, unknown: int) -> None:
    (answer,) = predict([text], run)
    assert (answer.tokens, answer.unknown_tokens, answer.truncated) == (1, unknown, False)
    assert sum(answer.probabilities.values()) == pytest.approx(1)


def test_a_text_of_100_000_tokens_is_cut(run: Path) -> None:
    (answer,) = predict(["great " + "film " * 99_998 + "great"], run)
    assert (answer.tokens, answer.truncated) == (20, True)
    # what is read is the head and the tail
    (short,) = predict(["great " + "film " * 18 + "great"], run)
    assert not short.truncated
    assert answer.probabilities == pytest.approx(short.probabilities, abs=1e-6)


@pytest.mark.parametrize("n", [2_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_a_long_text_is_read_where_nothing_is_cut(tiny_config: Path, n: int) -> None:
    run = train(tiny_config, "text.max_tokens=null", "model.cell=rnn", "model.bidirectional=false")
    (answer,) = predict(["film " * n], run)
    assert (answer.tokens, answer.truncated) == (n, False)
    assert sum(answer.probabilities.values()) == pytest.approx(1)


def test_upper_case_and_line_breaks_change_nothing(run: Path) -> None:
    answers = predict(["The FILM was<br />Great", "the film was great"], run)
    assert answers[0].tokens == answers[1].tokens == 4
    assert answers[0].probabilities == pytest.approx(answers[1].probabilities, abs=1e-7)


def test_no_texts_give_no_answers(run: Path) -> None:
    assert predict([], run) == []


def test_the_latest_run_answers_by_default(tiny_config: Path, run: Path) -> None:
    other = train(tiny_config, "run.seed=5")
    assert predict(["great"], None) == predict(["great"], other) != predict(["great"], run)


def test_integer_classes_are_answered_as_integers(
    tiny_config: Path, reviews_csv: Path, tmp_path: Path
) -> None:
    text = reviews_csv.read_text("utf-8")
    stars = text.replace(",negative", ",1").replace(",positive", ",5")
    (tmp_path / "stars.csv").write_text(stars, "utf-8")
    run = train(tiny_config, "data.path=stars.csv", *LEARNED)
    answers = predict(["the film was wonderful and great", "the plot was awful and dull"], run)
    assert [answer.label for answer in answers] == [5, 1]
    assert list(answers[0].probabilities) == ["1", "5"]
