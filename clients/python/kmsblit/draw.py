"""Shapes, by the names of pygame.draw: into a Window or a Canvas, or into the memory of a SharedImage.

    kmsblit.draw.circle(window, "red", (100, 50), 20)
    kmsblit.draw.line(window, "white", (0, 0), (100, 50), width=3)

Each returns the Rect of what was drawn, within the surface and its clip. What lies in the middle of a Window is what
pygame draws there, to the pixel: lines, polygons, rectangles with full or no round corners, circles and ellipses, thin
arcs. Wide arcs have no holes here, and lines that begin outside do not bend at the edge.

In a frame a shape is as many fills as it has stretches of pixels, so a circle of radius 20 is some thirty: for what never
changes, draw into a Canvas once, and draw that. A colour replaces what was there, and in a Canvas with its alpha. After
drawing into a SharedImage, tell by its update(); the Rect that was returned is what changed.
"""
from ._kmsblit import _draw_aaline as aaline
from ._kmsblit import _draw_aalines as aalines
from ._kmsblit import _draw_arc as arc
from ._kmsblit import _draw_circle as circle
from ._kmsblit import _draw_ellipse as ellipse
from ._kmsblit import _draw_line as line
from ._kmsblit import _draw_lines as lines
from ._kmsblit import _draw_polygon as polygon
from ._kmsblit import _draw_rect as rect

__all__ = ["aaline", "aalines", "arc", "circle", "ellipse", "line", "lines", "polygon", "rect"]
