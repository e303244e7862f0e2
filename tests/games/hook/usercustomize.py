"""Python finds this when it starts a game that is tested (PYTHONPATH). The game's own code is untouched: pygame's clock and chance
are made the same in each run, and at chosen presents the game waits until the test has looked.

$GAMES_HOOK is a folder with two pipes: "told" gets a line for each of the presents in $GAMES_STOPS, after what it has presented lies in
the file "picture" there; one byte from "go" lets the game go on.
"""
import importlib.abc
import importlib.machinery
import os
import random
import select
import sys
import threading
import time

FOLDER = os.environ.get("GAMES_HOOK")
# SDL's dummy driver has one mode, 1024x768, and all that is full screen becomes as large.
WITHOUT_FLAGS = -0x80000000 if os.environ.get("GAMES_WINDOWED") else 0
FRAME_S, ASKED_S = 1 / 60, 1 / 4000
MAIN = threading.main_thread()


class Clock:
    """Time goes on by what the game waits, a little by each question, and by a frame with each present."""

    def __init__(self):
        self.now_s = 1000.0
        self.timers = {}  # event: [period, next]

    def ask(self):
        self.now_s += ASKED_S
        return self.now_s

    def wait(self, seconds):
        self.now_s += max(0.0, seconds)


CLOCK = Clock()


def fake_time():
    """Of the main thread; others wait as ever."""
    real_sleep, real_time = time.sleep, time.time

    def pause(seconds):
        if threading.current_thread() is MAIN:
            CLOCK.wait(seconds)
            real_sleep(0)
        else:
            real_sleep(seconds)

    def now():
        return CLOCK.ask() if threading.current_thread() is MAIN else real_time()

    time.sleep, time.time, time.monotonic, time.perf_counter = pause, now, now, now


class FakeClock:
    """pygame.time.Clock."""

    def __init__(self):
        self.last_ms = ticks()
        self.passed_ms = 0

    def tick(self, rate=0, *_):
        due_ms = self.last_ms + (1000 / rate if rate > 0 else 1)
        CLOCK.now_s = max(CLOCK.now_s, 1000 + due_ms / 1000)
        now_ms = ticks()
        self.passed_ms = now_ms - self.last_ms
        self.last_ms = now_ms
        return self.passed_ms

    tick_busy_loop = tick

    def get_time(self):
        return self.passed_ms

    get_rawtime = get_time

    def get_fps(self):
        return 1000 / self.passed_ms if self.passed_ms else 0.0


def ticks():
    return int((CLOCK.ask() - 1000) * 1000)


def wait(milliseconds):
    CLOCK.wait(milliseconds / 1000)
    return milliseconds


class Presents:
    """Counts what the game presents, and stops it."""

    def __init__(self, pygame):
        self.pygame = pygame
        self.count = 0
        self.shown = None
        self.pump = pygame.event.pump  # SDL's own: the clock stands still
        self.stops = [int(number) for number in os.environ.get("GAMES_STOPS", "").split(",") if number]

    def presented(self, *parts):
        """Parts of the screen, or all of it."""
        screen = self.pygame.display.get_surface()
        if self.shown is None or self.shown.get_size() != screen.get_size():
            self.shown = self.pygame.Surface(screen.get_size(), 0, 24)
        for part in parts or [screen.get_rect()]:
            self.shown.blit(screen, part, part)
        if threading.current_thread() is not MAIN:
            return
        self.count += 1
        CLOCK.wait(FRAME_S)
        self.run_timers()
        if self.count in self.stops:
            self.stop()

    def stop(self):
        surface = self.shown
        picture = os.path.join(FOLDER, "picture")
        with open(picture + ".new", "wb") as file:
            file.write(self.pygame.image.tostring(surface, "RGB"))
        os.replace(picture + ".new", picture)
        with open(os.path.join(FOLDER, "told"), "w") as told:
            told.write(f"{self.count} {surface.get_width()} {surface.get_height()}\n")
        # Open for writing, too, so that nobody has to be there yet; asking for events shows what is on its way.
        go = os.open(os.path.join(FOLDER, "go"), os.O_RDWR)
        while not select.select([go], [], [], 0.02)[0]:
            self.pump()
        os.read(go, 1)
        os.close(go)

    def run_timers(self):
        for event, timer in list(CLOCK.timers.items()):
            while timer[1] <= CLOCK.now_s:
                timer[1] += timer[0]
                self.pygame.event.post(event if isinstance(event, self.pygame.event.EventType) else self.pygame.event.Event(event))

    def asked(self, waits):
        """The game asks for events: those of timers come in time, and one that waits for events gets the next."""
        CLOCK.ask()
        if waits and CLOCK.timers:
            CLOCK.now_s = max(CLOCK.now_s, min(due_s for _, due_s in CLOCK.timers.values()))
        self.run_timers()

    def set_timer(self, event, milliseconds, *_, **__):
        CLOCK.timers.pop(event, None)
        if milliseconds > 0:
            CLOCK.timers[event] = [milliseconds / 1000, CLOCK.now_s + milliseconds / 1000]


def rectangles(pygame, *arguments):
    """What was said to pygame.display.update(); nothing: all."""
    if len(arguments) > 1:
        return [pygame.Rect(*arguments)]
    if not arguments or arguments[0] is None:
        return []
    try:
        return [pygame.Rect(arguments[0])]
    except TypeError:
        return [pygame.Rect(part) for part in arguments[0] if part is not None] or [pygame.Rect(0, 0, 0, 0)]


def prepare(pygame):
    presents = Presents(pygame)
    for name in ("flip", "update"):
        real = getattr(pygame.display, name)

        def present(*arguments, _real=real, **more):
            _real(*arguments, **more)
            presents.presented(*rectangles(pygame, *arguments, *more.values()))

        setattr(pygame.display, name, present)
    for name in ("get", "poll", "wait", "pump", "peek"):
        def ask(*arguments, _real=getattr(pygame.event, name), _waits=name == "wait", **more):
            if threading.current_thread() is MAIN:
                presents.asked(_waits)
            return _real(*arguments, **more)

        setattr(pygame.event, name, ask)
    real_set_mode = pygame.display.set_mode

    def set_mode(size=(0, 0), flags=0, *arguments, **more):
        return real_set_mode(size, flags & ~WITHOUT_FLAGS, *arguments, **more)

    pygame.display.set_mode = set_mode
    pygame.time.Clock, pygame.time.get_ticks = FakeClock, ticks
    pygame.time.wait = pygame.time.delay = wait
    pygame.time.set_timer = presents.set_timer
    random.seed(1234)


class Finder(importlib.abc.MetaPathFinder):
    """Prepares pygame once it is loaded."""

    def find_spec(self, name, path, target=None):
        if name != "pygame":
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            prepare(module)

        spec.loader.exec_module = exec_module
        return spec


if FOLDER:
    fake_time()
    sys.meta_path.insert(0, Finder())
