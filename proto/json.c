#include "proto/json.h"

#include <inttypes.h>
#include <string.h>

void kb_json_init(struct kb_json *json, FILE *out)
{
    *json = (struct kb_json){.out = out};
}

/* The bytes of the character at the start of text; 0: it is not UTF-8. */
static size_t utf8_bytes(const unsigned char *text)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t bytes = text[0] < 0x80             ? 1
                   : (text[0] & 0xE0) == 0xC0 ? 2
                   : (text[0] & 0xF0) == 0xE0 ? 3
                   : (text[0] & 0xF8) == 0xF0 ? 4
                                              : 0;
    uint32_t value = bytes > 1 ? text[0] & (0x7Fu >> bytes) : text[0];
    for (size_t i = 1; i < bytes; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (text[i] & 0x3F);
    }
    if (bytes > 1 && (value < least[bytes] || value > 0x10FFFF || (value >> 11) == 0x1B))
        return 0;
    return bytes;
}

static void quote(FILE *out, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    fputc('"', out);
    while (*at != '\0') {
        size_t bytes = utf8_bytes(at);
        if (bytes == 0)
            fputs("\xEF\xBF\xBD", out);
        else if (*at == '"' || *at == '\\')
            fprintf(out, "\\%c", *at);
        else if (*at < 0x20 || *at == 0x7F)
            fprintf(out, "\\u%04x", (unsigned)*at);
        else
            fwrite(at, 1, bytes, out);
        at += bytes > 0 ? bytes : 1;
    }
    fputc('"', out);
}

static bool is_on_one_line(const struct kb_json *json)
{
    return json->one_line_depth != 0;
}

/* What stands between the last value and the next thing. */
static void begin_line(struct kb_json *json)
{
    if (json->depth == 0 || is_on_one_line(json))
        return;
    fprintf(json->out, "\n%*s", (int)json->depth * 2, "");
}

static void begin(struct kb_json *json, const char *name)
{
    if (json->has_member)
        fputs(is_on_one_line(json) ? ", " : ",", json->out);
    begin_line(json);
    json->has_member = true;
    if (name != NULL) {
        quote(json->out, name);
        fputs(": ", json->out);
    }
}

static void end(struct kb_json *json, char bracket)
{
    bool on_one_line = is_on_one_line(json), was_empty = !json->has_member;
    json->depth--;
    if (!was_empty && !on_one_line)
        fprintf(json->out, "\n%*s", (int)json->depth * 2, "");
    fputc(bracket, json->out);
    json->has_member = true;
    if (json->depth < json->one_line_depth)
        json->one_line_depth = 0;
}

static void open_bracket(struct kb_json *json, const char *name, char bracket, bool on_one_line)
{
    begin(json, name);
    fputc(bracket, json->out);
    json->depth++;
    json->has_member = false;
    if (on_one_line && json->one_line_depth == 0)
        json->one_line_depth = json->depth;
}

void kb_json_object(struct kb_json *json, const char *name, bool on_one_line)
{
    open_bracket(json, name, '{', on_one_line);
}

void kb_json_object_end(struct kb_json *json)
{
    end(json, '}');
}

void kb_json_array(struct kb_json *json, const char *name, bool on_one_line)
{
    open_bracket(json, name, '[', on_one_line);
}

void kb_json_array_end(struct kb_json *json)
{
    end(json, ']');
}

void kb_json_string(struct kb_json *json, const char *name, const char *text)
{
    if (text == NULL) {
        kb_json_null(json, name);
        return;
    }
    begin(json, name);
    quote(json->out, text);
}

void kb_json_number(struct kb_json *json, const char *name, int64_t value)
{
    begin(json, name);
    fprintf(json->out, "%" PRId64, value);
}

void kb_json_milli(struct kb_json *json, const char *name, int64_t thousandths)
{
    begin(json, name);
    fprintf(json->out, "%" PRId64 ".%03d", thousandths / 1000, (int)(thousandths % 1000));
}

void kb_json_bool(struct kb_json *json, const char *name, bool value)
{
    begin(json, name);
    fputs(value ? "true" : "false", json->out);
}

void kb_json_raw(struct kb_json *json, const char *name, const char *text)
{
    begin(json, name);
    fputs(text, json->out);
}

void kb_json_null(struct kb_json *json, const char *name)
{
    begin(json, name);
    fputs("null", json->out);
}

void kb_json_finish(struct kb_json *json)
{
    fputc('\n', json->out);
}
