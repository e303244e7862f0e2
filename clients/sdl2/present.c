/*
 * A window's pixels on their way to the daemon. The image that is shared with it is also the memory of what was
 * presented before: tiles that differ from it are copied into it and told as changed.
 *
 * Whole frames keep the display's pace: a program that presents another one while two are under way waits for the first.
 * Parts of a frame (rectangles) do not, since games present several of them for one frame: what cannot be sent at once
 * is sent with the next, or as soon as it can be.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "shim.h"

#define SIDE_PX_MAX 8192
/* Presents of parts that a program may be ahead of the display. */
#define PARTS_AHEAD 16

struct sdl2_picture {
    struct kb_image *image; /* owned */
    uint8_t *pixels;        /* the image's; what was presented last */
    size_t stride_bytes;
    int width, height;
    int columns, rows;
    uint8_t *changed;      /* owned: a byte a tile, 1 if it is to be sent */
    struct kb_rect *rects; /* owned: room for one rectangle a tile */
    bool unsent;           /* something is to be sent */
    bool missed;           /* something was not even compared: the program was interrupted */
    int64_t due_ns; /* when the program may present again without being ahead of the display */
};

/* ---- Making -------------------------------------------------------------------------------- */

void sdl2_picture_destroy(struct sdl2_picture *picture)
{
    if (picture == NULL)
        return;
    kb_image_destroy(picture->image);
    free(picture->changed);
    free(picture->rects);
    free(picture);
}

static struct sdl2_picture *make_picture(int width, int height)
{
    struct kb_image_info info = {
        .width = (uint32_t)width, .height = (uint32_t)height, .format = KB_FORMAT_XRGB8888};
    struct sdl2_picture *picture = calloc(1, sizeof(*picture));
    if (picture == NULL)
        return NULL;
    picture->width = width;
    picture->height = height;
    picture->columns = (width + SDL2_TILE_PX - 1) / SDL2_TILE_PX;
    picture->rows = (height + SDL2_TILE_PX - 1) / SDL2_TILE_PX;
    size_t tiles = (size_t)picture->columns * (size_t)picture->rows;
    picture->changed = calloc(tiles, 1);
    picture->rects = calloc(tiles, sizeof(*picture->rects));
    if (picture->changed == NULL || picture->rects == NULL ||
        kb_image_create_shared(sdl2_display(), &info, &picture->image) < 0) {
        sdl2_picture_destroy(picture);
        return NULL;
    }
    picture->pixels = kb_image_pixels(picture->image, &picture->stride_bytes);
    /* The daemon knows nothing of it: everything is new. */
    memset(picture->changed, 1, tiles);
    sdl2_counters()->changed += tiles;
    picture->unsent = true;
    return picture;
}

/* The window and its picture have the surface's size, from the next frame on. */
static bool fit(struct sdl2_window *window, const SDL_Surface *surface)
{
    struct kb_window_info info;
    struct sdl2_picture *picture = window->picture;
    uint32_t width, height;
    if (!sdl2_window_show(window))
        return false;
    if (picture == NULL || picture->width != surface->w || picture->height != surface->h) {
        sdl2_picture_destroy(picture);
        window->picture = make_picture(surface->w, surface->h);
        if (window->picture == NULL) {
            sdl2_give_up();
            return false;
        }
    }
    kb_window_size(window->window, &width, &height);
    if (width == (uint32_t)surface->w && height == (uint32_t)surface->h)
        return true;
    sdl2_window_describe(window, surface->w, surface->h, &info);
    return kb_window_set(window->window,
                         KB_WINDOW_FIELD_SIZE | KB_WINDOW_FIELD_SCALE |
                             KB_WINDOW_FIELD_WITH_NEXT_FRAME,
                         &info) == 0;
}

/* ---- Comparing ----------------------------------------------------------------------------- */

/* The surface's pixels as the image has them; *converted is to be freed. */
static bool rows_of(SDL_Surface *surface, struct sdl2_rows *rows, SDL_Surface **converted)
{
    Uint32 format = surface->format->format;
    *converted = NULL;
    if (format != SDL_PIXELFORMAT_RGB888 && format != SDL_PIXELFORMAT_ARGB8888) {
        surface = *converted =
            SDL2_REAL(SDL_ConvertSurfaceFormat)(surface, SDL_PIXELFORMAT_RGB888, 0);
        if (surface == NULL)
            return false;
    }
    *rows = (struct sdl2_rows){surface->pixels, (size_t)surface->pitch};
    return true;
}

/* The bytes of a row of `part` that lie in the tile i columns from its first; returns their number. */
static size_t piece(const SDL_Rect *part, int i, size_t *at)
{
    int column = part->x / SDL2_TILE_PX + i;
    int left = column * SDL2_TILE_PX, right = left + SDL2_TILE_PX;
    left = left < part->x ? part->x : left;
    right = right > part->x + part->w ? part->x + part->w : right;
    *at = (size_t)left * 4;
    return (size_t)(right - left) * 4;
}

/* Which tiles of a row of tiles differ, within `part`. */
static void compare_band(const struct sdl2_picture *picture, const struct sdl2_rows *now,
                         const SDL_Rect *part, uint8_t *found)
{
    size_t at, first = part->x % SDL2_TILE_PX != 0 ? piece(part, 0, &at) : 0;
    size_t bytes = (size_t)part->w * 4;
    at = (size_t)part->x * 4;
    for (int y = part->y; y < part->y + part->h; y++) {
        const uint8_t *row = now->pixels + (size_t)y * now->stride_bytes + at;
        const uint8_t *before = picture->pixels + (size_t)y * picture->stride_bytes + at;
        if (first > 0)
            sdl2_compare_row_fast(row, before, first, found);
        sdl2_compare_row_fast(row + first, before + first, bytes - first, found + (first > 0));
    }
}

/* Takes over what differs in a row of tiles, within `part`. */
static int take_band(struct sdl2_picture *picture, const struct sdl2_rows *now,
                     const SDL_Rect *part)
{
    uint8_t found[SIDE_PX_MAX / SDL2_TILE_PX + 1] = {0};
    int columns = (part->x + part->w - 1) / SDL2_TILE_PX - part->x / SDL2_TILE_PX + 1;
    uint8_t *changed =
        picture->changed + part->y / SDL2_TILE_PX * picture->columns + part->x / SDL2_TILE_PX;
    sdl2_counters()->compared += (uint64_t)columns;
    compare_band(picture, now, part, found);
    for (int i = 0; i < columns; i++) {
        size_t at, bytes = piece(part, i, &at);
        if (!found[i])
            continue;
        int error = kb_image_wait(picture->image); /* the daemon may still be reading */
        if (error < 0)
            return error;
        for (int y = part->y; y < part->y + part->h; y++)
            memcpy(picture->pixels + (size_t)y * picture->stride_bytes + at,
                   now->pixels + (size_t)y * now->stride_bytes + at, bytes);
        sdl2_counters()->changed += !changed[i];
        changed[i] = 1;
        picture->unsent = true;
    }
    return 0;
}

/* The same for a rectangle of any size. */
static int take(struct sdl2_picture *picture, const struct sdl2_rows *now, const SDL_Rect *rect)
{
    int x0 = rect->x < 0 ? 0 : rect->x, x1 = rect->x + rect->w;
    int y0 = rect->y < 0 ? 0 : rect->y, y1 = rect->y + rect->h;
    int error = 0;
    x1 = x1 > picture->width ? picture->width : x1;
    y1 = y1 > picture->height ? picture->height : y1;
    for (int y = y0; y < y1 && x0 < x1 && error == 0;) {
        int next = (y / SDL2_TILE_PX + 1) * SDL2_TILE_PX;
        next = next > y1 ? y1 : next;
        error = take_band(picture, now, &(SDL_Rect){x0, y, x1 - x0, next - y});
        y = next;
    }
    return error;
}

/* ---- Sending ------------------------------------------------------------------------------- */

/* The changed tiles as rectangles: those beside each other are one. */
static size_t collect(struct sdl2_picture *picture)
{
    size_t count = 0;
    for (int row = 0; row < picture->rows; row++) {
        uint8_t *changed = picture->changed + row * picture->columns;
        for (int column = 0, begin; column < picture->columns; column++) {
            if (!changed[column])
                continue;
            for (begin = column; column < picture->columns && changed[column]; column++)
                changed[column] = 0;
            int x = begin * SDL2_TILE_PX, right = column * SDL2_TILE_PX;
            int y = row * SDL2_TILE_PX, bottom = y + SDL2_TILE_PX;
            right = right > picture->width ? picture->width : right;
            bottom = bottom > picture->height ? picture->height : bottom;
            picture->rects[count++] =
                (struct kb_rect){x, y, (uint32_t)(right - x), (uint32_t)(bottom - y)};
            sdl2_counters()->sent += (uint64_t)(column - begin);
            sdl2_counters()->pixels += (uint64_t)(right - x) * (uint64_t)(bottom - y);
        }
    }
    return count;
}

/* A signal came meanwhile: whatever was begun is gone on with later, so that the program can be interrupted. */
static void check(int error)
{
    if (error < 0 && error != -EINTR)
        sdl2_give_up();
}

/* One frame: the whole image, of which the daemon draws what changed. */
static void send_changes(struct sdl2_window *window)
{
    struct sdl2_picture *picture = window->picture;
    size_t count = collect(picture);
    int error = count > 0 ? kb_image_update(picture->image, picture->rects, count) : 0;
    if (error == 0) {
        kb_clear(window->window);
        kb_blit(window->window, picture->image, NULL, 0, 0);
        error = kb_commit(window->window, NULL);
    }
    picture->unsent = error == -EINTR;
    sdl2_counters()->frames += error == 0;
    check(error);
}

/* ---- Keeping pace -------------------------------------------------------------------------- */

static int64_t refresh_ns(const struct sdl2_window *window)
{
    struct kb_presented last;
    struct kb_output_info info;
    SDL2_ALONE;
    if (sdl2_display() == NULL)
        return 0;
    kb_last_presented(window->window, &last);
    if (last.serial != 0)
        return (int64_t)last.refresh_ns;
    return kb_output_get(sdl2_display(), 0, &info) == 0 ? (int64_t)info.refresh_ns : 0;
}

/* Counts a present of which the display could show so many in a refresh. What needs no frame costs the daemon nothing:
 * for that the program itself sleeps, until it is no more than a refresh ahead of what a display would have shown. */
static void keep_pace(struct sdl2_window *window, int presents, bool sleeps)
{
    struct sdl2_picture *picture = window->picture;
    int64_t now_ns = sdl2_now_ns(), period_ns = refresh_ns(window);
    picture->due_ns += period_ns / presents;
    if (picture->due_ns < now_ns)
        picture->due_ns = now_ns;
    int64_t wait_ns = picture->due_ns - period_ns - now_ns;
    if (wait_ns <= 0)
        return;
    if (sleeps)
        SDL2_REAL(SDL_Delay)((Uint32)(wait_ns / 1000000));
    else
        picture->due_ns -= wait_ns;
}

/* Until another frame may be sent. */
static void wait_for_credit(const struct sdl2_window *window)
{
    int status = 0;
    SDL2_ALONE;
    while (status >= 0 && sdl2_display() != NULL && kb_credits(window->window) == 0)
        status = kb_dispatch(sdl2_display(), -1);
    check(status);
}

/* ---- Presenting ---------------------------------------------------------------------------- */

static bool is_whole(const SDL_Surface *surface, const SDL_Rect *rects, int count)
{
    return count == 0 || (count == 1 && rects->x <= 0 && rects->y <= 0 &&
                          rects->x + rects->w >= surface->w && rects->y + rects->h >= surface->h);
}

/* Takes over what changed; false: there is nothing to go on with. */
static bool take_all(struct sdl2_window *window, SDL_Surface *surface, const SDL_Rect *rects,
                     int count)
{
    const SDL_Rect all = {.w = surface->w, .h = surface->h};
    struct sdl2_rows rows;
    SDL_Surface *converted;
    if (surface->w > SIDE_PX_MAX || surface->h > SIDE_PX_MAX || !fit(window, surface) ||
        !rows_of(surface, &rows, &converted))
        return false;
    struct sdl2_picture *picture = window->picture;
    if (count == 0 || picture->missed) {
        rects = &all;
        count = 1;
    }
    int error = 0;
    for (int i = 0; i < count && error == 0; i++)
        error = take(picture, &rows, &rects[i]);
    SDL2_REAL(SDL_FreeSurface)(converted);
    picture->missed = error < 0;
    check(error);
    return sdl2_display() != NULL;
}

/* Adds up what presenting cost, without the time for which the program was held back. */
static void count_time(int64_t began_ns, int64_t began_cpu_ns, int64_t held_ns)
{
    struct sdl2_counters *counters = sdl2_counters();
    uint64_t added_ns = (uint64_t)(sdl2_now_ns() - began_ns - held_ns);
    counters->added_ns += added_ns;
    counters->added_cpu_ns += (uint64_t)(sdl2_cpu_ns() - began_cpu_ns);
    counters->waited_ns += (uint64_t)held_ns;
    if (added_ns > counters->slowest_ns)
        counters->slowest_ns = added_ns;
}

/* Holds the program back as far as it must be; returns for how long that was. */
static int64_t hold_back(struct sdl2_window *window, bool whole, bool changed)
{
    int64_t began_ns = sdl2_now_ns();
    if (changed && whole)
        wait_for_credit(window);
    if (sdl2_display() != NULL)
        keep_pace(window, whole ? 1 : PARTS_AHEAD, !(changed && whole));
    return sdl2_now_ns() - began_ns;
}

static void send_if_possible(struct sdl2_window *window)
{
    if (sdl2_display() != NULL && window->picture->unsent && kb_credits(window->window) > 0)
        send_changes(window);
}

/* Takes over what was drawn, and sends it if that is possible now. False: there is nothing to go on with. */
static bool take_and_send(struct sdl2_window *window, SDL_Surface *surface, const SDL_Rect *rects,
                          int count, bool *changed)
{
    struct sdl2_counters *counters = sdl2_counters();
    SDL2_ALONE;
    if (sdl2_display() != NULL)
        check(kb_dispatch(sdl2_display(), 0)); /* what has been shown, and read, meanwhile */
    if (sdl2_display() == NULL || !take_all(window, surface, rects, count))
        return false;
    *changed = window->picture->unsent;
    counters->presents++;
    counters->identical += !*changed;
    counters->width = (uint32_t)surface->w;
    counters->height = (uint32_t)surface->h;
    send_if_possible(window);
    return true;
}

static void send_or_leave(struct sdl2_window *window)
{
    SDL2_ALONE;
    send_if_possible(window);
    if (sdl2_display() != NULL && window->picture->unsent)
        sdl2_rest_begin();
}

void sdl2_present(struct sdl2_window *window, const SDL_Rect *rects, int count)
{
    int64_t began_ns = sdl2_now_ns(), began_cpu_ns = sdl2_cpu_ns();
    SDL_Surface *surface = SDL2_REAL(SDL_GetWindowSurface)(window->sdl);
    bool changed;
    if (surface == NULL || !take_and_send(window, surface, rects, count, &changed))
        return;
    int64_t held_ns = hold_back(window, is_whole(surface, rects, count), changed);
    send_or_leave(window);
    count_time(began_ns, began_cpu_ns, held_ns);
}

bool sdl2_present_rest(void)
{
    SDL2_ALONE;
    bool left = false;
    if (sdl2_display() != NULL)
        check(kb_dispatch(sdl2_display(), 0));
    for (struct sdl2_window *window = sdl2_windows(); window != NULL; window = window->next) {
        if (window->picture == NULL || !window->picture->unsent)
            continue;
        send_if_possible(window);
        left |= sdl2_display() != NULL && window->picture->unsent;
    }
    return left;
}

int SDL_UpdateWindowSurface(SDL_Window *sdl)
{
    struct sdl2_window *window = sdl2_window_find(sdl);
    int status = SDL2_REAL(SDL_UpdateWindowSurface)(sdl);
    if (window != NULL && status == 0)
        sdl2_present(window, NULL, 0);
    return status;
}

int SDL_UpdateWindowSurfaceRects(SDL_Window *sdl, const SDL_Rect *rects, int count)
{
    struct sdl2_window *window = sdl2_window_find(sdl);
    int status = SDL2_REAL(SDL_UpdateWindowSurfaceRects)(sdl, rects, count);
    if (window != NULL && status == 0 && count > 0)
        sdl2_present(window, rects, count);
    return status;
}
