/*
 * The graphics devices of a Raspberry Pi, as far as Mesa's drivers vc4 and v3d look at them: nodes in /dev/dri, buffer objects, jobs. Nothing is drawn:
 * every job is taken apart and told as a line of facts. Loaded with LD_PRELOAD into a program for arm64.
 *
 * VIDEOCORE_MACHINE says which Pi it is (stub.c has the table), VIDEOCORE_LOG where the facts go, VIDEOCORE_FAULTS what goes wrong.
 */
#ifndef STUB_H
#define STUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- Nodes ---- */

enum chip { CHIP_DISPLAY, CHIP_VC4, CHIP_V3D };

struct node {
    const char *path; /* "/dev/dri/renderD128" */
    enum chip chip;
    bool is_primary;
    int device; /* nodes of one device have the same number */
    int minor;
    int fd;            /* its stand-in, which others are duplicates of; -1: never opened */
    uint32_t *objects; /* by handle: an index into the objects; 0: free */
};

/* 42 or 71, of the v3d. */
extern int stub_version;

bool stub_fault(const char *name);

/* ---- Memory (stub_memory.c) ---- */

/* A buffer object, at an address that the GPU knows it by. */
struct object {
    uint32_t address, size_bytes;
    uint32_t references; /* handles, and one for having been exported */
    uint64_t modifier;
    uint64_t dmabuf_inode;                  /* 0: not exported */
    unsigned texture_samples, instructions; /* of a vc4 shader */
};

int stub_memory_fd(void);
void *stub_memory(uint32_t address);                                  /* NULL: not in any object */
bool stub_is_object(uint32_t address);                                /* whether one begins there */
struct object *stub_object(const struct node *node, uint32_t handle); /* NULL: no such handle */
uint32_t stub_create(struct node *node, uint64_t size_bytes);         /* a handle */
int stub_close(struct node *node, uint32_t handle);
int stub_export(struct node *node, uint32_t handle, int *fd);
int stub_import(struct node *node, int fd, uint32_t *handle);
/* Bytes of all objects that there are. */
uint64_t stub_memory_bytes(void);

/* ---- Facts (stub_facts.c) ---- */

struct box {
    int32_t x1, y1, x2, y2;
};

#define CLIPS_MAX    64
#define TEXTURES_MAX 32
#define SHADERS_MAX  32

/* What one job does. */
struct facts {
    const char *chip;
    int32_t width_px, height_px;
    unsigned tiles; /* that the render list visits */
    unsigned tiles_loaded, tiles_stored;
    bool is_cleared; /* by the tile buffer */
    uint32_t clear_color;
    unsigned draws, indices;
    unsigned clips_count; /* different scissors, in order of their first use */
    struct box clips[CLIPS_MAX];
    uint64_t textured_px,
        plain_px; /* areas of quads within their scissors, with and without a texture */
    unsigned textures_count;
    uint32_t textures[TEXTURES_MAX];
    unsigned shaders_count;        /* of fragments; only a vc4's are known */
    uint32_t shaders[SHADERS_MAX]; /* instructions of each */
    unsigned bytes;                /* of the binning list */
};

/* One draw, as the hardware will read it. */
struct drawn {
    struct box clip;
    const uint8_t *positions; /* of vertex 0; NULL: not known */
    uint32_t stride_bytes;
    bool is_float;       /* else 16 bits, signed */
    const void *indices; /* NULL: one after the other */
    unsigned index_bytes, count, first;
    bool has_texture;
};

void facts_add_draw(struct facts *facts, const struct drawn *drawn);
void facts_add_texture(struct facts *facts, uint32_t address);
void facts_add_shader(struct facts *facts, uint32_t instructions);
void facts_tell(const struct facts *facts);

/* Anything else, as a JSON object without its braces. */
void stub_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- The two GPUs; 0 or an errno ---- */

int vc4_ioctl(struct node *node, unsigned nr, void *arg);
int v3d_ioctl(struct node *node, unsigned nr, void *arg);

#endif
