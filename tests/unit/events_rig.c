#include "events_rig.h"

#include <check.h>
#include <linux/input-event-codes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct fake rig_fake;
struct kb_display *rig_display;
struct kb_window *rig_window;
static uint64_t time_ns;

void rig_setup(void)
{
    const struct kb_window_info info = {.width = 320, .height = 240};
    setenv("KMSBLIT_RECONNECT", "600", 1);
    fake_start(&rig_fake);
    ck_assert_int_eq(kb_connect(rig_fake.path, "test", &rig_display), 0);
    ck_assert_int_eq(kb_window_create(rig_display, &info, &rig_window), 0);
}

void rig_teardown(void)
{
    kb_disconnect(rig_display);
    fake_stop(&rig_fake);
}

void rig_say(uint16_t opcode, const void *event)
{
    pthread_mutex_lock(&rig_fake.lock);
    fake_send(&rig_fake, opcode, event, -1);
    pthread_mutex_unlock(&rig_fake.lock);
}

void rig_settle(void)
{
    ck_assert_msg(kb_sync(rig_display) == 0, "%s", kb_last_error());
}

void rig_drain(void)
{
    struct kb_event event;
    rig_settle();
    while (kb_next_event(rig_display, &event) > 0) {
    }
}

void rig_focus(const struct kb_window *window, bool gained, uint32_t modifiers)
{
    rig_say(KB_EVT_FOCUS, &(struct kb_evt_focus){.object = kb_window_id(window),
                                                 .gained = gained,
                                                 .modifiers = modifiers});
}

void rig_device(uint32_t id, uint32_t capabilities)
{
    rig_say(KB_EVT_DEVICE, &(struct kb_evt_device){.object = id,
                                                   .capabilities = capabilities,
                                                   .axes = 6,
                                                   .buttons = 15,
                                                   .bus = 3,
                                                   .vendor = 0x45e,
                                                   .product = 0x28e,
                                                   .version = 1,
                                                   .name = "pad \xc3\xa4",
                                                   .name_bytes = 6});
}

void rig_device_gone(uint32_t id)
{
    rig_say(KB_EVT_DEVICE_GONE, &(struct kb_evt_device_gone){.object = id});
}

void rig_key(uint32_t code, bool down, uint32_t keysym, const char *text, uint32_t modifiers)
{
    rig_say(KB_EVT_KEY, &(struct kb_evt_key){.object = kb_window_id(rig_window),
                                             .time_ns = ++time_ns,
                                             .device = 1,
                                             .code = code,
                                             .keysym = keysym,
                                             .state = down,
                                             .modifiers = modifiers,
                                             .text = text,
                                             .text_bytes = (uint32_t)strlen(text)});
}

void rig_button(uint32_t button, bool down)
{
    rig_say(KB_EVT_POINTER_BUTTON,
            &(struct kb_evt_pointer_button){.object = kb_window_id(rig_window),
                                            .time_ns = ++time_ns,
                                            .device = 1,
                                            .button = button,
                                            .state = down});
}

void rig_move(int x, int y, int dx, int dy)
{
    rig_say(KB_EVT_POINTER_MOTION,
            &(struct kb_evt_pointer_motion){.object = kb_window_id(rig_window),
                                            .time_ns = ++time_ns,
                                            .device = 1,
                                            .x = x * KB_FIXED_ONE,
                                            .y = y * KB_FIXED_ONE,
                                            .dx = dx * KB_FIXED_ONE,
                                            .dy = dy * KB_FIXED_ONE});
}

void rig_wheel(int horizontal, int vertical)
{
    rig_say(KB_EVT_POINTER_WHEEL, &(struct kb_evt_pointer_wheel){.object = kb_window_id(rig_window),
                                                                 .time_ns = ++time_ns,
                                                                 .device = 1,
                                                                 .horizontal = horizontal,
                                                                 .vertical = vertical});
}

void rig_over(bool inside, int x, int y)
{
    rig_say(KB_EVT_POINTER_OVER, &(struct kb_evt_pointer_over){.object = kb_window_id(rig_window),
                                                               .time_ns = ++time_ns,
                                                               .inside = inside,
                                                               .x = x * KB_FIXED_ONE,
                                                               .y = y * KB_FIXED_ONE});
}

void rig_touch(int finger, enum kb_touch_phase phase, int x, int y)
{
    rig_say(KB_EVT_TOUCH, &(struct kb_evt_touch){.object = kb_window_id(rig_window),
                                                 .time_ns = ++time_ns,
                                                 .device = 2,
                                                 .finger = finger,
                                                 .phase = phase,
                                                 .x = x * KB_FIXED_ONE,
                                                 .y = y * KB_FIXED_ONE});
}

void rig_axis(uint32_t device, uint32_t axis, int value)
{
    rig_say(KB_EVT_GAMEPAD_AXIS, &(struct kb_evt_gamepad_axis){.object = kb_window_id(rig_window),
                                                               .time_ns = ++time_ns,
                                                               .device = device,
                                                               .axis = axis,
                                                               .value = value});
}

void rig_pad_button(uint32_t device, uint32_t button, bool down)
{
    rig_say(KB_EVT_GAMEPAD_BUTTON,
            &(struct kb_evt_gamepad_button){.object = kb_window_id(rig_window),
                                            .time_ns = ++time_ns,
                                            .device = device,
                                            .button = button,
                                            .state = down});
}

void rig_keymap(const char *text, unsigned delay_ms, unsigned rate)
{
    const size_t bytes = strlen(text) + 1;
    const int fd = memfd_create("keymap", MFD_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, bytes), (ssize_t)bytes);
    const struct kb_evt_keymap event = {.size_bytes = (uint32_t)bytes,
                                        .repeat_delay_ms = (uint16_t)delay_ms,
                                        .repeat_rate = (uint16_t)rate,
                                        .text = fd};
    pthread_mutex_lock(&rig_fake.lock);
    fake_send(&rig_fake, KB_EVT_KEYMAP, &event, fd);
    pthread_mutex_unlock(&rig_fake.lock);
    close(fd);
}

struct kb_event rig_take(enum kb_event_type type)
{
    struct kb_event event = {.type = 0};
    ck_assert_msg(kb_next_event(rig_display, &event) == 1, "no event, but one of type %d", type);
    ck_assert_int_eq(event.type, type);
    return event;
}

void rig_take_nothing(void)
{
    struct kb_event event = {.type = 0};
    ck_assert_msg(kb_next_event(rig_display, &event) == 0, "an event of type %d", event.type);
}
