/* Gamepads, by udev and libevdev: libinput has none. */
#include <errno.h>
#include <libevdev/libevdev.h>
#include <libudev.h>
#include <linux/input.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "gen/kmsblit_types.h"
#include "input/input.h"
#include "input/nodes.h"
#include "input/pad.h"

#define KD_LOG_MODULE "gamepad"
#include "base/log.h"

/* The kernel lets one effect last so long; longer ones are repeated. */
#define RUMBLE_MS_MAX      32767
#define RUMBLE_MS_TOO_LONG 3600000

struct gamepad {
    struct gamepad *next;  /* owned by the one before */
    struct source *source; /* the owner */
    struct kd_input_device info;
    uint32_t id;            /* of the handler */
    int fd;                 /* owned, of the handler */
    int effect;             /* the kernel's number of the rumbling; -1: none yet */
    struct libevdev *evdev; /* owned */
    int64_t time_ns;        /* of the event that is being read */
    struct kd_pad pad;
};

struct source {
    struct kd_input_source base;
    kd_input_settings_fn *settings;
    struct kd_nodes_user user;
    struct kd_nodes *nodes;       /* owned */
    struct kd_mappings *mappings; /* owned */
    struct gamepad *first;        /* owned */
    int epoll_fd;                 /* owned */
};

/* ---- One gamepad ----------------------------------------------------------------------------- */

static void on_told(void *ctx, bool is_axis, uint32_t index, int32_t value)
{
    const struct gamepad *gamepad = ctx;
    const struct kd_input_handler *handler = gamepad->source->base.handler;
    struct kd_input input = {.kind = is_axis ? KD_INPUT_PAD_AXIS : KD_INPUT_PAD_BUTTON,
                             .device = gamepad->id,
                             .time_ns = gamepad->time_ns};

    if (is_axis) {
        input.axis.axis = index;
        input.axis.value = value;
    } else {
        input.key.code = index;
        input.key.down = value != 0;
    }
    handler->input(handler->ctx, &input);
}

__attribute__((format(printf, 7, 0))) static void on_log(const struct libevdev *evdev,
                                                         enum libevdev_log_priority priority,
                                                         void *data, const char *file, int line,
                                                         const char *func, const char *format,
                                                         va_list args)
{
    char text[256], safe[256];

    (void)evdev;
    (void)priority;
    (void)data;
    (void)file;
    (void)line;
    (void)func;
    if (vsnprintf(text, sizeof(text), format, args) > 0)
        KD_DEBUG("libevdev: %s",
                 kd_log_safe(safe, sizeof(safe), text, (uint32_t)strcspn(text, "\n")));
}

static void read_parts(const struct libevdev *evdev, struct kd_pad_parts *parts)
{
    memset(parts, 0, sizeof(*parts));
    for (unsigned code = 0; code < KEY_CNT; code++)
        parts->keys[code] = libevdev_has_event_code(evdev, EV_KEY, code) == 1;
    for (unsigned code = 0; code < ABS_CNT; code++) {
        const struct input_absinfo *info = libevdev_get_abs_info(evdev, code);
        if (!info)
            continue;
        parts->abs[code].is_there = true;
        parts->abs[code].min = info->minimum;
        parts->abs[code].max = info->maximum;
        parts->abs[code].fuzz = info->fuzz;
        parts->abs[code].flat = info->flat;
        parts->abs[code].resolution = info->resolution;
    }
}

/* Some drivers are older than the kernel's convention, and mean the labels of Microsoft's gamepads. */
static bool x_is_north(struct udev_device *node, const struct kd_input_device *device)
{
    static const char *const drivers[] = {"xpad", "xpadneo", "xone-gip-gamepad", "xow"};

    if (device->vendor == 0x045e || device->vendor == 0x28de)
        return true;
    for (struct udev_device *at = node; at; at = udev_device_get_parent(at)) {
        const char *driver = udev_device_get_driver(at);
        for (size_t i = 0; driver && i < sizeof(drivers) / sizeof(drivers[0]); i++) {
            if (strcmp(driver, drivers[i]) == 0)
                return true;
        }
    }
    return false;
}

static void map(struct gamepad *gamepad, struct udev_device *node)
{
    const struct libevdev *evdev = gamepad->evdev;
    struct kd_input_device *info = &gamepad->info;
    const char *name = libevdev_get_name(evdev);
    struct kd_pad_parts parts;
    uint8_t guid[KD_GUID_BYTES];
    char text[2 * KD_GUID_BYTES + 1];

    read_parts(evdev, &parts);
    kd_guid_make(guid, info->bus, info->vendor, info->product, info->version, name);
    const struct kd_mapping *mapping = kd_mappings_find(gamepad->source->mappings, guid, name);
    kd_pad_init(&gamepad->pad, &parts, mapping, x_is_north(node, info));
    info->capabilities =
        KB_DEVICE_CAPABILITY_GAMEPAD | (gamepad->pad.mapped ? KB_DEVICE_CAPABILITY_MAPPED : 0) |
        (libevdev_has_event_code(evdev, EV_FF, FF_RUMBLE) ? KB_DEVICE_CAPABILITY_RUMBLE : 0);
    info->axes = gamepad->pad.axes;
    info->buttons = gamepad->pad.buttons;
    for (size_t i = 0; i < KD_GUID_BYTES; i++)
        snprintf(text + 2 * i, 3, "%02x", guid[i]);
    KD_INFO("%s (%s): %u axes, %u buttons; SDL's GUID is %s; layout: %s", info->name, info->path,
            gamepad->pad.raw_axes, gamepad->pad.raw_buttons, text,
            mapping               ? "from a mapping"
            : gamepad->pad.mapped ? "by the kernel's convention"
                                  : "not known (gamepad_mappings= can say it)");
}

/* Its state now, before anything is told. */
static void look(struct gamepad *gamepad)
{
    for (unsigned code = 0; code < KEY_CNT; code++) {
        if (libevdev_has_event_code(gamepad->evdev, EV_KEY, code))
            kd_pad_event(&gamepad->pad, EV_KEY, (uint16_t)code,
                         libevdev_get_event_value(gamepad->evdev, EV_KEY, code), on_told, gamepad);
    }
    for (unsigned code = 0; code < ABS_CNT; code++) {
        if (libevdev_has_event_code(gamepad->evdev, EV_ABS, code))
            kd_pad_event(&gamepad->pad, EV_ABS, (uint16_t)code,
                         libevdev_get_event_value(gamepad->evdev, EV_ABS, code), on_told, gamepad);
    }
}

static void take(struct gamepad *gamepad, const struct input_event *event)
{
    gamepad->time_ns =
        (int64_t)event->input_event_sec * 1000000000 + (int64_t)event->input_event_usec * 1000;
    kd_pad_event(&gamepad->pad, event->type, event->code, event->value, on_told, gamepad);
}

/* All that it says. When the kernel had to drop events, libevdev says what is different now, so no release is lost. -errno: it is gone. */
static int read_events(struct gamepad *gamepad)
{
    unsigned flag = LIBEVDEV_READ_FLAG_NORMAL;
    struct input_event event;

    for (;;) {
        int status = libevdev_next_event(gamepad->evdev, flag, &event);
        if (status == LIBEVDEV_READ_STATUS_SYNC || status == LIBEVDEV_READ_STATUS_SUCCESS) {
            flag = status == LIBEVDEV_READ_STATUS_SYNC ? LIBEVDEV_READ_FLAG_SYNC
                                                       : LIBEVDEV_READ_FLAG_NORMAL;
            take(gamepad, &event);
        } else if (status == -EAGAIN && flag == LIBEVDEV_READ_FLAG_SYNC) {
            flag = LIBEVDEV_READ_FLAG_NORMAL;
        } else if (status != -EINTR) {
            return status == -EAGAIN ? 0 : status;
        }
    }
}

static int play(const struct gamepad *gamepad, int32_t count)
{
    struct input_event event;

    memset(&event, 0, sizeof(event));
    event.type = EV_FF;
    event.code = (uint16_t)gamepad->effect;
    event.value = count;
    ssize_t wrote = write(gamepad->fd, &event, sizeof(event));
    return wrote == (ssize_t)sizeof(event) ? 0 : wrote < 0 ? -errno : -EIO;
}

static int shake(struct gamepad *gamepad, uint16_t strong, uint16_t weak, uint32_t duration_ms)
{
    if (gamepad->effect >= 0) {
        int error = play(gamepad, 0);
        if (error || (!strong && !weak) || !duration_ms)
            return error;
    }
    if ((!strong && !weak) || !duration_ms)
        return 0;
    if (duration_ms > RUMBLE_MS_TOO_LONG)
        duration_ms = RUMBLE_MS_TOO_LONG;
    uint32_t times = (duration_ms + RUMBLE_MS_MAX - 1) / RUMBLE_MS_MAX;
    struct ff_effect effect = {.type = FF_RUMBLE,
                               .id = (int16_t)gamepad->effect,
                               .replay.length = (uint16_t)((duration_ms + times - 1) / times)};
    effect.u.rumble.strong_magnitude = strong;
    effect.u.rumble.weak_magnitude = weak;
    if (ioctl(gamepad->fd, EVIOCSFF, &effect) < 0)
        return -errno;
    gamepad->effect = effect.id;
    return play(gamepad, (int32_t)times);
}

/* ---- Adding and removing --------------------------------------------------------------------- */

static void drop(struct gamepad **at)
{
    struct gamepad *gamepad = *at;
    const struct kd_input_handler *handler = gamepad->source->base.handler;

    *at = gamepad->next;
    if (gamepad->effect >= 0)
        play(gamepad, 0); /* it may be gone: then nothing shakes */
    if (gamepad->fd >= 0) {
        epoll_ctl(gamepad->source->epoll_fd, EPOLL_CTL_DEL, gamepad->fd, NULL);
        handler->close(handler->ctx, gamepad->fd);
    }
    libevdev_free(gamepad->evdev);
    if (gamepad->id)
        handler->removed(handler->ctx, gamepad->id);
    free(gamepad);
}

static int open_gamepad(struct gamepad *gamepad, const char *path)
{
    const struct kd_input_handler *handler = gamepad->source->base.handler;
    struct epoll_event event = {.events = EPOLLIN};

    gamepad->fd = handler->open(handler->ctx, path);
    if (gamepad->fd < 0)
        return gamepad->fd;
    int error = libevdev_new_from_fd(gamepad->fd, &gamepad->evdev);
    if (error)
        return error;
    libevdev_set_device_log_function(gamepad->evdev, on_log, LIBEVDEV_LOG_ERROR, NULL);
    error = libevdev_set_clock_id(gamepad->evdev, CLOCK_MONOTONIC);
    if (!error && epoll_ctl(gamepad->source->epoll_fd, EPOLL_CTL_ADD, gamepad->fd, &event) < 0)
        error = -errno;
    return error;
}

/* The kernel's clock of input events, for what was so before the first of them. */
static int64_t kernel_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int add(void *ctx, struct udev_device *node, const struct kd_input_device *found)
{
    struct source *source = ctx;
    const struct kd_input_handler *handler = source->base.handler;
    struct kd_input_settings settings = {.accelerate = true};

    if (!kd_node_is_gamepad(node))
        return 0;
    source->settings(handler->ctx, found->name, &settings);
    if (settings.ignore)
        return 0;
    struct gamepad *gamepad = calloc(1, sizeof(*gamepad));
    if (!gamepad)
        return -ENOMEM;
    *gamepad = (struct gamepad){
        .next = source->first, .source = source, .info = *found, .fd = -1, .effect = -1};
    source->first = gamepad;
    int error = open_gamepad(gamepad, found->path);
    if (error) {
        drop(&source->first);
        return error;
    }
    map(gamepad, node);
    look(gamepad);
    gamepad->id = handler->added(handler->ctx, &gamepad->info);
    if (!gamepad->id) {
        drop(&source->first);
        return 0;
    }
    gamepad->time_ns = kernel_now_ns();
    kd_pad_begin(&gamepad->pad, on_told, gamepad);
    return 0;
}

static void remove_path(void *ctx, const char *path)
{
    struct source *source = ctx;
    struct gamepad **at = &source->first;

    while (*at && strcmp((*at)->info.path, path) != 0)
        at = &(*at)->next;
    if (*at)
        drop(at);
}

/* ---- The source ------------------------------------------------------------------------------ */

static int source_get_fd(const struct kd_input_source *base)
{
    return ((const struct source *)base)->epoll_fd;
}

static int source_dispatch(struct kd_input_source *base, int64_t now_ns)
{
    struct source *source = (struct source *)base;
    struct gamepad **at = &source->first;

    (void)now_ns;
    while (*at) {
        if (read_events(*at))
            drop(at);
        else
            at = &(*at)->next;
    }
    kd_nodes_dispatch(source->nodes);
    return 0;
}

static int64_t source_wake_ns(const struct kd_input_source *base)
{
    (void)base;
    return 0;
}

static void source_suspend(struct kd_input_source *base)
{
    kd_nodes_close_all(((struct source *)base)->nodes);
}

static void source_resume(struct kd_input_source *base)
{
    kd_nodes_scan(((struct source *)base)->nodes);
}

static int source_rumble(struct kd_input_source *base, uint32_t device, uint16_t strong,
                         uint16_t weak, uint32_t duration_ms)
{
    for (struct gamepad *at = ((struct source *)base)->first; at; at = at->next) {
        if (at->id == device)
            return at->info.capabilities & KB_DEVICE_CAPABILITY_RUMBLE
                       ? shake(at, strong, weak, duration_ms)
                       : -EOPNOTSUPP;
    }
    return -ENODEV;
}

static void source_set_leds(struct kd_input_source *base, uint32_t modifiers)
{
    (void)base;
    (void)modifiers;
}

static void source_destroy(struct kd_input_source *base)
{
    struct source *source = (struct source *)base;

    while (source->first) {
        source->first->id = 0; /* nobody is told any more */
        drop(&source->first);
    }
    kd_nodes_destroy(source->nodes);
    kd_mappings_destroy(source->mappings);
    if (source->epoll_fd >= 0)
        close(source->epoll_fd);
    free(source);
}

static const struct kd_input_impl source_impl = {
    .name = "gamepads",
    .get_fd = source_get_fd,
    .dispatch = source_dispatch,
    .wake_ns = source_wake_ns,
    .suspend = source_suspend,
    .resume = source_resume,
    .rumble = source_rumble,
    .set_leds = source_set_leds,
    .destroy = source_destroy,
};

static void read_mappings(struct kd_mappings *mappings, const char *const *paths, size_t count)
{
    const char *env_path = getenv("SDL_GAMECONTROLLERCONFIG_FILE");
    const char *env_text = getenv("SDL_GAMECONTROLLERCONFIG");

    for (size_t i = 0; i <= count; i++) {
        const char *path = i < count ? paths[i] : env_path;
        int error = path && *path ? kd_mappings_add_file(mappings, path) : 0;
        char safe[256];
        if (error)
            KD_WARN("%s: these layouts of gamepads cannot be read: %s",
                    kd_log_safe(safe, sizeof(safe), path, (uint32_t)strlen(path)),
                    strerror(-error));
    }
    if (env_text)
        kd_mappings_add_text(mappings, env_text, strlen(env_text), "$SDL_GAMECONTROLLERCONFIG");
}

static int open_all(struct source *source)
{
    struct epoll_event event = {.events = EPOLLIN};
    int error = kd_mappings_create(&source->mappings);

    if (!error)
        error = kd_nodes_create(source->base.handler, &source->user, &source->nodes);
    if (error)
        return error;
    source->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (source->epoll_fd < 0 ||
        epoll_ctl(source->epoll_fd, EPOLL_CTL_ADD, kd_nodes_fd(source->nodes), &event) < 0)
        return -errno;
    return 0;
}

int kd_gamepads_create(const struct kd_input_handler *handler, kd_input_settings_fn *settings,
                       const char *const *mappings, size_t mappings_count,
                       struct kd_input_source **out)
{
    struct source *source = calloc(1, sizeof(*source));

    if (!source)
        return -ENOMEM;
    source->base = (struct kd_input_source){&source_impl, handler};
    source->settings = settings;
    source->user = (struct kd_nodes_user){.ctx = source, .add = add, .remove = remove_path};
    source->epoll_fd = -1;
    int error = open_all(source);
    if (error) {
        source_destroy(&source->base);
        return error;
    }
    read_mappings(source->mappings, mappings, mappings_count);
    kd_nodes_scan(source->nodes);
    *out = &source->base;
    return 0;
}
