#include "plan/plan.h"

uint32_t kd_plan_changes(const struct kd_plan *plan, const uint64_t *have, uint32_t *changed)
{
    uint32_t count = 0;

    for (size_t i = 0; i < kd_grid_count(plan->grid); i++)
        if (plan->tiles[i].key != have[i])
            changed[count++] = (uint32_t)i;
    return count;
}

uint64_t kd_plan_area_px(struct kd_grid grid, const uint32_t *tiles, uint32_t count)
{
    uint64_t area = 0;

    for (uint32_t i = 0; i < count; i++)
        area += (uint64_t)kd_box_area(kd_grid_tile(grid, tiles[i]));
    return area;
}

/* The rectangle that ends where this one begins, with the same columns: it can be made longer. It is among the last ones: a row of
 * tiles makes at most tiles_x of them. */
static struct kd_box *rect_above(struct kd_grid grid, struct kd_box *rects, uint32_t count,
                                 struct kd_box run)
{
    uint32_t most = 2 * (uint32_t)grid.tiles_x;

    for (uint32_t i = count; i > 0 && count - i < most; i--)
        if (rects[i - 1].y2 == run.y1 && rects[i - 1].x1 == run.x1 && rects[i - 1].x2 == run.x2)
            return &rects[i - 1];
    return NULL;
}

uint32_t kd_plan_rects(struct kd_grid grid, const uint32_t *tiles, uint32_t count,
                       struct kd_box *rects)
{
    uint32_t made = 0;

    for (uint32_t i = 0; i < count;) {
        struct kd_box run = kd_grid_tile(grid, tiles[i]);
        struct kd_box *above;
        uint32_t next = i + 1;

        while (next < count && tiles[next] == tiles[next - 1] + 1 &&
               tiles[next] % (uint32_t)grid.tiles_x != 0)
            run.x2 = kd_grid_tile(grid, tiles[next++]).x2;
        above = rect_above(grid, rects, made, run);
        if (above)
            above->y2 = run.y2;
        else
            rects[made++] = run;
        i = next;
    }
    return made;
}
