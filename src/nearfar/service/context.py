"""What the routes of one service share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nearfar.service.answer.answers import Format
    from nearfar.service.answer.estimation import Tools
    from nearfar.service.answer.probe import Probe
    from nearfar.service.guard.keys_now import Guards
    from nearfar.service.guard.limits import Crowd
    from nearfar.service.http.held import HeldUploads
    from nearfar.service.http.uploads import UploadLimits
    from nearfar.service.jobs.worker import Jobs
    from nearfar.service.live.places import Live
    from nearfar.service.watch.metrics import Metrics
    from nearfar.service.watch.tracing import Tracing
    from nearfar.service.work.pool import EnginePool
    from nearfar.service.work.watchdog import Watchdog
    from nearfar.settings import Settings
    from nearfar.zoo.pulls import Pulls
    from nearfar.zoo.timings import Timings


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    """Everything that the routes share."""

    settings: Settings
    tools: Tools
    pool: EnginePool
    probe: Probe
    watchdog: Watchdog
    uploads: UploadLimits
    held: HeldUploads
    formats: Mapping[str, Format]
    guards: Guards
    metrics: Metrics
    live: Live
    jobs: Jobs
    uploading: Crowd
    pulls: Pulls
    timings: Timings
    tracing: Tracing | None
