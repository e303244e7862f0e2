"""Arrays for blits()."""
from __future__ import annotations

from typing import Any

BLIT_DTYPE = [
    ("special_flags", "<u2"),
    ("alpha", "u1"),
    ("flags", "u1"),
    ("tint", "<u4"),
    ("image", "<u4"),
    ("src_x", "<i2"),
    ("src_y", "<i2"),
    ("src_width", "<u2"),
    ("src_height", "<u2"),
    ("x", "<i4"),
    ("y", "<i4"),
    ("reserved", "<u4"),
]
"""The fields of an array for window.blits(), as numpy takes them: numpy.zeros(n, kmsblit.BLIT_DTYPE).

An item has 32 bytes and lies as the daemon's own records do. An array may have some of these fields
in any order and type, and others that are the program's own; x and y it must have.

- `x`, `y`: where the top left corner goes.
- `image`: an Image's id, or an index into blits(images=[...]). Not needed with blits(image=...).
- `src_x`, `src_y`, `src_width`, `src_height`: the part of the image to draw; a size of 0 by 0 (or no
  such fields) is all of it.
- `alpha`: 0 (nothing is drawn) to 255. Without the field 255; in an array of zeros it is 0.
- `special_flags`: a BLEND_ constant.
- `flags`: FLIP_X, FLIP_Y or both.
- `tint`: a colour 0xRRGGBB that is multiplied into the image's; 0 is none.
"""


def blit_array(count: int, image: int = 0) -> Any:
    """A numpy array of so many items of BLIT_DTYPE, with alpha 255 and zeros everywhere else.

    image: an Image's id, or an index, for all of them. Needs numpy.
    """
    import numpy

    array = numpy.zeros(count, BLIT_DTYPE)
    array["alpha"] = 255
    array["image"] = image
    return array
