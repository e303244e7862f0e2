"""Random programs with several windows against the daemon and against a model that draws everything
anew: after each refresh every output's screenshot must equal the model's to the bit.

PIXELS_SCENES=N plays N scenes of each kind (KMSBLIT_LONG=1: many), PIXELS_FRAMES=N that many rounds
in each. A failure says which seed and which scene it was: PIXELS_SEED=S PIXELS_SCENE=N plays that
one.
"""
from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import kmsblit
from conftest import SEED
from model import Pixels, Rect
from samples import assert_close, random_pixels
from scene_model import Attributes, Blit, Fill, Frame, Scene, Window
from scene_player import Program
from system import Daemon, pixels_of, sprite

SCENES = int(os.environ.get("PIXELS_SCENES") or
             (200 if os.environ.get("KMSBLIT_LONG") == "1" else 3))
FRAMES = int(os.environ.get("PIXELS_FRAMES") or 30)
REFRESH_NS = 16_666_667

OUTPUT: Rect = (0, 0, 203, 149)
SECOND: Rect = (203, 20, 131, 117)


def numbers() -> list[int]:
    """The scenes to play."""
    only = os.environ.get("PIXELS_SCENE")
    return [int(only)] if only else list(range(SCENES))


def option(output: Rect, refresh_hz: int, *more: str) -> list[str]:
    """The option for an output."""
    x, y, width, height = output
    return ["--output", ",".join((f"headless:{width}x{height}@{refresh_hz},x={x},y={y}", *more))]


def turned(output: Rect, turn: int, reflect: str, border: tuple[int, int, int, int]) -> list[str]:
    """The option for an output that lies so in a larger display and still looks the same."""
    x, y, *size = output
    width, height = size[::-1] if turn % 180 else size
    left, top, right, bottom = border
    return option((x, y, width + left + right, height + top + bottom), 60, f"rotate={turn}",
                  f"reflect={reflect}", "overscan=" + ":".join(map(str, border)))


def equal(name: str, got: Pixels, want: Pixels, program: Program) -> None:
    """Says on failure how the windows stand."""
    try:
        assert_close(got, want)
    except AssertionError as error:
        windows = "\n".join(f"  window {i}: {player.model.shown}"
                            for i, player in enumerate(program.players))
        raise AssertionError(f"{name} {error}\n{windows}") from None


def compare_outputs(display: kmsblit.Display, program: Program, text: str) -> None:
    """Every output's last frame."""
    for i, output in enumerate(display.outputs):
        equal(f"{text}: output {i}", pixels_of(display.screenshot(output)),
              program.scene.output(i), program)


def compare_windows(program: Program, text: str) -> None:
    """Every window's own picture, at its logical size."""
    for i, player in enumerate(program.players):
        if player.model.picture is not None:
            equal(f"{text}: window {i}", pixels_of(player.window.screenshot()),
                  player.model.picture, program)


def connections(daemon: Daemon, stack: ExitStack) -> list[kmsblit.Display]:
    """Two of them: what is on one does not matter to the other."""
    return [stack.enter_context(daemon.connect(name)) for name in ("one", "other")]


def scenes(test: str) -> Iterator[tuple[str, list[int]]]:
    """For each scene what says how to play it alone, and its seed."""
    for number in numbers():
        text = f"PIXELS_SEED={SEED} PIXELS_SCENE={number} TESTS='-k {test}'"
        yield text, [SEED, number, sum(test.encode())]


def test_promised(tmp_path: Path) -> None:
    """Pictures that are drawn when they are needed."""
    test_every_refresh(tmp_path, 2, 3, "--simulate-direct", "on")


@pytest.mark.parametrize("off", ["sections", "cover", "difference", "alone", "bounds", "transforms", "runs", "stack", "reuse", "all"])
def test_switched_off(tmp_path: Path, off: str) -> None:
    """Optimisations change no pixel."""
    test_every_refresh(tmp_path, 2, 3, "--off", off)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("buffers", [1, 2, 3])
def test_every_refresh(tmp_path: Path, buffers: int, threads: int, *more: str) -> None:
    """Frames wait in queues and are shown one a refresh; what lies between two is looked at too."""
    options = [*option(OUTPUT, 60), "--clock", "virtual", "--buffers", str(buffers), "--threads",
               str(threads), *more]
    with Daemon(tmp_path, *options) as daemon:
        for text, seed in scenes("every_refresh"):
            scene = Scene([OUTPUT])
            with ExitStack() as stack:
                displays = connections(daemon, stack)
                program = Program(displays, scene, [*seed, buffers, threads], True)
                for frame in range(FRAMES):
                    program.act()
                    for display in displays:
                        display.sync()
                    if scene.discards():
                        scene.settle()
                        displays[0].step(4 * REFRESH_NS)
                    else:
                        scene.refresh()
                        displays[0].step(REFRESH_NS)
                    compare_outputs(displays[0], program, f"{text}: refresh {frame}")
                    for display in displays:
                        display.sync()
                    for player in program.players:
                        assert player.window.credits == 2 - player.model.unanswered
                    # what stands behind a shown frame takes effect now, and is seen at the next
                    for window in scene.windows:
                        window.take_changes()
                    compare_windows(program, f"{text}: refresh {frame}")
                program.end()


@pytest.mark.parametrize("threads", [2, 4, 8])
def test_threads(tmp_path: Path, threads: int) -> None:
    """Who draws which tile changes no pixel."""
    test_every_refresh(tmp_path, 2, threads, "--off", "alone")


def test_two_outputs(tmp_path: Path) -> None:
    """Windows on either output and across both."""
    options = [*option(OUTPUT, 60), *option(SECOND, 60), "--clock", "virtual"]
    with Daemon(tmp_path, *options) as daemon:
        for text, seed in scenes("two_outputs"):
            scene = Scene([OUTPUT, SECOND])
            with ExitStack() as stack:
                displays = connections(daemon, stack)
                program = Program(displays, scene, seed, True)
                for frame in range(FRAMES):
                    program.act()
                    for display in displays:
                        display.sync()
                    scene.settle()
                    displays[0].step(4 * REFRESH_NS)
                    compare_outputs(displays[0], program, f"{text}: round {frame}")
                    compare_windows(program, f"{text}: round {frame}")
                program.end()


@pytest.mark.parametrize("reflect", ["none", "x", "y", "xy"])
@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_turned(tmp_path: Path, turn: int, reflect: str) -> None:
    """However the displays hang, people see the same."""
    number = turn // 90 + len(reflect)
    border = (0, 0, 0, 0) if number % 2 else (7, 64, 0, 21)
    options = [*turned(OUTPUT, turn, reflect, border), *turned(SECOND, 90, "none", (0, 0, 0, 0)),
               "--clock", "virtual", "--buffers", str(1 + number % 3)]
    with Daemon(tmp_path, *options) as daemon:
        for text, seed in scenes("turned"):
            scene = Scene([OUTPUT, SECOND])
            with ExitStack() as stack:
                displays = connections(daemon, stack)
                for output, (_, _, width, height) in zip(displays[0].outputs, scene.outputs):
                    assert (output.width, output.height) == (width, height)
                program = Program(displays, scene, [*seed, turn, len(reflect)], True)
                for frame in range(FRAMES // 3):
                    program.act()
                    for display in displays:
                        display.sync()
                    scene.settle()
                    displays[0].step(4 * REFRESH_NS)
                    compare_outputs(displays[0], program, f"{text}: round {frame}")
                program.end()


@pytest.mark.parametrize("size, turn", [
    ((203, 149), 0), ((406, 298), 0), ((400, 149), 90), ((131, 260), 0), ((64, 47), 180)])
def test_mirror(tmp_path: Path, size: tuple[int, int], turn: int) -> None:
    """A display of another size shows what the first one shows, and paces nothing."""
    width, height = size[::-1] if turn % 180 else size
    mirror = f"headless:{width}x{height}@60,name=MIRROR,mirror=HEADLESS-1,rotate={turn}"
    options = [*option(OUTPUT, 60), "--output", mirror, *option(SECOND, 60), "--clock", "virtual"]
    with Daemon(tmp_path, *options) as daemon:
        for text, seed in scenes("mirror"):
            scene = Scene([OUTPUT, SECOND])
            with ExitStack() as stack:
                displays = connections(daemon, stack)
                first, middle, second = displays[0].outputs
                assert (middle.x, middle.y, middle.width, middle.height) == (0, 0, *size)
                # the program knows of two; what is on the mirror is on the first
                program = Program(displays, scene, [*seed, *size], True,
                                  {0: [first.id, middle.id], 1: [second.id]})
                for frame in range(FRAMES // 2):
                    program.act()
                    for display in displays:
                        display.sync()
                    scene.settle()
                    displays[0].step(4 * REFRESH_NS)
                    name = f"{text}: round {frame}"
                    for output, want in ((first, scene.output(0)), (second, scene.output(1)),
                                         (middle, scene.mirror(0, size))):
                        equal(f"{name}: {output.name}", pixels_of(displays[0].screenshot(output)),
                              want, program)
                program.end()


@pytest.mark.parametrize("buffers", [1, 2, 3])
def test_without_pacing(tmp_path: Path, buffers: int) -> None:
    """Nothing waits for a refresh, and the clock is real: an answered frame has been shown."""
    options = [*option(OUTPUT, 0), "--buffers", str(buffers)]
    with Daemon(tmp_path, *options) as daemon:
        for text, seed in scenes("without_pacing"):
            scene = Scene([OUTPUT])
            with ExitStack() as stack:
                displays = connections(daemon, stack)
                program = Program(displays, scene, [*seed, buffers], False)
                # never changes, is always seen: its answers say that what came before is shown
                fence = displays[0].window((1, 1), place=(0, 0, 1, 1), z=2**31 - 1)
                scene.windows.append(Window(Attributes((1, 1), z=2**31 - 1, place=(0, 0, 1, 1))))
                scene.windows[-1].queue.append(Frame(False, ()))
                for frame in range(FRAMES):
                    program.act()
                    busy = [player for player in program.players if player.model.queue]
                    scene.settle()
                    for player in busy:
                        if player.model.picture is not None:
                            player.window.flip(wait=True)
                    for display in displays:
                        display.sync()
                    fence.flip(wait=True)
                    compare_outputs(displays[0], program, f"{text}: round {frame}")
                    compare_windows(program, f"{text}: round {frame}")
                fence.close()
                program.end()


def test_changes_behind_a_slow_frame(tmp_path: Path) -> None:
    """Each resize cuts the picture and fills in the base colour of its time, also where several
    wait together for a frame that is still being drawn."""
    options = [*option(OUTPUT, 60), "--clock", "virtual", "--simulate-draw", "slow:100"]
    with Daemon(tmp_path, *options) as daemon, daemon.connect() as display:
        window = display.window((60, 40), title="slow", scale="none", base=(9, 9, 9))
        scene = Scene([OUTPUT])
        scene.windows.append(Window(Attributes((60, 40), 0xFF090909, scale="none")))
        queue = scene.windows[0].queue
        for _ in range(2):
            window.fill("red", (0, 0, 60, 40))
            window.commit()
            queue.append(Frame(False, (Fill(0xFFFF0000, (0, 0, 60, 40), "replace", None),)))
            for size, base in (((20, 30), 0xFF0000FF), ((50, 50), 0xFF00FF00),
                               ((70, 45), 0xFFFFFF00), ((70, 45), 0xFF123456)):
                window.base, window.size = base & 0xFFFFFF, size
                queue.append(replace(scene.windows[0].newest, base=base))
                queue.append(replace(scene.windows[0].newest, size=size))
        scene.settle()
        display.step(120 * REFRESH_NS)
        assert scene.windows[0].picture is not None
        assert_close(pixels_of(window.screenshot()), scene.windows[0].picture)
        assert_close(pixels_of(display.screenshot()), scene.output(0))
        # somebody who never waits is stopped, and can go on later
        window.commit()
        with pytest.raises(kmsblit.RequestError, match="window_set.*too many changes"):
            for number in range(1000):
                window.size = number % 50 + 1, 20
            display.sync()
        display.step(2000 * REFRESH_NS)
        window.size = 33, 20
        display.sync()


def test_resized_to_and_fro(tmp_path: Path, rng: np.random.Generator) -> None:
    """Pictures cut alike differ in what was in them before. Two buffers: each cut picture meets the
    one before it in its buffer."""
    options = [*option(OUTPUT, 60), "--clock", "virtual", "--buffers", "2"]
    with Daemon(tmp_path, *options) as daemon, daemon.connect() as display:
        window = display.window((150, 140), scale="none")
        shown = Window(Attributes((150, 140), scale="none"))
        scene = Scene([OUTPUT])
        scene.windows.append(shown)
        for _ in range(6):
            image = sprite(display, random_pixels(rng, 140, 150), "opaque")
            blit = Blit(image.pixels, "opaque", None, 0, 0, "over", 255, 0xFFFFFFFF, False, False,
                        None)
            for size in ((150, 140), (100, 90)):
                window.size = size
                shown.queue.append(replace(shown.newest, size=size))
                if size == (150, 140):
                    window.blit(image.image, (0, 0))
                    window.commit()
                    shown.queue.append(Frame(False, (blit,)))
                scene.settle()
                display.step(REFRESH_NS)
                assert shown.picture is not None
                assert_close(pixels_of(window.screenshot()), shown.picture)
                assert_close(pixels_of(display.screenshot()), scene.output(0))
