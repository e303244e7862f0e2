/* The daemon's events, one after the other; who has the focus; waiting for events. */
#include "input.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>

#include "shim.h"

static struct {
    pthread_t thread;  /* that pumps: the one that made the first of the windows that there are */
    bool begun;        /* thread is known */
    SDL_Window *focus; /* has the keyboard; NULL: none */
} input;

SDL_Window *sdl2_input_focus(void)
{
    return input.focus;
}

Uint32 sdl2_input_id(SDL_Window *window)
{
    return window != NULL ? SDL2_REAL(SDL_GetWindowID)(window) : 0;
}

void sdl2_input_push(SDL_Event *event)
{
    if (SDL2_REAL(SDL_EventState)(event->type, SDL_QUERY) == SDL_ENABLE)
        SDL2_REAL(SDL_PushEvent)(event);
}

void sdl2_input_tell(SDL_Window *window, SDL_WindowEventID what)
{
    SDL_Event event = {.window = {.type = SDL_WINDOWEVENT,
                                  .windowID = sdl2_input_id(window),
                                  .event = (Uint8)what}};
    sdl2_input_push(&event);
}

static void set_focus(SDL_Window *window)
{
    SDL_Window *before = input.focus;
    if (before == window)
        return;
    input.focus = window;
    if (before != NULL)
        sdl2_input_tell(before, SDL_WINDOWEVENT_FOCUS_LOST);
    if (window != NULL)
        sdl2_input_tell(window, SDL_WINDOWEVENT_FOCUS_GAINED);
    sdl2_mouse_focus(window);
}

/* As SDL: the end of the last window is the program's. */
static void close_window(SDL_Window *window)
{
    const struct sdl2_window *first = sdl2_windows();
    bool last = first == NULL || first->next == NULL;
    if (window != NULL)
        sdl2_input_tell(window, SDL_WINDOWEVENT_CLOSE);
    if (window == NULL ||
        (last && SDL2_REAL(SDL_GetHintBoolean)(SDL_HINT_QUIT_ON_LAST_WINDOW_CLOSE, SDL_TRUE))) {
        SDL_Event event = {.type = SDL_QUIT};
        sdl2_input_push(&event);
    }
}

static void take(const struct kb_event *event)
{
    const struct sdl2_window *ours = sdl2_window_of(event->window);
    SDL_Window *window = ours != NULL ? ours->sdl : NULL;
    switch (event->type) {
    case KB_EVENT_KEY_DOWN:
    case KB_EVENT_KEY_UP: sdl2_keys_event(&event->key, event->type == KB_EVENT_KEY_DOWN); break;
    case KB_EVENT_TEXT: sdl2_keys_text(event->text.text); break;
    case KB_EVENT_POINTER_MOTION:
    case KB_EVENT_POINTER_DOWN:
    case KB_EVENT_POINTER_UP:
    case KB_EVENT_POINTER_ENTER:
    case KB_EVENT_POINTER_LEAVE:
    case KB_EVENT_WHEEL: sdl2_mouse_event(window, event); break;
    case KB_EVENT_TOUCH_DOWN:
    case KB_EVENT_TOUCH_MOTION:
    case KB_EVENT_TOUCH_UP:
    case KB_EVENT_TOUCH_CANCEL: sdl2_touch_event(window, event); break;
    case KB_EVENT_AXIS:
    case KB_EVENT_BUTTON_DOWN:
    case KB_EVENT_BUTTON_UP: sdl2_pads_event(event); break;
    case KB_EVENT_DEVICE_ADDED: sdl2_pads_update(); break;
    case KB_EVENT_DEVICE_REMOVED: sdl2_pads_remove(event->device); break;
    case KB_EVENT_FOCUS_GAINED:
        set_focus(window);
        sdl2_keys_locks(kb_modifiers(sdl2_display()));
        break;
    case KB_EVENT_FOCUS_LOST: set_focus(NULL); break;
    case KB_EVENT_CLOSE: close_window(window); break;
    case KB_EVENT_LOST: break;
    }
}

void sdl2_input_attach(struct sdl2_window *window)
{
    const struct sdl2_window *first = sdl2_windows();
    if (!input.begun || (first == window && first->next == NULL))
        input.thread = pthread_self();
    input.begun = true;
}

void sdl2_input_detach(struct sdl2_window *window)
{
    if (input.focus == window->sdl)
        input.focus = NULL;
    sdl2_mouse_forget(window);
}

void sdl2_input_forget(void)
{
    if (SDL2_REAL(SDL_WasInit)(SDL_INIT_JOYSTICK) == 0)
        sdl2_pads_forget();
}

/* Events are pushed without the lock: programs have filters for them. */
static int next_event(struct kb_display *display, struct kb_event *event)
{
    SDL2_ALONE;
    return kb_next_event(display, event);
}

/* Other threads may ask for events, too, but the connection is one thread's. */
void sdl2_input_pump(void)
{
    struct kb_display *display = sdl2_display();
    struct kb_event event;
    int got;
    if (display == NULL || !input.begun || !pthread_equal(input.thread, pthread_self()))
        return;
    sdl2_pads_update();
    while ((got = next_event(display, &event)) == 1 || got == -EINTR) {
        if (got == 1)
            take(&event);
    }
    if (got < 0)
        sdl2_give_up();
}

/* ---- In place of SDL's ------------------------------------------------------------------------ */

SDL_Window *SDL_GetKeyboardFocus(void)
{
    return input.focus;
}

void SDL_PumpEvents(void)
{
    sdl2_input_pump();
    SDL2_REAL(SDL_PumpEvents)();
}

int SDL_PollEvent(SDL_Event *event)
{
    sdl2_input_pump();
    return SDL2_REAL(SDL_PollEvent)(event);
}

/* SDL's own looks for events a thousand times a second on its dummy driver, and knows nothing of the daemon. */
int SDL_WaitEventTimeout(SDL_Event *event, int timeout)
{
    Uint64 begin = SDL2_REAL(SDL_GetTicks64)();
    for (;;) {
        if (SDL_PollEvent(event))
            return 1;
        Uint64 passed = SDL2_REAL(SDL_GetTicks64)() - begin;
        if (timeout >= 0 && passed >= (Uint64)timeout)
            return 0;
        /* Other threads and timers push events, too: none waits longer than this. */
        int wait_ms =
            timeout < 0 || (Uint64)timeout - passed > 10 ? 10 : (int)((Uint64)timeout - passed);
        struct kb_display *display = sdl2_display();
        if (display == NULL) {
            SDL2_REAL(SDL_Delay)((Uint32)(wait_ms > 1 ? 1 : wait_ms));
            continue;
        }
        struct pollfd daemon = {.fd = kb_get_fd(display), .events = POLLIN};
        poll(&daemon, 1, wait_ms);
    }
}

int SDL_WaitEvent(SDL_Event *event)
{
    return SDL_WaitEventTimeout(event, -1);
}
