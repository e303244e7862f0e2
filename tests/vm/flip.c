/*
 * flip CARD FRAMES: page flips and nothing else, the reference for what a display can do in this
 * machine. Prints one line of JSON: the mode, the rate, refreshes that were missed, and how evenly
 * the flips came.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <xf86drm.h>
#include <xf86drmMode.h>

/* Only against a driver that never answers. */
#define HANG_MS 60000

struct flips {
    int count;
    bool done;
    int64_t first_ns, last_ns; /* when this program heard of them */
    int64_t longest_ns;
    double squares; /* of the intervals in ms */
    unsigned last_sequence;
    unsigned refreshes; /* from the first flip to the last one, by the sequence */
    unsigned missed;
};

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void fail(const char *what)
{
    fprintf(stderr, "flip: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void flipped(int fd, unsigned sequence, unsigned seconds, unsigned microseconds, void *data)
{
    struct flips *flips = data;
    int64_t now = now_ns();

    (void)fd, (void)seconds, (void)microseconds;
    if (flips->count == 0) {
        flips->first_ns = now;
    } else {
        int64_t interval = now - flips->last_ns;
        unsigned refreshes = sequence - flips->last_sequence;

        flips->squares += (double)interval * (double)interval * 1e-12;
        flips->longest_ns = interval > flips->longest_ns ? interval : flips->longest_ns;
        flips->refreshes += refreshes;
        flips->missed += refreshes > 1 ? refreshes - 1 : 0;
    }
    flips->last_ns = now;
    flips->last_sequence = sequence;
    flips->count++;
    flips->done = true;
}

/* The first connector that is connected; never returns NULL. */
static drmModeConnector *find_connector(int fd, const drmModeRes *resources)
{
    for (int i = 0; i < resources->count_connectors; i++) {
        drmModeConnector *connector = drmModeGetConnector(fd, resources->connectors[i]);

        if (connector && connector->connection == DRM_MODE_CONNECTED &&
            connector->count_modes > 0 && connector->count_encoders > 0)
            return connector;
        drmModeFreeConnector(connector);
    }
    fprintf(stderr, "flip: no display is connected\n");
    exit(1);
}

static uint32_t find_crtc(int fd, const drmModeRes *resources, const drmModeConnector *connector)
{
    drmModeEncoder *encoder = drmModeGetEncoder(fd, connector->encoders[0]);
    uint32_t crtc = 0;

    if (!encoder)
        fail("encoder");
    for (int i = 0; i < resources->count_crtcs && crtc == 0; i++)
        if (encoder->possible_crtcs & (1u << i))
            crtc = resources->crtcs[i];
    drmModeFreeEncoder(encoder);
    return crtc;
}

/* A framebuffer of one colour; the kernel frees it when this program ends. */
static uint32_t make_framebuffer(int fd, uint32_t width, uint32_t height, int byte)
{
    uint32_t handle, pitch, framebuffer;
    uint64_t size, offset;
    void *pixels;

    if (drmModeCreateDumbBuffer(fd, width, height, 32, 0, &handle, &pitch, &size) != 0)
        fail("create a dumb buffer");
    if (drmModeAddFB(fd, width, height, 24, 32, pitch, handle, &framebuffer) != 0)
        fail("add a framebuffer");
    if (drmModeMapDumbBuffer(fd, handle, &offset) != 0)
        fail("map a dumb buffer");
    pixels = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset);
    if (pixels == MAP_FAILED)
        fail("mmap");
    memset(pixels, byte, size);
    munmap(pixels, size);
    return framebuffer;
}

static void flip(int fd, uint32_t crtc, uint32_t framebuffer, struct flips *flips)
{
    drmEventContext context = {.version = 2, .page_flip_handler = flipped};
    struct pollfd wait = {.fd = fd, .events = POLLIN};

    flips->done = false;
    if (drmModePageFlip(fd, crtc, framebuffer, DRM_MODE_PAGE_FLIP_EVENT, flips) != 0)
        fail("page flip");
    while (!flips->done) {
        if (poll(&wait, 1, HANG_MS) <= 0) {
            fprintf(stderr, "flip: a flip never came\n");
            exit(1);
        }
        drmHandleEvent(fd, &context);
    }
}

static void report(const drmModeModeInfo *mode, const struct flips *flips)
{
    int intervals = flips->count - 1;
    double mean_ms = (double)(flips->last_ns - flips->first_ns) * 1e-6 / intervals;
    double variance = flips->squares / intervals - mean_ms * mean_ms;

    printf("{\"mode\": \"%s\", \"refresh_hz\": %u, \"flips\": %d, \"rate_hz\": %.2f, "
           "\"refreshes\": %u, \"missed\": %u, \"deviation_ms\": %.3f, \"longest_ms\": %.3f}\n",
           mode->name, mode->vrefresh, flips->count, 1000 / mean_ms, flips->refreshes,
           flips->missed, variance > 0 ? sqrt(variance) : 0, (double)flips->longest_ns * 1e-6);
}

int main(int argc, char **argv)
{
    struct flips flips = {0};
    uint32_t framebuffers[2], crtc;
    drmModeConnector *connector;
    drmModeRes *resources;
    drmModeModeInfo mode;
    long frames = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    int fd;

    if (frames < 2 || frames > 1000000) {
        fprintf(stderr, "usage: flip CARD FRAMES (at least 2)\n");
        return 2;
    }
    fd = open(argv[1], O_RDWR | O_CLOEXEC);
    if (fd < 0)
        fail(argv[1]);
    resources = drmModeGetResources(fd);
    if (!resources)
        fail("resources");
    connector = find_connector(fd, resources);
    crtc = find_crtc(fd, resources, connector);
    mode = connector->modes[0];
    for (int i = 0; i < 2; i++)
        framebuffers[i] = make_framebuffer(fd, mode.hdisplay, mode.vdisplay, i ? 0x40 : 0xC0);
    if (drmModeSetCrtc(fd, crtc, framebuffers[0], 0, 0, &connector->connector_id, 1, &mode) != 0)
        fail("set the mode");
    for (long i = 0; i < frames; i++)
        flip(fd, crtc, framebuffers[(i + 1) & 1], &flips);
    report(&mode, &flips);
    drmModeFreeConnector(connector);
    drmModeFreeResources(resources);
    close(fd);
    return 0;
}
