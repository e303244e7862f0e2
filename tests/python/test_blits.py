"""blits(): forms, all or nothing, and ten thousand at once."""
from __future__ import annotations

import random

import pytest

import kmsblit
from kmsblit import Rect
from pixels import shown


@pytest.fixture
def dot(display):
    return display.image(bytes((0, 0, 255, 255)) * 4, size=(2, 2))


def test_forms(window, dot):
    area = (0, 0, 1, 1)
    items = [(dot, (0, 0)), [dot, (4, 0)], (dot, [8, 0], None), (dot, Rect(12, 0, 9, 9), area),
             (dot, (16.5, 0), area, 0), (dot, (20, 0), None, kmsblit.BLEND_ADD), (dot, (24, 0), area, None)]
    expected = [(0, 0, 2, 2), (4, 0, 2, 2), (8, 0, 2, 2), (12, 0, 1, 1), (16, 0, 1, 1),
                (20, 0, 2, 2), (24, 0, 1, 1)]
    picture = None
    for form in (items, tuple(items), iter(items), (item for item in items), dict.fromkeys(range(7)),
                 {i: item for i, item in enumerate(items)}.values()):
        window.fill(0)
        if isinstance(form, dict):
            with pytest.raises(TypeError, match="item 0"):
                window.blits(form)
            continue
        assert window.blits(form) == expected
        now = shown(window)
        assert picture is None or (now == picture).all()
        picture = now
    assert (picture == 0xFF0000).sum() == 4 * 4 + 3


def test_what_is_returned(window, dot):
    items = [(dot, (0, 0)), (dot, (-1, 0)), (dot, (100, 100))]
    rects = [(0, 0, 2, 2), (0, 0, 1, 2), (100, 100, 0, 0)]
    assert window.blits(items) == window.blits(items, True) == window.blits(items, 1) == rects
    assert window.blits(items, return_rects=True) == window.blits(items, doreturn=1) == rects
    assert window.blits(blit_sequence=items, doreturn=False) is None
    assert window.blits(items, False) is None and window.blits(items, 0) is None
    assert window.blits([]) == window.blits(()) == window.blits(iter(())) == []
    for rect in window.blits(items):
        assert type(rect) is Rect


@pytest.mark.parametrize("wrong", [None, 5, "ab"])
def test_no_sequence(window, wrong):
    with pytest.raises(TypeError):
        window.blits(wrong)


def bad_items(dot):
    return [((), ValueError), ((dot,), ValueError), ((dot, (0, 0), None, 0, 0), ValueError),
            ((None, (0, 0)), TypeError), ((dot, 5), TypeError), ((dot, (0, 0), 5), TypeError),
            ((dot, (0, 0), None, 99), ValueError), ((dot, (2**40, 0)), ValueError), (None, TypeError),
            ("ab", TypeError), (dot, TypeError)]


@pytest.mark.parametrize("which", range(11))
@pytest.mark.parametrize("form", [list, tuple, iter])
def test_all_or_nothing(window, dot, which, form):
    item, error = bad_items(dot)[which]
    window.fill("white")
    window.set_clip((0, 0, 32, 32))
    window.blit(dot, (10, 10))
    good = [(dot, (i % 60, i // 60)) for i in range(700)]
    with pytest.raises(error, match=r"blits\(\) item 700") as caught:
        window.blits(form([*good, item, *good]))
    assert "item 700" in str(caught.value)
    picture = shown(window)
    assert (picture == 0xFF0000).sum() == 4 and picture[10, 10] == 0xFF0000
    assert window.statistics()["commands"] <= 4


def test_closed_image_in_the_middle(window, dot, display):
    other = display.image(bytes(4), size=(1, 1))
    other.close()
    with pytest.raises(kmsblit.Error, match="closed") as caught:
        window.blits([(dot, (0, 0)), (other, (0, 0))])
    assert "item 1" in caught.value.__notes__[0]


def test_generator_that_fails(window, dot):
    def items():
        yield dot, (0, 0)
        yield dot, (1, 0)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine") as caught:
        window.blits(items())
    assert "item 2" in caught.value.__notes__[0]
    assert (shown(window) == 0).all()


def test_code_that_meddles(display, window, dot):
    """Items' code runs in the middle: it can do no harm."""
    def run(action):
        class Dest:
            @property
            def rect(self):
                action()
                return (1, 1, 1, 1)
        return Dest()

    def use_window(call):
        with pytest.raises(RuntimeError, match="blits"):
            call()

    victim = display.image(bytes((0, 255, 0, 255)), size=(1, 1))
    items = [(dot, (0, 0)), (victim, (5, 5))]
    for call in (lambda: window.blit(dot, (0, 0)), lambda: window.blits([]), window.clear, window.flip,
                 lambda: window.fill(0), window.commit, window.close, lambda: window.set_clip(None),
                 lambda: setattr(window, "size", (1, 1))):
        items.append((dot, run(lambda call=call: use_window(call))))
    items.append((dot, run(victim.close)))
    items.append((dot, run(items.clear)))
    rects = window.blits(items)
    assert len(rects) == 13 and not items
    picture = shown(window)
    assert picture[5, 5] == 0x00FF00, "an image closed after its item is drawn"
    assert picture[0, 0] == picture[1, 1] == 0xFF0000

    growing = [(dot, (i, 0)) for i in range(3)]
    growing.append((dot, run(lambda: growing.extend([(dot, (0, 9))] * 1000))))
    assert len(window.blits(growing)) == 1004

    with pytest.raises(kmsblit.Error, match="closed"):
        window.blits([(dot, (0, 0)), (dot, run(display.close)), (dot, (1, 0))])
        window.flip()


def test_clip_within(window, dot):
    window.set_clip((0, 0, 3, 3))
    assert window.blits([(dot, (2, 2)), (dot, (3, 3))]) == [(2, 2, 1, 1), (3, 3, 0, 0)]
    assert (shown(window) == 0xFF0000).sum() == 1


def test_ten_thousand_are_one_frame(window, dot):
    rng = random.Random(1)
    items = [(dot, (rng.randrange(62), rng.randrange(46))) for _ in range(10_000)]
    for form in (items, tuple(items), iter(items)):
        before = window.statistics()
        window.fill(0)
        assert len(window.blits(form)) == 10_000
        picture = shown(window)
        after = window.statistics()
        assert after["frames_committed"] - before.get("frames_committed", 0) == 1
        assert after["commands"] - before.get("commands", 0) == 10_001
        covered = {(x + dx, y + dy) for _, (x, y) in items for dx in (0, 1) for dy in (0, 1)}
        assert {(x, y) for y in range(48) for x in range(64) if picture[y, x]} == covered


def test_more_than_a_frame_can_have(window, dot):
    window.fill("lime")
    many = [(dot, (0, 0))] * 600_000
    window.blits(many, False)
    with pytest.raises(kmsblit.Error, match="1048576 commands"):
        window.blits(many, False)
    with pytest.raises(kmsblit.Error, match="1048576 commands"):
        window.blits(iter(many), False)
    picture = shown(window)
    assert picture[0, 0] == 0xFF0000 and picture[5, 5] == 0x00FF00
    assert window.statistics()["commands"] == 600_001
    window.blits(many, False)
    window.clear()
    window.blits(many, False)
    assert (shown(window) != 0).sum() == 4


def test_thousands_of_images(display, window):
    """Every image of a frame is kept until it is committed."""
    window.blits((display.image(i.to_bytes(3, "little") + b"\xff", size=(1, 1)), (i % 64, i // 64))
                 for i in range(3000))
    picture = shown(window)
    assert all(picture[i // 64, i % 64] == i for i in range(3000))
    for _ in range(2000):  # the daemon may still be reading their memory
        display.sync()
        if display.statistics()["image_bytes"] < 3000 * 64 // 2:
            break
    else:
        raise AssertionError("they are not gone")
