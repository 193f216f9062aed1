"""Several processes that train one network together, each on one thread.

On a machine that others use too, threads inside one operator wait for each other hundreds of times a step;
processes wait once.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, distributed
from torch.multiprocessing.spawn import spawn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


@dataclass(frozen=True)
class Team:
    """Which process this is (0 leads: it alone logs, validates and saves) and of how many."""

    rank: int = 0
    count: int = 1

    @property
    def is_leader(self) -> bool:
        """Whether this process speaks for all."""
        return self.rank == 0

    def agree(self, parameters: Iterable[Tensor], elapsed_s: float) -> float:
        """Average the gradients of all processes in place; the leader's time, the same for all."""
        if self.count == 1:
            return elapsed_s
        gradients = [p.grad for p in parameters if p.grad is not None]
        clock = torch.tensor([elapsed_s if self.is_leader else 0.0], dtype=torch.float64)
        flat = torch.cat([g.flatten() for g in gradients])
        distributed.all_reduce(flat)
        distributed.all_reduce(clock)
        start = 0
        for gradient in gradients:
            end = start + gradient.numel()
            gradient.copy_(flat[start:end].view_as(gradient)).div_(self.count)
            start = end
        return float(clock)


def start_team(count: int, work: Callable[..., None], *arguments: Any) -> None:
    """Run `work(team, *arguments)` in `count` processes and wait for all of them."""
    if count == 1:
        work(Team(), *arguments)
        return
    with tempfile.TemporaryDirectory() as folder:
        meeting = str(Path(folder) / "meeting")
        spawn(_member, args=(count, meeting, work, arguments), nprocs=count)  # type: ignore[no-untyped-call]


def start_apart(count: int, work: Callable[..., None], rows: Sequence[tuple[Any, ...]]) -> None:
    """Run `work(team, *row)` for every row, each alone, `count` at a time; one that fails ends the others."""
    if count <= 1:
        for row in rows:
            work(Team(), *row)
        return
    for first in range(0, len(rows), count):
        part = rows[first : first + count]
        spawn(_apart, args=(work, part), nprocs=len(part))  # type: ignore[no-untyped-call]


def _apart(place: int, work: Callable[..., None], rows: Sequence[tuple[Any, ...]]) -> None:
    work(Team(), *rows[place])


def _member(
    rank: int, count: int, meeting: str, work: Callable[..., None], arguments: tuple[Any, ...]
) -> None:
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=count)
    try:
        work(Team(rank, count), *arguments)
    finally:
        distributed.destroy_process_group()
