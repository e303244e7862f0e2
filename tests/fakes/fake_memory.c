/*
 * Dumb buffers, framebuffers and blobs, and mmap() of what only this process has.
 */
/* mmap() and open() are defined here under both of their names. */
#undef _FILE_OFFSET_BITS
#include "fake_model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAPS 128

static struct fake_map {
    void *address;
    size_t length;
} maps[MAPS];

static int answer(int error)
{
    if (error)
        errno = error;
    return -error;
}

/* ---- Blobs ---------------------------------------------------------------------------------- */

struct fake_blob *fake_find_blob(const struct fake_card *card, uint32_t id)
{
    struct fake_blob *blob = card->blobs;

    while (blob && blob->id != id)
        blob = blob->next;
    return id ? blob : NULL;
}

struct fake_blob *fake_new_blob(struct fake_card *card, int owner, const void *bytes,
                                size_t bytes_count)
{
    struct fake_blob *blob = calloc(1, sizeof(*blob) + bytes_count);

    if (!blob)
        return NULL;
    blob->id = card->next_id++;
    blob->owner = owner;
    blob->bytes_count = bytes_count;
    memcpy(blob->bytes, bytes, bytes_count);
    blob->next = card->blobs;
    card->blobs = blob;
    if (owner >= 0)
        card->counts.blobs++;
    return blob;
}

static bool in_state(const struct fake_state *state, uint32_t id)
{
    for (unsigned n = 0; n < FAKE_OBJECTS; n++)
        if (state->values[n][K_MODE_ID] == id || state->values[n][K_DAMAGE] == id ||
            state->values[n][K_EDID] == id || state->values[n][K_IN_FORMATS] == id)
            return true;
    return false;
}

static bool blob_used(const struct fake_card *card, uint32_t id)
{
    for (unsigned n = 0; n < card->crtcs; n++)
        if (in_state(&card->crtc[n].shown, id) ||
            (card->crtc[n].pending && in_state(&card->crtc[n].next, id)))
            return true;
    return in_state(&card->state, id);
}

void fake_sweep_blobs(struct fake_card *card)
{
    struct fake_blob **at = &card->blobs;

    while (*at) {
        struct fake_blob *blob = *at;

        if (blob->owner >= 0 || blob->fixed || blob_used(card, blob->id)) {
            at = &blob->next;
        } else {
            *at = blob->next;
            free(blob);
        }
    }
}

int drmModeCreatePropertyBlob(int fd, const void *data, size_t size, uint32_t *id)
{
    struct fake_blob *blob = NULL;
    struct fake_file *file;
    int error;

    if (size >= INT32_MAX)
        return -ERANGE;
    fake_lock();
    file = fake_file(fd);
    error = file ? fake_fails("drmModeCreatePropertyBlob") : errno;
    if (!error && (!data || !size || !id))
        error = EINVAL;
    if (!error && !(blob = fake_new_blob(file->card, fd, data, size)))
        error = ENOMEM;
    if (blob)
        *id = blob->id;
    fake_unlock();
    return answer(error);
}

int drmModeDestroyPropertyBlob(int fd, uint32_t id)
{
    struct fake_blob *blob;
    struct fake_file *file;
    int error;

    fake_lock();
    file = fake_file(fd);
    error = file ? fake_fails("drmModeDestroyPropertyBlob") : errno;
    if (!error) {
        blob = fake_find_blob(file->card, id);
        if (!blob)
            error = ENOENT;
        else if (blob->owner != fd)
            error = EPERM;
    }
    if (!error) {
        blob->owner = -1;
        file->card->counts.blobs--;
        fake_sweep_blobs(file->card);
    }
    fake_unlock();
    return answer(error);
}

drmModePropertyBlobPtr drmModeGetPropertyBlob(int fd, uint32_t blob_id)
{
    drmModePropertyBlobPtr copy = NULL;
    const struct fake_blob *blob;
    struct fake_file *file;
    int error;

    fake_lock();
    file = fake_file(fd);
    error = file ? fake_fails("drmModeGetPropertyBlob") : errno;
    if (!error && !(blob = fake_find_blob(file->card, blob_id)))
        error = ENOENT;
    if (!error) {
        copy = calloc(1, sizeof(*copy));
        copy->id = blob->id;
        copy->length = (uint32_t)blob->bytes_count;
        copy->data = malloc(blob->bytes_count + 1);
        memcpy(copy->data, blob->bytes, blob->bytes_count);
    }
    fake_unlock();
    answer(error);
    return copy;
}

void drmModeFreePropertyBlob(drmModePropertyBlobPtr blob)
{
    if (!blob)
        return;
    free(blob->data);
    free(blob);
}

/* ---- Dumb buffers --------------------------------------------------------------------------- */

static struct fake_memory *find_memory(const struct fake_card *card, int fd, uint32_t handle)
{
    struct fake_memory *memory = card->memories;

    while (memory && (memory->handle != handle || memory->owner != fd))
        memory = memory->next;
    return memory;
}

static void release_memory(struct fake_card *card, struct fake_memory *memory)
{
    struct fake_memory **at = &card->memories;

    if (memory->owner >= 0 || memory->framebuffers > 0)
        return;
    while (*at != memory)
        at = &(*at)->next;
    *at = memory->next;
    syscall(SYS_munmap, memory->bytes, memory->size);
    card->counts.memories--;
    free(memory);
}

/* The smallest number that this file does not use, as a kernel has it. */
static uint32_t free_handle(const struct fake_card *card, int fd)
{
    uint32_t handle = 1;

    while (find_memory(card, fd, handle))
        handle++;
    return handle;
}

int drmModeCreateDumbBuffer(int fd, uint32_t width, uint32_t height, uint32_t bpp, uint32_t flags,
                            uint32_t *handle, uint32_t *pitch, uint64_t *size)
{
    struct fake_memory *memory = NULL;
    struct fake_file *file;
    int error;

    fake_lock();
    file = fake_file(fd);
    error = file ? fake_fails("drmModeCreateDumbBuffer") : errno;
    if (!error && file->card->no_dumb)
        error = ENOSYS;
    if (!error && (!width || !height || width > 16384 || height > 16384 || bpp % 8 || !bpp ||
                   bpp > 64 || flags))
        error = EINVAL;
    if (!error && !(memory = calloc(1, sizeof(*memory))))
        error = ENOMEM;
    if (memory) {
        memory->width = width;
        memory->height = height;
        memory->bpp = bpp;
        memory->pitch = (width * (bpp / 8) + 63) / 64 * 64;
        memory->size = ((uint64_t)memory->pitch * height + 4095) / 4096 * 4096;
        memory->bytes = (void *)syscall(SYS_mmap, NULL, memory->size, PROT_READ | PROT_WRITE,
                                        MAP_SHARED | MAP_ANONYMOUS, -1, 0L);
        memory->owner = fd;
        memory->handle = free_handle(file->card, fd);
        memory->offset = file->card->next_offset;
        file->card->next_offset += memory->size;
        memory->next = file->card->memories;
        file->card->memories = memory;
        file->card->counts.memories++;
        file->card->counts.dumb_buffers++;
        *handle = memory->handle;
        *pitch = memory->pitch;
        *size = memory->size;
    }
    fake_unlock();
    return answer(error);
}

static int drop_handle(const char *call, int fd, uint32_t handle)
{
    struct fake_memory *memory = NULL;
    struct fake_file *file;
    int error;

    fake_lock();
    file = fake_file(fd);
    error = file ? fake_fails(call) : errno;
    if (!error && !(memory = find_memory(file->card, fd, handle)))
        error = EINVAL;
    if (!error) {
        memory->owner = -1;
        file->card->counts.dumb_buffers--;
        release_memory(file->card, memory);
    }
    fake_unlock();
    return answer(error);
}

int drmModeDestroyDumbBuffer(int fd, uint32_t handle)
{
    return drop_handle("drmModeDestroyDumbBuffer", fd, handle);
}

int drmCloseBufferHandle(int fd, uint32_t handle)
{
    return drop_handle("drmCloseBufferHandle", fd, handle) ? -1 : 0;
}

int drmModeMapDumbBuffer(int fd, uint32_t handle, uint64_t *offset)
{
    struct fake_memory *memory = NULL;
    struct fake_file *file;
    int error;

    fake_lock();
    file = fake_file(fd);
    error = file ? fake_fails("drmModeMapDumbBuffer") : errno;
    if (!error && !(memory = find_memory(file->card, fd, handle)))
        error = ENOENT;
    if (!error)
        *offset = memory->offset;
    fake_unlock();
    return answer(error);
}

/* ---- Framebuffers --------------------------------------------------------------------------- */

struct fake_fb *fake_find_fb(const struct fake_card *card, uint32_t id)
{
    struct fake_fb *fb = card->fbs;

    while (fb && fb->id != id)
        fb = fb->next;
    return id ? fb : NULL;
}

static uint32_t pixel_bytes(uint32_t format)
{
    switch (format) {
    case DRM_FORMAT_XRGB8888:
    case DRM_FORMAT_ARGB8888:
    case DRM_FORMAT_XBGR8888:
    case DRM_FORMAT_ABGR8888: return 4;
    case DRM_FORMAT_RGB565: return 2;
    }
    return 0;
}

static bool format_known(const struct fake_card *card, uint32_t format)
{
    for (unsigned n = 0; n < card->planes; n++)
        for (unsigned at = 0; at < card->objects[FAKE_FIRST_PLANE + n].formats_count; at++)
            if (card->objects[FAKE_FIRST_PLANE + n].formats[at] == format)
                return true;
    return false;
}

int drmModeAddFB2(int fd, uint32_t width, uint32_t height, uint32_t pixel_format,
                  const uint32_t handles[4], const uint32_t pitches[4], const uint32_t offsets[4],
                  uint32_t *buf_id, uint32_t flags)
{
    uint32_t bytes = pixel_bytes(pixel_format);
    struct fake_memory *memory = NULL;
    struct fake_fb *fb = NULL;
    struct fake_file *file;
    int error;

    fake_lock();
    file = fake_file(fd);
    error = file ? fake_fails("drmModeAddFB2") : errno;
    if (!error && (flags || !bytes || !width || !height || width > 8192 || height > 8192 ||
                   handles[1] || pitches[1] || offsets[1] || pitches[0] < width * bytes ||
                   !format_known(file->card, pixel_format)))
        error = EINVAL;
    if (!error && !(memory = find_memory(file->card, fd, handles[0])))
        error = ENOENT;
    if (!error && (uint64_t)pitches[0] * (height - 1) + width * bytes + offsets[0] > memory->size)
        error = EINVAL;
    if (!error && !(fb = calloc(1, sizeof(*fb))))
        error = ENOMEM;
    if (fb) {
        *fb = (struct fake_fb){file->card->fbs,
                               file->card->next_id++,
                               width,
                               height,
                               pixel_format,
                               pitches[0],
                               offsets[0],
                               memory,
                               fd};
        file->card->fbs = fb;
        memory->framebuffers++;
        file->card->counts.framebuffers++;
        *buf_id = fb->id;
    }
    fake_unlock();
    return answer(error);
}

static void remove_fb(struct fake_card *card, struct fake_fb *fb)
{
    struct fake_fb **at = &card->fbs;

    fake_planes_off(card, fb->id);
    while (*at != fb)
        at = &(*at)->next;
    *at = fb->next;
    fb->memory->framebuffers--;
    release_memory(card, fb->memory);
    card->counts.framebuffers--;
    free(fb);
}

int drmModeRmFB(int fd, uint32_t bufferId)
{
    struct fake_fb *fb = NULL;
    struct fake_file *file;
    int error;

    fake_lock();
    file = fake_file(fd);
    error = file ? fake_fails("drmModeRmFB") : errno;
    if (!error && (!(fb = fake_find_fb(file->card, bufferId)) || fb->owner != fd))
        error = ENOENT;
    if (!error)
        remove_fb(file->card, fb);
    fake_unlock();
    return answer(error);
}

/* What a file had, when it is closed; -1: everybody's. */
void fake_close_memory(struct fake_card *card, int owner)
{
    struct fake_fb *fb = card->fbs;
    struct fake_memory *memory = card->memories;

    while (fb) {
        struct fake_fb *next = fb->next;

        if (owner < 0 || fb->owner == owner)
            remove_fb(card, fb);
        fb = next;
    }
    while (memory) {
        struct fake_memory *next = memory->next;

        if (owner < 0 || memory->owner == owner) {
            if (memory->owner >= 0)
                card->counts.dumb_buffers--;
            memory->owner = -1;
            release_memory(card, memory);
        }
        memory = next;
    }
    for (struct fake_blob *blob = card->blobs; blob; blob = blob->next)
        if (blob->owner >= 0 && (owner < 0 || blob->owner == owner)) {
            blob->owner = -1;
            card->counts.blobs--;
        }
    fake_sweep_blobs(card);
}

/* ---- Maps ----------------------------------------------------------------------------------- */

unsigned fake_live_maps(void)
{
    unsigned count = 0;

    for (unsigned n = 0; n < MAPS; n++)
        count += maps[n].address != NULL;
    return count;
}

/* Another mapping of the same pages: no file is needed for that, so that tests can count fds. */
static void *map_memory(struct fake_file *file, size_t length, int prot, uint64_t offset)
{
    struct fake_memory *memory = file->card->memories;
    void *address;

    while (memory && (memory->owner != file->fd || memory->offset != offset))
        memory = memory->next;
    if (!memory || length > memory->size) {
        errno = EINVAL;
        return MAP_FAILED;
    }
    for (unsigned n = 0; n < MAPS; n++) {
        if (maps[n].address)
            continue;
        address = mremap(memory->bytes, 0, length, MREMAP_MAYMOVE);
        if (address == MAP_FAILED)
            return address;
        mprotect(address, length, prot);
        maps[n] = (struct fake_map){address, length};
        return address;
    }
    errno = ENOMEM;
    return MAP_FAILED;
}

void *mmap(void *address, size_t length, int prot, int flags, int fd, off_t offset)
{
    struct fake_file *file;
    void *result;

    if (fd < 0 || flags & MAP_ANONYMOUS || !fake_cards[0])
        return (void *)syscall(SYS_mmap, address, length, prot, flags, fd, offset);
    fake_lock();
    file = fake_file(fd);
    if (file) {
        int error = fake_fails("mmap");

        result = error ? MAP_FAILED : map_memory(file, length, prot, (uint64_t)offset);
        if (error)
            errno = error;
    } else {
        result = (void *)syscall(SYS_mmap, address, length, prot, flags, fd, offset);
    }
    fake_unlock();
    return result;
}

void *mmap64(void *address, size_t length, int prot, int flags, int fd, off_t offset);
void *mmap64(void *address, size_t length, int prot, int flags, int fd, off_t offset)
{
    return mmap(address, length, prot, flags, fd, offset);
}

int munmap(void *address, size_t length)
{
    if (fake_cards[0]) {
        fake_lock();
        for (unsigned n = 0; n < MAPS; n++)
            if (maps[n].address == address)
                maps[n] = (struct fake_map){0};
        fake_unlock();
    }
    return (int)syscall(SYS_munmap, address, length);
}
