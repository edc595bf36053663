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
        names = ["vocabulary.txt"] + ["ngram-vocabulary.txt"] * settings["ngrams"]
        texts = [(folder / name).read_bytes().decode() for name in names]
        self.ids = [{w: i for i, w in enumerate(t.split("\n")[:-1]) if i > PADDING} for t in texts]
        self.session = onnxruntime.InferenceSession(folder / "model.onnx")

    def probabilities(self, texts: Sequence[str]) -> Any:
        """The probabilities of the classes, shape (texts, classes)."""
        tokens = [self.tokenizer(text) for text in texts]
        inputs = {}
        for name, ids_of in zip(("", "ngram_"), self.ids, strict=False):
            ids = [[ids_of.get(token, UNKNOWN) for token in of_text] for of_text in tokens]
            rows = ids if name else list(map(self.cut, ids))  # n-grams read texts whole
            inputs[f"{name}lengths"] = np.array(list(map(len, rows)), np.int64)
            longest = max(1, *map(len, rows))
            padded = [row + [PADDING] * (longest - len(row)) for row in rows]
            inputs[f"{name}ids"] = np.array(padded, np.int64)
        return self.session.run(None, inputs)[0]

    def cut(self, ids: list[int]) -> list[int]:
        """What is read of a text: of a long one its head and its tail."""
        most, head = self.text["max_tokens"], self.text["head_tokens"]
        too_long = most is not None and len(ids) > most
        return ids[:head] + ids[len(ids) - most + head :] if too_long else ids

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
