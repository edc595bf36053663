"""The kernels against the equations, on any number of threads, and with input that is wrong."""

from __future__ import annotations

import math
import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from gru_sentiment.arrays import Singles
from gru_sentiment.kernel.layout import GRU, RNN_RELU, RNN_TANH, Texts
from gru_sentiment.kernel.library import Kernel, kernels

from .layers import CELLS, Problem, reference

pytestmark = pytest.mark.skipif(not kernels(), reason="nothing was compiled here")
every_kernel = pytest.mark.parametrize("kernel", kernels(), ids=[k.name for k in kernels()])
every_cell = pytest.mark.parametrize("cell", CELLS)
EDGES = [1, 3, 4, 7, 8, 15, 16, 17, 31, 33, 48, 64, 65]
"""Hidden sizes beside the edges of vectors and panels."""
MORE_THAN_A_CHUNK = 200
"""Texts: a step of a lane handles 96 at a time, and 256 tokens are kept for a weight gradient."""


@every_kernel
@every_cell
@pytest.mark.parametrize("hidden", EDGES)
def test_outputs_follow_the_equations(kernel: Kernel, cell: str, hidden: int) -> None:
    problem = Problem.drawn(CELLS[cell], [6, 4, 4, 1], hidden=hidden, seed=hidden)
    stored, _ = problem.forward(kernel)
    np.testing.assert_allclose(stored.out, reference(problem), atol=2e-6)


@every_kernel
@every_cell
def test_all_kernels_give_the_same_gradients(kernel: Kernel, cell: str) -> None:
    """Those of the narrowest one; tests of the models hold one of them against torch."""
    problem = Problem.drawn(CELLS[cell], [9, 5, 5, 2], input_size=33, hidden=37)
    (found, d_h), (expected, d_h_expected) = (
        problem.backward(kernel),
        problem.backward(kernels()[-1]),
    )
    np.testing.assert_allclose(d_h, d_h_expected, atol=1e-5)
    for name in ("x", "w", "u", "b", "c"):
        values = getattr(expected, name)
        scale = max(1, np.abs(values).max())
        np.testing.assert_allclose(getattr(found, name), values, atol=2e-6 * scale)


@every_cell
@pytest.mark.parametrize("texts", [1, 5, 97, MORE_THAN_A_CHUNK])
def test_outputs_do_not_depend_on_the_threads(cell: str, texts: int) -> None:
    lengths = [1 + text % 5 for text in range(texts)]
    problem = Problem.drawn(CELLS[cell], lengths, hidden=20)
    alone, c_alone = problem.forward(kernels()[0], 1)
    for threads in (2, 3, 5):
        stored, c = problem.forward(kernels()[0], threads)
        assert np.array_equal(stored.out, alone.out)
        assert c is None or np.array_equal(c, c_alone)


@every_cell
@pytest.mark.parametrize("texts", [5, MORE_THAN_A_CHUNK])
@pytest.mark.parametrize("threads", [2, 3])
def test_gradients_hardly_depend_on_the_threads(cell: str, texts: int, threads: int) -> None:
    """Bytes stay the same for one number of threads; sums in another order differ in digits."""
    lengths = [1 + text % 5 for text in range(texts)]
    problem = Problem.drawn(CELLS[cell], lengths, hidden=20)
    found, again = (problem.backward(kernels()[0], threads) for _ in range(2))
    one, d_h = problem.backward(kernels()[0], 1)
    np.testing.assert_allclose(found[1], d_h, atol=1e-6)
    for name in ("x", "w", "u", "b", "c"):
        values = getattr(found[0], name)
        assert np.array_equal(values, getattr(again[0], name))
        scale = np.abs(getattr(one, name)).max()
        np.testing.assert_allclose(values, getattr(one, name), atol=2e-6 * scale)


@every_cell
def test_a_text_does_not_depend_on_the_others(cell: str) -> None:
    """Byte for byte, whatever tile of rows it falls into."""
    problem = Problem.drawn(CELLS[cell], [4] * 23, hidden=19)
    outputs = problem.forward(kernels()[0])[0].out.reshape(4, 23, 2, 19)
    for text in (0, 11, 22):
        alone = replace(
            problem,
            sizes=np.ones(4, np.int64),
            x=np.ascontiguousarray(problem.x.reshape(4, 23, -1)[:, text]),
            h0=np.ascontiguousarray(problem.h0[:, [text]]),
            c0=None if problem.c0 is None else np.ascontiguousarray(problem.c0[:, [text]]),
        )
        assert np.array_equal(alone.forward(kernels()[0])[0].out, outputs[:, text])


@every_cell
def test_storing_changes_no_output(cell: str) -> None:
    problem = Problem.drawn(CELLS[cell], [5, 3])
    bare, _ = problem.forward(kernels()[0], store=False)
    assert np.array_equal(bare.out, problem.forward(kernels()[0])[0].out)
    assert (bare.gates, bare.inner, bare.cells) == (None, None, None)


@every_kernel
def test_tanh_is_exact(kernel: Kernel) -> None:
    """Absolute and, near zero, relative."""
    values = np.concatenate([np.linspace(-12, 12, 200_001), np.geomspace(1e-30, 1, 2_000)])
    found = _of_rnn(kernel, values.astype(np.float32))
    expected = np.tanh(values.astype(np.float32).astype(float))
    assert np.abs(found - expected).max() < 2e-7
    small = np.abs(expected) > 0
    assert (np.abs(found - expected)[small] / np.abs(expected)[small]).max() < 4e-7


@every_kernel
def test_the_logistic_function_is_exact(kernel: Kernel) -> None:
    """By the update gate of a GRU whose state is 1 and whose candidate is 0."""
    values = np.linspace(-60, 60, 100_001).astype(np.float32)
    n = len(values)
    problem = Problem.drawn(GRU, [1] * n, input_size=1, hidden=1, directions=1)
    zero = np.zeros_like(problem.bias)
    problem = replace(
        problem,
        w=np.array([[[0], [1], [0]]], np.float32),
        u=np.zeros_like(problem.u),
        x=values[:, None],
        bias=zero,
        bias_n=np.zeros((1, 1), np.float32),
        h0=np.ones((1, n, 1), np.float32),
    )
    found = problem.forward(kernel)[0].out.ravel()
    expected = 1 / (1 + np.exp(-values.astype(float)))
    assert np.abs(found - expected).max() < 1.5e-7
    ends = replace(problem, x=np.resize(np.array([[-1e30], [1e30]], np.float32), (n, 1)))
    assert set(ends.forward(kernel)[0].out.ravel()) == {0.0, 1.0}
    inside = np.abs(values) < 80
    assert (np.abs(found - expected)[inside] / expected[inside]).max() < 1e-6


@every_kernel
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e30, -1e30])
@every_cell
def test_numbers_that_are_not_finite_stay_within_their_text(
    kernel: Kernel, cell: str, value: float
) -> None:
    """They end, they come out where they should, and the other texts know nothing of them."""
    problem = Problem.drawn(CELLS[cell], [4, 4, 2], hidden=9, directions=1)
    clean = problem.forward(kernel)[0].out
    x = problem.x.copy()
    x[1] = value  # the first token of the second text
    problem = replace(problem, x=x)
    found = problem.forward(kernel)[0].out
    with np.errstate(all="ignore"):
        expected = reference(problem)
    others = [row for row in range(len(x)) if row not in {1, 4, 7, 9}]
    assert np.array_equal(found[others], clean[others])
    assert np.array_equal(np.isnan(found[1]), np.isnan(expected[1]))
    problem.backward(kernel)  # ends, too


@every_kernel
def test_relu_lets_not_a_number_through(kernel: Kernel) -> None:
    problem = Problem.drawn(RNN_RELU, [2], hidden=3, directions=1)
    x = problem.x.copy()
    x[0, 0] = math.nan
    assert np.isnan(replace(problem, x=x).forward(kernel)[0].out).all()


def test_several_threads_may_use_a_layer_at_once() -> None:
    problem = Problem.drawn(GRU, [30, 20, 9], hidden=40)
    expected = problem.forward(kernels()[0], 1)[0].out
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: problem.forward(kernels()[0], 3)[0].out, range(40)))
    assert all(np.array_equal(out, expected) for out in found)


def _in_a_fork(problem: Problem, queue: multiprocessing.Queue[Singles]) -> None:
    queue.put(problem.forward(kernels()[0], 3)[0].out)


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork")
def test_a_forked_process_has_threads_of_its_own() -> None:
    problem = Problem.drawn(GRU, [9, 5, 5], hidden=10)
    expected = problem.forward(kernels()[0], 3)[0].out  # the parent's threads exist now
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    process = context.Process(target=_in_a_fork, args=(problem, queue))
    process.start()
    found = queue.get(timeout=60)
    process.join(60)
    assert process.exitcode == 0
    assert np.array_equal(found, expected)


WRONG = {
    "x": lambda a: a[:-1],
    "w": lambda a: a[:, :, :-1].copy(),
    "u": lambda a: a[:, :-1].copy(),
    "bias": lambda a: a.astype(np.float64),
    "bias_n": lambda a: a[:1],
    "h0": lambda a: a.transpose(0, 2, 1),
}


@pytest.mark.parametrize("name", WRONG)
def test_arrays_that_do_not_fit_are_refused_by_name(name: str) -> None:
    problem = Problem.drawn(GRU, [4, 2])
    wrong = replace(problem, **{name: WRONG[name](getattr(problem, name))})
    with pytest.raises(ValueError, match=rf"^({name}|x)\b"):
        wrong.forward(kernels()[0])


def test_a_gap_in_an_array_is_refused() -> None:
    problem = Problem.drawn(RNN_TANH, [4, 2])
    with pytest.raises(ValueError, match="x must be aligned float32 without gaps"):
        replace(problem, x=np.repeat(problem.x, 2, axis=1)[:, ::2]).forward(kernels()[0])


@pytest.mark.parametrize("name", ["d_out", "d_h", "h0"])
def test_gradients_that_do_not_fit_are_refused_by_name(name: str) -> None:
    problem = Problem.drawn(GRU, [4, 2])
    stored, _ = problem.forward(kernels()[0])
    given = {"h0": problem.h0, "d_out": stored.out, "d_h": np.zeros_like(problem.h0)}
    given[name] = given[name][..., :-1].copy()
    h0, d_out, d_h = (given[key] for key in ("h0", "d_out", "d_h"))
    with pytest.raises(ValueError, match=rf"^{name}: "):
        problem.layer(kernels()[0]).backward(
            problem.x, stored, h0, None, d_out=d_out, d_h=d_h, d_c=None
        )


@pytest.mark.parametrize("sizes", [[], [2, 3], [2, 0], [-1]])
def test_sizes_of_no_packed_batch_are_refused(sizes: list[int]) -> None:
    with pytest.raises(ValueError, match="above zero and never rise"):
        Texts.of(np.array(sizes, np.int64))


def test_sizes_changed_later_change_nothing() -> None:
    """They may lie in the memory of a PackedSequence; the backward pass reads them again."""
    sizes = np.array([2, 1])
    texts = Texts.of(sizes)
    sizes[:] = 9
    assert (texts.batch, texts.tokens) == (2, 3)


@pytest.mark.parametrize("axes", [(12, 4), (3, 12, 4), (0, 12, 4)])
def test_weights_of_no_layer_are_refused(axes: tuple[int, ...]) -> None:
    """A third direction would be read as a second one."""
    problem = replace(Problem.drawn(GRU, [3, 2]), u=np.zeros(axes, np.float32))
    with pytest.raises(
        ValueError, match=r"^u: \(.*\) is not \(1 or 2 directions, rows, columns\)$"
    ):
        problem.layer(kernels()[0])


@pytest.mark.parametrize("threads", [0, -1])
def test_no_thread_is_refused(threads: int) -> None:
    problem = Problem.drawn(GRU, [3, 2])
    with pytest.raises(ValueError, match=f"^threads: {threads} is below 1$"):
        problem.layer(kernels()[0], threads)


def test_an_array_off_its_grid_is_refused() -> None:
    """C may not read a float from an odd address."""
    problem = Problem.drawn(RNN_TANH, [4, 2])
    memory = np.zeros(problem.x.nbytes + 1, np.uint8)[1:]
    x = memory.view(np.float32).reshape(problem.x.shape)
    with pytest.raises(ValueError, match=r"^x must be aligned float32 without gaps"):
        replace(problem, x=x).forward(kernels()[0])


def _of_rnn(kernel: Kernel, values: Singles) -> Singles:
    """tanh of numbers, as the only unit of a layer without weights gives it."""
    problem = Problem.drawn(RNN_TANH, [1] * len(values), input_size=1, hidden=1, directions=1)
    problem = replace(
        problem,
        w=np.ones((1, 1, 1), np.float32),
        u=np.zeros((1, 1, 1), np.float32),
        x=values[:, None],
        bias=np.zeros((1, 1), np.float32),
    )
    return problem.forward(kernel)[0].out.ravel()
