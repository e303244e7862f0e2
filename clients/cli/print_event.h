/* Events of input as lines for people or programs. */
#ifndef CLI_PRINT_EVENT_H
#define CLI_PRINT_EVENT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CLI_DEVICES_MAX 256u

struct cli_event_printer {
    FILE *out; /* borrowed */
    bool json; /* an object a line */
    struct {
        uint32_t id, capabilities;
    } devices[CLI_DEVICES_MAX]; /* told so far, and not gone: the last ones */
    uint32_t devices_count;
};

/* One line; event is the struct kb_evt_* of this opcode. */
void cli_event_print(struct cli_event_printer *printer, uint16_t opcode, const void *event);

/* Text of others, in quotes, with nothing in it that acts on a terminal. */
void cli_print_quoted(FILE *out, const char *text, size_t text_bytes);

/* Names of the flags that are set, "|" between them; "none". */
void cli_print_flags(FILE *out, uint16_t opcode, const char *field, uint32_t flags,
                     const char *separator);

#endif
