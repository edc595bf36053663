/* The cells, for one block of units of one text: what `models/recurrence.py` writes as equations.
 *
 * `sums` holds the products U h of the block, one gate CHUNK x BLOCK values after the other.
 * `bias` holds bk, with ck where nothing stands between them.
 */
typedef struct {
    const float *before; /* h */
    float *gates, *inner, *cells, *out, *c;
} Token;

#define GATE(k) (sums + (k) * CHUNK * BLOCK + v)

/* h' = f(W x + b + U h) */
INLINE void rnn_forward(const Pass *pass, Token token, const float *sums, int64_t unit)
{
    for (int64_t v = 0; v < BLOCK && unit + v < pass->hidden; v += WIDTH) {
        int64_t j = unit + v, n = pass->hidden - j;
        Vector a = load(GATE(0), WIDTH) + load(token.gates + j, n) + load(pass->bias + j, n);
        /* written so that a NaN passes */
        Vector h = pass->cell == RNN_TANH ? hyperbolic_tangent(a) : choose(a < 0.0f, all(0.0f), a);
        store(token.out + j, h, n);
    }
}

/* r, z = s(W x + b + U h); u = Un h + cn; n = tanh(Wn x + bn + r u); h' = (1 - z) n + z h */
INLINE void gru_forward(const Pass *pass, Token token, const float *sums, int64_t unit)
{
    const int64_t hidden = pass->hidden;
    const float *bias_r = pass->bias, *bias_z = bias_r + hidden, *bias_n = bias_z + hidden;
    float *to_r = token.gates, *to_z = to_r + hidden, *to_n = to_z + hidden;
    for (int64_t v = 0; v < BLOCK && unit + v < hidden; v += WIDTH) {
        int64_t j = unit + v, left = hidden - j;
        Vector r = load(GATE(0), WIDTH) + load(to_r + j, left) + load(bias_r + j, left);
        Vector z = load(GATE(1), WIDTH) + load(to_z + j, left) + load(bias_z + j, left);
        Vector u = load(GATE(2), WIDTH) + load(pass->bias_n + j, left);
        r = sigmoid(r);
        z = sigmoid(z);
        Vector a = load(to_n + j, left) + load(bias_n + j, left) + r * u;
        Vector n = hyperbolic_tangent(a);
        store(token.out + j, n + z * (load(token.before + j, left) - n), left);
        if (pass->store) {
            store(to_r + j, r, left);
            store(to_z + j, z, left);
            store(to_n + j, n, left);
            store(token.inner + j, u, left);
        }
    }
}

/* i, f, o = s(W x + b + U h); g = tanh(same); c' = f c + i g; h' = o tanh(c') */
INLINE void lstm_forward(const Pass *pass, Token token, const float *sums, int64_t unit)
{
    const int64_t hidden = pass->hidden;
    for (int64_t v = 0; v < BLOCK && unit + v < hidden; v += WIDTH) {
        int64_t j = unit + v, left = hidden - j;
        Vector gate[4];
        for (int k = 0; k < 4; k++) {
            Vector a = load(GATE(k), WIDTH) + load(token.gates + k * hidden + j, left) +
                       load(pass->bias + k * hidden + j, left);
            gate[k] = k == 2 ? hyperbolic_tangent(a) : sigmoid(a);
        }
        Vector c = gate[1] * load(token.c + j, left) + gate[0] * gate[2];
        store(token.c + j, c, left);
        store(token.out + j, gate[3] * hyperbolic_tangent(c), left);
        if (pass->store) {
            for (int k = 0; k < 4; k++)
                store(token.gates + k * hidden + j, gate[k], left);
            store(token.cells + j, c, left);
        }
    }
}

/* The gradients of one token, all units. On the way in d_h (and d_c) is what reaches the state after
 * the token from later tokens; on the way out it is what reaches the state before it directly, to
 * which the caller adds the product with U. */
typedef struct {
    const float *gates, *inner, *cells, *out, *before, *cell_before, *d_out;
    float *d_h, *d_c, *d_gates, *to_before;
} Gradient;

INLINE Vector incoming(const Gradient *token, int64_t j, int64_t left)
{
    Vector d = load(token->d_h + j, left);
    return token->d_out ? d + load(token->d_out + j, left) : d;
}

/* d_a = d_h' f'(a); nothing reaches h directly */
INLINE void rnn_backward(const Pass *pass, const Gradient *token)
{
    for (int64_t j = 0; j < pass->hidden; j += WIDTH) {
        int64_t left = pass->hidden - j;
        Vector d = incoming(token, j, left), h = load(token->out + j, left);
        Vector d_a = pass->cell == RNN_TANH ? d * (1.0f - h * h)
                                            : d * choose(h > 0.0f, all(1.0f), all(0.0f));
        store(token->d_gates + j, d_a, left);
        store(token->d_h + j, all(0.0f), left);
        store(token->to_before + j, load(token->before + j, left), left);
    }
}

/* Four gradients in this order: d_a_n, d_a_r, d_a_z, d_u. W has the first three, U the last three.
 * h has d_h' z directly. */
INLINE void gru_backward(const Pass *pass, const Gradient *token)
{
    const int64_t hidden = pass->hidden;
    for (int64_t j = 0; j < hidden; j += WIDTH) {
        int64_t left = hidden - j;
        Vector d = incoming(token, j, left), h = load(token->before + j, left);
        Vector r = load(token->gates + j, left), z = load(token->gates + hidden + j, left);
        Vector n = load(token->gates + 2 * hidden + j, left), u = load(token->inner + j, left);
        Vector d_n = d * (1.0f - z) * (1.0f - n * n), d_u = d_n * r;
        store(token->d_gates + j, d_n, left);
        store(token->d_gates + hidden + j, d_u * u * (1.0f - r), left);
        store(token->d_gates + 2 * hidden + j, d * (h - n) * z * (1.0f - z), left);
        store(token->d_gates + 3 * hidden + j, d_u, left);
        store(token->d_h + j, d * z, left);
        store(token->to_before + j, h, left);
    }
}

/* Gradients of the gates in their order i, f, g, o. c has d_c' f; nothing reaches h directly. */
INLINE void lstm_backward(const Pass *pass, const Gradient *token)
{
    const int64_t hidden = pass->hidden;
    for (int64_t j = 0; j < hidden; j += WIDTH) {
        int64_t left = hidden - j;
        Vector d = incoming(token, j, left), c = load(token->cell_before + j, left);
        Vector i = load(token->gates + j, left), f = load(token->gates + hidden + j, left);
        Vector g = load(token->gates + 2 * hidden + j, left);
        Vector o = load(token->gates + 3 * hidden + j, left);
        Vector squashed = hyperbolic_tangent(load(token->cells + j, left));
        Vector d_c = load(token->d_c + j, left) + d * o * (1.0f - squashed * squashed);
        store(token->d_gates + j, d_c * g * i * (1.0f - i), left);
        store(token->d_gates + hidden + j, d_c * c * f * (1.0f - f), left);
        store(token->d_gates + 2 * hidden + j, d_c * i * (1.0f - g * g), left);
        store(token->d_gates + 3 * hidden + j, d * squashed * o * (1.0f - o), left);
        store(token->d_c + j, d_c * f, left);
        store(token->d_h + j, all(0.0f), left);
        store(token->to_before + j, load(token->before + j, left), left);
    }
}
