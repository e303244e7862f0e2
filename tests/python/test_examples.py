"""The examples run as they are."""
from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import kmsblit

EXAMPLES = Path(__file__).resolve().parents[2] / "clients/python/examples"


def start_example(daemon, name: str, *options: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "KMSBLIT_SOCKET": daemon.socket,
                   "PYTHONPATH": str(Path(kmsblit.__path__[0]).parent)}
    return subprocess.Popen([sys.executable, "-B", str(EXAMPLES / name), *options], env=environment,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_hello(start):
    daemon = start("--output", "headless:320x240@0")
    done = start_example(daemon, "hello.py")
    assert done.communicate(timeout=120) == ("", "") and done.returncode == 0
    lines = [line for line in (EXAMPLES / "hello.py").read_text().splitlines()
             if line and not line.startswith(("#", '"'))]
    assert len(lines) <= 15
    with daemon.connect() as display:
        assert display.statistics("output")["flips"] > 1


def play(daemon, *options: str) -> tuple[str, bytes]:
    """Plays meteors to the end; what it printed and the picture of the last frame."""
    game = start_example(daemon, "meteors.py", "--hold", *options)
    line = game.stdout.readline()
    if line:
        with daemon.connect() as display:
            picture = bytes(display.screenshot().pixels)
    rest, errors = game.communicate(timeout=120)
    assert game.returncode == 0 and not rest and not errors, errors
    return line, picture


def test_meteors_is_repeatable(start):
    daemon = start("--output", "headless:640x360@0")
    first, again = (play(daemon, "--seed", "3", "--frames", "150") for _ in range(2))
    other, shorter = play(daemon, "--seed", "4", "--frames", "150"), play(daemon, "--seed", "3", "--frames", "149")
    assert first[1] == again[1] and first[1] != other[1] and first[1] != shorter[1]
    found = re.fullmatch(r"150 frames in .* fps; 150 presented, 0 discarded, \d+ unchanged; score (\d+)\n",
                         first[0])
    assert found and again[0].endswith(f"score {found[1]}\n")
    assert len(set(first[1][i:i + 4] for i in range(0, len(first[1]), 4))) > 1000, "a picture"


def test_meteors_until_interrupted(start):
    daemon = start("--output", "headless:640x360@0")
    game = start_example(daemon, "meteors.py", "--title", "mine", "--socket", daemon.socket)
    with daemon.connect() as display:
        while display.statistics("output").get("frames_presented", 0) < 3:
            assert game.poll() is None
    game.send_signal(signal.SIGINT)
    output, errors = game.communicate(timeout=120)
    assert game.returncode == 0 and "presented" in output and not errors


def test_meteors_without_a_daemon(tmp_path):
    done = subprocess.run(
        [sys.executable, "-B", str(EXAMPLES / "meteors.py"), "--socket", str(tmp_path / "none")],
        env={**os.environ, "PYTHONPATH": str(Path(kmsblit.__path__[0]).parent)}, capture_output=True, text=True)
    assert done.returncode == 1 and "kmsblitd" in done.stderr and "Traceback" not in done.stderr


def test_a_long_game(daemon):
    """Thousands of frames of the rules alone: lives are lost, games end and begin anew."""
    spec = importlib.util.spec_from_file_location("meteors", EXAMPLES / "meteors.py")
    meteors = importlib.util.module_from_spec(spec)
    sys.modules["meteors"] = meteors
    spec.loader.exec_module(meteors)
    with daemon.connect() as display:
        window = display.window((meteors.WIDTH, meteors.HEIGHT))
        art = meteors.Art(display, 2)
        game = meteors.Game(window, art, 2)
        seen = set()
        sprites = []
        for _ in range(6000):
            game.update()
            seen.add((game.lives, game.over > 0))
            sprites.append(len(game.meteors) + len(game.sparks) + len(game.shots) + len(game.stars))
            if game.frame % 500 == 0:
                game.draw()
                window.flip(wait=True)
        assert {(3, False), (2, False), (1, False), (0, True)} <= seen
        assert sum(sprites) / len(sprites) > 200
        assert game.high > 1000 and window.presented is not None


@pytest.mark.parametrize("text", ["SCORE 0123456789", "HIGH", "WAVE", "GAME OVER"])
def test_the_font_has_all_letters(text):
    source = (EXAMPLES / "meteors.py").read_text()
    for letter in text.replace(" ", ""):
        assert f'"{letter}": (' in source


def test_meteors_is_steered(start):
    """Keys, mouse and gamepad move the ship; Escape ends the game."""
    daemon = start("--output", "headless:640x360@0")
    game = start_example(daemon, "meteors.py")
    key_escape, key_left, btn_south = 1, 105, 0x130

    def say(display, type, code, value, device="seat"):
        display.inject(type, code, value, device)
        display.inject(0, device=device)

    with daemon.connect() as display:
        while display.statistics("output").get("frames_presented", 0) < 3:
            assert game.poll() is None
        say(display, 1, key_left, 1)
        say(display, 1, btn_south, 1, "gamepad")
        say(display, 3, 0, 1000)
        display.sync()
        say(display, 1, key_escape, 1)
        display.sync()
        output, errors = game.communicate(timeout=120)
    assert game.returncode == 0 and "presented" in output and not errors


def test_a_player_takes_over(daemon):
    """The autopilot rests while somebody plays, and for ten seconds after."""
    spec = importlib.util.spec_from_file_location("meteors", EXAMPLES / "meteors.py")
    meteors = importlib.util.module_from_spec(spec)
    sys.modules["meteors"] = meteors
    spec.loader.exec_module(meteors)
    with daemon.connect() as display:
        window = display.window((meteors.WIDTH, meteors.HEIGHT))
        game = meteors.Game(window, meteors.Art(display, 2), 2, meteors.Player(display))
        window.flip(wait=True)
        while not window.focused:
            kmsblit.wait_event()
        display.inject(1, 105, 1)
        display.inject(0)
        while not kmsblit.keyboard.left:
            kmsblit.wait_event()
        for _ in range(300):
            game.safe = 100
            game.update()
        assert game.player.plays and game.x == 20.0 and not game.shots
        display.inject(1, 105, 0)
        display.inject(0)
        while kmsblit.keyboard.left:
            kmsblit.wait_event()
        for _ in range(meteors.Player.PATIENCE):
            game.safe = 100
            game.update()
        assert not game.player.plays


def test_controls(start):
    daemon = start("--output", "headless:320x240@0")
    game = start_example(daemon, "controls.py")
    with daemon.connect() as display:
        while display.statistics("output").get("frames_presented", 0) < 3:
            assert game.poll() is None
        for type, code, value in ((3, 0, 30000), (1, 0x110, 1), (0, 0, 0), (3, 0, 40000), (1, 0x110, 0), (0, 0, 0)):
            display.inject(type, code, value)

        gold = b"\0\xd7\xff"  # the trail
        while gold not in bytes(display.screenshot().pixels):
            assert game.poll() is None
        display.inject(1, 1, 1)
        display.inject(0)
        output, errors = game.communicate(timeout=120)
    assert game.returncode == 0 and not output and not errors
