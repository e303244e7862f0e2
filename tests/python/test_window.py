"""Windows: how they are made, their properties, screenshots."""
from __future__ import annotations

import numpy
import pytest

import kmsblit
from kmsblit import Rect
from pixels import shown


def test_defaults(display):
    window = display.window((320, 240))
    assert (window.size, window.scale, window.title, window.base) == ((320, 240), "integer", None, (0, 0, 0))
    assert (window.z, window.place, window.output, window.hidden) == (0, None, 0, False)
    assert window.display is display and not window.closed and window.presented is None
    assert window.credits == 2 and window.visible and window.picture == (0, 0, 320, 240)
    assert window.get_size() == (window.get_width(), window.get_height()) == (320, 240)
    assert window.get_rect() == (0, 0, 320, 240) and window.get_rect(center=(0, 0)).x == -160


def test_everything_given(display):
    window = display.window(size=(32, 24), scale="stretch", title="Größe", base="#102030", z=-5,
                            place=Rect(10, 20, 100, 50), output=1, hidden=True)
    assert (window.size, window.scale, window.title, window.base) == ((32, 24), "stretch", "Größe", (16, 32, 48))
    assert (window.z, window.place, window.output, window.hidden) == (-5, (10, 20, 100, 50), 1, True)
    assert "Größe" in repr(window) and "32x24" in repr(window)


@pytest.mark.parametrize("arguments, keywords, error", [
    ((), {}, TypeError), ((5,), {}, TypeError), (((1, 2, 3),), {}, TypeError), ((("a", 2),), {}, TypeError),
    (((0, 5),), {}, ValueError), (((8193, 5),), {}, ValueError), (((8, 8), "fit"), {}, TypeError),
    (((8, 8),), {"scale": "big"}, ValueError), (((8, 8),), {"scale": 3}, TypeError),
    (((8, 8),), {"base": "nocolour"}, ValueError), (((8, 8),), {"z": "x"}, TypeError),
    (((8, 8),), {"place": (1, 2)}, TypeError), (((8, 8),), {"place": (1, 2, 0, 5)}, ValueError),
    (((8, 8),), {"title": 5}, TypeError), (((8, 8),), {"caption": "x"}, TypeError),
])
def test_wrong(display, arguments, keywords, error):
    with pytest.raises(error):
        display.window(*arguments, **keywords)


def test_titles_that_the_daemon_refuses(display):
    for title in ("x" * 1000, "a\x01b"):
        with pytest.raises(kmsblit.RequestError):
            display.window((8, 8), title=title)
    display.sync()


def test_setting(display):
    window = display.window((32, 24), scale="none")
    window.fill("red")
    window.flip(wait=True)
    assert display.screenshot().get_at((160, 120)) == (255, 0, 0)
    window.place = (100, 100, 64, 48)
    window.scale = "integer"
    window.base = "blue"
    window.z = 7
    window.title = "new"
    window.flip(wait=True)
    display.sync()
    assert (window.picture, window.scale, window.base, window.z, window.title) == \
        ((100, 100, 64, 48), "integer", (0, 0, 255), 7, "new")
    assert display.screenshot().get_at((100, 100)) == (255, 0, 0)
    window.size = (16, 48)
    window.flip(wait=True)
    assert window.size == (16, 48) and window.picture == (124, 100, 16, 48)
    picture = numpy.asarray(window.screenshot()) & 0xFFFFFF
    assert (picture[:24] == 0xFF0000).all() and (picture[24:] == 0x0000FF).all()
    window.place = None
    window.output = display.outputs[0]
    assert window.place is None and window.output == 1
    for name, value, error in (("size", (0, 0), ValueError), ("scale", "x", ValueError),
                               ("title", 5, TypeError), ("base", "x", ValueError), ("z", "x", TypeError),
                               ("place", 5, TypeError), ("output", "x", ValueError)):
        with pytest.raises(error):
            setattr(window, name, value)
        with pytest.raises(TypeError):
            delattr(window, name)
    for name in ("visible", "picture", "credits", "presented", "display", "closed", "colour"):
        with pytest.raises(AttributeError):
            setattr(window, name, 1)


def test_hidden(display):
    window = display.window((8, 8), hidden=True)
    window.fill("red")
    answer = window.flip(wait=True)
    assert answer.discarded and not window.visible
    window.hidden = False
    answer = window.flip(wait=True)
    assert not answer.discarded and window.visible
    assert window.screenshot().get_at((0, 0)) == (255, 0, 0), "what was hidden counts"
    window.hidden = True
    assert window.hidden and window.flip(wait=True).discarded


def test_two_windows(display):
    below = display.window((16, 16), place=(0, 0, 16, 16), z=1)
    above = display.window((16, 16), place=(8, 8, 16, 16), z=2)
    below.fill("red")
    above.fill("lime")
    below.flip(wait=True)
    above.flip(wait=True)
    picture = display.screenshot()
    assert picture.get_at((0, 0)) == (255, 0, 0) and picture.get_at((8, 8)) == (0, 255, 0)
    above.close()
    assert above.closed and not below.closed
    display.sync()
    below.fill("red")
    below.flip(wait=True)
    assert display.screenshot().get_at((8, 8)) == (255, 0, 0)


def test_with(display):
    with display.window((8, 8)) as window:
        with display.image(bytes(4), size=(1, 1)) as image:
            window.blit(image, (0, 0))
        assert image.closed
        with pytest.raises(kmsblit.Error, match="closed"):
            image.__enter__()
        window.flip(wait=True)
    assert window.closed and "closed" in repr(window) and "closed" in repr(image)
    with pytest.raises(kmsblit.Error, match="the window has been closed"):
        window.flip()
    with pytest.raises(KeyError):
        with display.window((8, 8)) as window:
            raise KeyError
    assert window.closed


def test_screenshot(display, window, tmp_path):
    window.fill((1, 2, 3))
    window.fill((255, 128, 0), (5, 7, 1, 1))
    window.flip(wait=True)
    shot = window.screenshot()
    assert (shot.size, shot.width, shot.height) == ((64, 48), 64, 48)
    assert shot.get_at((0, 0)) == (1, 2, 3) and shot.get_at((5, 7)) == (255, 128, 0)
    assert shot.pixels[7, 5] == 0xFFFF8000 and shot.pixels.readonly
    array = numpy.asarray(shot)
    assert array.shape == (48, 64) and array.dtype == numpy.uint32 and array[7, 5] == 0xFFFF8000
    assert len(bytes(shot)) == 64 * 48 * 4 and display.image(shot).size == (64, 48)
    for outside in ((64, 0), (0, 48), (-1, 0)):
        with pytest.raises(IndexError):
            shot.get_at(outside)
    shot.save(tmp_path / "shot.png")
    pygame = pytest.importorskip("pygame")
    loaded = pygame.image.load(str(tmp_path / "shot.png"))
    assert loaded.get_size() == (64, 48) and tuple(loaded.get_at((5, 7))) == (255, 128, 0, 255)
    with pytest.raises(FileNotFoundError):
        shot.save(tmp_path / "none" / "shot.png")
    with pytest.raises(TypeError):
        shot.save(5)
    output = display.screenshot(1)
    assert output.size == (320, 240) and display.screenshot("HEADLESS-1").size == (320, 240)
    assert output.get_at((5 * 5, 7 * 5)) == (255, 128, 0)


def test_integer_scale_of_a_picture(display):
    window = display.window((100, 100), base="blue")
    window.fill("red")
    shown(window)
    assert window.picture == (60, 20, 200, 200)
    picture = display.screenshot()
    assert picture.get_at((60, 20)) == (255, 0, 0) and picture.get_at((59, 20)) == (0, 0, 255)
