"""Builds ids, batches and word vectors from the sections `text`, `vectors` and `training`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from gru_sentiment.arrays import Integers
from gru_sentiment.config.sections import Config, TextConfig, VectorsConfig
from gru_sentiment.config.training import AugmentationConfig, TrainingConfig
from gru_sentiment.data.augmentation import Augmentation
from gru_sentiment.data.batching import Batcher
from gru_sentiment.data.encoding import EncodedTexts, encode
from gru_sentiment.data.token_cache import cache_folder
from gru_sentiment.data.tokens import TokenizedTexts
from gru_sentiment.data.unlabelled_sampler import UnlabelledSampler
from gru_sentiment.data.vocab import SPECIALS, Vocabulary
from gru_sentiment.errors import DataError
from gru_sentiment.machine.environment import is_offline
from gru_sentiment.vectors.named import named_vectors, named_words
from gru_sentiment.vectors.neighbours import nearest
from gru_sentiment.vectors.package import package_vectors, package_words
from gru_sentiment.vectors.text_file import file_vectors, file_words
from gru_sentiment.vectors.word_vectors import WordVectors, check_dimension, no_vectors


def build_vocabulary(config: TextConfig, counts: Mapping[str, int]) -> Vocabulary:
    """The vocabulary for the word counts of the training texts.

    Raises:
        DataError: no word is frequent enough.
    """
    vocabulary = Vocabulary.from_counts(
        counts, min_frequency=config.min_frequency, max_size=config.max_size
    )
    if len(vocabulary.words) == len(SPECIALS):
        raise DataError(
            f"the vocabulary is empty: no word of the training split occurs {config.min_frequency} "
            "times",
            hint="lower text.min_frequency, or add reviews",
        )
    return vocabulary


def with_unseen_words(config: VectorsConfig, vocabulary: Vocabulary) -> Vocabulary:
    """The vocabulary with the first words of the config's vectors that it lacks.

    Raises:
        VectorsError: the vectors cannot be found or read.
    """
    if not config.unseen_words:
        return vocabulary
    sources: dict[str, Callable[[], Iterator[str]]] = {
        "name": lambda: named_words(config.name or "", _downloads(), offline=is_offline()),
        "package": package_words,
        "file": lambda: file_words(config.path),  # type: ignore[arg-type]
    }
    words = dict.fromkeys(vocabulary.words)
    most = len(words) + config.unseen_words
    for word in sources[config.source]():
        if len(words) == most:
            break
        if word and "\n" not in word:  # a vocabulary is a file of lines
            words[word] = None
    return Vocabulary(list(words))


def build_encoded(
    config: TextConfig, tokenized: TokenizedTexts, vocabulary: Vocabulary
) -> EncodedTexts:
    """The ids of tokenised texts, with the truncation of the section `text`."""
    return encode(
        tokenized, vocabulary, max_tokens=config.max_tokens, head_tokens=config.head_tokens
    )


def build_batcher(config: TrainingConfig, encoded: EncodedTexts) -> Batcher:
    """Batches of the config's size in texts or tokens."""
    return Batcher(encoded, config.batch_size, config.tokens_per_batch)


def build_unlabelled_sampler(config: Config, rows: Integers) -> UnlabelledSampler:
    """Adds unlabelled texts of `rows` to every batch, as many as the config says."""
    assert config.training.unlabelled is not None
    return UnlabelledSampler(rows, config.training.unlabelled.batch_size, config.run.seed)


def build_augmentation(config: AugmentationConfig, vectors: WordVectors) -> Augmentation | None:
    """The config's augmentation of training batches; None if it has none.

    Raises:
        VectorsError: too few words have vectors.
    """
    if not (config.word_dropout or config.synonyms):
        return None
    neighbours = (
        nearest(vectors, config.neighbours, first=len(SPECIALS)) if config.synonyms else None
    )
    return Augmentation(config.word_dropout, config.synonyms, neighbours)


def build_vectors(config: VectorsConfig, vocabulary: Vocabulary) -> WordVectors:
    """The config's word vectors for the words of the vocabulary.

    Raises:
        VectorsError: the vectors cannot be found or read, or have another dimension.
    """
    words = vocabulary.words
    sources: dict[str, Callable[[], WordVectors]] = {
        "name": lambda: named_vectors(
            config.name or "",
            words,
            _downloads(),
            dimension=config.dimension,
            offline=is_offline(),
        ),
        "package": lambda: package_vectors(words),
        "file": lambda: file_vectors(config.path, words),  # type: ignore[arg-type]
        "none": lambda: no_vectors(words, config.dimension),
    }
    vectors = sources[config.source]()
    check_dimension(vectors.dimension, config.dimension, vectors.origin)
    return vectors


def _downloads() -> Path:
    return cache_folder() / "vectors"
