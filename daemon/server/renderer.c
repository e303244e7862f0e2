#include "server/renderer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "render/gles.h"
#include "server/server.h"

#define KD_LOG_MODULE "render"
#include "base/log.h"

/* ---- Changing -------------------------------------------------------------------------------- */

/* Drawings under way go on with the one that they began with, and buffers that the displays have are its own: it stays until there is neither. */
static void replace(struct kd_server *server, struct kd_renderer *renderer, struct kd_egl *egl)
{
    if (server->renderer) {
        server->renderer->retired = server->retired;
        server->retired = server->renderer;
    }
    server->renderer = renderer;
    server->egl = egl;
    for (size_t i = 0; i < server->displays_count; i++) {
        server->displays[i]->has_old_buffers = true;
        kd_display_damage(server->displays[i]);
    }
}

void kd_renderer_reap(struct kd_server *server)
{
    if (!server->retired || server->gone || !kd_jobs_idle(server->jobs))
        return;
    for (size_t i = 0; i < server->displays_count; i++)
        if (server->displays[i]->has_old_buffers)
            return;
    while (server->retired) {
        struct kd_renderer *renderer = server->retired;

        server->retired = renderer->retired;
        renderer->impl->destroy(renderer);
    }
}

static void explain(struct kd_server *server, enum kd_log_level level, const char *why)
{
    snprintf(server->renderer_reason, sizeof(server->renderer_reason), "%s", why);
    kd_log(level, KD_LOG_MODULE, "the renderer is %s: %s", server->renderer->impl->name, why);
}

/* From the GPU back to the CPU. A game must not be lost to a lack of memory: the old one is then tried again. */
static bool use_cpu(struct kd_server *server, const char *why)
{
    struct kd_renderer *renderer;

    if (kd_cpu_renderer_create(&renderer) < 0) {
        KD_ERROR("no memory for another renderer");
        return false;
    }
    replace(server, renderer, NULL);
    explain(server, KD_LOG_WARN, why);
    return true;
}

/* ---- Choosing -------------------------------------------------------------------------------- */

static int try_gles(struct kd_server *server, const char *path, const char *driver, char *why,
                    size_t why_bytes)
{
    const struct kd_egl_settings settings = {
        .render_node = server->config.render_node,
        .display_path = path,
        .display_driver = driver,
        .software_ok = server->config.renderer == KD_RENDERER_GLES,
    };
    struct kd_renderer *renderer = NULL;
    struct kd_egl *egl = NULL;
    char problem[256];
    int error = kd_egl_create(&settings, &egl, why, why_bytes);

    if (error)
        return error;
    error = kd_gles_renderer_create(egl, &renderer, problem, sizeof(problem));
    if (error) {
        snprintf(why, why_bytes, "GLES 2 cannot be used: %s",
                 error == -ENOMEM ? "out of memory" : problem);
        return error;
    }
    replace(server, renderer, egl);
    return 0;
}

/* path NULL: there is no real display. */
static void choose(struct kd_server *server, const char *path, const char *driver)
{
    bool is_wanted = server->config.renderer == KD_RENDERER_GLES;
    char why[400];

    if (server->config.renderer == KD_RENDERER_CPU)
        explain(server, KD_LOG_INFO, "as configured");
    else if (!path && !is_wanted)
        explain(server, KD_LOG_INFO, "there is no real display");
    else if (try_gles(server, path, driver, why, sizeof(why)) == 0)
        explain(server, KD_LOG_INFO, why);
    else
        explain(server, is_wanted ? KD_LOG_WARN : KD_LOG_INFO, why);
}

int kd_renderer_start(struct kd_server *server)
{
    int error = kd_cpu_renderer_create(&server->renderer);

    if (error)
        return error;
    if (server->hardware)
        snprintf(server->renderer_reason, sizeof(server->renderer_reason),
                 "there is no display yet");
    else
        choose(server, NULL, NULL);
    return 0;
}

void kd_renderer_use_card(struct kd_server *server, const char *path, const char *driver)
{
    choose(server, path, driver);
}

void kd_renderer_leave_card(struct kd_server *server)
{
    if (server->egl)
        use_cpu(server, "there is no display now");
}

void kd_renderer_judge(struct kd_server *server, const struct kd_output *output)
{
    char why[160];

    if (!server->egl || output->is_shared)
        return;
    snprintf(why, sizeof(why), "%s cannot draw into the buffers of %s",
             kd_egl_renderer(server->egl), output->name);
    if (server->config.renderer == KD_RENDERER_GLES)
        KD_WARN("%s: everything is read back from the GPU, which is slow", why);
    else
        use_cpu(server, why);
}

void kd_renderer_lost(struct kd_server *server)
{
    char why[160];

    if (!server->egl)
        return;
    snprintf(why, sizeof(why), "the GPU was lost (%s)", kd_egl_renderer(server->egl));
    server->gpu_losses += use_cpu(server, why);
}

void kd_renderer_stop(struct kd_server *server)
{
    if (server->renderer)
        server->renderer->impl->destroy(server->renderer);
    while (server->retired) {
        struct kd_renderer *renderer = server->retired;

        server->retired = renderer->retired;
        renderer->impl->destroy(renderer);
    }
}

/* ---- Memory ---------------------------------------------------------------------------------- */

static bool sharing_is_wanted(void *ctx)
{
    const struct kd_server *server = ctx;

    return server->egl != NULL;
}

static size_t sharing_modifiers(void *ctx, uint32_t fourcc, uint64_t *modifiers, size_t max)
{
    const struct kd_server *server = ctx;

    return kd_egl_modifiers(server->egl, fourcc, modifiers, max);
}

static int sharing_try(void *ctx, const struct kd_dmabuf *dmabuf, int32_t width_px,
                       int32_t height_px)
{
    const struct kd_server *server = ctx;
    struct kd_egl_target target;
    int error = kd_egl_enter(server->egl);

    if (error)
        return error;
    error = kd_egl_import(server->egl, dmabuf, width_px, height_px, &target);
    if (!error)
        kd_egl_target_finish(server->egl, &target);
    kd_egl_leave(server->egl);
    return error;
}

struct kd_sharing kd_renderer_sharing(struct kd_server *server)
{
    return (struct kd_sharing){server, sharing_is_wanted, sharing_modifiers, sharing_try};
}
