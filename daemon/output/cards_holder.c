/*
 * Who has a display: the kernel tells root alone (debugfs); who has the device file open can be
 * seen of one's own processes too.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "output/cards.h"

#define KD_LOG_MODULE "cards"
#include "base/log.h"

/* In the kernel's table the name has this many columns, and may have spaces. */
#define NAME_COLUMNS 20
#define HOLDERS_MAX  3

struct holders {
    const char *root;
    struct stat device;
    char *out;
    size_t out_bytes, used;
    unsigned count;
    bool is_broker_only; /* what is in out only hands the device to others */
    bool saw_all;        /* no process hid its files */
};

/* The name of a process, printable; false if it is gone. */
static bool process_name(const char *root, long pid, char *name, size_t name_bytes)
{
    char path[300], raw[64];
    size_t bytes;
    FILE *file;

    snprintf(path, sizeof(path), "%s/proc/%ld/comm", root, pid);
    file = fopen(path, "re");
    if (!file)
        return false;
    bytes = fread(raw, 1, sizeof(raw), file);
    fclose(file);
    while (bytes > 0 && raw[bytes - 1] == '\n')
        bytes--;
    kd_log_safe(name, (uint32_t)name_bytes, raw, (uint32_t)bytes);
    return bytes > 0;
}

/* logind and seatd open devices for others. */
static bool is_broker(const char *name)
{
    return strcmp(name, "systemd-logind") == 0 || strcmp(name, "seatd") == 0 ||
           strcmp(name, "elogind") == 0 || strcmp(name, "systemd") == 0;
}

static void add(struct holders *holders, const char *name, long pid)
{
    bool broker = is_broker(name);
    int wanted;

    if (holders->count > 0 && holders->is_broker_only && !broker)
        holders->count = 0, holders->used = 0;
    else if (holders->count > 0 && broker)
        return;
    if (holders->count >= HOLDERS_MAX)
        return;
    wanted = snprintf(holders->out + holders->used, holders->out_bytes - holders->used,
                      "%s%s (pid %ld)", holders->count > 0 ? " or " : "", name, pid);
    if (wanted > 0 && holders->used + (size_t)wanted < holders->out_bytes)
        holders->used += (size_t)wanted;
    else
        holders->out[holders->used] = '\0'; /* no room for another one */
    holders->is_broker_only = broker;
    holders->count++;
}

/* ---- Who has the file open ------------------------------------------------------------------ */

/* A device may have several files, in containers for example. */
static bool is_it(const struct holders *holders, const struct stat *file)
{
    if (S_ISCHR(holders->device.st_mode))
        return S_ISCHR(file->st_mode) && file->st_rdev == holders->device.st_rdev;
    return file->st_dev == holders->device.st_dev && file->st_ino == holders->device.st_ino;
}

static bool has_it_open(struct holders *holders, long pid)
{
    char folder[300], path[600];
    struct dirent *entry;
    struct stat file;
    bool found = false;
    DIR *fds;

    snprintf(folder, sizeof(folder), "%s/proc/%ld/fd", holders->root, pid);
    fds = opendir(folder);
    if (!fds) {
        holders->saw_all = holders->saw_all && errno != EACCES && errno != EPERM;
        return false;
    }
    while (!found && (entry = readdir(fds))) {
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        found = entry->d_name[0] != '.' && stat(path, &file) == 0 && is_it(holders, &file);
    }
    closedir(fds);
    return found;
}

static void find_open(struct holders *holders)
{
    char path[300], name[32];
    struct dirent *entry;
    DIR *all;

    snprintf(path, sizeof(path), "%s/proc", holders->root);
    all = opendir(path);
    holders->saw_all = all != NULL;
    while (all && (entry = readdir(all))) {
        long pid = isdigit((unsigned char)entry->d_name[0]) ? strtol(entry->d_name, NULL, 10) : 0;

        if (pid > 0 && pid != getpid() && has_it_open(holders, pid) &&
            process_name(holders->root, pid, name, sizeof(name)))
            add(holders, name, pid);
    }
    if (all)
        closedir(all);
}

/* ---- Who is master -------------------------------------------------------------------------- */

/* True if the kernel's table was there; the master is added unless it is us or a broker. */
static bool find_master(struct holders *holders)
{
    char path[300], line[256], name[32];
    bool found = false;
    FILE *table;

    snprintf(path, sizeof(path), "%s/sys/kernel/debug/dri/%u/clients", holders->root,
             minor(holders->device.st_rdev));
    table = fopen(path, "re");
    while (table && !found && fgets(line, sizeof(line), table)) {
        int tgid, minor_number;
        char master;

        if (strlen(line) <= NAME_COLUMNS ||
            sscanf(line + NAME_COLUMNS, " %d %d %c", &tgid, &minor_number, &master) != 3)
            continue;
        found = master == 'y' && tgid != getpid() &&
                process_name(holders->root, tgid, name, sizeof(name)) && !is_broker(name);
    }
    if (table)
        fclose(table);
    if (found) {
        int tgid = (int)strtol(line + NAME_COLUMNS, NULL, 10);

        add(holders, name, tgid);
    }
    return found;
}

bool kd_card_holder_at(const char *root, const char *path, char *out, size_t out_bytes)
{
    struct holders holders = {.root = root, .out = out, .out_bytes = out_bytes};

    out[0] = '\0';
    if (stat(path, &holders.device) < 0) {
        snprintf(out, out_bytes, "nobody: %s is not there", path);
        return false;
    }
    if (!find_master(&holders))
        find_open(&holders);
    if (holders.count > 0)
        return true;
    snprintf(out, out_bytes, "%s",
             holders.saw_all ? "no program that can be seen"
                             : "another program (run as root to see which)");
    return false;
}

bool kd_card_holder(const char *path, char *out, size_t out_bytes)
{
    return kd_card_holder_at("", path, out, out_bytes);
}
