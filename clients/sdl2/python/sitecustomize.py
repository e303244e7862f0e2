"""Where the dynamic linker refuses LD_PRELOAD, Python loads the library below SDL itself.

It does refuse to for programs that are set-user-ID or set-group-ID, as some of Debian's games are, and forgets the
variable; PYTHONPATH stays, and so Python finds this file when it starts. Opened for everybody (RTLD_GLOBAL) before pygame
is, the library's functions take the place of SDL's as if it had been there first.
"""
import os
import sys


def _load() -> None:
    library = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "libkmsblit-sdl2.so")
    if library in os.environ.get("LD_PRELOAD", "").split(":"):
        return
    import ctypes
    try:
        ctypes.CDLL(library, ctypes.RTLD_GLOBAL)
    except OSError as error:
        print(f"kmsblit run: {error}", file=sys.stderr)


def _next() -> None:
    """Runs the sitecustomize.py that this one hides, if there is one."""
    import importlib.machinery
    import importlib.util
    here = os.path.dirname(os.path.abspath(__file__))
    elsewhere = [folder for folder in sys.path if os.path.abspath(folder) != here]
    spec = importlib.machinery.PathFinder.find_spec(__name__, elsewhere)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


_load()
_next()
