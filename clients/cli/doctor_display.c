/* The daemon that runs, and what kmsblitd --probe finds out about displays. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "doctor.h"

/* ---- The daemon ----------------------------------------------------------------------------- */

static bool has_line(const char *text, const char *begins)
{
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, begins, strlen(begins)) == 0)
            return true;
    }
    return false;
}

/* A daemon of real displays may have lost them for a while. */
static void look_at_loss(struct doctor *doctor)
{
    const char *line = strstr(doctor->description, "backend: kms");
    if (line == NULL)
        return;
    size_t length = strcspn(line, "\n");
    if (memmem(line, length, "the display is somebody else's", 30) != NULL)
        doctor_add(
            doctor, DOCTOR_PROBLEM, "daemon",
            "end the program that has the display (see below); the daemon then takes it back "
            "by itself",
            "another program has the display now, and the daemon shows nothing");
    else if (length > 8 && memcmp(line + length - 8, ", paused", 8) == 0)
        doctor_add(doctor, DOCTOR_NOTE, "daemon", "switch back to its VT",
                   "it is paused, because another VT is in front");
}

static bool shows_display(struct kb_display *display)
{
    struct kb_output_info output;
    for (size_t i = 0; kb_output_get(display, i, &output) == 0; i++) {
        if ((output.flags & KB_OUTPUT_FLAG_HEADLESS) == 0)
            return true;
    }
    return false;
}

static void ask_daemon(struct doctor *doctor, struct kb_display *display)
{
    doctor->shows_display = shows_display(display);
    int error = kb_describe(display, &doctor->description);
    if (error < 0) {
        doctor_add(doctor, DOCTOR_NOTE, "daemon",
                   error == -EPERM ? "run the doctor as root or as the daemon's user" : NULL,
                   "it does not say what it chose: %s", kb_last_error());
        doctor->description = NULL;
        return;
    }
    const char *text = doctor->description;
    look_at_loss(doctor);
    doctor->headless_on_purpose = has_line(text, "backend: headless (asked for: headless)");
    if (doctor->headless_on_purpose)
        doctor_add(
            doctor, DOCTOR_NOTE, "daemon",
            "to see the picture on a display, start it without --output, --clock virtual and "
            "--backend headless, and without sections of virtual displays in its file",
            "it was told to show its picture on no display (headless)");
    else if (has_line(text, "backend: headless"))
        doctor_add(doctor, DOCTOR_PROBLEM, "daemon",
                   "see the other problems; then restart the daemon (systemctl restart kmsblitd)",
                   "it found no display that it could use, and runs without one (headless)");
}

void doctor_look_at_daemon(struct doctor *doctor)
{
    struct kb_display *display;
    int error = kb_connect(cli_socket, "kmsblit doctor", &display);
    if (error < 0) {
        doctor_add(doctor, DOCTOR_PROBLEM, "daemon",
                   error == -EACCES || error == -EPERM
                       ? "run as root, or join the socket's group ([socket] group in "
                         "/etc/kmsblit/kmsblitd.conf)"
                       : "what it says while it starts tells more: kmsblitd in a terminal, or "
                         "journalctl -b -u kmsblitd",
                   "no daemon answers: %s", kb_last_error());
        return;
    }
    kb_set_reconnect(display, 0);
    doctor->daemon_answers = true;
    doctor_add(doctor, DOCTOR_OK, "daemon", NULL, "%s answers at %s, with %zu output%s",
               kb_server_name(display), kb_socket_path(display), kb_output_count(display),
               kb_output_count(display) == 1 ? "" : "s");
    ask_daemon(doctor, display);
    kb_disconnect(display);
}

/* ---- The probe ------------------------------------------------------------------------------ */

/* What stands in the way of a daemon; one that shows the display, or is not to show it, is not disturbed by it. */
static enum doctor_level severity(const struct doctor *doctor)
{
    return doctor->headless_on_purpose || doctor->shows_display ? DOCTOR_NOTE : DOCTOR_PROBLEM;
}

static const char *find_daemon(const struct doctor *doctor, char *path, size_t path_bytes)
{
    if (doctor->daemon_path != NULL)
        return doctor->daemon_path;
    ssize_t length = readlink("/proc/self/exe", path, path_bytes - sizeof("kmsblitd"));
    char *slash = length > 0 ? memrchr(path, '/', (size_t)length) : NULL;
    if (slash != NULL) {
        memcpy(slash + 1, "kmsblitd", sizeof("kmsblitd"));
        if (access(path, X_OK) == 0)
            return path;
    }
    return "kmsblitd";
}

/* False after a check that says what went wrong. */
static bool probe(struct doctor *doctor)
{
    char path[PATH_MAX], error[512], option[] = "--probe";
    char *program = (char *)(uintptr_t)find_daemon(doctor, path, sizeof(path));
    char *const argv[] = {program, option, NULL};
    char *out;
    int status = doctor_run(argv, &out, error, sizeof(error));
    doctor->probe = out != NULL ? cli_json_parse(out) : NULL;
    if (doctor->probe != NULL && cli_json_get(doctor->probe, "cards") != NULL) {
        for (size_t end = strlen(out); end > 0 && out[end - 1] == '\n'; end--)
            out[end - 1] = '\0';
        doctor->probe_text = out;
        return true;
    }
    cli_json_free(doctor->probe);
    doctor->probe = NULL;
    free(out);
    if (status < 0)
        doctor_add(doctor, DOCTOR_PROBLEM, "displays",
                   "say where kmsblitd is: kmsblit doctor --daemon PATH", "cannot look: %s", error);
    else
        doctor_add(doctor, DOCTOR_PROBLEM, "displays",
                   "see whether it is of the same version, and kmsblitd --check-config",
                   "%s --probe failed (status %d): %s", program, status,
                   error[0] != '\0' ? error : "it said nothing");
    return false;
}

static void look_at_choice(struct doctor *doctor)
{
    const struct cli_json *all = doctor->probe;
    const char *chosen = cli_json_text(all, "chosen"), *holder = cli_json_text(all, "holder");
    if (chosen[0] == '\0') {
        bool refused = strcmp(cli_json_text(all, "error"), "EACCES") == 0;
        doctor_add(doctor, severity(doctor), "displays",
                   refused
                       ? "let this user open the card (see above), or let the daemon use a seat "
                         "(--session seat)"
                       : NULL,
                   "%s", cli_json_text(all, "reason"));
        return;
    }
    doctor_add(doctor, DOCTOR_OK, "displays", NULL, "%s", cli_json_text(all, "reason"));
    if (holder[0] == '\0')
        doctor_add(doctor, DOCTOR_OK, "display", NULL, "no other program has %s", chosen);
    else if (strncmp(holder, "kmsblitd ", 9) == 0)
        doctor_add(doctor, DOCTOR_OK, "display", NULL, "%s has %s", holder, chosen);
    else
        doctor_add(
            doctor, severity(doctor), "display",
            "end that program (a desktop: sudo systemctl stop display-manager), or switch to "
            "another VT and use --session seat",
            "%s has %s: only one program at a time can show pictures on it", holder, chosen);
}

static void look_at_connector(struct doctor *doctor, const struct cli_json *connector)
{
    const struct cli_json *mode = cli_json_get(connector, "chosen_mode");
    const char *name = cli_json_text(connector, "name");
    const char *display = cli_json_text(connector, "display");
    const char *why = cli_json_text(connector, "chosen_because");
    if (strcmp(cli_json_text(connector, "status"), "connected") != 0)
        return;
    if (mode == NULL || mode->type != CLI_JSON_OBJECT)
        doctor_add(doctor, DOCTOR_NOTE, "connector", NULL, "%s%s%s: it is not used: %s", name,
                   display[0] != '\0' ? ", " : "", display, why);
    else
        doctor_add(doctor, DOCTOR_OK, "connector", NULL, "%s%s%s: %.0fx%.0f at %.2f Hz: %s", name,
                   display[0] != '\0' ? ", " : "", display, cli_json_number(mode, "width"),
                   cli_json_number(mode, "height"), cli_json_number(mode, "refresh_hz"), why);
}

/* Cards that have connectors, and the chosen one's displays. */
static void look_at_cards(struct doctor *doctor)
{
    const char *chosen = cli_json_text(doctor->probe, "chosen");
    bool connected = false;
    for (const struct cli_json *card = cli_json_first(doctor->probe, "cards"); card != NULL;
         card = card->next) {
        const struct cli_json *connector = cli_json_first(card, "connectors");
        if (chosen[0] == '\0' || strcmp(cli_json_text(card, "path"), chosen) != 0)
            continue;
        for (; connector != NULL; connector = connector->next) {
            look_at_connector(doctor, connector);
            connected =
                connected || strcmp(cli_json_text(connector, "status"), "disconnected") != 0;
        }
    }
    if (chosen[0] != '\0' && !connected)
        doctor_add(doctor, doctor->headless_on_purpose ? DOCTOR_NOTE : DOCTOR_PROBLEM, "connector",
                   "see to the cable and switch the monitor on; one that does not report itself "
                   "needs video=HDMI-A-1:1920x1080@60D on the kernel's command line "
                   "(cmdline.txt)",
                   "no monitor is connected to %s; the daemon waits for one", chosen);
}

static void look_at_config(struct doctor *doctor)
{
    const struct cli_json *config = cli_json_get(doctor->probe, "config");
    if (strcmp(cli_json_text(config, "backend"), "headless") == 0 && !doctor->daemon_answers)
        doctor_add(doctor, DOCTOR_NOTE, "config",
                   "see /etc/kmsblit/kmsblitd.conf: [display] backend, and sections [output NAME] "
                   "with a size",
                   "by its configuration a daemon would use no display (headless)");
}

void doctor_look_at_display(struct doctor *doctor)
{
    char path[64], why[512], remedy[512];
    for (int i = 0; i < 16; i++) {
        snprintf(path, sizeof(path), "/dev/dri/card%d", i);
        char whole[600];
        if (access(doctor_path(doctor, path, whole, sizeof(whole)), F_OK) == 0 &&
            !doctor_may_open(doctor, path, true, why, sizeof(why), remedy, sizeof(remedy)))
            doctor_add(doctor, doctor->daemon_answers ? DOCTOR_NOTE : DOCTOR_PROBLEM, "permission",
                       remedy, "%s", why);
    }
    if (!probe(doctor))
        return;
    look_at_choice(doctor);
    look_at_cards(doctor);
    look_at_config(doctor);
}
