/* Frames that a restarted daemon may have to be told again: those that were not answered, and the
 * last one that draws all of a window's picture. Memory goes round from frame to frame. */
#include <stdlib.h>
#include <string.h>

#include "client.h"

/* Exchanges the memory of a frame being built with that of one that was sent. */
static void swap_memory(struct kb_frame *frame, struct kc_sent *sent)
{
    uint8_t *bytes = frame->bytes;
    size_t units_capacity = frame->units_capacity;
    frame->bytes = sent->bytes;
    frame->units_capacity = sent->units_capacity;
    sent->bytes = bytes;
    sent->units_capacity = units_capacity;
}

/* Whether a frame begins by filling all of the window. */
static bool covers(const struct kb_frame *frame)
{
    const struct kb_command_fill *fill = (const void *)frame->bytes;
    return frame->units > 0 && fill->op == KB_COMMAND_FILL && fill->blend == KB_BLEND_REPLACE &&
           fill->where.x <= 0 && fill->where.y <= 0 &&
           fill->where.x + (int64_t)fill->where.width >= frame->width &&
           fill->where.y + (int64_t)fill->where.height >= frame->height;
}

void kc_kept_push(struct kb_window *window, uint32_t serial)
{
    struct kb_frame *frame = &window->frame;
    struct kc_sent *sent = &window->sent[window->sent_count];
    bool first = window->picture == KC_PICTURE_BLANK && window->sent_count == 0;
    uint32_t flags = frame->flags;
    if (covers(frame) || (first && !window->base_changed))
        flags |= KB_FRAME_FLAG_CLEAR;
    swap_memory(frame, sent);
    sent->units = frame->units;
    sent->flags = flags;
    sent->serial = serial;
    sent->width = frame->width;
    sent->height = frame->height;
    sent->base_color = window->info.base_color;
    sent->again = false;
    window->sent_count++;
}

void kc_kept_undo(struct kb_window *window)
{
    swap_memory(&window->frame, &window->sent[--window->sent_count]);
}

/* What an answered frame means for the picture. */
static void apply(struct kb_window *window, struct kc_sent *sent)
{
    if (sent->flags & KB_FRAME_FLAG_CLEAR) {
        struct kc_sent before = window->kept;
        window->kept = *sent;
        *sent = before;
        window->picture = KC_PICTURE_KEPT;
    } else if (sent->units > 0 && !sent->again) {
        window->picture = KC_PICTURE_DRAWN_ON;
    }
}

void kc_kept_pop(struct kb_window *window, unsigned index, bool refused)
{
    if (!refused)
        apply(window, &window->sent[index]);
    struct kc_sent spare = window->sent[index];
    window->sent_count--;
    memmove(&window->sent[index], &window->sent[index + 1],
            (window->sent_count - index) * sizeof(window->sent[0]));
    window->sent[window->sent_count] = spare;
    /* While the list is being told to a daemon it stays as it is. */
    if (window->display->leaving != NULL && !window->display->link.reviving)
        kc_images_leave(window->display);
}

void kc_kept_finish(struct kb_window *window)
{
    for (unsigned i = 0; i < KB_CREDITS; i++)
        free(window->sent[i].bytes);
    free(window->kept.bytes);
}

bool kc_kept_merge(struct kb_window *window)
{
    struct kc_sent *sent = &window->sent[0];
    const struct kc_sent *kept = &window->kept;
    size_t units = kept->units + 1 + sent->units;
    if (units > KB_MAX_FRAME_UNITS || kept->width != sent->width || kept->height != sent->height ||
        kept->base_color != sent->base_color)
        return false;
    uint8_t *bytes = malloc(units * KB_COMMAND_UNIT_BYTES);
    if (bytes == NULL)
        return false;
    const struct kb_command_clip all = {.op = KB_COMMAND_CLIP,
                                        .where = {.width = sent->width, .height = sent->height}};
    uint8_t *at = bytes;
    if (kept->units > 0)
        memcpy(at, kept->bytes, kept->units * KB_COMMAND_UNIT_BYTES);
    at += kept->units * KB_COMMAND_UNIT_BYTES;
    memcpy(at, &all, sizeof(all));
    at += sizeof(all);
    if (sent->units > 0)
        memcpy(at, sent->bytes, sent->units * KB_COMMAND_UNIT_BYTES);
    free(sent->bytes);
    sent->bytes = bytes;
    sent->units = sent->units_capacity = units;
    sent->flags |= KB_FRAME_FLAG_CLEAR;
    return true;
}

void kc_kept_images(const struct kc_sent *sent,
                    void (*found)(const struct kb_display *display, uint32_t id, void *context),
                    const struct kb_display *display, void *context)
{
    size_t at = 0;
    while (at < sent->units) {
        const union kb_command *command = (const void *)(sent->bytes + at * KB_COMMAND_UNIT_BYTES);
        if (command->op == KB_COMMAND_BLIT)
            found(display, command->blit.image, context);
        else if (command->op == KB_COMMAND_TRANSFORMED_BLIT)
            found(display, command->transformed_blit.image, context);
        at += command->op == KB_COMMAND_TRANSFORMED_BLIT ? 2 : 1;
    }
}
