/* $KMSBLIT_RECORD: what goes over a connection is also written into a file, so that it can be played
 * again. The transport tells of it. A failure is said once on standard error and ends the
 * recording, never the game. Every function takes NULL: no recording. */
#ifndef KC_RECORD_H
#define KC_RECORD_H

#include "memory.h"
#include "proto/wire.h"

struct kc_record;

/* A recording of a connection, in a file of its own; NULL if none is asked for. */
struct kc_record *kc_record_begin(void);
void kc_record_end(struct kc_record *record);

/* A request was queued: its struct, its bytes, and the memory that goes with it, or NULL. */
void kc_record_request(struct kc_record *record, const void *request, const void *bytes,
                       struct kc_memory *memory);

/* An event came. */
void kc_record_event(struct kc_record *record, const struct kb_header *event);

/* Writes what is buffered: what has been sent is then also in the file, whatever happens next. */
void kc_record_flush(struct kc_record *record);

#endif
