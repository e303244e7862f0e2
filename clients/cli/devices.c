#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "gen/kmsblit_proto.h"
#include "link.h"
#include "local_devices.h"
#include "print_event.h"
#include "proto/json.h"

/* ---- A daemon's ----------------------------------------------------------------------------- */

struct asked {
    struct cli_link link;
    FILE *out;            /* borrowed: lines, or members of an array */
    struct kb_json *json; /* borrowed; NULL: text */
    unsigned count;
    uint32_t serial; /* of the request that ends it */
    bool complete, refused;
};

static void write_device(struct kb_json *json, const struct kb_evt_device *device)
{
    char name[257];
    snprintf(name, sizeof(name), "%.*s", (int)device->name_bytes,
             device->name_bytes > 0 ? device->name : "");
    kb_json_object(json, NULL, true);
    kb_json_number(json, "device", device->object);
    kb_json_string(json, "name", name);
    kb_json_array(json, "capabilities", true);
    for (uint32_t bit = 1; bit != 0; bit <<= 1) {
        if (device->capabilities & bit)
            kb_json_string(json, NULL, cli_flag_name(KB_EVT_DEVICE, "capabilities", bit));
    }
    kb_json_array_end(json);
    kb_json_number(json, "axes", device->axes);
    kb_json_number(json, "buttons", device->buttons);
    kb_json_number(json, "bus", device->bus);
    kb_json_number(json, "vendor", device->vendor);
    kb_json_number(json, "product", device->product);
    kb_json_number(json, "version", device->version);
    kb_json_object_end(json);
}

static void print_device(FILE *out, const struct kb_evt_device *device)
{
    fprintf(out, "  device %-4" PRIu32 " ", device->object);
    cli_print_quoted(out, device->name, device->name_bytes);
    fputs(": ", out);
    cli_print_flags(out, KB_EVT_DEVICE, "capabilities", device->capabilities, ", ");
    if (device->capabilities & KB_DEVICE_CAPABILITY_GAMEPAD)
        fprintf(out, ", %" PRIu32 " axes, %" PRIu32 " buttons", device->axes, device->buttons);
    fprintf(out, " (%04x:%04x:%04x:%04x)\n", device->bus, device->vendor, device->product,
            device->version);
}

static int on_device(void *ctx, const struct kb_evt_device *event)
{
    struct asked *asked = ctx;
    if (asked->json != NULL)
        write_device(asked->json, event);
    else
        print_device(asked->out, event);
    asked->count++;
    return 0;
}

static int on_done(void *ctx, const struct kb_evt_done *event)
{
    struct asked *asked = ctx;
    asked->complete = asked->complete || event->serial == asked->serial;
    return 0;
}

static int on_error(void *ctx, const struct kb_evt_error *event)
{
    struct asked *asked = ctx;
    asked->complete = asked->refused = true;
    cli_fail(&cli_devices, "%.*s", (int)event->message_bytes,
             event->message_bytes > 0 ? event->message : "");
    return 0;
}

static const struct kb_evt_handler handler = {
    .device = on_device,
    .done = on_done,
    .error = on_error,
};

static int send_and_wait(struct asked *asked, struct kb_writer *writer)
{
    if (writer->error < 0)
        return writer->error;
    if (cli_link_send(&asked->link, (const void *)writer->bytes, -1) < 0)
        return -1;
    for (asked->complete = false; !asked->complete;) {
        if (cli_link_turn(&asked->link, CLI_LINK_FOREVER) < 0)
            return -1;
    }
    return 0;
}

/* Devices are told after the welcome, and what is told to us is here when a sync is answered. */
static int ask(struct asked *asked)
{
    _Alignas(8) uint8_t bytes[256];
    struct kb_writer writer;
    struct kb_req_hello hello = {
        .serial = 1, .version = KB_PROTO_VERSION, .name = "kmsblit devices", .name_bytes = 15};
    kb_writer_init(&writer, bytes, sizeof(bytes));
    kb_req_hello_encode(&writer, &hello);
    if (cli_link_send(&asked->link, (const void *)bytes, -1) < 0)
        return -1;
    struct kb_req_sync sync = {.serial = asked->serial = 2};
    kb_writer_init(&writer, bytes, sizeof(bytes));
    kb_req_sync_encode(&writer, &sync);
    return send_and_wait(asked, &writer);
}

/* Whether a line of the description is about input, and not about a device that was listed already. */
static bool is_wanted(const char *line)
{
    static const char *const begins[] = {"input", "device /", "keymap", "focus"};
    for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
        if (strncmp(line, begins[i], strlen(begins[i])) == 0)
            return true;
    }
    return false;
}

static void print_description(const struct asked *asked, const char *text)
{
    if (asked->json != NULL)
        kb_json_array(asked->json, "description", false);
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        char *line = is_wanted(text) ? strndup(text, length) : NULL;
        if (asked->json != NULL && line != NULL)
            kb_json_string(asked->json, NULL, line);
        else if (line != NULL)
            fprintf(asked->out, "  %s\n", line);
        free(line);
        text += length + (text[length] == '\n');
    }
    if (asked->json != NULL)
        kb_json_array_end(asked->json);
}

static int print_daemons(struct kb_display *display, FILE *out, bool as_json)
{
    struct asked *asked = calloc(1, sizeof(*asked));
    struct kb_json json;
    if (asked == NULL)
        return cli_fail(&cli_devices, "no memory");
    asked->out = out;
    if (as_json) {
        kb_json_init(&json, out);
        asked->json = &json;
        kb_json_object(&json, NULL, false);
        kb_json_string(&json, "daemon", kb_server_name(display));
        kb_json_array(&json, "devices", false);
    } else {
        fprintf(out, "%s at %s has these devices:\n", kb_server_name(display),
                kb_socket_path(display));
    }
    int error = cli_link_open(&asked->link, kb_socket_path(display), &handler, asked);
    error = error < 0 ? error : ask(asked);
    int status = CLI_OK;
    if (error < 0)
        status = cli_fail(&cli_devices, "%s", asked->link.why);
    else if (asked->refused)
        status = CLI_FAILED;
    if (as_json)
        kb_json_array_end(&json);
    else if (asked->count == 0)
        fputs("  none\n", out);
    char *text = NULL;
    if (status == CLI_OK && (kb_permissions(display) & KB_PERMISSION_STATISTICS) != 0)
        (void)kb_describe(display, &text); /* an older daemon does not */
    print_description(asked, text != NULL ? text : "");
    if (as_json) {
        kb_json_object_end(&json);
        kb_json_finish(&json);
    } else if (status == CLI_OK && text == NULL) {
        fputs("What it was refused it tells only root and its own user.\n", out);
    }
    cli_link_close(&asked->link);
    free(text);
    free(asked);
    return status;
}

/* ---- The system's --------------------------------------------------------------------------- */

static void write_local(struct kb_json *json, const struct cli_local_device *device)
{
    char text[512];
    kb_json_object(json, NULL, true);
    kb_json_string(json, "path", device->path);
    kb_json_string(json, "name", device->name);
    kb_json_string(json, "kinds", device->kinds);
    kb_json_string(json, "seat", device->seat);
    kb_json_string(json, "group", device->group);
    snprintf(text, sizeof(text), "%04o", (unsigned)device->mode);
    kb_json_string(json, "mode", text);
    kb_json_bool(json, "usable", device->error == 0);
    cli_local_remedy(device, text, sizeof(text));
    kb_json_string(json, "remedy", device->error == 0 ? NULL : text);
    kb_json_object_end(json);
}

static void print_local(FILE *out, const struct cli_local_device *device)
{
    char remedy[512];
    fprintf(out, "  %-19s ", device->path);
    cli_print_quoted(out, device->name, strlen(device->name));
    fprintf(out, ": %s", device->kinds[0] != '\0' ? device->kinds : "not an input device by udev");
    if (strcmp(device->seat, "seat0") != 0)
        fprintf(out, ", of %s", device->seat);
    fprintf(out, "; group %s, mode %04o\n", device->group, (unsigned)device->mode);
    if (device->error == 0)
        return;
    cli_local_remedy(device, remedy, sizeof(remedy));
    fprintf(out, "%21s REFUSED: %s\n%21s -> %s\n", "", strerror(device->error), "", remedy);
}

static int print_systems(FILE *out, bool as_json)
{
    struct cli_local_device *devices;
    int count = cli_local_devices(&devices);
    if (count < 0)
        return cli_fail(&cli_devices, "looking for devices: %s", strerror(-count));
    if (as_json) {
        struct kb_json json;
        kb_json_init(&json, out);
        kb_json_object(&json, NULL, false);
        kb_json_null(&json, "daemon");
        kb_json_array(&json, "devices", false);
        for (int i = 0; i < count; i++)
            write_local(&json, &devices[i]);
        kb_json_array_end(&json);
        kb_json_object_end(&json);
        kb_json_finish(&json);
    } else {
        fputs("This system has these devices; refused or not is for you, not for a daemon:\n", out);
        for (int i = 0; i < count; i++)
            print_local(out, &devices[i]);
        if (count == 0)
            fputs("  none\n", out);
    }
    free(devices);
    return CLI_OK;
}

/* ---- The verb ------------------------------------------------------------------------------- */

/* All or nothing. */
static int print(struct kb_display *display, bool json)
{
    char *text = NULL;
    size_t text_bytes;
    FILE *out = open_memstream(&text, &text_bytes);
    if (out == NULL)
        return cli_fail(&cli_devices, "no memory");
    int status = display != NULL ? print_daemons(display, out, json) : print_systems(out, json);
    if (fclose(out) != 0)
        status = cli_fail(&cli_devices, "no memory");
    if (status == CLI_OK)
        fputs(text, stdout);
    free(text);
    return status;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"local", no_argument, NULL, 'l'},
        CLI_OPTIONS,
    };
    bool json = false, local = false;
    int option;
    while ((option = cli_option(&cli_devices, argc, argv, options)) != -1) {
        switch (option) {
        case 'j': json = true; break;
        case 'l': local = true; break;
        default: return CLI_USAGE;
        }
    }
    if (optind < argc)
        return cli_usage(&cli_devices, "it takes no argument \"%s\"", argv[optind]);
    struct kb_display *display = NULL;
    if (!local && kb_connect(cli_socket, "kmsblit", &display) < 0) {
        display = NULL;
        if (!json)
            printf("No daemon answers: %s\n", kb_last_error());
    } else if (display != NULL) {
        kb_set_reconnect(display, 0);
    }
    int status = print(display, json);
    kb_disconnect(display);
    return status;
}

const struct cli_verb cli_devices = {
    .name = "devices",
    .summary = "list input devices, and say why one cannot be used",
    .help =
        "usage: kmsblit devices [--socket PATH] [--json] [--local]\n"
        "\n"
        "Lists the input devices that a daemon has, with their numbers in events, and what it was\n"
        "refused and why, as far as you may know. Where no daemon answers, the system's: path,\n"
        "name, what udev says it is, group and mode, and what to do where you may not open it.\n"
        "\n"
        "  --json   print one JSON object: {\"daemon\": NAME or null, \"devices\": [{...}]}\n"
        "  --local  the system's devices, even if a daemon answers\n",
    .run = run,
};
