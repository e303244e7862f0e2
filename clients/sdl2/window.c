/* SDL's windows, each with one of ours. To SDL they are plain windows of the size that the program draws; that they fill
 * the screen is the daemon's scaling, and only told to the program. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <SDL2/SDL_syswm.h>

#include "shim.h"

#define FULLSCREEN_FLAGS (SDL_WINDOW_FULLSCREEN_DESKTOP)
#define REFUSED_FLAGS    (SDL_WINDOW_OPENGL | SDL_WINDOW_VULKAN)

static struct sdl2_window *windows; /* owned, the newest first */

struct sdl2_window *sdl2_windows(void)
{
    return windows;
}

struct sdl2_window *sdl2_window_find(const SDL_Window *sdl)
{
    struct sdl2_window *window = windows;
    while (window != NULL && window->sdl != sdl)
        window = window->next;
    return window;
}

struct sdl2_window *sdl2_window_of(const struct kb_window *ours)
{
    struct sdl2_window *window = windows;
    while (window != NULL && (ours == NULL || window->window != ours))
        window = window->next;
    return window;
}

/* ---- Making and destroying ------------------------------------------------------------------ */

/* How the tool was told to scale: the index of $variable in a list of words; 0: not at all, or wrong. */
static int chosen(const char *variable, const char *const *words)
{
    const char *word = getenv(variable);
    for (int i = 1; word != NULL && words[i] != NULL; i++) {
        if (strcmp(word, words[i]) == 0)
            return i;
    }
    return 0;
}

static enum kb_scale choose_scale(const struct sdl2_window *window)
{
    static const char *const words[] = {"", "fit", "integer", "stretch", "none", NULL};
    static const enum kb_scale scales[] = {KB_SCALE_FIT, KB_SCALE_FIT, KB_SCALE_INTEGER,
                                           KB_SCALE_STRETCH, KB_SCALE_NONE};
    int choice = chosen("KMSBLIT_RUN_SCALE", words);
    return choice == 0 && window->integer_scale ? KB_SCALE_INTEGER : scales[choice];
}

/* Whole factors keep pixels sharp; others would make them of different sizes. */
static enum kb_filter choose_filter(int width, int height)
{
    static const char *const words[] = {"", "auto", "nearest", "bilinear", NULL};
    int choice = chosen("KMSBLIT_RUN_FILTER", words);
    SDL_DisplayMode desktop;
    sdl2_desktop_mode(&desktop);
    int factor_x = desktop.w / width, factor_y = desktop.h / height;
    int factor = factor_x < factor_y ? factor_x : factor_y;
    bool whole = factor > 0 && (factor * width == desktop.w || factor * height == desktop.h);
    if (choice < 2)
        return whole ? KB_FILTER_NEAREST : KB_FILTER_BILINEAR;
    return choice == 2 ? KB_FILTER_NEAREST : KB_FILTER_BILINEAR;
}

void sdl2_window_describe(const struct sdl2_window *window, int width, int height,
                          struct kb_window_info *info)
{
    const char *title = SDL2_REAL(SDL_GetWindowTitle)(window->sdl);
    *info = (struct kb_window_info){
        .width = (uint32_t)width,
        .height = (uint32_t)height,
        .scale = choose_scale(window),
        .filter = choose_filter(width, height),
        .flags = window->hidden ? KB_WINDOW_FLAG_HIDDEN : 0,
        .title = title != NULL && *title != '\0' ? title : NULL,
    };
}

bool sdl2_window_show(struct sdl2_window *window)
{
    SDL2_ALONE;
    struct kb_window_info info;
    int width, height;
    if (sdl2_display() == NULL)
        return false;
    if (window->window != NULL)
        return true;
    SDL2_REAL(SDL_GetWindowSize)(window->sdl, &width, &height);
    sdl2_window_describe(window, width, height, &info);
    int status;
    do {
        status = kb_window_create(sdl2_display(), &info, &window->window);
    } while (status == -EINTR);
    if (status < 0) {
        window->window = NULL;
        sdl2_give_up();
        return false;
    }
    sdl2_cursor_apply(window);
    sdl2_input_attach(window);
    return true;
}

static void destroy(struct sdl2_window *window)
{
    sdl2_input_detach(window);
    sdl2_picture_destroy(window->picture);
    kb_window_destroy(window->window);
    free(window);
    if (sdl2_display() != NULL)
        kb_flush(sdl2_display());
}

void sdl2_windows_destroy(void)
{
    SDL2_ALONE;
    while (windows != NULL) {
        struct sdl2_window *window = windows;
        windows = window->next;
        destroy(window);
    }
}

void sdl2_windows_disown(void)
{
    for (struct sdl2_window *window = windows; window != NULL; window = window->next) {
        window->window = NULL;
        window->picture = NULL;
    }
}

/* A clear no. */
static SDL_Window *refuse(Uint32 flags)
{
    const char *what = flags & SDL_WINDOW_OPENGL ? "OpenGL" : "Vulkan";
    if (sdl2_counters()->refusals++ == 0)
        sdl2_say("this program asks for %s; kmsblit shows only programs that draw in software",
                 what);
    SDL2_REAL(SDL_SetError)("kmsblit has no %s", what);
    return NULL;
}

static void enter_fullscreen(struct sdl2_window *window, Uint32 flags);

static void add(struct sdl2_window *window)
{
    SDL2_ALONE;
    window->next = windows;
    windows = window;
}

static void remove_window(const SDL_Window *sdl)
{
    SDL2_ALONE;
    struct sdl2_window **link = &windows;
    while (*link != NULL && (*link)->sdl != sdl)
        link = &(*link)->next;
    struct sdl2_window *window = *link;
    if (window != NULL) {
        *link = window->next;
        destroy(window);
    }
}

SDL_Window *SDL_CreateWindow(const char *title, int x, int y, int width, int height, Uint32 flags)
{
    if (flags & REFUSED_FLAGS)
        return refuse(flags);
    struct sdl2_window *window = calloc(1, sizeof(*window));
    if (window == NULL)
        return NULL;
    window->sdl =
        SDL2_REAL(SDL_CreateWindow)(title, x, y, width, height, flags & ~FULLSCREEN_FLAGS);
    if (window->sdl == NULL) {
        free(window);
        return NULL;
    }
    window->hidden = (flags & SDL_WINDOW_HIDDEN) != 0;
    window->mouse_grab = (flags & SDL_WINDOW_MOUSE_GRABBED) != 0;
    window->keyboard_grab = (flags & SDL_WINDOW_KEYBOARD_GRABBED) != 0;
    add(window);
    enter_fullscreen(window, flags & FULLSCREEN_FLAGS);
    if (!window->hidden)
        sdl2_window_show(window);
    return window->sdl;
}

int SDL_CreateWindowAndRenderer(int width, int height, Uint32 flags, SDL_Window **window,
                                SDL_Renderer **renderer)
{
    *renderer = NULL;
    *window = SDL_CreateWindow(NULL, SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED, width,
                               height, flags);
    if (*window != NULL)
        *renderer = SDL_CreateRenderer(*window, -1, 0);
    return *renderer != NULL ? 0 : -1;
}

void SDL_DestroyWindow(SDL_Window *sdl)
{
    remove_window(sdl);
    SDL2_REAL(SDL_DestroyWindow)(sdl);
}

/* ---- What a window is ----------------------------------------------------------------------- */

static void set(struct sdl2_window *window, uint32_t fields)
{
    SDL2_ALONE;
    struct kb_window_info info;
    int width, height;
    if (window->window == NULL || sdl2_display() == NULL)
        return;
    SDL2_REAL(SDL_GetWindowSize)(window->sdl, &width, &height);
    sdl2_window_describe(window, width, height, &info);
    if (kb_window_set(window->window, fields, &info) < 0 || kb_flush(sdl2_display()) < 0)
        sdl2_give_up();
}

void SDL_SetWindowTitle(SDL_Window *sdl, const char *title)
{
    struct sdl2_window *window = sdl2_window_find(sdl);
    SDL2_REAL(SDL_SetWindowTitle)(sdl, title);
    if (window != NULL)
        set(window, KB_WINDOW_FIELD_TITLE);
}

static void show_or_hide(SDL_Window *sdl, bool hidden)
{
    struct sdl2_window *window = sdl2_window_find(sdl);
    if (window == NULL)
        return;
    window->hidden = hidden;
    if (!hidden && window->window == NULL)
        sdl2_window_show(window);
    else
        set(window, KB_WINDOW_FIELD_FLAGS);
}

void SDL_ShowWindow(SDL_Window *sdl)
{
    SDL2_REAL(SDL_ShowWindow)(sdl);
    show_or_hide(sdl, false);
}

void SDL_HideWindow(SDL_Window *sdl)
{
    SDL2_REAL(SDL_HideWindow)(sdl);
    show_or_hide(sdl, true);
}

Uint32 SDL_GetWindowFlags(SDL_Window *sdl)
{
    struct sdl2_window *window = sdl2_window_find(sdl);
    Uint32 flags = SDL2_REAL(SDL_GetWindowFlags)(sdl);
    if (window == NULL)
        return flags;
    flags |= window->fullscreen;
    flags |= window->mouse_grab ? SDL_WINDOW_MOUSE_GRABBED : 0;
    flags |= window->keyboard_grab ? SDL_WINDOW_KEYBOARD_GRABBED : 0;
    flags |= SDL_GetKeyboardFocus() == sdl ? SDL_WINDOW_INPUT_FOCUS : 0;
    flags |= SDL_GetMouseFocus() == sdl ? SDL_WINDOW_MOUSE_FOCUS : 0;
    return flags;
}

/* ---- Full screen ---------------------------------------------------------------------------- */

/* SDL tells the program about the new size, as it does on any display. */
static void resize(struct sdl2_window *window, int width, int height)
{
    int before_width, before_height;
    SDL2_REAL(SDL_GetWindowSize)(window->sdl, &before_width, &before_height);
    if (width != before_width || height != before_height)
        SDL2_REAL(SDL_SetWindowSize)(window->sdl, width, height);
}

/* "Desktop" means the display's own size, unless the program draws at a logical size: then that is the window's. Else
 * the game keeps its size, or the mode's that it chose. */
static void enter_fullscreen(struct sdl2_window *window, Uint32 flags)
{
    SDL_Renderer *renderer = SDL2_REAL(SDL_GetRenderer)(window->sdl);
    SDL_DisplayMode mode = window->mode;
    int logical_width = 0, logical_height = 0;
    if (flags == 0 || flags == window->fullscreen)
        return;
    if (renderer != NULL)
        SDL2_REAL(SDL_RenderGetLogicalSize)(renderer, &logical_width, &logical_height);
    if (window->windowed_width == 0)
        SDL2_REAL(SDL_GetWindowSize)
    (window->sdl, &window->windowed_width, &window->windowed_height);
    window->fullscreen = flags;
    if (flags == SDL_WINDOW_FULLSCREEN_DESKTOP)
        sdl2_desktop_mode(&mode);
    if (logical_width == 0 && mode.w > 0 && mode.h > 0)
        resize(window, mode.w, mode.h);
}

static void leave_fullscreen(struct sdl2_window *window)
{
    int width = window->windowed_width, height = window->windowed_height;
    SDL_Renderer *renderer = SDL2_REAL(SDL_GetRenderer)(window->sdl);
    int logical_width = 0, logical_height = 0;
    if (window->fullscreen == 0)
        return;
    window->fullscreen = 0;
    if (renderer != NULL)
        SDL2_REAL(SDL_RenderGetLogicalSize)(renderer, &logical_width, &logical_height);
    if (width == 0 || logical_width != 0)
        return;
    window->windowed_width = window->windowed_height = 0;
    resize(window, width, height);
}

int SDL_SetWindowFullscreen(SDL_Window *sdl, Uint32 flags)
{
    struct sdl2_window *window = sdl2_window_find(sdl);
    if (window == NULL)
        return SDL2_REAL(SDL_SetError)("Invalid window");
    if (flags & FULLSCREEN_FLAGS)
        enter_fullscreen(window, flags & FULLSCREEN_FLAGS);
    else
        leave_fullscreen(window);
    return 0;
}

int SDL_SetWindowDisplayMode(SDL_Window *sdl, const SDL_DisplayMode *mode)
{
    struct sdl2_window *window = sdl2_window_find(sdl);
    if (window == NULL)
        return SDL2_REAL(SDL_SetError)("Invalid window");
    window->mode = mode != NULL ? *mode : (SDL_DisplayMode){0};
    if (window->fullscreen == SDL_WINDOW_FULLSCREEN && window->mode.w > 0)
        resize(window, window->mode.w, window->mode.h);
    return 0;
}

int SDL_GetWindowDisplayMode(SDL_Window *sdl, SDL_DisplayMode *mode)
{
    struct sdl2_window *window = sdl2_window_find(sdl);
    if (window == NULL || mode == NULL)
        return SDL2_REAL(SDL_SetError)("Invalid window");
    sdl2_desktop_mode(mode);
    if (window->fullscreen == SDL_WINDOW_FULLSCREEN_DESKTOP)
        return 0;
    SDL2_REAL(SDL_GetWindowSize)(sdl, &mode->w, &mode->h);
    if (window->mode.w > 0)
        *mode = window->mode;
    return 0;
}

/* ---- Grabs ---------------------------------------------------------------------------------- */

/* The pointer cannot leave the screen anyway: a grab of the mouse is only remembered. */
void SDL_SetWindowMouseGrab(SDL_Window *sdl, SDL_bool grabbed)
{
    struct sdl2_window *window = sdl2_window_find(sdl);
    if (window != NULL)
        window->mouse_grab = grabbed;
}

void SDL_SetWindowKeyboardGrab(SDL_Window *sdl, SDL_bool grabbed)
{
    struct sdl2_window *window = sdl2_window_find(sdl);
    if (window == NULL)
        return;
    window->keyboard_grab = grabbed;
    SDL2_ALONE;
    if (window->window != NULL && sdl2_display() != NULL)
        kb_window_grab_keyboard(window->window, grabbed);
}

void SDL_SetWindowGrab(SDL_Window *sdl, SDL_bool grabbed)
{
    SDL_SetWindowMouseGrab(sdl, grabbed);
    if (!grabbed || SDL2_REAL(SDL_GetHintBoolean)(SDL_HINT_GRAB_KEYBOARD, SDL_FALSE))
        SDL_SetWindowKeyboardGrab(sdl, grabbed);
}

SDL_bool SDL_GetWindowMouseGrab(SDL_Window *sdl)
{
    const struct sdl2_window *window = sdl2_window_find(sdl);
    return window != NULL && window->mouse_grab;
}

SDL_bool SDL_GetWindowKeyboardGrab(SDL_Window *sdl)
{
    const struct sdl2_window *window = sdl2_window_find(sdl);
    return window != NULL && window->keyboard_grab;
}

SDL_bool SDL_GetWindowGrab(SDL_Window *sdl)
{
    return SDL_GetWindowMouseGrab(sdl) || SDL_GetWindowKeyboardGrab(sdl);
}

SDL_Window *SDL_GetGrabbedWindow(void)
{
    struct sdl2_window *window = windows;
    while (window != NULL && !window->mouse_grab && !window->keyboard_grab)
        window = window->next;
    return window != NULL ? window->sdl : NULL;
}

/* pygame toggles the full screen only on systems that it knows. Of these, this one is the one of which no program here
 * tries to use the handles; all of them point at nothing. */
SDL_bool SDL_GetWindowWMInfo(SDL_Window *sdl, SDL_SysWMinfo *info)
{
    static uint64_t nothing[8];
    void *handles[sizeof(info->info) / sizeof(void *)];
    if (sdl2_window_find(sdl) == NULL)
        return SDL2_REAL(SDL_GetWindowWMInfo)(sdl, info);
    for (size_t i = 0; i < sizeof(handles) / sizeof(handles[0]); i++)
        handles[i] = nothing;
    memcpy(&info->info, handles, sizeof(handles));
    info->subsystem = SDL_SYSWM_WINDOWS;
    return SDL_TRUE;
}
