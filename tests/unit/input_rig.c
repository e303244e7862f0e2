#include "input_rig.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "input/names.h"

bool rig_refuses;
int rig_open_error, rig_opened;

static char told[65536], answer[65536];
static size_t told_bytes;
uint32_t rig_last_id = 100;

__attribute__((format(printf, 1, 2))) static void tell(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    told_bytes += (size_t)vsnprintf(told + told_bytes, sizeof(told) - told_bytes, format, args);
    va_end(args);
    ck_assert_uint_lt(told_bytes, sizeof(told));
}

const char *rig_told(void)
{
    memcpy(answer, told, told_bytes);
    answer[told_bytes] = '\0';
    told_bytes = 0;
    return answer;
}

static uint32_t on_added(void *ctx, const struct kd_input_device *device)
{
    (void)ctx;
    tell("added %s caps %u axes %u buttons %u %x:%x:%x:%x%s%s\n", device->name,
         device->capabilities, device->axes, device->buttons, device->bus, device->vendor,
         device->product, device->version, device->output[0] ? " on " : "", device->output);
    return rig_refuses ? 0 : ++rig_last_id;
}

static void on_removed(void *ctx, uint32_t device)
{
    (void)ctx;
    tell("removed %u\n", device);
}

static void on_input(void *ctx, const struct kd_input *input)
{
    (void)ctx;
    tell("%lld %u %s", (long long)input->time_ns, input->device, kd_recording_events[input->kind]);
    switch (input->kind) {
    case KD_INPUT_KEY:
    case KD_INPUT_BUTTON:
    case KD_INPUT_PAD_BUTTON: tell(" %u %d\n", input->key.code, input->key.down); break;
    case KD_INPUT_MOTION:
        tell(" %d %d %d %d\n", input->motion.dx, input->motion.dy, input->motion.raw_dx,
             input->motion.raw_dy);
        break;
    case KD_INPUT_POSITION: tell(" %d %d\n", input->position.x, input->position.y); break;
    case KD_INPUT_WHEEL: tell(" %d %d\n", input->wheel.horizontal, input->wheel.vertical); break;
    case KD_INPUT_TOUCH:
        tell(" %d %s %d %d\n", input->touch.finger, kd_recording_phases[input->touch.phase],
             input->touch.x, input->touch.y);
        break;
    case KD_INPUT_PAD_AXIS: tell(" %u %d\n", input->axis.axis, input->axis.value); break;
    }
}

static void on_refused(void *ctx, const char *path, const char *name, int error)
{
    (void)ctx;
    tell("refused %s (%s) %d\n", path, name, error);
}

static int on_open(void *ctx, const char *path)
{
    (void)ctx;
    int fd = rig_open_error ? rig_open_error : open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    rig_opened += fd >= 0;
    return fd == -1 ? -errno : fd;
}

static void on_close(void *ctx, int fd)
{
    (void)ctx;
    rig_opened--;
    close(fd);
}

const struct kd_input_handler rig_handler = {
    .added = on_added,
    .removed = on_removed,
    .input = on_input,
    .refused = on_refused,
    .open = on_open,
    .close = on_close,
};
