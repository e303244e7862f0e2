/*
 * Frames: a batch of commands is copied, then checked, then applied as a whole.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/pool.h"
#include "socket/connection.h"
#include "socket/events.h"
#include "socket/requests.h"
#include "socket/resolve.h"

/* A frame on its way in. */
struct incoming {
    struct kd_connection *connection;
    uint32_t object, serial;
    struct kd_window *window; /* one of the two, once the target is found */
    struct kd_image *canvas;
    struct kd_batch batch; /* owned */
};

/* Memory for a batch's commands, charged to the client. False after a refusal. */
static bool alloc_commands(struct incoming *in, uint32_t units)
{
    struct kd_account *account = in->connection->client->account;
    size_t bytes = (size_t)units * 32;

    if (!kd_account_charge(account, bytes)) {
        kd_connection_error(in->connection, in->object, in->serial, KB_ERROR_CODE_QUOTA, 0,
                            "the frame is refused: its commands are more than this client may "
                            "still hold; wait for answers, or destroy images");
        return false;
    }
    in->batch.account = kd_account_ref(account);
    in->batch.units = units;
    in->batch.commands = kd_pool_get(bytes);
    if (!in->batch.commands) {
        kd_connection_error(in->connection, in->object, in->serial, KB_ERROR_CODE_NO_MEMORY, 0,
                            "the frame is refused: the daemon is out of memory");
        kd_batch_finish(&in->batch);
        return false;
    }
    return true;
}

/* False after a refusal. */
static bool find_target(struct incoming *in)
{
    enum kd_object_kind kind;
    void *object = kd_objects_get(&in->connection->client->objects, in->object, &kind);

    if (kind == KD_OBJECT_IMAGE && ((struct kd_image *)object)->is_canvas) {
        in->canvas = object;
        return true;
    }
    in->window = kd_connection_object(in->connection, in->object, KD_OBJECT_WINDOW, in->serial);
    return in->window;
}

/* Malformed commands are malformed framing: the connection ends. */
static void refuse_malformed(struct incoming *in, const struct kb_wire_error *error)
{
    kd_connection_error(in->connection, in->object, in->serial, KB_ERROR_CODE_PROTOCOL,
                        error->offset / 32, "%s (at 32-byte unit %u of the commands)", error->what,
                        error->offset / 32);
    kd_peer_shut(in->connection->peer);
}

static void apply_to_window(struct incoming *in)
{
    struct kd_window *window = in->window;
    struct kd_client *client = in->connection->client;
    struct kd_frame *frame;
    uint32_t units = in->batch.units;

    frame = kd_frame_create(window, &in->batch);
    if (!frame) {
        kd_connection_error(in->connection, window->id, in->serial, KB_ERROR_CODE_NO_MEMORY, 0,
                            "the frame is refused: the daemon is out of memory");
        return;
    }
    frame->is_answered = true;
    frame->serial = in->serial;
    window->credits_used++;
    window->stats.frames_committed++;
    window->stats.commands += units;
    client->stats.frames_committed++;
    kd_window_enqueue(window, frame);
    in->connection->host->window_queued(in->connection->host->ctx, window);
}

static void apply_to_canvas(struct incoming *in)
{
    const struct kd_host *host = in->connection->host;
    const char *why;
    int error = host->canvas_frame(host->ctx, in->connection->client, in->canvas, &in->batch,
                                   in->object, in->serial, &why);

    if (error)
        kd_connection_error(in->connection, in->object, in->serial, kd_error_code(error), 0,
                            "the frame is refused: %s", why);
}

/* Takes over the batch; its commands are valid. */
static void apply(struct incoming *in)
{
    struct kd_refusal refusal;

    if (in->window && in->window->credits_used >= KB_CREDITS)
        kd_connection_error(in->connection, in->object, in->serial, KB_ERROR_CODE_NO_CREDIT, 0,
                            "the frame is refused: two frames of this window are unanswered; wait "
                            "for presented or discarded");
    else if (!kd_batch_resolve(&in->batch, in->connection->client, in->canvas, &refusal))
        kd_connection_error(in->connection, in->object, in->serial, refusal.code, refusal.unit,
                            "the frame is refused: %s (at 32-byte unit %u of its commands)",
                            refusal.what, refusal.unit);
    else if (in->window)
        apply_to_window(in);
    else
        apply_to_canvas(in);
    kd_batch_finish(&in->batch); /* empty if it was applied */
}

int kd_on_frame(void *ctx, const struct kb_req_frame *request)
{
    struct incoming in = {.connection = ctx, .object = request->object, .serial = request->serial};
    struct kb_wire_error error;

    if (!find_target(&in) || !alloc_commands(&in, request->commands_units))
        return 0;
    in.batch.clear = request->flags & KB_FRAME_FLAG_CLEAR;
    if (request->commands_units > 0)
        memcpy(in.batch.commands, request->commands, (size_t)request->commands_units * 32);
    if (kd_commands_validate(in.batch.commands, in.batch.units, &error) < 0) {
        refuse_malformed(&in, &error);
        kd_batch_finish(&in.batch);
    } else {
        apply(&in);
    }
    return 0;
}

/* Reading a large frame out of its memfd. The client's next requests wait for it, others' do not. */
struct copy_job {
    struct kd_job job;
    struct kd_client *client; /* a reference */
    struct kd_memory *memory; /* a reference */
    struct incoming in;       /* its connection may be gone when the copy is made */
    uint64_t offset_bytes;
    int error; /* of reading, or -EPROTO with malformed */
    struct kb_wire_error malformed;
};

static struct copy_job *copy_job_of(struct kd_job *job)
{
    return (struct copy_job *)((char *)job - offsetof(struct copy_job, job));
}

static enum kd_job_step copy_step(struct kd_job *job)
{
    struct copy_job *copy = copy_job_of(job);
    struct kd_batch *batch = &copy->in.batch;

    copy->error = kd_memory_read(copy->memory, copy->offset_bytes, batch->commands,
                                 (size_t)batch->units * 32);
    if (!copy->error)
        copy->error = kd_commands_validate(batch->commands, batch->units, &copy->malformed);
    return KD_JOB_DONE;
}

/* Takes over the batch. */
static void apply_copied(struct copy_job *copy)
{
    struct incoming *in = &copy->in;

    if (copy->error == -EPROTO)
        refuse_malformed(in, &copy->malformed);
    else if (copy->error)
        kd_connection_error(in->connection, in->object, in->serial, kd_error_code(copy->error), 0,
                            "the frame is refused: reading its commands failed: %s",
                            strerror(-copy->error));
    else if (find_target(in))
        apply(in);
}

static void copy_done(struct kd_job *job)
{
    struct copy_job *copy = copy_job_of(job);
    struct kd_connection *connection = copy->client->connection;

    if (connection) {
        connection->opcode = KB_REQ_FRAME_MEMFD;
        kd_event_released(copy->client, copy->in.object, copy->in.serial);
        apply_copied(copy);
        kd_peer_resume(connection->peer);
    }
    kd_batch_finish(&copy->in.batch);
    kd_memory_unref(copy->memory);
    kd_client_unref(copy->client);
    free(copy);
}

/* NULL after a refusal. */
static struct copy_job *copy_create(struct kd_connection *connection,
                                    const struct kb_req_frame_memfd *request,
                                    struct kd_memory *memory)
{
    struct copy_job *copy = calloc(1, sizeof(*copy));

    if (!copy) {
        kd_connection_error(connection, request->object, request->serial, KB_ERROR_CODE_NO_MEMORY,
                            0, "the frame is refused: the daemon is out of memory");
        return NULL;
    }
    copy->job = (struct kd_job){.step = copy_step, .done = copy_done};
    copy->in = (struct incoming){
        .connection = connection, .object = request->object, .serial = request->serial};
    copy->in.batch.clear = request->flags & KB_FRAME_FLAG_CLEAR;
    copy->offset_bytes = request->offset_bytes;
    if (!alloc_commands(&copy->in, request->units)) {
        free(copy);
        return NULL;
    }
    copy->client = kd_client_ref(connection->client);
    copy->memory = memory;
    return copy;
}

int kd_on_frame_memfd(void *ctx, const struct kb_req_frame_memfd *request)
{
    struct kd_connection *connection = ctx;
    struct kd_client *client = connection->client;
    uint64_t bytes = (uint64_t)request->units * 32;
    struct kd_memory *memory;
    struct copy_job *copy;
    const char *why;
    int error = kd_memory_create(request->commands, client->account, &why, &memory);

    if (error) {
        kd_connection_error(connection, request->object, request->serial, kd_error_code(error), 0,
                            "%s", why);
        return 0;
    }
    if (request->offset_bytes > memory->size_bytes ||
        memory->size_bytes - request->offset_bytes < bytes) {
        kd_connection_error(connection, request->object, request->serial, KB_ERROR_CODE_BAD_FD, 0,
                            "the memory is too small for offset_bytes + 32 * units");
        kd_memory_unref(memory);
        return 0;
    }
    copy = copy_create(connection, request, memory);
    if (!copy) {
        kd_memory_unref(memory);
        return 0;
    }
    kd_lane_submit(client->lane, &copy->job);
    return -EAGAIN;
}
