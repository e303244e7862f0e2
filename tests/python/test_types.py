"""The stubs say what is, and programs with types are checked by them."""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import kmsblit

PACKAGE = Path(kmsblit.__path__[0])
EXAMPLES = Path(__file__).resolve().parents[2] / "clients/python/examples"
ENVIRONMENT = {**os.environ, "MYPYPATH": str(PACKAGE.parent), "PYTHONPATH": str(PACKAGE.parent)}
# Names that only annotations need.
ALIASES = "Align Color Filter Format HasRect Number Pair RawFormat RectLike Scale Scope"

pytestmark = pytest.mark.skipif(shutil.which("mypy") is None, reason="mypy is not installed")


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)


def mypy(folder: Path, *what: str) -> subprocess.CompletedProcess[str]:
    return run(folder, "mypy", "--strict", "--scripts-are-modules", "--cache-dir", str(folder / "cache"),
               *what)


def test_stubs_are_what_is(tmp_path):
    allowed = tmp_path / "allowed"
    allowed.write_text("".join(f"kmsblit._kmsblit.{name}\n" for name in ALIASES.split()))
    done = run(tmp_path, sys.executable, "-m", "mypy.stubtest", "kmsblit._kmsblit", "--concise",
               "--allowlist", str(allowed))
    assert done.returncode == 0, done.stdout + done.stderr


def test_everything_is_exported():
    from kmsblit import _events, _input, _keys, _kmsblit
    public = {name for name in dir(_kmsblit) if not name.startswith("_")} | {"__version__", "BLIT_DTYPE", "blit_array", "connect", "draw", "mask"}
    for module in (_events, _input, _keys):
        public |= set(module.__all__)
    public |= {"RenderClear", "RenderPlain"}
    assert public == set(kmsblit.__all__) and len(public) == len(kmsblit.__all__)
    assert all(hasattr(kmsblit, name) for name in public)


def test_package_and_examples(tmp_path):
    done = mypy(tmp_path, str(PACKAGE), *map(str, EXAMPLES.glob("*.py")))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (PACKAGE / "py.typed").exists()


GOOD = """
import kmsblit
from pathlib import Path

with kmsblit.connect(Path("/run/x"), name="x") as display:
    with display.window((320, 240), scale="fit", place=(0, 0, 10, 10), base="red") as window:
        image: kmsblit.Image = display.load(Path("alien.png"))
        shared: kmsblit.Image = display.shared_image((5, 5), "xrgb8888")
        where: kmsblit.Rect = window.blit(image, (1.5, 2), alpha=5, tint="red")
        rects: list[kmsblit.Rect] = window.blits([(image, (0, 0)), (image, where, None, kmsblit.BLEND_ADD)])
        window.fill((1, 2, 3), where.inflate(2, 2))
        window.hidden = True
        answer = window.flip(wait=True)
        if answer is not None:
            late: int = answer.time_ns - answer.refresh_ns
        shot = window.screenshot()
        shot.save("x.png")
        r, g, b = shot.get_at((1, 2))
        class Ball(kmsblit.Sprite):
            def update(self, step: int) -> None:
                self.rect.x += step
        balls = kmsblit.Group(Ball(), [Ball()])
        balls.update(5)
        rects = kmsblit.LayeredUpdates(balls, layer=2).draw(window)
        hit: list[Ball] = kmsblit.spritecollide(Ball(), balls, False, kmsblit.collide_circle_ratio(0.5))
        for one, others in kmsblit.groupcollide(balls, balls, True, False, lambda a, b: a is b).items():
            one.kill()
        number: int = display.statistics("server")["clients"] + display.outputs[0].width
"""
BAD = """
import kmsblit
display = kmsblit.connect(5)
window = display.window((320, 240), scale="huge")
window.blit("alien.png", (0, 0))
window.fill(1.5)
window.credits = 3
number: str = window.commit()
window.blits([], False)[0]
kmsblit.Rect(1, 2, 3)
window.flip().serial
kmsblit.Group().draw()
kmsblit.Sprite(layer=3)
kmsblit.spritecollide(1, [], False, 5)
"""


def test_programs(tmp_path):
    (tmp_path / "good.py").write_text(GOOD)
    done = mypy(tmp_path, "good.py")
    assert done.returncode == 0, done.stdout
    (tmp_path / "bad.py").write_text(BAD)
    done = mypy(tmp_path, "bad.py")
    wrong = {int(line.split(":")[1]) for line in done.stdout.splitlines() if ": error:" in line}
    assert wrong == set(range(3, 15)), done.stdout
