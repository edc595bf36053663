/* Vectors of WIDTH floats, and the functions that a cell computes with them.
 *
 * The file that includes this one defines WIDTH, and TARGET: the attribute that lets the compiler
 * use the instructions. GCC and clang turn arithmetic on these types into vector instructions and
 * fuse a product with the addition that follows.
 */
#include <stdint.h>
#include <string.h>

#define INLINE TARGET static inline __attribute__((always_inline))

typedef float Vector __attribute__((vector_size(4 * WIDTH)));
typedef float Unaligned __attribute__((vector_size(4 * WIDTH), aligned(4), may_alias));
typedef int32_t Mask __attribute__((vector_size(4 * WIDTH)));

/* The first `n` values at `from`; zeros follow where n < WIDTH. */
INLINE Vector load(const float *from, int64_t n)
{
    if (n >= WIDTH)
        return *(const Unaligned *)from;
    Vector x = {0};
    memcpy(&x, from, (size_t)n * sizeof(float));
    return x;
}

INLINE void store(float *to, Vector x, int64_t n)
{
    if (n >= WIDTH)
        *(Unaligned *)to = x;
    else
        memcpy(to, &x, (size_t)n * sizeof(float));
}

INLINE Vector all(float value) { return (Vector){0} + value; }

/* x where the mask is set (all ones), else y. */
INLINE Vector choose(Mask mask, Vector x, Vector y)
{
    return (Vector)(((Mask)x & mask) | ((Mask)y & ~mask));
}

/* e^x for x between -87 and 88.37, below it e^-87, above it infinity; a NaN stays one.
 *
 * x = n ln 2 + r with a whole n and |r| <= ln(2)/2; e^r by a polynomial (the coefficients of expf
 * in the Cephes library), times 2^n by its bits: those of n = 128 are infinity's. Adding
 * 1.5 x 2^23 rounds to a whole number.
 */
INLINE Vector exponential(Vector x)
{
    const float round = 12582912.0f;
    x = choose(x < -87.0f, all(-87.0f), x);
    x = choose(x > 89.0f, all(89.0f), x);
    Vector shifted = x * 1.44269504f + round;
    Vector n = shifted - round;
    Vector r = x - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    Vector p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    Mask power = ((Mask)shifted - (Mask)all(round) + 127) << 23;
    return p * (Vector)power;
}

/* 1 / (1 + e^-x) */
INLINE Vector sigmoid(Vector x) { return 1.0f / (1.0f + exponential(-x)); }

/* tanh(x) = 1 - 2 / (e^2x + 1), where that is exact; near zero an odd polynomial (Cephes). */
INLINE Vector hyperbolic_tangent(Vector x)
{
    Vector far = 1.0f - 2.0f / (exponential(x + x) + 1.0f);
    Vector square = x * x;
    Vector p = square * -5.70498872745e-3f + 2.06390887954e-2f;
    p = p * square + -5.37397155531e-2f;
    p = p * square + 1.33314422036e-1f;
    p = p * square + -3.33332819422e-1f;
    Vector near = p * square * x + x;
    return choose(square < 0.390625f, near, far);
}
