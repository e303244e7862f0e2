"""The part of kmsblit that is written in C. Programs import kmsblit."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from os import PathLike
from types import TracebackType
from typing import Any, BinaryIO, Final, Literal, Protocol, SupportsIndex, Union, overload
from typing_extensions import Self, TypeAlias, final

from ._events import Event
from ._input import Device, Gamepads, Keyboard, Mouse, Touches

__version__: str

# pygame's special_flags, with pygame's values. Formulas: "Colours and blending" in
# docs/protocol.md.
BLEND_ADD: int
"""Saturating sum of colours; so are the others, as their names say."""
BLEND_SUB: int
BLEND_MULT: int
BLEND_MIN: int
BLEND_MAX: int
BLEND_RGB_ADD: int
BLEND_RGB_SUB: int
BLEND_RGB_MULT: int
BLEND_RGB_MIN: int
BLEND_RGB_MAX: int
BLEND_RGBA_ADD: int
BLEND_RGBA_SUB: int
BLEND_RGBA_MULT: int
BLEND_RGBA_MIN: int
BLEND_RGBA_MAX: int
BLEND_PREMULTIPLIED: int
"""The image's colours are premultiplied by its alpha, whatever its format says."""
BLEND_ALPHA_SDL2: int
"""By the source's alpha: what blit() does anyway, and how fill() draws a colour with alpha."""
BLEND_REPLACE: int
"""The source's colours as they are, alpha dropped: what fill() does anyway. (pygame lacks it.)"""

FLIP_X: int
"""In the field flags of an array for blits(): mirror left and right."""
FLIP_Y: int
"""Likewise top and bottom."""

Number: TypeAlias = Union[int, float, SupportsIndex]
"""Floats lose their fraction, towards zero."""
Pair: TypeAlias = Union[tuple[Number, Number], Sequence[Number]]

class HasRect(Protocol):
    @property
    def rect(self) -> Any: ...

RectLike: TypeAlias = Union[
    "Rect",
    tuple[Number, Number, Number, Number],
    tuple[Pair, Pair],
    Sequence[Number],
    HasRect,
    # pygame.Rect is a sequence too, but its stubs do not say so.
    Any,
]
"""A Rect, a pygame.Rect, (x, y, w, h), ((x, y), (w, h)), or an object with such a .rect."""

Color: TypeAlias = Union[str, int, Sequence[int]]
"""A name ("orange"), "#rrggbb", "#rrggbbaa", (r, g, b) or (r, g, b, a) with 0 to 255, or a number:
0xRRGGBB, or 0xAARRGGBB if it is larger than 0xFFFFFF."""

Scale: TypeAlias = Literal["none", "integer", "fit", "stretch"]
Filter: TypeAlias = Literal["nearest", "bilinear"]
Format: TypeAlias = Literal[
    "argb8888",
    "argb8888_premultiplied",
    "xrgb8888",
    "abgr8888",
    "abgr8888_premultiplied",
    "xbgr8888",
]
RawFormat: TypeAlias = Union[Format, Literal["rgb565", "a8", "p8", "RGB", "RGBA"]]
"""Names of the protocol ("format" in docs/protocol.md), or bytes in the order R, G, B (and A)."""
Align: TypeAlias = Literal["left", "center", "right"]
Scope: TypeAlias = Literal["server", "client", "window", "output", "renderer"]

class Error(OSError):
    """Something went wrong between the program and kmsblitd. errno tells what kind of mistake it
    was.

    An object that has been closed raises it too (errno.EBADF).
    """

class NoDaemonError(Error):
    """No kmsblitd answers at the socket; the text says how to start one."""

class RequestError(Error):
    """The daemon (or the library on its behalf) refused a request; the text says which and why.

    Most requests are not waited for: what is wrong with them is raised by the next flip(), commit()
    or sync().
    """

class ConnectionLostError(Error, ConnectionError):
    """The connection to the daemon has ended, and no daemon came back in $KMSBLIT_RECONNECT seconds
    (30; 0: not waited for). Connect again, and make images and windows anew.

    errno is ECANCELED if somebody ended the program by the daemon's shortcut, after a QUIT event: then do not come back.
    """

@final
class Output(tuple[int, str, str, int, int, int, int, int, bool, bool]):
    """A display that windows can be on."""

    __match_args__: Final = ("id", "name", "description", "x", "y", "width", "height", "refresh_ns",
        "headless", "primary")
    n_fields: Final[int]
    n_sequence_fields: Final[int]
    n_unnamed_fields: Final[int]

    @property
    def id(self) -> int:
        """The daemon's number of it."""
    @property
    def name(self) -> str:
        """Its connector: "HDMI-A-1"."""
    @property
    def description(self) -> str:
        """Maker and model."""
    @property
    def x(self) -> int:
        """Position among the outputs, in pixels."""
    @property
    def y(self) -> int:
        """Position among the outputs, in pixels."""
    @property
    def width(self) -> int:
        """Pixels, after rotation."""
    @property
    def height(self) -> int:
        """Pixels, after rotation."""
    @property
    def refresh_ns(self) -> int:
        """Nanoseconds from refresh to refresh; 0 where frames are not paced."""
    @property
    def headless(self) -> bool:
        """Whether it is virtual."""
    @property
    def primary(self) -> bool:
        """Whether windows go there by default."""

@final
class Presented(tuple[int, int, int, int, int, bool, bool, bool, bool, bool]):
    """The answer to a frame."""

    __match_args__: Final = ("serial", "time_ns", "refresh_ns", "sequence", "output", "discarded",
        "unchanged", "vsync", "hardware_clock", "scaled_by_plane")
    n_fields: Final[int]
    n_sequence_fields: Final[int]
    n_unnamed_fields: Final[int]

    @property
    def serial(self) -> int:
        """The frame's number, as commit() returned it."""
    @property
    def time_ns(self) -> int:
        """When it was shown, in nanoseconds as time.monotonic_ns() counts them (a virtual clock has
        a time of its own).
        """
    @property
    def refresh_ns(self) -> int:
        """Nanoseconds from refresh to refresh; 0 where frames are not paced."""
    @property
    def sequence(self) -> int:
        """The output's count of refreshes."""
    @property
    def output(self) -> int:
        """The id of the output that showed it; 0 if it was discarded."""
    @property
    def discarded(self) -> bool:
        """Whether it was not shown, since the window is hidden or on no output. Its drawing still
        counts.
        """
    @property
    def unchanged(self) -> bool:
        """Whether it changed no pixel, so that nothing had to be drawn."""
    @property
    def vsync(self) -> bool:
        """Whether it was shown at vertical blank, without tearing."""
    @property
    def hardware_clock(self) -> bool:
        """Whether time_ns is the display hardware's own."""
    @property
    def scaled_by_plane(self) -> bool:
        """Whether the display hardware scaled the picture."""

@final
class Display:
    """A connection to kmsblitd. Leaving a with block closes it.

    Images and windows keep it alive; when the last of them is gone, it ends by itself.
    """

    @property
    def closed(self) -> bool:
        """Whether close() was called."""
    @property
    def server(self) -> str:
        """The daemon's name and version: "kmsblitd 0.1.0"."""
    @property
    def outputs(self) -> tuple[Output, ...]:
        """The outputs that there are now."""
    def window(
        self,
        size: Pair,
        *,
        scale: Scale = "integer",
        title: str | None = None,
        base: Color = 0,
        z: int = 0,
        place: RectLike | None = None,
        output: Output | str | int | None = None,
        hidden: bool = False,
        filter: Filter = "nearest",
    ) -> Window:
        """Makes a window; it is shown from its first frame on.

        size: its logical size, 1 to 8192 pixels each way. It is scaled into its place once:
        scale: "integer" by the largest whole factor, "fit" as large as fits with its shape,
            "stretch" over all of it, "none" not at all; always centred, with bars in the base
            colour.
        title: for people and tools; the program's name if it is not given.
        base: the colour that clear() starts from, and of the bars; black if it is not given. Its
            alpha is ignored.
        z: stacking; higher is nearer; of equal ones the later made is nearer.
        place: a rectangle in output pixels; without it all of the output.
        output: an Output, its name or its id; without it the primary one.
        hidden: do not show it (its frames are discarded, at 60 a second).
        filter: "nearest" keeps pixels sharp when the picture is scaled, "bilinear" is smooth.

        Raises ValueError or TypeError for what cannot be, RequestError if the daemon refuses it
        (too many objects).
        """
    def load(
        self,
        file: str | PathLike[str] | PathLike[bytes] | bytes | bytearray | memoryview | BinaryIO,
    ) -> Image:
        """Loads a PNG picture of any kind, from a path, from bytes or from an open file.

        Raises FileNotFoundError and its like, and RequestError if it is not a PNG, is damaged, or
        has more than 16384 pixels a side.
        """
    def image(
        self,
        source: Any,
        format: RawFormat | None = None,
        size: Pair | None = None,
        stride: int | None = None,
        *,
        palette: Iterable[Color] | None = None,
        color_key: Color | None = None,
    ) -> Image:
        """Makes an image of pixels in memory. They are copied; the image never changes.

        source can be
        - bytes or another contiguous buffer, with size=(width, height), and a format: "argb8888"
          (the default; little-endian words, so bytes B, G, R, A), "argb8888_premultiplied",
          "xrgb8888", another of the protocol's, or bytes in the order "RGB" or "RGBA". stride: bytes
          from row to row, if there are gaps;
        - an array (numpy's or any other with the buffer protocol) of height x width x 3 or 4 of
          uint8 (R, G, B and A), or of height x width of uint32 (0xAARRGGBB). It need not be
          contiguous;
          A height x width array can also be of uint8 with format "a8" or "p8", or of uint16 with
          "rgb565";
        - a pygame Surface of any depth: its palette, colour key and alpha are taken over.

        palette: 1 to 256 colours, for format "p8".
        color_key: pixels of this colour are transparent.

        Width and height go from 1 to 16384. Raises ValueError or TypeError for what cannot be.
        """
    def shared_image(self, size: Pair, format: Format = "argb8888") -> SharedImage:
        """Makes an image that the program keeps drawing into; it begins as zeros."""
    def canvas(self, size: Pair) -> Canvas:
        """Makes an image that is drawn into as a window is; it begins transparent.

        size: 1 to 16384 pixels each way.
        """
    def screenshot(self, output: Output | str | int | None = None) -> Screenshot:
        """What an output (the first one if not given) showed last.

        Raises RequestError without the permission for it, or if nothing has been shown yet.
        """
    def statistics(
        self, scope: Scope = "client", object: Window | Output | str | int | None = None
    ) -> dict[str, int]:
        """The daemon's counters by name: of itself ("server"), of this connection ("client"), of a
        window, an output or the renderer.

        object is the window or output that is meant. Names and meanings: "statistic" in
        docs/protocol.md.
        Raises RequestError without the permission for it (one's own need none).
        """
    @property
    def keyboard(self) -> Keyboard:
        """Which keys are held: kmsblit.keyboard, of this display."""
    @property
    def mouse(self) -> Mouse:
        """Where the pointer is: kmsblit.mouse, of this display."""
    @property
    def touches(self) -> Touches:
        """The fingers on touch screens: kmsblit.touches, of this display."""
    @property
    def gamepads(self) -> Gamepads:
        """The gamepads there are: kmsblit.gamepads, of this display."""
    @property
    def devices(self) -> tuple[Device, ...]:
        """All input devices there are, as of the last event taken."""
    def events(self) -> Iterator[Event]:
        """Takes the events that have come, one after the other; as kmsblit.events()."""
    def inject(self, type: int, code: int = 0, value: int = 0, device: str = "seat") -> None:
        """Acts as an input device, for tests and tools: type, code and value are Linux's (EV_KEY is 1, KEY_A is 30).
        What was said takes effect at inject(0).

        device: "seat" (a keyboard and a mouse), "touch_screen" or "gamepad". Coordinates of touches and of EV_ABS are 0 to
            65535 over the primary output.

        What is wrong is raised by sync(): RequestError, without the permission `inject` for example.
        """
    def sync(self) -> None:
        """Waits until the daemon has checked every request sent so far.

        Raises RequestError for the first one that it refused since the last time that was asked.
        """
    def content_lost(self) -> list[Window | Canvas]:
        """The windows and canvases whose pictures were lost when the daemon was restarted, each told once.

        A restarted daemon gets images, windows and the last frames by itself, and the game goes on. What only
        the daemon had, canvases and pictures drawn over without clear() or a fill of the whole window,
        must be drawn anew. Ask after each flip(); it costs nothing when nothing was lost.
        """
    def step(self, duration_ns: int) -> None:
        """Moves a virtual clock on by so many nanoseconds, and waits until all that falls due has
        happened.

        Raises RequestError where the clock is real, or without the permission for it.
        """
    def dispatch(self, timeout: float | None = 0.0) -> int:
        """Handles what the daemon sent; returns the number of events. For event loops: poll
        fileno(), then call this.

        timeout: seconds to wait for something; None is for ever. Functions that wait do this by
        themselves.
        """
    def fileno(self) -> int:
        """The socket, to be polled for reading only."""
    def close(self) -> None:
        """Ends the connection; images and windows are closed with it. Doing it twice is allowed."""
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        type: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

class Image:
    """A picture that frames can draw, made by display.load() or display.image().

    It may be dropped or closed at any time: frames that drew it keep its pixels.
    """

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
    @property
    def width(self) -> int:
        """Width in pixels."""
    @property
    def height(self) -> int:
        """Height in pixels."""
    @property
    def id(self) -> int:
        """The number that stands for it in the field image of arrays for blits()."""
    @property
    def closed(self) -> bool:
        """Whether it or its display was closed."""
    def get_rect(self, **attributes: Any) -> Rect:
        """A Rect of its size at (0, 0); keywords set attributes: get_rect(center=(100, 50))."""
    def get_size(self) -> tuple[int, int]: ...
    def get_width(self) -> int: ...
    def get_height(self) -> int: ...
    def get_at(self, position: Pair) -> tuple[int, int, int, int]:
        """The colour (r, g, b, a) of a pixel. Only a Canvas does not know its pixels.

        Raises IndexError outside of the picture.
        """
    def subsurface(self, *rect: Any) -> SubImage:
        """A part of it, to be drawn; nothing is copied. Raises ValueError for what is not within."""
    def rotated(self, angle: float, scale: float | tuple[float, float] = 1, smooth: bool = False) -> Transformed:
        """The image turned counter-clockwise by so many degrees, and scaled: something light to be
        drawn, as large as pygame.transform.rotate() makes it. The daemon turns the pixels.

        smooth: filter, instead of taking the nearest pixel.
        """
    def scaled(self, size: Pair, smooth: bool = False) -> Transformed:
        """The image in another size, to be drawn."""
    def close(self) -> None:
        """Gives the image up. Doing it twice is allowed."""
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        type: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

@final
class SharedImage(Image):
    """An image in memory that the program keeps drawing into, made by display.shared_image().

        image.pixels[10, 20] = 0xFFFF8000   # row 10, column 20
        image.update((20, 10, 1, 1))

    numpy.asarray(image) is its memory too.
    """

    @property
    def pixels(self) -> memoryview:
        """The pixels: pixels[y, x] = 0xAARRGGBB."""
    def update(self, rects: RectLike | Iterable[RectLike] | None = None) -> None:
        """Tells what has been drawn into: a rectangle, several, or everything.

        Frames committed before do not see it, later ones do. What lies outside of the image is
        ignored.
        """
    def wait(self) -> None:
        """Waits until the daemon has read the last update: only then may the same pixels be drawn
        into again.
        """

@final
class Canvas(Image):
    """An image that is drawn into as a window is; made by display.canvas().

        canvas = display.canvas((64, 64))
        canvas.fill("darkgreen")
        canvas.blit(tree, (10, 20))
        window.blit(canvas, (0, 0))

    It can be drawn wherever an image can, but not into itself. What was drawn into it is sent by
    commit(), and by itself whenever the canvas is drawn. A frame of a window shows its canvases as
    they were last sent before the frame itself is. A canvas keeps its picture: drawing adds to it,
    unless it begins with clear().
    """

    clip: Any
    """The Rect that drawing is limited to; any rectangle, or None for the whole canvas, can be
    set.
    """
    def clear(self) -> None:
        """Starts anew from transparent, forgetting what was drawn and not yet sent."""
    def fill(self, color: Color, rect: RectLike | None = None, special_flags: int = 0) -> Rect:
        """Fills a rectangle (without it the whole canvas) with a colour and its alpha; returns what
        was filled, within the clip. fill((0, 0, 0, 0)) makes transparent.
        """
    def blit(
        self,
        source: Image | SubImage | Transformed,
        dest: RectLike | Pair,
        area: RectLike | None = None,
        special_flags: int = 0,
        *,
        alpha: int = 255,
        tint: Color | None = None,
        flip_x: bool = False,
        flip_y: bool = False,
        angle: float = 0.0,
        scale: float | tuple[float, float] = 1,
        pivot: Pair | None = None,
        smooth: bool = False,
    ) -> Rect:
        """As Window.blit()."""
    @overload
    def blits(
        self,
        blit_sequence: Iterable[Sequence[Any]],
        return_rects: Literal[True] = True,
        *,
        doreturn: Literal[True, 1] = True,
    ) -> list[Rect]: ...
    @overload
    def blits(
        self,
        blit_sequence: Iterable[Sequence[Any]],
        return_rects: bool = True,
        *,
        doreturn: bool | int = True,
    ) -> list[Rect] | None: ...
    @overload
    def blits(
        self,
        blit_sequence: Any,
        return_rects: bool = True,
        *,
        doreturn: bool | int = True,
        image: Image | None = None,
        images: Iterable[Image] | None = None,
    ) -> list[Rect] | None:
        """As Window.blits()."""
    def draw_text(
        self,
        font: Font,
        text: str | bytes | None,
        dest: RectLike | Pair,
        color: Color = "white",
        *,
        wrap: int = 0,
        align: Align = "left",
        antialias: bool = True,
    ) -> Rect:
        """As Window.draw_text()."""
    def set_clip(self, rect: RectLike | None) -> None:
        """As Window.set_clip()."""
    def get_clip(self) -> Rect: ...
    def commit(self) -> None:
        """Sends what was drawn. Waits for nothing; errors: those of Window.flip()."""
    def wait(self) -> None:
        """Waits until all that was sent has been drawn, which nobody needs to do."""

@final
class Transformed:
    """An image turned or scaled, to be drawn: what Image.rotated() and Image.scaled() return.

        ship = image.rotated(30)
        window.blit(ship, ship.get_rect(center=(160, 120)))
    """

    @property
    def image(self) -> Image:
        """The image as it is."""
    @property
    def angle(self) -> float:
        """Degrees counter-clockwise."""
    @property
    def smooth(self) -> bool:
        """Whether it is filtered."""
    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels of what it covers."""
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    def get_rect(self, **attributes: Any) -> Rect:
        """A Rect of its size at (0, 0); keywords set attributes: get_rect(center=(100, 50))."""
    def get_size(self) -> tuple[int, int]: ...
    def get_width(self) -> int: ...
    def get_height(self) -> int: ...

@final
class Window:
    """Something that is shown, and the frame being built for it; made by display.window().

    Drawing adds to the frame; flip() or commit() sends it as one whole. A frame that does not begin
    with clear() or a fill() draws over the picture as it is.
    """

    size: Any
    """Logical (width, height) in pixels; can be set. The picture stays at the top left corner."""
    scale: Scale
    """"integer", "fit", "stretch" or "none"; can be set."""
    filter: Filter
    """"nearest" or "bilinear"; can be set."""
    title: str | None
    """Can be set."""
    base: Any
    """(r, g, b) of what clear() starts from, and of the bars; any colour can be set."""
    z: int
    """Stacking; can be set."""
    place: Any
    """A Rect in output pixels, or None for all of the output; can be set."""
    output: Any
    """An output's id, 0 is the primary one; an Output, name or id can be set."""
    hidden: bool
    """Whether it is not shown; can be set."""
    cursor: Image | tuple[Image, tuple[int, int]] | Literal[False] | None
    """The cursor's image while the pointer is over the window; can be set: an image of at most 256x256
    pixels whose top left pixel points, or (image, (x, y)) with the pixel that does. None is the
    default, False is none at all. The image is taken as it is when it is set.
    """
    clip: Any
    """The Rect that drawing is limited to; any rectangle, or None for the whole window, can be
    set.
    """
    @property
    def visible(self) -> bool:
        """Whether some of it may be seen."""
    @property
    def picture(self) -> Rect | None:
        """Where its scaled picture lies on the output, in output pixels; None if nowhere."""
    @property
    def credits(self) -> int:
        """Frames that can be committed now without waiting: 0 to 2."""
    @property
    def presented(self) -> Presented | None:
        """The last answer to a frame, None before the first one."""
    @property
    def display(self) -> Display: ...
    @property
    def closed(self) -> bool:
        """Whether it or its display was closed."""
    def clear(self) -> None:
        """Starts the frame anew from the base colour, forgetting what was drawn into it so far. The
        clip does not matter.
        """
    def fill(self, color: Color, rect: RectLike | None = None, special_flags: int = 0) -> Rect:
        """Fills a rectangle (without it the whole window) with a colour; returns what was filled,
        within the clip.

        The colour's alpha is ignored, unless special_flags is BLEND_ALPHA_SDL2 or another BLEND_
        constant.
        """
    def blit(
        self,
        source: Image | SubImage | Transformed,
        dest: RectLike | Pair,
        area: RectLike | None = None,
        special_flags: int = 0,
        *,
        alpha: int = 255,
        tint: Color | None = None,
        flip_x: bool = False,
        flip_y: bool = False,
        angle: float = 0.0,
        scale: float | tuple[float, float] = 1,
        pivot: Pair | None = None,
        smooth: bool = False,
    ) -> Rect:
        """Draws an image; returns the Rect that was drawn, within the window and the clip.

        dest: where its top left corner goes: (x, y), or the corner of a rectangle.
        area: the part of the image to draw; without it all of it.
        special_flags: a BLEND_ constant; 0 draws by the image's alpha.
        alpha: 0 (nothing is drawn) to 255.
        tint: a colour that is multiplied into the image's; white changes nothing.
        flip_x, flip_y: mirror left and right, top and bottom.
        angle: degrees to turn it counter-clockwise, in its place.
        scale: a number or a pair of numbers above 0, likewise.
        pivot: the point of the image (of its area, if that is given) that stays in its place; its
            middle if not given.
        smooth: filter what is turned or scaled, instead of taking the nearest pixel.

        Raises Error if the image was closed, ValueError if it belongs to another display.
        """
    @overload
    def blits(
        self,
        blit_sequence: Iterable[Sequence[Any]],
        return_rects: Literal[True] = True,
        *,
        doreturn: Literal[True, 1] = True,
    ) -> list[Rect]: ...
    @overload
    def blits(
        self,
        blit_sequence: Iterable[Sequence[Any]],
        return_rects: bool = True,
        *,
        doreturn: bool | int = True,
    ) -> list[Rect] | None: ...
    @overload
    def blits(
        self,
        blit_sequence: Any,
        return_rects: bool = True,
        *,
        doreturn: bool | int = True,
        image: Image | None = None,
        images: Iterable[Image] | None = None,
    ) -> list[Rect] | None:
        """Draws many images at once, which is much faster than blit() in a loop.

        blit_sequence: (image, dest), (image, dest, area) or (image, dest, area, special_flags),
            from a list or anything that can be iterated over, a generator for example.
        return_rects (pygame calls it doreturn): whether to return the list of drawn Rects, as
            blit() would.

        blit_sequence may also be an array, of which no item costs a Python object:
        - a structured array of numpy with the fields of BLIT_DTYPE or some of them, among others
          of the program's own. images: what its field image is an index into; without it the field
          holds Image.id. image: one image for all, the field does not matter;
        - an array of whole or real numbers with a row (x, y) or (x, y, width, height) for each
          blit (the size does not matter, as in blit()), with image=.
        Rects are returned for an array only if return_rects=True is given.

        If an item is wrong, nothing of the call is drawn, and the error names the item's index.
        """
    def draw_text(
        self,
        font: Font,
        text: str | bytes | None,
        dest: RectLike | Pair,
        color: Color = "white",
        *,
        wrap: int = 0,
        align: Align = "left",
        antialias: bool = True,
    ) -> Rect:
        """Draws text: for what changes every frame, since letters are images that the daemon has already. Returns the
        Rect of the whole text, also where it lies outside of the window or the clip.

        dest: where the top left corner goes; the other arguments are those of Font.render().
        """
    def set_clip(self, rect: RectLike | None) -> None:
        """Limits drawing to a rectangle, in later frames too; None is the whole window."""
    def get_clip(self) -> Rect: ...
    def flip(self, wait: bool = False) -> Presented | None:
        """Sends the frame and begins a new one.

        Returns as soon as another frame can be sent, so that the next one is made while this one is
        drawn: with the last answer, which as a rule is that of an earlier frame (None: none yet).
        With wait=True, returns this frame's own answer once it is shown.

        Then calls the handlers (kmsblit.on_key_down and so on) with the events that have come. In a program without
        handlers that takes no events either, kmsblit.keyboard and the others tell how things are now.

        Raises RequestError for an earlier request that was refused (the frame is still there then,
        and another flip() sends it), ConnectionLostError when the daemon is gone.
        """
    def update(self, rects: RectLike | Iterable[RectLike | None] | None = None) -> Presented | None:
        """Shows the frame, as flip() does. For programs that are used to pygame.display.update():
        the rectangle or rectangles (None among them is allowed) are taken as a hint and never cut
        what is shown; the daemon finds out by itself what has changed.
        """
    def commit(self) -> int:
        """Sends the frame and begins a new one; returns its serial. Waits only while two frames are
        unanswered. Errors: those of flip().
        """
    def wait(self, serial: int) -> Presented | None:
        """Waits until the frame with this serial has been answered; returns the answer (if it is
        long ago, the last one).

        Raises ValueError if no frame has that serial, RequestError if the daemon refused the frame.
        """
    def screenshot(self) -> Screenshot:
        """Its last complete picture, at logical size. Needs no permission."""
    def statistics(self) -> dict[str, int]:
        """The daemon's counters of this window; see Display.statistics()."""
    def get_rect(self, **attributes: Any) -> Rect:
        """A Rect of its size at (0, 0); keywords set attributes."""
    def get_size(self) -> tuple[int, int]: ...
    def get_width(self) -> int: ...
    def get_height(self) -> int: ...
    @property
    def focused(self) -> bool:
        """Whether keys and all other input come to it, as of the last event taken."""
    def focus(self) -> None:
        """Asks for the focus. The daemon gives it to a program that has it already, or if nobody has; else sync() raises
        RequestError.
        """
    @property
    def pointer_locked(self) -> bool:
        """While this is True and the window has the focus, the pointer stays where it is, and mouse.get_rel() and the `rel`
        of events tell how the mouse is moved: for looking around. Hide it by cursor = False.
        """
    @pointer_locked.setter
    def pointer_locked(self, value: bool) -> None: ...
    @property
    def keyboard_grabbed(self) -> bool:
        """While this is True and the window has the focus, the daemon's shortcuts come as keys, but for those that end a game
        or switch to another console.
        """
    @keyboard_grabbed.setter
    def keyboard_grabbed(self, value: bool) -> None: ...
    def events(self) -> Iterator[Event]:
        """Takes the events that have come to the window's display, one after the other; as kmsblit.events()."""
    def close(self) -> None:
        """Takes the window away. Doing it twice is allowed."""
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        type: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

@final
class Screenshot:
    """A picture of an output or a window. Has the buffer protocol: numpy.asarray(shot),
    display.image(shot).
    """

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def pixels(self) -> memoryview:
        """The pixels: pixels[y, x] is 0xFFRRGGBB."""
    def get_at(self, position: Pair) -> tuple[int, int, int]:
        """The colour (r, g, b) of a pixel. Raises IndexError outside of the picture."""
    def save(self, path: str | bytes | PathLike[str] | PathLike[bytes]) -> None:
        """Writes a PNG file. Raises OSError."""

@final
class Font:
    """A font at one size, for text of one or several lines.

        font = kmsblit.Font("bold", 24)
        title = font.render("Game over", True, "orange")   # an image, to be kept
        window.blit(title, title.get_rect(center=(160, 100)))
        window.draw_text(font, f"{score} points", (4, 4))  # what changes is drawn letter by letter

    Lines end at "\\n", and at spaces where they would become wider than `wrap` pixels. Letters stand side by side with
    kerning, from left to right; scripts whose letters join are not shaped. Characters that the font lacks are drawn as its
    empty box.
    """

    def __new__(cls, name: str | bytes | PathLike[str] | PathLike[bytes] | None = None, size: Number = 20) -> Self:
        """name: "sans" (as None is), "bold" or "mono", which come with kmsblit (DejaVu), or a font's file: whatever FreeType
            reads, .ttf and .otf for example.
        size: 1 to 1024 pixels, of an em, as pygame counts it.

        Raises FileNotFoundError and its like, and ValueError for what is no font.
        """
    @property
    def name(self) -> Any:
        """As it was given."""
    @property
    def point_size(self) -> int:
        """Pixels of an em."""
    def render(
        self,
        text: str | bytes | None,
        antialias: bool = True,
        color: Color = "white",
        background: Color | None = None,
        *,
        wrap: int = 0,
        align: Align = "left",
        display: Display | None = None,
    ) -> Image:
        """Makes an image of text, as large as size() says (at least a pixel wide).

        antialias: False for letters of whole pixels.
        color, background: with their alpha; without a background it is transparent.
        wrap: pixels that no line should exceed; a word that is wider is broken. 0: lines end at "\\n" only.
        align: of lines that are shorter than the longest one.
        display: the image is for; without it the last one connected.
        """
    def size(self, text: str | bytes | None, *, wrap: int = 0, antialias: bool = True) -> tuple[int, int]:
        """(width, height) of the text in pixels."""
    def get_linesize(self) -> int:
        """Pixels from line to line."""
    def get_height(self) -> int:
        """Pixels of a single line, from the top of the highest letter to the bottom of the lowest."""
    def get_ascent(self) -> int:
        """Pixels from the top of a line to its baseline."""
    def get_descent(self) -> int:
        """Pixels from the baseline to the bottom; negative, as pygame has it."""

@final
class SubImage:
    """A part of an image, made by Image.subsurface() or a SpriteSheet: drawn as an image is, and no pixel is copied.
    An area to be drawn counts from its corner.
    """

    @property
    def image(self) -> Image:
        """The whole image."""
    @property
    def area(self) -> Rect:
        """Where it lies in the image."""
    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    def get_rect(self, **attributes: Any) -> Rect:
        """A Rect of its size at (0, 0); keywords set attributes: get_rect(center=(100, 50))."""
    def get_size(self) -> tuple[int, int]: ...
    def get_width(self) -> int: ...
    def get_height(self) -> int: ...
    def rotated(self, angle: float, scale: float | tuple[float, float] = 1, smooth: bool = False) -> Transformed:
        """As Image.rotated()."""
    def scaled(self, size: Pair, smooth: bool = False) -> Transformed:
        """As Image.scaled()."""

@final
class SpriteSheet:
    """An image's frames of one size, row by row: a sequence of SubImages.

        sheet = kmsblit.SpriteSheet(display.load("hero.png"), (32, 48))
        walk = kmsblit.Animation(sheet[0:8], fps=12)
        window.blit(sheet[2, 1], (10, 10))   # column 2, row 1
    """

    def __new__(
        cls, image: Image, size: Pair, *, margin: int = 0, spacing: int = 0, count: int | None = None
    ) -> Self:
        """size: of a frame.
        margin: pixels around all of them.
        spacing: pixels between them.
        count: of frames, if the sheet's last ones are empty.

        Raises ValueError if not one frame fits.
        """
    @property
    def image(self) -> Image:
        """The whole image."""
    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of a frame."""
    @property
    def columns(self) -> int:
        """Frames side by side."""
    @property
    def rows(self) -> int:
        """Frames below each other."""
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[SubImage]: ...
    @overload
    def __getitem__(self, index: int | tuple[int, int], /) -> SubImage: ...
    @overload
    def __getitem__(self, index: slice, /) -> tuple[SubImage, ...]: ...

@final
class Animation:
    """Frames, one after the other, as time goes by.

        image = walk.update(clock.dt)
        window.blit(image, (x, y))
    """

    time: float
    """Seconds since it began; can be set."""
    def __new__(cls, frames: Iterable[Any], fps: float = 10.0, loop: bool = True) -> Self:
        """frames: images or anything else that is to be shown, or played.
        fps: frames per second.
        loop: whether it begins again after the last one, or stays there.
        """
    @property
    def frames(self) -> tuple[Any, ...]: ...
    @property
    def fps(self) -> float: ...
    @property
    def loop(self) -> bool: ...
    @property
    def image(self) -> Any:
        """The frame to be drawn now."""
    @property
    def index(self) -> int:
        """Its number."""
    @property
    def duration(self) -> float:
        """Seconds that all frames take."""
    @property
    def finished(self) -> bool:
        """Whether all frames have been shown; never, of one that loops."""
    def __len__(self) -> int: ...
    def update(self, seconds: float) -> Any:
        """Goes on by so many seconds; returns the frame to be drawn."""
    def at(self, seconds: float) -> Any:
        """The frame at a time, whatever the time is now."""
    def restart(self) -> None:
        """Begins again."""

@final
class Clock:
    """Measures frames, as pygame.time.Clock. Window.flip() waits for the display by itself; a game needs no tick() to be
    as fast as that, but tick() says how much time has passed.

        clock = kmsblit.Clock(window)
        while True:
            window.flip()
            clock.tick()
            x += speed * clock.dt
    """

    def __new__(cls, window: Window | None = None) -> Self:
        """window: go by when its frames were shown, in even steps of the display's refreshes, instead of when tick() was
        called.
        """
    @property
    def dt(self) -> float:
        """Seconds between the last two tick()s."""
    def tick(self, framerate: float = 0) -> int:
        """Returns the milliseconds since the last tick().

        framerate: waits before, such that there are at most so many a second (in whole milliseconds, so that 60 does not
            disturb a display of 60 Hz).
        """
    def tick_busy_loop(self, framerate: float = 0) -> int:
        """As tick(), which waits well enough."""
    def get_time(self) -> int:
        """What the last tick() returned."""
    def get_rawtime(self) -> int:
        """The milliseconds before the last tick() without what it waited."""
    def get_fps(self) -> float:
        """Frames per second, over the last ten tick()s; 0 before."""

class Mask:
    """Which pixels of a picture count, for collisions that are exact to the pixel: pygame's, with its methods.

        ship_mask = kmsblit.Mask.from_image(ship)
        if ship_mask.overlap(rock_mask, (rock_x - ship_x, rock_y - ship_y)):
            crash()

    An `offset` says where the other mask's top left corner lies, as seen from this one's. kmsblit.mask.from_surface() is
    from_image().
    """

    def __new__(cls, size: Pair, fill: bool = False) -> Self:
        """size: 0 to 16384 pixels each way. fill: whether all pixels are set; else none is."""
    @classmethod
    def from_image(cls, image: Any, threshold: int = 127) -> Mask:
        """The pixels of an Image (not of a Canvas), a SubImage or a pygame Surface that have more alpha than the threshold; of a Surface
        with a colour key, all that have another colour.
        """
    def copy(self) -> Self:
        """Another mask with the same pixels."""
    def __copy__(self) -> Self: ...
    def get_size(self) -> tuple[int, int]: ...
    def get_rect(self, **attributes: Any) -> Rect:
        """A Rect of its size at (0, 0); keywords set attributes: get_rect(center=(100, 50))."""
    def get_at(self, pos: Pair) -> int:
        """1 if the pixel is set, else 0. Raises IndexError outside of the mask."""
    def set_at(self, pos: Pair, value: Any = 1) -> None:
        """Sets a pixel, or unsets it. Raises IndexError outside of the mask."""
    def fill(self) -> None:
        """Sets all pixels."""
    def clear(self) -> None:
        """Unsets all pixels."""
    def invert(self) -> None:
        """Sets those that were not set, and the other way round."""
    def count(self) -> int:
        """The number of pixels that are set."""
    def overlap(self, other: Mask, offset: Pair) -> tuple[int, int] | None:
        """A pixel (x, y) that is set in both, the one that pygame finds; None if there is none."""
    def overlap_area(self, other: Mask, offset: Pair) -> int:
        """The number of pixels that are set in both."""
    def overlap_mask(self, other: Mask, offset: Pair) -> Mask:
        """The pixels that are set in both, in a mask as large as this one."""
    def overlap_normal(self, other: Mask, offset: Pair) -> tuple[int, int]:
        """Roughly how the surfaces stand where the masks touch: a direction (dx, dy) of some length. Moved along it, the
        other mask goes deeper into this one; moved against it, it gets out. (0, 0): they do not touch, or one lies within
        the other. It is how much more the masks overlap with the other a pixel further than a pixel back, for each axis.
        """
    def draw(self, other: Mask, offset: Pair) -> None:
        """Sets the pixels that are set in the other mask."""
    def erase(self, other: Mask, offset: Pair) -> None:
        """Unsets the pixels that are set in the other mask."""
    def convolve(self, other: Mask, output: Mask | None = None, offset: Pair = (0, 0)) -> Mask:
        """Sets in the output (without one, in a new mask as large as both together less a pixel) the pixel (x, y) if the
        masks overlap with the other, mirrored, at that place less its size less one. As pygame's.
        """
    def centroid(self) -> tuple[int, int]:
        """The middle of the pixels that are set; (0, 0) if none is."""
    def angle(self) -> float:
        """How the pixels lie, from -90 to 90 degrees."""
    def outline(self, every: int = 1) -> list[tuple[int, int]]:
        """The pixels around the first part, clockwise, each so many of them; the last one is the first again."""
    def get_bounding_rects(self) -> list[Rect]:
        """A Rect around each part: pixels that touch, also at their corners."""
    def connected_component(self, pos: Pair = ...) -> Mask:
        """The part that a pixel belongs to (nothing if it is not set); without one the largest part."""
    def connected_components(self, minimum: int = 0) -> list[Mask]:
        """A mask for each part that has at least so many pixels."""
    def scale(self, scale: Pair) -> Mask:
        """The mask in another size (width, height)."""
    def to_image(
        self, setcolor: Color | None = "white", unsetcolor: Color | None = None, *, display: Display | None = None
    ) -> Image:
        """A picture of it. None is transparent. display: it is for; without it the last one connected."""

class Rect:
    """A rectangle of whole pixels, with pygame's attributes and methods.

    Rect(x, y, width, height), Rect((x, y), (width, height)) or Rect(rectangle). Numbers lie within
    ±2147483647; results beyond are cut off there. Floats lose their fraction. It equals tuples and
    pygame's Rects with the same numbers.
    """

    x: int
    y: int
    w: int
    h: int
    width: int
    height: int
    left: int
    top: int
    right: int
    bottom: int
    centerx: int
    centery: int
    topleft: tuple[int, int]
    midtop: tuple[int, int]
    topright: tuple[int, int]
    midleft: tuple[int, int]
    center: tuple[int, int]
    midright: tuple[int, int]
    bottomleft: tuple[int, int]
    midbottom: tuple[int, int]
    bottomright: tuple[int, int]
    size: tuple[int, int]
    __hash__: None  # type: ignore[assignment]
    @overload
    def __init__(self, x: Number, y: Number, w: Number, h: Number, /) -> None: ...
    @overload
    def __init__(self, position: Pair, size: Pair, /) -> None: ...
    @overload
    def __init__(self, rect: RectLike, /) -> None: ...
    def __len__(self) -> Literal[4]: ...
    @overload
    def __getitem__(self, index: int, /) -> int: ...
    @overload
    def __getitem__(self, index: slice, /) -> tuple[int, ...]: ...
    def __setitem__(self, index: int | slice, value: Any, /) -> None: ...
    def __bool__(self) -> bool: ...
    def __lt__(self, other: RectLike, /) -> bool: ...
    def __le__(self, other: RectLike, /) -> bool: ...
    def __gt__(self, other: RectLike, /) -> bool: ...
    def __ge__(self, other: RectLike, /) -> bool: ...
    def __copy__(self) -> Self: ...
    def copy(self) -> Self:
        """A new Rect with the same numbers."""
    def update(self, *rect: Any) -> None:
        """Takes new numbers, as Rect(...) does."""
    def move(self, *offset: Any) -> Self:
        """A Rect moved by (x, y)."""
    def move_ip(self, *offset: Any) -> None:
        """Moves by (x, y)."""
    def inflate(self, *by: Any) -> Self:
        """A Rect grown by (x, y) about its centre."""
    def inflate_ip(self, *by: Any) -> None:
        """Grows by (x, y) about its centre."""
    def clamp(self, *rect: Any) -> Self:
        """A Rect moved into another; centred if it is too large."""
    def clamp_ip(self, *rect: Any) -> None:
        """Moves into another."""
    def clip(self, *rect: Any) -> Self:
        """The part within another; of size 0 if there is none."""
    def union(self, *rect: Any) -> Self:
        """The smallest Rect around both."""
    def union_ip(self, *rect: Any) -> None:
        """Grows to hold another."""
    def unionall(self, rects: Iterable[RectLike], /) -> Self:
        """The smallest Rect around this and all others."""
    def unionall_ip(self, rects: Iterable[RectLike], /) -> None:
        """Grows to hold all others."""
    def fit(self, *rect: Any) -> Self:
        """A Rect of this shape in the middle of another, as large as fits."""
    def scale_by(self, x: float, y: float = 0) -> Self:
        """A Rect x times as wide and y times (if that is 0, x times) as high about its centre."""
    def scale_by_ip(self, x: float, y: float = 0) -> None:
        """Changes the size about the centre."""
    def normalize(self) -> None:
        """Makes negative sizes positive."""
    def contains(self, *rect: Any) -> bool:
        """Whether another lies wholly within."""
    def collidepoint(self, *point: Any) -> bool:
        """Whether the point lies within; the right and bottom edges do not."""
    def colliderect(self, *rect: Any) -> bool:
        """Whether any pixel is common."""
    def collidelist(self, rects: Iterable[RectLike], /) -> int:
        """Index of the first that collides, or -1."""
    def collidelistall(self, rects: Iterable[RectLike], /) -> list[int]:
        """Indices of all that collide."""
    def collidedict(self, rect_dict: dict[Any, Any], values: bool = False) -> tuple[Any, Any] | None:
        """The first (key, value) of which the key, or with values=True the value, is a rectangle that collides."""
    def collidedictall(self, rect_dict: dict[Any, Any], values: bool = False) -> list[tuple[Any, Any]]:
        """All of them."""
    def collideobjects(self, objects: Iterable[Any], *, key: Callable[[Any], Any] | None = None) -> Any:
        """The first object that collides, or None. An object is a rectangle, has one as .rect, or key(object) returns it."""
    def collideobjectsall(self, objects: Iterable[Any], *, key: Callable[[Any], Any] | None = None) -> list[Any]:
        """All objects that collide."""
    def clipline(self, *line: Any) -> tuple[()] | tuple[tuple[int, int], tuple[int, int]]:
        """The ends of the part of a line that lies within: (x1, y1, x2, y2), or two points; () if there is none."""

class Sprite:
    """Something that is seen, as pygame.sprite.Sprite: a class of the program's, with the attributes
    image and rect.

        class Ball(kmsblit.Sprite):
            def __init__(self, picture, *groups):
                super().__init__(*groups)
                self.image = picture
                self.rect = picture.get_rect()

            def update(self):
                self.rect.x += 2

    A sprite can be in any number of groups; a group keeps its sprites alive. It may have further
    attributes that functions know: _layer (LayeredUpdates), radius (collide_circle), mask
    (collide_mask). Attributes may be properties, but plain ones are drawn several times faster.
    """

    image: Any
    """What is drawn: an Image, or what its rotated() and scaled() return."""
    rect: Any
    """Where: its top left corner counts for drawing, all of it for collisions."""
    _layer: Any
    def __init__(self, *groups: Any) -> None: ...
    def add(self, *groups: Any) -> None:
        """Joins groups that it is not in yet."""
    def remove(self, *groups: Any) -> None:
        """Leaves groups; those that it is not in do not matter."""
    def kill(self) -> None:
        """Leaves all groups. It can join others afterwards."""
    def alive(self) -> bool:
        """Whether it is in any group."""
    def groups(self) -> list[Any]:
        """A list of the groups that it is in."""
    def update(self, *args: Any, **kwargs: Any) -> None:
        """Does nothing: for classes to define. A group's update() calls it."""
    @property
    def layer(self) -> Any:
        """Its layer in a LayeredUpdates, from the attribute _layer; it can be set while it is in no group."""
    @layer.setter
    def layer(self, value: float) -> None: ...

class AbstractGroup:
    """What all groups are; as pygame.sprite.AbstractGroup.

    Sprites keep the order in which they came. A group can be gone through with `for`, has a length,
    is true if any sprite is in it, and knows `sprite in group`. Where sprites are taken, so are
    lists, groups and other iterables of them. A class may define sprites() to give another order.
    """

    def __init__(self, *sprites: Any) -> None: ...
    def sprites(self) -> list[Any]:
        """A list of its sprites."""
    def add(self, *sprites: Any) -> None:
        """Takes sprites in; those that are in it already stay where they are."""
    def remove(self, *sprites: Any) -> None:
        """Lets sprites go; those that are not in it do not matter."""
    def has(self, *sprites: Any) -> bool:
        """Whether all of them are in it."""
    def empty(self) -> None:
        """Lets all sprites go."""
    def copy(self) -> Self:
        """A group of the same class with the same sprites."""
    def update(self, *args: Any, **kwargs: Any) -> None:
        """Calls every sprite's update() with these arguments."""
    def draw(self, surface: Any, /) -> list[Rect]:
        """Draws every sprite's image at its rect, all as one batch.

        surface: a Window or a Canvas; a pygame Surface works, too, for sprites with pygame's images.

        All sprites are drawn or, if one has no image or no rect, none. As pygame's, the list that it
        returns is empty; RenderUpdates and LayeredUpdates tell what has changed.
        """
    def clear(self, surface: Any, bgd: Any) -> None:
        """Draws the background, where sprites were drawn by draw() before.

        bgd: an image, or a function that is called with the surface and a Rect.

        A window's frame begins empty, so there all of the background is drawn.
        """
    def __iter__(self) -> Iterator[Any]: ...
    def __contains__(self, sprite: object, /) -> bool: ...
    def __len__(self) -> int: ...
    def __bool__(self) -> bool: ...

class Group(AbstractGroup):
    """Sprites that are updated and drawn together; as pygame.sprite.Group. RenderPlain and
    RenderClear are other names of it.
    """

class RenderUpdates(Group):
    """A Group whose draw() tells what has changed; as pygame.sprite.RenderUpdates. Windows need no such list."""

    def draw(self, surface: Any, /) -> list[Rect]:
        """Draws every sprite; returns where sprites were before and are now."""

class OrderedUpdates(RenderUpdates):
    """As pygame.sprite.OrderedUpdates; all groups keep the order here."""

class LayeredUpdates(AbstractGroup):
    """A group whose sprites lie in layers, higher ones before lower ones; as pygame.sprite.LayeredUpdates.

    A sprite goes to the layer that add() says, or that its attribute _layer says, or to
    default_layer. Layers are numbers; a sprite that comes into a layer is drawn last of it.
    """

    def __init__(
        self, *sprites: Any, default_layer: float = 0, layer: float | None = None
    ) -> None: ...
    def add(self, *sprites: Any, layer: float | None = None) -> None:
        """Takes sprites in, all into this layer if it is given."""
    def draw(self, surface: Any, /) -> list[Rect]:
        """Draws every sprite, the lowest layer first; returns where sprites were before and are now."""
    def layers(self) -> list[Any]:
        """The layers that there are, the lowest first."""
    def change_layer(self, sprite: Sprite, new_layer: float) -> None:
        """Moves a sprite to another layer. Raises ValueError if it is not in the group."""
    def move_to_front(self, sprite: Sprite, /) -> None:
        """Moves a sprite to the end of the topmost layer."""
    def move_to_back(self, sprite: Sprite, /) -> None:
        """Moves a sprite to a new layer below all others."""
    def switch_layer(self, layer1_nr: float, layer2_nr: float) -> None:
        """Exchanges two layers' sprites."""
    def get_layer_of_sprite(self, sprite: Sprite, /) -> Any:
        """The layer that it is in, or default_layer if it is not in the group."""
    def get_sprites_from_layer(self, layer: float, /) -> list[Any]:
        """A layer's sprites in their order."""
    def remove_sprites_of_layer(self, layer_nr: float, /) -> list[Any]:
        """Lets a layer's sprites go, and returns them."""
    def get_sprites_at(self, pos: Pair, /) -> list[Any]:
        """The sprites whose rect holds a point, the topmost last."""
    def get_sprite(self, idx: SupportsIndex, /) -> Any:
        """The sprite at an index; 0 is the lowest. Raises IndexError."""
    def get_top_layer(self) -> Any:
        """The topmost layer that has a sprite. Raises IndexError if there is none."""
    def get_bottom_layer(self) -> Any:
        """The lowest layer that has a sprite. Raises IndexError if there is none."""
    def get_top_sprite(self) -> Any:
        """The sprite that is drawn last. Raises IndexError if there is none."""

class GroupSingle(AbstractGroup):
    """A group of at most one sprite: one that is added takes the place of the one before; as
    pygame.sprite.GroupSingle.
    """

    sprite: Any
    """The sprite, or None."""
    def __init__(self, sprite: Any = None) -> None: ...

class _Collided(Protocol):
    def __call__(self, left: Any, right: Any, /) -> Any: ...

def spritecollide(
    sprite: Any, group: Iterable[Any], dokill: bool, collided: _Collided | None = None
) -> list[Any]:
    """The group's sprites that touch a sprite (itself, if it is in the group, among them).

    dokill: whether their kill() is called.
    collided: a function of two sprites that tells whether they touch: collide_circle, collide_mask, collide_rect_ratio(0.8)
        or one of the program's; without it their rects decide.
    """

def spritecollideany(
    sprite: Any, group: Iterable[Any], collided: _Collided | None = None
) -> Any:
    """The first sprite of the group that touches a sprite, or None. Arguments are spritecollide()'s."""

def groupcollide(
    groupa: Iterable[Any],
    groupb: Iterable[Any],
    dokilla: bool,
    dokillb: bool,
    collided: _Collided | None = None,
) -> dict[Any, list[Any]]:
    """Which sprites of one group touch which of another: a dict from those of groupa to lists of those of groupb.

    dokilla, dokillb: whether the kill() of those in groupa and in groupb is called.
    collided: as spritecollide()'s.
    """

def collide_rect(left: Any, right: Any) -> bool:
    """Whether two sprites' rects touch."""

def collide_circle(left: Any, right: Any) -> bool:
    """Whether circles about the middles of two sprites' rects touch.

    Their attribute radius says how large they are; without one the circle is around the rect, and
    the sprite gets that radius as its attribute.
    """

def collide_mask(left: Any, right: Any) -> tuple[int, int] | None:
    """Where two sprites' masks touch, in the left one's pixels, or None.

    A mask is a sprite's attribute mask, such as kmsblit.mask.from_surface(image); without one it is
    made of its image, every time anew.
    """

@final
class collide_rect_ratio:
    """collide_rect_ratio(0.8) is a function as collide_rect, for rects of 0.8 times the size."""

    ratio: float
    def __init__(self, ratio: float) -> None: ...
    def __call__(self, left: Any, right: Any) -> bool: ...

@final
class collide_circle_ratio:
    """collide_circle_ratio(0.8) is a function as collide_circle, for circles of 0.8 times the radius."""

    ratio: float
    def __init__(self, ratio: float) -> None: ...
    def __call__(self, left: Any, right: Any) -> bool: ...

# kmsblit.draw has these without the prefix.

def _draw_rect(
    surface: Window | Canvas | SharedImage,
    color: Color,
    rect: RectLike,
    width: int = 0,
    border_radius: int = 0,
    border_top_left_radius: int = -1,
    border_top_right_radius: int = -1,
    border_bottom_left_radius: int = -1,
    border_bottom_right_radius: int = -1,
) -> Rect:
    """A rectangle, or of some width its frame, with round corners of these radii if they are given."""

def _draw_line(
    surface: Window | Canvas | SharedImage, color: Color, start_pos: Pair, end_pos: Pair, width: int = 1
) -> Rect:
    """A line. A wide one has level or upright ends, whichever suits it."""

def _draw_lines(
    surface: Window | Canvas | SharedImage, color: Color, closed: bool, points: Iterable[Pair], width: int = 1
) -> Rect:
    """Lines from point to point; closed: and back from the last to the first."""

def _draw_polygon(
    surface: Window | Canvas | SharedImage, color: Color, points: Iterable[Pair], width: int = 0
) -> Rect:
    """A polygon, or of some width the lines around it."""

def _draw_circle(
    surface: Window | Canvas | SharedImage,
    color: Color,
    center: Pair,
    radius: Number,
    width: int = 0,
    draw_top_right: bool = False,
    draw_top_left: bool = False,
    draw_bottom_left: bool = False,
    draw_bottom_right: bool = False,
) -> Rect:
    """A circle, or of some width a ring; if any quarter is named, only those."""

def _draw_ellipse(surface: Window | Canvas | SharedImage, color: Color, rect: RectLike, width: int = 0) -> Rect:
    """The ellipse within a rectangle, or of some width its edge."""

def _draw_arc(
    surface: Window | Canvas | SharedImage,
    color: Color,
    rect: RectLike,
    start_angle: float,
    stop_angle: float,
    width: int = 1,
) -> Rect:
    """A part of the edge of the ellipse within a rectangle, counter-clockwise between two angles in radians; 0 is at the
    right.
    """

def _draw_aaline(
    surface: Window | Canvas | SharedImage, color: Color, start_pos: Pair, end_pos: Pair, blend: int = 1
) -> Rect:
    """A smooth line, between pixels too. blend does not matter."""

def _draw_aalines(
    surface: Window | Canvas | SharedImage, color: Color, closed: bool, points: Iterable[Pair], blend: int = 1
) -> Rect:
    """Smooth lines from point to point."""
