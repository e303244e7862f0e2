#!/usr/bin/python3
"""The smallest game: a ball that bounces for ten seconds."""
import kmsblit

display = kmsblit.connect()
window = display.window((320, 240), scale="integer", title="hello")
ball = display.image(bytes([255] * 16 * 16 * 3), "RGB", size=(16, 16))
where = ball.get_rect(center=(160, 120))
dx, dy = 3, 2
for frame in range(600):
    where.move_ip(dx, dy)
    dx = -dx if where.left < 0 or where.right > 320 else dx
    dy = -dy if where.top < 0 or where.bottom > 240 else dy
    window.fill("midnightblue")
    window.blit(ball, where, tint=(255, frame % 256, 0))
    window.flip()
