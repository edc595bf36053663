/* Every other processor: vectors of 4 floats, which are one register on ARM (NEON) and on x86, and
 * which the compiler takes apart elsewhere. ARM has 32 registers, x86 has 16. */
#include "pass.h"
#define WIDTH 4
#define ROWS 6
#if defined(__aarch64__)
#define VECTORS 4
#define NAME "neon"
#else
#define VECTORS 2
#define NAME "portable"
#endif
#define TARGET
#include "passes.h"
const Kernel portable_kernel = {NAME, WIDTH, pack, forward, backward, scratch_of};
