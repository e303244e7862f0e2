"""blits() of arrays: what is drawn, what is refused, and that no item costs Python anything."""
from __future__ import annotations

import sys
import time

import numpy
import pytest

import kmsblit
from kmsblit import BLIT_DTYPE, FLIP_X, FLIP_Y, blit_array
from pixels import shown


@pytest.fixture
def images(display):
    rng = numpy.random.default_rng(1)
    return [display.image(rng.integers(0, 256, (4 + i, 6, 4), dtype=numpy.uint8)) for i in range(3)]


def random_rows(images, count, seed=2):
    rng = numpy.random.default_rng(seed)
    rows = blit_array(count)
    rows["x"], rows["y"] = rng.integers(-8, 66, count), rng.integers(-8, 50, count)
    rows["image"] = rng.choice([image.id for image in images], count)
    part = rng.random(count) < 0.5
    for field, low, high in (("src_x", -2, 5), ("src_y", -2, 5), ("src_width", 0, 9), ("src_height", 0, 9)):
        rows[field] = numpy.where(part, rng.integers(low, high, count), 0)
    rows["alpha"] = rng.choice([0, 90, 255], count)
    rows["tint"] = rng.choice([0, 0xFF8040, 0x12345678, 0xFFFFFFFF], count)
    rows["flags"] = rng.choice([0, FLIP_X, FLIP_Y, FLIP_X | FLIP_Y], count)
    rows["special_flags"] = rng.choice([0, kmsblit.BLEND_ADD, kmsblit.BLEND_RGBA_MULT, kmsblit.BLEND_REPLACE], count)
    return rows


def draw_one_by_one(window, images, rows):
    rects = []
    by_id = {image.id: image for image in images}
    for row in rows.tolist():
        row = dict(zip(rows.dtype.names, row))
        area = (row["src_x"], row["src_y"], row["src_width"], row["src_height"])
        rects.append(window.blit(
            by_id[row["image"]], (row["x"], row["y"]), area if area[2:] != (0, 0) else None,
            row["special_flags"], alpha=row["alpha"],
            tint=((row["tint"] >> 16 & 255, row["tint"] >> 8 & 255, row["tint"] & 255) if row["tint"] else None),
            flip_x=bool(row["flags"] & FLIP_X), flip_y=bool(row["flags"] & FLIP_Y)))
    return rects


def test_every_field(window, images):
    rows = random_rows(images, 3000)
    window.fill("gray")
    window.clip = (2, 1, 50, 44)
    expected_rects = draw_one_by_one(window, images, rows)
    expected = shown(window)
    for how in ({}, {"return_rects": True}, {"return_rects": False}, {"doreturn": 1}):
        window.fill("gray")
        rects = window.blits(rows, **how)
        assert rects == (expected_rects if any(how.values()) else None)
        assert (shown(window) == expected).all()
    assert len(numpy.unique(expected)) > 500


def test_the_dtype():
    dtype = numpy.dtype(BLIT_DTYPE)
    assert dtype.itemsize == 32 and dtype.isnative and blit_array(3).dtype == dtype
    assert [dtype.fields[name][1] for name in ("tint", "image", "src_x", "x", "y")] == [4, 8, 12, 20, 24]
    rows = blit_array(4, 7)
    assert (rows["alpha"] == 255).all() and (rows["image"] == 7).all() and not rows["tint"].any()


def same(window, rows, **how):
    """The array draws what its fields say, whatever their types."""
    window.fill(0)
    window.blits(rows, False, **how)
    return shown(window)


def test_other_layouts(window, images):
    rows = random_rows(images, 500)
    expected = same(window, rows)
    aligned = numpy.dtype(BLIT_DTYPE, align=True)
    scattered = numpy.dtype({"names": ["x", "hp", "image", "y", *("src_x src_y src_width src_height alpha tint flags"
                                       " special_flags name pos").split()],
                             "formats": ["f4", "u1", "i8", "f8", "i4", "i8", "i4", "u8", "i2", "i8", "?", "u2", "U3",
                                         "(2,3)f4"],
                             "offsets": [1, 5, 8, 16, 24, 28, 36, 40, 48, 50, 58, 60, 64, 80], "itemsize": 112})
    rows["flags"] &= 1
    expected = same(window, rows)
    for dtype in (aligned, scattered, numpy.dtype(BLIT_DTYPE[::-1])):
        other = numpy.zeros(500, dtype)
        for name in set(dtype.names) & set(rows.dtype.names):
            other[name] = rows[name]
        assert (same(window, other) == expected).all(), dtype
    for view in (numpy.repeat(rows, 3)[::3], rows[::-1].copy()[::-1]):
        assert not view.flags.c_contiguous and (same(window, view) == expected).all()
    readonly = rows.copy()
    readonly.flags.writeable = False
    assert (same(window, readonly) == expected).all()
    assert (same(window, memoryview(rows)) == expected).all()


def test_subset_and_indices(window, images):
    rows = numpy.array([(3, 4, 1), (10, 4, 2), (20, 4, 0)], [("x", "i4"), ("y", "i4"), ("image", "u1")])
    window.blits([(images[1], (3, 4)), (images[2], (10, 4)), (images[0], (20, 4))])
    expected = shown(window)
    for how in (images, tuple(images), iter(images)):
        assert (same(window, rows, images=how) == expected).all()
    window.fill(0)
    window.blits([(images[1], row[:2]) for row in [(3, 4), (10, 4), (20, 4)]])
    expected = shown(window)
    assert (same(window, rows, image=images[1]) == expected).all()
    assert (same(window, rows[["x", "y"]], image=images[1]) == expected).all()


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8", "=i8"])
def test_positions(window, images, dtype):
    positions = numpy.array([[3, 4], [10, 5], [60, 45]], dtype)
    window.blits([(images[0], row) for row in positions])
    expected = shown(window)
    assert (same(window, positions, image=images[0]) == expected).all()
    rects = numpy.concatenate([positions, numpy.full((3, 2), 9, dtype)], axis=1)
    assert (same(window, rects, image=images[0]) == expected).all()
    assert (same(window, numpy.asfortranarray(rects)[::-1][::-1], image=images[0]) == expected).all()
    assert (same(window, numpy.ascontiguousarray(rects[:, ::-1])[:, ::-1], image=images[0]) == expected).all()


def test_fractions_are_dropped(window, images):
    expected = same(window, numpy.array([[1, -2]]), image=images[0])
    assert (same(window, numpy.array([[1.9, -2.9]]), image=images[0]) == expected).all()


def test_nothing(window, images):
    assert window.blits(blit_array(0)) is None
    assert window.blits(numpy.zeros((0, 2), int), image=images[0], return_rects=True) == []
    assert window.blits(numpy.array([], object)) == []


def test_arrays_of_objects_are_sequences(window, images):
    items = numpy.empty(2, object)
    items[:] = [(images[0], (1, 1)), (images[1], (9, 9))]
    assert window.blits(items) == [(1, 1, 6, 4), (9, 9, 6, 5)]


def one_bad(field, value, dtype="i8"):
    rows = numpy.zeros(900, [("x", "i4"), ("y", "i4"), ("alpha", "u1"), ("image", "i8")] +
                       [(field, dtype)] * (field not in ("x", "y", "image", "alpha")))
    rows["alpha"] = 255
    if field in rows.dtype.names and rows.dtype[field] != numpy.dtype(dtype):
        rows = rows.astype([(name, dtype if name == field else rows.dtype[name]) for name in rows.dtype.names])
    rows[field][700] = value
    return rows


@pytest.mark.parametrize("field, value, dtype", [
    ("image", 3, "i8"), ("image", -1, "i8"), ("image", 2**40, "i8"), ("alpha", 256, "i8"), ("alpha", -1, "i2"),
    ("x", 2**31, "i8"), ("x", -2**31, "i4"), ("y", numpy.nan, "f8"), ("y", numpy.inf, "f4"), ("y", 2**64 - 1, "u8"),
    ("src_x", 40000, "i4"), ("src_y", -32769, "i4"), ("src_width", -1, "i4"), ("src_height", 65536, "i4"),
    ("flags", 4, "u1"), ("special_flags", 99, "i4"), ("special_flags", 70000, "i4"), ("tint", 2**32, "i8"),
    ("tint", -1, "i8"),
])
def test_one_wrong_item_and_nothing_is_drawn(window, images, field, value, dtype):
    window.fill("white")
    window.blit(images[0], (30, 30))
    before = shown(window).copy()
    window.fill("white")
    window.blit(images[0], (30, 30))
    with pytest.raises(ValueError, match=rf"blits\(\) item 700: {field}"):
        window.blits(one_bad(field, value, dtype), images=images)
    assert (shown(window) == before).all()


@pytest.mark.parametrize("field, value", [("special_flags", 99), ("flags", 4), ("image", 0)])
def test_wrong_items_of_the_dtype(window, images, field, value):
    rows = blit_array(800, images[0].id)
    rows[field][650] = value
    with pytest.raises(ValueError, match=rf"item 650: {field} is {value}"):
        window.blits(rows)
    assert (shown(window) == 0).all()


def test_wrong_arrays(display, window, images, daemon):
    good = numpy.zeros((2, 2), int)
    for array in (numpy.zeros(4, int), numpy.zeros((2, 3), int), numpy.zeros((2, 2), ">i4"),
                  numpy.zeros((2, 2), complex), numpy.zeros((2, 2), "f2"), numpy.zeros((2, 2, 2), int),
                  numpy.zeros((2, 2), "S3"), numpy.zeros(2, [("x", "i4")]), numpy.zeros((2, 2), BLIT_DTYPE),
                  numpy.zeros((2, 2), bool)[:, :1]):
        with pytest.raises(ValueError, match=r"BLIT_DTYPE|image="):
            window.blits(array, image=images[0])
    for field, dtype in (("x", ">i4"), ("x", "f2"), ("y", "S4"), ("y", "(2,)i4"), ("x", [("x", "i4")])):
        with pytest.raises(TypeError, match=f"field {field}"):
            window.blits(numpy.zeros(2, [(field, dtype), *[(other, "i4") for other in "xy" if other != field]]),
                         image=images[0])
    with pytest.raises(ValueError, match="repack_fields"):
        window.blits(blit_array(2)[["y", "x"]], image=images[0])
    with pytest.raises(TypeError, match="image="):
        window.blits(good)
    with pytest.raises(TypeError, match="not both"):
        window.blits(good, image=images[0], images=images)
    with pytest.raises(TypeError, match="go with an array"):
        window.blits([(images[0], (0, 0))], images=images)
    with pytest.raises(TypeError, match="Image"):
        window.blits(good, image="alien.png")
    with pytest.raises(TypeError, match="images item 1"):
        window.blits(blit_array(1), images=[images[0], None])
    with daemon.connect() as other:
        with pytest.raises(ValueError, match="another display"):
            window.blits(good, image=other.image(bytes(4), size=(1, 1)))
    assert (shown(window) == 0).all()


def test_ids_of_images_that_are_gone(display, window, images):
    closed, dead = images[0].id, images[1].id
    assert len({image.id for image in images}) == 3
    images[0].close()
    del images[1]
    with pytest.raises(kmsblit.Error, match="cannot be drawn") as caught:
        window.blits(blit_array(2, closed))
    assert "item 0" in caught.value.__notes__[0]
    with pytest.raises(ValueError, match="no image of this display"):
        window.blits(blit_array(2, dead))
    later = [display.image(bytes(4), size=(1, 1)) for _ in range(5)]
    with pytest.raises(ValueError, match="no image of this display"):
        window.blits(blit_array(2, dead))
    window.blits(blit_array(2, later[4].id))
    window.flip()


def test_images_are_kept_until_the_frame_is_sent(display, window):
    image = display.image(b"\xff\x00\x00\xff", size=(1, 1))
    window.blits(blit_array(5, image.id))
    del image
    other = display.image(b"\x00\xff\x00\xff", size=(1, 1))
    window.blits(numpy.array([[1, 0]]), image=other)
    other.close()
    assert list(shown(window)[0, :3]) == [0xFF, 0xFF00, 0]


def test_no_python_work_for_an_item(window, images):
    """The profiler sees one call, however many items; nothing is allocated for them either."""
    calls = []

    def blits(rows):
        sys.setprofile(lambda frame, event, argument: calls.append((event, getattr(argument, "__name__", None))))
        try:
            window.blits(rows)
        finally:
            sys.setprofile(None)

    counts = []
    for count in (1, 10_000):
        for rows in (blit_array(count, images[0].id), numpy.zeros(count, [("y", "f8"), ("x", "i2"), ("image", "u4")])):
            rows["image"] = images[0].id
            window.clear()
            calls.clear()
            blits(rows)
            counts.append([call for call in calls if call[0].startswith("c_") and call[1] != "setprofile"])
            before = sys.getallocatedblocks()
            window.blits(rows)
            assert sys.getallocatedblocks() - before < 20
    assert all(one == [("c_call", "blits"), ("c_return", "blits")] for one in counts), counts


def test_ten_thousand(window, images, record_property):
    """How long it takes is reported, never judged."""
    rows = random_rows(images, 10_000)
    for field in rows.dtype.names[:-3]:
        rows[field] = {"image": rows["image"], "alpha": 255}.get(field, 0)
    by_id = {image.id: image for image in images}
    tuples = [(by_id[row["image"]], (int(row["x"]), int(row["y"]))) for row in rows]
    other = numpy.zeros(10_000, [("y", "f8"), ("x", "f8"), ("image", "u8")])
    for name in other.dtype.names:
        other[name] = rows[name]
    taken = {}
    for name, what, rects in (("array", rows, False), ("another layout", other, False), ("tuples", tuples, False),
                              ("tuples with rects", tuples, True)):
        best = None
        for _ in range(7):
            window.clear()
            begin = time.perf_counter_ns()
            window.blits(what, rects)
            taken_ns = time.perf_counter_ns() - begin
            best = taken_ns if best is None else min(best, taken_ns)
        taken[name] = best / 1000
    before = window.statistics().get("commands", 0)
    window.clear()
    window.blits(rows)
    window.flip(wait=True)
    assert window.statistics()["commands"] - before == 10_000
    print("10,000 blits in us:", {name: round(us, 1) for name, us in taken.items()})
    record_property("blits_us", taken)
