"""Who keeps whom alive, and that nothing is left: references, memory, descriptors."""
from __future__ import annotations

import gc
import os
import sys
import weakref

import numpy
import pytest

import kmsblit
from pixels import shown


def resident_bytes(process: int | str = "self") -> int:
    with open(f"/proc/{process}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


IMAGE_BYTES = 100 * 100 * 4
FRAMES = 100_000 if os.environ.get("KMSBLIT_LONG") == "1" else 10_000


def colored(display, blue, green, red):
    """An image large enough to be seen in the daemon's statistics."""
    return display.image(bytes((blue, green, red, 255)) * 10_000, size=(100, 100))


def images_are_gone(display) -> bool:
    """The daemon may still be reading their memory."""
    for _ in range(2000):
        display.sync()
        if display.statistics()["image_bytes"] < IMAGE_BYTES:
            return True
    return False


def test_images_and_windows_keep_the_display_alive(daemon):
    window = daemon.connect().window((8, 8))
    image = window.display.image(b"\xff\x00\x00\xff", size=(1, 1))
    gc.collect()
    window.blit(image, (0, 0))
    display = weakref.ref(window.display)
    assert shown(window)[0, 0] == 0x0000FF
    del window
    gc.collect()
    assert display() is not None
    del image
    gc.collect()
    assert display() is None


def test_images_dropped_before_the_flip(display, window):
    for i in range(20):
        window.blit(colored(display, i, 0, 0), (i, 0), (0, 0, 1, 1))
        closed = colored(display, i, 1, 0)
        window.blits([(closed, (i, 1), (0, 0, 1, 1))])
        closed.close()
    display.sync()
    assert display.statistics()["image_bytes"] > IMAGE_BYTES
    picture = shown(window)
    assert list(picture[0, :20]) == list(range(20))
    assert list(picture[1, :20]) == [0x100 | i for i in range(20)]
    assert images_are_gone(display)


def test_images_dropped_while_frames_are_in_flight(start):
    daemon = start("--output", "headless:64x48@60", "--clock", "virtual")
    with daemon.connect() as display:
        window = display.window((8, 8))
        for color in ((255, 0, 0), (0, 255, 0)):
            image = colored(display, *color)
            window.blit(image, (0, 0))
            serial = window.commit()
            image.close()
        display.sync()
        display.step(20_000_000)
        assert window.screenshot().get_at((0, 0)) == (0, 0, 255)
        display.step(20_000_000)
        assert window.wait(serial).serial == serial
        assert window.screenshot().get_at((0, 0)) == (0, 255, 0)
        window.clear()
        window.commit()
        display.step(20_000_000)
        assert images_are_gone(display)


def test_images_of_two_windows(display):
    """An image used by two frames being built is kept for both."""
    one, two = display.window((8, 8)), display.window((8, 8))
    image = colored(display, 255, 0, 0)
    for _ in range(3):
        one.blit(image, (0, 0))
        two.blit(image, (0, 0))
    image.close()
    assert shown(one)[0, 0] == 0xFF
    one.close()
    assert shown(two)[0, 0] == 0xFF
    two.clear()
    two.flip(wait=True)
    assert images_are_gone(display)


def test_images_of_frames_that_are_never_sent(display, window):
    references = []
    for end in (window.clear, window.close):
        image = colored(display, 255, 0, 0)
        references.append(weakref.ref(image))
        window.blit(image, (0, 0))
        del image
        gc.collect()
        assert references[-1]() is not None
        end()
        assert references[-1]() is None
    assert images_are_gone(display)


def test_order_of_dying(daemon):
    """Every order of dropping a display, its windows, images, views and frames is good."""
    for order in range(24):
        things = {}
        things["display"] = display = daemon.connect()
        things["window"] = display.window((8, 8))
        things["image"] = image = display.shared_image((4, 4))
        things["view"] = image.pixels
        things["window"].blit(image, (0, 0))
        del display, image
        names = list(things)
        while names:
            name = names.pop(order % len(names))
            if order % 2 and hasattr(things[name], "close"):
                things[name].close()
            del things[name]
            gc.collect()


def test_cycles_are_collected(daemon):
    class Holder:
        pass

    display = daemon.connect()
    reference = weakref.ref(display)
    holder = Holder()
    holder.me, holder.display, holder.window = holder, display, display.window((8, 8))
    holder.image = display.image(bytes(4), size=(1, 1))
    holder.window.blit(holder.image, (0, 0))
    del display, holder
    gc.collect()
    assert reference() is None


def play(daemon):
    """A bit of everything, errors too."""
    with daemon.connect() as display:
        window = display.window((32, 32), title="game", place=(0, 0, 64, 64))
        image = display.image(numpy.zeros((4, 4, 4), numpy.uint8))
        shared = display.shared_image((16, 16))
        shared.pixels[0, 0] = 5
        shared.update([(0, 0, 1, 1)])
        shared.wait()
        window.clip = (1, 1, 20, 20)
        window.title = "other"
        for _ in range(3):
            window.fill("red", image.get_rect(center=(3, 3)))
            window.blit(shared, kmsblit.Rect(1, 2, 3, 4).move(1, 1), alpha=5, tint="blue")
            window.blits([(image, (i, i), None, 1) for i in range(50)])
            window.blits(((image, [i, i]) for i in range(300)), False)
            with display.canvas((9, 9)) as canvas:
                canvas.clip = (1, 1, 5, 5)
                canvas.blits([(image.rotated(i), (i, i)) for i in range(5)])
                canvas.fill("red", special_flags=kmsblit.BLEND_ADD)
                window.blit(canvas.scaled((30, 30)), (1, 1))
                window.blits(kmsblit.blit_array(5, canvas.id))
                canvas.blit(shared, (0, 0), angle=30, scale=(2, 1.5), pivot=(1, 2), smooth=True)
            window.blits(numpy.ones((9, 4)), image=image)
            window.blits(numpy.zeros(3, [("x", "u1"), ("y", "f8"), ("image", "i8")]), True, images=[image, shared])
            window.update(None)
            window.flip(wait=True)
        for wrong in (lambda: window.blits(kmsblit.blit_array(5, 12345)), lambda: window.blits(numpy.zeros(5)),
                      lambda: window.blits(numpy.full((3, 2), numpy.nan), image=image),
                      lambda: window.blits(numpy.zeros((3, 2)), images=[image, None]),
                      lambda: image.rotated(5, 0), lambda: window.update(5), lambda: window.update([5]),
                      lambda: window.blit(image, (0, 0), pivot=5), lambda: display.canvas(5),
                      lambda: window.blits([(image, 5)]), lambda: window.fill("nocolour"),
                      lambda: display.load(b"x"), lambda: display.image(5), lambda: window.wait(0),
                      lambda: display.window((0, 0)), lambda: window.blit(image, (2**40, 0)),
                      lambda: display.statistics("x"), lambda: kmsblit.connect("/nowhere"),
                      lambda: display.step(1), lambda: display.load("/nowhere"),
                      lambda: display.image(b"", size=(1, 1)), lambda: kmsblit.Rect("abc")):
            try:
                wrong()
                raise AssertionError("nothing was wrong")
            except (TypeError, ValueError, OSError):
                pass
        assert display.outputs and window.picture and window.statistics() and display.sync() is None
        bytes(window.screenshot().pixels)
        display.image(display.screenshot())


def our_objects() -> int:
    gc.collect()
    return sum(type(one).__module__ == "kmsblit" for one in gc.get_objects())


def test_nothing_is_left(daemon):
    for _ in range(300):
        play(daemon)
    objects = our_objects()
    before = len(os.listdir("/proc/self/fd")), daemon.open_fds()
    resident, blocks = resident_bytes(), sys.getallocatedblocks()
    for _ in range(400):
        play(daemon)
    assert our_objects() == objects
    # An object that is left in every turn counts 400, and there are hundreds in a turn.
    assert sys.getallocatedblocks() - blocks < 380  # some tables still grow
    assert len(os.listdir("/proc/self/fd")) == before[0]
    with daemon.connect() as display:  # an answer: the daemon has seen that the others went
        display.sync()
        assert display.statistics("server")["clients"] == 1
        assert daemon.open_fds() <= before[1] + 2  # a connection, and whose process it is of
    assert resident_bytes() - resident < 4 << 20


class Spark(kmsblit.Sprite):
    """Flies, and is gone."""

    def __init__(self, image, x, *groups):
        super().__init__(*groups)
        self.image, self.rect, self.me = image, image.get_rect(topleft=(x, 0)), self

    def update(self, step):
        self.rect.y += step
        if self.rect.y > 40:
            self.kill()


def play_sprites(window, image, flying, layers, i):
    """A frame of sprites: some come, some go, some touch."""
    flying.add(Spark(image, i % 60), Spark(image, i % 50, layers))
    flying.update(i % 7)
    kmsblit.spritecollide(flying.sprites()[0] if flying else Spark(image, 0), flying, i % 3 == 0)
    kmsblit.groupcollide(layers, flying, i % 5 == 0, False, kmsblit.collide_circle)
    layers.add(flying.copy(), layer=i % 4)
    flying.draw(window)
    layers.draw(window)
    kmsblit.Group(kmsblit.Group(flying), Spark(image, 1))  # a cycle, as its sprites know it
    if i % 50 == 0:
        layers.empty()


def test_many_thousand_frames(start):
    """A long game: no frame leaves anything behind, here or in the daemon."""
    daemon = start("--output", "headless:64x48@0")
    with daemon.connect() as display:
        window = display.window((64, 48))
        image = display.image(numpy.full((8, 8, 4), 200, numpy.uint8))
        canvas = display.canvas((16, 16))
        rows = kmsblit.blit_array(50, image.id)
        flying, layers = kmsblit.Group(), kmsblit.LayeredUpdates()

        def frames(count):
            for i in range(count):
                rows["x"] = i % 64
                canvas.fill((i % 256, 0, 0), (i % 16, 0, 1, 16))
                window.fill((0, 0, i % 256))
                window.blit(canvas, (i % 50, 3), angle=i % 360)
                window.blits(rows)
                window.blits([(image, (i % 60, j)) for j in range(20)])
                window.blit(image.rotated(i), image.get_rect(center=(i % 64, 9)))
                fresh = display.image(bytes(16), size=(2, 2))
                window.blit(fresh, (0, 0))
                play_sprites(window, image, flying, layers, i)
                window.update([window.get_rect(), None])
            flying.empty()
            layers.empty()

        frames(2000)
        window.flip(wait=True)
        gc.collect()
        before = (len(os.listdir("/proc/self/fd")), daemon.open_fds(), our_objects())
        resident, daemons = resident_bytes(), resident_bytes(daemon.process.pid)
        blocks = sys.getallocatedblocks()
        frames(FRAMES)
        window.flip(wait=True)
        display.sync()
        assert (len(os.listdir("/proc/self/fd")), daemon.open_fds(), our_objects()) == before
        assert sys.getallocatedblocks() - blocks < 500
        assert resident_bytes() - resident < 2 << 20
        assert resident_bytes(daemon.process.pid) - daemons < 4 << 20


def test_types_do_not_leak(daemon):
    """Objects give back their types: heap types are counted."""
    with daemon.connect() as display:
        window = display.window((8, 8))
        gc.collect()
        counts = [sys.getrefcount(cls) for cls in (kmsblit.Rect, kmsblit.Image, kmsblit.Screenshot)]
        for i in range(500):
            window.blits([(display.image(bytes(4), size=(1, 1)), (0, 0))] * 3)
            window.screenshot() if i % 50 == 0 else window.clear()
            kmsblit.Rect(1, 2, 3, 4).copy()
        window.clear()
        gc.collect()
        for cls, count in zip((kmsblit.Rect, kmsblit.Image, kmsblit.Screenshot), counts):
            assert sys.getrefcount(cls) <= count + 5


@pytest.mark.parametrize("name", ["Display", "Window", "Screenshot"])
def test_types_cannot_be_changed(name):
    with pytest.raises(TypeError):
        setattr(getattr(kmsblit, name), "new", 1)


def test_module_in_a_subinterpreter_or_twice():
    """Multi-phase: a second copy of the module has its own types."""
    import importlib.util
    spec = importlib.util.find_spec("kmsblit._kmsblit")
    again = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(again)
    assert again.Rect is not kmsblit.Rect and again.Rect(1, 2, 3, 4) == (1, 2, 3, 4)
    assert sys.modules["kmsblit._kmsblit"].Rect is kmsblit.Rect
    reference = weakref.ref(again.Rect)
    del again
    gc.collect()
    assert reference() is None
