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
#include "base/switches.h"
#include "output/modes.h"
#include "server/config_input.h"

#include "gen/kmsblit_types.h"

#define KD_CONFIG_PATH           "/etc/kmsblit/kmsblitd.conf"
#define KD_CONFIG_MAX_OUTPUTS    8
#define KD_CONFIG_MAX_CONNECTORS 8
#define KD_CONFIG_WHY_BYTES      384

enum kd_clock_mode { KD_CLOCK_REAL, KD_CLOCK_VIRTUAL };

enum kd_backend {
    KD_BACKEND_AUTO, /* the display if there is one that can be had, else headless */
    KD_BACKEND_KMS,
    KD_BACKEND_HEADLESS,
};

enum kd_session_mode { KD_SESSION_AUTO, KD_SESSION_SERVICE, KD_SESSION_SEAT };

enum kd_renderer_choice {
    KD_RENDERER_AUTO, /* GLES on a real GPU for real displays, else the CPU */
    KD_RENDERER_GLES, /* ... also by software drivers and without a display */
    KD_RENDERER_CPU,
};

enum kd_tri { KD_AUTO, KD_ON, KD_OFF };

/* How a driver is told what changed in a buffer. */
enum kd_damage_mode { KD_DAMAGE_AUTO, KD_DAMAGE_CLIPS, KD_DAMAGE_DIRTYFB, KD_DAMAGE_FULL };

/* One virtual display: "headless:WxH@HZ" (HZ may have decimals; "@0": not paced), then optional
 * ",name=NAME,x=N,y=N,format=FORMAT,rotate=DEGREES,reflect=AXES,overscan=PIXELS,mirror=NAME". */
struct kd_config_output {
    char name[33]; /* "HEADLESS-1" */
    uint32_t width_px, height_px;
    uint64_t refresh_ns;   /* 0: paced by nothing */
    int32_t x, y;          /* right of the output before it, unless told otherwise */
    enum kb_format format; /* of its buffers: xrgb8888 or rgb565 */
    uint8_t rotation;      /* enum kb_rotation: counter-clockwise, after reflection */
    bool reflect_x, reflect_y;
    int32_t overscan[4]; /* pixels that stay black: left, top, right, bottom */
    char mirror[33];     /* shows what the output of that name shows; empty: a picture of its own */
};

/* What is wished for the connector of that name, should there be one. */
struct kd_config_connector {
    char name[33]; /* "HDMI-A-1" */
    struct kd_mode_wish mode;
    uint8_t rotation; /* enum kb_rotation: counter-clockwise, after reflection */
    bool reflect_x, reflect_y;
    bool has_position;
    int32_t x, y;
    int32_t overscan[4]; /* pixels that stay black: left, top, right, bottom */
    char mirror[33];     /* shows what the output of that name shows; empty: a picture of its own */
    bool off;            /* not used */
    bool has_format;
    enum kb_format format; /* of its buffers: xrgb8888 or rgb565 */
};

struct kd_config {
    char socket_path[108]; /* empty: the protocol's default */
    mode_t socket_mode;
    char socket_group[64]; /* empty: unchanged */
    struct kd_config_output outputs[KD_CONFIG_MAX_OUTPUTS];
    size_t outputs_count; /* 0: none was asked for; what headless then shows the server adds */
    struct kd_config_connector connectors[KD_CONFIG_MAX_CONNECTORS];
    size_t connectors_count;
    /* After kd_config_parse() HEADLESS, not AUTO, if virtual displays or a virtual clock are asked
     * for; and not KMS with either. */
    enum kd_backend backend;
    bool backend_follows; /* it is HEADLESS for that reason alone */
    enum kd_session_mode session_mode;
    char card[64]; /* a path, or a driver's name; empty: chosen by its connectors */
    unsigned vt;   /* 0: the present one, or a free one */
    enum kd_tri plane_scaling;
    enum kd_tri hardware_cursor;
    bool cursor_hidden; /* never shown */
    enum kd_damage_mode damage;
    unsigned off_after_s; /* idle for so long, displays are turned off; 0: never */
    unsigned margin_us;   /* a frame is to be done so long before its refresh */
    unsigned buffers;     /* 1..3 */
    enum kd_clock_mode clock;
    struct kd_config_input input;
    enum kd_renderer_choice renderer;
    char render_node[64];  /* the GPU's; empty: found by itself */
    unsigned threads;      /* 0: one per core */
    unsigned switched_off; /* enum kd_switch */
    bool debug_damage;     /* what was drawn into a buffer is tinted */
    uint64_t max_client_bytes;
    uint32_t max_client_objects;
    uint32_t max_clients;
    uint32_t everyone; /* enum kb_permission */
    enum kd_log_level log_level;
    int ready_fd;         /* a newline is written there when the socket accepts; -1: none */
    int argc;             /* the command line, for reading everything again ... */
    char **argv;          /* ... borrowed */
    bool running;         /* this is such another reading, for a daemon that runs */
    bool simulate_direct; /* frames' tiles are promised whatever the renderer can do */
    char simulate_draw
        [256]; /* "TITLE:MS,...": on the virtual clock, drawing a window's frame takes so long */
};

/* What main() is to do: go on, or exit with 0, 1 or 2. */
enum kd_config_action {
    KD_CONFIG_RUN,
    KD_CONFIG_PROBE, /* kd_probe(), and exit */
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
 * fine, a missing named one is not), then applies the other options and settles on the backend
 * if that follows from them. Prints help, version, mistakes and the outcome of --check-config
 * itself and says what to do then. */
enum kd_config_action kd_config_parse(struct kd_config *config, int argc, char **argv);

/* The same command line and the file once more, into fresh. What only matters at the start
 * (--ready-fd) is passed over. */
enum kd_config_action kd_config_parse_again(struct kd_config *fresh,
                                            const struct kd_config *running);

/* Adds a virtual output, 1280x720 at 60 Hz, right of the last one. name "": "HEADLESS-" and its
 * number. NULL if why (KD_CONFIG_WHY_BYTES) says what was wrong. */
struct kd_config_output *kd_config_add_output(struct kd_config *config, const char *name,
                                              char *why);

/* The path to listen at: config's, else the protocol's default rule. Returns 0 or -ENAMETOOLONG. */
int kd_config_socket_path(const struct kd_config *config, char *path, size_t path_bytes);

/* The group that the socket is to belong to, or (gid_t)-1. */
gid_t kd_config_socket_gid(const struct kd_config *config);

#endif
