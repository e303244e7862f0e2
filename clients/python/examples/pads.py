#!/usr/bin/python3
"""Every gamepad moves a dot of its own: the left stick or the direction pad, "a" makes it large and shakes. Escape ends."""
import kmsblit

COLORS = ["orange", "skyblue", "limegreen", "pink"]

with kmsblit.connect() as display:
    window = display.window((320, 240), title="pads")
    font = kmsblit.Font(size=14)
    dot = display.image(bytes([255] * 3 * 64), "RGB", (8, 8))
    places: dict[int, list[float]] = {}
    while not kmsblit.keyboard.escape:
        window.fill((18, 18, 28))
        if not kmsblit.gamepads:
            window.draw_text(font, "plug in a gamepad", (100, 110), "gray")
        for number, pad in enumerate(kmsblit.gamepads):
            place = places.setdefault(pad.id, [156.0, 116.0])
            place[0] += 3 * (pad.axis("leftx") + pad.button("dpright") - pad.button("dpleft"))
            place[1] += 3 * (pad.axis("lefty") + pad.button("dpdown") - pad.button("dpup"))
            color = COLORS[number % len(COLORS)]
            window.blit(dot, (int(place[0]), int(place[1])), tint=color, scale=3 if pad.button("a") else 1)
            window.draw_text(font, pad.name, (4, 4 + 16 * number), color)
            if pad.button("a") and pad.can_rumble:
                pad.rumble(0.3, 0.6, 0.1)
        window.flip()
