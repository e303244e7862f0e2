#include "scene/focus.h"

#include <string.h>

#include "scene/window.h"

void kd_focus_init(struct kd_focus *focus, const struct kd_focus_out *out, void *ctx)
{
    memset(focus, 0, sizeof(*focus));
    focus->out = out;
    focus->ctx = ctx;
    focus->is_by_click = true;
}

static void tell(struct kd_focus *focus, const struct kd_input *input)
{
    focus->out->input(focus->ctx, focus->window, input);
}

/* ---- The pointer ------------------------------------------------------------------------------- */

/* A button that was pressed over the window holds the pointer there. */
static bool is_dragging(const struct kd_focus *focus)
{
    for (unsigned i = 0; i < focus->held_count; i++)
        if (focus->held[i].kind == KD_INPUT_BUTTON && focus->held[i].is_told)
            return true;
    return false;
}

static void update_over(struct kd_focus *focus, int64_t time_ns)
{
    bool over =
        focus->window && (focus->is_locked || focus->under == focus->window || is_dragging(focus));

    if (over == focus->is_over)
        return;
    focus->is_over = over;
    focus->out->over(focus->ctx, focus->window, over, time_ns);
}

void kd_focus_pointer(struct kd_focus *focus, struct kd_window *under, int64_t time_ns)
{
    focus->under = under;
    update_over(focus, time_ns);
}

void kd_focus_lock(struct kd_focus *focus, bool locked, int64_t time_ns)
{
    focus->is_locked = locked;
    update_over(focus, time_ns);
}

/* ---- What is held ------------------------------------------------------------------------------ */

/* Keyboards are one, and so are mice: the same code on two of them is one key. Gamepads are each a player's. */
static bool is_same_key(const struct kd_held *held, enum kd_input_kind kind, uint32_t code,
                        uint32_t device)
{
    return held->kind == kind && held->code == code &&
           (kind != KD_INPUT_PAD_BUTTON || held->device == device);
}

static struct kd_held *find_key(struct kd_focus *focus, enum kd_input_kind kind, uint32_t code,
                                uint32_t device)
{
    for (unsigned i = 0; i < focus->held_count; i++)
        if (is_same_key(&focus->held[i], kind, code, device))
            return &focus->held[i];
    return NULL;
}

static struct kd_held *find_held(struct kd_focus *focus, const struct kd_input *input)
{
    for (unsigned i = 0; i < focus->held_count; i++) {
        struct kd_held *held = &focus->held[i];

        if (held->kind == input->kind && held->code == input->key.code &&
            held->device == input->device)
            return held;
    }
    return NULL;
}

static void press(struct kd_focus *focus, const struct kd_input *input)
{
    const struct kd_held *other;
    struct kd_held *held;

    if (find_held(focus, input) || focus->held_count == KD_FOCUS_HELD)
        return;
    other = find_key(focus, input->kind, input->key.code, input->device);
    held = &focus->held[focus->held_count++];
    *held = (struct kd_held){.kind = input->kind,
                             .code = input->key.code,
                             .device = input->device,
                             .is_told = other && other->is_told};
    if (other)
        return;
    held->is_told = focus->window != NULL;
    if (input->kind == KD_INPUT_KEY && !focus->out->key(focus->ctx, input->key.code, true))
        held->is_told = false;
    if (input->kind == KD_INPUT_BUTTON && !focus->is_over)
        held->is_told = false;
    if (held->is_told)
        tell(focus, input);
}

static void release(struct kd_focus *focus, const struct kd_input *input)
{
    struct kd_held *held = find_held(focus, input);
    bool is_told;

    if (!held)
        return;
    is_told = held->is_told;
    *held = focus->held[--focus->held_count];
    if (find_key(focus, input->kind, input->key.code, input->device))
        return; /* on another device it is still held */
    if (input->kind == KD_INPUT_KEY)
        focus->out->key(focus->ctx, input->key.code, false);
    if (is_told)
        tell(focus, input);
    if (input->kind == KD_INPUT_BUTTON)
        update_over(focus, input->time_ns);
}

static struct kd_input up_of(const struct kd_held *held, int64_t time_ns)
{
    return (struct kd_input){.kind = held->kind,
                             .device = held->device,
                             .time_ns = time_ns,
                             .key = {.code = held->code, .down = false}};
}

/* The window hears that a key is up which is not. */
static void forget_key(struct kd_focus *focus, const struct kd_held *held, int64_t time_ns)
{
    struct kd_input up = up_of(held, time_ns);

    for (unsigned i = 0; i < focus->held_count; i++)
        if (is_same_key(&focus->held[i], up.kind, up.key.code, up.device))
            focus->held[i].is_told = false;
    tell(focus, &up);
}

/* ---- Axes -------------------------------------------------------------------------------------- */

static void center(struct kd_focus *focus, struct kd_tilted *tilted, int64_t time_ns)
{
    struct kd_input input = {.kind = KD_INPUT_PAD_AXIS,
                             .device = tilted->device,
                             .time_ns = time_ns,
                             .axis = {.axis = tilted->axis, .value = 0}};

    *tilted = focus->tilted[--focus->tilted_count];
    tell(focus, &input);
}

static void tilt(struct kd_focus *focus, const struct kd_input *input)
{
    struct kd_tilted *tilted = focus->tilted;

    while (tilted < focus->tilted + focus->tilted_count &&
           (tilted->device != input->device || tilted->axis != input->axis.axis))
        tilted++;
    if (!focus->window)
        return;
    if (tilted == focus->tilted + focus->tilted_count) {
        if (input->axis.value == 0 || focus->tilted_count == KD_FOCUS_TILTED)
            return;
        focus->tilted_count++;
        *tilted = (struct kd_tilted){.device = input->device, .axis = input->axis.axis};
    }
    if (tilted->value == input->axis.value)
        return;
    tilted->value = input->axis.value;
    if (input->axis.value == 0)
        *tilted = focus->tilted[--focus->tilted_count];
    tell(focus, input);
}

/* ---- Touch ------------------------------------------------------------------------------------- */

static void cancel(struct kd_focus *focus, struct kd_finger *finger, int64_t time_ns)
{
    struct kd_input input = {.kind = KD_INPUT_TOUCH,
                             .device = finger->device,
                             .time_ns = time_ns,
                             .touch = {.phase = KB_TOUCH_PHASE_CANCEL,
                                       .finger = finger->finger,
                                       .x = finger->x,
                                       .y = finger->y}};

    if (!finger->is_told)
        return;
    finger->is_told = false;
    tell(focus, &input);
}

static struct kd_finger *find_finger(struct kd_focus *focus, const struct kd_input *input)
{
    for (unsigned i = 0; i < focus->fingers_count; i++)
        if (focus->fingers[i].device == input->device &&
            focus->fingers[i].finger == input->touch.finger)
            return &focus->fingers[i];
    return NULL;
}

static void touch(struct kd_focus *focus, const struct kd_input *input, struct kd_window *at)
{
    struct kd_finger *finger = find_finger(focus, input);
    struct kd_input last = *input;

    if (input->touch.phase == KB_TOUCH_PHASE_DOWN) {
        if (finger)
            cancel(focus, finger, input->time_ns); /* its end was missed */
        else if (focus->fingers_count < KD_FOCUS_FINGERS)
            finger = &focus->fingers[focus->fingers_count++];
        else
            return;
        *finger = (struct kd_finger){.device = input->device, .finger = input->touch.finger};
        if (at && at != focus->window && focus->is_by_click)
            kd_focus_set(focus, at, input->time_ns);
        finger->is_told = at && at == focus->window;
    }
    if (!finger)
        return;
    if (input->touch.phase <= KB_TOUCH_PHASE_MOTION) {
        finger->x = input->touch.x;
        finger->y = input->touch.y;
    }
    last.touch.x = finger->x;
    last.touch.y = finger->y;
    if (finger->is_told)
        tell(focus, &last);
    if (input->touch.phase > KB_TOUCH_PHASE_MOTION)
        *finger = focus->fingers[--focus->fingers_count];
}

/* ---- Who has the focus ------------------------------------------------------------------------- */

/* Everything that the window was told is down is up for it. */
static void let_go(struct kd_focus *focus, int64_t time_ns)
{
    for (unsigned i = 0; i < focus->held_count; i++)
        if (focus->held[i].is_told)
            forget_key(focus, &focus->held[i], time_ns);
    while (focus->tilted_count > 0)
        center(focus, &focus->tilted[0], time_ns);
    for (unsigned i = 0; i < focus->fingers_count; i++)
        cancel(focus, &focus->fingers[i], time_ns);
    if (focus->is_over)
        focus->out->over(focus->ctx, focus->window, false, time_ns);
    focus->is_over = false;
}

void kd_focus_set(struct kd_focus *focus, struct kd_window *window, int64_t time_ns)
{
    struct kd_window *before = focus->window;

    if (window == before)
        return;
    if (before) {
        let_go(focus, time_ns);
        focus->window = NULL;
        focus->out->focus(focus->ctx, before, false, time_ns);
    }
    focus->window = window;
    focus->is_locked = window && window->input_flags & KB_WINDOW_INPUT_FLAG_LOCK_POINTER;
    if (window)
        focus->out->focus(focus->ctx, window, true, time_ns);
    update_over(focus, time_ns);
}

void kd_focus_forget(struct kd_focus *focus, const struct kd_window *window, int64_t time_ns)
{
    if (focus->under == window)
        focus->under = NULL;
    if (focus->window == window)
        kd_focus_set(focus, NULL, time_ns);
}

void kd_focus_restack(struct kd_focus *focus, struct kd_window *const *visible, size_t count,
                      int64_t time_ns)
{
    struct kd_window *fresh = NULL, *next;
    const struct kd_window *now = focus->window;
    bool is_seen = false;

    for (size_t i = 0; i < count && !is_seen; i++) {
        bool was_above = visible[i]->stacked_turn == focus->turn && now &&
                         visible[i]->stacked_depth <= now->stacked_depth;

        is_seen = visible[i] == now;
        if (!is_seen && !fresh && !was_above)
            fresh = visible[i];
    }
    focus->turn++;
    for (size_t i = 0; i < count; i++) {
        visible[i]->stacked_turn = focus->turn;
        visible[i]->stacked_depth = (uint32_t)i;
    }
    next = !is_seen ? (count > 0 ? visible[0] : NULL) : fresh ? fresh : focus->window;
    kd_focus_set(focus, next, time_ns);
}

/* ---- Input --------------------------------------------------------------------------------------- */

static void button(struct kd_focus *focus, const struct kd_input *input, struct kd_window *at)
{
    if (!input->key.down) {
        release(focus, input);
        return;
    }
    if (at && at != focus->window && focus->is_by_click && !focus->is_locked && !is_dragging(focus))
        kd_focus_set(focus, at, input->time_ns);
    press(focus, input);
}

void kd_focus_input(struct kd_focus *focus, const struct kd_input *input, struct kd_window *at)
{
    switch (input->kind) {
    case KD_INPUT_KEY:
    case KD_INPUT_PAD_BUTTON:
        if (input->key.down)
            press(focus, input);
        else
            release(focus, input);
        break;
    case KD_INPUT_BUTTON:
        kd_focus_pointer(focus, at, input->time_ns);
        button(focus, input, at);
        break;
    case KD_INPUT_MOTION:
    case KD_INPUT_POSITION:
    case KD_INPUT_WHEEL:
        kd_focus_pointer(focus, at, input->time_ns);
        if (focus->is_over)
            tell(focus, input);
        break;
    case KD_INPUT_TOUCH: touch(focus, input, at); break;
    case KD_INPUT_PAD_AXIS: tilt(focus, input); break;
    }
}

/* From behind: what is released takes its entry with it. */
void kd_focus_unplugged(struct kd_focus *focus, uint32_t device, int64_t time_ns)
{
    for (unsigned i = focus->held_count; i-- > 0;) {
        struct kd_input up = up_of(&focus->held[i], time_ns);

        if (up.device == device)
            release(focus, &up);
    }
    for (unsigned i = focus->tilted_count; i-- > 0;)
        if (focus->tilted[i].device == device)
            center(focus, &focus->tilted[i], time_ns);
    for (unsigned i = focus->fingers_count; i-- > 0;) {
        if (focus->fingers[i].device != device)
            continue;
        cancel(focus, &focus->fingers[i], time_ns);
        focus->fingers[i] = focus->fingers[--focus->fingers_count];
    }
}
