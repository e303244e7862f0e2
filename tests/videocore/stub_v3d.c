/*
 * VideoCore VI and VII: the driver writes both lists itself, the one that bins and the one that loads, draws and stores tiles; jobs hand over their
 * addresses (drivers/gpu/drm/v3d/v3d_submit.c). Packets are those of V3D 4.2 and 7.1.
 */
#include <drm/v3d_drm.h>
#include <errno.h>
#include <string.h>

#include "stub.h"

static uint32_t read_32(const uint8_t *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof(value));
    return value;
}

static uint16_t read_16(const uint8_t *at)
{
    uint16_t value;

    memcpy(&value, at, sizeof(value));
    return value;
}

/* Lengths of packets; 0: none that is expected. */
static const uint8_t packet_bytes[256] = {
    [0] = 1,   [1] = 1,   [4] = 1,   [5] = 1,   [6] = 1,   [7] = 1,   [8] = 1,    [9] = 1,
    [10] = 1,  [11] = 1,  [12] = 1,  [13] = 1,  [14] = 2,  [15] = 5,  [16] = 5,   [17] = 5,
    [18] = 1,  [19] = 1,  [20] = 9,  [21] = 2,  [22] = 8,  [23] = 3,  [25] = 2,   [26] = 1,
    [27] = 1,  [29] = 13, [30] = 13, [31] = 1,  [32] = 10, [34] = 14, [36] = 10,  [38] = 14,
    [39] = 14, [43] = 9,  [44] = 9,  [54] = 5,  [55] = 5,  [56] = 2,  [64] = 5,   [71] = 2,
    [73] = 9,  [74] = 2,  [75] = 1,  [80] = 7,  [83] = 2,  [84] = 5,  [86] = 9,   [87] = 5,
    [88] = 1,  [89] = 5,  [91] = 5,  [92] = 5,  [93] = 9,  [96] = 4,  [97] = 1,   [98] = 5,
    [99] = 1,  [100] = 5, [104] = 5, [105] = 5, [106] = 9, [107] = 9, [108] = 9,  [109] = 9,
    [110] = 9, [111] = 9, [112] = 9, [119] = 2, [120] = 9, [121] = 9, [122] = 10, [123] = 5,
    [124] = 4, [125] = 1, [126] = 2,
};
enum {
    PACKET_BRANCH = 16,
    PACKET_RETURN = 18,
    PACKET_TILE_LIST = 20,
    PACKET_SUPERTILE = 23,
    PACKET_CLEAR = 25,
    PACKET_STORE = 29,
    PACKET_LOAD = 30,
    PACKET_INDEXED = 32,
    PACKET_INDEXED_INSTANCED = 34,
    PACKET_ARRAY = 36,
    PACKET_ARRAY_INSTANCED = 38,
    PACKET_INDICES = 44,
    PACKET_SHADER = 64,
    PACKET_CLIP = 107,
    PACKET_MODE = 121,
    PACKET_SUPERTILES = 122
};

struct walk {
    const uint8_t *indices;
    struct drawn drawn;
    struct facts facts;
    int32_t frame_width, frame_height, super_width, super_height; /* in tiles */
    uint32_t tile_list, tile_list_end;
    bool loads, stores;
    bool clears; /* in the list of each tile; only once it is of a tile that is drawn it counts */
};

typedef void packet_fn(struct walk *walk, const uint8_t *packet);

/* From one address to another, along branches. False: a packet that nobody expects. */
static bool walk_list(struct walk *walk, uint32_t at, uint32_t end, packet_fn *look)
{
    while (at != end) {
        const uint8_t *packet = stub_memory(at);
        uint32_t bytes = packet ? packet_bytes[*packet] : 0;

        if (packet && *packet == PACKET_CLEAR && stub_version >= 71)
            bytes = 1;
        if (bytes == 0) {
            stub_tell("\"bad\": \"v3d packet %d at %08x\"", packet ? *packet : -1, at);
            return false;
        }
        if (*packet == PACKET_RETURN)
            return true;
        if (*packet == PACKET_BRANCH) {
            at = read_32(packet + 1);
            continue;
        }
        look(walk, packet);
        at += bytes;
    }
    return true;
}

/* ---- Tiles ---- */

static void look_at_tile(struct walk *walk, const uint8_t *packet)
{
    bool is_color = (packet[1] & 15) < 8;

    walk->loads |= *packet == PACKET_LOAD && is_color;
    walk->stores |= *packet == PACKET_STORE && is_color;
}

static void look_at_frame(struct walk *walk, const uint8_t *packet)
{
    struct facts *facts = &walk->facts;

    if (*packet == PACKET_SUPERTILE) {
        int32_t x1 = packet[1] * walk->super_width, y1 = packet[2] * walk->super_height;
        int32_t x2 = x1 + walk->super_width, y2 = y1 + walk->super_height;

        x2 = x2 > walk->frame_width ? walk->frame_width : x2;
        y2 = y2 > walk->frame_height ? walk->frame_height : y2;
        facts->tiles += (unsigned)((x2 - x1) * (y2 - y1));
    } else if (*packet == PACKET_SUPERTILES) {
        walk->super_width = packet[1] + 1;
        walk->super_height = packet[2] + 1;
        walk->frame_width = read_16(packet + 5) & 0xFFF;
        walk->frame_height = read_16(packet + 6) >> 4;
    } else if (*packet == PACKET_TILE_LIST) {
        walk->tile_list = read_32(packet + 1);
        walk->tile_list_end = read_32(packet + 5);
    } else if (*packet == PACKET_MODE && (packet[1] & (stub_version >= 71 ? 7 : 15)) == 0) {
        facts->width_px = read_16(packet + 2);
        facts->height_px = read_16(packet + 4);
    } else if (*packet == PACKET_MODE && stub_version < 71 && packet[1] == 3) {
        facts->clear_color = read_32(packet + 2);
    } else if (*packet == PACKET_MODE && stub_version >= 71 && (packet[1] & 63) == 2) {
        facts->clear_color = read_32(packet + 5);
    }
}

/* ---- Draws ---- */

/* Textures that a shader's uniforms speak of: words that are the address of a texture's state, which begins with the address of an object. */
static bool find_textures(struct walk *walk, uint32_t first, uint32_t end)
{
    bool found = false;

    for (uint32_t at = first; at < end; at += 4) {
        const uint8_t *word = stub_memory(at);
        const uint8_t *state = word ? stub_memory(read_32(word) & ~15u) : NULL;
        uint32_t base = state ? read_32(state) & ~63u : 0;

        if (stub_is_object(base)) {
            facts_add_texture(&walk->facts, base);
            found = true;
        }
    }
    return found;
}

/* The record of a draw's shaders, followed by one for each attribute. The positions are the first. */
static void look_at_shader(struct walk *walk, uint32_t address)
{
    bool is_new = stub_version >= 71;
    const uint8_t *record = stub_memory(address & ~31u);
    const uint8_t *attribute = record ? record + (is_new ? 32 : 36) : NULL;
    struct drawn *drawn = &walk->drawn;

    drawn->positions = NULL;
    drawn->has_texture = false;
    if (!record)
        return;
    uint32_t uniforms = read_32(record + (is_new ? 12 : 16));
    uint32_t next = read_32(record + (is_new ? 20 : 24)); /* the vertex shader's follow them */

    drawn->has_texture =
        find_textures(walk, uniforms, next - uniforms < 1024 ? next : uniforms + 64);
    drawn->positions = stub_memory(read_32(attribute));
    drawn->is_float = (attribute[4] >> 2 & 7) == 2;
    drawn->stride_bytes = read_32(attribute + 8);
}

static void look_at_draw(struct walk *walk, const uint8_t *packet)
{
    struct drawn *drawn = &walk->drawn;
    bool has_indices = *packet == PACKET_INDEXED || *packet == PACKET_INDEXED_INSTANCED;
    bool has_instances = *packet == PACKET_INDEXED_INSTANCED || *packet == PACKET_ARRAY_INSTANCED;
    uint32_t last = read_32(packet + (has_instances ? 10 : 6));

    drawn->count = read_32(packet + 2) & 0x7FFFFFFF;
    drawn->index_bytes = 1u << (packet[1] >> 6);
    drawn->indices = has_indices && walk->indices ? walk->indices + last : NULL;
    drawn->first = has_indices ? 0 : last;
    facts_add_draw(&walk->facts, drawn);
}

static void look_at_list(struct walk *walk, const uint8_t *packet)
{
    struct box *clip = &walk->drawn.clip;

    switch (*packet) {
    case PACKET_SHADER: look_at_shader(walk, read_32(packet + 1)); break;
    case PACKET_INDICES: walk->indices = stub_memory(read_32(packet + 1)); break;
    case PACKET_CLIP:
        clip->x1 = read_16(packet + 1);
        clip->y1 = read_16(packet + 3);
        clip->x2 = clip->x1 + read_16(packet + 5);
        clip->y2 = clip->y1 + read_16(packet + 7);
        break;
    case PACKET_INDEXED:
    case PACKET_INDEXED_INSTANCED:
    case PACKET_ARRAY:
    case PACKET_ARRAY_INSTANCED: look_at_draw(walk, packet); break;
    default: break;
    }
}

static int submit(const struct drm_v3d_submit_cl *job)
{
    struct walk walk = {.super_width = 1, .super_height = 1};

    if (stub_fault("submit")) {
        stub_tell("\"refused\": \"submit\"");
        return EIO;
    }
    walk.facts.chip = "v3d";
    if (!walk_list(&walk, job->rcl_start, job->rcl_end, look_at_frame) ||
        !walk_list(&walk, walk.tile_list, walk.tile_list_end, look_at_tile) ||
        !walk_list(&walk, job->bcl_start, job->bcl_end, look_at_list))
        return EINVAL;
    walk.facts.tiles_loaded = walk.loads ? walk.facts.tiles : 0;
    walk.facts.tiles_stored = walk.stores ? walk.facts.tiles : 0;
    walk.facts.is_cleared = !walk.loads;
    walk.facts.bytes = job->bcl_end - job->bcl_start;
    facts_tell(&walk.facts);
    return 0;
}

/* ---- The rest ---- */

static int get_param(struct drm_v3d_get_param *param)
{
    bool is_new = stub_version >= 71;

    switch (param->param) {
    case DRM_V3D_PARAM_V3D_UIFCFG: param->value = 0x45; return 0;
    case DRM_V3D_PARAM_V3D_HUB_IDENT1: param->value = 0x000e1124; return 0;
    case DRM_V3D_PARAM_V3D_HUB_IDENT2: param->value = 0x100; return 0;
    case DRM_V3D_PARAM_V3D_HUB_IDENT3: param->value = 0xe00; return 0;
    case DRM_V3D_PARAM_V3D_CORE0_IDENT0:
        param->value = stub_fault("unknown-chip") ? 0x09443356 : is_new ? 0x07443356 : 0x04443356;
        return 0;
    case DRM_V3D_PARAM_V3D_CORE0_IDENT1:
        param->value = is_new ? 0x81001441 : 0x81001422; /* 16 or 8 processors */
        return 0;
    case DRM_V3D_PARAM_V3D_CORE0_IDENT2: param->value = 0x40078121; return 0;
    case DRM_V3D_PARAM_SUPPORTS_TFU:
    case DRM_V3D_PARAM_SUPPORTS_CSD:
    case DRM_V3D_PARAM_SUPPORTS_CACHE_FLUSH: param->value = 1; return 0;
    default: param->value = 0; return 0;
    }
}

static int map_object(struct node *node, uint32_t handle, uint64_t *offset)
{
    const struct object *object = stub_object(node, handle);

    if (!object)
        return ENOENT;
    *offset = object->address;
    return 0;
}

int v3d_ioctl(struct node *node, unsigned nr, void *arg)
{
    struct drm_v3d_create_bo *create = arg;
    struct drm_v3d_mmap_bo *map = arg;
    struct drm_v3d_get_bo_offset *get = arg;
    uint64_t offset = 0;
    int error = 0;

    switch (nr) {
    case DRM_V3D_SUBMIT_CL: return submit(arg);
    case DRM_V3D_SUBMIT_TFU: stub_tell("\"copy\": \"tfu\""); return 0;
    case DRM_V3D_SUBMIT_CSD: stub_tell("\"copy\": \"csd\""); return 0;
    case DRM_V3D_WAIT_BO: return 0;
    case DRM_V3D_CREATE_BO:
        create->handle = stub_create(node, create->size);
        create->offset = stub_object(node, create->handle)->address;
        return 0;
    case DRM_V3D_MMAP_BO:
        error = map_object(node, map->handle, &offset);
        map->offset = offset;
        return error;
    case DRM_V3D_GET_BO_OFFSET:
        error = map_object(node, get->handle, &offset);
        get->offset = (uint32_t)offset;
        return error;
    case DRM_V3D_GET_PARAM: return get_param(arg);
    default: return EINVAL;
    }
}
