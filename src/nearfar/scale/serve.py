"""The service behind Ray Serve: its own application in one deployment, each network in another.

``nearfar.scale.serve:app`` is what a Serve configuration names under ``import_path``; :func:`serving` does
the same from Python. See ``docs/how-to/scale-out.md``.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nearfar.errors import EngineError, ParameterError
from nearfar.machine import allocator
from nearfar.scale import cluster
from nearfar.scale.serve_network import Network
from nearfar.scale.serve_options import EVERYWHERE, ServeOptions, read_options
from nearfar.scale.serve_session import Networks, Replicas

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from nearfar.scale.serve_options import NetworkOptions

NAME = "nearfar"
"""Of the application in Ray Serve."""
SERVICE = "service"
"""Of the deployment that takes requests; the others have the names of their models."""
HEALTH_EVERY_S = 3.0
"""So often Ray Serve asks replicas how they are: the sooner one that died is replaced."""
_SHOWN = {EVERYWHERE: "127.0.0.1", "::": "[::1]"}
_SPARE_S = 10.0
"""What a replica gets to end beyond the time for its requests."""


def app(args: dict[str, Any]) -> Any:
    """The application that a Serve configuration asks for; ``args`` as of :func:`read_options`.

    Raises:
        MissingExtraError: Ray is not installed.
        NearfarError: as of :func:`read_options`.
    """
    return application(read_options(args))


def application(options: ServeOptions) -> Any:
    """The application with its deployments, ready for ``serve.run``.

    Raises:
        MissingExtraError: Ray is not installed.
    """
    serve = _library()
    networks = {name: _network(serve, name, options, row) for name, row in options.networks.items()}
    drain_s = float(options.settings.drain_timeout) + _SPARE_S
    front = serve.deployment(serve.ingress()(Service)).options(
        name=SERVICE,
        num_replicas=options.replicas,
        max_ongoing_requests=options.settings.connections,
        graceful_shutdown_timeout_s=drain_s,
        health_check_period_s=HEALTH_EVERY_S,
        ray_actor_options={"num_cpus": options.cpus},
    )
    return front.bind(options, networks)


def _network(serve: Any, name: str, options: ServeOptions, row: NetworkOptions) -> Any:
    """The deployment of a network."""
    deployment = serve.deployment(Network).options(
        name=name,
        max_ongoing_requests=row.ongoing_at_most,
        graceful_shutdown_timeout_s=float(options.settings.engine_timeout),
        ray_actor_options={"num_cpus": row.cpus, "num_gpus": row.gpus},
        health_check_period_s=HEALTH_EVERY_S,
        autoscaling_config={
            "min_replicas": row.least,
            "max_replicas": row.most,
            "target_ongoing_requests": row.ongoing,
            "upscale_delay_s": row.up_s,
            "downscale_delay_s": row.down_s,
        },
    )
    return deployment.bind(name, options.settings, row)


@contextmanager
def serving(options: ServeOptions, port: int = 8000, address: str = "") -> Iterator[str]:
    """The service's address, for as long as the block lasts.

    Args:
        options: all but the port; where ``settings.host`` is this machine's alone, so is the service.
        port: where Ray Serve listens.
        address: of the cluster; one of this machine alone is started where none is given.

    Raises:
        MissingExtraError: Ray is not installed.
        EngineError: the cluster cannot be reached, has Ray Serve already, or the service does not start.
        ParameterError: the cluster has no room for it.
    """
    serve = _library()
    with cluster.joined(address) as ray:
        check_room(ray, options)
        _start(serve, options, port)
        try:
            yield f"http://{_SHOWN.get(options.settings.host, options.settings.host)}:{port}"
        finally:
            serve.shutdown()


def _start(serve: Any, options: ServeOptions, port: int) -> None:
    """Start Ray Serve and the application in it; EngineError where either fails."""
    if serve.status().proxies:
        raise EngineError(
            "Ray Serve runs in this cluster already.",
            "Deploy into it by a configuration: serve deploy (docs/how-to/scale-out.md).",
        )
    keep_alive = options.settings.keep_alive
    serve.start(
        http_options={"host": options.settings.host, "port": port, "keep_alive_timeout_s": keep_alive}
    )
    try:
        serve.run(application(options), name=NAME, route_prefix="/")
    except RuntimeError as exc:
        serve.shutdown()
        raise EngineError(f"The service does not start: {exc}", "Ray's log has more: serve status.") from exc


def check_room(ray: Any, options: ServeOptions) -> None:
    """ParameterError where the cluster is too small for the least of everything: Serve would wait."""
    there = ray.cluster_resources()
    for kind, needed in (("CPU", options.least_cpus), ("GPU", options.least_gpus)):
        if needed > there.get(kind, 0.0) + 1e-6:
            raise ParameterError(
                f"The service and its networks take {needed:g} {kind} at least, but the cluster has "
                f"{there.get(kind, 0.0):g}: they would wait for ever.",
                "Ask for fewer or smaller replicas, or start more machines.",
            )


def _library() -> Any:
    cluster.library()
    from ray import serve

    return serve


class Service:
    """The class of the deployment that takes requests: the service's application, whole and unchanged.

    What it remembers (callers and their limits, held photos, live streams) is this replica's.
    """

    def __init__(self, options: ServeOptions, handles: Mapping[str, Any]) -> None:
        self._options = options
        self._handles = handles
        self._lost = ""

    def __serve_build_asgi_app__(self) -> ASGIApp:
        """The application; errors as of :func:`nearfar.service.start.serve`."""
        from nearfar.service import create_app
        from nearfar.service.start import check, ensure_key
        from nearfar.service.watch import logs

        given = self._options.settings
        settings = replace(
            given,
            streams=self._options.streams,
            threads=given.threads or max(1, int(self._options.cpus)),
        )
        allocator.tune()
        logs.set_up(settings.log_level, settings.log_format)
        check(settings)
        ensure_key(settings)
        seconds = float(settings.engine_timeout)
        replicas = {name: Replicas(name, handle, seconds) for name, handle in self._handles.items()}
        made = create_app(settings, Networks(replicas, settings))
        made.state.service.watchdog.when_lost.append(self._give_up)
        return WithoutId(made)

    def _give_up(self, reason: str) -> None:
        self._lost = reason

    def check_health(self) -> None:
        """Ray Serve asks this from time to time, and replaces a replica that fails it.

        Raises:
            EngineError: too many calls of networks never came back.
        """
        if self._lost:
            raise EngineError(self._lost)


class WithoutId:
    """ASGI middleware: Ray Serve puts the id of a request on its answer, so that ours would stand twice."""

    def __init__(self, made: ASGIApp) -> None:
        self._app = made

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or websocket."""
        given = dict(scope.get("headers", ())).get(b"x-request-id")

        async def passed(message: Message) -> None:
            if message["type"] == "http.response.start" and given is not None:
                rows = [row for row in message["headers"] if row != (b"x-request-id", given)]
                message = {**message, "headers": rows}
            await send(message)

        await self._app(scope, receive, passed)
