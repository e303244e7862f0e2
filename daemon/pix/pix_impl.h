/*
 * Shared by the files of daemon/pix/ only. An implementation for an instruction set is one file
 * pix_NAME.c with one function that overrides the entries of the table that it is faster at;
 * pix_init.c calls it if the machine has the instruction set.
 */
#ifndef KD_PIX_PIX_IMPL_H
#define KD_PIX_PIX_IMPL_H

#include "pix/pix.h"

extern const struct kd_pix kd_pix_ref_table;

#endif
