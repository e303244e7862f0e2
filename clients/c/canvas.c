/* Canvases: images that frames draw into. */
#include <errno.h>
#include <stdlib.h>

#include "client.h"

int kc_canvas_announce(const struct kb_image *canvas)
{
    const struct kb_req_canvas_create create = {
        .object = canvas->id,
        .serial = kc_next_serial(canvas->display),
        .width = canvas->width,
        .height = canvas->height,
    };
    return kc_request(canvas->display, KB_REQ_CANVAS_CREATE, &create, NULL, KC_WAIT);
}

int kb_canvas_create(struct kb_display *display, uint32_t width, uint32_t height,
                     struct kb_image **canvas)
{
    struct kb_image *made;
    *canvas = NULL;
    struct kb_frame *frame = malloc(sizeof(*frame));
    if (frame == NULL)
        return kc_fail(-ENOMEM, "no memory for a canvas");
    int error = kc_image_alloc(display, width, height, &made);
    if (error < 0) {
        free(frame);
        return error;
    }
    kc_frame_init(frame, display, made->id, width, height);
    made->frame = frame;
    error = kc_canvas_announce(made);
    if (error < 0) {
        kc_image_undo(made);
        return error;
    }
    *canvas = made;
    return 0;
}

struct kb_frame *kb_canvas_frame(struct kb_image *canvas)
{
    if (canvas->frame == NULL)
        kc_fail(-EINVAL, "only a canvas can be drawn into");
    return canvas->frame;
}

int kb_canvas_commit(struct kb_image *canvas, uint32_t *serial)
{
    struct kb_display *display = canvas->display;
    struct kb_frame *frame = kb_canvas_frame(canvas);
    if (frame == NULL)
        return -EINVAL;
    int error = kc_frame_check(frame);
    if (error == 0)
        error = kc_pull(display);
    if (error >= 0)
        error = kc_take_refusal(display);
    if (error < 0)
        return error;
    uint32_t number = kc_next_serial(display), before = canvas->undone_serial;
    bool drawn = canvas->drawn;
    canvas->undone_serial = number;
    canvas->drawn = true;
    error = kc_commands_send(display, canvas->id, number, frame->flags, frame->bytes, frame->units);
    if (error < 0) {
        canvas->undone_serial = before;
        canvas->drawn = drawn;
    }
    if (error == 0 || error == -ENOMEM || error == -EMFILE)
        kc_frame_reset(frame);
    if (error < 0)
        return error;
    if (display->link.lost)
        canvas->undone_serial = 0; /* the daemon that answers it is away */
    if (serial != NULL)
        *serial = number;
    return 0;
}

int kb_canvas_wait(struct kb_image *canvas)
{
    int error = 0;
    while (canvas->undone_serial != 0 && error >= 0)
        error = kc_turn(canvas->display, KC_FOREVER);
    return error < 0 ? error : kc_take_refusal(canvas->display);
}
