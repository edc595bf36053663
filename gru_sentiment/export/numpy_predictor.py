"""Texts to the classes that a folder's files predict. It needs numpy, and nothing else.

::

    from predictor import Predictor

    Predictor().predict(["A wonderful film."])
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gru_sentiment.arrays import Floats
from gru_sentiment.data.rule_tokenizer import RuleTokenizer
from gru_sentiment.data.rules import Rules
from gru_sentiment.data.tokens import TokenizedTexts
from gru_sentiment.export.numpy_runs import read_run


class Predictor:
    """The model of a folder. Several threads may use it at once.

    Args:
        folder: by default the one that this module's folder lies in.
    """

    def __init__(self, folder: Path | str = Path(__file__).parent.parent) -> None:
        folder = Path(folder)
        settings, labels, rules = (
            json.loads((folder / f"{name}.json").read_bytes())
            for name in ("export", "labels", "tokenizer")
        )
        self.label_sets = "label_sets" in labels
        """Whether a text may have any number of classes."""
        self.labels: list[str | int] = labels["label_sets" if self.label_sets else "labels"]
        """The classes, in the order of the probabilities."""
        self.thresholds = settings["thresholds"]
        """The probability from which on each class of a label set is predicted."""
        self._tokenizer = RuleTokenizer(Rules.from_json(rules), settings["text"]["lowercase"])
        self._run = read_run(folder, settings["run"], label_sets=self.label_sets)

    def predict(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """For each text its `label` and the `probabilities` of all classes, by their names.

        Where a text may have any number of classes, the label is a list of them.
        """
        names = list(map(str, self.labels))
        return [
            {"label": self._label(of_text), "probabilities": dict(zip(names, of_text, strict=True))}
            for of_text in self.probabilities(texts).tolist()
        ]

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """The probabilities of the classes, shape (texts, classes)."""
        if isinstance(texts, str):
            raise TypeError("give a list of texts, not a text")
        if not texts:
            return np.zeros((0, len(self.labels)))
        tokenized = TokenizedTexts.of(map(self._tokenizer, texts))
        found: Floats = np.exp(self._run.log_probabilities(tokenized))
        return found

    def chosen(self, probabilities: Any) -> list[int]:
        """The classes of a text, as positions in `labels`, by the probabilities of all."""
        if not self.label_sets:
            return [int(np.argmax(probabilities))]
        return [int(i) for i in np.flatnonzero(np.array(probabilities) >= self.thresholds)]

    def _label(self, probabilities: list[float]) -> str | int | list[str | int]:
        found = [self.labels[i] for i in self.chosen(probabilities)]
        return found if self.label_sets else found[0]
