#!/usr/bin/python3
"""Collisions to the pixel: the ball, which the arrow keys push, is stopped by the ring and bounces off. Escape ends."""
import numpy

import kmsblit

y, x = numpy.mgrid[-60:60, -60:60] + 0.5
distance = numpy.hypot(x, y)
RING = numpy.where((distance < 58) & (distance > 48) & (x < 30), numpy.uint32(0xFF6A7FB0), numpy.uint32(0))
BALL = numpy.where(distance[52:68, 52:68] < 8, numpy.uint32(0xFFFFC83C), numpy.uint32(0))

with kmsblit.connect() as display:
    window = display.window((160, 120), title="masks")
    ring, ball = display.image(RING), display.image(BALL)
    ring_mask, ball_mask = kmsblit.Mask.from_image(ring), kmsblit.Mask.from_image(ball)
    px, py, vx, vy = 72.0, 52.0, 1.1, 0.7
    keys = kmsblit.keyboard
    while not keys.escape:
        vx += 0.05 * (keys.right - keys.left)
        vy += 0.05 * (keys.down - keys.up)
        px, py = (px + vx) % 160, (py + vy) % 120
        dx, dy = ring_mask.overlap_normal(ball_mask, (int(px) - 20, int(py)))
        inwards = vx * dx + vy * dy
        if inwards > 0:  # it goes deeper: its speed is mirrored at the surface
            length = dx * dx + dy * dy
            vx, vy = vx - 2 * inwards * dx / length, vy - 2 * inwards * dy / length
        window.fill((20, 24, 40))
        window.blit(ring, (20, 0))
        window.blit(ball, (int(px), int(py)))
        window.flip()
