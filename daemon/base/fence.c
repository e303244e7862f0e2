#include "base/fence.h"

#include <errno.h>
#include <linux/sync_file.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Kernels give up a device that hangs sooner. */
#define TIMEOUT_MS 10000

int kd_fence_wait(int fd)
{
    struct pollfd waited = {.fd = fd, .events = POLLIN};
    int result;

    if (fd < 0)
        return 0;
    do {
        result = poll(&waited, 1, TIMEOUT_MS);
    } while (result < 0 && errno == EINTR);
    return result > 0 ? 0 : -ETIMEDOUT;
}

void kd_fence_close(int fd)
{
    if (fd >= 0)
        close(fd);
}

int kd_fence_merge(int a, int b)
{
    struct sync_merge_data merge = {.name = "kmsblit", .fd2 = b};

    if (a < 0 || b < 0)
        return a < 0 ? b : a;
    if (ioctl(a, SYNC_IOC_MERGE, &merge) < 0) {
        kd_fence_wait(a);
        kd_fence_wait(b);
        merge.fence = -1;
    }
    close(a);
    close(b);
    return merge.fence;
}
