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
    for ours, theirs, rng in pairs():
        others = [random_numbers(rng) for _ in range(6)]
        assert ours.collidelist(others) == theirs.collidelist(others)
        assert ours.collidelistall(others) == theirs.collidelistall(others)
        assert ours.unionall(others) == theirs.unionall(others)


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
