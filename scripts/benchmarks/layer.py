"""Section 1: a training step of one recurrent layer, both of our paths against torch's own.

A step is the forward pass and the backward pass from a fixed gradient of the outputs, to the
input, the weights and the biases. All contenders start from the same weights, input and gradient,
and their weight gradients are compared afterwards. Every case has a process of its own, as any
Python program comes; the central ones are measured once more as `gru-sent` is set up. FLOPs are
those of the matrix products over words that exist, so padding earns nothing.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import product
from typing import Any

import torch
from measuring.processes import run_process
from measuring.settings import SCRIPTS, Settings
from measuring.tables import table
from measuring.timing import Rounds, alternate, timed
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from gru_sentiment.kernel.library import VARIABLE, kernels
from gru_sentiment.models.recurrent import CELLS

TORCH_CELLS: dict[str, Callable[..., nn.RNNBase]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
CONTENDERS = ("compiled", "operations", "padded", "packed")
"""Ours on a PackedSequence by the compiled kernel and by operations of torch; torch's layer on a
padded tensor and on a PackedSequence."""
OURS = {"compiled": "", "operations": "none"}
"""The kernel that each of our paths asks for."""
PRODUCT_SIZE = 2048


@dataclass(frozen=True)
class Case:
    """A layer and a ragged batch: lengths drawn between half of `longest` and all of it."""

    cell: str
    hidden: int
    batch: int
    longest: int
    input_size: int = 100
    bidirectional: bool = False

    @cached_property
    def lengths(self) -> Tensor:
        """Words a text, the longest first, shape (batch,)."""
        generator = torch.Generator().manual_seed(self.longest)
        drawn = torch.randint(
            self.longest // 2, self.longest + 1, (self.batch,), generator=generator
        )
        return drawn.sort(descending=True).values

    @property
    def tokens(self) -> int:
        """Words of the batch."""
        return int(self.lengths.sum())

    @property
    def flops(self) -> float:
        """Of a step's products: forward, and backward to the weights and to what went in."""
        gates = TORCH_CELLS[self.cell](1, 1).state_dict()["weight_hh_l0"].shape[0]
        weights = int(gates) * self.hidden * (self.input_size + self.hidden)
        return 3.0 * 2.0 * self.tokens * weights * self.directions

    @property
    def directions(self) -> int:
        """1 or 2."""
        return 2 if self.bidirectional else 1


class Step:
    """One contender's training step; calling it returns the seconds it took."""

    def __init__(self, case: Case, contender: str) -> None:
        torch.manual_seed(0)
        self.kernel = OURS.get(contender)
        cells: Mapping[str, Callable[..., nn.RNNBase]] = TORCH_CELLS
        if self.kernel is not None:
            cells = CELLS
        self.module = cells[case.cell](
            case.input_size, case.hidden, bidirectional=case.bidirectional
        )
        steps = int(case.lengths[0])
        x = torch.randn(steps, case.batch, case.input_size)
        gradient = torch.randn(steps, case.batch, case.hidden * case.directions)
        packed = pack_padded_sequence(x, case.lengths)
        packed_gradient = pack_padded_sequence(gradient, case.lengths)
        self.sizes = None if contender == "padded" else packed.batch_sizes
        self.x = (x if self.sizes is None else packed.data).requires_grad_()
        # what is padding gets no gradient, so that all contenders have the same ones
        zeroed, _ = pad_packed_sequence(packed_gradient)
        self.gradient = zeroed if self.sizes is None else packed_gradient.data

    def __call__(self) -> float:
        """Forward and backward."""
        self.module.zero_grad(set_to_none=True)
        self.x.grad = None
        os.environ[VARIABLE] = self.kernel or ""
        started = time.perf_counter()
        given = self.x if self.sizes is None else PackedSequence(self.x, self.sizes)
        out, _ = self.module(given)
        outputs: Tensor = out.data if isinstance(out, PackedSequence) else out
        torch.autograd.backward(outputs, self.gradient)
        return time.perf_counter() - started

    def difference(self, other: Step) -> float:
        """Largest difference of the weight gradients, as a share of the largest gradient."""
        pairs = zip(self.module.parameters(), other.module.parameters(), strict=True)
        shares = []
        for mine, theirs in pairs:
            assert mine.grad is not None
            assert theirs.grad is not None
            shares.append(float((mine.grad - theirs.grad).abs().max() / theirs.grad.abs().max()))
        return max(shares)


def run_rounds(case: Case, rounds: int) -> dict[str, Any]:
    """Seconds by contender and round, those of `torch.mm` too, and how far the gradients differ."""
    steps = {contender: Step(case, contender) for contender in CONTENDERS}
    square = torch.randn(PRODUCT_SIZE, PRODUCT_SIZE)
    into = torch.empty_like(square)
    found = alternate(
        {**steps, "product": lambda: timed(lambda: torch.mm(square, square, out=into))},
        rounds=rounds,
    )
    first, *others = steps.values()
    differences = [first.difference(other) for other in others]
    return {"seconds": found.seconds, "difference": max(differences)}


def measure(settings: Settings) -> dict[str, Any]:
    """Every case, and how fast this machine multiplies."""
    cases = _cases(settings.quick)
    with_memory = cases[:1] if settings.quick else cases
    rows, set_up = [], []
    for case in cases:
        _say(case)
        row = _timings(case, settings, set_up=False)
        if case in with_memory:
            row["memory_mib"] = {c: _memory(case, c, settings) for c in CONTENDERS}
        rows.append(row)
    for case in cases[:1] if settings.quick else [c for c in cases if _is_central(c)]:
        _say(case, "set up")
        set_up.append(_timings(case, settings, set_up=True))
    return {
        "kernel": kernels()[0].name if kernels() else "none",
        "product_size": PRODUCT_SIZE,
        "cases": rows,
        "set_up_cases": set_up,
    }


def report(result: dict[str, Any]) -> str:
    """The section in Markdown."""
    return (
        "Seconds a training step of a layer I -> H, two directions where it says so, batch B, "
        "lengths drawn between T/2 and T; GFLOP/s over words that exist; share of the rate of "
        f"`torch.mm` on {result['product_size']} cubed; memory is the peak of a step above what "
        f"was held before it. The compiled kernel is `{result['kernel']}`. In processes as they "
        "come:\n\n"
        + table([_row(case) for case in result["cases"]])
        + "\nIn processes that are set up as `gru-sent` sets up its own:\n\n"
        + table([_row(case) for case in result["set_up_cases"]])
    )


def _cases(quick: bool) -> list[Case]:
    if quick:
        return [Case(cell, 64, 16, 64) for cell in ("gru", "lstm", "rnn")]
    cells = ("gru", "lstm", "rnn")
    grid = [Case(c, h, b, 256) for c, h, b in product(cells, (128, 256, 512), (32, 64, 128))]
    default = [Case(cell, 128, 64, 256, input_size=50, bidirectional=True) for cell in cells]
    return [*grid, *(Case(cell, 256, 64, 512) for cell in cells), *default]


def _is_central(case: Case) -> bool:
    return case.bidirectional or (case.hidden, case.batch) == (256, 64)


def _timings(case: Case, settings: Settings, *, set_up: bool) -> dict[str, Any]:
    request = {
        "case": asdict(case),
        "rounds": settings.rounds,
        "threads": settings.threads,
        "set_up": set_up,
    }
    result = _program("layer_steps", request, settings)
    found = Rounds(result["seconds"])
    product_flops = 2.0 * PRODUCT_SIZE**3
    return {
        **asdict(case),
        "tokens": case.tokens,
        "seconds": {contender: found.spread(contender) for contender in CONTENDERS},
        "gflop_s": {c: found.rate(c, case.flops / 1e9) for c in CONTENDERS},
        "product_gflop_s": found.rate("product", product_flops / 1e9),
        "share_of_product": {
            c: found.ratio("product", c).scaled(case.flops / product_flops) for c in CONTENDERS
        },
        "in_compiled": {c: found.ratio(c, "compiled") for c in CONTENDERS[1:]},
        "gradient_difference": result["difference"],
    }


def _memory(case: Case, contender: str, settings: Settings) -> float:
    """Peak of one step in MiB, in a process of its own."""
    request = {"case": asdict(case), "contender": contender, "threads": settings.threads}
    return float(_program("layer_memory", request, settings)["peak_mib"])


def _program(name: str, request: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """What a program of this folder answers."""
    process = run_process(
        [sys.executable, "-m", f"benchmarks.{name}", json.dumps(request)],
        folder=settings.work,
        environment={"PYTHONPATH": SCRIPTS},
    )
    answer: dict[str, Any] = json.loads(process.output)
    return answer


def _row(case: dict[str, Any]) -> dict[str, Any]:
    memory = case.get("memory_mib", {})
    return {
        "cell": case["cell"] + (", both" if case["bidirectional"] else ""),
        "I": case["input_size"],
        "H": case["hidden"],
        "B": case["batch"],
        "T": case["longest"],
        **{f"{c}, s": case["seconds"][c] for c in CONTENDERS},
        **{f"{c} / compiled": case["in_compiled"][c] for c in CONTENDERS[1:]},
        **{f"{c}, share of mm": case["share_of_product"][c] for c in CONTENDERS[:3]},
        **{f"{c}, MiB": memory.get(c) for c in CONTENDERS},
        "largest difference": case["gradient_difference"],
    }


def _say(*what: object) -> None:
    print("layer:", *what, file=sys.stderr, flush=True)
