"""A classifier as a graph of ONNX: ids and lengths to probabilities.

::

    ids (batch, time), lengths (batch)                    whole numbers of 64 bits
      read      the ids, with padding behind the end of each text
      vectors   (time, batch, dimension), rows of the table
      outputs   (time, batch, width) of each recurrent layer, and its final state
      pooled    (batch, width x poolings)
      logits    (batch, 1 or classes), divided by the temperature
    probabilities (batch, classes)                        float32

With n-grams beside the network there are two more inputs, `ngram_ids` and `ngram_lengths`: ids of
the n-grams' own vocabulary, of the whole text. They have logits of their own, and the weighted sum
of both is divided by the temperature.

Nothing that stands behind the end of a text can change a result. A length of 0 is read as one
padding token, which is what an empty text is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import nn

import gru_sentiment
from gru_sentiment.arrays import Floats, Singles
from gru_sentiment.artifact.weights import SCALES
from gru_sentiment.data.vocab import PADDING_ID, SPECIALS, UNKNOWN_ID
from gru_sentiment.export.cells import OPERATORS, directions, weights
from gru_sentiment.export.int8 import TABLE, int8_rows
from gru_sentiment.export.ngrams import Ngrams, ngram_log_probabilities
from gru_sentiment.export.nodes import Nodes
from gru_sentiment.export.poolings import POOLINGS, Outputs, numbers
from gru_sentiment.models.classifier import TextClassifier
from gru_sentiment.models.embedding import WordEmbedding

OPSET, IR_VERSION = 17, 8
"""Of 2022, so that older programs read the file too."""
IDS, LENGTHS, PROBABILITIES = "ids", "lengths", "probabilities"
OF_NGRAMS = "ngram_"
"""Before the names of the inputs of the n-grams."""


@dataclass(frozen=True)
class Head:
    """What becomes of a network's logits."""

    n_classes: int
    label_sets: bool = False
    """Whether each class is decided by itself."""
    temperature: float = 1.0
    prior: Floats | None = None
    """Probabilities of a text without any known token, shape (classes,)."""
    ngrams: Ngrams | None = None
    """What predicts beside the network."""


@dataclass(frozen=True)
class _Read:
    """The texts as the graph reads them, by name."""

    ids: str
    """Shape (time, batch)."""
    is_token: str
    """Shape (time, batch, 1)."""
    n_tokens: str
    """1 or more, shape (batch,)."""


def classifier_graph(model: TextClassifier, head: Head, *, int8: bool = False) -> Any:
    """The model of ONNX.

    Args:
        model: in evaluation mode.
        head: how its logits become probabilities.
        int8: whether the rows of the table of word vectors become whole numbers of 8 bits with a
            scale each; all else keeps its 32 bits.
    """
    from onnx import TensorProto, helper

    nodes = Nodes()
    read = _read(nodes)
    vectors, columns = _vectors(nodes, read, model, int8)
    outputs, final = _recurrent(nodes, model.recurrent, vectors, columns, read)
    pooled = _pooled(nodes, model, outputs, final, read)
    linear = [nodes.constant(numbers(tensor)) for tensor in (model.head.weight, model.head.bias)]
    logits = nodes.add("Gemm", pooled, *linear, transB=1)
    likely = _probabilities(nodes, logits, model.head.out_features, head)
    _with_prior(nodes, likely, read, head)
    graph = helper.make_graph(
        nodes.operators,
        "classifier",
        [
            helper.make_tensor_value_info(before + name, TensorProto.INT64, shape)
            for before in (("", OF_NGRAMS) if head.ngrams else ("",))
            for name, shape in ((IDS, ["batch", f"{before}time"]), (LENGTHS, ["batch"]))
        ],
        [
            helper.make_tensor_value_info(
                PROBABILITIES, TensorProto.FLOAT, ["batch", head.n_classes]
            )
        ],
        initializer=nodes.constants,
    )
    return helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="gru-sent",
        producer_version=gru_sentiment.__version__,
    )


def _read(nodes: Nodes) -> _Read:
    """The inputs, the padding of each text replaced by the padding id."""
    number = nodes.constant
    n_tokens = nodes.add("Max", LENGTHS, number(np.array([1])))
    steps = nodes.add("Unsqueeze", _steps(nodes, IDS), nodes.axes(1))
    is_given = nodes.add("Less", steps, nodes.add("Unsqueeze", LENGTHS, nodes.axes(0)))
    is_token = nodes.add("Less", steps, nodes.add("Unsqueeze", n_tokens, nodes.axes(0)))
    by_time = nodes.add("Transpose", IDS, perm=[1, 0])
    ids = nodes.add("Where", is_given, by_time, number(np.array(PADDING_ID)))
    return _Read(ids, nodes.add("Unsqueeze", is_token, nodes.axes(2)), n_tokens)


def _vectors(
    nodes: Nodes, read: _Read, model: TextClassifier, int8: bool
) -> tuple[str, Singles | None]:
    """The word vectors of the tokens, (time, batch, dimension), and `Int8Rows.columns`, if any."""
    embedding: WordEmbedding = model.embedding
    table = numbers(embedding.table.weight)
    if not int8:
        return str(nodes.add("Gather", nodes.constant(table, TABLE), read.ids, axis=0)), None
    rows = int8_rows(table)
    found = nodes.add("Gather", nodes.constant(rows.numbers, TABLE), read.ids, axis=0)
    scales = nodes.constant(rows.scales.astype(np.float16), TABLE + SCALES)
    scale = nodes.cast(nodes.add("Gather", scales, read.ids, axis=0), np.float32)
    of_row = nodes.add("Unsqueeze", scale, nodes.axes(2))
    return str(nodes.add("Mul", nodes.cast(found, np.float32), of_row)), rows.columns


def _recurrent(
    nodes: Nodes, module: nn.RNNBase, vectors: str, columns: Singles | None, read: _Read
) -> tuple[str, str]:
    """All layers: the outputs of the top one (time, batch, width), its final state (batch, width).

    The input weights of the first layer are multiplied by `columns`, if there are any. ONNX has
    (time, directions, batch, hidden) and (directions, batch, hidden).
    """
    operator, n = OPERATORS[type(module)], directions(module)
    lengths = nodes.cast(read.n_tokens, np.int32)
    outputs, final = vectors, ""
    for layer in range(module.num_layers):
        w, r, b = weights(module, layer)
        if layer == 0 and columns is not None:
            w = w * columns
        by_direction, final = nodes.add(
            operator.name,
            outputs,
            *map(nodes.constant, (w, r, b)),
            lengths,
            n_outputs=2,
            hidden_size=module.hidden_size,
            direction="bidirectional" if n > 1 else "forward",
            **operator.attributes(module),
        )
        outputs = nodes.add("Transpose", by_direction, perm=[0, 2, 1, 3])
        outputs = nodes.add("Reshape", outputs, nodes.axes(0, 0, n * module.hidden_size))
    final = nodes.add("Transpose", final, perm=[1, 0, 2])
    return outputs, str(nodes.add("Reshape", final, nodes.axes(0, n * module.hidden_size)))


def _pooled(nodes: Nodes, model: TextClassifier, outputs: str, final: str, read: _Read) -> str:
    """All poolings side by side, (batch, width x poolings)."""
    n_tokens = nodes.add("Unsqueeze", nodes.cast(read.n_tokens, np.float32), nodes.axes(1))
    of = Outputs(outputs, read.is_token, n_tokens, final)
    found = [POOLINGS[name](nodes, of, part) for name, part in model.pooling.parts.items()]
    return str(nodes.add("Concat", *found, axis=1))


def _probabilities(nodes: Nodes, logits: str, n_logits: int, head: Head) -> str:
    """Logits (batch, 1 or classes) to the probabilities of the classes, (batch, classes)."""
    if head.ngrams is not None:
        logits, n_logits = _fused(nodes, logits, n_logits, head.ngrams), head.n_classes
    scaled = nodes.add("Mul", logits, nodes.constant(np.array(1 / head.temperature, np.float32)))
    if head.label_sets:
        return str(nodes.add("Sigmoid", scaled))
    if n_logits > 1:
        return str(nodes.add("Softmax", scaled, axis=1))
    second = nodes.add("Sigmoid", scaled)
    first = nodes.add("Sigmoid", nodes.add("Neg", scaled))
    return str(nodes.add("Concat", first, second, axis=1))


def _fused(nodes: Nodes, logits: str, n_logits: int, ngrams: Ngrams) -> str:
    """The logits of network and n-grams together, (batch, classes)."""
    if n_logits == 1:
        logits = nodes.add("Concat", nodes.add("Sub", logits, logits), logits, axis=1)
    network = nodes.add("LogSoftmax", logits, axis=1)
    steps = _steps(nodes, OF_NGRAMS + IDS)
    lengths = nodes.add("Unsqueeze", OF_NGRAMS + LENGTHS, nodes.axes(1))
    is_given = nodes.add("Less", steps, lengths)
    nothing = nodes.constant(np.array(UNKNOWN_ID))
    ids = nodes.add("Where", is_given, OF_NGRAMS + IDS, nothing)
    beside = ngram_log_probabilities(nodes, ids, ngrams)
    of_network, of_ngrams = (
        nodes.add("Mul", of, nodes.constant(np.array(weight, np.float32)))
        for of, weight in zip((network, beside), ngrams.weights, strict=True)
    )
    return str(nodes.add("Add", of_network, of_ngrams))


def _steps(nodes: Nodes, ids: str) -> str:
    """The positions in ids (batch, time): 0, 1, …, (time,)."""
    time = nodes.add("Gather", nodes.add("Shape", ids), nodes.constant(np.array(1)))
    zero, one = (nodes.constant(np.array(number)) for number in (0, 1))
    return str(nodes.add("Range", zero, time, one))


def _with_prior(nodes: Nodes, probabilities: str, read: _Read, head: Head) -> None:
    """The result, which for texts without any known token is the prior, if there is one."""
    from onnx import helper

    if head.prior is None:
        result = helper.make_node("Identity", [probabilities], [PROBABILITIES])
    else:
        is_word = nodes.add("Greater", read.ids, nodes.constant(np.array(len(SPECIALS) - 1)))
        words = nodes.cast(is_word, np.float32)
        n_words = nodes.add("ReduceSum", words, nodes.axes(0), keepdims=0)
        known = nodes.add("Greater", n_words, nodes.constant(np.array(0, np.float32)))
        known = nodes.add("Unsqueeze", known, nodes.axes(1))
        prior = nodes.constant(head.prior.astype(np.float32)[None])
        result = helper.make_node("Where", [known, probabilities, prior], [PROBABILITIES])
    nodes.operators.append(result)
