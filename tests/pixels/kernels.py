"""Drives pixel_tool, which runs the daemon's kernels and pixman on rows of pixels."""
from __future__ import annotations

import subprocess
from types import TracebackType

import numpy as np

from model import Pixels


class Kernels:
    """A running pixel_tool; table is "ref" (the reference) or "best" (what the daemon takes here).

    Pixels go in and come back in the shape that model.py uses; rows after one another are one row.
    """

    def __init__(self, program: str, table: str) -> None:
        self.table = table
        self._process = subprocess.Popen([program, table], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def __enter__(self) -> Kernels:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        _, errors = self._process.communicate()
        if kind is None and (self._process.returncode or errors):
            raise RuntimeError(f"pixel_tool: status {self._process.returncode}: {errors.decode()}")

    def _run(self, line: str, shape: tuple[int, ...], *rows: Pixels) -> Pixels:
        """Runs one operation; the answer has this shape."""
        stdin, stdout, stderr = self._process.stdin, self._process.stdout, self._process.stderr
        assert stdin is not None and stdout is not None and stderr is not None
        size = 4 * shape[0] * shape[1]
        try:
            stdin.write(f"{line}\n".encode() + b"".join(row.tobytes() for row in rows))
            stdin.flush()
        except BrokenPipeError:
            pass
        answer = stdout.read(size)
        if len(answer) != size:
            raise RuntimeError(f"pixel_tool ended at {line!r}: {stderr.read().decode()}")
        return np.frombuffer(answer, np.uint8).reshape(*shape[:2], 4)

    def blit(self, target: Pixels, source: Pixels, kind: str, blend: str, canvas: bool) -> Pixels:
        """The target after a blit of a source of the same shape."""
        line = f"blit {'canvas' if canvas else 'window'} {kind} {blend} {target.size // 4}"
        return self._run(line, target.shape, target, source)

    def fill(self, target: Pixels, color: int, blend: str, canvas: bool) -> Pixels:
        """The target after a fill; the command's alpha is in the colour already."""
        line = f"fill {'canvas' if canvas else 'window'} {blend} {color} {target.size // 4}"
        return self._run(line, target.shape, target)

    def modulate(self, source: Pixels, kind: str, tint: int, alpha: int) -> Pixels:
        """The source after tint and alpha."""
        return self._run(f"modulate {kind} {tint} {alpha} {source.size // 4}", source.shape, source)

    def reverse(self, row: Pixels) -> Pixels:
        """One row, mirrored."""
        return self._run(f"reverse {row.size // 4}", row.shape, row)

    def scale(self, row: Pixels, shown_px: int, first: int, count_px: int) -> Pixels:
        """count_px pixels, from the first on, of one row that is shown shown_px wide."""
        line = f"scale {first} {row.size // 4} {shown_px} {count_px}"
        return self._run(line, (1, count_px), row)

    def pixman(self, operator: str, target: Pixels, source: Pixels, canvas: bool,
               opaque_source: bool = False, alpha: int = 255) -> Pixels:
        """What pixman makes of the same; alpha is a mask over all of the source."""
        line = (f"pixman {operator} {'canvas' if canvas else 'window'} "
                f"{'xrgb' if opaque_source else 'argb'} {alpha} {target.size // 4}")
        return self._run(line, target.shape, target, source)

    def pixman_transform(self, bilinear: bool, target: Pixels, source: Pixels, canvas: bool,
                         opaque_source: bool, matrix: tuple[int, ...]) -> Pixels:
        """What pixman draws over the target: the source by a 16.16 matrix, its edges repeated."""
        words = [*target.shape[1::-1], *matrix, *source.shape[1::-1]]
        line = (f"transform {'bilinear' if bilinear else 'nearest'} "
                f"{'canvas' if canvas else 'window'} {'xrgb' if opaque_source else 'argb'} "
                f"{' '.join(map(str, words))}")
        return self._run(line, target.shape, target, source)
