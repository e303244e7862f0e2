/* Programs that use SDL's renderer get the software one. It draws into the window's surface, so what it presents is what
 * lies there. A program that draws at a logical size gets a window of that size: nothing is scaled here. */
#include "shim.h"

SDL_Renderer *SDL_CreateRenderer(SDL_Window *window, int index, Uint32 flags)
{
    (void)index;
    flags &= ~(Uint32)(SDL_RENDERER_ACCELERATED | SDL_RENDERER_PRESENTVSYNC);
    return SDL2_REAL(SDL_CreateRenderer)(window, -1, flags | SDL_RENDERER_SOFTWARE);
}

/* The window that a renderer draws for; NULL: it draws into a surface. */
static struct sdl2_window *window_of(SDL_Renderer *renderer)
{
    struct sdl2_window *window = sdl2_windows();
    while (window != NULL && SDL2_REAL(SDL_GetRenderer)(window->sdl) != renderer)
        window = window->next;
    return window;
}

/* What a program asks before it decides whether to use a renderer: scaling is not done here, and every present keeps the
 * display's pace. */
int SDL_GetRendererInfo(SDL_Renderer *renderer, SDL_RendererInfo *info)
{
    int status = SDL2_REAL(SDL_GetRendererInfo)(renderer, info);
    if (status == 0 && window_of(renderer) != NULL) {
        info->flags &= ~(Uint32)SDL_RENDERER_SOFTWARE;
        info->flags |= SDL_RENDERER_ACCELERATED | SDL_RENDERER_PRESENTVSYNC;
    }
    return status;
}

int SDL_RenderSetLogicalSize(SDL_Renderer *renderer, int width, int height)
{
    struct sdl2_window *window = window_of(renderer);
    int status = SDL2_REAL(SDL_RenderSetLogicalSize)(renderer, width, height);
    if (status < 0 || window == NULL)
        return status;
    int now_width, now_height;
    SDL2_REAL(SDL_GetWindowSize)(window->sdl, &now_width, &now_height);
    if (width <= 0 || height <= 0) {
        width = window->windowed_width;
        height = window->windowed_height;
    } else if (window->windowed_width == 0) {
        window->windowed_width = now_width;
        window->windowed_height = now_height;
    }
    if (width > 0 && height > 0 && (width != now_width || height != now_height))
        SDL2_REAL(SDL_SetWindowSize)(window->sdl, width, height);
    return status;
}

int SDL_RenderSetIntegerScale(SDL_Renderer *renderer, SDL_bool enable)
{
    struct sdl2_window *window = window_of(renderer);
    if (window != NULL)
        window->integer_scale = enable;
    return SDL2_REAL(SDL_RenderSetIntegerScale)(renderer, enable);
}

/* Every present keeps the display's pace. */
int SDL_RenderSetVSync(SDL_Renderer *renderer, int vsync)
{
    (void)renderer;
    (void)vsync;
    return 0;
}

void SDL_RenderPresent(SDL_Renderer *renderer)
{
    struct sdl2_window *window = window_of(renderer);
    SDL2_REAL(SDL_RenderPresent)(renderer);
    if (window != NULL)
        sdl2_present(window, NULL, 0);
}
