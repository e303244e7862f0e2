#include "server/fdstore.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#define KD_LOG_MODULE "fdstore"
#include "base/log.h"

/* What was handed over and not taken yet. names[i] belongs to the fd SD_LISTEN_FDS_START + i; a name that was taken is NULL. */
static struct {
    bool is_read;
    int count;
    char **names; /* owned, as is each */
} store;

void kd_fdstore_init(void)
{
    for (int i = 0; i < store.count; i++)
        free(store.names[i]);
    free(store.names);
    store.names = NULL;
    store.count = sd_listen_fds_with_names(1, &store.names);
    if (store.count < 0) {
        KD_WARN("what systemd handed over cannot be read: %s", strerror(-store.count));
        store.count = 0;
    }
    store.is_read = true;
}

static bool is_ours(const char *name)
{
    return strcmp(name, KD_FDSTORE_GUARD) == 0 || strcmp(name, KD_FDSTORE_CARD) == 0;
}

/* name NULL: a socket */
static int take(const char *name)
{
    if (!store.is_read)
        kd_fdstore_init();
    for (int i = 0; i < store.count; i++) {
        if (!store.names[i] || (name ? strcmp(store.names[i], name) != 0 : is_ours(store.names[i])))
            continue;
        free(store.names[i]);
        store.names[i] = NULL;
        return SD_LISTEN_FDS_START + i;
    }
    return -1;
}

int kd_fdstore_take(const char *name)
{
    return take(name);
}

int kd_fdstore_take_socket(void)
{
    return take(NULL);
}

void kd_fdstore_keep(int fd, const char *name)
{
    char message[64];
    int result;

    snprintf(message, sizeof(message), "FDSTORE=1\nFDNAME=%s", name);
    result = sd_pid_notify_with_fds(0, 0, message, &fd, 1);
    if (result < 0)
        KD_WARN("systemd cannot be asked to keep the fd \"%s\": %s", name, strerror(-result));
}

void kd_fdstore_forget(const char *name)
{
    sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=%s", name);
}
