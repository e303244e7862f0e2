/*
 * kmsblitd: the display server's own program.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/probe.h"
#include "server/server.h"

#define KD_LOG_MODULE "main"
#include "base/log.h"

/* A daemon started without the three standard fds must not find its socket under one of them. */
static void keep_standard_fds(void)
{
    int fd;

    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= 2);
    if (fd > 2)
        close(fd);
}

/* What the configuration and the environment say together. */
static void switch_off(const struct kd_config *config)
{
    const char *text = getenv("KMSBLIT_OFF");
    unsigned mask = 0;
    char bad[64];

    if (text && !kd_switches_parse(text, &mask, bad, sizeof(bad)))
        KD_WARN(
            "KMSBLIT_OFF: '%s' is none of sections, cover, difference, alone, bounds, transforms, runs, stack, reuse and all",
            bad);
    kd_switches_set_off(mask | config->switched_off);
}

int main(int argc, char **argv)
{
    struct kd_config config;
    struct kd_server *server;
    int result;

    keep_standard_fds();
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    switch (kd_config_parse(&config, argc, argv)) {
    case KD_CONFIG_RUN: break;
    case KD_CONFIG_PROBE: return kd_probe(&config);
    case KD_CONFIG_EXIT_OK: return 0;
    case KD_CONFIG_EXIT_FAILURE: return 1;
    case KD_CONFIG_EXIT_USAGE: return 2;
    }
    kd_log_set_level(config.log_level);
    switch_off(&config);
    if (kd_server_create(&config, &server) < 0)
        return 1;
    result = kd_loop_run(server->loop);
    if (result < 0) {
        KD_ERROR("the event loop failed: %s; what came before:", strerror(-result));
        kd_log_dump_ring();
    }
    kd_server_destroy(server);
    return result < 0;
}
