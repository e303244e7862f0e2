#include "socket/events.h"

#include <stdlib.h>
#include <string.h>

#include "socket/connection.h"
#include "socket/feed.h"

/* Room for the largest event: 256 statistics. */
#define EVENT_BYTES 8192

/* Of a description's text; the protocol allows as much. */
#define DESCRIPTION_BYTES 32768

/* Every event is encoded on its own and appended to what the peer writes next. The encoder can only refuse what the daemon itself got
 * wrong, and then the event is left out. */
#define SEND(client, name, event)                                                       \
    do {                                                                                \
        _Alignas(8) uint8_t bytes_[EVENT_BYTES];                                        \
        struct kb_writer writer_;                                                       \
                                                                                        \
        if (!(client)->connection)                                                      \
            break;                                                                      \
        kb_writer_init(&writer_, bytes_, sizeof(bytes_));                               \
        if (kb_evt_##name##_encode(&writer_, event) == 0)                               \
            kd_peer_send((client)->connection->peer, writer_.bytes, writer_.used_bytes, \
                         writer_.fds, writer_.fds_count);                               \
    } while (0)

void kd_event_welcome(struct kd_client *client, const struct kb_evt_welcome *event)
{
    SEND(client, welcome, event);
}

void kd_event_error(struct kd_client *client, const struct kb_evt_error *event)
{
    client->stats.errors++;
    SEND(client, error, event);
}

/* What was done until then has been told by then. */
void kd_event_done(struct kd_client *client, uint32_t object, uint32_t serial)
{
    if (client->connection)
        kd_feed_flush(client->connection->feed);
    SEND(client, done, (&(struct kb_evt_done){.object = object, .serial = serial}));
}

void kd_event_released(struct kd_client *client, uint32_t object, uint32_t serial)
{
    SEND(client, released, (&(struct kb_evt_released){.object = object, .serial = serial}));
}

void kd_event_launch_state(struct kd_client *client, const struct kb_evt_launch_state *event)
{
    SEND(client, launch_state, event);
}

void kd_event_window_adopted(struct kd_client *client, const struct kb_evt_window_adopted *event)
{
    SEND(client, window_adopted, event);
}

void kd_event_device(struct kd_client *client, const struct kb_evt_device *event)
{
    SEND(client, device, event);
}

void kd_event_device_gone(struct kd_client *client, uint32_t device)
{
    SEND(client, device_gone, (&(struct kb_evt_device_gone){.object = device}));
}

void kd_event_window_close(struct kd_client *client, uint32_t window)
{
    SEND(client, window_close, (&(struct kb_evt_window_close){.object = window}));
}

void kd_event_keymap(struct kd_client *client, const struct kb_evt_keymap *event)
{
    SEND(client, keymap, event);
}

void kd_event_output(struct kd_client *client, const struct kb_evt_output *event)
{
    SEND(client, output, event);
}

void kd_event_output_gone(struct kd_client *client, uint32_t output)
{
    SEND(client, output_gone, (&(struct kb_evt_output_gone){.object = output}));
}

void kd_event_window_state(struct kd_client *client, const struct kb_evt_window_state *event)
{
    SEND(client, window_state, event);
}

void kd_event_presented(struct kd_client *client, const struct kb_evt_presented *event)
{
    client->stats.frames_presented++;
    SEND(client, presented, event);
}

void kd_event_discarded(struct kd_client *client, const struct kb_evt_discarded *event)
{
    client->stats.frames_discarded++;
    SEND(client, discarded, event);
}

void kd_event_description(struct kd_client *client, uint32_t serial,
                          void (*describe)(void *ctx, char *text, size_t text_bytes), void *ctx)
{
    size_t message_bytes = KB_WIRE_MESSAGE_BYTES_MAX;
    uint8_t *message = malloc(message_bytes);
    char *text = malloc(DESCRIPTION_BYTES);
    struct kb_writer writer;

    if (message && text && client->connection) {
        text[0] = '\0';
        describe(ctx, text, DESCRIPTION_BYTES);
        kb_writer_init(&writer, message, message_bytes);
        if (kb_evt_description_encode(
                &writer, &(struct kb_evt_description){.serial = serial,
                                                      .text = text,
                                                      .text_bytes = (uint32_t)strlen(text)}) == 0)
            kd_peer_send(client->connection->peer, writer.bytes, writer.used_bytes, writer.fds, 0);
    } else if (client->connection) {
        kd_connection_error(client->connection, 0, serial, KB_ERROR_CODE_NO_MEMORY, 0,
                            "the daemon is out of memory");
    }
    free(message);
    free(text);
}

void kd_event_statistics(struct kd_client *client, const struct kb_evt_statistics *event)
{
    SEND(client, statistics, event);
}

/* Unlike the others this one can fail without the connection's end: its fd is duplicated. */
int kd_event_screenshot_done(struct kd_client *client, const struct kb_evt_screenshot_done *event)
{
    _Alignas(8) uint8_t bytes[64];
    struct kb_writer writer;
    int error;

    if (!client->connection)
        return 0;
    kb_writer_init(&writer, bytes, sizeof(bytes));
    error = kb_evt_screenshot_done_encode(&writer, event);
    if (error)
        return error;
    return kd_peer_send(client->connection->peer, writer.bytes, writer.used_bytes, writer.fds,
                        writer.fds_count);
}
