/* SDL 2's own blits between surfaces, and its software renderer where pictures are turned, where the library is installed: it is opened when it is needed, so that nothing links it. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

/* What SDL's headers say of what is used here; its ABI has not changed since 2.0. */
struct sdl_rect {
    int x, y, w, h;
};
struct sdl_version {
    uint8_t major, minor, patch;
};
struct sdl_frect {
    float x, y, w, h;
};
struct sdl_surface;
struct sdl_renderer;
struct sdl_texture;
#define ARGB8888        0x16362004u
#define RGB888          0x16161804u
#define BLENDMODE_NONE  0
#define BLENDMODE_BLEND 1

static struct {
    void *library;
    void (*get_version)(struct sdl_version *version);
    struct sdl_surface *(*create_from)(void *pixels, int width, int height, int depth, int pitch,
                                       uint32_t format);
    void (*free_surface)(struct sdl_surface *surface);
    int (*set_blend_mode)(struct sdl_surface *surface, int mode);
    int (*set_alpha)(struct sdl_surface *surface, uint8_t alpha);
    int (*fill_rect)(struct sdl_surface *surface, const struct sdl_rect *rect, uint32_t color);
    struct sdl_renderer *(*create_renderer)(struct sdl_surface *target);
    struct sdl_texture *(*create_texture)(struct sdl_renderer *renderer, struct sdl_surface *from);
    void (*destroy_renderer)(struct sdl_renderer *renderer); /* with its textures */
    int (*set_smooth)(struct sdl_texture *texture, int mode);
    int (*set_color)(struct sdl_renderer *renderer, uint8_t r, uint8_t g, uint8_t b, uint8_t a);
    int (*clear)(struct sdl_renderer *renderer);
    int (*copy)(struct sdl_renderer *renderer, struct sdl_texture *texture,
                const struct sdl_rect *what, const struct sdl_frect *where, double angle_deg,
                const void *center, int flip);
    int (*flush)(struct sdl_renderer *renderer);
    int (*blit)(struct sdl_surface *from, const struct sdl_rect *what, struct sdl_surface *to,
                struct sdl_rect *where);
} sdl;

static bool find(const char *name, void *function)
{
    *(void **)function = dlsym(sdl.library, name);
    return *(void **)function != NULL;
}

/* A library that lacks something counts as not there. */
static bool open_library(void)
{
    static bool is_tried, is_there;

    if (is_tried)
        return is_there;
    is_tried = true;
    sdl.library = dlopen("libSDL2-2.0.so.0", RTLD_NOW | RTLD_LOCAL);
    is_there = sdl.library && find("SDL_GetVersion", &sdl.get_version) &&
               find("SDL_CreateRGBSurfaceWithFormatFrom", &sdl.create_from) &&
               find("SDL_FreeSurface", &sdl.free_surface) &&
               find("SDL_SetSurfaceBlendMode", &sdl.set_blend_mode) &&
               find("SDL_SetSurfaceAlphaMod", &sdl.set_alpha) &&
               find("SDL_FillRect", &sdl.fill_rect) && find("SDL_UpperBlit", &sdl.blit) &&
               find("SDL_CreateSoftwareRenderer", &sdl.create_renderer) &&
               find("SDL_CreateTextureFromSurface", &sdl.create_texture) &&
               find("SDL_DestroyRenderer", &sdl.destroy_renderer) &&
               find("SDL_SetTextureScaleMode", &sdl.set_smooth) &&
               find("SDL_SetRenderDrawColor", &sdl.set_color) &&
               find("SDL_RenderClear", &sdl.clear) && find("SDL_RenderCopyExF", &sdl.copy) &&
               find("SDL_RenderFlush", &sdl.flush);
    return is_there;
}

const char *bench_sdl_version(void)
{
    static char text[32];
    struct sdl_version version;

    if (!open_library())
        return NULL;
    sdl.get_version(&version);
    snprintf(text, sizeof(text), "%u.%u.%u", version.major, version.minor, version.patch);
    return text;
}

#define SCRATCH_PX 256

struct peer {
    const struct bench_job *job;
    uint32_t *target_pixels, *scratch_pixels; /* owned */
    struct sdl_surface *target, *scratch;     /* scratch: translucent fills are blits of it */
    struct sdl_surface **pictures;            /* owned, and each of them */
    struct sdl_renderer *renderer; /* owned, with its textures; NULL: nothing is turned */
    struct sdl_texture **textures;
};

static struct sdl_surface *wrap(uint32_t *pixels, int32_t width_px, int32_t height_px, bool opaque)
{
    struct sdl_surface *surface =
        sdl.create_from(pixels, width_px, height_px, 32, width_px * 4, opaque ? RGB888 : ARGB8888);

    if (!surface) {
        fputs("kmsblit-bench: SDL makes no surface\n", stderr);
        exit(1);
    }
    sdl.set_blend_mode(surface, opaque ? BLENDMODE_NONE : BLENDMODE_BLEND);
    return surface;
}

/* Surfaces cannot be turned, textures can. */
static void make_renderer(struct peer *peer)
{
    const struct bench_job *job = peer->job;
    const struct bench_item *last = &job->scene->items[0][job->scene->items_count - 1];

    peer->renderer = sdl.create_renderer(peer->target);
    peer->textures = calloc(job->pictures->count, sizeof(struct sdl_texture *));
    for (uint32_t i = 0; i < job->pictures->count && peer->renderer && peer->textures; i++) {
        peer->textures[i] = sdl.create_texture(peer->renderer, peer->pictures[i]);
        sdl.set_smooth(peer->textures[i], last->smooth);
    }
}

static bool is_turned(const struct bench_scene *scene)
{
    return scene->items[0][scene->items_count - 1].kind == BENCH_TURN;
}

static void *create(const struct bench_job *job)
{
    const struct bench_scene *scene = job->scene;
    struct peer *peer;

    if (!open_library())
        return NULL;
    peer = calloc(1, sizeof(*peer));
    if (!peer)
        return NULL;
    peer->job = job;
    peer->target_pixels =
        calloc((size_t)scene->width_px * (size_t)scene->height_px, sizeof(uint32_t));
    peer->scratch_pixels = calloc((size_t)SCRATCH_PX * SCRATCH_PX, sizeof(uint32_t));
    peer->pictures = calloc(job->pictures->count, sizeof(struct sdl_surface *));
    if (!peer->target_pixels || !peer->scratch_pixels || !peer->pictures)
        exit(1);
    peer->target = wrap(peer->target_pixels, scene->width_px, scene->height_px, true);
    peer->scratch = wrap(peer->scratch_pixels, SCRATCH_PX, SCRATCH_PX, true);
    sdl.set_blend_mode(peer->scratch, BLENDMODE_BLEND);
    for (uint32_t i = 0; i < job->pictures->count; i++) {
        const struct bench_picture *picture = &job->pictures->list[i];

        peer->pictures[i] =
            wrap(picture->straight, picture->width_px, picture->height_px, picture->is_opaque);
    }
    if (is_turned(scene))
        make_renderer(peer);
    return peer;
}

static void destroy(void *subject)
{
    struct peer *peer = subject;

    if (peer->renderer)
        sdl.destroy_renderer(peer->renderer);
    free(peer->textures);
    for (uint32_t i = 0; i < peer->job->pictures->count; i++)
        sdl.free_surface(peer->pictures[i]);
    sdl.free_surface(peer->target);
    sdl.free_surface(peer->scratch);
    free(peer->pictures);
    free(peer->target_pixels);
    free(peer->scratch_pixels);
    free(peer);
}

static void *create_flat(const struct bench_job *job)
{
    return is_turned(job->scene) ? NULL : create(job);
}

static void *create_turned(const struct bench_job *job)
{
    struct peer *peer = is_turned(job->scene) ? create(job) : NULL;

    if (!peer || peer->renderer)
        return peer;
    destroy(peer);
    return NULL;
}

static void fill(struct peer *peer, const struct bench_item *item)
{
    struct sdl_rect where = {item->x, item->y, item->width_px, item->height_px};
    struct sdl_rect what = {0, 0, item->width_px, item->height_px};

    if (item->color >> 24 == 255) {
        sdl.fill_rect(peer->target, &where, item->color);
        return;
    }
    sdl.fill_rect(peer->scratch, &what, item->color);
    sdl.set_alpha(peer->scratch, (uint8_t)(item->color >> 24));
    sdl.blit(peer->scratch, &what, peer->target, &where);
}

static void turn(struct peer *peer, const struct bench_item *item)
{
    const struct bench_picture *picture = &peer->job->pictures->list[item->picture];
    float width_px = (float)(picture->width_px * item->scale);
    float height_px = (float)(picture->height_px * item->scale);
    struct sdl_frect where = {(float)item->center_x - width_px / 2,
                              (float)item->center_y - height_px / 2, width_px, height_px};

    /* SDL turns clockwise. */
    sdl.copy(peer->renderer, peer->textures[item->picture], NULL, &where, -item->angle_deg, NULL,
             0);
}

/* A fill of everything, then pictures: drawn when the renderer is flushed. */
static void frame_turned(void *subject, uint32_t n, struct bench_times *times)
{
    struct peer *peer = subject;
    const struct bench_scene *scene = peer->job->scene;
    uint32_t color = scene->items[n][0].color;
    int64_t begin_ns = bench_now_ns();

    sdl.set_color(peer->renderer, (uint8_t)(color >> 16), (uint8_t)(color >> 8), (uint8_t)color,
                  255);
    sdl.clear(peer->renderer);
    for (uint32_t i = 1; i < scene->items_count; i++)
        turn(peer, &scene->items[n][i]);
    sdl.flush(peer->renderer);
    *times = (struct bench_times){.total_ns = bench_now_ns() - begin_ns};
}

static void frame(void *subject, uint32_t n, struct bench_times *times)
{
    struct peer *peer = subject;
    const struct bench_scene *scene = peer->job->scene;
    int64_t begin_ns = bench_now_ns();

    for (uint32_t i = 0; i < scene->items_count; i++) {
        const struct bench_item *item = &scene->items[n][i];
        struct sdl_rect where = {item->x, item->y, 0, 0};

        if (item->kind == BENCH_FILL)
            fill(peer, item);
        else
            sdl.blit(peer->pictures[item->picture], NULL, peer->target, &where);
    }
    *times = (struct bench_times){.total_ns = bench_now_ns() - begin_ns};
}

const struct bench_subject bench_sdl[] = {
    {"sdl", "surfaces", create_flat, frame, NULL, NULL, destroy},
    {"sdl", "renderer", create_turned, frame_turned, NULL, NULL, destroy},
    {0},
};
