/* A program that uses SDL as games do, one call for each line that it is told: the tests say what to call, and look at
 * what is shown. Answers each line with "ok" and numbers, or "error" and SDL's sentence. It knows nothing of kmsblit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <SDL2/SDL.h>

#define NUMBERS_MAX 64

static SDL_Window *window;
static SDL_Renderer *renderer;
static SDL_Texture *texture;

static int fails(int status)
{
    if (status < 0)
        printf("error %s\n", SDL_GetError());
    return status < 0;
}

static void color(long rgb)
{
    SDL_SetRenderDrawColor(renderer, rgb >> 16 & 255, rgb >> 8 & 255, rgb & 255, 255);
}

/* What a texture shows is a gradient, so that a wrong place or channel is seen. */
static int make_texture(long width, long height, long format)
{
    SDL_Surface *surface =
        SDL_CreateRGBSurfaceWithFormat(0, (int)width, (int)height, 32, SDL_PIXELFORMAT_ARGB8888);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            ((Uint32 *)surface->pixels)[y * surface->pitch / 4 + x] =
                0xFF000000u | (Uint32)(x * 7 & 255) << 16 | (Uint32)(y * 5 & 255) << 8 |
                (Uint32)((x + y) & 255);
    SDL_Surface *converted = SDL_ConvertSurfaceFormat(surface, (Uint32)format, 0);
    texture = SDL_CreateTexture(renderer, (Uint32)format, SDL_TEXTUREACCESS_STREAMING, (int)width,
                                (int)height);
    int status = texture == NULL
                     ? -1
                     : SDL_UpdateTexture(texture, NULL, converted->pixels, converted->pitch);
    SDL_FreeSurface(surface);
    SDL_FreeSurface(converted);
    return status;
}

static int draw(const char *what, const long *n, int count)
{
    SDL_Rect rect = {(int)n[0], (int)n[1], (int)n[2], (int)n[3]}, rects[NUMBERS_MAX / 4];
    if (strcmp(what, "fill") == 0)
        return SDL_FillRect(SDL_GetWindowSurface(window), &rect, (Uint32)n[4]);
    if (strcmp(what, "update") == 0)
        return SDL_UpdateWindowSurface(window);
    if (strcmp(what, "rects") == 0) {
        for (int i = 0; i < count / 4; i++)
            rects[i] =
                (SDL_Rect){(int)n[4 * i], (int)n[4 * i + 1], (int)n[4 * i + 2], (int)n[4 * i + 3]};
        return SDL_UpdateWindowSurfaceRects(window, rects, count / 4);
    }
    if (strcmp(what, "clear") == 0)
        return color(n[0]), SDL_RenderClear(renderer);
    if (strcmp(what, "rect") == 0)
        return color(n[4]), SDL_RenderFillRect(renderer, &rect);
    if (strcmp(what, "texture") == 0)
        return make_texture(n[0], n[1], n[2]);
    if (strcmp(what, "copy") == 0)
        return SDL_RenderCopy(renderer, texture, NULL, count > 0 ? &rect : NULL);
    if (strcmp(what, "present") == 0)
        return SDL_RenderPresent(renderer), 0;
    return 1;
}

static int change(const char *what, const long *n)
{
    if (strcmp(what, "window") == 0) {
        window = SDL_CreateWindow("painter", 0, 0, (int)n[0], (int)n[1], (Uint32)n[2]);
        return window == NULL ? -1 : 0;
    }
    if (strcmp(what, "both") == 0)
        return SDL_CreateWindowAndRenderer((int)n[0], (int)n[1], (Uint32)n[2], &window, &renderer);
    if (strcmp(what, "destroy") == 0)
        return SDL_DestroyWindow(window), 0;
    if (strcmp(what, "renderer") == 0) {
        renderer = SDL_CreateRenderer(window, (int)n[1], (Uint32)n[0]);
        return renderer == NULL ? -1 : 0;
    }
    if (strcmp(what, "logical") == 0)
        return SDL_RenderSetLogicalSize(renderer, (int)n[0], (int)n[1]);
    if (strcmp(what, "resize") == 0)
        return SDL_SetWindowSize(window, (int)n[0], (int)n[1]), 0;
    if (strcmp(what, "fullscreen") == 0)
        return SDL_SetWindowFullscreen(window, (Uint32)n[0]);
    if (strcmp(what, "hide") == 0)
        return SDL_HideWindow(window), 0;
    if (strcmp(what, "show") == 0)
        return SDL_ShowWindow(window), 0;
    if (strcmp(what, "grab") == 0)
        return SDL_SetWindowGrab(window, n[0] ? SDL_TRUE : SDL_FALSE), 0;
    if (strcmp(what, "restart") == 0) {
        SDL_Quit();
        return SDL_Init(SDL_INIT_VIDEO);
    }
    return 1;
}

/* Prints the answer itself. */
static int ask(const char *what, const long *n)
{
    SDL_DisplayMode mode;
    SDL_RendererInfo info;
    int width, height;
    if (strcmp(what, "size") == 0) {
        SDL_GetWindowSize(window, &width, &height);
        printf("ok %d %d\n", width, height);
    } else if (strcmp(what, "flags") == 0) {
        printf("ok %u\n", SDL_GetWindowFlags(window));
    } else if (strcmp(what, "grabbed") == 0) {
        printf("ok %d %d\n", SDL_GetWindowGrab(window), SDL_GetGrabbedWindow() == window);
    } else if (strcmp(what, "mode") == 0) {
        if (!fails(SDL_GetDisplayMode(0, (int)n[0], &mode)))
            printf("ok %d %d %d\n", mode.w, mode.h, mode.refresh_rate);
    } else if (strcmp(what, "modes") == 0) {
        printf("ok %d\n", SDL_GetNumDisplayModes(0));
    } else if (strcmp(what, "closest") == 0) {
        SDL_DisplayMode wanted = {.w = (int)n[0], .h = (int)n[1]};
        if (SDL_GetClosestDisplayMode(0, &wanted, &mode) == NULL)
            printf("ok 0 0\n");
        else
            printf("ok %d %d\n", mode.w, mode.h);
    } else if (strcmp(what, "info") == 0) {
        if (!fails(SDL_GetRendererInfo(renderer, &info)))
            printf("ok %u\n", info.flags);
    } else {
        return 0;
    }
    return 1;
}

int main(int argc, char **argv)
{
    char line[1024];
    (void)argc, (void)argv;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (fails(SDL_Init(SDL_INIT_VIDEO)))
        return 1;
    printf("ok\n");
    while (fgets(line, sizeof(line), stdin) != NULL) {
        long numbers[NUMBERS_MAX] = {0};
        int count = 0;
        char *rest, *what = strtok_r(line, " \n", &rest), *word;
        while ((word = strtok_r(NULL, " \n", &rest)) != NULL && count < NUMBERS_MAX)
            numbers[count++] = strtol(word, NULL, 0);
        if (what == NULL || strcmp(what, "end") == 0)
            break;
        if (ask(what, numbers))
            continue;
        int status = draw(what, numbers, count);
        if (status == 1)
            status = change(what, numbers);
        if (!fails(status))
            printf("%s\n", status == 1 ? "error what?" : "ok");
    }
    SDL_Quit();
    return 0;
}
