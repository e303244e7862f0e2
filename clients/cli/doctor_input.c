/* Input devices: which can be read, and who else reads them. */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor.h"

/* ---- Devices -------------------------------------------------------------------------------- */

struct devices {
    int count, refused;
    int keyboards, unknown; /* of what is unknown, nothing says what it has */
    char remedy[512];       /* of the last one that was refused */
};

static int is_event(const struct dirent *entry)
{
    return strncmp(entry->d_name, "event", 5) == 0 && isdigit((unsigned char)entry->d_name[5]);
}

/* Whether it has the letters of a keyboard, KEY_Q to KEY_P (16 to 25): the last of the words is the lowest. */
static void count_keyboard(const struct doctor *doctor, struct devices *devices, const char *event)
{
    char path[300], keys[300];
    snprintf(path, sizeof(path), "/sys/class/input/%.32s/device/capabilities/key", event);
    if (!doctor_read_line(doctor, path, keys, sizeof(keys))) {
        devices->unknown++;
        return;
    }
    const char *last = strrchr(keys, ' ');
    unsigned long long letters = 0x3FFull << 16;
    unsigned long long has = strtoull(last != NULL ? last + 1 : keys, NULL, 16);
    devices->keyboards += (has & letters) == letters;
}

static void look_at_device(struct doctor *doctor, struct devices *devices, const char *event)
{
    char path[300], name[200], why[512];
    snprintf(path, sizeof(path), "/sys/class/input/%.32s/device/name", event);
    if (!doctor_read_line(doctor, path, name, sizeof(name)))
        snprintf(name, sizeof(name), "without a name");
    count_keyboard(doctor, devices, event);
    snprintf(path, sizeof(path), "/dev/input/%.32s", event);
    if (doctor_may_open(doctor, path, false, why, sizeof(why), devices->remedy,
                        sizeof(devices->remedy)))
        return;
    devices->refused++;
    doctor_add(doctor, DOCTOR_NOTE, "input", devices->remedy, "%s: %s", name, why);
}

/* A seat opens devices for its user, whatever the groups are. */
static bool has_seat(const struct doctor *doctor)
{
    char path[600];
    return getenv("XDG_SEAT") != NULL ||
           access(doctor_path(doctor, "/run/seatd.sock", path, sizeof(path)), W_OK) == 0;
}

static void judge_devices(struct doctor *doctor, const struct devices *devices)
{
    if (devices->count <= 0)
        doctor_add(doctor, DOCTOR_NOTE, "input", NULL,
                   "there is no input device; the daemon starts without, and takes what is plugged "
                   "in");
    else if (devices->refused == devices->count && !doctor->daemon_answers && !has_seat(doctor))
        doctor_add(doctor, DOCTOR_PROBLEM, "input", devices->remedy,
                   "none of %d input devices can be read: games of a daemon of %s's would get no "
                   "keys",
                   devices->count, doctor->user);
    else
        doctor_add(doctor, DOCTOR_OK, "input", NULL, "%d of %d input devices can be read",
                   devices->count - devices->refused, devices->count);
    if (devices->count > 0 && devices->keyboards == 0 && devices->unknown == 0)
        doctor_add(doctor, DOCTOR_NOTE, "input", NULL, "there is no keyboard among them");
}

/* ---- Others --------------------------------------------------------------------------------- */

/* Those that belong to the system, and read only what is theirs. */
static bool is_expected(const char *program)
{
    static const char *const known[] = {"kmsblitd", "systemd-logind", "seatd",
                                        "acpid",    "upowerd",        "kmsblit"};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(program, known[i]) == 0)
            return true;
    }
    return false;
}

/* How many input devices a process has open. */
static int count_open(const struct doctor *doctor, const char *process)
{
    char path[300], folder[600], target[64];
    int found = 0;
    snprintf(path, sizeof(path), "/proc/%.20s/fd", process);
    DIR *files = opendir(doctor_path(doctor, path, folder, sizeof(folder)));
    if (files == NULL)
        return 0; /* another user's, or it has ended */
    for (const struct dirent *file = readdir(files); file != NULL; file = readdir(files)) {
        ssize_t length = readlinkat(dirfd(files), file->d_name, target, sizeof(target) - 1);
        target[length > 0 ? length : 0] = '\0';
        found += strncmp(target, "/dev/input/event", 16) == 0;
    }
    closedir(files);
    return found;
}

static void look_at_readers(struct doctor *doctor)
{
    char folder[600], path[300], program[64];
    DIR *processes = opendir(doctor_path(doctor, "/proc", folder, sizeof(folder)));
    if (processes == NULL)
        return;
    for (const struct dirent *process = readdir(processes); process != NULL;
         process = readdir(processes)) {
        int count =
            isdigit((unsigned char)process->d_name[0]) ? count_open(doctor, process->d_name) : 0;
        snprintf(path, sizeof(path), "/proc/%.20s/comm", process->d_name);
        if (count == 0 || !doctor_read_line(doctor, path, program, sizeof(program)) ||
            is_expected(program))
            continue;
        doctor_add(doctor, DOCTOR_NOTE, "input",
                   "end it while games run, if it should not know what is typed there",
                   "%s (process %s) reads %d input devices too: what games get, it gets", program,
                   process->d_name, count);
    }
    closedir(processes);
}

static void look_at_uinput(struct doctor *doctor)
{
    char path[600];
    struct stat file;
    if (stat(doctor_path(doctor, "/dev/uinput", path, sizeof(path)), &file) == 0 &&
        (file.st_mode & S_IWOTH) != 0)
        doctor_add(doctor, DOCTOR_NOTE, "input",
                   "sudo chmod o-w /dev/uinput, and look below /etc/udev for the rule that did it",
                   "everybody may write to /dev/uinput: any program can type as if it were a "
                   "keyboard");
}

void doctor_look_at_input(struct doctor *doctor)
{
    char folder[600];
    struct dirent **events = NULL;
    struct devices devices = {0};
    devices.count = scandir(doctor_path(doctor, "/dev/input", folder, sizeof(folder)), &events,
                            is_event, versionsort);
    for (int i = 0; i < devices.count; i++) {
        look_at_device(doctor, &devices, events[i]->d_name);
        free(events[i]);
    }
    free(events);
    judge_devices(doctor, &devices);
    look_at_readers(doctor);
    look_at_uinput(doctor);
}
