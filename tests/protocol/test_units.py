"""systemd's units: they are what systemd accepts, and what they ask for the daemon does."""
from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest
from harness import HANG_SECONDS, KMSBLITD, ROOT, Client

UNITS = ("kmsblitd.socket", "kmsblitd.service")


def install(folder: Path) -> dict[str, str]:
    """The units as `make install` puts them, for a daemon of ours."""
    (folder / "bin").mkdir()
    (folder / "bin/kmsblitd").symlink_to(KMSBLITD)
    texts = {}
    for unit in UNITS:
        texts[unit] = (ROOT / "systemd" / unit).read_text().replace("@BINDIR@", f"{folder}/bin")
        assert "@BINDIR" not in texts[unit]
        (folder / unit).write_text(texts[unit])
    return texts


@pytest.mark.skipif(shutil.which("systemd-analyze") is None,
                    reason="systemd-analyze is not installed")
def test_systemd_accepts_them(tmp_path: Path) -> None:
    """Not a word of complaint; and it would complain."""
    def verify() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / unit) for unit in UNITS)],
            env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"}, text=True,
            capture_output=True, check=False, timeout=HANG_SECONDS)

    texts = install(tmp_path)
    done = verify()
    ours = [line for line in done.stderr.splitlines() if "kmsblit" in line]
    assert (done.returncode, ours) == (0, [])
    (tmp_path / UNITS[1]).write_text(texts[UNITS[1]].replace("Type=notify", "Type=notfy"))
    assert "kmsblitd.service" in verify().stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None,
                    reason="systemd-analyze is not installed")
def test_what_the_service_may_do(tmp_path: Path) -> None:
    """It reads every key: it has the group for that and its devices, and little else."""
    texts = install(tmp_path)
    text = texts["kmsblitd.service"]
    groups = next(line for line in text.splitlines() if line.startswith("SupplementaryGroups="))
    assert "input" in groups.split("=")[1].split()
    assert [line.split("=")[1] for line in text.splitlines() if line.startswith("DeviceAllow=")] == [
        "char-drm rw", "char-input rw", "char-tty rw"]
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=35",
                           str(tmp_path / "kmsblitd.service")],
                          text=True, capture_output=True, check=False, timeout=HANG_SECONDS)
    assert done.returncode == 0, done.stdout


def test_the_daemon_does_what_they_ask(tmp_path: Path) -> None:
    """It takes the socket that is there already, says that it is ready, and reloads."""
    texts = install(tmp_path)
    assert "Type=notify\n" in texts[UNITS[1]] and "-HUP $MAINPID" in texts[UNITS[1]]
    config = tmp_path / "conf"
    config.write_text("")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "kmsblit.sock"))
    listener.listen()
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(str(tmp_path / "notify"))
    notify.settimeout(HANG_SECONDS)

    env = {**os.environ, "LISTEN_FDS": "1", "NOTIFY_SOCKET": str(tmp_path / "notify")}
    pid = os.fork()
    if pid == 0:
        try:
            os.dup2(listener.fileno(), 3)
            os.set_inheritable(3, True)
            os.execve(KMSBLITD, [KMSBLITD, "--config", str(config)],
                      {**env, "LISTEN_PID": str(os.getpid())})
        finally:
            os._exit(127)
    assert notify.recv(4096) == b"READY=1"
    Client(str(tmp_path / "kmsblit.sock")).close()
    os.kill(pid, signal.SIGHUP)
    assert notify.recv(4096).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
    assert notify.recv(4096) == b"READY=1"
    os.kill(pid, signal.SIGTERM)
    assert notify.recv(4096) == b"STOPPING=1"
    assert os.waitpid(pid, 0)[1] == 0
    listener.close()
    notify.close()
