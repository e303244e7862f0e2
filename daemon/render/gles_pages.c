/*
 * Textures, within a budget. Small images share atlases, in shelves from top to bottom; nothing in them is freed by itself: the one that was not needed for
 * the longest time is emptied as a whole.
 */
#include <GLES2/gl2.h>
#include <GLES2/gl2ext.h>
#include <errno.h>
#include <stdlib.h>

#include "render/gles_impl.h"

static uint64_t page_bytes(const struct kd_gles_page *page)
{
    return (uint64_t)page->width_px * (uint64_t)page->height_px * 4;
}

static void page_destroy(struct kd_gles *gles, struct kd_gles_page **link)
{
    struct kd_gles_page *page = *link;

    kd_gles_images_leave(gles, page);
    glDeleteTextures(1, &page->texture);
    gles->pages.bytes -= page_bytes(page);
    *link = page->next;
    free(page);
}

/* The one that was not needed for the longest time, and not in this step; NULL: none. */
static struct kd_gles_page **find_oldest(struct kd_gles *gles, bool only_atlases)
{
    struct kd_gles_page **oldest = NULL;

    for (struct kd_gles_page **link = &gles->pages.list; *link; link = &(*link)->next)
        if ((*link)->used != gles->step && (!only_atlases || !(*link)->owner) &&
            (!oldest || (*link)->used < (*oldest)->used))
            oldest = link;
    return oldest;
}

/* Makes room in the budget. -EAGAIN: this step needs everything that there is; unless it has only begun with one operation, which must fit. */
static int keep_budget(struct kd_gles *gles, uint64_t bytes)
{
    while (gles->pages.bytes + bytes > gles->limits.budget_bytes) {
        struct kd_gles_page **oldest = find_oldest(gles, false);

        if (!oldest)
            return gles->batches.ops > 0 ? -EAGAIN : 0;
        page_destroy(gles, oldest);
        gles->counters.pages_recycled++;
    }
    return 0;
}

static int page_create(struct kd_gles *gles, int32_t width_px, int32_t height_px,
                       struct kd_gles_page **out)
{
    int error = keep_budget(gles, (uint64_t)width_px * (uint64_t)height_px * 4);
    struct kd_gles_page *page;
    int format = gles->limits.no_bgra ? GL_RGBA : GL_BGRA_EXT;

    if (error)
        return error;
    page = calloc(1, sizeof(*page));
    if (!page)
        return -ENOMEM;
    glGenTextures(1, &page->texture);
    glBindTexture(GL_TEXTURE_2D, page->texture);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    glTexImage2D(GL_TEXTURE_2D, 0, format, width_px, height_px, 0, (unsigned)format,
                 GL_UNSIGNED_BYTE, NULL);
    page->width_px = width_px;
    page->height_px = height_px;
    page->used = gles->step;
    page->next = gles->pages.list;
    gles->pages.list = page;
    gles->pages.bytes += page_bytes(page);
    gles->counters.pages_made++;
    gles->counters.allocations++;
    *out = page;
    return 0;
}

int kd_gles_page_get(struct kd_gles *gles, struct kd_gles_image *owner, uint32_t piece,
                     int32_t width_px, int32_t height_px)
{
    struct kd_gles_page *page;
    int error = page_create(gles, width_px, height_px, &page);

    if (error)
        return error;
    page->owner = owner;
    page->piece = piece;
    owner->pieces[piece].page = page;
    return 0;
}

/* ---- Atlases -------------------------------------------------------------------------------------- */

/* Shelves' heights are multiples of it, so that images of about the same height find each other. */
#define SHELF_PX 8

static bool page_place(struct kd_gles_page *page, int32_t width_px, int32_t height_px,
                       struct kd_gles_piece *piece)
{
    int32_t shelf_px = (height_px + SHELF_PX - 1) & ~(SHELF_PX - 1);
    struct kd_gles_shelf *shelf = NULL;

    for (uint32_t i = 0; i < page->shelves_count; i++) {
        struct kd_gles_shelf *other = &page->shelves[i];

        if (other->height_px >= height_px && other->height_px <= shelf_px + shelf_px / 2 &&
            other->end_x + width_px <= page->width_px &&
            (!shelf || other->height_px < shelf->height_px))
            shelf = other;
    }
    if (!shelf) {
        if (page->shelves_count == sizeof(page->shelves) / sizeof(page->shelves[0]) ||
            page->end_y + height_px > page->height_px || width_px > page->width_px)
            return false;
        shelf_px = kd_min(shelf_px, page->height_px - page->end_y);
        shelf = &page->shelves[page->shelves_count++];
        *shelf = (struct kd_gles_shelf){.y = (int16_t)page->end_y, .height_px = (int16_t)shelf_px};
        page->end_y += shelf_px;
    }
    piece->page = page;
    piece->x = shelf->end_x;
    piece->y = shelf->y;
    shelf->end_x = (int16_t)(shelf->end_x + width_px);
    return true;
}

/* Emptied, but for its memory. */
static void page_recycle(struct kd_gles *gles, struct kd_gles_page *page)
{
    kd_gles_images_leave(gles, page);
    page->shelves_count = 0;
    page->end_y = 0;
    page->used = gles->step;
    gles->counters.pages_recycled++;
}

int kd_gles_page_share(struct kd_gles *gles, int32_t width_px, int32_t height_px,
                       struct kd_gles_piece *piece)
{
    const int32_t edge_px = gles->limits.atlas_px;
    struct kd_gles_page *page, **oldest;
    int error;

    for (page = gles->pages.list; page; page = page->next)
        if (!page->owner && page_place(page, width_px, height_px, piece)) {
            page->used = gles->step;
            return 0;
        }
    oldest = find_oldest(gles, true);
    if (oldest && gles->pages.bytes + page_bytes(*oldest) > gles->limits.budget_bytes) {
        page_recycle(gles, *oldest);
        page = *oldest;
    } else {
        error = page_create(gles, edge_px, edge_px, &page);
        if (error)
            return error;
    }
    return page_place(page, width_px, height_px, piece) ? 0 : -ENOMEM;
}

void kd_gles_pages_finish(struct kd_gles *gles)
{
    while (gles->pages.list)
        page_destroy(gles, &gles->pages.list);
}
