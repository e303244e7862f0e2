"""Rect, against pygame's."""
from __future__ import annotations

import copy
import pickle
import random

import pytest
from kmsblit import Rect

pygame = pytest.importorskip("pygame")

ATTRIBUTES = ("x y w h width height left top right bottom centerx centery topleft midtop topright "
              "midleft center midright bottomleft midbottom bottomright size").split()


def random_numbers(rng: random.Random) -> tuple[int, int, int, int]:
    return (rng.randint(-9, 9), rng.randint(-9, 9), rng.randint(0, 12), rng.randint(0, 12))


def pairs(count: int = 300):
    rng = random.Random(5)
    for _ in range(count):
        numbers = random_numbers(rng)
        yield Rect(*numbers), pygame.Rect(*numbers), rng


def test_forms():
    for form in ((1, 2, 3, 4), ((1, 2), (3, 4)), ((1, 2, 3, 4),), (Rect(1, 2, 3, 4),),
                 (pygame.Rect(1, 2, 3, 4),), ([1.9, 2.9, 3.2, 4.4],), (((1, 2), (3, 4)),)):
        assert Rect(*form) == Rect(1, 2, 3, 4)

    class Sprite:
        rect = pygame.Rect(1, 2, 3, 4)

    class Lazy:
        def rect(self):
            return (1, 2, 3, 4)

    assert Rect(Sprite()) == Rect(Lazy()) == (1, 2, 3, 4)
    assert Rect(-1.9, 1.9, 3, 4) == (-1, 1, 3, 4)


@pytest.mark.parametrize("wrong", [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4, 5), ("1234",), (None,),
                                   ("a", 2, 3, 4), (object(),), ((1, 2), (3,))])
def test_wrong_forms(wrong):
    with pytest.raises(TypeError):
        Rect(*wrong)


@pytest.mark.parametrize("number", [2**31, -2**31, 10**30, 1e300, float("nan"), float("inf")])
def test_numbers_out_of_range(number):
    with pytest.raises(ValueError, match="out of range"):
        Rect(number, 0, 1, 1)


def test_rect_attribute_that_is_itself():
    class Loop:
        @property
        def rect(self):
            return self

    with pytest.raises(TypeError):
        Rect(Loop())


def test_attributes_read():
    for ours, theirs, _ in pairs():
        for name in ATTRIBUTES:
            assert getattr(ours, name) == getattr(theirs, name), (theirs, name)


def test_attributes_written():
    for ours, theirs, rng in pairs():
        name = rng.choice(ATTRIBUTES)
        value = rng.randint(-5, 9)
        if isinstance(getattr(theirs, name), tuple):
            value = (value, rng.randint(-5, 9))
        setattr(ours, name, value)
        setattr(theirs, name, value)
        assert ours == theirs, (name, value)


@pytest.mark.parametrize("method", ["move", "inflate"])
def test_methods_with_a_pair(method):
    for ours, theirs, rng in pairs():
        x, y = rng.randint(-7, 7), rng.randint(-7, 7)
        expected = getattr(theirs, method)(x, y)
        assert getattr(ours, method)(x, y) == expected
        assert getattr(ours, method)((x, y)) == expected
        assert getattr(ours, method + "_ip")(x, y) is None
        assert ours == expected


@pytest.mark.parametrize("method", ["clamp", "clip", "union"])
def test_methods_with_a_rect(method):
    for ours, theirs, rng in pairs():
        other = random_numbers(rng)
        expected = getattr(theirs, method)(other)
        assert getattr(ours, method)(other) == expected, (theirs, other)
        assert getattr(ours, method)(*other) == expected
        if method != "clip":
            getattr(ours, method + "_ip")(pygame.Rect(other))
            assert ours == expected


def test_questions():
    for ours, theirs, rng in pairs(1000):
        other = random_numbers(rng)
        point = (rng.randint(-9, 15), rng.randint(-9, 15))
        assert ours.colliderect(other) == bool(theirs.colliderect(other)), (theirs, other)
        assert ours.contains(other) == bool(theirs.contains(other)), (theirs, other)
        assert ours.collidepoint(point) == ours.collidepoint(*point) \
            == bool(theirs.collidepoint(point))
        assert bool(ours) == bool(theirs)


def test_lists():
    for ours, theirs, rng in pairs(1000):
        others = [random_numbers(rng) for _ in range(6)]
        assert ours.collidelist(others) == theirs.collidelist(others)
        assert ours.collidelistall(others) == theirs.collidelistall(others)
        assert ours.unionall(others) == theirs.unionall(others)
        ours.unionall_ip(others)
        theirs.unionall_ip(others)
        assert ours == theirs


def test_dicts():
    for ours, theirs, rng in pairs(1000):
        rects = {random_numbers(rng): rng.random() for _ in range(6)}
        values = {value: key for key, value in rects.items()}
        assert ours.collidedict(rects) == theirs.collidedict(rects)
        assert ours.collidedictall(rects) == theirs.collidedictall(rects)
        assert ours.collidedict(values, 1) == theirs.collidedict(values, 1)
        assert ours.collidedictall(values, values=True) == theirs.collidedictall(values, 1)
    assert ours.collidedict({}) is None and ours.collidedictall({}) == []
    with pytest.raises(TypeError, match="value"):
        ours.collidedict({1: 2}, values=True)
    with pytest.raises(TypeError):
        ours.collidedict([])


class Thing:
    """As a sprite: it has a rect."""

    def __init__(self, rect):
        self.rect = rect


def test_objects():
    for ours, _, rng in pairs(300):
        rects = [random_numbers(rng) for _ in range(6)]
        hit = [i for i, rect in enumerate(rects) if ours.colliderect(rect)]
        things = [Thing(kmsblit_or_pygame(rect)) for kmsblit_or_pygame in (Rect, pygame.Rect, tuple) for rect in rects[::3]]
        assert ours.collideobjectsall(things) == [thing for thing in things if ours.colliderect(thing.rect)]
        assert ours.collideobjects(range(6), key=rects.__getitem__) == (hit[0] if hit else None)
        assert ours.collideobjectsall(range(6), key=rects.__getitem__) == hit
        assert ours.collideobjectsall(rects) == [rects[i] for i in hit]
    for wrong in ([1], 5):
        with pytest.raises(TypeError):
            ours.collideobjects(wrong)
    with pytest.raises(ZeroDivisionError):
        ours.collideobjects([1], key=lambda _: 1 // 0)


def test_lines():
    """Against pygame."""
    rng = random.Random(9)
    inside = 0
    for i in range(5000):
        most = 10 ** rng.randint(1, 4)
        numbers = tuple(rng.randint(-most, most) for _ in range(4))
        line = tuple(rng.randint(-most, most) for _ in range(4))
        ours, theirs = Rect(numbers), pygame.Rect(numbers)
        theirs.normalize()  # else pygame 2.1 may crash
        expected = theirs.clipline(line)
        assert ours.clipline(line) == expected, (numbers, line)
        inside += bool(expected)
        assert ours.clipline(*line) == ours.clipline(line[:2], line[2:]) == ours.clipline((line[:2], line[2:])) == expected
    assert inside > 500
    assert Rect(0, 0, 0, 5).clipline(0, 0, 1, 1) == ()
    far = 2**31 - 1
    assert Rect(-2, -2, 5, 5).clipline(-far, -far, far, far) == ((-2, -2), (2, 2))
    with pytest.raises(TypeError):
        ours.clipline(1, 2, 3)


def test_fit():
    rng = random.Random(3)
    for _ in range(3000):
        most = 10 ** rng.randint(1, 4)
        numbers = tuple(rng.randint(1, most) for _ in range(4))
        other = tuple(rng.randint(1, most) for _ in range(4))
        assert Rect(numbers).fit(other) == pygame.Rect(numbers).fit(other), (numbers, other)
    assert Rect(0, 0, 0, 0).fit(1, 2, 4, 6) == (3, 5, 0, 0)
    assert Rect(0, 0, 5, 5).fit((1, 2, 0, 0)) == (1, 2, 0, 0)


def test_scale_by():
    """pygame 2.1 has not got it; the numbers are those of 2.6's arithmetic."""
    rect = Rect(10, 20, 8, 6)
    assert rect.scale_by(2) == rect.scale_by(-2) == (6, 17, 16, 12)
    assert rect.scale_by(0.5, 2) == rect.scale_by(x=0.5, y=2) == (12, 17, 4, 12)
    assert rect.scale_by(1) == rect
    rect.scale_by_ip(3)
    assert rect == (2, 14, 24, 18)
    assert rect.scale_by(1e30).w == 2**31 - 1
    for wrong in (float("nan"), float("inf")):
        with pytest.raises(ValueError):
            rect.scale_by(wrong)


def test_negative_sizes():
    ours, theirs = Rect(5, 5, -3, -4), pygame.Rect(5, 5, -3, -4)
    ours.normalize()
    theirs.normalize()
    assert ours == theirs
    assert Rect(5, 5, -3, -4).colliderect(3, 2, 1, 1)


def test_as_a_sequence():
    rect = Rect(1, 2, 3, 4)
    x, y, w, h = rect
    assert (x, y, w, h) == (1, 2, 3, 4) and len(rect) == 4 and tuple(rect) == (1, 2, 3, 4)
    assert rect[0] == 1 and rect[-1] == 4 and rect[:2] == (1, 2) and 3 in rect
    rect[0] = 7
    rect[2:] = (8, 9)
    assert rect == (7, 2, 8, 9)
    for wrong in (4, -5):
        with pytest.raises(IndexError):
            rect[wrong]
    with pytest.raises(TypeError):
        rect[:2] = (1, 2, 3)
    with pytest.raises(TypeError):
        del rect[0]


def test_comparing():
    assert Rect(1, 2, 3, 4) == (1, 2, 3, 4) == Rect(1, 2, 3, 4)
    assert Rect(1, 2, 3, 4) != (1, 2, 3, 5)
    assert Rect(1, 2, 3, 4) != "1234" and Rect(1, 2, 3, 4) != None  # noqa: E711
    assert pygame.Rect(1, 2, 3, 4) == Rect(1, 2, 3, 4)
    assert Rect(1, 2, 3, 4) < (2, 0, 0, 0)
    with pytest.raises(TypeError):
        hash(Rect(1, 2, 3, 4))


def test_copies_and_subclasses():
    class Mine(Rect):
        pass

    mine = Mine(1, 2, 3, 4)
    mine.name = "mine"
    assert type(mine.move(1, 1)) is Mine and type(mine.copy()) is Mine
    assert copy.copy(mine) == mine and pickle.loads(pickle.dumps(Rect(1, 2, 3, 4))) == mine
    other = mine.copy()
    other.x = 50
    assert mine.x == 1 and repr(Rect(1, 2, 3, 4)) == "Rect(1, 2, 3, 4)"


def test_sums_are_cut_off():
    assert Rect(2**31 - 1, 0, 10, 10).right == 2**31 - 1
    assert Rect(2**31 - 1, 0, 10, 10).move(2**31 - 1, 0).x == 2**31 - 1
