/*
 * Programs: as few instructions for each pixel as can be, and nothing that branches.
 */
#include <GLES2/gl2.h>
#include <GLES2/gl2ext.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "render/gles_impl.h"

/* Places in textures need the precision; so do colours, as drivers that calculate with 16 bits where they may (llvmpipe does) round many products to the level
 * beside the right one. VideoCore has one precision. */
#define FRAGMENT                       \
    "precision highp float;\n"         \
    "varying vec2 shown;\n"            \
    "varying vec4 colored;\n"          \
    "varying vec4 kept;\n"             \
    "uniform highp sampler2D image;\n" \
    "void main() { gl_FragColor = "

static const char vertex_source[] = "attribute vec2 position;\n"
                                    "attribute vec2 place;\n"
                                    "attribute vec4 color;\n"
                                    "attribute vec4 box;\n"
                                    "uniform vec2 scale;\n"
                                    "varying vec2 shown;\n"
                                    "varying vec4 colored;\n"
                                    "varying vec4 kept;\n"
                                    "void main() {\n"
                                    "    gl_Position = vec4(position * scale - 1.0, 0.0, 1.0);\n"
                                    "    shown = place;\n"
                                    "    colored = color.bgra;\n"
                                    "    kept = box;\n"
                                    "}\n";

static const char *const fragment_sources[KD_GLES_PROGRAMS] = {
    [KD_GLES_FILL] = FRAGMENT "colored.bgra; }\n",
    [KD_GLES_TEXTURE] = FRAGMENT "texture2D(image, shown); }\n",
    [KD_GLES_TINT] = FRAGMENT "texture2D(image, shown) * colored.bgra; }\n",
    [KD_GLES_SAMPLED] =
        FRAGMENT "texture2D(image, clamp(shown, kept.xy, kept.zw)) * colored.bgra; }\n",
};

static unsigned compile(unsigned kind, const char *source)
{
    unsigned shader = glCreateShader(kind);
    int done = 0;

    glShaderSource(shader, 1, &source, NULL);
    glCompileShader(shader);
    glGetShaderiv(shader, GL_COMPILE_STATUS, &done);
    if (done)
        return shader;
    glDeleteShader(shader);
    return 0;
}

/* 0: the driver cannot. */
static unsigned link_program(unsigned vertex, const char *fragment_source)
{
    static const char *const attributes[] = {"position", "place", "color", "box"};
    unsigned fragment = compile(GL_FRAGMENT_SHADER, fragment_source), program;
    int done = 0;

    if (!fragment)
        return 0;
    program = glCreateProgram();
    glAttachShader(program, vertex);
    glAttachShader(program, fragment);
    for (unsigned i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
        glBindAttribLocation(program, i, attributes[i]);
    glLinkProgram(program);
    glGetProgramiv(program, GL_LINK_STATUS, &done);
    glDeleteShader(fragment);
    if (done)
        return program;
    glDeleteProgram(program);
    return 0;
}

static int make_programs(struct kd_gles_batches *batches)
{
    unsigned vertex = compile(GL_VERTEX_SHADER, vertex_source);

    for (int i = 0; vertex && i < KD_GLES_PROGRAMS; i++) {
        if (i != KD_GLES_SCALED)
            batches->programs[i] = link_program(vertex, fragment_sources[i]);
        else
            batches->programs[i] = batches->programs[KD_GLES_TEXTURE];
        if (!batches->programs[i])
            break;
        batches->scales[i] = glGetUniformLocation(batches->programs[i], "scale");
    }
    glDeleteShader(vertex);
    return vertex && batches->programs[KD_GLES_PROGRAMS - 1] ? 0 : -EOPNOTSUPP;
}

/* The indices of all quads that 16 bits reach. */
static int make_indices(struct kd_gles_batches *batches)
{
    enum { QUADS = 65536 / 4 };
    static const uint16_t corners[6] = {0, 1, 2, 0, 2, 3};
    uint16_t *indices = malloc(QUADS * sizeof(corners));

    if (!indices)
        return -ENOMEM;
    for (unsigned i = 0; i < QUADS * 6; i++)
        indices[i] = (uint16_t)(i / 6 * 4 + corners[i % 6]);
    glGenBuffers(1, &batches->vertex_buffer);
    glGenBuffers(1, &batches->index_buffer);
    glBindBuffer(GL_ELEMENT_ARRAY_BUFFER, batches->index_buffer);
    glBufferData(GL_ELEMENT_ARRAY_BUFFER, QUADS * sizeof(corners), indices, GL_STATIC_DRAW);
    free(indices);
    return 0;
}

int kd_gles_batches_init(struct kd_gles *gles, char *why, size_t why_bytes)
{
    struct kd_gles_batches *batches = &gles->batches;
    int error = make_programs(batches);

    if (error)
        snprintf(why, why_bytes, "%s does not compile our shaders", kd_egl_renderer(gles->egl));
    else
        error = make_indices(batches);
    glDisable(GL_DITHER);
    glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
    return error;
}

void kd_gles_batches_finish(struct kd_gles *gles)
{
    struct kd_gles_batches *batches = &gles->batches;

    for (int i = 0; i < KD_GLES_PROGRAMS; i++) {
        if (i != KD_GLES_SCALED)
            glDeleteProgram(batches->programs[i]);
        batches->programs[i] = 0;
    }
    glDeleteBuffers(1, &batches->vertex_buffer);
    glDeleteBuffers(1, &batches->index_buffer);
}
