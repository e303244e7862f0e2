#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xkbcommon/xkbcommon-keysyms.h>

#include "cli.h"
#include "gen/kmsblit_proto.h"
#include "link.h"
#include "print_event.h"

#define WINDOW      1u
#define FINGERS_MAX 16u
#define MARK_PX     32
#define BACKGROUND  0xFF203040u
#define MARK_COLOR  0xFFFFC000u

struct options {
    const char *output; /* NULL: the primary one */
    bool json, grab, lock;
    double seconds; /* 0: for ever */
    uint64_t count; /* 0: for ever */
};

/* What is drawn where it is pointed to. */
struct mark {
    bool used;
    uint32_t device;
    int32_t finger; /* -1: the pointer */
    int32_t x_px, y_px;
};

struct watch {
    struct cli_link link;
    struct cli_event_printer printer;
    const struct options *options;
    uint32_t serial; /* of the last request */
    uint32_t output; /* its id; 0: the primary one */
    uint32_t width_px, height_px;
    bool has_output; /* the wanted one is there */
    bool synced;
    bool frame_pending, changed; /* a frame is not answered; the marks are not as drawn */
    bool ended;
    bool refused;   /* and standard error says why */
    uint64_t count; /* events of devices so far */
    struct mark marks[FINGERS_MAX];
    _Alignas(8) uint8_t bytes[1024];
};

/* ---- Requests ------------------------------------------------------------------------------- */

/* Sends what was written; nothing in here can be refused by the encoder. */
static int send_written(struct watch *watch, const struct kb_writer *writer)
{
    return writer->error < 0 ? writer->error
                             : cli_link_send(&watch->link, (const void *)watch->bytes, -1);
}

static int send_hello(struct watch *watch)
{
    struct kb_writer writer;
    struct kb_req_hello hello = {.serial = ++watch->serial,
                                 .version = KB_PROTO_VERSION,
                                 .flags = KB_HELLO_FLAG_WANTS_INPUT,
                                 .name = "kmsblit events",
                                 .name_bytes = 14};
    kb_writer_init(&writer, watch->bytes, sizeof(watch->bytes));
    kb_req_hello_encode(&writer, &hello);
    if (send_written(watch, &writer) < 0)
        return -1;
    struct kb_req_sync sync = {.serial = ++watch->serial};
    kb_writer_init(&writer, watch->bytes, sizeof(watch->bytes));
    kb_req_sync_encode(&writer, &sync);
    return send_written(watch, &writer);
}

/* Over everything else, so that it gets the focus; its pixels are the output's. */
static int send_window(struct watch *watch)
{
    struct kb_writer writer;
    struct kb_req_window_create create = {.object = WINDOW,
                                          .serial = ++watch->serial,
                                          .width = watch->width_px,
                                          .height = watch->height_px,
                                          .base_color = BACKGROUND,
                                          .scale = KB_SCALE_STRETCH,
                                          .z = INT32_MAX,
                                          .output = watch->output,
                                          .title = "kmsblit events",
                                          .title_bytes = 14};
    struct kb_req_window_input input = {.object = WINDOW, .serial = ++watch->serial};
    if (watch->options->grab)
        input.flags |= KB_WINDOW_INPUT_FLAG_GRAB_KEYBOARD;
    if (watch->options->lock)
        input.flags |= KB_WINDOW_INPUT_FLAG_LOCK_POINTER;
    kb_writer_init(&writer, watch->bytes, sizeof(watch->bytes));
    kb_req_window_create_encode(&writer, &create);
    if (send_written(watch, &writer) < 0 || input.flags == 0)
        return writer.error;
    kb_writer_init(&writer, watch->bytes, sizeof(watch->bytes));
    kb_req_window_input_encode(&writer, &input);
    return send_written(watch, &writer);
}

static int send_frame(struct watch *watch)
{
    struct kb_writer writer;
    struct kb_command_fill fills[FINGERS_MAX];
    uint32_t count = 0;
    for (size_t i = 0; i < FINGERS_MAX; i++) {
        const struct mark *mark = &watch->marks[i];
        if (mark->used)
            fills[count++] = (struct kb_command_fill){
                .op = 1,
                .blend = KB_BLEND_REPLACE,
                .alpha = 255,
                .color = MARK_COLOR,
                .where = {mark->x_px - MARK_PX / 2, mark->y_px - MARK_PX / 2, MARK_PX, MARK_PX}};
    }
    struct kb_req_frame frame = {.object = WINDOW,
                                 .serial = ++watch->serial,
                                 .flags = KB_FRAME_FLAG_CLEAR,
                                 .commands = fills,
                                 .commands_units = count};
    kb_writer_init(&writer, watch->bytes, sizeof(watch->bytes));
    kb_req_frame_encode(&writer, &frame);
    watch->changed = false;
    watch->frame_pending = true;
    return send_written(watch, &writer);
}

/* ---- Marks ---------------------------------------------------------------------------------- */

static void set_mark(struct watch *watch, uint32_t device, int32_t finger, bool there, kb_fixed x,
                     kb_fixed y)
{
    struct mark *found = NULL;
    for (size_t i = 0; i < FINGERS_MAX; i++) {
        struct mark *mark = &watch->marks[i];
        bool same = mark->used && mark->finger == finger && (finger < 0 || mark->device == device);
        if (same || (!mark->used && found == NULL))
            found = mark;
        if (same)
            break;
    }
    if (found == NULL)
        return; /* more fingers than there is room for */
    *found = (struct mark){
        .used = there, .device = device, .finger = finger, .x_px = x >> 16, .y_px = y >> 16};
    watch->changed = true;
}

/* ---- Events --------------------------------------------------------------------------------- */

static int on_done(void *ctx, const struct kb_evt_done *event)
{
    struct watch *watch = ctx;
    watch->synced = watch->synced || event->serial == watch->serial;
    return 0;
}

static int on_output(void *ctx, const struct kb_evt_output *event)
{
    struct watch *watch = ctx;
    const char *wanted = watch->options->output;
    bool is_it = wanted != NULL ? strlen(wanted) == event->name_bytes &&
                                      memcmp(wanted, event->name, event->name_bytes) == 0
                                : (event->flags & KB_OUTPUT_FLAG_PRIMARY) != 0;
    if (is_it && !watch->has_output) {
        watch->output = wanted != NULL ? event->object : 0;
        watch->width_px = event->width < KB_MAX_WINDOW_PX ? event->width : KB_MAX_WINDOW_PX;
        watch->height_px = event->height < KB_MAX_WINDOW_PX ? event->height : KB_MAX_WINDOW_PX;
        watch->has_output = true;
    }
    return 0;
}

static int on_error(void *ctx, const struct kb_evt_error *event)
{
    struct watch *watch = ctx;
    watch->refused = true;
    cli_fail(&cli_events, "%.*s", (int)event->message_bytes,
             event->message_bytes > 0 ? event->message : "");
    return 0;
}

static int on_presented(void *ctx, const struct kb_evt_presented *event)
{
    (void)event;
    ((struct watch *)ctx)->frame_pending = false;
    return 0;
}

static int on_discarded(void *ctx, const struct kb_evt_discarded *event)
{
    (void)event;
    ((struct watch *)ctx)->frame_pending = false;
    return 0;
}

/* What was pressed may be all that somebody has to end this: the terminal gets no keys. */
static void look_for_end(struct watch *watch, const struct kb_evt_key *event)
{
    if (event->state == KB_KEY_STATE_DOWN && (event->modifiers & KB_MODIFIER_CTRL) != 0 &&
        (event->keysym == XKB_KEY_c || event->keysym == XKB_KEY_C))
        watch->ended = true;
}

static int print(struct watch *watch, uint16_t opcode, const void *event, bool of_device)
{
    if (watch->ended)
        return 0;
    cli_event_print(&watch->printer, opcode, event);
    watch->count += of_device;
    if (of_device && watch->count == watch->options->count)
        watch->ended = true;
    return 0;
}

#define ON_PRINTED(name, OPCODE, of_device)                            \
    static int on_##name(void *ctx, const struct kb_evt_##name *event) \
    {                                                                  \
        return print(ctx, KB_EVT_##OPCODE, event, of_device);          \
    }
ON_PRINTED(device, DEVICE, false)
ON_PRINTED(device_gone, DEVICE_GONE, false)
ON_PRINTED(focus, FOCUS, false)
ON_PRINTED(keymap, KEYMAP, false)
ON_PRINTED(events_lost, EVENTS_LOST, false)
ON_PRINTED(pointer_wheel, POINTER_WHEEL, true)
ON_PRINTED(gamepad_axis, GAMEPAD_AXIS, true)
ON_PRINTED(gamepad_button, GAMEPAD_BUTTON, true)

static int on_key(void *ctx, const struct kb_evt_key *event)
{
    print(ctx, KB_EVT_KEY, event, true);
    look_for_end(ctx, event);
    return 0;
}

static int on_pointer_motion(void *ctx, const struct kb_evt_pointer_motion *event)
{
    set_mark(ctx, event->device, -1, true, event->x, event->y);
    return print(ctx, KB_EVT_POINTER_MOTION, event, true);
}

static int on_pointer_button(void *ctx, const struct kb_evt_pointer_button *event)
{
    set_mark(ctx, event->device, -1, true, event->x, event->y);
    return print(ctx, KB_EVT_POINTER_BUTTON, event, true);
}

static int on_pointer_over(void *ctx, const struct kb_evt_pointer_over *event)
{
    set_mark(ctx, 0, -1, event->inside != 0, event->x, event->y);
    return print(ctx, KB_EVT_POINTER_OVER, event, false);
}

static int on_touch(void *ctx, const struct kb_evt_touch *event)
{
    bool there = event->phase == KB_TOUCH_PHASE_DOWN || event->phase == KB_TOUCH_PHASE_MOTION;
    set_mark(ctx, event->device, event->finger, there, event->x, event->y);
    return print(ctx, KB_EVT_TOUCH, event, true);
}

static int on_window_close(void *ctx, const struct kb_evt_window_close *event)
{
    print(ctx, KB_EVT_WINDOW_CLOSE, event, false);
    ((struct watch *)ctx)->ended = true;
    return 0;
}

static const struct kb_evt_handler handler = {
    .done = on_done,
    .error = on_error,
    .output = on_output,
    .presented = on_presented,
    .discarded = on_discarded,
    .device = on_device,
    .device_gone = on_device_gone,
    .focus = on_focus,
    .keymap = on_keymap,
    .events_lost = on_events_lost,
    .key = on_key,
    .pointer_motion = on_pointer_motion,
    .pointer_button = on_pointer_button,
    .pointer_wheel = on_pointer_wheel,
    .pointer_over = on_pointer_over,
    .touch = on_touch,
    .gamepad_axis = on_gamepad_axis,
    .gamepad_button = on_gamepad_button,
    .window_close = on_window_close,
};

/* ---- The verb ------------------------------------------------------------------------------- */

static int lost(struct watch *watch)
{
    return watch->refused ? CLI_FAILED : cli_fail(&cli_events, "%s", watch->link.why);
}

static int watch_events(struct watch *watch)
{
    const struct options *options = watch->options;
    int64_t end_ns = options->seconds > 0 ? cli_link_now_ns() + (int64_t)(options->seconds * 1e9)
                                          : CLI_LINK_FOREVER;
    if (send_hello(watch) < 0)
        return lost(watch);
    while (!watch->synced && !watch->refused) {
        if (cli_link_turn(&watch->link, CLI_LINK_FOREVER) < 0)
            return lost(watch);
    }
    if (!watch->has_output)
        return options->output != NULL
                   ? cli_fail(&cli_events, "there is no output \"%s\": `kmsblit info` names them",
                              options->output)
                   : cli_fail(&cli_events, "there is no output, and so nothing has the focus");
    watch->changed = true;
    if (send_window(watch) < 0)
        return lost(watch);
    while (!watch->ended && !watch->refused && cli_link_now_ns() < end_ns) {
        if (watch->changed && !watch->frame_pending && send_frame(watch) < 0)
            return lost(watch);
        if (cli_link_turn(&watch->link, end_ns) < 0)
            return lost(watch);
    }
    return watch->refused ? CLI_FAILED : CLI_OK;
}

static int parse(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        {"json", no_argument, NULL, 'j'},
        {"output", required_argument, NULL, 'o'},
        {"seconds", required_argument, NULL, 't'},
        {"count", required_argument, NULL, 'n'},
        {"grab", no_argument, NULL, 'g'},
        {"lock", no_argument, NULL, 'l'},
        CLI_OPTIONS,
    };
    int option;
    char *end;
    while ((option = cli_option(&cli_events, argc, argv, known)) != -1) {
        switch (option) {
        case 'j': options->json = true; break;
        case 'o': options->output = optarg; break;
        case 't':
            options->seconds = strtod(optarg, &end);
            if (end == optarg || *end != '\0' || !(options->seconds > 0) || options->seconds > 1e8)
                return cli_usage(&cli_events, "--seconds %s: not a number above 0", optarg);
            break;
        case 'n':
            errno = 0;
            options->count = strtoull(optarg, &end, 10);
            if (optarg[0] < '0' || optarg[0] > '9' || *end != '\0' || errno != 0 ||
                options->count == 0)
                return cli_usage(&cli_events, "--count %s: not a number from 1 on", optarg);
            break;
        case 'g': options->grab = true; break;
        case 'l': options->lock = true; break;
        default: return CLI_USAGE;
        }
    }
    if (optind < argc)
        return cli_usage(&cli_events, "it takes no argument \"%s\"", argv[optind]);
    return CLI_OK;
}

static int run(int argc, char **argv)
{
    struct options options = {0};
    struct kb_display *display;
    int status = parse(argc, argv, &options);
    if (status != CLI_OK)
        return status;
    /* Finds the daemon as every client does, and says the same if there is none. */
    if (cli_connect(&cli_events, &display) != CLI_OK)
        return CLI_FAILED;
    struct watch *watch = calloc(1, sizeof(*watch));
    if (watch == NULL) {
        kb_disconnect(display);
        return cli_fail(&cli_events, "no memory");
    }
    watch->options = &options;
    watch->printer.out = stdout;
    watch->printer.json = options.json;
    int error = cli_link_open(&watch->link, kb_socket_path(display), &handler, watch);
    kb_disconnect(display);
    status = error < 0 ? lost(watch) : watch_events(watch);
    cli_link_close(&watch->link);
    free(watch);
    return status;
}

const struct cli_verb cli_events = {
    .name = "events",
    .summary = "print what keyboards, mice, touch screens and gamepads do",
    .help =
        "usage: kmsblit events [--socket PATH] [--json] [--output NAME] [--grab] [--lock]\n"
        "                      [--seconds S] [--count N]\n"
        "\n"
        "Shows a window that covers an output, takes the focus with it as a game does, and prints\n"
        "every event that reaches it, one a line. Squares mark the pointer and the fingers. Input\n"
        "devices are listed first, and when they come and go.\n"
        "\n"
        "It ends on Ctrl-C, typed in the terminal or on a keyboard of the daemon's, whose keys\n"
        "the terminal does not get. Games get their focus back then.\n"
        "\n"
        "  --json         print a JSON object for each: {\"event\": \"key\", \"time_ns\": ...}\n"
        "  --output NAME  on which output; otherwise the primary one\n"
        "  --grab         take the daemon's shortcuts too, but those that end a game or switch VTs\n"
        "  --lock         lock the pointer: motion is relative only\n"
        "  --seconds S    end after S seconds\n"
        "  --count N      end after N events of devices; focus and devices do not count\n",
    .run = run,
};
