"""What pixels must be, continued: transformed blits, bilinear filtering, formats of images. The rules of
docs/protocol.md once more, in numpy: "Transformed blits", "Pictures and frames", the enum `format`.
See model.py for what pixels, kinds and rectangles are.
"""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

import model
from model import Numbers, Pixels, Rect

# xx, xy, x0, yx, yy, y0: 16.16 fixed point.
Matrix = tuple[int, int, int, int, int, int]

ONE = 1 << 16
IDENTITY: Matrix = (ONE, 0, 0, 0, ONE, 0)

FORMATS_KINDS = {
    "argb8888": model.STRAIGHT_KIND, "argb8888_premultiplied": model.PREMULTIPLIED_KIND,
    "xrgb8888": model.OPAQUE_KIND, "abgr8888": model.STRAIGHT_KIND,
    "abgr8888_premultiplied": model.PREMULTIPLIED_KIND, "xbgr8888": model.OPAQUE_KIND,
    "rgb565": model.OPAQUE_KIND, "a8": model.STRAIGHT_KIND, "p8": model.STRAIGHT_KIND,
}
FORMATS = tuple(FORMATS_KINDS)


def bytes_per_px(name: str) -> int:
    """How many bytes a pixel of a format has."""
    return {"rgb565": 2, "a8": 1, "p8": 1}.get(name, 4)


def decoded(raw: npt.NDArray[np.uint8], name: str, palette: Sequence[int] = (),
            color_key: int | None = None) -> Pixels:
    """Pixels out of bytes (height x width x bytes_per_px) of a format. A pixel that equals the colour
    key is 0; images with a key are no longer opaque (see kind_of)."""
    pixels = np.full((*raw.shape[:2], 4), 255, np.uint8)
    if name == "rgb565":
        words = raw[..., 0].astype(int) + 256 * raw[..., 1].astype(int)
        for channel, low, bits in ((0, 0, 5), (1, 5, 6), (2, 11, 5)):
            value = words // 2**low % 2**bits
            pixels[..., channel] = value * 2**(8 - bits) + value // 2**(2 * bits - 8)
    elif name == "a8":
        pixels[..., 3] = raw[..., 0]
    elif name == "p8":
        colors = np.zeros((256, 4), np.uint8)
        for i, color in enumerate(palette):
            colors[i] = model.unpacked(color)
        pixels[...] = colors[raw[..., 0]]
    else:
        pixels[..., :3] = raw[..., 2::-1] if "bgr" in name else raw[..., :3]
        if name[0] == "a":
            pixels[..., 3] = raw[..., 3]
    if color_key is not None:
        pixels[(pixels[..., :3] == model.unpacked(color_key)[:3]).all(axis=-1)] = 0
    return pixels


def kind_of(name: str, has_key: bool) -> str:
    """What a format's pixels mean."""
    kind = FORMATS_KINDS[name]
    return model.STRAIGHT_KIND if has_key and kind == model.OPAQUE_KIND else kind


def premultiplied(pixels: Pixels, kind: str) -> Numbers:
    """Pixels of a kind, premultiplied."""
    result = pixels.astype(np.int64)
    if kind == model.OPAQUE_KIND:
        result[..., 3] = 255
    elif kind == model.STRAIGHT_KIND:
        result[..., :3] = model.mul(result[..., :3], result[..., 3:])
    return result


def filtered(pixels: Numbers, x: Numbers, y: Numbers, bounds: Rect) -> Numbers:
    """Premultiplied pixels at places in 256ths of a pixel from the centre of the first one; all
    neighbours are clamped to the bounds."""
    left, top, width, height = bounds
    fx, fy = (x % 256)[..., None], (y % 256)[..., None]
    columns = [np.clip(x // 256 + i, left, left + width - 1) for i in (0, 1)]
    rows = [np.clip(y // 256 + i, top, top + height - 1) for i in (0, 1)]
    total = (256 - fx) * (256 - fy) * pixels[rows[0], columns[0]]
    total = total + fx * (256 - fy) * pixels[rows[0], columns[1]]
    total = total + (256 - fx) * fy * pixels[rows[1], columns[0]]
    total = total + fx * fy * pixels[rows[1], columns[1]]
    result: Numbers = (total + 32768) // 65536
    return result


def transformed_blit(target: Pixels, image: Pixels, kind: str, src_rect: Rect, matrix: Matrix,
                     bilinear: bool = False, blend: str = "over", alpha: int = 255,
                     tint: int = 0xFFFFFFFF, flip_x: bool = False, flip_y: bool = False,
                     clip: Rect | None = None, canvas: bool = False) -> None:
    """Draws a rectangle of an image; the matrix maps the target to the image."""
    xx, xy, x0, yx, yy, y0 = matrix
    left, top, width, height = model.drawable(target, clip)
    x = 2 * np.arange(left, left + width, dtype=np.int64)[None, :] + 1
    y = 2 * np.arange(top, top + height, dtype=np.int64)[:, None] + 1
    u, v = (xx * x + xy * y) // 2 + x0, (yx * x + yy * y) // 2 + y0
    if flip_x:
        u = ONE * (2 * src_rect[0] + src_rect[2]) - 1 - u
    if flip_y:
        v = ONE * (2 * src_rect[1] + src_rect[3]) - 1 - v
    cut = model.intersection(src_rect, (0, 0, image.shape[1], image.shape[0]))
    drawn = ((u >= ONE * cut[0]) & (u < ONE * (cut[0] + cut[2])) &
             (v >= ONE * cut[1]) & (v < ONE * (cut[1] + cut[3])))
    if not drawn.any():
        return
    u, v = u[drawn], v[drawn]
    if bilinear:
        source = filtered(premultiplied(image, kind), (u - ONE // 2) // 256, (v - ONE // 2) // 256,
                          cut)[None].astype(np.uint8)
        kind = model.PREMULTIPLIED_KIND
    else:
        source = image[v // ONE, u // ONE][None]
    part = target[top:top + height, left:left + width]
    changed = model.modulated(source, kind, tint, alpha)
    part[drawn] = model.blended(part[drawn][None], changed, kind, blend, canvas)[0]


def between_centres(picture_px: int, shown_px: int) -> Numbers:
    """For each shown pixel, where its centre lies in the picture: 256ths from the first centre."""
    return (2 * np.arange(shown_px, dtype=np.int64) + 1) * picture_px * 256 // (2 * shown_px) - 128


def scale_bilinear(picture: Pixels, width: int, height: int) -> Pixels:
    """An opaque picture as it is shown, width x height."""
    rows, columns = picture.shape[:2]
    x, y = np.meshgrid(between_centres(columns, width), between_centres(rows, height))
    return filtered(premultiplied(picture, model.OPAQUE_KIND), x, y,
                    (0, 0, columns, rows)).astype(np.uint8)


def show(output: Pixels, where: Rect, picture: Pixels, base: int, scale: str) -> None:
    """model.show() with the bilinear filter."""
    model.fill(output, where, base | 0xFF000000, "replace")
    x, y, width, height = model.place(scale, where[2:], (picture.shape[1], picture.shape[0]))
    if where[2] > 0 and where[3] > 0:
        model.blit(output, scale_bilinear(picture, width, height), model.OPAQUE_KIND, None,
                   where[0] + x, where[1] + y, "replace", clip=where)


def rgb565(pixels: Pixels) -> Pixels:
    """Pixels as an output of 16 bits shows them: rounded to 5 and 6 bits, and widened again."""
    result = np.full_like(pixels, 255)
    for channel, bits in ((0, 5), (1, 6), (2, 5)):
        most = 2**bits - 1
        value = (pixels[..., channel].astype(int) * most + 127) // 255
        result[..., channel] = value * 2**(8 - bits) + value // 2**(2 * bits - 8)
    return result
