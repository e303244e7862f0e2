"""kmsblit: draw games through kmsblitd.

    import kmsblit

    with kmsblit.connect() as display:
        window = display.window((320, 240), scale="integer", title="hello")
        alien = display.load("alien.png")
        for x in range(320):
            window.fill("midnightblue")
            window.blit(alien, (x, 100))
            window.flip()

A program connects to the daemon, hands over its images once, makes a window, and then sends whole
frames: lists of fills and blits. Arguments are pygame's wherever pygame has the same function.

Keys, mouse, fingers and gamepads: `kmsblit.keyboard[kmsblit.K_SPACE]`, `kmsblit.mouse.pos`, `kmsblit.gamepads[0].axis("leftx")`
tell how things are; `for event in kmsblit.events()` what happened since; `@kmsblit.on_key_down` calls a function.

Sprites are pygame.sprite's: `kmsblit.Sprite`, `kmsblit.Group`, `kmsblit.LayeredUpdates`, `kmsblit.spritecollide()`. A group is drawn by
one call, `group.draw(window)`, in which no code of the program's runs for each sprite.

The rest that games are made of: text (`kmsblit.Font`, `window.draw_text()`), shapes (`kmsblit.draw`), what touches what (`kmsblit.Rect`,
`kmsblit.Mask`), sheets and animations (`kmsblit.SpriteSheet`, `kmsblit.Animation`), time (`kmsblit.Clock`). pygame's own Rects, Vector2s
and Colors are taken everywhere.

Coordinates are pixels of the window's logical size; x grows to the right, y downwards; anything may
lie partly or wholly outside. Times are nanoseconds. A display and what is made from it may be used
by several threads, but a frame is best drawn by one.
"""

from . import _events, _input, _keys, draw, mask
from ._arrays import BLIT_DTYPE, blit_array
from ._autostart import connect
from ._events import *
from ._input import *
from ._keys import *
from ._kmsblit import (
    BLEND_ADD,
    BLEND_ALPHA_SDL2,
    BLEND_MAX,
    BLEND_MIN,
    BLEND_MULT,
    BLEND_PREMULTIPLIED,
    BLEND_REPLACE,
    BLEND_RGB_ADD,
    BLEND_RGB_MAX,
    BLEND_RGB_MIN,
    BLEND_RGB_MULT,
    BLEND_RGB_SUB,
    BLEND_RGBA_ADD,
    BLEND_RGBA_MAX,
    BLEND_RGBA_MIN,
    BLEND_RGBA_MULT,
    BLEND_RGBA_SUB,
    BLEND_SUB,
    FLIP_X,
    FLIP_Y,
    AbstractGroup,
    Animation,
    Canvas,
    Clock,
    ConnectionLostError,
    Display,
    Error,
    Font,
    Group,
    GroupSingle,
    Image,
    LayeredUpdates,
    Mask,
    NoDaemonError,
    OrderedUpdates,
    Output,
    Presented,
    Rect,
    RenderUpdates,
    RequestError,
    Screenshot,
    SharedImage,
    Sprite,
    SpriteSheet,
    SubImage,
    Transformed,
    Window,
    __version__,
    collide_circle,
    collide_circle_ratio,
    collide_mask,
    collide_rect,
    collide_rect_ratio,
    groupcollide,
    spritecollide,
    spritecollideany,
)

RenderPlain = RenderClear = Group  # pygame's names of it

__all__ = [
    "BLEND_ADD",
    "BLEND_ALPHA_SDL2",
    "BLEND_MAX",
    "BLEND_MIN",
    "BLEND_MULT",
    "BLEND_PREMULTIPLIED",
    "BLEND_REPLACE",
    "BLEND_RGB_ADD",
    "BLEND_RGB_MAX",
    "BLEND_RGB_MIN",
    "BLEND_RGB_MULT",
    "BLEND_RGB_SUB",
    "BLEND_RGBA_ADD",
    "BLEND_RGBA_MAX",
    "BLEND_RGBA_MIN",
    "BLEND_RGBA_MULT",
    "BLEND_RGBA_SUB",
    "BLEND_SUB",
    "BLIT_DTYPE",
    "FLIP_X",
    "FLIP_Y",
    "AbstractGroup",
    "Animation",
    "Canvas",
    "Clock",
    "ConnectionLostError",
    "Display",
    "Error",
    "Font",
    "Group",
    "GroupSingle",
    "Image",
    "LayeredUpdates",
    "Mask",
    "NoDaemonError",
    "OrderedUpdates",
    "Output",
    "Presented",
    "Rect",
    "RenderClear",
    "RenderPlain",
    "RenderUpdates",
    "RequestError",
    "Screenshot",
    "SharedImage",
    "Sprite",
    "SpriteSheet",
    "SubImage",
    "Transformed",
    "Window",
    "__version__",
    "blit_array",
    "collide_circle",
    "collide_circle_ratio",
    "collide_mask",
    "collide_rect",
    "collide_rect_ratio",
    "connect",
    "draw",
    "groupcollide",
    "spritecollide",
    "spritecollideany",
    "mask",
]
__all__ += _events.__all__
__all__ += _input.__all__
__all__ += _keys.__all__
