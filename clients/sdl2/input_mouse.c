/* The mouse as SDL keeps it: where the pointer is, which buttons are down, grabs and relative motion.
 *
 * The pointer is the daemon's, and a program cannot put it elsewhere. While a program has no cursor that anybody sees,
 * it may: then the daemon's pointer stays where it is, and what the mouse moves is added to the program's. */
#include <linux/input-event-codes.h>
#include <math.h>
#include <stdlib.h>

#include "input.h"
#include "shim.h"

#define DOUBLE_CLICK_PX 1
#define DOUBLE_CLICK_MS 500

static struct {
    SDL_Window *over; /* NULL: none */
    int x, y;         /* in the window, never outside of it */
    int last_x, last_y;
    bool has_position;     /* else motion is not told as relative */
    int delta_x, delta_y;  /* since SDL_GetRelativeMouseState() */
    double part_x, part_y; /* of a pixel, not told yet */
    Uint32 buttons, touch_buttons;
    double wheel_x, wheel_y;
    bool relative;              /* the program's wish */
    bool put;                   /* the program put the pointer where it is, and shows none */
    struct sdl2_window *locked; /* borrowed; NULL: none */
    struct {
        Uint32 time_ms;
        int x, y;
        Uint8 count;
    } clicks[6]; /* by button */
} mouse;

/* The daemon's pointer stands still exactly while its place is not the program's. */
static void update_lock(void)
{
    SDL2_ALONE;
    SDL_Window *window = sdl2_input_focus();
    mouse.put = mouse.put && SDL_ShowCursor(SDL_QUERY) == SDL_DISABLE;
    struct sdl2_window *wanted =
        window && (mouse.relative || mouse.put) ? sdl2_window_find(window) : NULL;
    if (wanted == mouse.locked || sdl2_display() == NULL)
        return;
    if (mouse.locked != NULL)
        kb_window_lock_pointer(mouse.locked->window, false);
    if (wanted != NULL)
        kb_window_lock_pointer(wanted->window, true);
    mouse.locked = wanted;
    if (kb_flush(sdl2_display()) < 0)
        sdl2_give_up();
}

static int clamped(int value, int low, int count)
{
    return SDL_max(low, SDL_min(value, low + count - 1));
}

static void confine(SDL_Window *window)
{
    SDL_Rect all = {0, 0, 0, 0};
    SDL2_REAL(SDL_GetWindowSize)(window, &all.w, &all.h);
    const SDL_Rect *wish = SDL2_REAL(SDL_GetWindowMouseRect)(window);
    SDL_Rect bounds;
    if (!wish || !SDL2_REAL(SDL_IntersectRect)(wish, &all, &bounds))
        bounds = all;
    mouse.x = clamped(mouse.x, bounds.x, bounds.w);
    mouse.y = clamped(mouse.y, bounds.y, bounds.h);
}

/* To a place, or by a distance. */
static void move(SDL_Window *window, Uint32 which, bool by, int x, int y)
{
    int moved_x = 0, moved_y = 0;
    if (by) {
        moved_x = x;
        moved_y = y;
        x += mouse.last_x;
        y += mouse.last_y;
    } else if (mouse.has_position) {
        moved_x = x - mouse.last_x;
        moved_y = y - mouse.last_y;
    }
    if (mouse.has_position && moved_x == 0 && moved_y == 0)
        return;
    mouse.has_position = true;
    if (which == SDL_TOUCH_MOUSEID && (mouse.buttons | mouse.touch_buttons) == 0)
        moved_x = moved_y = 0;
    mouse.x = x;
    mouse.y = y;
    if (window)
        confine(window);
    mouse.delta_x += moved_x;
    mouse.delta_y += moved_y;
    SDL_Event event = {.motion = {.type = SDL_MOUSEMOTION,
                                  .windowID = sdl2_input_id(mouse.over),
                                  .which = which,
                                  .state = mouse.buttons | mouse.touch_buttons,
                                  .x = mouse.x,
                                  .y = mouse.y,
                                  .xrel = moved_x,
                                  .yrel = moved_y}};
    sdl2_input_push(&event);
    mouse.last_x = by ? mouse.x : x;
    mouse.last_y = by ? mouse.y : y;
}

/* The program put the pointer here: told, but as no motion. */
static void place(SDL_Window *window, int x, int y)
{
    mouse.has_position = false;
    move(window, 0, false, x, y);
    /* A pointer that is shown is where the daemon shows it, and the next motion starts there. */
    mouse.has_position = mouse.locked != NULL;
}

static void enter(SDL_Window *window)
{
    if (mouse.over == window)
        return;
    SDL_Window *before = mouse.over;
    mouse.over = window;
    mouse.has_position = false;
    if (before)
        sdl2_input_tell(before, SDL_WINDOWEVENT_LEAVE);
    if (window)
        sdl2_input_tell(window, SDL_WINDOWEVENT_ENTER);
}

static Uint8 count_clicks(Uint8 button, bool down)
{
    if (button >= SDL_arraysize(mouse.clicks))
        return 1;
    if (down) {
        Uint32 now = SDL2_REAL(SDL_GetTicks)();
        bool far = abs(mouse.x - mouse.clicks[button].x) > DOUBLE_CLICK_PX ||
                   abs(mouse.y - mouse.clicks[button].y) > DOUBLE_CLICK_PX;
        if (far || now - mouse.clicks[button].time_ms >= DOUBLE_CLICK_MS)
            mouse.clicks[button].count = 0;
        mouse.clicks[button].time_ms = now;
        mouse.clicks[button].x = mouse.x;
        mouse.clicks[button].y = mouse.y;
        mouse.clicks[button].count += mouse.clicks[button].count < 255;
    }
    return mouse.clicks[button].count;
}

static void press(Uint32 which, Uint8 button, bool down)
{
    Uint32 *buttons = which == SDL_TOUCH_MOUSEID ? &mouse.touch_buttons : &mouse.buttons;
    Uint32 now = down ? *buttons | SDL_BUTTON(button) : *buttons & ~(Uint32)SDL_BUTTON(button);
    if (now == *buttons)
        return;
    *buttons = now;
    SDL_Event event = {.button = {.type = down ? SDL_MOUSEBUTTONDOWN : SDL_MOUSEBUTTONUP,
                                  .windowID = sdl2_input_id(mouse.over),
                                  .which = which,
                                  .button = button,
                                  .state = down ? SDL_PRESSED : SDL_RELEASED,
                                  .clicks = count_clicks(button, down),
                                  .x = mouse.x,
                                  .y = mouse.y}};
    sdl2_input_push(&event);
}

static int whole(double *sum, double more)
{
    if (*sum * more < 0)
        *sum = 0;
    *sum += more;
    double full = trunc(*sum);
    *sum -= full;
    return (int)full;
}

static void turn(double x, double y)
{
    SDL_Event event = {.wheel = {.type = SDL_MOUSEWHEEL,
                                 .windowID = sdl2_input_id(mouse.over),
                                 .x = whole(&mouse.wheel_x, x),
                                 .y = whole(&mouse.wheel_y, y),
                                 .direction = SDL_MOUSEWHEEL_NORMAL,
                                 .preciseX = (float)x,
                                 .preciseY = (float)y,
                                 .mouseX = mouse.x,
                                 .mouseY = mouse.y}};
    sdl2_input_push(&event);
}

static Uint8 button_of(uint32_t code)
{
    switch (code) {
    case BTN_LEFT: return SDL_BUTTON_LEFT;
    case BTN_RIGHT: return SDL_BUTTON_RIGHT;
    case BTN_MIDDLE: return SDL_BUTTON_MIDDLE;
    case BTN_SIDE:
    case BTN_BACK: return SDL_BUTTON_X1;
    case BTN_EXTRA:
    case BTN_FORWARD: return SDL_BUTTON_X2;
    default: return 0;
    }
}

/* By what the mouse said, in whole pixels. */
static void move_by(SDL_Window *window, double dx, double dy)
{
    int x = whole(&mouse.part_x, dx), y = whole(&mouse.part_y, dy);
    if (x != 0 || y != 0)
        move(window, 0, true, x, y);
}

/* To where the daemon's pointer is. */
static void move_to(SDL_Window *window, double x, double y)
{
    move(window, 0, false, (int)floor(x), (int)floor(y));
}

void sdl2_mouse_event(SDL_Window *window, const struct kb_event *event)
{
    update_lock();
    if (!window &&
        event->type != KB_EVENT_POINTER_UP) /* what a window that has gone held is let go */
        return;
    const struct kb_pointer_event *pointer = &event->pointer;
    Uint8 button = event->type == KB_EVENT_WHEEL ? 0 : button_of(pointer->button);
    switch (event->type) {
    case KB_EVENT_POINTER_ENTER:
        enter(window);
        if (!mouse.locked)
            move_to(window, pointer->x, pointer->y);
        break;
    case KB_EVENT_POINTER_LEAVE:
        if (!mouse.locked)
            enter(NULL);
        break;
    case KB_EVENT_POINTER_MOTION:
        if (mouse.locked)
            move_by(window, pointer->dx, pointer->dy);
        else
            move_to(window, pointer->x, pointer->y);
        break;
    case KB_EVENT_POINTER_DOWN:
    case KB_EVENT_POINTER_UP:
        if (button != 0)
            press(0, button, event->type == KB_EVENT_POINTER_DOWN);
        break;
    case KB_EVENT_WHEEL:
        turn(event->wheel.horizontal / 120.0, -event->wheel.vertical / 120.0);
        break;
    default: break;
    }
}

void sdl2_mouse_touch(SDL_Window *window, int x, int y, int state)
{
    if (state != SDL_RELEASED)
        move(window, SDL_TOUCH_MOUSEID, false, x, y);
    if (state >= 0)
        press(SDL_TOUCH_MOUSEID, SDL_BUTTON_LEFT, state == SDL_PRESSED);
}

void sdl2_mouse_focus(SDL_Window *window)
{
    if (window && mouse.relative)
        enter(window);
    update_lock();
}

void sdl2_mouse_forget(const struct sdl2_window *window)
{
    if (mouse.over == window->sdl) {
        mouse.over = NULL;
        mouse.has_position = false;
    }
    if (mouse.locked == window)
        mouse.locked = NULL;
}

/* ---- In place of SDL's ------------------------------------------------------------------------ */

SDL_Window *SDL_GetMouseFocus(void)
{
    return mouse.over;
}

Uint32 SDL_GetMouseState(int *x, int *y)
{
    if (x)
        *x = mouse.x;
    if (y)
        *y = mouse.y;
    return mouse.buttons | mouse.touch_buttons;
}

/* The window is all that there is of the screen. */
Uint32 SDL_GetGlobalMouseState(int *x, int *y)
{
    int left = 0, top = 0;
    if (mouse.over)
        SDL2_REAL(SDL_GetWindowPosition)(mouse.over, &left, &top);
    Uint32 buttons = SDL_GetMouseState(x, y);
    if (x)
        *x += left;
    if (y)
        *y += top;
    return buttons;
}

Uint32 SDL_GetRelativeMouseState(int *x, int *y)
{
    if (x)
        *x = mouse.delta_x;
    if (y)
        *y = mouse.delta_y;
    mouse.delta_x = mouse.delta_y = 0;
    return mouse.buttons | mouse.touch_buttons;
}

void SDL_WarpMouseInWindow(SDL_Window *window, int x, int y)
{
    if (window == NULL)
        window = mouse.over;
    if (window == NULL)
        return;
    if (mouse.relative &&
        !SDL2_REAL(SDL_GetHintBoolean)(SDL_HINT_MOUSE_RELATIVE_WARP_MOTION, SDL_FALSE)) {
        mouse.x = mouse.last_x = x;
        mouse.y = mouse.last_y = y;
    } else {
        mouse.put = true;
        update_lock();
        place(window, x, y);
    }
}

int SDL_WarpMouseGlobal(int x, int y)
{
    int left = 0, top = 0;
    if (mouse.over)
        SDL2_REAL(SDL_GetWindowPosition)(mouse.over, &left, &top);
    SDL_WarpMouseInWindow(NULL, x - left, y - top);
    return 0;
}

int SDL_SetRelativeMouseMode(SDL_bool enabled)
{
    SDL_Window *window = sdl2_input_focus();
    if (mouse.relative == (bool)enabled)
        return 0;
    mouse.relative = enabled;
    mouse.put = false;
    mouse.part_x = mouse.part_y = 0;
    sdl2_cursor_relative(enabled);
    if (enabled && window != NULL)
        enter(window);
    update_lock();
    SDL2_REAL(SDL_FlushEvent)(SDL_MOUSEMOTION);
    if (!enabled && window != NULL)
        place(window, mouse.x, mouse.y);
    return 0;
}

SDL_bool SDL_GetRelativeMouseMode(void)
{
    return mouse.relative;
}

/* The pointer's motion is the window's as long as a button is held. */
int SDL_CaptureMouse(SDL_bool enabled)
{
    (void)enabled;
    return 0;
}
