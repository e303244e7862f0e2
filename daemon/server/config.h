/*
 * What the daemon was told: defaults, then the configuration file, then the command line.
 */
#ifndef KD_SERVER_CONFIG_H
#define KD_SERVER_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/log.h"

#include "gen/kmsblit_types.h"

#define KD_CONFIG_PATH        "/etc/kmsblit/kmsblitd.conf"
#define KD_CONFIG_MAX_OUTPUTS 8

enum kd_clock_mode { KD_CLOCK_REAL, KD_CLOCK_VIRTUAL };

/* One virtual display: "headless:WxH@HZ" (HZ may have decimals; "@0": not paced), then optional
 * ",name=NAME,x=N,y=N,format=FORMAT". */
struct kd_config_output {
    char name[33]; /* "HEADLESS-1" */
    uint32_t width_px, height_px;
    uint64_t refresh_ns;   /* 0: paced by nothing */
    int32_t x, y;          /* right of the output before it, unless told otherwise */
    enum kb_format format; /* of its buffers: xrgb8888 or rgb565 */
};

struct kd_config {
    char socket_path[108]; /* empty: the protocol's default */
    mode_t socket_mode;
    char socket_group[64]; /* empty: unchanged */
    struct kd_config_output outputs[KD_CONFIG_MAX_OUTPUTS];
    size_t outputs_count; /* after kd_config_parse() at least 1 */
    unsigned buffers;     /* 1..3 */
    enum kd_clock_mode clock;
    unsigned threads; /* 0: one per core */
    uint64_t max_client_bytes;
    uint32_t max_client_objects;
    uint32_t max_clients;
    uint32_t everyone; /* enum kb_permission */
    enum kd_log_level log_level;
    int ready_fd; /* a newline is written there when the socket accepts; -1: none */
    int argc;     /* the command line, for reading everything again ... */
    char **argv;  /* ... borrowed */
    bool running; /* this is such another reading, for a daemon that runs */
    char simulate_draw
        [256]; /* "TITLE:MS,...": on the virtual clock, drawing a window's frame takes so long */
};

/* What main() is to do: go on, or exit with 0, 1 or 2. */
enum kd_config_action {
    KD_CONFIG_RUN,
    KD_CONFIG_EXIT_OK,
    KD_CONFIG_EXIT_FAILURE, /* a mistake in the file */
    KD_CONFIG_EXIT_USAGE,   /* a mistake in the command line */
};

/* No output yet. */
void kd_config_defaults(struct kd_config *config);

/* Reads the file over what config holds. Unknown sections and keys, keys set twice, bad values
 * and syntax errors are all reported, as "FILE:LINE: ..." lines on stderr, each with what is
 * allowed; then -EINVAL. -ENOENT, without a word, if there is no such file; another -errno,
 * reported, if it cannot be read. */
int kd_config_read(struct kd_config *config, const char *path);

/* The command line: sets the defaults, finds --config, reads the file (a missing default file is
 * fine, a missing named one is not), then applies the other options and adds an output if none
 * was asked for. Prints help, version, mistakes and the outcome of --check-config itself and
 * says what to do then. */
enum kd_config_action kd_config_parse(struct kd_config *config, int argc, char **argv);

/* The same command line and the file once more, into fresh. What only matters at the start
 * (--ready-fd) is passed over. */
enum kd_config_action kd_config_parse_again(struct kd_config *fresh,
                                            const struct kd_config *running);

/* The path to listen at: config's, else the protocol's default rule. Returns 0 or -ENAMETOOLONG. */
int kd_config_socket_path(const struct kd_config *config, char *path, size_t path_bytes);

/* The group that the socket is to belong to, or (gid_t)-1. */
gid_t kd_config_socket_gid(const struct kd_config *config);

#endif
