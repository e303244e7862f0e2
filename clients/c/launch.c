/* Programs that start others, and those others. */
#include <errno.h>
#include <stdlib.h>

#include "client.h"

int kc_launch_announce(struct kb_display *display)
{
    const char *variable = getenv("KMSBLIT_LAUNCH");
    if (display->launched == 0 && variable != NULL)
        display->launched = strtoull(variable, NULL, 16);
    const struct kb_req_launched launched = {.serial = kc_next_serial(display),
                                             .token = display->launched};
    const struct kb_req_launch launch = {.serial = kc_next_serial(display),
                                         .token = display->launch};
    int error = 0;
    if (launched.token != 0)
        error = kc_request(display, KB_REQ_LAUNCHED, &launched, NULL, KC_WAIT);
    if (launch.token != 0 && error == 0)
        error = kc_request(display, KB_REQ_LAUNCH, &launch, NULL, KC_WAIT);
    return error;
}

int kb_launched(struct kb_display *display, uint64_t token)
{
    const struct kb_req_launched launched = {.serial = kc_next_serial(display), .token = token};
    if (token == 0)
        return kc_fail(-EINVAL, "launched: a launch's token is not 0");
    if (display->launched == 0)
        display->launched = token;
    int error = kc_request(display, KB_REQ_LAUNCHED, &launched, NULL, KC_WAIT);
    return error < 0 ? error : kc_push(display);
}

int kb_launch(struct kb_display *display, uint64_t token)
{
    const union kc_question question = {
        .launch = {.serial = kc_next_serial(display), .token = token}};
    int error =
        kc_reply_ask(display, &display->reply, KB_REQ_LAUNCH, question.launch.serial, &question);
    if (error == 0)
        error = kc_reply_wait(display, &display->reply, KC_FOREVER);
    if (error == 0)
        display->launch = token;
    return error;
}

void kb_launch_get(const struct kb_display *display, struct kb_launch_state *state)
{
    *state = display->launch_state;
}
