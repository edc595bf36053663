"""Word vectors by name (glove.6B.100d, fasttext.en.300d, …).

The names, and the archive, the member and the dimension of each set, are those of
`torchtext.vocab.pretrained_aliases`. Only this table of torchtext is used. Its own download
(`torchtext.vocab.Vectors` and `torchtext.utils`) switches off the certificate checks of the whole
process, keeps half a file after an interruption, unpacks the archive to the disk and stores the
vectors as a pickle. `fetch` checks certificates and SHA-256 sums and resumes a download, and
`file_vectors` reads the rows that are needed, straight from the archive.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gru_sentiment.errors import VectorsError
from gru_sentiment.vectors.downloads import Download, fetch
from gru_sentiment.vectors.text_file import file_vectors, file_words
from gru_sentiment.vectors.word_vectors import WordVectors, check_dimension

FASTTEXT_DIMENSION = 300
MIRRORS = {
    "http://nlp.stanford.edu/data": (
        "https://nlp.stanford.edu/data",
        "https://downloads.cs.stanford.edu/nlp/data",
        "https://huggingface.co/stanfordnlp/glove/resolve/main",
    ),
}
"""Folders that offer the same files as a folder of torchtext's table, with https."""
SHA256 = {
    "glove.6B.zip": "617afb2fe6cbd085c235baf7a465b96f4112bd7f7ccb2b2cbd649fed9cbcf2fb",
    "glove.42B.300d.zip": "03d5d7fa28e58762ace4b85fb71fe86a345ef0b5ff39f5390c14869da0fc1970",
    "glove.840B.300d.zip": "c06db255e65095393609f19a4cfca20bf3a71e20cc53e892aafa490347e3849f",
    "glove.twitter.27B.zip": "792af52f795d1a32c9842a3240f5f3fe5e941a8ff6df5eb0f9d668092ebc019c",
    "wiki.en.vec": "ba5420ac217fb34f15f58ded0d911a4370dfb1f3341fa7511a49ae74c87de282",
}
N_BYTES = {"glove.6B.zip": 862_182_613}


@dataclass(frozen=True)
class NamedSet:
    """A file to download, and where the vectors stand in it."""

    download: Download
    member: str | None
    """The file inside the archive; None where the download is the text file itself."""
    dimension: int
    """Numbers a word."""


def named_sets() -> dict[str, NamedSet]:
    """The sets of word vectors that torchtext knows, by name.

    Its set `charngram.100d` is left out: those are vectors of character n-grams, not of words.
    """
    from torchtext.vocab import FastText, GloVe, pretrained_aliases

    sets = {}
    for name, alias in pretrained_aliases.items():
        options = alias.keywords
        if alias.func is GloVe:
            url, member = GloVe.url[options["name"]], f"{name}.txt"
            sets[name] = NamedSet(_download(url), member, int(options["dim"]))
        elif alias.func is FastText:
            url = FastText.url_base.format(options["language"])
            sets[name] = NamedSet(_download(url), None, FASTTEXT_DIMENSION)
    return sets


def _download(url: str) -> Download:
    folder, _, name = url.rpartition("/")
    urls = tuple(f"{mirror}/{name}" for mirror in MIRRORS.get(folder, (folder,)))
    return Download(name, urls, SHA256.get(name), N_BYTES.get(name))


def named_vectors(
    name: str,
    words: Sequence[str],
    folder: Path,
    *,
    dimension: int | None,
    offline: bool,
) -> WordVectors:
    """Vectors of the set `name` for `words`, downloaded into `folder` the first time.

    Args:
        name: a name of `named_sets`.
        words: the words, one a row of the result.
        folder: where downloads are kept.
        dimension: the dimension that is wanted; it is checked before anything is downloaded.
        offline: open no connection.

    Raises:
        VectorsError: there is no such set, it has another dimension, no server gives it, or the
            file is damaged.
    """
    known = _known(name)
    check_dimension(known.dimension, dimension, name)
    path = fetch(known.download, folder, offline=offline)
    try:
        vectors = file_vectors(path, words, member=known.member)
        if vectors.dimension != known.dimension:
            raise VectorsError(f"{path}: {vectors.dimension} numbers a word, not {known.dimension}")
    except VectorsError as error:
        raise VectorsError(error.cause, hint=f"delete {path} to download it again") from error
    return replace(vectors, origin=name)


def named_words(name: str, folder: Path, *, offline: bool) -> Iterator[str]:
    """The words of the set `name`, in the order of its file, downloaded as for `named_vectors`.

    Raises:
        VectorsError: as `named_vectors`.
    """
    known = _known(name)
    return file_words(fetch(known.download, folder, offline=offline), member=known.member)


def _known(name: str) -> NamedSet:
    sets = named_sets()
    if name not in sets:
        raise VectorsError(f"vectors.name: no set {name!r}", hint=f"known: {', '.join(sets)}")
    return sets[name]
