/* The thread's last error, as a number and a sentence. */
#ifndef KC_ERROR_H
#define KC_ERROR_H

#include <stdint.h>

/* Keeps the sentence for kb_last_error() and returns error (a negative errno), so that a failing
 * function is left by `return kc_fail(-EINVAL, "...")`. */
int kc_fail(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The -errno that stands for an enum kb_error_code of the protocol. */
int kc_error_of(uint16_t code);

#endif
