"""Sprites, groups, layers and collisions: the same sequences of calls with pygame's and with ours."""
from __future__ import annotations

import random

import pytest

import kmsblit

pygame = pytest.importorskip("pygame")

SIZE = (64, 48)
SPRITES, SEQUENCES, STEPS = 9, 40, 120


class Side:
    """The sprites and groups of one of the two, by name."""

    def __init__(self, module, rect, surface, images):
        class Actor(module.Sprite):
            def update(self, *args, **kwargs):
                self.calls += [(args, kwargs)]

        class Ghost(module.Sprite):
            """Killing it is noticed; its rect is a property."""
            kills = 0

            @property
            def rect(self):
                return self.place

            @rect.setter
            def rect(self, value):
                self.place = value

            def kill(self):
                self.kills += 1
                super().kill()

        class Sorted(module.Group):
            """In an order of its own."""

            def sprites(self):
                return sorted(super().sprites(), key=lambda sprite: sprite.name)

        self.module, self.rect, self.surface, self.images = module, rect, surface, images
        self.mask = (pygame if module is pygame.sprite else kmsblit).mask.from_surface
        self.sprites = []
        for i in range(SPRITES):
            sprite = (Actor, module.Sprite, Ghost)[i % 3]()
            sprite.name, sprite.calls, sprite.kills = f"s{i}", [], 0
            sprite.image, sprite.rect = images[i % len(images)], rect(i, i, 5, 5)
            self.sprites.append(sprite)
        self.sprites[4]._layer = 2
        self.groups = [module.Group(), module.RenderUpdates(), module.LayeredUpdates(),
                       module.LayeredUpdates(default_layer=1), module.GroupSingle(), Sorted()]
        for i, group in enumerate(self.groups):
            group.name = f"g{i}"
            group.draw(surface)

    def names(self, value):
        """A value that can be compared with the other side's."""
        if hasattr(value, "name"):
            return value.name
        if hasattr(value, "sprites"):
            return f"a copy: {value}"
        if isinstance(value, dict):
            return {self.names(key): self.names(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.names(item) for item in value]
        if isinstance(value, (pygame.Rect, kmsblit.Rect)):
            return tuple(value)
        return value

    def call(self, function):
        """What it returns, or the kind of its exception."""
        try:
            return self.names(function(self))
        except (TypeError, ValueError, IndexError, AttributeError) as error:
            return type(error).__name__

    def state(self):
        found = {}
        for sprite in self.sprites:
            found[sprite.name] = (self.names(sprite.groups()), sprite.alive(), len(sprite.calls), sprite.kills,
                                  getattr(sprite, "radius", None), getattr(sprite, "_layer", None))
        for group in self.groups:
            found[group.name] = (self.names(group.sprites()), self.names(list(group)), len(group), bool(group),
                                 [sprite in group for sprite in self.sprites])
        for group in self.groups[2:4]:
            found[group.name] += (group.layers(), [group.get_layer_of_sprite(sprite) for sprite in self.sprites])
        return found


def picture(rng, size):
    """Pixels that count for masks and pixels that do not."""
    surface = pygame.Surface(size, pygame.SRCALPHA)
    for x in range(size[0]):
        for y in range(size[1]):
            surface.set_at((x, y), (9, 9, 9, rng.choice((0, 0, 127, 128, 255))))
    return surface


@pytest.fixture
def sides(display):
    """Images that are little but sizes and masks."""
    rng = random.Random(6)
    images = [picture(rng, size) for size in ((5, 5), (8, 3), (1, 9), (12, 12))]
    ours = Side(kmsblit, kmsblit.Rect, display.canvas(SIZE), [display.image(image) for image in images])
    return Side(pygame.sprite, pygame.Rect, pygame.Surface(SIZE), images), ours


def some(rng, things, most=3):
    return [rng.randrange(len(things)) for _ in range(rng.randrange(most + 1))]


def collided(rng, module):
    """A way to tell whether sprites touch."""
    ratio = rng.choice((0, 0.3, 0.5, 1, 1.7, 2.25))
    return rng.choice((lambda m: None, lambda m: m.collide_rect, lambda m: m.collide_circle,
                       lambda m: m.collide_mask, lambda m: m.collide_rect_ratio(ratio), lambda m: m.collide_circle_ratio(ratio),
                       lambda m: lambda a, b: (int(a.name[1:]) + int(b.name[1:])) % 3 == 0))


def membership(rng, side):
    """A call that changes or asks who is in which group."""
    sprites, groups = some(rng, side.sprites), some(rng, side.groups)
    s, g = rng.randrange(SPRITES), rng.randrange(len(side.groups))

    def many(one):  # forms of arguments
        return [[one.sprites[i] for i in sprites], (one.sprites[i] for i in sprites), one.groups[g].copy()]

    which = rng.randrange(3)
    return rng.choice((
        lambda one: one.groups[g].add(*(one.sprites[i] for i in sprites)),
        lambda one: one.groups[g].add(one.sprites[s], many(one)[which]),
        lambda one: one.groups[g].remove(*(one.sprites[i] for i in sprites)),
        lambda one: one.groups[g].remove(many(one)[which], one.sprites[s]),
        lambda one: one.groups[g].has(*(one.sprites[i] for i in sprites)),
        lambda one: one.groups[g].has(many(one)[which], one.sprites[s]),
        lambda one: one.groups[groups[0]] in one.groups[g] if groups else None,
        lambda one: (one.groups[g].copy().sprites(), one.groups[g].copy().__class__ is one.groups[g].__class__),
        lambda one: one.sprites[s].add(*(one.groups[i] for i in groups)),
        lambda one: one.sprites[s].add([one.groups[i] for i in groups], one.groups[g]),
        lambda one: one.sprites[s].remove(*(one.groups[i] for i in groups)),
        lambda one: one.sprites[s].kill(),
        lambda one: one.groups[g].empty() if s == 0 else None,
        lambda one: one.groups[g].update(1, two=2),
        lambda one: one.groups[4].sprite,
        lambda one: setattr(one.groups[4], "sprite", one.sprites[s]),
        lambda one: (repr(one.sprites[s]), repr(one.groups[g])),
        lambda one: setattr(one.sprites[s], "layer", s % 3),
        lambda one: one.sprites[s].layer,
    ))


def layering(rng, side):
    """A call that changes or asks how layers lie."""
    s, g, n = rng.randrange(SPRITES), rng.choice((2, 3)), rng.randrange(-2, 4)
    m = rng.randrange(4) + rng.choice((0, 0, 0.5))
    sprites = some(rng, side.sprites)
    return rng.choice((
        lambda one: one.groups[g].add(*(one.sprites[i] for i in sprites), layer=m),
        lambda one: one.groups[g].add([one.sprites[i] for i in sprites], layer=n),
        lambda one: one.groups[g].change_layer(one.sprites[s], m),
        lambda one: one.groups[g].change_layer(one.sprites[s], n),
        lambda one: one.groups[g].move_to_front(one.sprites[s]),
        lambda one: one.groups[g].move_to_back(one.sprites[s]),
        lambda one: one.groups[g].switch_layer(n, m),
        lambda one: one.groups[g].remove_sprites_of_layer(n) if s < 3 else None,
        lambda one: one.groups[g].get_sprites_from_layer(n),
        lambda one: one.groups[g].get_top_layer(),
        lambda one: one.groups[g].get_bottom_layer(),
        lambda one: one.groups[g].get_top_sprite(),
        lambda one: one.groups[g].get_sprite(n),
        lambda one: one.groups[g].get_sprites_at((n, s)),
        lambda one: [type(layer) for layer in one.groups[g].layers()],
    ))


def touching(rng, side):
    """Moves, draws, or looks for collisions."""
    s, g, h = rng.randrange(SPRITES), rng.randrange(len(side.groups)), rng.randrange(len(side.groups))
    numbers = (rng.randint(-4, 40), rng.randint(-4, 30), rng.randint(0, 15), rng.randint(0, 15))
    kills, way = rng.random() < 0.2, collided(rng, side.module)
    return rng.choice((
        lambda one: setattr(one.sprites[s], "rect", one.rect(*numbers)),
        lambda one: setattr(one.sprites[s], "rect", one.rect(*numbers)),
        lambda one: setattr(one.sprites[s], "rect", pygame.Rect(*numbers)),
        lambda one: setattr(one.sprites[s], "radius", numbers[2]),
        lambda one: one.groups[g].draw(one.surface),
        lambda one: one.groups[g].draw(one.surface),
        lambda one: one.module.spritecollide(one.sprites[s], one.groups[g], kills, way(one.module)),
        lambda one: one.module.spritecollideany(one.sprites[s], one.groups[g], way(one.module)),
        lambda one: one.module.groupcollide(one.groups[g], one.groups[h], kills, s == 0, way(one.module)),
        lambda one: (one.module.collide_rect(one.sprites[s], one.sprites[0]),
                     one.module.collide_circle(one.sprites[s], one.sprites[1]),
                     one.module.collide_mask(one.sprites[s], one.sprites[2])),
        lambda one: setattr(one.sprites[s], "mask", one.mask(one.sprites[s].image)),
    ))


@pytest.mark.parametrize("seed", range(SEQUENCES))
def test_as_pygame(sides, seed):
    rng = random.Random(seed)
    theirs, ours = sides
    assert ours.state() == theirs.state()
    for step in range(STEPS):
        call = rng.choice((membership, layering, touching))(rng, theirs)
        assert ours.call(call) == theirs.call(call), f"step {step}"
        assert ours.state() == theirs.state(), f"step {step}"


def test_names_are_there():
    """All of pygame's but for what dirty rectangles need."""
    absent = {"DirtySprite", "LayeredDirty"}
    public = {name for name, value in vars(pygame.sprite).items()
              if getattr(value, "__module__", "") == "pygame.sprite"} - absent
    assert {name for name in public if not hasattr(kmsblit, name)} == set()
    internal = {"add_internal", "remove_internal", "has_internal"}
    for name in public & {"Sprite", "Group", "RenderUpdates", "OrderedUpdates", "LayeredUpdates", "GroupSingle"}:
        methods = {method for method in dir(getattr(pygame.sprite, name)) if not method.startswith("_")} - internal
        assert {method for method in methods if not hasattr(getattr(kmsblit, name), method)} == set()
