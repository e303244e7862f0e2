/* The kmsblit tool: what its verbs share. */
#ifndef CLI_H
#define CLI_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

#include <kmsblit.h>

enum cli_status {
    CLI_OK = 0,
    CLI_FAILED = 1, /* it could not be done */
    CLI_USAGE = 2,  /* the command line is wrong */
};

struct cli_verb {
    const char *name;
    const char *summary; /* one line for the list of verbs */
    const char *help;    /* what `kmsblit help VERB` prints */
    bool own_arguments;  /* what follows the first word that is no option is not the verb's */
    int (*run)(int argc, char **argv);
};

extern const struct cli_verb cli_screenshot, cli_info, cli_stats, cli_doctor, cli_devices,
    cli_events, cli_wait, cli_step, cli_replay, cli_run, cli_bench, cli_help, cli_version;
extern const struct cli_verb *const cli_verbs[]; /* ends with NULL */

/* --socket's argument, or NULL. */
extern const char *cli_socket;

/* The options that every verb has, to be put at the end of its own. */
#define CLI_OPTIONS                                                             \
    {"socket", required_argument, NULL, 's'}, {"help", no_argument, NULL, 'h'}, \
    {                                                                           \
        0                                                                       \
    }

/* getopt_long() that deals with CLI_OPTIONS itself: --help prints the verb's help and ends the
 * program. '?' after a mistake that getopt has told of. */
int cli_option(const struct cli_verb *verb, int argc, char **argv, const struct option *options);

/* Tell of a mistake on standard error, and return the exit status that goes with it. */
int cli_usage(const struct cli_verb *verb, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int cli_fail(const struct cli_verb *verb, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Connects, or tells why not and returns CLI_FAILED. */
int cli_connect(const struct cli_verb *verb, struct kb_display **display);

/* The name of a flag of a message's field; NULL if that bit has none. */
const char *cli_flag_name(uint16_t opcode, const char *field, uint32_t bit);

/* Writes xrgb8888 rows as a PNG; path "-" is standard output. 0, or -errno and *why explains. */
int cli_png_write(const char *path, uint32_t width, uint32_t height, const uint32_t *pixels,
                  const char **why);

#endif
