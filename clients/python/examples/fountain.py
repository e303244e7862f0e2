#!/usr/bin/python3
"""Five thousand drops in one numpy array: no Python for each of them. The mouse moves the fountain; Escape ends."""
import numpy

import kmsblit

COUNT = 5_000
WIDTH, HEIGHT = 320, 240

with kmsblit.connect() as display:
    window = display.window((WIDTH, HEIGHT), title="fountain")
    drop = display.image(bytes([255] * 3 * 4), "RGB", (2, 2))
    random = numpy.random.default_rng(1)
    drops = numpy.zeros(COUNT, [("x", "f4"), ("y", "f4"), ("vx", "f4"), ("vy", "f4"), ("tint", "u4")])
    drops["y"] = HEIGHT + 1
    blue = random.integers(0x90, 0xFF, COUNT)
    drops["tint"] = (blue // 3) << 16 | (blue * 3 // 4) << 8 | blue
    first = 0
    while not kmsblit.keyboard.escape:
        fresh = numpy.arange(first, first + COUNT // 100) % COUNT
        first += COUNT // 100
        drops["x"][fresh] = kmsblit.mouse.pos[0] or WIDTH // 2
        drops["y"][fresh] = HEIGHT
        drops["vx"][fresh] = random.normal(0, 0.6, len(fresh))
        drops["vy"][fresh] = random.normal(-4.4, 0.4, len(fresh))
        drops["vy"] += 0.05
        drops["x"] += drops["vx"]
        drops["y"] += drops["vy"]
        window.fill((10, 10, 24))
        window.blits(drops, image=drop)
        window.flip()
