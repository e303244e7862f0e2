"""Balls that bounce, and a paddle for the arrow keys."""
import random

WIDTH, HEIGHT = 320, 240
balls = [[random.randrange(WIDTH), random.randrange(HEIGHT), random.choice((-2, 3)), random.choice((-3, 2))] for _ in range(24)]
paddle = Rect((140, 220), (40, 10))  # noqa: F821 Pygame Zero's


def update():
    for ball in balls:
        ball[0] += ball[2]
        ball[1] += ball[3]
        ball[2] *= -1 if not 0 < ball[0] < WIDTH else 1
        ball[3] *= -1 if not 0 < ball[1] < HEIGHT else 1
    paddle.x += 4 * (keyboard.right - keyboard.left)  # noqa: F821


def draw():
    screen.fill("navy")  # noqa: F821
    for x, y, _, _ in balls:
        screen.draw.filled_circle((x, y), 6, "orange")  # noqa: F821
    screen.draw.filled_rect(paddle, "white")  # noqa: F821
