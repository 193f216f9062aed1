"""The Ray cluster that a run works on: reached or started, and looked at before work begins."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from nearfar.errors import BusyError, EngineError, MissingExtraError, ParameterError
from nearfar.machine.cpus import usable_cpus

if TYPE_CHECKING:
    from collections.abc import Iterator

_STORE = 256 * 2**20  # bytes of the store of a cluster of this machine alone: it holds batches on their way
_TRIES = 3
_LOCAL = "local"
_TELLER = "print_to_stdstream"
_PATIENCE_S, _LOOK_S = 30.0, 0.2
_HEARD_S = 10.0
_ASKS = "If it asks for a token, set RAY_AUTH_MODE=token; see docs/how-to/scale-out.md."
_SET = {  # where the user did not: nothing is told to anybody, little is logged
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_agent_register_timeout_ms": "120000",  # of its own parts, on a busy machine
}


@dataclass(frozen=True, slots=True)
class Share:
    """What each actor takes, and how many there are at least and at most (0: as many as find room)."""

    cpus: float = 1.0
    gpus: float = 0.0
    least: int = 1
    most: int = 0

    def __post_init__(self) -> None:
        if not (self.cpus > 0 and self.gpus >= 0):
            raise ParameterError(
                "An actor takes more than 0 processors and 0 cards or more.", parameter="cpus"
            )
        if self.least < 1 or (self.most and self.most < self.least):
            raise ParameterError(
                f"From {self.least} to {self.most} actors cannot be.",
                "At least 1, and no fewer at most.",
                "actors_min",
            )


def library() -> Any:
    """Ray; MissingExtraError where it is not installed."""
    for name, value in _SET.items():
        os.environ.setdefault(name, value)
    try:
        import ray
        import ray.data
    except ImportError as exc:
        raise MissingExtraError(
            "Runs and services on many machines need the library ray, which is not installed.",
            'Install it: pip install "nearfar[ray]"',
        ) from exc
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    return ray


@contextlib.contextmanager
def joined(address: str) -> Iterator[Any]:
    """Ray, with a cluster: the one at ``address`` (``auto``: of this machine), else one of its own.

    A cluster that is running already in this process is used, and left as it is.

    Raises:
        MissingExtraError: Ray is not installed.
        EngineError: the cluster cannot be reached or started.
    """
    ray = library()
    if ray.is_initialized():
        yield ray
        return
    address = address or os.environ.get("RAY_ADDRESS", "") or _LOCAL
    asked: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    own = {"num_cpus": usable_cpus(), "object_store_memory": _STORE, "include_dashboard": False}
    if address == _LOCAL:
        _begin(ray, {**asked, "address": address, **own}, _TRIES)
    else:
        _check_heard(address)
        _begin(ray, {**asked, "address": address}, 1)
    try:
        with _silent():
            yield ray
    finally:
        ray.shutdown()


def _check_heard(address: str) -> None:
    """Refuse an address where nobody listens: Ray would ask there for many minutes."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not host or not port.isdigit():
        return  # "auto" and the like
    try:
        socket.create_connection((host.strip("[]"), int(port)), _HEARD_S).close()
    except OSError as exc:
        raise EngineError(
            f"No Ray cluster at {address}: {exc.strerror or exc}.", "Start one, or check the address."
        ) from exc


def _begin(ray: Any, asked: dict[str, Any], tries: int) -> None:
    """Start or join a cluster. On a busy machine Ray gives its own processes too little time: again."""
    for left in reversed(range(tries)):
        try:
            with _muted():
                ray.init(**asked)
        except Exception as exc:  # ray's errors here have no common root
            ray.shutdown()
            if not left:
                where = f"at {asked['address']}" if asked["address"] != _LOCAL else "on this machine"
                raise EngineError(f"No Ray cluster {where}: {str(exc).strip().rstrip('.')}.", _ASKS) from exc
        else:
            return


@contextlib.contextmanager
def _muted() -> Iterator[None]:
    """Nothing is written to standard error: Ray tells there that it will tell little."""
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - no path of a file
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Ray tells of lost workers on standard output, whatever its logs are set to: rows of a run go there."""
    from ray._private import worker

    told = getattr(worker, _TELLER, None)
    if told is None:
        yield
        return
    setattr(worker, _TELLER, lambda *_, **__: None)
    try:
        yield
    finally:
        setattr(worker, _TELLER, told)


class Room(NamedTuple):
    """Actors that there are to be at least, at most, and at once."""

    least: int
    most: int
    now: int


def room(ray: Any, share: Share) -> Room:
    """How many actors there are to be.

    What others let go of, as the actors of a run that was killed do, is waited for a while.

    Raises:
        ParameterError: the machines of the cluster are too small for so many actors.
        BusyError: others take what they need.
    """
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    fits = sum(_many(node, share) for node in nodes)
    wanted = f"{share.least} actors of {share.cpus:g} CPU and {share.gpus:g} GPU"
    if fits < share.least:
        held = ", ".join(f"{node.get('CPU', 0):g} CPU and {node.get('GPU', 0):g} GPU" for node in nodes)
        raise ParameterError(
            f"{wanted} each find no room in this cluster ({held}): the run would wait for ever.",
            "Ask for fewer or smaller actors (--actors-min, --actor-cpus, --actor-gpus), or add machines.",
            "actors_min",
        )
    limit = time.monotonic() + _PATIENCE_S
    while (now := _many(free := ray.available_resources(), share)) < share.least:
        if time.monotonic() > limit:
            raise BusyError(
                f"Others take the cluster: {free.get('CPU', 0):g} CPU and {free.get('GPU', 0):g} GPU are "
                f"free, {wanted} are wanted.",
                "End what runs there, or try again later.",
            )
        time.sleep(_LOOK_S)
    most = share.most or max(share.least, fits)
    return Room(share.least, most, min(now, most))


def _many(resources: dict[str, float], share: Share) -> int:
    """How many actors find room in so much."""
    slack = 1e-6
    fits = [int((resources.get("CPU", 0.0) + slack) / share.cpus)]
    if share.gpus:
        fits.append(int((resources.get("GPU", 0.0) + slack) / share.gpus))
    return min(fits)
