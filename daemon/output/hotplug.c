#include "output/hotplug.h"

#include <errno.h>
#include <libudev.h>
#include <stdlib.h>

struct kd_hotplug {
    struct udev *udev;            /* owned */
    struct udev_monitor *monitor; /* owned */
};

int kd_hotplug_create(struct kd_hotplug **out)
{
    struct kd_hotplug *hotplug = calloc(1, sizeof(*hotplug));
    int error = -ENOMEM;

    if (!hotplug)
        return error;
    hotplug->udev = udev_new();
    if (hotplug->udev)
        hotplug->monitor = udev_monitor_new_from_netlink(hotplug->udev, "udev");
    if (hotplug->monitor) {
        error = udev_monitor_filter_add_match_subsystem_devtype(hotplug->monitor, "drm", NULL);
        if (error >= 0)
            error = udev_monitor_enable_receiving(hotplug->monitor);
    } else if (hotplug->udev) {
        error = -EOPNOTSUPP;
    }
    if (error < 0) {
        kd_hotplug_destroy(hotplug);
        return error;
    }
    *out = hotplug;
    return 0;
}

void kd_hotplug_destroy(struct kd_hotplug *hotplug)
{
    if (!hotplug)
        return;
    if (hotplug->monitor)
        udev_monitor_unref(hotplug->monitor);
    if (hotplug->udev)
        udev_unref(hotplug->udev);
    free(hotplug);
}

int kd_hotplug_fd(const struct kd_hotplug *hotplug)
{
    return udev_monitor_get_fd(hotplug->monitor);
}

bool kd_hotplug_dispatch(struct kd_hotplug *hotplug)
{
    struct udev_device *device;
    bool any = false;

    errno = 0;
    while ((device = udev_monitor_receive_device(hotplug->monitor))) {
        udev_device_unref(device);
        any = true;
    }
    return any || errno == ENOBUFS; /* some were lost: anything may have happened */
}
