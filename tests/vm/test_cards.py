"""Which card is chosen among real drivers, and what is said where one cannot be had."""
from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from machine import Machine
from programs import KMSBLITD, TOOL, Daemon
from witnesses import cards

Start = Callable[..., Daemon]


def probe(machine: Machine, *options: str, **more: Any) -> dict[str, Any]:
    """What kmsblitd --probe says."""
    result = machine.run(shlex.join([KMSBLITD, "--probe", *options]), check=False, **more)
    found: dict[str, Any] = json.loads(result.output)
    assert result.status == (0 if found["usable"] else 1)
    found["driver"] = next((card["driver"] for card in found["cards"]
                            if card["path"] == found["chosen"]), None)
    return found


def doctor(machine: Machine, *options: str, **more: Any) -> dict[str, Any]:
    """What kmsblit doctor says."""
    result = machine.run(shlex.join([TOOL, "doctor", "--json", *options]), check=False, **more)
    found: dict[str, Any] = json.loads(result.output)
    assert result.status == (1 if found["problems"] else 0)
    return found


def said(found: dict[str, Any], topic: str, level: str) -> list[str]:
    """Texts and remedies of a topic."""
    return [f"{check['text']} -> {check['remedy']}" for check in found["checks"]
            if check["topic"] == topic and check["level"] == level]


CONSOLES = "for c in /sys/class/vtconsole/vtcon*/bind; do [ $c = */vtcon0/bind ] || echo {} >$c; done"


@pytest.fixture
def reloaded(mixed: Machine) -> Iterator[Callable[..., list[str]]]:
    """Loads the cards' drivers again in another order; the drivers by number are the result."""
    def load(*modules: str) -> list[str]:
        mixed.run(CONSOLES.format(0), check=False)
        mixed.run("modprobe -r vgem; modprobe -r vkms; modprobe -r virtio-gpu", check=False)
        for module in modules:
            mixed.run(f"modprobe {module} && udevadm settle --timeout=20")
        mixed.run(CONSOLES.format(1), check=False)
        return [found.driver for found in cards(mixed)]

    yield load
    assert load("virtio-gpu", "vkms") == ["virtio_gpu", "vkms"]


def test_the_one_with_the_display(mixed: Machine, reloaded: Callable[..., list[str]],
                                  start: Start) -> None:
    """Whatever the order of the drivers: the card that somebody can look at."""
    assert probe(mixed)["driver"] == "virtio_gpu"
    for order in (("vgem", "vkms", "virtio-gpu"), ("vkms", "virtio-gpu", "vgem"),
                  ("virtio-gpu", "vgem", "vkms")):
        assert reloaded(*order) == [module.replace("-", "_") for module in order]
        found = probe(mixed)
        assert found["driver"] == "virtio_gpu", found["reason"]
        assert "(vgem): it only draws and has no display" in found["reason"]
        assert "(vkms): Virtual-" in found["reason"]
    daemon = start(mixed, "--backend", "kms")
    text = "\n".join(doctor(mixed, "--socket", daemon.socket)["daemon"])
    assert "backend: kms" in text and ": 1280x720 at 0,0" in text
    daemon.stop()


def test_wishes(mixed: Machine, start: Start) -> None:
    """--card by driver and by path, and the configuration."""
    assert probe(mixed, "--card", "vkms")["driver"] == "vkms"
    assert probe(mixed, "--card", "/dev/dri/card1")["driver"] == "vkms"
    found = probe(mixed, "--card", "nouveau")
    assert found["chosen"] is None and "there is no card nouveau; there is: " in found["reason"]
    links = mixed.run("ls /dev/dri/by-path", check=False).output.split()
    for link in links:
        if link.endswith("-card"):
            assert probe(mixed, "--card", f"/dev/dri/by-path/{link}")["chosen"]
    mixed.write("/tmp/cards.conf", "[display]\ncard = vkms\n")
    assert probe(mixed, "--config", "/tmp/cards.conf")["driver"] == "vkms"
    assert probe(mixed, "--config", "/tmp/cards.conf", "--card", "virtio_gpu")["driver"] == (
        "virtio_gpu")
    daemon = start(mixed, "--backend", "kms", "--config", "/tmp/cards.conf")
    assert "vkms" in daemon.log
    assert mixed.run("cat /sys/kernel/debug/dri/1/clients").output.count("kmsblitd") == 1
    daemon.stop()
    mixed.run("rm /tmp/cards.conf")


def test_permissions(mixed: Machine, start: Start) -> None:
    """A plain user is told the file, the group, and what to do; with the group it works."""
    group = mixed.run("stat -c %G /dev/dri/card0").output.strip()
    assert group == "video"
    found = probe(mixed, user="player")
    assert found["error"] == "EACCES"
    for number in (0, 1):
        assert (f"cannot open /dev/dri/card{number}: permission denied; add the user player to "
                "group video") in found["reason"]
    found = doctor(mixed, user="player")
    texts = said(found, "permission", "problem")
    assert len(texts) == 2 and "/dev/dri/card0 cannot be opened by player" in texts[0]
    assert "(group video, mode 660) -> sudo usermod -aG video player" in texts[0]
    inputs = said(found, "input", "note")
    assert any("/dev/input/event0" in text and "group input" in text for text in inputs)
    found = doctor(mixed, user="player", groups=("video", "input", "tty"))
    assert not said(found, "permission", "problem") and not said(found, "displays", "problem")
    assert any("0 of" not in text and "input devices can be read" in text
               for text in said(found, "input", "ok"))
    refused = start(mixed, "--backend", "kms", "--session", "service", user="player", ready=False,
                    socket="/tmp/player.sock")
    assert refused.program.wait().status == 1
    assert "cannot open /dev/dri/card0: permission denied" in refused.log
    assert "group video" in refused.log


def test_who_has_the_display(mixed: Machine, start: Start) -> None:
    """Root is told by the kernel; others see their own programs."""
    holder = start(mixed, "--backend", "kms", "--card", "virtio_gpu")
    found = probe(mixed)
    assert found["holder"] == f"kmsblitd (pid {holder.pid})" and found["usable"]
    found = probe(mixed, user="player", groups=("video",))
    assert found["holder"] == "another program (run as root to see which)"
    assert not found["usable"]
    holder.stop()
    # Another program that has it.
    other = mixed.spawn("exec /usr/bin/python3 -c 'import os, sys\n"
                        "fd = os.open(\"/dev/dri/card0\", os.O_RDWR)\n"
                        "print(\"has it\", flush=True)\n"
                        "sys.stdin.read()'", stdin=True)
    other.wait_output("has it")
    found = doctor(mixed)
    (text,) = said(found, "display", "problem")
    assert f"python3 (pid {other.pid}) has /dev/dri/card0" in text
    other.close_stdin()
    other.wait()


def test_nothing_is_connected(virtio: Machine) -> None:
    """The card is chosen all the same, and the doctor says what is missing."""
    virtio.unplug(0)
    found = probe(virtio)
    assert found["driver"] == "virtio_gpu" and found["usable"]
    assert "nothing is connected to Virtual-1, Virtual-2" in found["reason"]
    (text,) = said(doctor(virtio), "connector", "problem")
    assert "no monitor is connected to /dev/dri/card0" in text


def test_with_systemd(systemd: Machine) -> None:
    """The service's state is asked for."""
    found = doctor(systemd)
    texts = said(found, "service", "note") + said(found, "service", "ok")
    assert len(texts) == 1 and "kmsblitd" in texts[0]
    assert said(found, "console", "ok")
