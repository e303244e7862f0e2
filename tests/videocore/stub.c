/* What a program sees of /dev/dri: opening nodes, asking what they are, and the calls that both drivers share. */
/* open() and open64() are both defined here, and neither may be an inline function. */
#undef _FILE_OFFSET_BITS
#undef _FORTIFY_SOURCE
#include <EGL/egl.h>
#include <GLES2/gl2.h>
#include <dlfcn.h>
#include <drm/drm.h>
#include <drm/drm_mode.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <xf86drm.h>

#include "stub.h"

#define NODES_MAX 3
#define DRM_MAJOR 226

/* What is in /dev/dri of which machine; a v3d's primary node shows nothing. */
static const struct machine {
    const char *name;
    int version;
    struct node nodes[NODES_MAX];
} machines[] = {
    {"pi3",
     21,
     {{"/dev/dri/card0", CHIP_VC4, true, 0, 0, -1, NULL},
      {"/dev/dri/renderD128", CHIP_VC4, false, 0, 128, -1, NULL}}},
    {"pi4",
     42,
     {{"/dev/dri/card0", CHIP_V3D, true, 0, 0, -1, NULL},
      {"/dev/dri/renderD128", CHIP_V3D, false, 0, 128, -1, NULL},
      {"/dev/dri/card1", CHIP_DISPLAY, true, 1, 1, -1, NULL}}},
    {"pi5",
     71,
     {{"/dev/dri/card0", CHIP_V3D, true, 0, 0, -1, NULL},
      {"/dev/dri/renderD128", CHIP_V3D, false, 0, 128, -1, NULL},
      {"/dev/dri/card1", CHIP_DISPLAY, true, 1, 1, -1, NULL}}},
    /* The driver of the 3D part is not loaded. */
    {"display-only", 0, {{"/dev/dri/card0", CHIP_DISPLAY, true, 0, 0, -1, NULL}}},
};

int stub_version;
static struct node nodes[NODES_MAX];

static void init(void)
{
    const char *name = getenv("VIDEOCORE_MACHINE");

    if (nodes[0].path)
        return;
    for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
        if (name && strcmp(machines[i].name, name) == 0) {
            memcpy(nodes, machines[i].nodes, sizeof(nodes));
            stub_version = machines[i].version;
            return;
        }
    fprintf(stderr, "videocore stub: VIDEOCORE_MACHINE is not one that is known\n");
    abort();
}

/* VIDEOCORE_FAULTS="submit:3,import": the third submission and all after it fail, and every import. */
bool stub_fault(const char *name)
{
    static struct {
        char name[32];
        long calls;
    } counted[8];
    const char *faults = getenv("VIDEOCORE_FAULTS");
    const char *found = faults ? strstr(faults, name) : NULL;
    long first = 1, calls = 0;

    if (!found)
        return false;
    found += strlen(name);
    if (*found == ':')
        first = strtol(found + 1, NULL, 10);
    for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]) && calls == 0; i++)
        if (counted[i].calls == 0 || strcmp(counted[i].name, name) == 0) {
            snprintf(counted[i].name, sizeof(counted[i].name), "%s", name);
            calls = ++counted[i].calls;
        }
    return calls >= first;
}

/* ---- Files ---- */

static struct node *node_by_path(const char *path)
{
    if (!path || strncmp(path, "/dev/dri/", 9) != 0)
        return NULL;
    init();
    for (size_t i = 0; i < NODES_MAX; i++)
        if (nodes[i].path && strcmp(nodes[i].path, path) == 0)
            return &nodes[i];
    return NULL;
}

static struct node *node_by_fd(int fd)
{
    struct stat given, own;

    if (syscall(SYS_fstat, fd, &given))
        return NULL;
    for (size_t i = 0; i < NODES_MAX; i++)
        if (nodes[i].path && nodes[i].fd >= 0 && syscall(SYS_fstat, nodes[i].fd, &own) == 0 &&
            own.st_ino == given.st_ino && own.st_dev == given.st_dev)
            return &nodes[i];
    return NULL;
}

static int open_node(struct node *node)
{
    if (node->fd < 0)
        node->fd = memfd_create(node->path, MFD_CLOEXEC);
    return fcntl(node->fd, F_DUPFD_CLOEXEC, 3);
}

static int open_any(const char *path, int flags, mode_t mode)
{
    struct node *node = node_by_path(path);

    if (node)
        return open_node(node);
    if (path && strncmp(path, "/dev/dri/", 9) == 0) {
        errno = ENOENT;
        return -1;
    }
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

#define OPEN(name)                             \
    int name(const char *path, int flags, ...) \
    {                                          \
        va_list arguments;                     \
        mode_t mode;                           \
                                               \
        va_start(arguments, flags);            \
        mode = va_arg(arguments, mode_t);      \
        va_end(arguments);                     \
        return open_any(path, flags, mode);    \
    }

OPEN(open)
OPEN(open64)

int fstat(int fd, struct stat *state)
{
    const struct node *node = node_by_fd(fd);
    int result = (int)syscall(SYS_fstat, fd, state);

    if (result == 0 && node) {
        state->st_mode = S_IFCHR | 0660;
        state->st_rdev = makedev(DRM_MAJOR, (unsigned)node->minor);
    }
    return result;
}

int fstat64(int fd, struct stat64 *state)
{
    return fstat(fd, (struct stat *)state);
}

void *mmap(void *address, size_t bytes, int protection, int flags, int fd, off_t offset)
{
    int real = fd >= 0 && node_by_fd(fd) ? stub_memory_fd() : fd;

    return (void *)syscall(SYS_mmap, address, bytes, protection, flags, real, offset);
}

void *mmap64(void *address, size_t bytes, int protection, int flags, int fd, off64_t offset)
{
    return mmap(address, bytes, protection, flags, fd, offset);
}

/* ---- Calls ---- */

static const char *driver_of(const struct node *node)
{
    return node->chip == CHIP_V3D ? "v3d" : "vc4";
}

static void put_text(char *to, size_t *room, const char *text)
{
    if (to && *room >= strlen(text))
        memcpy(to, text, strlen(text));
    *room = strlen(text);
}

static int get_version(const struct node *node, struct drm_version *version)
{
    put_text(version->name, &version->name_len, driver_of(node));
    put_text(version->date, &version->date_len, "0");
    put_text(version->desc, &version->desc_len, "stub");
    version->version_major = node->chip == CHIP_V3D;
    version->version_minor = 0;
    version->version_patchlevel = 0;
    return 0;
}

static int get_cap(const struct node *node, struct drm_get_cap *cap)
{
    bool shows = node->is_primary && node->chip != CHIP_V3D;

    cap->value = 0;
    if (cap->capability == DRM_CAP_PRIME)
        cap->value = DRM_PRIME_CAP_IMPORT | DRM_PRIME_CAP_EXPORT;
    else if (cap->capability == DRM_CAP_SYNCOBJ || cap->capability == DRM_CAP_SYNCOBJ_TIMELINE)
        cap->value = node->chip != CHIP_DISPLAY && !stub_fault("no-syncobj");
    else if (cap->capability == DRM_CAP_DUMB_BUFFER || cap->capability == DRM_CAP_ADDFB2_MODIFIERS)
        cap->value = shows;
    return 0;
}

static int create_dumb(struct node *node, struct drm_mode_create_dumb *dumb)
{
    if (!node->is_primary || node->chip == CHIP_V3D)
        return EOPNOTSUPP;
    dumb->pitch = (dumb->width * ((dumb->bpp + 7) / 8) + 63) & ~63u;
    dumb->size = (uint64_t)dumb->pitch * dumb->height;
    dumb->handle = stub_create(node, dumb->size);
    stub_tell("\"dumb\": [%u, %u], \"pitch\": %u", dumb->width, dumb->height, dumb->pitch);
    return 0;
}

static int prime(struct node *node, struct drm_prime_handle *prime, bool is_import)
{
    int fd = -1, error;

    if (is_import)
        return stub_fault("import") ? EINVAL : stub_import(node, prime->fd, &prime->handle);
    error = stub_export(node, prime->handle, &fd);
    prime->fd = fd;
    return error;
}

/* Objects to wait for: everything is done at once. */
static int sync_object(unsigned nr, void *arg)
{
    static uint32_t last;

    if (nr == 0xBF)
        ((struct drm_syncobj_create *)arg)->handle = ++last;
    else if (nr == 0xC1)
        ((struct drm_syncobj_handle *)arg)->fd = memfd_create("videocore-sync", MFD_CLOEXEC);
    else if (nr == 0xC2)
        ((struct drm_syncobj_handle *)arg)->handle = ++last;
    return 0;
}

static int map_dumb(struct node *node, struct drm_mode_map_dumb *map)
{
    const struct object *object = stub_object(node, map->handle);

    map->offset = object ? object->address : 0;
    return object ? 0 : ENOENT;
}

static int call(struct node *node, unsigned nr, void *arg)
{
    switch (nr) {
    case 0x00: return get_version(node, arg);
    case 0x09: return stub_close(node, ((struct drm_gem_close *)arg)->handle);
    case 0x0C: return get_cap(node, arg);
    case 0x0D: /* what the client can do */ return 0;
    case 0x2D:
    case 0x2E: return prime(node, arg, nr == 0x2E);
    case 0xB2: return create_dumb(node, arg);
    case 0xB3: return map_dumb(node, arg);
    case 0xB4: return stub_close(node, ((struct drm_mode_destroy_dumb *)arg)->handle);
    case 0xBF:
    case 0xC0:
    case 0xC1:
    case 0xC2:
    case 0xC3:
    case 0xC4:
    case 0xC5:
    case 0xCA:
    case 0xCB:
    case 0xCC:
    case 0xCD: return sync_object(nr, arg);
    default: break;
    }
    if (nr < DRM_COMMAND_BASE || nr >= DRM_COMMAND_END || node->chip == CHIP_DISPLAY)
        return EINVAL;
    return (node->chip == CHIP_VC4 ? vc4_ioctl : v3d_ioctl)(node, nr - DRM_COMMAND_BASE, arg);
}

int ioctl(int fd, unsigned long request, ...)
{
    struct node *node = node_by_fd(fd);
    va_list arguments;
    void *arg;
    int error;

    va_start(arguments, request);
    arg = va_arg(arguments, void *);
    va_end(arguments);
    if (!node)
        return (int)syscall(SYS_ioctl, fd, request, arg);
    error = call(node, request & 0xFF, arg);
    if (error == 0)
        return 0;
    errno = error;
    return -1;
}

/* ---- What libdrm would find out from /sys ---- */

struct device {
    drmDevice device;
    char *nodes[DRM_NODE_MAX];
    char paths[DRM_NODE_MAX][64];
    drmPlatformBusInfo bus;
    drmPlatformDeviceInfo info;
    char *compatible[2];
};

static drmDevicePtr make_device(int number)
{
    static char name[] = "brcm,videocore";
    struct device *made = calloc(1, sizeof(*made));

    if (!made)
        abort();
    made->device.nodes = made->nodes;
    for (size_t i = 0; i < NODES_MAX; i++)
        if (nodes[i].path && nodes[i].device == number) {
            int type = nodes[i].is_primary ? DRM_NODE_PRIMARY : DRM_NODE_RENDER;

            snprintf(made->paths[type], sizeof(made->paths[type]), "%s", nodes[i].path);
            made->device.available_nodes |= 1 << type;
        }
    for (int type = 0; type < DRM_NODE_MAX; type++)
        made->nodes[type] = made->paths[type];
    made->device.bustype = DRM_BUS_PLATFORM;
    made->device.businfo.platform = &made->bus;
    made->device.deviceinfo.platform = &made->info;
    snprintf(made->bus.fullname, sizeof(made->bus.fullname), "/soc/gpu@%d", number);
    made->compatible[0] = name;
    made->info.compatible = made->compatible;
    return &made->device;
}

int drmGetDevice2(int fd, uint32_t flags, drmDevicePtr *device)
{
    const struct node *node = node_by_fd(fd);

    (void)flags;
    if (!node)
        return -ENODEV;
    *device = make_device(node->device);
    return 0;
}

int drmGetDevice(int fd, drmDevicePtr *device)
{
    return drmGetDevice2(fd, 0, device);
}

int drmGetDevices2(uint32_t flags, drmDevicePtr devices[], int max)
{
    int count = 0;

    (void)flags;
    init();
    for (size_t i = 0; i < NODES_MAX; i++)
        if (nodes[i].path && nodes[i].device == count) {
            if (devices && count < max)
                devices[count] = make_device(count);
            count++;
        }
    return count;
}

int drmGetDevices(drmDevicePtr devices[], int max)
{
    return drmGetDevices2(0, devices, max);
}

int drmGetDeviceFromDevId(dev_t id, uint32_t flags, drmDevicePtr *device)
{
    (void)flags;
    init();
    for (size_t i = 0; i < NODES_MAX; i++)
        if (nodes[i].path && (unsigned)nodes[i].minor == minor(id)) {
            *device = make_device(nodes[i].device);
            return 0;
        }
    return -ENODEV;
}

void drmFreeDevice(drmDevicePtr *device)
{
    if (device) {
        free(*device);
        *device = NULL;
    }
}

void drmFreeDevices(drmDevicePtr devices[], int count)
{
    for (int i = 0; i < count; i++)
        drmFreeDevice(&devices[i]);
}

int drmDevicesEqual(drmDevicePtr a, drmDevicePtr b)
{
    return a && b && strcmp(a->businfo.platform->fullname, b->businfo.platform->fullname) == 0;
}

int drmGetNodeTypeFromFd(int fd)
{
    const struct node *node = node_by_fd(fd);

    return !node ? -1 : node->is_primary ? DRM_NODE_PRIMARY : DRM_NODE_RENDER;
}

static char *name_of(int fd, bool wants_render)
{
    const struct node *node = node_by_fd(fd);

    for (size_t i = 0; node && i < NODES_MAX; i++)
        if (nodes[i].path && nodes[i].device == node->device &&
            (wants_render ? !nodes[i].is_primary : &nodes[i] == node))
            return strdup(nodes[i].path);
    return NULL;
}

char *drmGetRenderDeviceNameFromFd(int fd)
{
    return name_of(fd, true);
}

char *drmGetDeviceNameFromFd2(int fd)
{
    return name_of(fd, false);
}

/* ---- Extensions ---- */

/* The list without those that VIDEOCORE_HIDE names. */
static const char *without_hidden(const char *list)
{
    static char kept[2][16384];
    static int next;
    const char *hidden = getenv("VIDEOCORE_HIDE");
    char *to = kept[next ^= 1], *state = NULL, *copy;

    if (!list || !hidden)
        return list;
    copy = strdup(list);
    *to = '\0';
    for (char *word = strtok_r(copy, " ", &state); word; word = strtok_r(NULL, " ", &state)) {
        const char *found = strstr(hidden, word);
        char end = found ? found[strlen(word)] : 'x';

        if (end != '\0' && end != ' ')
            snprintf(to + strlen(to), sizeof(kept[0]) - strlen(to), "%s ", word);
    }
    free(copy);
    return to;
}

const char *eglQueryString(EGLDisplay display, EGLint name)
{
    const char *(*real)(EGLDisplay, EGLint) =
        (const char *(*)(EGLDisplay, EGLint))dlsym(RTLD_NEXT, "eglQueryString");
    const char *text = real(display, name);

    return name == EGL_EXTENSIONS ? without_hidden(text) : text;
}

const GLubyte *glGetString(GLenum name)
{
    const GLubyte *(*real)(GLenum) = (const GLubyte *(*)(GLenum))dlsym(RTLD_NEXT, "glGetString");
    const GLubyte *text = real(name);

    return name == GL_EXTENSIONS ? (const GLubyte *)without_hidden((const char *)text) : text;
}

/* ---- For the program itself ---- */

/* What follows among the facts belongs to a frame, of which so many tiles are to be drawn anew; an empty name: to none. */
void videocore_frame(const char *name, unsigned tiles)
{
    stub_tell("\"frame\": \"%s\", \"tiles\": %u", name, tiles);
}
