/* A program that draws what it is told on its standard input, for tests that end its daemon:
 *
 *     whole N     a new picture, of a kind that a restarted daemon can be told again
 *     on N        something over the picture as it is
 *     canvas N    the same, with a canvas that only the daemon has
 *     sync        waits until the daemon has seen it all
 *
 * Each is answered by a line: what was lost since, and the serial of the last answered frame. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kmsblit.h>

enum { WIDTH = 100, HEIGHT = 80, SIDE = 16 };

struct game {
    struct kb_display *display;
    struct kb_window *window;
    struct kb_image *image, *shared, *canvas;
};

static void check(int error)
{
    if (error < 0)
        errx(1, "%s", kb_last_error());
}

static void begin(struct game *game)
{
    uint32_t pixels[SIDE * SIDE];
    const struct kb_image_info info = {.width = SIDE, .height = SIDE};
    const struct kb_window_info place = {
        .width = WIDTH, .height = HEIGHT, .place = {.width = WIDTH, .height = HEIGHT}};
    for (uint32_t i = 0; i < SIDE * SIDE; i++)
        pixels[i] = 0x80000000u + i * 0x010305u;
    check(kb_connect(NULL, "restarted", &game->display));
    check(kb_image_create(game->display, &info, pixels, &game->image));
    check(kb_image_create_shared(game->display, &info, &game->shared));
    check(kb_canvas_create(game->display, SIDE, SIDE, &game->canvas));
    check(kb_window_create(game->display, &place, &game->window));
}

static void draw_whole(struct game *game, unsigned number)
{
    uint32_t *pixels = kb_image_pixels(game->shared, NULL);
    struct kb_image *passing;
    const uint32_t pixel = 0xff000000u | number * 0x123457u;
    const struct kb_image_info one = {.width = 1, .height = 1};
    const struct kb_pose pose = {.x = 70, .y = 20, .angle = number * 7, .scale_x = 2};
    check(kb_image_wait(game->shared));
    for (uint32_t i = 0; i < SIDE * SIDE; i++)
        pixels[i] = 0xff000000u | (i * number * 77);
    check(kb_image_update(game->shared, NULL, 0));
    check(kb_image_create(game->display, &one, &pixel, &passing));
    kb_clear(game->window);
    kb_fill(game->window, &(struct kb_rect){2, 3, 90, 70}, number * 0x030507);
    kb_blit(game->window, game->image, NULL, (int)(number % 90), 5);
    kb_blit(game->window, game->shared, NULL, 10, 30);
    kb_blit_posed(game->window, game->image, NULL, &pose,
                  &(struct kb_blit_options){.flags = KB_BLIT_FLAG_BILINEAR});
    kb_blit(game->window, passing, NULL, 50, 50);
    check(kb_commit(game->window, NULL));
    kb_image_destroy(passing); /* the picture still shows it */
}

static void draw_canvas(struct game *game, unsigned number)
{
    kb_draw_fill(kb_canvas_frame(game->canvas), NULL, 0x80000000u | number * 0x111, KB_BLEND_OVER);
    check(kb_canvas_commit(game->canvas, NULL));
    kb_clear(game->window);
    kb_blit(game->window, game->canvas, NULL, 5, 5);
    check(kb_commit(game->window, NULL));
}

static void answer(struct game *game)
{
    struct kb_image *canvas;
    struct kb_window *window;
    struct kb_presented presented;
    const char *lost_canvas = "", *lost_window = "";
    while (kb_next_lost(game->display, &canvas, &window) == 1) {
        lost_canvas = canvas != NULL ? "canvas " : lost_canvas;
        lost_window = window != NULL ? "window " : lost_window;
    }
    kb_last_presented(game->window, &presented);
    printf("%s%s%u\n", lost_canvas, lost_window, presented.serial);
    fflush(stdout);
}

int main(void)
{
    struct game game;
    char word[16];
    unsigned number;
    begin(&game);
    answer(&game);
    while (scanf("%15s %u", word, &number) == 2) {
        if (strcmp(word, "whole") == 0) {
            draw_whole(&game, number);
        } else if (strcmp(word, "canvas") == 0) {
            draw_canvas(&game, number);
        } else if (strcmp(word, "on") == 0) {
            kb_fill(game.window, &(struct kb_rect){20, 20, 9, 9}, number * 0x0f0103);
            check(kb_commit(game.window, NULL));
        } else if (strcmp(word, "sync") == 0) {
            check(kb_sync(game.display));
        } else {
            errx(2, "what is `%s`?", word);
        }
        answer(&game);
    }
    kb_disconnect(game.display);
    return 0;
}
