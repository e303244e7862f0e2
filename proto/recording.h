/* The file that KMSBLIT_RECORD makes and `kmsblit replay` reads. docs/debugging.md describes it.
 *
 * A header, then records: each a struct kb_recording_record and its payload, padded with zero bytes
 * to a multiple of 8. All numbers are little-endian. */
#ifndef KB_PROTO_RECORDING_H
#define KB_PROTO_RECORDING_H

#include <stdint.h>

#include "proto/wire.h"

#define KB_RECORDING_MAGIC   "kmsblit\n"
#define KB_RECORDING_VERSION 1u

/* Data in one KB_RECORDING_MEMORY; more is split. */
#define KB_RECORDING_DATA_BYTES_MAX 65536u

struct kb_recording_header {
    char magic[8];
    uint32_t version;
    uint32_t protocol; /* version of the protocol that the messages belong to */
};
_Static_assert(sizeof(struct kb_recording_header) == 16, "the header is 16 bytes");

enum kb_recording_kind {
    KB_RECORDING_REQUEST = 1, /* a message as the client sent it */
    KB_RECORDING_EVENT = 2,   /* a message as the daemon sent it */
    KB_RECORDING_MEMORY = 3,  /* struct kb_recording_memory, and data */
    KB_RECORDING_END = 4,     /* the client disconnected; no payload, nothing follows */
};

struct kb_recording_record {
    uint32_t payload_bytes; /* without the padding */
    uint32_t kind;          /* enum kb_recording_kind */
    uint64_t time_ns;       /* since the recording began */
};
_Static_assert(sizeof(struct kb_recording_record) == 16, "a record's head is 16 bytes");

/* Contents of a memfd. Bytes that no record names are 0. */
struct kb_recording_memory {
    uint32_t object;       /* a shared image that exists; 0: what comes with the next request */
    uint32_t reserved;     /* 0 */
    uint64_t size_bytes;   /* of the whole memfd */
    uint64_t offset_bytes; /* where the data lies in it */
};
_Static_assert(sizeof(struct kb_recording_memory) == 24, "no padding");

#define KB_RECORDING_PAYLOAD_BYTES_MAX \
    (sizeof(struct kb_recording_memory) + KB_RECORDING_DATA_BYTES_MAX)
_Static_assert(KB_RECORDING_PAYLOAD_BYTES_MAX >= KB_WIRE_MESSAGE_BYTES_MAX, "messages fit");

#endif
