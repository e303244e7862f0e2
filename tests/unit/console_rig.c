#include "console_rig.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kd.h>
#include <linux/vt.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

/* What the rig says an open VT's fd is. */
#define FIRST_FD 1000

/* Writes the call down. True if it is to fail; errno is set then. */
static bool fails(struct console_rig *rig, const char *name, const char *text)
{
    size_t used = strlen(rig->log);

    snprintf(rig->log + used, sizeof(rig->log) - used, "%s%s", used ? " " : "", text);
    rig->calls++;
    errno = rig->fail_errno;
    return rig->calls == rig->fail_at || (rig->fail_name && strcmp(name, rig->fail_name) == 0);
}

static int rig_open(void *ctx, const char *path, int flags)
{
    struct console_rig *rig = ctx;
    bool reads = (flags & O_ACCMODE) == O_RDWR;
    unsigned vt;
    char text[64];

    ck_assert_int_eq(sscanf(path, "/dev/tty%u", &vt), 1);
    ck_assert(flags & O_NOCTTY && flags & O_CLOEXEC);
    snprintf(text, sizeof(text), "open%u%s", vt, reads ? "" : "w");
    if (fails(rig, reads ? "open" : "openw", text))
        return -1;
    rig->opened++;
    return FIRST_FD + (int)vt;
}

static int rig_close(void *ctx, int fd)
{
    struct console_rig *rig = ctx;

    ck_assert_int_ge(fd, FIRST_FD);
    rig->opened--;
    return 0;
}

static const char *name_of(unsigned long request)
{
    switch (request) {
    case VT_OPENQRY: return "free";
    case VT_GETSTATE: return "state";
    case VT_ACTIVATE: return "activate";
    case VT_WAITACTIVE: return "wait";
    case VT_SETMODE: return "lock";
    case KDSETMODE: return "text";
    case KDSKBMODE: return "keyboard";
    case KDGKBMODE: return "get_keyboard";
    case TIOCSCTTY: return "own";
    case TIOCNOTTY: return "disown";
    case TIOCGSID: return "session";
    default: return "unknown";
    }
}

static int apply(struct console_rig *rig, unsigned number, unsigned long request, void *argument)
{
    struct console_vt *vt = &rig->vts[number];
    int value = (int)(uintptr_t)argument;

    switch (request) {
    case VT_OPENQRY: *(int *)argument = (int)rig->free_vt; return 0;
    case VT_GETSTATE:
        ((struct vt_stat *)argument)->v_active = (unsigned short)rig->active;
        return 0;
    case VT_ACTIVATE:
        if (rig->vts[rig->active].lock == VT_AUTO && rig->vts[rig->active].text == KD_TEXT)
            rig->active = (unsigned)value;
        return 0;
    case VT_WAITACTIVE: errno = ETIMEDOUT; return rig->active == (unsigned)value ? 0 : -1;
    case VT_SETMODE: vt->lock = ((struct vt_mode *)argument)->mode; return 0;
    case KDSETMODE: vt->text = value; return 0;
    case KDSKBMODE: vt->keyboard = value; return 0;
    case KDGKBMODE: *(int *)argument = vt->keyboard; return 0;
    case TIOCSCTTY: return 0;
    case TIOCNOTTY: rig->is_terminal = false; return 0;
    case TIOCGSID:
        *(pid_t *)argument = rig->session;
        errno = ENOTTY;
        return rig->is_terminal ? 0 : -1;
    default: errno = ENOTTY; return -1;
    }
}

static int rig_ioctl(void *ctx, int fd, unsigned long request, void *argument)
{
    struct console_rig *rig = ctx;
    const char *name = name_of(request);
    char text[64];

    if (request == VT_SETMODE)
        snprintf(text, sizeof(text), "%s=%d", name, ((struct vt_mode *)argument)->mode);
    else if (request == VT_ACTIVATE || request == VT_WAITACTIVE || request == KDSETMODE ||
             request == KDSKBMODE)
        snprintf(text, sizeof(text), "%s=%d", name, (int)(uintptr_t)argument);
    else
        snprintf(text, sizeof(text), "%s", name);
    if (fails(rig, name, text))
        return -1;
    return apply(rig, fd < FIRST_FD ? rig->inherited_vt : (unsigned)(fd - FIRST_FD), request,
                 argument);
}

static unsigned rig_vt_of(void *ctx, int fd)
{
    const struct console_rig *rig = ctx;

    return fd == 0 ? rig->inherited_vt : 0;
}

struct console_rig *console_rig_create(struct kd_console_calls *calls)
{
    struct console_rig *rig =
        mmap(NULL, sizeof(*rig), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(rig, MAP_FAILED);
    rig->active = 1;
    rig->free_vt = 7;
    for (size_t i = 0; i < sizeof(rig->vts) / sizeof(rig->vts[0]); i++)
        rig->vts[i] = (struct console_vt){KD_TEXT, K_UNICODE, VT_AUTO};
    *calls = (struct kd_console_calls){
        .ctx = rig, .open = rig_open, .close = rig_close, .ioctl = rig_ioctl, .vt_of = rig_vt_of};
    return rig;
}
