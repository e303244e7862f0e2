#include "render/egl.h"

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GLES2/gl2.h>
#include <GLES2/gl2ext.h>
#include <drm_fourcc.h>
#include <errno.h>
#include <fcntl.h>
#include <gbm.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xf86drm.h>

#include "render/egl_find.h"

#define KD_LOG_MODULE "render"
#include "base/log.h"

/* So long a drawing may take: a GPU that hangs is reset by the kernel long before. */
#define SUBMIT_TIMEOUT_NS UINT64_C(10000000000)

struct kd_egl {
    pthread_mutex_t lock;   /* held by whoever entered */
    int fd;                 /* owned; of the node; -1: there is none */
    struct gbm_device *gbm; /* owned; NULL: there is no node */
    EGLDisplay display;
    EGLConfig config;
    EGLContext context;
    char renderer[96], version[96], driver[32], node[64];
    bool is_software, is_lost;
    bool can_import, has_modifiers, has_fences, has_native_fences, has_resets;

    PFNEGLCREATEIMAGEKHRPROC create_image;
    PFNEGLDESTROYIMAGEKHRPROC destroy_image;
    PFNGLEGLIMAGETARGETRENDERBUFFERSTORAGEOESPROC image_storage;
    PFNEGLCREATESYNCKHRPROC create_sync;
    PFNEGLDESTROYSYNCKHRPROC destroy_sync;
    PFNEGLCLIENTWAITSYNCKHRPROC wait_sync;
    PFNEGLDUPNATIVEFENCEFDANDROIDPROC dup_fence;
    PFNEGLQUERYDMABUFMODIFIERSEXTPROC query_modifiers;
    PFNGLGETGRAPHICSRESETSTATUSEXTPROC reset_status;
};

/* ---- Extensions -------------------------------------------------------------------------------- */

static bool has_word(const char *words, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = words; at && (at = strstr(at, word)); at += length)
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

static bool has_egl(const struct kd_egl *egl, const char *extension)
{
    return has_word(eglQueryString(egl->display, EGL_EXTENSIONS), extension);
}

bool kd_egl_has_gl(const struct kd_egl *egl, const char *extension)
{
    (void)egl;
    return has_word((const char *)glGetString(GL_EXTENSIONS), extension);
}

/* What can be worked around: the functions of extensions that are there. */
static void find_functions(struct kd_egl *egl)
{
    egl->create_image = (PFNEGLCREATEIMAGEKHRPROC)eglGetProcAddress("eglCreateImageKHR");
    egl->destroy_image = (PFNEGLDESTROYIMAGEKHRPROC)eglGetProcAddress("eglDestroyImageKHR");
    egl->image_storage = (PFNGLEGLIMAGETARGETRENDERBUFFERSTORAGEOESPROC)eglGetProcAddress(
        "glEGLImageTargetRenderbufferStorageOES");
    egl->can_import = has_egl(egl, "EGL_EXT_image_dma_buf_import") &&
                      has_egl(egl, "EGL_KHR_image_base") &&
                      kd_egl_has_gl(egl, "GL_OES_EGL_image") && egl->create_image &&
                      egl->destroy_image && egl->image_storage;

    egl->query_modifiers =
        (PFNEGLQUERYDMABUFMODIFIERSEXTPROC)eglGetProcAddress("eglQueryDmaBufModifiersEXT");
    egl->has_modifiers =
        has_egl(egl, "EGL_EXT_image_dma_buf_import_modifiers") && egl->query_modifiers;

    egl->create_sync = (PFNEGLCREATESYNCKHRPROC)eglGetProcAddress("eglCreateSyncKHR");
    egl->destroy_sync = (PFNEGLDESTROYSYNCKHRPROC)eglGetProcAddress("eglDestroySyncKHR");
    egl->wait_sync = (PFNEGLCLIENTWAITSYNCKHRPROC)eglGetProcAddress("eglClientWaitSyncKHR");
    egl->has_fences = has_egl(egl, "EGL_KHR_fence_sync") && egl->create_sync && egl->destroy_sync &&
                      egl->wait_sync;
    egl->dup_fence =
        (PFNEGLDUPNATIVEFENCEFDANDROIDPROC)eglGetProcAddress("eglDupNativeFenceFDANDROID");
    egl->has_native_fences = has_egl(egl, "EGL_ANDROID_native_fence_sync") && egl->create_sync &&
                             egl->destroy_sync && egl->dup_fence;

    egl->reset_status = NULL;
    if (egl->has_resets && kd_egl_has_gl(egl, "GL_EXT_robustness"))
        egl->reset_status =
            (PFNGLGETGRAPHICSRESETSTATUSEXTPROC)eglGetProcAddress("glGetGraphicsResetStatusEXT");
    else if (egl->has_resets && kd_egl_has_gl(egl, "GL_KHR_robustness"))
        egl->reset_status =
            (PFNGLGETGRAPHICSRESETSTATUSEXTPROC)eglGetProcAddress("glGetGraphicsResetStatusKHR");
}

/* ---- Context ----------------------------------------------------------------------------------- */

/* What surfaces would need and we do not; only where the driver wants to know one. */
static bool choose_config(struct kd_egl *egl)
{
    static const EGLint wanted[] = {EGL_RENDERABLE_TYPE, EGL_OPENGL_ES2_BIT, EGL_SURFACE_TYPE, 0,
                                    EGL_NONE};
    EGLint count = 0;

    egl->config = EGL_NO_CONFIG_KHR;
    if (has_egl(egl, "EGL_KHR_no_config_context") || has_egl(egl, "EGL_MESA_configless_context"))
        return true;
    return eglChooseConfig(egl->display, wanted, &egl->config, 1, &count) && count > 0;
}

static EGLContext make_context(const struct kd_egl *egl, bool tells_resets)
{
    const EGLint attributes[] = {
        EGL_CONTEXT_CLIENT_VERSION,
        2,
        tells_resets ? EGL_CONTEXT_OPENGL_RESET_NOTIFICATION_STRATEGY_EXT : EGL_NONE,
        EGL_LOSE_CONTEXT_ON_RESET_EXT,
        EGL_NONE,
    };

    return eglCreateContext(egl->display, egl->config, EGL_NO_CONTEXT, attributes);
}

/* One that tells when the GPU was reset, where there is such a thing. */
static int create_context(struct kd_egl *egl)
{
    egl->has_resets = has_egl(egl, "EGL_EXT_create_context_robustness");
    egl->context = egl->has_resets ? make_context(egl, true) : EGL_NO_CONTEXT;
    if (egl->context == EGL_NO_CONTEXT) {
        egl->has_resets = false;
        egl->context = make_context(egl, false);
    }
    return egl->context == EGL_NO_CONTEXT ? -EOPNOTSUPP : 0;
}

static void destroy_context(struct kd_egl *egl)
{
    if (egl->context != EGL_NO_CONTEXT)
        eglDestroyContext(egl->display, egl->context);
    egl->context = EGL_NO_CONTEXT;
}

static int make_current(struct kd_egl *egl)
{
    if (eglMakeCurrent(egl->display, EGL_NO_SURFACE, EGL_NO_SURFACE, egl->context))
        return 0;
    egl->is_lost |= eglGetError() == EGL_CONTEXT_LOST;
    return -EIO;
}

static void make_none_current(struct kd_egl *egl)
{
    eglMakeCurrent(egl->display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
}

int kd_egl_enter(struct kd_egl *egl)
{
    int error;

    pthread_mutex_lock(&egl->lock);
    error = make_current(egl);
    if (error)
        pthread_mutex_unlock(&egl->lock);
    return error;
}

void kd_egl_leave(struct kd_egl *egl)
{
    make_none_current(egl);
    pthread_mutex_unlock(&egl->lock);
}

bool kd_egl_is_lost(struct kd_egl *egl)
{
    if (egl->reset_status && egl->reset_status() != GL_NO_ERROR)
        egl->is_lost = true;
    return egl->is_lost;
}

int kd_egl_renew(struct kd_egl *egl)
{
    EGLContext lost = egl->context;
    int error = create_context(egl);

    if (!error)
        error = make_current(egl);
    if (error) {
        destroy_context(egl);
        egl->context = lost;
        return error;
    }
    eglDestroyContext(egl->display, lost);
    find_functions(egl);
    egl->is_lost = false;
    return 0;
}

/* ---- Displays ---------------------------------------------------------------------------------- */

static EGLDisplay platform_display(EGLenum platform, void *native)
{
    PFNEGLGETPLATFORMDISPLAYEXTPROC get =
        (PFNEGLGETPLATFORMDISPLAYEXTPROC)eglGetProcAddress("eglGetPlatformDisplayEXT");

    return get ? get(platform, native, NULL) : EGL_NO_DISPLAY;
}

/* Asks EGL for a display on a node. A display's card is opened once more: its memory's names then are not those that the output uses. */
static int open_node(struct kd_egl *egl, const char *node, char *why, size_t why_bytes)
{
    int error;

    egl->fd = open(node, O_RDWR | O_CLOEXEC);
    if (egl->fd < 0) {
        error = -errno;
        snprintf(why, why_bytes, "cannot be opened: %s", strerror(-error));
        return error;
    }
    if (drmGetNodeTypeFromFd(egl->fd) == DRM_NODE_PRIMARY)
        drmDropMaster(egl->fd); /* should nobody have had the display */
    egl->gbm = gbm_create_device(egl->fd);
    if (egl->gbm)
        egl->display = platform_display(EGL_PLATFORM_GBM_KHR, egl->gbm);
    if (egl->display != EGL_NO_DISPLAY)
        return 0;
    snprintf(why, why_bytes, "Mesa has no driver for it (is libgl1-mesa-dri there?)");
    return -ENODEV;
}

/* Without any device: the software driver. */
static int open_software(struct kd_egl *egl, char *why, size_t why_bytes)
{
    PFNEGLQUERYDEVICESEXTPROC query =
        (PFNEGLQUERYDEVICESEXTPROC)eglGetProcAddress("eglQueryDevicesEXT");
    PFNEGLQUERYDEVICESTRINGEXTPROC describe =
        (PFNEGLQUERYDEVICESTRINGEXTPROC)eglGetProcAddress("eglQueryDeviceStringEXT");
    EGLDeviceEXT devices[16];
    EGLint count = 0;

    if (query && describe && !query(16, devices, &count))
        count = 0;
    for (EGLint i = 0; i < count && egl->display == EGL_NO_DISPLAY; i++)
        if (has_word(describe(devices[i], EGL_EXTENSIONS), "EGL_MESA_device_software"))
            egl->display = platform_display(EGL_PLATFORM_DEVICE_EXT, devices[i]);
    if (egl->display == EGL_NO_DISPLAY)
        egl->display = platform_display(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY);
    if (egl->display != EGL_NO_DISPLAY)
        return 0;
    snprintf(why, why_bytes, "EGL has no software driver (is libgl1-mesa-dri there?)");
    return -ENODEV;
}

static int initialize(struct kd_egl *egl, char *why, size_t why_bytes)
{
    EGLint version[2];

    if (!eglInitialize(egl->display, &version[0], &version[1])) {
        snprintf(why, why_bytes, "EGL cannot be started: error 0x%04x", (unsigned)eglGetError());
        egl->display = EGL_NO_DISPLAY;
        return -ENODEV;
    }
    eglBindAPI(EGL_OPENGL_ES_API);
    if (!has_egl(egl, "EGL_KHR_surfaceless_context")) {
        snprintf(why, why_bytes, "it lacks EGL_KHR_surfaceless_context");
        return -EOPNOTSUPP;
    }
    if (!choose_config(egl) || create_context(egl) < 0) {
        snprintf(why, why_bytes, "it has no context for GLES 2: EGL error 0x%04x",
                 (unsigned)eglGetError());
        return -EOPNOTSUPP;
    }
    if (make_current(egl) < 0) {
        snprintf(why, why_bytes, "its context cannot be used");
        return -EOPNOTSUPP;
    }
    snprintf(egl->renderer, sizeof(egl->renderer), "%s", (const char *)glGetString(GL_RENDERER));
    snprintf(egl->version, sizeof(egl->version), "%s", (const char *)glGetString(GL_VERSION));
    egl->is_software = kd_gpu_is_software(egl->renderer);
    find_functions(egl);
    make_none_current(egl);
    return 0;
}

/* Whether it is good for what is wanted. */
static int judge(const struct kd_egl *egl, const struct kd_egl_settings *settings, char *why,
                 size_t why_bytes)
{
    /* A software driver maps the display's memory, which a render node does not let it do; it crashes then. */
    bool cannot_map = settings->display_path && strcmp(egl->node, settings->display_path) != 0;

    if (egl->is_software && (!settings->software_ok || cannot_map)) {
        snprintf(why, why_bytes, "there is only a software driver for it (%s)", egl->renderer);
        return -ENODEV;
    }
    if (settings->display_path && !egl->can_import) {
        snprintf(why, why_bytes, "%s cannot draw into the display's memory: it lacks %s",
                 egl->renderer,
                 !has_egl(egl, "EGL_EXT_image_dma_buf_import") ? "EGL_EXT_image_dma_buf_import"
                 : !has_egl(egl, "EGL_KHR_image_base")         ? "EGL_KHR_image_base"
                                                               : "GL_OES_EGL_image");
        return -EOPNOTSUPP;
    }
    return 0;
}

/* ---- Beginning and end ------------------------------------------------------------------------- */

void kd_egl_destroy(struct kd_egl *egl)
{
    if (!egl)
        return;
    destroy_context(egl);
    if (egl->display != EGL_NO_DISPLAY)
        eglTerminate(egl->display);
    if (egl->gbm)
        gbm_device_destroy(egl->gbm);
    if (egl->fd >= 0)
        close(egl->fd);
    pthread_mutex_destroy(&egl->lock);
    free(egl);
}

/* gpu NULL: no device, but a software driver. */
static int try_gpu(const struct kd_egl_settings *settings, const struct kd_gpu *gpu,
                   struct kd_egl **out, char *why, size_t why_bytes)
{
    struct kd_egl *egl = calloc(1, sizeof(*egl));
    int error;

    if (!egl) {
        snprintf(why, why_bytes, "out of memory");
        return -ENOMEM;
    }
    pthread_mutex_init(&egl->lock, NULL);
    egl->fd = -1;
    egl->display = EGL_NO_DISPLAY;
    egl->context = EGL_NO_CONTEXT;
    if (gpu) {
        memcpy(egl->driver, gpu->driver, sizeof(egl->driver));
        memcpy(egl->node, gpu->node, sizeof(egl->node));
    }
    error = gpu ? open_node(egl, gpu->node, why, why_bytes) : open_software(egl, why, why_bytes);
    if (!error)
        error = initialize(egl, why, why_bytes);
    if (!error)
        error = judge(egl, settings, why, why_bytes);
    if (error)
        kd_egl_destroy(egl);
    else
        *out = egl;
    return error;
}

static void describe(const struct kd_egl *egl, const struct kd_gpu *gpu, char *why,
                     size_t why_bytes)
{
    char place[160] = "";

    if (gpu)
        snprintf(place, sizeof(place), " at %s (%s), %s", gpu->node, gpu->driver, gpu->because);
    snprintf(why, why_bytes, "%s%s, %s; %s%s%s%s", egl->renderer, place, egl->version,
             egl->has_native_fences ? "fences"
             : egl->has_fences      ? "no fences for the display, so drawing is waited for"
                                    : "no fences at all, so drawing is waited for",
             egl->reset_status ? "" : "; it does not tell when it was reset",
             egl->can_import && !egl->has_modifiers ? "; buffers have no modifiers" : "",
             egl->is_software ? "; this is a software driver" : "");
}

/* The display's own memory, drawn into by the processor: for tests. */
static int try_software(const struct kd_egl_settings *settings, struct kd_egl **out, char *why,
                        size_t why_bytes)
{
    struct kd_gpu card = {.because = "drawing into the display's memory"};
    char problem[256];
    int error;

    if (settings->display_path) {
        snprintf(card.node, sizeof(card.node), "%s", settings->display_path);
        snprintf(card.driver, sizeof(card.driver), "%s",
                 settings->display_driver ? settings->display_driver : "");
    }
    error = try_gpu(settings, settings->display_path ? &card : NULL, out, problem, sizeof(problem));
    if (error)
        snprintf(why, why_bytes, "%s%s%s", card.node, card.node[0] ? ": " : "", problem);
    else
        describe(*out, settings->display_path ? &card : NULL, why, why_bytes);
    return error;
}

int kd_egl_create(const struct kd_egl_settings *settings, struct kd_egl **out, char *why,
                  size_t why_bytes)
{
    struct kd_gpu gpus[KD_GPUS_MAX];
    size_t count = kd_gpus_find(settings, gpus, why, why_bytes);
    bool is_named = settings->render_node && settings->render_node[0];
    char problem[256];
    int error = -ENODEV;

    for (size_t i = 0; i < count; i++) {
        error = try_gpu(settings, &gpus[i], out, problem, sizeof(problem));
        if (!error) {
            describe(*out, &gpus[i], why, why_bytes);
            return 0;
        }
        KD_INFO("GPU %s (%s): %s", gpus[i].node, gpus[i].driver, problem);
        if (i == 0)
            snprintf(why, why_bytes, "%s (%s): %s", gpus[i].node, gpus[i].driver, problem);
    }
    if (settings->software_ok && !is_named && error != -ENOMEM)
        error = try_software(settings, out, why, why_bytes);
    return error;
}

const char *kd_egl_renderer(const struct kd_egl *egl)
{
    return egl->renderer;
}

const char *kd_egl_version(const struct kd_egl *egl)
{
    return egl->version;
}

const char *kd_egl_driver(const struct kd_egl *egl)
{
    return egl->driver;
}

const char *kd_egl_node(const struct kd_egl *egl)
{
    return egl->node;
}

bool kd_egl_is_software(const struct kd_egl *egl)
{
    return egl->is_software;
}

/* ---- Memory that both know --------------------------------------------------------------------- */

size_t kd_egl_modifiers(const struct kd_egl *egl, uint32_t fourcc, uint64_t *modifiers, size_t max)
{
    EGLuint64KHR found[64];
    EGLBoolean external[64];
    EGLint count = 0;
    size_t used = 0;

    if (!egl->can_import || !egl->has_modifiers ||
        !egl->query_modifiers(egl->display, (EGLint)fourcc, 64, found, external, &count))
        return 0;
    for (EGLint i = 0; i < count && i < 64 && used < max; i++)
        if (!external[i]) /* others can only be read */
            modifiers[used++] = found[i];
    return used;
}

static EGLImageKHR create_image(const struct kd_egl *egl, const struct kd_dmabuf *dmabuf,
                                int32_t width_px, int32_t height_px)
{
    bool says_modifier = egl->has_modifiers && dmabuf->modifier != DRM_FORMAT_MOD_INVALID;
    /* With alpha, which no display looks at: where shaders blend (vc4), they are shorter by it. */
    uint32_t fourcc = dmabuf->fourcc == DRM_FORMAT_XRGB8888 ? DRM_FORMAT_ARGB8888 : dmabuf->fourcc;
    const EGLint attributes[] = {
        EGL_WIDTH,
        width_px,
        EGL_HEIGHT,
        height_px,
        EGL_LINUX_DRM_FOURCC_EXT,
        (EGLint)fourcc,
        EGL_DMA_BUF_PLANE0_FD_EXT,
        dmabuf->fd,
        EGL_DMA_BUF_PLANE0_OFFSET_EXT,
        (EGLint)dmabuf->offset_bytes,
        EGL_DMA_BUF_PLANE0_PITCH_EXT,
        (EGLint)dmabuf->stride_bytes,
        says_modifier ? EGL_DMA_BUF_PLANE0_MODIFIER_LO_EXT : EGL_NONE,
        (EGLint)(uint32_t)dmabuf->modifier,
        EGL_DMA_BUF_PLANE0_MODIFIER_HI_EXT,
        (EGLint)(uint32_t)(dmabuf->modifier >> 32),
        EGL_NONE,
    };

    return egl->create_image(egl->display, EGL_NO_CONTEXT, EGL_LINUX_DMA_BUF_EXT, NULL, attributes);
}

int kd_egl_import(struct kd_egl *egl, const struct kd_dmabuf *dmabuf, int32_t width_px,
                  int32_t height_px, struct kd_egl_target *target)
{
    GLenum status;

    *target = (struct kd_egl_target){.image = EGL_NO_IMAGE_KHR};
    if (!egl->can_import || dmabuf->fd < 0)
        return -EOPNOTSUPP;
    if (!egl->has_modifiers && dmabuf->modifier != DRM_FORMAT_MOD_INVALID &&
        dmabuf->modifier != DRM_FORMAT_MOD_LINEAR)
        return -EOPNOTSUPP;
    target->image = create_image(egl, dmabuf, width_px, height_px);
    if (target->image == EGL_NO_IMAGE_KHR) {
        KD_DEBUG("%s does not import a buffer: EGL error 0x%04x", egl->renderer,
                 (unsigned)eglGetError());
        return -EOPNOTSUPP;
    }
    while (glGetError() != GL_NO_ERROR)
        ;
    glGenRenderbuffers(1, &target->renderbuffer);
    glBindRenderbuffer(GL_RENDERBUFFER, target->renderbuffer);
    egl->image_storage(GL_RENDERBUFFER, target->image);
    glGenFramebuffers(1, &target->framebuffer);
    glBindFramebuffer(GL_FRAMEBUFFER, target->framebuffer);
    glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER,
                              target->renderbuffer);
    status = glCheckFramebufferStatus(GL_FRAMEBUFFER);
    if (glGetError() == GL_NO_ERROR && status == GL_FRAMEBUFFER_COMPLETE)
        return 0;
    KD_DEBUG("%s does not draw into a buffer: framebuffer 0x%04x", egl->renderer, status);
    kd_egl_target_finish(egl, target);
    return -EOPNOTSUPP;
}

void kd_egl_target_finish(struct kd_egl *egl, struct kd_egl_target *target)
{
    if (target->framebuffer)
        glDeleteFramebuffers(1, &target->framebuffer);
    if (target->renderbuffer)
        glDeleteRenderbuffers(1, &target->renderbuffer);
    if (target->image != EGL_NO_IMAGE_KHR)
        egl->destroy_image(egl->display, target->image);
    *target = (struct kd_egl_target){.image = EGL_NO_IMAGE_KHR};
}

/* ---- Fences ------------------------------------------------------------------------------------ */

/* -1: there is no such fence. */
static int native_fence(struct kd_egl *egl)
{
    EGLSyncKHR sync = egl->create_sync(egl->display, EGL_SYNC_NATIVE_FENCE_ANDROID, NULL);
    int fd;

    if (sync == EGL_NO_SYNC_KHR)
        return -1;
    glFlush(); /* the fence is there from here on */
    fd = egl->dup_fence(egl->display, sync);
    egl->destroy_sync(egl->display, sync);
    return fd;
}

static int wait_by_fence(struct kd_egl *egl)
{
    EGLSyncKHR sync = egl->create_sync(egl->display, EGL_SYNC_FENCE_KHR, NULL);
    EGLint result;

    if (sync == EGL_NO_SYNC_KHR) {
        glFinish();
        return 0;
    }
    result = egl->wait_sync(egl->display, sync, EGL_SYNC_FLUSH_COMMANDS_BIT_KHR, SUBMIT_TIMEOUT_NS);
    egl->destroy_sync(egl->display, sync);
    return result == EGL_CONDITION_SATISFIED_KHR ? 0 : -EIO;
}

int kd_egl_submit(struct kd_egl *egl, int *fence_fd)
{
    *fence_fd = egl->has_native_fences ? native_fence(egl) : -1;
    if (*fence_fd >= 0)
        return 0;
    if (egl->has_fences)
        return wait_by_fence(egl);
    glFinish();
    return 0;
}
