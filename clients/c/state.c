/* What is held and where things are, as of an event. */
#include <string.h>

#include "input.h"

static void end_touch(struct kc_state *state, const struct kb_event *event)
{
    for (unsigned i = 0; i < state->touches_count; i++) {
        if (state->touches[i].device != event->device ||
            state->touches[i].finger != event->touch.finger)
            continue;
        state->touches_count--;
        memmove(&state->touches[i], &state->touches[i + 1],
                (state->touches_count - i) * sizeof(state->touches[0]));
        return;
    }
}

static void move_touch(struct kc_state *state, const struct kb_event *event)
{
    for (unsigned i = 0; i < state->touches_count; i++) {
        struct kb_touch *touch = &state->touches[i];
        if (touch->device == event->device && touch->finger == event->touch.finger) {
            touch->x = event->touch.x;
            touch->y = event->touch.y;
        }
    }
}

static void begin_touch(struct kc_state *state, const struct kb_event *event)
{
    end_touch(state, event);
    if (state->touches_count < KC_TOUCHES)
        state->touches[state->touches_count++] = (struct kb_touch){.device = event->device,
                                                                   .finger = event->touch.finger,
                                                                   .x = event->touch.x,
                                                                   .y = event->touch.y};
}

static void place_pointer(struct kc_state *state, const struct kb_event *event)
{
    state->pointer.x = event->pointer.x;
    state->pointer.y = event->pointer.y;
    state->pointer.moved_x += event->pointer.dx;
    state->pointer.moved_y += event->pointer.dy;
}

static void press_button(struct kc_state *state, const struct kb_event *event)
{
    const uint32_t bit = UINT32_C(1) << (event->pointer.button - KC_BUTTON_FIRST);
    if (event->type == KB_EVENT_POINTER_DOWN)
        state->pointer.buttons |= bit;
    else
        state->pointer.buttons &= ~bit;
}

static void press_key(struct kc_state *state, const struct kb_event *event)
{
    state->modifiers = event->key.modifiers;
    state->keys[event->key.code].down = event->type == KB_EVENT_KEY_DOWN;
    state->keys[event->key.code].base = event->key.base;
}

/* Codes have been checked where the events were made. */
void kc_state_apply(struct kc_input *input, enum kc_when when, const struct kc_queued *queued)
{
    struct kc_state *state = &input->state[when];
    const struct kb_event *event = &queued->event;
    switch (event->type) {
    case KB_EVENT_KEY_DOWN:
    case KB_EVENT_KEY_UP: press_key(state, event); break;
    case KB_EVENT_POINTER_MOTION: place_pointer(state, event); break;
    case KB_EVENT_POINTER_DOWN:
    case KB_EVENT_POINTER_UP: press_button(state, event); break;
    case KB_EVENT_POINTER_ENTER:
        state->pointer.inside = true;
        place_pointer(state, event);
        break;
    case KB_EVENT_POINTER_LEAVE: state->pointer.inside = false; break;
    case KB_EVENT_TOUCH_DOWN: begin_touch(state, event); break;
    case KB_EVENT_TOUCH_MOTION: move_touch(state, event); break;
    case KB_EVENT_TOUCH_UP:
    case KB_EVENT_TOUCH_CANCEL: end_touch(state, event); break;
    case KB_EVENT_AXIS:
        queued->device->at[when].axes[event->gamepad.axis] = event->gamepad.value;
        break;
    case KB_EVENT_BUTTON_DOWN:
    case KB_EVENT_BUTTON_UP:
        queued->device->at[when].buttons[event->gamepad.button] =
            event->type == KB_EVENT_BUTTON_DOWN;
        break;
    case KB_EVENT_DEVICE_ADDED: queued->device->at[when].there = true; break;
    case KB_EVENT_DEVICE_REMOVED: queued->device->at[when].there = false; break;
    case KB_EVENT_FOCUS_GAINED:
        state->focus = queued->window;
        state->modifiers = queued->modifiers;
        break;
    case KB_EVENT_FOCUS_LOST:
        state->focus = 0;
        state->modifiers = queued->modifiers;
        state->pointer.inside = false;
        break;
    case KB_EVENT_LOST:
        state->modifiers = queued->modifiers;
        state->pointer = queued->pointer;
        break;
    case KB_EVENT_TEXT:
    case KB_EVENT_WHEEL:
    case KB_EVENT_CLOSE: break;
    }
}
