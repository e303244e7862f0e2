#include "render/egl_find.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <xf86drm.h>

/* Displays without a GPU of their own, and the GPUs beside them on the same chip, which know their memory. */
static const struct {
    const char *display, *renders[3];
} pairs[] = {
    {"vc4", {"v3d"}}, /* Pi 4 and 5; before, vc4 draws itself */
    {"armada-drm", {"etnaviv"}},
    {"exynos", {"panfrost", "lima"}},
    {"imx-dcss", {"etnaviv"}},
    {"imx-drm", {"etnaviv"}},
    {"imx-lcdif", {"etnaviv"}},
    {"komeda", {"panfrost"}},
    {"mediatek", {"panfrost", "panthor"}},
    {"meson", {"panfrost", "lima"}},
    {"mxsfb-drm", {"etnaviv"}},
    {"rockchip", {"panfrost", "panthor", "lima"}},
    {"stm", {"etnaviv"}},
    {"sun4i-drm", {"lima", "panfrost"}},
    {"tegra", {"nouveau"}},
};

bool kd_gpu_is_paired(const char *display_driver, const char *render_driver)
{
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (strcmp(pairs[i].display, display_driver) != 0)
            continue;
        for (size_t j = 0; j < 3 && pairs[i].renders[j]; j++)
            if (strcmp(pairs[i].renders[j], render_driver) == 0)
                return true;
    }
    return false;
}

bool kd_gpu_is_software(const char *renderer)
{
    static const char *const names[] = {"llvmpipe", "softpipe", "swrast", "software"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcasestr(renderer, names[i]))
            return true;
    return false;
}

static int read_driver(const char *node, char *driver, size_t driver_bytes)
{
    int fd = open(node, O_RDWR | O_CLOEXEC), error = fd < 0 ? -errno : 0;
    drmVersion *version = fd >= 0 ? drmGetVersion(fd) : NULL;

    snprintf(driver, driver_bytes, "%s", version ? version->name : "");
    drmFreeVersion(version);
    if (fd >= 0)
        close(fd);
    return error;
}

/* ---- Choosing ---------------------------------------------------------------------------------- */

struct search {
    const struct kd_egl_settings *settings;
    struct kd_gpu *gpus;
    size_t count, same; /* the first `same` are the display's own */
    char unpaired[128]; /* those that may not draw for this display */
    char refused[160];  /* one that cannot be opened */
};

static bool is_display(const struct search *search, const drmDevice *device)
{
    const char *path = search->settings->display_path;

    return path && device->available_nodes & (1 << DRM_NODE_PRIMARY) &&
           strcmp(device->nodes[DRM_NODE_PRIMARY], path) == 0;
}

static void add(struct search *search, const struct kd_gpu *gpu, bool is_same)
{
    size_t at = is_same ? search->same++ : search->count;

    memmove(&search->gpus[at + 1], &search->gpus[at],
            (search->count - at) * sizeof(search->gpus[0]));
    search->gpus[at] = *gpu;
    search->count++;
}

static void look_at(struct search *search, const drmDevice *device)
{
    const struct kd_egl_settings *settings = search->settings;
    const char *node = device->nodes[DRM_NODE_RENDER];
    bool is_same = is_display(search, device);
    struct kd_gpu gpu = {.because = is_same                  ? "the display's own"
                                    : settings->display_path ? "beside the display"
                                                             : "the first one"};
    int error;

    if (search->count == KD_GPUS_MAX)
        return;
    snprintf(gpu.node, sizeof(gpu.node), "%s", node);
    error = read_driver(node, gpu.driver, sizeof(gpu.driver));
    if (error)
        snprintf(search->refused, sizeof(search->refused), "%.64s cannot be opened: %s%s", node,
                 strerror(-error),
                 error == -EACCES ? " (add the daemon's user to the group render)" : "");
    else if (is_same || !settings->display_path ||
             kd_gpu_is_paired(settings->display_driver ? settings->display_driver : "", gpu.driver))
        add(search, &gpu, is_same);
    else
        snprintf(search->unpaired, sizeof(search->unpaired), "%.64s (%.31s)", node, gpu.driver);
}

static size_t take_wish(const struct kd_egl_settings *settings, struct kd_gpu *gpu, char *why,
                        size_t why_bytes)
{
    int error;

    *gpu = (struct kd_gpu){.because = "as configured"};
    snprintf(gpu->node, sizeof(gpu->node), "%s", settings->render_node);
    error = read_driver(gpu->node, gpu->driver, sizeof(gpu->driver));
    if (error)
        snprintf(why, why_bytes, "the configured render_node %s cannot be opened: %s", gpu->node,
                 strerror(-error));
    return !error;
}

size_t kd_gpus_find(const struct kd_egl_settings *settings, struct kd_gpu gpus[KD_GPUS_MAX],
                    char *why, size_t why_bytes)
{
    struct search search = {.settings = settings, .gpus = gpus};
    drmDevicePtr devices[64];
    int found;

    if (settings->render_node && settings->render_node[0])
        return take_wish(settings, gpus, why, why_bytes);
    found = drmGetDevices2(0, devices, 64);
    found = found > 64 ? 64 : found;
    for (int i = 0; i < found; i++)
        if (devices[i]->available_nodes & (1 << DRM_NODE_RENDER))
            look_at(&search, devices[i]);
    if (found > 0)
        drmFreeDevices(devices, found);
    if (search.count == 0 && search.refused[0])
        snprintf(why, why_bytes, "%s", search.refused);
    else if (search.count == 0 && search.unpaired[0])
        snprintf(
            why, why_bytes,
            "%s is not known to draw for a display of %s (render_node chooses it all the same)",
            search.unpaired, settings->display_driver);
    else if (search.count == 0)
        snprintf(why, why_bytes, "there is no GPU (no render node in /dev/dri)");
    return search.count;
}
