/* Facts about jobs, as lines of JSON. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "stub.h"

static FILE *out;

static FILE *log_file(void)
{
    const char *path = getenv("VIDEOCORE_LOG");

    if (!out) {
        out = path ? fopen(path, "we") : stderr;
        out = out ? out : stderr;
    }
    return out;
}

void stub_tell(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputc('{', log_file());
    vfprintf(log_file(), format, arguments);
    fputs("}\n", log_file());
    fflush(log_file());
    va_end(arguments);
}

/* ---- Areas ---- */

struct place {
    float x, y;
};

static struct place place_of(const struct drawn *drawn, uint32_t index, const struct facts *facts)
{
    const uint8_t *at = drawn->positions + (size_t)index * drawn->stride_bytes;
    struct place place;

    if (drawn->is_float) {
        memcpy(&place, at, sizeof(place));
        /* Positions may be counted in pixels, or from -1 to 1. */
        if (place.x >= -1.0f && place.x <= 1.0f && place.y >= -1.0f && place.y <= 1.0f) {
            place.x = (place.x + 1) / 2 * (float)facts->width_px;
            place.y = (place.y + 1) / 2 * (float)facts->height_px;
        }
    } else {
        int16_t fixed[2];

        memcpy(fixed, at, sizeof(fixed));
        place = (struct place){fixed[0], fixed[1]};
    }
    return place;
}

static uint32_t index_at(const struct drawn *drawn, unsigned i)
{
    if (!drawn->indices)
        return drawn->first + i;
    if (drawn->index_bytes == 1)
        return ((const uint8_t *)drawn->indices)[i];
    if (drawn->index_bytes == 2)
        return ((const uint16_t *)drawn->indices)[i];
    return ((const uint32_t *)drawn->indices)[i];
}

static float within(float value, int32_t low, int32_t high)
{
    return value < (float)low ? (float)low : value > (float)high ? (float)high : value;
}

/* Two triangles, as the box around them, in the scissor. */
static uint64_t quad_px(const struct drawn *drawn, unsigned first, const struct facts *facts)
{
    struct place low = {1e9f, 1e9f}, high = {-1e9f, -1e9f};

    for (unsigned i = first; i < first + 6 && i < drawn->count; i++) {
        struct place p = place_of(drawn, index_at(drawn, i), facts);

        low = (struct place){p.x < low.x ? p.x : low.x, p.y < low.y ? p.y : low.y};
        high = (struct place){p.x > high.x ? p.x : high.x, p.y > high.y ? p.y : high.y};
    }
    low.x = within(low.x, drawn->clip.x1, drawn->clip.x2);
    low.y = within(low.y, drawn->clip.y1, drawn->clip.y2);
    high.x = within(high.x, drawn->clip.x1, drawn->clip.x2);
    high.y = within(high.y, drawn->clip.y1, drawn->clip.y2);
    return (uint64_t)((high.x - low.x) * (high.y - low.y) + 0.5f);
}

void facts_add_draw(struct facts *facts, const struct drawn *drawn)
{
    bool is_known = false;

    facts->draws++;
    facts->indices += drawn->count;
    for (unsigned i = 0; i < facts->clips_count; i++)
        is_known |= memcmp(&facts->clips[i], &drawn->clip, sizeof(drawn->clip)) == 0;
    if (!is_known && facts->clips_count < CLIPS_MAX)
        facts->clips[facts->clips_count++] = drawn->clip;
    for (unsigned i = 0; drawn->positions && i < drawn->count; i += 6)
        *(drawn->has_texture ? &facts->textured_px : &facts->plain_px) += quad_px(drawn, i, facts);
}

/* Adds a number to a set of them. */
static void add_to(uint32_t *set, unsigned *count, unsigned max, uint32_t number)
{
    for (unsigned i = 0; i < *count; i++)
        if (set[i] == number)
            return;
    if (*count < max)
        set[(*count)++] = number;
}

void facts_add_texture(struct facts *facts, uint32_t address)
{
    add_to(facts->textures, &facts->textures_count, TEXTURES_MAX, address);
}

void facts_add_shader(struct facts *facts, uint32_t instructions)
{
    add_to(facts->shaders, &facts->shaders_count, SHADERS_MAX, instructions);
}

void facts_tell(const struct facts *facts)
{
    FILE *to = log_file();

    fprintf(to,
            "{\"job\": \"%s\", \"width\": %d, \"height\": %d, \"tiles\": %u, \"loaded\": %u, "
            "\"stored\": %u, ",
            facts->chip, facts->width_px, facts->height_px, facts->tiles, facts->tiles_loaded,
            facts->tiles_stored);
    if (facts->is_cleared)
        fprintf(to, "\"clear\": %u, ", facts->clear_color);
    fprintf(to,
            "\"draws\": %u, \"indices\": %u, \"textures\": %u, \"textured_px\": %llu, "
            "\"plain_px\": %llu, \"bytes\": %u, \"memory\": %llu, \"clips\": [",
            facts->draws, facts->indices, facts->textures_count,
            (unsigned long long)facts->textured_px, (unsigned long long)facts->plain_px,
            facts->bytes, (unsigned long long)stub_memory_bytes());
    for (unsigned i = 0; i < facts->clips_count; i++)
        fprintf(to, "%s[%d, %d, %d, %d]", i ? ", " : "", facts->clips[i].x1, facts->clips[i].y1,
                facts->clips[i].x2, facts->clips[i].y2);
    fputs("], \"shaders\": [", to);
    for (unsigned i = 0; i < facts->shaders_count; i++)
        fprintf(to, "%s%u", i ? ", " : "", facts->shaders[i]);
    fputs("]}\n", to);
    fflush(to);
}
