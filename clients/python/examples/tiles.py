#!/usr/bin/python3
"""A map of tiles that is larger than the screen: drawn once into a canvas, and then only moved. Arrow keys walk; Escape ends."""
import random

import kmsblit

SIZE, COLUMNS, ROWS = 16, 40, 30
random.seed(7)


def tile(display: kmsblit.Display, base: tuple[int, int, int]) -> kmsblit.Image:
    """A square of a colour that is not quite even."""
    noise = (random.randrange(-10, 10) for _ in range(SIZE * SIZE))
    return display.image(bytes(min(255, max(0, part + more)) for more in noise for part in base), "RGB", (SIZE, SIZE))


with kmsblit.connect() as display:
    window = display.window((160, 120), title="tiles")
    grass, water, stone = tile(display, (60, 130, 60)), tile(display, (50, 90, 180)), tile(display, (120, 115, 110))
    world = display.canvas((COLUMNS * SIZE, ROWS * SIZE))
    kinds = {(column, row): random.choices((grass, water, stone), (8, 1, 1))[0]
             for column in range(COLUMNS) for row in range(ROWS)}
    world.blits([(kind, (column * SIZE, row * SIZE)) for (column, row), kind in kinds.items()])
    hero = display.image(bytes((250, 220, 120)) * 100, "RGB", (10, 10))
    start = next(place for place, kind in kinds.items() if kind is grass and place > (COLUMNS // 2, ROWS // 2))
    where = hero.get_rect(center=(start[0] * SIZE + 8, start[1] * SIZE + 8))
    keys = kmsblit.keyboard
    while not keys.escape:
        step = where.move(2 * (keys.right - keys.left), 2 * (keys.down - keys.up)).clamp(world.get_rect())
        if all(kinds[x // SIZE, y // SIZE] is not stone for x in (step.left, step.right - 1) for y in (step.top, step.bottom - 1)):
            where = step
        camera = window.get_rect(center=where.center).clamp(world.get_rect())
        window.blit(world, (-camera.x, -camera.y))
        window.blit(hero, where.move(-camera.x, -camera.y))
        window.flip()
