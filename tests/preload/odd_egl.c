/*
 * EGL and GLES as they might be elsewhere, made of Mesa's software driver: LD_PRELOAD=odd_egl.so, before fakedrm.so if that is used, too.
 *
 *   ODD_EGL_HIDE="EGL_... GL_..."   extensions that are not there
 *   ODD_EGL_ADD="EGL_... GL_..."    those that are said to be there
 *   ODD_EGL_RENDERER="V3D 4.2"      what GL_RENDERER says
 *   ODD_EGL_RESETS=N                the Nth time that it is asked for, the GPU was reset
 *   ODD_EGL_NO_CONTEXT=1            ... and there is no context after that
 *   ODD_EGL_TEXTURES=N              there is memory for so many textures
 *   ODD_EGL_MODIFIERS="tiled linear"  what can be drawn into, of fake cards
 *   ODD_EGL_IMPORTS="tiled linear none"  ... and what really can; none: without a modifier
 *
 * EGL_ANDROID_native_fence_sync may be added, too. On fake cards (tests/fakes) GBM makes "tiled" buffers, which are linear in truth, and what is drawn into a card's buffer is copied there when the drawing ends.
 */
#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GLES2/gl2.h>
#include <GLES2/gl2ext.h>
#include <dlfcn.h>
#include <drm_fourcc.h>
#include <fcntl.h>
#include <gbm.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include "tests/fakes/fake_shared.h"

#define TILED  DRM_FORMAT_MOD_BROADCOM_VC4_T_TILED
#define IMAGES 32

/* The function of that name that would be called without this library. */
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned statuses;
static bool was_reset;

static bool has_word(const char *words, const char *word, size_t length)
{
    for (const char *at = words; at && (at = strstr(at, word)); at++)
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

static bool says(const char *variable, const char *word)
{
    return has_word(getenv(variable), word, strlen(word));
}

/* ---- Leaks ----------------------------------------------------------------------------------- */

/* What Mesa leaves behind is no leak of ours. Its modules stay loaded, so that the sanitizer can tell whose a leak is. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:_dri.so\nleak:libgallium\nleak:libLLVM\nleak:libEGL_mesa\nleak:libglapi\n";
}

int dlclose(void *module)
{
    (void)module;
    return 0;
}

/* ---- Extensions ------------------------------------------------------------------------------ */

static char *put_word(char *end, const char *word, size_t length)
{
    memcpy(end, word, length);
    end[length] = ' ';
    return end + length + 1;
}

/* Kept for ever: callers keep what they are told. */
static const char *changed(const char *words, const char *prefix)
{
    const char *hidden = getenv("ODD_EGL_HIDE"), *added = getenv("ODD_EGL_ADD");
    char *text = calloc(1, strlen(words) + (added ? strlen(added) : 0) + 3), *end = text;

    for (const char *at = words; *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        char word[128];

        snprintf(word, sizeof(word), "%.*s", (int)length, at);
        if (!hidden || !has_word(hidden, word, strlen(word)))
            end = put_word(end, at, length);
        at += length;
    }
    for (const char *at = added; at && *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");

        if (strncmp(at, prefix, strlen(prefix)) == 0)
            end = put_word(end, at, length);
        at += length;
    }
    return text;
}

const char *eglQueryString(EGLDisplay display, EGLint name)
{
    static const char *extensions;
    const char *text = REAL(eglQueryString)(display, name);

    if (name != EGL_EXTENSIONS || !text || display == EGL_NO_DISPLAY)
        return text;
    pthread_mutex_lock(&lock);
    if (!extensions)
        extensions = changed(text, "EGL_");
    pthread_mutex_unlock(&lock);
    return extensions;
}

const GLubyte *glGetString(GLenum name)
{
    static const char *extensions;
    const char *renderer = getenv("ODD_EGL_RENDERER");
    const GLubyte *text = REAL(glGetString)(name);

    if (name == GL_RENDERER && renderer)
        return (const GLubyte *)renderer;
    if (name != GL_EXTENSIONS || !text)
        return text;
    pthread_mutex_lock(&lock);
    if (!extensions)
        extensions = changed((const char *)text, "GL_");
    pthread_mutex_unlock(&lock);
    return (const GLubyte *)extensions;
}

/* ---- Resets ---------------------------------------------------------------------------------- */

EGLContext eglCreateContext(EGLDisplay display, EGLConfig config, EGLContext share,
                            const EGLint *attributes)
{
    EGLint kept[16];
    int count = 0;

    if (was_reset && getenv("ODD_EGL_NO_CONTEXT"))
        return EGL_NO_CONTEXT;
    for (; attributes && attributes[0] != EGL_NONE && count < 14; attributes += 2) {
        if (attributes[0] == EGL_CONTEXT_OPENGL_RESET_NOTIFICATION_STRATEGY_EXT)
            continue; /* not what the software driver knows */
        kept[count++] = attributes[0];
        kept[count++] = attributes[1];
    }
    kept[count] = EGL_NONE;
    return REAL(eglCreateContext)(display, config, share, kept);
}

static GLenum reset_status(void)
{
    const char *at = getenv("ODD_EGL_RESETS");

    if (!at || ++statuses != (unsigned)strtoul(at, NULL, 10))
        return GL_NO_ERROR;
    was_reset = true;
    return GL_GUILTY_CONTEXT_RESET_EXT;
}

/* ---- Memory ---------------------------------------------------------------------------------- */

static unsigned textures;
static bool is_out_of_memory;

/* Drivers leave a texture as it was, where there is none. */
void glTexImage2D(GLenum target, GLint level, GLint internal, GLsizei width, GLsizei height,
                  GLint border, GLenum format, GLenum type, const void *pixels)
{
    __typeof__(&glTexImage2D) next = REAL(glTexImage2D);
    const char *most = getenv("ODD_EGL_TEXTURES");

    if (most && textures++ >= (unsigned)strtoul(most, NULL, 10))
        is_out_of_memory = true;
    else
        next(target, level, internal, width, height, border, format, type, pixels);
}

GLenum glGetError(void)
{
    GLenum error = is_out_of_memory ? GL_OUT_OF_MEMORY : REAL(glGetError)();

    is_out_of_memory = false;
    return error;
}

/* ---- GBM of fake cards ----------------------------------------------------------------------- */

struct gbm_device {
    int fd;
};

struct gbm_bo {
    int fd;
    uint32_t handle, width, height, stride;
    uint64_t modifier;
};

static bool is_fake(int fd)
{
    struct stat node;

    return fstat(fd, &node) == 0 && S_ISFIFO(node.st_mode);
}

/* Devices of fake cards are known by their address. */
static struct gbm_device devices[64];

static bool is_ours(const struct gbm_device *device)
{
    return device >= devices && device < devices + 64;
}

struct gbm_device *gbm_create_device(int fd)
{
    if (!is_fake(fd))
        return REAL(gbm_create_device)(fd);
    for (int i = 0; i < 64; i++)
        if (devices[i].fd == 0) {
            devices[i].fd = fd;
            return &devices[i];
        }
    return NULL;
}

void gbm_device_destroy(struct gbm_device *device)
{
    if (is_ours(device))
        device->fd = 0;
    else
        REAL(gbm_device_destroy)(device);
}

static struct gbm_bo *make_bo(const struct gbm_device *device, uint32_t width, uint32_t height,
                              uint32_t format, uint64_t modifier)
{
    struct gbm_bo *bo = calloc(1, sizeof(*bo));
    uint64_t size;

    *bo = (struct gbm_bo){.fd = device->fd, .width = width, .height = height, .modifier = modifier};
    if (drmModeCreateDumbBuffer(device->fd, width, height, format == GBM_FORMAT_RGB565 ? 16 : 32, 0,
                                &bo->handle, &bo->stride, &size) == 0)
        return bo;
    free(bo);
    return NULL;
}

struct gbm_bo *gbm_bo_create(struct gbm_device *device, uint32_t width, uint32_t height,
                             uint32_t format, uint32_t flags)
{
    if (!is_ours(device))
        return REAL(gbm_bo_create)(device, width, height, format, flags);
    return NULL; /* so that dumb buffers are seen */
}

struct gbm_bo *gbm_bo_create_with_modifiers2(struct gbm_device *device, uint32_t width,
                                             uint32_t height, uint32_t format,
                                             const uint64_t *modifiers, const unsigned int count,
                                             uint32_t flags)
{
    if (!is_ours(device))
        return REAL(gbm_bo_create_with_modifiers2)(device, width, height, format, modifiers, count,
                                                   flags);
    for (unsigned i = 0; i < count; i++)
        if (modifiers[i] == TILED)
            return make_bo(device, width, height, format, TILED);
    return NULL;
}

/* A bo of ours has a fake card's fd where others have a pointer. */
static bool is_our_bo(const struct gbm_bo *bo)
{
    for (int i = 0; i < 64; i++)
        if (devices[i].fd != 0 && bo->fd == devices[i].fd)
            return true;
    return false;
}

#define FIELD(name, type, value)  \
    type name(struct gbm_bo *bo); \
    type name(struct gbm_bo *bo)  \
    {                             \
        if (is_our_bo(bo))        \
            return value;         \
        return REAL(name)(bo);    \
    }
FIELD(gbm_bo_get_width, uint32_t, bo->width)
FIELD(gbm_bo_get_height, uint32_t, bo->height)
FIELD(gbm_bo_get_stride, uint32_t, bo->stride)
FIELD(gbm_bo_get_handle, union gbm_bo_handle, ((union gbm_bo_handle){.u32 = bo->handle}))
FIELD(gbm_bo_get_modifier, uint64_t, bo->modifier)
FIELD(gbm_bo_get_plane_count, int, 1)

uint32_t gbm_bo_get_offset(struct gbm_bo *bo, int plane)
{
    return is_our_bo(bo) ? 0 : REAL(gbm_bo_get_offset)(bo, plane);
}

int gbm_bo_get_fd(struct gbm_bo *bo)
{
    int fd;

    if (!is_our_bo(bo))
        return REAL(gbm_bo_get_fd)(bo);
    return drmPrimeHandleToFD(bo->fd, bo->handle, DRM_CLOEXEC | DRM_RDWR, &fd) ? -1 : fd;
}

void gbm_bo_destroy(struct gbm_bo *bo)
{
    if (!is_our_bo(bo)) {
        REAL(gbm_bo_destroy)(bo);
        return;
    }
    drmModeDestroyDumbBuffer(bo->fd, bo->handle);
    free(bo);
}

/* ---- Images in fake cards' memory ------------------------------------------------------------ */

struct image {
    struct fake_dmabuf dmabuf; /* bytes NULL: free */
    uint32_t width, height, stride, fourcc;
    GLuint renderbuffer; /* 0: not in use */
};

static struct image images[IMAGES];

static bool is_our_image(const void *image)
{
    return (const struct image *)image >= images && (const struct image *)image < images + IMAGES;
}

static void note_attribute(struct image *image, EGLint name, EGLint value, uint64_t *modifier)
{
    switch (name) {
    case EGL_WIDTH: image->width = (uint32_t)value; break;
    case EGL_HEIGHT: image->height = (uint32_t)value; break;
    case EGL_LINUX_DRM_FOURCC_EXT: image->fourcc = (uint32_t)value; break;
    case EGL_DMA_BUF_PLANE0_PITCH_EXT: image->stride = (uint32_t)value; break;
    case EGL_DMA_BUF_PLANE0_MODIFIER_LO_EXT:
        *modifier = (*modifier & 0xFFFFFFFF00000000) | (uint32_t)value;
        break;
    case EGL_DMA_BUF_PLANE0_MODIFIER_HI_EXT:
        *modifier = (*modifier & 0xFFFFFFFF) | (uint64_t)(uint32_t)value << 32;
        break;
    case EGL_DMA_BUF_PLANE0_FD_EXT:
        if (pread(value, &image->dmabuf, sizeof(image->dmabuf), 0) !=
                (ssize_t)sizeof(image->dmabuf) ||
            image->dmabuf.magic != FAKE_DMABUF_MAGIC)
            image->dmabuf.bytes = NULL;
        break;
    }
}

static EGLImageKHR create_image(EGLDisplay display, EGLContext context, EGLenum target,
                                EGLClientBuffer buffer, const EGLint *attributes)
{
    uint64_t modifier = DRM_FORMAT_MOD_INVALID;
    struct image image = {.width = 0};
    EGLImageKHR result = EGL_NO_IMAGE_KHR;

    for (const EGLint *at = attributes; at && *at != EGL_NONE; at += 2)
        note_attribute(&image, at[0], at[1], &modifier);
    if (!image.dmabuf.bytes)
        return ((PFNEGLCREATEIMAGEKHRPROC)REAL(eglGetProcAddress)("eglCreateImageKHR"))(
            display, context, target, buffer, attributes);
    if (getenv("ODD_EGL_IMPORTS") &&
        !says("ODD_EGL_IMPORTS", modifier == TILED                   ? "tiled"
                                 : modifier == DRM_FORMAT_MOD_LINEAR ? "linear"
                                                                     : "none"))
        return EGL_NO_IMAGE_KHR;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < IMAGES && result == EGL_NO_IMAGE_KHR; i++)
        if (!images[i].dmabuf.bytes) {
            images[i] = image;
            result = &images[i];
        }
    pthread_mutex_unlock(&lock);
    return result;
}

static EGLBoolean destroy_image(EGLDisplay display, EGLImageKHR image)
{
    if (!is_our_image(image))
        return ((PFNEGLDESTROYIMAGEKHRPROC)REAL(eglGetProcAddress)("eglDestroyImageKHR"))(display,
                                                                                          image);
    pthread_mutex_lock(&lock);
    *(struct image *)image = (struct image){.width = 0};
    pthread_mutex_unlock(&lock);
    return EGL_TRUE;
}

static void image_storage(GLenum target, GLeglImageOES image)
{
    struct image *ours = image;
    GLint binding = 0;

    if (!is_our_image(image)) {
        ((PFNGLEGLIMAGETARGETRENDERBUFFERSTORAGEOESPROC)REAL(eglGetProcAddress)(
            "glEGLImageTargetRenderbufferStorageOES"))(target, image);
        return;
    }
    glGetIntegerv(GL_RENDERBUFFER_BINDING, &binding);
    glRenderbufferStorage(target, ours->fourcc == DRM_FORMAT_RGB565 ? GL_RGB565 : GL_RGB8_OES,
                          (GLsizei)ours->width, (GLsizei)ours->height);
    ours->renderbuffer = (GLuint)binding;
}

/* What was drawn, into the card's memory. */
static void copy_out(const struct image *image)
{
    uint8_t *row = malloc((size_t)image->width * 4);

    for (uint32_t y = 0; y < image->height; y++) {
        uint8_t *out = image->dmabuf.bytes + (size_t)y * image->stride;

        glReadPixels(0, (GLint)y, (GLsizei)image->width, 1, GL_RGBA, GL_UNSIGNED_BYTE, row);
        for (uint32_t x = 0; x < image->width; x++) {
            const uint8_t *pixel = row + (size_t)x * 4;

            if (image->fourcc == DRM_FORMAT_RGB565)
                ((uint16_t *)out)[x] =
                    (uint16_t)(pixel[0] >> 3 << 11 | pixel[1] >> 2 << 5 | pixel[2] >> 3);
            else
                ((uint32_t *)out)[x] =
                    (uint32_t)pixel[0] << 16 | (uint32_t)pixel[1] << 8 | pixel[2];
        }
    }
    free(row);
}

static void copy_all(void)
{
    GLint before = 0;
    GLuint framebuffer;

    glGetIntegerv(GL_FRAMEBUFFER_BINDING, &before);
    glGenFramebuffers(1, &framebuffer);
    glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
    for (int i = 0; i < IMAGES; i++) {
        if (!images[i].dmabuf.bytes || !images[i].renderbuffer ||
            !glIsRenderbuffer(images[i].renderbuffer))
            continue;
        glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER,
                                  images[i].renderbuffer);
        if (glCheckFramebufferStatus(GL_FRAMEBUFFER) == GL_FRAMEBUFFER_COMPLETE)
            copy_out(&images[i]);
    }
    glBindFramebuffer(GL_FRAMEBUFFER, (GLuint)before);
    glDeleteFramebuffers(1, &framebuffer);
}

/* A native fence is a timer: it can be read a little later. */
static EGLint dup_fence(EGLDisplay display, EGLSyncKHR sync)
{
    const struct itimerspec soon = {.it_value = {.tv_nsec = 3000000}};
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

    (void)display;
    (void)sync;
    timerfd_settime(fd, 0, &soon, NULL);
    return fd;
}

static EGLSyncKHR create_sync(EGLDisplay display, EGLenum type, const EGLint *attributes)
{
    copy_all();
    type = type == EGL_SYNC_NATIVE_FENCE_ANDROID ? EGL_SYNC_FENCE_KHR : type;
    return ((PFNEGLCREATESYNCKHRPROC)REAL(eglGetProcAddress)("eglCreateSyncKHR"))(display, type,
                                                                                  attributes);
}

void glFinish(void)
{
    copy_all();
    REAL(glFinish)();
}

static EGLBoolean query_modifiers(EGLDisplay display, EGLint format, EGLint max, EGLuint64KHR *out,
                                  EGLBoolean *external, EGLint *count)
{
    if (!getenv("ODD_EGL_MODIFIERS"))
        return ((PFNEGLQUERYDMABUFMODIFIERSEXTPROC)REAL(eglGetProcAddress)(
            "eglQueryDmaBufModifiersEXT"))(display, format, max, out, external, count);
    *count = 0;
    external[0] = external[1] = EGL_FALSE;
    if (says("ODD_EGL_MODIFIERS", "tiled"))
        out[(*count)++] = TILED;
    if (says("ODD_EGL_MODIFIERS", "linear"))
        out[(*count)++] = DRM_FORMAT_MOD_LINEAR;
    return EGL_TRUE;
}

/* ---- Where it all is found ------------------------------------------------------------------- */

static EGLDisplay platform_display(EGLenum platform, void *native, const EGLint *attributes)
{
    PFNEGLGETPLATFORMDISPLAYEXTPROC real =
        (PFNEGLGETPLATFORMDISPLAYEXTPROC)REAL(eglGetProcAddress)("eglGetPlatformDisplayEXT");

    if (platform == EGL_PLATFORM_GBM_KHR && is_ours(native))
        return real(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, attributes);
    return real(platform, native, attributes);
}

__eglMustCastToProperFunctionPointerType eglGetProcAddress(const char *name)
{
    static const struct {
        const char *name;
        __eglMustCastToProperFunctionPointerType function;
    } ours[] = {
#define OURS(name, function) {name, (__eglMustCastToProperFunctionPointerType)(function)}
        OURS("eglGetPlatformDisplayEXT", platform_display),
        OURS("eglCreateImageKHR", create_image),
        OURS("eglDestroyImageKHR", destroy_image),
        OURS("eglCreateSyncKHR", create_sync),
        OURS("eglDupNativeFenceFDANDROID", dup_fence),
        OURS("eglQueryDmaBufModifiersEXT", query_modifiers),
        OURS("glEGLImageTargetRenderbufferStorageOES", image_storage),
        OURS("glGetGraphicsResetStatusEXT", reset_status),
        OURS("glGetGraphicsResetStatusKHR", reset_status),
    };

    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        if (strcmp(name, ours[i].name) == 0)
            return ours[i].function;
    return REAL(eglGetProcAddress)(name);
}
