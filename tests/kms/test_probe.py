"""Which card is chosen, and what `kmsblitd --probe` and `kmsblit doctor` say of cards."""
from __future__ import annotations

import itertools
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cards import FAKEDRM, Card, Rig
from harness import HANG_SECONDS, ROOT, fill

DAEMON = os.environ.get("KMSBLITD", str(ROOT / "build/kmsblitd"))
TOOL = ROOT / "build/kmsblit"

RENDER = ("preset render {}",)
PI5 = ("preset pi5 {}",)
DSI = ("card {} driver=drm-rp1-dsi", "crtcs 1", "plane primary formats=XR24", "connector DSI-1 off")
VIRTIO = ("preset virtio {}",)
VKMS = ("card {} driver=vkms", "crtcs 2", "plane primary formats=XR24",
        "connector Virtual-1", "connector Virtual-2")
OLD = ("card {} driver=ast no-atomic", "crtcs 1", "plane primary formats=XR24", "connector VGA-1")
EMPTY = ("card {} driver=nothing", "crtcs 1", "plane primary formats=XR24")

Probe = Callable[..., dict[str, Any]]


@pytest.fixture(name="nodes")
def fixture_nodes() -> Iterator[Path]:
    """Where the cards' nodes are: their paths must be short."""
    with tempfile.TemporaryDirectory(prefix="kms") as folder:
        yield Path(folder)


@pytest.fixture(name="probe")
def fixture_probe(tmp_path: Path, nodes: Path) -> Probe:
    """Runs kmsblitd --probe with these cards, in this order: card0, card1, ..."""
    def run(*cards: tuple[str, ...], options: tuple[str, ...] = (),
            more: tuple[str, ...] = ()) -> dict[str, Any]:
        lines = []
        for number, card in enumerate(cards):
            path = nodes / f"card{number}"
            path.unlink(missing_ok=True)
            lines += [card[0].format(f"c{number}") + f" path={path}", *card[1:]]
        script = Card(tmp_path, nodes, "\n".join([*lines, *more]))
        done = subprocess.run([DAEMON, "--probe", *options], env=script.environment(),
                              capture_output=True, text=True, timeout=60, check=False)
        assert done.stderr == ""
        found: dict[str, Any] = json.loads(done.stdout)
        assert done.returncode == (0 if found["usable"] else 1)
        found["driver"] = next((card["driver"] for card in found["cards"]
                                if card["path"] == found["chosen"]), None)
        return found
    return run


@pytest.mark.parametrize("cards, chosen", [
    ((RENDER, PI5, DSI), "vc4"), ((VIRTIO, VKMS, EMPTY), "virtio_gpu"),
    ((OLD, VIRTIO, RENDER), "virtio_gpu"), ((VKMS, OLD, EMPTY), "vkms"),
    ((OLD, EMPTY, RENDER), None)])
def test_in_any_order(probe: Probe, cards: tuple[tuple[str, ...], ...], chosen: str | None) -> None:
    for order in itertools.permutations(cards):
        found = probe(*order)
        assert found["driver"] == chosen, found["reason"]
        for card in found["cards"]:
            assert card["path"] in found["reason"]


@pytest.mark.parametrize("wish, chosen", [("vkms", "vkms"), ("virtio_gpu", "virtio_gpu"),
                                          ("platform:vkms", "vkms"), ("v3d", None), ("vc4", None)])
def test_wishes(probe: Probe, tmp_path: Path, wish: str, chosen: str | None) -> None:
    """On the command line and in the file, which the command line overrides."""
    cards = VKMS, RENDER, VIRTIO
    found = probe(*cards, options=("--card", wish))
    assert found["driver"] == chosen and found["config"]["card"] == wish
    if chosen is None:
        assert wish in found["reason"]
    config = tmp_path / "conf"
    config.write_text(f"[display]\ncard = {wish}\n")
    assert probe(*cards, options=("--config", str(config)))["driver"] == chosen
    config.write_text("[display]\ncard = v3d\n")
    assert probe(*cards, options=("--config", str(config), "--card", wish))["driver"] == chosen


def test_wishes_by_path(probe: Probe, nodes: Path) -> None:
    found = probe(VIRTIO, VKMS, options=("--card", str(nodes / "card1")))
    assert found["driver"] == "vkms"
    (nodes / "by-path").symlink_to(nodes / "card1")
    assert probe(VIRTIO, VKMS, options=("--card", str(nodes / "by-path")))["driver"] == "vkms"
    found = probe(VIRTIO, VKMS, options=("--card", str(nodes / "card7")))
    assert found["driver"] is None and "there is: " in found["reason"]
    assert found["error"] == "ENODEV"


def test_what_it_says(probe: Probe) -> None:
    """All that a driver tells arrives."""
    (card,) = probe(PI5)["cards"]
    hdmi, other, panel = card["connectors"]
    assert [hdmi["name"], other["name"], panel["name"]] == ["HDMI-A-1", "HDMI-A-2", "DSI-1"]
    assert (hdmi["status"], other["status"]) == ("connected", "disconnected")
    assert hdmi["display"] and hdmi["width_mm"] > 0
    assert [(mode["width"], mode["height"], mode["refresh_hz"]) for mode in hdmi["modes"]] == [
        (1920, 1080, 60), (1280, 720, 60), (640, 480, 60)]
    assert (hdmi["chosen_mode"]["width"], hdmi["chosen_mode"]["preferred"]) == (1920, True)
    assert other["chosen_mode"] is None
    assert [plane["type"] for plane in card["planes"]] == (
        ["primary"] * 3 + ["overlay"] * 3 + ["cursor"] * 2)
    plane = card["planes"][3]
    assert plane["formats"] == ["XR24", "AR24", "XB24", "AB24", "RG16"]
    assert plane["rotations"] == ["rotate-0", "rotate-180", "reflect-x", "reflect-y"]
    assert plane["zpos"] == {"min": 1, "max": 8, "is_fixed": False}
    assert plane["scaling_filter"] and plane["alpha"] and not plane["damage_clips"]
    assert plane["crtcs_mask"] == 7


def test_an_spi_panel(probe: Probe) -> None:
    (card,) = probe(("preset spi {}",))["cards"]
    assert card["prefers_shadow"] and card["planes"][0]["damage_clips"]
    assert card["connectors"][0]["display"] is None


def test_modes_of_the_configuration(probe: Probe, tmp_path: Path) -> None:
    config = tmp_path / "conf"
    config.write_text("[output HDMI-A-1]\nmode = 1280x720\n")
    found = probe(PI5, options=("--config", str(config)))
    assert found["cards"][0]["connectors"][0]["chosen_mode"]["width"] == 1280
    config.write_text("[output HDMI-A-1]\nmode = off\n")
    found = probe(PI5, options=("--config", str(config)))
    assert found["cards"][0]["connectors"][0]["chosen_mode"] is None


CALLS = ("drmGetDevices2 drmGetVersion drmGetCap drmSetClientCap drmModeGetResources "
         "drmModeGetConnector drmModeGetPlaneResources drmModeGetPlane "
         "drmModeObjectGetProperties drmModeGetProperty drmModeGetPropertyBlob").split()


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("error", ["ENOMEM", "EACCES", "ENODEV"])
def test_calls_that_fail(tmp_path: Path, nodes: Path, call: str, error: str) -> None:
    """Each of the first calls in turn, and all of them: an answer in any case, and no crash."""
    lines = [f"preset pi4 a path={nodes}/card0", f"preset virtio b path={nodes}/card1"]
    for nth in ("1 1", "2 1", "3 1", "7 1", "1 1000000"):
        for node in nodes.iterdir():
            node.unlink()
        script = Card(tmp_path, nodes, "\n".join([*lines, f"fail {call} {nth} {error}"]))
        done = subprocess.run([DAEMON, "--probe"], env=script.environment(), capture_output=True,
                              text=True, timeout=60, check=False)
        assert done.returncode in (0, 1)
        found = json.loads(done.stdout)
        assert found["usable"] == (done.returncode == 0) and found["reason"]


def test_another_program_has_it(probe: Probe) -> None:
    found = probe(PI5, more=("master weston",))
    assert found["chosen"] and found["holder"] and not found["usable"]
    assert not found["cards"][0]["is_free"]


def test_a_daemon_that_runs(rig: Callable[..., Rig], tmp_path: Path, nodes: Path) -> None:
    """The doctor tells of its card, and of every window."""
    one = rig("preset pi4 a")
    one.window(title="a game")
    one.show(clear=True)
    # The probe is another process: its card is a twin of the daemon's.
    script = Card(tmp_path, nodes, f"preset pi4 a path={nodes}/card0")
    program = tmp_path / "kmsblitd"
    program.write_text(f"#!/bin/sh\nLD_PRELOAD='{FAKEDRM}' FAKE_DRM_SCRIPT='{script.file}' "
                       f"ASAN_OPTIONS=verify_asan_link_order=0 exec '{DAEMON}' \"$@\"\n")
    program.chmod(0o755)
    done = subprocess.run([TOOL, "doctor", "--json", "--socket", one.daemon.path,
                           "--daemon", str(program)], capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)
    assert found["probe"]["chosen"] == str(nodes / "card0")
    lines = "\n".join(found["daemon"])
    assert "backend: kms (asked for: kms): " in lines and "HDMI-A-1 is connected" in lines
    assert "output HDMI-A-1: 1920x1080 at 0,0, 60.00 Hz" in lines
    assert 'window "a game" of test: 1920x1080, drawn 1920x1080 at 0,0' in lines
    assert not [check for check in found["checks"]
                if check["level"] == "problem" and check["topic"] in ("daemon", "connector")]


def test_a_daemon_that_lost_its_display(rig: Callable[..., Rig]) -> None:
    """Another program took it while the daemon ran."""
    def daemon_says() -> list[dict[str, str]]:
        done = subprocess.run([TOOL, "doctor", "--json", "--socket", one.daemon.path,
                               "--daemon", DAEMON], capture_output=True, text=True, check=False)
        return [check for check in json.loads(done.stdout)["checks"] if check["topic"] == "daemon"]

    one = rig("preset pi4 a")
    one.window()
    one.show(clear=True)
    assert all(check["level"] == "ok" for check in daemon_says())
    one.card.tell("master weston")
    one.client.frame(1, fill(0xFF204060, (0, 0, 64, 64)))
    one.client.sync()
    deadline = time.monotonic() + HANG_SECONDS
    while not (problems := [check["text"] for check in daemon_says()
                            if check["level"] == "problem"]):
        assert time.monotonic() < deadline
    assert problems == ["another program has the display now, and the daemon shows nothing"]
    one.card.tell("master none")
