/* What `library.py` calls: the kernel for this processor. */
#include "pass.h"

#include <stddef.h>
#include <string.h>

extern const Kernel portable_kernel;
#if defined(__x86_64__)
extern const Kernel avx2_kernel, avx512_kernel;
#endif

#define EXPORT __attribute__((visibility("default")))

/* The kernel at a place in the list of those that this processor can run, the fastest first; NULL
 * behind the last one. */
EXPORT const Kernel *kernel_at(int64_t place)
{
    const Kernel *kernels[3];
    int64_t n = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f"))
        kernels[n++] = &avx512_kernel;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        kernels[n++] = &avx2_kernel;
#endif
    kernels[n++] = &portable_kernel;
    return place >= 0 && place < n ? kernels[place] : NULL;
}

/* So that the structure of `library.py` can be held against this one. */
EXPORT int64_t bytes_of_pass(void) { return (int64_t)sizeof(Pass); }
