/* x86 processors with AVX2 and FMA: 16 registers of 8 floats. */
#include "pass.h"
#if defined(__x86_64__)
#define WIDTH 8
#define ROWS 6
#define VECTORS 2
#define TARGET __attribute__((target("avx2,fma")))
#include "passes.h"
const Kernel avx2_kernel = {"avx2", WIDTH, pack, forward, backward, scratch_of};
#endif
