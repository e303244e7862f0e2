/* JSON, read into a tree: what `kmsblitd --probe` prints. */
#ifndef CLI_JSON_READ_H
#define CLI_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>

enum cli_json_type {
    CLI_JSON_NULL,
    CLI_JSON_BOOL,
    CLI_JSON_NUMBER,
    CLI_JSON_STRING,
    CLI_JSON_ARRAY,
    CLI_JSON_OBJECT,
};

struct cli_json {
    enum cli_json_type type;
    char *name; /* owned; NULL: not a member of an object */
    char *text; /* owned; of strings */
    double number;
    bool truth;
    struct cli_json *first; /* owned: members, in their order */
    struct cli_json *next;  /* owned */
};

/* NULL if it is not JSON, or nested more than 32 deep, or there is no memory. */
struct cli_json *cli_json_parse(const char *text);
void cli_json_free(struct cli_json *value); /* NULL is allowed */

/* A member of an object, NULL if there is none; value may be NULL. */
const struct cli_json *cli_json_get(const struct cli_json *value, const char *name);

/* The same of this type; otherwise "", 0, false. */
const char *cli_json_text(const struct cli_json *value, const char *name);
double cli_json_number(const struct cli_json *value, const char *name);
bool cli_json_truth(const struct cli_json *value, const char *name);

/* The first member of an array, NULL if there is none. */
const struct cli_json *cli_json_first(const struct cli_json *value, const char *name);

#endif
