"""A run folder of any kind, to a run that predicts without torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from gru_sentiment.arrays import Integers
from gru_sentiment.artifact.contents import read_kind
from gru_sentiment.artifact.files import BASELINE, FUSION, NETWORK
from gru_sentiment.artifact.folders import existing_run, followed, log_if_bundled, reinstalling
from gru_sentiment.data.labels import Labels
from gru_sentiment.data.numbered_tokens import NumberedTokenizer
from gru_sentiment.data.rule_tokenizer import RuleTokenizer
from gru_sentiment.data.tokens import TokenizedTexts
from gru_sentiment.inference.fusion import Fusion, read_fusion
from gru_sentiment.inference.network import Network, read_network
from gru_sentiment.inference.stored import Inference, has_inference, read_inference
from gru_sentiment.trained.linear import Linear, read_linear
from gru_sentiment.trained.predictions import Predictions

READERS: dict[str, Callable[[Path, Inference, int], Network | Linear | Fusion | None]] = {
    NETWORK: read_network,
    BASELINE: lambda folder, _, __: read_linear(folder),
    FUSION: read_fusion,
}


class Run(Protocol):
    """What every run has, with torch or without."""

    @property
    def path(self) -> Path:
        """The run folder."""
        ...

    @property
    def labels(self) -> Labels:
        """The classes."""
        ...

    def predict(
        self, tokenized: TokenizedTexts, rows: Integers, tokens_per_batch: int | None = None
    ) -> Predictions:
        """The predictions for the texts `rows`.

        Args:
            tokenized: texts.
            rows: those of them that are predicted.
            tokens_per_batch: most tokens that are read at once; None is a number that suits most
                machines.
        """
        ...


@dataclass(frozen=True)
class LoadedRun:
    """A run with the tokenizer of its language."""

    run: Run
    tokenize: Callable[[Sequence[str]], TokenizedTexts]
    """Texts to tokens, as the run was trained. Several threads may call it at once."""
    predicts_when_forked: bool = True
    """Whether a process that was forked from this one may predict. torch's threads do not live
    there."""


def load_run(path: Path | None, threads: int) -> LoadedRun | None:
    """Read a run folder as `trained.reader.load_run` does; None where only torch can predict.

    That is so of runs of earlier versions and of languages that need spaCy, and where the kind of
    the run is none that predicts: whoever reads it with torch says so.

    Args:
        path: by default the latest run, else the one in the package.
        threads: CPU threads at most.

    Raises:
        ArtifactError: there is no run, a file is missing or not the one that was written, or the
            files do not fit each other.
    """
    folder = existing_run(path)
    with reinstalling(folder):
        kind = read_kind(folder)
        if kind not in READERS or not has_inference(folder):
            return None
        inference = read_inference(folder)
        run = READERS[kind](folder, inference, threads) if inference else None
    if inference is None or run is None:
        return None
    log_if_bundled(path)
    tokenizer = RuleTokenizer(inference.rules, inference.text.lowercase)
    return LoadedRun(replace(run, path=followed(folder)), NumberedTokenizer(tokenizer))
