/*
 * Where windows are, and their frames once they are drawn: taken by the display that paces them, or discarded where nobody can see them.
 */
#include <string.h>

#include "server/server.h"
#include "socket/events.h"
#include "socket/launch.h"

/* Frames that nobody sees are answered at this pace. */
#define DISCARD_PERIOD_NS (KD_NS_PER_S / 60)

struct kd_display *kd_display_find(const struct kd_server *server, uint32_t id)
{
    for (size_t i = 0; i < server->displays_count; i++)
        if (id == 0 || server->displays[i]->output->id == id)
            return server->displays[i];
    return NULL;
}

bool kd_window_place(const struct kd_server *server, const struct kd_window *window,
                     struct kd_global_box *place, struct kd_global_box *picture)
{
    const struct kd_window_attr *attr = &window->shown;
    struct kd_display *display = kd_display_find(server, attr->output);
    struct kd_box output, box;

    if (!display)
        return false;
    output = kd_mirror_source(display)->output->place.box;
    box = output;
    if (attr->place.width > 0 && attr->place.height > 0)
        box =
            kd_box_from_rect((int64_t)output.x1 + attr->place.x, (int64_t)output.y1 + attr->place.y,
                             attr->place.width, attr->place.height);
    place->box = box;
    picture->box = kd_place_picture(attr->scale, kd_box_width(box), kd_box_height(box),
                                    attr->width_px, attr->height_px);
    picture->box = kd_box_moved(picture->box, box.x1, box.y1);
    return !kd_box_empty(box);
}

struct kd_display *kd_window_display(const struct kd_server *server, const struct kd_window *window)
{
    struct kd_global_box place, picture;
    struct kd_display *best = NULL;
    int64_t best_area = 0;

    if (window->shown.flags & KB_WINDOW_FLAG_HIDDEN ||
        !kd_window_place(server, window, &place, &picture))
        return NULL;
    for (size_t i = 0; i < server->displays_count; i++) {
        int64_t area =
            kd_box_area(kd_box_intersect(place.box, server->displays[i]->output->place.box));

        if (area > best_area && kd_display_is_on(server->displays[i]) &&
            !kd_mirror_is(server->displays[i])) {
            best = server->displays[i];
            best_area = area;
        }
    }
    return best;
}

void kd_window_damage(struct kd_server *server, const struct kd_window *window)
{
    struct kd_global_box place, picture;

    if (!window->has_frame || !kd_window_place(server, window, &place, &picture))
        return;
    for (size_t i = 0; i < server->displays_count; i++) {
        const struct kd_output *seen = kd_mirror_source(server->displays[i])->output;

        if (!kd_box_empty(kd_box_intersect(place.box, seen->place.box)))
            kd_display_damage(server->displays[i]);
    }
}

static struct kb_rect rect_on(struct kd_box box, const struct kd_display *display)
{
    struct kd_box output = display ? display->output->place.box : (struct kd_box){0, 0, 0, 0};

    return (struct kb_rect){box.x1 - output.x1, box.y1 - output.y1, (uint32_t)kd_box_width(box),
                            (uint32_t)kd_box_height(box)};
}

void kd_window_report(struct kd_server *server, struct kd_window *window)
{
    const struct kd_display *display = kd_window_display(server, window);
    struct kd_global_box place = {{0, 0, 0, 0}}, picture = {{0, 0, 0, 0}};
    struct kb_evt_window_state state = {.object = window->id};

    if (window->is_left) /* nobody knows it */
        return;
    if (!kd_window_place(server, window, &place, &picture))
        place = picture = (struct kd_global_box){{0, 0, 0, 0}};
    state.output = display ? display->output->id : 0;
    state.flags = display ? KB_WINDOW_STATE_FLAG_VISIBLE : 0;
    if (server->inputs.focus.window == window)
        state.flags |= KB_WINDOW_STATE_FLAG_FOCUSED;
    state.place = rect_on(place.box, display);
    state.picture = rect_on(picture.box, display);
    if (window->is_reported && window->reported_output == state.output &&
        window->reported_flags == state.flags &&
        memcmp(&window->reported_place, &state.place, sizeof(state.place)) == 0 &&
        memcmp(&window->reported_picture, &state.picture, sizeof(state.picture)) == 0)
        return;
    window->is_reported = true;
    window->reported_output = state.output;
    window->reported_flags = state.flags;
    window->reported_place = state.place;
    window->reported_picture = state.picture;
    kd_event_window_state(window->client, &state);
}

struct kd_frame *kd_windows_latch(struct kd_server *server, struct kd_window *window)
{
    struct kd_frame *frame;
    struct kd_window_attr before = window->shown;
    bool changed, had_frame = window->has_frame;

    kd_window_damage(server, window); /* where it was */
    frame = kd_window_latch(window, &changed);
    if (window->has_frame != had_frame ||
        memcmp(&before, &window->shown, sizeof(before)) != 0) { /* at worst once too often */
        server->inputs.is_stacked_anew = true;
        kd_launch_shown(&server->host, window, had_frame);
    }
    frame->changed = changed && !frame->failed;
    kd_window_damage(server, window); /* where it is now */
    kd_window_report(server, window);
    return frame;
}

static bool head_is_drawn(const struct kd_window *window, int64_t now_ns)
{
    return window->queue && window->queue->state == KD_FRAME_DRAWN &&
           window->queue->drawn_at_ns <= now_ns;
}

/* Changes of attributes are taken as soon as they are at the head of the queue; frames wait for their display's tick. */
void kd_windows_advance(struct kd_server *server, struct kd_window *window)
{
    int64_t now_ns = kd_server_now_ns(server);
    struct kd_display *display;

    while (head_is_drawn(window, now_ns) && !window->queue->is_answered)
        kd_frame_destroy(kd_windows_latch(server, window));
    if (!head_is_drawn(window, now_ns))
        return;
    display = kd_window_display(server, window);
    if (display)
        kd_display_damage(display);
    else if (server->discard_at_ns == 0)
        server->discard_at_ns = (now_ns / DISCARD_PERIOD_NS + 1) * DISCARD_PERIOD_NS;
}

void kd_window_discarded(struct kd_window *window, const struct kd_frame *frame,
                         enum kb_discard_reason reason, int64_t now_ns)
{
    window->credits_used--;
    window->stats.frames_discarded++;
    kd_event_discarded(window->client, &(struct kb_evt_discarded){.object = window->id,
                                                                  .serial = frame->serial,
                                                                  .time_ns = (uint64_t)now_ns,
                                                                  .reason = reason});
}

static void discard_head(struct kd_server *server, struct kd_window *window, int64_t now_ns)
{
    struct kd_frame *frame = kd_windows_latch(server, window);
    enum kb_discard_reason reason = frame->failed ? KB_DISCARD_REASON_FAILED
                                    : window->shown.flags & KB_WINDOW_FLAG_HIDDEN
                                        ? KB_DISCARD_REASON_HIDDEN
                                        : KB_DISCARD_REASON_NO_OUTPUT;

    kd_window_discarded(window, frame, reason, now_ns);
    kd_frame_destroy(frame);
}

void kd_windows_discard(struct kd_server *server, int64_t now_ns)
{
    if (server->discard_at_ns == 0 || now_ns < server->discard_at_ns)
        return;
    server->discard_at_ns = 0;
    for (struct kd_window *window = server->scene.windows; window; window = window->below) {
        if (head_is_drawn(window, now_ns) && !kd_window_display(server, window))
            discard_head(server, window, now_ns);
        kd_windows_advance(server, window); /* sets the next time if more wait */
    }
}
