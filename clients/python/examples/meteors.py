#!/usr/bin/python3
"""Meteors: a small complete game for kmsblit. A ship clears its way through a field of meteors.

It plays by itself until somebody takes over: with the arrow keys or A and D, and Space; with the mouse and its left
button; with a gamepad's left stick or direction pad, and A. Escape ends it. When nobody touches anything for ten seconds
it goes on by itself. It draws everything anew in every frame, and brings its own pictures: they are made at the start,
out of nothing but Python. Left to itself, what happens depends on the frame's number and on --seed only.

    meteors.py [--seed N] [--frames N] [--socket PATH] [--title TEXT] [--hold]
"""
from __future__ import annotations

import argparse
import math
import random
import sys
import time

import kmsblit
from kmsblit import BLEND_ADD

WIDTH, HEIGHT = 640, 360
TURNS = 16                    # pictures of a meteor's full turn
SIZES = (12, 18, 28, 44)      # meteors, in pixels
POINTS = (50, 30, 20, 10)
MOST_METEORS = 150
SHIP_SIZE = 34
FONT = {                      # rows of five pixels, one number each
    "0": (14, 17, 19, 21, 25, 17, 14), "1": (4, 12, 4, 4, 4, 4, 14),
    "2": (14, 17, 1, 6, 8, 16, 31), "3": (14, 17, 1, 6, 1, 17, 14),
    "4": (2, 6, 10, 18, 31, 2, 2), "5": (31, 16, 30, 1, 1, 17, 14),
    "6": (6, 8, 16, 30, 17, 17, 14), "7": (31, 1, 2, 4, 8, 8, 8),
    "8": (14, 17, 17, 14, 17, 17, 14), "9": (14, 17, 17, 15, 1, 2, 12),
    "A": (14, 17, 17, 31, 17, 17, 17), "C": (14, 17, 16, 16, 16, 17, 14),
    "E": (31, 16, 16, 30, 16, 16, 31), "G": (14, 17, 16, 23, 17, 17, 14),
    "I": (14, 4, 4, 4, 4, 4, 14), "L": (16, 16, 16, 16, 16, 16, 31),
    "M": (17, 27, 21, 21, 17, 17, 17), "O": (14, 17, 17, 17, 17, 17, 14),
    "P": (30, 17, 17, 30, 16, 16, 16), "R": (30, 17, 17, 30, 20, 18, 17),
    "S": (15, 16, 16, 14, 1, 1, 30), "V": (17, 17, 17, 17, 17, 10, 4),
    "W": (17, 17, 17, 21, 21, 27, 17), "H": (17, 17, 17, 31, 17, 17, 17),
}


# ---- Pictures
# --------------------------------------------------------------------------------------

def byte(value: float) -> int:
    """A number from 0 to 1 as a byte."""
    return 0 if value <= 0 else 255 if value >= 1 else int(value * 255 + 0.5)


def clouds(rng: random.Random, width: int, height: int, cell: int) -> list[list[float]]:
    """Soft random values, from 0 to 1: corners of cells, and what lies between them."""
    across, down = width // cell + 2, height // cell + 2
    corners = [[rng.random() for _ in range(across)] for _ in range(down)]
    steps = [(x // cell, (1 - math.cos(x % cell / cell * math.pi)) / 2) for x in range(width)]
    rows = []
    for y in range(height):
        t = (1 - math.cos(y % cell / cell * math.pi)) / 2
        line = [a + (b - a) * t for a, b in zip(corners[y // cell], corners[y // cell + 1])]
        rows.append([line[i] + (line[i + 1] - line[i]) * s for i, s in steps])
    return rows


def make_background(display: kmsblit.Display, rng: random.Random) -> kmsblit.Image:
    """A nebula, made at a quarter of the size and enlarged smoothly, and stars."""
    width, height = WIDTH // 4 + 1, HEIGHT // 4 + 1
    large, middle, small = (clouds(rng, width, height, cell) for cell in (48, 20, 9))
    violet = clouds(rng, width, height, 34)
    rows = []
    for y in range(height):
        line = []
        for a, b, c, v in zip(large[y], middle[y], small[y], violet[y]):
            gas = max(0.0, a * 0.55 + b * 0.3 + c * 0.15 - 0.32) * 1.5
            line.append((8 + gas * (40 + 150 * v), 10 + gas * (50 + 40 * (1 - v)), 26 + gas * 150))
        wide: list[float] = []
        for (r, g, b), (r2, g2, b2) in zip(line, line[1:]):
            for t in (0, 0.25, 0.5, 0.75):
                wide += (r + (r2 - r) * t, g + (g2 - g) * t, b + (b2 - b) * t)
        rows.append(wide)
    grain = [rng.random() for _ in range(2048)] * 2  # hides the steps between dark colours
    pixels = bytearray()
    for upper, lower in zip(rows, rows[1:]):
        for t in (0, 0.25, 0.5, 0.75):
            start = rng.randrange(2000)
            pixels += bytes([int(a + (b - a) * t + n)
                             for a, b, n in zip(upper, lower, grain[start:start + 1920])])
    for _ in range(260):
        at = 3 * rng.randrange(WIDTH * HEIGHT)
        light = rng.randrange(60, 200)
        pixels[at:at + 3] = bytes((light, light, min(255, light + 30)))
    return display.image(pixels, "RGB", (WIDTH, HEIGHT))


def make_planet(display: kmsblit.Display, size: int) -> kmsblit.Image:
    """A striped ball in the light of a star to the left, with a soft edge of air."""
    radius = size / 2
    pixels = bytearray()
    for y in range(size):
        v = (y + 0.5 - radius) / (radius - 4)
        for x in range(size):
            u = (x + 0.5 - radius) / (radius - 4)
            distance = math.hypot(u, v)
            cover = min(1.0, (1 - distance) * (radius - 4) + 0.5)
            if cover <= 0:
                air = max(0.0, 1 - (distance - 1) * radius / 4)
                pixels += bytes((120, 170, 255, byte(air * 0.35 * max(0.1, -u * 0.8 + 0.3))))
                continue
            depth = math.sqrt(max(0.0, 1 - distance * distance))
            light = max(0.05, -u * 0.75 - v * 0.35 + depth * 0.5)
            stripe = math.sin(v * 9 + u * 1.3 + math.sin(v * 23 + u * 2) * 0.6) * 0.5 + 0.5
            red, green = light * (0.75 + 0.25 * stripe), light * (0.45 + 0.3 * stripe)
            blue = light * (0.35 + 0.2 * stripe) + 0.03
            pixels += bytes((byte(red), byte(green), byte(blue), byte(cover)))
    return display.image(pixels, "RGBA", (size, size))


class Rock:
    """The shape of a meteor: an outline, and craters."""

    def __init__(self, rng: random.Random) -> None:
        bumps = [(n, rng.uniform(0.02, 0.09), rng.uniform(0, 7)) for n in (2, 3, 5, 7)]
        self.outline = [0.86 + sum(size * math.sin(n * i * math.tau / 64 + phase)
                                   for n, size, phase in bumps) for i in range(64)]
        self.craters = [(rng.uniform(-0.6, 0.6), rng.uniform(-0.6, 0.6), rng.uniform(0.12, 0.3))
                        for _ in range(6)]
        self.color = rng.choice([(0.80, 0.66, 0.55), (0.68, 0.66, 0.70), (0.78, 0.58, 0.45)])

    def draw(self, display: kmsblit.Display, size: int, angle: float) -> kmsblit.Image:
        """One turned picture, lit from the upper left, with a soft edge."""
        radius = size / 2
        sin, cos = math.sin(angle), math.cos(angle)
        craters = [(x * cos - y * sin, x * sin + y * cos, r * r, r) for x, y, r in self.craters]
        red, green, blue = self.color
        pixels = bytearray()
        for y in range(size):
            v = (y + 0.5 - radius) / radius
            for x in range(size):
                u = (x + 0.5 - radius) / radius
                distance = math.hypot(u, v)
                edge = self.outline[int((math.atan2(v, u) - angle) * 64 / math.tau) & 63]
                cover = (edge - distance) * radius + 0.5
                if cover <= 0:
                    pixels += b"\0\0\0\0"
                    continue
                ball = distance / edge
                light = 0.25 - u * 0.45 - v * 0.5 + 0.45 * math.sqrt(max(0.0, 1 - ball * ball))
                for cx, cy, square, r in craters:
                    dx, dy = u - cx, v - cy
                    if dx * dx + dy * dy < square:
                        light *= 0.8 + 0.35 * (dx + dy) / r
                light = max(0.08, light)
                pixels += bytes((byte(light * red), byte(light * green), byte(light * blue),
                                 byte(cover)))
        return display.image(pixels, "RGBA", (size, size))


def make_glow(display: kmsblit.Display, size: int, color: tuple[float, float, float],
              core: float = 0.5) -> kmsblit.Image:
    """A round light with a whiter core, to be added to what is there."""
    radius = size / 2
    pixels = bytearray()
    for y in range(size):
        for x in range(size):
            near = max(0.0, 1 - math.hypot(x + 0.5 - radius, y + 0.5 - radius) / radius)
            light = near * near
            white = light ** 3 * core
            pixels += bytes(byte(light * channel + white) for channel in color)
    return display.image(pixels, "RGB", (size, size))


def inside(x: float, y: float, corners: list[tuple[float, float]]) -> bool:
    """Whether a point lies in a polygon."""
    result = False
    for (x1, y1), (x2, y2) in zip(corners, corners[1:] + corners[:1]):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            result = not result
    return result


def make_ship(display: kmsblit.Display) -> kmsblit.Image:
    """Polygons, looked at in sixteen places of each pixel."""
    half = [(0.5, 0.02), (0.6, 0.32), (0.66, 0.55), (0.98, 0.82), (0.98, 0.92), (0.64, 0.86),
            (0.58, 0.97)]
    hull = half + [(1 - x, y) for x, y in reversed(half)]
    parts = [((0.62, 0.68, 0.78), hull),
             ((0.85, 0.25, 0.2), [(0.78, 0.68), (0.98, 0.82), (0.98, 0.92), (0.8, 0.9)]),
             ((0.85, 0.25, 0.2), [(0.22, 0.68), (0.02, 0.82), (0.02, 0.92), (0.2, 0.9)]),
             ((0.3, 0.75, 1.0), [(0.5, 0.24), (0.56, 0.42), (0.5, 0.56), (0.44, 0.42)])]
    pixels = bytearray()
    for y in range(SHIP_SIZE):
        for x in range(SHIP_SIZE):
            red = green = blue = cover = 0.0
            for i in range(16):
                u, v = (x + i % 4 / 4 + 0.125) / SHIP_SIZE, (y + i // 4 / 4 + 0.125) / SHIP_SIZE
                for (r, g, b), corners in reversed(parts):
                    if inside(u, v, corners):
                        light = 1.15 - 0.9 * abs(u - 0.42)
                        red, green, blue = red + r * light, green + g * light, blue + b * light
                        cover += 1
                        break
            seen = max(1.0, cover)
            pixels += bytes(byte(channel / seen) for channel in (red, green, blue))
            pixels.append(byte(cover / 16))
    return display.image(pixels, "RGBA", (SHIP_SIZE, SHIP_SIZE))


def make_letter(display: kmsblit.Display, rows: tuple[int, ...]) -> kmsblit.Image:
    """A letter of the font at twice its size, its corners rounded by looking at the neighbours."""
    def ink(x: int, y: int) -> int:
        return rows[y] >> (4 - x) & 1 if 0 <= x < 5 and 0 <= y < 7 else 0

    pixels = bytearray()
    for y in range(16):
        for x in range(12):
            cx, cy = (x - 1) // 2, (y - 1) // 2
            sides = ink(cx + 1 - x % 2 * 2, cy) + ink(cx, cy + 1 - y % 2 * 2)
            alpha = (0.75 if sides == 0 else 1.0) if ink(cx, cy) else 0.3 if sides == 2 else 0.0
            pixels += bytes((255, 255, 255, byte(alpha)))
    return display.image(pixels, "RGBA", (12, 16))


class Art:
    """All pictures of the game."""

    def __init__(self, display: kmsblit.Display, seed: int) -> None:
        rng = random.Random(seed)
        self.background = make_background(display, rng)
        self.planet = make_planet(display, 150)
        self.ship = make_ship(display)
        self.letters = {letter: make_letter(display, rows) for letter, rows in FONT.items()}
        self.meteors = []  # by kind, then by turn
        for size in SIZES * 2:
            rock = Rock(rng)
            self.meteors.append([rock.draw(display, size, turn * math.tau / TURNS)
                                 for turn in range(TURNS)])
        # Sparks cool down: white and large, then yellow, orange, red and small.
        self.sparks = [make_glow(display, 20 - age, (1.0, 0.8 - age * 0.045, 0.35 - age * 0.022),
                                 core=0.5 - age / 32) for age in range(16)]
        fading = [1 - age / 10 for age in range(9)]
        self.blast = [make_glow(display, 120 - int(90 * rest), (0.9 * rest, 0.5 * rest, 0.2 * rest))
                      for rest in fading]
        self.shot = make_glow(display, 11, (0.3, 1.0, 0.6))
        self.stars = [make_glow(display, size, (0.7, 0.8, 1.0)) for size in (3, 4, 6)]


# ---- The game
# --------------------------------------------------------------------------------------

class Meteor:
    """A rock that falls and turns."""

    def __init__(self, rng: random.Random, kind: int, x: float, y: float) -> None:
        self.kind = kind
        self.size = SIZES[kind % len(SIZES)]
        self.x, self.y = x, y
        self.dx = rng.uniform(-0.5, 0.5)
        self.dy = rng.uniform(0.4, 1.0) + 6 / self.size
        self.turn = rng.uniform(0, TURNS)
        self.spin = rng.uniform(-0.25, 0.25)
        self.hits = 1 + self.size // 16


class Spark:
    """A bit of an explosion."""

    def __init__(self, rng: random.Random, x: float, y: float, speed: float) -> None:
        angle, speed = rng.uniform(0, math.tau), rng.uniform(0.2, speed)
        self.x, self.y = x, y
        self.dx, self.dy = math.cos(angle) * speed, math.sin(angle) * speed
        self.age = rng.uniform(0, 5)


class Player:
    """Somebody with a keyboard, a mouse or a gamepad, or nobody."""

    PATIENCE = 600  # frames without a touch, after which the game plays by itself again

    def __init__(self, display: kmsblit.Display) -> None:
        self.keyboard, self.mouse, self.gamepads = display.keyboard, display.mouse, display.gamepads
        self.idle = self.PATIENCE
        self.follows_mouse = False
        self.fires = False
        self.wish = 0.0

    @property
    def plays(self) -> bool:
        """Whether there is somebody."""
        return self.idle < self.PATIENCE

    def look(self, x: float) -> None:
        """Where to go from x in this frame, and whether to fire."""
        keys, pads = self.keyboard, list(self.gamepads)
        way = float(keys.right or keys.d) - float(keys.left or keys.a)
        stick = sum(pad.axis("leftx") + pad.button("dpright") - pad.button("dpleft") for pad in pads if pad.mapped)
        if abs(stick) > 0.15:
            way += stick
        moved = self.mouse.get_rel() != (0, 0)
        self.fires = keys.space or self.mouse.left or any(pad.button("a") for pad in pads if pad.mapped)
        self.follows_mouse = (self.follows_mouse or moved or self.mouse.left) and not way
        self.wish = (self.mouse.x - x) / 6 if self.follows_mouse else 5.0 * way
        self.idle = 0 if way or moved or self.fires else min(self.idle + 1, self.PATIENCE)


class Game:
    """One frame after the other: update(), draw()."""

    def __init__(self, window: kmsblit.Window, art: Art, seed: int, player: Player | None = None) -> None:
        self.window, self.art = window, art
        self.player = player
        self.rng = random.Random(seed)
        self.frame = 0
        self.high = 0
        self.stars = [(self.rng.uniform(0, WIDTH), self.rng.uniform(0, HEIGHT),
                       self.rng.randrange(3)) for _ in range(48)]
        self.restart()

    def restart(self) -> None:
        """A new game."""
        self.x, self.y, self.speed = WIDTH / 2, HEIGHT - 44.0, 0.0
        self.score, self.lives, self.safe, self.over = 0, 3, 90, 0
        self.meteors: list[Meteor] = []
        self.shots: list[tuple[float, float, float]] = []
        self.sparks: list[Spark] = []
        self.blasts: list[tuple[float, float, int]] = []
        while len(self.meteors) < MOST_METEORS * 3 // 4:
            self.add_meteor(self.rng.uniform(-60, HEIGHT * 0.6))

    @property
    def wave(self) -> int:
        """It gets harder with the score."""
        return 1 + self.score // 2000

    def add_meteor(self, y: float) -> None:
        """Small ones are common."""
        kind = self.rng.choices(range(len(SIZES) * 2), (8, 6, 3, 1) * 2)[0]
        self.meteors.append(Meteor(self.rng, kind, self.rng.uniform(0, WIDTH), y))

    def explode(self, x: float, y: float, size: int) -> None:
        """Light, sparks, and a blast for the large ones."""
        self.sparks += [Spark(self.rng, x, y, 1 + size / 12) for _ in range(6 + size // 2)]
        if size > 16:
            self.blasts.append((x, y, self.frame))

    def autopilot(self) -> float:
        """Keeps out of the way of what comes near, else goes for the next target."""
        wish = 0.0
        target, distance = None, 1e9
        for meteor in self.meteors:
            ahead = (self.y - meteor.y) / meteor.dy  # frames until it is here
            if not -12 < ahead < 150:
                continue
            side = meteor.x + meteor.dx * ahead - self.x
            room = meteor.size / 2 + SHIP_SIZE / 2 + 4
            if ahead < 34 and abs(side) < room:
                wish += (room - abs(side)) * (-1 if side > 0 else 1) * (40 - ahead) / 60
            elif 12 < ahead and abs(side) + ahead * 0.8 < distance:
                target, distance = side, abs(side) + ahead * 0.8
        if abs(wish) < 0.4 and target is not None:
            wish = target / 14
        return wish + max(0.0, 50 - self.x) / 12 - max(0.0, self.x - WIDTH + 50) / 12

    def steer(self) -> bool:
        """By the player or the autopilot; returns whether to fire."""
        if self.player is not None:
            self.player.look(self.x)
        if self.player is not None and self.player.plays:
            wish, fires = self.player.wish, self.player.fires
        else:
            wish, fires = self.autopilot(), True
        self.speed += max(-0.55, min(0.55, wish - self.speed))
        self.speed = max(-5.0, min(5.0, self.speed))
        self.x = max(20.0, min(WIDTH - 20.0, self.x + self.speed))
        return fires

    def move(self) -> None:
        """Everything that flies goes on for a frame."""
        for meteor in self.meteors:
            meteor.x += meteor.dx
            meteor.y += meteor.dy
            meteor.turn += meteor.spin
        self.meteors = [m for m in self.meteors if m.y < HEIGHT + 30 and -40 < m.x < WIDTH + 40]
        if len(self.meteors) < MOST_METEORS and self.frame % 2 == 0:
            self.add_meteor(-30)
        self.shots = [(x + dx, y - 6.5, dx) for x, y, dx in self.shots if y > -10]
        for spark in self.sparks:
            spark.x += spark.dx
            spark.y += spark.dy
            spark.dx *= 0.96
            spark.dy = spark.dy * 0.96 + 0.02
            spark.age += 0.35
        self.sparks = [spark for spark in self.sparks if spark.age < len(self.art.sparks)]
        self.blasts = [(x, y, begin) for x, y, begin in self.blasts
                       if self.frame - begin < 2 * len(self.art.blast)]

    def hit(self, meteor: Meteor) -> None:
        """A shot has hit. What was large falls into pieces."""
        meteor.hits -= 1
        if meteor.hits > 0:
            self.sparks += [Spark(self.rng, meteor.x, meteor.y + meteor.size / 3, 1.2)
                            for _ in range(3)]
            return
        self.meteors.remove(meteor)
        self.score += POINTS[meteor.kind % len(SIZES)]
        self.explode(meteor.x, meteor.y, meteor.size)
        if meteor.kind % len(SIZES) >= 2:
            for _ in range(3):
                piece = Meteor(self.rng, meteor.kind - 2, meteor.x, meteor.y)
                piece.dx *= 3
                self.meteors.append(piece)

    def collide(self) -> None:
        """Shots and meteors, the ship and meteors."""
        left = []
        for shot in self.shots:
            for meteor in self.meteors:
                reach = meteor.size / 2
                if abs(meteor.y - shot[1]) < reach and abs(meteor.x - shot[0]) < reach:
                    self.hit(meteor)
                    break
            else:
                left.append(shot)
        self.shots = left
        if self.safe or self.over:
            return
        for meteor in self.meteors:
            reach = meteor.size * 0.42 + SHIP_SIZE * 0.32
            if math.hypot(meteor.x - self.x, meteor.y - self.y) < reach:
                self.lives -= 1
                self.safe = 120
                self.explode(self.x, self.y, 70)
                self.meteors.remove(meteor)
                if self.lives == 0:
                    self.over = 150
                return

    def update(self) -> None:
        """Plays one frame."""
        self.frame += 1
        self.move()
        if self.over:
            self.over -= 1
            if self.over == 0:
                self.restart()
            return
        self.safe = max(0, self.safe - 1)
        if self.steer() and self.frame % 5 == 0:
            spread = 0.9 if self.frame % 2 else 0.25
            self.shots += [(self.x + side * 7, self.y - 12, side * spread) for side in (-1, 1)]
        self.collide()
        self.high = max(self.high, self.score)

    def write(self, text: str, x: int, y: int, tint: str) -> None:
        """Letters, one after the other."""
        for letter in text:
            if letter in self.art.letters:
                self.window.blit(self.art.letters[letter], (x + 1, y + 1), tint="black", alpha=160)
                self.window.blit(self.art.letters[letter], (x, y), tint=tint)
            x += 13

    def draw(self) -> None:
        """Draws everything, from the back to the front."""
        window, art = self.window, self.art
        window.blit(art.background, (0, 0))
        window.blit(art.planet, (470, 46))
        for x, y, kind in self.stars:
            down = (y + self.frame * (0.3 + 0.35 * kind)) % (HEIGHT + 8) - 8
            window.blit(art.stars[kind], (x, down), special_flags=BLEND_ADD)
        window.blits([(art.meteors[m.kind][int(m.turn) % TURNS],
                       (m.x - m.size / 2, m.y - m.size / 2)) for m in self.meteors], False)
        window.blits([(art.shot, (x - 5, y - 5), None, BLEND_ADD) for x, y, _ in self.shots], False)
        if not self.over and self.safe % 8 < 5:
            flame = art.sparks[(self.frame * 7) % 4]
            for side in (-5, 5):
                window.blit(flame, flame.get_rect(center=(self.x + side, self.y + 18)),
                            special_flags=BLEND_ADD)
            window.blit(art.ship, (self.x - SHIP_SIZE / 2, self.y - SHIP_SIZE / 2))
        for x, y, begin in self.blasts:
            blast = art.blast[(self.frame - begin) // 2]
            window.blit(blast, blast.get_rect(center=(x, y)), special_flags=BLEND_ADD)
        window.blits([(art.sparks[int(s.age)], (s.x - 10 + s.age / 2, s.y - 10 + s.age / 2), None,
                       BLEND_ADD) for s in self.sparks], False)
        self.write(f"SCORE {self.score:06}", 10, 8, "white")
        self.write(f"HIGH {self.high:06}", 240, 8, "lightblue")
        self.write(f"WAVE {self.wave}", 470, 8, "white")
        for i in range(self.lives):
            window.fill("limegreen", (590 + 14 * i, 11, 10, 10))
        if self.over:
            self.write("GAME OVER", WIDTH // 2 - 58, HEIGHT // 2 - 8, "orange")


# ---- Around it
# -------------------------------------------------------------------------------------

def is_ended(window: kmsblit.Window) -> bool:
    """Takes what happened; whether somebody wants the end."""
    return any([event.type == kmsblit.QUIT or event.type == kmsblit.KEYDOWN and event.key == kmsblit.K_ESCAPE
                for event in window.events()])


def play(window: kmsblit.Window, game: Game, frames: int) -> None:
    """Runs the game for so many frames; 0 is until Control-C or Escape. Then tells how it went."""
    begin = time.monotonic()
    try:
        while frames == 0 or game.frame < frames:
            game.update()
            game.draw()
            if game.frame == frames:
                window.flip(wait=True)
            else:
                window.flip()
            if is_ended(window):
                break
    except KeyboardInterrupt:
        print()
    seconds = time.monotonic() - begin
    counts = window.statistics()
    print(f"{game.frame} frames in {seconds:.2f} s: {game.frame / seconds:.1f} fps; "
          f"{counts['frames_presented']} presented, {counts['frames_discarded']} discarded, "
          f"{counts['frames_unchanged']} unchanged; score {game.score}", flush=True)


def main() -> int:
    """Reads the options and plays."""
    parser = argparse.ArgumentParser(
        description="A ship clears its way through a field of meteors: by itself, or steered by you.")
    parser.add_argument("--seed", type=int, default=1, help="makes another game (default: 1)")
    parser.add_argument("--frames", type=int, default=0, help="ends after so many (default: never)")
    parser.add_argument("--socket", help="of the daemon (default: $KMSBLIT_SOCKET and so on)")
    parser.add_argument("--title", default="Meteors", help="of the window")
    parser.add_argument("--hold", action="store_true",
                        help="stay after the last frame, until standard input ends")
    options = parser.parse_args()
    try:
        with kmsblit.connect(options.socket) as display:
            window = display.window((WIDTH, HEIGHT), scale="fit", title=options.title)
            game = Game(window, Art(display, options.seed), options.seed, Player(display))
            play(window, game, options.frames)
            if options.hold:
                sys.stdin.read()
    except kmsblit.Error as error:
        print(f"meteors: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
