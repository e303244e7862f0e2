/* proto/wire.c by itself: text, headers, the writer, streams. The messages are in test_codec.c. */
#include "gen/kmsblit_proto.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text_case {
    const char *text;
    size_t bytes;
    bool ok;
};

#define TEXT(literal, verdict)                \
    {                                         \
        literal, sizeof(literal) - 1, verdict \
    }

static const struct text_case text_cases[] = {
    TEXT("", true),
    TEXT("plain", true),
    TEXT("tab\tand\nnewline", true),
    TEXT("\x7f", true),
    TEXT("\xc2\x80", true),
    TEXT("\xdf\xbf", true),
    TEXT("\xe0\xa0\x80", true),
    TEXT("\xed\x9f\xbf", true),
    TEXT("\xee\x80\x80", true),
    TEXT("\xef\xbf\xbf", true),
    TEXT("\xf0\x90\x80\x80", true),
    TEXT("\xf4\x8f\xbf\xbf", true),
    TEXT("nul\0", false),
    TEXT("\r", false),
    TEXT("\x1b[31m", false),
    TEXT("\x1f", false),
    TEXT("\x80", false),
    TEXT("\xbf", false),
    TEXT("\xc0\x80", false),         /* NUL, overlong */
    TEXT("\xc1\xbf", false),         /* overlong */
    TEXT("\xe0\x9f\xbf", false),     /* overlong */
    TEXT("\xf0\x8f\xbf\xbf", false), /* overlong */
    TEXT("\xed\xa0\x80", false),     /* the first surrogate */
    TEXT("\xed\xbf\xbf", false),     /* the last one */
    TEXT("\xf4\x90\x80\x80", false), /* above U+10FFFF */
    TEXT("\xf5\x80\x80\x80", false),
    TEXT("\xff", false),
    TEXT("\xc2", false), /* cut short */
    TEXT("\xe2\x82", false),
    TEXT("\xf0\x9f\x98", false),
    TEXT("\xc2 ", false), /* no continuation */
    TEXT("\xe2\x82 ", false),
    TEXT("\xf0\x9f\x98 ", false),
    TEXT("\xe2\x28\xa1", false),
};

START_TEST(test_text)
{
    const struct text_case *one = &text_cases[_i];
    /* A heap copy of exactly these bytes: sanitizers see every byte that is read too many. */
    char *copy = malloc(one->bytes + 1);
    ck_assert_ptr_nonnull(copy);
    char *text = copy + 1;
    memcpy(text, one->text, one->bytes);
    ck_assert_int_eq(kb_wire_text_ok(text, one->bytes), one->ok);
    free(copy);
}
END_TEST

START_TEST(test_text_counts_bytes)
{
    ck_assert(kb_wire_text_ok("ab\x01", 2));
    ck_assert(!kb_wire_text_ok("ab\x01", 3));
    ck_assert(!kb_wire_text_ok("\xe2\x82\xac", 2));
}
END_TEST

struct header_case {
    struct kb_header header;
    const char *what; /* NULL: accepted */
    uint32_t offset;
};

static const char header_size[] = "header.size: must be a multiple of 8 from 16 to 65536";

static const struct header_case header_cases[] = {
    {{.size = 16}, NULL, 0},
    {{.size = 65536, .nfds = 4, .object = UINT32_MAX, .serial = UINT32_MAX}, NULL, 0},
    {{.size = 0}, header_size, 0},
    {{.size = 7}, header_size, 0},
    {{.size = 8}, header_size, 0},
    {{.size = 17}, header_size, 0},
    {{.size = 20}, header_size, 0},
    {{.size = 65537}, header_size, 0},
    {{.size = 65544}, header_size, 0},
    {{.size = UINT32_MAX}, header_size, 0},
    {{.size = UINT32_MAX - 7}, header_size, 0},
    {{.size = 16, .nfds = 5}, "header.nfds: must be at most 4", 6},
    {{.size = 16, .nfds = 255}, "header.nfds: must be at most 4", 6},
    {{.size = 16, .flags = 1}, "header.flags: reserved bytes must be zero", 7},
};

START_TEST(test_header)
{
    const struct header_case *one = &header_cases[_i];
    struct kb_wire_error error = {0};
    ck_assert_int_eq(kb_header_check(&one->header, &error), one->what ? -EPROTO : 0);
    ck_assert_int_eq(kb_header_check(&one->header, NULL), one->what ? -EPROTO : 0);
    if (one->what) {
        ck_assert_str_eq(error.what, one->what);
        ck_assert_uint_eq(error.offset, one->offset);
    }
}
END_TEST

START_TEST(test_header_is_little_endian)
{
    static const uint8_t bytes[16] = {0x18, 0, 1, 0, 0x34, 0x12, 2, 0, 1, 2, 3, 4, 5, 6, 7, 8};
    struct kb_header header;
    memcpy(&header, bytes, sizeof(header));
    ck_assert_uint_eq(header.size, 0x10018);
    ck_assert_uint_eq(header.opcode, 0x1234);
    ck_assert_uint_eq(header.nfds, 2);
    ck_assert_uint_eq(header.object, 0x04030201);
    ck_assert_uint_eq(header.serial, 0x08070605);
}
END_TEST

/* The writer */

static uint64_t room[KB_MAX_MESSAGE_BYTES / 8 + 64];

START_TEST(test_hello_byte_by_byte)
{
    static const uint8_t expected[] = {
        0x30, 0, 0, 0, 1, 0, 0, 0, 0,   0,   0,   0,   0x78, 0x56, 0x34, 0x12, /* header */
        1,    0, 0, 0, 1, 0, 0, 0, 8,   7,   6,   5,   4,    3,    2,    1,    /* fixed */
        5,    0, 0, 0, 0, 0, 0, 0, 'c', 'h', 'e', 's', 's',  0,    0,    0,    /* name */
    };
    struct kb_writer writer;
    struct kb_req_hello hello = {
        .serial = 0x12345678,
        .version = 1,
        .flags = KB_HELLO_FLAG_WANTS_INPUT,
        .token = 0x0102030405060708,
        .name = "chess",
        .name_bytes = 5,
    };
    memset(room, 0xff, sizeof(room));
    kb_writer_init(&writer, room, sizeof(room));
    ck_assert_int_eq(kb_req_hello_encode(&writer, &hello), 0);
    ck_assert_uint_eq(writer.used_bytes, sizeof(expected));
    ck_assert_mem_eq(room, expected, sizeof(expected));
}
END_TEST

static struct kb_req_image_create image_request(int fd)
{
    return (struct kb_req_image_create){
        .object = 1,
        .width = 2,
        .height = 2,
        .format = KB_FORMAT_ARGB8888,
        .stride_bytes = 8,
        .pixels = fd,
    };
}

START_TEST(test_writer_collects_messages_and_fds)
{
    struct kb_writer writer;
    struct kb_req_sync sync = {.serial = 7};
    struct kb_req_image_create first = image_request(5), second = image_request(3);
    kb_writer_init(&writer, room, sizeof(room));
    ck_assert_int_eq(kb_req_image_create_encode(&writer, &first), 0);
    ck_assert_int_eq(kb_req_sync_encode(&writer, &sync), 0);
    ck_assert_int_eq(kb_req_image_create_encode(&writer, &second), 0);
    ck_assert_uint_eq(writer.fds_count, 2);
    ck_assert_int_eq(writer.fds[0], 5);
    ck_assert_int_eq(writer.fds[1], 3);
    ck_assert_uint_eq(writer.used_bytes, 2 * kb_message_info(KB_REQ_IMAGE_CREATE)->min_bytes + 16);
}
END_TEST

START_TEST(test_a_failure_sticks_and_leaves_nothing)
{
    struct kb_writer writer;
    struct kb_req_sync sync = {.serial = 7};
    struct kb_req_image_create bad = image_request(5);
    bad.width = 0;
    kb_writer_init(&writer, room, sizeof(room));
    ck_assert_int_eq(kb_req_sync_encode(&writer, &sync), 0);
    ck_assert_int_eq(kb_req_image_create_encode(&writer, &bad), -EINVAL);
    ck_assert_str_eq(writer.what, "image_create.width: must be 1 to 16384");
    ck_assert_int_eq(kb_req_sync_encode(&writer, &sync), -EINVAL);
    ck_assert_uint_eq(writer.used_bytes, 16);
    ck_assert_uint_eq(writer.fds_count, 0);
    kb_writer_reset(&writer);
    ck_assert_int_eq(kb_req_sync_encode(&writer, &sync), 0);
    ck_assert_uint_eq(writer.used_bytes, 16);
    ck_assert_ptr_null(writer.what);
}
END_TEST

START_TEST(test_a_full_writer)
{
    struct kb_writer writer;
    struct kb_req_sync sync = {.serial = 7};
    kb_writer_init(&writer, room, 24);
    ck_assert_int_eq(kb_req_sync_encode(&writer, &sync), 0);
    ck_assert_int_eq(kb_req_sync_encode(&writer, &sync), -ENOBUFS);
    ck_assert_uint_eq(writer.used_bytes, 16);
}
END_TEST

START_TEST(test_a_full_list_of_fds)
{
    struct kb_writer writer;
    struct kb_req_image_create image = image_request(5);
    kb_writer_init(&writer, room, sizeof(room));
    for (unsigned i = 0; i < KB_WRITER_FDS_MAX; i++)
        ck_assert_int_eq(kb_req_image_create_encode(&writer, &image), 0);
    ck_assert_int_eq(kb_req_image_create_encode(&writer, &image), -ENOBUFS);
    ck_assert_uint_eq(writer.fds_count, KB_WRITER_FDS_MAX);
}
END_TEST

static int encode_hello(const char *name, uint32_t name_bytes)
{
    struct kb_writer writer;
    struct kb_req_hello hello = {.version = 1, .name = name, .name_bytes = name_bytes};
    kb_writer_init(&writer, room, sizeof(room));
    return kb_req_hello_encode(&writer, &hello);
}

START_TEST(test_what_may_not_be_encoded)
{
    char longest[129];
    memset(longest, 'x', sizeof(longest));
    ck_assert_int_eq(encode_hello(longest, 128), 0);
    ck_assert_int_eq(encode_hello(longest, 129), -EMSGSIZE);
    ck_assert_int_eq(encode_hello(longest, UINT32_MAX), -EMSGSIZE);
    ck_assert_int_eq(encode_hello(NULL, 0), 0);
    ck_assert_int_eq(encode_hello(NULL, 1), -EINVAL);
    ck_assert_int_eq(encode_hello("\x1b[2J", 4), -EINVAL);

    struct kb_writer writer;
    struct kb_req_image_create image = image_request(-1);
    kb_writer_init(&writer, room, sizeof(room));
    ck_assert_int_eq(kb_req_image_create_encode(&writer, &image), -EINVAL);
    ck_assert_str_eq(writer.what, "image_create.pixels: must be a file descriptor");
}
END_TEST

START_TEST(test_the_largest_message)
{
    static uint8_t commands[2046 * KB_COMMAND_UNIT_BYTES];
    struct kb_writer writer;
    struct kb_req_frame frame = {.object = 1, .commands = commands, .commands_units = 2046};
    kb_writer_init(&writer, room, sizeof(room));
    ck_assert_int_eq(kb_req_frame_encode(&writer, &frame), 0);
    ck_assert_uint_le(writer.used_bytes, KB_MAX_MESSAGE_BYTES);
    frame.commands_units++;
    ck_assert_int_eq(kb_req_frame_encode(&writer, &frame), -EMSGSIZE);
}
END_TEST

/* Streams */

START_TEST(test_a_stream_of_commands)
{
    struct {
        struct kb_command_fill fill;
        struct kb_command_transformed_blit turned;
        struct kb_command_clip clip;
    } commands = {
        .fill = {.op = KB_COMMAND_FILL, .color = 0xff112233, .where = {1, 2, 3, 4}},
        .turned = {.op = KB_COMMAND_TRANSFORMED_BLIT, .xx = 65536, .yy = -65536},
        .clip = {.op = KB_COMMAND_CLIP, .where = {5, 6, 7, 8}},
    };
    struct kb_stream stream;
    struct kb_wire_error error = {0};
    const union kb_command *command = NULL;
    kb_stream_init(&stream, &commands, sizeof(commands) / KB_COMMAND_UNIT_BYTES);
    ck_assert_int_eq(kb_command_next(&stream, &command, &error), 1);
    ck_assert_ptr_eq(command, &commands.fill);
    ck_assert_uint_eq(command->fill.color, 0xff112233);
    ck_assert_int_eq(kb_command_next(&stream, &command, &error), 1);
    ck_assert_ptr_eq(command, &commands.turned);
    ck_assert_int_eq(command->transformed_blit.yy, -65536);
    ck_assert_int_eq(kb_command_next(&stream, &command, &error), 1);
    ck_assert_ptr_eq(command, &commands.clip);
    ck_assert_int_eq(kb_command_next(&stream, &command, &error), 0);
    ck_assert_int_eq(kb_command_next(&stream, &command, &error), 0);
}
END_TEST

static int second_command(const void *commands, uint32_t units, struct kb_wire_error *error)
{
    struct kb_stream stream;
    const union kb_command *command;
    kb_stream_init(&stream, commands, units);
    ck_assert_int_eq(kb_command_next(&stream, &command, error), 1);
    return kb_command_next(&stream, &command, error);
}

START_TEST(test_bad_commands)
{
    static const char tag[] = "command.op: must be a known command, whole within the stream";
    struct kb_command_fill commands[3] = {{.op = KB_COMMAND_FILL}, {.op = KB_COMMAND_FILL}};
    struct kb_wire_error error = {0};
    ck_assert_int_eq(second_command(commands, 2, &error), 1);

    commands[1].op = 0;
    ck_assert_int_eq(second_command(commands, 2, &error), -EPROTO);
    ck_assert_str_eq(error.what, tag);
    ck_assert_uint_eq(error.offset, 32);
    commands[1].op = 255;
    ck_assert_int_eq(second_command(commands, 2, &error), -EPROTO);
    commands[1].op = KB_COMMAND_TRANSFORMED_BLIT; /* needs two units */
    ck_assert_int_eq(second_command(commands, 2, &error), -EPROTO);
    ck_assert_str_eq(error.what, tag);
    ck_assert_int_eq(second_command(commands, 3, &error), 1);

    commands[1].op = KB_COMMAND_FILL;
    commands[1].blend = 13;
    ck_assert_int_eq(second_command(commands, 2, &error), -EPROTO);
    ck_assert_str_eq(error.what, "command_fill.blend: must be a known blend");
    ck_assert_uint_eq(error.offset, 33);
    commands[1].blend = KB_BLEND_RGBA_MAX;
    commands[1].pad1[7] = 1;
    ck_assert_int_eq(second_command(commands, 2, NULL), -EPROTO);
    ck_assert_int_eq(second_command(commands, 2, &error), -EPROTO);
    ck_assert_str_eq(error.what, "command_fill.pad1: reserved bytes must be zero");
    ck_assert_uint_eq(error.offset, 32 + 24);
}
END_TEST

/* Names and dumps */

START_TEST(test_names_of_values)
{
    ck_assert_str_eq(kb_format_name(KB_FORMAT_P8), "p8");
    ck_assert_ptr_null(kb_format_name(0));
    ck_assert_ptr_null(kb_format_name(UINT32_MAX));
    ck_assert(kb_format_valid(KB_FORMAT_ARGB8888));
    ck_assert(!kb_format_valid(0));
    ck_assert(!kb_format_valid(10));
    ck_assert(!kb_format_valid(65));
    ck_assert(!kb_format_valid(UINT32_MAX));
}
END_TEST

START_TEST(test_dump)
{
    static const char expected[] = "hello serial=9 version=1 flags=wants_input token=3 "
                                   "name=\"a\\\"b\\x0a\\x9b\"";
    struct kb_writer writer;
    struct kb_req_hello hello = {.serial = 9,
                                 .version = 1,
                                 .flags = 1,
                                 .token = 3,
                                 .name = "a\"b\n\xc2\x9b",
                                 .name_bytes = 6};
    const struct kb_message_info *info = kb_message_info(KB_REQ_HELLO);
    char text[200];
    kb_writer_init(&writer, room, sizeof(room));
    ck_assert_int_eq(kb_req_hello_encode(&writer, &hello), 0);
    int length = info->dump(room, writer.used_bytes, text, sizeof(text));
    ck_assert_str_eq(text, expected);
    ck_assert_int_eq(length, strlen(expected));

    for (size_t size = 1; size < sizeof(expected); size++) {
        char *small = malloc(size);
        ck_assert_ptr_nonnull(small);
        ck_assert_int_eq(info->dump(room, writer.used_bytes, small, size), size - 1);
        ck_assert_int_eq(strncmp(small, expected, size - 1), 0);
        ck_assert_int_eq(small[size - 1], '\0');
        free(small);
    }
    ck_assert_int_eq(info->dump(room, writer.used_bytes - 8, text, sizeof(text)), -EPROTO);
    ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(test_every_opcode_is_found)
{
    for (size_t i = 0; i < kb_messages_count; i++) {
        ck_assert_ptr_eq(kb_message_info(kb_messages[i].opcode), &kb_messages[i]);
        if (i)
            ck_assert_uint_lt(kb_messages[i - 1].opcode, kb_messages[i].opcode);
    }
    ck_assert_ptr_null(kb_message_info(0));
    ck_assert_ptr_null(kb_message_info(0x7fff));
    ck_assert_ptr_null(kb_message_info(0xffff));
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

Suite *wire_suite(void);

Suite *wire_suite(void)
{
    Suite *suite = suite_create("wire");
    TCase *framing = tcase_create("framing");
    tcase_add_loop_test(framing, test_text, 0, COUNT(text_cases));
    tcase_add_test(framing, test_text_counts_bytes);
    tcase_add_loop_test(framing, test_header, 0, COUNT(header_cases));
    tcase_add_test(framing, test_header_is_little_endian);
    suite_add_tcase(suite, framing);

    TCase *writer = tcase_create("writer");
    tcase_add_test(writer, test_hello_byte_by_byte);
    tcase_add_test(writer, test_writer_collects_messages_and_fds);
    tcase_add_test(writer, test_a_failure_sticks_and_leaves_nothing);
    tcase_add_test(writer, test_a_full_writer);
    tcase_add_test(writer, test_a_full_list_of_fds);
    tcase_add_test(writer, test_what_may_not_be_encoded);
    tcase_add_test(writer, test_the_largest_message);
    suite_add_tcase(suite, writer);

    TCase *reading = tcase_create("reading");
    tcase_add_test(reading, test_a_stream_of_commands);
    tcase_add_test(reading, test_bad_commands);
    tcase_add_test(reading, test_names_of_values);
    tcase_add_test(reading, test_dump);
    tcase_add_test(reading, test_every_opcode_is_found);
    suite_add_tcase(suite, reading);
    return suite;
}
