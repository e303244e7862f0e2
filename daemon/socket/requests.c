/*
 * One short handler a request. They check everything before they change anything. A handler returns 0, or -EAGAIN when the client's
 * next request must wait (kd_peer_resume).
 */
#include "socket/requests.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "socket/connection.h"
#include "socket/events.h"
#include "socket/feed.h"
#include "socket/launch.h"

static void refuse(struct kd_connection *connection, uint32_t object, uint32_t serial, int error,
                   const char *why)
{
    kd_connection_error(connection, object, serial, kd_error_code(error), 0, "%s", why);
}

bool kd_permitted(struct kd_connection *connection, uint32_t permission, const char *name,
                  uint32_t object, uint32_t serial)
{
    if (connection->client->permissions & permission)
        return true;
    kd_connection_error(
        connection, object, serial, KB_ERROR_CODE_PERMISSION, 0,
        "this needs the permission %s: run as the daemon's user, or give it to everyone in kmsblitd.conf",
        name);
    return false;
}

static int on_hello(void *ctx, const struct kb_req_hello *in)
{
    static const char server[] = "kmsblitd " KMSBLIT_VERSION;
    struct kd_connection *connection = ctx;
    const struct kd_host *host = connection->host;
    struct kd_client *client = connection->client;
    char safe[160];
    char *name;

    if (connection->said_hello) {
        kd_connection_error(connection, 0, in->serial, KB_ERROR_CODE_PROTOCOL, 0,
                            "hello may be said only once");
        kd_peer_shut(connection->peer);
        return 0;
    }
    if (in->version != KB_PROTO_VERSION) {
        kd_connection_error(
            connection, 0, in->serial, KB_ERROR_CODE_VERSION, KB_PROTO_VERSION,
            "this daemon speaks version %d of the protocol, the client %u: update the older one",
            KB_PROTO_VERSION, in->version);
        kd_peer_shut(connection->peer);
        return 0;
    }
    name = strdup(kd_log_safe(safe, sizeof(safe), in->name, in->name_bytes));
    if (name) {
        free(client->name);
        client->name = name;
    }
    if (in->flags & KB_HELLO_FLAG_WANTS_INPUT) {
        if (kd_feed_create(connection->peer, &connection->feed) < 0) {
            refuse(connection, 0, in->serial, -ENOMEM, "the daemon is out of memory");
            kd_peer_shut(connection->peer);
            return 0;
        }
        client->wants_input = true;
    }
    connection->said_hello = true;
    connection->hello_by_ns = 0;
    kd_event_welcome(client, &(struct kb_evt_welcome){
                                 .serial = in->serial,
                                 .version = KB_PROTO_VERSION,
                                 .flags = (in->token == host->token ? KB_WELCOME_FLAG_RESUMED : 0) |
                                          (host->virtual_clock ? KB_WELCOME_FLAG_VIRTUAL_CLOCK : 0),
                                 .token = host->token,
                                 .max_client_bytes = host->max_client_bytes,
                                 .permissions = client->permissions,
                                 .max_objects = host->max_client_objects,
                                 .server = server,
                                 .server_bytes = sizeof(server) - 1});
    host->announce_outputs(host->ctx, connection);
    host->announce_devices(host->ctx, connection);
    return 0;
}

static int on_sync(void *ctx, const struct kb_req_sync *in)
{
    struct kd_connection *connection = ctx;

    kd_event_done(connection->client, 0, in->serial);
    return 0;
}

/* ---- Images --------------------------------------------------------------------------------- */

static void on_image_read(void *ctx, uint32_t object, uint32_t serial, int error)
{
    struct kd_client *client = ctx;

    if (error && client->connection)
        kd_connection_error(client->connection, object, serial, kd_error_code(error), 0,
                            "reading the image's memory failed: %s", strerror(-error));
    kd_event_released(client, object, serial);
    kd_client_unref(client);
}

static struct kd_image_notice image_notice(struct kd_connection *connection, uint32_t object,
                                           uint32_t serial)
{
    return (struct kd_image_notice){.read = on_image_read,
                                    .ctx = kd_client_ref(connection->client),
                                    .object = object,
                                    .serial = serial};
}

bool kd_new_id(struct kd_connection *connection, uint32_t id, uint32_t serial)
{
    int error = kd_objects_check_new(&connection->client->objects, id);
    const char *why =
        error == -EINVAL   ? "an id's slot must be 1 to 65535"
        : error == -EEXIST ? "the slot is in use, or its last object had this generation"
        : error == -EDQUOT
            ? "this client has as many objects as it may: destroy some, or raise client_objects in kmsblitd.conf"
            : "the daemon is out of memory";

    if (error)
        refuse(connection, id, serial, error, why);
    return !error;
}

static int on_image_create(void *ctx, const struct kb_req_image_create *in)
{
    struct kd_connection *connection = ctx;
    struct kd_client *client = connection->client;
    const struct kd_image_info info = {.format = in->format,
                                       .width_px = in->width,
                                       .height_px = in->height,
                                       .stride_bytes = in->stride_bytes,
                                       .offset_bytes = in->offset_bytes,
                                       .has_key = in->flags & KB_IMAGE_FLAG_COLOR_KEY,
                                       .color_key = in->color_key,
                                       .palette = in->palette,
                                       .palette_count = in->palette_count,
                                       .shared = in->flags & KB_IMAGE_FLAG_SHARED};
    struct kd_image_notice notice;
    struct kd_memory *memory;
    struct kd_image *image;
    const char *why;
    int error;

    if (!kd_new_id(connection, in->object, in->serial)) {
        close(in->pixels);
        return 0;
    }
    error = kd_memory_create(in->pixels, client->account, &why, &memory);
    if (error) {
        refuse(connection, in->object, in->serial, error, why);
        return 0;
    }
    notice = image_notice(connection, in->object, in->serial);
    error = kd_image_create(&info, memory, client->account, client->lane, &notice, &why, &image);
    if (error)
        kd_client_unref(client);
    kd_memory_unref(memory);
    if (error)
        refuse(connection, in->object, in->serial, error, why);
    else
        kd_objects_put(&client->objects, in->object, KD_OBJECT_IMAGE, image);
    return 0;
}

static int on_image_update(void *ctx, const struct kb_req_image_update *in)
{
    struct kd_connection *connection = ctx;
    struct kd_image *image =
        kd_connection_object(connection, in->object, KD_OBJECT_IMAGE, in->serial);
    struct kd_image_notice notice;
    const char *why;
    int error;

    if (!image)
        return 0;
    notice = image_notice(connection, in->object, in->serial);
    error =
        kd_image_update(image, in->rects, in->rects_count, connection->client->lane, &notice, &why);
    if (error) {
        kd_client_unref(connection->client);
        refuse(connection, in->object, in->serial, error, why);
    }
    return 0;
}

static int on_canvas_create(void *ctx, const struct kb_req_canvas_create *in)
{
    struct kd_connection *connection = ctx;
    struct kd_client *client = connection->client;
    struct kd_image *canvas;
    const char *why;
    int error;

    if (!kd_new_id(connection, in->object, in->serial))
        return 0;
    error = kd_image_create_canvas((int32_t)in->width, (int32_t)in->height, client->account, &why,
                                   &canvas);
    if (error)
        refuse(connection, in->object, in->serial, error, why);
    else
        kd_objects_put(&client->objects, in->object, KD_OBJECT_IMAGE, canvas);
    return 0;
}

static int on_image_destroy(void *ctx, const struct kb_req_image_destroy *in)
{
    struct kd_connection *connection = ctx;
    struct kd_image *image =
        kd_connection_object(connection, in->object, KD_OBJECT_IMAGE, in->serial);

    if (image) {
        kd_objects_remove(&connection->client->objects, in->object);
        kd_image_destroy(image);
    }
    return 0;
}

/* ---- Windows -------------------------------------------------------------------------------- */

/* True if there is such an output; else an error was sent. */
static bool good_output(struct kd_connection *connection, uint32_t object, uint32_t serial,
                        uint32_t output)
{
    if (output == 0 || connection->host->output_exists(connection->host->ctx, output))
        return true;
    refuse(connection, object, serial, -EINVAL,
           "there is no such output: use 0 for the primary one");
    return false;
}

/* The picture's memory is charged when the window gets its size. */
static int charge_picture(struct kd_window *window, uint32_t width, uint32_t height,
                          const char **why)
{
    uint64_t bytes = kd_pixels_bytes((int32_t)width, (int32_t)height);
    struct kd_account *account = window->client->account;

    kd_account_release(account, window->charged_bytes);
    if (!kd_account_charge(account, bytes)) {
        kd_account_charge(account, window->charged_bytes); /* it just was: cannot fail */
        *why =
            "this client may not hold so many pixels: make the window smaller, destroy images, or raise client_memory in kmsblitd.conf";
        return -EDQUOT;
    }
    window->charged_bytes = bytes;
    return 0;
}

static int on_window_create(void *ctx, const struct kb_req_window_create *in)
{
    struct kd_connection *connection = ctx;
    const struct kd_host *host = connection->host;
    const struct kd_window_attr attr = {.width_px = (int32_t)in->width,
                                        .height_px = (int32_t)in->height,
                                        .base_color = in->base_color | 0xFF000000,
                                        .flags = in->flags,
                                        .scale = in->scale,
                                        .filter = in->filter,
                                        .z = in->z,
                                        .output = in->output,
                                        .place = in->place};
    const char *why = "the daemon is out of memory";
    struct kd_window *window;
    char title[300];
    int error;

    if (!kd_new_id(connection, in->object, in->serial) ||
        !good_output(connection, in->object, in->serial, in->output))
        return 0;
    error = kd_window_create(host->scene, connection->client, in->object, &attr,
                             kd_log_safe(title, sizeof(title), in->title, in->title_bytes),
                             host->jobs, &window);
    if (!error) {
        error = charge_picture(window, in->width, in->height, &why);
        if (error)
            kd_window_destroy(host->scene, window);
    }
    if (error) {
        refuse(connection, in->object, in->serial, error, why);
        return 0;
    }
    kd_objects_put(&connection->client->objects, in->object, KD_OBJECT_WINDOW, window);
    host->window_created(host->ctx, window);
    return 0;
}

static struct kd_window_attr changed_attr(const struct kd_window_attr *before,
                                          const struct kb_req_window_set *in)
{
    struct kd_window_attr attr = *before;

    if (in->fields & KB_WINDOW_FIELD_SIZE) {
        attr.width_px = (int32_t)in->width;
        attr.height_px = (int32_t)in->height;
    }
    if (in->fields & KB_WINDOW_FIELD_BASE)
        attr.base_color = in->base_color | 0xFF000000;
    if (in->fields & KB_WINDOW_FIELD_FLAGS)
        attr.flags = in->flags;
    if (in->fields & KB_WINDOW_FIELD_SCALE) {
        attr.scale = in->scale;
        attr.filter = in->filter;
    }
    if (in->fields & KB_WINDOW_FIELD_Z)
        attr.z = in->z;
    if (in->fields & KB_WINDOW_FIELD_PLACEMENT) {
        attr.output = in->output;
        attr.place = in->place;
    }
    return attr;
}

/* The most changes that may stand in a row in a window's queue. */
#define MAX_CHANGES 256

/* Resizing cuts the picture and fills what is new with the base colour: of these changes none may be left out, of others the last one counts. */
static bool can_merge(const struct kd_frame *last, const struct kd_window_attr *attr)
{
    return last && !last->is_answered && last->state == KD_FRAME_QUEUED &&
           last->attr.width_px == attr->width_px && last->attr.height_px == attr->height_px &&
           last->attr.base_color == attr->base_color;
}

/* Changes that wait for nothing else stand in the queue by themselves; a client that sends many of them in a row has them merged, so that
 * the queue stays short. Errors: -EDQUOT, -ENOMEM. */
static int enqueue_change(struct kd_window *window, const char **why)
{
    struct kd_batch nothing = {.commands = NULL};
    struct kd_frame *frame;
    unsigned in_a_row = 0;

    if (can_merge(window->queue_tail, &window->newest)) {
        window->queue_tail->attr = window->newest;
        return 0;
    }
    for (frame = window->queue; frame; frame = frame->next)
        in_a_row = frame->is_answered ? 0 : in_a_row + 1;
    if (in_a_row >= MAX_CHANGES) {
        *why = "too many changes wait for a frame of this window: wait for its answer";
        return -EDQUOT;
    }
    frame = kd_frame_create(window, &nothing);
    if (!frame) {
        *why = "the daemon is out of memory";
        return -ENOMEM;
    }
    kd_window_enqueue(window, frame);
    return 0;
}

static int on_window_set(void *ctx, const struct kb_req_window_set *in)
{
    struct kd_connection *connection = ctx;
    struct kd_window *window =
        kd_connection_object(connection, in->object, KD_OBJECT_WINDOW, in->serial);
    const char *why = "the daemon is out of memory";
    struct kd_window_attr before;
    char title[300];
    int error = 0;

    if (!window || (in->fields & KB_WINDOW_FIELD_PLACEMENT &&
                    !good_output(connection, in->object, in->serial, in->output)))
        return 0;
    if (in->fields & KB_WINDOW_FIELD_SIZE && (in->width == 0 || in->height == 0)) {
        error = -EINVAL;
        why = "a window's width and height must be 1 to 8192";
    } else if (in->fields & KB_WINDOW_FIELD_SIZE) {
        error = charge_picture(window, in->width, in->height, &why);
    }
    if (!error && in->fields & KB_WINDOW_FIELD_TITLE)
        error = kd_window_set_title(window,
                                    kd_log_safe(title, sizeof(title), in->title, in->title_bytes));
    if (!error) {
        before = window->newest;
        window->newest = changed_attr(&before, in);
        if (!(in->fields & KB_WINDOW_FIELD_WITH_NEXT_FRAME))
            error = enqueue_change(window, &why);
        if (error)
            window->newest = before;
    }
    if (error)
        refuse(connection, in->object, in->serial, error, why);
    else
        connection->host->window_queued(connection->host->ctx, window);
    return 0;
}

static int on_window_destroy(void *ctx, const struct kb_req_window_destroy *in)
{
    struct kd_connection *connection = ctx;
    struct kd_window *window =
        kd_connection_object(connection, in->object, KD_OBJECT_WINDOW, in->serial);

    if (window) {
        kd_objects_remove(&connection->client->objects, in->object);
        kd_launch_window_gone(connection->host, window, false);
    }
    return 0;
}

/* ---- Tools ---------------------------------------------------------------------------------- */

static int on_get_statistics(void *ctx, const struct kb_req_get_statistics *in)
{
    struct kd_connection *connection = ctx;
    bool own = in->scope == KB_STATISTICS_SCOPE_CLIENT || in->scope == KB_STATISTICS_SCOPE_WINDOW;

    if (in->scope == KB_STATISTICS_SCOPE_WINDOW &&
        !kd_connection_object(connection, in->object, KD_OBJECT_WINDOW, in->serial))
        return 0;
    if (own ||
        kd_permitted(connection, KB_PERMISSION_STATISTICS, "statistics", in->object, in->serial))
        connection->host->statistics(connection->host->ctx, connection, in->scope, in->object,
                                     in->serial);
    return 0;
}

static int on_describe(void *ctx, const struct kb_req_describe *in)
{
    struct kd_connection *connection = ctx;

    if (kd_permitted(connection, KB_PERMISSION_STATISTICS, "statistics", 0, in->serial))
        kd_event_description(connection->client, in->serial, connection->host->describe,
                             connection->host->ctx);
    return 0;
}

static int on_screenshot(void *ctx, const struct kb_req_screenshot *in)
{
    struct kd_connection *connection = ctx;

    if (in->target == KB_SCREENSHOT_TARGET_WINDOW) {
        if (!kd_connection_object(connection, in->object, KD_OBJECT_WINDOW, in->serial))
            return 0;
    } else if (!kd_permitted(connection, KB_PERMISSION_SCREENSHOT, "screenshot", in->object,
                             in->serial)) {
        return 0;
    }
    return connection->host->screenshot(connection->host->ctx, connection, in->target, in->object,
                                        in->serial);
}

static int on_clock_step(void *ctx, const struct kb_req_clock_step *in)
{
    struct kd_connection *connection = ctx;

    if (!kd_permitted(connection, KB_PERMISSION_CLOCK, "clock", 0, in->serial))
        return 0;
    if (!connection->host->virtual_clock) {
        kd_connection_error(connection, 0, in->serial, KB_ERROR_CODE_NOT_POSSIBLE, 0,
                            "the clock is real: start kmsblitd with --clock virtual");
        return 0;
    }
    connection->host->clock_step(connection->host->ctx, connection, in->duration_ns, in->serial);
    return 0;
}

/* Requests that are not here are marked so in the protocol's description, and never come this far. */
const struct kb_req_handler kd_request_handler = {
    .hello = on_hello,
    .sync = on_sync,
    .image_create = on_image_create,
    .image_update = on_image_update,
    .image_destroy = on_image_destroy,
    .canvas_create = on_canvas_create,
    .window_create = on_window_create,
    .window_set = on_window_set,
    .window_destroy = on_window_destroy,
    .window_adopt = kd_on_window_adopt,
    .launch = kd_on_launch,
    .launched = kd_on_launched,
    .window_input = kd_on_window_input,
    .window_focus = kd_on_window_focus,
    .gamepad_rumble = kd_on_gamepad_rumble,
    .window_cursor = kd_on_window_cursor,
    .frame = kd_on_frame,
    .frame_memfd = kd_on_frame_memfd,
    .get_statistics = on_get_statistics,
    .describe = on_describe,
    .screenshot = on_screenshot,
    .input_inject = kd_on_input_inject,
    .clock_step = on_clock_step,
};
