#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "player.h"
#include "recording.h"

#define LINE_BYTES 65536u

struct options {
    const char *path;
    double speed;         /* 0: as fast as the answers allow */
    uint64_t until_frame; /* 0: to the end */
    bool hold, dump;
};

/* ---- --dump ---------------------------------------------------------------------------------- */

static void dump_record(const struct cli_record *record, char *line)
{
    const struct kb_recording_memory *memory = record->memory;
    double seconds = (double)record->time_ns / 1e9;
    switch (record->kind) {
    case KB_RECORDING_REQUEST:
    case KB_RECORDING_EVENT:
        kb_message_info(record->message->opcode)
            ->dump(record->message, record->bytes, line, LINE_BYTES);
        printf("%12.6f %s %s\n", seconds, record->kind == KB_RECORDING_REQUEST ? "->" : "<-", line);
        break;
    case KB_RECORDING_MEMORY:
        printf("%12.6f    memory object=%" PRIu32 " size_bytes=%" PRIu64 " offset_bytes=%" PRIu64
               " bytes=%zu\n",
               seconds, memory->object, memory->size_bytes, memory->offset_bytes,
               record->bytes - sizeof(*memory));
        break;
    case KB_RECORDING_END: printf("%12.6f    end\n", seconds); break;
    }
}

static int dump(struct cli_recording *recording)
{
    struct cli_record record;
    int status;
    char *line = malloc(LINE_BYTES);
    if (line == NULL)
        return cli_fail(&cli_replay, "no memory");
    while ((status = cli_recording_next(recording, &record)) > 0)
        dump_record(&record, line);
    free(line);
    fflush(stdout);
    return status < 0 ? cli_fail(&cli_replay, "%s: %s", recording->path, recording->why) : CLI_OK;
}

/* ---- Playing --------------------------------------------------------------------------------- */

/* Waits until it is time for what was sent at time_ns of the recording. */
static int pace(struct cli_player *player, double speed, uint64_t time_ns, int64_t *began_ns)
{
    int64_t since_ns = speed > 0 ? (int64_t)((double)time_ns / speed) : 0;
    if (*began_ns == 0)
        *began_ns = cli_link_now_ns() - since_ns;
    while (speed > 0 && cli_link_now_ns() < *began_ns + since_ns) {
        if (cli_player_wait(player, *began_ns + since_ns) < 0)
            return -1;
    }
    return 0;
}

/* 0, or -1: *why says what is wrong with the file or the daemon. */
static int play_all(const struct options *options, struct cli_recording *recording,
                    struct cli_player *player, const char **why)
{
    struct cli_record record;
    int64_t began_ns = 0;
    int status;
    *why = player->why;
    while ((status = cli_recording_next(recording, &record)) > 0) {
        if (options->until_frame > 0 && player->frames_sent >= options->until_frame) {
            if (cli_player_note(player, &record) < 0)
                return -1;
            continue;
        }
        if (record.kind == KB_RECORDING_REQUEST &&
            pace(player, options->speed, record.time_ns, &began_ns) < 0)
            return -1;
        if (cli_player_play(player, &record) < 0)
            return -1;
    }
    if (player->sent > 0 && cli_player_drain(player) < 0)
        return -1;
    if (status < 0)
        *why = recording->why;
    return status;
}

static void print_summary(const struct cli_player *player)
{
    uint64_t answers = player->presented + player->discarded;
    double seconds =
        answers > 0 ? (double)(player->last_answer_ns - player->first_frame_ns) / 1e9 : 0;
    printf("%" PRIu64 " frames in %.2f s: %.1f fps; %" PRIu64 " presented, %" PRIu64
           " discarded, %" PRIu64 " unchanged; %" PRIu64 " requests, %zu refused\n",
           player->frames_sent, seconds, seconds > 0 ? (double)answers / seconds : 0.0,
           player->presented, player->discarded, player->unchanged, player->sent,
           player->refused.count);
    fflush(stdout);
}

/* Keeps the windows until standard input ends. */
static int hold(struct cli_player *player)
{
    struct pollfd wanted[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                               {.fd = player->link.fd, .events = POLLIN}};
    for (;;) {
        char bytes[256];
        if (poll(wanted, 2, -1) < 0)
            continue;
        if (wanted[0].revents != 0 && read(STDIN_FILENO, bytes, sizeof(bytes)) <= 0)
            return CLI_OK;
        if (wanted[1].revents != 0 && cli_player_wait(player, 0) < 0)
            return cli_fail(&cli_replay, "%s", player->why);
    }
}

static int play(const struct options *options, struct cli_recording *recording,
                struct cli_player *player)
{
    const char *why;
    int status = CLI_OK;
    if (play_all(options, recording, player, &why) < 0) {
        bool of_file = why == recording->why;
        status = cli_fail(&cli_replay, "%s%s%s", of_file ? recording->path : "",
                          of_file ? ": " : "", why);
        if (!of_file)
            return status;
    } else if (!recording->finished) {
        fprintf(stderr,
                "kmsblit replay: %s: ends before its program did: that crashed, or the "
                "disk was full\n",
                recording->path);
    }
    print_summary(player);
    if (cli_player_compare(player) > 0)
        status = CLI_FAILED;
    return options->hold && status == CLI_OK ? hold(player) : status;
}

/* Finds the daemon as every client does, and says the same if there is none. */
static int connect_player(struct cli_player *player)
{
    struct kb_display *display;
    unsetenv("KMSBLIT_RECORD"); /* is meant for games, and might name the file that is played */
    if (cli_connect(&cli_replay, &display) != CLI_OK)
        return CLI_FAILED;
    int error = cli_player_init(player, kb_socket_path(display));
    kb_disconnect(display);
    return error < 0 ? cli_fail(&cli_replay, "%s", player->why) : CLI_OK;
}

static int replay(const struct options *options, struct cli_recording *recording)
{
    if (cli_recording_open(recording, options->path) < 0)
        return cli_fail(&cli_replay, "%s: %s", options->path, recording->why);
    if (options->dump)
        return dump(recording);
    struct cli_player *player = calloc(1, sizeof(*player));
    if (player == NULL)
        return cli_fail(&cli_replay, "no memory");
    player->link.fd = player->memory_fd = -1;
    int status = connect_player(player);
    if (status == CLI_OK)
        status = play(options, recording, player);
    cli_player_finish(player);
    free(player);
    return status;
}

static int parse(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        {"speed", required_argument, NULL, 'x'},
        {"fast", no_argument, NULL, 'f'},
        {"until-frame", required_argument, NULL, 'u'},
        {"hold", no_argument, NULL, 'k'},
        {"dump", no_argument, NULL, 'd'},
        CLI_OPTIONS,
    };
    int option;
    char *end;
    while ((option = cli_option(&cli_replay, argc, argv, known)) != -1) {
        switch (option) {
        case 'x':
            options->speed = strtod(optarg, &end);
            if (end == optarg || *end != '\0' || !(options->speed >= 0.001) ||
                options->speed > 1000)
                return cli_usage(&cli_replay, "--speed %s: not a number from 0.001 to 1000",
                                 optarg);
            break;
        case 'f': options->speed = 0; break;
        case 'u':
            options->until_frame = strtoull(optarg, &end, 10);
            if (optarg[0] < '0' || optarg[0] > '9' || *end != '\0' || options->until_frame == 0)
                return cli_usage(&cli_replay, "--until-frame %s: not a number from 1 on", optarg);
            break;
        case 'k': options->hold = true; break;
        case 'd': options->dump = true; break;
        default: return CLI_USAGE;
        }
    }
    if (argc - optind != 1)
        return cli_usage(&cli_replay, "name one recording");
    options->path = argv[optind];
    if (options->hold && strcmp(options->path, "-") == 0)
        return cli_usage(&cli_replay, "--hold waits for the end of standard input: name a file");
    return CLI_OK;
}

static int run(int argc, char **argv)
{
    struct options options = {.speed = 1};
    int status = parse(argc, argv, &options);
    if (status != CLI_OK)
        return status;
    struct cli_recording *recording = calloc(1, sizeof(*recording));
    if (recording == NULL)
        return cli_fail(&cli_replay, "no memory");
    status = replay(&options, recording);
    cli_recording_close(recording);
    free(recording);
    return status;
}

const struct cli_verb cli_replay = {
    .name = "replay",
    .summary = "play a recorded run again",
    .help =
        "usage: kmsblit replay [--socket PATH] [--speed X | --fast] [--until-frame N] [--hold] FILE\n"
        "       kmsblit replay --dump FILE\n"
        "\n"
        "Plays a run again that was recorded with KMSBLIT_RECORD=FILE: the same requests with the\n"
        "same ids and serials, and the same pixels. FILE \"-\" is standard input. Tells of requests\n"
        "that are refused now and were not then, or the other way round, and then exits with 1.\n"
        "\n"
        "  --speed X        X times as fast as it was; 1 if not said\n"
        "  --fast           as fast as the daemon shows it\n"
        "  --until-frame N  stop after N frames of windows\n"
        "  --hold           keep the windows until standard input ends\n"
        "  --dump           print the messages, one a line, and play nothing\n",
    .run = run,
};
