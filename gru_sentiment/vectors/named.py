"""Word vectors by name (glove.6B.100d, fasttext.en.300d, …), under the names of torchtext."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gru_sentiment.errors import VectorsError
from gru_sentiment.vectors.downloads import Download, fetch
from gru_sentiment.vectors.text_file import file_vectors
from gru_sentiment.vectors.word_vectors import WordVectors

STANFORD = (
    "https://nlp.stanford.edu/data/{}",
    "https://downloads.cs.stanford.edu/nlp/data/{}",
    "https://huggingface.co/stanfordnlp/glove/resolve/main/{}",
)


@dataclass(frozen=True)
class NamedSet:
    """A file to download, and the member of it where it is an archive."""

    download: Download
    member: str | None = None


def _glove(name: str, sha256: str, n_bytes: int | None = None) -> Download:
    return Download(name, tuple(url.format(name) for url in STANFORD), sha256, n_bytes)


def _fasttext(language: str, sha256: str | None = None) -> NamedSet:
    name = f"wiki.{language}.vec"
    url = f"https://dl.fbaipublicfiles.com/fasttext/vectors-wiki/{name}"
    return NamedSet(Download(name, (url,), sha256))


_GLOVE_6B = _glove(
    "glove.6B.zip",
    "617afb2fe6cbd085c235baf7a465b96f4112bd7f7ccb2b2cbd649fed9cbcf2fb",
    862_182_613,
)
_GLOVE_TWITTER = _glove(
    "glove.twitter.27B.zip", "792af52f795d1a32c9842a3240f5f3fe5e941a8ff6df5eb0f9d668092ebc019c"
)
SETS: dict[str, NamedSet] = {
    **{f"glove.6B.{n}d": NamedSet(_GLOVE_6B, f"glove.6B.{n}d.txt") for n in (50, 100, 200, 300)},
    **{
        f"glove.twitter.27B.{n}d": NamedSet(_GLOVE_TWITTER, f"glove.twitter.27B.{n}d.txt")
        for n in (25, 50, 100, 200)
    },
    "glove.42B.300d": NamedSet(
        _glove(
            "glove.42B.300d.zip", "03d5d7fa28e58762ace4b85fb71fe86a345ef0b5ff39f5390c14869da0fc1970"
        ),
        "glove.42B.300d.txt",
    ),
    "glove.840B.300d": NamedSet(
        _glove(
            "glove.840B.300d.zip",
            "c06db255e65095393609f19a4cfca20bf3a71e20cc53e892aafa490347e3849f",
        ),
        "glove.840B.300d.txt",
    ),
    "fasttext.en.300d": _fasttext(
        "en", "ba5420ac217fb34f15f58ded0d911a4370dfb1f3341fa7511a49ae74c87de282"
    ),
    "fasttext.simple.300d": _fasttext("simple"),
}


def named_vectors(name: str, words: Sequence[str], cache: Path) -> WordVectors:
    """Vectors of the set `name` for `words`; downloaded into `cache` the first time.

    Raises:
        VectorsError: no such set, no server gives it, or what is there is damaged.
    """
    if name not in SETS:
        raise VectorsError(f"vectors.name: no set {name!r}", hint=f"known: {', '.join(SETS)}")
    known = SETS[name]
    path = fetch(known.download, cache)
    try:
        return replace(file_vectors(path, words, member=known.member), origin=name)
    except VectorsError as error:
        raise VectorsError(error.cause, hint=f"delete {path} to download it again") from error
