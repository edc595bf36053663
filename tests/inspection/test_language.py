"""Languages are told apart; those without blanks between words are refused."""

from __future__ import annotations

import pytest

from gru_sentiment.errors import DataError
from gru_sentiment.inspection.language import check_has_blanks, found_language


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The battery died after two days and nobody answered my mail.", "en"),
        ("Der Akku war nach zwei Tagen leer, und niemand hat geantwortet.", "de"),
        ("La batterie est morte après deux jours et personne n'a répondu.", "fr"),
        ("电池两天后就坏了没有人回复我的邮件", "zh"),
        ("バッテリーは二日で切れて、誰も返事をくれなかった。", "ja"),
    ],
)
def test_languages(text: str, code: str) -> None:
    assert found_language([text] * 3) == code


def test_the_language_of_most_texts() -> None:
    assert found_language(["Der Akku war leer, und niemand hat geantwortet."] * 30 + ["ok"]) == "de"


@pytest.mark.parametrize("code", ["zh", "ja", "th"])
def test_no_blanks_between_words(code: str) -> None:
    with pytest.raises(DataError, match="written without blanks between words") as caught:
        check_has_blanks(code, "--{}")
    assert "name the language with --language" in caught.value.hint


def test_blanks_between_words() -> None:
    check_has_blanks("de")
