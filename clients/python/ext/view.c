/* The buffer protocol for rows of 32-bit pixels. */
#include "module.h"

#include <stdlib.h>

int view_fill(Py_buffer *view, PyObject *owner, void *pixels, uint32_t width, uint32_t height,
              size_t stride_bytes, bool readonly, int flags)
{
    const bool gaps = stride_bytes != (size_t)width * 4;

    view->obj = NULL;
    if (readonly && (flags & PyBUF_WRITABLE) != 0) {
        PyErr_SetString(PyExc_BufferError, "these pixels cannot be written");
        return -1;
    }
    if ((gaps && ((flags & PyBUF_STRIDES) != PyBUF_STRIDES ||
                  (flags & PyBUF_C_CONTIGUOUS) == PyBUF_C_CONTIGUOUS ||
                  (flags & PyBUF_ANY_CONTIGUOUS) == PyBUF_ANY_CONTIGUOUS)) ||
        (flags & PyBUF_F_CONTIGUOUS) == PyBUF_F_CONTIGUOUS) {
        PyErr_SetString(PyExc_BufferError, "the rows of these pixels do not lie so in memory");
        return -1;
    }
    Py_ssize_t *sizes = PyMem_Malloc(4 * sizeof(*sizes));
    if (sizes == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    sizes[0] = (Py_ssize_t)height;
    sizes[1] = (Py_ssize_t)width;
    sizes[2] = (Py_ssize_t)stride_bytes;
    sizes[3] = 4;
    *view = (Py_buffer){
        .buf = pixels,
        .obj = Py_NewRef(owner),
        .len = (Py_ssize_t)height * (Py_ssize_t)width * 4,
        .itemsize = 4,
        .readonly = readonly,
        .ndim = 2,
        .format = (flags & PyBUF_FORMAT) != 0 ? "I" : NULL,
        .shape = (flags & PyBUF_ND) != 0 ? sizes : NULL,
        .strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES ? sizes + 2 : NULL,
        .internal = sizes,
    };
    return 0;
}

void view_release(Py_buffer *view)
{
    PyMem_Free(view->internal);
    view->internal = NULL;
}
