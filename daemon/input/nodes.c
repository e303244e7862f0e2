#include "input/nodes.h"

#include <errno.h>
#include <libudev.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#define FOLDER "/dev/input"

struct node {
    struct node *next; /* owned by the one before */
    struct kd_input_device device;
    char *syspath; /* owned */
    int error;     /* of opening it, as it was told; 0: it is used, or not wanted */
};

struct kd_nodes {
    const struct kd_input_handler *handler; /* borrowed */
    const struct kd_nodes_user *user;       /* borrowed */
    struct udev *udev;                      /* owned */
    struct udev_monitor *monitor;           /* owned */
    struct node *first;                     /* owned */
    int epoll_fd;                           /* owned */
    int inotify_fd;                         /* owned */
    bool is_watching;                       /* inotify looks at FOLDER */
    bool is_open;
};

/* ---- What udev says of one ------------------------------------------------------------------- */

static bool has(struct udev_device *node, const char *property)
{
    const char *value = udev_device_get_property_value(node, property);

    return value && strcmp(value, "1") == 0;
}

bool kd_node_is_gamepad(struct udev_device *node)
{
    static const char *const others[] = {
        "ID_INPUT_KEYBOARD", "ID_INPUT_MOUSE",      "ID_INPUT_TOUCHPAD",     "ID_INPUT_TOUCHSCREEN",
        "ID_INPUT_TABLET",   "ID_INPUT_TABLET_PAD", "ID_INPUT_ACCELEROMETER"};

    if (!has(node, "ID_INPUT_JOYSTICK"))
        return false;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (has(node, others[i]))
            return false;
    }
    return true;
}

static bool is_ours(struct udev_device *node)
{
    const char *sysname = udev_device_get_sysname(node);
    const char *seat = udev_device_get_property_value(node, "ID_SEAT");

    return udev_device_get_devnode(node) && sysname && strncmp(sysname, "event", 5) == 0 &&
           has(node, "ID_INPUT") && (!seat || strcmp(seat, "seat0") == 0);
}

static uint16_t id_of(struct udev_device *parent, const char *attribute)
{
    const char *text = parent ? udev_device_get_sysattr_value(parent, attribute) : NULL;

    return text ? (uint16_t)strtoul(text, NULL, 16) : 0;
}

static void describe(struct udev_device *udev_node, struct kd_input_device *device)
{
    struct udev_device *parent = udev_device_get_parent(udev_node); /* lives with the node */
    const char *name = parent ? udev_device_get_sysattr_value(parent, "name") : NULL;
    const char *output = udev_device_get_property_value(udev_node, "WL_OUTPUT");

    *device = (struct kd_input_device){.bus = id_of(parent, "id/bustype"),
                                       .vendor = id_of(parent, "id/vendor"),
                                       .product = id_of(parent, "id/product"),
                                       .version = id_of(parent, "id/version")};
    kd_input_safe_name(device->name, sizeof(device->name), name ? name : "");
    kd_input_safe_name(device->output, sizeof(device->output), output ? output : "");
    snprintf(device->path, sizeof(device->path), "%s", udev_device_get_devnode(udev_node));
}

/* ---- Adding and removing --------------------------------------------------------------------- */

static struct node **find(struct kd_nodes *nodes, const char *syspath)
{
    struct node **at = &nodes->first;

    while (*at && strcmp((*at)->syspath, syspath) != 0)
        at = &(*at)->next;
    return at;
}

static void free_node(struct node *node)
{
    free(node->syspath);
    free(node);
}

/* A folder that is not there yet is looked at when something in it was refused: then it is there. */
static void watch(struct kd_nodes *nodes)
{
    if (!nodes->is_watching)
        nodes->is_watching = inotify_add_watch(nodes->inotify_fd, FOLDER, IN_ATTRIB) >= 0;
}

static void try_node(struct kd_nodes *nodes, struct node *node, struct udev_device *udev_node)
{
    const struct kd_input_handler *handler = nodes->handler;
    int error = nodes->user->add(nodes->user->ctx, udev_node, &node->device);

    if (error == -EACCES || error == -EPERM) {
        bool was_watching = nodes->is_watching;
        watch(nodes);
        /* Permission may have come before the watch. */
        if (!was_watching && nodes->is_watching)
            error = nodes->user->add(nodes->user->ctx, udev_node, &node->device);
    }
    bool is_news = error != node->error;
    node->error = error;
    if (is_news && error != -ENOENT)
        handler->refused(handler->ctx, node->device.path, node->device.name, error);
}

static void add(struct kd_nodes *nodes, struct udev_device *udev_node)
{
    const char *syspath = udev_device_get_syspath(udev_node);

    if (!syspath || !is_ours(udev_node))
        return;
    struct node **at = find(nodes, syspath);
    if (*at && !(*at)->error)
        return;
    if (!*at) {
        *at = calloc(1, sizeof(**at));
        if (*at && !((*at)->syspath = strdup(syspath))) {
            free(*at);
            *at = NULL;
        }
        if (!*at)
            return;
        describe(udev_node, &(*at)->device);
    }
    try_node(nodes, *at, udev_node);
}

static void remove_node(struct kd_nodes *nodes, struct node **at)
{
    struct node *node = *at;

    *at = node->next;
    if (!node->error)
        nodes->user->remove(nodes->user->ctx, node->device.path);
    free_node(node);
}

static void remove_gone(struct kd_nodes *nodes, struct node **at)
{
    if ((*at)->error)
        nodes->handler->refused(nodes->handler->ctx, (*at)->device.path, (*at)->device.name, 0);
    remove_node(nodes, at);
}

void kd_nodes_scan(struct kd_nodes *nodes)
{
    struct udev_enumerate *all = udev_enumerate_new(nodes->udev);
    struct udev_list_entry *entry;

    nodes->is_open = true;
    if (!all)
        return;
    udev_enumerate_add_match_subsystem(all, "input");
    udev_enumerate_add_match_is_initialized(all);
    udev_enumerate_scan_devices(all);
    udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(all))
    {
        struct udev_device *node =
            udev_device_new_from_syspath(nodes->udev, udev_list_entry_get_name(entry));
        if (node)
            add(nodes, node);
        udev_device_unref(node);
    }
    udev_enumerate_unref(all);
}

void kd_nodes_close_all(struct kd_nodes *nodes)
{
    nodes->is_open = false;
    while (nodes->first)
        remove_node(nodes, &nodes->first);
}

/* ---- Events ---------------------------------------------------------------------------------- */

/* Devices that are gone although udev did not say so: its events were lost. */
static void remove_lost(struct kd_nodes *nodes)
{
    struct node **at = &nodes->first;

    while (*at) {
        struct udev_device *node = udev_device_new_from_syspath(nodes->udev, (*at)->syspath);
        udev_device_unref(node);
        if (node)
            at = &(*at)->next;
        else
            remove_gone(nodes, at);
    }
}

static void read_monitor(struct kd_nodes *nodes)
{
    struct udev_device *node;

    errno = 0;
    while ((node = udev_monitor_receive_device(nodes->monitor))) {
        const char *action = udev_device_get_action(node);
        const char *syspath = udev_device_get_syspath(node);
        if (nodes->is_open && action && syspath) {
            struct node **at = find(nodes, syspath);
            if (strcmp(action, "remove") != 0)
                add(nodes, node);
            else if (*at)
                remove_gone(nodes, at);
        }
        udev_device_unref(node);
        errno = 0;
    }
    if (errno == ENOBUFS && nodes->is_open) {
        remove_lost(nodes);
        kd_nodes_scan(nodes);
    }
}

static void try_again(struct kd_nodes *nodes, const char *filename)
{
    char path[64 + NAME_MAX];

    snprintf(path, sizeof(path), "%s/%s", FOLDER, filename);
    for (struct node *node = nodes->first; node; node = node->next) {
        if (!node->error || (filename[0] && strcmp(node->device.path, path) != 0))
            continue;
        struct udev_device *udev_node = udev_device_new_from_syspath(nodes->udev, node->syspath);
        if (udev_node)
            try_node(nodes, node, udev_node);
        udev_device_unref(udev_node);
    }
}

static void read_inotify(struct kd_nodes *nodes)
{
    _Alignas(struct inotify_event) char buffer[4096];
    ssize_t got;

    while ((got = read(nodes->inotify_fd, buffer, sizeof(buffer))) > 0) {
        for (char *at = buffer; at < buffer + got;) {
            const struct inotify_event *event = (const struct inotify_event *)at;
            at += sizeof(*event) + event->len;
            /* The folder went, with its last device. */
            if (event->mask & IN_IGNORED)
                nodes->is_watching = false;
            else if (event->mask & IN_Q_OVERFLOW)
                try_again(nodes, "");
            else if (event->len)
                try_again(nodes, event->name);
        }
    }
}

void kd_nodes_dispatch(struct kd_nodes *nodes)
{
    read_monitor(nodes);
    read_inotify(nodes);
}

int kd_nodes_fd(const struct kd_nodes *nodes)
{
    return nodes->epoll_fd;
}

/* ---- Life ------------------------------------------------------------------------------------ */

static int open_all(struct kd_nodes *nodes)
{
    nodes->udev = udev_new();
    if (!nodes->udev)
        return -ENOMEM;
    nodes->monitor = udev_monitor_new_from_netlink(nodes->udev, "udev");
    if (!nodes->monitor)
        return -EOPNOTSUPP;
    int error = udev_monitor_filter_add_match_subsystem_devtype(nodes->monitor, "input", NULL);
    if (error >= 0)
        error = udev_monitor_enable_receiving(nodes->monitor);
    if (error < 0)
        return error;
    nodes->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    nodes->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN};
    if (nodes->inotify_fd < 0 || nodes->epoll_fd < 0 ||
        epoll_ctl(nodes->epoll_fd, EPOLL_CTL_ADD, nodes->inotify_fd, &event) < 0 ||
        epoll_ctl(nodes->epoll_fd, EPOLL_CTL_ADD, udev_monitor_get_fd(nodes->monitor), &event) < 0)
        return -errno;
    return 0;
}

int kd_nodes_create(const struct kd_input_handler *handler, const struct kd_nodes_user *user,
                    struct kd_nodes **out)
{
    struct kd_nodes *nodes = calloc(1, sizeof(*nodes));

    if (!nodes)
        return -ENOMEM;
    nodes->handler = handler;
    nodes->user = user;
    nodes->epoll_fd = nodes->inotify_fd = -1;
    int error = open_all(nodes);
    if (error) {
        kd_nodes_destroy(nodes);
        return error;
    }
    *out = nodes;
    return 0;
}

void kd_nodes_destroy(struct kd_nodes *nodes)
{
    if (!nodes)
        return;
    while (nodes->first) {
        struct node *node = nodes->first;
        nodes->first = node->next;
        free_node(node);
    }
    if (nodes->epoll_fd >= 0)
        close(nodes->epoll_fd);
    if (nodes->inotify_fd >= 0)
        close(nodes->inotify_fd);
    udev_monitor_unref(nodes->monitor);
    udev_unref(nodes->udev);
    free(nodes);
}
