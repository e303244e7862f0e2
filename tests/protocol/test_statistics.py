"""Counters of a client's own."""
from __future__ import annotations

from harness import Client, Daemon, ident, solid
from kmsblit import protocol as kb


def test_what_a_client_holds(client: Client) -> None:
    """Images, canvases and windows are counted while they are there."""
    def held() -> tuple[int, int]:
        counters = client.statistics(kb.StatisticsScope.CLIENT)
        return counters["images"], counters["windows"]

    assert held() == (0, 0)
    client.image(ident(1), solid(4, 4, 0xFF102030))
    client.request(kb.encode_canvas_create, object=ident(2), width=8, height=8)
    client.window(ident(3), 16, 16)
    assert held() == (2, 1)
    client.window(ident(4), 16, 16)
    client.request(kb.encode_image_destroy, object=ident(1))
    assert held() == (1, 2)
    client.request(kb.encode_window_destroy, object=ident(3))
    client.request(kb.encode_window_destroy, object=ident(4))
    client.request(kb.encode_image_destroy, object=ident(2))
    assert held() == (0, 0)


def test_the_daemon_describes_itself(daemon: Daemon, client: Client) -> None:
    """Outputs, windows, and why a window is not seen: lines for people."""
    def lines() -> list[str]:
        serial = client.request(kb.encode_describe)
        return client.expect(kb.EvtDescription, serial=serial).text.splitlines()

    output = client.outputs[1]
    first = lines()
    assert first[0].startswith("daemon: kmsblitd ") and f"pid {daemon.pid}" in first[0]
    assert any(line.startswith("backend: headless") for line in first)
    assert any(line.startswith("renderer: cpu") for line in first)
    assert any(line.startswith(f"output {output.name}: {output.width}x{output.height} at ")
               for line in first)
    assert not any(line.startswith("window") for line in first)

    client.window(ident(1), 16, 8, title="caf\u00e9 \u2603")
    assert [line for line in lines() if line.startswith("window")] == [
        'window "caf\u00e9 \u2603" of test: 16x8, not shown: it has had no frame yet; '
        "0 frames presented, 0 discarded"]
    client.frame(ident(1), b"")
    client.refresh()
    (shown,) = [line for line in lines() if line.startswith("window")]
    assert f"on output {output.name}" in shown and "1 frames presented" in shown
    client.set(ident(1), flags=kb.WindowFlag.HIDDEN)
    client.refresh()
    assert "hidden by its program" in "\n".join(lines())
    # However much there is to say, it is whole lines that fit into a message.
    for slot in range(2, 302):
        client.window(ident(slot), 16, 8, title="\u2603" * 80)
    many = lines()
    assert sum(len(line.encode()) + 1 for line in many) > 32000
    assert all(line.endswith("discarded") for line in many if line.startswith("window"))
