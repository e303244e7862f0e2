"""Mask, against pygame's on random masks; from images of all formats."""
from __future__ import annotations

import copy
import os
import random

import kmsblit
import numpy
import pytest
from kmsblit import Mask

pygame = pytest.importorskip("pygame")

SEED = int(os.environ.get("KMSBLIT_SEED", "20"))
SIZES = (0, 1, 2, 3, 7, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129, 150)


def pair_of(rng: random.Random, most: int = 150):
    """One mask of ours and the same of pygame's: empty, full, scattered, or of some shapes."""
    size = tuple(rng.choice(SIZES) if rng.random() < 0.5 else rng.randint(1, most) for _ in range(2))
    size = tuple(min(length, most) for length in size)
    ours, theirs = Mask(size), pygame.mask.Mask(size)
    kind = rng.randrange(5)
    pixels: list[tuple[int, int]] = []
    if kind == 1:
        ours.fill()
        theirs.fill()
    elif kind == 2:
        share = rng.choice((0.003, 0.05, 0.3, 0.5, 0.8))
        pixels = [(x, y) for x in range(size[0]) for y in range(size[1]) if rng.random() < share]
    elif kind >= 3:
        for _ in range(rng.randint(1, 4)):
            w, h = (rng.randint(0, length) for length in size)
            left, top = rng.randint(0, size[0] - w), rng.randint(0, size[1] - h)
            pixels += [(x, y) for x in range(left, left + w) for y in range(top, top + h)]
    for pixel in pixels:
        ours.set_at(pixel)
        theirs.set_at(pixel)
    return ours, theirs


def same(ours, theirs) -> bool:
    return ours.get_size() == theirs.get_size() and all(
        ours.get_at((x, y)) == theirs.get_at((x, y))
        for x in range(ours.get_size()[0]) for y in range(ours.get_size()[1]))


def rng_of(test: int) -> random.Random:
    print(f"KMSBLIT_SEED={SEED}")
    return random.Random(SEED * 1000 + test)


def test_two_masks():
    rng = rng_of(1)
    touched = 0
    for round_ in range(250):
        (a, pa), (b, pb) = pair_of(rng), pair_of(rng)
        (w, h), (v, u) = a.get_size(), b.get_size()
        for _ in range(20):
            offset = (rng.randint(-v - 2, w + 2), rng.randint(-u - 2, h + 2))
            assert a.overlap(b, offset) == pa.overlap(pb, offset), (round_, offset)
            area = a.overlap_area(b, offset)
            assert area == pa.overlap_area(pb, offset)
            assert bool(area) == (a.overlap(b, offset) is not None)
            touched += bool(area)
            x, y = offset
            normal = (pa.overlap_area(pb, (x + 1, y)) - pa.overlap_area(pb, (x - 1, y)),
                      pa.overlap_area(pb, (x, y + 1)) - pa.overlap_area(pb, (x, y - 1)))
            assert a.overlap_normal(b, offset) == normal
        assert same(a.overlap_mask(b, offset), pa.overlap_mask(pb, offset)), (round_, offset)
        drawn, pdrawn = a.copy(), pa.copy()
        drawn.draw(b, offset)
        pdrawn.draw(pb, offset)
        assert same(drawn, pdrawn), (round_, offset)
        drawn.erase(b, (offset[1], offset[0]))
        pdrawn.erase(pb, (offset[1], offset[0]))
        assert same(drawn, pdrawn), (round_, offset)
        assert same(a, pa) and same(b, pb)
    assert touched > 500


def test_one_mask():
    rng = rng_of(2)
    for round_ in range(300):
        ours, theirs = pair_of(rng, 70)
        assert ours.count() == theirs.count()
        assert ours.centroid() == theirs.centroid()
        assert ours.angle() == pytest.approx(theirs.angle(), abs=1e-9)
        assert ours.get_rect(center=(5, 6)) == theirs.get_rect(center=(5, 6))
        every = rng.randint(1, 4)
        assert ours.outline() == theirs.outline(), round_
        assert ours.outline(every) == theirs.outline(every), round_
        size = rng.choice(SIZES), rng.randint(0, 90)
        assert same(ours.scale(size), theirs.scale(size)), round_
        inverted, pinverted = ours.copy(), theirs.copy()
        inverted.invert()
        pinverted.invert()
        assert same(inverted, pinverted) and inverted.count() == pinverted.count()
        assert same(ours, theirs)


def test_tall_masks():
    """Sums of many rows in which every pixel is set in both."""
    for height in (123, 124, 125, 127, 128, 129, 160, 255, 256, 257, 1000):
        mask = Mask((130, height), fill=True)
        for offset in ((0, 0), (1, 0), (-5, 3), (63, -2), (64, 1)):
            area = (130 - abs(offset[0])) * (height - abs(offset[1]))
            assert mask.overlap_area(mask, offset) == area, (height, offset)
        assert mask.count() == 130 * height


def parts_of(mask) -> list[set[tuple[int, int]]]:
    """By hand: pixels that touch, in the order of their first ones, row by row."""
    w, h = mask.get_size()
    left = {(x, y) for y in range(h) for x in range(w) if mask.get_at((x, y))}
    parts = []
    for first in sorted(left, key=lambda pixel: (pixel[1], pixel[0])):
        if first in left:
            part, edge = {first}, [first]
            left.discard(first)
            while edge:
                x, y = edge.pop()
                for neighbour in [(x + i, y + k) for i in (-1, 0, 1) for k in (-1, 0, 1)]:
                    if neighbour in left:
                        left.discard(neighbour)
                        part.add(neighbour)
                        edge.append(neighbour)
            parts.append(part)
    return parts


def pixels_of(mask) -> set[tuple[int, int]]:
    w, h = mask.get_size()
    return {(x, y) for y in range(h) for x in range(w) if mask.get_at((x, y))}


def test_parts():
    rng = rng_of(3)
    for round_ in range(150):
        ours, theirs = pair_of(rng, 40)
        parts = parts_of(ours)
        assert [pixels_of(part) for part in ours.connected_components()] == parts
        most = max(map(len, parts), default=0)
        assert ours.connected_component().count() == most
        minimum = rng.randint(0, most + 1)
        assert [pixels_of(part) for part in ours.connected_components(minimum)] == \
            [part for part in parts if len(part) >= minimum]
        boxes = [((min(x for x, _ in part), min(y for _, y in part)), (max(x for x, _ in part), max(y for _, y in part)))
                 for part in parts]
        assert [(rect.topleft, (rect.right - 1, rect.bottom - 1)) for rect in ours.get_bounding_rects()] == boxes
        if theirs.get_size()[0] > 1 and theirs.get_size()[1] > 0:  # pygame 2.1 is wrong about a width of 1
            assert ours.get_bounding_rects() == theirs.get_bounding_rects(), round_
            assert [pixels_of(part) for part in theirs.connected_components()] == parts
            pos = rng.randrange(ours.get_size()[0]), rng.randrange(ours.get_size()[1])
            assert same(ours.connected_component(pos), theirs.connected_component(pos))


def test_convolve():
    rng = rng_of(4)
    for _ in range(60):
        (a, pa), (b, pb) = pair_of(rng, 40), pair_of(rng, 20)
        assert same(a.convolve(b), pa.convolve(pb))
        (out, pout), offset = pair_of(rng, 50), (rng.randint(-9, 9), rng.randint(-9, 9))
        assert a.convolve(b, out, offset) is out
        pa.convolve(pb, pout, offset)
        assert same(out, pout)
    with pytest.raises(ValueError):
        a.convolve(b, a)


def test_normal_points_out():
    ground, ball = Mask((100, 50), True), Mask((9, 9), True)
    assert ground.overlap_normal(ball, (40, -6)) == (0, 18)  # further down is deeper in
    assert ground.overlap_normal(ball, (-5, 20)) == (18, 0)
    assert ground.overlap_normal(ball, (40, 20)) == (0, 0)
    assert ground.overlap_normal(ball, (200, 0)) == (0, 0)


def test_a_mask_on_itself():
    mask = Mask((130, 3))
    mask.set_at((0, 1))
    mask.draw(mask, (70, 1))
    assert pixels_of(mask) == {(0, 1), (70, 2)}
    mask.erase(mask, (0, 0))
    assert mask.count() == 0


def surface(rng: random.Random, flags: int, depth: int):
    made = pygame.Surface((37, 21), flags, depth)
    for y in range(21):
        for x in range(37):
            made.set_at((x, y), tuple(rng.choice((0, 100, 127, 128, 255)) for _ in range(4)))
    return made


def test_from_surfaces(display):
    pygame.display.init()
    rng = rng_of(5)
    for flags, depth in ((pygame.SRCALPHA, 32), (0, 32), (0, 24), (0, 16), (0, 8)):
        for key in (None, (100, 100, 100), (0, 0, 0)):
            for alpha in (None, 90):
                source = surface(rng, flags, depth)
                source.set_colorkey(key)
                source.set_alpha(alpha)
                for threshold in (127, 0, 200, -1, 255):
                    ours = kmsblit.mask.from_surface(source, threshold)
                    assert same(ours, pygame.mask.from_surface(source, threshold)), (flags, depth, key, threshold)


def test_from_images(display):
    rng = rng_of(6)
    alpha = numpy.random.default_rng(SEED).integers(0, 256, (13, 70, 4), dtype=numpy.uint8)
    want = {(x, y) for y in range(13) for x in range(70) if alpha[y, x, 3] > 127}
    words = numpy.ascontiguousarray(alpha).view("<u4")[:, :, 0]  # B, G, R, A
    assert pixels_of(Mask.from_image(display.image(words))) == want
    for name in ("argb8888", "argb8888_premultiplied", "abgr8888", "abgr8888_premultiplied"):
        assert pixels_of(Mask.from_image(display.image(words.tobytes(), name, (70, 13)))) == want
    assert pixels_of(Mask.from_image(display.image(alpha[:, :, 3], "a8"))) == want
    for name in ("xrgb8888", "xbgr8888"):
        assert Mask.from_image(display.image(words.tobytes(), name, (70, 13))).count() == 70 * 13
    assert Mask.from_image(display.image(bytes(70 * 13 * 2), "rgb565", (70, 13))).count() == 70 * 13
    palette = ["black", (0, 0, 0, 0), (9, 9, 9, 128)]
    image = display.image(bytes(rng.randrange(4) for _ in range(70 * 13)), "p8", (70, 13), palette=palette)
    mask = Mask.from_image(image)
    assert pixels_of(mask) == {(x, y) for x in range(70) for y in range(13) if image.get_at((x, y))[3] > 127}
    assert image.get_at((0, 0)) in {(0, 0, 0, 255), (0, 0, 0, 0), (9, 9, 9, 128)}
    key = display.image(b"\1\2\3\4\5\6", "RGB", (2, 1), color_key=(1, 2, 3))
    assert pixels_of(Mask.from_image(key)) == {(1, 0)}
    shared = display.shared_image((4, 4))
    shared.pixels[1, 2] = 0xFF112233
    assert pixels_of(Mask.from_image(shared)) == {(2, 1)}
    assert shared.get_at((2, 1)) == (0x11, 0x22, 0x33, 255)


def test_reading_colours(display):
    values = numpy.random.default_rng(SEED).integers(0, 2**32, (5, 9), dtype=numpy.uint32)
    image = display.image(values)
    for y in range(5):
        for x in range(9):
            word = int(values[y, x])
            assert image.get_at((x, y)) == (word >> 16 & 255, word >> 8 & 255, word & 255, word >> 24)
    half = display.image(b"\x40\x20\x00\x80", "argb8888_premultiplied", (1, 1))
    assert half.get_at((0, 0)) == (0, 64, 128, 128)
    assert display.image(b"\x1f\xf8", "rgb565", (1, 1)).get_at((0, 0)) == (255, 0, 255, 255)
    for wrong in ((-1, 0), (9, 0), (0, 5)):
        with pytest.raises(IndexError):
            image.get_at(wrong)


def test_canvases_have_no_pixels(display):
    with pytest.raises(kmsblit.Error, match="canvas"):
        Mask.from_image(display.canvas((8, 8)))
    with pytest.raises(kmsblit.Error):
        image = display.image(b"\0\0\0\0", size=(1, 1))
        image.close()
        Mask.from_image(image)


def test_without_copies_of_images(daemon, monkeypatch):
    monkeypatch.setenv("KMSBLIT_RECONNECT", "0")
    with daemon.connect() as display:
        with pytest.raises(kmsblit.Error, match="KMSBLIT_RECONNECT"):
            Mask.from_image(display.image(b"\0\0\0\0", size=(1, 1)))


def test_to_image(display):
    mask = Mask((3, 2))
    mask.set_at((1, 1))
    image = mask.to_image("red")
    assert image.get_at((1, 1)) == (255, 0, 0, 255) and image.get_at((0, 0)) == (0, 0, 0, 0)
    assert mask.to_image(None, (1, 2, 3, 4)).get_at((2, 0)) == (1, 2, 3, 4)
    assert same(Mask.from_image(mask.to_image()), mask)
    with pytest.raises(ValueError):
        Mask((0, 3)).to_image()


def test_copies():
    class Own(Mask):
        pass

    mask = Own((70, 2), fill=True)
    for other in (mask.copy(), copy.copy(mask)):
        assert type(other) is Own and same(other, mask)
        other.clear()
    assert mask.count() == 140


def test_arguments():
    mask = Mask((4, 4), fill=True)
    assert mask.overlap(other=mask, offset=(1, 1)) == mask.overlap(mask, offset=[1, 1]) == (1, 1)
    assert mask.overlap(mask, (1.9, numpy.int32(0))) == (1, 0)
    mask.set_at(pos=(0, 0), value=0)
    assert mask.get_at(pos=(0, 0)) == 0
    for call in (lambda: mask.overlap(mask), lambda: mask.overlap(), lambda: mask.overlap(mask, (0, 0), 1),
                 lambda: mask.overlap(mask, (0, 0), offset=(0, 0)), lambda: mask.overlap(mask, wrong=(0, 0)),
                 lambda: mask.overlap(3, (0, 0)), lambda: mask.overlap(mask, 3), lambda: mask.get_at((0, 0), 1),
                 lambda: Mask(3), lambda: Mask.from_image(3), lambda: mask.set_at()):
        with pytest.raises(TypeError):
            call()
    for call in (lambda: Mask((-1, 3)), lambda: Mask((3, 16385)), lambda: mask.scale((-1, 0)),
                 lambda: mask.outline(0)):
        with pytest.raises(ValueError):
            call()
    for pos in ((-1, 0), (0, 4), (4, 0)):
        with pytest.raises(IndexError):
            mask.get_at(pos)
        with pytest.raises(IndexError):
            mask.set_at(pos)
        with pytest.raises(IndexError):
            mask.connected_component(pos)
