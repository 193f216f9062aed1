"""Procedural scenes with exact depth: `render(seed)` for a random one, `picture_of(scene)` for your own.

Example:
    >>> from nearfar_lab.scenes import render
    >>> picture = render(7, size=(120, 160), world="room")
    >>> picture.rgb.shape, picture.depth_m.shape
    ((120, 160, 3), (120, 160))
"""

from nearfar_lab.scenes.builder import Builder
from nearfar_lab.scenes.pictures import picture_of, render
from nearfar_lab.scenes.scene import Camera, Lens, Light, RenderedPicture, Scene
from nearfar_lab.scenes.shards import Rendering, render_shards
from nearfar_lab.scenes.sheets import contact_sheet

__all__ = [
    "Builder",
    "Camera",
    "Lens",
    "Light",
    "RenderedPicture",
    "Rendering",
    "Scene",
    "contact_sheet",
    "picture_of",
    "render",
    "render_shards",
]
