#include "output/output.h"

#define KD_LOG_MODULE "output"
#include "base/log.h"

#define BUG ((uint8_t)255)

#define OFF       KD_OUTPUT_OFF
#define IDLE      KD_OUTPUT_IDLE
#define SCHEDULED KD_OUTPUT_SCHEDULED
#define DRAWING   KD_OUTPUT_DRAWING
#define SUBMITTED KD_OUTPUT_SUBMITTED
#define PAUSED    KD_OUTPUT_PAUSED

/* The table of docs/states.md (a test compares them). A flip goes to SCHEDULED, from where REST leads to IDLE if nothing is left. */
/* clang-format off */
static const uint8_t next_state[KD_OUTPUT_STATES][KD_OUTPUT_EVENTS] = {
    /*                        enable     damage     rest  draw     submit     fail       flip       pause   resume     unplug */
    [KD_OUTPUT_OFF]       = { SCHEDULED, OFF,       BUG,  BUG,     BUG,       BUG,       OFF,       OFF,    OFF,       OFF },
    [KD_OUTPUT_IDLE]      = { BUG,       SCHEDULED, BUG,  BUG,     BUG,       BUG,       IDLE,      PAUSED, BUG,       OFF },
    [KD_OUTPUT_SCHEDULED] = { BUG,       SCHEDULED, IDLE, DRAWING, SUBMITTED, SCHEDULED, SCHEDULED, PAUSED, BUG,       OFF },
    [KD_OUTPUT_DRAWING]   = { BUG,       DRAWING,   BUG,  BUG,     SUBMITTED, SCHEDULED, DRAWING,   PAUSED, BUG,       OFF },
    [KD_OUTPUT_SUBMITTED] = { BUG,       SUBMITTED, BUG,  BUG,     BUG,       SCHEDULED, SCHEDULED, PAUSED, BUG,       OFF },
    [KD_OUTPUT_PAUSED]    = { BUG,       PAUSED,    BUG,  BUG,     BUG,       PAUSED,    PAUSED,    PAUSED, SCHEDULED, OFF },
};
/* clang-format on */

const char *kd_output_state_name(enum kd_output_state state)
{
    static const char *const names[KD_OUTPUT_STATES] = {"OFF",     "IDLE",      "SCHEDULED",
                                                        "DRAWING", "SUBMITTED", "PAUSED"};

    return names[state];
}

const char *kd_output_event_name(enum kd_output_event event)
{
    static const char *const names[KD_OUTPUT_EVENTS] = {
        "enable", "damage", "rest", "draw", "submit", "fail", "flip", "pause", "resume", "unplug"};

    return names[event];
}

bool kd_output_step(struct kd_output *output, enum kd_output_event event)
{
    uint8_t next = next_state[output->state][event];

    if (next == BUG) {
        KD_ERROR("output %s: kmsblitd bug: event %s cannot happen in state %s", output->name,
                 kd_output_event_name(event), kd_output_state_name(output->state));
        return false;
    }
    if (next != output->state)
        KD_DEBUG("output %s: %s: %s -> %s", output->name, kd_output_event_name(event),
                 kd_output_state_name(output->state),
                 kd_output_state_name((enum kd_output_state)next));
    output->state = (enum kd_output_state)next;
    return true;
}
