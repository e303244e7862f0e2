#include "image/image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"
#include "base/hash.h"
#include "image/read.h"

struct kd_source *kd_source_ref(struct kd_source *source)
{
    source->refs++;
    return source;
}

void kd_source_unref(struct kd_source *source)
{
    if (!source || --source->refs > 0)
        return;
    kd_account_release(source->account, source->charged_bytes);
    kd_account_unref(source->account);
    kd_pixels_unref(source->pixels);
    free(source);
}

static int source_create(const struct kd_image *image, struct kd_account *account, const char **why,
                         struct kd_source **out)
{
    uint64_t bytes = kd_pixels_bytes(image->width_px, image->height_px);
    struct kd_source *source;

    if (!kd_account_charge(account, bytes)) {
        *why =
            "this client may not hold so many pixels: destroy images, or raise client_memory in kmsblitd.conf";
        return -EDQUOT;
    }
    source = calloc(1, sizeof(*source));
    if (!source) {
        kd_account_release(account, bytes);
        *why = "the daemon is out of memory";
        return -ENOMEM;
    }
    *source =
        (struct kd_source){.refs = 1, .account = kd_account_ref(account), .charged_bytes = bytes};
    *out = source;
    return 0;
}

static int info_check(const struct kd_image_info *info, const struct kd_memory *memory,
                      const char **why)
{
    const struct kd_format *format = kd_format_get(info->format);
    uint64_t end_bytes;

    if (!format || !format->implemented) {
        *why = "this daemon cannot store images of that format yet";
        return -ENOSYS;
    }
    if ((info->palette_count > 0) != (info->format == KB_FORMAT_P8)) {
        *why = "images of format p8 have a palette of 1 to 256 colours, others have none";
        return -EINVAL;
    }
    if (!info->has_key && info->color_key != 0) {
        *why = "color_key must be 0 unless the flag color_key is set";
        return -EINVAL;
    }
    if (info->stride_bytes < (uint64_t)info->width_px * format->bytes_per_px ||
        info->stride_bytes % format->bytes_per_px) {
        *why = "stride_bytes must be at least a row and a multiple of the pixel's size";
        return -EINVAL;
    }
    if (__builtin_add_overflow(info->offset_bytes,
                               (uint64_t)info->stride_bytes * (info->height_px - 1), &end_bytes) ||
        __builtin_add_overflow(end_bytes, (uint64_t)info->width_px * format->bytes_per_px,
                               &end_bytes) ||
        end_bytes > memory->size_bytes) {
        *why = "the memory is too small for offset_bytes + stride_bytes * height";
        return -EBADF;
    }
    return 0;
}

static int start_read(struct kd_image *image, const struct kb_rect *rects, size_t count,
                      struct kd_account *account, struct kd_lane *lane,
                      const struct kd_image_notice *notice, const char **why)
{
    struct kd_source *source;
    int error = source_create(image, account, why, &source);

    if (error)
        return error;
    error = kd_read_start(image, source, rects, count, lane, notice);
    if (error) {
        kd_source_unref(source);
        *why = "the daemon is out of memory";
        return error;
    }
    kd_source_unref(image->newest);
    image->newest = source;
    return 0;
}

/* Colours past the palette's end are 0. -ENOMEM. */
static int copy_palette(struct kd_image *image, const struct kd_image_info *info)
{
    if (info->palette_count == 0)
        return 0;
    image->palette = calloc(256, sizeof(*image->palette));
    if (!image->palette)
        return -ENOMEM;
    memcpy(image->palette, info->palette, info->palette_count * sizeof(*info->palette));
    image->conversion.palette = image->palette;
    return 0;
}

int kd_image_create(const struct kd_image_info *info, struct kd_memory *memory,
                    struct kd_account *account, struct kd_lane *lane,
                    const struct kd_image_notice *notice, const char **why, struct kd_image **out)
{
    const struct kb_rect everything = {0, 0, info->width_px, info->height_px};
    struct kd_image *image;
    int error = info_check(info, memory, why);

    if (error)
        return error;
    image = calloc(1, sizeof(*image));
    if (!image) {
        *why = "the daemon is out of memory";
        return -ENOMEM;
    }
    *image = (struct kd_image){.conversion = {.format = info->format,
                                              .has_key = info->has_key,
                                              .key = info->color_key & 0x00FFFFFF},
                               .width_px = (int32_t)info->width_px,
                               .height_px = (int32_t)info->height_px,
                               .shared = info->shared,
                               .memory = kd_memory_ref(memory),
                               .offset_bytes = info->offset_bytes,
                               .stride_bytes = info->stride_bytes};
    error = copy_palette(image, info);
    if (!error)
        error = start_read(image, &everything, 1, account, lane, notice, why);
    if (error) {
        kd_image_destroy(image);
        return error;
    }
    if (!image->shared) {
        kd_memory_unref(image->memory);
        image->memory = NULL;
    }
    *out = image;
    return 0;
}

int kd_image_update(struct kd_image *image, const struct kb_rect *rects, size_t count,
                    struct kd_lane *lane, const struct kd_image_notice *notice, const char **why)
{
    if (!image->shared) {
        *why = "the image is not shared: create it with the flag shared, or create another";
        return -EINVAL;
    }
    return start_read(image, rects, count, image->newest->account, lane, notice, why);
}

/* All tiles of one size are the same one, until somebody draws. */
static struct kd_pixels *transparent(int32_t width_px, int32_t height_px)
{
    struct kd_pixels *pixels = kd_pixels_create(KD_SOURCE_PREMULTIPLIED, width_px, height_px, true);
    struct kd_tile *blanks[2][2] = {
        {NULL, NULL}, {NULL, NULL}}; /* by whether they are cut to the right and below */

    for (size_t i = 0; pixels && i < kd_pixels_tiles(pixels); i++) {
        struct kd_box box = kd_pixels_tile_box(pixels, i);
        struct kd_tile **blank =
            &blanks[kd_box_width(box) < KD_TILE_PX][kd_box_height(box) < KD_TILE_PX];

        if (*blank) {
            kd_pixels_share_tile(pixels, i, *blank);
            continue;
        }
        *blank = kd_pixels_own_tile(pixels, i, false);
        if (!*blank) {
            kd_pixels_unref(pixels);
            return NULL;
        }
        for (uint32_t y = 0; y < (*blank)->height_px; y++)
            memset((*blank)->pixels + (size_t)y * (*blank)->stride_px, 0,
                   (size_t)kd_box_width(box) * sizeof(uint32_t));
        (*blank)->key = kd_hash_mix(kd_hash_process_seed(), (uint64_t)kd_box_width(box) << 32 |
                                                                (uint32_t)kd_box_height(box));
    }
    return pixels;
}

int kd_image_create_canvas(int32_t width_px, int32_t height_px, struct kd_account *account,
                           const char **why, struct kd_image **out)
{
    struct kd_image *image = calloc(1, sizeof(*image));
    int error = image ? 0 : -ENOMEM;

    *why = "the daemon is out of memory";
    if (!error) {
        *image = (struct kd_image){.width_px = width_px, .height_px = height_px, .is_canvas = true};
        error = source_create(image, account, why, &image->newest);
    }
    if (!error) {
        image->newest->pixels = transparent(width_px, height_px);
        image->newest->state = KD_SOURCE_READY;
        error = image->newest->pixels ? 0 : -ENOMEM;
    }
    if (error)
        kd_image_destroy(image);
    else
        *out = image;
    return error;
}

int kd_image_new_version(struct kd_image *canvas, const char **why, struct kd_source **out)
{
    struct kd_source *source;
    int error = source_create(canvas, canvas->newest->account, why, &source);

    if (error)
        return error;
    kd_source_unref(canvas->newest);
    canvas->newest = source;
    *out = kd_source_ref(source);
    return 0;
}

void kd_image_destroy(struct kd_image *image)
{
    if (!image)
        return;
    kd_memory_unref(image->memory);
    kd_source_unref(image->newest);
    free(image->palette);
    free(image);
}
