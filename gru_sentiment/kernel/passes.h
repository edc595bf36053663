/* A pass over the texts of one lane. Lanes share nothing that one of them writes, so each may run in
 * a thread of its own, and none waits for another. */
#include "pass.h"
#include "vector.h"

#include "product.h"

#include "cells.h"

/* Texts of this lane among the first `size` texts. */
INLINE int64_t texts_in(const Pass *pass, int64_t size)
{
    return size > pass->lane ? (size - pass->lane - 1) / pass->lanes + 1 : 0;
}

/* Row of a text in an array of states: at the step before `t`, else (its first token) at the start.
 */
INLINE const float *state_before(const Pass *pass, const float *states, int64_t stride,
                                 const float *initial, int64_t t, int64_t text)
{
    int64_t earlier = pass->reverse ? t + 1 : t - 1;
    if (earlier < 0 || earlier >= pass->steps || text >= pass->sizes[earlier])
        return initial + text * pass->hidden;
    return states + (pass->starts[earlier] + text) * stride;
}

TARGET static void forward_step(const Pass *pass, int64_t t, int64_t first, int64_t n)
{
    const int64_t hidden = pass->hidden, gates = gates_of(pass->cell);
    float sums[4 * CHUNK * BLOCK] __attribute__((aligned(64)));
    const float *before[CHUNK];
    Token tokens[CHUNK];
    for (int64_t i = 0; i < n; i++) {
        int64_t text = pass->lane + (first + i) * pass->lanes, row = pass->starts[t] + text;
        before[i] = state_before(pass, pass->out, pass->out_stride, pass->h0, t, text);
        tokens[i] = (Token){
            .before = before[i],
            .gates = pass->gates + row * pass->gates_stride,
            .out = pass->out + row * pass->out_stride,
        };
        if (pass->cell == GRU && pass->store)
            tokens[i].inner = pass->inner + row * pass->inner_stride;
        if (pass->cell == LSTM) {
            tokens[i].c = pass->c + text * hidden;
            if (pass->store)
                tokens[i].cells = pass->cells + row * pass->cells_stride;
        }
    }
    const float *panel = pass->panels;
    for (int64_t unit = 0; unit < hidden; unit += BLOCK) {
        int64_t vectors = vectors_of(unit, hidden);
        for (int64_t gate = 0; gate < gates; gate++, panel += hidden * vectors * WIDTH)
            product(n, vectors, hidden, before, panel, sums + gate * CHUNK * BLOCK);
        (pass->cell == GRU    ? gru_forward
         : pass->cell == LSTM ? lstm_forward
                              : rnn_forward)(pass, tokens, n, sums, unit);
    }
}

TARGET static void backward_step(const Pass *pass, int64_t t, int64_t first, int64_t n)
{
    const int64_t hidden = pass->hidden, depth = gates_of(pass->cell) * hidden;
    float sums[CHUNK * BLOCK] __attribute__((aligned(64)));
    const float *d_gates[CHUNK];
    float *d_h[CHUNK];
    for (int64_t i = 0; i < n; i++) {
        int64_t text = pass->lane + (first + i) * pass->lanes, row = pass->starts[t] + text;
        Gradient token = {
            .gates = pass->gates + row * pass->gates_stride,
            .out = pass->out + row * pass->out_stride,
            .before = state_before(pass, pass->out, pass->out_stride, pass->h0, t, text),
            .d_out = pass->d_out ? pass->d_out + row * pass->d_out_stride : 0,
            .d_h = pass->d_h + text * hidden,
            .d_gates = pass->d_gates + row * pass->d_gates_stride,
            .d_bias = pass->d_bias + pass->lane * gradients_of(pass->cell) * hidden,
            .to_before = pass->before + row * pass->before_stride,
        };
        if (pass->cell == GRU) {
            token.inner = pass->inner + row * pass->inner_stride;
            gru_backward(pass, &token);
        } else if (pass->cell == LSTM) {
            token.cells = pass->cells + row * pass->cells_stride;
            token.cell_before =
                state_before(pass, pass->cells, pass->cells_stride, pass->c0, t, text);
            token.d_c = pass->d_c + text * hidden;
            lstm_backward(pass, &token);
        } else {
            rnn_backward(pass, &token);
        }
        d_h[i] = token.d_h;
        /* U has the last of the gradients */
        d_gates[i] = token.d_gates + gradients_of(pass->cell) * hidden - depth;
    }
    const float *panel = pass->panels;
    for (int64_t unit = 0; unit < hidden; unit += BLOCK) {
        int64_t vectors = vectors_of(unit, hidden);
        product(n, vectors, depth, d_gates, panel, sums);
        panel += depth * vectors * WIDTH;
        for (int64_t i = 0; i < n; i++)
            for (int64_t v = 0; v < BLOCK && unit + v < hidden; v += WIDTH) {
                float *to = d_h[i] + unit + v;
                int64_t left = hidden - unit - v;
                store(to, load(to, left) + load(sums + i * BLOCK + v, WIDTH), left);
            }
    }
}

/* The forward pass goes from each text's first read token to its last one, the backward pass back. */
TARGET static void run(const Pass *pass, int back)
{
    int descending = back != (pass->reverse != 0);
    for (int64_t step = 0; step < pass->steps; step++) {
        int64_t t = descending ? pass->steps - 1 - step : step;
        int64_t texts = texts_in(pass, pass->sizes[t]);
        for (int64_t first = 0; first < texts; first += CHUNK)
            (back ? backward_step : forward_step)(pass, t, first, smaller(CHUNK, texts - first));
    }
}

TARGET static void forward(const Pass *pass) { run(pass, 0); }
TARGET static void backward(const Pass *pass) { run(pass, 1); }
