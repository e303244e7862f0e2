/* A game that presents parts of a frame faster than the display shows them is not held back for that. The last of them must
 * not stay unseen if it then loads its next level: a thread sends them. It lives from the first such part on, and sleeps as
 * long as there are none. */
#include <errno.h>
#include <signal.h>
#include <time.h>

#include "shim.h"

/* How often it looks whether the daemon takes another frame. */
#define LOOK_NS 2000000

static pthread_cond_t begun = PTHREAD_COND_INITIALIZER;

static void *send_rest(void *unused)
{
    (void)unused;
    SDL2_ALONE;
    for (;;) {
        struct timespec next;
        if (!sdl2_present_rest()) {
            pthread_cond_wait(&begun, sdl2_mutex());
            continue;
        }
        clock_gettime(CLOCK_MONOTONIC, &next);
        next.tv_nsec += LOOK_NS;
        next.tv_sec += next.tv_nsec / 1000000000;
        next.tv_nsec %= 1000000000;
        pthread_cond_clockwait(&begun, sdl2_mutex(), CLOCK_MONOTONIC, &next);
    }
    return NULL;
}

/* Signals are the program's. */
static void start(void)
{
    sigset_t all, before;
    pthread_t thread;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&thread, NULL, send_rest, NULL) == 0)
        pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void sdl2_rest_begin(void)
{
    static bool started;
    SDL2_ALONE;
    if (!started)
        start();
    started = true;
    pthread_cond_signal(&begun);
}
