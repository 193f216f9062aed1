"""The other processes of the service, asked for their metrics over sockets that only this user can open."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prometheus_client.core import Metric

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

LABEL = "worker"
_PATIENCE_S = 1.0
_SUFFIX = ".sock"


@dataclass(slots=True, eq=False)
class Siblings:
    """The place of worker ``number`` among those whose sockets lie in ``folder``, which is theirs alone."""

    folder: Path
    number: int
    _server: asyncio.AbstractServer | None = None

    async def open(self, tell: Callable[[], Iterable[Metric]]) -> None:
        """Answer each request with what ``tell`` gives."""

        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError):
                writer.write(pack(tell()))
                await writer.drain()
            writer.close()

        path = self.folder / f"{self.number}{_SUFFIX}"
        path.unlink(missing_ok=True)  # of the worker that had this place before
        self._server = await asyncio.start_unix_server(answer, path)

    def close(self) -> None:
        """Stop answering."""
        if self._server is not None:
            self._server.close()

    async def ask(self) -> dict[int, list[Metric]]:
        """Number to metrics of the others; one that does not answer in a second is left out."""
        found = {int(path.stem): path for path in self.folder.glob(f"*{_SUFFIX}")}
        found.pop(self.number, None)
        answers = await asyncio.gather(*(self._ask_one(path) for path in found.values()))
        return {number: told for number, told in zip(found, answers, strict=True) if told}

    @staticmethod
    async def _ask_one(path: Path) -> list[Metric]:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                reader, writer = await asyncio.open_unix_connection(path)
                data = await reader.read()
                writer.close()
            return unpack(data)
        except (OSError, TimeoutError, ValueError):  # it is just ending, or beginning
            return []


def pack(families: Iterable[Metric]) -> bytes:
    """Families of metrics as bytes."""
    rows = [[f.name, f.documentation, f.type, [row[:3] for row in f.samples]] for f in families]
    return json.dumps(rows).encode()


def unpack(data: bytes) -> list[Metric]:
    """What :func:`pack` was given; ValueError where the bytes are cut short."""
    found = []
    for name, text, kind, samples in json.loads(data):
        family = Metric(name, text, kind)
        for sample, labels, value in samples:
            family.add_sample(sample, labels, value)
        found.append(family)
    return found


def join(told: dict[int, list[Metric]], shared: frozenset[str]) -> list[Metric]:
    """One list of families: each sample labelled by its worker; of ``shared`` ones the first is enough."""
    joined: dict[str, Metric] = {}
    for number, families in sorted(told.items()):
        for family in families:
            if family.name in shared:
                joined.setdefault(family.name, family)
                continue
            whole = joined.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            _add(whole, family, {LABEL: str(number)})
    return list(joined.values())


def _add(whole: Metric, family: Metric, label: dict[str, Any]) -> None:
    for row in family.samples:
        whole.add_sample(row.name, {**row.labels, **label}, row.value)
