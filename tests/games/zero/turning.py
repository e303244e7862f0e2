"""Things that an animation and a clock move, drawn in colours with alpha."""
import math

import pygame

WIDTH, HEIGHT = 480, 320
shape = pygame.Surface((80, 40), pygame.SRCALPHA)
shape.fill((255, 120, 0, 160))
state = {"angle": 0.0, "ticks": 0}


def tick():
    state["ticks"] += 1


clock.schedule_interval(tick, 0.25)  # noqa: F821 Pygame Zero's


def update(passed):
    state["angle"] = (state["angle"] + 90 * passed * (3 if keyboard.space else 1)) % 360  # noqa: F821


def draw():
    screen.fill((20, 20, 40))  # noqa: F821
    for i in range(6):
        turned = pygame.transform.rotate(shape, state["angle"] + 60 * i)
        angle = math.radians(state["angle"] + 60 * i)
        centre = WIDTH / 2 + 100 * math.cos(angle), HEIGHT / 2 - 100 * math.sin(angle)
        screen.surface.blit(turned, turned.get_rect(center=centre))  # noqa: F821
    screen.draw.text(str(state["ticks"]), (10, 10))  # noqa: F821
