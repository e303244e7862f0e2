/* A seatd that does what the test says: the other side of libseat's protocol, in a process of its own. */
#ifndef FAKE_SEATD_H
#define FAKE_SEATD_H

#include <sys/types.h>

struct fake_seatd {
    char path[64];
    pid_t pid;
    int control; /* owned: one letter for each command */
    char *log;   /* shared memory: a word for each request of the client */
};

/* LIBSEAT_BACKEND and SEATD_SOCK lead to it. enabled: a client's seat is enabled at once. */
void fake_seatd_start(struct fake_seatd *seatd, int enabled);
void fake_seatd_stop(struct fake_seatd *seatd);

/* 'd': disables the seat; 'e': enables it. Returns when the client has been told. */
void fake_seatd_tell(const struct fake_seatd *seatd, char command);

#endif
