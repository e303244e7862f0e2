/*
 * A virtual terminal that shows no text and takes no keys while the daemon has the display. Entering it switches there; leaving it
 * makes it usable again and switches back. Nobody can switch away meanwhile. Runs in the guard process (guard.c), so everything here
 * is system calls: no memory is allocated.
 */
#ifndef KD_SERVER_CONSOLE_H
#define KD_SERVER_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

/* The system calls, so that tests can see them and let them fail. Each returns -1 and sets errno, as theirs do. */
struct kd_console_calls {
    void *ctx;
    int (*open)(void *ctx, const char *path, int flags);
    int (*close)(void *ctx, int fd);
    int (*ioctl)(void *ctx, int fd, unsigned long request, void *argument);
    unsigned (*vt_of)(void *ctx, int fd); /* which VT's device an fd is; 0: of none */
};

/* The kernel's. */
extern const struct kd_console_calls kd_console_kernel;

struct kd_console {
    const struct kd_console_calls *calls;
    int fd; /* owned: the VT; -1: none */
    unsigned vt, previous_vt;
    int keyboard_mode; /* to be set again */
    /* What was done, and is to be undone: */
    bool is_keyboard_off, is_graphics, is_locked, is_switched;
};

/* The VT that standard input is, or 0. */
unsigned kd_console_inherited_vt(const struct kd_console_calls *calls);

/* vt 0: a free one. Either everything is done, or nothing, and why says which step failed, for which file, and what to do.
 * has_terminal: the VT is to become this process's controlling terminal. Returns 0 or -errno. */
int kd_console_enter(struct kd_console *console, const struct kd_console_calls *calls, unsigned vt,
                     bool has_terminal, char *why, size_t why_bytes);

/* Undoes what was done, each step even if another fails. Returns 0, or the first step's -errno, and why says which. */
int kd_console_leave(struct kd_console *console, char *why, size_t why_bytes);

#endif
