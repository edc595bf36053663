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

/* One step of `n` texts of the lane. */
TARGET static void forward_step(const Pass *pass, int64_t t, int64_t first, int64_t n)
{
    const int64_t input = pass->input, hidden = pass->hidden, gates = gates_of(pass->cell);
    float sums[4 * CHUNK * BLOCK] __attribute__((aligned(64)));
    const float *before[CHUNK], *x[CHUNK];
    Token tokens[CHUNK];
    for (int64_t i = 0; i < n; i++) {
        int64_t text = pass->lane + (first + i) * pass->lanes, row = pass->starts[t] + text;
        before[i] = state_before(pass, pass->out, pass->out_stride, pass->h0, t, text);
        x[i] = pass->x + row * pass->x_stride;
        tokens[i] = (Token){.before = before[i], .out = pass->out + row * pass->out_stride};
        if (pass->cell == LSTM)
            tokens[i].c = pass->c + text * hidden;
        if (!pass->store)
            continue;
        tokens[i].gates = pass->gates + row * pass->gates_stride;
        if (pass->cell == GRU)
            tokens[i].inner = pass->inner + row * pass->inner_stride;
        if (pass->cell == LSTM)
            tokens[i].cells = pass->cells + row * pass->cells_stride;
    }
    const float *w = pass->w, *u = pass->u;
    for (int64_t unit = 0; unit < hidden; unit += BLOCK) {
        int64_t vectors = vectors_of(unit, hidden);
        for (int64_t gate = 0; gate < gates; gate++) {
            /* W x of a GRU's n has a place of its own: the reset gate acts on U h alone */
            int apart = pass->cell == GRU && gate == 2;
            float *of_h = sums + gate * CHUNK * BLOCK, *of_x = apart ? of_h + CHUNK * BLOCK : of_h;
            product(n, vectors, hidden, before, u, of_h, 0);
            product(n, vectors, input, x, w, of_x, !apart);
            u += hidden * vectors * WIDTH;
            w += input * vectors * WIDTH;
        }
        (pass->cell == GRU    ? gru_forward
         : pass->cell == LSTM ? lstm_forward
                              : rnn_forward)(pass, tokens, n, sums, unit);
    }
}

/* Tokens whose part of the weight gradients is still to be added. */
typedef struct {
    int64_t n;
    float *d_gates; /* (n, gradients x hidden), `stride` values from row to row */
    int64_t stride;
    float *panels;  /* room for `pack_rows` */
    const float *x[DEPTH + CHUNK], *before[DEPTH + CHUNK];
} Pending;

/* Rows a power of two apart would compete for the same places in the cache. */
INLINE int64_t stride_of(int64_t cell, int64_t hidden) { return gradients_of(cell) * hidden + 16; }

TARGET static int64_t scratch_of(int64_t cell, int64_t input, int64_t hidden)
{
    int64_t columns = padded(input > hidden ? input : hidden);
    return (DEPTH + CHUNK) * (stride_of(cell, hidden) + columns);
}

/* d_W += sum d_a x^T, d_U += sum d_a h^T. W has the first of the gradients, U the last ones. */
TARGET static void add_weight_gradients(const Pass *pass, Pending *pending)
{
    const int64_t input = pass->input, hidden = pass->hidden;
    const int64_t rows = gates_of(pass->cell) * hidden, all_rows = gradients_of(pass->cell) * hidden;
    const float *for_w = pending->d_gates, *for_u = for_w + all_rows - rows;
    pack_rows(pending->x, input, pending->n, pending->panels);
    add_outer_products(rows, input, pending->n, for_w, pending->stride, pending->panels,
                       pass->d_w + pass->lane * rows * input);
    pack_rows(pending->before, hidden, pending->n, pending->panels);
    add_outer_products(rows, hidden, pending->n, for_u, pending->stride, pending->panels,
                       pass->d_u + pass->lane * rows * hidden);
    pending->n = 0;
}

/* One step of `n` texts of the lane, backward. */
TARGET static void backward_step(const Pass *pass, Pending *pending, int64_t t, int64_t first,
                                 int64_t n)
{
    const int64_t hidden = pass->hidden, rows = gates_of(pass->cell) * hidden;
    const int64_t all_rows = gradients_of(pass->cell) * hidden;
    const float *for_w[CHUNK], *for_u[CHUNK];
    float *d_h[CHUNK], *d_x[CHUNK];
    for (int64_t i = 0; i < n; i++) {
        int64_t text = pass->lane + (first + i) * pass->lanes, row = pass->starts[t] + text;
        int64_t place = pending->n + i;
        Gradient token = {
            .gates = pass->gates + row * pass->gates_stride,
            .out = pass->out + row * pass->out_stride,
            .before = state_before(pass, pass->out, pass->out_stride, pass->h0, t, text),
            .d_out = pass->d_out ? pass->d_out + row * pass->d_out_stride : 0,
            .d_h = pass->d_h + text * hidden,
            .d_gates = pending->d_gates + place * pending->stride,
            .d_bias = pass->d_bias + pass->lane * all_rows,
        };
        pending->before[place] = token.before;
        pending->x[place] = pass->x + row * pass->x_stride;
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
        for_w[i] = token.d_gates;
        for_u[i] = token.d_gates + all_rows - rows;
        d_h[i] = token.d_h;
        if (pass->d_x)
            d_x[i] = pass->d_x + row * pass->d_x_stride;
    }
    whole_product(n, hidden, rows, for_u, pass->u, d_h, 1);
    if (pass->d_x)
        whole_product(n, pass->input, rows, for_w, pass->w, d_x, 0);
    pending->n += n;
    if (pending->n >= DEPTH)
        add_weight_gradients(pass, pending);
}

/* From each text's first read token to its last one. */
TARGET static void forward(const Pass *pass)
{
    for (int64_t step = 0; step < pass->steps; step++) {
        int64_t t = pass->reverse ? pass->steps - 1 - step : step;
        int64_t texts = texts_in(pass, pass->sizes[t]);
        for (int64_t first = 0; first < texts; first += CHUNK)
            forward_step(pass, t, first, smaller(CHUNK, texts - first));
    }
}

/* The same way back. */
TARGET static void backward(const Pass *pass)
{
    float *scratch = pass->scratch + pass->lane * scratch_of(pass->cell, pass->input, pass->hidden);
    Pending pending = {.n = 0, .d_gates = scratch, .stride = stride_of(pass->cell, pass->hidden)};
    pending.panels = scratch + (DEPTH + CHUNK) * pending.stride;
    for (int64_t step = 0; step < pass->steps; step++) {
        int64_t t = pass->reverse ? step : pass->steps - 1 - step;
        int64_t texts = texts_in(pass, pass->sizes[t]);
        for (int64_t first = 0; first < texts; first += CHUNK)
            backward_step(pass, &pending, t, first, smaller(CHUNK, texts - first));
    }
    if (pending.n)
        add_weight_gradients(pass, &pending);
}
