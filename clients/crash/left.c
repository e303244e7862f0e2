/* What a program left on the display. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crash.h"

/* The daemon hears of the end of a program as soon as the system does: this is for a program, or a daemon, that hangs. */
#define GONE_MS 1000

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

bool crash_is_wanted(const struct kb_display *display)
{
    const char *variable = getenv("KMSBLIT_CRASH_CARD");
    const size_t count = kb_output_count(display);
    struct kb_output_info info;
    if (variable != NULL && (strcmp(variable, "0") == 0 || strcmp(variable, "1") == 0))
        return variable[0] == '1';
    for (size_t i = 0; i < count; i++)
        if (kb_output_get(display, i, &info) == 0 && !(info.flags & KB_OUTPUT_FLAG_HEADLESS))
            return true;
    return count == 0; /* it may be plugged in any moment */
}

void crash_wait_gone(struct kb_display *display)
{
    const int64_t end_ms = now_ms() + GONE_MS;
    struct kb_launch_state state;
    int error = kb_sync_within(display, GONE_MS);
    kb_launch_get(display, &state);
    for (int64_t left_ms; error >= 0 && state.clients > 0 && (left_ms = end_ms - now_ms()) > 0;) {
        error = kb_dispatch(display, (int)left_ms);
        kb_launch_get(display, &state);
    }
}

/* What was there is dimmed, and the bars around it, too. */
static int dim(struct kb_window *window, uint32_t base_color)
{
    const struct kb_rect all = {0, 0, KB_MAX_WINDOW_PX, KB_MAX_WINDOW_PX};
    const uint32_t third = 0x55;
    uint32_t color = 0;
    for (int shift = 0; shift < 24; shift += 8)
        color |= ((base_color >> shift & 0xFF) * third / 0xFF) << shift;
    const struct kb_window_info dimmed = {.base_color = color};
    int error = kb_window_set(window, KB_WINDOW_FIELD_BASE, &dimmed);
    kb_fill_with(window, &all, (0xFF - third) << 24, KB_BLEND_OVER);
    return error < 0 ? error : kb_commit(window, NULL);
}

int crash_dim(struct kb_display *display, struct crash_left *left)
{
    struct kb_launch_state state;
    int error = 0;
    kb_launch_get(display, &state);
    while (error >= 0 && state.left > 0 && left->count < CRASH_LEFT_MOST) {
        struct kb_window **window = &left->windows[left->count];
        struct kb_window_info info;
        error = kb_window_adopt(display, &info, window);
        if (error == 0) {
            left->count++;
            error = dim(*window, info.base_color);
        }
        kb_launch_get(display, &state);
    }
    return error;
}

void crash_let_go(struct crash_left *left)
{
    while (left->count > 0)
        kb_window_destroy(left->windows[--left->count]);
}
