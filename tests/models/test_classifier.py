"""The contract of the whole network: it learns, it is saved whole, and a text is read alone.

`CONTRACT` is the table of issue 2: every cell, one and both directions, one and two layers, every
pooling alone and all of them joined.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence
from torch.optim import Adam

from gru_sentiment.machine.torch_setup import refuse_tensorfloat32
from gru_sentiment.models.classifier import TextClassifier
from gru_sentiment.models.embedding import WordEmbedding
from gru_sentiment.models.pooling import POOLINGS
from gru_sentiment.models.recurrent import CELLS
from gru_sentiment.training.losses import ClassificationLoss, predicted_classes

from .layer_results import assert_near

VOCABULARY = 40
JOINED = tuple(POOLINGS)
CONTRACT = [
    pytest.param(
        {"cell": cell, "bidirectional": both, "layers": layers, "pooling": pooling},
        id=f"{cell}-{'both' if both else 'one'}-{layers}-{'+'.join(pooling)}",
    )
    for cell, both, layers, pooling in product(
        CELLS, (False, True), (1, 2), [*((name,) for name in POOLINGS), JOINED]
    )
]

every_network = pytest.mark.parametrize("options", CONTRACT)


def make_classifier(seed: int = 0, n_outputs: int = 1, **options: Any) -> TextClassifier:
    """A network of 8 numbers a word and 8 a state, with seeded weights."""
    torch.manual_seed(seed)
    embedding = WordEmbedding(torch.randn(VOCABULARY, 8), padding_id=0)
    return TextClassifier(embedding, n_outputs, hidden_size=8, **options)


def make_texts(lengths: Sequence[int] = (6, 5, 5, 4, 3, 3, 2, 1), seed: int = 0) -> list[Tensor]:
    """Texts of random word ids, of these lengths."""
    generator = torch.Generator().manual_seed(seed)
    return [torch.randint(1, VOCABULARY, (n,), generator=generator) for n in lengths]


def logits_of(model: nn.Module, texts: Sequence[Tensor]) -> Tensor:
    """Logits of texts read as one batch, in the order of `texts`."""
    order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
    with torch.no_grad():
        logits: Tensor = model(pack_sequence([texts[i] for i in order]))
    return logits[torch.tensor(order).argsort()]


def train(model: nn.Module, tokens: PackedSequence, labels: Tensor, steps: int) -> float:
    """The last loss of a few steps of Adam on one batch."""
    optimizer, loss_of = Adam(model.parameters(), lr=0.1), ClassificationLoss()
    for _ in range(steps):
        optimizer.zero_grad()
        loss = loss_of(model(tokens), labels)
        loss.backward()
        optimizer.step()
    return float(loss.detach())


@every_network
def test_overfits_eight_texts_and_comes_back_from_disk(
    options: dict[str, Any], tmp_path: Path
) -> None:
    """Alternating labels that nothing but memory explains; the same logits after reloading."""
    model, texts = make_classifier(**options), make_texts()
    labels = torch.tensor([0, 1] * 4)
    assert train(model, pack_sequence(texts), labels, steps=12) < 0.2
    logits = logits_of(model.eval(), texts)
    assert torch.equal(predicted_classes(logits), labels)

    save_file(model.state_dict(), tmp_path / "model.safetensors")
    fresh = make_classifier(seed=1, **options).eval()
    assert not torch.equal(logits_of(fresh, texts), logits)
    fresh.load_state_dict(load_file(tmp_path / "model.safetensors"))
    assert torch.equal(logits_of(fresh, texts), logits)


@every_network
def test_a_text_is_read_as_if_it_were_alone(options: dict[str, Any]) -> None:
    """One by one, in any order, beside longer and shorter texts: the same logits to 1e-5."""
    model, texts = make_classifier(**options).eval(), make_texts()
    together = logits_of(model, texts)
    one_by_one = torch.cat([logits_of(model, [text]) for text in texts])
    assert_near(one_by_one, together, 1e-5)
    shuffled = [3, 0, 7, 2, 1, 6, 5, 4]
    assert_near(logits_of(model, [texts[i] for i in shuffled]), together[shuffled], 1e-5)
    others = make_texts([40, 6, 3, 1], seed=1)
    assert_near(logits_of(model, [*others, *texts])[len(others) :], together, 1e-5)


@every_network
def test_every_trainable_parameter_gets_a_gradient(options: dict[str, Any]) -> None:
    model = make_classifier(**options)
    model(pack_sequence(make_texts())).square().sum().backward()
    idle = [
        name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().any()
    ]
    assert idle == []


@pytest.mark.parametrize("pooling", [(name,) for name in POOLINGS] + [JOINED], ids="+".join)
def test_texts_packed_in_another_order_keep_theirs(pooling: tuple[str, ...]) -> None:
    """A `PackedSequence` that remembers its unsorted order gets its logits in that order."""
    model, texts = make_classifier(pooling=pooling).eval(), make_texts([2, 6, 1, 4])
    with torch.no_grad():
        found = model(pack_sequence(texts, enforce_sorted=False))
    assert_near(found, logits_of(model, texts), 1e-5)


@pytest.mark.parametrize("n_outputs", [1, 2, 5])
def test_logits_have_a_row_a_text(n_outputs: int) -> None:
    model = make_classifier(n_outputs=n_outputs)
    assert model(pack_sequence(make_texts([3, 1]))).shape == (2, n_outputs)


def test_five_classes_are_learnt() -> None:
    model, texts = make_classifier(n_outputs=5), make_texts()
    labels = torch.tensor([0, 1, 2, 3, 4, 3, 2, 1])
    assert train(model, pack_sequence(texts), labels, steps=20) < 0.2
    assert torch.equal(predicted_classes(logits_of(model.eval(), texts)), labels)


def test_the_cells_options_reach_it() -> None:
    """A ReLU network is another function of the same weights."""
    relu = make_classifier(cell="rnn", nonlinearity="relu")
    tanh = make_classifier(cell="rnn", nonlinearity="tanh")
    assert all(map(torch.equal, relu.parameters(), tanh.parameters()))
    assert not torch.allclose(logits_of(relu, make_texts()), logits_of(tanh, make_texts()))


@pytest.mark.parametrize("where", ["dropout", "layer_dropout"])
def test_dropout_acts_in_training_alone(where: str) -> None:
    options: dict[str, Any] = {"layers": 2, where: 0.5}
    model, texts = make_classifier(**options), make_texts()
    assert not torch.equal(logits_of(model, texts), logits_of(model, texts))
    plain = make_classifier(layers=2).eval()
    assert torch.equal(logits_of(model.eval(), texts), logits_of(plain, texts))


def test_frozen_vectors_stay_while_the_rest_learns() -> None:
    model = make_classifier()
    model.embedding.set_trainable(False)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    train(model, pack_sequence(make_texts()), torch.tensor([0, 1] * 4), steps=2)
    unmoved = [name for name, p in model.named_parameters() if torch.equal(p, before[name])]
    assert unmoved == ["embedding.table.weight"]


def test_a_text_of_padding_alone_has_finite_logits() -> None:
    """What an empty text is read as."""
    model = make_classifier(pooling=JOINED).eval()
    assert logits_of(model, [torch.zeros(1, dtype=torch.int64)]).isfinite().all()


@pytest.mark.parametrize(
    "device",
    [
        "cpu",
        pytest.param(
            "cuda",
            marks=[
                pytest.mark.gpu,
                pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA"),
            ],
        ),
    ],
)
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("pooling", [*((name,) for name in POOLINGS), JOINED], ids="+".join)
def test_mixed_precision_learns_what_float32_learns(
    device: str, cell: str, pooling: tuple[str, ...]
) -> None:
    """A step over texts of up to 1,000 words, 200 where one pooling is alone: logits to 2 %,
    gradients to 10 %.

    Where two words are nearly as large, the rounding decides which one of them has the gradient of
    a maximum.
    """
    refuse_tensorfloat32()
    model = make_classifier(cell=cell, pooling=pooling).to(device)
    lengths = (1_000, 400, 30, 2) if pooling == JOINED else (200, 80, 30, 2)
    tokens = pack_sequence(make_texts(lengths)).to(device)
    labels, found = torch.tensor([0, 1, 0, 1], device=device), []
    for enabled in (False, True):
        model.zero_grad()
        with torch.autocast(device, torch.bfloat16, enabled=enabled):
            logits = model(tokens)
            loss = ClassificationLoss()(logits, labels)
        loss.backward()
        gradients = [p.grad.flatten() for p in model.parameters() if p.grad is not None]
        found.append((logits.detach(), torch.cat(gradients)))
    for exact, mixed, tolerance in zip(*found, (0.02, 0.1), strict=True):
        assert mixed.dtype == torch.float32
        assert mixed.isfinite().all()
        assert (mixed - exact).norm() <= tolerance * exact.norm()
    train(model, tokens, labels, steps=1)
    assert all(p.isfinite().all() for p in model.parameters())


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
@pytest.mark.parametrize("cell", CELLS)
def test_cuda_gives_what_the_cpu_gives(cell: str) -> None:
    """Packed texts through all layers and poolings: logits to 1e-4."""
    model = make_classifier(cell=cell, layers=2, pooling=JOINED).eval()
    tokens = pack_sequence(make_texts(range(40, 8, -4)))
    refuse_tensorfloat32()
    with torch.no_grad():
        expected = model(tokens)
        found = model.cuda()(tokens.cuda())
    assert_near(found.cpu(), expected, 1e-4)
