/*
 * What the planner makes of frames, for pictures: explain LIST, where the list has a line for each image and each frame.
 *
 *     image WIDTH HEIGHT KIND FILE     rows of 32-bit pixels; KIND: 0 straight, 1 premultiplied, 2 opaque (enum kd_source_kind)
 *     frame WIDTH HEIGHT BASE FILE     commands whose images are the lines' numbers; BASE: hexadecimal
 *
 * Prints JSON: of each image its sections, of each frame its tiles: how many operations touch it, how many of these show, what it begins
 * with, its key.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "image/sections.h"
#include "plan/plan.h"

#define SEED       1
#define IMAGES_MAX 512

static struct kd_pixels *images[IMAGES_MAX];
static uint32_t images_count;

static void stop(const char *why, const char *what)
{
    fprintf(stderr, "explain: %s: %s\n", what, why);
    exit(1);
}

static void *read_file(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rbe");
    long end = file && fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    void *data = end >= 0 ? malloc((size_t)end + 1) : NULL;

    if (!data)
        stop("cannot be read", path);
    rewind(file);
    *bytes = fread(data, 1, (size_t)end, file);
    fclose(file);
    return data;
}

static void add_image(int32_t width, int32_t height, enum kd_source_kind kind, const char *path)
{
    size_t bytes, row_bytes = (size_t)width * sizeof(uint32_t);
    uint32_t *rows = read_file(path, &bytes);
    struct kd_pixels *pixels = kd_pixels_create(kind, width, height, false);
    struct kd_tile *tile = pixels ? kd_pixels_own_tile(pixels, 0, false) : NULL;
    struct kd_sections *found;
    struct kd_box opaque = {0, 0, 0, 0};

    if (!tile || images_count == IMAGES_MAX || bytes != row_bytes * (size_t)height)
        stop("too many, too large, or of another size", path);
    for (int32_t y = 0; y < height; y++)
        memcpy(tile->pixels + (size_t)y * tile->stride_px, rows + (size_t)y * (size_t)width,
               row_bytes);
    tile->key = kd_hash_rows(SEED, tile->pixels, tile->stride_px * sizeof(uint32_t), row_bytes,
                             (size_t)height);
    found = kd_sections_make(tile->pixels, tile->stride_px, width, height, kind);
    tile->sections = found;
    if (found && found->content == KD_CONTENT_MIXED)
        opaque = found->opaque;
    printf("%s{\"content\": %d, \"opaque\": [%d, %d, %d, %d]}", images_count ? ",\n" : "",
           found ? (int)found->content : -1, opaque.x1, opaque.y1, opaque.x2, opaque.y2);
    images[images_count++] = pixels;
    free(rows);
}

/* How many operations touch a tile. */
static uint32_t touches(const struct kd_ops *ops, struct kd_box tile)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < ops->count; i++)
        count += !kd_box_empty(kd_box_intersect(ops->ops[i].where, tile));
    return count;
}

static void explain_frame(int32_t width, int32_t height, uint32_t base, const char *path,
                          bool is_first)
{
    struct kd_grid grid = kd_grid_of(width, height);
    struct kd_arena arena = {0};
    struct kd_plan plan;
    struct kd_ops ops;
    size_t bytes;
    union kb_command *commands = read_file(path, &bytes);

    if (kd_ops_from_commands(&ops, &arena, grid, commands,
                             (uint32_t)(bytes / KB_COMMAND_UNIT_BYTES), SEED,
                             (const struct kd_pixels *const *)images) ||
        kd_plan_make(&plan, &arena, grid, KD_TARGET_OPAQUE, base, NULL, &ops))
        stop("no memory", path);
    printf("%s{\"operations\": %u, \"tiles\": [", is_first ? "" : ",\n", ops.count);
    for (size_t i = 0; i < kd_grid_count(grid); i++) {
        const struct kd_plan_tile *tile = &plan.tiles[i];

        printf("%s{\"touches\": %u, \"shows\": %u, \"load\": %u, \"key\": \"%016llx\"}",
               i ? ", " : "", touches(&ops, kd_grid_tile(grid, i)), tile->list_count, tile->load,
               (unsigned long long)tile->key);
    }
    fputs("]}", stdout);
    kd_arena_finish(&arena);
    free(commands);
}

int main(int argc, char **argv)
{
    FILE *list = argc == 2 ? fopen(argv[1], "re") : NULL;
    char line[4352], path[4096];
    bool frames = false;
    int width, height;
    unsigned value;

    if (!list)
        stop("usage: explain LIST", argc == 2 ? argv[1] : "no list");
    fputs("{\"images\": [", stdout);
    while (fgets(line, sizeof(line), list)) {
        if (sscanf(line, "image %d %d %u %4095s", &width, &height, &value, path) == 4) {
            add_image(width, height, (enum kd_source_kind)value, path);
        } else if (sscanf(line, "frame %d %d %x %4095s", &width, &height, &value, path) == 4) {
            if (!frames)
                fputs("],\n\"frames\": [", stdout);
            explain_frame(width, height, value, path, !frames);
            frames = true;
        } else {
            stop("neither an image nor a frame; images come first", line);
        }
    }
    fputs(frames ? "]}\n" : "], \"frames\": []}\n", stdout);
    fclose(list);
    for (uint32_t i = 0; i < images_count; i++)
        kd_pixels_unref(images[i]);
    return 0;
}
