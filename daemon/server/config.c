#include "server/config.h"

#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/config_keys.h"

#define OPTIONS_MAX 64

/* What getopt_long() returns for an option that has no key: the keys' are FIRST_KEY and their
 * index. */
enum {
    OPTION_CONFIG = 256,
    OPTION_CHECK_CONFIG,
    OPTION_PROBE,
    OPTION_HELP,
    OPTION_VERSION,
    FIRST_KEY = 512
};

struct command_line {
    const char *path; /* of the file; NULL: the default one */
    bool check, probe;
    bool help, version;
    bool outputs_given; /* by options, not by the file */
    unsigned mistakes;
};

void kd_config_defaults(struct kd_config *config)
{
    *config = (struct kd_config){
        .socket_mode = 0660,
        .margin_us = 1500,
        .buffers = 2,
        .clock = KD_CLOCK_REAL,
        .max_client_bytes = UINT64_C(512) << 20,
        .max_client_objects = 65535,
        .max_clients = 256,
        .log_level = KD_LOG_INFO,
        .ready_fd = -1,
    };
    kd_config_input_defaults(&config->input);
}

/* ---- Help
 * ------------------------------------------------------------------------------------- */

static void print_option(const char *option, const char *argument, const char *help)
{
    char left[64];
    snprintf(left, sizeof(left), "--%s%s%s", option, argument ? " " : "", argument ? argument : "");
    printf("  %-26s", left);
    for (const char *line = help; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        printf("%.*s\n", (int)length, line);
        line += length;
        if (*line == '\n') {
            printf("  %-26s", "");
            line++;
        }
    }
}

static void print_help(void)
{
    printf("Usage: kmsblitd [OPTION]...\n"
           "Display server for games on small computers.\n\n");
    print_option("config", "FILE", "read FILE instead of " KD_CONFIG_PATH);
    print_option("check-config", NULL, "say what is wrong with the file and the options, and exit");
    print_option("probe", NULL, "print the displays and which is chosen, as JSON, and exit");
    for (size_t i = 0; i < kd_config_keys_count; i++) {
        const struct kd_config_key *key = &kd_config_keys[i];
        if (key->option != NULL) {
            print_option(key->option, key->argument, key->help);
        }
    }
    print_option("help", NULL, "show this and exit");
    print_option("version", NULL, "show the version and exit");
    printf("\nOptions win over the file. See kmsblitd(8) and kmsblitd.conf(5).\n");
}

/* ---- The command line
 * ------------------------------------------------------------------------- */

static void make_options(struct option *options)
{
    size_t count = 0;
    options[count++] = (struct option){"config", required_argument, NULL, OPTION_CONFIG};
    options[count++] = (struct option){"check-config", no_argument, NULL, OPTION_CHECK_CONFIG};
    options[count++] = (struct option){"probe", no_argument, NULL, OPTION_PROBE};
    options[count++] = (struct option){"help", no_argument, NULL, OPTION_HELP};
    options[count++] = (struct option){"version", no_argument, NULL, OPTION_VERSION};
    for (size_t i = 0; i < kd_config_keys_count && count < OPTIONS_MAX - 1; i++) {
        if (kd_config_keys[i].option != NULL) {
            options[count++] = (struct option){kd_config_keys[i].option, required_argument, NULL,
                                               FIRST_KEY + (int)i};
        }
    }
    options[count] = (struct option){0};
}

static void mistake(struct command_line *line, const char *what, const char *why)
{
    char safe_what[256], safe_why[KD_CONFIG_WHY_BYTES];
    fprintf(stderr, "kmsblitd: %s: %s\n",
            kd_log_safe(safe_what, sizeof(safe_what), what, (uint32_t)strlen(what)),
            kd_log_safe(safe_why, sizeof(safe_why), why, (uint32_t)strlen(why)));
    line->mistakes++;
}

static void apply(struct command_line *line, struct kd_config *config,
                  const struct kd_config_key *key, const char *value, unsigned *times)
{
    char why[KD_CONFIG_WHY_BYTES], what[256];
    snprintf(what, sizeof(what), "--%s %s", key->option, value);
    if (++*times == 1 && key->clear != NULL) {
        key->clear(config);
    }
    line->outputs_given = line->outputs_given || key->set == kd_config_key_output;
    if (*times > 1 && key->clear == NULL) {
        mistake(line, what, "the option is given twice");
    } else if (!key->set(config, value, why)) {
        mistake(line, what, why);
    }
}

static void refuse_option(struct command_line *line, char **argv)
{
    char letter[] = {'-', (char)optopt, '\0'};
    bool is_letter = optopt > 0 && optopt < 256;
    mistake(line, is_letter ? letter : argv[optind - 1],
            optopt >= 256 ? "takes no value; see kmsblitd --help"
                          : "no such option; see kmsblitd --help");
}

/* Goes over the command line: once without config, for what must be known before the file is
 * read, and to see that all options exist; once to apply the others. */
static void scan(struct command_line *line, struct kd_config *config, int argc, char **argv)
{
    struct option options[OPTIONS_MAX];
    unsigned times[OPTIONS_MAX] = {0};
    int option;
    make_options(options);
    optind = 0; /* glibc: begin again, whoever used getopt before */
    opterr = 0;
    while ((option = getopt_long(argc, argv, "+:", options, NULL)) != -1) {
        if (option >= FIRST_KEY) {
            if (config != NULL) {
                apply(line, config, &kd_config_keys[option - FIRST_KEY], optarg,
                      &times[option - FIRST_KEY]);
            }
            continue;
        }
        if (config != NULL) {
            continue;
        }
        switch (option) {
        case OPTION_CONFIG: line->path = optarg; break;
        case OPTION_CHECK_CONFIG: line->check = true; break;
        case OPTION_PROBE: line->probe = true; break;
        case OPTION_HELP: line->help = true; break;
        case OPTION_VERSION: line->version = true; break;
        case ':': mistake(line, argv[optind - 1], "needs a value; see kmsblitd --help"); break;
        default: refuse_option(line, argv); break;
        }
    }
    if (config == NULL && optind < argc) {
        mistake(line, argv[optind], "no argument is expected here; see kmsblitd --help");
    }
}

/* Settings that are allowed, but not together; false if why names them. */
static bool fits_together(const struct kd_config *config, char *why)
{
    if (config->backend == KD_BACKEND_KMS && config->outputs_count > 0) {
        return kd_config_refuse(why,
                                "backend kms shows no virtual displays such as %s: leave them out, "
                                "or choose backend headless",
                                config->outputs[0].name);
    }
    if (config->backend == KD_BACKEND_KMS && config->clock == KD_CLOCK_VIRTUAL) {
        return kd_config_refuse(why, "backend kms has the display's own clock: choose clock real, "
                                     "or backend headless");
    }
    if (config->session_mode == KD_SESSION_SEAT && config->vt != 0) {
        return kd_config_refuse(why,
                                "session seat gets its VT from the seat: leave out vt %u, or "
                                "choose session service",
                                config->vt);
    }
    return kd_config_mirrors_ok(config, why);
}

/* What only all settings together can show. */
static void check_together(struct command_line *line, struct kd_config *config, bool file_is_good)
{
    char path[sizeof(config->socket_path)], why[KD_CONFIG_WHY_BYTES];
    if (config->backend == KD_BACKEND_KMS && !line->outputs_given) {
        config->outputs_count = 0; /* the file's; where the file itself says kms, there are none */
    }
    if (file_is_good && !fits_together(config, why)) {
        mistake(line, "these settings do not go together", why);
    }
    if (config->backend == KD_BACKEND_AUTO &&
        (config->outputs_count > 0 || config->clock == KD_CLOCK_VIRTUAL)) {
        config->backend = KD_BACKEND_HEADLESS;
        config->backend_follows = true;
    }
    if (config->simulate_draw[0] != '\0' && config->clock != KD_CLOCK_VIRTUAL) {
        mistake(line, "--simulate-draw", "works only with --clock virtual");
    }
    if (kd_config_socket_path(config, path, sizeof(path)) < 0) {
        mistake(line, "$KMSBLIT_SOCKET or $XDG_RUNTIME_DIR",
                "makes a socket's path of more than 107 bytes; use --socket");
    }
}

static enum kd_config_action read_file(const struct command_line *line, struct kd_config *config)
{
    const char *path = line->path != NULL ? line->path : KD_CONFIG_PATH;
    char why[KD_CONFIG_WHY_BYTES];
    int error = kd_config_read(config, path);
    if (error == -ENOENT && line->path != NULL) {
        fprintf(stderr, "%s: there is no such file\n", path);
        return KD_CONFIG_EXIT_FAILURE;
    }
    if (error < 0 && error != -ENOENT) {
        return KD_CONFIG_EXIT_FAILURE;
    }
    if (!fits_together(config, why)) {
        fprintf(stderr, "%s: %s\n", path, why);
        return KD_CONFIG_EXIT_FAILURE;
    }
    if (line->check) {
        printf("%s: %s\n", path, error == -ENOENT ? "not there, the defaults hold" : "ok");
    }
    return line->check ? KD_CONFIG_EXIT_OK : KD_CONFIG_RUN;
}

/* What neither the file nor the command line says. */
static void read_environment(struct command_line *line, struct kd_config *config)
{
    const char *renderer = getenv("KMSBLIT_RENDERER");
    char why[KD_CONFIG_WHY_BYTES];
    if (renderer != NULL && renderer[0] != '\0' && !kd_config_renderer(config, renderer, why)) {
        mistake(line, "$KMSBLIT_RENDERER", why);
    }
}

static enum kd_config_action parse(struct kd_config *config, int argc, char **argv, bool running)
{
    struct command_line line = {0};
    kd_config_defaults(config);
    config->argc = argc;
    config->argv = argv;
    config->running = running;
    scan(&line, NULL, argc, argv);
    read_environment(&line, config);
    if (line.mistakes > 0) {
        return KD_CONFIG_EXIT_USAGE;
    }
    if (line.help || line.version) {
        if (line.help) {
            print_help();
        } else {
            printf("kmsblitd %s\n", KMSBLIT_VERSION);
        }
        return KD_CONFIG_EXIT_OK;
    }
    enum kd_config_action action = read_file(&line, config);
    scan(&line, config, argc, argv);
    check_together(&line, config, action != KD_CONFIG_EXIT_FAILURE);
    if (line.mistakes > 0) {
        return KD_CONFIG_EXIT_USAGE;
    }
    return action == KD_CONFIG_RUN && line.probe && !running ? KD_CONFIG_PROBE : action;
}

enum kd_config_action kd_config_parse(struct kd_config *config, int argc, char **argv)
{
    return parse(config, argc, argv, false);
}

enum kd_config_action kd_config_parse_again(struct kd_config *fresh,
                                            const struct kd_config *running)
{
    return parse(fresh, running->argc, running->argv, true);
}

int kd_config_socket_path(const struct kd_config *config, char *path, size_t path_bytes)
{
    const char *socket_path = getenv("KMSBLIT_SOCKET");
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    int length;
    if (config->socket_path[0] != '\0') {
        length = snprintf(path, path_bytes, "%s", config->socket_path);
    } else if (socket_path != NULL && socket_path[0] != '\0') {
        length = snprintf(path, path_bytes, "%s", socket_path);
    } else if (runtime != NULL && runtime[0] != '\0') {
        length = snprintf(path, path_bytes, "%s/kmsblit.sock", runtime);
    } else {
        length = snprintf(path, path_bytes, "/run/kmsblit/kmsblit.sock");
    }
    return (size_t)length < path_bytes ? 0 : -ENAMETOOLONG;
}

gid_t kd_config_socket_gid(const struct kd_config *config)
{
    const struct group *group =
        config->socket_group[0] != '\0' ? getgrnam(config->socket_group) : NULL;
    return group != NULL ? group->gr_gid : (gid_t)-1;
}
