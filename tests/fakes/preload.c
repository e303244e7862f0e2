/*
 * The scripted libdrm under a whole daemon: LD_PRELOAD=fakedrm.so FAKE_DRM_SCRIPT=FILE. The file's lines are run at the start; more can be sent, one at a time, to
 * the Unix socket FILE.sock, which answers each with `ok ...` or `error ...`. `path` in what a test says is the FIFO that the daemon opens.
 */
#include "fake_model.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void die(const char *what)
{
    fprintf(stderr, "fake drm: %s\n", what);
    abort();
}

static void run_file(const char *path)
{
    char line[1024], answer[1024];
    FILE *file = fopen(path, "re");

    if (!file)
        die("FAKE_DRM_SCRIPT cannot be read");
    while (fgets(line, sizeof(line), file))
        if (fake_drm_line(line, answer, sizeof(answer))) {
            fprintf(stderr, "fake drm: %s", line);
            die(answer);
        }
    fclose(file);
}

static void serve(FILE *in, int fd)
{
    char line[1024], answer[1024], reply[1100];

    while (fgets(line, sizeof(line), in)) {
        int error = fake_drm_line(line, answer, sizeof(answer));
        int length = snprintf(reply, sizeof(reply), "%s %s\n", error ? "error" : "ok", answer);

        if (send(fd, reply, (size_t)length, MSG_NOSIGNAL) < 0)
            break;
    }
}

/* One tester at a time, for as long as it stays. */
static void *listener(void *argument)
{
    int listening = (int)(intptr_t)argument;

    for (;;) {
        int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
        FILE *in = fd >= 0 ? fdopen(fd, "r") : NULL;

        if (!in)
            return NULL;
        serve(in, fd);
        fclose(in);
    }
}

static void start_listener(const char *script)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sigset_t all, before;
    pthread_t thread;

    snprintf(address.sun_path, sizeof(address.sun_path), "%s.sock", script);
    unlink(address.sun_path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 4))
        die("the socket beside FAKE_DRM_SCRIPT cannot be made");
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&thread, NULL, listener, (void *)(intptr_t)fd))
        die("no thread");
    pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

__attribute__((constructor)) static void begin(void)
{
    const char *script = getenv("FAKE_DRM_SCRIPT");
    char path[100];

    if (!script)
        return;
    if (strlen(script) >= sizeof(path))
        die("FAKE_DRM_SCRIPT is too long");
    memcpy(path, script, strlen(script) + 1);
    unsetenv("FAKE_DRM_SCRIPT"); /* what the daemon starts has no part in this */
    unsetenv("LD_PRELOAD");
    run_file(path);
    start_listener(path);
}
