"""The cells straight from their equations: one text, one direction, one word at a time.

The weights lie as torch lays them: the rows of `w_ih` (gates x hidden, input) and of `w_hh`
(gates x hidden, hidden) are r, z, n for a GRU and i, f, g, o for an LSTM.

The reset gate of the GRU. Cho et al. 2014 reset the state before its product with the recurrent
weights, n = tanh(W x + b + U (r * h)). cuDNN, and with it torch, resets the product instead,
n = tanh(W x + b + r * (U h + c)): then one matrix product gives all three gates at once. The two
are different functions of the same weights; the second one is meant here. The update gate keeps
the old state, h' = (1 - z) * n + z * h, in both.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence, unpack_sequence

State = tuple[Tensor, ...]
"""(h,) or (h, c), each (hidden,)."""
Weights = tuple[Tensor, Tensor, Tensor, Tensor]
"""Input weights, recurrent weights, input bias, recurrent bias."""
Cell = Callable[[Tensor, State, Weights], State]
"""A word (input,), the state before it and the weights to the state after it."""


def tanh_rnn_cell(x: Tensor, state: State, weights: Weights) -> State:
    """h' = tanh(W x + b + U h + c) (Elman 1990)."""
    (h,), (w, u, b, c) = state, weights
    return (torch.tanh(w @ x + b + u @ h + c),)


def relu_rnn_cell(x: Tensor, state: State, weights: Weights) -> State:
    """h' = max(0, W x + b + U h + c)."""
    (h,), (w, u, b, c) = state, weights
    return (torch.relu(w @ x + b + u @ h + c),)


def gru_cell(x: Tensor, state: State, weights: Weights) -> State:
    """Reset gate r, update gate z, candidate n (Cho et al. 2014; see the module's docstring)."""
    (h,), (w, u, b, c) = state, weights
    (w_r, w_z, w_n), (u_r, u_z, u_n) = w.chunk(3), u.chunk(3)
    (b_r, b_z, b_n), (c_r, c_z, c_n) = b.chunk(3), c.chunk(3)
    r = torch.sigmoid(w_r @ x + b_r + u_r @ h + c_r)
    z = torch.sigmoid(w_z @ x + b_z + u_z @ h + c_z)
    n = torch.tanh(w_n @ x + b_n + r * (u_n @ h + c_n))
    return ((1 - z) * n + z * h,)


def lstm_cell(x: Tensor, state: State, weights: Weights) -> State:
    """Input gate i, forget gate f, candidate g, output gate o, cell state m (Gers et al. 2000)."""
    (h, m), (w, u, b, c) = state, weights
    (w_i, w_f, w_g, w_o), (u_i, u_f, u_g, u_o) = w.chunk(4), u.chunk(4)
    (b_i, b_f, b_g, b_o), (c_i, c_f, c_g, c_o) = b.chunk(4), c.chunk(4)
    i = torch.sigmoid(w_i @ x + b_i + u_i @ h + c_i)
    f = torch.sigmoid(w_f @ x + b_f + u_f @ h + c_f)
    g = torch.tanh(w_g @ x + b_g + u_g @ h + c_g)
    o = torch.sigmoid(w_o @ x + b_o + u_o @ h + c_o)
    m = f * m + i * g
    return o * torch.tanh(m), m


def run_reference(
    cell: Cell, module: nn.RNNBase, packed: PackedSequence, states: State
) -> tuple[PackedSequence, State]:
    """What `module` must return for `packed`, its cell being `cell`; states as torch has them."""
    outputs, finals = [], []
    for i, text in enumerate(unpack_sequence(packed)):
        output, final = _read_text(cell, module, text, tuple(state[:, i] for state in states))
        outputs.append(output)
        finals.append(final)
    ends = tuple(torch.stack(end, dim=1) for end in zip(*finals, strict=True))
    return pack_sequence(outputs, enforce_sorted=packed.sorted_indices is None), ends


def _read_text(cell: Cell, module: nn.RNNBase, text: Tensor, states: State) -> tuple[Tensor, State]:
    """All layers over one text (time, input), from states (layers x directions, hidden)."""
    directions, finals = (2 if module.bidirectional else 1), []
    for layer in range(module.num_layers):
        outputs = []
        for direction in range(directions):
            weights = _weights(module, layer, "_reverse" if direction else "")
            state = tuple(initial[layer * directions + direction] for initial in states)
            words = text.flip(0) if direction else text
            read = []
            for word in words:
                state = cell(word, state, weights)
                read.append(state[0])
            outputs.append(torch.stack(read[::-1] if direction else read))
            finals.append(state)
        text = torch.cat(outputs, dim=1)
    return text, tuple(torch.stack(final) for final in zip(*finals, strict=True))


def _weights(module: nn.RNNBase, layer: int, suffix: str) -> Weights:
    w, u = (getattr(module, f"weight_{part}_l{layer}{suffix}") for part in ("ih", "hh"))
    if not module.bias:
        return w, u, w.new_zeros(len(w)), w.new_zeros(len(w))
    b, c = (getattr(module, f"bias_{part}_l{layer}{suffix}") for part in ("ih", "hh"))
    return w, u, b, c
