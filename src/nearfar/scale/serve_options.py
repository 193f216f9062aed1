"""How the service is spread over Ray Serve: settings, its own replicas, and those of each network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from nearfar import settings as settings_module
from nearfar.errors import ParameterError, SettingsError, did_you_mean
from nearfar.options import check, option, parse
from nearfar.settings import Settings
from nearfar.zoo import catalogue

EVERYWHERE = "0.0.0.0"  # noqa: S104 - told to the service, so that it is closed; Ray Serve itself listens
MOST_STREAMS = 64
_WORDS = ("settings", "networks", "replicas", "cpus")


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """The replicas of one network, and what each takes."""

    least: int = option(1, "Replicas at least.", low=1, high=10_000)
    most: int = option(4, "Replicas at most.", low=1, high=10_000)
    ongoing: float = option(
        2.0, "Calls under way at a replica that their number is chosen for.", low=0.1, high=1000
    )
    cpus: float = option(1.0, "Processors of a replica.", low=0.01, high=1024)
    gpus: float = option(0.0, "Graphics cards of a replica, or a part of one.", low=0, high=64)
    batch: int = option(
        1, "Pictures that are run together at most; more than 1 pays on a graphics card.", low=1, high=64
    )
    wait_ms: float = option(2.0, "Milliseconds that a batch waits to be full.", low=0, high=1000)
    up_s: float = option(10.0, "Seconds of too many calls after which replicas are added.", low=0)
    down_s: float = option(300.0, "Seconds of too few calls after which replicas go.", low=0)

    def __post_init__(self) -> None:
        check(self)
        if self.most < self.least:
            raise ParameterError(
                f"There are to be {self.least} replicas at least and {self.most} at most.",
                "Raise most.",
                "most",
            )

    @property
    def ongoing_at_most(self) -> int:
        """Calls that a replica takes before others wait for one."""
        return max(round(2 * self.ongoing), self.batch, 1)


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """All of it.

    ``networks``: by the name of the model; one that is not there runs in the service's own replica.
    ``replicas``: of the service itself. ``cpus``: of each.
    """

    settings: Settings = field(default_factory=lambda: settings_of({}))
    networks: Mapping[str, NetworkOptions] = field(default_factory=dict)
    replicas: int = 1
    cpus: float = 1.0

    def __post_init__(self) -> None:
        if not 1 <= self.replicas <= 1000:
            raise ParameterError(
                f"replicas is {self.replicas}, but 1 to 1000 was expected.", parameter="replicas"
            )
        if not 0 < self.cpus <= 1024:
            raise ParameterError(
                f"cpus is {self.cpus}, but more than 0 and at most 1024 was expected.", parameter="cpus"
            )
        for name in (*self.networks, self.settings.model):
            catalogue.card(name)
        _check_alone(self.settings, self.replicas)

    @property
    def streams(self) -> int:
        """Photos worked on at once in each replica of the service: its own, and those that networks run."""
        calls = sum(row.most * row.ongoing_at_most for row in self.networks.values())
        wanted = max(1, round(self.cpus)) + -(-calls // self.replicas)
        return self.settings.streams or min(MOST_STREAMS, wanted)

    @property
    def least_cpus(self) -> float:
        """Processors that all of it takes at least."""
        return self.replicas * self.cpus + sum(row.least * row.cpus for row in self.networks.values())

    @property
    def least_gpus(self) -> float:
        """Graphics cards that all of it takes at least."""
        return sum(row.least * row.gpus for row in self.networks.values())


def settings_of(given: Mapping[str, Any]) -> Settings:
    """The settings of a service behind Ray Serve, which others reach unless ``host`` says otherwise.

    Raises:
        SettingsError: a name that is no setting, a value of the wrong type or out of its range.
    """
    found = settings_module.load(flags=settings_module.checked(given))
    is_named = "host" in given or found.host != Settings().host
    return found if is_named else replace(found, host=EVERYWHERE)


def read_options(given: Mapping[str, Any]) -> ServeOptions:
    """Options as they stand under ``args`` in a Serve configuration.

    ``settings``: of the service, by name; those of the environment else. ``networks``: for each model its
    :class:`NetworkOptions`; the default model's where none is named. ``replicas``, ``cpus``: of the service.

    Raises:
        ParameterError: an unknown name, or a value out of its range.
        SettingsError: the same of a setting, or several replicas that would not know each other's jobs.
        UnknownNameError: there is no such model.
    """
    for name in given:
        if name not in _WORDS:
            raise ParameterError(
                f"There is no option '{name}'.", did_you_mean(name, _WORDS), parameter=str(name)
            )
    chosen = settings_of(_mapping(given, "settings"))
    rows = _mapping(given, "networks") or {chosen.model: {}}
    networks = {name: parse(NetworkOptions, _mapping(rows, name)) for name in rows}
    rest = {name: _number(given, name) for name in ("replicas", "cpus") if name in given}
    return ServeOptions(chosen, networks, **rest)


def _mapping(given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = given.get(name) or {}
    if not isinstance(found, Mapping):
        raise ParameterError(f"{name} is {found!r}, but names with values were expected.", parameter=name)
    return found


def _number(given: Mapping[str, Any], name: str) -> Any:
    value = given[name]
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or (name == "replicas" and value != int(value)):
        kind = "a whole number" if name == "replicas" else "a number"
        raise ParameterError(f"{name} is {value!r}, but {kind} was expected.", parameter=name)
    return int(value) if name == "replicas" else value


def _check_alone(settings: Settings, replicas: int) -> None:
    """SettingsError where replicas of the service would not know each other's jobs and keys."""
    if settings.workers != 1:
        raise SettingsError(
            f"workers is {settings.workers}, but replicas of Ray Serve take the place of workers.",
            "Leave workers at 1, and raise replicas.",
        )
    if replicas > 1 and not settings.home:
        raise SettingsError(
            f"{replicas} replicas of the service would each keep jobs and keys of their own.",
            "Name a folder that all of their machines share as the setting home, or leave replicas at 1.",
        )
