/* The machine, the user, the console, the service. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/kd.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "doctor.h"

/* ---- The machine ---------------------------------------------------------------------------- */

static void look_at_kernel_line(struct doctor *doctor)
{
    char line[4096];
    if (!doctor_read_line(doctor, "/proc/cmdline", line, sizeof(line)))
        return;
    char *save = NULL;
    for (char *word = strtok_r(line, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save)) {
        if (strcmp(word, "nomodeset") == 0)
            doctor_add(doctor, DOCTOR_PROBLEM, "kernel",
                       "remove nomodeset from the kernel's command line, and restart",
                       "the kernel's command line has nomodeset: display drivers stay away");
        else if (strncmp(word, "video=", 6) == 0)
            doctor_add(doctor, DOCTOR_NOTE, "kernel", NULL,
                       "the kernel's command line says %s: it overrides what the monitor reports",
                       word);
    }
}

struct boot {
    char section[64]; /* "all" outside of any */
    bool full, fake;  /* the KMS driver, and the one that only looks like it */
    char fake_section[64];
};

static void read_boot_line(struct boot *boot, char *line)
{
    char *text = line + strspn(line, " \t");
    text[strcspn(text, "#\r\n")] = '\0';
    if (text[0] == '[') {
        snprintf(boot->section, sizeof(boot->section), "%.*s", (int)strcspn(text + 1, "]"),
                 text + 1);
        return;
    }
    if (strcmp(boot->section, "none") == 0)
        return;
    boot->full = boot->full || strncmp(text, "dtoverlay=vc4-kms-v3d", 21) == 0;
    if (strncmp(text, "dtoverlay=vc4-fkms-v3d", 22) == 0) {
        boot->fake = true;
        memcpy(boot->fake_section, boot->section, sizeof(boot->section));
    }
}

static bool has_card(const struct doctor *doctor, const char *driver)
{
    for (const struct cli_json *card = cli_json_first(doctor->probe, "cards"); card != NULL;
         card = card->next) {
        if (strcmp(cli_json_text(card, "driver"), driver) == 0)
            return true;
    }
    return false;
}

static void judge_boot(struct doctor *doctor, const struct boot *boot, const char *path)
{
    char remedy[1000];
    if (boot->fake) {
        snprintf(remedy, sizeof(remedy),
                 "write dtoverlay=vc4-kms-v3d instead in %s, and restart the machine", path);
        doctor_add(doctor, DOCTOR_PROBLEM, "boot", remedy,
                   "%s has dtoverlay=vc4-fkms-v3d (section [%s]): the firmware keeps the display, "
                   "and its driver lacks planes and modes",
                   path, boot->fake_section);
    } else if (boot->full) {
        doctor_add(doctor, DOCTOR_OK, "boot", NULL, "%s has dtoverlay=vc4-kms-v3d", path);
    } else if (has_card(doctor, "vc4")) {
        doctor_add(doctor, DOCTOR_OK, "boot", NULL,
                   "%s has no dtoverlay=vc4-kms-v3d, but the driver is there without it", path);
    } else {
        snprintf(remedy, sizeof(remedy),
                 "add the line dtoverlay=vc4-kms-v3d to %s, and restart the machine", path);
        doctor_add(doctor, DOCTOR_PROBLEM, "boot", remedy,
                   "%s has no dtoverlay=vc4-kms-v3d: the kernel has no driver for the display",
                   path);
    }
}

static void look_at_boot(struct doctor *doctor)
{
    static const char *const places[] = {"/boot/firmware/config.txt", "/boot/config.txt"};
    struct boot boot = {.section = "all"};
    char path[600], line[512];
    FILE *file = NULL;
    for (size_t i = 0; i < 2 && file == NULL; i++)
        file = fopen(doctor_path(doctor, places[i], path, sizeof(path)), "re");
    if (file == NULL) {
        if (doctor->is_pi)
            doctor_add(doctor, DOCTOR_NOTE, "boot", NULL,
                       "%s cannot be read (%s): whether dtoverlay=vc4-kms-v3d is set is not known",
                       path, strerror(errno));
        return;
    }
    while (fgets(line, sizeof(line), file) != NULL)
        read_boot_line(&boot, line);
    fclose(file);
    judge_boot(doctor, &boot, path);
}

void doctor_look_at_machine(struct doctor *doctor)
{
    struct utsname kernel;
    char model[128] = "";
    if (!doctor_read_line(doctor, "/proc/device-tree/model", model, sizeof(model)))
        doctor_read_line(doctor, "/sys/firmware/devicetree/base/model", model, sizeof(model));
    doctor->is_pi = strncmp(model, "Raspberry Pi", 12) == 0;
    uname(&kernel);
    doctor_add(doctor, DOCTOR_OK, "machine", NULL, "%s%s%s %s, %s", model,
               model[0] != '\0' ? ", " : "", kernel.sysname, kernel.release, kernel.machine);
    look_at_kernel_line(doctor);
    look_at_boot(doctor);
}

/* ---- The user ------------------------------------------------------------------------------- */

void doctor_look_at_user(struct doctor *doctor)
{
    static const char *const wanted[] = {"video", "render", "input", "tty"};
    const struct passwd *user = getpwuid(geteuid());
    gid_t groups[256];
    int count = getgroups(256, groups);
    char in[128] = "", missing[128] = "";
    if (user != NULL)
        snprintf(doctor->user, sizeof(doctor->user), "%s", user->pw_name);
    else
        snprintf(doctor->user, sizeof(doctor->user), "%u", (unsigned)geteuid());
    for (size_t i = 0; i < 4; i++) {
        const struct group *group = getgrnam(wanted[i]);
        bool member = group != NULL && group->gr_gid == getegid();
        for (int j = 0; group != NULL && j < count; j++)
            member = member || groups[j] == group->gr_gid;
        char *list = member ? in : missing;
        size_t used = strlen(list);
        if (group != NULL)
            snprintf(list + used, sizeof(in) - used, "%s%s", used > 0 ? ", " : "", wanted[i]);
    }
    if (geteuid() == 0)
        doctor_add(doctor, DOCTOR_OK, "user", NULL, "root, who may open every device");
    else
        doctor_add(doctor, DOCTOR_OK, "user", NULL, "%s, in group %s; not in %s", doctor->user,
                   in[0] != '\0' ? in : "none of those that matter",
                   missing[0] != '\0' ? missing : "none");
    if (getenv("SSH_CONNECTION") != NULL && geteuid() != 0)
        doctor_add(
            doctor, DOCTOR_NOTE, "user",
            "log in on the machine's own keyboard, or run the daemon as a service",
            "this login is by ssh, which has no seat: --session seat does not work from here");
    if (getenv("WAYLAND_DISPLAY") != NULL || getenv("DISPLAY") != NULL)
        doctor_add(doctor, DOCTOR_NOTE, "user", NULL,
                   "this login is inside of a desktop, which has the display while it is shown");
}

/* ---- The console ---------------------------------------------------------------------------- */

static const char *console_mode(const struct doctor *doctor, const char *path)
{
    char whole[600];
    int mode = -1;
    int fd = open(doctor_path(doctor, path, whole, sizeof(whole)),
                  O_RDONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return "whether it shows text or graphics only root can see";
    if (ioctl(fd, KDGETMODE, &mode) < 0)
        mode = -1;
    close(fd);
    return mode == KD_TEXT       ? "it shows text"
           : mode == KD_GRAPHICS ? "a program shows graphics on it"
                                 : "it does not say whether it shows text or graphics";
}

void doctor_look_at_console(struct doctor *doctor)
{
    char active[64], path[80], why[512], remedy[512];
    if (!doctor_read_line(doctor, "/sys/class/tty/tty0/active", active, sizeof(active)) ||
        strspn(active, "ty0123456789") != strlen(active)) {
        doctor_add(doctor, DOCTOR_NOTE, "console", NULL,
                   "this system has no virtual consoles: nothing has to be given back, and keys go "
                   "to nobody else");
        return;
    }
    snprintf(path, sizeof(path), "/dev/%s", active);
    doctor_add(doctor, DOCTOR_OK, "console", NULL, "%s is in front; %s", active,
               console_mode(doctor, path));
    if (!doctor_may_open(doctor, "/dev/tty0", true, why, sizeof(why), remedy, sizeof(remedy)))
        doctor_add(doctor, DOCTOR_NOTE, "console", remedy,
                   "%s: as a service it could not have a VT of its own", why);
}

/* ---- The service ---------------------------------------------------------------------------- */

/* The value of a line NAME=VALUE; "" if there is none. */
static const char *value_of(const char *text, const char *name, char *out, size_t out_bytes)
{
    size_t length = strlen(name);
    out[0] = '\0';
    for (const char *line = text; *line != '\0'; line += *line == '\n') {
        size_t bytes = strcspn(line, "\n");
        if (bytes > length && strncmp(line, name, length) == 0 && line[length] == '=')
            snprintf(out, out_bytes, "%.*s", (int)(bytes - length - 1), line + length + 1);
        line += bytes;
    }
    return out;
}

static void judge_service(struct doctor *doctor, const char *text)
{
    char load[64], active[64], result[64], restarts[64];
    value_of(text, "LoadState", load, sizeof(load));
    value_of(text, "ActiveState", active, sizeof(active));
    value_of(text, "Result", result, sizeof(result));
    value_of(text, "NRestarts", restarts, sizeof(restarts));
    bool failed = strcmp(active, "failed") == 0;
    if (strcmp(load, "not-found") == 0)
        doctor_add(doctor, DOCTOR_NOTE, "service", NULL,
                   "kmsblitd is not installed as a service of systemd");
    else if (failed || (restarts[0] > '0' && strcmp(active, "active") != 0))
        doctor_add(doctor, DOCTOR_PROBLEM, "service",
                   "see why: journalctl -b -u kmsblitd; then systemctl restart kmsblitd",
                   "kmsblitd.service is %s (%s), started again %s times", active, result, restarts);
    else
        doctor_add(doctor, DOCTOR_OK, "service", NULL,
                   "kmsblitd.service is %s, started again %s times", active,
                   restarts[0] != '\0' ? restarts : "0");
}

void doctor_look_at_service(struct doctor *doctor)
{
    static char *const argv[] = {"systemctl",
                                 "show",
                                 "kmsblitd.service",
                                 "--no-pager",
                                 "--property=LoadState,ActiveState,SubState,Result,NRestarts",
                                 NULL};
    char path[600], error[300], *out;
    if (access(doctor_path(doctor, "/run/systemd/system", path, sizeof(path)), F_OK) != 0 ||
        doctor->root[0] != '\0')
        return; /* another system's, or no systemd */
    int status = doctor_run(argv, &out, error, sizeof(error));
    if (status == 0)
        judge_service(doctor, out);
    else
        doctor_add(doctor, DOCTOR_NOTE, "service", NULL, "systemctl cannot be asked: %s", error);
    free(out);
}
