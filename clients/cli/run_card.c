/* The card on the display: what the program showed last is dimmed, the card lies above it and takes input. */
#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "run.h"
#include "run_crash.h"
#include "text/card.h"
#include "text/text.h"

#define BACKDROP 0xFF0C0E14u

/* Who was in the middle of a game presses keys without looking: so long nothing counts. */
#define DEAF_MS 1000

struct shown {
    struct cli_launch *launch; /* borrowed */
    const struct cli_crash *crash;
    char folder[4096]; /* of the fonts */
    uint32_t output, width, height;
    struct kb_window *backdrop;       /* owned; NULL: the program left a window */
    struct kb_window *window;         /* owned */
    struct kb_image *image;           /* owned: what it shows */
    struct text_card_picture picture; /* without its pixels */
};

enum choice { CHOOSE_NOTHING, CHOOSE_AGAIN, CHOOSE_QUIT };

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* ---- What lies below -------------------------------------------------------------------------- */

/* Where nothing was left. */
static int show_backdrop(struct shown *shown)
{
    const struct kb_window_info info = {.width = 1,
                                        .height = 1,
                                        .base_color = BACKDROP,
                                        .scale = KB_SCALE_STRETCH,
                                        .title = "behind the card"};
    int error = kb_window_create(shown->launch->display, &info, &shown->backdrop);
    if (error < 0)
        return error;
    kb_clear(shown->backdrop);
    return kb_commit(shown->backdrop, NULL);
}

/* The display that the program was on, or the first one. */
static void choose_output(struct shown *shown)
{
    const struct kb_display *display = shown->launch->display;
    struct kb_window_state state = {.output = 0};
    struct kb_output_info info;
    if (shown->launch->left_count > 0)
        kb_window_get_state(shown->launch->left[0], &state);
    shown->width = 1280; /* where there is none now */
    shown->height = 720;
    for (size_t i = 0; kb_output_get(display, i, &info) == 0; i++) {
        if (info.id != state.output && !(state.output == 0 && info.flags & KB_OUTPUT_FLAG_PRIMARY))
            continue;
        shown->output = info.id;
        shown->width = info.width;
        shown->height = info.height;
    }
}

/* ---- The card --------------------------------------------------------------------------------- */

static int show_window(struct shown *shown)
{
    const struct text_card_picture *picture = &shown->picture;
    const struct kb_window_info info = {
        .width = picture->width,
        .height = picture->height,
        .z = INT32_MAX,
        .output = shown->output,
        .place = {.x = ((int32_t)shown->width - (int32_t)picture->width) / 2,
                  .y = ((int32_t)shown->height - (int32_t)picture->height) / 2,
                  .width = picture->width,
                  .height = picture->height},
        .title = shown->crash->title};
    return kb_window_create(shown->launch->display, &info, &shown->window);
}

/* The card as it is with this note. */
static int draw(struct shown *shown, const char *note)
{
    const struct text_card card = {.title = shown->crash->title,
                                   .what = shown->crash->what,
                                   .detail = shown->crash->detail,
                                   .hints = {{"any key", "start again"}, {"Esc", "quit"}},
                                   .note = note};
    struct text_card_picture picture;
    struct kb_image *image;
    int error = text_card_render(shown->folder, &card, shown->width, shown->height, &picture);
    if (error < 0)
        return error;
    const struct kb_image_info info = {
        .width = picture.width, .height = picture.height, .format = KB_FORMAT_XRGB8888};
    error = kb_image_create(shown->launch->display, &info, picture.pixels, &image);
    free(picture.pixels);
    if (error < 0)
        return error;
    kb_image_destroy(shown->image);
    shown->image = image;
    picture.pixels = NULL;
    shown->picture = picture;
    if (shown->window == NULL)
        error = show_window(shown);
    if (error < 0)
        return error;
    kb_clear(shown->window);
    kb_blit(shown->window, shown->image, NULL, 0, 0);
    return kb_commit(shown->window, NULL);
}

static int show(struct shown *shown, const char *note)
{
    int error = text_program_folder(shown->folder, sizeof(shown->folder));
    if (error == 0)
        error = cli_launch_dim(shown->launch);
    choose_output(shown);
    if (error >= 0 && shown->launch->left_count == 0)
        error = show_backdrop(shown);
    return error < 0 ? error : draw(shown, note);
}

/* The picture below stays. */
static void hide(struct shown *shown, bool again)
{
    kb_window_destroy(shown->window);
    kb_image_destroy(shown->image);
    if (again && shown->backdrop != NULL) /* until the program shows something */
        shown->launch->left[shown->launch->left_count++] = shown->backdrop;
    else
        kb_window_destroy(shown->backdrop);
    if (!again)
        cli_launch_let_go(shown->launch);
    kb_flush(shown->launch->display);
}

/* ---- What people do ---------------------------------------------------------------------------- */

/* Fingers and mouse press the hints like buttons. */
static enum choice pressed_at(const struct shown *shown, const struct kb_event *event, double x,
                              double y)
{
    if (event->window != shown->window || y < shown->picture.hints_top)
        return CHOOSE_NOTHING;
    for (int i = 0; i < 2; i++)
        if (x >= shown->picture.hints[i].left && x < shown->picture.hints[i].right)
            return i == 0 ? CHOOSE_AGAIN : CHOOSE_QUIT;
    return CHOOSE_NOTHING;
}

static enum choice choose(const struct shown *shown, const struct kb_event *event)
{
    switch (event->type) {
    case KB_EVENT_KEY_DOWN:
        if (event->key.repeat)
            return CHOOSE_NOTHING;
        return event->key.code == KEY_ESC ? CHOOSE_QUIT : CHOOSE_AGAIN;
    case KB_EVENT_BUTTON_DOWN:
        return event->gamepad.button == KB_GAMEPAD_BUTTON_BACK ? CHOOSE_QUIT : CHOOSE_AGAIN;
    case KB_EVENT_POINTER_DOWN: return pressed_at(shown, event, event->pointer.x, event->pointer.y);
    case KB_EVENT_TOUCH_DOWN: return pressed_at(shown, event, event->touch.x, event->touch.y);
    case KB_EVENT_CLOSE: return CHOOSE_QUIT;
    default: return CHOOSE_NOTHING;
    }
}

/* Until when to wait for something: the next second of the countdown, or for ever. */
static int wait_ms(int64_t end_ms)
{
    int64_t left_ms = end_ms - now_ms();
    return end_ms == 0 ? -1 : left_ms <= 0 ? 0 : (int)((left_ms - 1) % 1000 + 1);
}

static enum choice wait_for_choice(struct shown *shown, unsigned seconds)
{
    const int64_t begin_ms = now_ms(),
                  end_ms = seconds > 0 ? begin_ms + seconds * INT64_C(1000) : 0;
    enum choice choice = CHOOSE_NOTHING;
    while (choice == CHOOSE_NOTHING) {
        struct kb_event event;
        int error = kb_wait_event(shown->launch->display, wait_ms(end_ms), &event);
        if (error < 0 && error != -EINTR)
            return CHOOSE_QUIT;
        if (error > 0 && now_ms() - begin_ms >= DEAF_MS)
            choice = choose(shown, &event);
        if (error > 0 || choice != CHOOSE_NOTHING || end_ms == 0)
            continue;
        int64_t left_ms = end_ms - now_ms();
        char note[64];
        snprintf(note, sizeof(note), "starts again in %d s", (int)((left_ms + 999) / 1000));
        if (left_ms <= 0)
            choice = CHOOSE_AGAIN;
        else if (kb_credits(shown->window) > 0 && draw(shown, note) < 0)
            return CHOOSE_QUIT;
    }
    return choice;
}

bool cli_card_show(struct cli_launch *launch, const struct cli_crash *crash, unsigned seconds,
                   const char *note)
{
    struct shown shown = {.launch = launch, .crash = crash};
    enum choice choice = CHOOSE_QUIT;
    int error = show(&shown, note);
    if (error < 0)
        cli_fail(&cli_run, "no card could be shown: %s", strerror(-error));
    else
        choice = wait_for_choice(&shown, seconds);
    hide(&shown, choice == CHOOSE_AGAIN);
    return choice == CHOOSE_AGAIN;
}
