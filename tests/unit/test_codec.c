/* Every message of the protocol, by means of its tables: what is encoded decodes to the same, and
 * every wrong byte that the description forbids is refused with the rule it breaks. */
#include "gen/kmsblit_proto.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STRUCT_BYTES_MAX 512
#define TEXT             "a \xe2\x82\xac in text"
#define ITEMS            3u
#define FIRST_FD         50

/* One message as a program has it and as bytes. The C struct's fields are all set. */
struct sample {
    const struct kb_message_info *info;
    uint64_t in[STRUCT_BYTES_MAX / 8];
    uint64_t items[16][32]; /* what the variable fields point to */
    uint64_t bytes[512];
    size_t used_bytes;
    int fds[KB_WIRE_MESSAGE_FDS_MAX];
    unsigned fds_count;
};

static uint32_t random_state = 1;

static uint32_t random_number(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return random_state >> 8;
}

static void fill_record(const struct kb_wire_record *record, uint8_t *out);

/* A value that the description allows, the extremes among them. */
static void fill_fixed(const struct kb_wire_field *field, uint8_t *out)
{
    uint64_t value =
        ((uint64_t)random_number() << 40) ^ ((uint64_t)random_number() << 20) ^ random_number();
    if (field->kind == KB_WIRE_PAD)
        value = 0;
    else if (field->kind == KB_WIRE_ENUM)
        value = field->values->values[random_number() % field->values->values_count].number;
    else if (field->kind == KB_WIRE_FLAGS)
        value &= field->values->mask;
    else if (field->checked && field->min != field->max)
        value = (uint64_t)(random_number() % 2 ? field->min : field->max);
    if (field->kind == KB_WIRE_STRUCT)
        fill_record(field->record, out);
    else if (field->kind == KB_WIRE_PAD)
        memset(out, 0, field->bytes);
    else
        memcpy(out, &value, field->bytes);
}

static void fill_record(const struct kb_wire_record *record, uint8_t *out)
{
    for (uint32_t i = 0; i < record->fields_count; i++)
        fill_fixed(&record->fields[i], out + record->fields[i].at);
}

static void fill_variable(const struct kb_wire_field *field, uint8_t *in, uint8_t *items)
{
    uint32_t count = field->max < ITEMS ? (uint32_t)field->max : ITEMS;
    if (field->kind == KB_WIRE_STRING) {
        count = sizeof(TEXT) - 1;
        memcpy(items, TEXT, count);
    }
    for (uint32_t i = 0; field->kind == KB_WIRE_ARRAY && i < count; i++) {
        if (field->record)
            fill_record(field->record, items + (size_t)i * field->bytes);
        else
            memset(items + (size_t)i * field->bytes, (int)random_number(), field->bytes);
    }
    ck_assert_uint_le((size_t)count * field->bytes, sizeof(((struct sample *)0)->items[0]));
    memcpy(in + field->out, &items, sizeof(items));
    memcpy(in + field->count, &count, sizeof(count));
}

static void make_sample(const struct kb_message_info *info, struct sample *sample)
{
    struct kb_writer writer;
    uint8_t *in = (uint8_t *)sample->in;
    uint32_t about[2] = {random_number(), random_number()};
    memset(sample, 0, sizeof(*sample));
    ck_assert_uint_le(info->struct_bytes, sizeof(sample->in));
    ck_assert_uint_le(info->fields_count, sizeof(sample->items) / sizeof(sample->items[0]));
    sample->info = info;
    memcpy(in, about, info->object == KB_OBJECT_NONE ? 4 : 8);
    for (uint32_t i = 0; i < info->fields_count; i++) {
        const struct kb_wire_field *field = &info->fields[i];
        if (field->kind == KB_WIRE_FD) {
            int fd = FIRST_FD + (int)sample->fds_count;
            memcpy(in + field->out, &fd, sizeof(fd));
            sample->fds[sample->fds_count++] = fd;
        } else if (field->kind >= KB_WIRE_STRING) {
            fill_variable(field, in, (uint8_t *)sample->items[i]);
        } else if (field->kind != KB_WIRE_PAD) {
            fill_fixed(field, in + field->out);
        }
    }
    kb_writer_init(&writer, sample->bytes, sizeof(sample->bytes));
    ck_assert_int_eq(kb_wire_encode(info, &writer, sample->in), 0);
    sample->used_bytes = writer.used_bytes;
    ck_assert_uint_eq(writer.fds_count, sample->fds_count);
    ck_assert_mem_eq(writer.fds, sample->fds, sample->fds_count * sizeof(int));
}

static int decode(const struct sample *sample, size_t bytes, void *out, struct kb_wire_error *error)
{
    /* Exactly these bytes on the heap: sanitizers see every byte that is read too many. */
    void *copy = malloc(bytes ? bytes : 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, sample->bytes, bytes);
    int status =
        kb_wire_decode(sample->info, copy, bytes, sample->fds, sample->fds_count, out, error);
    free(copy);
    return status;
}

static void assert_refused(const struct sample *sample, const char *what, uint32_t offset)
{
    uint64_t out[STRUCT_BYTES_MAX / 8];
    struct kb_wire_error error = {0};
    int status = decode(sample, sample->used_bytes, out, &error);
    ck_assert_msg(status == -EPROTO, "%s: got %d, expected: %s", sample->info->name, status, what);
    ck_assert_str_eq(error.what, what);
    ck_assert_msg(error.offset == offset, "%s: at %u, not %u", what, error.offset, offset);
    ck_assert_int_eq(decode(sample, sample->used_bytes, out, NULL), -EPROTO);
}

static void put(struct sample *sample, size_t at, uint64_t value, size_t bytes)
{
    memcpy((uint8_t *)sample->bytes + at, &value, bytes);
}

/* Like the sample, less its pointers, which are compared by what they point to. */
static void assert_equal(const struct sample *sample, const uint8_t *out)
{
    const uint8_t *in = (const uint8_t *)sample->in;
    const struct kb_message_info *info = sample->info;
    ck_assert_mem_eq(out, in, info->object == KB_OBJECT_NONE ? 4 : 8);
    for (uint32_t i = 0; i < info->fields_count; i++) {
        const struct kb_wire_field *field = &info->fields[i];
        if (field->kind == KB_WIRE_FD) {
            ck_assert_mem_eq(out + field->out, in + field->out, sizeof(int));
        } else if (field->kind >= KB_WIRE_STRING) {
            const uint8_t *data;
            uint32_t count;
            memcpy(&data, out + field->out, sizeof(data));
            memcpy(&count, out + field->count, sizeof(count));
            ck_assert_mem_eq(&count, in + field->count, sizeof(count));
            ck_assert_mem_eq(data, sample->items[i], (size_t)count * field->bytes);
        } else if (field->kind != KB_WIRE_PAD) {
            ck_assert_mem_eq(out + field->out, in + field->out, field->bytes);
        }
    }
}

START_TEST(test_round_trip)
{
    static struct sample sample;
    for (int round = 0; round < 20; round++) {
        uint64_t out[STRUCT_BYTES_MAX / 8], again[512];
        struct kb_wire_error error = {0};
        struct kb_writer writer;
        make_sample(&kb_messages[_i], &sample);
        const struct kb_message_info *info = sample.info;
        ck_assert_uint_ge(sample.used_bytes, info->min_bytes);
        ck_assert_int_eq(kb_wire_decode(info, sample.bytes, sample.used_bytes, sample.fds,
                                        sample.fds_count, out, &error),
                         0);
        assert_equal(&sample, (const uint8_t *)out);
        memset(again, 0xff, sizeof(again));
        kb_writer_init(&writer, again, sizeof(again));
        ck_assert_int_eq(kb_wire_encode(info, &writer, out), 0);
        ck_assert_uint_eq(writer.used_bytes, sample.used_bytes);
        ck_assert_mem_eq(again, sample.bytes, sample.used_bytes);

        char text[4096];
        ck_assert_int_gt(info->dump(sample.bytes, sample.used_bytes, text, sizeof(text)), 0);
        ck_assert_int_eq(strncmp(text, info->name, strlen(info->name)), 0);
    }
}
END_TEST

/* Cut at every byte: with the header as it was, and with a header that owns up to the size. */
START_TEST(test_truncations)
{
    static struct sample sample;
    uint64_t out[STRUCT_BYTES_MAX / 8];
    make_sample(&kb_messages[_i], &sample);
    for (size_t size = 0; size < sample.used_bytes; size++) {
        ck_assert_int_eq(decode(&sample, size, out, NULL), -EPROTO);
        static struct sample cut;
        cut = sample;
        put(&cut, 0, size, 4);
        ck_assert_int_eq(decode(&cut, size, out, NULL), -EPROTO);
    }
    ck_assert_int_eq(decode(&sample, sample.used_bytes, out, NULL), 0);
}
END_TEST

START_TEST(test_envelope)
{
    static struct sample good;
    static struct sample bad;
    make_sample(&kb_messages[_i], &good);
    bad = good;
    bad.used_bytes += 8;
    put(&bad, 0, bad.used_bytes, 4);
    assert_refused(&bad, "message: must end after its last field", (uint32_t)good.used_bytes);
    bad = good;
    put(&bad, 4, good.info->opcode ^ 1, 2);
    assert_refused(&bad, "header.opcode: must be that of the message", 4);
    bad = good;
    bad.fds_count++;
    assert_refused(&bad, "header.nfds: must be the number of fds that came", 6);
    put(&bad, 6, bad.fds_count, 1);
    assert_refused(&bad, "header.nfds: must be the number that the message has", 6);
    bad = good;
    put(&bad, 7, 1, 1);
    assert_refused(&bad, "header.flags: reserved bytes must be zero", 7);
    if (good.info->object != KB_OBJECT_NONE)
        return;
    bad = good;
    put(&bad, 8, 1, 1);
    assert_refused(&bad, "header.object: must be 0, the message is about no object", 8);
}
END_TEST

/* Values that the description forbids, each in its place; `at` is where the field lies. */
static void try_bad_values(const struct sample *good, const struct kb_wire_field *field,
                           uint32_t at)
{
    static struct sample bad;
    bad = *good;
    if (field->kind == KB_WIRE_STRUCT) {
        for (uint32_t i = 0; i < field->record->fields_count; i++)
            try_bad_values(good, &field->record->fields[i], at + field->record->fields[i].at);
        return;
    }
    if (!field->checked)
        return;
    if (field->kind == KB_WIRE_PAD) {
        for (uint32_t i = 0; i < field->bytes; i++) {
            bad = *good;
            put(&bad, at + i, 0x80, 1);
            assert_refused(&bad, field->rule, at);
        }
    } else if (field->kind == KB_WIRE_ENUM) {
        uint64_t most = field->bytes == 8 ? UINT64_MAX : (1ull << (8 * field->bytes)) - 1;
        for (uint64_t value = 0; value < 300 && value <= most; value++) {
            if (kb_wire_value_name(field->values, (uint32_t)value))
                continue;
            put(&bad, at, value, field->bytes);
            assert_refused(&bad, field->rule, at);
        }
        put(&bad, at, most, field->bytes);
        assert_refused(&bad, field->rule, at);
    } else if (field->kind == KB_WIRE_FLAGS) {
        for (uint32_t bit = 0; bit < 8 * field->bytes; bit++) {
            if (field->values->mask >> bit & 1)
                continue;
            put(&bad, at, 1ull << bit, field->bytes);
            assert_refused(&bad, field->rule, at);
        }
    } else {
        int64_t lowest = field->kind == KB_WIRE_UINT ? 0 : -(1ll << (8 * field->bytes - 1));
        if (field->min > lowest) {
            put(&bad, at, (uint64_t)field->min - 1, field->bytes);
            assert_refused(&bad, field->rule, at);
        }
        put(&bad, at, (uint64_t)field->max + 1, field->bytes);
        assert_refused(&bad, field->rule, at);
        if (field->kind == KB_WIRE_UINT) {
            put(&bad, at, UINT64_MAX, field->bytes);
            assert_refused(&bad, field->rule, at);
        }
    }
}

START_TEST(test_bad_values)
{
    static struct sample good;
    make_sample(&kb_messages[_i], &good);
    for (uint32_t i = 0; i < good.info->fields_count; i++)
        if (good.info->fields[i].kind < KB_WIRE_STRING)
            try_bad_values(&good, &good.info->fields[i], good.info->fields[i].at);
}
END_TEST

static uint32_t count_at(const struct sample *sample, uint32_t at)
{
    uint32_t count;
    memcpy(&count, (const uint8_t *)sample->bytes + at, sizeof(count));
    return count;
}

static void try_bad_counts(const struct sample *good, const struct kb_wire_field *field,
                           uint32_t at)
{
    static struct sample bad;
    /* The last two wrap to little in 32 bits. */
    const uint64_t counts[] = {(uint64_t)field->max + 1, good->used_bytes, UINT32_MAX,
                               UINT32_MAX / field->bytes, (1ull << 32) / field->bytes + 1};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        if (counts[i] > UINT32_MAX)
            continue;
        bad = *good;
        put(&bad, at, counts[i], 4);
        assert_refused(&bad, field->rule, at);
    }
    for (uint32_t i = 4; i < 8; i++) {
        bad = *good;
        put(&bad, at + i, 1, 1);
        assert_refused(&bad, field->rule, at + 4);
    }
}

/* As many items as there may be, all of them good, and then one more. */
static void try_most_items(const struct sample *good, const struct kb_wire_field *field,
                           uint32_t at)
{
    uint8_t fill = field->kind == KB_WIRE_STRING ? 'x' : 0;
    uint32_t old = 8 + ((count_at(good, at) * field->bytes + 7) & ~7u);
    const uint8_t *rest = (const uint8_t *)good->bytes + at + old;
    size_t rest_bytes = good->used_bytes - at - old;
    for (uint32_t extra = 0; extra < 2; extra++) {
        uint64_t count = (uint64_t)field->max + extra;
        uint64_t padded = (count * field->bytes + 7) & ~7ull;
        uint64_t size = at + 8 + padded + rest_bytes;
        uint64_t out[STRUCT_BYTES_MAX / 8];
        struct kb_wire_error error = {0};
        if (size > KB_MAX_MESSAGE_BYTES)
            return;
        uint8_t *message = calloc(1, size);
        ck_assert_ptr_nonnull(message);
        memcpy(message, good->bytes, at);
        memcpy(message, &size, 4);
        memcpy(message + at, &count, 4);
        memset(message + at + 8, fill, count * field->bytes);
        memcpy(message + at + 8 + padded, rest, rest_bytes);
        int status =
            kb_wire_decode(good->info, message, size, good->fds, good->fds_count, out, &error);
        free(message);
        ck_assert_msg(status == (extra ? -EPROTO : 0), "%s: %d", field->rule, status);
        if (extra)
            ck_assert_str_eq(error.what, field->rule);
    }
}

static void try_bad_items(const struct sample *good, const struct kb_wire_field *field, uint32_t at)
{
    static struct sample bad;
    uint32_t end = at + 8 + count_at(good, at) * field->bytes;
    for (uint32_t i = end; i % 8; i++) {
        bad = *good;
        put(&bad, i, 1, 1);
        assert_refused(&bad, field->rule, end);
    }
    if (field->kind == KB_WIRE_STRING) {
        bad = *good;
        put(&bad, at + 8 + 1, 0, 1);
        assert_refused(&bad, field->rule, at + 8);
        put(&bad, at + 8 + 1, 0xff, 1);
        assert_refused(&bad, field->rule, at + 8);
    }
    for (uint32_t i = 0; field->record && i < count_at(good, at); i++)
        for (uint32_t j = 0; j < field->record->fields_count; j++)
            try_bad_values(good, &field->record->fields[j],
                           at + 8 + i * field->bytes + field->record->fields[j].at);
}

START_TEST(test_bad_variable_fields)
{
    static struct sample good;
    make_sample(&kb_messages[_i], &good);
    uint32_t at = good.info->fixed_bytes;
    for (uint32_t i = 0; i < good.info->fields_count; i++) {
        const struct kb_wire_field *field = &good.info->fields[i];
        if (field->kind < KB_WIRE_STRING || field->kind == KB_WIRE_FD)
            continue;
        try_bad_counts(&good, field, at);
        try_most_items(&good, field, at);
        try_bad_items(&good, field, at);
        at += 8 + ((count_at(&good, at) * field->bytes + 7) & ~7u);
    }
}
END_TEST

/* The functions of each message, through the dispatchers: a handler encodes what it was given. */

struct echo {
    struct kb_writer writer;
    int calls;
    int answer;
};

#define HANDLER(prefix, name)                                                           \
    static int echo_##prefix##_##name(void *ctx, const struct kb_##prefix##_##name *in) \
    {                                                                                   \
        struct echo *echo = ctx;                                                        \
        echo->calls++;                                                                  \
        ck_assert_int_eq(kb_##prefix##_##name##_encode(&echo->writer, in), 0);          \
        return echo->answer;                                                            \
    }
#define REQUEST_HANDLER(name) HANDLER(req, name)
#define EVENT_HANDLER(name)   HANDLER(evt, name)
KB_REQUESTS(REQUEST_HANDLER)
KB_EVENTS(EVENT_HANDLER)

#define REQUEST_MEMBER(name) .name = echo_req_##name,
#define EVENT_MEMBER(name)   .name = echo_evt_##name,
static const struct kb_req_handler request_echo = {KB_REQUESTS(REQUEST_MEMBER)};
static const struct kb_evt_handler event_echo = {KB_EVENTS(EVENT_MEMBER)};

static int dispatch(bool handled, struct echo *echo, const struct sample *sample, int *fds)
{
    static const struct kb_req_handler no_requests;
    static const struct kb_evt_handler no_events;
    memcpy(fds, sample->fds, sizeof(sample->fds));
    if (sample->info->opcode < 0x8000)
        return kb_req_dispatch(handled ? &request_echo : &no_requests, echo, sample->bytes,
                               sample->used_bytes, fds, sample->fds_count, NULL);
    return kb_evt_dispatch(handled ? &event_echo : &no_events, echo, sample->bytes,
                           sample->used_bytes, fds, sample->fds_count, NULL);
}

START_TEST(test_dispatch)
{
    static struct sample sample;
    static uint64_t again[512];
    struct echo echo = {.answer = -42};
    int fds[KB_WIRE_MESSAGE_FDS_MAX];
    make_sample(&kb_messages[_i], &sample);
    kb_writer_init(&echo.writer, again, sizeof(again));
    ck_assert_int_eq(dispatch(true, &echo, &sample, fds), -42);
    ck_assert_int_eq(echo.calls, 1);
    ck_assert_uint_eq(echo.writer.used_bytes, sample.used_bytes);
    ck_assert_mem_eq(again, sample.bytes, sample.used_bytes);
    for (unsigned i = 0; i < sample.fds_count; i++) {
        ck_assert_int_eq(echo.writer.fds[i], sample.fds[i]);
        ck_assert_int_eq(fds[i], -1); /* the handler's now */
    }

    bool is_request = sample.info->opcode < 0x8000;
    ck_assert_int_eq(dispatch(false, &echo, &sample, fds), is_request ? -ENOSYS : 0);
    ck_assert_mem_eq(fds, sample.fds, sizeof(fds)); /* still the caller's */
    put(&sample, 7, 1, 1);
    ck_assert_int_eq(dispatch(true, &echo, &sample, fds), -EPROTO);
    ck_assert_mem_eq(fds, sample.fds, sizeof(fds));
    ck_assert_int_eq(echo.calls, 1);
}
END_TEST

START_TEST(test_unknown_opcodes)
{
    static struct sample sample;
    struct echo echo = {0};
    int fds[KB_WIRE_MESSAGE_FDS_MAX];
    make_sample(kb_message_info(KB_REQ_SYNC), &sample);
    put(&sample, 4, 0x7fff, 2);
    ck_assert_int_eq(dispatch(true, &echo, &sample, fds), -EOPNOTSUPP);
    put(&sample, 4, KB_EVT_DONE, 2);
    ck_assert_int_eq(dispatch(true, &echo, &sample, fds), -EOPNOTSUPP);

    make_sample(kb_message_info(KB_EVT_DONE), &sample);
    put(&sample, 4, 0xffff, 2);
    ck_assert_int_eq(dispatch(true, &echo, &sample, fds), 0);
    put(&sample, 4, KB_REQ_SYNC, 2);
    ck_assert_int_eq(dispatch(true, &echo, &sample, fds), 0);
    ck_assert_int_eq(echo.calls, 0);
}
END_TEST

Suite *codec_suite(void);

Suite *codec_suite(void)
{
    Suite *suite = suite_create("codec");
    TCase *all = tcase_create("every_message");
    int count = (int)kb_messages_count;
    tcase_add_loop_test(all, test_round_trip, 0, count);
    tcase_add_loop_test(all, test_truncations, 0, count);
    tcase_add_loop_test(all, test_envelope, 0, count);
    tcase_add_loop_test(all, test_bad_values, 0, count);
    tcase_add_loop_test(all, test_bad_variable_fields, 0, count);
    tcase_add_loop_test(all, test_dispatch, 0, count);
    tcase_add_test(all, test_unknown_opcodes);
    suite_add_tcase(suite, all);
    return suite;
}
