/*
 * Outputs that come and go: ids, which is the primary one, what clients are told, and where windows are from then on.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/server.h"
#include "socket/events.h"

#define KD_LOG_MODULE "display"
#include "base/log.h"

void kd_displays_announce(const struct kd_output *output, struct kd_client *client)
{
    struct kd_box place = output->place.box;

    kd_event_output(client, &(struct kb_evt_output){.object = output->id,
                                                    .width = (uint32_t)kd_box_width(place),
                                                    .height = (uint32_t)kd_box_height(place),
                                                    .x = place.x1,
                                                    .y = place.y1,
                                                    .refresh_ns = output->refresh_ns,
                                                    .width_mm = output->width_mm,
                                                    .height_mm = output->height_mm,
                                                    .rotation = output->rotation,
                                                    .flags = output->flags,
                                                    .name = output->name,
                                                    .name_bytes = (uint32_t)strlen(output->name),
                                                    .description = output->description,
                                                    .description_bytes =
                                                        (uint32_t)strlen(output->description)});
}

void kd_displays_tell(struct kd_server *server, const struct kd_output *output)
{
    for (struct kd_connection *connection = server->connections; connection;
         connection = connection->next)
        if (connection->said_hello)
            kd_displays_announce(output, connection->client);
}

/* The first display is the primary one. Whoever becomes or ceases to be that, and the new one, are announced. */
static void announce_changes(struct kd_server *server, const struct kd_output *fresh)
{
    for (size_t i = 0; i < server->displays_count; i++) {
        struct kd_output *output = server->displays[i]->output;
        uint32_t flags = output->flags & ~(uint32_t)KB_OUTPUT_FLAG_PRIMARY;

        flags |= i == 0 ? KB_OUTPUT_FLAG_PRIMARY : 0;
        if (flags == output->flags && output != fresh)
            continue;
        output->flags = flags;
        kd_displays_tell(server, output);
    }
}

/* Mirrors lie where what they show lies. */
static void move_mirrors(struct kd_server *server, const struct kd_output *fresh)
{
    for (size_t i = 0; i < server->displays_count; i++) {
        struct kd_display *display = server->displays[i];

        if (kd_mirror_move(display) && display->output != fresh)
            kd_displays_tell(server, display->output);
    }
}

/* Their waiting frames too. */
void kd_displays_moved(struct kd_server *server)
{
    for (struct kd_window *window = server->scene.windows; window; window = window->below) {
        kd_window_report(server, window);
        if (window->queue)
            kd_windows_advance(server, window);
    }
    for (size_t i = 0; i < server->displays_count; i++)
        kd_display_damage(server->displays[i]);
    server->inputs.is_stacked_anew = true;
}

/* The id that belongs to a name for as long as the daemon runs; 0: there were too many names. */
static uint32_t id_of_name(struct kd_server *server, const char *name)
{
    for (uint32_t i = 0; i < KD_MAX_OUTPUT_NAMES; i++) {
        if (server->output_names[i][0] == '\0')
            memcpy(server->output_names[i], name, strlen(name) + 1);
        if (strcmp(server->output_names[i], name) == 0)
            return i + 1;
    }
    return 0;
}

int kd_displays_add(struct kd_server *server, struct kd_output *output)
{
    struct kd_display *display;
    size_t at = server->displays_count;
    int error;

    output->id = id_of_name(server, output->name);
    if (at == KD_MAX_DISPLAYS || output->id == 0)
        return -ENOSPC;
    error = kd_display_create(server, output, &display);
    if (error)
        return error;
    for (; at > 0 && server->displays[at - 1]->output->id > output->id; at--)
        server->displays[at] = server->displays[at - 1];
    server->displays[at] = display;
    server->displays_count++;
    kd_mirror_init(display);
    move_mirrors(server, output);
    announce_changes(server, output);
    kd_displays_moved(server);
    return 0;
}

/* Takes the display out of the list of those that are there. */
static struct kd_display *take(struct kd_server *server, const struct kd_output *output)
{
    for (size_t i = 0; i < server->displays_count; i++) {
        struct kd_display *display = server->displays[i];

        if (display->output != output)
            continue;
        server->displays_count--;
        memmove(&server->displays[i], &server->displays[i + 1],
                (server->displays_count - i) * sizeof(server->displays[0]));
        return display;
    }
    return NULL;
}

void kd_displays_remove(struct kd_server *server, struct kd_output *output)
{
    struct kd_display *display = take(server, output);

    if (!display) {
        output->impl->destroy(output);
        return;
    }
    kd_output_step(output, KD_OUTPUT_UNPLUG);
    kd_display_forget_frames(display, kd_server_now_ns(server));
    for (struct kd_connection *connection = server->connections; connection;
         connection = connection->next)
        if (connection->said_hello)
            kd_event_output_gone(connection->client, output->id);
    display->is_gone = true;
    display->next_gone = server->gone;
    server->gone = display;
    announce_changes(server, NULL);
    kd_displays_moved(server);
    kd_displays_reap(server);
}

void kd_displays_reap(struct kd_server *server)
{
    struct kd_display **link = &server->gone;

    while (*link) {
        struct kd_display *display = *link;

        if (display->busy) {
            link = &display->next_gone;
            continue;
        }
        *link = display->next_gone;
        kd_display_destroy(display);
    }
}

void kd_displays_stop(struct kd_server *server)
{
    kd_displays_reap(server);
    while (server->displays_count)
        kd_display_destroy(server->displays[--server->displays_count]);
}
