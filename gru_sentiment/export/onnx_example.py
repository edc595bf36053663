"""Predict the classes of texts: python example.py "A wonderful film." "What a waste of time."

It needs numpy, onnxruntime and the files beside it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gru_sentiment.data.rule_tokenizer import RuleTokenizer
from gru_sentiment.data.rules import Rules

UNKNOWN, PADDING = 0, 1


class Classifier:
    """The model in a folder."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime

        settings, labels, rules = (
            json.loads((folder / f"{name}.json").read_bytes())
            for name in ("export", "labels", "tokenizer")
        )
        self.text, self.thresholds = settings["text"], settings["thresholds"]
        self.labels = labels.get("labels") or labels["label_sets"]
        self.tokenizer = RuleTokenizer(Rules.from_json(rules), self.text["lowercase"])
        words = (folder / "vocabulary.txt").read_bytes().decode().split("\n")[:-1]
        self.ids = {word: i for i, word in enumerate(words) if i > PADDING}
        self.session = onnxruntime.InferenceSession(folder / "model.onnx")

    def read(self, text: str) -> list[int]:
        """The ids of a text: of a long one its head and its tail, of an empty one the padding."""
        ids = [self.ids.get(token, UNKNOWN) for token in self.tokenizer(text)]
        most, head = self.text["max_tokens"], self.text["head_tokens"]
        if most is not None and len(ids) > most:
            ids = ids[:head] + ids[len(ids) - most + head :]
        return ids or [PADDING]

    def probabilities(self, texts: Sequence[str]) -> Any:
        """The probabilities of the classes, shape (texts, classes)."""
        read = [self.read(text) for text in texts]
        lengths = np.array([len(ids) for ids in read], np.int64)
        rows = [ids + [PADDING] * (max(lengths) - len(ids)) for ids in read]
        return self.session.run(None, {"ids": np.array(rows, np.int64), "lengths": lengths})[0]

    def chosen(self, probabilities: Any) -> list[int]:
        """The classes of a text by its row of probabilities."""
        if self.thresholds is None:
            return [int(probabilities.argmax())]
        return [int(i) for i in np.flatnonzero(probabilities >= np.array(self.thresholds))]


if __name__ == "__main__":
    classifier = Classifier(Path(__file__).parent)
    for of_text in classifier.probabilities(sys.argv[1:] or [""]):
        found = [f"{classifier.labels[i]} ({of_text[i]:.1%})" for i in classifier.chosen(of_text)]
        print(", ".join(found) or "no class")
