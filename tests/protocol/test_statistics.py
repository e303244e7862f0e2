"""Counters of a client's own."""
from __future__ import annotations

from harness import Client, ident, solid
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
