/*
 * Balls with soft edges bounce over a checked floor. All art is made here; everything is drawn anew
 * in every frame, as simple games do: the daemon finds out what really changed.
 *
 *     bounce [FRAMES]     (otherwise 600)
 */
#include <err.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <kmsblit.h>

enum { WIDTH = 320, HEIGHT = 240, BALL = 24, BALLS = 40, SQUARE = 16 };

struct ball {
    int x, y, dx, dy;
    uint32_t tint;
};

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

/* A white disc, lit from the upper left, whose edge fades out over one pixel. */
static int make_ball(struct kb_display *display, struct kb_image **image)
{
    uint32_t pixels[BALL * BALL];
    const struct kb_image_info info = {.width = BALL, .height = BALL};
    for (int i = 0; i < BALL * BALL; i++) {
        double x = i % BALL + 0.5 - BALL / 2.0, y = i / BALL + 0.5 - BALL / 2.0;
        double alpha = fmin(1, fmax(0, BALL / 2.0 - hypot(x, y)));
        double light = fmin(1, fmax(0, 1 - hypot(x + BALL / 6.0, y + BALL / 6.0) / BALL));
        uint32_t grey = (uint32_t)(80 + 175 * light);
        pixels[i] = (uint32_t)(255 * alpha) << 24 | grey << 16 | grey << 8 | grey;
    }
    return kb_image_create(display, &info, pixels, image);
}

static void make_balls(struct ball *balls)
{
    srand(1);
    for (int i = 0; i < BALLS; i++) {
        balls[i] = (struct ball){
            .x = rand() % (WIDTH - BALL),
            .y = rand() % (HEIGHT - BALL),
            .dx = rand() % 2 ? 1 + rand() % 3 : -1 - rand() % 3,
            .dy = rand() % 2 ? 1 + rand() % 3 : -1 - rand() % 3,
            .tint = 0xff404040u | ((uint32_t)rand() & 0xffffffu),
        };
    }
}

static void move(struct ball *ball)
{
    ball->x += ball->dx;
    ball->y += ball->dy;
    if (ball->x < 0 || ball->x > WIDTH - BALL)
        ball->dx = -ball->dx;
    if (ball->y < 0 || ball->y > HEIGHT - BALL)
        ball->dy = -ball->dy;
}

static void draw(struct kb_window *window, const struct kb_image *image, struct ball *balls)
{
    kb_clear(window);
    for (int y = 0; y < HEIGHT; y += SQUARE) {
        for (int x = y / SQUARE % 2 * SQUARE; x < WIDTH; x += 2 * SQUARE)
            kb_fill(window, &(struct kb_rect){.x = x, .y = y, .width = SQUARE, .height = SQUARE},
                    0x303048);
    }
    for (int i = 0; i < BALLS; i++) {
        move(&balls[i]);
        kb_blit_with(window, image, NULL, balls[i].x, balls[i].y,
                     &(struct kb_blit_options){.tint = balls[i].tint});
    }
}

/* A signal interrupts waiting; the flip is then taken up again, unless the signal means the end. */
static int flip(struct kb_window *window, struct kb_presented *presented)
{
    int error;
    do {
        error = kb_flip(window, presented);
    } while (error == -EINTR && !stopped);
    return error;
}

int main(int argc, char **argv)
{
    struct kb_display *display;
    struct kb_window *window;
    struct kb_image *image;
    struct ball balls[BALLS];
    struct kb_presented presented = {0};
    const struct kb_window_info info = {
        .width = WIDTH, .height = HEIGHT, .base_color = 0x202030, .scale = KB_SCALE_INTEGER};
    long frames = argc > 1 ? strtol(argv[1], NULL, 10) : 600;

    const struct sigaction action = {.sa_handler = stop};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (kb_connect(NULL, "bounce", &display) < 0 || make_ball(display, &image) < 0 ||
        kb_window_create(display, &info, &window) < 0)
        errx(1, "%s", kb_last_error());
    make_balls(balls);
    long done = 0, discarded = 0;
    while (done < frames && !stopped) {
        draw(window, image, balls);
        int error = flip(window, &presented);
        if (error == -EINTR)
            break;
        if (error < 0)
            errx(1, "%s", kb_last_error());
        done++;
        discarded += presented.discarded;
    }
    printf("%ld frames, %ld of the answers were discards, last refresh %llu\n", done, discarded,
           (unsigned long long)presented.sequence);
    kb_disconnect(display);
    return 0;
}
