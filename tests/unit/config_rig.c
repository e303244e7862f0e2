#include "config_rig.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

char path[64];
char said[16384];
struct kd_config config;

void config_rig_setup(void)
{
    snprintf(path, sizeof(path), "/tmp/kmsblit-config-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    unsetenv("KMSBLIT_SOCKET");
    unsetenv("XDG_RUNTIME_DIR");
    kd_config_defaults(&config);
    said[0] = '\0';
}

void config_rig_teardown(void)
{
    unlink(path);
}

/* Redirects stdout and stderr until capture_end(). */
static int saved_out, saved_err, captured;

void capture_begin(void)
{
    fflush(stdout);
    fflush(stderr);
    saved_out = dup(STDOUT_FILENO);
    saved_err = dup(STDERR_FILENO);
    captured = memfd_create("said", MFD_CLOEXEC);
    ck_assert(saved_out >= 0 && saved_err >= 0 && captured >= 0);
    dup2(captured, STDOUT_FILENO);
    dup2(captured, STDERR_FILENO);
}

void capture_end(void)
{
    fflush(stdout);
    fflush(stderr);
    dup2(saved_out, STDOUT_FILENO);
    dup2(saved_err, STDERR_FILENO);
    close(saved_out);
    close(saved_err);
    ssize_t got = pread(captured, said, sizeof(said) - 1, 0);
    close(captured);
    ck_assert_int_ge(got, 0);
    said[got] = '\0';
}

void write_bytes(const char *bytes, size_t count)
{
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, count, file), count);
    fclose(file);
}

int read_text(const char *text)
{
    write_bytes(text, strlen(text));
    kd_config_defaults(&config);
    capture_begin();
    int result = kd_config_read(&config, path);
    capture_end();
    return result;
}

#define ARGS_MAX 32

enum kd_config_action parse(const char *const *args)
{
    static char copies[ARGS_MAX][512];
    char *argv[ARGS_MAX + 1] = {"kmsblitd"};
    int argc = 1;
    for (; args[argc - 1] != NULL; argc++) {
        ck_assert_int_lt(argc, ARGS_MAX);
        snprintf(copies[argc], sizeof(copies[argc]), "%s", args[argc - 1]);
        argv[argc] = copies[argc];
    }
    capture_begin();
    enum kd_config_action action = kd_config_parse(&config, argc, argv);
    capture_end();
    return action;
}

void assert_said(const char *text)
{
    ck_assert_msg(strstr(said, text) != NULL, "said:\n%s\nwithout: %s", said, text);
}

unsigned lines_said(void)
{
    unsigned lines = 0;
    for (const char *at = said; (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    return lines;
}
