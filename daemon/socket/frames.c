/*
 * Frames: a batch of commands is copied, then checked, then applied as a whole.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "socket/connection.h"
#include "socket/events.h"
#include "socket/requests.h"

/* A frame whose commands are being checked. */
struct batch {
    struct kd_connection *connection;
    struct kd_window *window;
    uint32_t serial;
    uint32_t flags;
    struct kd_account *account; /* the client's; charged for the commands */
    union kb_command *commands; /* owned: a copy that the client cannot write */
    uint32_t units;
    struct kd_source **sources; /* owned, a reference each */
    uint32_t sources_count, sources_capacity;
    uint32_t mark; /* of this frame, in the images that it uses */
};

/* Memory for a batch's commands, charged to the client. NULL after a refusal. */
static union kb_command *commands_alloc(struct kd_connection *connection, uint32_t object,
                                        uint32_t serial, uint32_t units)
{
    struct kd_account *account = connection->client->account;
    size_t bytes = (size_t)units * 32;
    union kb_command *commands;

    if (!kd_account_charge(account, bytes)) {
        kd_connection_error(connection, object, serial, KB_ERROR_CODE_QUOTA, 0,
                            "the frame is refused: its commands are more than this client may "
                            "still hold; wait for answers, or destroy images");
        return NULL;
    }
    commands = malloc(bytes ? bytes : 1);
    if (!commands) {
        kd_account_release(account, bytes);
        kd_connection_error(connection, object, serial, KB_ERROR_CODE_NO_MEMORY, 0,
                            "the frame is refused: the daemon is out of memory");
    }
    return commands;
}

static void batch_finish(struct batch *batch)
{
    kd_account_release(batch->account, (uint64_t)batch->units * 32);
    for (uint32_t i = 0; i < batch->sources_count; i++)
        kd_source_unref(batch->sources[i]);
    free(batch->sources);
    free(batch->commands);
}

static void refuse(struct batch *batch, enum kb_error_code code, uint32_t unit, const char *what)
{
    kd_connection_error(batch->connection, batch->window->id, batch->serial, code, unit,
                        "the frame is refused: %s (at 32-byte unit %u of its commands)", what,
                        unit);
}

/* The image's place among the frame's sources: its version as of now. -ENOMEM. */
static int64_t source_index(struct batch *batch, struct kd_image *image)
{
    if (image->frame_mark != batch->mark) {
        if (batch->sources_count == batch->sources_capacity) {
            uint32_t capacity = batch->sources_capacity ? 2 * batch->sources_capacity : 16;
            struct kd_source **sources = realloc(batch->sources, capacity * sizeof(*sources));

            if (!sources)
                return -ENOMEM;
            batch->sources = sources;
            batch->sources_capacity = capacity;
        }
        image->frame_mark = batch->mark;
        image->frame_source = batch->sources_count;
        batch->sources[batch->sources_count++] = kd_source_ref(image->newest);
    }
    return image->frame_source;
}

/* Replaces the image's id by the index of its source. False after a refusal. */
static bool resolve_blit(struct batch *batch, struct kb_command_blit *blit, uint32_t unit)
{
    enum kd_object_kind kind;
    struct kd_image *image =
        kd_objects_get(&batch->connection->client->objects, blit->image, &kind);
    int64_t index;

    if (!image || kind != KD_OBJECT_IMAGE) {
        refuse(batch, image ? KB_ERROR_CODE_WRONG_KIND : KB_ERROR_CODE_BAD_OBJECT, unit,
               image ? "it draws something that is no image"
                     : "it draws an image that does not exist, or no more");
        return false;
    }
    if (blit->tint >> 24 != 255 || blit->flags & KB_BLIT_FLAG_BILINEAR) {
        refuse(batch, KB_ERROR_CODE_BAD_VALUE, unit,
               blit->tint >> 24 != 255 ? "a tint's alpha must be 255"
                                       : "only transformed blits can be filtered");
        return false;
    }
    index = source_index(batch, image);
    if (index < 0) {
        refuse(batch, KB_ERROR_CODE_NO_MEMORY, unit, "the daemon is out of memory");
        return false;
    }
    blit->image = (uint32_t)index;
    return true;
}

/* Whether the bytes are commands at all. Any thread. -EPROTO. */
static int validate(const union kb_command *commands, uint32_t units, struct kb_wire_error *error)
{
    struct kb_stream stream;
    const union kb_command *command;
    int more;

    kb_stream_init(&stream, commands, units);
    do {
        more = kb_command_next(&stream, &command, error);
    } while (more == 1);
    return more;
}

/* Checks what valid commands refer to. False after a refusal. */
static bool resolve(struct batch *batch)
{
    for (uint32_t unit = 0; unit < batch->units; unit++) {
        union kb_command *command = (void *)((char *)batch->commands + (size_t)unit * 32);

        if (command->op == KB_COMMAND_TRANSFORMED_BLIT) {
            refuse(batch, KB_ERROR_CODE_NOT_IMPLEMENTED, unit,
                   "this daemon cannot do transformed blits yet");
            return false;
        }
        if (command->op == KB_COMMAND_BLIT && !resolve_blit(batch, &command->blit, unit))
            return false;
    }
    return true;
}

/* Malformed commands are malformed framing: the connection ends. */
static void refuse_malformed(struct batch *batch, const struct kb_wire_error *error)
{
    kd_connection_error(batch->connection, batch->window->id, batch->serial, KB_ERROR_CODE_PROTOCOL,
                        error->offset / 32, "%s (at 32-byte unit %u of the commands)", error->what,
                        error->offset / 32);
    kd_peer_shut(batch->connection->peer);
}

/* Takes over everything the batch owns; its commands are valid. */
static void apply(struct batch *batch)
{
    struct kd_window *window = batch->window;
    struct kd_client *client = batch->connection->client;
    struct kd_frame *frame;

    client->frames_counted++;
    batch->mark = client->frames_counted;
    if (window->credits_used >= KB_CREDITS) {
        kd_connection_error(
            batch->connection, window->id, batch->serial, KB_ERROR_CODE_NO_CREDIT, 0,
            "the frame is refused: two frames of this window are unanswered; wait for presented or discarded");
        batch_finish(batch);
        return;
    }
    if (!resolve(batch)) {
        batch_finish(batch);
        return;
    }
    frame = kd_frame_create(window, batch->account, batch->commands, batch->units, batch->sources,
                            batch->sources_count);
    if (!frame) {
        kd_connection_error(batch->connection, window->id, batch->serial, KB_ERROR_CODE_NO_MEMORY,
                            0, "the frame is refused: the daemon is out of memory");
        return;
    }
    frame->is_answered = true;
    frame->serial = batch->serial;
    frame->clear = batch->flags & KB_FRAME_FLAG_CLEAR;
    window->credits_used++;
    window->stats.frames_committed++;
    window->stats.commands += batch->units;
    client->stats.frames_committed++;
    kd_window_enqueue(window, frame);
    batch->connection->host->window_queued(batch->connection->host->ctx, window);
}

int kd_on_frame(void *ctx, const struct kb_req_frame *in)
{
    struct kd_connection *connection = ctx;
    struct batch batch = {.connection = connection,
                          .account = connection->client->account,
                          .serial = in->serial,
                          .flags = in->flags,
                          .units = in->commands_units};
    struct kb_wire_error error;

    batch.window = kd_connection_object(connection, in->object, KD_OBJECT_WINDOW, in->serial);
    if (!batch.window)
        return 0;
    batch.commands = commands_alloc(connection, in->object, in->serial, in->commands_units);
    if (!batch.commands)
        return 0;
    if (in->commands_units > 0)
        memcpy(batch.commands, in->commands, (size_t)in->commands_units * 32);
    if (validate(batch.commands, batch.units, &error) < 0) {
        refuse_malformed(&batch, &error);
        batch_finish(&batch);
    } else {
        apply(&batch);
    }
    return 0;
}

/* Reading a large frame out of its memfd. The client's next requests wait for it, others' do not. */
struct copy_job {
    struct kd_job job;
    struct kd_client *client;   /* a reference */
    struct kd_memory *memory;   /* a reference */
    union kb_command *commands; /* owned until it is applied */
    uint32_t object, serial, flags, units;
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

    copy->error =
        kd_memory_read(copy->memory, copy->offset_bytes, copy->commands, (size_t)copy->units * 32);
    if (!copy->error)
        copy->error = validate(copy->commands, copy->units, &copy->malformed);
    return KD_JOB_DONE;
}

/* Takes over the batch. */
static void apply_copied(const struct copy_job *copy, struct batch *batch)
{
    struct kd_connection *connection = batch->connection;

    batch->window = kd_connection_object(connection, copy->object, KD_OBJECT_WINDOW, copy->serial);
    if (batch->window && !copy->error) {
        apply(batch);
        return;
    }
    if (batch->window && copy->error == -EPROTO)
        refuse_malformed(batch, &copy->malformed);
    else if (batch->window)
        kd_connection_error(connection, copy->object, copy->serial, kd_error_code(copy->error), 0,
                            "the frame is refused: reading its commands failed: %s",
                            strerror(-copy->error));
    batch_finish(batch);
}

static void copy_done(struct kd_job *job)
{
    struct copy_job *copy = copy_job_of(job);
    struct kd_connection *connection = copy->client->connection;
    struct batch batch = {.connection = connection,
                          .account = copy->client->account,
                          .serial = copy->serial,
                          .flags = copy->flags,
                          .units = copy->units,
                          .commands = copy->commands};

    if (connection) {
        connection->opcode = KB_REQ_FRAME_MEMFD;
        kd_event_released(copy->client, copy->object, copy->serial);
        apply_copied(copy, &batch);
        kd_peer_resume(connection->peer);
    } else {
        batch_finish(&batch);
    }
    kd_memory_unref(copy->memory);
    kd_client_unref(copy->client);
    free(copy);
}

int kd_on_frame_memfd(void *ctx, const struct kb_req_frame_memfd *in)
{
    struct kd_connection *connection = ctx;
    struct kd_client *client = connection->client;
    uint64_t bytes = (uint64_t)in->units * 32;
    struct kd_memory *memory;
    struct copy_job *copy;
    const char *why;
    int error = kd_memory_create(in->commands, client->account, &why, &memory);

    if (error) {
        kd_connection_error(connection, in->object, in->serial, kd_error_code(error), 0, "%s", why);
        return 0;
    }
    if (in->offset_bytes > memory->size_bytes || memory->size_bytes - in->offset_bytes < bytes) {
        kd_connection_error(connection, in->object, in->serial, KB_ERROR_CODE_BAD_FD, 0,
                            "the memory is too small for offset_bytes + 32 * units");
        kd_memory_unref(memory);
        return 0;
    }
    copy = calloc(1, sizeof(*copy));
    if (copy)
        copy->commands = commands_alloc(connection, in->object, in->serial, in->units);
    else
        kd_connection_error(connection, in->object, in->serial, KB_ERROR_CODE_NO_MEMORY, 0,
                            "the frame is refused: the daemon is out of memory");
    if (!copy || !copy->commands) {
        kd_memory_unref(memory);
        free(copy);
        return 0;
    }
    copy->job = (struct kd_job){.step = copy_step, .done = copy_done};
    copy->client = kd_client_ref(client);
    copy->memory = memory;
    copy->object = in->object;
    copy->serial = in->serial;
    copy->flags = in->flags;
    copy->units = in->units;
    copy->offset_bytes = in->offset_bytes;
    kd_lane_submit(client->lane, &copy->job);
    return -EAGAIN;
}
