/*
 * NEON: what every arm64 has, and most armhf: there it is chosen at run time.
 */
#include "pix/pix_vec_neon.h"

#ifdef KD_PIX_HAS_NEON
#include "pix/pix_vec.h"

void kd_pix_neon(struct kd_pix *pix)
{
    *pix = table;
    pix->name = "neon";
}
#endif
