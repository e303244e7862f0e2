/*
 * JSON, written as it comes: for the daemon's --probe and the tool's --json. Names are NULL inside of arrays and for
 * the outermost value.
 */
#ifndef KB_JSON_H
#define KB_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct kb_json {
    FILE *out; /* borrowed */
    unsigned depth;
    bool has_member;         /* something was written at this depth */
    unsigned one_line_depth; /* what is nested this deep or deeper stands on one line; 0: nothing */
};

void kb_json_init(struct kb_json *json, FILE *out);

/* An object's or array's members stand on a line each, or all on one, with what is nested in them. */
void kb_json_object(struct kb_json *json, const char *name, bool on_one_line);
void kb_json_object_end(struct kb_json *json);

void kb_json_array(struct kb_json *json, const char *name, bool on_one_line);
void kb_json_array_end(struct kb_json *json);

/* NULL is null. Bytes that are not UTF-8 become U+FFFD. */
void kb_json_string(struct kb_json *json, const char *name, const char *text);
void kb_json_number(struct kb_json *json, const char *name, int64_t value);
/* In thousandths: 59940 is written as 59.940. */
void kb_json_milli(struct kb_json *json, const char *name, int64_t thousandths);
void kb_json_bool(struct kb_json *json, const char *name, bool value);
/* Text that is JSON already. */
void kb_json_raw(struct kb_json *json, const char *name, const char *text);
void kb_json_null(struct kb_json *json, const char *name);

/* The last newline. */
void kb_json_finish(struct kb_json *json);

#endif
