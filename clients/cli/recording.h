/* Reads the files of KMSBLIT_RECORD, and believes nothing in them. */
#ifndef CLI_RECORDING_H
#define CLI_RECORDING_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "proto/recording.h"

struct cli_record {
    enum kb_recording_kind kind;
    uint64_t time_ns; /* never less than the record's before */
    uint32_t bytes;   /* of the payload */
    /* Borrowed until the next record, 8-byte aligned: a message that decodes, or the contents of
     * memory, which then lie whole in memory->size_bytes. */
    union {
        const void *payload;
        const struct kb_header *message;
        const struct kb_recording_memory *memory;
    };
};

struct cli_recording {
    FILE *file;        /* owned, unless it is standard input */
    const char *path;  /* borrowed */
    uint64_t at_bytes; /* where the next record begins */
    uint64_t time_ns;
    bool began;    /* hello has been read */
    bool finished; /* the recording's end has been read */
    char why[256]; /* after -1: what is wrong with the file */
    _Alignas(8) uint8_t payload[KB_RECORDING_PAYLOAD_BYTES_MAX + 8];
};

/* path "-" is standard input; path is borrowed. 0, or -1 and why. Close it in any case. */
int cli_recording_open(struct cli_recording *recording, const char *path);
void cli_recording_close(struct cli_recording *recording);

/* 1, 0 at the end, or -1 and why. Events that this tool does not know are passed over. */
int cli_recording_next(struct cli_recording *recording, struct cli_record *record);

#endif
