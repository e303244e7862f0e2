/*
 * Few draws of many quads. A quad goes into the last batch that is like it, unless it lies over something that was added after that: then it begins a new one.
 * Vertices of all of them are uploaded at once.
 */
#include <GLES2/gl2.h>
#include <GLES2/gl2ext.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/switches.h"
#include "render/gles_impl.h"

/* So many batches are looked at, from the last one back. */
#define LOOK_BACK 16

/* Indices of 16 bits reach so many quads. */
#define QUADS_AT_ONCE 16384

/* ---- Adding ---------------------------------------------------------------------------------------- */

void kd_gles_batches_begin(struct kd_gles *gles)
{
    struct kd_gles_batches *batches = &gles->batches;

    batches->batches_count = batches->quads_count = batches->sampled_count = batches->barrier = 0;
    batches->area_px = 0;
    batches->ops = 0;
}

void kd_gles_batches_rectangle(struct kd_gles *gles)
{
    gles->batches.barrier = gles->batches.batches_count;
}

static bool same_state(const struct kd_gles_state *a, const struct kd_gles_state *b)
{
    return a->program == b->program && a->blend == b->blend && a->bilinear == b->bilinear &&
           a->page == b->page;
}

/* Parts of the target: from first on and before end. */
struct parts {
    uint32_t y1, y2;
    uint16_t across; /* bits */
};

/* A box of the rectangle that quads are added to now. */
static struct parts parts_of(const struct kd_gles *gles, struct kd_box where, uint32_t rectangle)
{
    const struct kd_box all = gles->rectangles[rectangle];
    const int32_t width = kd_box_width(all), height = kd_box_height(all);
    const int32_t x1 = kd_max(where.x1 - all.x1, 0) * KD_GLES_PARTS / width;
    const int32_t y1 = kd_max(where.y1 - all.y1, 0) * KD_GLES_PARTS / height;
    const int32_t x2 = kd_min((where.x2 - all.x1 - 1) * KD_GLES_PARTS / width, KD_GLES_PARTS - 1);
    const int32_t y2 = kd_min((where.y2 - all.y1 - 1) * KD_GLES_PARTS / height, KD_GLES_PARTS - 1);

    return (struct parts){(uint32_t)y1, (uint32_t)y2 + 1, (uint16_t)((2U << x2) - (1U << x1))};
}

static bool is_over(const struct kd_gles_batch *batch, struct kd_box where, struct parts parts)
{
    const uint32_t first = batch->count < KD_GLES_FIRST ? batch->count : KD_GLES_FIRST;

    for (uint32_t i = 0; i < first; i++)
        if (!kd_box_empty(kd_box_intersect(kd_cover_box(batch->quads[i]), where)))
            return true;
    for (uint32_t y = parts.y1; batch->count > KD_GLES_FIRST && y < parts.y2; y++)
        if (batch->taken[y] & parts.across)
            return true;
    return false;
}

static void take(struct kd_gles_batch *batch, struct kd_box where, struct parts parts)
{
    if (batch->count < KD_GLES_FIRST)
        batch->quads[batch->count] = kd_cover_of(where);
    else
        for (uint32_t y = parts.y1; y < parts.y2; y++)
            batch->taken[y] |= parts.across;
    batch->count++;
}

/* The batch for a quad, which it then counts. NULL: out of memory. */
static struct kd_gles_batch *find_batch(struct kd_gles *gles, const struct kd_gles_state *state,
                                        struct kd_box where, uint32_t rectangle)
{
    struct kd_gles_batches *batches = &gles->batches;
    struct kd_gles_batch *list =
        kd_gles_room_for(gles, &batches->batches, batches->batches_count + 1, sizeof(*list));
    const struct parts parts = parts_of(gles, where, rectangle);
    uint32_t first = batches->batches_count > batches->barrier + LOOK_BACK
                         ? batches->batches_count - LOOK_BACK
                         : batches->barrier;

    if (!list)
        return NULL;
    for (uint32_t i = batches->batches_count; i > first && kd_switch_is_on(KD_SWITCH_GPU_BATCHES);
         i--) {
        struct kd_gles_batch *batch = &list[i - 1];

        if (same_state(&batch->state, state)) {
            take(batch, where, parts);
            return batch;
        }
        if (is_over(batch, where, parts))
            break;
    }
    list[batches->batches_count] = (struct kd_gles_batch){.state = *state, .rectangle = rectangle};
    take(&list[batches->batches_count], where, parts);
    return &list[batches->batches_count++];
}

/* What the quad costs. */
static void count_quad(struct kd_gles *gles, const struct kd_gles_state *state, struct kd_box where)
{
    const uint64_t area_px = (uint64_t)kd_box_area(where);

    gles->batches.area_px += (int64_t)area_px;
    gles->counters.quads++;
    if (state->blend != KD_GLES_NONE)
        gles->counters.blended_px += area_px;
    if (state->page)
        gles->counters.textured_px += area_px;
    else
        gles->counters.filled_px += area_px;
}

int kd_gles_add_quad(struct kd_gles *gles, const struct kd_gles_state *state,
                     struct kd_gles_quad *quad, uint32_t rectangle)
{
    struct kd_gles_batches *batches = &gles->batches;
    const struct kd_box where = kd_cover_box(quad->where);
    struct kd_gles_quad *list =
        kd_gles_room_for(gles, &batches->quads, batches->quads_count + 1, sizeof(*list));
    struct kd_gles_batch *batch = find_batch(gles, state, where, rectangle);

    if (!list || !batch)
        return -ENOMEM;
    quad->batch = (uint32_t)(batch - (struct kd_gles_batch *)batches->batches.data);
    list[batches->quads_count++] = *quad;
    count_quad(gles, state, where);
    return 0;
}

int kd_gles_add_sampled(struct kd_gles *gles, const struct kd_gles_state *state,
                        const struct kd_gles_vertex corners[4], struct kd_box bounds,
                        uint32_t rectangle)
{
    struct kd_gles_batches *batches = &gles->batches;
    const uint32_t n = batches->sampled_count;
    struct kd_gles_vertex *list =
        kd_gles_room_for(gles, &batches->sampled, ((size_t)n + 1) * 4, sizeof(*list));
    uint32_t *of = kd_gles_room_for(gles, &batches->sampled_batch, n + 1, sizeof(*of));
    struct kd_gles_batch *batch = find_batch(gles, state, bounds, rectangle);

    if (!list || !of || !batch)
        return -ENOMEM;
    of[n] = (uint32_t)(batch - (struct kd_gles_batch *)batches->batches.data);
    memcpy(&list[(size_t)n * 4], corners, 4 * sizeof(*corners));
    batches->sampled_count++;
    count_quad(gles, state, bounds);
    return 0;
}

/* ---- Vertices -------------------------------------------------------------------------------------- */

/* A corner of a quad, as the GPU reads it. */
struct corner {
    int16_t x, y;
    uint16_t u, v; /* of the page, 65535 being 1 */
    struct kd_gles_color color;
};

static bool is_sampled(const struct kd_gles_state *state)
{
    return state->program == KD_GLES_SCALED || state->program == KD_GLES_SAMPLED;
}

/* An edge of texels in a page: a quad's texels are sampled at their centres, so that it may be a 60th of a texel away. */
static uint16_t place_of(int32_t at, int32_t edge_px)
{
    return (uint16_t)((at * 65535 + edge_px / 2) / edge_px);
}

static void write_quad(struct corner out[4], const struct kd_gles_quad *quad,
                       const struct kd_gles_page *page)
{
    const int32_t width = page ? page->width_px : 1, height = page ? page->height_px : 1;
    const uint16_t u1 = place_of(quad->u1, width), u2 = place_of(quad->u2, width);
    const uint16_t v1 = place_of(quad->v1, height), v2 = place_of(quad->v2, height);
    const struct kd_cover w = quad->where;
    const struct kd_gles_color color = quad->color;

    out[0] = (struct corner){w.x1, w.y1, u1, v1, color};
    out[1] = (struct corner){w.x2, w.y1, quad->turned ? u1 : u2, quad->turned ? v2 : v1, color};
    out[2] = (struct corner){w.x2, w.y2, u2, v2, color};
    out[3] = (struct corner){w.x1, w.y2, quad->turned ? u2 : u1, quad->turned ? v1 : v2, color};
}

/* Puts the vertices of all quads into one buffer, those of a batch beside each other: plain ones first. */
static int write_vertices(struct kd_gles *gles)
{
    struct kd_gles_batches *batches = &gles->batches;
    struct kd_gles_batch *list = batches->batches.data;
    const struct kd_gles_quad *quads = batches->quads.data;
    const struct kd_gles_vertex *sampled = batches->sampled.data;
    const uint32_t *of = batches->sampled_batch.data;
    const size_t plain_bytes = batches->quads_count * 4 * sizeof(struct corner);
    const size_t bytes = plain_bytes + batches->sampled_count * 4 * sizeof(struct kd_gles_vertex);
    char *out = kd_gles_room_for(gles, &batches->vertices, bytes, 1);
    uint32_t next[2] = {0, 0};

    if (!out)
        return -ENOMEM;
    for (uint32_t i = 0; i < batches->batches_count; i++) {
        list[i].first = next[is_sampled(&list[i].state)];
        next[is_sampled(&list[i].state)] += list[i].count;
    }
    for (uint32_t i = 0; i < batches->quads_count; i++) {
        struct kd_gles_batch *batch = &list[quads[i].batch];

        write_quad((struct corner *)(void *)out + 4 * (size_t)batch->first++, &quads[i],
                   batch->state.page);
    }
    for (uint32_t i = 0; i < batches->sampled_count; i++)
        memcpy((struct kd_gles_vertex *)(void *)(out + plain_bytes) +
                   4 * (size_t)list[of[i]].first++,
               &sampled[(size_t)i * 4], 4 * sizeof(*sampled));
    for (uint32_t i = 0; i < batches->batches_count; i++)
        list[i].first -= list[i].count;
    glBufferData(GL_ARRAY_BUFFER, (GLsizeiptr)bytes, out, GL_STREAM_DRAW);
    return 0;
}

/* ---- Drawing --------------------------------------------------------------------------------------- */

/* What the context is set to. */
struct drawing {
    struct kd_gles *gles;
    bool is_first;
    struct kd_gles_state state;
    uint32_t rectangle;
    float scale[2];
    bool scaled[KD_GLES_PROGRAMS]; /* the program has the scale */
    uint32_t formats;              /* 1: plain vertices, 2: sampled ones */
};

static void set_blend(enum kd_gles_blend blend, bool was_on)
{
    static const struct {
        unsigned equation, source, target;
    } blends[] = {
        [KD_GLES_OVER] = {GL_FUNC_ADD, GL_ONE, GL_ONE_MINUS_SRC_ALPHA},
        [KD_GLES_STRAIGHT] = {GL_FUNC_ADD, GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA},
        [KD_GLES_ADD] = {GL_FUNC_ADD, GL_ONE, GL_ONE},
        [KD_GLES_SUB] = {GL_FUNC_REVERSE_SUBTRACT, GL_ONE, GL_ONE},
        [KD_GLES_MULT] = {GL_FUNC_ADD, GL_DST_COLOR, GL_ZERO},
        [KD_GLES_MIN] = {GL_MIN_EXT, GL_ONE, GL_ONE},
        [KD_GLES_MAX] = {GL_MAX_EXT, GL_ONE, GL_ONE},
    };

    if (blend == KD_GLES_NONE) {
        glDisable(GL_BLEND);
        return;
    }
    if (!was_on)
        glEnable(GL_BLEND);
    glBlendEquation(blends[blend].equation);
    glBlendFunc(blends[blend].source, blends[blend].target);
}

static void set_page(struct drawing *drawing, const struct kd_gles_state *state)
{
    const int filter = state->bilinear ? GL_LINEAR : GL_NEAREST;

    if (drawing->is_first || drawing->state.page != state->page) {
        glBindTexture(GL_TEXTURE_2D, state->page->texture);
        drawing->gles->counters.texture_switches++;
    }
    if (state->page->bilinear != state->bilinear) {
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, filter);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, filter);
        state->page->bilinear = state->bilinear;
    }
    drawing->state.page = state->page;
}

static void set_state(struct drawing *drawing, const struct kd_gles_state *state)
{
    const struct kd_gles_batches *batches = &drawing->gles->batches;
    const bool first = drawing->is_first;

    if (first || drawing->state.program != state->program) {
        glUseProgram(batches->programs[state->program]);
        if (!drawing->scaled[state->program])
            glUniform2f(batches->scales[state->program], drawing->scale[0], drawing->scale[1]);
        drawing->scaled[state->program] = true;
    }
    if (first || drawing->state.blend != state->blend)
        set_blend(state->blend, !first && drawing->state.blend != KD_GLES_NONE);
    if (state->page)
        set_page(drawing, state);
    drawing->state.program = state->program;
    drawing->state.blend = state->blend;
    drawing->is_first = false;
}

/* Where the attributes of a kind of vertex are, counted from the quad that comes first. */
static void set_vertices(const struct drawing *drawing, bool sampled, uint32_t first)
{
    const size_t stride = sampled ? sizeof(struct kd_gles_vertex) : sizeof(struct corner);
    const char *base = NULL;

    base += (size_t)first * 4 * stride;
    if (!sampled) {
        glVertexAttribPointer(0, 2, GL_SHORT, GL_FALSE, (int)stride, base);
        glVertexAttribPointer(1, 2, GL_UNSIGNED_SHORT, GL_TRUE, (int)stride,
                              base + offsetof(struct corner, u));
        glVertexAttribPointer(2, 4, GL_UNSIGNED_SHORT, GL_TRUE, (int)stride,
                              base + offsetof(struct corner, color));
        glDisableVertexAttribArray(3);
        return;
    }
    base += drawing->gles->batches.quads_count * 4 * sizeof(struct corner);
    glVertexAttribPointer(0, 2, GL_FLOAT, GL_FALSE, (int)stride, base);
    glVertexAttribPointer(1, 2, GL_FLOAT, GL_FALSE, (int)stride,
                          base + offsetof(struct kd_gles_vertex, u));
    glVertexAttribPointer(2, 4, GL_UNSIGNED_SHORT, GL_TRUE, (int)stride,
                          base + offsetof(struct kd_gles_vertex, color));
    glVertexAttribPointer(3, 4, GL_FLOAT, GL_FALSE, (int)stride,
                          base + offsetof(struct kd_gles_vertex, box));
    glEnableVertexAttribArray(3);
}

/* The quads of a batch: those that indices reach from one place, at a time. */
static void draw_batch(struct drawing *drawing, const struct kd_gles_batch *batch, uint32_t *base)
{
    const bool sampled = is_sampled(&batch->state);
    const uint32_t format = sampled ? 2 : 1;

    for (uint32_t done = 0, count; done < batch->count; done += count) {
        const uint32_t first = batch->first + done;
        const uint32_t from = first / QUADS_AT_ONCE * QUADS_AT_ONCE;
        const char *indices = NULL;

        count = batch->count - done;
        if (first - from + count > QUADS_AT_ONCE)
            count = from + QUADS_AT_ONCE - first;
        if (drawing->formats != format || *base != from) {
            set_vertices(drawing, sampled, from);
            drawing->formats = format;
            *base = from;
        }
        glDrawElements(GL_TRIANGLES, (int)count * 6, GL_UNSIGNED_SHORT,
                       indices + (size_t)(first - from) * 6 * sizeof(uint16_t));
        drawing->gles->counters.draws++;
    }
}

int kd_gles_batches_draw(struct kd_gles *gles, int32_t width_px, int32_t height_px)
{
    struct kd_gles_batches *batches = &gles->batches;
    const struct kd_gles_batch *list = batches->batches.data;
    struct drawing drawing = {.gles = gles,
                              .is_first = true,
                              .rectangle = UINT32_MAX,
                              .scale = {2.0F / (float)width_px, 2.0F / (float)height_px}};
    uint32_t base = 0;

    glBindBuffer(GL_ARRAY_BUFFER, batches->vertex_buffer);
    glBindBuffer(GL_ELEMENT_ARRAY_BUFFER, batches->index_buffer);
    if (write_vertices(gles) < 0)
        return -ENOMEM;
    for (uint32_t i = 0; i < 3; i++)
        glEnableVertexAttribArray(i);
    for (uint32_t i = 0; i < batches->batches_count; i++) {
        if (list[i].rectangle != drawing.rectangle) {
            const struct kd_box box = gles->rectangles[list[i].rectangle];

            if (gles->limits.flushes && drawing.rectangle != UINT32_MAX)
                glFlush();
            glScissor(box.x1, box.y1, kd_box_width(box), kd_box_height(box));
            drawing.rectangle = list[i].rectangle;
            gles->counters.rectangles++;
        }
        set_state(&drawing, &list[i].state);
        draw_batch(&drawing, &list[i], &base);
    }
    return 0;
}
