"""What the routes of one service share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nearfar.decode.photo import Limits
    from nearfar.service.answers import Format
    from nearfar.service.estimation import Loader
    from nearfar.service.guards import Guards
    from nearfar.service.jobs import Jobs
    from nearfar.service.live import Live
    from nearfar.service.metrics import Metrics
    from nearfar.service.pool import EnginePool
    from nearfar.service.probe import Probe
    from nearfar.service.tracing import Tracing
    from nearfar.service.uploads import UploadLimits
    from nearfar.service.watchdog import Watchdog
    from nearfar.settings import Settings


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    """Everything that the routes share."""

    settings: Settings
    loader: Loader
    pool: EnginePool
    probe: Probe
    watchdog: Watchdog
    limits: Limits
    uploads: UploadLimits
    formats: Mapping[str, Format]
    guards: Guards
    metrics: Metrics
    live: Live
    jobs: Jobs
    tracing: Tracing | None
