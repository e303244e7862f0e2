/*
 * What a client was told of input, and what must hold of it: it is only for who has the focus, what is down was up before, and nothing is down for who
 * has the focus no more. Part of fuzz_requests.c, whose struct client begins with it.
 */
#ifndef TESTS_FUZZ_TOLD_H
#define TESTS_FUZZ_TOLD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "gen/kmsblit_proto.h"

struct told {
    bool has_focus, is_over;
    uint8_t keys[0x300], touches[16];
    int32_t axes[6];
};

static void require(bool truth, const char *what)
{
    if (truth)
        return;
    fprintf(stderr, "fuzz_requests: %s\n", what);
    abort();
}

static int on_focus(void *ctx, const struct kb_evt_focus *in)
{
    struct told *told = ctx;

    require(told->has_focus != (in->gained == 1), "the focus is gained, then lost");
    told->has_focus = in->gained;
    for (size_t i = 0; i < sizeof(told->keys) && !in->gained; i++)
        require(!told->keys[i], "what is held is released");
    for (size_t i = 0; i < sizeof(told->touches) && !in->gained; i++)
        require(!told->touches[i], "touches are cancelled");
    for (size_t i = 0; i < 6 && !in->gained; i++)
        require(told->axes[i] == 0, "axes go to the middle");
    require(in->gained || !told->is_over, "the pointer leaves first");
    return 0;
}

static void turn(const struct told *told, uint8_t *state, bool down)
{
    require(told->has_focus, "input is for who has the focus");
    require(*state != down, "down, up, down, up");
    *state = down;
}

static int on_key(void *ctx, const struct kb_evt_key *in)
{
    struct told *told = ctx;

    require(in->code < sizeof(told->keys), "there is such a key");
    turn(told, &told->keys[in->code], in->state == KB_KEY_STATE_DOWN);
    return 0;
}

static int on_button(void *ctx, const struct kb_evt_pointer_button *in)
{
    struct told *told = ctx;

    require(in->button >= 0x110 && in->button < 0x118, "there is such a button");
    turn(told, &told->keys[in->button], in->state == KB_KEY_STATE_DOWN);
    return 0;
}

static int on_over(void *ctx, const struct kb_evt_pointer_over *in)
{
    turn(ctx, (uint8_t *)&((struct told *)ctx)->is_over, in->inside);
    return 0;
}

static int on_motion(void *ctx, const struct kb_evt_pointer_motion *in)
{
    const struct told *told = ctx;

    require(told->has_focus && told->is_over, "motion is over the window");
    require(in->x >= 0 && in->y >= 0, "places are in the picture");
    return 0;
}

static int on_touch(void *ctx, const struct kb_evt_touch *in)
{
    struct told *told = ctx;

    require(in->finger >= 0 && in->finger < 16, "there is such a finger");
    if (in->phase == KB_TOUCH_PHASE_MOTION)
        require(told->touches[in->finger], "a finger that moves is down");
    else
        turn(told, &told->touches[in->finger], in->phase == KB_TOUCH_PHASE_DOWN);
    return 0;
}

static int on_axis(void *ctx, const struct kb_evt_gamepad_axis *in)
{
    struct told *told = ctx;

    require(told->has_focus && in->axis < 6, "there is such an axis");
    told->axes[in->axis] = in->value;
    return 0;
}

static int on_keymap(void *ctx, const struct kb_evt_keymap *in)
{
    (void)ctx;
    close(in->text);
    return 0;
}

#endif
