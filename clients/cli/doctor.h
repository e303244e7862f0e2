/* kmsblit doctor: looks at everything that a picture on the display depends on. Its files each add checks; doctor.c
 * prints them. */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "json_read.h"

enum doctor_level { DOCTOR_OK, DOCTOR_NOTE, DOCTOR_PROBLEM };

struct doctor_check {
    enum doctor_level level;
    const char *topic; /* static */
    char *text;        /* owned, printable */
    char *remedy;      /* owned, printable; NULL: nothing is to be done */
};

struct doctor {
    const char *root;            /* where files are looked for: "", or another system's root */
    const char *daemon_path;     /* of kmsblitd; NULL: beside the tool, or in $PATH */
    struct doctor_check *checks; /* owned */
    size_t checks_count;
    bool out_of_memory;

    /* What one file finds out and the next ones need. */
    bool daemon_answers;
    bool headless_on_purpose; /* the daemon that answers was told to show nothing */
    bool shows_display;       /* the daemon that answers has the display */
    char *description;        /* owned: what the daemon says of itself; or NULL */
    char *probe_text;         /* owned: what kmsblitd --probe printed, if that is JSON; or NULL */
    struct cli_json *probe;   /* owned: the same; or NULL */
    char user[64];
    bool is_pi;
};

/* remedy: what to do, or NULL. */
void doctor_add(struct doctor *doctor, enum doctor_level level, const char *topic,
                const char *remedy, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The first line of a file below the root, printable, without its end; false if there is none. */
bool doctor_read_line(const struct doctor *doctor, const char *path, char *out, size_t out_bytes);

/* A file below the root: its path. Returns out. */
const char *doctor_path(const struct doctor *doctor, const char *path, char *out, size_t out_bytes);

/* Runs a program, at most 10 s, without standard input, in the C locale. What it printed is
 * owned by the caller: out, and the first line of its complaints in error. Returns its exit status; -1: it could
 * not be run or did not end, and error says so. */
int doctor_run(char *const argv[], char **out, char *error, size_t error_bytes);

/* Whether a file can be opened by us for reading, and writing too; if not, why and what to do. */
bool doctor_may_open(const struct doctor *doctor, const char *path, bool writing, char *why,
                     size_t why_bytes, char *remedy, size_t remedy_bytes);

void doctor_look_at_daemon(struct doctor *doctor);  /* first: others ask whether it answers */
void doctor_look_at_display(struct doctor *doctor); /* kmsblitd --probe */
void doctor_look_at_machine(struct doctor *doctor);
void doctor_look_at_user(struct doctor *doctor);
void doctor_look_at_console(struct doctor *doctor);
void doctor_look_at_input(struct doctor *doctor);
void doctor_look_at_service(struct doctor *doctor);

#endif
