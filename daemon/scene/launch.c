#include "scene/launch.h"

#include <errno.h>
#include <stdlib.h>

static struct kd_launch *launch_find(const struct kd_scene *scene, uint64_t token)
{
    struct kd_launch *launch = scene->launches;

    while (launch && launch->token != token)
        launch = launch->next;
    return launch;
}

struct kd_client *kd_launch_keeper(const struct kd_scene *scene, uint64_t token)
{
    const struct kd_launch *launch = launch_find(scene, token);

    return launch ? launch->keeper : NULL;
}

static struct kd_launch *launch_get(struct kd_scene *scene, uint64_t token)
{
    struct kd_launch *launch = launch_find(scene, token);

    if (launch)
        return launch;
    launch = calloc(1, sizeof(*launch));
    if (!launch)
        return NULL;
    launch->token = token;
    launch->next = scene->launches;
    scene->launches = launch;
    return launch;
}

static void launch_put(struct kd_scene *scene, struct kd_launch *launch)
{
    struct kd_launch **link = &scene->launches;

    if (launch->keeper || launch->clients_count > 0)
        return;
    while (*link != launch)
        link = &(*link)->next;
    *link = launch->next;
    free(launch);
}

int kd_launch_begin(struct kd_scene *scene, struct kd_client *client, uint64_t token)
{
    struct kd_launch *launch = launch_get(scene, token);

    if (!launch)
        return -ENOMEM;
    launch->keeper = client;
    client->keeps = launch;
    return 0;
}

void kd_launch_end(struct kd_scene *scene, struct kd_client *client)
{
    struct kd_launch *launch = client->keeps;

    if (!launch)
        return;
    client->keeps = NULL;
    launch->keeper = NULL;
    launch_put(scene, launch);
}

int kd_launch_join(struct kd_scene *scene, struct kd_client *client, uint64_t token)
{
    if (client->launch)
        return -EEXIST;
    client->launch = launch_get(scene, token);
    if (!client->launch)
        return -ENOMEM;
    client->launch->clients_count++;
    return 0;
}

void kd_launch_leave(struct kd_scene *scene, struct kd_client *client)
{
    struct kd_launch *launch = client->launch;

    if (!launch)
        return;
    client->launch = NULL;
    launch->clients_count--;
    launch_put(scene, launch);
}

static bool shows_something(const struct kd_window *window)
{
    return window->has_frame && !(window->shown.flags & KB_WINDOW_FLAG_HIDDEN);
}

struct kd_launch_state kd_launch_state(const struct kd_scene *scene, const struct kd_launch *launch)
{
    struct kd_launch_state state = {.clients = launch->clients_count};

    for (const struct kd_window *window = scene->windows; window; window = window->below) {
        if (window->is_left)
            state.left += window->client == launch->keeper;
        else if (window->client->launch == launch)
            state.shown += shows_something(window);
    }
    return state;
}

bool kd_launch_keep(struct kd_scene *scene, struct kd_window *window)
{
    const struct kd_launch *launch = window->client->launch;
    struct kd_client *keeper = launch ? launch->keeper : NULL;
    uint64_t bytes = kd_pixels_bytes(window->shown.width_px, window->shown.height_px);

    if (!keeper || !shows_something(window) || kd_launch_state(scene, launch).left >= KB_MAX_LEFT ||
        !kd_account_charge(keeper->account, bytes))
        return false;
    kd_window_drop_frames(window);
    kd_account_release(window->client->account, window->charged_bytes);
    window->charged_bytes = bytes;
    window->input_flags = 0;
    kd_client_unref(window->client);
    window->client = kd_client_ref(keeper);
    window->id = 0;
    window->is_left = true;
    return true;
}

struct kd_window *kd_launch_left(const struct kd_scene *scene, const struct kd_client *keeper)
{
    struct kd_window *top = NULL;

    for (struct kd_window *window = scene->windows; window; window = window->below)
        if (window->is_left && window->client == keeper && (!top || window->shown.z > top->shown.z))
            top = window; /* of equal ones the newest is first */
    return top;
}
