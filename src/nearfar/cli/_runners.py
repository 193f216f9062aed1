"""Who does the work of ``nearfar run``, by its flags."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nearfar.cli import _idle
from nearfar.cli._stream import WORKERS_HELP
from nearfar.options import option
from nearfar.runs.plan import PlanOptions
from nearfar.runs.runner import LocalRunner
from nearfar.scale import cluster
from nearfar.scale.runner import MOST_BATCH, RayOptions, RayRunner

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nearfar.runs.runner import Runner

_OF_RAY = ("address", "actors_min", "actors_max", "actor_cpus", "actor_gpus", "batch")
_MIB = 2**20


@dataclass(frozen=True, slots=True)
class RunnerFlags(PlanOptions):
    """The flags that say who does the work; those behind ``runner`` are of a Ray cluster alone."""

    workers: int = option(0, WORKERS_HELP, low=0, high=64)
    memory: int = option(0, "MiB that photos at work may take together; 0 for half of what is free.", low=0)
    runner: str = option(
        "local", "Who does the work: this machine, or a Ray cluster.", choices=("local", "ray")
    )
    address: str = option(
        "", "Of the Ray cluster, as host:port; else RAY_ADDRESS, else a cluster of this machine alone."
    )
    actors_min: int = option(1, "Actors of the run on Ray, at least.", low=1, high=100_000)
    actors_max: int = option(0, "Actors at most; 0 for as many as find room.", low=0, high=100_000)
    actor_cpus: float = option(1.0, "Processors of an actor; may be a part of one.", low=0.01, high=1024)
    actor_gpus: float = option(0.0, "Graphics cards of an actor; may be a part of one.", low=0, high=64)
    batch: int = option(32, "Photos that an actor gets at once, at most.", low=1, high=MOST_BATCH)


@contextmanager
def runner_of(flags: RunnerFlags, given: Mapping[str, object]) -> Iterator[Runner]:
    """The runner that was asked for; a cluster is there for as long as the context is.

    Raises:
        ParameterError: a flag of Ray without it.
        MissingExtraError, EngineError: as of :func:`nearfar.scale.cluster.joined`.
    """
    if flags.runner == "local":
        odd = [word for word in _OF_RAY if given.get(word)]
        _idle.refuse(odd, "on this machine alone", "Pass --runner ray, too.")
        yield LocalRunner(flags.workers, flags.memory * _MIB)
        return
    share = cluster.Share(flags.actor_cpus, flags.actor_gpus, flags.actors_min, flags.actors_max)
    options = RayOptions(flags.address, share, flags.batch, flags.workers, flags.memory * _MIB)
    with cluster.joined(flags.address):
        yield RayRunner(options)
