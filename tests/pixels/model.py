"""What pixels must be: the protocol's rules once more, in numpy, independent of the C code.

Pixels are uint8 arrays of height x width x 4 in the order B, G, R, A, which is how argb8888 and
xrgb8888 lie in memory. Colours are 0xAARRGGBB, straight. Rectangles are (x, y, width, height) and
may lie anywhere; a clip of None is the whole target. Targets are windows (opaque) unless canvas is
set (premultiplied, with alpha). Functions that draw change their target in place.

The rules are those of docs/protocol.md: "Colours and blending", "Rectangles, clipping and
flipping", "Pictures and frames". Plain is more important than fast here.
"""
from __future__ import annotations

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]
Rect = tuple[int, int, int, int]

OPAQUE_KIND, STRAIGHT_KIND, PREMULTIPLIED_KIND = KINDS = ("opaque", "straight", "premultiplied")

COLOR_BLENDS = ("add", "sub", "mult", "min", "max")
BLENDS = ("over", "replace", "premultiplied", *COLOR_BLENDS,
          *(f"rgba_{blend}" for blend in COLOR_BLENDS))

SCALES = ("none", "integer", "fit", "stretch")


def mul(a: Numbers, b: Numbers | int) -> Numbers:
    """a*b/255, rounded to the nearest whole number."""
    return (a * b + 127) // 255


def saturated(values: Numbers) -> Numbers:
    """Values cut to what a channel holds."""
    return np.clip(values, 0, 255)


def unpacked(color: int) -> Numbers:
    """The channels B, G, R, A of 0xAARRGGBB."""
    return np.array([color >> shift & 255 for shift in (0, 8, 16, 24)], np.int64)


def modulated(source: Pixels, kind: str, tint: int = 0xFFFFFFFF, alpha: int = 255) -> Numbers:
    """Source pixels after tint and alpha, the first two of the three steps."""
    pixels = source.astype(np.int64)
    if kind == OPAQUE_KIND:
        pixels[..., 3] = 255
    pixels[..., :3] = mul(pixels[..., :3], unpacked(tint)[:3])
    if kind == PREMULTIPLIED_KIND:
        pixels[..., :3] = mul(pixels[..., :3], alpha)
    pixels[..., 3] = mul(pixels[..., 3], alpha)
    return pixels


def combined(blend: str, s: Numbers, d: Numbers) -> Numbers:
    """One of COLOR_BLENDS, on any channels."""
    if blend == "add":
        return saturated(d + s)
    if blend == "sub":
        return saturated(d - s)
    if blend == "mult":
        return mul(d, s)
    return np.minimum(d, s) if blend == "min" else np.maximum(d, s)


def blended(target: Pixels, source: Numbers, kind: str, blend: str, canvas: bool) -> Pixels:
    """The third step: target pixels after source pixels of the same shape met them."""
    d, d_alpha = target[..., :3].astype(np.int64), target[..., 3:].astype(np.int64)
    s, s_alpha = source[..., :3], source[..., 3:]
    p = s if kind == PREMULTIPLIED_KIND else mul(s, s_alpha)
    alpha = saturated(s_alpha + mul(d_alpha, 255 - s_alpha))
    if blend == "over":
        color = saturated(p + mul(d, 255 - s_alpha))
    elif blend == "premultiplied":
        color = saturated(s + mul(d, 255 - s_alpha))
    elif blend == "replace":
        color, alpha = (p if canvas else s), s_alpha
    elif blend in COLOR_BLENDS:
        color, alpha = combined(blend, s, d), d_alpha
    elif blend in BLENDS:
        name = blend.removeprefix("rgba_")
        color, alpha = combined(name, s, d), combined(name, s_alpha, d_alpha)
    else:
        raise ValueError(f"{blend} is no blend: use one of {', '.join(BLENDS)}")
    if not canvas:
        alpha = np.full_like(d_alpha, 255)
    result: Pixels = np.concatenate([color, alpha], axis=-1).astype(np.uint8)
    return result


def intersection(a: Rect, b: Rect) -> Rect:
    """What two rectangles share; width or height is 0 if that is nothing."""
    left, top = max(a[0], b[0]), max(a[1], b[1])
    right, bottom = min(a[0] + a[2], b[0] + b[2]), min(a[1] + a[3], b[1] + b[3])
    return left, top, max(0, right - left), max(0, bottom - top)


def drawable(target: Pixels, clip: Rect | None) -> Rect:
    """The part of a target that a command with this clip may touch."""
    whole = (0, 0, target.shape[1], target.shape[0])
    return whole if clip is None else intersection(whole, clip)


def fill(target: Pixels, rect: Rect, color: int, blend: str = "over", alpha: int = 255,
         clip: Rect | None = None, canvas: bool = False) -> None:
    """Fills a rectangle with a colour."""
    x, y, width, height = intersection(rect, drawable(target, clip))
    part = target[y:y + height, x:x + width]
    colors: Pixels = np.broadcast_to(unpacked(color), part.shape).astype(np.uint8)
    source = modulated(colors, STRAIGHT_KIND, alpha=alpha)
    part[...] = blended(part, source, STRAIGHT_KIND, blend, canvas)


def steps(start: int, length: int, flip: bool, image_px: int, target_start: int,
          allowed: tuple[int, int]) -> tuple[Numbers, Numbers]:
    """Along one axis, where in the image and where in the target the pixels of a blit lie.

    Pixel i of the destination shows pixel i of the source rectangle, or length-1-i if flipped; it
    is left out if it is outside of the image or of what may be drawn to (first, and one past).
    """
    i = np.arange(length, dtype=np.int64)
    source = start + (length - 1 - i if flip else i)
    target = target_start + i
    drawn = (source >= 0) & (source < image_px) & (target >= allowed[0]) & (target < allowed[1])
    return source[drawn], target[drawn]


def blit(target: Pixels, image: Pixels, kind: str, src_rect: Rect | None = None, x: int = 0,
         y: int = 0, blend: str = "over", alpha: int = 255, tint: int = 0xFFFFFFFF,
         flip_x: bool = False, flip_y: bool = False, clip: Rect | None = None,
         canvas: bool = False) -> None:
    """Draws a rectangle of an image (None: all of it) with its left top corner at (x, y)."""
    src_x, src_y, width, height = src_rect or (0, 0, image.shape[1], image.shape[0])
    left, top, allowed_width, allowed_height = drawable(target, clip)
    from_x, to_x = steps(src_x, width, flip_x, image.shape[1], x, (left, left + allowed_width))
    from_y, to_y = steps(src_y, height, flip_y, image.shape[0], y, (top, top + allowed_height))
    source = modulated(image[np.ix_(from_y, from_x)], kind, tint, alpha)
    where = np.ix_(to_y, to_x)
    target[where] = blended(target[where], source, kind, blend, canvas)


def nearest(picture_px: int, shown_px: int) -> Numbers:
    """For each shown pixel, the pixel of the picture that lies under its centre."""
    return (2 * np.arange(shown_px, dtype=np.int64) + 1) * picture_px // (2 * shown_px)


def scale_nearest(picture: Pixels, width: int, height: int) -> Pixels:
    """The picture as it is shown, width x height."""
    rows, columns = nearest(picture.shape[0], height), nearest(picture.shape[1], width)
    shown: Pixels = picture[np.ix_(rows, columns)]
    return shown


def place(scale: str, room: tuple[int, int], picture: tuple[int, int]) -> Rect:
    """Where a picture (width, height) is shown in a room (width, height), with the room's origin."""
    (room_w, room_h), (w, h) = room, picture
    if scale == "none":
        width, height = w, h
    elif scale == "integer":
        factor = max(1, min(room_w // w, room_h // h))
        width, height = w * factor, h * factor
    elif scale == "fit":
        width = max(1, min(room_w, w * room_h // h))
        height = max(1, min(room_h, h * room_w // w))
    elif scale == "stretch":
        width, height = room_w, room_h
    else:
        raise ValueError(f"{scale} is no scale: use one of {', '.join(SCALES)}")
    return (room_w - width) // 2, (room_h - height) // 2, width, height


def show(output: Pixels, where: Rect, picture: Pixels, base: int, scale: str) -> None:
    """Shows a window's picture (nearest filter) in its rectangle of the output, bars included."""
    fill(output, where, base | 0xFF000000, "replace")
    x, y, width, height = place(scale, where[2:], (picture.shape[1], picture.shape[0]))
    if where[2] > 0 and where[3] > 0:
        blit(output, scale_nearest(picture, width, height), OPAQUE_KIND, None, where[0] + x,
             where[1] + y, "replace", clip=where)
