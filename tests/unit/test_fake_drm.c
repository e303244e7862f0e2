/*
 * The scripted libdrm itself: that it refuses what a kernel refuses, and shows what was committed.
 */
#include "tests/fakes/fake_drm.h"

#include <check.h>
#include <drm_fourcc.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#define MODESET (DRM_MODE_ATOMIC_ALLOW_MODESET)
#define FLIP    (DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_PAGE_FLIP_EVENT)
#define TEST    DRM_MODE_ATOMIC_TEST_ONLY

struct picture {
    uint32_t handle, fb, width, height, pitch;
    uint64_t size;
    uint32_t *pixels;
};

static struct fake_card *card;
static int fd;
static drmModeAtomicReq *request;

static void begin(const char *script)
{
    fake_drm("%s", script);
    fake_drm("flips manual");
    card = fake_drm_card("card0");
    fd = open(fake_drm_path(card), O_RDWR | O_CLOEXEC | O_NONBLOCK);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(drmSetClientCap(fd, DRM_CLIENT_CAP_ATOMIC, 1), 0);
    request = drmModeAtomicAlloc();
}

static void end(void)
{
    struct fake_counts counts;

    drmModeAtomicFree(request);
    close(fd);
    counts = fake_drm_counts(card);
    ck_assert_uint_eq(counts.files + counts.framebuffers + counts.dumb_buffers + counts.blobs, 0);
    ck_assert_uint_eq(counts.maps, 0);
    fake_drm_reset();
}

static void add(uint32_t object, const char *property, int64_t value)
{
    uint32_t id = fake_drm_property_id(card, object, property);

    ck_assert_msg(id != 0, "object %u has no %s", object, property);
    drmModeAtomicAddProperty(request, object, id, (uint64_t)value);
}

static int commit(uint32_t flags)
{
    int result = drmModeAtomicCommit(fd, request, flags, (void *)42);

    drmModeAtomicSetCursor(request, 0);
    return result;
}

static struct picture picture(uint32_t width, uint32_t height, uint32_t format)
{
    struct picture p = {.width = width, .height = height};
    uint32_t handles[4] = {0}, pitches[4] = {0}, offsets[4] = {0};
    uint32_t bpp = format == DRM_FORMAT_RGB565 ? 16 : 32;
    uint64_t offset;

    ck_assert_int_eq(
        drmModeCreateDumbBuffer(fd, width, height, bpp, 0, &p.handle, &p.pitch, &p.size), 0);
    handles[0] = p.handle;
    pitches[0] = p.pitch;
    ck_assert_int_eq(drmModeAddFB2(fd, width, height, format, handles, pitches, offsets, &p.fb, 0),
                     0);
    ck_assert_int_eq(drmModeMapDumbBuffer(fd, p.handle, &offset), 0);
    p.pixels = mmap(NULL, p.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset);
    ck_assert(p.pixels != MAP_FAILED);
    return p;
}

static void drop(struct picture *p)
{
    munmap(p->pixels, p->size);
    ck_assert_int_eq(drmModeRmFB(fd, p->fb), 0);
    ck_assert_int_eq(drmModeDestroyDumbBuffer(fd, p->handle), 0);
}

static void add_plane(unsigned plane, uint32_t fb, int w, int h, int x, int y, int to_w, int to_h)
{
    uint32_t id = fake_drm_plane_id(card, plane);

    add(id, "FB_ID", fb);
    add(id, "CRTC_ID", fb ? fake_drm_crtc_id(card, 0) : 0);
    add(id, "SRC_X", 0);
    add(id, "SRC_Y", 0);
    add(id, "SRC_W", (int64_t)w << 16);
    add(id, "SRC_H", (int64_t)h << 16);
    add(id, "CRTC_X", x);
    add(id, "CRTC_Y", y);
    add(id, "CRTC_W", to_w);
    add(id, "CRTC_H", to_h);
}

static uint32_t mode_blob(const char *connector)
{
    drmModeConnector *c = drmModeGetConnector(fd, fake_drm_connector_id(card, connector));
    uint32_t blob;

    ck_assert_int_gt(c->count_modes, 0);
    ck_assert_int_eq(drmModeCreatePropertyBlob(fd, &c->modes[0], sizeof(c->modes[0]), &blob), 0);
    drmModeFreeConnector(c);
    return blob;
}

static void add_modeset(const char *connector, uint32_t blob)
{
    uint32_t crtc = fake_drm_crtc_id(card, 0);

    add(crtc, "ACTIVE", blob != 0);
    add(crtc, "MODE_ID", blob);
    add(fake_drm_connector_id(card, connector), "CRTC_ID", blob ? crtc : 0);
}

/* Switches the display on with a picture of its size. */
static struct picture light_up(const char *connector, uint32_t width, uint32_t height,
                               uint32_t format)
{
    uint32_t blob = mode_blob(connector);
    struct picture p = picture(width, height, format);

    add_modeset(connector, blob);
    add_plane(0, p.fb, (int)width, (int)height, 0, 0, (int)width, (int)height);
    ck_assert_int_eq(commit(MODESET), 0);
    ck_assert_int_eq(drmModeDestroyPropertyBlob(fd, blob), 0);
    return p;
}

static int flips_seen;
static unsigned last_sequence;

static void on_flip(int from, unsigned sequence, unsigned s, unsigned us, unsigned crtc, void *data)
{
    ck_assert_int_eq(from, fd);
    ck_assert_uint_eq(crtc, fake_drm_crtc_id(card, 0));
    ck_assert_ptr_eq(data, (void *)42);
    ck_assert_uint_eq(s * 1000000u + us, 7000003);
    last_sequence = sequence;
    flips_seen++;
}

static int handle(void)
{
    drmEventContext context = {.version = 3, .page_flip_handler2 = on_flip};
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    flips_seen = 0;
    if (poll(&ready, 1, 0) == 1)
        ck_assert_int_eq(drmHandleEvent(fd, &context), 0);
    return flips_seen;
}

START_TEST(it_refuses_what_a_kernel_refuses)
{
    struct picture p, small;
    uint32_t blob;

    begin("preset pi4 card0");
    blob = mode_blob("HDMI-A-1");
    p = picture(1920, 1080, DRM_FORMAT_XRGB8888);
    small = picture(16, 16, DRM_FORMAT_ARGB8888);

    add(fake_drm_crtc_id(card, 0), "ACTIVE", 1);
    ck_assert_int_eq(commit(MODESET | TEST), -EINVAL); /* no mode */
    add(fake_drm_crtc_id(card, 0), "ACTIVE", 1);
    add(fake_drm_crtc_id(card, 0), "MODE_ID", blob);
    ck_assert_int_eq(commit(MODESET | TEST), -EINVAL); /* no connector */
    add_modeset("HDMI-A-1", blob);
    ck_assert_int_eq(commit(TEST), -EINVAL); /* not allowed */
    add_modeset("HDMI-A-1", blob);
    ck_assert_int_eq(commit(MODESET | TEST | DRM_MODE_PAGE_FLIP_EVENT), -EINVAL);
    add_modeset("HDMI-A-1", blob);
    ck_assert_int_eq(commit(MODESET | TEST), 0);
    ck_assert_uint_eq(fake_drm_commit(card, -1)->crtcs[0].refresh_mhz, 60000);
    ck_assert_uint_eq(fake_drm_counts(card).commits, 0);
    add_modeset("HDMI-A-1", blob);
    add_plane(0, p.fb, 1920, 1080, 0, 0, 1920, 1080);
    ck_assert_int_eq(commit(MODESET), 0);

    add_plane(1, p.fb, 1920, 1080, 0, 0, 1920, 1080);
    ck_assert_int_eq(commit(TEST), -EINVAL); /* a plane of the other CRTC */
    add_plane(2, p.fb, 1921, 1080, 0, 0, 1920, 1080);
    ck_assert_int_eq(commit(TEST), -ENOSPC); /* outside of the framebuffer */
    add_plane(2, p.fb, 10, 10, 0, 0, 1920, 1080);
    ck_assert_int_eq(commit(TEST), -ERANGE); /* larger than it scales */
    add_plane(2, 9999, 10, 10, 0, 0, 10, 10);
    ck_assert_int_eq(commit(TEST), -EINVAL);
    add_plane(2, p.fb, 100, 100, 0, 0, 100, 100);
    add(fake_drm_plane_id(card, 2), "rotation", DRM_MODE_ROTATE_90);
    ck_assert_int_eq(commit(TEST), -EINVAL);
    add_plane(2, p.fb, 100, 100, -50, -50, 100, 100);
    add(fake_drm_plane_id(card, 2), "rotation", DRM_MODE_ROTATE_180 | DRM_MODE_REFLECT_X);
    add(fake_drm_plane_id(card, 2), "zpos", 3);
    ck_assert_int_eq(commit(TEST), 0);
    add(fake_drm_plane_id(card, 0), "zpos", 1);
    ck_assert_int_eq(commit(TEST), -EINVAL); /* immutable */
    add(fake_drm_plane_id(card, 2), "FB_ID", p.fb);
    ck_assert_int_eq(commit(TEST), -EINVAL); /* without a CRTC */
    add_plane(6, small.fb, 16, 16, 5, 5, 65, 65);
    ck_assert_int_eq(commit(TEST), -EINVAL); /* no cursor that large */
    drmModeAtomicAddProperty(request, 4711, 1001, 0);
    ck_assert_int_eq(commit(TEST), -ENOENT);
    drmModeAtomicAddProperty(request, fake_drm_crtc_id(card, 0),
                             fake_drm_property_id(card, fake_drm_plane_id(card, 0), "FB_ID"), 0);
    ck_assert_int_eq(commit(TEST), -ENOENT); /* not a CRTC's */
    ck_assert_int_eq(drmModeDestroyPropertyBlob(fd, 1), -ENOENT);

    ck_assert_int_eq(drmModeDestroyPropertyBlob(fd, blob), 0);
    drop(&small);
    drop(&p);
    ck_assert_uint_eq(fake_drm_counts(card).removed_while_shown, 1);
    end();
}
END_TEST

START_TEST(a_flip_comes_at_the_refresh)
{
    struct picture a, b;

    begin("preset bare card0");
    fake_drm("plug HDMI-A-1 64x48@60");
    a = light_up("HDMI-A-1", 64, 48, DRM_FORMAT_XRGB8888);
    b = picture(64, 48, DRM_FORMAT_XRGB8888);
    ck_assert_int_eq(handle(), 0);
    add(fake_drm_plane_id(card, 0), "FB_ID", b.fb);
    ck_assert_int_eq(commit(FLIP), 0);
    ck_assert(fake_drm_pending(card, 0));
    ck_assert_int_eq(handle(), 0);
    add(fake_drm_plane_id(card, 0), "FB_ID", a.fb);
    ck_assert_int_eq(commit(FLIP), -EBUSY);
    fake_drm_vblank(card, 0, 7000003 * INT64_C(1000) + 12);
    ck_assert_int_eq(handle(), 1);
    ck_assert_uint_eq(last_sequence, 1);
    ck_assert_int_eq(handle(), 0);
    b.pixels[0] = 1; /* on the screen: that is seen when it goes */
    add(fake_drm_plane_id(card, 0), "FB_ID", a.fb);
    ck_assert_int_eq(commit(FLIP), 0);
    fake_drm_vblank(card, 0, 7000003 * INT64_C(1000));
    ck_assert_int_eq(handle(), 1);
    ck_assert_uint_eq(fake_drm_counts(card).written_while_shown, 1);
    drop(&a);
    drop(&b);
    end();
}
END_TEST

START_TEST(what_a_script_does_to_flips)
{
    struct picture a;

    begin("preset bare card0");
    fake_drm("plug HDMI-A-1 64x48@60");
    a = light_up("HDMI-A-1", 64, 48, DRM_FORMAT_XRGB8888);
    for (int n = 0; n < 4; n++) {
        static const char *const policies[] = {"lost", "twice", "held", "never"};
        static const int events[] = {0, 2, 0, 0};

        fake_drm("flip %s", policies[n]);
        add(fake_drm_plane_id(card, 0), "FB_ID", a.fb);
        ck_assert_int_eq(commit(FLIP), 0);
        fake_drm_vblank(card, 0, 7000003 * INT64_C(1000));
        ck_assert_int_eq(handle(), events[n]);
        ck_assert_int_eq(fake_drm_pending(card, 0), n == 3);
    }
    fake_drm_vblank(card, 0, 7000003 * INT64_C(1000));
    add(fake_drm_plane_id(card, 0), "FB_ID", a.fb);
    ck_assert_int_eq(commit(FLIP), -EBUSY);
    add(fake_drm_plane_id(card, 0), "FB_ID", a.fb);
    ck_assert_int_eq(commit(0), 0); /* waits for it */
    fake_drm("fail commit 2 ENOSPC");
    for (int n = 0; n < 3; n++) {
        add(fake_drm_plane_id(card, 0), "FB_ID", a.fb);
        ck_assert_int_eq(commit(0), n == 1 ? -ENOSPC : 0);
    }
    fake_drm("master Xorg");
    add(fake_drm_plane_id(card, 0), "FB_ID", a.fb);
    ck_assert_int_eq(commit(TEST), -EACCES);
    fake_drm("master none");
    fake_drm("gone");
    add(fake_drm_plane_id(card, 0), "FB_ID", a.fb);
    ck_assert_int_eq(commit(TEST), -ENODEV);
    ck_assert_ptr_null(drmModeGetResources(fd));
    munmap(a.pixels, a.size);
    end();
}
END_TEST

/* Every pixel of a turned, reflected, scaled plane, against the words of the kernel's documentation: reflected first, then turned counter-clockwise. */
START_TEST(the_screen_shows_planes_turned)
{
    static const uint32_t turns[] = {DRM_MODE_ROTATE_0, DRM_MODE_ROTATE_90, DRM_MODE_ROTATE_180,
                                     DRM_MODE_ROTATE_270};
    struct picture under, over;
    uint32_t *screen;
    int32_t width, height;

    begin("card card0");
    fake_drm("crtcs 1");
    fake_drm("plane primary");
    fake_drm("plane overlay rotate=90,180,270,x,y scale=1-4 zpos=1");
    fake_drm("connector DSI-1 20x20@60");
    under = light_up("DSI-1", 20, 20, DRM_FORMAT_XRGB8888);
    over = picture(4, 2, DRM_FORMAT_XRGB8888);
    for (uint32_t n = 0; n < 8; n++)
        over.pixels[n / 4 * over.pitch / 4 + n % 4] = 0xff000010 + n;
    for (unsigned n = 0; n < 16; n++) {
        int turn = n & 3, w = turn & 1 ? 2 : 4, h = 6 - w;
        uint32_t grid[4][4] = {0}, turned[4][4] = {0};

        for (int y = 0; y < 2; y++)
            for (int x = 0; x < 4; x++)
                grid[n & 8 ? 1 - y : y][n & 4 ? 3 - x : x] = 0xff000010 + (uint32_t)(y * 4 + x);
        for (int y = 0; y < 2; y++)
            for (int x = 0; x < 4; x++) {
                const int to[4][2] = {{x, y}, {y, 3 - x}, {3 - x, 1 - y}, {1 - y, x}};

                turned[to[turn][1]][to[turn][0]] = grid[y][x];
            }
        add_plane(1, over.fb, 4, 2, 3, 5, w * 2, h * 2);
        add(fake_drm_plane_id(card, 1), "rotation",
            turns[turn] | (n & 4 ? DRM_MODE_REFLECT_X : 0) | (n & 8 ? DRM_MODE_REFLECT_Y : 0));
        ck_assert_int_eq(commit(0), 0);
        screen = fake_drm_screen(card, 0, &width, &height);
        ck_assert_int_eq(width, 20);
        for (int y = 0; y < h * 2; y++)
            for (int x = 0; x < w * 2; x++)
                ck_assert_uint_eq(screen[(5 + y) * 20 + 3 + x], turned[y / 2][x / 2]);
        ck_assert_uint_eq(screen[0], 0xff000000);
        free(screen);
    }
    add_plane(1, 0, 0, 0, 0, 0, 0, 0);
    ck_assert_int_eq(commit(0), 0);
    drop(&over);
    drop(&under);
    end();
}
END_TEST

START_TEST(a_panel_shows_what_it_was_told)
{
    struct drm_mode_rect clip = {8, 8, 16, 16}, outside = {0, 0, 321, 1};
    struct drm_clip_rect dirty = {0, 0, 4, 4};
    struct picture a, b;
    uint32_t *screen, blob;
    int32_t width, height;

    begin("preset spi card0");
    a = light_up("SPI-1", 320, 240, DRM_FORMAT_RGB565);
    b = picture(320, 240, DRM_FORMAT_RGB565);
    memset(b.pixels, 0xff, b.size);
    drmModeCreatePropertyBlob(fd, &outside, sizeof(outside), &blob);
    add(fake_drm_plane_id(card, 0), "FB_ID", b.fb);
    add(fake_drm_plane_id(card, 0), "FB_DAMAGE_CLIPS", blob);
    ck_assert_int_eq(commit(0), -EINVAL);
    drmModeDestroyPropertyBlob(fd, blob);
    drmModeCreatePropertyBlob(fd, &clip, sizeof(clip), &blob);
    add(fake_drm_plane_id(card, 0), "FB_ID", b.fb);
    add(fake_drm_plane_id(card, 0), "FB_DAMAGE_CLIPS", blob);
    ck_assert_int_eq(commit(0), 0);
    drmModeDestroyPropertyBlob(fd, blob);
    ck_assert_uint_eq(fake_drm_commit(card, -1)->planes[0].clips_count, 1);
    ck_assert_int_eq(fake_drm_commit(card, -1)->planes[0].clips[0].x2, 16);
    ck_assert_uint_eq(fake_drm_counts(card).lies, 1);
    ck_assert_int_eq(drmModeDirtyFB(fd, b.fb, &dirty, 1), 0);
    screen = fake_drm_screen(card, 0, &width, &height);
    for (int n = 0; n < 320 * 240; n++) {
        int x = n % 320, y = n / 320;
        bool told = (x >= 8 && x < 16 && y >= 8 && y < 16) || (x < 4 && y < 4);

        ck_assert_uint_eq(screen[n], told ? 0xffffffff : 0xff000000);
    }
    free(screen);
    drop(&a);
    drop(&b);
    end();
}
END_TEST

START_TEST(what_is_there_is_listed)
{
    drmDevice *devices[4];
    drmModeRes *res;
    drmModeConnector *connector;
    uint64_t value;

    begin("preset pi5 card0 path=");
    fake_drm("preset render card1");
    ck_assert_int_eq(drmGetDevices2(0, devices, 4), 2);
    ck_assert_str_eq(devices[0]->nodes[DRM_NODE_PRIMARY], fake_drm_path(card));
    drmFreeDevices(devices, 2);
    res = drmModeGetResources(fd);
    ck_assert_int_eq(res->count_crtcs, 3);
    ck_assert_int_eq(res->count_connectors, 3);
    connector = drmModeGetConnector(fd, res->connectors[0]);
    ck_assert_str_eq(drmModeGetConnectorTypeName(connector->connector_type), "HDMI-A");
    ck_assert_int_eq(connector->connection, DRM_MODE_CONNECTED);
    ck_assert_int_eq(connector->count_modes, 3);
    drmModeFreeConnector(connector);
    fake_drm("use card0");
    fake_drm("unplug HDMI-A-1");
    connector = drmModeGetConnector(fd, res->connectors[0]);
    ck_assert_int_eq(connector->connection, DRM_MODE_DISCONNECTED);
    drmModeFreeConnector(connector);
    drmModeFreeResources(res);
    ck_assert_int_eq(drmGetCap(fd, DRM_CAP_DUMB_BUFFER, &value), 0);
    ck_assert_uint_eq(value, 1);
    ck_assert_int_eq(drmGetCap(-1, DRM_CAP_DUMB_BUFFER, &value), -1);
    end();
}
END_TEST

Suite *fake_drm_suite(void);
Suite *fake_drm_suite(void)
{
    Suite *suite = suite_create("fake_drm");
    TCase *tests = tcase_create("fake_drm");

    tcase_set_timeout(tests, 0);
    tcase_add_test(tests, it_refuses_what_a_kernel_refuses);
    tcase_add_test(tests, a_flip_comes_at_the_refresh);
    tcase_add_test(tests, what_a_script_does_to_flips);
    tcase_add_test(tests, the_screen_shows_planes_turned);
    tcase_add_test(tests, a_panel_shows_what_it_was_told);
    tcase_add_test(tests, what_is_there_is_listed);
    suite_add_tcase(suite, tests);
    return suite;
}
