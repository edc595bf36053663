/* x86 processors with AVX-512: 32 registers of 16 floats. */
#include "pass.h"
#if defined(__x86_64__)
#define WIDTH 16
#define ROWS 6
#define VECTORS 4
#define TARGET __attribute__((target("avx512f,avx2,fma")))
#include "passes.h"
const Kernel avx512_kernel = {"avx512", WIDTH, pack, forward, backward, scratch_of};
#endif
