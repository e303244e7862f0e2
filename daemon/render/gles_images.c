/*
 * Images on the GPU: a cache by what is in them. Only what is sampled and differs is uploaded.
 */
#include <GLES2/gl2.h>
#include <GLES2/gl2ext.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/switches.h"
#include "render/gles_impl.h"

/* Images of more pixels have textures of their own. */
#define ATLAS_MOST_PX (256 * 256)

/* Those of at least so many both ways are looked at cell by cell: it costs draws, and saves pixels. */
#define CELLS_LEAST_PX 128

/* Converted at once, at most. */
#define ROWS_PX (INT32_C(1024) * KD_TILE_PX)

static bool image_is(const struct kd_gles_image *image, const struct kd_pixels *pixels, uint64_t id,
                     enum kd_gles_conversion conversion)
{
    return image->id == id && image->conversion == conversion &&
           image->width_px == pixels->width_px && image->height_px == pixels->height_px &&
           image->is_versioned == (pixels->tile_shift == KD_TILE_SHIFT);
}

/* ---- Pieces --------------------------------------------------------------------------------------- */

static bool is_shared(const struct kd_gles *gles, const struct kd_gles_image *image)
{
    return (int64_t)image->width_px * image->height_px <= ATLAS_MOST_PX &&
           image->width_px <= gles->limits.atlas_px && image->height_px <= gles->limits.atlas_px;
}

/* Pieces hold whole cells, and a pixel around them, which filters sample. */
static void divide(struct kd_gles_image *image, int32_t pitch_x, int32_t pitch_y)
{
    const struct kd_box all = kd_box_of_size(image->width_px, image->height_px);

    for (int32_t py = 0; py < image->pieces_y; py++)
        for (int32_t px = 0; px < image->pieces_x; px++) {
            struct kd_gles_piece *piece = &image->pieces[py * image->pieces_x + px];
            struct kd_box core = {px * pitch_x, py * pitch_y, (px + 1) * pitch_x,
                                  (py + 1) * pitch_y};

            piece->core = kd_box_intersect(core, all);
            piece->box = kd_box_intersect(
                (struct kd_box){core.x1 - 1, core.y1 - 1, core.x2 + 1, core.y2 + 1}, all);
        }
}

static struct kd_gles_image *image_create(struct kd_gles *gles, const struct kd_pixels *pixels,
                                          uint64_t id, enum kd_gles_conversion conversion)
{
    const int32_t limit = gles->limits.texture_px;
    const int32_t pitch = (limit - 2) & ~(KD_TILE_PX - 1);
    const int32_t pitch_x = pixels->width_px <= limit ? pixels->width_px : pitch;
    const int32_t pitch_y = pixels->height_px <= limit ? pixels->height_px : pitch;
    const struct kd_grid grid = kd_grid_of(pixels->width_px, pixels->height_px);
    const int32_t pieces_x = (pixels->width_px + pitch_x - 1) / pitch_x;
    const int32_t pieces_y = (pixels->height_px + pitch_y - 1) / pitch_y;
    const size_t pieces = (size_t)pieces_x * (size_t)pieces_y;
    struct kd_gles_image *image = calloc(1, sizeof(*image) + pieces * sizeof(image->pieces[0]) +
                                                kd_grid_count(grid) * sizeof(image->cells[0]));

    if (!image)
        return NULL;
    image->id = id;
    image->width_px = pixels->width_px;
    image->height_px = pixels->height_px;
    image->conversion = (uint8_t)conversion;
    image->is_versioned = pixels->tile_shift == KD_TILE_SHIFT;
    image->cells_x = grid.tiles_x;
    image->cells_y = grid.tiles_y;
    image->pieces_x = pieces_x;
    image->pieces_y = pieces_y;
    image->cells = (void *)&image->pieces[pieces];
    image->has_cells = image->width_px >= CELLS_LEAST_PX && image->height_px >= CELLS_LEAST_PX &&
                       kd_switch_is_on(KD_SWITCH_GPU_CELLS);
    divide(image, pitch_x, pitch_y);
    return image;
}

/* Cells in which there are pixels of a box. */
static void forget_cells(struct kd_gles_image *image, struct kd_box box)
{
    struct kd_box cells = kd_grid_touched(box);

    for (int32_t cy = cells.y1; cy < cells.y2; cy++)
        for (int32_t cx = cells.x1; cx < cells.x2; cx++)
            image->cells[cy * image->cells_x + cx].key = 0;
}

static int need_piece(struct kd_gles *gles, struct kd_gles_image *image, uint32_t i)
{
    struct kd_gles_piece *piece = &image->pieces[i];
    int error;

    if (piece->page) {
        piece->page->used = gles->step;
        return 0;
    }
    if (is_shared(gles, image))
        error = kd_gles_page_share(gles, image->width_px, image->height_px, piece);
    else
        error =
            kd_gles_page_get(gles, image, i, kd_box_width(piece->box), kd_box_height(piece->box));
    if (!error)
        forget_cells(image, piece->box);
    return error;
}

/* ---- Uploading ------------------------------------------------------------------------------------ */

static void convert(const struct kd_gles *gles, const struct kd_pixels *pixels,
                    enum kd_gles_conversion conversion, struct kd_box box, uint32_t *out)
{
    for (int32_t y = box.y1; y < box.y2; y++)
        for (int32_t x = box.x1, run; x < box.x2; x += run) {
            const uint32_t *from = kd_pixels_at(pixels, x, y, &run);

            run = kd_min(run, box.x2 - x);
            if (conversion == KD_GLES_AS_STORED)
                memcpy(out, from, (size_t)run * sizeof(*out));
            else if (conversion == KD_GLES_PREMULTIPLIED)
                gles->pix->blit[KD_TARGET_ALPHA][KD_SOURCE_STRAIGHT][KB_BLEND_REPLACE](out, from,
                                                                                       (size_t)run);
            else
                gles->pix->blit[KD_TARGET_OPAQUE][KD_SOURCE_OPAQUE][KB_BLEND_REPLACE](out, from,
                                                                                      (size_t)run);
            out += run;
        }
}

static void look_at_cell(struct kd_gles_cell *cell, const uint32_t *pixels, int32_t stride_px,
                         int32_t width_px, int32_t height_px)
{
    uint32_t differ = 0, alpha = 0xFF000000;

    for (int32_t y = 0; y < height_px && (differ == 0 || alpha == 0xFF000000); y++)
        for (int32_t x = 0; x < width_px; x++) {
            differ |= pixels[y * stride_px + x] ^ pixels[0];
            alpha &= pixels[y * stride_px + x];
        }
    cell->color = pixels[0];
    cell->content = differ == 0           ? KD_CONTENT_SOLID
                    : alpha == 0xFF000000 ? KD_CONTENT_OPAQUE
                                          : KD_CONTENT_MIXED;
}

/* Those of an image's cells that these pixels are all of. */
static void look_at_cells(struct kd_gles_image *image, struct kd_box box, const uint32_t *pixels)
{
    const struct kd_box cells = kd_grid_touched(box);
    const struct kd_grid grid = kd_grid_of(image->width_px, image->height_px);

    for (int32_t cy = cells.y1; cy < cells.y2; cy++)
        for (int32_t cx = cells.x1; cx < cells.x2; cx++) {
            const size_t index = (size_t)cy * (size_t)grid.tiles_x + (size_t)cx;
            const struct kd_box cell = kd_grid_tile(grid, index);

            if (kd_box_contains(box, cell))
                look_at_cell(&image->cells[index],
                             pixels + (cell.y1 - box.y1) * kd_box_width(box) + (cell.x1 - box.x1),
                             kd_box_width(box), kd_box_width(cell), kd_box_height(cell));
        }
}

static void swap_bytes(uint32_t *pixels, size_t count)
{
    for (size_t i = 0; i < count; i++)
        pixels[i] = (pixels[i] & 0xFF00FF00) | (pixels[i] >> 16 & 0xFF) | (pixels[i] & 0xFF) << 16;
}

/* A box of an image, within the piece, goes into its page: whole rows of cells at a time. */
static int upload(struct kd_gles *gles, struct kd_gles_image *image, const struct kd_pixels *pixels,
                  const struct kd_gles_piece *piece, struct kd_box box)
{
    const int32_t width = kd_box_width(box), step = kd_max(ROWS_PX / width, KD_TILE_PX);
    const unsigned format = gles->limits.no_bgra ? GL_RGBA : GL_BGRA_EXT;

    glBindTexture(GL_TEXTURE_2D, piece->page->texture);
    for (struct kd_box part = box; part.y1 < box.y2; part.y1 = part.y2) {
        size_t count;
        uint32_t *rows;

        part.y2 = kd_min((part.y1 + step) & ~(KD_TILE_PX - 1), box.y2);
        count = (size_t)width * (size_t)kd_box_height(part);
        rows = kd_gles_room_for(gles, &gles->images.rows, count, sizeof(*rows));
        if (!rows)
            return -ENOMEM;
        convert(gles, pixels, image->conversion, part, rows);
        if (image->has_cells)
            look_at_cells(image, part, rows);
        if (gles->limits.no_bgra)
            swap_bytes(rows, count);
        glTexSubImage2D(GL_TEXTURE_2D, 0, piece->x + part.x1 - piece->box.x1,
                        piece->y + part.y1 - piece->box.y1, width, kd_box_height(part), format,
                        GL_UNSIGNED_BYTE, rows);
        gles->counters.uploads++;
        gles->counters.upload_bytes += count * sizeof(*rows);
    }
    return 0;
}

static uint64_t key_of(const struct kd_gles_image *image, const struct kd_pixels *pixels,
                       int32_t cx, int32_t cy)
{
    return pixels->tiles[image->is_versioned ? cy * image->cells_x + cx : 0]->key;
}

static bool is_stale(const struct kd_gles_image *image, const struct kd_pixels *pixels, int32_t cx,
                     int32_t cy)
{
    return image->cells[cy * image->cells_x + cx].key != key_of(image, pixels, cx, cy);
}

/* How many cells of a box (of cells) are not what they should be. */
static int64_t count_stale(const struct kd_gles_image *image, const struct kd_pixels *pixels,
                           struct kd_box cells)
{
    int64_t count = 0;

    for (int32_t cy = cells.y1; cy < cells.y2; cy++)
        for (int32_t cx = cells.x1; cx < cells.x2; cx++)
            count += is_stale(image, pixels, cx, cy);
    return count;
}

static struct kd_box cells_px(struct kd_box cells)
{
    return (struct kd_box){cells.x1 * KD_TILE_PX, cells.y1 * KD_TILE_PX, cells.x2 * KD_TILE_PX,
                           cells.y2 * KD_TILE_PX};
}

/* Stale cells within a box of cells, as far as they are in the piece: all of them at once, or those beside each other. */
static int upload_stale(struct kd_gles *gles, struct kd_gles_image *image,
                        const struct kd_pixels *pixels, const struct kd_gles_piece *piece,
                        struct kd_box cells, bool all)
{
    int error = 0;

    cells = kd_box_intersect(cells, kd_grid_touched(piece->box));
    if (kd_box_empty(cells))
        return 0;
    if (all)
        return upload(gles, image, pixels, piece, kd_box_intersect(cells_px(cells), piece->box));
    for (int32_t cy = cells.y1; cy < cells.y2; cy++)
        for (int32_t cx = cells.x1, end; cx < cells.x2 && !error; cx = end) {
            const struct kd_box run = {cx, cy, cx, cy + 1};

            for (end = cx; end < cells.x2 && is_stale(image, pixels, end, cy);)
                end++;
            if (end == cx)
                end++;
            else
                error =
                    upload(gles, image, pixels, piece,
                           kd_box_intersect(cells_px((struct kd_box){run.x1, run.y1, end, run.y2}),
                                            piece->box));
        }
    return error;
}

/* Whether this step samples other versions of an image, too: of what they have uploaded nothing may change before it is drawn. */
static bool is_mixed(const struct kd_gles *gles, struct kd_gles_image *image,
                     const struct kd_pixels *pixels)
{
    if (image->step != gles->step)
        image->version = pixels->version;
    else if (image->version != pixels->version)
        image->version = 0;
    image->step = gles->step;
    return image->is_versioned && image->version == 0;
}

/* -EAGAIN: only once this step is over. */
static int refresh(struct kd_gles *gles, struct kd_gles_image *image,
                   const struct kd_pixels *pixels, struct kd_box cells)
{
    const int64_t stale = count_stale(image, pixels, cells);
    int error = is_mixed(gles, image, pixels) && stale > 0 ? -EAGAIN : 0;

    for (int32_t i = 0; stale > 0 && !error && i < image->pieces_x * image->pieces_y; i++)
        if (image->pieces[i].page)
            error = upload_stale(gles, image, pixels, &image->pieces[i], cells,
                                 stale == kd_box_area(cells));
    for (int32_t cy = cells.y1; stale > 0 && !error && cy < cells.y2; cy++)
        for (int32_t cx = cells.x1; cx < cells.x2; cx++)
            image->cells[cy * image->cells_x + cx].key = key_of(image, pixels, cx, cy);
    return error;
}

/* ---- The cache ------------------------------------------------------------------------------------ */

static struct kd_gles_image **find(struct kd_gles *gles, const struct kd_pixels *pixels,
                                   uint64_t id, enum kd_gles_conversion conversion)
{
    uint64_t hash = kd_hash_mix(id, (uint64_t)conversion);
    struct kd_gles_image **link = &gles->images.hashes[hash % KD_GLES_IMAGE_HASHES];

    while (*link && !image_is(*link, pixels, id, conversion))
        link = &(*link)->next;
    return link;
}

int kd_gles_image_get(struct kd_gles *gles, const struct kd_pixels *pixels,
                      enum kd_gles_conversion conversion, struct kd_box box,
                      struct kd_gles_image **out)
{
    const uint64_t id =
        pixels->tile_shift == KD_TILE_SHIFT ? pixels->lineage : pixels->tiles[0]->key;
    struct kd_gles_image **link = find(gles, pixels, id, conversion), *image = *link;
    int error = 0;

    if (!image) {
        *link = image = image_create(gles, pixels, id, conversion);
        if (!image)
            return -ENOMEM;
        gles->counters.allocations++;
    }
    if (is_shared(gles, image) && !image->is_versioned) /* in one piece */
        box = image->pieces[0].box;
    for (int32_t i = 0; !error && i < image->pieces_x * image->pieces_y; i++)
        if (!kd_box_empty(kd_box_intersect(image->pieces[i].core, box)))
            error = need_piece(gles, image, (uint32_t)i);
    gles->images.has_leftovers = gles->images.has_leftovers || error;
    if (!error)
        error = refresh(gles, image, pixels, kd_grid_touched(box));
    *out = image;
    return error;
}

static void leave_piece(struct kd_gles *gles, struct kd_gles_image *image, uint32_t piece)
{
    image->pieces[piece].page = NULL;
    forget_cells(image, image->pieces[piece].box);
    gles->images.has_leftovers = true;
}

void kd_gles_images_leave(struct kd_gles *gles, const struct kd_gles_page *page)
{
    if (page->owner) {
        leave_piece(gles, page->owner, page->piece);
        return;
    }
    for (size_t i = 0; i < KD_GLES_IMAGE_HASHES; i++)
        for (struct kd_gles_image *image = gles->images.hashes[i]; image; image = image->next)
            if (image->pieces[0].page == page)
                leave_piece(gles, image, 0);
}

static bool has_pages(const struct kd_gles_image *image)
{
    for (int32_t i = 0; i < image->pieces_x * image->pieces_y; i++)
        if (image->pieces[i].page)
            return true;
    return false;
}

void kd_gles_images_sweep(struct kd_gles *gles, bool all)
{
    for (size_t i = 0; (all || gles->images.has_leftovers) && i < KD_GLES_IMAGE_HASHES; i++)
        for (struct kd_gles_image **link = &gles->images.hashes[i]; *link;) {
            struct kd_gles_image *image = *link;

            if (!all && has_pages(image)) {
                link = &image->next;
                continue;
            }
            *link = image->next;
            free(image);
        }
    gles->images.has_leftovers = false;
}
