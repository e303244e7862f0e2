#!/usr/bin/python3
"""A canvas keeps what was drawn: three moths, the mouse and fingers leave trails, which fade. Escape ends."""
import colorsys
import math

import kmsblit

WIDTH, HEIGHT = 320, 240

with kmsblit.connect() as display:
    window = display.window((WIDTH, HEIGHT), title="trails")
    canvas = display.canvas((WIDTH, HEIGHT))
    canvas.fill("black")
    dot = display.image(bytes([255] * 3 * 36), "RGB", (6, 6))
    frame = 0
    while not kmsblit.keyboard.escape:
        frame += 1
        if frame % 2 == 0:
            canvas.fill((3, 3, 3), special_flags=kmsblit.BLEND_SUB)
        red, green, blue = (int(part * 255) for part in colorsys.hsv_to_rgb(frame % 240 / 240, 0.8, 1.0))
        moths = [(160 + 130 * math.sin(frame / (31 + 7 * moth)), 120 + 95 * math.cos(frame / (23 + 5 * moth))) for moth in range(3)]
        for x, y in [*moths, kmsblit.mouse.pos, *(touch.pos for touch in kmsblit.touches)]:
            canvas.blit(dot, (int(x) - 3, int(y) - 3), tint=(red, green, blue))
        window.blit(canvas, (0, 0))
        window.flip()
