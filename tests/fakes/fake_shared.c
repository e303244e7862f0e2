/*
 * Buffers that several devices know. There is but one process, so such an fd only says where the pixels are (tests/preload/odd_egl.c reads it).
 */
#include "fake_model.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fake_shared.h"

int drmPrimeHandleToFD(int fd, uint32_t handle, uint32_t flags, int *prime_fd)
{
    struct fake_dmabuf dmabuf = {.magic = FAKE_DMABUF_MAGIC};
    struct fake_memory *memory = NULL;
    struct fake_file *file;
    int error;

    fake_lock();
    file = fake_file(fd);
    error = file ? fake_fails("drmPrimeHandleToFD") : errno;
    for (memory = !error ? file->card->memories : NULL; memory; memory = memory->next)
        if (memory->owner == fd && memory->handle == handle)
            break;
    if (!error && flags & ~(uint32_t)(DRM_CLOEXEC | DRM_RDWR))
        error = EINVAL;
    if (!error && !memory)
        error = ENOENT;
    if (!error) {
        dmabuf.bytes = memory->bytes;
        dmabuf.size = memory->size;
        *prime_fd = memfd_create("fake dma-buf", MFD_CLOEXEC);
        if (*prime_fd < 0 || write(*prime_fd, &dmabuf, sizeof(dmabuf)) != (ssize_t)sizeof(dmabuf))
            error = EMFILE;
    }
    fake_unlock();
    errno = error ? error : errno;
    return error ? -1 : 0;
}

/* What a plane can show must be among the formats of one. */
int drmModeAddFB2WithModifiers(int fd, uint32_t width, uint32_t height, uint32_t pixel_format,
                               const uint32_t handles[4], const uint32_t pitches[4],
                               const uint32_t offsets[4], const uint64_t modifier[4],
                               uint32_t *buf_id, uint32_t flags)
{
    int error;

    if (!(flags & DRM_MODE_FB_MODIFIERS))
        return drmModeAddFB2(fd, width, height, pixel_format, handles, pitches, offsets, buf_id,
                             flags);
    fake_lock();
    error = fake_fails("drmModeAddFB2WithModifiers");
    fake_unlock();
    if (!error && (flags != DRM_MODE_FB_MODIFIERS || !modifier ||
                   (modifier[0] != DRM_FORMAT_MOD_LINEAR &&
                    modifier[0] != DRM_FORMAT_MOD_BROADCOM_VC4_T_TILED)))
        error = EINVAL;
    errno = error ? error : errno;
    return error ? -error
                 : drmModeAddFB2(fd, width, height, pixel_format, handles, pitches, offsets, buf_id,
                                 0);
}
