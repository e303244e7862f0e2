"""SIGHUP: the configuration is read again, what can change changes at once, and all is said."""
from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import HANG_SECONDS, Client, Daemon, Refused, ident, solid
from kmsblit import protocol as kb

NOBODY = 65534


class Configured:
    """A daemon with a file that changes."""

    def __init__(self, start: Callable[..., Daemon], folder: Path, text: str,
                 *options: str) -> None:
        self.file = folder / "kmsblitd.conf"
        self.file.write_text(text)
        self.daemon = start("--config", str(self.file), *options)
        self.client = self.daemon.client()
        self.seen = 0

    def reload(self, text: str | None) -> str:
        """Changes the file and says so; returns what was logged about it."""
        if text is None:
            self.file.unlink()
        else:
            self.file.write_text(text)
        return self.hangup()

    def hangup(self) -> str:
        """Sends the signal, and waits for what is logged at its end at every level."""
        self.seen = len(self.daemon.text())
        os.kill(self.daemon.pid, signal.SIGHUP)
        # A signal is handled in the turn in which it is seen, which begins before this answer.
        deadline = time.monotonic() + HANG_SECONDS
        while "configuration" not in self.daemon.text()[self.seen:]:
            self.client.sync()
            assert time.monotonic() < deadline, self.daemon.text()
        self.client.sync()
        return self.daemon.text()[self.seen:]


@pytest.fixture(name="configured")
def fixture_configured(start: Callable[..., Daemon], tmp_path: Path) -> Callable[..., Configured]:
    """Makes one."""
    def make(text: str = "", *options: str) -> Configured:
        return Configured(start, tmp_path, text, *options)
    return make


def test_nothing_changed(configured: Callable[..., Configured]) -> None:
    """That is said, too; and clients do not notice."""
    one = configured("[log]\nlevel = info\n", "--clock", "virtual")
    for _ in range(3):
        assert "nothing in it has changed" in one.hangup()
    one.client.window(ident(1), 16, 16)
    one.client.show(ident(1))


def test_what_changes_at_once(configured: Callable[..., Configured]) -> None:
    """Limits of new clients and of those that are there, and the log's level."""
    one = configured()
    client = one.client
    client.image(ident(1), solid(8, 8, 0))
    client.image(ident(2), solid(8, 8, 0))
    said = one.reload("[limits]\nclient_objects = 2\nclient_memory = 1M\nclients = 2\n"
                      "[log]\nlevel = debug\n[display]\noff_after = 600\nmargin = 2000\n")
    assert '[display] off_after: "0" becomes "600"\n' in said
    assert '[display] margin: "1500" becomes "2000"\n' in said
    assert '[limits] client_memory: "524288K" becomes "1024K"\n' in said
    assert '[limits] client_objects: "65535" becomes "2"\n' in said
    assert '[limits] clients: "256" becomes "2"\n' in said
    assert '[log] level: "info" becomes "debug"\n' in said
    assert "restart" not in said
    with pytest.raises(Refused, match="QUOTA"):
        client.image(ident(3), solid(8, 8, 0))
    client.request(kb.encode_image_destroy, object=ident(1))
    with pytest.raises(Refused, match="QUOTA"):  # 4 MiB
        client.image(ident(3), solid(1024, 1024, 0))
    second = one.daemon.client()
    assert second.welcome.max_client_bytes == 1 << 20
    assert second.welcome.max_objects == 2
    one.daemon.client(hello=False).ended(kb.ErrorCode.QUOTA)
    assert " debug " in one.daemon.text()[one.seen:]
    # And back.
    said = one.reload("")
    assert '[log] level: "debug" becomes "info"\n' in said
    client.image(ident(3), solid(1024, 1024, 0))
    client.image(ident(4), solid(8, 8, 0))
    one.daemon.client().close()


def test_what_needs_a_restart(configured: Callable[..., Configured]) -> None:
    """It is said at each reload, and nothing of it happens."""
    one = configured()
    text = ("[socket]\npath = /nowhere/k\nmode = 0666\n[display]\nbuffers = 3\nclock = virtual\n"
            "card = vc4\n[render]\nthreads = 7\n[output tv]\nsize = 320x200\n"
            "[output HDMI-A-1]\nmode = 1280x720@59.94\nrotate = 90\nposition = 5,-6\n"
            "[limits]\nclients = 100\n")
    for reload in (lambda: one.reload(text), one.hangup):
        said = reload()
        for line in ('[socket] mode: "0660" becomes "0666"', '[display] buffers: "2" becomes "3"',
                     '[display] clock: "real" becomes "virtual"',
                     '[render] threads: "0" becomes "7"',
                     '[display] card: "" becomes "vc4"',
                     '[output], real: "" becomes '
                     '"HDMI-A-1 1280x720@59.940 rotate 90 at 5,-6"',
                     '[output]: "HEADLESS-1 1280x720@60.000+0+0" becomes '
                     '"tv 320x200@60.000+0+0"'):
            assert f"{line} only when kmsblitd is restarted" in said
        # The command line wins over the file, as it did before.
        assert "path" not in said
    assert said.count("becomes") == 7
    client = one.daemon.client()
    assert [output.name for output in client.outputs.values()] == ["HEADLESS-1"]
    assert not client.welcome.flags & kb.WelcomeFlag.VIRTUAL_CLOCK


@pytest.mark.parametrize("text, mistake", [
    ("[limits]\nclients = none\n[log]\nlevel = debug\n", ":2: [limits] clients = none: must be"),
    ("[log]\nlevel = debug\n[cellar]\n", ":3: [cellar]: unknown section"),
    ("\0", ":1: a zero byte"),
    (None, "there is no such file"),
])
def test_mistakes(configured: Callable[..., Configured], text: str | None, mistake: str) -> None:
    """All stays as it was; the next reload takes a file that is good again."""
    one = configured("[limits]\nclient_objects = 1\n")
    said = one.reload(text)
    assert mistake in said
    assert "the configuration has mistakes: all stays as it is" in said
    assert "becomes" not in said
    one.client.image(ident(1), solid(8, 8, 0))
    with pytest.raises(Refused, match="QUOTA"):
        one.client.image(ident(2), solid(8, 8, 0))
    assert " debug " not in one.daemon.text()
    assert '"1" becomes "2"' in one.reload("[limits]\nclient_objects = 2\n")
    one.client.image(ident(2), solid(8, 8, 0))


@pytest.mark.skipif(os.getuid() != 0, reason="only root can connect as another user")
def test_permissions() -> None:
    """They come and go for clients that are connected."""
    with tempfile.TemporaryDirectory() as name:  # tmp_path lets no other user in
        folder = Path(name)
        folder.chmod(0o755)
        opened = "[socket]\nmode = 0666\n"
        one = Configured(lambda *options: Daemon(folder, *options), folder, opened)
        os.seteuid(NOBODY)
        try:
            other = one.daemon.client("nobody")
        finally:
            os.seteuid(0)
        assert other.welcome.permissions == 0
        with pytest.raises(Refused, match="PERMISSION"):
            other.server()
        said = one.reload(opened + "[permissions]\neveryone = statistics, clock\n")
        assert '[permissions] everyone: "" becomes "clock, statistics"\n' in said
        assert other.server()["clients"] == 2
        one.reload(opened)
        with pytest.raises(Refused, match="PERMISSION"):
            other.server()
        assert one.client.server()["clients"] == 2  # the owner may do everything, always
        one.daemon.stop()


def test_the_default_file_is_missing(start: Callable[..., Daemon]) -> None:
    """Then the defaults hold, again."""
    if Path("/etc/kmsblit/kmsblitd.conf").exists():
        pytest.skip("this system has a configuration")
    daemon = start()
    client: Client = daemon.client()
    os.kill(daemon.pid, signal.SIGHUP)
    deadline = time.monotonic() + HANG_SECONDS
    while "nothing in it has changed" not in daemon.text():
        client.sync()
        assert time.monotonic() < deadline


def test_a_storm_of_signals(configured: Callable[..., Configured]) -> None:
    """Games go on meanwhile."""
    one = configured("", "--clock", "virtual", "--output", "headless:32x32@60")
    one.client.window(ident(1), 16, 16)
    for _ in range(50):
        os.kill(one.daemon.pid, signal.SIGHUP)
        one.client.show(ident(1), clear=True)
