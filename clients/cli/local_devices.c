#include "local_devices.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libudev.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void look_at_kinds(struct udev_device *from, struct cli_local_device *device)
{
    static const struct {
        const char *property, *kind;
    } kinds[] = {
        {"ID_INPUT_KEYBOARD", "keyboard"},
        {"ID_INPUT_KEY", "keys"},
        {"ID_INPUT_MOUSE", "mouse"},
        {"ID_INPUT_POINTINGSTICK", "pointing-stick"},
        {"ID_INPUT_TRACKBALL", "trackball"},
        {"ID_INPUT_TOUCHPAD", "touchpad"},
        {"ID_INPUT_TOUCHSCREEN", "touchscreen"},
        {"ID_INPUT_TABLET", "tablet"},
        {"ID_INPUT_JOYSTICK", "joystick"},
        {"ID_INPUT_SWITCH", "switch"},
        {"ID_INPUT_ACCELEROMETER", "accelerometer"},
    };
    bool is_keyboard = udev_device_get_property_value(from, "ID_INPUT_KEYBOARD") != NULL;
    size_t used = 0;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        /* Every keyboard has keys. */
        if (udev_device_get_property_value(from, kinds[i].property) == NULL ||
            (is_keyboard && strcmp(kinds[i].kind, "keys") == 0))
            continue;
        int length = snprintf(device->kinds + used, sizeof(device->kinds) - used, "%s%s",
                              used > 0 ? " " : "", kinds[i].kind);
        used += (size_t)length;
    }
}

static void look_at_file(struct cli_local_device *device)
{
    struct stat file;
    if (stat(device->path, &file) < 0) {
        device->error = errno;
        return;
    }
    const struct group *group = getgrgid(file.st_gid);
    if (group != NULL)
        snprintf(device->group, sizeof(device->group), "%s", group->gr_name);
    else
        snprintf(device->group, sizeof(device->group), "%u", (unsigned)file.st_gid);
    device->mode = file.st_mode & 07777;
    if (faccessat(AT_FDCWD, device->path, R_OK | W_OK, AT_EACCESS) < 0)
        device->error = errno;
}

static void look_at(struct udev_device *from, struct cli_local_device *device)
{
    struct udev_device *parent = udev_device_get_parent(from);
    const char *name = parent != NULL ? udev_device_get_sysattr_value(parent, "name") : NULL;
    const char *seat = udev_device_get_property_value(from, "ID_SEAT");
    snprintf(device->path, sizeof(device->path), "%s", udev_device_get_devnode(from));
    snprintf(device->name, sizeof(device->name), "%s", name != NULL ? name : "");
    snprintf(device->seat, sizeof(device->seat), "%s", seat != NULL ? seat : "seat0");
    look_at_kinds(from, device);
    look_at_file(device);
}

static int compare(const void *one, const void *other)
{
    return strverscmp(((const struct cli_local_device *)one)->path,
                      ((const struct cli_local_device *)other)->path);
}

static int collect(struct udev *udev, struct udev_enumerate *list,
                   struct cli_local_device **devices)
{
    int count = 0;
    struct udev_list_entry *entry;
    udev_enumerate_add_match_subsystem(list, "input");
    udev_enumerate_add_match_sysname(list, "event*");
    udev_enumerate_scan_devices(list);
    udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(list))
    {
        struct udev_device *from =
            udev_device_new_from_syspath(udev, udev_list_entry_get_name(entry));
        if (from == NULL)
            continue; /* gone again */
        struct cli_local_device *more = NULL;
        if (udev_device_get_devnode(from) != NULL) {
            more = reallocarray(*devices, (size_t)count + 1, sizeof(**devices));
            if (more == NULL) {
                udev_device_unref(from);
                return -ENOMEM;
            }
            *devices = more;
            more[count] = (struct cli_local_device){0};
            look_at(from, &more[count++]);
        }
        udev_device_unref(from);
    }
    return count;
}

int cli_local_devices(struct cli_local_device **devices)
{
    struct udev *udev = udev_new();
    struct udev_enumerate *list = udev != NULL ? udev_enumerate_new(udev) : NULL;
    *devices = NULL;
    int count = list != NULL ? collect(udev, list, devices) : -ENOMEM;
    udev_enumerate_unref(list);
    udev_unref(udev);
    if (count < 0) {
        free(*devices);
        *devices = NULL;
    } else if (count > 1) {
        qsort(*devices, (size_t)count, sizeof(**devices), compare);
    }
    return count;
}

void cli_local_remedy(const struct cli_local_device *device, char *out, size_t out_bytes)
{
    const struct passwd *user = getpwuid(geteuid());
    const struct group *group = getgrnam(device->group);
    const char *name = user != NULL ? user->pw_name : "USER";
    bool is_listed = false;
    for (char **member = group != NULL ? group->gr_mem : NULL; member != NULL && *member != NULL;
         member++)
        is_listed = is_listed || strcmp(*member, name) == 0;
    if (device->error != EACCES && device->error != EPERM)
        snprintf(out, out_bytes, "%s", strerror(device->error));
    else if ((device->mode & (S_IRGRP | S_IWGRP)) != (S_IRGRP | S_IWGRP) || group == NULL ||
             group->gr_gid == 0)
        snprintf(out, out_bytes,
                 "its group may not open it either: its udev rule is not the usual one, or udev "
                 "does not run");
    else if (is_listed)
        snprintf(out, out_bytes, "%s is in group %s since this login began: log out and in again",
                 name, device->group);
    else
        snprintf(out, out_bytes,
                 "sudo usermod -aG %s %s, then log out and in again; a daemon with a seat "
                 "(--session seat) does without",
                 device->group, name);
}
