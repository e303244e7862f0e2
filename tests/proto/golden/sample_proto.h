/* Made by proto/gen.py from the protocol description; changes here are lost. */
#ifndef KB_SAMPLE_PROTO_H
#define KB_SAMPLE_PROTO_H

#include "sample_types.h"
#include "proto/wire.h"

/* Messages as C structs. Decoding checks every byte and allocates nothing: strings, arrays and
 * streams point into the message, which must be 8-byte aligned, and strings are not terminated.
 * kb_*_decode() returns 0 or -EPROTO and then says why in *error, which may be NULL; it never
 * closes fds. kb_*_encode() appends one whole message to the writer; see struct kb_writer for
 * its errors. */

_Static_assert(KB_MAX_MESSAGE_BYTES == KB_WIRE_MESSAGE_BYTES_MAX, "as proto/wire.h has it");

_Static_assert(sizeof(struct kb_box) == 16, "box as on the wire");
_Static_assert(sizeof(struct kb_step_wait) == 8, "step_wait as on the wire");
_Static_assert(sizeof(struct kb_step_put) == 24, "step_put as on the wire");

bool kb_mood_valid(unsigned value);
const char *kb_mood_name(unsigned value); /* NULL if unknown */

/* The next record of a stream from kb_stream_init(): 1, 0 at the end, or -EPROTO. *out
 * points into the stream, which must be 8-byte aligned memory that nobody else writes. */
int kb_step_next(struct kb_stream *it, const union kb_step **out, struct kb_wire_error *error);

enum kb_opcode {
    KB_REQ_GREET = 1,
    KB_REQ_DRAW = 32,
    KB_EVT_GREETED = 0x8001,
};

/* Says hello.
 *
 * Answered by greeted. */
struct kb_req_greet {
    uint32_t serial;
    uint32_t version; /* Version. */
    uint8_t mood; /* enum kb_mood. Mood. */
    uint16_t traits; /* enum kb_trait. Traits. */
    const char *name; /* Who it is. */
    uint32_t name_bytes;
};
int kb_req_greet_decode(const void *message, size_t message_bytes, const int *fds,
                        unsigned fds_count, struct kb_req_greet *out, struct kb_wire_error *error);
int kb_req_greet_encode(struct kb_writer *writer, const struct kb_req_greet *in);

/* Draws boxes.
 *
 * A second paragraph, about fds.
 *
 * Needs the permission art. Not yet implemented. */
struct kb_req_draw {
    uint32_t object; /* The canvas's id. */
    uint32_t serial;
    uint64_t time_ns; /* When. */
    struct kb_box first; /* The first box. */
    const struct kb_box *boxes; /* More boxes. */
    uint32_t boxes_count;
    const int16_t *weights; /* One number each. */
    uint32_t weights_count;
    const void *steps; /* union kb_step. Things to do. */
    uint32_t steps_units;
    int pixels; /* A memfd. */
    int fence; /* A fence. */
};
int kb_req_draw_decode(const void *message, size_t message_bytes, const int *fds,
                       unsigned fds_count, struct kb_req_draw *out, struct kb_wire_error *error);
int kb_req_draw_encode(struct kb_writer *writer, const struct kb_req_draw *in);

/* Says hello back. */
struct kb_evt_greeted {
    uint32_t object;
    uint32_t serial;
    int64_t token; /* A number. */
    const uint8_t *picture; /* Bytes. */
    uint32_t picture_count;
};
int kb_evt_greeted_decode(const void *message, size_t message_bytes, const int *fds,
                          unsigned fds_count, struct kb_evt_greeted *out,
                          struct kb_wire_error *error);
int kb_evt_greeted_encode(struct kb_writer *writer, const struct kb_evt_greeted *in);

/* Decode a message and call its handler, whose result is returned. -EPROTO: malformed.
 * -EOPNOTSUPP: no such request. -ENOSYS: the handler has no function for it. An event that is
 * not known or not handled is skipped: 0. The fds handed to a handler belong to it, whatever it
 * returns, and are set to -1 in fds; those that are left are still the caller's to close. */
struct kb_req_handler {
    int (*greet)(void *ctx, const struct kb_req_greet *in);
    int (*draw)(void *ctx, const struct kb_req_draw *in);
};
int kb_req_dispatch(const struct kb_req_handler *handler, void *ctx, const void *message,
                    size_t message_bytes, int *fds, unsigned fds_count,
                    struct kb_wire_error *error);

struct kb_evt_handler {
    int (*greeted)(void *ctx, const struct kb_evt_greeted *in);
};
int kb_evt_dispatch(const struct kb_evt_handler *handler, void *ctx, const void *message,
                    size_t message_bytes, int *fds, unsigned fds_count,
                    struct kb_wire_error *error);

/* Every message, by opcode. */
extern const struct kb_message_info kb_messages[];
extern const size_t kb_messages_count;
const struct kb_message_info *kb_message_info(uint16_t opcode); /* NULL if unknown */

/* X(name) for every request, event and union: for code that treats all alike. */
#define KB_REQUESTS(X) \
    X(greet)           \
    X(draw)

#define KB_EVENTS(X) \
    X(greeted)

#define KB_UNIONS(X) \
    X(step)

#endif
