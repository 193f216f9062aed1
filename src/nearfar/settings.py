"""One table of settings, and the only reader of the environment.

A setting ``max_bytes`` is read from ``NEARFAR_MAX_BYTES``. Read once by :func:`load`, then passed on.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from nearfar.errors import SettingsError, did_you_mean
from nearfar.options import check, option

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "NEARFAR_"
LAB_PREFIX = "NEARFAR_LAB_"  # read by nearfar_lab
_WORDS = {"1": True, "true": True, "yes": True, "on": True} | {
    "0": False,
    "false": False,
    "no": False,
    "off": False,
    "": False,
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting, checked. ``dataclasses.replace`` makes a changed copy."""

    model: str = option("embedded", "Model used when none is named.")
    engine: str = option("auto", "Engine that runs the networks: auto takes what the weights are made for.")
    precision: str = option(
        "auto", "Numbers that networks compute with.", choices=("auto", "float32", "bfloat16", "int8")
    )
    device: str = option(
        "auto", "Where networks run; others than cpu need torch.", choices=("auto", "cpu", "cuda", "mps")
    )
    calibration: str = option(
        "", "Folder of pictures that int8 files are calibrated on; empty means those in the package."
    )
    threads: int = option(
        0,
        "Threads of one network run; 0 means all usable processors (affinity, cgroup quota).",
        low=0,
        high=1024,
    )
    session_cache: int = option(
        2, "Networks kept loaded at once; the least recently used goes.", low=1, high=64
    )
    max_bytes: int = option(64 * 2**20, "Largest picture accepted, in bytes.", low=1)
    max_pixels: int = option(100_000_000, "Largest picture accepted, in pixels.", low=1)
    home: str = option("", "Folder for downloaded weights; empty means the platform's cache folder.")
    offline: bool = option(False, "Never touch the network, not even to pull weights when asked.")
    mirror: str = option("", "Text put before every address that weights are pulled from.")
    hub: str = option("https://huggingface.co", "Address of the model hub, or of a copy of it.")
    host: str = option("127.0.0.1", "Address the service listens on.")
    port: int = option(8080, "Port the service listens on.", low=0, high=65535)
    queue: int = option(
        32, "Requests that may wait for the engine before others get a 503.", low=1, high=100_000
    )
    streams: int = option(
        0, "Photos worked on at the same time in the service; 0 means all usable processors.", low=0, high=64
    )
    upload_timeout: int = option(120, "Seconds within which a request's body must have arrived.", low=1)
    request_timeout: int = option(
        120,
        "Seconds within which a request is answered once its body is there; less by its Prefer: wait.",
        low=1,
    )
    engine_timeout: int = option(
        120, "Seconds after which a call of a network counts as stuck and is given up.", low=1
    )
    drain_timeout: int = option(30, "Seconds that taken requests get when the service is stopped.", low=1)
    origins: str = option(
        "", "Web origins whose pages may use the service, commas between, or *; empty means its own only."
    )
    keys: str = option(
        "", "File of the API keys; empty means keys.json in home, or in the user's data folder without one."
    )
    require_keys: bool = option(False, "Need a key also where no key was ever made.")
    rate_per_minute: int = option(
        0, "Requests a minute that one key or address may send; 0 means no limit.", low=0, high=1_000_000
    )
    rate_burst: int = option(
        20, "Requests that may come at once where there is such a limit.", low=1, high=100_000
    )
    concurrency: int = option(
        0, "Requests of one key or address under way at once; 0 means no limit.", low=0, high=100_000
    )
    log_level: str = option(
        "info", "How much the service says.", choices=("debug", "info", "warning", "error")
    )
    log_format: str = option(
        "auto",
        "How the service says it: sentences, JSON lines, or as fits a terminal or a file.",
        choices=("auto", "json", "console"),
    )
    otlp_endpoint: str = option(
        "",
        "Address of the OpenTelemetry collector for traces, such as http://localhost:4318; empty: none.",
    )

    def __post_init__(self) -> None:
        try:
            check(self)
        except ValueError as exc:
            raise SettingsError(str(exc)) from exc


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of the environment (or of the mapping given).

    Raises:
        SettingsError: a ``NEARFAR_`` variable that is no setting, or a value out of range.
    """
    found = os.environ if environ is None else environ
    rows = {PREFIX + f.name.upper(): f for f in fields(Settings)}
    given: dict[str, Any] = {}
    for key, text in found.items():
        if not key.startswith(PREFIX) or key.startswith(LAB_PREFIX):
            continue
        if key not in rows:
            raise SettingsError(f"{key} is not a setting.", did_you_mean(key, rows))
        given[rows[key].name] = _value(key, text, rows[key].default)
    return Settings(**given)


def _value(key: str, text: str, default: object) -> bool | int | str:
    """The text as a value of the default's type."""
    if isinstance(default, bool):
        if text.lower() not in _WORDS:
            raise SettingsError(f"{key} is '{text}', but true or false was expected.")
        return _WORDS[text.lower()]
    return _number(key, text) if isinstance(default, int) else text


def _number(key: str, text: str) -> int:
    try:
        return int(text)
    except ValueError as exc:
        raise SettingsError(f"{key} is '{text}', but a whole number was expected.") from exc
