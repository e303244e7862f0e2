/* Input devices as the system has them, without a daemon. */
#ifndef CLI_LOCAL_DEVICES_H
#define CLI_LOCAL_DEVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct cli_local_device {
    char path[64];   /* "/dev/input/event3" */
    char name[257];  /* as the device says; not safe for a terminal */
    char kinds[128]; /* as udev says: "keyboard mouse"; "": it says nothing */
    char seat[32];
    char group[64]; /* of the file, or its number */
    mode_t mode;
    int error; /* errno of opening it as we are, for reading and writing; 0: it can be */
};

/* All, in their order; free() them. A count, or -errno. */
int cli_local_devices(struct cli_local_device **devices);

/* What lets us open a device that is refused: a sentence. */
void cli_local_remedy(const struct cli_local_device *device, char *out, size_t out_bytes);

#endif
