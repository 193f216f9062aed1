"""Where one scene ends and another begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nearfar.video.flow import Flow

LEAST = 0.75
"""Between what cuts and what everything else reaches on rendered clips: at most 0.5, at least 1.05."""


def is_cut(flow: Flow) -> bool:
    """Whether two frames show different scenes: too little of one is found in the other, wherever it went.

    Two shares are added: of the pixels whose motion holds forth and back and that look alike, and how well
    the frame correlates with what was brought along. Both see light by the light around: a flash, a lamp put
    out or a dimmed room is no cut; nor is a fast pan, whose pixels are found elsewhere.
    """
    return flow.found < LEAST
