/* Every other processor: vectors of 4 floats, which are one register on ARM (NEON) and on x86, and
 * which the compiler takes apart elsewhere. ARM has 32 registers, x86 has 16. Tests give other
 * numbers, so that those of AVX-512 are tried on processors without it. */
#include "pass.h"
#define ROWS 6
#ifndef WIDTH
#define WIDTH 4
#endif
#if defined(__aarch64__)
#define NAME "neon"
#else
#define NAME "portable"
#endif
#ifndef VECTORS
#if defined(__aarch64__)
#define VECTORS 4
#else
#define VECTORS 2
#endif
#endif
#define TARGET
#include "passes.h"
const Kernel portable_kernel = {NAME, WIDTH, pack, forward, backward, scratch_of};
