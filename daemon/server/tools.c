/*
 * What tools and tests ask for: screenshots, statistics, steps of a virtual clock.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/pool.h"
#include "render/egl.h"
#include "server/recipe.h"
#include "server/server.h"
#include "socket/events.h"

/* ---- Screenshots ---------------------------------------------------------------------------- */

/* Copying pixels takes time, so it is a job, in the lane of what is copied: nothing draws into it meanwhile. */
struct shot {
    struct kd_job job;
    struct kd_client *client; /* a reference */
    uint32_t object, serial;
    uint64_t sequence;
    int32_t width_px, height_px;
    struct kd_renderer *renderer;
    struct kd_pixels *picture;     /* a reference, or NULL: ... */
    struct kd_buffer *buffer;      /* ... the output's buffer, or NULL: ... */
    struct kd_view view;           /* ... how the output lies in that */
    struct kd_plane_window window; /* ... what a plane shows above that; buffer NULL: nothing */
    struct kd_display *display;    /* whose buffer it is: kept busy */
    uint32_t *pixels;              /* owned: what is in the buffer ... */
    uint32_t *window_pixels;       /* owned: ... and in the plane's */
    uint32_t base_color;           /* ... this colour */
    struct kd_pixels *promising;   /* a reference: the picture before it was settled; or NULL */
    int fd;                        /* owned */
    int error;
};

static struct shot *shot_of(struct kd_job *job)
{
    return (struct shot *)((char *)job - offsetof(struct shot, job));
}

/* All pixels of a buffer, which perhaps only a device can see. *out is the caller's. */
static int read_buffer(const struct shot *shot, struct kd_buffer *buffer, uint32_t **out)
{
    struct kd_grid grid = buffer->grid;
    size_t width_px = (size_t)grid.width_px, height_px = (size_t)grid.height_px;

    *out = malloc(width_px * height_px * sizeof(uint32_t));
    if (!*out)
        return -ENOMEM;
    return shot->renderer->impl->read(
        shot->renderer, buffer, kd_box_of_size(grid.width_px, grid.height_px), *out, width_px);
}

static int read_buffers(struct shot *shot)
{
    int error = shot->buffer ? read_buffer(shot, shot->buffer, &shot->pixels) : 0;

    if (!error && shot->window.buffer)
        error = read_buffer(shot, shot->window.buffer, &shot->window_pixels);
    return error;
}

/* The display's own scaler may filter otherwise; this is what it was asked for without blur. */
static void shot_plane_row(const struct shot *shot, int32_t y, uint32_t *row)
{
    struct kd_box from = shot->window.from, to = shot->window.to;
    const uint32_t *pixels;
    int32_t from_y;

    if (!shot->window.buffer || y < to.y1 || y >= to.y2)
        return;
    from_y = from.y1 + (2 * (y - to.y1) + 1) * kd_box_height(from) / (2 * kd_box_height(to));
    pixels = shot->window_pixels + (size_t)from_y * (size_t)shot->window.buffer->grid.width_px;
    for (int32_t x = kd_max(to.x1, 0); x < kd_min(to.x2, shot->width_px); x++)
        row[x] =
            pixels[from.x1 + (2 * (x - to.x1) + 1) * kd_box_width(from) / (2 * kd_box_width(to))];
}

/* As people see it, however it lies in the buffer. */
static void shot_buffer_row(const struct shot *shot, int32_t y, uint32_t *row)
{
    struct kd_point at = kd_view_point_to_device(&shot->view, (struct kd_point){0, y});
    struct kd_point next = kd_view_point_to_device(&shot->view, (struct kd_point){1, y});
    int32_t right = next.x - at.x, down = next.y - at.y;

    for (int32_t x = 0; x < shot->width_px; x++)
        row[x] = shot->pixels[(size_t)(at.y + x * down) * (size_t)shot->buffer->grid.width_px +
                              (size_t)(at.x + x * right)];
    shot_plane_row(shot, y, row);
}

static void shot_row(const struct shot *shot, int32_t y, uint32_t *row)
{
    if (shot->picture) {
        kd_pixels_read(shot->picture, (struct kd_box){0, y, shot->width_px, y + 1}, row,
                       (size_t)shot->width_px);
    } else if (shot->buffer) {
        shot_buffer_row(shot, y, row);
    } else {
        for (int32_t x = 0; x < shot->width_px; x++)
            row[x] = shot->base_color;
    }
}

static enum kd_job_step shot_step(struct kd_job *job)
{
    struct shot *shot = shot_of(job);
    size_t bytes = (size_t)shot->width_px * (size_t)shot->height_px * sizeof(uint32_t);
    uint32_t *pixels;

    if (shot->picture && shot->picture->recipe) {
        shot->promising = shot->picture;
        shot->picture = NULL;
        shot->error = kd_recipe_settled(shot->renderer, shot->promising, &shot->picture);
        if (shot->error)
            return KD_JOB_DONE;
    }
    shot->error = read_buffers(shot);
    if (!shot->error && ftruncate(shot->fd, (off_t)bytes) < 0)
        shot->error = -errno;
    if (shot->error)
        return KD_JOB_DONE;
    pixels = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, shot->fd, 0);
    if (pixels == MAP_FAILED) {
        shot->error = -errno;
        return KD_JOB_DONE;
    }
    for (int32_t y = 0; y < shot->height_px; y++)
        shot_row(shot, y, pixels + (size_t)y * (size_t)shot->width_px);
    munmap(pixels, bytes);
    return KD_JOB_DONE;
}

static void shot_done(struct kd_job *job)
{
    struct shot *shot = shot_of(job);
    struct kd_connection *connection = shot->client->connection;

    if (!shot->error)
        shot->error = kd_event_screenshot_done(
            shot->client, &(struct kb_evt_screenshot_done){.object = shot->object,
                                                           .serial = shot->serial,
                                                           .width = (uint32_t)shot->width_px,
                                                           .height = (uint32_t)shot->height_px,
                                                           .sequence = shot->sequence,
                                                           .pixels = shot->fd});
    if (connection) {
        connection->opcode = KB_REQ_SCREENSHOT;
        if (shot->error)
            kd_connection_error(connection, shot->object, shot->serial, KB_ERROR_CODE_NO_MEMORY, 0,
                                "the screenshot cannot be made: %s", strerror(-shot->error));
        kd_peer_resume(connection->peer);
    }
    if (shot->display)
        shot->display->busy--;
    close(shot->fd);
    free(shot->pixels);
    free(shot->window_pixels);
    kd_pixels_unref(shot->picture);
    kd_pixels_unref(shot->promising);
    kd_client_unref(shot->client);
    free(shot);
}

/* What is to be copied, and in which lane. NULL after an error was sent. */
static struct kd_lane *shot_aim(struct kd_server *server, struct kd_connection *connection,
                                struct shot *shot, enum kb_screenshot_target target)
{
    enum kd_object_kind kind;
    struct kd_window *window;
    struct kd_display *display;
    uint64_t sequence;

    if (target == KB_SCREENSHOT_TARGET_WINDOW) {
        window = kd_objects_get(&connection->client->objects, shot->object, &kind);
        shot->picture = window->shown_picture ? kd_pixels_ref(window->shown_picture) : NULL;
        shot->width_px = shot->picture ? shot->picture->width_px : window->shown.width_px;
        shot->height_px = shot->picture ? shot->picture->height_px : window->shown.height_px;
        shot->base_color = window->shown.base_color;
        return window->lane;
    }
    display = kd_display_find(server, shot->object);
    if (!display || !display->output->impl->front(display->output)) {
        kd_connection_error(connection, shot->object, shot->serial, KB_ERROR_CODE_NO_OUTPUT, 0,
                            display ? "nothing has been shown on this output yet"
                                    : "there is no such output");
        return NULL;
    }
    shot->buffer = display->output->impl->front(display->output);
    shot->display = display;
    display->busy++;
    shot->view = display->output->view;
    if (display->plane.used) /* only where the output lies plainly in its buffer */
        shot->window = display->shown_window;
    shot->width_px = kd_view_size(&shot->view).x;
    shot->height_px = kd_view_size(&shot->view).y;
    display->output->impl->next_refresh_ns(display->output, kd_server_now_ns(server), &sequence);
    shot->sequence = sequence - 1;
    return display->lane;
}

/* One at a time for each client: the pixels are in no quota until it has them. */
int kd_tools_screenshot(void *ctx, struct kd_connection *connection,
                        enum kb_screenshot_target target, uint32_t object, uint32_t serial)
{
    struct shot *shot = calloc(1, sizeof(*shot));
    struct kd_lane *lane;

    if (!shot || (shot->fd = memfd_create("kmsblit screenshot", MFD_CLOEXEC)) < 0) {
        kd_connection_error(connection, object, serial, KB_ERROR_CODE_NO_MEMORY, 0,
                            "no memory for the screenshot");
        free(shot);
        return 0;
    }
    shot->job.step = shot_step;
    shot->job.done = shot_done;
    shot->object = object;
    shot->serial = serial;
    shot->renderer = ((struct kd_server *)ctx)->renderer;
    lane = shot_aim(ctx, connection, shot, target);
    if (!lane) {
        close(shot->fd);
        free(shot);
        return 0;
    }
    shot->client = kd_client_ref(connection->client);
    kd_lane_submit(lane, &shot->job);
    return -EAGAIN;
}

/* ---- Statistics ----------------------------------------------------------------------------- */

struct values {
    struct kb_statistic_value list[32];
    uint32_t count;
};

static void add(struct values *values, enum kb_statistic name, uint64_t value)
{
    values->list[values->count++] = (struct kb_statistic_value){.name = name, .value = value};
}

static void count_window(void *ctx, uint32_t id, enum kd_object_kind kind, void *object)
{
    uint32_t *windows = ctx;

    (void)id;
    (void)object;
    *windows += kind == KD_OBJECT_WINDOW;
}

static void add_client(struct values *values, const struct kd_client *client)
{
    uint32_t windows = 0;

    kd_objects_each(&client->objects, count_window, &windows);
    add(values, KB_STATISTIC_REQUESTS, client->stats.requests);
    add(values, KB_STATISTIC_ERRORS, client->stats.errors);
    add(values, KB_STATISTIC_FRAMES_COMMITTED, client->stats.frames_committed);
    add(values, KB_STATISTIC_FRAMES_PRESENTED, client->stats.frames_presented);
    add(values, KB_STATISTIC_FRAMES_DISCARDED, client->stats.frames_discarded);
    add(values, KB_STATISTIC_IMAGES, client->objects.used - windows);
    add(values, KB_STATISTIC_IMAGE_BYTES, client->account->used_bytes);
    add(values, KB_STATISTIC_WINDOWS, windows);
    add(values, KB_STATISTIC_INPUT_EVENTS,
        client->connection ? kd_feed_sent(client->connection->feed) : 0);
    add(values, KB_STATISTIC_EVENTS_DROPPED,
        client->connection ? kd_feed_lost(client->connection->feed) : 0);
    add(values, KB_STATISTIC_BYTES_RECEIVED,
        client->connection ? kd_peer_received_bytes(client->connection->peer) : 0);
    add(values, KB_STATISTIC_BYTES_SENT,
        client->connection ? kd_peer_sent_bytes(client->connection->peer) : 0);
}

static void add_window(struct values *values, const struct kd_window *window)
{
    const struct kd_window_stats *stats = &window->stats;

    add(values, KB_STATISTIC_FRAMES_COMMITTED, stats->frames_committed);
    add(values, KB_STATISTIC_FRAMES_PRESENTED, stats->frames_presented);
    add(values, KB_STATISTIC_FRAMES_DISCARDED, stats->frames_discarded);
    add(values, KB_STATISTIC_FRAMES_UNCHANGED, stats->frames_unchanged);
    add(values, KB_STATISTIC_COMMANDS, stats->commands);
    add(values, KB_STATISTIC_TILES_DRAWN, stats->tiles_drawn);
    add(values, KB_STATISTIC_TILES_KEPT, stats->tiles_kept);
    add(values, KB_STATISTIC_PIXELS_DRAWN, stats->pixels_drawn);
    add(values, KB_STATISTIC_DRAW_NS, stats->draw_ns);
}

static void add_display(struct values *values, const struct kd_display *display)
{
    const struct kd_display_stats *stats = &display->stats;

    add(values, KB_STATISTIC_FRAMES_PRESENTED, stats->frames_presented);
    add(values, KB_STATISTIC_FRAMES_UNCHANGED, stats->frames_unchanged);
    add(values, KB_STATISTIC_TILES_DRAWN, stats->tiles_drawn);
    add(values, KB_STATISTIC_TILES_KEPT, stats->tiles_kept);
    add(values, KB_STATISTIC_PIXELS_DRAWN, stats->pixels_drawn);
    add(values, KB_STATISTIC_COMMITS, stats->commits);
    add(values, KB_STATISTIC_FLIPS, stats->flips);
    add(values, KB_STATISTIC_MISSED_REFRESHES, stats->missed);
    add(values, KB_STATISTIC_DRAW_NS, stats->draw_ns);
    add(values, KB_STATISTIC_PREDICTION_ERROR_NS, (uint64_t)display->prediction.mean_ns);
}

static void add_input(struct values *values, const struct kd_server *server)
{
    const struct kd_inputs *inputs = &server->inputs;
    struct kd_feed_latency latency = inputs->latency;
    uint64_t sent = inputs->sent, lost = inputs->lost;

    for (const struct kd_connection *connection = server->connections; connection;
         connection = connection->next) {
        sent += kd_feed_sent(connection->feed);
        lost += kd_feed_lost(connection->feed);
    }
    kd_feed_latency_age(&latency, kd_server_now_ns(server));
    add(values, KB_STATISTIC_DEVICES, inputs->devices_count);
    add(values, KB_STATISTIC_INPUT_EVENTS, sent);
    add(values, KB_STATISTIC_EVENTS_DROPPED, lost);
    add(values, KB_STATISTIC_INPUT_LATENCY_NS, (uint64_t)latency.mean_ns);
    add(values, KB_STATISTIC_INPUT_LATENCY_MAX_NS, (uint64_t)latency.max_ns);
}

static void add_server(struct values *values, const struct kd_server *server)
{
    uint64_t requests = server->requests, errors = server->errors;
    uint64_t received = server->bytes_received, sent = server->bytes_sent;

    for (const struct kd_connection *connection = server->connections; connection;
         connection = connection->next) {
        requests += connection->client->stats.requests;
        errors += connection->client->stats.errors;
        received += kd_peer_received_bytes(connection->peer);
        sent += kd_peer_sent_bytes(connection->peer);
    }
    add(values, KB_STATISTIC_CLIENTS, server->connections_count);
    add(values, KB_STATISTIC_WINDOWS, server->scene.windows_count);
    add(values, KB_STATISTIC_REQUESTS, requests);
    add(values, KB_STATISTIC_ERRORS, errors);
    add(values, KB_STATISTIC_BYTES_RECEIVED, received);
    add(values, KB_STATISTIC_BYTES_SENT, sent);
    add(values, KB_STATISTIC_WAKEUPS, server->wakeups);
    add_input(values, server);
}

/* What the renderer drew, for windows that are there and for displays. */
static void add_renderer(struct values *values, const struct kd_server *server)
{
    uint64_t tiles = 0, pixels = 0, draw_ns = 0;

    for (const struct kd_window *window = server->scene.windows; window; window = window->below) {
        tiles += window->stats.tiles_drawn;
        pixels += window->stats.pixels_drawn;
        draw_ns += window->stats.draw_ns;
    }
    for (size_t i = 0; i < server->displays_count; i++) {
        tiles += server->displays[i]->stats.tiles_drawn;
        pixels += server->displays[i]->stats.pixels_drawn;
        draw_ns += server->displays[i]->stats.draw_ns;
    }
    add(values, KB_STATISTIC_TILES_DRAWN, tiles);
    add(values, KB_STATISTIC_PIXELS_DRAWN, pixels);
    add(values, KB_STATISTIC_DRAW_NS, draw_ns);
    add(values, KB_STATISTIC_RENDERER, !server->egl ? 0 : kd_egl_is_software(server->egl) ? 2 : 1);
    add(values, KB_STATISTIC_GPU_LOSSES, server->gpu_losses);
}

void kd_tools_statistics(void *ctx, struct kd_connection *connection,
                         enum kb_statistics_scope scope, uint32_t object, uint32_t serial)
{
    struct kd_server *server = ctx;
    struct values values = {.count = 0};
    const struct kd_display *display;
    enum kd_object_kind kind;

    switch (scope) {
    case KB_STATISTICS_SCOPE_SERVER: add_server(&values, server); break;
    case KB_STATISTICS_SCOPE_CLIENT: add_client(&values, connection->client); break;
    case KB_STATISTICS_SCOPE_WINDOW:
        add_window(&values, kd_objects_get(&connection->client->objects, object, &kind));
        break;
    case KB_STATISTICS_SCOPE_OUTPUT:
        display = kd_display_find(server, object);
        if (!display) {
            kd_connection_error(connection, object, serial, KB_ERROR_CODE_NO_OUTPUT, 0,
                                "there is no such output");
            return;
        }
        add_display(&values, display);
        break;
    case KB_STATISTICS_SCOPE_RENDERER: add_renderer(&values, server); break;
    }
    kd_event_statistics(connection->client,
                        &(struct kb_evt_statistics){.object = object,
                                                    .serial = serial,
                                                    .time_ns = (uint64_t)kd_server_now_ns(server),
                                                    .values = values.list,
                                                    .values_count = values.count});
}

/* ---- The virtual clock ---------------------------------------------------------------------- */

void kd_tools_clock_step(void *ctx, struct kd_connection *connection, uint64_t duration_ns,
                         uint32_t serial)
{
    struct kd_server *server = ctx;
    struct kd_step *step = kd_pool_get_cleared(sizeof(*step)), **link = &server->steps;

    if (!step) {
        kd_connection_error(connection, 0, serial, KB_ERROR_CODE_NO_MEMORY, 0,
                            "the daemon is out of memory");
        return;
    }
    step->client = kd_client_ref(connection->client);
    step->serial = serial;
    step->duration_ns = duration_ns;
    while (*link)
        link = &(*link)->next;
    *link = step;
}
