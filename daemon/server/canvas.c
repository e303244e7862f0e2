/*
 * Canvases: images that frames draw into. A frame makes a new version at once, which is drawn in the lane of the client's reads: all that the
 * frame samples was put into that lane before it, so it is complete when its turn comes.
 */
#include <errno.h>
#include <string.h>

#include "base/pool.h"
#include "server/painting.h"
#include "server/server.h"
#include "socket/events.h"

struct canvas_job {
    struct kd_job job;
    struct kd_client *client; /* a reference */
    uint32_t object, serial;
    struct kd_source *source; /* a reference; being drawn */
    struct kd_source *before; /* a reference; what it is drawn over */
    struct kd_batch batch;    /* owned */
    struct kd_painting painting;
    int error; /* set at the end */
};

static struct canvas_job *canvas_job_of(struct kd_job *job)
{
    return (struct canvas_job *)((char *)job - offsetof(struct canvas_job, job));
}

static enum kd_job_step canvas_step(struct kd_job *job)
{
    struct canvas_job *canvas = canvas_job_of(job);
    struct kd_painting *painting = &canvas->painting;

    if (kd_job_is_abandoned(job))
        return KD_JOB_DONE;
    if (!painting->before) /* only in the first step, which is alone */
        painting->before = kd_pixels_ref(canvas->before->pixels);
    return kd_painting_step(painting, job);
}

/* Here and not in done(): the next job in the lane may sample it. */
static void canvas_end(struct kd_job *job)
{
    struct canvas_job *canvas = canvas_job_of(job);

    canvas->error = kd_job_is_abandoned(job) ? -ECANCELED : kd_painting_error(&canvas->painting);
    if (!canvas->error)
        canvas->error = kd_painting_end(&canvas->painting, NULL); /* promises nothing */
    canvas->source->pixels =
        kd_pixels_ref(canvas->error ? canvas->before->pixels : canvas->painting.picture);
}

static void canvas_done(struct kd_job *job)
{
    struct canvas_job *canvas = canvas_job_of(job);
    struct kd_connection *connection = canvas->client->connection;
    int error = canvas->error;

    canvas->source->state = KD_SOURCE_READY;
    if (error && connection)
        kd_connection_error(connection, canvas->object, canvas->serial, kd_error_code(error), 0,
                            "the canvas could not be drawn into: %s", strerror(-error));
    kd_event_done(canvas->client, canvas->object, canvas->serial);
    kd_painting_finish(&canvas->painting, NULL);
    kd_batch_finish(&canvas->batch);
    kd_source_unref(canvas->source);
    kd_source_unref(canvas->before);
    kd_client_unref(canvas->client);
    kd_pool_put(canvas);
}

int kd_canvas_frame(void *ctx, struct kd_client *client, struct kd_image *image,
                    struct kd_batch *batch, uint32_t object, uint32_t serial, const char **why)
{
    struct kd_server *server = ctx;
    struct canvas_job *canvas = kd_pool_get_cleared(sizeof(*canvas));
    int error;

    *why = "the daemon is out of memory";
    if (!canvas)
        return -ENOMEM;
    canvas->before = kd_source_ref(image->newest);
    error = kd_image_new_version(image, why, &canvas->source);
    if (error) {
        kd_source_unref(canvas->before);
        kd_pool_put(canvas);
        return error;
    }
    canvas->job = (struct kd_job){.step = canvas_step, .end = canvas_end, .done = canvas_done};
    canvas->client = kd_client_ref(client);
    canvas->object = object;
    canvas->serial = serial;
    canvas->batch = *batch;
    *batch = (struct kd_batch){.commands = NULL};
    canvas->painting = (struct kd_painting){.renderer = server->renderer,
                                            .seed = server->seed,
                                            .batch = &canvas->batch,
                                            .target = KD_TARGET_ALPHA,
                                            .width_px = image->width_px,
                                            .height_px = image->height_px};
    kd_lane_submit(client->lane, &canvas->job);
    return 0;
}
