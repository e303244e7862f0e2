/*
 * Requests about input: the pointer's look over a window, who has the focus, and acting as a device.
 */
#include <errno.h>

#include "socket/connection.h"
#include "socket/requests.h"

#define MAX_CURSOR_PX 256

static void refuse(struct kd_connection *connection, uint32_t object, uint32_t serial, int error,
                   const char *why)
{
    kd_connection_error(connection, object, serial, kd_error_code(error), 0, "%s", why);
}

/* Sets the window's cursor to the image. */
static void set_image(struct kd_connection *connection, struct kd_window *window,
                      const struct kb_req_window_cursor *in)
{
    const struct kd_image *image =
        kd_connection_object(connection, in->image, KD_OBJECT_IMAGE, in->serial);

    if (!image)
        return;
    if (image->width_px > MAX_CURSOR_PX || image->height_px > MAX_CURSOR_PX)
        refuse(connection, in->object, in->serial, -EINVAL,
               "a cursor's image may have at most 256x256 pixels");
    else if (in->hot_x < 0 || in->hot_y < 0 || in->hot_x >= image->width_px ||
             in->hot_y >= image->height_px)
        refuse(connection, in->object, in->serial, -EINVAL,
               "the pixel that points, hot_x and hot_y, must be in the cursor's image");
    else
        kd_window_set_cursor(window, image->newest, in->hot_x, in->hot_y);
}

int kd_on_window_cursor(void *ctx, const struct kb_req_window_cursor *in)
{
    struct kd_connection *connection = ctx;
    struct kd_window *window =
        kd_connection_object(connection, in->object, KD_OBJECT_WINDOW, in->serial);

    if (!window)
        return 0;
    if (in->image)
        set_image(connection, window, in);
    else if (in->hot_x || in->hot_y)
        refuse(connection, in->object, in->serial, -EINVAL,
               "hot_x and hot_y must be 0 for the default cursor");
    else
        kd_window_set_cursor(window, NULL, 0, 0);
    return 0;
}

int kd_on_window_input(void *ctx, const struct kb_req_window_input *in)
{
    struct kd_connection *connection = ctx;
    struct kd_window *window =
        kd_connection_object(connection, in->object, KD_OBJECT_WINDOW, in->serial);

    if (!window)
        return 0;
    window->input_flags = in->flags;
    window->cursor.is_hidden = in->flags & KB_WINDOW_INPUT_FLAG_HIDE_CURSOR;
    connection->host->window_input(connection->host->ctx, window);
    return 0;
}

int kd_on_window_focus(void *ctx, const struct kb_req_window_focus *in)
{
    struct kd_connection *connection = ctx;
    struct kd_window *window =
        kd_connection_object(connection, in->object, KD_OBJECT_WINDOW, in->serial);
    const char *why;

    if (window && connection->host->window_focus(connection->host->ctx, window, &why) < 0)
        kd_connection_error(connection, in->object, in->serial, KB_ERROR_CODE_NOT_POSSIBLE, 0, "%s",
                            why);
    return 0;
}

int kd_on_gamepad_rumble(void *ctx, const struct kb_req_gamepad_rumble *in)
{
    struct kd_connection *connection = ctx;
    const char *why;
    int error = connection->host->rumble(connection->host->ctx, connection->client, in, &why);

    if (error)
        kd_connection_error(
            connection, in->object, in->serial,
            error == -ENODEV ? KB_ERROR_CODE_BAD_OBJECT : KB_ERROR_CODE_NOT_POSSIBLE, 0, "%s", why);
    return 0;
}

int kd_on_input_inject(void *ctx, const struct kb_req_input_inject *in)
{
    struct kd_connection *connection = ctx;
    const char *why;
    int error;

    if (!kd_permitted(connection, KB_PERMISSION_INJECT, "inject", 0, in->serial))
        return 0;
    error = connection->host->inject(connection->host->ctx, connection, in, &why);
    if (error)
        refuse(connection, 0, in->serial, error, why);
    return 0;
}
