#include "server/pointer.h"

#include <string.h>

#include "server/cursor.h"
#include "server/cursor_arrow.h"
#include "server/server.h"

/* From so many rows on a display's pixels are taken to be small. */
#define SMALL_PIXELS_ROWS 2160

void kd_pointer_finish(struct kd_pointer *pointer)
{
    kd_pixels_unref(pointer->image);
    kd_pixels_unref(pointer->arrows[0]);
    kd_pixels_unref(pointer->arrows[1]);
}

/* ---- Where it is ------------------------------------------------------------------------------ */

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

static struct kd_pointer_at clamped(struct kd_box box, struct kd_pointer_at at)
{
    return (struct kd_pointer_at){
        clamp(at.x, (int64_t)box.x1 * KD_POINTER_PARTS, (int64_t)box.x2 * KD_POINTER_PARTS - 1),
        clamp(at.y, (int64_t)box.y1 * KD_POINTER_PARTS, (int64_t)box.y2 * KD_POINTER_PARTS - 1)};
}

static bool is_same(struct kd_pointer_at a, struct kd_pointer_at b)
{
    return a.x == b.x && a.y == b.y;
}

static int64_t distance(struct kd_pointer_at a, struct kd_pointer_at b)
{
    int64_t x = a.x > b.x ? a.x - b.x : b.x - a.x;
    int64_t y = a.y > b.y ? a.y - b.y : b.y - a.y;

    return x + y;
}

struct kd_pointer_at kd_pointer_confined(const struct kd_box *outputs, size_t count,
                                         struct kd_pointer_at from, struct kd_pointer_at to)
{
    struct kd_pointer_at best = clamped(outputs[0], to), left = to;
    bool is_on_one = false;

    for (size_t i = 0; i < count && !is_on_one; i++) {
        struct kd_pointer_at here = clamped(outputs[i], to);

        if (is_same(here, to))
            return to;
        is_on_one = is_same(clamped(outputs[i], from), from);
        if (is_on_one)
            best = left = here;
    }
    for (size_t i = 0; i < count; i++) {
        struct kd_pointer_at here = clamped(outputs[i], to);
        bool is_ahead = (here.x == to.x || left.x != to.x) && (here.y == to.y || left.y != to.y);

        if (is_same(here, to))
            return to;
        if ((is_ahead || !is_on_one) && distance(here, to) < distance(best, to))
            best = here;
    }
    return best;
}

struct kd_pointer_at kd_pointer_upright(const struct kd_view *view, struct kd_pointer_at device)
{
    struct kd_orientation orientation = kd_view_orientation(view);
    struct kd_point size = kd_view_size(view);
    struct kd_pointer_at at =
        clamped(view->inner, device); /* what is around the picture counts as its edge */

    at.x -= (int64_t)view->inner.x1 * KD_POINTER_PARTS;
    at.y -= (int64_t)view->inner.y1 * KD_POINTER_PARTS;
    if (orientation.turned)
        at = (struct kd_pointer_at){at.y, at.x};
    if (orientation.mirror_x)
        at.x = (int64_t)size.x * KD_POINTER_PARTS - 1 - at.x;
    if (orientation.mirror_y)
        at.y = (int64_t)size.y * KD_POINTER_PARTS - 1 - at.y;
    return at;
}

/* The areas that it may be in: mirrors have none of their own. */
static size_t outputs_of(struct kd_server *server, struct kd_box *outputs)
{
    size_t count = 0;

    for (size_t i = 0; i < server->displays_count; i++)
        if (!kd_mirror_is(server->displays[i]))
            outputs[count++] = server->displays[i]->output->place.box;
    return count;
}

static void show_at(struct kd_server *server, struct kd_pointer_at at)
{
    server->pointer.at = at;
    server->pointer.is_placed = true;
    server->pointer.is_shown = true;
}

/* In the middle of the primary output, if it is on none. False: there is no output. */
static bool place(struct kd_server *server)
{
    struct kd_box outputs[KD_MAX_DISPLAYS];
    size_t count = outputs_of(server, outputs);
    struct kd_pointer *pointer = &server->pointer;

    for (size_t i = 0; i < count && pointer->is_placed; i++)
        if (is_same(clamped(outputs[i], pointer->at), pointer->at))
            return true;
    if (count == 0)
        return false;
    pointer->at =
        (struct kd_pointer_at){((int64_t)outputs[0].x1 + outputs[0].x2) * (KD_POINTER_PARTS / 2),
                               ((int64_t)outputs[0].y1 + outputs[0].y2) * (KD_POINTER_PARTS / 2)};
    pointer->is_placed = true;
    return true;
}

void kd_pointer_move(struct kd_server *server, int64_t dx_parts, int64_t dy_parts)
{
    static const int64_t most = (int64_t)4 * KD_COORD_MAX * KD_POINTER_PARTS;
    struct kd_box outputs[KD_MAX_DISPLAYS];
    struct kd_pointer_at from, to;

    if ((dx_parts == 0 && dy_parts == 0) || !place(server))
        return;
    from = server->pointer.at;
    to = (struct kd_pointer_at){from.x + clamp(dx_parts, -most, most),
                                from.y + clamp(dy_parts, -most, most)};
    show_at(server, kd_pointer_confined(outputs, outputs_of(server, outputs), from, to));
}

/* at: from the display's corner. A device that only repeats where it is moves nothing. */
static void move_on(struct kd_server *server, const struct kd_display *display,
                    struct kd_pointer_at at)
{
    struct kd_box box = display->output->place.box;

    at.x += (int64_t)box.x1 * KD_POINTER_PARTS;
    at.y += (int64_t)box.y1 * KD_POINTER_PARTS;
    at = clamped(box, at);
    if (place(server) && !is_same(at, server->pointer.at))
        show_at(server, at);
}

static struct kd_pointer_at part_of(int32_t width_px, int32_t height_px, int32_t x, int32_t y)
{
    int64_t part_x = clamp(x, 0, KD_POINTER_EXTENT - 1),
            part_y = clamp(y, 0, KD_POINTER_EXTENT - 1);

    return (struct kd_pointer_at){part_x * width_px * KD_POINTER_PARTS / KD_POINTER_EXTENT,
                                  part_y * height_px * KD_POINTER_PARTS / KD_POINTER_EXTENT};
}

void kd_pointer_move_to(struct kd_server *server, const struct kd_display *display, int32_t x,
                        int32_t y)
{
    struct kd_box box = display->output->place.box;
    struct kd_pointer_at at = part_of(kd_box_width(box), kd_box_height(box), x, y);

    if (!place(server))
        return;
    if (x < 0)
        at.x = server->pointer.at.x - (int64_t)box.x1 * KD_POINTER_PARTS;
    if (y < 0)
        at.y = server->pointer.at.y - (int64_t)box.y1 * KD_POINTER_PARTS;
    move_on(server, display, at);
}

struct kd_pointer_at kd_pointer_on_device(struct kd_display *display, int32_t x, int32_t y)
{
    const struct kd_view *view = &display->output->view;
    struct kd_pointer_at at =
        kd_pointer_upright(view, part_of(view->device_width_px, view->device_height_px, x, y));
    struct kd_box seen = kd_mirror_source(display)->output->place.box;
    struct kd_box area = kd_mirror_area(display).box;

    if (kd_mirror_is(display) && !kd_box_empty(area)) {
        at = clamped(area, at);
        at.x =
            (at.x - (int64_t)area.x1 * KD_POINTER_PARTS) * kd_box_width(seen) / kd_box_width(area);
        at.y = (at.y - (int64_t)area.y1 * KD_POINTER_PARTS) * kd_box_height(seen) /
               kd_box_height(area);
    }
    at.x += (int64_t)seen.x1 * KD_POINTER_PARTS;
    at.y += (int64_t)seen.y1 * KD_POINTER_PARTS;
    return clamped(seen, at);
}

void kd_pointer_move_to_device(struct kd_server *server, struct kd_display *display, int32_t x,
                               int32_t y)
{
    struct kd_pointer_at at = kd_pointer_on_device(display, x, y);

    if (place(server) && !is_same(at, server->pointer.at))
        show_at(server, at);
}

void kd_pointer_show(struct kd_server *server)
{
    if (place(server))
        server->pointer.is_shown = true;
}

void kd_pointer_hide(struct kd_server *server)
{
    server->pointer.is_shown = false;
}

/* ---- What shows it ---------------------------------------------------------------------------- */

static bool is_above(const struct kd_window *window, const struct kd_window *other)
{
    return !other || window->shown.z > other->shown.z ||
           (window->shown.z == other->shown.z && window->created > other->created);
}

/* The window nearest to people at this pixel, or NULL. */
static const struct kd_window *window_at(const struct kd_server *server, struct kd_box pixel)
{
    const struct kd_window *found = NULL;

    for (const struct kd_window *window = server->scene.windows; window; window = window->below) {
        struct kd_global_box where, picture;

        if (window->has_frame && !(window->shown.flags & KB_WINDOW_FLAG_HIDDEN) &&
            kd_window_place(server, window, &where, &picture) &&
            kd_box_contains(where.box, pixel) && is_above(window, found))
            found = window;
    }
    return found;
}

/* The image of the window that it is over. One that is still being read follows when it is there: until then it is as it was. */
static void choose_image(struct kd_pointer *pointer, const struct kd_window *window)
{
    const struct kd_window_cursor *cursor = window ? &window->cursor : NULL;
    struct kd_source *source = cursor ? cursor->source : NULL;

    if (source && source->state == KD_SOURCE_WAITING)
        return;
    if (!source || source->state == KD_SOURCE_FAILED) {
        pointer->is_arrow = true;
        return;
    }
    pointer->is_arrow = false;
    pointer->hot = (struct kd_point){cursor->hot_x, cursor->hot_y};
    if (pointer->image == source->pixels)
        return;
    kd_pixels_unref(pointer->image);
    pointer->image = kd_pixels_ref(source->pixels);
}

/* The default image for a display. NULL: out of memory. */
static struct kd_pixels *arrow_for(struct kd_pointer *pointer, const struct kd_display *display)
{
    struct kd_point size = kd_view_size(&display->output->view);
    int32_t factor = kd_min(size.x, size.y) >= SMALL_PIXELS_ROWS ? 2 : 1;
    struct kd_pixels **arrow = &pointer->arrows[factor - 1];

    if (!*arrow)
        *arrow = kd_cursor_arrow(factor);
    return *arrow;
}

void kd_pointer_settle(struct kd_server *server)
{
    struct kd_pointer *pointer = &server->pointer;
    struct kd_box pixel;
    bool is_shown = pointer->is_shown && !server->config.cursor_hidden && place(server);

    if (is_shown) {
        int32_t x = kd_coord_clamp(kd_floor_div(pointer->at.x, KD_POINTER_PARTS));
        int32_t y = kd_coord_clamp(kd_floor_div(pointer->at.y, KD_POINTER_PARTS));
        const struct kd_window *window;

        pixel = (struct kd_box){x, y, x + 1, y + 1};
        window = window_at(server, pixel);
        choose_image(pointer, window);
        is_shown = !window || !window->cursor.is_hidden;
    }
    for (size_t i = 0; i < server->displays_count; i++) {
        struct kd_display *display = server->displays[i];
        struct kd_pixels *image = NULL;
        struct kd_point hot = pointer->hot;

        if (is_shown)
            image = pointer->is_arrow ? arrow_for(pointer, display) : pointer->image;
        if (image && pointer->is_arrow)
            hot = (struct kd_point){0, 0};
        if (image)
            kd_cursor_show(display, image, hot, (struct kd_global_box){pixel});
        else
            kd_cursor_hide(display);
    }
}
