"""One table of settings, and the only reader of the environment.

A setting ``max_bytes`` is read from the variable ``NEARFAR_MAX_BYTES``, or from the line ``max_bytes = 1000``
of a TOML file; ``nearfar serve`` has the flag ``--max-bytes``. Read once by :func:`load`, then passed on.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nearfar.errors import SettingsError, SourceError, did_you_mean
from nearfar.options import check, option

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "NEARFAR_"
CONFIG = "NEARFAR_CONFIG"
"""Names a file of settings; no setting itself, since a file does not name another."""
LAB_PREFIX = "NEARFAR_LAB_"  # read by nearfar_lab
_WORDS = {"1": True, "true": True, "yes": True, "on": True} | {
    "0": False,
    "false": False,
    "no": False,
    "off": False,
    "": False,
}
_HUB_NAMES = {"HF_ENDPOINT": "hub", "HF_TOKEN": "hub_token", "HF_HUB_CACHE": "hub_cache"}
_KINDS = {bool: "true or false", int: "a whole number", str: "a text"}


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
    segmenter: str = option(
        "",
        "Segment Anything network that the page cuts out with: a folder, or a name in the hub's cache; "
        "needs the extra sam; empty: none.",
    )
    threads: int = option(
        0,
        "Threads of one network run; 0 means all usable processors (affinity, cgroup quota).",
        low=0,
        high=1024,
    )
    model_memory: int = option(
        0,
        "MiB of memory that loaded networks may take, estimated; the least recently used go; "
        "0 means what is free.",
        low=0,
    )
    session_cache: int = option(
        8, "Networks kept loaded at once; the least recently used goes.", low=1, high=64
    )
    max_bytes: int = option(64 * 2**20, "Largest picture accepted, in bytes.", low=1)
    max_pixels: int = option(100_000_000, "Largest picture accepted, in pixels.", low=1)
    video_bytes: int = option(2 * 2**30, "Largest video accepted in a job, in bytes.", low=1)
    video_pixels: int = option(4096 * 2304, "Largest frame of such a video, in pixels.", low=1)
    video_frames: int = option(500_000, "Most frames of such a video.", low=1)
    video_seconds: int = option(4 * 3600, "Longest such video, in seconds.", low=1)
    home: str = option("", "Folder for downloaded weights; empty means the platform's cache folder.")
    offline: bool = option(False, "Never touch the network, not even to pull weights when asked.")
    mirror: str = option("", "Text put before every address that weights are pulled from.")
    hub: str = option(
        "https://huggingface.co", "Address of the model hub, or of a copy of it; or HF_ENDPOINT."
    )
    hub_token: str = option(
        "", "Token for files of the model hub that need a login, sent to the hub alone; or HF_TOKEN."
    )
    hub_cache: str = option(
        "",
        "Folder where other programs keep files of the model hub, looked into before anything is pulled; "
        "or HF_HUB_CACHE, or HF_HOME; empty means its usual place, - none.",
    )
    downloader: str = option(
        "auto",
        "What brings files of the model hub: auto takes huggingface_hub where it is installed.",
        choices=("auto", "own", "huggingface_hub"),
    )
    model_downloads: str = option(
        "auto",
        "Whether the service fetches models: auto does where it listens on its own machine alone.",
        choices=("auto", "on", "off"),
    )
    host: str = option("127.0.0.1", "Address the service listens on.")
    port: int = option(8080, "Port the service listens on.", low=0, high=65535)
    queue: int = option(
        32, "Requests that may wait for the engine before others get a 503.", low=1, high=100_000
    )
    streams: int = option(
        0, "Photos worked on at the same time in the service; 0 means all usable processors.", low=0, high=64
    )
    connections: int = option(
        512, "Connections open at once; requests over others get a 503.", low=1, high=1_000_000
    )
    keep_alive: int = option(20, "Seconds that a connection may wait for its next request.", low=1)
    header_timeout: int = option(15, "Seconds within which the head of a request must have arrived.", low=1)
    max_header_bytes: int = option(32 * 1024, "Largest head of a request, in bytes.", low=1024, high=2**20)
    send_timeout: int = option(
        60, "Seconds after which a client that takes nothing of its answer is given up.", low=1
    )
    workers: int = option(
        1,
        "Processes that serve on the one port, each with its own processors, queue and networks; "
        "0 means one for each usable processor.",
        low=0,
        high=256,
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
    memory: int = option(
        0,
        "MiB of memory that all pictures under way may take together, estimated from their sizes; 0 means "
        "three quarters of what is free at the start (of the machine, or of its control group).",
        low=0,
    )
    work_timeout: int = option(
        60,
        "Seconds after which decoding, or an effect with its encoding, counts as stuck and is given up.",
        low=1,
    )
    wall: str = option(
        "auto",
        "Whether pictures are decoded and worked on in processes that can reach nothing: auto does where "
        "the service listens on more than its own machine, on Linux.",
        choices=("auto", "on", "off"),
    )
    sandbox: bool = option(
        True, "Shut those processes in by seccomp and Landlock, where the kernel has them."
    )
    live_connections: int = option(
        4, "Streams of /v1/live that one key or address may have open at once.", low=1, high=10_000
    )
    live_idle: int = option(60, "Seconds without a frame after which a stream is closed.", low=1)
    live_max_bytes: int = option(8 * 2**20, "Largest frame of a stream, in bytes.", low=1)
    photo_ttl: int = option(
        900,
        "Seconds for which a photo that the page sent is kept in memory after it was named the last time; "
        "0 keeps none.",
        low=0,
        high=3600,
    )
    photo_bytes: int = option(
        64 * 2**20,
        "Bytes of all such photos of a process together; who holds most gives way.",
        low=1,
    )
    photos_per_caller: int = option(4, "Such photos of one key or address.", low=1, high=1000)
    drain_timeout: int = option(30, "Seconds that taken requests get when the service is stopped.", low=1)
    job_bytes: int = option(
        2**30, "Largest job accepted, in bytes: as sent, and as its ZIP unpacks to.", low=1
    )
    job_pictures: int = option(10_000, "Most pictures in a job.", low=1, high=60_000)
    job_quota_bytes: int = option(
        10 * 2**30, "Bytes that all jobs may take on the disk, with their results.", low=1
    )
    job_uploads: int = option(4, "Jobs that one key or address may be sending at once.", low=1, high=10_000)
    jobs_per_caller: int = option(
        1000, "Jobs of one key or address that may wait or be worked on.", low=1, high=1_000_000
    )
    job_ttl: int = option(
        86_400, "Seconds that a job is kept once it has ended, counted while a service runs.", low=1
    )
    job_streams: int = option(
        0,
        "Pictures of jobs worked on at the same time; "
        "0 means all streams while no request comes, else all but one.",
        low=0,
        high=64,
    )
    frame_ancestors: str = option(
        "none", "Origins whose pages may show this one in a frame, commas between; self, or none."
    )
    origins: str = option(
        "", "Web origins whose pages may use the service, commas between, or *; empty means its own only."
    )
    hosts: str = option(
        "",
        "Names that are answered to, commas between, or *; empty means this machine's own where the service "
        "listens there alone, else any.",
    )
    proxies: str = option(
        "", "Addresses or networks of the proxies that may tell who the client is, commas between."
    )
    proxy_header: str = option(
        "x-forwarded",
        "What those proxies set: X-Forwarded-For and X-Forwarded-Proto, or Forwarded.",
        choices=("x-forwarded", "forwarded"),
    )
    root_path: str = option("", "Path under which a proxy serves the service, as /depth; it strips it.")
    keys: str = option(
        "", "File of the API keys; empty means keys.json in home, or in the user's data folder without one."
    )
    require_keys: bool = option(False, "Need a key also where no key was ever made.")
    without_keys: bool = option(
        False, "Need none, where no key was ever made, also where other machines reach the service."
    )
    first_key: str = option(
        "",
        "File that holds the first key, as nf-8 hex digits-48 hex digits; without one it is made and shown "
        "once, where keys are needed and none was ever made.",
    )
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
        if self.root_path and (self.root_path[0] != "/" or self.root_path[-1] == "/"):
            raise SettingsError(f"root_path is '{self.root_path}', but a path as /depth was expected.")
        if self.require_keys and self.without_keys:
            raise SettingsError("require_keys and without_keys say the opposite.", "Leave one of them out.")


def load(
    environ: Mapping[str, str] | None = None,
    *,
    config: str | os.PathLike[str] = "",
    flags: Mapping[str, Any] | None = None,
) -> Settings:
    """The settings: a flag goes before the environment, that before the file, that before the default.

    Args:
        environ: the variables; those of this process where none are given.
        config: the file; that of the variable ``NEARFAR_CONFIG``, if there is one, where none is given.
        flags: values by setting, of their right type.

    Raises:
        SettingsError: a name that is no setting, a value of the wrong type or out of its range.
        SourceError: the file cannot be read.
    """
    found = os.environ if environ is None else environ
    path = config or found.get(CONFIG, "")
    held = read_config(path) if path else {}
    return Settings(**{**_of_the_hub(found), **held, **_of_environment(found), **(flags or {})})


def _of_the_hub(environ: Mapping[str, str]) -> dict[str, Any]:
    """What the model hub's own variables say: they count where ours say nothing."""
    given: dict[str, Any] = {name: environ[key] for key, name in _HUB_NAMES.items() if environ.get(key)}
    if environ.get("HF_HOME") and "hub_cache" not in given:
        given["hub_cache"] = str(Path(environ["HF_HOME"]) / "hub")
    if _WORDS.get(environ.get("HF_HUB_OFFLINE", "").lower(), False):
        given["offline"] = True
    return given


def read_config(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The settings that a TOML file holds, by name; a list of texts is one text with commas.

    Raises:
        SettingsError: no TOML, a name that is no setting, a value of the wrong type or out of its range.
        SourceError: the file cannot be read.
    """
    import tomllib  # only where there is a file

    try:
        text = Path(path).read_text(encoding="utf-8")
        rows = tomllib.loads(text)
    except OSError as exc:
        raise SourceError(
            f"The settings in {path} cannot be read: {exc.strerror or exc}.", "Name a file that exists."
        ) from exc
    except ValueError as exc:  # also of text that is not UTF-8
        raise SettingsError(f"{path} is not TOML: {exc}.", "Write a line a setting: port = 8080.") from exc
    try:
        return checked(rows)
    except SettingsError as exc:
        raise SettingsError(f"{path}: {exc.message}", exc.hint) from exc


def checked(rows: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by name, as a file of any kind holds them; a list of texts is one text with commas.

    Raises:
        SettingsError: a name that is no setting, a value of the wrong type or out of its range.
    """
    defaults = {f.name: f.default for f in fields(Settings)}
    given: dict[str, Any] = {name: _value_of_file(name, value, defaults) for name, value in rows.items()}
    Settings(**given)
    return given


def _value_of_file(name: str, value: Any, defaults: Mapping[str, Any]) -> bool | int | str:
    """The value, where it is of the default's type."""
    if name not in defaults:
        raise SettingsError(f"'{name}' is not a setting.", did_you_mean(name, defaults))
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        value = ",".join(value)
    kind = type(defaults[name])
    if type(value) is not kind:
        raise SettingsError(f"{name} is {value!r}, but {_KINDS[kind]} was expected.")
    found: bool | int | str = value
    return found


def _of_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    rows = {PREFIX + f.name.upper(): f for f in fields(Settings)}
    given: dict[str, Any] = {}
    for key, text in environ.items():
        if key == CONFIG or not key.startswith(PREFIX) or key.startswith(LAB_PREFIX):
            continue
        if _is_service_link(key, text):
            continue
        if key not in rows:
            raise SettingsError(f"{key} is not a setting.", did_you_mean(key, rows))
        given[rows[key].name] = _value(key, text, rows[key].default)
    return given


def _is_service_link(key: str, text: str) -> bool:
    """Whether Kubernetes set a variable, as it does in each pod beside a service that is called nearfar."""
    rest = key.removeprefix(PREFIX)
    return rest.startswith(("SERVICE_", "PORT_")) or (rest == "PORT" and "://" in text)


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
