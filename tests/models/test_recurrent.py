"""RNN, GRU and LSTM against torch's own: results, parameters, and where torch's code still runs."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence

from gru_sentiment.kernel.library import VARIABLE, kernels
from gru_sentiment.machine.torch_setup import refuse_tensorfloat32
from gru_sentiment.models import recurrent
from gru_sentiment.models.recurrent import LSTM

from .cells import CELLS, random_texts
from .layer_results import LossOn, assert_near, assert_same_results, layer_results
from .regression_artifacts import FILES, HIDDEN, INPUT, LAYERS, artifact_path

PATHS = [*(each.name for each in kernels()), "none"]
"""The kernels of this processor, and operations of torch."""
TOLERANCES = {torch.float32: 1e-5, torch.float64: 1e-10}

every_cell = pytest.mark.parametrize("cell", CELLS)
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")


@dataclass(frozen=True)
class Case:
    """One row of the table that hypothesis draws."""

    lengths: list[int]
    enforce_sorted: bool
    options: dict[str, Any]
    n_layers: int
    sizes: tuple[int, int]
    with_states: bool
    loss_on: LossOn
    seed: int

    def packed(self, dtype: torch.dtype) -> PackedSequence:
        """Random texts of the case's lengths."""
        lengths = sorted(self.lengths, reverse=True) if self.enforce_sorted else self.lengths
        texts = random_texts(lengths, self.sizes[0], dtype=dtype, seed=self.seed)
        return pack_sequence(texts, enforce_sorted=self.enforce_sorted)


CASES = st.builds(
    Case,
    lengths=st.lists(st.integers(1, 80), min_size=1, max_size=9),
    enforce_sorted=st.booleans(),
    options=st.fixed_dictionaries({"bidirectional": st.booleans(), "bias": st.booleans()}),
    n_layers=st.integers(1, 3),
    sizes=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    with_states=st.booleans(),
    loss_on=st.sampled_from(["output", "final", "both"]),
    seed=st.integers(0, 1000),
)


def ragged(lengths: tuple[int, ...] = (5, 3, 3, 1), width: int = 3) -> PackedSequence:
    """Packed random texts."""
    return pack_sequence(random_texts(list(lengths), width))


def run(module: nn.Module, packed: PackedSequence) -> Tensor:
    """Outputs of every word, without their gradients."""
    with torch.no_grad():
        output: Tensor = module(packed)[0].data
    return output


@every_cell
@pytest.mark.parametrize(
    ("path", "dtype"),
    [*((name, torch.float32) for name in PATHS), ("none", torch.float64)],
    ids=[*PATHS, "float64"],
)
@given(case=CASES)
@settings(max_examples=12, deadline=None, derandomize=True)
def test_packed_results_are_torchs(cell: str, path: str, dtype: torch.dtype, case: Case) -> None:
    """Values, final states and every gradient, whatever the shape of the batch and the layers."""
    ours, theirs = CELLS[cell].layers(
        *case.sizes, case.n_layers, seed=case.seed, dtype=dtype, **case.options
    )
    packed = case.packed(dtype)
    states = CELLS[cell].states(ours, len(case.lengths)) if case.with_states else ()
    expected = layer_results(theirs, packed, states, loss_on=case.loss_on)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, path)
        found = layer_results(ours, packed, states, loss_on=case.loss_on)
    assert_same_results(found, expected, TOLERANCES[dtype])


@pytest.mark.parametrize("cell", FILES)
def test_the_regression_artifact_is_reproduced(cell: str) -> None:
    """To 1e-5, from a file of less than 20 KB (see regression_artifacts.py)."""
    assert artifact_path(cell).stat().st_size < 20_000
    stored = load_file(artifact_path(cell))

    def part(prefix: str) -> dict[str, Tensor]:
        return {k.removeprefix(prefix): v for k, v in stored.items() if k.startswith(prefix)}

    texts, states, expected = part("texts."), part("state."), part("result.")
    layer, _ = CELLS[cell].layers(INPUT, HIDDEN, LAYERS, bidirectional=True)
    layer.load_state_dict(part("weight."))
    packed = pack_sequence([texts[name] for name in sorted(texts)])
    initial = tuple(states[name] for name in ("h0", "c0") if name in states)
    results = layer_results(layer, packed, initial)
    assert_same_results({name: results[name] for name in expected}, expected, 1e-5)


@every_cell
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one", "both"])
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])
def test_weights_travel_both_ways(cell: str, bidirectional: bool, bias: bool) -> None:
    """The same `state_dict` keys and shapes as torch's; either loads the other's."""
    options: dict[str, Any] = {**CELLS[cell].options, "bidirectional": bidirectional, "bias": bias}
    ours = CELLS[cell].ours(3, 4, 2, **options)
    theirs = CELLS[cell].theirs(3, 4, 2, **options)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    theirs.load_state_dict(ours.state_dict())
    assert_near(run(ours, ragged()), run(theirs, ragged()), 1e-6)
    again = CELLS[cell].ours(3, 4, 2, **options)
    again.load_state_dict(theirs.state_dict())
    assert torch.equal(run(again, ragged()), run(ours, ragged()))


@every_cell
@pytest.mark.parametrize("shape", [(5, 3), (4, 5, 3)], ids=["one text", "batch"])
@pytest.mark.parametrize("batch_first", [False, True], ids=["time first", "batch first"])
def test_a_padded_tensor_takes_torchs_own_path(
    cell: str, shape: tuple[int, ...], batch_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = CELLS[cell].layers(3, 4, 2, bidirectional=True, batch_first=batch_first)
    monkeypatch.delattr(recurrent, "_run_layers")
    x = torch.randn(shape)
    (found, final), (expected, end) = ours(x), theirs(x)
    assert torch.equal(found, expected)
    torch.testing.assert_close(final, end, rtol=0, atol=0)


def test_lstm_projections_are_torchs() -> None:
    """`proj_size` has no fast path; packed input must still work."""
    torch.manual_seed(0)
    theirs, ours = nn.LSTM(3, 4, proj_size=2), LSTM(3, 4, proj_size=2)
    ours.load_state_dict(theirs.state_dict())
    assert torch.equal(run(ours, ragged()), run(theirs, ragged()))


@every_cell
@pytest.mark.parametrize("training", [True, False])
def test_dropout_acts_between_layers_in_training_alone(cell: str, training: bool) -> None:
    """Dropout of 1 is not random: the second layer is handed zeros, the first one its input."""
    ours, theirs = CELLS[cell].layers(3, 4, 2, dropout=1.0)
    without, _ = CELLS[cell].layers(3, 4, 2)
    found = layer_results(ours.train(training), ragged())
    assert_same_results(found, layer_results(theirs.train(training), ragged()), 1e-5)
    expected = layer_results(without, ragged())
    assert torch.equal(found["final.h"][0], expected["final.h"][0])
    assert torch.equal(found["output"], expected["output"]) is not training


@every_cell
def test_dropout_is_drawn_anew_in_every_step(cell: str) -> None:
    layer, _ = CELLS[cell].layers(3, 4, 2, dropout=0.5)
    assert not torch.equal(run(layer, ragged()), run(layer, ragged()))


@every_cell
def test_a_deep_copy_stands_on_its_own(cell: str) -> None:
    """The same outputs at first; training the copy does not move the original."""
    layer, _ = CELLS[cell].layers(3, 4, 2, bidirectional=True)
    before = run(layer, ragged())
    twin = copy.deepcopy(layer)
    assert torch.equal(run(twin, ragged()), before)
    twin(ragged())[0].data.sum().backward()
    with torch.no_grad():
        for parameter in twin.parameters():
            assert parameter.grad is not None
            parameter.sub_(parameter.grad)
    assert torch.equal(run(layer, ragged()), before)
    assert not torch.equal(run(twin, ragged()), before)
    assert all(parameter.grad is None for parameter in layer.parameters())


@every_cell
def test_other_texts_and_their_length_change_nothing(cell: str) -> None:
    """A text gives the same outputs alone as behind a longer one."""
    layer, _ = CELLS[cell].layers(3, 4, 2, bidirectional=True)
    long, short = random_texts([30, 4], 3)
    alone = run(layer, pack_sequence([short]))
    beside = run(layer, pack_sequence([long, short]))
    assert_near(beside[1:8:2], alone, 1e-6)


@every_cell
@pytest.mark.parametrize("path", PATHS)
def test_gradients_can_be_asked_for_twice(
    cell: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second backward pass gives the same; second derivatives and changed inputs are errors."""
    monkeypatch.setenv(VARIABLE, path)
    layer, _ = CELLS[cell].layers(3, 4)
    packed = ragged()
    x = packed.data.clone().requires_grad_()
    output = layer(packed._replace(data=x))[0].data
    (first,) = torch.autograd.grad(output.sum(), x, retain_graph=True)
    (second,) = torch.autograd.grad(output.sum(), x, retain_graph=True)
    assert torch.equal(first, second)
    (again,) = torch.autograd.grad(output.square().sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="differentiate twice"):
        again.sum().backward()
    with torch.no_grad():
        output.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        torch.autograd.grad(output.sum(), x)


@every_cell
@pytest.mark.parametrize("path", PATHS)
def test_a_backward_pass_frees_what_was_stored(
    cell: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, path)
    layer, _ = CELLS[cell].layers(3, 4)
    output = layer(ragged())[0].data
    output.sum().backward()
    with pytest.raises(RuntimeError, match=r"backward through the graph a second time"):
        output.sum().backward()


@every_cell
@pytest.mark.parametrize(
    "shape",
    [(3, 4, 4), (2, 1, 4), (2, 5, 4), (2, 4, 5), (4, 4)],
    ids=["layers", "smaller batch", "larger batch", "hidden", "one axis too few"],
)
def test_an_initial_state_of_another_shape_is_refused(cell: str, shape: tuple[int, ...]) -> None:
    """In torch's words: nothing is cut off or repeated silently. Right is (2, 4, 4) here."""
    layer, _ = CELLS[cell].layers(3, 4, 2)
    state = torch.zeros(shape)
    hx = (state, state) if CELLS[cell].n_states == 2 else state
    with torch.no_grad(), pytest.raises(RuntimeError, match="Expected hidden"):
        layer(ragged(), hx)


@every_cell
def test_words_of_another_width_are_refused(cell: str) -> None:
    layer, _ = CELLS[cell].layers(3, 4)
    with pytest.raises(RuntimeError, match=r"must be equal to input_size\. Expected 3, got 5"):
        layer(ragged(width=5))


@every_cell
def test_words_of_another_precision_are_refused(cell: str) -> None:
    layer, _ = CELLS[cell].layers(3, 4, dtype=torch.float64)
    with pytest.raises(ValueError, match="does not match weight dtype"):
        layer(ragged())


@every_cell
def test_autocast_multiplies_in_bfloat16_and_adds_in_float32(cell: str) -> None:
    """Forward and backward, a text and its gradients are those of float32 to 8 bits or so."""
    (module, _), texts = CELLS[cell].layers(16, 24, bidirectional=True), ragged((30, 17, 5, 1), 16)
    found = []
    for enabled in (False, True):
        module.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            outputs, _ = module(texts)
        outputs.data.square().sum().backward()
        gradients = [p.grad for p in module.parameters() if p.grad is not None]
        assert all(tensor.dtype == torch.float32 for tensor in [outputs.data, *gradients])
        found.append([outputs.data.detach(), *gradients])
    for exact, rounded in zip(*found, strict=True):
        assert 1e-4 < (rounded - exact).norm() / exact.norm() < 2e-2


@every_cell
def test_torchs_own_path_is_outside_autocast(cell: str) -> None:
    """As on CUDA, where torch would take float16 whatever type autocast is set to."""
    layer, theirs = CELLS[cell].layers(16, 24, 2, bidirectional=True)
    texts = torch.randn(30, 4, 16)
    with torch.autocast("cpu", torch.bfloat16):
        found, states = layer(texts)
    expected, expected_states = theirs(texts)
    assert torch.equal(found, expected)
    torch.testing.assert_close(states, expected_states, rtol=0, atol=0)


@pytest.mark.gpu
@needs_cuda
@every_cell
def test_cuda_is_outside_autocast(cell: str) -> None:
    layer, _ = CELLS[cell].layers(16, 32, 2)
    layer, packed = layer.cuda(), ragged((40, 30, 9), 16).cuda()
    with torch.autocast("cuda", torch.bfloat16):
        found, _ = layer(packed)
    assert found.data.dtype == torch.float32
    assert torch.equal(found.data, layer(packed)[0].data)


@pytest.mark.gpu
@needs_cuda
@every_cell
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one", "both"])
def test_cuda_gives_what_the_cpu_gives(cell: str, bidirectional: bool) -> None:
    """cuDNN's packed path against ours on the CPU: values, states and gradients to 1e-4."""
    layer, _ = CELLS[cell].layers(16, 32, 2, bidirectional=bidirectional)
    packed = ragged(tuple(range(40, 8, -4)), width=16)
    states = CELLS[cell].states(layer, 8)
    expected = layer_results(layer, packed, states)
    refuse_tensorfloat32()
    found = layer_results(layer.cuda(), packed.cuda(), tuple(s.cuda() for s in states))
    on_cpu = {name: tensor.cpu() for name, tensor in found.items()}
    assert_same_results(on_cpu, expected, 1e-4)
