"""A program that does anything a program may do, at random, with several windows, images and
connections; and does the same to the model.
"""
from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

import model
from model import Pixels, Rect
from samples import random_pixels
from scene_model import Attributes, Blit, Fill, Frame, Scene, Window
from system import FLAGS, FORMATS, Sprite, rgba, sprite

import kmsblit

MOST_WINDOWS = 6
MOST_SPRITES = 12

# Sides of pictures: about the edges of tiles, and others.
SIDES = (63, 64, 65, 100, 127, 128, 129, 150, 191, 193)


@dataclass(frozen=True)
class Drawing:
    """A call of a window's method that draws: fill, blit, blits or set_clip, with arguments."""

    method: str
    arguments: tuple[Any, ...] = ()
    sprite: Sprite | None = None
    more: tuple[tuple[str, Any], ...] = ()


@dataclass
class Player:
    """One window of the program, and its model."""

    window: kmsblit.Window
    model: Window
    connection: Connection
    clip: Rect | None = None
    past: list[tuple[bool, list[Drawing]]] = field(default_factory=list)  # clear, what is drawn
    had: dict[str, list[Any]] = field(default_factory=dict)  # attributes that were set


@dataclass
class Connection:
    """A connection and the images on it."""

    display: kmsblit.Display
    sprites: list[Sprite] = field(default_factory=list)


class Program:
    """The random program. Each act() changes something; nothing waits for a refresh."""

    def __init__(self, displays: list[kmsblit.Display], scene: Scene, seed: list[int],
                 fewer_credits: bool, ids: dict[int, list[int]] | None = None) -> None:
        self.random = random.Random(repr(seed))
        self.numbers = np.random.default_rng(seed)
        self.connections = [Connection(display) for display in displays]
        self.scene = scene
        self.players: list[Player] = []
        self.counts_credits = fewer_credits
        self.ids = ids  # of the daemon's outputs that are the scene's; None: they are the same
        for connection in self.connections:
            for _ in range(4):
                self.add_sprite(connection)
        for _ in range(3):
            self.add_window()

    def act(self) -> None:
        """A few things at once."""
        for _ in range(self.random.choice((1, 2, 3, 5, 8))):
            self.random.choices(
                (self.frame, self.change, self.update, self.draw_canvas, self.renew_sprite,
                 self.add_window, self.close_window), (60, 18, 15, 12, 8, 4, 2))[0]()

    def end(self) -> None:
        """All windows go."""
        for player in self.players:
            player.window.close()
        for connection in self.connections:
            connection.display.sync()

    # ---- Numbers ----

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return self.random.randint(low, high)

    def chance(self, probability: float) -> bool:
        """Whether something happens."""
        return self.random.random() < probability

    def side(self) -> int:
        """Width or height of a window."""
        if self.chance(0.1):
            return self.between(1, 16)
        return self.random.choice(SIDES) if self.chance(0.5) else self.between(20, 200)

    def rect(self, width: int, height: int) -> Rect:
        """A rectangle anywhere about something of this size; often small, sometimes exactly it."""
        if self.chance(0.1):
            return 0, 0, width, height
        reach = 12 if self.chance(0.5) else max(width, height) + 20
        return (self.between(-20, width + 5), self.between(-20, height + 5),
                self.between(1, reach), self.between(1, reach))

    def color(self) -> int:
        """A colour 0xAARRGGBB out of few or of all."""
        return self.random.choice((0xFF000000, 0xFFFFFFFF, 0xFF204060, 0x80FF0000)) \
            if self.chance(0.5) else self.random.getrandbits(32)

    # ---- Images ----

    def pixels(self, kind: str, large: float) -> Pixels:
        """An image: noise, one colour, or a disc with a soft edge. large: how probably."""
        width, height = self.between(1, 40), self.between(1, 40)
        if self.chance(large):
            width, height = self.between(60, 140), self.between(60, 140)
        sort = self.random.choice(("noise", "plain", "disc"))
        if sort == "noise":
            return random_pixels(self.numbers, height, width)
        pixels = np.empty((height, width, 4), np.uint8)
        pixels[...] = model.unpacked(self.color()).astype(np.uint8)
        if sort == "disc":
            y, x = np.ogrid[:height, :width]
            far = np.hypot((x - width / 2) / width, (y - height / 2) / height)
            pixels[..., 3] = np.clip((0.5 - far) * 1000, 0, 255)
        if kind == model.PREMULTIPLIED_KIND:
            pixels[..., :3] = model.mul(pixels[..., :3].astype(np.int64),
                                         pixels[..., 3:].astype(np.int64))
        return pixels

    def add_sprite(self, connection: Connection) -> None:
        """One more image, shared or not."""
        kind = self.random.choice(model.KINDS)
        shared = self.chance(0.4)
        pixels = self.pixels(kind, 0.6 if shared else 0.15)
        if not shared:
            connection.sprites.append(sprite(connection.display, pixels, kind))
            return
        size = (pixels.shape[1], pixels.shape[0])
        image = connection.display.shared_image(size, FORMATS[kind])
        np.asarray(image)[...] = pixels.view("<u4")[..., 0]
        image.update()
        connection.sprites.append(Sprite(image, pixels, kind))

    def renew_sprite(self) -> None:
        """An image goes, whoever still needs it, and another one comes."""
        connection = self.random.choice(self.connections)
        sprites = connection.sprites
        if len(sprites) == MOST_SPRITES or (len(sprites) > 1 and self.chance(0.5)):
            sprites.pop(self.random.randrange(len(sprites))).image.close()
        self.add_sprite(connection)

    def update(self) -> None:
        """A shared image is drawn into, in a few places."""
        connection = self.random.choice(self.connections)
        shared = [one for one in connection.sprites if isinstance(one.image, kmsblit.SharedImage)]
        if not shared:
            return
        one = self.random.choice(shared)
        image = one.image
        assert isinstance(image, kmsblit.SharedImage)
        image.wait()
        memory = np.asarray(image)
        pixels = one.pixels.copy()
        rects = [self.rect(image.width, image.height) for _ in range(self.between(1, 4))]
        for rect in rects:
            x, y, width, height = model.intersection(rect, (0, 0, image.width, image.height))
            part = random_pixels(self.numbers, height, width)
            pixels[y:y + height, x:x + width] = part
            memory[y:y + height, x:x + width] = part.view("<u4")[..., 0]
        one.pixels = pixels
        if self.chance(0.1):
            image.update()
        else:
            image.update(rects[0] if len(rects) == 1 else rects)

    def draw_canvas(self) -> None:
        """A canvas, perhaps a new one, is drawn into; frames that have been sent do not see it."""
        connection = self.random.choice(self.connections)
        canvases = [one for one in connection.sprites if isinstance(one.image, kmsblit.Canvas)]
        if not canvases or (len(connection.sprites) < MOST_SPRITES and self.chance(0.2)):
            width, height = self.between(1, 140), self.between(1, 140)
            canvases = [Sprite(connection.display.canvas((width, height)),
                               np.zeros((height, width, 4), np.uint8), model.PREMULTIPLIED_KIND)]
            connection.sprites += canvases
        one = self.random.choice(canvases)
        canvas = one.image
        assert isinstance(canvas, kmsblit.Canvas)
        pixels = one.pixels.copy()
        if self.chance(0.3):
            canvas.clear()
            pixels[...] = 0
        for _ in range(self.between(1, 4)):
            position = self.between(-30, canvas.width), self.between(-30, canvas.height)
            source = self.random.choice(connection.sprites)
            if source is one:
                color, rect = self.color(), self.rect(canvas.width, canvas.height)
                canvas.fill(rgba(color), rect)
                model.fill(pixels, rect, color, "replace", canvas=True)
            else:
                blend, flip = self.random.choice(model.BLENDS), self.chance(0.3)
                canvas.blit(source.image, position, None, FLAGS[blend], flip_x=flip)
                model.blit(pixels, source.pixels, source.kind, None, *position, blend,
                           flip_x=flip, canvas=True)
        canvas.commit()
        one.pixels = pixels

    # ---- Windows ----

    def place(self, output: int) -> Rect | None:
        """A place on an output, over its borders, on its neighbour, or nowhere."""
        if self.chance(0.3):
            return None
        _, _, width, height = self.scene.outputs[output]
        return (self.between(-width // 3, width), self.between(-height // 3, height),
                self.side(), self.side())

    def again(self, player: Player, name: str) -> Any:
        """Sometimes a value that the attribute had before: what is back must be seen to be back."""
        values = player.had.get(name)
        return self.random.choice(values) if values and self.chance(0.5) else None

    def attribute(self, name: str, output: int) -> Any:
        """A random value of an attribute."""
        if name == "size":
            return self.side(), self.side()
        if name == "base":
            return self.color() | 0xFF000000
        if name == "hidden":
            return self.chance(0.25)
        if name == "scale":
            return self.random.choice(model.SCALES)
        if name == "filter":
            return self.random.choice(("nearest", "bilinear"))
        if name == "z":
            return self.random.choice((-2**31 + 1, -1, 0, 0, 1, 2, 2**31 - 2))
        return self.place(output)

    def add_window(self) -> None:
        """A window with random attributes; it is not seen before its first frame."""
        if len(self.players) == MOST_WINDOWS:
            return
        connection = self.random.choice(self.connections)
        number = self.random.randrange(len(self.scene.outputs))
        values = {name: self.attribute(name, number)
                  for name in ("size", "base", "scale", "filter", "z", "place")}
        made = Window(Attributes(**values, output=number))
        output = self.output_of(connection, number)
        window = connection.display.window(
            values["size"], scale=values["scale"], filter=values["filter"],
            base=rgba(values["base"]), z=values["z"], place=values["place"], output=output)
        # the order of creation is the daemon's: that of the requests on its sockets
        connection.display.sync()
        self.scene.windows.append(made)
        self.players.append(Player(window, made, connection))

    def output_of(self, connection: Connection, number: int) -> kmsblit.Output:
        """The daemon's output that is the scene's."""
        outputs = connection.display.outputs
        if self.ids is None:
            return outputs[number]
        chosen = self.random.choice(self.ids[number])
        return next(output for output in outputs if output.id == chosen)

    def close_window(self) -> None:
        """A window goes, with all that is in its queue."""
        if len(self.players) > 1:
            player = self.players.pop(self.random.randrange(len(self.players)))
            player.window.close()
            self.scene.windows.remove(player.model)

    def change(self) -> None:
        """An attribute or two of a window are set."""
        player = self.random.choice(self.players)
        names = ["size", "base", "hidden", "scale", "filter", "z", "place", "output"]
        for name in self.random.sample(names, self.random.choice((1, 1, 2, 3))):
            newest = player.model.newest
            if name == "output":
                number = self.random.randrange(len(self.scene.outputs))
                player.window.output = self.output_of(player.connection, number)
                player.model.queue.append(replace(newest, output=number))
                continue
            value = self.again(player, name) or self.attribute(name, newest.output)
            if name != "hidden":
                player.had.setdefault(name, []).append(value)
            setattr(player.window, name, rgba(value) if name == "base" else value)
            player.model.queue.append(replace(newest, **{name: value}))

    # ---- Frames ----

    def frame(self) -> None:
        """A frame of a window that has a credit: a new one, or one as it was some time ago."""
        player = self.random.choice(self.players)
        if self.counts_credits and player.model.unanswered == 2:
            return
        clear, drawings = self.random.choice(player.past) if player.past and self.chance(0.4) \
            else (self.chance(0.5), [])
        if not drawings or any(one.sprite and one.sprite.image.closed for one in drawings):
            drawings = self.drawings(player)
            player.past = (player.past + [(clear, drawings)])[-4:]
        if clear:
            if self.chance(0.2):
                player.window.fill("magenta")  # forgotten
            player.window.clear()
        commands = [command for one in drawings for command in self.draw(player, one)]
        player.window.commit()
        player.model.queue.append(Frame(clear, tuple(commands)))

    def drawings(self, player: Player) -> list[Drawing]:
        """What a frame draws."""
        count = self.random.choice((0, 1, 2, 3, 5, 8, 13, 21))
        width, height = player.model.newest.size
        found = []
        for _ in range(count):
            sort = self.random.choices(("fill", "blit", "blits", "set_clip"), (20, 60, 4, 8))[0]
            if sort == "fill":
                rect = self.rect(width, height) if self.chance(0.85) else None
                blend = self.random.choice(("replace", "replace", "over", *model.BLENDS))
                found.append(Drawing("fill", (self.color(), rect, blend)))
            elif sort == "set_clip":
                clip = self.rect(width, height) if self.chance(0.6) else None
                found.append(Drawing("set_clip", (clip,)))
            else:
                many = self.random.choice((3, 30, 300)) if sort == "blits" else 1
                found += [self.blit(player, sort == "blits") for _ in range(many)]
        return found

    def blit(self, player: Player, is_item: bool) -> Drawing:
        """One blit; items of blits() have no keywords."""
        width, height = player.model.newest.size
        one = self.random.choice(player.connection.sprites)
        blend = "over" if self.chance(0.6) else self.random.choice(model.BLENDS)
        area = self.rect(one.image.width, one.image.height) if self.chance(0.3) else None
        more: dict[str, Any] = {}
        if not is_item and self.chance(0.4):
            more = {"alpha": self.random.choice((0, 1, 128, 200, 255)),
                    "tint": self.color() | 0xFF000000,
                    "flip_x": self.chance(0.5), "flip_y": self.chance(0.5)}
        position = self.between(-30, width + 5), self.between(-30, height + 5)
        return Drawing("blits" if is_item else "blit", (position, area, blend), one,
                       tuple(more.items()))

    def draw(self, player: Player, one: Drawing) -> list[Fill | Blit]:
        """Draws for real; returns what the model is to draw."""
        window, size = player.window, player.model.newest.size
        if one.method == "set_clip":
            clip, = one.arguments
            window.clip = clip
            player.clip = clip and model.intersection(clip, (0, 0, *size))
            return []
        if one.method == "fill":
            color, rect, blend = one.arguments
            window.fill(rgba(color), rect, 0 if blend == "replace" else
                        kmsblit.BLEND_ALPHA_SDL2 if blend == "over" else FLAGS[blend])
            return [Fill(color, (0, 0, *size) if rect is None else rect, blend, player.clip)]
        position, area, blend = one.arguments
        assert one.sprite is not None
        if one.method == "blits":
            window.blits([(one.sprite.image, position, area, FLAGS[blend])], False)
        else:
            more = {name: rgba(value) if name == "tint" else value for name, value in one.more}
            window.blit(one.sprite.image, position, area, FLAGS[blend], **more)
        given: dict[str, Any] = {"alpha": 255, "tint": 0xFFFFFFFF, "flip_x": False,
                                 "flip_y": False, **dict(one.more)}
        return [Blit(one.sprite.pixels, one.sprite.kind, area, *position, blend, **given,
                     clip=player.clip)]
