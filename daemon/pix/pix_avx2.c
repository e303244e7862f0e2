/*
 * AVX2: chosen at run time.
 */
#if defined(__x86_64__) || defined(__i386__)
#include "pix/pix_vec_avx2.h"

#include "pix/pix_vec.h"

void kd_pix_avx2(struct kd_pix *pix)
{
    *pix = table;
    pix->name = "avx2";
}
#endif
