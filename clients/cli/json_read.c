#include "json_read.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32

struct reader {
    const char *at;
    unsigned depth;
};

static void skip_blanks(struct reader *reader)
{
    reader->at += strspn(reader->at, " \t\r\n");
}

static bool take(struct reader *reader, const char *token)
{
    size_t length = strlen(token);
    if (strncmp(reader->at, token, length) != 0)
        return false;
    reader->at += length;
    return true;
}

/* ---- Strings -------------------------------------------------------------------------------- */

/* Four hexadecimal digits, or -1. */
static int32_t hex4(const char *text)
{
    int32_t value = 0;
    for (int i = 0; i < 4; i++) {
        if (!isxdigit((unsigned char)text[i]))
            return -1;
        int digit = isdigit((unsigned char)text[i]) ? text[i] - '0' : (tolower(text[i]) - 'a') + 10;
        value = value << 4 | digit;
    }
    return value;
}

static char *put_utf8(char *to, uint32_t code)
{
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xC0 | code >> 6);
        *to++ = (char)(0x80 | (code & 0x3F));
    } else {
        *to++ = (char)(0xE0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3F));
        *to++ = (char)(0x80 | (code & 0x3F));
    }
    return to;
}

/* What follows a backslash. NULL: nothing that is allowed. An escaped NUL would end the text, and half of a
 * surrogate pair is no character: both become '?', as do whole pairs, which our writer does not make. */
static char *unescape(struct reader *reader, char *to)
{
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    const char *found = *reader->at != '\0' ? strchr(from, *reader->at) : NULL;
    if (found != NULL) {
        *to++ = into[found - from];
        reader->at++;
        return to;
    }
    int32_t code = *reader->at == 'u' ? hex4(reader->at + 1) : -1;
    if (code < 0)
        return NULL;
    reader->at += 5;
    if (code == 0 || (code >= 0xD800 && code < 0xE000))
        code = '?';
    return put_utf8(to, (uint32_t)code);
}

static char *read_string(struct reader *reader)
{
    if (!take(reader, "\""))
        return NULL;
    char *text = malloc(strlen(reader->at) + 1); /* never longer than it is written */
    char *to = text;
    while (to != NULL && *reader->at != '"' && (unsigned char)*reader->at >= 0x20) {
        if (*reader->at != '\\')
            *to++ = *reader->at++;
        else if (reader->at++, (to = unescape(reader, to)) == NULL)
            break;
    }
    if (to == NULL || !take(reader, "\"")) {
        free(text);
        return NULL;
    }
    *to = '\0';
    char *fitting = realloc(text, (size_t)(to - text) + 1);
    return fitting != NULL ? fitting : text;
}

/* ---- Values --------------------------------------------------------------------------------- */

static struct cli_json *read_value(struct reader *reader);

static bool read_member(struct reader *reader, bool named, struct cli_json **end)
{
    char *name = NULL;
    skip_blanks(reader);
    if (named) {
        name = read_string(reader);
        skip_blanks(reader);
        if (name == NULL || !take(reader, ":")) {
            free(name);
            return false;
        }
    }
    *end = read_value(reader);
    if (*end == NULL) {
        free(name);
        return false;
    }
    (*end)->name = name;
    skip_blanks(reader);
    return true;
}

static bool read_members(struct reader *reader, struct cli_json *value, const char *bracket)
{
    struct cli_json **end = &value->first;
    if (++reader->depth > DEPTH_MAX)
        return false;
    skip_blanks(reader);
    if (!take(reader, bracket)) {
        do {
            if (!read_member(reader, value->type == CLI_JSON_OBJECT, end))
                return false;
            end = &(*end)->next;
        } while (take(reader, ","));
        if (!take(reader, bracket))
            return false;
    }
    reader->depth--;
    return true;
}

static bool read_number(struct reader *reader, struct cli_json *value)
{
    size_t length = strspn(reader->at, "-+.0123456789eE");
    char copy[64], *end;
    if (length == 0 || length >= sizeof(copy) ||
        (*reader->at != '-' && !isdigit((unsigned char)*reader->at)))
        return false;
    memcpy(copy, reader->at, length);
    copy[length] = '\0';
    value->type = CLI_JSON_NUMBER;
    value->number = strtod(copy, &end);
    reader->at += length;
    return *end == '\0';
}

static bool read_into(struct reader *reader, struct cli_json *value)
{
    skip_blanks(reader);
    if (*reader->at == '"') {
        value->type = CLI_JSON_STRING;
        return (value->text = read_string(reader)) != NULL;
    }
    if (take(reader, "{")) {
        value->type = CLI_JSON_OBJECT;
        return read_members(reader, value, "}");
    }
    if (take(reader, "[")) {
        value->type = CLI_JSON_ARRAY;
        return read_members(reader, value, "]");
    }
    if (take(reader, "null"))
        return true;
    value->type = CLI_JSON_BOOL;
    if (take(reader, "false"))
        return true;
    value->truth = take(reader, "true");
    return value->truth || read_number(reader, value);
}

static struct cli_json *read_value(struct reader *reader)
{
    struct cli_json *value = calloc(1, sizeof(*value));
    if (value != NULL && !read_into(reader, value)) {
        cli_json_free(value);
        return NULL;
    }
    return value;
}

struct cli_json *cli_json_parse(const char *text)
{
    struct reader reader = {.at = text};
    struct cli_json *value = read_value(&reader);
    skip_blanks(&reader);
    if (*reader.at != '\0') {
        cli_json_free(value);
        return NULL;
    }
    return value;
}

void cli_json_free(struct cli_json *value)
{
    while (value != NULL) {
        struct cli_json *next = value->next;
        cli_json_free(value->first);
        free(value->name);
        free(value->text);
        free(value);
        value = next;
    }
}

/* ---- Looking -------------------------------------------------------------------------------- */

const struct cli_json *cli_json_get(const struct cli_json *value, const char *name)
{
    if (value == NULL || value->type != CLI_JSON_OBJECT)
        return NULL;
    const struct cli_json *member = value->first;
    while (member != NULL && strcmp(member->name, name) != 0)
        member = member->next;
    return member;
}

const char *cli_json_text(const struct cli_json *value, const char *name)
{
    const struct cli_json *member = cli_json_get(value, name);
    return member != NULL && member->type == CLI_JSON_STRING ? member->text : "";
}

double cli_json_number(const struct cli_json *value, const char *name)
{
    const struct cli_json *member = cli_json_get(value, name);
    return member != NULL && member->type == CLI_JSON_NUMBER ? member->number : 0;
}

bool cli_json_truth(const struct cli_json *value, const char *name)
{
    const struct cli_json *member = cli_json_get(value, name);
    return member != NULL && member->type == CLI_JSON_BOOL && member->truth;
}

const struct cli_json *cli_json_first(const struct cli_json *value, const char *name)
{
    const struct cli_json *member = cli_json_get(value, name);
    return member != NULL && member->type == CLI_JSON_ARRAY ? member->first : NULL;
}
