/* The card on the display: above what the program showed last; it takes the input. */
#include <linux/input-event-codes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crash.h"

#define BACKDROP 0xFF0C0E14u

/* Who was in the middle of a game presses keys without looking: so long nothing counts. */
#define DEAF_MS 1000

struct shown {
    struct kb_display *display;    /* borrowed */
    struct crash_left *left;       /* borrowed */
    const struct crash_card *card; /* borrowed */
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
    int error = kb_window_create(shown->display, &info, &shown->backdrop);
    if (error < 0)
        return error;
    kb_clear(shown->backdrop);
    return kb_commit(shown->backdrop, NULL);
}

/* The display that the program was on, or the first one. */
static void choose_output(struct shown *shown)
{
    const struct kb_display *display = shown->display;
    struct kb_window_state state = {.output = 0};
    struct kb_output_info info;
    if (shown->left->count > 0)
        kb_window_get_state(shown->left->windows[0], &state);
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
        .title = shown->card->text.title};
    return kb_window_create(shown->display, &info, &shown->window);
}

/* The card as it is with this note. */
static int draw(struct shown *shown, const char *note)
{
    struct text_card card = shown->card->text;
    struct text_card_picture picture;
    struct kb_image *image;
    card.note = note;
    int error = text_card_render(shown->card->fonts, &card, shown->width, shown->height, &picture);
    if (error < 0)
        return error;
    const struct kb_image_info info = {
        .width = picture.width, .height = picture.height, .format = KB_FORMAT_XRGB8888};
    error = kb_image_create(shown->display, &info, picture.pixels, &image);
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

static int show(struct shown *shown)
{
    int error = crash_dim(shown->display, shown->left);
    choose_output(shown);
    if (error >= 0 && shown->left->count == 0)
        error = show_backdrop(shown);
    return error < 0 ? error : draw(shown, shown->card->text.note);
}

/* The picture below stays. */
static void hide(struct shown *shown, bool again)
{
    kb_window_destroy(shown->window);
    kb_image_destroy(shown->image);
    if (again && shown->backdrop != NULL) /* until the program shows something */
        shown->left->windows[shown->left->count++] = shown->backdrop;
    else
        kb_window_destroy(shown->backdrop);
    if (!again)
        crash_let_go(shown->left);
    kb_flush(shown->display);
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
        int error = kb_wait_event(shown->display, wait_ms(end_ms), &event);
        if (error < 0)
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

bool crash_show(struct kb_display *display, struct crash_left *left, const struct crash_card *card,
                int *error)
{
    struct shown shown = {.display = display, .left = left, .card = card};
    enum choice choice = CHOOSE_QUIT;
    *error = show(&shown);
    if (*error >= 0)
        choice = wait_for_choice(&shown, card->seconds);
    hide(&shown, choice == CHOOSE_AGAIN);
    return choice == CHOOSE_AGAIN;
}
