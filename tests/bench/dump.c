/* The same pictures and frames for programs in Python: raw pixels, and one file of JSON. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"

static bool dump_picture(const char *folder, uint32_t index, const struct bench_picture *picture)
{
    char path[4096];
    size_t count = (size_t)picture->width_px * (size_t)picture->height_px;
    FILE *file;
    bool is_written;

    snprintf(path, sizeof(path), "%s/%u.argb", folder, index);
    file = fopen(path, "wbe");
    if (!file)
        return false;
    is_written = fwrite(picture->straight, sizeof(uint32_t), count, file) == count;
    return fclose(file) == 0 && is_written;
}

static void dump_item(FILE *file, const struct bench_item *item, bool is_first)
{
    fprintf(file, "%s[%u,%u,%d,%d,%d,%d,%u,%.9g,%.9g,%.9g,%.9g,%d]", is_first ? "" : ",\n",
            item->kind, item->picture, item->x, item->y, item->width_px, item->height_px,
            item->color, item->angle_deg, item->scale, item->center_x, item->center_y,
            item->smooth);
}

static void dump_scene(FILE *file, const struct bench_scene *scene)
{
    fprintf(file, "\"%s\": {\"what\": \"%s\", \"difference\": %s, \"frames\": [\n", scene->name,
            scene->what, scene->has_difference ? "true" : "false");
    for (uint32_t frame = 0; frame < scene->frames_count; frame++) {
        fputs(frame ? ",\n[" : "[", file);
        for (uint32_t i = 0; i < scene->items_count; i++)
            dump_item(file, &scene->items[frame][i], i == 0);
        fputs("]", file);
    }
    fputs("]}", file);
}

bool bench_dump(const char *folder, const struct bench_pictures *pictures,
                const struct bench_scene *scenes, uint32_t count)
{
    char path[4096];
    bool is_written = true;
    FILE *file;

    snprintf(path, sizeof(path), "%s/scenes.json", folder);
    file = fopen(path, "we");
    if (!file) {
        fprintf(stderr, "kmsblit-bench: %s: %s\n", path, strerror(errno));
        return false;
    }
    fprintf(file, "{\"size\": [%d, %d], \"pictures\": [", scenes[0].width_px, scenes[0].height_px);
    for (uint32_t i = 0; i < pictures->count; i++) {
        const struct bench_picture *picture = &pictures->list[i];

        is_written = is_written && dump_picture(folder, i, picture);
        fprintf(file, "%s[%d, %d, %s]", i ? ", " : "", picture->width_px, picture->height_px,
                picture->is_opaque ? "true" : "false");
    }
    fputs("],\n\"scenes\": {", file);
    for (uint32_t i = 0; i < count; i++) {
        fputs(i ? ",\n" : "\n", file);
        dump_scene(file, &scenes[i]);
    }
    fputs("}}\n", file);
    is_written = !ferror(file) && is_written;
    is_written = fclose(file) == 0 && is_written;
    if (!is_written)
        fprintf(stderr, "kmsblit-bench: %s: cannot be written\n", folder);
    return is_written;
}
