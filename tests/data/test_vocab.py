from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torchtext.data import Field

from gru_sentiment.data.encoding import encode
from gru_sentiment.data.tokenizer import Tokenizer
from gru_sentiment.data.vocab import PADDING_ID, SPECIALS, UNKNOWN_ID, Vocabulary
from gru_sentiment.errors import ArtifactError
from gru_sentiment.sources.package import load_package

ODD_WORDS = [
    "\x00", "\x1c", "\x85", "\u2028", "\u2029", "\r", "a\rb", "\t", " ", "", "\ufeff", "\ufeffword",
    "caf\u00e9", "cafe\u0301", "\u202eabc", "\U0001f3ac", "<unk", "# x", "a b",
]  # fmt: skip
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), max_size=5)


@pytest.fixture(scope="module")
def reviews() -> list[str]:
    """500 real reviews, half of them positive."""
    found: list[str] = load_package().texts.take(list(range(0, 25_000, 50))).to_pylist()
    return found


@pytest.fixture(scope="module")
def field_examples(reviews: list[str]) -> tuple[Field, list[list[str]]]:
    """torchtext's own way from text to ids, around the same rules; lower-casing is its own."""
    field = Field(tokenize=Tokenizer(lowercase=False), lower=True, batch_first=True)
    return field, [field.preprocess(review) for review in reviews]


@pytest.mark.parametrize(("min_frequency", "max_size"), [(1, None), (5, 25_000), (2, 777)])
def test_vocabulary_and_ids_equal_torchtext_field(
    min_frequency: int,
    max_size: int | None,
    reviews: list[str],
    field_examples: tuple[Field, list[list[str]]],
) -> None:
    field, examples = field_examples
    field.build_vocab(examples, min_freq=min_frequency, max_size=max_size)
    tokenized = Tokenizer().many(reviews)
    counts = tokenized.counts(np.arange(len(reviews)))
    vocabulary = Vocabulary.from_counts(counts, min_frequency=min_frequency, max_size=max_size)
    assert vocabulary.words == field.vocab.itos

    encoded = encode(tokenized, vocabulary, max_tokens=None, head_tokens=0)
    padded = field.process(examples).numpy()
    assert (padded == UNKNOWN_ID).any() or min_frequency == 1
    for row, expected in enumerate(padded):
        ids = encoded.ids(row)
        np.testing.assert_array_equal(ids, expected[: len(ids)])
        assert (expected[len(ids) :] == PADDING_ID).all()


@given(
    st.dictionaries(st.one_of(WORDS, st.sampled_from(SPECIALS)), st.integers(1, 6)),
    st.integers(1, 5),
    st.one_of(st.none(), st.integers(0, 12)),
)
@settings(max_examples=80, deadline=None)
def test_order_is_the_rule_written_out(
    counts: dict[str, int], min_frequency: int, max_size: int | None
) -> None:
    known = [word for word, n in counts.items() if n >= min_frequency and word not in SPECIALS]
    known.sort(key=lambda word: (-counts[word], word))
    found = Vocabulary.from_counts(counts, min_frequency=min_frequency, max_size=max_size)
    assert found.words == [*SPECIALS, *known[:max_size]]
    words = [word for word in [*counts, "no such word"] if word not in SPECIALS]
    id_of = {word: i for i, word in enumerate(found.words)}
    assert found.ids(words).tolist() == [id_of.get(word, UNKNOWN_ID) for word in words]


def test_counts_stay_as_they_are() -> None:
    counts = {"<pad>": 2, "good": 1}
    Vocabulary.from_counts(counts)
    assert counts == {"<pad>": 2, "good": 1}


@given(st.dictionaries(WORDS, st.integers(1, 3), min_size=1), st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_the_order_of_counting_changes_nothing(counts: dict[str, int], random: Random) -> None:
    items = list(counts.items())
    random.shuffle(items)
    assert Vocabulary.from_counts(dict(items)).words == Vocabulary.from_counts(counts).words


def test_frequency_first_then_alphabet() -> None:
    counts = {"b": 2, "a": 2, "z": 9, "rare": 1, "B": 2}
    found = Vocabulary.from_counts(counts, min_frequency=2)
    assert found.words == ["<unk>", "<pad>", "z", "B", "a", "b"]
    assert len(found) == 6
    assert "a" in found
    assert "rare" not in found
    assert Vocabulary.from_counts(counts, max_size=2).words == ["<unk>", "<pad>", "z", "B"]


def test_words_spelled_like_a_special_are_unknown() -> None:
    found = Vocabulary.from_counts({"<pad>": 50, "<unk>": 40, "good": 1})
    assert found.words == ["<unk>", "<pad>", "good"]
    ids = found.ids(["<pad>", "<unk>", "good", "other"])
    assert ids.tolist() == [UNKNOWN_ID, UNKNOWN_ID, 2, UNKNOWN_ID]
    assert ids.dtype == np.int32


def test_no_words() -> None:
    found = Vocabulary.from_counts({})
    assert found.words == list(SPECIALS)
    assert found.ids([]).shape == (0,)


def test_odd_words_survive_the_file(tmp_path: Path) -> None:
    vocabulary = Vocabulary([*SPECIALS, *ODD_WORDS])
    path = tmp_path / "vocabulary.txt"
    path.write_bytes(vocabulary.to_text().encode())
    assert Vocabulary.load(path).words == vocabulary.words


@given(st.sets(WORDS.filter(lambda word: word not in SPECIALS), max_size=20))
@settings(max_examples=50, deadline=None)
def test_any_words_survive_the_file(
    tmp_path_factory: pytest.TempPathFactory, words: set[str]
) -> None:
    vocabulary = Vocabulary([*SPECIALS, *words])
    path = tmp_path_factory.getbasetemp() / "vocabulary.txt"
    path.write_bytes(vocabulary.to_text().encode())
    assert Vocabulary.load(path).words == vocabulary.words


def test_the_file_is_one_word_a_line() -> None:
    assert Vocabulary.from_counts({"b": 1, "a": 1}).to_text() == "<unk>\n<pad>\na\nb\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "starts with"),
        (b"good\nbad\n", "starts with"),
        (b"<pad>\n<unk>\ngood\n", "starts with"),
        (b"<unk>\n<pad>\ngood\nbad\ngood\n", "every word once"),
        (b"<unk>\n<pad>\ncaf\xe9\n", "utf-8"),
        (b"\xef\xbb\xbf<unk>\n<pad>\n", "starts with"),
    ],
    ids=["empty", "no specials", "specials turned", "a word twice", "not UTF-8", "byte order mark"],
)
def test_a_file_that_is_no_vocabulary(content: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.txt"
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match=f"not a vocabulary: .*{reason}") as caught:
        Vocabulary.load(path)
    assert str(path) in caught.value.cause


@pytest.mark.parametrize("words", [[], ["good"], ["<pad>", "<unk>"], [*SPECIALS, "a", "a"]])
def test_impossible_word_lists(words: list[str]) -> None:
    with pytest.raises(ValueError, match="a vocabulary"):
        Vocabulary(words)
