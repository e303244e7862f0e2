#include "socket/launch.h"

#include <errno.h>
#include <string.h>

#include "scene/launch.h"
#include "socket/events.h"
#include "socket/requests.h"

/* Tells the keeper how the launch stands; again: also if it knows. */
static void tell(const struct kd_host *host, struct kd_launch *launch, uint32_t serial, bool again)
{
    struct kd_launch_state state = kd_launch_state(host->scene, launch);

    if (!launch->keeper || (!again && memcmp(&state, &launch->told, sizeof(state)) == 0))
        return;
    launch->told = state;
    kd_event_launch_state(launch->keeper, &(struct kb_evt_launch_state){.serial = serial,
                                                                        .clients = state.clients,
                                                                        .shown = state.shown,
                                                                        .left = state.left});
}

static void let_go(const struct kd_host *host, const struct kd_client *keeper)
{
    struct kd_window *window;

    while ((window = kd_launch_left(host->scene, keeper))) {
        host->window_destroyed(host->ctx, window);
        kd_window_destroy(host->scene, window);
    }
}

/* Of a program that has gone all windows stay; of one that goes on only the last, so that it can replace a window by another. */
void kd_launch_window_gone(const struct kd_host *host, struct kd_window *window, bool with_client)
{
    struct kd_launch *launch = window->client->launch;

    host->window_destroyed(host->ctx, window);
    if (!launch || !(with_client || kd_launch_state(host->scene, launch).shown == 1) ||
        !kd_launch_keep(host->scene, window))
        kd_window_destroy(host->scene, window);
    if (launch)
        tell(host, launch, 0, false);
}

void kd_launch_shown(const struct kd_host *host, const struct kd_window *window, bool had_frame)
{
    struct kd_launch *launch = window->client->launch;

    if (!launch || window->is_left)
        return;
    if (!had_frame && launch->keeper)
        let_go(host, launch->keeper);
    tell(host, launch, 0, false);
}

void kd_launch_client_gone(const struct kd_host *host, struct kd_client *client)
{
    struct kd_client *keeper;

    let_go(host, client);
    kd_launch_end(host->scene, client);
    keeper = client->launch ? client->launch->keeper : NULL;
    kd_launch_leave(host->scene, client);
    if (keeper)
        tell(host, keeper->keeps, 0, false);
}

/* ---- Requests ----------------------------------------------------------------------------------- */

int kd_on_launch(void *ctx, const struct kb_req_launch *in)
{
    struct kd_connection *connection = ctx;
    const struct kd_host *host = connection->host;
    struct kd_client *client = connection->client;
    const struct kd_client *keeper = kd_launch_keeper(host->scene, in->token);
    int error = keeper && keeper != client ? -EEXIST : 0;

    if (!error) {
        let_go(host, client);
        if (client->keeps && client->keeps->token != in->token)
            kd_launch_end(host->scene, client);
        if (!client->keeps && in->token)
            error = kd_launch_begin(host->scene, client, in->token);
    }
    if (error)
        kd_connection_error(connection, 0, in->serial, kd_error_code(error), 0, "%s",
                            error == -EEXIST ? "another client has a launch with this token"
                                             : "the daemon is out of memory");
    else if (client->keeps)
        tell(host, client->keeps, in->serial, true);
    else
        kd_event_launch_state(client, &(struct kb_evt_launch_state){.serial = in->serial});
    return 0;
}

int kd_on_launched(void *ctx, const struct kb_req_launched *in)
{
    struct kd_connection *connection = ctx;
    struct kd_client *client = connection->client;
    int error = in->token ? kd_launch_join(connection->host->scene, client, in->token) : -EINVAL;

    if (error)
        kd_connection_error(connection, 0, in->serial, kd_error_code(error), 0, "%s",
                            error == -EEXIST   ? "this client has said launched already"
                            : error == -EINVAL ? "a launch's token is not 0"
                                               : "the daemon is out of memory");
    else
        tell(connection->host, client->launch, 0, false);
    return 0;
}

/* The window has its id and is known; what is said of it is what the program that left it said. */
static void tell_adopted(const struct kd_window *window, uint32_t serial)
{
    const struct kd_window_attr *attr = &window->shown;

    kd_event_window_adopted(
        window->client,
        &(struct kb_evt_window_adopted){.object = window->id,
                                        .serial = serial,
                                        .width = (uint32_t)attr->width_px,
                                        .height = (uint32_t)attr->height_px,
                                        .base_color = attr->base_color,
                                        .scale = attr->scale,
                                        .filter = attr->filter,
                                        .z = attr->z,
                                        .output = attr->output,
                                        .place = attr->place,
                                        .title = window->title,
                                        .title_bytes = (uint32_t)strnlen(window->title, 256)});
}

int kd_on_window_adopt(void *ctx, const struct kb_req_window_adopt *in)
{
    struct kd_connection *connection = ctx;
    const struct kd_host *host = connection->host;
    struct kd_client *client = connection->client;
    struct kd_window *window = kd_launch_left(host->scene, client);

    if (!window) {
        kd_connection_error(connection, in->object, in->serial, KB_ERROR_CODE_NOT_POSSIBLE, 0,
                            "no launched program has left a window");
        return 0;
    }
    if (!kd_new_id(connection, in->object, in->serial))
        return 0;
    window->id = in->object;
    window->is_left = false;
    window->is_reported = false;
    kd_objects_put(&client->objects, in->object, KD_OBJECT_WINDOW, window);
    tell_adopted(window, in->serial);
    host->window_adopted(host->ctx, window);
    tell(host, client->keeps, 0, false);
    return 0;
}
