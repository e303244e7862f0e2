/*
 * What else a daemon under the scripted libdrm must not find: consoles of the machine that the tests run on, and its hot-plug events. `hotplug` in the script is
 * such an event.
 */
/* mmap() and open() are defined here under both of their names. */
#undef _FILE_OFFSET_BITS
#include "fake_model.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- Consoles ------------------------------------------------------------------------------- */

static int open_other(const char *path, int flags, mode_t mode)
{
    if (fake_cards[0] && !strncmp(path, "/dev/tty", 8)) {
        errno = ENOENT;
        return -1;
    }
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list list;
    mode_t mode;

    va_start(list, flags);
    mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(list, mode_t) : 0;
    va_end(list);
    return open_other(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list list;
    mode_t mode;

    va_start(list, flags);
    mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(list, mode_t) : 0;
    va_end(list);
    return open_other(path, flags, mode);
}

int __open64_2(const char *path, int flags);
int __open64_2(const char *path, int flags)
{
    return open_other(path, flags, 0);
}

int __open_2(const char *path, int flags);
int __open_2(const char *path, int flags)
{
    return open_other(path, flags, 0);
}

/* ---- Hot-plug ------------------------------------------------------------------------------- */

struct udev;
struct udev_monitor;
struct udev_device;

/* The monitor of display cards is ours, all others are the system's. */
static char card_monitor, event_device;
static int hotplug_fd = -1;

void fake_hotplug(void)
{
    const uint64_t one = 1;

    if (hotplug_fd >= 0 && write(hotplug_fd, &one, sizeof(one)) < 0)
        abort();
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

struct udev_monitor *udev_monitor_new_from_netlink(struct udev *udev, const char *name);
struct udev_monitor *udev_monitor_new_from_netlink(struct udev *udev, const char *name)
{
    if (fake_cards[0] && hotplug_fd < 0) {
        hotplug_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        return (struct udev_monitor *)&card_monitor;
    }
    return REAL(udev_monitor_new_from_netlink)(udev, name);
}

static bool is_ours(const struct udev_monitor *monitor)
{
    return (const char *)monitor == &card_monitor;
}

int udev_monitor_filter_add_match_subsystem_devtype(struct udev_monitor *monitor,
                                                    const char *subsystem, const char *devtype);
int udev_monitor_filter_add_match_subsystem_devtype(struct udev_monitor *monitor,
                                                    const char *subsystem, const char *devtype)
{
    if (is_ours(monitor))
        return strcmp(subsystem, "drm") == 0 ? 0 : -EINVAL;
    return REAL(udev_monitor_filter_add_match_subsystem_devtype)(monitor, subsystem, devtype);
}

int udev_monitor_enable_receiving(struct udev_monitor *monitor);
int udev_monitor_enable_receiving(struct udev_monitor *monitor)
{
    return is_ours(monitor) ? 0 : REAL(udev_monitor_enable_receiving)(monitor);
}

int udev_monitor_get_fd(struct udev_monitor *monitor);
int udev_monitor_get_fd(struct udev_monitor *monitor)
{
    return is_ours(monitor) ? hotplug_fd : REAL(udev_monitor_get_fd)(monitor);
}

struct udev_device *udev_monitor_receive_device(struct udev_monitor *monitor);
struct udev_device *udev_monitor_receive_device(struct udev_monitor *monitor)
{
    uint64_t count;

    if (!is_ours(monitor))
        return REAL(udev_monitor_receive_device)(monitor);
    return read(hotplug_fd, &count, sizeof(count)) > 0 ? (struct udev_device *)&event_device : NULL;
}

struct udev_device *udev_device_unref(struct udev_device *device);
struct udev_device *udev_device_unref(struct udev_device *device)
{
    return (char *)device == &event_device ? NULL : REAL(udev_device_unref)(device);
}

struct udev_monitor *udev_monitor_unref(struct udev_monitor *monitor);
struct udev_monitor *udev_monitor_unref(struct udev_monitor *monitor)
{
    if (!is_ours(monitor))
        return REAL(udev_monitor_unref)(monitor);
    close(hotplug_fd);
    hotplug_fd = -1;
    return NULL;
}
