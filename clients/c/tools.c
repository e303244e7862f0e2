/* For tools and tests: pictures, counters, and the virtual clock. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"

/* Reads exactly so many bytes from the start of a file. 0 or -errno. */
static int read_all(int fd, uint8_t *to, size_t bytes)
{
    size_t at = 0;
    while (at < bytes) {
        ssize_t got = pread(fd, to + at, bytes - at, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -errno : -EIO;
        at += (size_t)got;
    }
    return 0;
}

static int copy_picture(const struct kc_reply *reply, uint32_t **pixels)
{
    struct stat status;
    size_t bytes = (size_t)reply->width * reply->height * sizeof(uint32_t);
    if (reply->pixels < 0 || reply->width < 1 || reply->height < 1 ||
        reply->width > KB_MAX_IMAGE_PX || reply->height > KB_MAX_IMAGE_PX ||
        fstat(reply->pixels, &status) < 0 || (uint64_t)status.st_size < bytes)
        return kc_fail(-EPROTO, "screenshot: the daemon sent no picture");
    uint32_t *made = malloc(bytes);
    if (made == NULL)
        return kc_fail(-ENOMEM, "screenshot: no memory for %ux%u pixels", reply->width,
                       reply->height);
    int error = read_all(reply->pixels, (uint8_t *)made, bytes);
    if (error < 0) {
        free(made);
        return kc_fail(error, "screenshot: reading the picture: %s", strerror(-error));
    }
    *pixels = made;
    return 0;
}

int kb_screenshot(struct kb_display *display, uint32_t output,
                  const struct kb_window *target_window, uint32_t *width, uint32_t *height,
                  uint32_t **pixels)
{
    struct kc_reply *reply = &display->reply;
    bool of_window = target_window != NULL;
    const union kc_question question = {
        .screenshot = {
            .object = of_window ? target_window->id : output,
            .serial = kc_next_serial(display),
            .target = of_window ? KB_SCREENSHOT_TARGET_WINDOW : KB_SCREENSHOT_TARGET_OUTPUT,
        }};
    *pixels = NULL;
    int error =
        kc_reply_ask(display, reply, KB_REQ_SCREENSHOT, question.screenshot.serial, &question);
    if (error == 0)
        error = kc_reply_wait(display, reply, KC_FOREVER);
    if (error == 0)
        error = copy_picture(reply, pixels);
    if (reply->pixels >= 0)
        close(reply->pixels);
    reply->pixels = -1;
    *width = error == 0 ? reply->width : 0;
    *height = error == 0 ? reply->height : 0;
    return error;
}

int kb_statistics(struct kb_display *display, enum kb_statistics_scope scope, uint32_t object,
                  struct kb_statistic_value *values, size_t capacity)
{
    struct kc_reply *reply = &display->reply;
    const union kc_question question = {.get_statistics = {
                                            .object = object,
                                            .serial = kc_next_serial(display),
                                            .scope = (uint32_t)scope,
                                        }};
    reply->values = values;
    reply->values_capacity = capacity;
    int error = kc_reply_ask(display, reply, KB_REQ_GET_STATISTICS, question.get_statistics.serial,
                             &question);
    if (error == 0)
        error = kc_reply_wait(display, reply, KC_FOREVER);
    reply->values = NULL;
    reply->values_capacity = 0;
    return error < 0 ? error : (int)reply->values_count;
}

int kb_describe(struct kb_display *display, char **text)
{
    struct kc_reply *reply = &display->reply;
    const union kc_question question = {.describe = {.serial = kc_next_serial(display)}};
    int error = kc_reply_ask(display, reply, KB_REQ_DESCRIBE, question.describe.serial, &question);
    if (error == 0)
        error = kc_reply_wait(display, reply, KC_FOREVER);
    if (error == 0 && reply->text == NULL)
        error = kc_fail(-ENOMEM, "describe: no memory for the text");
    *text = reply->text;
    reply->text = NULL;
    return error;
}

int kb_clock_step(struct kb_display *display, uint64_t duration_ns)
{
    struct kc_reply *step = &display->step;
    int error = 0;
    if (step->serial == 0) {
        const union kc_question question = {
            .clock_step = {.serial = kc_next_serial(display), .duration_ns = duration_ns}};
        error =
            kc_reply_ask(display, step, KB_REQ_CLOCK_STEP, question.clock_step.serial, &question);
        if (error < 0)
            return error;
    }
    while (!step->complete && error >= 0)
        error = kc_turn(display, KC_FOREVER);
    if (!step->complete)
        return error; /* interrupted: the step goes on, and the next call waits for it */
    step->serial = 0;
    return step->error == 0 ? 0 : kc_fail(step->error, "%s", step->sentence);
}
