#include "scene/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int kd_client_create(struct kd_scene *scene, struct kd_jobs *jobs, uint64_t max_bytes,
                     uint32_t max_objects, struct kd_client **out)
{
    struct kd_client *client = calloc(1, sizeof(*client));

    if (!client)
        return -ENOMEM;
    client->refs = 1;
    client->number = ++scene->clients_created;
    client->objects.max_used = max_objects;
    client->name = strdup("(no name yet)");
    client->account = kd_account_create(max_bytes);
    if (!client->name || !client->account || kd_lane_create(jobs, false, &client->lane) < 0) {
        kd_client_unref(client);
        return -ENOMEM;
    }
    *out = client;
    return 0;
}

struct kd_client *kd_client_ref(struct kd_client *client)
{
    client->refs++;
    return client;
}

void kd_client_unref(struct kd_client *client)
{
    if (!client || --client->refs > 0)
        return;
    kd_objects_finish(&client->objects);
    kd_account_unref(client->account);
    kd_lane_destroy(client->lane);
    free(client->name);
    free(client);
}

int kd_window_create(struct kd_scene *scene, struct kd_client *client, uint32_t id,
                     const struct kd_window_attr *attr, const char *title, struct kd_jobs *jobs,
                     struct kd_window **out)
{
    struct kd_window *window = calloc(1, sizeof(*window));

    if (!window)
        return -ENOMEM;
    window->client = kd_client_ref(client);
    window->id = id;
    window->newest = *attr;
    window->shown = *attr;
    window->title = strdup(title);
    if (!window->title || kd_lane_create(jobs, false, &window->lane) < 0) {
        kd_client_unref(client);
        free(window->title);
        free(window);
        return -ENOMEM;
    }
    window->created = ++scene->windows_created;
    window->below = scene->windows;
    scene->windows = window;
    scene->windows_count++;
    *out = window;
    return 0;
}

static void set_pixels(struct kd_pixels **to, struct kd_pixels *pixels)
{
    struct kd_pixels *before = *to;

    *to = pixels ? kd_pixels_ref(pixels) : NULL;
    kd_pixels_unref(before);
}

void kd_window_drop_frames(struct kd_window *window)
{
    while (window->queue) {
        struct kd_frame *frame = window->queue;

        window->queue = frame->next;
        frame->window = NULL;
        if (frame->state != KD_FRAME_DRAWING)
            kd_frame_destroy(frame);
    }
    window->queue_tail = NULL;
    window->credits_used = 0;
    window->drawn_until_ns = 0;
    window->newest = window->shown;
    set_pixels(&window->drawn_picture, window->shown_picture);
}

void kd_window_destroy(struct kd_scene *scene, struct kd_window *window)
{
    struct kd_window **link = &scene->windows;

    while (*link != window)
        link = &(*link)->below;
    *link = window->below;
    scene->windows_count--;
    kd_window_drop_frames(window);
    kd_account_release(window->client->account, window->charged_bytes);
    kd_source_unref(window->cursor.source);
    kd_pixels_unref(window->drawn_picture);
    kd_pixels_unref(window->shown_picture);
    kd_lane_destroy(window->lane);
    kd_arena_finish(&window->arena);
    free(window->title);
    kd_client_unref(window->client);
    free(window);
}

int kd_window_set_title(struct kd_window *window, const char *title)
{
    char *copy = strdup(title);

    if (!copy)
        return -ENOMEM;
    free(window->title);
    window->title = copy;
    return 0;
}
