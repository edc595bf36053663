"""Networks of random weights, texts of random tokens, and what ONNX makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gru_sentiment.config.sections import Config, TextConfig
from gru_sentiment.data.labels import Labels, LabelSets
from gru_sentiment.data.tokens import TokenizedTexts
from gru_sentiment.data.vocab import SPECIALS, Vocabulary
from gru_sentiment.export.graph import Head, classifier_graph
from gru_sentiment.models.classifier import TextClassifier
from gru_sentiment.models.embedding import WordEmbedding
from gru_sentiment.trained.calibrated import Calibration
from gru_sentiment.trained.network import Network

WORDS = [f"w{i}" for i in range(40)]
VOCABULARY = Vocabulary([*SPECIALS, *WORDS])
UNKNOWN = ["x", "y", "z"]
CONFIG = Config(text=TextConfig(max_tokens=None))
CPU = torch.device("cpu")


def new_network(labels: Labels | None = None, *, n_logits: int = 1, **options: Any) -> Network:
    """A network with a temperature and a prior; `options` are the classifier's."""
    torch.manual_seed(0)
    labels = labels or Labels(["negative", "positive"])
    embedding = WordEmbedding(torch.randn(len(VOCABULARY), 7), padding_id=1)
    options = {"hidden_size": 5, **options}
    model = TextClassifier(embedding, n_logits, **options).eval()
    prior = np.linspace(0.2, 0.6, len(labels))
    prior = prior if labels.label_sets else prior / prior.sum()
    fitted = Calibration(temperature=1.7, prior=prior)
    return Network(Path("run"), CONFIG, VOCABULARY, labels, model, CPU, fitted)


KINDS = {
    "one logit": (Labels(["negative", "positive"]), 1),
    "two logits": (Labels(["negative", "positive"]), 2),
    "three classes": (Labels([0, 1, 2]), 3),
    "label sets": (LabelSets(["a", "b", "c"]), 3),
}


def head_of(network: Network) -> Head:
    labels = network.labels
    fitted = network.calibration
    return Head(len(labels), labels.label_sets, fitted.temperature, fitted.prior)


def random_texts(n: int, seed: int = 0) -> list[list[str]]:
    """Texts of 0 to 30 tokens, of which some are unknown; in every ninth all are."""
    draw = np.random.default_rng(seed)
    return [
        draw.choice(UNKNOWN if i % 9 == 8 else [*WORDS, *UNKNOWN], draw.integers(0, 31)).tolist()
        for i in range(n)
    ]


def tokenized_from(texts: Sequence[Sequence[str]]) -> TokenizedTexts:
    distinct = [*WORDS, *UNKNOWN]
    indices = [distinct.index(token) for text in texts for token in text]
    return TokenizedTexts(distinct, np.array(indices, np.int32), np.cumsum([0, *map(len, texts)]))


def expected(network: Network, texts: Sequence[Sequence[str]]) -> Any:
    """The probabilities of the run, shape (texts, classes)."""
    rows = np.arange(len(texts), dtype=np.int64)
    return np.exp(network.predict(tokenized_from(texts), rows).log_probabilities)


def inputs(vocabulary: Vocabulary, texts: Sequence[Sequence[str]], name: str = "") -> Any:
    """Ids and lengths, with garbage behind the end of each text; an empty one has the length 0."""
    lengths = np.array([len(text) for text in texts])
    draw = np.random.default_rng(1)
    ids = draw.integers(-(2**40), 2**40, (len(texts), int(lengths.max()) + 3))
    for row, text in zip(ids, texts, strict=True):
        row[: len(text)] = vocabulary.ids(text)
    return {f"{name}ids": ids, f"{name}lengths": lengths}


class Session:
    """A graph in onnxruntime, checked by onnx before."""

    def __init__(self, network: Network, head: Head | None = None, **options: Any) -> None:
        import onnx
        import onnxruntime

        assert isinstance(network.model, TextClassifier)
        self.graph = classifier_graph(network.model, head or head_of(network), **options)
        onnx.checker.check_model(self.graph, full_check=True)
        threads = onnxruntime.SessionOptions()
        threads.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(self.graph.SerializeToString(), threads)

    def __call__(self, fed: Any) -> Any:
        (probabilities,) = self._session.run(None, fed)
        return probabilities
