/* Drawing into windows, by the names that most programs use. */
#include "client.h"

#define OPAQUE 0xff000000u

struct kb_frame *kb_window_frame(struct kb_window *window)
{
    return &window->frame;
}

void kb_clear(struct kb_window *window)
{
    kb_draw_clear(&window->frame);
}

void kb_fill(struct kb_window *window, const struct kb_rect *rect, uint32_t color)
{
    kb_draw_fill(&window->frame, rect, color | OPAQUE, KB_BLEND_REPLACE);
}

void kb_fill_with(struct kb_window *window, const struct kb_rect *rect, uint32_t color,
                  enum kb_blend blend)
{
    kb_draw_fill(&window->frame, rect, color, blend);
}

void kb_blit(struct kb_window *window, const struct kb_image *image, const struct kb_rect *source,
             int32_t x, int32_t y)
{
    kb_draw_blit(&window->frame, image, source, x, y, NULL);
}

void kb_blit_with(struct kb_window *window, const struct kb_image *image,
                  const struct kb_rect *source, int32_t x, int32_t y,
                  const struct kb_blit_options *options)
{
    kb_draw_blit(&window->frame, image, source, x, y, options);
}

void kb_blit_transformed(struct kb_window *window, const struct kb_image *image,
                         const struct kb_rect *source, const struct kb_transform *transform,
                         const struct kb_blit_options *options)
{
    kb_draw_transformed(&window->frame, image, source, transform, options);
}

void kb_blit_posed(struct kb_window *window, const struct kb_image *image,
                   const struct kb_rect *source, const struct kb_pose *pose,
                   const struct kb_blit_options *options)
{
    kb_draw_posed(&window->frame, image, source, pose, options);
}

void kb_clip(struct kb_window *window, const struct kb_rect *rect)
{
    kb_draw_clip(&window->frame, rect);
}

void *kb_frame_append(struct kb_window *window, size_t units)
{
    return kb_draw_append(&window->frame, units);
}

void kb_frame_trim(struct kb_window *window, size_t units)
{
    kb_draw_trim(&window->frame, units);
}
