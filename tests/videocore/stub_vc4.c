/*
 * VideoCore IV: jobs are handed over as lists in the program's memory, which the kernel checks and completes; the list that loads and stores
 * tiles it makes itself (drivers/gpu/drm/vc4/vc4_validate.c, vc4_render_cl.c).
 */
#include <drm/vc4_drm.h>
#include <errno.h>
#include <string.h>

#include "stub.h"

#define NO_BUFFER UINT32_MAX
#define QPU_TMU_FIRST \
    56                  /* the registers that a lookup in a texture is written to: S of TMU 0 ... */
#define QPU_TMU_LAST 63 /* ... to B of TMU 1 */

static uint32_t read_32(const void *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof(value));
    return value;
}

static uint16_t read_16(const void *at)
{
    uint16_t value;

    memcpy(&value, at, sizeof(value));
    return value;
}

/* Lengths of the packets that the kernel's check lets through; 0: refused. */
static const uint8_t packet_bytes[256] = {
    [0] = 1,   [1] = 1,   [4] = 1,   [5] = 1,   [6] = 1,    [7] = 1,   [32] = 14, [33] = 10,
    [56] = 2,  [64] = 5,  [96] = 4,  [97] = 5,  [98] = 5,   [99] = 5,  [100] = 3, [101] = 5,
    [102] = 9, [103] = 5, [105] = 9, [106] = 9, [112] = 16, [254] = 9,
};
enum {
    PACKET_HALT = 0,
    PACKET_INDEXED = 32,
    PACKET_ARRAY = 33,
    PACKET_SHADER = 64,
    PACKET_CLIP = 102,
    PACKET_HANDLES = 254
};

/* A job being looked at. */
struct walk {
    struct node *node;
    const struct drm_vc4_submit_cl *job;
    const uint32_t *handles;
    const uint8_t *shader_record, *uniforms; /* what is left of both */
    uint32_t index_buffer;
    struct drawn drawn;
    struct facts facts;
};

static const struct object *object_at(const struct walk *walk, uint32_t index)
{
    return index < walk->job->bo_handle_count ? stub_object(walk->node, walk->handles[index])
                                              : NULL;
}

/* How many lookups the shader makes; they are what its uniforms begin with. A lookup ends with a write to S. */
static unsigned count_samples(const void *code, uint32_t size_bytes)
{
    unsigned count = 0;

    for (uint32_t i = 0; i + 8 <= size_bytes; i += 8) {
        uint32_t high = read_32((const uint8_t *)code + i + 4);
        uint32_t add = high >> 6 & 63, mul = high & 63;

        count += add == QPU_TMU_FIRST || add == QPU_TMU_FIRST + 4;
        count += mul == QPU_TMU_FIRST || mul == QPU_TMU_FIRST + 4;
    }
    return count;
}

/* The words that a shader reads as uniforms, and two for each address of a lookup. */
static unsigned count_uniforms(const void *code, uint32_t size_bytes)
{
    unsigned count = 0;

    for (uint32_t i = 0; i + 8 <= size_bytes; i += 8) {
        uint32_t low = read_32((const uint8_t *)code + i);
        uint32_t high = read_32((const uint8_t *)code + i + 4);
        unsigned signal = high >> 28, add = high >> 6 & 63, mul = high & 63;
        bool is_load = signal >= 14;

        if (!is_load && ((low >> 18 & 63) == 32 || (signal != 13 && (low >> 12 & 63) == 32)))
            count++;
        /* Each write to a lookup's register reads a word, too. */
        count += add >= QPU_TMU_FIRST && add <= QPU_TMU_LAST;
        count += mul >= QPU_TMU_FIRST && mul <= QPU_TMU_LAST;
    }
    return count;
}

/* A shader's code, attributes' places, and textures: the record is preceded by the buffers that it refers to. */
static bool read_shader(struct walk *walk, uint32_t bits)
{
    unsigned attributes = (bits & 7) ? bits & 7 : 8;
    const uint8_t *buffers = walk->shader_record;
    const uint8_t *record = buffers + 4 * (3 + attributes);

    walk->drawn.has_texture = false;
    walk->drawn.positions = NULL;
    for (unsigned i = 0; i < 3; i++) {
        const struct object *code = object_at(walk, read_32(buffers + 4 * i));

        if (!code)
            return false;
        if (i == 0)
            facts_add_shader(&walk->facts, code->instructions);
        for (unsigned t = 0; t < code->texture_samples; t++) {
            const struct object *texture = object_at(walk, read_32(walk->uniforms + 4 * t));

            if (!texture)
                return false;
            facts_add_texture(&walk->facts, texture->address);
            walk->drawn.has_texture = true;
        }
        walk->uniforms += 4 * (code->texture_samples +
                               count_uniforms(stub_memory(code->address), code->instructions * 8));
    }
    const struct object *vertices = object_at(walk, read_32(buffers + 12));

    if (vertices) {
        walk->drawn.positions = (uint8_t *)stub_memory(vertices->address) + read_32(record + 36);
        walk->drawn.is_float = record[40] + 1 >= 8;
        walk->drawn.stride_bytes = record[41];
    }
    walk->shader_record = record + ((bits & 8) ? 100 + attributes * 4 : 36 + attributes * 8);
    return true;
}

static bool read_draw(struct walk *walk, const uint8_t *packet)
{
    struct drawn *drawn = &walk->drawn;

    drawn->count = read_32(packet + 2);
    drawn->indices = NULL;
    drawn->first = 0;
    if (*packet == PACKET_INDEXED) {
        const struct object *indices = object_at(walk, walk->index_buffer);

        if (!indices)
            return false;
        drawn->index_bytes = packet[1] >> 4 ? 2 : 1;
        drawn->indices = (uint8_t *)stub_memory(indices->address) + read_32(packet + 6);
    } else {
        drawn->first = read_32(packet + 6);
    }
    facts_add_draw(&walk->facts, drawn);
    return true;
}

static bool read_packet(struct walk *walk, const uint8_t *packet)
{
    switch (*packet) {
    case PACKET_SHADER: return read_shader(walk, read_32(packet + 1));
    case PACKET_INDEXED:
    case PACKET_ARRAY: return read_draw(walk, packet);
    case PACKET_HANDLES: walk->index_buffer = read_32(packet + 1); return true;
    case PACKET_CLIP:
        walk->drawn.clip.x1 = read_16(packet + 1);
        walk->drawn.clip.y1 = read_16(packet + 3);
        walk->drawn.clip.x2 = walk->drawn.clip.x1 + read_16(packet + 5);
        walk->drawn.clip.y2 = walk->drawn.clip.y1 + read_16(packet + 7);
        return true;
    default: return true;
    }
}

static bool read_list(struct walk *walk)
{
    const uint8_t *list = (const uint8_t *)(uintptr_t)walk->job->bin_cl;

    for (uint32_t at = 0; at < walk->job->bin_cl_size; at += packet_bytes[list[at]]) {
        if (packet_bytes[list[at]] == 0 || !read_packet(walk, list + at)) {
            stub_tell("\"bad\": \"vc4 packet %u at %u\"", list[at], at);
            return false;
        }
        if (list[at] == PACKET_HALT)
            break;
    }
    return true;
}

/* What the kernel's own list does, for each tile between the corners. */
static void read_tiles(struct walk *walk)
{
    const struct drm_vc4_submit_cl *job = walk->job;
    struct facts *facts = &walk->facts;

    facts->width_px = job->width;
    facts->height_px = job->height;
    facts->tiles = (unsigned)(job->max_x_tile - job->min_x_tile + 1) *
                   (unsigned)(job->max_y_tile - job->min_y_tile + 1);
    facts->tiles_loaded = job->color_read.hindex == NO_BUFFER ? 0 : facts->tiles;
    facts->tiles_stored = job->color_write.hindex == NO_BUFFER ? 0 : facts->tiles;
    facts->is_cleared = job->flags & VC4_SUBMIT_CL_USE_CLEAR_COLOR;
    facts->clear_color = job->clear_color[0];
    facts->bytes = job->bin_cl_size;
}

static int submit(struct node *node, struct drm_vc4_submit_cl *job)
{
    static uint64_t seqno;
    struct walk walk = {.node = node,
                        .job = job,
                        .handles = (const uint32_t *)(uintptr_t)job->bo_handles,
                        .shader_record = (const uint8_t *)(uintptr_t)job->shader_rec,
                        .uniforms = (const uint8_t *)(uintptr_t)job->uniforms};

    if (stub_fault("submit")) {
        stub_tell("\"refused\": \"submit\"");
        return EIO;
    }
    walk.facts.chip = "vc4";
    read_tiles(&walk);
    if (job->bin_cl_size > 0 && !read_list(&walk))
        return EINVAL;
    facts_tell(&walk.facts);
    job->seqno = ++seqno;
    return 0;
}

static int create_shader(struct node *node, struct drm_vc4_create_shader_bo *shader)
{
    const void *code = (const void *)(uintptr_t)shader->data;
    struct object *object;

    shader->handle = stub_create(node, shader->size);
    object = stub_object(node, shader->handle);
    memcpy(stub_memory(object->address), code, shader->size);
    object->texture_samples = count_samples(code, shader->size);
    object->instructions = shader->size / 8;
    return 0;
}

static int tiling(struct node *node, uint32_t handle, uint64_t *modifier, bool is_set)
{
    struct object *object = stub_object(node, handle);

    if (!object)
        return ENOENT;
    *(is_set ? &object->modifier : modifier) = is_set ? *modifier : object->modifier;
    return 0;
}

static int get_param(struct drm_vc4_get_param *param)
{
    switch (param->param) {
    case DRM_VC4_PARAM_V3D_IDENT0:
        param->value = stub_fault("unknown-chip") ? 0x09000000 : 0x02443356;
        return 0;
    case DRM_VC4_PARAM_V3D_IDENT1: param->value = stub_fault("unknown-chip") ? 0x09 : 0x1; return 0;
    case DRM_VC4_PARAM_V3D_IDENT2:
    case DRM_VC4_PARAM_SUPPORTS_MADVISE:
    case DRM_VC4_PARAM_SUPPORTS_PERFMON: param->value = 0; return 0;
    default: param->value = 1; return 0;
    }
}

int vc4_ioctl(struct node *node, unsigned nr, void *arg)
{
    struct drm_vc4_create_bo *create = arg;
    struct drm_vc4_mmap_bo *map = arg;
    struct drm_vc4_get_tiling *get = arg;
    struct drm_vc4_set_tiling *set = arg;
    struct drm_vc4_gem_madvise *madvise = arg;

    switch (nr) {
    case DRM_VC4_SUBMIT_CL: return submit(node, arg);
    case DRM_VC4_WAIT_SEQNO:
    case DRM_VC4_WAIT_BO:
    case DRM_VC4_LABEL_BO: return 0;
    case DRM_VC4_CREATE_BO: create->handle = stub_create(node, create->size); return 0;
    case DRM_VC4_MMAP_BO:
        if (!stub_object(node, map->handle))
            return EINVAL;
        map->offset = stub_object(node, map->handle)->address;
        return 0;
    case DRM_VC4_CREATE_SHADER_BO: return create_shader(node, arg);
    case DRM_VC4_GET_PARAM: return get_param(arg);
    case DRM_VC4_SET_TILING: return tiling(node, set->handle, (uint64_t *)&set->modifier, true);
    case DRM_VC4_GET_TILING: return tiling(node, get->handle, (uint64_t *)&get->modifier, false);
    case DRM_VC4_GEM_MADVISE: madvise->retained = 1; return 0;
    default: return EINVAL;
    }
}
