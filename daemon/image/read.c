#include "image/read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/boxes.h"
#include "base/format.h"
#include "base/hash.h"
#include "base/switches.h"

/* Rows that are read at a time: a step of the job. */
#define BAND_PX KD_TILE_PX

struct read_job {
    struct kd_job job;
    struct kd_image_notice notice;
    struct kd_memory *memory; /* a reference */
    struct kd_source *source; /* a reference; being filled */
    struct kd_source *before; /* a reference; the version it is derived from, or NULL */
    struct kd_pixels *pixels; /* being filled; goes to source when all is done */
    const struct kd_format *format;
    struct kd_conversion conversion;
    uint32_t palette[256]; /* what conversion refers to, if the image has one */
    int32_t width_px, height_px;
    bool versioned;
    uint64_t offset_bytes;
    uint32_t stride_bytes;
    uint8_t *band;     /* owned: rows as the client stores them */
    bool *dirty;       /* owned: tiles to be hashed */
    size_t rect_index; /* where the next step goes on */
    int32_t next_y;
    int error;
    struct kd_box *rects; /* owned */
    size_t rects_count;
};

static struct read_job *read_job_of(struct kd_job *job)
{
    return (struct read_job *)((char *)job - offsetof(struct read_job, job));
}

/* The version to derive from is complete by now: it was read earlier in the same lane. */
static int begin(struct read_job *read)
{
    const struct kd_box everything = kd_box_of_size(read->width_px, read->height_px);
    struct kd_pixels *before = read->before ? read->before->pixels : NULL;

    if (before) {
        read->pixels = kd_pixels_derive(before);
    } else {
        read->pixels = kd_pixels_create(kd_conversion_kind(&read->conversion), read->width_px,
                                        read->height_px, read->versioned);
        read->rects[0] = everything; /* nothing to derive from: an update must read it all */
        read->rects_count = 1;
    }
    if (!read->pixels)
        return -ENOMEM;
    read->band = malloc((size_t)BAND_PX * (size_t)read->width_px * read->format->bytes_per_px);
    read->dirty = calloc(kd_pixels_tiles(read->pixels), sizeof(bool));
    return read->band && read->dirty ? 0 : -ENOMEM;
}

/* Brings a box of the client's memory into band, rows without gaps; in one call where the gaps are small. */
static int fetch(struct read_job *read, struct kd_box box)
{
    size_t pixel_bytes = read->format->bytes_per_px;
    size_t row_bytes = (size_t)kd_box_width(box) * pixel_bytes;
    uint64_t at_bytes =
        read->offset_bytes + (uint64_t)box.y1 * read->stride_bytes + (uint64_t)box.x1 * pixel_bytes;

    if (row_bytes == read->stride_bytes)
        return kd_memory_read(read->memory, at_bytes, read->band,
                              row_bytes * (size_t)kd_box_height(box));
    for (int32_t y = 0; y < kd_box_height(box); y++, at_bytes += read->stride_bytes) {
        int error =
            kd_memory_read(read->memory, at_bytes, read->band + (size_t)y * row_bytes, row_bytes);

        if (error)
            return error;
    }
    return 0;
}

/* Writes a box, fetched into band, into the tiles that it touches. */
static int store(struct read_job *read, struct kd_box box)
{
    struct kd_pixels *pixels = read->pixels;
    uint8_t shift = pixels->tile_shift;
    size_t row_px = (size_t)kd_box_width(box);

    for (int32_t ty = box.y1 >> shift; ty <= (box.y2 - 1) >> shift; ty++) {
        for (int32_t tx = box.x1 >> shift; tx <= (box.x2 - 1) >> shift; tx++) {
            size_t index = (size_t)ty * (size_t)pixels->tiles_x + (size_t)tx;
            struct kd_box tile_box = kd_pixels_tile_box(pixels, index);
            struct kd_box part = kd_box_intersect(tile_box, box);
            struct kd_tile *tile = kd_pixels_own_tile(pixels, index, true);

            if (!tile)
                return -ENOMEM;
            read->dirty[index] = true;
            for (int32_t y = part.y1; y < part.y2; y++) {
                const uint8_t *from =
                    read->band + ((size_t)(y - box.y1) * row_px + (size_t)(part.x1 - box.x1)) *
                                     read->format->bytes_per_px;
                uint32_t *to = tile->pixels + (size_t)(y - tile_box.y1) * tile->stride_px +
                               (part.x1 - tile_box.x1);

                kd_convert_row(&read->conversion, to, from, (size_t)kd_box_width(part));
            }
        }
    }
    return 0;
}

/* What the new tiles are made of. The seed is the daemon's secret: colliding content cannot be made on purpose. */
static void look_at_tiles(struct read_job *read)
{
    for (size_t i = 0; i < kd_pixels_tiles(read->pixels); i++) {
        struct kd_box box = kd_pixels_tile_box(read->pixels, i);
        struct kd_tile *tile = read->pixels->tiles[i];

        if (!read->dirty[i])
            continue;
        tile->key =
            kd_hash_rows(kd_hash_process_seed(), tile->pixels, tile->stride_px * sizeof(uint32_t),
                         (size_t)kd_box_width(box) * sizeof(uint32_t), (size_t)kd_box_height(box));
        if (kd_switch_is_on(KD_SWITCH_SECTIONS))
            tile->sections = kd_sections_make(tile->pixels, tile->stride_px, kd_box_width(box),
                                              kd_box_height(box), read->pixels->kind);
    }
}

static enum kd_job_step read_step(struct kd_job *job)
{
    struct read_job *read = read_job_of(job);

    if (kd_job_is_abandoned(job))
        read->error = -ECANCELED;
    else if (!read->pixels)
        read->error = begin(read);
    if (!read->error && read->rect_index < read->rects_count) {
        struct kd_box box = read->rects[read->rect_index];

        box.y1 = kd_max(box.y1, read->next_y);
        box.y2 = kd_min(box.y2, (box.y1 / BAND_PX + 1) * BAND_PX);
        read->error = fetch(read, box);
        if (!read->error)
            read->error = store(read, box);
        read->next_y = box.y2;
        if (box.y2 == read->rects[read->rect_index].y2) {
            read->rect_index++;
            read->next_y = 0;
        }
        if (!read->error && read->rect_index < read->rects_count)
            return KD_JOB_AGAIN;
    }
    if (!read->error) {
        look_at_tiles(read);
        read->source->pixels = read->pixels;
    } else {
        kd_pixels_unref(read->pixels);
        if (read->before && read->before->pixels)
            read->source->pixels = kd_pixels_ref(read->before->pixels);
    }
    return KD_JOB_DONE;
}

static void read_done(struct kd_job *job)
{
    struct read_job *read = read_job_of(job);
    struct kd_image_notice notice = read->notice;
    int error = read->error;

    read->source->state = read->source->pixels ? KD_SOURCE_READY : KD_SOURCE_FAILED;
    kd_source_unref(read->source);
    kd_source_unref(read->before);
    kd_memory_unref(read->memory);
    free(read->band);
    free(read->dirty);
    free(read->rects);
    free(read);
    notice.read(notice.ctx, notice.object, notice.serial, error);
}

/* The parts of the rectangles that lie in the image. Those that overlap so much that reading them would cost more than the whole image are
 * made disjoint first. -ENOMEM. */
static int take_rects(struct read_job *read, const struct kb_rect *rects, size_t count,
                      struct kd_box everything)
{
    int64_t area_px = 0;
    struct kd_box *boxes = malloc((count + 1) * sizeof(*boxes));

    if (!boxes)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        struct kd_box box =
            kd_box_from_rect(rects[i].x, rects[i].y, rects[i].width, rects[i].height);

        box = kd_box_intersect(box, everything);
        area_px += kd_box_area(box);
        if (!kd_box_empty(box))
            boxes[read->rects_count++] = box;
    }
    read->rects = boxes;
    if (area_px > kd_box_area(everything)) {
        int error = kd_boxes_disjoint(boxes, read->rects_count, &read->rects, &read->rects_count);

        free(boxes);
        return error;
    }
    return 0;
}

int kd_read_start(const struct kd_image *image, struct kd_source *source,
                  const struct kb_rect *rects, size_t count, struct kd_lane *lane,
                  const struct kd_image_notice *notice)
{
    struct read_job *read = calloc(1, sizeof(*read));

    if (!read ||
        take_rects(read, rects, count, kd_box_of_size(image->width_px, image->height_px)) < 0) {
        free(read);
        return -ENOMEM;
    }
    read->job.step = read_step;
    read->job.done = read_done;
    read->notice = *notice;
    read->memory = kd_memory_ref(image->memory);
    read->source = kd_source_ref(source);
    read->before = image->newest ? kd_source_ref(image->newest) : NULL;
    read->format = kd_format_get(image->conversion.format);
    read->conversion = image->conversion;
    if (image->conversion.palette) {
        memcpy(read->palette, image->conversion.palette, sizeof(read->palette));
        read->conversion.palette = read->palette;
    }
    read->width_px = image->width_px;
    read->height_px = image->height_px;
    read->versioned = image->shared;
    read->offset_bytes = image->offset_bytes;
    read->stride_bytes = image->stride_bytes;
    kd_lane_submit(lane, &read->job);
    return 0;
}
