#!/usr/bin/python3
"""Sprites and groups: catch the apples with the basket, by the left and right keys. Escape ends."""
import random

import kmsblit


class Apple(kmsblit.Sprite):
    """Falls, and begins anew at the top."""

    def __init__(self, picture: kmsblit.Image, *groups: kmsblit.Group) -> None:
        super().__init__(*groups)
        self.image = picture
        self.rect = picture.get_rect(topleft=(random.randrange(150), random.randrange(-120, 0)))
        self.speed = random.randint(1, 2)

    def update(self) -> None:
        self.rect.y += self.speed
        if self.rect.top > 120:
            self.rect.topleft = random.randrange(150), -10


class Basket(kmsblit.Sprite):
    """Goes where the keys say."""

    def __init__(self, picture: kmsblit.Image, *groups: kmsblit.Group) -> None:
        super().__init__(*groups)
        self.image = picture
        self.rect = picture.get_rect(midbottom=(80, 118))

    def update(self) -> None:
        self.rect.x += 3 * (kmsblit.keyboard.right - kmsblit.keyboard.left)
        self.rect.clamp_ip((0, 0, 160, 120))


def plain(display: kmsblit.Display, size: tuple[int, int], color: tuple[int, int, int]) -> kmsblit.Image:
    return display.image(bytes(color) * (size[0] * size[1]), "RGB", size)


with kmsblit.connect() as display:
    window = display.window((160, 120), title="catch")
    font = kmsblit.Font("bold", 12)
    everything, apples = kmsblit.Group(), kmsblit.Group()
    red = plain(display, (8, 8), (220, 40, 40))
    for _ in range(8):
        Apple(red, everything, apples)
    basket = Basket(plain(display, (28, 10), (190, 140, 70)), everything)
    score = 0
    while not kmsblit.keyboard.escape:
        everything.update()
        for apple in kmsblit.spritecollide(basket, apples, dokill=True):
            score += 1
            Apple(red, everything, apples)
        window.fill("darkgreen")
        everything.draw(window)
        window.draw_text(font, f"{score} apples", (4, 2))
        window.flip()
