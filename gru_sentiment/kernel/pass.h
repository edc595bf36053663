/* What a pass over one direction of a layer is given. `library.py` holds the same structure.
 *
 * Texts are packed as in `gru_sentiment/batch.py`: sorted by length, longest first, the first token
 * of every text, then the second token of every text that has one, and so on. The token of text i
 * at step t is row starts[t] + i of an array of tokens, and sizes[t] texts reach step t.
 *
 * All arrays are float32. In a row the values lie one after the other; from a row of tokens to the
 * next there are `*_stride` values, so that the directions of a layer may share an array. Other
 * arrays have no gaps.
 */
#ifndef PASS_H
#define PASS_H

#include <stdint.h>

enum { RNN_TANH, RNN_RELU, GRU, LSTM };

typedef struct {
    int64_t cell;    /* one of the four above */
    int64_t input;   /* values of a token */
    int64_t hidden;  /* units */
    int64_t steps;   /* tokens of the longest text */
    int64_t reverse; /* 0: reads each text from its first token; 1: from its last */
    int64_t lane;    /* this call takes the texts lane, lane + lanes, lane + 2 lanes, ... */
    int64_t lanes;
    int64_t store;         /* forward: keep what the backward pass needs */
    const int64_t *sizes;  /* (steps) */
    const int64_t *starts; /* (steps) */

    const float *w; /* input weights W, as `pack` writes them for this pass */
    const float *u; /* recurrent weights U, the same */
    const float *x; /* (tokens, input) */
    int64_t x_stride;
    const float *h0; /* (batch, hidden) */
    const float *c0; /* LSTM, backward: (batch, hidden) */
    float *out;      /* (tokens, hidden), h' */
    int64_t out_stride;
    float *gates; /* (tokens, gates x hidden), where they are stored */
    int64_t gates_stride;
    float *inner; /* GRU: (tokens, hidden), u = Un h + cn, where it is stored */
    int64_t inner_stride;
    float *cells; /* LSTM: (tokens, hidden), c', where they are stored */
    int64_t cells_stride;

    const float *bias;   /* forward: (gates x hidden), added to the gates */
    const float *bias_n; /* forward, GRU: (hidden), the recurrent bias of n, behind the reset gate */
    float *c;            /* forward, LSTM: (batch, hidden), initial cells, then the final ones */

    const float *d_out; /* backward: (tokens, hidden), gradient of `out`, or NULL */
    int64_t d_out_stride;
    float *d_h; /* (batch, hidden): gradient of the final state, then of the initial state */
    float *d_c; /* LSTM: the same for the cells */
    float *d_x; /* (tokens, input), or NULL */
    int64_t d_x_stride;
    float *d_w;     /* (lanes, gates x hidden, input): each lane adds its part */
    float *d_u;     /* (lanes, gates x hidden, hidden): the same */
    float *d_bias;  /* (lanes, gradients x hidden): the same */
    float *scratch; /* (lanes, scratch_of(...)) */
} Pass;

/* Gates of a cell, and gradients that its backward pass gives for each unit. */
static inline int64_t gates_of(int64_t cell) { return cell == LSTM ? 4 : cell == GRU ? 3 : 1; }
static inline int64_t gradients_of(int64_t cell) { return cell == LSTM || cell == GRU ? 4 : 1; }

/* The functions of one instruction set. */
typedef struct {
    const char *name;
    int64_t width; /* floats in a vector */
    void (*pack)(const float *weights, int64_t gates, int64_t columns, int64_t depth, int64_t back,
                 float *panels);
    void (*forward)(const Pass *pass);
    void (*backward)(const Pass *pass);
    int64_t (*scratch_of)(int64_t cell, int64_t input, int64_t hidden); /* floats */
} Kernel;

#endif
