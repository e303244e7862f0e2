#include "server/cursor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "server/server.h"

#define KD_LOG_MODULE "cursor"
#include "base/log.h"

void kd_cursor_finish(struct kd_display_cursor *cursor)
{
    free((uint32_t *)cursor->image.pixels);
    kd_pixels_unref(cursor->pixels);
}

/* ---- Its image --------------------------------------------------------------------------------- */

/* The image as the display's picture lies in its buffer, premultiplied. packed has room for it. */
static void turn(const struct kd_view *view, const struct kd_pixels *upright, uint32_t *packed)
{
    for (int32_t y = 0; y < upright->height_px; y++) {
        for (int32_t x = 0; x < upright->width_px; x++) {
            struct kd_point at = kd_view_point_to_device(view, (struct kd_point){x, y});
            int32_t run_px;

            packed[(size_t)at.y * (size_t)view->device_width_px + (size_t)at.x] =
                kd_pix_premultiplied(*kd_pixels_at(upright, x, y, &run_px), upright->kind);
        }
    }
}

static struct kd_pixels *pixels_of(const uint32_t *packed, int32_t width_px, int32_t height_px)
{
    struct kd_pixels *pixels =
        kd_pixels_create(KD_SOURCE_PREMULTIPLIED, width_px, height_px, false);
    struct kd_tile *tile = pixels ? kd_pixels_own_tile(pixels, 0, false) : NULL;

    if (!tile) {
        kd_pixels_unref(pixels);
        return NULL;
    }
    for (int32_t y = 0; y < height_px; y++)
        memcpy(tile->pixels + (size_t)y * tile->stride_px, packed + (size_t)y * (size_t)width_px,
               (size_t)width_px * sizeof(uint32_t));
    tile->key = kd_hash_rows(kd_hash_process_seed(), tile->pixels,
                             (ptrdiff_t)(tile->stride_px * sizeof(uint32_t)),
                             (size_t)width_px * sizeof(uint32_t), (size_t)height_px);
    return pixels;
}

/* False: out of memory, and nothing changed. */
static bool take_image(struct kd_display *display, const struct kd_pixels *upright,
                       struct kd_point hot)
{
    static uint64_t serials;
    struct kd_display_cursor *cursor = &display->cursor;
    const struct kd_view *whole = &display->output->view;
    bool turned = kd_view_orientation(whole).turned;
    int32_t width_px = turned ? upright->height_px : upright->width_px;
    int32_t height_px = turned ? upright->width_px : upright->height_px;
    struct kd_view view = kd_view_of(width_px, height_px, (enum kb_rotation)whole->rotation,
                                     whole->reflect_x, whole->reflect_y, (const int32_t[4]){0});
    uint32_t *packed = calloc((size_t)width_px * (size_t)height_px, sizeof(*packed));
    struct kd_pixels *pixels;

    if (!packed)
        return false;
    turn(&view, upright, packed);
    pixels = pixels_of(packed, width_px, height_px);
    if (!pixels) {
        free(packed);
        return false;
    }
    kd_cursor_finish(cursor);
    hot = kd_view_point_to_device(&view, hot);
    cursor->image = (struct kd_cursor_image){.pixels = packed,
                                             .width_px = width_px,
                                             .height_px = height_px,
                                             .hot_x = hot.x,
                                             .hot_y = hot.y,
                                             .serial = ++serials};
    cursor->pixels = pixels;
    return true;
}

/* ---- Where it is ------------------------------------------------------------------------------- */

static struct kd_box box_of(const struct kd_display_cursor *cursor)
{
    return kd_box_moved(kd_box_of_size(cursor->image.width_px, cursor->image.height_px),
                        cursor->x - cursor->image.hot_x, cursor->y - cursor->image.hot_y);
}

/* Where it can be seen in the display's buffer. */
static struct kd_box area_of(struct kd_display *display)
{
    return kd_view_to_device(&display->output->view, kd_mirror_area(display)).box;
}

void kd_cursor_show(struct kd_display *display, const struct kd_pixels *upright,
                    struct kd_point hot, struct kd_global_box pixel)
{
    struct kd_display_cursor *cursor = &display->cursor;
    struct kd_display_cursor before = *cursor;
    struct kd_box on_output = kd_mirror_box(display, pixel).box;
    struct kd_point at = {on_output.x1, on_output.y1};

    if (cursor->upright_version != upright->version || cursor->upright_hot.x != hot.x ||
        cursor->upright_hot.y != hot.y) {
        if (!take_image(display, upright, hot))
            return;
        cursor->upright_version = upright->version;
        cursor->upright_hot = hot;
    }
    at = kd_view_point_to_device(&display->output->view, at);
    cursor->x = at.x;
    cursor->y = at.y;
    cursor->is_visible = !kd_box_empty(kd_box_intersect(box_of(cursor), area_of(display)));
    if (cursor->is_visible == before.is_visible &&
        (!cursor->is_visible || (cursor->x == before.x && cursor->y == before.y &&
                                 cursor->image.serial == before.image.serial)))
        return;
    kd_display_damage(display);
}

void kd_cursor_hide(struct kd_display *display)
{
    if (!display->cursor.is_visible)
        return;
    display->cursor.is_visible = false;
    kd_display_damage(display);
}

/* ---- By a plane, or drawn ------------------------------------------------------------------------ */

static void conclude(struct kd_display *display, bool has_plane, const char *why)
{
    struct kd_display_cursor *cursor = &display->cursor;
    char reason[sizeof(cursor->reason)];

    cursor->asked_serial = cursor->image.serial;
    cursor->has_plane = has_plane;
    snprintf(reason, sizeof(reason), "the cursor is %s%s",
             has_plane ? "shown by a plane" : "drawn: ", why);
    if (strcmp(reason, cursor->reason) != 0)
        KD_INFO("output %s: %s", display->output->name, reason);
    memcpy(cursor->reason, reason, sizeof(reason));
}

/* Whether a plane shows it. Asks the display where it has not been asked about this image. */
static bool is_on_plane(struct kd_display *display)
{
    struct kd_output *output = display->output;
    struct kd_display_cursor *cursor = &display->cursor;
    struct kd_commit commit = {.cursor = &cursor->image,
                               .cursor_x = cursor->x,
                               .cursor_y = cursor->y,
                               .window = display->shown_window,
                               .fence_fd = -1,
                               .test_only = true};
    int error;

    if (!cursor->is_visible)
        return false;
    if (cursor->asked_serial == cursor->image.serial)
        return cursor->has_plane;
    if (display->server->config.hardware_cursor == KD_OFF) {
        conclude(display, false, "asked for by cursor = software");
        return false;
    }
    commit.buffer = output->impl->front(output);
    if (!commit.buffer)
        return false; /* nothing is shown yet: asked after the first frame */
    error = output->impl->commit(output, &commit, kd_server_now_ns(display->server));
    conclude(display, error == 0,
             error == -EINVAL || error == -ENOSYS ? "the display has no plane for it"
             : error                              ? strerror(-error)
                                                  : "");
    return cursor->has_plane;
}

bool kd_cursor_is_drawn(struct kd_display *display)
{
    return display->cursor.is_visible && !is_on_plane(display);
}

void kd_cursor_draw(struct kd_display *display, uint32_t source, struct kd_ops *ops)
{
    const struct kd_display_cursor *cursor = &display->cursor;
    struct kd_box box = box_of(cursor);
    struct kd_box where = kd_box_intersect(box, area_of(display));
    const struct kd_op op = {.kind = KD_OP_BLIT,
                             .blend = KB_BLEND_OVER,
                             .alpha = 255,
                             .color = UINT32_MAX,
                             .where = where,
                             .source = source,
                             .src_x = where.x1 - box.x1,
                             .src_y = where.y1 - box.y1};

    kd_ops_add(ops, &op);
}

/* ---- Commits ------------------------------------------------------------------------------------- */

bool kd_cursor_differs(struct kd_display *display)
{
    const struct kd_display_cursor *cursor = &display->cursor;

    if (!is_on_plane(display))
        return cursor->shown.serial != 0;
    return cursor->shown.serial != cursor->image.serial || cursor->shown.x != cursor->x ||
           cursor->shown.y != cursor->y;
}

void kd_cursor_commit(struct kd_display *display, bool is_drawn, struct kd_commit *commit)
{
    const struct kd_display_cursor *cursor = &display->cursor;

    if (is_drawn || !is_on_plane(display))
        return;
    commit->cursor = &cursor->image;
    commit->cursor_x = cursor->x;
    commit->cursor_y = cursor->y;
}

void kd_cursor_committed(struct kd_display *display, const struct kd_commit *commit)
{
    display->cursor.shown = (struct kd_cursor_shown){.serial = 0};
    if (commit->cursor)
        display->cursor.shown =
            (struct kd_cursor_shown){commit->cursor->serial, commit->cursor_x, commit->cursor_y};
}

void kd_cursor_failed(struct kd_display *display, const struct kd_commit *commit, int error)
{
    bool may_pass = error == -EACCES || error == -EBUSY || error == -EINTR || error == -ENOMEM;

    if (commit->cursor && !may_pass)
        conclude(display, false, strerror(-error));
}
