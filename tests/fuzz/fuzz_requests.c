/*
 * Any bytes as a client: they choose well-formed requests (and now and then one that must be refused), which go through a socket to a
 * whole daemon in this process; what it draws must be what the simple painter here draws, pixel by pixel.
 */
#include "gen/kmsblit_proto.h"
#include "painter.h"
#include "server/server.h"
#include "told.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OUT_W        150
#define OUT_H        100
#define SLOTS        8
#define WINDOW       (SLOTS + 1)
#define MOST_PX      140
#define MOST_UNITS   24
#define REFRESH_NS   16666667
#define MOST_PENDING 2 /* credits */

/* ---- The client ----------------------------------------------------------------------------- */

struct client {
    struct told told; /* first: what the events of input know */
    int fd;
    uint32_t serial;
    uint32_t answered; /* the serial of the last answer that was waited for */
    uint32_t refused;  /* serial of the last error */
    unsigned pending;  /* the window's frames without an answer */
    int shot_fd;       /* -1, or owned */
    int shot_width, shot_height;

    /* What the bytes say. */
    const uint8_t *data;
    size_t left;

    struct picture pictures[WINDOW + 1]; /* by slot */
    bool has_frame;                      /* the window is shown */
    enum kb_scale scale;
    enum kb_filter filter;
    uint16_t generations[WINDOW + 1];
};

static char socket_path[sizeof(((struct sockaddr_un *)0)->sun_path)];
static uint64_t room[KB_MAX_MESSAGE_BYTES / 8];

static int on_error(void *ctx, const struct kb_evt_error *in)
{
    struct client *client = ctx;

    require(in->message_bytes > 0, "errors are explained");
    require(in->code != KB_ERROR_CODE_PROTOCOL, "well-formed requests are not malformed");
    client->refused = in->serial;
    return 0;
}

static int on_done(void *ctx, const struct kb_evt_done *in)
{
    ((struct client *)ctx)->answered = in->serial;
    return 0;
}

static int on_presented(void *ctx, const struct kb_evt_presented *in)
{
    (void)in;
    ((struct client *)ctx)->pending--;
    return 0;
}

static int on_discarded(void *ctx, const struct kb_evt_discarded *in)
{
    require(in->reason != KB_DISCARD_REASON_FAILED, "frames can be drawn");
    ((struct client *)ctx)->pending--;
    return 0;
}

static int on_screenshot(void *ctx, const struct kb_evt_screenshot_done *in)
{
    struct client *client = ctx;

    client->shot_fd = in->pixels;
    client->shot_width = (int)in->width;
    client->shot_height = (int)in->height;
    return 0;
}

static const struct kb_evt_handler handler = {.focus = on_focus,
                                              .key = on_key,
                                              .pointer_button = on_button,
                                              .pointer_over = on_over,
                                              .pointer_motion = on_motion,
                                              .touch = on_touch,
                                              .gamepad_axis = on_axis,
                                              .keymap = on_keymap,
                                              .error = on_error,
                                              .done = on_done,
                                              .presented = on_presented,
                                              .discarded = on_discarded,
                                              .screenshot_done = on_screenshot};

static void receive(struct client *client)
{
    static uint64_t message[KB_MAX_MESSAGE_BYTES / 8];
    struct kb_header *header = (void *)message;
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec iov = {message, sizeof(*header)};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof(control)};
    struct kb_wire_error error;
    int fd = -1;
    ssize_t got;

    do
        got = recvmsg(client->fd, &msg, MSG_WAITALL | MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR); /* libFuzzer's alarm */

    require(got == sizeof(*header), "the daemon goes on");
    if (CMSG_FIRSTHDR(&msg))
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
    if (header->size > sizeof(*header)) {
        size_t rest = header->size - sizeof(*header);

        got = recv(client->fd, header + 1, rest, MSG_WAITALL);
        require(got == (ssize_t)rest, "events come whole");
    }
    require(kb_evt_dispatch(&handler, client, message, header->size, &fd, fd >= 0, &error) == 0,
            "events are well-formed");
}

static void send_writer(struct client *client, const struct kb_writer *writer)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec iov = {writer->bytes, writer->used_bytes};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

    require(writer->error == 0, writer->what ? writer->what : "requests can be encoded");
    if (writer->fds_count) {
        msg.msg_control = &control;
        msg.msg_controllen = sizeof(control);
        *CMSG_FIRSTHDR(&msg) = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), writer->fds, sizeof(int));
    }
    require(sendmsg(client->fd, &msg, 0) == (ssize_t)writer->used_bytes, "requests are taken");
}

/* SEND(client, sync, .object = 1): one request. */
#define SEND(client, name, ...)                                                            \
    do {                                                                                   \
        struct kb_writer writer_;                                                          \
        kb_writer_init(&writer_, room, sizeof(room));                                      \
        kb_req_##name##_encode(                                                            \
            &writer_, &(struct kb_req_##name){.serial = ++(client)->serial, __VA_ARGS__}); \
        send_writer(client, &writer_);                                                     \
    } while (0)

/* Every request so far was handled; the last one before was refused, or not, as it should be. */
static void expect(struct client *client, bool refused)
{
    uint32_t serial = client->serial;

    SEND(client, sync);
    while (client->answered != client->serial)
        receive(client);
    require((client->refused == serial) == refused,
            refused ? "what is wrong is refused" : "what is right is done");
}

static void step(struct client *client)
{
    SEND(client, clock_step, .duration_ns = 4 * REFRESH_NS);
    while (client->answered != client->serial)
        receive(client);
    require(client->pending == 0, "a step answers all frames");
}

/* ---- What the bytes say --------------------------------------------------------------------- */

static unsigned byte(struct client *client)
{
    return client->left ? (client->left--, *client->data++) : 0;
}

static uint32_t word(struct client *client)
{
    uint32_t value = byte(client);

    for (int i = 0; i < 3; i++)
        value = value << 8 | byte(client);
    return value;
}

/* Near zero in most cases, else anything. */
static int32_t number(struct client *client)
{
    unsigned first = byte(client);

    return first == 255 ? (int32_t)word(client) : (int32_t)first - 60;
}

static uint32_t id_of(const struct client *client, unsigned slot)
{
    return (uint32_t)client->generations[slot] << KB_SLOT_BITS | slot;
}

static struct kb_rect rect(struct client *client)
{
    int32_t x = number(client), y = number(client);

    return (struct kb_rect){x, y, (uint32_t)number(client) + 60, (uint32_t)number(client) + 60};
}

/* Any pixels out of a few bytes. */
static uint32_t noise(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8 ^ *state << 15;
}

static void make_image(struct client *client, unsigned slot)
{
    static uint8_t memory[MOST_PX * MOST_PX * 4];
    uint32_t palette[256] = {0}, seed = word(client), colors = byte(client) % 8 + 1;
    unsigned format = byte(client) % 9 + 1, padding = byte(client) % 4;
    int width = 1 + (int)(byte(client) % MOST_PX), height = 1 + (int)(byte(client) % MOST_PX);
    size_t px = px_bytes[format], stride = ((size_t)width + padding) * px;
    unsigned flags = byte(client) % 3 == 0 ? KB_IMAGE_FLAG_COLOR_KEY : 0;
    unsigned count = format == KB_FORMAT_P8 ? byte(client) + 1 : 0;
    struct picture *picture = &client->pictures[slot];
    int64_t key = -1;
    int fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    for (unsigned i = 0; i < count; i++)
        palette[i] = noise(&seed);
    if (stride * (size_t)height > sizeof(memory)) {
        stride = (size_t)width * px;
        padding = 0;
    }
    for (size_t i = 0; i < stride * (size_t)height; i++) /* few colours: runs, and keys that hit */
        memory[i] = (uint8_t)(colors < 4 ? i / px % colors * 85 : noise(&seed));
    if (flags)
        key = decoded(format, memory, palette, -1) & 0xFFFFFF;
    require(fd >= 0 && write(fd, memory, stride * (size_t)height) > 0 &&
                fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0,
            "memory can be made");
    SEND(client, image_create, .object = id_of(client, slot), .width = (uint32_t)width,
         .height = (uint32_t)height, .format = (uint8_t)format, .flags = flags,
         .stride_bytes = (uint32_t)stride, .color_key = key < 0 ? 0 : (uint32_t)key,
         .palette = palette, .palette_count = count, .pixels = fd);
    close(fd);
    picture_make(picture, width, height, 0);
    picture->kind = kind_of(format, flags);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            picture->pixels[y * width + x] =
                decoded(format, memory + (size_t)y * stride + (size_t)x * px, palette, key);
    expect(client, false);
}

static void forget(struct client *client, unsigned slot)
{
    SEND(client, image_destroy, .object = id_of(client, slot));
    expect(client, client->pictures[slot].width == 0);
    if (client->pictures[slot].width)
        client->generations[slot] = (client->generations[slot] + 1) & 0xFFF;
    free(client->pictures[slot].pixels);
    client->pictures[slot] = (struct picture){.width = 0};
}

static void create(struct client *client, bool canvas)
{
    unsigned slot = 1 + byte(client) % SLOTS;

    if (client->pictures[slot].width)
        forget(client, slot);
    if (!canvas) {
        make_image(client, slot);
        return;
    }
    picture_make(&client->pictures[slot], 1 + (int)(byte(client) % MOST_PX),
                 1 + (int)(byte(client) % MOST_PX), 0);
    client->pictures[slot].kind = PREMULTIPLIED;
    client->pictures[slot].is_canvas = true;
    SEND(client, canvas_create, .object = id_of(client, slot),
         .width = (uint32_t)client->pictures[slot].width,
         .height = (uint32_t)client->pictures[slot].height);
    expect(client, false);
}

/* A coefficient: about 1, or anything. */
static int32_t fixed(struct client *client)
{
    int32_t value = number(client);

    return value > 200 || value < -60 ? value : value * 2048;
}

/* Where the target's corner lies in the image: thirds of a pixel. */
static int32_t offset(struct client *client)
{
    return (int32_t)((uint32_t)number(client) * UINT32_C(65536)) / 3;
}

/* One command, its image by slot. Returns its units. */
static uint32_t command(struct client *client, union kb_command *out)
{
    unsigned what = byte(client), image = 1 + byte(client) % SLOTS;
    uint8_t blend = (uint8_t)(byte(client) % (KB_BLEND_RGBA_MAX + 1)), flags = byte(client) % 8;
    uint8_t alpha = what & 16 ? (uint8_t)byte(client) : 255;
    uint32_t tint = what & 32 ? word(client) | 0xFF000000 : UINT32_MAX;
    struct kb_rect area = {0, 0, MOST_PX, MOST_PX};

    if (what & 64)
        area = rect(client);
    switch (what % 4) {
    case 0:
        out->fill = (struct kb_command_fill){.op = KB_COMMAND_FILL,
                                             .blend = blend,
                                             .alpha = alpha,
                                             .color = word(client),
                                             .where = rect(client)};
        return 1;
    case 1:
        if (what & 128) {
            out->clip = (struct kb_command_clip){.op = KB_COMMAND_CLIP, .where = area};
            return 1;
        }
        __attribute__((fallthrough));
    case 2:
        out->blit = (struct kb_command_blit){KB_COMMAND_BLIT,
                                             blend,
                                             alpha,
                                             flags & 3,
                                             tint,
                                             image,
                                             (int16_t)area.x,
                                             (int16_t)area.y,
                                             (uint16_t)area.width,
                                             (uint16_t)area.height,
                                             number(client),
                                             number(client),
                                             {0}};
        return 1;
    default:
        out->transformed_blit =
            (struct kb_command_transformed_blit){.op = KB_COMMAND_TRANSFORMED_BLIT,
                                                 .blend = blend,
                                                 .alpha = alpha,
                                                 .flags = flags,
                                                 .tint = tint,
                                                 .image = image,
                                                 .src_x = (int16_t)area.x,
                                                 .src_y = (int16_t)area.y,
                                                 .src_width = (uint16_t)area.width,
                                                 .src_height = (uint16_t)area.height,
                                                 .xx = fixed(client),
                                                 .xy = fixed(client),
                                                 .x0 = offset(client),
                                                 .yx = fixed(client),
                                                 .yy = fixed(client),
                                                 .y0 = offset(client)};
        return 2;
    }
}

/* Puts ids where slots are; false if the frame must be refused. */
static bool resolve(const struct client *client, unsigned target, uint8_t *commands, uint32_t units)
{
    bool good = true;

    for (uint32_t unit = 0; unit < units; unit++) {
        union kb_command *one = (void *)(commands + 32 * (size_t)unit);
        uint32_t *image = one->op == KB_COMMAND_BLIT               ? &one->blit.image
                          : one->op == KB_COMMAND_TRANSFORMED_BLIT ? &one->transformed_blit.image
                                                                   : NULL;

        unit += one->op == KB_COMMAND_TRANSFORMED_BLIT;
        if (!image)
            continue;
        good = good && client->pictures[*image].width && *image != target;
        *image = id_of(client, *image);
    }
    return good;
}

static void frame(struct client *client, unsigned target)
{
    static uint64_t plain[(MOST_UNITS + 1) * 4], commands[(MOST_UNITS + 1) * 4];
    struct picture *picture = &client->pictures[target];
    bool clear = byte(client) % 4 == 0, good;
    uint32_t units = 0, most = byte(client) % MOST_UNITS;

    while (units < most)
        units += command(client, (void *)((uint8_t *)plain + 32 * (size_t)units));
    memcpy(commands, plain, 32 * (size_t)units);
    good = resolve(client, target, (uint8_t *)commands, units) &&
           (picture->is_canvas || picture->is_window);
    if (client->pending == MOST_PENDING && picture->is_window)
        step(client);
    SEND(client, frame, .object = id_of(client, target), .flags = clear ? KB_FRAME_FLAG_CLEAR : 0,
         .commands = commands, .commands_units = units);
    client->pending += good && picture->is_window;
    expect(client, !good);
    if (!good)
        return;
    client->has_frame = client->has_frame || picture->is_window;
    for (int i = 0; clear && i < picture->width * picture->height; i++)
        picture->pixels[i] = picture->base;
    paint(picture, client->pictures, (uint8_t *)plain, units);
}

static void set_window(struct client *client)
{
    struct picture *window = &client->pictures[WINDOW];
    int width = 1 + (int)(byte(client) % MOST_PX), height = 1 + (int)(byte(client) % MOST_PX);
    uint32_t base = word(client) | 0xFF000000;

    client->scale = byte(client) % 4;
    client->filter = byte(client) % 2;
    SEND(client, window_set, .object = id_of(client, WINDOW),
         .fields = KB_WINDOW_FIELD_SIZE | KB_WINDOW_FIELD_BASE | KB_WINDOW_FIELD_SCALE,
         .width = (uint32_t)width, .height = (uint32_t)height, .base_color = base,
         .scale = client->scale, .filter = client->filter);
    expect(client, false);
    /* before the first frame, nothing has been drawn that could be kept */
    if (!client->has_frame)
        window->width = window->height = 0;
    picture_resize(window, width, height, base);
}

/* ---- Comparing ------------------------------------------------------------------------------ */

static void compare(struct client *client, uint32_t target, uint32_t object, int width, int height,
                    const uint32_t *want)
{
    uint32_t *got;
    size_t bytes = (size_t)width * (size_t)height * sizeof(uint32_t);

    SEND(client, screenshot, .object = object, .target = target);
    while (client->shot_fd < 0)
        receive(client);
    require(client->shot_width == width && client->shot_height == height, "pictures have a size");
    got = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, client->shot_fd, 0);
    require(got != MAP_FAILED, "a screenshot can be mapped");
    for (int i = 0; i < width * height; i++)
        if ((got[i] ^ want[i]) & 0xFFFFFF) {
            fprintf(stderr, "fuzz_requests: %s (%d, %d) is %06x, not %06x\n",
                    target ? "window" : "output", i % width, i / width, got[i] & 0xFFFFFF,
                    want[i] & 0xFFFFFF);
            abort();
        }
    munmap(got, bytes);
    close(client->shot_fd);
    client->shot_fd = -1;
}

/* Where the picture lies on the output ("Pictures and frames"). */
static struct kb_rect placed(const struct client *client, int w, int h)
{
    int factor = low(OUT_W / w, OUT_H / h), width = w, height = h;

    if (client->scale == KB_SCALE_INTEGER) {
        width = w * (factor < 1 ? 1 : factor);
        height = h * (factor < 1 ? 1 : factor);
    } else if (client->scale == KB_SCALE_FIT) {
        width = low(OUT_W, w * OUT_H / h);
        height = low(OUT_H, h * OUT_W / w);
        width = width < 1 ? 1 : width;
        height = height < 1 ? 1 : height;
    } else if (client->scale == KB_SCALE_STRETCH) {
        width = OUT_W;
        height = OUT_H;
    }
    return (struct kb_rect){(int32_t)floor_div(OUT_W - width, 2),
                            (int32_t)floor_div(OUT_H - height, 2), (uint32_t)width,
                            (uint32_t)height};
}

static void compare_all(struct client *client)
{
    static uint32_t output[OUT_W * OUT_H];
    const struct picture *window = &client->pictures[WINDOW];
    int64_t w = window->width, h = window->height;
    struct kb_rect shown = placed(client, window->width, window->height);

    step(client);
    if (!client->has_frame)
        return;
    compare(client, KB_SCREENSHOT_TARGET_WINDOW, id_of(client, WINDOW), window->width,
            window->height, window->pixels);
    for (int y = 0; y < OUT_H; y++)
        for (int x = 0; x < OUT_W; x++) {
            int64_t cx = 2 * ((int64_t)x - shown.x) + 1, cy = 2 * ((int64_t)y - shown.y) + 1;
            uint32_t *pixel = &output[y * OUT_W + x];

            *pixel = window->base;
            if (!inside(shown, x, y))
                continue;
            *pixel =
                client->filter == KB_FILTER_NEAREST
                    ? window->pixels[cy * h / (2 * shown.height) * w + cx * w / (2 * shown.width)]
                    : filtered(window, cx * w * 256 / (2 * (int64_t)shown.width) - 128,
                               cy * h * 256 / (2 * (int64_t)shown.height) - 128, 0, 0, w, h);
        }
    compare(client, KB_SCREENSHOT_TARGET_OUTPUT, 0, OUT_W, OUT_H, output);
}

/* ---- Input --------------------------------------------------------------------------------------- */

/* Of a device, or of none; the daemon says which. */
static void inject(struct client *client)
{
    static const uint16_t codes[] = {0,  1,     2,     6,     8,     11,    12,   16, 17,
                                     30, 29,    56,    14,    42,    47,    53,   54, 57,
                                     58, 0x110, 0x111, 0x130, 0x13B, 0x14A, 0x220};
    unsigned device = byte(client) % 3;

    for (unsigned i = 1 + byte(client) % 8; i > 0; i--) {
        unsigned what = byte(client);
        uint16_t code = codes[(what >> 2) % (sizeof(codes) / sizeof(codes[0]))];
        int32_t value = what & 128 ? (int32_t)(byte(client) << 8) : (int32_t)(what >> 1 & 1);

        SEND(client, input_inject, .device = device, .type = (uint16_t)(what & 3), .code = code,
             .value = what & 64 && !(what & 128) ? -1 : value);
        if (what & 32)
            SEND(client, input_inject, .device = device);
    }
    SEND(client, input_inject, .device = device);
    expect(client, false);
}

static void ask(struct client *client)
{
    unsigned what = byte(client);

    SEND(client, window_input, .object = id_of(client, WINDOW), .flags = what & 7);
    if (what & 8)
        SEND(client, window_focus, .object = id_of(client, WINDOW));
    if (what & 16)
        SEND(client, gamepad_rumble, .object = what >> 5, .strong = 1);
    SEND(client, sync);
    while (client->answered != client->serial)
        receive(client);
}

/* ---- The daemon, and one run ---------------------------------------------------------------- */

static struct kd_server *server;
static pthread_barrier_t started;

static void *serve(void *path)
{
    struct kd_config config;

    kd_config_defaults(&config);
    snprintf(config.socket_path, sizeof(config.socket_path), "%s", (const char *)path);
    config.clock = KD_CLOCK_VIRTUAL;
    config.threads = 2;
    config.cursor_hidden = true; /* pixels are compared */
    config.input.end_game.code = 0;
    config.outputs_count = 1;
    config.outputs[0] = (struct kd_config_output){.name = "FUZZ",
                                                  .width_px = OUT_W,
                                                  .height_px = OUT_H,
                                                  .refresh_ns = REFRESH_NS,
                                                  .format = KB_FORMAT_XRGB8888};
    require(kd_server_create(&config, &server) == 0, "the daemon starts");
    pthread_barrier_wait(&started);
    kd_loop_run(server->loop);
    return NULL;
}

static void remove_socket(void)
{
    unlink(socket_path);
    *strrchr(socket_path, '/') = '\0';
    rmdir(socket_path);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    pthread_t thread;
    char folder[] = "/tmp/fuzz_requests.XXXXXX";

    (void)argc;
    (void)argv;
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    kd_log_set_level(KD_LOG_ERROR);
    require(mkdtemp(folder) != NULL, "a folder can be made");
    snprintf(socket_path, sizeof(socket_path), "%s/socket", folder);
    atexit(remove_socket);
    pthread_barrier_init(&started, NULL, 2);
    require(pthread_create(&thread, NULL, serve, socket_path) == 0, "a thread can be made");
    pthread_barrier_wait(&started);
    return 0;
}

static void begin(struct client *client)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    memcpy(address.sun_path, socket_path, sizeof(socket_path));
    client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(connect(client->fd, (void *)&address, sizeof(address)) == 0, "the daemon listens");
    SEND(client, hello, .version = KB_PROTO_VERSION, .name = "fuzz", .name_bytes = 4,
         .flags = KB_HELLO_FLAG_WANTS_INPUT);
    picture_make(&client->pictures[WINDOW], 80, 70, 0xFF102030);
    client->pictures[WINDOW].is_window = true;
    client->pictures[WINDOW].kind = OPAQUE;
    client->scale = KB_SCALE_FIT;
    SEND(client, window_create, .object = WINDOW, .width = 80, .height = 70,
         .base_color = 0xFF102030, .scale = client->scale);
    expect(client, false);
}

/* Until the daemon has closed its side too. */
static void end(struct client *client)
{
    char rest[64];

    shutdown(client->fd, SHUT_WR);
    while (recv(client->fd, rest, sizeof(rest), 0) > 0)
        continue;
    close(client->fd);
    for (unsigned slot = 0; slot <= WINDOW; slot++)
        free(client->pictures[slot].pixels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct client client = {.shot_fd = -1, .data = data, .left = size};
    unsigned requests = 0;

    begin(&client);
    while (client.left > 0 && requests++ < 64) {
        unsigned what = byte(&client) % 20;

        if (what < 3)
            create(&client, false);
        else if (what == 3)
            create(&client, true);
        else if (what == 4)
            forget(&client, 1 + byte(&client) % SLOTS);
        else if (what == 5)
            set_window(&client);
        else if (what == 6)
            compare_all(&client);
        else if (what >= 18)
            ask(&client);
        else if (what >= 16)
            inject(&client);
        else if (what < 10)
            frame(&client, 1 + byte(&client) % SLOTS);
        else
            frame(&client, WINDOW);
    }
    compare_all(&client);
    end(&client);
    return 0;
}
