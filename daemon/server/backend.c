/*
 * What shows the picture: real displays, or virtual ones.
 */
#include <errno.h>
#include <stdio.h>

#include "server/hardware.h"
#include "server/server.h"

#define KD_LOG_MODULE "backend"
#include "base/log.h"

static int create_headless(struct kd_server *server, const struct kd_config_output *config)
{
    const struct kd_headless_info info = {.name = config->name,
                                          .width_px = (int32_t)config->width_px,
                                          .height_px = (int32_t)config->height_px,
                                          .x = config->x,
                                          .y = config->y,
                                          .rotation = config->rotation,
                                          .reflect_x = config->reflect_x,
                                          .reflect_y = config->reflect_y,
                                          .overscan_px = {config->overscan[0], config->overscan[1],
                                                          config->overscan[2], config->overscan[3]},
                                          .format = config->format,
                                          .refresh_ns = config->refresh_ns,
                                          .buffers = server->config.buffers,
                                          .origin_ns = kd_server_now_ns(server)};
    struct kd_output *output;
    int error = kd_headless_create(&info, &output);

    if (error)
        return error;
    error = kd_displays_add(server, output);
    if (error) {
        output->impl->destroy(output);
        return error;
    }
    KD_INFO("output %s: headless, %ux%u, %s", config->name, config->width_px, config->height_px,
            server->clock.is_virtual ? "paced by the virtual clock"
            : config->refresh_ns     ? "paced by a timer"
                                     : "not paced");
    return 0;
}

static int start_headless(struct kd_server *server)
{
    struct kd_config *config = &server->config;
    char why[KD_CONFIG_WHY_BYTES];
    int error = 0;

    if (config->outputs_count == 0)
        kd_config_add_output(config, "", why);
    for (size_t i = 0; i < config->outputs_count && !error; i++)
        error = create_headless(server, &config->outputs[i]);
    return error;
}

int kd_backend_prepare(struct kd_server *server)
{
    char why[512] = "";
    int error;

    if (server->config.backend == KD_BACKEND_HEADLESS)
        return 0;
    error = kd_hardware_create(server, &server->hardware, why, sizeof(why));
    if (!error)
        return 0;
    if (server->config.backend == KD_BACKEND_KMS) {
        KD_ERROR("%s", why);
        return error;
    }
    KD_INFO("headless, because %s", why);
    snprintf(server->reason, sizeof(server->reason), "%s", why);
    return 0;
}

int kd_backend_start(struct kd_server *server)
{
    return server->hardware ? kd_hardware_start(server->hardware) : start_headless(server);
}
