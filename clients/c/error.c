#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include <kmsblit.h>

/* Room for the name of a request and the longest sentence that an error event can carry. */
static _Thread_local char last_error[768] = "no error";

const char *kb_last_error(void)
{
    return last_error;
}

int kc_fail(int error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(last_error, sizeof(last_error), format, arguments);
    va_end(arguments);
    return error;
}

int kc_error_of(uint16_t code)
{
    switch ((enum kb_error_code)code) {
    case KB_ERROR_CODE_PROTOCOL: return -EPROTO;
    case KB_ERROR_CODE_VERSION: return -EPROTONOSUPPORT;
    case KB_ERROR_CODE_TIMEOUT: return -ETIMEDOUT;
    case KB_ERROR_CODE_NOT_IMPLEMENTED: return -ENOSYS;
    case KB_ERROR_CODE_BAD_OBJECT: return -EBADF;
    case KB_ERROR_CODE_WRONG_KIND: return -EINVAL;
    case KB_ERROR_CODE_ID_IN_USE: return -EINVAL;
    case KB_ERROR_CODE_BAD_VALUE: return -EINVAL;
    case KB_ERROR_CODE_BAD_FD: return -EBADF;
    case KB_ERROR_CODE_QUOTA: return -EDQUOT;
    case KB_ERROR_CODE_NO_MEMORY: return -ENOMEM;
    case KB_ERROR_CODE_NO_CREDIT: return -EAGAIN;
    case KB_ERROR_CODE_PERMISSION: return -EPERM;
    case KB_ERROR_CODE_NO_OUTPUT: return -ENODEV;
    case KB_ERROR_CODE_IO: return -EIO;
    case KB_ERROR_CODE_NOT_POSSIBLE: return -ENOTSUP;
    case KB_ERROR_CODE_ENDED: return -ECANCELED;
    }
    return -EINVAL;
}
