#!/usr/bin/python3
"""Pixels of the program's own: a shared image that numpy draws into. Escape ends."""
import numpy

import kmsblit

WIDTH, HEIGHT = 160, 120

with kmsblit.connect() as display:
    window = display.window((WIDTH, HEIGHT), scale="fit", filter="bilinear", title="plasma")
    plasma = display.shared_image((WIDTH, HEIGHT), "xrgb8888")
    pixels = numpy.asarray(plasma)
    y, x = numpy.mgrid[0:HEIGHT, 0:WIDTH].astype("f4")
    time = 0.0
    while not kmsblit.keyboard.escape:
        time += 0.03
        height = numpy.sin(x / 17 + time) + numpy.sin(y / 13 - time * 1.3) + numpy.sin(numpy.hypot(x - 80, y - 60) / 11 - time)
        red, green, blue = (((numpy.sin(height * 1.6 + shift) + 1) * 127.5).astype("u4") for shift in (0.0, 2.1, 4.2))
        plasma.wait()  # until the daemon has read the picture before
        pixels[:] = red << 16 | green << 8 | blue
        plasma.update()
        window.blit(plasma, (0, 0))
        window.flip()
