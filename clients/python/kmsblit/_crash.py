"""After an exception that nobody catches, the display says so: the last picture is dimmed, and a card on it shows the
exception and its traceback until somebody presses a key.

By then the program's displays are closed already, as `with` blocks do. So a display that is left by an exception is followed by another
connection, the keeper: what was shown stays on the screen for it, as a game's picture stays for `kmsblit run`, which does all this
for the programs that it runs. If the exception is caught after all, the keeper goes with the next connection.
"""
from __future__ import annotations

import os
import sys
import traceback
import weakref
from types import TracebackType

from . import _kmsblit
from ._kmsblit import ConnectionLostError, Display

_displays: weakref.WeakSet[Display] = weakref.WeakSet()
_token = int.from_bytes(os.urandom(8), "little") | 1
_keeper: object = None
_lifeline = -1


def launch_token() -> int:
    """By what a new connection belongs to this program; 0: it is somebody else's to look after it."""
    forget()
    if os.environ.get("KMSBLIT_LAUNCH") or os.environ.get("KMSBLIT_CRASH_CARD") == "0":
        return 0
    return _token


def made(display: Display) -> None:
    """A new connection with that token."""
    if not os.environ.get("KMSBLIT_LAUNCH"):
        _displays.add(display)


def leaving(display: Display, kind: type[BaseException]) -> None:
    """The display is about to be closed because of an exception."""
    global _keeper, _lifeline
    if display not in _displays or display.closed or _keeper is not None or not _matters(kind):
        return
    _keeper = _kmsblit._crash_keep(display, _token)  # type: ignore[attr-defined]
    lifeline = display._lifeline()  # type: ignore[attr-defined]
    if _keeper is not None and lifeline >= 0:
        _lifeline = os.dup(lifeline)  # of a private daemon


def forget() -> None:
    """What stayed on the screen goes."""
    global _keeper, _lifeline
    _keeper = None
    if _lifeline >= 0:
        os.close(_lifeline)
        _lifeline = -1


def _matters(kind: type[BaseException]) -> bool:
    interactive = hasattr(sys, "ps1") or bool(sys.flags.interactive)
    return issubclass(kind, Exception) and not interactive


def _show(kind: type[BaseException], value: BaseException, trace: TracebackType | None) -> None:
    for display in list(_displays):
        leaving(display, kind)
        display.close()
    if _keeper is None:
        return
    name = os.path.basename(sys.argv[0]) if sys.argv and sys.argv[0] not in ("", "-c") else "The program"
    what = "".join(traceback.format_exception_only(kind, value)).strip()
    detail = "".join(traceback.format_tb(trace))
    texts = (text.replace("\0", "?") for text in (f"{name} has crashed", what, detail))
    _kmsblit._crash_card(_keeper, *texts)  # type: ignore[attr-defined]


def _hook(kind: type[BaseException], value: BaseException, trace: TracebackType | None) -> None:
    _before(kind, value, trace)
    ended = isinstance(value, ConnectionLostError)  # by the daemon's end, or by its shortcut
    try:
        if _matters(kind) and not ended:
            sys.stderr.flush()
            _show(kind, value, trace)
    except (KeyboardInterrupt, Exception):
        pass  # what is to be said has been said
    finally:
        forget()


_before = sys.excepthook
sys.excepthook = _hook
