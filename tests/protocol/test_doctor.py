"""kmsblit doctor: on this machine, with daemons of every kind, and with probes of machines that are not here."""
from __future__ import annotations

import grp
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness import Daemon, ident

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "build/kmsblit"
DAEMON = os.environ.get("KMSBLITD", str(ROOT / "build/kmsblitd"))

NOBODY: dict[str, Any] = dict(user=65534, group=65534, extra_groups=[])
HEADLESS = ("--output", "headless:64x48@60")


class Doctor:
    """Runs it in an empty system below a folder, with a probe that says what a test wants."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "root"
        self.root.mkdir()
        self.socket = folder / "no-socket"
        self.tool = TOOL
        self.environment = {key: value for key, value in os.environ.items()
                            if key not in ("SSH_CONNECTION", "DISPLAY", "WAYLAND_DISPLAY")}

    def file(self, path: str, text: str | bytes) -> Path:
        """A file below the root."""
        whole = self.root / path.lstrip("/")
        whole.parent.mkdir(parents=True, exist_ok=True)
        whole.write_bytes(text.encode() if isinstance(text, str) else text)
        return whole

    def program(self, text: str) -> str:
        """A program that stands for kmsblitd."""
        path = self.folder / "fake-kmsblitd"
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return str(path)

    def probe(self, **values: Any) -> str:
        """A kmsblitd that says this of a machine with one good display, but for what is given."""
        whole = {"version": "0.1.0", "usable": True, "chosen": "/dev/dri/card1", "error": None,
                 "reason": "/dev/dri/card1 (vc4) is used: HDMI-A-1 is connected", "holder": None,
                 "config": {"backend": "auto"}, "cards": [CARD]}
        (self.folder / "probe.json").write_text(json.dumps({**whole, **values}))
        return self.program(f"test \"$1\" = --probe && cat '{self.folder}/probe.json'\n")

    def run(self, *options: str, **more: Any) -> subprocess.CompletedProcess[str]:
        """The bare tool."""
        return subprocess.run([self.tool, "doctor", "--socket", str(self.socket), *options],
                              env=self.environment, capture_output=True, text=True, timeout=60,
                              check=False, **more)

    def examine(self, *options: str) -> dict[str, Any]:
        """What it says, as JSON; exit status and numbers are looked at here."""
        done = self.run("--json", "--root", str(self.root), *options)
        assert done.stderr == ""
        found: dict[str, Any] = json.loads(done.stdout)
        levels = [check["level"] for check in found["checks"]]
        assert found["problems"] == levels.count("problem")
        assert found["notes"] == levels.count("note")
        assert done.returncode == (1 if found["problems"] else 0)
        return found


CONNECTOR = {"name": "HDMI-A-1", "status": "connected", "display": "DELL U2415",
             "chosen_mode": {"width": 1920, "height": 1080, "refresh_hz": 59.94},
             "chosen_because": "the display prefers it"}
CARD = {"path": "/dev/dri/card1", "driver": "vc4", "connectors": [CONNECTOR]}


@pytest.fixture(name="doctor")
def fixture_doctor(tmp_path: Path) -> Doctor:
    """One without a daemon."""
    return Doctor(tmp_path)


@pytest.fixture(name="with_daemon")
def fixture_with_daemon(doctor: Doctor, start: Callable[..., Daemon]) -> Doctor:
    """One that finds a daemon that was told to be headless."""
    doctor.socket = Path(start("--clock", "virtual", *HEADLESS).path)
    return doctor


def texts(found: dict[str, Any], topic: str, level: str = "") -> list[str]:
    """What the checks of a topic say, with what to do."""
    return [f"{check['text']} -> {check['remedy']}" for check in found["checks"]
            if check["topic"] == topic and level in ("", check["level"])]


# ---- Daemons --------------------------------------------------------------------------------

def test_no_daemon(doctor: Doctor) -> None:
    found = doctor.examine("--daemon", doctor.probe())
    (text,) = texts(found, "daemon")
    assert f"no kmsblitd at {doctor.socket}" in text
    assert found["problems"] == 1 and found["daemon"] is None
    assert found["probe"]["chosen"] == "/dev/dri/card1"


def test_a_headless_daemon_is_no_problem(with_daemon: Doctor) -> None:
    """What keeps other daemons from a display does not concern one that was told to use none."""
    found = with_daemon.examine("--daemon", with_daemon.probe(
        chosen=None, error="ENODEV", reason="there is no display card", cards=[], usable=False))
    assert found["problems"] == 0
    assert any("told to show its picture on no display" in text
               for text in texts(found, "daemon", "note"))
    assert texts(found, "displays", "note") == ["there is no display card -> None"]
    assert any(line.startswith("output HEADLESS-1: 64x48") for line in found["daemon"])


def test_the_real_probe(with_daemon: Doctor) -> None:
    """With the kmsblitd that was built, found beside the tool."""
    found = with_daemon.examine()
    assert found["probe"]["version"] and isinstance(found["probe"]["cards"], list)
    done = subprocess.run([DAEMON, "--probe"], capture_output=True, text=True, check=False)
    assert json.loads(done.stdout) == found["probe"]
    assert done.returncode == (0 if found["probe"]["usable"] else 1)


def test_windows_are_described(doctor: Doctor, start: Callable[..., Daemon]) -> None:
    daemon = start("--clock", "virtual", *HEADLESS)
    client = daemon.client()
    client.window(ident(1), 16, 8, title="my game")
    client.sync()
    doctor.socket = Path(daemon.path)
    done = doctor.run("--daemon", doctor.probe())
    assert 'window "my game" of test: 16x8, not shown' in done.stdout
    assert done.stdout.endswith("\nNo problems.\n") and done.returncode == 0


def test_garbage_at_the_socket(doctor: Doctor) -> None:
    doctor.socket = doctor.file("file", "not a socket")
    (text,) = texts(doctor.examine("--daemon", doctor.probe()), "daemon", "problem")
    assert str(doctor.socket) in text


# ---- Displays -------------------------------------------------------------------------------

def test_a_good_display(doctor: Doctor) -> None:
    found = doctor.examine("--daemon", doctor.probe())
    assert texts(found, "connector", "ok") == [
        "HDMI-A-1, DELL U2415: 1920x1080 at 59.94 Hz: the display prefers it -> None"]
    assert texts(found, "display", "ok") == ["no other program has /dev/dri/card1 -> None"]


def test_who_has_the_display(doctor: Doctor) -> None:
    found = doctor.examine("--daemon", doctor.probe(holder="Xorg (pid 512)", usable=False))
    (text,) = texts(found, "display", "problem")
    assert "Xorg (pid 512) has /dev/dri/card1" in text and "display-manager" in text
    found = doctor.examine("--daemon", doctor.probe(holder="kmsblitd (pid 9)"))
    assert texts(found, "display", "ok") == ["kmsblitd (pid 9) has /dev/dri/card1 -> None"]


def test_nothing_is_connected(doctor: Doctor) -> None:
    unplugged = {**CONNECTOR, "status": "disconnected", "chosen_mode": None}
    found = doctor.examine("--daemon", doctor.probe(cards=[{**CARD, "connectors": [unplugged]}]))
    (text,) = texts(found, "connector", "problem")
    assert "no monitor is connected to /dev/dri/card1" in text and "video=" in text


def test_a_connector_that_is_off(doctor: Doctor) -> None:
    off = {**CONNECTOR, "chosen_mode": None, "chosen_because": "the configuration says so"}
    found = doctor.examine("--daemon", doctor.probe(cards=[{**CARD, "connectors": [off]}]))
    (text,) = texts(found, "connector", "note")
    assert "it is not used: the configuration says so" in text


def test_a_card_that_may_not_be_opened(doctor: Doctor) -> None:
    found = doctor.examine("--daemon", doctor.probe(
        chosen=None, error="EACCES", usable=False, cards=[],
        reason="cannot open /dev/dri/card0: permission denied; add the user pi to group video"))
    (text,) = texts(found, "displays", "problem")
    assert "group video" in text and "seat" in text


@pytest.mark.parametrize("output", [
    "", "{", "[]", "null", "{}", "not JSON", '{"cards": [}', '{"cards": 1} x', '{"a": "\\q"}',
    '{"cards": tru}', '{"cards": 1e}', '{"cards": "\\ud800x}', "[" * 100, '{"a":' * 50 + "1"])
def test_a_probe_that_is_not_json(doctor: Doctor, output: str) -> None:
    (doctor.folder / "out").write_text(output)
    found = doctor.examine("--daemon", doctor.program(
        f"cat '{doctor.folder}/out'; echo 'something broke' >&2; echo more >&2; exit 3\n"))
    (text,) = texts(found, "displays", "problem")
    assert "(status 3): something broke ->" in text and found["probe"] is None


@pytest.mark.parametrize("values", [
    dict(cards=7), dict(cards={"a": 1}), dict(cards=[1, None, "x", [], {}]), dict(config=[]),
    dict(chosen=5), dict(reason=None), dict(cards=[{**CARD, "connectors": "none"}]),
    dict(cards=[{**CARD, "connectors": [{**CONNECTOR, "chosen_mode": "large"}]}]),
    dict(cards=[{**CARD, "connectors": [{"status": "connected"}]}])])
def test_a_probe_that_says_something_else(doctor: Doctor, values: dict[str, Any]) -> None:
    """Another version's: what is not understood is left out."""
    doctor.examine("--daemon", doctor.probe(**values))


def test_no_kmsblitd(doctor: Doctor) -> None:
    (text,) = texts(doctor.examine("--daemon", "/no/such/kmsblitd"), "displays", "problem")
    assert "/no/such/kmsblitd: No such file or directory" in text and "--daemon PATH" in text


def test_a_probe_that_crashes(doctor: Doctor) -> None:
    (text,) = texts(doctor.examine("--daemon", doctor.program("kill -SEGV $$\n")), "displays",
                    "problem")
    assert "signal 11" in text


# ---- The system -----------------------------------------------------------------------------

PI = "Raspberry Pi 4 Model B Rev 1.4\0"


@pytest.mark.parametrize("path", ["/boot/firmware/config.txt", "/boot/config.txt"])
@pytest.mark.parametrize("text, level, says", [
    ("dtoverlay=vc4-kms-v3d\n", "ok", "has dtoverlay=vc4-kms-v3d"),
    ("[pi4]\n  dtoverlay=vc4-kms-v3d-pi4,cma-512\n", "ok", "has dtoverlay=vc4-kms-v3d"),
    ("[pi3]\ndtoverlay=vc4-fkms-v3d\n[all]\n", "problem", "(section [pi3])"),
    ("dtoverlay=vc4-fkms-v3d # fast\n", "problem", "write dtoverlay=vc4-kms-v3d instead"),
    ("#dtoverlay=vc4-kms-v3d\n", "problem", "add the line dtoverlay=vc4-kms-v3d"),
    ("[none]\ndtoverlay=vc4-kms-v3d\n", "problem", "add the line"),
    ("", "problem", "the kernel has no driver for the display"),
])
def test_boot_configuration(doctor: Doctor, path: str, text: str, level: str, says: str) -> None:
    doctor.file("/proc/device-tree/model", PI)
    doctor.file(path, text)
    found = doctor.examine("--daemon", doctor.probe(cards=[]))
    (said,) = texts(found, "boot", level)
    assert says in said and str(doctor.root) + path in said
    (machine,) = texts(found, "machine")
    assert machine.startswith("Raspberry Pi 4 Model B Rev 1.4, Linux ")


def test_a_driver_without_an_overlay(doctor: Doctor) -> None:
    """As with a kernel of Debian's own."""
    doctor.file("/boot/firmware/config.txt", "arm_64bit=1\n")
    assert len(texts(doctor.examine("--daemon", doctor.probe()), "boot", "ok")) == 1


def test_kernel_command_line(doctor: Doctor) -> None:
    doctor.file("/proc/cmdline", "quiet nomodeset video=HDMI-A-1:640x480 root=/dev/sda\n")
    found = doctor.examine("--daemon", doctor.probe())
    assert len(texts(found, "kernel", "problem")) == len(texts(found, "kernel", "note")) == 1


def test_input_devices(doctor: Doctor) -> None:
    for number in (0, 2, 10):
        doctor.file(f"/dev/input/event{number}", "")
        doctor.file(f"/sys/class/input/event{number}/device/name", f"Keyboard {number}\n")
    doctor.file("/dev/input/mice", "")
    found = doctor.examine("--daemon", doctor.probe())
    assert "3 of 3 input devices can be read -> None" in texts(found, "input")
    assert texts(found, "input", "note") == []


def test_no_keyboard(doctor: Doctor) -> None:
    """Buttons are not a keyboard; letters are."""
    doctor.file("/dev/input/event0", "")
    keys = doctor.file("/sys/class/input/event0/device/capabilities/key", "10000000000000 0\n")
    (text,) = texts(doctor.examine("--daemon", doctor.probe()), "input", "note")
    assert "no keyboard" in text
    keys.write_text("402000000 3803078f800d001 feffffdfffefffff fffffffffffffffe\n")
    assert texts(doctor.examine("--daemon", doctor.probe()), "input", "note") == []


def test_others_that_read(doctor: Doctor) -> None:
    """By name; the system's own are not meant."""
    for process, program in (("812", "Xorg"), ("1", "systemd-logind"), ("9", "kmsblitd")):
        doctor.file(f"/proc/{process}/comm", f"{program}\n")
        folder = doctor.root / "proc" / process / "fd"
        folder.mkdir()
        for number, target in enumerate(("/dev/input/event3", "/dev/null", "/dev/input/event11")):
            (folder / str(number)).symlink_to(target)
    (text,) = texts(doctor.examine("--daemon", doctor.probe()), "input", "note")[1:]
    assert "Xorg (process 812) reads 2 input devices" in text


def test_uinput_for_everybody(doctor: Doctor) -> None:
    file = doctor.file("/dev/uinput", "")
    for mode, notes in ((0o660, 1), (0o666, 2)):
        file.chmod(mode)
        found = texts(doctor.examine("--daemon", doctor.probe()), "input", "note")
        assert len(found) == notes and ("uinput" in found[-1]) == (notes == 2)


def test_console(doctor: Doctor) -> None:
    doctor.file("/sys/class/tty/tty0/active", "tty7\n")
    doctor.file("/dev/tty0", "")
    doctor.file("/dev/tty7", "")
    (text,) = texts(doctor.examine("--daemon", doctor.probe()), "console")
    assert text.startswith("tty7 is in front; it does not say")
    doctor.file("/sys/class/tty/tty0/active", "../../etc/passwd\n")
    (text,) = texts(doctor.examine("--daemon", doctor.probe()), "console", "note")
    assert "no virtual consoles" in text


def test_text_from_files_is_made_printable(doctor: Doctor) -> None:
    doctor.file("/proc/device-tree/model", b"\x1b[31mPi\x07 \xc2\x9b5 caf\xc3\xa9\0")
    doctor.file("/dev/input/event0", "")
    doctor.file("/sys/class/input/event0/device/name", "%n%s\x1b]0;x")
    done = doctor.run("--root", str(doctor.root), "--daemon",
                      doctor.probe(reason="\x1b[2J\nnew line", holder="\x9b"))
    assert not any(ord(letter) < 32 and letter != "\n" or 127 <= ord(letter) < 160
                   for letter in done.stdout)
    assert "?[31mPi? ??5 caf\u00e9, Linux" in done.stdout and "?[2J?new line" in done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")
def test_a_plain_user(tmp_path: Path) -> None:
    """Each device that may not be opened is named, with its group and what to do."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        doctor = Doctor(Path(name))
        doctor.tool = Path(shutil.copy(TOOL, name))  # the tree may be in somebody's home
        card = doctor.file("/dev/dri/card0", "")
        keyboard = doctor.file("/dev/input/event3", "")
        doctor.file("/sys/class/input/event3/device/name", "Logitech K400\n")
        tty = doctor.file("/dev/tty0", "")
        doctor.file("/sys/class/tty/tty0/active", "tty1\n")
        for path, group, mode in ((card, "video", 0o660), (keyboard, "input", 0o660),
                                  (tty, "tty", 0o620)):
            os.chown(path, 0, grp.getgrnam(group).gr_gid)
            path.chmod(mode)
        probe = doctor.probe()
        done = doctor.run("--json", "--root", str(doctor.root), "--daemon", probe, **NOBODY)
        found = json.loads(done.stdout)
        assert done.returncode == 1
        (text,) = texts(found, "permission", "problem")
        assert f"{card} cannot be opened by nobody: Permission denied (group video, mode 660)" in text
        assert "sudo usermod -aG video nobody" in text
        (text,) = texts(found, "input", "note")
        assert "Logitech K400" in text and "usermod -aG input nobody" in text
        (text,) = texts(found, "input", "problem")
        assert "none of 1 input devices" in text and "usermod -aG input nobody" in text
        assert any("group tty" in text for text in texts(found, "console", "note"))
        assert texts(found, "user")[0].startswith("nobody, in group none of those that matter")
        # Another user's daemon: it answers, but not what it chose.
        config = doctor.folder / "conf"
        config.write_text("[socket]\nmode = 0666\n")
        run = doctor.folder / "daemon"
        run.mkdir()
        daemon = Daemon(run, "--clock", "virtual", *HEADLESS, "--config", str(config))
        doctor.socket = Path(daemon.path)
        done = doctor.run("--json", "--daemon", probe, "--root", str(doctor.root), **NOBODY)
        daemon.stop()
        assert any("does not say what it chose" in text
                   for text in texts(json.loads(done.stdout), "daemon", "note"))


# ---- The command line -----------------------------------------------------------------------

def test_text(doctor: Doctor) -> None:
    """Problems stand at the end once more, with what to do."""
    done = doctor.run("--root", str(doctor.root), "--daemon", doctor.probe(holder="weston (pid 3)"))
    assert done.returncode == 1
    lines, summary = done.stdout.split("\n2 problems:\n")
    assert all(line.split()[0] in ("ok", "note", "problem", "->")
               for line in lines.splitlines() if line)
    assert summary.splitlines()[0].startswith("  1. daemon: ")
    assert "  2. display: weston (pid 3) has" in summary and "     -> end that program" in summary


@pytest.mark.parametrize("options", [("x",), ("--daemon",), ("--jsn",)])
def test_mistakes(doctor: Doctor, options: tuple[str, ...]) -> None:
    done = doctor.run(*options)
    assert done.returncode == 2 and "Try `kmsblit help doctor`." in done.stderr


def test_a_full_disk(doctor: Doctor) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([TOOL, "doctor", "--daemon", doctor.probe()], stdout=full,
                              stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1 and "writing to standard output" in done.stderr
