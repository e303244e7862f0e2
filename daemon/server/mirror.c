/*
 * Displays that show what another one shows: the same windows, each scaled once, straight from its own picture. They pace nobody. One whose source is
 * not there is a display like any other.
 */
#include <stdio.h>
#include <string.h>

#include "server/server.h"

void kd_mirror_init(struct kd_display *display)
{
    const struct kd_config *config = &display->server->config;
    const char *name = display->output->name, *source = "";

    for (size_t i = 0; i < config->outputs_count; i++)
        if (strcmp(config->outputs[i].name, name) == 0)
            source = config->outputs[i].mirror;
    for (size_t i = 0; i < config->connectors_count; i++)
        if (strcmp(config->connectors[i].name, name) == 0)
            source = config->connectors[i].mirror;
    snprintf(display->mirror, sizeof(display->mirror), "%s", source);
}

struct kd_display *kd_mirror_source(struct kd_display *display)
{
    const struct kd_server *server = display->server;

    if (display->mirror[0] == '\0')
        return display;
    for (size_t i = 0; i < server->displays_count; i++)
        if (strcmp(server->displays[i]->output->name, display->mirror) == 0)
            return server->displays[i];
    return display;
}

bool kd_mirror_is(struct kd_display *display)
{
    return kd_mirror_source(display) != display;
}

/* An edge, from 0 to from_px, to where it is nearest of 0 to to_px. */
static int32_t scaled(int32_t edge, int32_t from_px, int32_t to_px)
{
    return kd_coord_clamp(kd_floor_div(2 * (int64_t)edge * to_px + from_px, 2 * (int64_t)from_px));
}

struct kd_output_box kd_mirror_box(struct kd_display *display, struct kd_global_box global)
{
    struct kd_box seen = kd_mirror_source(display)->output->place.box;
    struct kd_box box = kd_box_moved(global.box, -seen.x1, -seen.y1);
    struct kd_box all = kd_mirror_area(display).box;
    int32_t width = kd_box_width(seen), height = kd_box_height(seen);

    if (!kd_mirror_is(display))
        return (struct kd_output_box){box};
    box = (struct kd_box){
        scaled(box.x1, width, kd_box_width(all)), scaled(box.y1, height, kd_box_height(all)),
        scaled(box.x2, width, kd_box_width(all)), scaled(box.y2, height, kd_box_height(all))};
    return (struct kd_output_box){kd_box_moved(box, all.x1, all.y1)};
}

struct kd_output_box kd_mirror_area(struct kd_display *display)
{
    struct kd_box seen = kd_mirror_source(display)->output->place.box;
    struct kd_box own = display->output->place.box;

    return (struct kd_output_box){kd_place_picture(KB_SCALE_FIT, kd_box_width(own),
                                                   kd_box_height(own), kd_box_width(seen),
                                                   kd_box_height(seen))};
}

bool kd_mirror_move(struct kd_display *display)
{
    struct kd_box seen = kd_mirror_source(display)->output->place.box;
    struct kd_box *own = &display->output->place.box;

    if (own->x1 == seen.x1 && own->y1 == seen.y1)
        return false;
    *own = kd_box_moved(*own, seen.x1 - own->x1, seen.y1 - own->y1);
    return true;
}
