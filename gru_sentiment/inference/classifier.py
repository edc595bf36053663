"""A run for programs: texts to predictions, probabilities, and what scikit-learn asks for."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from gru_sentiment.arrays import Floats
from gru_sentiment.artifact.contents import read_metadata
from gru_sentiment.errors import DataError
from gru_sentiment.inference.reader import LoadedRun
from gru_sentiment.postprocess.criterion import check_decision
from gru_sentiment.results.predictions import Decision, Prediction
from gru_sentiment.trained.predictions import Predictions

SHOWN = ("gru_sentiment", "data_fingerprint", "parameters")
"""Of the metadata, in a notebook."""
Labels = NDArray[Any]
"""A label a text, shape (texts,); of label sets 0 or 1 for each class, shape (texts, classes)."""


class Classifier:
    """A trained run. Several threads may use it at once.

    Args:
        loaded: what predicts, and its tokenizer.
    """

    def __init__(self, loaded: LoadedRun) -> None:
        self.loaded = loaded
        self._run, self._tokenize = loaded.run, loaded.tokenize

    @property
    def path(self) -> Path:
        """The run folder."""
        return self._run.path

    @property
    def labels(self) -> list[str | int]:
        """The classes, as the data names them, in the order of the probabilities."""
        return list(self._run.labels.classes)

    @property
    def label_sets(self) -> bool:
        """Whether a text may have any number of classes."""
        return self._run.labels.label_sets

    @property
    def classes_(self) -> Labels:
        """The same as an array, under scikit-learn's name."""
        return np.array(self._run.labels.classes)

    @cached_property
    def metadata(self) -> Mapping[str, Any]:
        """Of the run: versions, seed, data and what else its metadata.json holds."""
        return read_metadata(self._run.path)

    def predict(
        self,
        texts: Sequence[str],
        *,
        threshold: float | None = None,
        abstain: float = 0.0,
        undecided: str | None = None,
    ) -> list[Prediction]:
        """A prediction for every text, in order.

        Args:
            texts: any number.
            threshold: predict the second of two classes if its probability is at least this; of
                label sets each class whose probability is.
            abstain: predict no class whose probability is below this; the label is then None.
            undecided: the label in place of None.

        Raises:
            ConfigError: threshold and abstain do not fit the classes.
            DataError: a text is not valid Unicode.
        """
        labels, decision = self._run.labels, Decision(threshold, abstain, undecided)
        check_decision(decision, labels.names, label_sets=labels.label_sets)
        predictions = self._predictions(texts)
        return predictions.predictions(labels, decision) if predictions else []

    def predict_proba(self, texts: Sequence[str]) -> Floats:
        """The probabilities of the classes, shape (texts, classes).

        Raises:
            DataError: a text is not valid Unicode.
        """
        predictions = self._predictions(texts)
        if predictions is None:
            return np.zeros((0, len(self._run.labels)))
        probabilities: Floats = np.exp(predictions.log_probabilities)
        return probabilities.astype(np.float64)

    def estimator(self) -> Estimator:
        """The same for scikit-learn, whose `predict` gives labels."""
        return Estimator(self)

    def _predictions(self, texts: Sequence[str]) -> Predictions | None:
        """None for no texts."""
        if isinstance(texts, str):
            raise DataError("texts: is a single text", hint="give a list of texts")
        texts = list(texts)
        for text in texts:
            _check_text(text)
        if not texts:
            return None
        tokenized = self._tokenize(texts)
        return self._run.predict(tokenized, np.arange(len(tokenized), dtype=np.int64))

    def __repr__(self) -> str:
        return f"<Classifier {self.path}: {', '.join(self._run.labels.names)}>"

    def _repr_html_(self) -> str:
        """A table for notebooks."""
        rows = {"run": self.path, "classes": ", ".join(self._run.labels.names)}
        rows |= {name: self.metadata[name] for name in SHOWN if name in self.metadata}
        cells = (
            f"<tr><th>{html.escape(name)}</th><td>{html.escape(str(value))}</td></tr>"
            for name, value in rows.items()
        )
        return f"<table>{''.join(cells)}</table>"


class Estimator:
    """A fitted classifier for scikit-learn's scorers, ensembles and plots."""

    _estimator_type = "classifier"

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier

    @property
    def classes_(self) -> Labels:
        """The classes, in the order of the probabilities."""
        return self.classifier.classes_

    def fit(self, texts: object, labels: object = None) -> Self:  # noqa: ARG002
        """The same: the run is trained already."""
        return self

    def predict(self, texts: Sequence[str]) -> Labels:
        """The likeliest label of every text; of label sets 0 or 1 for each class."""
        if not len(texts):
            return self.classes_[:0]
        labels = [prediction.label for prediction in self.classifier.predict(texts)]
        if not self.classifier.label_sets:
            return np.array(labels)
        classes = self.classifier.labels
        sets = [found if isinstance(found, list) else [] for found in labels]
        return np.array([[int(name in found) for name in classes] for found in sets])

    def predict_proba(self, texts: Sequence[str]) -> Floats:
        """The probabilities of the classes, shape (texts, classes)."""
        return self.classifier.predict_proba(texts)

    def score(self, texts: Sequence[str], labels: Sequence[Any]) -> float:
        """The accuracy."""
        found, true = self.predict(texts), np.asarray(labels)
        right = found == true
        return float((right.all(axis=1) if right.ndim > 1 else right).mean())

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002
        """What the constructor was given."""
        return {"classifier": self.classifier}

    def set_params(self, **parameters: Any) -> Self:
        """Take another classifier."""
        for name, value in parameters.items():
            setattr(self, name, value)
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_clone__(self) -> Self:
        return self

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=False, multi_output=self.classifier.label_sets),
            classifier_tags=ClassifierTags(multi_label=self.classifier.label_sets),
            input_tags=InputTags(string=True, two_d_array=False),
        )


def _check_text(text: object) -> None:
    if not isinstance(text, str):
        raise DataError(f"texts: {type(text).__name__} is not a text", hint="give strings")
    # bytes from the shell that are not UTF-8, and half a surrogate pair
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise DataError(
            f"the text is not UTF-8 at character {error.start + 1}",
            hint="check the terminal's encoding, or convert the text",
        ) from error
