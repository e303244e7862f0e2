#!/usr/bin/python3
"""Animation: a sheet of four pictures, of which one is drawn. The arrow keys walk and turn around; Escape ends."""
import kmsblit

STEPS = """
..111... ..111... ..111... ..111...
..1331.. ..1331.. ..1331.. ..1331..
..333... ..333... ..333... ..333...
.22222.. ..222... .22222.. ..222...
2.222.2. .2222... 2.222.2. .2222...
..222... ..222... ..222... ..222...
.44.44.. ..4.4... ..4.44.. ..4.4...
44...4.. ..4.4... .4...44. ..44....
""".split()
COLORS = ["#00000000", "brown", "red", "wheat", "royalblue"]

with kmsblit.connect() as display:
    window = display.window((80, 60), title="walk")
    pixels = "".join(STEPS).replace(".", "0")
    sheet = display.image(bytes(int(pixel) for pixel in pixels), "p8", (32, 8), palette=COLORS)
    x, left, steps = 36, False, 0
    keys = kmsblit.keyboard
    while not keys.escape:
        way = keys.right - keys.left
        if way:
            left, steps, x = way < 0, steps + 1, (x + way) % 80
        picture = steps // 6 % 4 if way else 1
        window.fill("skyblue")
        window.fill("olive", (0, 48, 80, 12))
        window.blit(sheet, (x, 40), area=(picture * 8, 0, 8, 8), flip_x=left)
        window.flip()
