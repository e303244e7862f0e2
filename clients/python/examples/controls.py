#!/usr/bin/python3
"""Shows what the player does: a square for keys and gamepad, a dot for the mouse, a ring of dots for fingers.

Arrow keys, W A S D or the left stick move the square; Space or A colours it; the mouse leaves a trail while a button is
held. Escape ends it.
"""
import kmsblit

display = kmsblit.connect()
window = display.window((320, 240), scale="integer", title="controls")
trail: list[tuple[int, int]] = []
x, y = 160.0, 120.0
running = True


@kmsblit.on_key_down
def key_pressed(key: int) -> None:
    global running
    if key == kmsblit.K_ESCAPE:
        running = False


@kmsblit.on_mouse_move
def mouse_moved(pos: tuple[int, int], buttons: tuple[int, int, int]) -> None:
    if any(buttons):
        trail.append(pos)


@kmsblit.on_mouse_down
def mouse_pressed(pos: tuple[int, int], button: int) -> None:
    if button == kmsblit.BUTTON_LEFT:
        trail.append(pos)
    elif button == kmsblit.BUTTON_RIGHT:
        trail.clear()


@kmsblit.on_quit
def somebody_ends_it() -> None:
    global running
    running = False


while running:
    keys, pads = kmsblit.keyboard, kmsblit.gamepads
    x += 2 * (keys.right + keys.d - keys.left - keys.a)
    y += 2 * (keys.down + keys.s - keys.up - keys.w)
    for pad in pads:
        x += 3 * pad.axis("leftx")
        y += 3 * pad.axis("lefty")
    x, y = min(max(x, 8), 312), min(max(y, 8), 232)
    fires = keys.space or any(pad.button("a") for pad in pads)

    window.fill("midnightblue")
    for spot in trail[-500:]:
        window.fill("gold", (spot[0] - 1, spot[1] - 1, 3, 3))
    window.fill("orangered" if fires else "limegreen", (x - 8, y - 8, 16, 16))
    for touch in kmsblit.touches:
        for dx, dy in ((-20, 0), (20, 0), (0, -20), (0, 20)):
            window.fill("white", (touch.x + dx - 3, touch.y + dy - 3, 6, 6))
    if kmsblit.mouse.inside:
        window.fill("white", (kmsblit.mouse.x - 2, kmsblit.mouse.y - 2, 5, 5))
    window.flip()
