/* Cursors: SDL's dummy driver has none, so these are ours. */
#include <stdlib.h>
#include <string.h>

#include "shim.h"

#define CURSOR_PX_MAX 256 /* the daemon shows no larger ones */

struct SDL_Cursor {
    struct kb_image *image; /* owned; NULL: the daemon's arrow */
    int hot_x, hot_y;
};

static struct SDL_Cursor arrow;
static struct SDL_Cursor *current = &arrow;
static bool shown = true, relative_mode;

void sdl2_cursor_apply(struct sdl2_window *window)
{
    SDL2_ALONE;
    if (window->window == NULL || sdl2_display() == NULL)
        return;
    kb_window_set_cursor(window->window, current->image, current->hot_x, current->hot_y);
    kb_window_hide_cursor(window->window, !shown || relative_mode);
    if (kb_flush(sdl2_display()) < 0)
        sdl2_give_up();
}

static void apply_everywhere(void)
{
    for (struct sdl2_window *window = sdl2_windows(); window != NULL; window = window->next)
        sdl2_cursor_apply(window);
}

void sdl2_cursor_relative(bool relative)
{
    relative_mode = relative;
    apply_everywhere();
}

/* pixels are ARGB8888 rows without gaps. A cursor that cannot be shown is the arrow. */
static SDL_Cursor *make(int width, int height, const uint32_t *pixels, int hot_x, int hot_y)
{
    struct SDL_Cursor *cursor = calloc(1, sizeof(*cursor));
    struct kb_image_info info = {.width = (uint32_t)width, .height = (uint32_t)height};
    if (cursor == NULL || sdl2_display() == NULL || width > CURSOR_PX_MAX || height > CURSOR_PX_MAX)
        return cursor;
    if (kb_image_create(sdl2_display(), &info, pixels, &cursor->image) < 0)
        return cursor;
    cursor->hot_x = hot_x;
    cursor->hot_y = hot_y;
    return cursor;
}

/* One bit a pixel, from the left: mask and data say black, white, nothing, or inverted, which is shown black. */
SDL_Cursor *SDL_CreateCursor(const Uint8 *data, const Uint8 *mask, int width, int height, int hot_x,
                             int hot_y)
{
    SDL2_ALONE;
    width = (width + 7) & ~7;
    if (width <= 0 || height <= 0 || width > 4096 || height > 4096)
        return calloc(1, sizeof(struct SDL_Cursor));
    uint32_t *pixels = calloc((size_t)width * (size_t)height, sizeof(*pixels));
    if (pixels == NULL)
        return NULL;
    for (int i = 0; i < width * height; i++) {
        bool black = data[i / 8] & (0x80 >> i % 8), opaque = mask[i / 8] & (0x80 >> i % 8);
        pixels[i] = black ? 0xFF000000 : opaque ? 0xFFFFFFFF : 0;
    }
    SDL_Cursor *cursor = make(width, height, pixels, hot_x, hot_y);
    free(pixels);
    return cursor;
}

SDL_Cursor *SDL_CreateColorCursor(SDL_Surface *surface, int hot_x, int hot_y)
{
    if (surface == NULL)
        return NULL;
    SDL_Surface *argb = SDL2_REAL(SDL_ConvertSurfaceFormat)(surface, SDL_PIXELFORMAT_ARGB8888, 0);
    if (argb == NULL)
        return NULL;
    /* Rows of 32-bit surfaces that SDL makes have no gaps. */
    SDL_Cursor *cursor = make(argb->w, argb->h, argb->pixels, hot_x, hot_y);
    SDL2_REAL(SDL_FreeSurface)(argb);
    return cursor;
}

SDL_Cursor *SDL_CreateSystemCursor(SDL_SystemCursor id)
{
    (void)id; /* the daemon has one shape */
    return calloc(1, sizeof(struct SDL_Cursor));
}

void SDL_SetCursor(SDL_Cursor *cursor)
{
    if (cursor != NULL)
        current = cursor;
    apply_everywhere();
}

SDL_Cursor *SDL_GetCursor(void)
{
    return current;
}

SDL_Cursor *SDL_GetDefaultCursor(void)
{
    return &arrow;
}

void SDL_FreeCursor(SDL_Cursor *cursor)
{
    SDL2_ALONE;
    if (cursor == NULL || cursor == &arrow)
        return;
    if (cursor == current)
        SDL_SetCursor(&arrow);
    if (sdl2_display() != NULL)
        kb_image_destroy(cursor->image);
    free(cursor);
}

int SDL_ShowCursor(int toggle)
{
    bool before = shown;
    if (toggle == SDL_QUERY)
        return before;
    shown = toggle != SDL_DISABLE;
    if (shown != before)
        apply_everywhere();
    return before;
}
