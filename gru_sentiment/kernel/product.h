/* Products of some rows with packed weights, and the sum of outer products for a weight gradient.
 *
 * A panel holds up to BLOCK columns of a matrix row by row, so that the innermost loop reads one
 * vector after the other. A tile of ROWS rows and VECTORS vectors is summed in registers. Every sum
 * runs over its terms in order, whatever the number of rows: a text has the same result beside any
 * other texts.
 */
#define BLOCK (VECTORS * WIDTH) /* columns of a panel */
#define DEPTH 256               /* terms of a sum for which a panel stays in the first cache */
#define CHUNK 96                /* rows that one panel is applied to */
#define STRIP 4                 /* tiles whose rows are gathered at once */

INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* `columns` in whole vectors */
INLINE int64_t padded(int64_t columns) { return (columns + WIDTH - 1) / WIDTH * WIDTH; }

/* Vectors of the panel that begins at `column`: fewer in the last one. */
INLINE int64_t vectors_of(int64_t column, int64_t columns)
{
    return smaller(VECTORS, padded(columns - column) / WIDTH);
}

/* sums (rows, BLOCK) = or += factors times panel (depth, vectors). Factor k of row i is at
 * FACTOR(i, k). */
#define DEFINE_TILE(NAME, FACTORS)                                                                 \
    INLINE void NAME(const int rows, const int vectors, int64_t depth, FACTORS,                    \
                     const float *panel, float *sums, int accumulate)                              \
    {                                                                                              \
        Vector sum[ROWS][VECTORS];                                                                 \
        for (int i = 0; i < rows; i++)                                                             \
            for (int v = 0; v < vectors; v++)                                                      \
                sum[i][v] = accumulate ? load(sums + i * BLOCK + v * WIDTH, WIDTH) : all(0.0f);    \
        for (int64_t k = 0; k < depth; k++) {                                                      \
            Vector weight[VECTORS];                                                                \
            for (int v = 0; v < vectors; v++)                                                      \
                weight[v] = load(panel + (k * vectors + v) * WIDTH, WIDTH);                        \
            for (int i = 0; i < rows; i++)                                                         \
                for (int v = 0; v < vectors; v++)                                                  \
                    sum[i][v] += weight[v] * FACTOR(i, k);                                         \
        }                                                                                          \
        for (int i = 0; i < rows; i++)                                                             \
            for (int v = 0; v < vectors; v++)                                                      \
                store(sums + i * BLOCK + v * WIDTH, sum[i][v], WIDTH);                             \
    }

/* Factors that lie in rows, one pointer each. */
#define FACTOR(i, k) factors[i][k]
DEFINE_TILE(tile_of_rows, const float *const *factors)
#undef FACTOR

/* Factors that were gathered, ROWS of them for each k. */
#define FACTOR(i, k) factors[(k) * ROWS + (i)]
DEFINE_TILE(tile_of_columns, const float *factors)
#undef FACTOR

/* A tile of any size, by a function for which the compiler knows it. */
#define TILE(NAME, R, V)                                                                           \
    case (R) * 8 + (V):                                                                            \
        NAME(R, V, depth, factors, panel, sums, accumulate);                                       \
        break;
#define TILES(NAME, V)                                                                             \
    TILE(NAME, 1, V) TILE(NAME, 2, V) TILE(NAME, 3, V) TILE(NAME, 4, V) TILE(NAME, 5, V)           \
    TILE(NAME, 6, V)
#if VECTORS > 2
#define ALL_TILES(NAME) TILES(NAME, 1) TILES(NAME, 2) TILES(NAME, 3) TILES(NAME, 4)
#else
#define ALL_TILES(NAME) TILES(NAME, 1) TILES(NAME, 2)
#endif

TARGET static void any_tile_of_rows(int64_t rows, int64_t vectors, int64_t depth,
                                    const float *const *factors, const float *panel, float *sums,
                                    int accumulate)
{
    switch (rows * 8 + vectors) { ALL_TILES(tile_of_rows) }
}

TARGET static void any_tile_of_columns(int64_t rows, int64_t vectors, int64_t depth,
                                       const float *factors, const float *panel, float *sums)
{
    const int accumulate = 0;
    switch (rows * 8 + vectors) { ALL_TILES(tile_of_columns) }
}

/* sums (n, BLOCK) = or += rows (n, depth) times panel (depth, vectors), n at most CHUNK */
TARGET static void product(int64_t n, int64_t vectors, int64_t depth, const float *const *rows,
                           const float *panel, float *sums, int accumulate)
{
    /* tiles of nearly one size: a tile of one or two rows takes as long as one of four */
    int64_t tiles = (n + ROWS - 1) / ROWS;
    for (int64_t k = 0; k < depth; k += DEPTH) {
        for (int64_t i = 0; i < tiles; i++) {
            int64_t first = i * n / tiles, in_tile = (i + 1) * n / tiles - first;
            const float *from[ROWS];
            for (int64_t row = 0; row < in_tile; row++)
                from[row] = rows[first + row] + k;
            any_tile_of_rows(in_tile, vectors, smaller(DEPTH, depth - k), from,
                             panel + k * vectors * WIDTH, sums + first * BLOCK,
                             accumulate || k > 0);
        }
    }
}

/* to (n, columns) = or += rows (n, depth) times all panels of a matrix (depth, columns) */
TARGET static void whole_product(int64_t n, int64_t columns, int64_t depth,
                                 const float *const *rows, const float *panels, float *const *to,
                                 int add)
{
    float sums[CHUNK * BLOCK] __attribute__((aligned(64)));
    for (int64_t column = 0; column < columns; column += BLOCK) {
        int64_t vectors = vectors_of(column, columns);
        product(n, vectors, depth, rows, panels, sums, 0);
        panels += depth * vectors * WIDTH;
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = column; j < smaller(column + BLOCK, columns); j += WIDTH) {
                Vector sum = load(sums + i * BLOCK + j - column, WIDTH);
                int64_t left = columns - j;
                store(to[i] + j, add ? load(to[i] + j, left) + sum : sum, left);
            }
    }
}

/* Weights to panels. Forward, (gates x columns, depth): a panel for each gate of a block of columns,
 * for rows times W_gate^T. Backward, (depth, columns) and one gate: for rows times W. */
TARGET static void pack(const float *weights, int64_t gates, int64_t columns, int64_t depth,
                        int64_t back, float *panels)
{
    for (int64_t first = 0; first < columns; first += BLOCK) {
        int64_t in_panel = vectors_of(first, columns) * WIDTH;
        for (int64_t gate = 0; gate < gates; gate++, panels += depth * in_panel)
            for (int64_t k = 0; k < depth; k++)
                for (int64_t j = 0; j < in_panel; j++) {
                    int64_t column = first + j;
                    const float *weight = back ? weights + k * columns + column
                                               : weights + (gate * columns + column) * depth + k;
                    panels[k * in_panel + j] = column < columns ? *weight : 0.0f;
                }
    }
}

/* Rows (depth, columns) to panels, as `pack` does it backward. */
TARGET static void pack_rows(const float *const *rows, int64_t columns, int64_t depth,
                             float *panels)
{
    for (int64_t first = 0; first < columns; first += BLOCK) {
        int64_t in_panel = vectors_of(first, columns) * WIDTH;
        for (int64_t k = 0; k < depth; k++)
            for (int64_t j = 0; j < in_panel; j += WIDTH, panels += WIDTH)
                store(panels, load(rows[k] + first + j, columns - first - j), WIDTH);
    }
}

/* sum (n, columns) += the sum over k of left[k] (n)^T right[k] (columns), where `panels` holds the
 * right rows and the left ones are `stride` values apart. `depth` is at most DEPTH + CHUNK. */
TARGET static void add_outer_products(int64_t n, int64_t columns, int64_t depth, const float *left,
                                      int64_t stride, const float *panels, float *sum)
{
    float gathered[STRIP * (DEPTH + CHUNK) * ROWS], sums[ROWS * BLOCK] __attribute__((aligned(64)));
    for (int64_t strip = 0; strip < n; strip += STRIP * ROWS) {
        int64_t in_strip = smaller(STRIP * ROWS, n - strip);
        for (int64_t first = 0; first < in_strip; first += ROWS) {
            const float *from = left + strip + first;
            float *to = gathered + first * depth;
            /* a copy of a length that the compiler knows needs no call */
            if (in_strip - first >= ROWS)
                for (int64_t k = 0; k < depth; k++)
                    memcpy(to + k * ROWS, from + k * stride, ROWS * sizeof(float));
            else
                for (int64_t k = 0; k < depth; k++)
                    memcpy(to + k * ROWS, from + k * stride, (in_strip - first) * sizeof(float));
        }
        const float *panel = panels;
        for (int64_t column = 0; column < columns; column += BLOCK) {
            int64_t vectors = vectors_of(column, columns);
            for (int64_t first = 0; first < in_strip; first += ROWS) {
                int64_t rows = smaller(ROWS, in_strip - first);
                any_tile_of_columns(rows, vectors, depth, gathered + first * depth, panel, sums);
                for (int64_t i = 0; i < rows; i++)
                    for (int64_t j = column; j < smaller(column + BLOCK, columns); j += WIDTH) {
                        float *to = sum + (strip + first + i) * columns + j;
                        Vector more = load(sums + i * BLOCK + j - column, WIDTH);
                        store(to, load(to, columns - j) + more, columns - j);
                    }
            }
            panel += depth * vectors * WIDTH;
        }
    }
}
