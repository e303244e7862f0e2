#include "gles_rig.h"

#include "pixel_test.h"

#include <GLES2/gl2.h>
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Mesa's own leaks --------------------------------------------------------------------------------- */

/* Drivers leave a few hundred bytes behind for each context. The leak sanitizer asks for what it shall not say; the rest of a name is enough. */
const char *__lsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void)
{
    return "leak:_dri.so\nleak:libEGL_mesa.so\nleak:libgallium\n";
}

struct libraries {
    char names[64][256];
    unsigned count;
};

static int note_library(struct dl_phdr_info *info, size_t bytes, void *data)
{
    struct libraries *libraries = data;

    (void)bytes;
    if (libraries->count < 64 && strlen(info->dlpi_name) < sizeof(libraries->names[0]) &&
        (strstr(info->dlpi_name, "_dri.so") || strstr(info->dlpi_name, "libEGL_mesa") ||
         strstr(info->dlpi_name, "libgallium")))
        snprintf(libraries->names[libraries->count++], sizeof(libraries->names[0]), "%s",
                 info->dlpi_name);
    return 0;
}

/* Drivers are unloaded with their last context, and then nobody can say who it was: so they stay. */
static void keep_drivers(void)
{
    struct libraries libraries = {.count = 0};

    dl_iterate_phdr(note_library, &libraries);
    for (unsigned i = 0; i < libraries.count; i++)
        dlopen(libraries.names[i], RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}

/* ---- Memory ------------------------------------------------------------------------------------------- */

static unsigned textures_left = UINT32_MAX;
static bool is_out_of_memory;

/* In place of the library's: a texture without memory, as drivers leave it then. */
void glTexImage2D(GLenum target, GLint level, GLint internal, GLsizei width, GLsizei height,
                  GLint border, GLenum format, GLenum type, const void *pixels)
{
    __typeof__(&glTexImage2D) next = (__typeof__(&glTexImage2D))dlsym(RTLD_NEXT, "glTexImage2D");

    if (textures_left > 0)
        next(target, level, internal, width, height, border, format, type, pixels);
    else
        is_out_of_memory = true;
    textures_left -= textures_left > 0;
}

GLenum glGetError(void)
{
    __typeof__(&glGetError) next = (__typeof__(&glGetError))dlsym(RTLD_NEXT, "glGetError");
    GLenum error = next();

    if (is_out_of_memory)
        error = GL_OUT_OF_MEMORY;
    is_out_of_memory = false;
    return error;
}

/* ---- Renderers ---------------------------------------------------------------------------------------- */

static struct kd_egl *create_egl(char *why, size_t why_bytes)
{
    const struct kd_egl_settings settings = {.software_ok = true};
    struct kd_egl *egl = NULL;

    if (kd_egl_create(&settings, &egl, why, why_bytes) < 0)
        return NULL;
    keep_drivers();
    return egl;
}

/* Tools that follow every instruction, or every thread: Mesa compiles its shaders with LLVM, and draws with threads that no sanitizer has looked at. */
static const char *left_out(void)
{
    const char *preload = getenv("LD_PRELOAD");

#ifdef __SANITIZE_THREAD__
    return "the thread sanitizer does not know what Mesa's threads wait for";
#endif
    return preload && strstr(preload, "vgpreload") ? "under valgrind Mesa takes too long" : NULL;
}

const char *gles_missing(void)
{
    static char why[200];
    static int known; /* 1: there is one, 2: there is none */

    if (left_out())
        return left_out();
    if (!known) {
        struct kd_egl *egl = create_egl(why, sizeof(why));

        known = egl ? 1 : 2;
        kd_egl_destroy(egl);
    }
    return known == 2 ? why : NULL;
}

struct kd_renderer *gles_create(const struct kd_gles_limits *limits)
{
    struct kd_renderer *renderer;
    char why[200];
    struct kd_egl *egl = create_egl(why, sizeof(why));

    ck_assert_ptr_nonnull(egl);
    ck_assert_msg(kd_gles_renderer_create(egl, &renderer, why, sizeof(why)) == 0, "%s", why);
    if (limits)
        kd_gles_set_limits(renderer, limits);
    return renderer;
}

void gles_display_init(struct gles_display *display, int32_t width, int32_t height,
                       enum kb_format format, const struct kd_gles_limits *limits)
{
    *display = (struct gles_display){.gles = gles_create(limits)};
    ck_assert_int_eq(kd_cpu_renderer_create(&display->cpu), 0);
    ck_assert_int_eq(kd_buffer_create(width, height, format, &display->got), 0);
    ck_assert_int_eq(kd_buffer_create(width, height, format, &display->want), 0);
}

void gles_display_finish(struct gles_display *display)
{
    kd_buffer_destroy(display->got);
    kd_buffer_destroy(display->want);
    display->gles->impl->destroy(display->gles);
    display->cpu->impl->destroy(display->cpu);
}

/* There is memory for so many textures, which are too few. */
static void draw_in_vain(struct kd_renderer *renderer, const struct kd_plan *plan,
                         struct kd_buffer *buffer, uint32_t *changed, unsigned textures)
{
    struct kd_draw draw = {.plan = plan, .buffer = buffer, .tiles = changed};

    draw.tiles_count = kd_plan_changes(plan, buffer->tile_keys, changed);
    textures_left = textures;
    while (renderer->impl->draw(renderer, &draw) == KD_JOB_AGAIN)
        ;
    textures_left = UINT32_MAX;
    ck_assert_int_eq(atomic_load(&draw.error), -ENOMEM);
}

static unsigned draw_one(struct kd_renderer *renderer, const struct kd_plan *plan,
                         struct kd_buffer *buffer, uint32_t *changed)
{
    struct kd_draw draw = {.plan = plan, .buffer = buffer, .tiles = changed};
    unsigned steps = 1;

    draw.tiles_count = kd_plan_changes(plan, buffer->tile_keys, changed);
    while (renderer->impl->draw(renderer, &draw) == KD_JOB_AGAIN)
        ck_assert_uint_lt(++steps, 10000); /* or it does not get on */
    ck_assert_int_eq(atomic_load(&draw.error), 0);
    ck_assert_uint_eq(atomic_load(&draw.next_tile), draw.tiles_count);
    ck_assert(!draw.has_fence);
    for (size_t i = 0; i < kd_grid_count(plan->grid); i++)
        ck_assert_uint_eq(buffer->tile_keys[i], plan->tiles[i].key);
    return steps;
}

static void draw_both(struct gles_display *display, struct kd_arena *arena,
                      const struct kd_ops *ops, uint32_t base)
{
    const struct kd_grid grid = display->got->grid;
    uint32_t *changed = kd_arena_alloc(arena, kd_grid_count(grid), sizeof(*changed));
    struct kd_plan plan;

    ck_assert_int_eq(kd_plan_make(&plan, arena, grid, KD_TARGET_OPAQUE, base, NULL, ops), 0);
    if (display->has_no_memory)
        draw_in_vain(display->gles, &plan, display->got, changed, display->textures);
    display->steps = draw_one(display->gles, &plan, display->got, changed);
    draw_one(display->cpu, &plan, display->want, changed);
}

static const struct kd_pixels **sources_of(struct kd_arena *arena, const struct draw_image *images,
                                           uint32_t count)
{
    const struct kd_pixels **sources = kd_arena_alloc(arena, count + 1, sizeof(struct kd_pixels *));

    for (uint32_t i = 0; i < count; i++)
        sources[i] = images[i].pixels;
    return sources;
}

void gles_draw_commands(struct gles_display *display, const struct draw_commands *list,
                        uint32_t base, const struct draw_image *images, uint32_t images_count)
{
    struct kd_arena arena = {0};
    struct kd_ops ops;

    ck_assert_int_eq(kd_ops_from_commands(&ops, &arena, display->got->grid,
                                          (const void *)list->bytes, list->units, DRAW_SEED,
                                          sources_of(&arena, images, images_count)),
                     0);
    if (display->max_touches)
        ops.max_touches = display->max_touches;
    draw_both(display, &arena, &ops, base);
    kd_arena_finish(&arena);
}

void gles_draw_layers(struct gles_display *display, const struct kd_view *view,
                      const struct kd_layer *layers, uint32_t layers_count,
                      const struct draw_image *pictures, uint32_t pictures_count)
{
    struct kd_arena arena = {0};
    struct kd_ops ops;

    ck_assert_int_eq(kd_ops_from_layers(&ops, &arena, view, layers, layers_count, DRAW_SEED,
                                        sources_of(&arena, pictures, pictures_count)),
                     0);
    draw_both(display, &arena, &ops, 0xFF000000);
    kd_arena_finish(&arena);
}

struct kd_gles_counters gles_counted(struct gles_display *display)
{
    struct kd_gles_counters now, more;
    const uint64_t *after = (const uint64_t *)&now, *before = (const uint64_t *)&display->before;
    uint64_t *out = (uint64_t *)&more;

    kd_gles_counters(display->gles, &now);
    for (size_t i = 0; i < sizeof(now) / sizeof(uint64_t); i++)
        out[i] = after[i] - before[i];
    display->before = now;
    return more;
}

/* ---- Differences ------------------------------------------------------------------------------------ */

static unsigned pixel_apart(uint32_t a, uint32_t b)
{
    unsigned most = 0;

    for (int shift = 0; shift < 24; shift += 8) {
        unsigned apart = (unsigned)abs((int)(a >> shift & 255) - (int)(b >> shift & 255));

        most = apart > most ? apart : most;
    }
    return most;
}

static unsigned find_apart(const struct gles_display *display, const uint8_t *mask, int32_t *at_x,
                           int32_t *at_y)
{
    const struct kd_grid grid = display->got->grid;
    unsigned most = 0;

    *at_x = *at_y = 0;
    for (int32_t y = 0; y < grid.height_px; y++)
        for (int32_t x = 0; x < grid.width_px; x++) {
            unsigned apart = pixel_apart(kd_buffer_pixel(display->got, x, y),
                                         kd_buffer_pixel(display->want, x, y));

            if (apart > most && (!mask || !mask[y * grid.width_px + x])) {
                most = apart;
                *at_x = x;
                *at_y = y;
            }
        }
    return most;
}

unsigned gles_apart(const struct gles_display *display, const uint8_t *mask)
{
    int32_t x, y;

    return find_apart(display, mask, &x, &y);
}

void gles_expect(const struct gles_display *display, unsigned allowed, const uint8_t *mask,
                 const char *what)
{
    int32_t x, y;
    unsigned apart = find_apart(display, mask, &x, &y);

    ck_assert_msg(apart <= allowed,
                  "%s: at (%d, %d) of %dx%d GLES has %08x, the CPU %08x: %u levels, allowed are %u",
                  what, x, y, display->got->grid.width_px, display->got->grid.height_px,
                  kd_buffer_pixel(display->got, x, y), kd_buffer_pixel(display->want, x, y), apart,
                  allowed);
}
