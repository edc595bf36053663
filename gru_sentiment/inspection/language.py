"""The language of texts, and whether its words are parted by blanks."""

from __future__ import annotations

from collections.abc import Sequence

from gru_sentiment.errors import DataError
from gru_sentiment.rows.row import option_name

SAMPLE = 200
"""Texts that the language is told from."""
CHARACTERS = 300
"""Of each."""
WITHOUT_BLANKS = {
    "zh": ("Chinese", "jieba"),
    "ja": ("Japanese", "fugashi"),
    "th": ("Thai", "pythainlp"),
    "lo": ("Lao", "laonlp"),
    "km": ("Khmer", "khmernltk"),
    "my": ("Burmese", "myword"),
}
"""Languages that write no blanks between words: their names, and a package that finds the words."""


def found_language(texts: Sequence[str]) -> str:
    """The language code (ISO 639-1) of the texts, by the detector of Lui & Baldwin (2012)."""
    import py3langid

    step = max(1, len(texts) // SAMPLE)
    sample = "\n".join(text[:CHARACTERS] for text in texts[::step])
    return str(py3langid.classify(sample)[0])


def check_has_blanks(language: str, setting: str = "data.{}") -> None:
    """Check that a language parts words by blanks.

    Raises:
        DataError: it does not.
    """
    if language in WITHOUT_BLANKS:
        name, package = WITHOUT_BLANKS[language]
        raise DataError(
            f"the texts are {name}, which is written without blanks between words, and gru-sent "
            "finds words by blanks",
            hint=f"put blanks between the words first, for instance with the package {package}; "
            f"then name the language with {option_name(setting, 'language')}",
        )
