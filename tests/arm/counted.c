/*
 * What is counted by `make bench-arm64`: the benchmark's frames drawn by the daemon's own path and by pixman, and kernels alone on
 * the sprites of W1. Each row is a line on standard output; the plugin writes how many instructions it took.
 */
#include <pixman.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pix/pix.h"
#include "tests/arm/insn_count.h"
#include "tests/bench/bench.h"

#define WIDTH_PX  1280
#define HEIGHT_PX 720

/* What ours.c takes the time with: here none passes. */
int64_t bench_now_ns(void)
{
    return 0;
}

static void ask(void)
{
    syscall(INSN_COUNT_SYSCALL, INSN_COUNT_WHICH, 0);
}

static void say(const char *kind, const char *name, const char *subject, const char *form,
                uint64_t pixels)
{
    printf("%s\t%s\t%s\t%s\t%llu\n", kind, name, subject, form, (unsigned long long)pixels);
}

/* ---- Whole frames ---- */

/* One frame, after all of them have been drawn once. */
static void count_subject(const struct bench_job *job, const struct bench_subject *subject)
{
    const struct bench_scene *scene = job->scene;
    struct bench_times times;
    void *made = subject->create ? subject->create(job) : NULL;

    if (!made)
        return;
    for (uint32_t n = 0; n <= scene->frames_count; n++)
        subject->frame(made, n % scene->frames_count, &times);
    ask();
    subject->frame(made, 1 % scene->frames_count, &times);
    ask();
    say("frame", scene->name, subject->name, subject->form, (uint64_t)WIDTH_PX * HEIGHT_PX);
    subject->destroy(made);
}

static void count_frames(const struct bench_pictures *pictures, const char *only)
{
    struct bench_scene scenes[BENCH_SCENES_MAX];
    uint32_t count = bench_scenes_make(scenes, pictures, WIDTH_PX, HEIGHT_PX);

    for (uint32_t i = 0; i < count; i++) {
        struct bench_job job = {.scene = &scenes[i], .pictures = pictures, .threads = 1};

        if (!only || strcmp(only, scenes[i].name) == 0) {
            for (const struct bench_subject *s = bench_ours; s->name; s++)
                count_subject(&job, s);
            for (const struct bench_subject *s = bench_pixman; s->name; s++)
                count_subject(&job, s);
        }
        bench_scene_finish(&scenes[i]);
    }
}

/* ---- Kernels alone, on the sprites of W1 ---- */

static uint32_t target[HEIGHT_PX][WIDTH_PX];

typedef void draw_fn(const struct bench_picture *picture);

static void over(const struct bench_picture *picture, const uint32_t *pixels,
                 enum kd_source_kind kind)
{
    kd_pix_blit_fn *blit = kd_pix_get()->blit[KD_TARGET_OPAQUE][kind][KB_BLEND_OVER];

    for (int32_t y = 0; y < picture->height_px; y++)
        blit(target[y], pixels + (size_t)y * (size_t)picture->width_px, (size_t)picture->width_px);
}

static void over_premultiplied(const struct bench_picture *picture)
{
    over(picture, picture->premultiplied, KD_SOURCE_PREMULTIPLIED);
}

static void over_straight(const struct bench_picture *picture)
{
    over(picture, picture->straight, KD_SOURCE_STRAIGHT);
}

static pixman_image_t *pixman_target, *pixman_source;

static void over_pixman(const struct bench_picture *picture)
{
    pixman_image_composite32(PIXMAN_OP_OVER, pixman_source, NULL, pixman_target, 0, 0, 0, 0, 0, 0,
                             picture->width_px, picture->height_px);
}

/* All sprites, each once before it is counted. */
static void count_kernel(const struct bench_pictures *pictures, const char *subject,
                         const char *form, draw_fn *draw)
{
    uint64_t pixels = 0;

    for (uint32_t i = 0; i < pictures->sprites_count; i++) {
        const struct bench_picture *picture = &pictures->list[pictures->sprites + i];
        size_t count_px = (size_t)picture->width_px * (size_t)picture->height_px;

        pixman_source =
            pixman_image_create_bits(PIXMAN_a8r8g8b8, picture->width_px, picture->height_px,
                                     picture->premultiplied, picture->width_px * 4);
        if (!pixman_source) {
            fputs("counted: no memory\n", stderr);
            exit(1);
        }
        draw(picture);
        ask();
        draw(picture);
        ask();
        say("part", "sprites", subject, form, count_px);
        pixels += count_px;
        pixman_image_unref(pixman_source);
    }
    say("sum", "sprites", subject, form, pixels);
}

static void count_kernels(const struct bench_pictures *pictures)
{
    pixman_target =
        pixman_image_create_bits(PIXMAN_x8r8g8b8, WIDTH_PX, HEIGHT_PX, target[0], WIDTH_PX * 4);
    count_kernel(pictures, "kmsblit", "rows", over_premultiplied);
    count_kernel(pictures, "kmsblit", "rows, straight", over_straight);
    count_kernel(pictures, "pixman", "best", over_pixman);
    pixman_image_unref(pixman_target);
}

/* counted [WORKLOAD]: only that one ("kernels": only kernels alone). */
int main(int argc, char **argv)
{
    struct bench_pictures pictures;
    const char *only = argc > 1 ? argv[1] : NULL;

    if (!bench_pictures_make(&pictures, WIDTH_PX, HEIGHT_PX, NULL))
        return 1;
    printf("kernels\t%s\tpixman\t%s\n", kd_pix_get()->name, pixman_version_string());
    if (!only || strcmp(only, "kernels") == 0)
        count_kernels(&pictures);
    if (!only || strcmp(only, "kernels") != 0)
        count_frames(&pictures, only);
    bench_pictures_finish(&pictures);
    return 0;
}
