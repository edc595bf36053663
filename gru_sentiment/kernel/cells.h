/* The cells: what `models/recurrence.py` writes as equations, for some tokens of one step.
 *
 * Forward, a block of units at a time: `sums` holds the products W x + U h of the block, (gates,
 * CHUNK, BLOCK). `bias` holds bk, with ck where nothing stands between them.
 */
typedef struct {
    const float *before; /* h */
    float *gates, *inner, *cells, *out, *c;
} Token;

/* One vector of each token, of the block that begins at `unit`: j is its first unit. */
#define EACH_VECTOR                                                                                \
    for (int64_t v = 0, j = unit; v < BLOCK && j < hidden; v += WIDTH, j += WIDTH)                 \
        for (int64_t i = 0, left = hidden - j; i < n; i++)

/* W x + U h of gate k */
#define SUM(k) load(sums + ((k) * CHUNK + i) * BLOCK + v, WIDTH)

/* h' = f(W x + b + U h) */
TARGET static void rnn_forward(const Pass *pass, const Token *tokens, int64_t n, const float *sums,
                               int64_t unit)
{
    const int64_t hidden = pass->hidden;
    EACH_VECTOR
    {
        Vector a = SUM(0) + load(pass->bias + j, left);
        /* written so that a NaN passes */
        Vector h = pass->cell == RNN_TANH ? hyperbolic_tangent(a) : choose(a < 0.0f, all(0.0f), a);
        store(tokens[i].out + j, h, left);
    }
}

/* r, z = s(W x + b + U h); u = Un h + cn; n = tanh(Wn x + bn + r u); h' = (1 - z) n + z h. The third
 * of the sums is Un h alone, the fourth is Wn x. */
TARGET static void gru_forward(const Pass *pass, const Token *tokens, int64_t n, const float *sums,
                               int64_t unit)
{
    const int64_t hidden = pass->hidden;
    const float *bias_r = pass->bias, *bias_z = bias_r + hidden, *bias_n = bias_z + hidden;
    EACH_VECTOR
    {
        Vector r = sigmoid(SUM(0) + load(bias_r + j, left));
        Vector z = sigmoid(SUM(1) + load(bias_z + j, left));
        Vector u = SUM(2) + load(pass->bias_n + j, left);
        Vector new = hyperbolic_tangent(SUM(3) + load(bias_n + j, left) + r * u);
        store(tokens[i].out + j, new + z * (load(tokens[i].before + j, left) - new), left);
        if (pass->store) {
            store(tokens[i].gates + j, r, left);
            store(tokens[i].gates + hidden + j, z, left);
            store(tokens[i].gates + 2 * hidden + j, new, left);
            store(tokens[i].inner + j, u, left);
        }
    }
}

/* i, f, o = s(W x + b + U h); g = tanh(same); c' = f c + i g; h' = o tanh(c') */
TARGET static void lstm_forward(const Pass *pass, const Token *tokens, int64_t n,
                                const float *sums, int64_t unit)
{
    const int64_t hidden = pass->hidden;
    EACH_VECTOR
    {
        Vector a[4];
        for (int k = 0; k < 4; k++)
            a[k] = SUM(k) + load(pass->bias + k * hidden + j, left);
        Vector input = sigmoid(a[0]), forget = sigmoid(a[1]);
        Vector new = hyperbolic_tangent(a[2]), output = sigmoid(a[3]);
        Vector c = forget * load(tokens[i].c + j, left) + input * new;
        store(tokens[i].c + j, c, left);
        store(tokens[i].out + j, output * hyperbolic_tangent(c), left);
        if (pass->store) {
            store(tokens[i].gates + j, input, left);
            store(tokens[i].gates + hidden + j, forget, left);
            store(tokens[i].gates + 2 * hidden + j, new, left);
            store(tokens[i].gates + 3 * hidden + j, output, left);
            store(tokens[i].cells + j, c, left);
        }
    }
}

/* The gradients of one token, all units. On the way in d_h (and d_c) is what reaches the state after
 * the token from later tokens; on the way out it is what reaches the state before it directly, to
 * which the caller adds the product with U. */
typedef struct {
    const float *gates, *inner, *cells, *out, *before, *cell_before, *d_out;
    float *d_h, *d_c, *d_gates, *d_bias;
} Gradient;

/* Gradient k of the gates, for the token and for the sum over the tokens. */
INLINE void give(const Pass *pass, const Gradient *token, int64_t k, int64_t j, Vector d)
{
    int64_t left = pass->hidden - j, at = k * pass->hidden + j;
    store(token->d_gates + at, d, left);
    store(token->d_bias + at, load(token->d_bias + at, left) + d, left);
}

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
        give(pass, token, 0, j, d_a);
        store(token->d_h + j, all(0.0f), left);
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
        give(pass, token, 0, j, d_n);
        give(pass, token, 1, j, d_u * u * (1.0f - r));
        give(pass, token, 2, j, d * (h - n) * z * (1.0f - z));
        give(pass, token, 3, j, d_u);
        store(token->d_h + j, d * z, left);
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
        give(pass, token, 0, j, d_c * g * i * (1.0f - i));
        give(pass, token, 1, j, d_c * c * f * (1.0f - f));
        give(pass, token, 2, j, d_c * i * (1.0f - g * g));
        give(pass, token, 3, j, d * squashed * o * (1.0f - o));
        store(token->d_c + j, d_c * f, left);
        store(token->d_h + j, all(0.0f), left);
    }
}
