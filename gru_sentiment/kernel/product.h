/* The product of some states with packed recurrent weights, a block of units at a time.
 *
 * The weights are packed once for a pass. A panel holds BLOCK columns of a matrix row by row, so
 * that the innermost loop reads one vector after the other. A tile of ROWS states and VECTORS
 * vectors is summed in registers. Every sum runs over the states' units in order, whatever the
 * number of rows: a text has the same result beside any other texts.
 */
#define BLOCK (VECTORS * WIDTH) /* units of a block */
#define DEPTH 256               /* rows of a panel that stay in the first cache */
#define CHUNK 96                /* states that one block of weights is applied to */

INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* Vectors of the block that begins at `unit`: fewer in the last one. */
INLINE int64_t vectors_of(int64_t unit, int64_t hidden)
{
    return smaller(VECTORS, (hidden - unit + WIDTH - 1) / WIDTH);
}

/* sums (rows, vectors) = or += states (rows, depth) times panel (depth, vectors) */
INLINE void tile(const int rows, const int vectors, int64_t depth, const float *const *states,
                 const float *panel, float *sums, int accumulate)
{
    Vector sum[ROWS][VECTORS];
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < vectors; v++)
            sum[i][v] = accumulate ? load(sums + i * BLOCK + v * WIDTH, WIDTH) : all(0.0f);
    for (int64_t k = 0; k < depth; k++) {
        Vector weight[VECTORS];
        for (int v = 0; v < vectors; v++)
            weight[v] = load(panel + (k * vectors + v) * WIDTH, WIDTH);
        for (int i = 0; i < rows; i++)
            for (int v = 0; v < vectors; v++)
                sum[i][v] += weight[v] * states[i][k];
    }
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < vectors; v++)
            store(sums + i * BLOCK + v * WIDTH, sum[i][v], WIDTH);
}

/* A tile whose number of rows and vectors the compiler knows. */
#define TILE(R, V)                                                                                 \
    case (R) * 8 + (V):                                                                            \
        tile(R, V, depth, states, panel, sums, accumulate);                                        \
        break;

TARGET static void any_tile(int64_t rows, int64_t vectors, int64_t depth,
                            const float *const *states, const float *panel, float *sums,
                            int accumulate)
{
    switch (rows * 8 + vectors) {
        TILE(1, 1) TILE(2, 1) TILE(3, 1) TILE(4, 1) TILE(5, 1) TILE(6, 1)
        TILE(1, 2) TILE(2, 2) TILE(3, 2) TILE(4, 2) TILE(5, 2) TILE(6, 2)
#if VECTORS > 2
        TILE(1, 3) TILE(2, 3) TILE(3, 3) TILE(4, 3) TILE(5, 3) TILE(6, 3)
        TILE(1, 4) TILE(2, 4) TILE(3, 4) TILE(4, 4) TILE(5, 4) TILE(6, 4)
#endif
    }
}

/* sums (n, BLOCK) = states (n, depth) times panel (depth, vectors x WIDTH), n at most CHUNK */
TARGET static void product(int64_t n, int64_t vectors, int64_t depth, const float *const *states,
                           const float *panel, float *sums)
{
    /* tiles of nearly one size: a tile of one or two rows takes as long as one of four */
    int64_t tiles = (n + ROWS - 1) / ROWS;
    for (int64_t k = 0; k < depth; k += DEPTH) {
        for (int64_t i = 0; i < tiles; i++) {
            int64_t first = i * n / tiles, rows = (i + 1) * n / tiles - first;
            const float *from[ROWS];
            for (int64_t row = 0; row < rows; row++)
                from[row] = states[first + row] + k;
            any_tile(rows, vectors, smaller(DEPTH, depth - k), from, panel + k * vectors * WIDTH,
                     sums + first * BLOCK, k > 0);
        }
    }
}

/* Recurrent weights (gates x hidden, hidden) to panels. Forward, a block of units has a panel for
 * each gate, for h U_gate^T; backward it has one panel, for (d_gates) U.
 */
TARGET static void pack(const float *weights, int64_t gates, int64_t hidden, int64_t back,
                        float *panels)
{
    int64_t depth = back ? gates * hidden : hidden, panels_of_block = back ? 1 : gates;
    for (int64_t unit = 0; unit < hidden; unit += BLOCK) {
        int64_t columns = vectors_of(unit, hidden) * WIDTH;
        for (int64_t gate = 0; gate < panels_of_block; gate++, panels += depth * columns)
            for (int64_t k = 0; k < depth; k++)
                for (int64_t j = 0; j < columns; j++) {
                    int64_t column = unit + j;
                    const float *weight = back ? weights + k * hidden + column
                                               : weights + (gate * hidden + column) * hidden + k;
                    panels[k * columns + j] = column < hidden ? *weight : 0.0f;
                }
    }
}
