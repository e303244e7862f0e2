"""Masks by the names of pygame.mask."""
from ._kmsblit import Mask

__all__ = ["Mask", "from_surface"]

from_surface = Mask.from_image
