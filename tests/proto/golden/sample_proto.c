/* Made by proto/gen.py from the protocol description; changes here are lost. */
#include "gen/sample_proto.h"

#include <errno.h>
#include <string.h>

static const struct kb_wire_value mood_values[] = {
    {0, "calm"},
    {7, "glad"},
    {200, "wild"},
};
static const struct kb_wire_values mood_set = {
    "mood", mood_values, 3, 0x81u,
};

static const struct kb_wire_value trait_values[] = {
    {1, "tall"},
    {32768, "bold"},
};
static const struct kb_wire_values trait_set = {
    "trait", trait_values, 2, 0x8001u,
};

static const struct kb_wire_field box_fields[] = {
    {.name = "x", .kind = KB_WIRE_INT, .at = 0, .out = offsetof(struct kb_box, x), .bytes = 4},
    {.name = "y", .rule = "box.y: must be -100 to 100", .kind = KB_WIRE_INT, .checked = true,
     .at = 4, .out = offsetof(struct kb_box, y), .bytes = 4, .min = -100, .max = 100},
    {.name = "scale", .rule = "box.scale: must be at least 0.5", .kind = KB_WIRE_FIXED,
     .checked = true, .at = 8, .out = offsetof(struct kb_box, scale), .bytes = 4, .min = 32768,
     .max = 2147483647},
    {.name = "mood", .rule = "box.mood: must be a known mood", .kind = KB_WIRE_ENUM,
     .checked = true, .at = 12, .out = offsetof(struct kb_box, mood), .bytes = 1,
     .values = &mood_set},
    {.name = "pad0", .rule = "box.pad0: reserved bytes must be zero", .kind = KB_WIRE_PAD,
     .checked = true, .at = 13, .out = offsetof(struct kb_box, pad0), .bytes = 3},
};
static const struct kb_wire_record box_record = {
    "box", box_fields, 5, 16, true,
};

static const struct kb_wire_field step_wait_fields[] = {
    {.name = "kind", .kind = KB_WIRE_UINT, .at = 0, .out = offsetof(struct kb_step_wait, kind),
     .bytes = 1},
    {.name = "pad0", .rule = "step_wait.pad0: reserved bytes must be zero", .kind = KB_WIRE_PAD,
     .checked = true, .at = 1, .out = offsetof(struct kb_step_wait, pad0), .bytes = 3},
    {.name = "ticks", .rule = "step_wait.ticks: must be at least 1", .kind = KB_WIRE_UINT,
     .checked = true, .at = 4, .out = offsetof(struct kb_step_wait, ticks), .bytes = 4, .min = 1,
     .max = 4294967295LL},
};
static const struct kb_wire_record step_wait_record = {
    "step_wait", step_wait_fields, 3, 8, true,
};

static const struct kb_wire_field step_put_fields[] = {
    {.name = "kind", .kind = KB_WIRE_UINT, .at = 0, .out = offsetof(struct kb_step_put, kind),
     .bytes = 1},
    {.name = "pad0", .rule = "step_put.pad0: reserved bytes must be zero", .kind = KB_WIRE_PAD,
     .checked = true, .at = 1, .out = offsetof(struct kb_step_put, pad0), .bytes = 1},
    {.name = "traits", .rule = "step_put.traits: must have only known bits of trait",
     .kind = KB_WIRE_FLAGS, .checked = true, .at = 2, .out = offsetof(struct kb_step_put, traits),
     .bytes = 2, .values = &trait_set},
    {.name = "box", .rule = "step_put.box: must be valid", .kind = KB_WIRE_STRUCT, .checked = true,
     .at = 4, .out = offsetof(struct kb_step_put, box), .bytes = 16, .record = &box_record},
    {.name = "pad1", .rule = "step_put.pad1: reserved bytes must be zero", .kind = KB_WIRE_PAD,
     .checked = true, .at = 20, .out = offsetof(struct kb_step_put, pad1), .bytes = 4},
};
static const struct kb_wire_record step_put_record = {
    "step_put", step_put_fields, 5, 24, true,
};

static const struct kb_wire_record *const step_records[] = {
    [KB_STEP_WAIT] = &step_wait_record,
    [KB_STEP_PUT] = &step_put_record,
};
static const struct kb_wire_union step_union = {
    "step",
    "step.kind: must be a known step, whole within the stream",
    step_records,
    10,
    8,
};

static const struct kb_wire_field req_greet_fields[] = {
    {.name = "version", .rule = "greet.version: must be 1 to 2", .kind = KB_WIRE_UINT,
     .checked = true, .at = 16, .out = offsetof(struct kb_req_greet, version), .bytes = 4, .min = 1,
     .max = 2},
    {.name = "mood", .rule = "greet.mood: must be a known mood", .kind = KB_WIRE_ENUM,
     .checked = true, .at = 20, .out = offsetof(struct kb_req_greet, mood), .bytes = 1,
     .values = &mood_set},
    {.name = "pad0", .rule = "greet.pad0: reserved bytes must be zero", .kind = KB_WIRE_PAD,
     .checked = true, .at = 21, .bytes = 1},
    {.name = "traits", .rule = "greet.traits: must have only known bits of trait",
     .kind = KB_WIRE_FLAGS, .checked = true, .at = 22, .out = offsetof(struct kb_req_greet, traits),
     .bytes = 2, .values = &trait_set},
    {.name = "name", .rule = "greet.name: must be clean UTF-8, at most 20 bytes, padded with zeros",
     .kind = KB_WIRE_STRING, .out = offsetof(struct kb_req_greet, name),
     .count = offsetof(struct kb_req_greet, name_bytes), .bytes = 1, .max = 20},
};

static const struct kb_wire_field req_draw_fields[] = {
    {.name = "time_ns", .rule = "draw.time_ns: must be at most 1000000000000", .kind = KB_WIRE_UINT,
     .checked = true, .at = 16, .out = offsetof(struct kb_req_draw, time_ns), .bytes = 8, .min = 0,
     .max = 1000000000000LL},
    {.name = "first", .rule = "draw.first: must be valid", .kind = KB_WIRE_STRUCT, .checked = true,
     .at = 24, .out = offsetof(struct kb_req_draw, first), .bytes = 16, .record = &box_record},
    {.name = "boxes", .rule = "draw.boxes: must be at most 4 items, padded with zeros",
     .kind = KB_WIRE_ARRAY, .out = offsetof(struct kb_req_draw, boxes),
     .count = offsetof(struct kb_req_draw, boxes_count), .bytes = 16, .max = 4,
     .record = &box_record},
    {.name = "weights", .rule = "draw.weights: must be at most 100 items, padded with zeros",
     .kind = KB_WIRE_ARRAY, .out = offsetof(struct kb_req_draw, weights),
     .count = offsetof(struct kb_req_draw, weights_count), .bytes = 2, .max = 100,
     .element = KB_WIRE_INT},
    {.name = "steps", .rule = "draw.steps: must be at most 64 units of 8 bytes, all there",
     .kind = KB_WIRE_STREAM, .out = offsetof(struct kb_req_draw, steps),
     .count = offsetof(struct kb_req_draw, steps_units), .bytes = 8, .max = 64,
     .stream = &step_union},
    {.name = "pixels", .rule = "draw.pixels: must be a file descriptor", .kind = KB_WIRE_FD,
     .out = offsetof(struct kb_req_draw, pixels)},
    {.name = "fence", .rule = "draw.fence: must be a file descriptor", .kind = KB_WIRE_FD,
     .out = offsetof(struct kb_req_draw, fence)},
};

static const struct kb_wire_field evt_greeted_fields[] = {
    {.name = "token", .kind = KB_WIRE_INT, .at = 16, .out = offsetof(struct kb_evt_greeted, token),
     .bytes = 8},
    {.name = "picture", .rule = "greeted.picture: must be at most 64 items, padded with zeros",
     .kind = KB_WIRE_ARRAY, .out = offsetof(struct kb_evt_greeted, picture),
     .count = offsetof(struct kb_evt_greeted, picture_count), .bytes = 1, .max = 64,
     .element = KB_WIRE_UINT},
};

/* Where each message is in kb_messages. */
enum {
    AT_REQ_GREET,
    AT_REQ_DRAW,
    AT_EVT_GREETED,
};

static int dump(const void *message, size_t message_bytes, char *out, size_t out_bytes);

const struct kb_message_info kb_messages[] = {
    [AT_REQ_GREET] = {.name = "greet", .opcode = KB_REQ_GREET, .object = KB_OBJECT_NONE, .nfds = 0,
     .implemented = true, .permission = NULL, .min_bytes = 32, .dump = dump,
     .fields = req_greet_fields, .fields_count = 5, .fixed_bytes = 24,
     .struct_bytes = sizeof(struct kb_req_greet)},
    [AT_REQ_DRAW] = {.name = "draw", .opcode = KB_REQ_DRAW, .object = KB_OBJECT_CANVAS, .nfds = 2,
     .implemented = false, .permission = "art", .min_bytes = 64, .dump = dump,
     .fields = req_draw_fields, .fields_count = 7, .fixed_bytes = 40,
     .struct_bytes = sizeof(struct kb_req_draw)},
    [AT_EVT_GREETED] = {.name = "greeted", .opcode = KB_EVT_GREETED, .object = KB_OBJECT_ANY,
     .nfds = 0, .implemented = true, .permission = NULL, .min_bytes = 32, .dump = dump,
     .fields = evt_greeted_fields, .fields_count = 2, .fixed_bytes = 24,
     .struct_bytes = sizeof(struct kb_evt_greeted)},
};
const size_t kb_messages_count = sizeof(kb_messages) / sizeof(kb_messages[0]);

const struct kb_message_info *kb_message_info(uint16_t opcode)
{
    return kb_wire_find(kb_messages, kb_messages_count, opcode);
}

static const struct kb_message_info *info_of(const void *message, size_t message_bytes)
{
    struct kb_header header;
    if (message_bytes < sizeof(header))
        return NULL;
    memcpy(&header, message, sizeof(header));
    return kb_message_info(header.opcode);
}

static int dump(const void *message, size_t message_bytes, char *out, size_t out_bytes)
{
    const struct kb_message_info *info = info_of(message, message_bytes);
    return info ? kb_wire_dump(info, message, message_bytes, out, out_bytes) : -EPROTO;
}

bool kb_mood_valid(unsigned value)
{
    return kb_wire_value_known(&mood_set, value);
}

const char *kb_mood_name(unsigned value)
{
    return kb_wire_value_name(&mood_set, value);
}

int kb_step_next(struct kb_stream *it, const union kb_step **out, struct kb_wire_error *error)
{
    const void *found = NULL;
    int status = kb_wire_next(&step_union, it, &found, error);
    if (status == 1)
        *out = found;
    return status;
}

int kb_req_greet_decode(const void *message, size_t message_bytes, const int *fds,
                        unsigned fds_count, struct kb_req_greet *out, struct kb_wire_error *error)
{
    const struct kb_message_info *info = &kb_messages[AT_REQ_GREET];
    return kb_wire_decode(info, message, message_bytes, fds, fds_count, out, error);
}

int kb_req_greet_encode(struct kb_writer *writer, const struct kb_req_greet *in)
{
    return kb_wire_encode(&kb_messages[AT_REQ_GREET], writer, in);
}

int kb_req_draw_decode(const void *message, size_t message_bytes, const int *fds,
                       unsigned fds_count, struct kb_req_draw *out, struct kb_wire_error *error)
{
    const struct kb_message_info *info = &kb_messages[AT_REQ_DRAW];
    return kb_wire_decode(info, message, message_bytes, fds, fds_count, out, error);
}

int kb_req_draw_encode(struct kb_writer *writer, const struct kb_req_draw *in)
{
    return kb_wire_encode(&kb_messages[AT_REQ_DRAW], writer, in);
}

int kb_evt_greeted_decode(const void *message, size_t message_bytes, const int *fds,
                          unsigned fds_count, struct kb_evt_greeted *out,
                          struct kb_wire_error *error)
{
    const struct kb_message_info *info = &kb_messages[AT_EVT_GREETED];
    return kb_wire_decode(info, message, message_bytes, fds, fds_count, out, error);
}

int kb_evt_greeted_encode(struct kb_writer *writer, const struct kb_evt_greeted *in)
{
    return kb_wire_encode(&kb_messages[AT_EVT_GREETED], writer, in);
}

/* From here on the fds are the handler's. */
static void claim(int *fds, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        fds[i] = -1;
}

int kb_req_dispatch(const struct kb_req_handler *handler, void *ctx, const void *message,
                    size_t message_bytes, int *fds, unsigned fds_count, struct kb_wire_error *error)
{
    union {
        struct kb_req_greet greet;
        struct kb_req_draw draw;
    } in;
    const struct kb_message_info *info;
    int status = kb_wire_peek(message, message_bytes, fds_count, error);
    if (status)
        return status;
    info = info_of(message, message_bytes);
    if (!info || info->opcode >= 0x8000)
        return -EOPNOTSUPP;
    status = kb_wire_decode(info, message, message_bytes, fds, fds_count, &in, error);
    if (status)
        return status;

    switch (info->opcode) {
    case KB_REQ_GREET:
        if (!handler->greet)
            return -ENOSYS;
        return handler->greet(ctx, &in.greet);
    case KB_REQ_DRAW:
        if (!handler->draw)
            return -ENOSYS;
        claim(fds, 2);
        return handler->draw(ctx, &in.draw);
    default:
        return -EOPNOTSUPP;
    }
}

int kb_evt_dispatch(const struct kb_evt_handler *handler, void *ctx, const void *message,
                    size_t message_bytes, int *fds, unsigned fds_count, struct kb_wire_error *error)
{
    union {
        struct kb_evt_greeted greeted;
    } in;
    const struct kb_message_info *info;
    int status = kb_wire_peek(message, message_bytes, fds_count, error);
    if (status)
        return status;
    info = info_of(message, message_bytes);
    if (!info || info->opcode < 0x8000)
        return 0;
    status = kb_wire_decode(info, message, message_bytes, fds, fds_count, &in, error);
    if (status)
        return status;

    switch (info->opcode) {
    case KB_EVT_GREETED:
        if (!handler->greeted)
            return 0;
        return handler->greeted(ctx, &in.greeted);
    default:
        return 0;
    }
}
