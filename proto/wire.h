/* The bytes of kmsblit's protocol: headers, one checked decoder, one encoder, one dump. They walk
 * the tables that proto/gen.py makes from proto/kmsblit.xml; nothing here knows a message. */
#ifndef KB_PROTO_WIRE_H
#define KB_PROTO_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the wire is little-endian memory");

#define KB_WIRE_MESSAGE_BYTES_MAX 65536u
#define KB_WIRE_MESSAGE_FDS_MAX   4u
#define KB_WRITER_FDS_MAX         64u

/* 16.16 fixed point. */
typedef int32_t kb_fixed;

struct kb_header {
    uint32_t size; /* bytes of the message, this header included; a multiple of 8 */
    uint16_t opcode;
    uint8_t nfds;
    uint8_t flags; /* reserved, 0 */
    uint32_t object;
    uint32_t serial;
};
_Static_assert(sizeof(struct kb_header) == 16, "the header is 16 bytes");

enum kb_object_kind {
    KB_OBJECT_NONE,
    KB_OBJECT_IMAGE,
    KB_OBJECT_WINDOW,
    KB_OBJECT_CANVAS,
    KB_OBJECT_OUTPUT,
    KB_OBJECT_DEVICE,
    KB_OBJECT_ANY,
};

/* Why bytes were refused: a static sentence, and the byte of the message or stream. */
struct kb_wire_error {
    const char *what;
    uint32_t offset;
};

/* Reads tagged records one after another out of memory that the caller keeps. */
struct kb_stream {
    const uint8_t *at; /* borrowed, 8-byte aligned */
    uint32_t units;    /* left from `at` on */
    uint32_t offset;   /* bytes from the start of the stream to `at` */
};

void kb_stream_init(struct kb_stream *stream, const void *data, uint32_t units);

/* Collects whole messages in the caller's memory. The first failure sticks, and later messages
 * are then refused with it; a refused message leaves nothing behind. -EMSGSIZE: over 64 KiB or a
 * field over its maximum. -EINVAL: a value the description forbids. -ENOBUFS: the memory, or the
 * fd list, is full: send what is there, kb_writer_reset(), encode it again. */
struct kb_writer {
    uint8_t *bytes; /* the caller's, 8-byte aligned */
    size_t capacity_bytes;
    size_t used_bytes;
    int fds[KB_WRITER_FDS_MAX]; /* borrowed: encoding never closes or duplicates them */
    unsigned fds_count;
    int error;        /* 0 or -errno */
    const char *what; /* the rule that was broken, static; NULL while error is 0 */
};

void kb_writer_init(struct kb_writer *writer, void *bytes, size_t capacity_bytes);
void kb_writer_reset(struct kb_writer *writer);

/* 0, or -EPROTO when no message may have this header. */
int kb_header_check(const struct kb_header *header, struct kb_wire_error *error);

/* Clean text: strict UTF-8 without control characters below 0x20, except tab and newline. */
bool kb_wire_text_ok(const char *text, size_t text_bytes);

/* The tables. Generated code fills them; programs may read them. */

enum kb_wire_kind {
    KB_WIRE_PAD,
    KB_WIRE_UINT,
    KB_WIRE_INT,
    KB_WIRE_FIXED,
    KB_WIRE_ENUM,
    KB_WIRE_FLAGS,
    KB_WIRE_STRUCT,
    KB_WIRE_STRING, /* the variable kinds, from here on */
    KB_WIRE_ARRAY,
    KB_WIRE_STREAM,
    KB_WIRE_FD, /* not in the bytes */
};

struct kb_wire_value {
    uint32_t number;
    const char *name;
};

/* The values of an enum, or the bits of flags. */
struct kb_wire_values {
    const char *name;
    const struct kb_wire_value *values;
    uint32_t values_count;
    uint64_t mask; /* flags: all known bits; enum: a bit for every value below 64 */
};

struct kb_wire_union;

struct kb_wire_field {
    const char *name;
    const char *rule; /* "hello.kind: must be a known kind"; NULL where nothing is refused */
    uint8_t kind;     /* enum kb_wire_kind */
    uint8_t element;  /* kind of an array's elements */
    bool checked;     /* some bytes of a fixed field are refused */
    uint16_t at;      /* fixed kinds: offset from the start of the message or record */
    uint16_t out;     /* offset in the C struct */
    uint16_t count;   /* variable kinds: offset of their count in the C struct */
    uint32_t bytes;   /* size; of one element or unit where the field is variable */
    int64_t min;
    int64_t max; /* variable kinds: of the count */
    const struct kb_wire_values *values;
    const struct kb_wire_record *record; /* of KB_WIRE_STRUCT, or of an array's elements */
    const struct kb_wire_union *stream;
};

/* A plain record: its C struct and its bytes are the same memory. */
struct kb_wire_record {
    const char *name;
    const struct kb_wire_field *fields;
    uint32_t fields_count;
    uint32_t bytes;
    bool checked; /* some field is */
};

struct kb_wire_union {
    const char *name;
    const char *rule;
    const struct kb_wire_record *const *records; /* by tag; NULL where there is none */
    uint32_t records_count;
    uint32_t unit_bytes;
};

struct kb_message_info {
    const char *name;
    uint16_t opcode;
    uint8_t object; /* enum kb_object_kind */
    uint8_t nfds;
    bool implemented;
    const char *permission; /* NULL: none is needed */
    uint32_t min_bytes;
    /* One line of text for people, cut where it does not fit, always terminated. Returns its
     * length, or -EPROTO where decoding would. */
    int (*dump)(const void *message, size_t message_bytes, char *out, size_t out_bytes);
    const struct kb_wire_field *fields;
    uint32_t fields_count;
    uint32_t fixed_bytes;  /* where the variable fields begin */
    uint32_t struct_bytes; /* of the C struct */
};

/* What the generated functions call. `message` is 8-byte aligned. */
const struct kb_message_info *kb_wire_find(const struct kb_message_info *infos, size_t count,
                                           uint16_t opcode);
int kb_wire_decode(const struct kb_message_info *info, const void *message, size_t message_bytes,
                   const int *fds, unsigned fds_count, void *out, struct kb_wire_error *error);
/* The envelope alone, of whatever message it is: the header, its size, the number of fds. */
int kb_wire_peek(const void *message, size_t message_bytes, unsigned fds_count,
                 struct kb_wire_error *error);
int kb_wire_encode(const struct kb_message_info *info, struct kb_writer *writer, const void *in);
int kb_wire_dump(const struct kb_message_info *info, const void *message, size_t message_bytes,
                 char *out, size_t out_bytes);
int kb_wire_next(const struct kb_wire_union *of, struct kb_stream *stream, const void **out,
                 struct kb_wire_error *error);
bool kb_wire_value_known(const struct kb_wire_values *values, uint32_t number);
const char *kb_wire_value_name(const struct kb_wire_values *values, uint32_t number);

#endif
