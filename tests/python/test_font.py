"""Font: against FreeType's numbers as pygame has them, and its images against letters drawn in frames."""
from __future__ import annotations

import gc
from pathlib import Path

import kmsblit
import pytest
from pixels import rgb, shown

pygame = pytest.importorskip("pygame")
DEJAVU = Path("/usr/share/fonts/truetype/dejavu")
FACES = {"sans": "DejaVuSans.ttf", "bold": "DejaVuSans-Bold.ttf", "mono": "DejaVuSansMono.ttf"}


@pytest.mark.parametrize("name", list(FACES))
@pytest.mark.parametrize("size", [7, 12, 20, 33, 96])
def test_metrics_are_freetypes(name, size):
    pygame.font.init()
    ours, theirs = kmsblit.Font(name, size), pygame.font.Font(str(DEJAVU / FACES[name]), size)
    assert ours.get_ascent() == theirs.get_ascent()
    assert ours.get_descent() == theirs.get_descent()
    assert ours.get_linesize() == theirs.get_linesize()
    assert ours.get_height() == theirs.get_height()
    assert ours.size("x")[1] == theirs.size("x")[1]


def test_widths_are_about_pygames():
    """It hints letters in another way: a fraction of a pixel each."""
    pygame.font.init()
    for size in (12, 20, 40):
        ours, theirs = kmsblit.Font(None, size), pygame.font.Font(str(DEJAVU / FACES["sans"]), size)
        for text in ("Score: 1234", "naïve Größe €"):
            assert abs(ours.size(text)[0] - theirs.size(text)[0]) <= len(text) * 0.5 + 1, (size, text)


def test_what_a_font_is_made_of(tmp_path):
    assert (kmsblit.Font().name, kmsblit.Font().point_size) == (None, 20)
    path = DEJAVU / FACES["sans"]
    for name in (str(path), path, bytes(path), "sans", None):
        font = kmsblit.Font(name, 15.9)
        assert font.size("Hello") == kmsblit.Font(size=15).size("Hello")
    with pytest.raises(FileNotFoundError):
        kmsblit.Font(tmp_path / "none.ttf")
    with pytest.raises((ValueError, OSError)):
        kmsblit.Font(tmp_path)
    (tmp_path / "text.ttf").write_text("no font")
    with pytest.raises(ValueError, match="is not a font"):
        kmsblit.Font(tmp_path / "text.ttf")
    for size in (0, -1, 1025):
        with pytest.raises(ValueError, match="1 to 1024"):
            kmsblit.Font(None, size)
    with pytest.raises(TypeError):
        kmsblit.Font(7)


def test_size_of_lines():
    font = kmsblit.Font("mono", 20)
    line, height = font.get_linesize(), font.get_height()
    assert font.size("") == (0, height) == font.size(None)
    assert font.size("abc") == (36, height) == font.size(b"abc")
    assert font.size("abc\nde") == (36, height + line)
    assert font.size("abc de", wrap=40) == (36, height + line)
    assert font.size("ä€😀") == (36, height)  # a character that it lacks, too
    with pytest.raises(ValueError):
        font.size("a", wrap=-1)
    with pytest.raises(TypeError):
        font.size(5)


def test_render_and_draw_text_agree(display, window):
    font = kmsblit.Font("sans", 13)
    for options in ({}, {"wrap": 40}, {"wrap": 40, "align": "right"}, {"align": "center"}, {"antialias": False}):
        for color in ("white", "orange", (10, 200, 30, 128)):
            text = "Fly, AV\nÄpfel jig"
            window.fill("navy")
            rect = window.draw_text(font, text, (3, 4), color, **options)
            letters = rgb(shown(window))
            window.fill("navy")
            image = font.render(text, color=color, **options)
            window.blit(image, (3, 4))
            assert rect == (3, 4, *image.size)
            measured = {name: value for name, value in options.items() if name != "align"}
            assert rect.size == font.size(text, **measured)
            picture = rgb(shown(window))
            assert (letters != letters[0, 0]).any()
            differs = abs(letters - picture).max()
            assert differs <= (2 if options.get("antialias", True) else 1), (options, color)


def test_background(display, window):
    font = kmsblit.Font(None, 16)
    window.fill("navy")
    window.blit(font.render("x", True, "red", "green"), (0, 0))
    picture = shown(window)
    assert picture[0, 0] == 0x00ff00
    width, height = font.size("x")
    assert (rgb(picture)[:height, :width, 0] > 200).any()
    window.fill("white")
    window.blit(font.render(" ", True, "red", (0, 0, 0, 128)), (0, 0))
    assert abs(int(shown(window)[0, 0] & 255) - 127) <= 1


def test_ink_is_pygames(display):
    """Letters without antialias, drawn by the same hinting: not to the pixel, but the same letters."""
    pygame.font.init()
    window = display.window((400, 60))
    text = "Hamburgefonts 123"
    window.fill("black")
    window.draw_text(kmsblit.Font(None, 24), text, (0, 0))
    ours = rgb(shown(window))[:, :, 0].sum()
    theirs = pygame.font.Font(str(DEJAVU / FACES["sans"]), 24).render(text, True, "white", "black")
    assert ours == pytest.approx(pygame.surfarray.array3d(theirs)[:, :, 0].astype(float).sum(), rel=0.1)


def test_clip_and_outside(display, window):
    font = kmsblit.Font(None, 16)
    window.fill("black")
    window.set_clip((0, 0, 10, 48))
    rect = window.draw_text(font, "wide text", (0, 0))
    window.set_clip(None)
    assert rect.w > 30
    assert window.draw_text(font, "outside", (2**31 - 1, -2**30)).x == 2**31 - 1
    picture = shown(window)
    assert picture[:, :10].any() and not picture[:, 10:].any()


def test_nothing_of_a_text_without_room(display, window):
    font = kmsblit.Font("mono", 12)
    dot = display.image(b"\xff\0\0", "RGB", (1, 1))
    window.fill("black")
    window.draw_text(font, "ab", (0, 0))
    many, text = kmsblit.blit_array(10000, dot.id), "abc" * 4
    with pytest.raises(kmsblit.Error, match="commands at most"):
        while True:
            window.blits(many)
    with pytest.raises(kmsblit.Error, match="commands at most"):
        while True:
            window.draw_text(font, text, (0, 20), wrap=40)
    assert shown(window)[0, 0] == 0xFF0000  # it can be shown, and gone on with
    window.fill("black")
    assert not shown(window).any()


def test_letters_are_kept(display, window):
    font = kmsblit.Font(None, 20)
    window.draw_text(font, "aab", (0, 0))
    images = display.statistics()["images"]
    window.draw_text(font, "baba", (0, 20))
    window.flip(wait=True)
    assert display.statistics()["images"] == images


def test_several_displays(daemon):
    font = kmsblit.Font(None, 20)
    for _ in range(2):
        with daemon.connect() as one, daemon.connect() as other:
            for display in (one, other, one):
                window = display.window((40, 40))
                window.draw_text(font, "ab", (0, 0))
                assert shown(window).any()
                font.render("x", display=other)
            with pytest.raises(TypeError, match="must be a Display"):
                font.render("x", display=window)
    with pytest.raises(kmsblit.Error):
        font.render("x")


def test_a_font_goes(display, window):
    font = kmsblit.Font(None, 20)
    window.draw_text(font, "ab", (0, 0))
    del font
    gc.collect()
    assert shown(window).any()


def test_wrong_arguments(display, window):
    font = kmsblit.Font()
    with pytest.raises(ValueError, match="align"):
        font.render("x", align="middle")
    with pytest.raises(ValueError):
        font.render("x", True, "no colour")
    with pytest.raises(ValueError, match="16384"):
        font.render("\n" * 2000)
    with pytest.raises(TypeError):
        window.draw_text("font", "x", (0, 0))
    with pytest.raises(TypeError):
        window.draw_text(font, "x", 7)
    window.close()
    with pytest.raises(kmsblit.Error):
        window.draw_text(font, "x", (0, 0))
