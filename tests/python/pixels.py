"""Looking at pixels."""
from __future__ import annotations

import numpy

import kmsblit


def shown(window: kmsblit.Window) -> numpy.ndarray:
    """Shows the frame; the window's picture as 0xRRGGBB."""
    window.flip(wait=True)
    return numpy.asarray(window.screenshot()) & 0xFFFFFF


def rgb(picture: numpy.ndarray) -> numpy.ndarray:
    """0xRRGGBB as height x width x 3 whole numbers, for arithmetic."""
    return numpy.stack([picture >> 16 & 255, picture >> 8 & 255, picture & 255], axis=-1).astype(int)


def mul(a, b):
    """The protocol's product of two channels."""
    return (a * b + 127) // 255


def argb(red, green, blue, alpha) -> numpy.ndarray:
    """Channels (arrays or numbers) as 0xAARRGGBB."""
    channels = numpy.broadcast_arrays(*(numpy.asarray(c, dtype=numpy.uint32)
                                        for c in (red, green, blue, alpha)))
    return channels[3] << 24 | channels[0] << 16 | channels[1] << 8 | channels[2]
