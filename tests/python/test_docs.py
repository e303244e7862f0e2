"""Every Python example of the documentation runs, and what is generated is current."""
from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import kmsblit
from conftest import HANG_SECONDS, ROOT

PAGES = ["README.md", "docs/examples.md", "docs/python.md"]


def examples():
    """(page and line, code) of the blocks that are whole programs."""
    for page in PAGES:
        text = (ROOT / page).read_text()
        for found in re.finditer(r"^```python\n(.*?)^```", text, re.M | re.S):
            if "kmsblit.connect()" in found[1]:
                yield pytest.param(found[1], id=f"{page}:{text.count(chr(10), 0, found.start()) + 2}")


@pytest.mark.parametrize("code", examples())
def test_example(start, tmp_path, code):
    daemon = start("--output", "headless:320x240@0")
    if '"alien.png"' in code:
        with daemon.connect() as display:
            window = display.window((8, 8))
            window.flip(wait=True)
            window.screenshot().save(tmp_path / "alien.png")
    done = subprocess.run(
        [sys.executable, "-B", "-W", "error", "-c", code], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "KMSBLIT_SOCKET": daemon.socket, "PYTHONPATH": str(Path(kmsblit.__path__[0]).parent)},
        timeout=HANG_SECONDS)
    assert done.returncode == 0 and not done.stderr and not done.stdout, done.stderr
    with daemon.connect() as display:
        assert display.statistics("output")["frames_presented"] > 0


def test_there_are_examples():
    pages = [str(one.id).split(":")[0] for one in examples()]
    assert pages.count("README.md") == 1 and pages.count("docs/examples.md") >= 7 and "docs/python.md" in pages


def test_the_readmes_example_is_hello():
    block = re.search(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S)
    assert block and block[1] == (ROOT / "clients/python/examples/hello.py").read_text()


def test_the_reference_is_current():
    spec = importlib.util.spec_from_file_location("make_docs", ROOT / "clients/python/make_docs.py")
    make_docs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_docs)
    assert (ROOT / "docs/python.md").read_text() == make_docs.document(), "run `make docs`"


def test_the_reference_has_everything():
    text = (ROOT / "docs/python.md").read_text()
    for name in kmsblit.__all__:
        thing = getattr(kmsblit, name)
        assert re.search(rf"(?<!\w){name}\b", text), name
        for member in vars(thing) if isinstance(thing, type) and not issubclass(thing, Exception) else ():
            if not member.startswith(("_", "n_")):
                assert re.search(rf"^- `{member}\b", text, re.M), f"{name}.{member}"
