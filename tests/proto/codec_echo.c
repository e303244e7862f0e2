/* The C codec of PROTO_HEADER as a filter, for test_cross.py. Reads messages, each behind `u32 bytes, u32 fds`;
 * writes one line for each:
 *     ok DUMP / REENCODED-HEX / the error of each stream, or "-"
 *     refused OFFSET WHAT
 *     unknown
 */
#include PROTO_HEADER

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t message[KB_WIRE_MESSAGE_BYTES_MAX / 8 + 1];
static uint64_t again[KB_WIRE_MESSAGE_BYTES_MAX / 8 + 1];
static uint64_t decoded[128];
static char text[4 * KB_WIRE_MESSAGE_BYTES_MAX];
static const int fds[KB_WIRE_MESSAGE_FDS_MAX] = {100, 101, 102, 103};

static void print_streams(const struct kb_message_info *info)
{
    for (uint32_t i = 0; i < info->fields_count; i++) {
        const struct kb_wire_field *field = &info->fields[i];
        if (field->kind != KB_WIRE_STREAM)
            continue;
        struct kb_wire_error error = {0};
        struct kb_stream stream;
        const void *data, *record;
        uint32_t units;
        int status;
        memcpy(&data, (uint8_t *)decoded + field->out, sizeof(data));
        memcpy(&units, (uint8_t *)decoded + field->count, sizeof(units));
        kb_stream_init(&stream, data, units);
        while ((status = kb_wire_next(field->stream, &stream, &record, &error)) == 1)
            continue;
        if (status) {
            printf(" / %u %s", error.offset, error.what);
            return;
        }
    }
    printf(" / -");
}

static int print_good(const struct kb_message_info *info, size_t size)
{
    struct kb_writer writer;
    if (info->dump(message, size, text, sizeof(text)) < 0)
        return -EPROTO;
    kb_writer_init(&writer, again, sizeof(again));
    if (kb_wire_encode(info, &writer, decoded))
        return writer.error;
    printf("ok %s / ", text);
    for (size_t i = 0; i < writer.used_bytes; i++)
        printf("%02x", ((const uint8_t *)again)[i]);
    print_streams(info);
    printf("\n");
    return 0;
}

static int answer(size_t size, unsigned fds_count)
{
    struct kb_wire_error error = {0};
    struct kb_header header;
    int status = kb_wire_peek(message, size, fds_count, &error);
    memcpy(&header, message, sizeof(header));
    const struct kb_message_info *info = status ? NULL : kb_message_info(header.opcode);
    if (!status && !info)
        return printf("unknown\n") < 0;
    if (!status && info->struct_bytes > sizeof(decoded))
        return -ENOBUFS;
    if (!status)
        status = kb_wire_decode(info, message, size, fds, fds_count, decoded, &error);
    if (status)
        return printf("refused %u %s\n", error.offset, error.what) < 0;
    return print_good(info, size);
}

int main(void)
{
    uint32_t head[2];
    while (fread(head, sizeof(head), 1, stdin) == 1) {
        if (head[0] > sizeof(message) || fread(message, 1, head[0], stdin) != head[0])
            return EXIT_FAILURE;
        if (answer(head[0], head[1]))
            return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
