/*
 * Keyboards, pointers, tablets and touch screens, by libinput. Which devices there are is known from nodes.c, not from libinput's own udev backend: that
 * one never tries again to open what was refused.
 */
#include <errno.h>
#include <libinput.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "input/libinput_events.h"
#include "input/nodes.h"

#define KD_LOG_MODULE "input"
#include "base/log.h"

struct source {
    struct kd_input_source base;
    kd_input_settings_fn *settings;
    struct kd_nodes_user user;
    struct kd_nodes *nodes;           /* owned */
    struct libinput *libinput;        /* owned */
    struct kd_libinput_device *first; /* owned */
    int epoll_fd;                     /* owned */
    int open_error;                   /* of the device that is being added */
    enum libinput_led leds;
    struct kd_log_limit log_limit;
    int64_t now_ns; /* of the last dispatch */
};

/* ---- What libinput asks for ------------------------------------------------------------------ */

static int open_restricted(const char *path, int flags, void *user_data)
{
    struct source *source = user_data;
    const struct kd_input_handler *handler = source->base.handler;

    (void)flags;
    int fd = handler->open(handler->ctx, path);
    source->open_error = fd < 0 ? fd : 0;
    return fd;
}

static void close_restricted(int fd, void *user_data)
{
    struct source *source = user_data;
    const struct kd_input_handler *handler = source->base.handler;

    handler->close(handler->ctx, fd);
}

static const struct libinput_interface interface = {open_restricted, close_restricted};

/* Names of devices are in these texts. */
__attribute__((format(printf, 3, 0))) static void on_log(struct libinput *libinput,
                                                         enum libinput_log_priority priority,
                                                         const char *format, va_list args)
{
    struct source *source = libinput_get_user_data(libinput);
    enum kd_log_level level = priority >= LIBINPUT_LOG_PRIORITY_ERROR ? KD_LOG_WARN : KD_LOG_DEBUG;
    char line[512], safe[512];
    uint32_t suppressed;

    if (!kd_log_allow(&source->log_limit, source->now_ns, &suppressed))
        return;
    int length = vsnprintf(line, sizeof(line), format, args);
    if (length < 0)
        return;
    length = length < (int)sizeof(line) ? length : (int)sizeof(line) - 1;
    while (length > 0 && line[length - 1] == '\n')
        length--;
    kd_log_safe(safe, sizeof(safe), line, (uint32_t)length);
    if (suppressed)
        kd_log(level, KD_LOG_MODULE, "libinput: %s (%u more were left out)", safe, suppressed);
    else
        kd_log(level, KD_LOG_MODULE, "libinput: %s", safe);
}

/* ---- Devices --------------------------------------------------------------------------------- */

static uint32_t capabilities_of(struct libinput_device *device)
{
    static const struct {
        enum libinput_device_capability theirs;
        uint32_t ours;
    } table[] = {
        {LIBINPUT_DEVICE_CAP_KEYBOARD, KB_DEVICE_CAPABILITY_KEYBOARD},
        {LIBINPUT_DEVICE_CAP_POINTER, KB_DEVICE_CAPABILITY_POINTER},
        {LIBINPUT_DEVICE_CAP_TABLET_TOOL, KB_DEVICE_CAPABILITY_POINTER},
        {LIBINPUT_DEVICE_CAP_TOUCH, KB_DEVICE_CAPABILITY_TOUCH},
    };
    uint32_t capabilities = 0;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (libinput_device_has_capability(device, table[i].theirs))
            capabilities |= table[i].ours;
    }
    return capabilities;
}

/* What a device cannot do is not set. */
static void apply(struct libinput_device *device, const struct kd_input_settings *settings)
{
    if (libinput_device_config_accel_is_available(device)) {
        if (!settings->accelerate)
            libinput_device_config_accel_set_profile(device, LIBINPUT_CONFIG_ACCEL_PROFILE_FLAT);
        if (settings->speed >= -1 && settings->speed <= 1)
            libinput_device_config_accel_set_speed(device, settings->speed);
    }
    if (libinput_device_config_scroll_has_natural_scroll(device))
        libinput_device_config_scroll_set_natural_scroll_enabled(device, settings->natural_scroll);
    if (libinput_device_config_left_handed_is_available(device))
        libinput_device_config_left_handed_set(device, settings->left_handed);
    if (libinput_device_config_tap_get_finger_count(device) > 0)
        libinput_device_config_tap_set_enabled(
            device, settings->tap ? LIBINPUT_CONFIG_TAP_ENABLED : LIBINPUT_CONFIG_TAP_DISABLED);
    if (settings->has_matrix && libinput_device_config_calibration_has_matrix(device))
        libinput_device_config_calibration_set_matrix(device, settings->matrix);
}

static void drop(struct source *source, struct kd_libinput_device **at)
{
    struct kd_libinput_device *device = *at;

    *at = device->next;
    libinput_device_set_user_data(device->device, NULL);
    libinput_path_remove_device(device->device);
    libinput_device_unref(device->device);
    if (device->id)
        source->base.handler->removed(source->base.handler->ctx, device->id);
    free(device);
}

static void drain(struct source *source)
{
    struct libinput_event *event;

    while ((event = libinput_get_event(source->libinput))) {
        struct libinput_device *theirs = libinput_event_get_device(event);
        struct kd_libinput_device *device = libinput_device_get_user_data(theirs);
        if (device && device->id)
            kd_libinput_event(source->base.handler, device, event);
        libinput_event_destroy(event);
    }
}

static int add(void *ctx, struct udev_device *node, const struct kd_input_device *found)
{
    struct source *source = ctx;
    const struct kd_input_handler *handler = source->base.handler;
    struct kd_input_settings settings = {.accelerate = true};

    if (kd_node_is_gamepad(node))
        return 0;
    source->settings(handler->ctx, found->name, &settings);
    if (settings.ignore)
        return 0;
    struct kd_libinput_device *device = calloc(1, sizeof(*device));
    if (!device)
        return -ENOMEM;
    source->open_error = 0;
    struct libinput_device *theirs = libinput_path_add_device(source->libinput, found->path);
    if (!theirs) {
        free(device);
        return source->open_error;
    }
    *device = (struct kd_libinput_device){
        .device = libinput_device_ref(theirs), .info = *found, .next = source->first};
    device->info.capabilities = capabilities_of(theirs);
    libinput_device_set_user_data(theirs, device);
    source->first = device;
    if (device->info.capabilities)
        device->id = handler->added(handler->ctx, &device->info);
    if (!device->id) {
        drop(source, &source->first);
        return 0;
    }
    apply(theirs, &settings);
    libinput_device_led_update(theirs, source->leds);
    return 0;
}

static void remove_path(void *ctx, const char *path)
{
    struct source *source = ctx;
    struct kd_libinput_device **at = &source->first;

    while (*at && strcmp((*at)->info.path, path) != 0)
        at = &(*at)->next;
    if (!*at)
        return;
    /* What the device said until now comes before it goes. */
    drain(source);
    drop(source, at);
}

/* ---- The source ------------------------------------------------------------------------------ */

static int source_get_fd(const struct kd_input_source *base)
{
    return ((const struct source *)base)->epoll_fd;
}

static int source_dispatch(struct kd_input_source *base, int64_t now_ns)
{
    struct source *source = (struct source *)base;

    source->now_ns = now_ns;
    int error = libinput_dispatch(source->libinput);
    drain(source);
    kd_nodes_dispatch(source->nodes);
    drain(source);
    return error;
}

static int64_t source_wake_ns(const struct kd_input_source *base)
{
    (void)base;
    return 0;
}

static void source_suspend(struct kd_input_source *base)
{
    struct source *source = (struct source *)base;

    kd_nodes_close_all(source->nodes);
    drain(source);
}

static void source_resume(struct kd_input_source *base)
{
    struct source *source = (struct source *)base;

    kd_nodes_scan(source->nodes);
    drain(source);
}

static int source_rumble(struct kd_input_source *base, uint32_t device, uint16_t strong,
                         uint16_t weak, uint32_t duration_ms)
{
    const struct source *source = (const struct source *)base;

    (void)strong;
    (void)weak;
    (void)duration_ms;
    for (const struct kd_libinput_device *at = source->first; at; at = at->next) {
        if (at->id == device)
            return -EOPNOTSUPP;
    }
    return -ENODEV;
}

static void source_set_leds(struct kd_input_source *base, uint32_t modifiers)
{
    struct source *source = (struct source *)base;
    unsigned leds = 0;

    leds |= modifiers & KB_MODIFIER_CAPS_LOCK ? LIBINPUT_LED_CAPS_LOCK : 0;
    leds |= modifiers & KB_MODIFIER_NUM_LOCK ? LIBINPUT_LED_NUM_LOCK : 0;
    source->leds = (enum libinput_led)leds;
    for (struct kd_libinput_device *at = source->first; at; at = at->next)
        libinput_device_led_update(at->device, source->leds);
}

static void source_destroy(struct kd_input_source *base)
{
    struct source *source = (struct source *)base;

    if (!source)
        return;
    while (source->first) {
        source->first->id = 0; /* nobody is told any more */
        drop(source, &source->first);
    }
    kd_nodes_destroy(source->nodes);
    libinput_unref(source->libinput);
    if (source->epoll_fd >= 0)
        close(source->epoll_fd);
    free(source);
}

static const struct kd_input_impl source_impl = {
    .name = "libinput",
    .get_fd = source_get_fd,
    .dispatch = source_dispatch,
    .wake_ns = source_wake_ns,
    .suspend = source_suspend,
    .resume = source_resume,
    .rumble = source_rumble,
    .set_leds = source_set_leds,
    .destroy = source_destroy,
};

static int open_all(struct source *source)
{
    struct epoll_event event = {.events = EPOLLIN};

    source->libinput = libinput_path_create_context(&interface, source);
    if (!source->libinput)
        return -ENOMEM;
    libinput_log_set_handler(source->libinput, on_log);
    libinput_log_set_priority(source->libinput, LIBINPUT_LOG_PRIORITY_INFO);
    int error = kd_nodes_create(source->base.handler, &source->user, &source->nodes);
    if (error)
        return error;
    source->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (source->epoll_fd < 0 ||
        epoll_ctl(source->epoll_fd, EPOLL_CTL_ADD, libinput_get_fd(source->libinput), &event) < 0 ||
        epoll_ctl(source->epoll_fd, EPOLL_CTL_ADD, kd_nodes_fd(source->nodes), &event) < 0)
        return -errno;
    return 0;
}

int kd_libinput_create(const struct kd_input_handler *handler, kd_input_settings_fn *settings,
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
    kd_nodes_scan(source->nodes);
    drain(source);
    *out = &source->base;
    return 0;
}
