/*
 * Images: pixels that clients hand over, once or again and again, in versions.
 *
 * Reading a client's memory takes time, so it is a job; a frame that uses the image gets the version as of its place in the socket at
 * once, and is drawn when that version is ready. Everything here is the loop's thread's, but for the job itself.
 */
#ifndef KD_IMAGE_IMAGE_H
#define KD_IMAGE_IMAGE_H

#include "base/jobs.h"
#include "image/convert.h"
#include "image/memory.h"
#include "image/pixels.h"

#include "gen/kmsblit_types.h"

enum kd_source_state { KD_SOURCE_WAITING, KD_SOURCE_READY, KD_SOURCE_FAILED };

/* One version of an image, held by the image while it is the newest and by every frame that draws it. */
struct kd_source {
    unsigned refs;
    enum kd_source_state state;
    struct kd_pixels *pixels;   /* a reference; the job's until the state is READY */
    struct kd_account *account; /* a reference; charged for the whole picture */
    uint64_t charged_bytes;
};

struct kd_source *kd_source_ref(struct kd_source *source);
void kd_source_unref(struct kd_source *source); /* NULL is allowed */

struct kd_image {
    struct kd_conversion conversion;
    uint32_t *palette; /* owned: what conversion refers to; NULL: none */
    int32_t width_px, height_px;
    bool shared;
    bool is_canvas;           /* drawn by frames; has no memory */
    struct kd_memory *memory; /* a reference; NULL once an image that is not shared has been read */
    uint64_t offset_bytes;
    uint32_t stride_bytes;
    struct kd_source *newest; /* a reference */
    uint32_t frame_mark;      /* last frame that was found to use it ... */
    uint32_t frame_source;    /* ... and its place among that frame's sources */
};

struct kd_image_info {
    enum kb_format format;
    bool has_key;
    uint32_t color_key;      /* 0x00RRGGBB */
    const uint32_t *palette; /* straight colours; for p8 only */
    uint32_t palette_count;  /* at most 256 */
    uint32_t width_px, height_px;
    uint32_t stride_bytes;
    uint64_t offset_bytes;
    bool shared;
};

/* Called when the memory has been read, with 0 or -errno (the image then keeps its older version). */
typedef void kd_image_read_fn(void *ctx, uint32_t object, uint32_t serial, int error);

/* How a read reports back: all of it is handed to the callback. */
struct kd_image_notice {
    kd_image_read_fn *read;
    void *ctx;
    uint32_t object, serial;
};

/* Checks and starts reading memory (its own reference is taken) in the lane. Errors: -EINVAL (stride, offset), -EBADF the memory is
 * too small, -EDQUOT, -ENOSYS the format; *why is then a static sentence. */
int kd_image_create(const struct kd_image_info *info, struct kd_memory *memory,
                    struct kd_account *account, struct kd_lane *lane,
                    const struct kd_image_notice *notice, const char **why, struct kd_image **out);

/* Starts reading rectangles of a shared image again, as a new version. */
int kd_image_update(struct kd_image *image, const struct kb_rect *rects, size_t count,
                    struct kd_lane *lane, const struct kd_image_notice *notice, const char **why);

/* An image that frames draw into, transparent at first. Errors: -EDQUOT, -ENOMEM. */
int kd_image_create_canvas(int32_t width_px, int32_t height_px, struct kd_account *account,
                           const char **why, struct kd_image **out);

/* Makes a canvas's newest version one that has yet to be drawn; *out is a reference to it for who draws it. Errors: -EDQUOT, -ENOMEM. */
int kd_image_new_version(struct kd_image *canvas, const char **why, struct kd_source **out);

/* Frames and reads under way keep what they need. NULL is allowed. */
void kd_image_destroy(struct kd_image *image);

#endif
