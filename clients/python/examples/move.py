#!/usr/bin/python3
"""A rocket that flies with the arrow keys, and stays on the screen. Escape ends."""
import kmsblit

ROCKET = """
...22...
..2222..
..2332..
..2332..
.122221.
.122221.
11222211
1..44..1
""".split()
COLORS = ["#00000000", "darkred", "lightgray", "skyblue", "orange"]  # the first is transparent

with kmsblit.connect() as display:
    window = display.window((160, 120), title="move")
    pixels = "".join(ROCKET).replace(".", "0")
    rocket = display.image(bytes(int(pixel) for pixel in pixels), "p8", (8, 8), palette=COLORS)
    where = rocket.get_rect(center=(80, 60))
    keys = kmsblit.keyboard
    while not keys.escape:
        where.move_ip(2 * (keys.right - keys.left), 2 * (keys.down - keys.up))
        where.clamp_ip(window.get_rect())
        window.fill("midnightblue")
        window.blit(rocket, where)
        window.flip()
