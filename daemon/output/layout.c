#include "output/layout.h"

#include <assert.h>

static struct kd_box box_at(int64_t x, int64_t y, const struct kd_layout_item *item)
{
    return (struct kd_box){kd_coord_clamp(x), kd_coord_clamp(y), kd_coord_clamp(x + item->width_px),
                           kd_coord_clamp(y + item->height_px)};
}

static bool cover(struct kd_box a, struct kd_box b)
{
    return kd_max(a.x1, b.x1) < kd_min(a.x2, b.x2) && kd_max(a.y1, b.y1) < kd_min(a.y2, b.y2);
}

/* Of the items that have their place, one that box would cover; NULL if there is none. */
static const struct kd_layout_item *find_covered(const struct kd_layout_item *items, size_t count,
                                                 const bool *settled, struct kd_box box)
{
    for (size_t i = 0; i < count; i++)
        if (settled[i] && cover(items[i].place.box, box))
            return &items[i];
    return NULL;
}

/* Each step is past another item's right edge, so there are no more steps than items. */
static struct kd_box find_room(const struct kd_layout_item *items, size_t count,
                               const bool *settled, const struct kd_layout_item *item,
                               struct kd_box box)
{
    const struct kd_layout_item *covered;

    while ((covered = find_covered(items, count, settled, box)) != NULL)
        box = box_at(covered->place.box.x2, box.y1, item);
    return box;
}

static bool same_box(struct kd_box a, struct kd_box b)
{
    return a.x1 == b.x1 && a.y1 == b.y1 && a.x2 == b.x2 && a.y2 == b.y2;
}

static size_t settle(struct kd_layout_item *item, bool *settled, struct kd_box box)
{
    bool moved = !item->is_placed || !same_box(item->place.box, box);

    item->place.box = box;
    item->is_placed = *settled = true;
    return moved;
}

size_t kd_layout(struct kd_layout_item *items, size_t count)
{
    bool settled[KD_LAYOUT_MAX] = {false};
    size_t changed = 0;

    assert(count <= KD_LAYOUT_MAX);
    for (size_t i = 0; i < count; i++)
        if (items[i].has_wish)
            changed +=
                settle(&items[i], &settled[i], box_at(items[i].wish_x, items[i].wish_y, &items[i]));
    for (size_t i = 0; i < count; i++)
        if (!settled[i] && items[i].is_placed) {
            struct kd_box box = items[i].place.box;

            box = find_room(items, count, settled, &items[i], box_at(box.x1, box.y1, &items[i]));
            changed += settle(&items[i], &settled[i], box);
        }
    for (size_t i = 0; i < count; i++)
        if (!settled[i]) {
            int32_t x = i > 0 ? items[i - 1].place.box.x2 : 0;

            changed += settle(&items[i], &settled[i],
                              find_room(items, count, settled, &items[i], box_at(x, 0, &items[i])));
        }
    return changed;
}
