/*
 * Open files of fake cards: who is master, what the client can do, the events that wait to be read, and the rules that let calls fail.
 */
#include "fake_model.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct fake_file files[FAKE_FILES];
static struct fake_rule rules[FAKE_RULES];
static unsigned rules_count;

/* ---- Rules ---------------------------------------------------------------------------------- */

static struct fake_rule *match(const char *call)
{
    struct fake_rule *found = NULL;

    for (unsigned n = 0; n < rules_count; n++) {
        struct fake_rule *rule = &rules[n];

        if (strcmp(rule->call, call) != 0)
            continue;
        rule->seen++;
        if (!found && rule->seen >= rule->nth && rule->seen - rule->nth < rule->count)
            found = rule;
    }
    return found;
}

int fake_rule_value(const char *call)
{
    const struct fake_rule *rule = match(call);

    return rule ? rule->value : 0;
}

int fake_fails(const char *call)
{
    int error = fake_rule_value(call);

    if (error)
        fake_log("\"what\": \"fail\", \"call\": \"%s\", \"error\": %d", call, error);
    return error;
}

int fake_add_rule(const char *call, unsigned nth, unsigned count, int value)
{
    if (rules_count == FAKE_RULES)
        return -ENOSPC;
    rules[rules_count] = (struct fake_rule){.nth = nth, .count = count, .value = value};
    snprintf(rules[rules_count++].call, sizeof(rules[0].call), "%s", call);
    return 0;
}

void fake_forget_rules(void)
{
    rules_count = 0;
}

/* ---- Files ---------------------------------------------------------------------------------- */

static struct fake_card *card_of(int fd)
{
    struct stat node;

    if (fstat(fd, &node) || !S_ISFIFO(node.st_mode))
        return NULL;
    for (unsigned n = 0; n < FAKE_CARDS; n++)
        if (fake_cards[n] && fake_cards[n]->ino == node.st_ino && fake_cards[n]->dev == node.st_dev)
            return fake_cards[n];
    return NULL;
}

static struct fake_file *known(int fd)
{
    for (unsigned n = 0; n < FAKE_FILES; n++)
        if (files[n].card && files[n].fd == fd)
            return &files[n];
    return NULL;
}

/* A fake cannot see an open(): the first call with an fd is taken for it. The first one becomes master where there is none, as with a kernel. */
static struct fake_file *first_seen(int fd)
{
    struct fake_card *card = card_of(fd);

    for (unsigned n = 0; card && n < FAKE_FILES; n++)
        if (!files[n].card) {
            files[n] = (struct fake_file){.fd = fd, .card = card};
            card->counts.files++;
            if (card->master_fd < 0 && !*card->master)
                card->master_fd = fd;
            fake_log("\"what\": \"open\", \"card\": \"%s\", \"master\": %d", card->name,
                     card->master_fd == fd);
            return &files[n];
        }
    errno = ENOTTY;
    return NULL;
}

struct fake_file *fake_file(int fd)
{
    struct fake_file *file = known(fd);

    if (!file)
        file = first_seen(fd);
    if (file && file->card->unplugged) {
        errno = ENODEV;
        return NULL;
    }
    return file;
}

void fake_forget_files(void)
{
    memset(files, 0, sizeof(files));
}

/* The last words to a file: all that it had goes, and what was shown of it goes dark. */
int close(int fd)
{
    struct fake_file *file;

    if (!fake_cards[0])
        return (int)syscall(SYS_close, fd);
    fake_lock();
    file = known(fd);
    if (file) {
        struct fake_card *card = file->card;
        unsigned kept = 0;

        fake_log("\"what\": \"close\", \"card\": \"%s\"", card->name);
        if (card->master_fd == fd)
            card->master_fd = -1;
        fake_close_memory(card, fd);
        for (unsigned n = 0; n < card->events_count; n++)
            if (card->events[n].fd != fd)
                card->events[kept++] = card->events[n];
        card->events_count = kept;
        card->counts.files--;
        *file = (struct fake_file){0};
    }
    fake_unlock();
    return (int)syscall(SYS_close, fd);
}

/* ---- Who may what --------------------------------------------------------------------------- */

static int answer(int error)
{
    if (error)
        errno = error;
    return error ? -1 : 0;
}

int drmSetMaster(int fd)
{
    struct fake_file *file;
    int error;

    fake_lock();
    file = fake_file(fd);
    error = file ? fake_fails("drmSetMaster") : errno;
    if (!error &&
        (*file->card->master || (file->card->master_fd >= 0 && file->card->master_fd != fd)))
        error = EBUSY;
    if (!error)
        file->card->master_fd = fd;
    if (file)
        fake_log("\"what\": \"set-master\", \"result\": %d", -error);
    fake_unlock();
    return answer(error);
}

int drmDropMaster(int fd)
{
    struct fake_file *file;
    int error;

    fake_lock();
    file = fake_file(fd);
    error = file ? fake_fails("drmDropMaster") : errno;
    if (!error && file->card->master_fd != fd)
        error = EINVAL;
    if (!error)
        file->card->master_fd = -1;
    if (file)
        fake_log("\"what\": \"drop-master\", \"result\": %d", -error);
    fake_unlock();
    return answer(error);
}

int drmIsMaster(int fd)
{
    struct fake_file *file;
    bool is;

    fake_lock();
    file = fake_file(fd);
    is = file && file->card->master_fd == fd;
    fake_unlock();
    return is;
}

int drmSetClientCap(int fd, uint64_t capability, uint64_t value)
{
    struct fake_file *file;
    int error;

    fake_lock();
    file = fake_file(fd);
    error = file ? fake_fails("drmSetClientCap") : errno;
    if (!error) {
        if (capability == DRM_CLIENT_CAP_ATOMIC && file->card->no_atomic) {
            error = EOPNOTSUPP;
        } else if (capability == DRM_CLIENT_CAP_ATOMIC && value <= 2) {
            file->atomic = value > 0;
            file->universal = value > 0;
        } else if (capability == DRM_CLIENT_CAP_UNIVERSAL_PLANES && value <= 1) {
            file->universal = value > 0;
        } else if (capability != DRM_CLIENT_CAP_ASPECT_RATIO || value > 1) {
            error = EINVAL;
        }
    }
    fake_unlock();
    return answer(error);
}

static int cap(const struct fake_card *card, uint64_t capability, uint64_t *value)
{
    switch (capability) {
    case DRM_CAP_DUMB_BUFFER: *value = !card->no_dumb; return 0;
    case DRM_CAP_DUMB_PREFERRED_DEPTH: *value = card->depth; return 0;
    case DRM_CAP_DUMB_PREFER_SHADOW: *value = card->prefer_shadow; return 0;
    case DRM_CAP_TIMESTAMP_MONOTONIC: *value = 1; return 0;
    case DRM_CAP_CRTC_IN_VBLANK_EVENT: *value = 1; return 0;
    case DRM_CAP_ASYNC_PAGE_FLIP: *value = 0; return 0;
    case DRM_CAP_PRIME: *value = 3; return 0;
    case DRM_CAP_ADDFB2_MODIFIERS: *value = strcmp(card->driver, "vc4") == 0; return 0;
    case DRM_CAP_CURSOR_WIDTH: *value = 64; return 0;
    case DRM_CAP_CURSOR_HEIGHT: *value = 64; return 0;
    case DRM_CAP_SYNCOBJ: *value = 0; return 0;
    }
    return EINVAL;
}

int drmGetCap(int fd, uint64_t capability, uint64_t *value)
{
    struct fake_file *file;
    int error;

    fake_lock();
    file = fake_file(fd);
    error = file ? fake_fails("drmGetCap") : errno;
    if (!error)
        error = cap(file->card, capability, value);
    fake_unlock();
    return answer(error);
}

drmVersionPtr drmGetVersion(int fd)
{
    drmVersionPtr version = NULL;
    struct fake_file *file;
    int error;

    fake_lock();
    file = fake_file(fd);
    error = file ? fake_fails("drmGetVersion") : errno;
    if (!error) {
        version = calloc(1, sizeof(*version));
        version->version_minor = 1;
        version->name = strdup(file->card->driver);
        version->name_len = (int)strlen(version->name);
        version->date = strdup("20260101");
        version->date_len = (int)strlen(version->date);
        version->desc = strdup("a card of a test's script");
        version->desc_len = (int)strlen(version->desc);
    }
    fake_unlock();
    if (error)
        errno = error;
    return version;
}

void drmFreeVersion(drmVersionPtr version)
{
    if (!version)
        return;
    free(version->name);
    free(version->date);
    free(version->desc);
    free(version);
}

/* ---- Which cards there are ------------------------------------------------------------------ */

static drmDevicePtr device_of(const struct fake_card *card)
{
    drmDevicePtr device = calloc(1, sizeof(*device));

    device->nodes = calloc(DRM_NODE_MAX, sizeof(*device->nodes));
    device->available_nodes =
        (card->no_primary ? 0 : 1 << DRM_NODE_PRIMARY) | (card->renders ? 1 << DRM_NODE_RENDER : 0);
    for (unsigned n = 0; n < DRM_NODE_MAX; n++)
        device->nodes[n] = strdup(device->available_nodes & 1 << n ? card->path : "");
    device->bustype = DRM_BUS_PLATFORM;
    device->businfo.platform = calloc(1, sizeof(*device->businfo.platform));
    snprintf(device->businfo.platform->fullname, sizeof(device->businfo.platform->fullname), "%s",
             card->driver);
    device->deviceinfo.platform = calloc(1, sizeof(*device->deviceinfo.platform));
    return device;
}

int drmGetDevices2(uint32_t flags, drmDevicePtr devices[], int max_devices)
{
    int count = 0, error;

    fake_lock();
    error = flags & ~(uint32_t)DRM_DEVICE_GET_PCI_REVISION ? EINVAL : fake_fails("drmGetDevices2");
    for (unsigned n = 0; !error && n < FAKE_CARDS; n++) {
        if (!fake_cards[n] || fake_cards[n]->unplugged)
            continue;
        if (devices && count < max_devices)
            devices[count] = device_of(fake_cards[n]);
        count++;
    }
    fake_unlock();
    if (error)
        return -error;
    return devices && count > max_devices ? max_devices : count;
}

void drmFreeDevices(drmDevicePtr devices[], int count)
{
    for (int n = 0; devices && n < count; n++) {
        if (!devices[n])
            continue;
        for (unsigned node = 0; node < DRM_NODE_MAX; node++)
            free(devices[n]->nodes[node]);
        free(devices[n]->nodes);
        free(devices[n]->businfo.platform);
        free(devices[n]->deviceinfo.platform);
        free(devices[n]);
        devices[n] = NULL;
    }
}

/* ---- Events --------------------------------------------------------------------------------- */

void fake_push_event(struct fake_card *card, const struct fake_event *event)
{
    if (card->events_count == FAKE_EVENTS || !known(event->fd))
        return;
    card->events[card->events_count++] = *event;
    card->counts.events++;
    if (write(event->fd, "!", 1) != 1)
        fprintf(stderr, "fake drm: an event was lost: %s\n", strerror(errno));
}

/* The events of the file that can be read now, taken out. */
static unsigned take_events(int fd, struct fake_event *out)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    struct fake_card *card = known(fd)->card;
    unsigned taken = 0, kept = 0;
    char bytes[FAKE_EVENTS];
    ssize_t count = 0;

    if (poll(&ready, 1, 0) == 1 && ready.revents & POLLIN)
        count = read(fd, bytes, 32); /* a kernel's event has 32 bytes, and libdrm's buffer 1024 */
    for (unsigned n = 0; n < card->events_count; n++) {
        if (card->events[n].fd == fd && (ssize_t)taken < count)
            out[taken++] = card->events[n];
        else
            card->events[kept++] = card->events[n];
    }
    card->events_count = kept;
    if (taken == 0)
        card->counts.empty_reads++;
    return taken;
}

int drmHandleEvent(int fd, drmEventContextPtr context)
{
    struct fake_event events[FAKE_EVENTS];
    unsigned count = 0;
    int error;

    fake_lock();
    if (!known(fd))
        first_seen(fd);
    error = known(fd) ? fake_fails("drmHandleEvent") : EBADF;
    if (!error)
        count = take_events(fd, events);
    fake_unlock();
    if (error || count == 0) {
        errno = error ? error : EAGAIN;
        return -1;
    }
    for (unsigned n = 0; n < count; n++) {
        const struct fake_event *event = &events[n];
        unsigned seconds = (unsigned)(event->time_ns / 1000000000);
        unsigned micros = (unsigned)(event->time_ns % 1000000000 / 1000);
        void *data = (void *)(uintptr_t)event->user_data;

        if (context->version >= 3 && context->page_flip_handler2)
            context->page_flip_handler2(fd, event->sequence, seconds, micros, event->crtc, data);
        else if (context->version >= 2 && context->page_flip_handler)
            context->page_flip_handler(fd, event->sequence, seconds, micros, data);
    }
    return 0;
}
