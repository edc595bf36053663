"""An n-gram model that is fitted beside a network, and what both predict together."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

from gru_sentiment.arrays import Floats
from gru_sentiment.artifact.files import NGRAMS
from gru_sentiment.artifact.writer import RunWriter
from gru_sentiment.builders.corpus import Corpus
from gru_sentiment.builders.ngrams import build_ngrams
from gru_sentiment.config.sections import Config
from gru_sentiment.results.metrics import MetricsByModel
from gru_sentiment.trained.baseline import Baseline, write_baseline
from gru_sentiment.trained.fusion import fit_member_shares, fuse_scored
from gru_sentiment.trained.scoring import Scored, score_predictions

logger = logging.getLogger(__name__)

NAIVE_BAYES = "nb"
MEMBERS = ("network", "n-grams")
"""What predicts together, in the order of the weights."""


@dataclass(frozen=True)
class Joint:
    """What network and n-grams predict together."""

    scored: dict[str, Scored]
    """By split."""
    members: MetricsByModel
    """The scores of each alone."""
    weights: Floats
    """Shape (2,), fitted on the validation split; they add up to 1."""

    @property
    def weight_of(self) -> dict[str, float]:
        """By member."""
        return dict(zip(MEMBERS, self.weights.tolist(), strict=True))


@dataclass(frozen=True)
class NgramsBeside:
    """The n-gram model of a training split."""

    run: Baseline
    fit_s: float

    @classmethod
    def fit(cls, config: Config, writer: RunWriter, corpus: Corpus) -> Self:
        """Fit it and keep it in the run folder. Nothing of it is random.

        Raises:
            ArtifactError: the disk refuses it.
        """
        built = build_ngrams(corpus, [NAIVE_BAYES])
        model, fit_s = built.models[NAIVE_BAYES], built.fit_s[NAIVE_BAYES]
        run = Baseline(
            writer.partial / NGRAMS, built.vocabulary, corpus.labels, model, config=config
        )
        write_baseline(run, NAIVE_BAYES)
        logger.info("%s n-grams, fitted in %.1f s", f"{len(model.features.keys):,}", fit_s)
        return cls(run, fit_s)

    def join(self, scored: Mapping[str, Scored], corpus: Corpus) -> Joint:
        """Joint predictions, from those of the network for some splits.

        With the temperature that is fitted after them, the weights are those with the smallest log
        loss on the validation split.
        """
        labels, label_ids = corpus.labels, corpus.label_ids
        both = {
            split: (of_network, self._scored(split, corpus)) for split, of_network in scored.items()
        }
        weights = fit_member_shares(both["validation"], label_ids)
        joint = {
            split: fuse_scored(of_both, weights, labels, label_ids)
            for split, of_both in both.items()
        }
        members = {
            name: {split: of_both[number][0] for split, of_both in both.items()}
            for number, name in enumerate(MEMBERS)
        }
        return Joint(joint, members, weights)

    def _scored(self, split: str, corpus: Corpus) -> Scored:
        predict = partial(self.run.predict, corpus.tokenized, corpus.splits[split])
        return score_predictions(predict, corpus.labels, corpus.label_ids)

    def metadata(self, joint: Joint) -> dict[str, Any]:
        """What metadata.json says of it."""
        features = len(self.run.model.features.keys)
        return {
            "model": NAIVE_BAYES,
            "ngrams": features,
            "fit_s": self.fit_s,
            "weights": joint.weight_of,
        }
