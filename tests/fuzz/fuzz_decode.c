/* Any bytes as a message, and as a stream of records. What decodes is encoded again, and must be
 * the same bytes: there is one way only to write a message. */
#include "gen/kmsblit_proto.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FIRST_FD 100

static void require(bool truth, const char *what)
{
    if (truth)
        return;
    fprintf(stderr, "fuzz_decode: %s\n", what);
    abort();
}

/* One message on its way through a dispatcher. */
struct pass {
    const uint8_t *message; /* borrowed */
    size_t message_bytes;
    unsigned fds_count;
    bool handled;
};

/* The union whose records a stream field holds, tried through its own function. */
static void read_stream(const char *name, const void *data, uint32_t units)
{
    struct kb_wire_error error = {0};
    struct kb_stream stream;
    int status = 0;
    kb_stream_init(&stream, data, units);
#define TRY_UNION(union_name)                                                    \
    if (strcmp(name, #union_name) == 0) {                                        \
        const union kb_##union_name *record;                                     \
        uint8_t seen = 0;                                                        \
        while ((status = kb_##union_name##_next(&stream, &record, &error)) == 1) \
            seen ^= *(const uint8_t *)record;                                    \
        (void)seen;                                                              \
    }
    KB_UNIONS(TRY_UNION)
    require(status == 0 || status == -EPROTO, "a stream ends, or is refused");
    require(status == 0 || error.what, "what is refused is explained");
    require(status != 0 || stream.units == 0, "a stream that ends is empty");
}

/* Touches all that the message points to, so that the sanitizers see where it lies. */
static void read_fields(const struct kb_message_info *info, const void *in)
{
    for (uint32_t i = 0; i < info->fields_count; i++) {
        const struct kb_wire_field *field = &info->fields[i];
        if (field->kind < KB_WIRE_STRING || field->kind == KB_WIRE_FD)
            continue;
        const uint8_t *items;
        uint32_t count;
        uint8_t seen = 0;
        memcpy(&items, (const uint8_t *)in + field->out, sizeof(items));
        memcpy(&count, (const uint8_t *)in + field->count, sizeof(count));
        for (size_t j = 0; j < (size_t)count * field->bytes; j++)
            seen ^= items[j];
        (void)seen;
        if (field->kind == KB_WIRE_STRING)
            require(kb_wire_text_ok((const char *)items, count), "strings are clean");
        if (field->kind == KB_WIRE_STREAM)
            read_stream(field->stream->name, items, count);
    }
}

static void finish(struct pass *pass, const struct kb_writer *writer, int status)
{
    pass->handled = true;
    require(status == 0, "what was decoded can be encoded");
    require(writer->used_bytes == pass->message_bytes, "and has the same size");
    require(memcmp(writer->bytes, pass->message, pass->message_bytes) == 0, "and the same bytes");
    require(writer->fds_count == pass->fds_count, "and as many fds");
    for (unsigned i = 0; i < pass->fds_count; i++)
        require(writer->fds[i] == FIRST_FD + (int)i, "and the same fds");
}

static uint64_t room[KB_MAX_MESSAGE_BYTES / 8];

#define HANDLER(prefix, name)                                                         \
    static int on_##prefix##_##name(void *ctx, const struct kb_##prefix##_##name *in) \
    {                                                                                 \
        struct pass *pass = ctx;                                                      \
        struct kb_writer writer;                                                      \
        struct kb_header header;                                                      \
        memcpy(&header, pass->message, sizeof(header));                               \
        read_fields(kb_message_info(header.opcode), in);                              \
        kb_writer_init(&writer, room, sizeof(room));                                  \
        finish(pass, &writer, kb_##prefix##_##name##_encode(&writer, in));            \
        return 0;                                                                     \
    }
#define REQUEST_HANDLER(name) HANDLER(req, name)
#define EVENT_HANDLER(name)   HANDLER(evt, name)
KB_REQUESTS(REQUEST_HANDLER)
KB_EVENTS(EVENT_HANDLER)

#define REQUEST_MEMBER(name) .name = on_req_##name,
#define EVENT_MEMBER(name)   .name = on_evt_##name,
static const struct kb_req_handler requests = {KB_REQUESTS(REQUEST_MEMBER)};
static const struct kb_evt_handler events = {KB_EVENTS(EVENT_MEMBER)};

static void try_dump(const uint8_t *message, size_t size, bool is_good)
{
    char text[256];
    const struct kb_header *header = (const void *)message;
    const struct kb_message_info *info =
        size < sizeof(*header) ? NULL : kb_message_info(header->opcode);
    if (!info)
        return;
    int length = info->dump(message, size, text, sizeof(text));
    require(is_good ? length > 0 : length == -EPROTO, "what decodes can be shown, and only that");
    if (is_good)
        require(strlen(text) == (size_t)length, "a text has its length");
    for (int i = 0; i < length; i++)
        require((uint8_t)text[i] >= 0x20 && text[i] != 0x7f, "a text is without control codes");
}

static void fill_fds(int *fds)
{
    for (unsigned i = 0; i < KB_WIRE_MESSAGE_FDS_MAX; i++)
        fds[i] = FIRST_FD + (int)i;
}

static void try_message(const uint8_t *message, size_t size)
{
    int fds[KB_WIRE_MESSAGE_FDS_MAX];
    struct kb_wire_error error = {0};
    struct pass pass = {.message = message, .message_bytes = size};
    if (size > 6 && message[6] <= KB_WIRE_MESSAGE_FDS_MAX)
        pass.fds_count = message[6];

    fill_fds(fds);
    int status = kb_req_dispatch(&requests, &pass, message, size, fds, pass.fds_count, &error);
    require(pass.handled == (status == 0), "a request is handled, or refused");
    require(status == 0 || status == -EPROTO || status == -EOPNOTSUPP, "for a known reason");
    require(status != -EPROTO || error.what, "what is refused is explained");
    bool is_request = pass.handled;

    pass.handled = false;
    fill_fds(fds);
    status = kb_evt_dispatch(&events, &pass, message, size, fds, pass.fds_count, &error);
    require(status == 0 || status == -EPROTO, "an event is handled, skipped, or refused");
    require(!(is_request && pass.handled), "no message is both");
    try_dump(message, size, is_request || pass.handled);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Exactly as large as the input; malloc() aligns as the codec asks for. */
    uint8_t *message = malloc(size ? size : 1);
    if (!message)
        return 0;
    memcpy(message, data, size);
    try_message(message, size);

    /* Once more with a header that agrees with the size, to get further more often. */
    uint32_t whole = (uint32_t)size & ~7u;
    if (size == whole && whole >= sizeof(struct kb_header)) {
        memcpy(message, &whole, sizeof(whole));
        message[7] = 0;
        try_message(message, size);
        const struct kb_message_info *info =
            kb_message_info((uint16_t)(message[4] | message[5] << 8));
        if (info) {
            message[6] = info->nfds;
            try_message(message, size);
        }
    }
    memcpy(message, data, size);
    read_stream("command", message, (uint32_t)(size / KB_COMMAND_UNIT_BYTES));
    free(message);
    return 0;
}
