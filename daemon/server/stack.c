#include "server/stack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/server.h"

#define KD_LOG_MODULE "planes"
#include "base/log.h"

/* A display that refused a plane is asked again after so long: another output may have freed what it lacked. */
#define ASK_AGAIN_NS (10 * KD_NS_PER_S)

/* A window that moves or grows is another question with each frame: so often is one asked, and between two the renderer scales it. */
#define ASK_PAUSE_NS (100 * KD_NS_PER_MS)

static int compare_windows(const void *a, const void *b)
{
    const struct kd_window *one = *(const struct kd_window *const *)a,
                           *other = *(const struct kd_window *const *)b;

    if (one->shown.z != other->shown.z)
        return one->shown.z < other->shown.z ? -1 : 1;
    return one->created < other->created ? -1 : 1;
}

/* Windows that may be seen on the display, back to front. */
static uint32_t collect(struct kd_display *display, struct kd_window **windows)
{
    const struct kd_server *server = display->server;
    struct kd_box seen = kd_mirror_source(display)->output->place.box;
    uint32_t count = 0;

    for (struct kd_window *window = server->scene.windows; window; window = window->below) {
        struct kd_global_box place, picture;

        if (!window->has_frame || window->shown.flags & KB_WINDOW_FLAG_HIDDEN ||
            !kd_window_place(server, window, &place, &picture) ||
            kd_box_empty(kd_box_intersect(place.box, seen)))
            continue;
        windows[count++] = window;
    }
    qsort(windows, count, sizeof(windows[0]), compare_windows);
    return count;
}

static void add_layer(struct kd_stack *stack, struct kd_display *display, uint32_t i)
{
    const struct kd_window *window = stack->windows[i];
    struct kd_layer *layer = &stack->layers[i];
    struct kd_global_box place, picture;

    kd_window_place(display->server, window, &place, &picture);
    *layer = (struct kd_layer){.place = kd_mirror_box(display, place),
                               .picture = kd_mirror_box(display, picture),
                               .base_color = window->shown.base_color,
                               .filter = window->shown.filter};
    layer->place.box = kd_box_intersect(layer->place.box, kd_mirror_area(display).box);
    if (window->shown_picture) {
        layer->source = stack->pictures_count;
        stack->pictures[stack->pictures_count++] = kd_pixels_ref(window->shown_picture);
    } else {
        layer->picture.box = (struct kd_box){0, 0, 0, 0}; /* nothing but the base colour */
    }
}

int kd_stack_build(struct kd_stack *stack, struct kd_arena *arena, struct kd_display *display)
{
    uint32_t most = display->server->scene.windows_count;

    stack->windows = kd_arena_alloc(arena, most, sizeof(struct kd_window *));
    stack->layers = kd_arena_alloc(arena, most, sizeof(*stack->layers));
    stack->pictures = kd_arena_alloc(arena, most + 1, sizeof(struct kd_pixels *));
    if (!stack->windows || !stack->layers || !stack->pictures)
        return -ENOMEM;
    stack->count = collect(display, stack->windows);
    for (uint32_t i = 0; i < stack->count; i++)
        add_layer(stack, display, i);
    return 0;
}

uint32_t kd_stack_add_picture(struct kd_stack *stack, struct kd_pixels *picture)
{
    stack->pictures[stack->pictures_count] = kd_pixels_ref(picture);
    return stack->pictures_count++;
}

void kd_stack_finish(struct kd_stack *stack)
{
    for (uint32_t i = 0; i < stack->pictures_count; i++)
        kd_pixels_unref(stack->pictures[i]);
    stack->pictures_count = 0;
}

/* ---- Planes ------------------------------------------------------------------------------------ */

/* Why the topmost window needs no plane, or cannot have one whatever the display says; NULL: it is worth asking. */
static const char *no_plane(const struct kd_stack *stack, struct kd_display *display)
{
    const struct kd_layer *top = stack->count ? &stack->layers[stack->count - 1] : NULL;
    const struct kd_pixels *picture;
    struct kd_box all = kd_mirror_area(display).box;

    if (display->server->config.plane_scaling == KD_OFF)
        return "plane_scaling is off";
    if (!top || kd_box_empty(top->picture.box))
        return "there is no picture";
    picture = stack->pictures[top->source];
    if (kd_box_width(top->picture.box) == picture->width_px &&
        kd_box_height(top->picture.box) == picture->height_px)
        return "it is not scaled";
    if (kd_mirror_is(display))
        return "the display is a mirror";
    if (kd_cursor_is_drawn(display))
        return "the cursor must be drawn above it";
    if (!kd_box_contains(top->place.box, top->picture.box) ||
        !kd_box_contains(all, top->picture.box))
        return "it is not wholly on the display";
    return NULL;
}

static bool is_same_question(const struct kd_plane_choice *choice,
                             const struct kd_plane_window *plane)
{
    return choice->asked_at_ns && kd_box_equal(choice->from, plane->from) &&
           kd_box_equal(choice->to, plane->to) && choice->filter == plane->filter;
}

/* Asks the display itself, once for each geometry. plane->buffer is set. */
static bool ask(struct kd_display *display, const struct kd_plane_window *plane)
{
    struct kd_output *output = display->output;
    struct kd_plane_choice *choice = &display->plane;
    enum kd_log_level level = KD_LOG_INFO;
    struct kd_commit commit = {
        .buffer = output->impl->front(output), .window = *plane, .fence_fd = -1, .test_only = true};
    int error;

    if (!commit.buffer)
        return false; /* nothing is shown yet: after the first frame */
    kd_cursor_commit(display, false, &commit);
    error = output->impl->commit(output, &commit, kd_server_now_ns(display->server));
    if (choice->asked_at_ns && choice->yes == (error == 0))
        level = KD_LOG_DEBUG; /* the same answer for a window that moves, say */
    choice->from = plane->from;
    choice->to = plane->to;
    choice->filter = plane->filter;
    choice->yes = error == 0;
    choice->asked_at_ns = kd_server_now_ns(display->server);
    if (error)
        snprintf(output->plane_reason, sizeof(output->plane_reason), "the display refused: %s",
                 strerror(-error));
    else
        snprintf(output->plane_reason, sizeof(output->plane_reason),
                 "%dx%d is scaled to %dx%d by the display", kd_box_width(plane->from),
                 kd_box_height(plane->from), kd_box_width(plane->to), kd_box_height(plane->to));
    kd_log(level, KD_LOG_MODULE, "output %s: a window of its own plane: %s", output->name,
           output->plane_reason);
    return choice->yes;
}

static bool is_asked_too_often(const struct kd_display *display)
{
    int64_t asked_at_ns = display->plane.asked_at_ns;

    return asked_at_ns && kd_server_now_ns(display->server) - asked_at_ns < ASK_PAUSE_NS;
}

void kd_stack_choose_plane(struct kd_stack *stack, struct kd_display *display,
                           struct kd_plane_window *plane)
{
    struct kd_output *output = display->output;
    struct kd_plane_choice *choice = &display->plane;
    const char *why = no_plane(stack, display);
    struct kd_layer *top;
    bool known;

    *plane = (struct kd_plane_window){.buffer = NULL};
    if (why) {
        snprintf(output->plane_reason, sizeof(output->plane_reason), "%s", why);
        return;
    }
    top = &stack->layers[stack->count - 1];
    plane->from = kd_box_of_size(stack->pictures[top->source]->width_px,
                                 stack->pictures[top->source]->height_px);
    plane->to = kd_view_to_device(&output->view, top->picture).box;
    plane->filter = top->filter;
    known = is_same_question(choice, plane);
    if ((known && !choice->yes &&
         kd_server_now_ns(display->server) - choice->asked_at_ns < ASK_AGAIN_NS) ||
        (!known && (display->busy || is_asked_too_often(display))))
        return;
    plane->buffer = output->impl->acquire(output, plane);
    if (plane->buffer && !(known && choice->yes) && !ask(display, plane))
        plane->buffer = NULL;
    if (!plane->buffer)
        return;
    choice->window = stack->windows[stack->count - 1];
    top->picture.box = (struct kd_box){0, 0, 0, 0}; /* what lies below is never seen */
}

void kd_stack_plane_failed(struct kd_display *display, int error)
{
    display->plane.yes = false;
    display->plane.asked_at_ns = kd_server_now_ns(display->server);
    snprintf(display->output->plane_reason, sizeof(display->output->plane_reason),
             "the display refused it: %s", strerror(-error));
    KD_WARN("output %s: a window's plane: %s; it is scaled by the renderer", display->output->name,
            display->output->plane_reason);
}
