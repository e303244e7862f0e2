/*
 * SSE2: what every x86-64 has.
 */
#if defined(__x86_64__) || defined(__i386__)
#include "pix/pix_vec_sse2.h"

#include "pix/pix_vec.h"

void kd_pix_sse2(struct kd_pix *pix)
{
    *pix = table;
    pix->name = "sse2";
}
#endif
