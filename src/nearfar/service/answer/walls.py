"""Whether this service has a wall, and how its workers are kept."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from nearfar.errors import SettingsError
from nearfar.machine.cpus import usable_cpus
from nearfar.machine.memory import free_bytes
from nearfar.service.guard.hosts import is_reached_from_elsewhere
from nearfar.wall import HERE, Here, Wall, WallOptions

if TYPE_CHECKING:
    from nearfar.settings import Settings

MIB = 2**20
SHARE = 0.75
"""Of the memory that is free when the service starts; the rest is for networks, and for surprises."""
UNKNOWN_BYTES = 4096 * MIB
"""Where neither the machine nor a control group says how much is free."""
MOST_SHARED = 64 * 1024 * MIB
MODULES = (
    "nearfar.service.answer.written",
    "nearfar.service.answer.ways",
    "nearfar.service.live.encoders",
    "nearfar.service.live.options",
    "nearfar.video.behind",
)
"""Where the functions are that a worker does for the service."""


def has_wall(settings: Settings) -> bool:
    """Whether the settings ask for one; by themselves where strangers can reach the service.

    Raises:
        SettingsError: it is asked for where it cannot be built.
    """
    can_be = sys.platform == "linux"
    if settings.wall == "on" and not can_be:
        raise SettingsError("wall is on, but its workers need Linux.", "Leave wall at auto.")
    if settings.wall == "auto":
        return can_be and is_reached_from_elsewhere(settings)
    return settings.wall == "on"


def budget_bytes(settings: Settings) -> int:
    """Memory that all requests of this process may take together."""
    if settings.memory:
        return settings.memory * MIB
    free = free_bytes()
    return int(SHARE * free) if free else UNKNOWN_BYTES


def wall_of(settings: Settings, most_bytes: int = UNKNOWN_BYTES) -> Wall | Here:
    """The wall, not yet started; none where pictures are worked on in the service's own process.

    ``most_bytes``: of memory for one request.
    """
    if not has_wall(settings):
        return HERE
    return Wall(
        WallOptions(
            workers=settings.streams or usable_cpus(),
            most_bytes=min(most_bytes, MOST_SHARED),
            seconds=settings.work_timeout,
            modules=MODULES,
            is_shut_in=settings.sandbox,
        )
    )
