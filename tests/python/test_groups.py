"""Groups: what they draw, programs' code in the middle of it, and who keeps whom alive."""
from __future__ import annotations

import gc
import random
import sys
import threading
import weakref

import numpy
import pytest

import kmsblit
from kmsblit import Group, GroupSingle, LayeredUpdates, Rect, RenderUpdates, Sprite
from pixels import shown


@pytest.fixture
def dots(display):
    """Images of one colour each."""
    colors = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0))
    return [display.image(bytes(color) * 9, "RGB", (3, 3)) for color in colors]


def sprite_at(image, x, y, *groups):
    sprite = Sprite(*groups)
    sprite.image, sprite.rect = image, image.get_rect(topleft=(x, y))
    return sprite


# ---- What is drawn -----------------------------------------------------------------------------

@pytest.mark.parametrize("kind", [Group, RenderUpdates, LayeredUpdates])
def test_draws_as_blits(display, window, dots, kind):
    rng = random.Random(3)
    group = kind()
    for i in range(60):
        sprite_at(rng.choice(dots), rng.randint(-2, 63), rng.randint(-2, 47), group)
    window.set_clip((1, 2, 60, 40))
    window.blits([(sprite.image, sprite.rect) for sprite in group], False)
    expected = shown(window)
    before = window.statistics()["commands"]
    group.draw(window)
    assert (shown(window) == expected).all() and expected.any()
    drawn = sum(Rect(window.clip).colliderect(sprite.rect) for sprite in group)
    assert window.statistics()["commands"] - before <= drawn + 1  # and the clip

    canvas = display.canvas((64, 48))
    canvas.set_clip((1, 2, 60, 40))
    group.draw(canvas)
    window.set_clip(None)
    window.blit(canvas, (0, 0))
    assert (shown(window) == expected).all()


def test_layers_are_drawn_in_order(window, dots):
    group = LayeredUpdates()
    low, high = sprite_at(dots[0], 0, 0), sprite_at(dots[1], 0, 0)
    group.add(high, layer=5)
    group.add(low, layer=-5)
    group.draw(window)
    assert shown(window)[0, 0] == 0x00FF00
    group.move_to_back(high)
    group.draw(window)
    assert shown(window)[0, 0] == 0xFF0000
    assert group.layers() == [-6, -5] and group.get_sprites_at((2, 2)) == [high, low]


def test_all_that_can_be_drawn(display, window, dots):
    """Canvases, turned images; rects of all kinds."""
    canvas = display.canvas((2, 2))
    canvas.fill("white")
    group = Group(sprite_at(canvas, 10, 0))
    turned = Sprite(group)
    turned.image = dots[0].rotated(90)
    turned.rect = turned.image.get_rect(topleft=(20, 0))
    for x, rect in ((30, (30, 0)), (33, [33.7, 0, 1, 1]), (36, ((36, 0), (9, 9)))):
        sprite = Sprite(group)
        sprite.image, sprite.rect = dots[1], rect
    group.draw(window)
    picture = shown(window)
    assert picture[1, 11] == 0xFFFFFF and picture[1, 21] == 0xFF0000
    assert all(picture[1, x] == 0x00FF00 for x in (30, 34, 37))


def test_ten_thousand_are_one_frame(window, dots):
    group = Group(sprite_at(dots[0], i % 60, i // 60 % 45) for i in range(10_000))
    before = window.statistics()
    group.draw(window)
    shown(window)
    after = window.statistics()
    assert after["commands"] - before.get("commands", 0) == 10_000
    assert after["frames_committed"] - before.get("frames_committed", 0) == 1


def test_pygame_surfaces():
    pygame = pytest.importorskip("pygame")
    surface, picture = pygame.Surface((20, 20)), pygame.Surface((5, 5))
    picture.fill("red")
    sprite = Sprite()
    sprite.image, sprite.rect = picture, pygame.Rect(16, 3, 5, 5)
    group = RenderUpdates(sprite)
    assert group.draw(surface) == [(16, 3, 4, 5)]
    assert surface.get_at((17, 4)) == (255, 0, 0) and surface.get_at((0, 0)) == (0, 0, 0)
    with pytest.raises(AttributeError, match="blits"):
        group.draw(5)


def test_clear(display, window, dots):
    """A canvas keeps what is drawn: there only the sprites' places; a window does not."""
    background = display.image(bytes((9, 9, 9)) * (64 * 48), "RGB", (64, 48))
    canvas = display.canvas((64, 48))
    group = Group(sprite_at(dots[0], 1, 1), sprite_at(dots[1], 30, 1), sprite_at(dots[2], 50, 1))
    gone = group.sprites()[2]
    group.draw(canvas)
    gone.kill()
    group.sprites()[0].rect.x = 10
    group.clear(canvas, background)
    group.draw(canvas)
    window.blit(canvas, (0, 0))
    picture = shown(window)
    assert picture[2, 2] == picture[2, 51] == 0x090909 and picture[2, 11] == 0xFF0000 and picture[20, 20] == 0

    called = []
    group.clear(canvas, lambda surface, rect: called.append((surface, tuple(rect))))
    assert called == [(canvas, (10, 1, 3, 3)), (canvas, (30, 1, 3, 3))]
    group.clear(window, background)
    group.draw(window)
    picture = shown(window)
    assert picture[40, 40] == 0x090909 and picture[2, 11] == 0xFF0000
    group.clear(window, lambda surface, rect: called.append(rect))
    assert called[2:] == [(0, 0, 64, 48)]


# ---- What is wrong -----------------------------------------------------------------------------

@pytest.mark.parametrize("name, value, error", [
    ("image", None, TypeError), ("image", "alien.png", TypeError), ("rect", None, TypeError),
    ("rect", (2**40, 0), ValueError), ("rect", "no", TypeError)])
def test_all_or_nothing(window, dots, name, value, error):
    group = Group([sprite_at(dots[0], i, 0) for i in range(40)])
    setattr(group.sprites()[30], name, value)
    with pytest.raises(error) as caught:
        group.draw(window)
    assert "draw() item 30" in str(caught.value) + "".join(getattr(caught.value, "__notes__", []))
    assert not shown(window).any()


def test_attributes_that_are_not_there(window, dots):
    for name in ("image", "rect"):
        sprite = sprite_at(dots[0], 0, 0)
        delattr(sprite, name)
        assert not hasattr(sprite, name)
        with pytest.raises(AttributeError, match=name):
            Group(sprite).draw(window)
        with pytest.raises(AttributeError):
            delattr(sprite, name)
    with pytest.raises(AttributeError, match="rect"):
        kmsblit.spritecollide(Sprite(), [Sprite()], False)


def test_closed_things(display, window, dots):
    group = Group(sprite_at(dots[0], 0, 0))
    dots[0].close()
    with pytest.raises(kmsblit.Error, match="closed"):
        group.draw(window)
    window.close()
    with pytest.raises(kmsblit.Error, match="closed"):
        Group().draw(window)


@pytest.mark.parametrize("wrong", [5, None, "ab", [5], [[None]], [Sprite(), "x"]])
def test_no_sprites(wrong):
    group = Group()
    for call in (group.add, group.remove, Group, LayeredUpdates, LayeredUpdates().add, Sprite().add):
        with pytest.raises(TypeError):
            call(wrong)
    assert not group.has(wrong) and wrong not in group


def test_iterables_without_end():
    loop = []
    loop.append(loop)
    for call in (Group().add, Group().remove, Group().has, Sprite().add):
        with pytest.raises(RecursionError):
            call(loop)


@pytest.mark.parametrize("layer", ["1", None, float("nan"), 2**60, 10**400, 1e300])
def test_no_layers(layer):
    group = LayeredUpdates(Sprite())
    for call in (lambda: group.change_layer(group.get_sprite(0), layer), lambda: group.get_sprites_from_layer(layer),
                 lambda: group.switch_layer(layer, 0)):
        with pytest.raises((TypeError, ValueError, OverflowError)):
            call()
    assert group.layers() == [0] and len(group) == 1


def test_wrong_arguments():
    group, layered = Group(), LayeredUpdates()
    for call in (lambda: Sprite(1), lambda: Sprite(group=group), lambda: Group(layer=3), lambda: layered.add(color=3),
                 lambda: layered.change_layer(Sprite(), 1), lambda: layered.move_to_front(5), lambda: GroupSingle(5),
                 lambda: GroupSingle(Sprite(), Sprite()), lambda: kmsblit.spritecollide(Sprite(), 5, False),
                 lambda: kmsblit.spritecollide(Sprite(), [], False, 5), lambda: kmsblit.collide_rect_ratio("x"),
                 lambda: kmsblit.collide_rect_ratio(1)(Sprite()), lambda: setattr(GroupSingle(), "sprite", 5)):
        with pytest.raises((TypeError, ValueError, IndexError)):
            call()


# ---- Programs' own code ------------------------------------------------------------------------

def test_attributes_of_all_kinds(window, dots):
    """Properties, class attributes, slots, __getattr__: found as Python finds them."""
    class Properties(Sprite):
        image = property(lambda self: dots[0])
        rect = property(lambda self: Rect(0, 0, 3, 3))

    class Shared(Sprite):
        image = dots[1]
        rect = (10, 0)

    class Slots(Sprite):
        __slots__ = ("image", "rect")

    class Lazy(Sprite):
        def __getattr__(self, name):
            return {"image": dots[3], "rect": (30, 0)}[name]

    slots = Slots()
    slots.image, slots.rect = dots[2], (20, 0)
    group = Group(Properties(), Shared(), slots, Lazy())
    group.draw(window)
    picture = shown(window)
    assert [picture[1, x] for x in (1, 11, 21, 31)] == [0xFF0000, 0x00FF00, 0x0000FF, 0xFFFF00]


def test_a_class_that_changes(window, dots):
    class Changing(Sprite):
        pass

    sprite = Changing()
    sprite.image, sprite.rect = dots[0], (0, 0)
    group = Group(sprite)
    group.draw(window)
    assert shown(window)[0, 0] == 0xFF0000
    Changing.image = property(lambda self: dots[1])
    group.draw(window)
    assert shown(window)[0, 0] == 0x00FF00


def test_order_of_ones_own(window, dots):
    class ByHeight(Group):
        def sprites(self):
            return sorted(super().sprites(), key=lambda sprite: sprite.rect.bottom)

    group = ByHeight(sprite_at(dots[0], 0, 1), sprite_at(dots[1], 0, 0))
    group.draw(window)
    assert shown(window)[1, 0] == 0xFF0000
    assert [sprite.rect.y for sprite in group] == [0, 1] and len(group) == 2
    ByHeight.sprites = lambda self: 5
    for call in (lambda: group.draw(window), lambda: len(group), lambda: bool(group), lambda: list(group), group.update):
        with pytest.raises(TypeError):
            call()


def test_code_that_meddles(display, window, dots):
    """What runs in the middle of draw(), update() and collisions can do no harm."""
    others = Group(sprite_at(dots[1], 20 + i, 0) for i in range(5))
    group = Group()

    def use_window(call):
        with pytest.raises(RuntimeError, match="blits"):
            call()

    class Meddler(Sprite):
        image = dots[0]

        @property
        def rect(self):
            self.action()
            return Rect(0, 0, 3, 3)

    actions = [group.empty, others.empty, lambda: group.add([sprite_at(dots[2], 9, 9) for _ in range(50)]),
               lambda: use_window(window.flip), lambda: use_window(lambda: others.draw(window)), gc.collect,
               lambda: use_window(window.close), lambda: setattr(Meddler, "image", dots[3])]
    for action in actions:
        meddler = Meddler()
        meddler.action = action
        group.add(meddler)
    group.add(others)
    group.draw(window)
    assert len(group) == 50 and not others
    shown(window)

    class Killer(Sprite):
        def update(self):
            for sprite in group:
                sprite.kill()

    group.add(Killer(), Killer())
    group.update()
    assert not group
    sprites = [sprite_at(dots[0], 0, 0, group) for _ in range(5)]

    def collided(left, right):
        group.empty()
        return True

    assert kmsblit.spritecollide(sprites[0], group, True, collided) == sprites


@pytest.mark.parametrize("seed", range(4))
def test_code_that_meddles_at_random(display, window, dots, seed):
    """Wherever a program's code can run, it does anything to all groups; nothing breaks, nothing is left."""
    rng, depth = random.Random(seed), [0]
    groups = [Group(), LayeredUpdates(), GroupSingle(), RenderUpdates(), LayeredUpdates(default_layer=2)]
    canvas = display.canvas((20, 20))

    def meddle():
        if depth[0] > 2 or rng.random() < 0.6:
            return
        depth[0] += 1
        try:
            group, sprite = rng.choice(groups), rng.choice(sprites)
            rng.choice((lambda: group.add(rng.sample(sprites, 5)), lambda: group.remove(rng.sample(sprites, 5)), sprite.kill,
                        group.empty, gc.collect, lambda: group.draw(canvas), group.update, lambda: sprite.add(*groups),
                        lambda: groups[1].switch_layer(0, 1), lambda: groups[4].remove_sprites_of_layer(2),
                        lambda: groups[1].move_to_back(sprite), lambda: groups[1].get_sprites_at((1, 1)),
                        lambda: kmsblit.groupcollide(group, groups[0], True, True), group.copy,
                        lambda: sprites.__setitem__(rng.randrange(20), Meddler())))()
        except (ValueError, IndexError, RuntimeError, KeyError):
            pass  # not in the group, no sprite, a canvas in the middle of draw(), or its own
        finally:
            depth[0] -= 1

    class Meddler(Sprite):
        image = property(lambda self: (meddle(), rng.choice(dots))[1])
        rect = property(lambda self: (meddle(), Rect(rng.randrange(9), 0, 3, 3))[1])
        layer = property(lambda self: (meddle(), rng.randrange(3))[1])
        radius = property(lambda self: (meddle(), 2)[1])

        def update(self):
            meddle()
            if rng.random() < 0.02:
                raise KeyError("mine")

        def kill(self):
            meddle()
            super().kill()

        def __setattr__(self, name, value):
            meddle()
            super().__setattr__(name, value)

    sprites = []  # which the first ones look into
    sprites += [Meddler() for _ in range(20)]
    for _ in range(150):
        depth[0] = 0
        meddle()
        for group in groups:
            sprites_of = group.sprites()
            assert len(group) == len(sprites_of) == len(set(sprites_of))
            assert all(group in sprite.groups() and sprite in group for sprite in sprites_of)
        for group in groups[1::3]:
            layers = [group.get_layer_of_sprite(sprite) for sprite in group]
            assert layers == sorted(layers)
    window.flip(wait=True)
    references = [weakref.ref(sprite) for sprite in sprites] + [weakref.ref(group) for group in groups]
    del group, sprites_of, sprites[:], groups[:]
    gc.collect()
    assert not any(reference() for reference in references)


def test_update_passes_arguments_and_exceptions():
    class Counting(Sprite):
        def update(self, *args, **kwargs):
            self.got = args, kwargs
            if args == ("fail",):
                raise KeyError("mine")

    group = Group(Counting(), Counting(), Sprite())
    group.update(1, two=2)
    assert [sprite.got for sprite in group.sprites()[:2]] == [((1,), {"two": 2})] * 2
    with pytest.raises(KeyError, match="mine"):
        group.update("fail")


def test_masks():
    class Mask:
        def overlap(self, other, offset):
            return offset if offset[0] < 3 else None

    left, right = Sprite(), Sprite()
    left.rect, right.rect, left.mask, right.mask = (0, 0, 3, 3), Rect(2, 7, 3, 3), Mask(), Mask()
    assert kmsblit.collide_mask(left, right) == (2, 7)
    assert kmsblit.spritecollide(left, [right, left], False, kmsblit.collide_mask) == [right, left]
    right.rect.x = 3
    assert kmsblit.collide_mask(left, right) is None


# ---- Who keeps whom ----------------------------------------------------------------------------

def test_who_keeps_whom():
    group = Group()
    reference = weakref.ref(Sprite(group))
    assert reference() in group and reference().groups() == [group]
    reference().kill()
    assert reference() is None and not group
    sprite = Sprite()
    reference = weakref.ref(LayeredUpdates(sprite))
    gc.collect()
    assert sprite.groups() == [reference()]
    sprite.kill()
    assert reference() is None


@pytest.mark.parametrize("kind", [Group, LayeredUpdates, GroupSingle])
def test_cycles_are_collected(display, kind):
    class Own(Sprite):
        pass

    references = []
    for held in ("sprite", "group", "both", "none"):
        group, sprite = kind(), Own()
        sprite.me, sprite.image, sprite.rect = sprite, display.image(bytes(4), size=(1, 1)), [sprite]
        group.sprites_too = group
        group.add(sprite)
        references += [weakref.ref(group), weakref.ref(sprite), weakref.ref(sprite.image)]
        keep = {"sprite": sprite, "group": group, "both": (sprite, group), "none": None}[held]
        del group, sprite
        gc.collect()
        assert (references[-3]() is None) == (held == "none")
        del keep
    gc.collect()
    assert [reference() for reference in references] == [None] * 12


def test_finalizers_that_add():
    """What comes back to life does so in order."""
    group, kept = Group(), []

    class Phoenix(Sprite):
        def __del__(self):
            kept.append(self)
            self.add(group)

    for _ in range(20):
        Phoenix(Group())
    gc.collect()
    assert len(group) == 20 and all(sprite.alive() for sprite in group)
    group.empty()
    kept.clear()
    gc.collect()
    assert not group


def test_many_come_and_go():
    """Positions stay right when those that have left are forgotten."""
    rng = random.Random(4)
    group, model = LayeredUpdates(), []
    sprites = [Sprite() for _ in range(300)]
    for step in range(6000):
        sprite = rng.choice(sprites)
        if sprite in group:
            sprite.kill()
            model = [entry for entry in model if entry[2] is not sprite]
        elif rng.random() < 0.9 - step / 6000:
            layer = rng.randrange(-3, 4)
            group.add(sprite, layer=layer)
            model.append((layer, step, sprite))
        if step % 50 == 0:
            assert group.sprites() == [entry[2] for entry in sorted(model, key=lambda entry: entry[:2])]
    assert len(group) == len(model)


def test_garbage_of_other_threads(display, window, dots):
    """Sprites and groups die in whichever thread the collector runs."""
    stop = threading.Event()

    def litter():
        while not stop.is_set():
            for _ in range(50):
                group = Group(Sprite(), Sprite())
                sprite_at(display.image(bytes(4), size=(1, 1)), 0, 0, group, LayeredUpdates())
            gc.collect()

    threads = [threading.Thread(target=litter) for _ in range(3)]
    group = Group(sprite_at(dots[0], i, i) for i in range(20))
    for thread in threads:
        thread.start()
    try:
        for _ in range(40):
            group.draw(window)
            window.flip(wait=True)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert len(group) == 20


def test_attributes_like_any_object():
    sprite, group = Sprite(), Group()
    for one in (sprite, group):
        one.anything = 5
        assert one.__dict__ == {"anything": 5} and weakref.ref(one)() is one and hash(one)
        del one.anything
        assert not hasattr(one, "anything")
    assert sprite != Sprite() and sprite == sprite and {sprite: 1}[sprite] == 1
    assert isinstance(kmsblit.RenderPlain(), Group) and kmsblit.RenderClear is Group


def test_no_references_are_left(display, window, dots):
    class Own(Sprite):
        pass

    def turn():
        groups = [Group(), LayeredUpdates(default_layer=1), GroupSingle(), RenderUpdates()]
        own = [Own(groups) for _ in range(8)]
        for i, sprite in enumerate(own):
            sprite.image, sprite.rect = dots[i % 4], Rect(i, i, 3, 3)
        groups[1].add(own, Sprite(), layer=3)
        for group in groups:
            group.copy()
            group.clear(window, dots[0])
            group.update(5, a=5)
            assert group.has(group.sprites()) or not group
            repr((group, own))
        groups[0].draw(window)
        groups[3].draw(window)
        groups[1].remove_sprites_of_layer(3)
        groups[1].layers()
        kmsblit.groupcollide(groups[0], groups[3], False, True)
        kmsblit.spritecollide(own[0], own, False, kmsblit.collide_circle)
        kmsblit.spritecollideany(own[0], own, lambda a, b: False)
        own[2].image = 5
        for wrong in (lambda: Group(*own).draw(window), lambda: Group(5), lambda: groups[1].change_layer(own[0], "x"),
                      lambda: kmsblit.groupcollide(own, [5], False, False), lambda: LayeredUpdates(layer=2**60)):
            with pytest.raises((TypeError, AttributeError, ValueError)):
                wrong()
        groups[0].empty()
        window.clear()

    for _ in range(20):
        turn()
    gc.collect()
    counts = [sys.getrefcount(one) for one in (Sprite, Group, LayeredUpdates, GroupSingle, Rect, None, *dots)]
    blocks = sys.getallocatedblocks()
    for _ in range(1000):
        turn()
    gc.collect()
    after = [sys.getrefcount(one) for one in (Sprite, Group, LayeredUpdates, GroupSingle, Rect, None, *dots)]
    assert all(abs(a - b) < 500 for a, b in zip(after, counts)), (counts, after)
    assert sys.getallocatedblocks() - blocks < 700  # tables grow a little; what is left in every turn counts 1000
    assert numpy.array_equal(shown(window), numpy.zeros((48, 64)))
