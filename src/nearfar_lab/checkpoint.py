"""A run's state on disk: written whole or not at all, loadable without running code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from nearfar_lab.designs import AnyNet, build, options_from
from nearfar_lab.errors import CheckpointError

if TYPE_CHECKING:
    from pathlib import Path

LAST = "last.pt"


@dataclass(frozen=True)
class Progress:
    """How far a run is: optimiser steps, pictures seen, seconds spent training."""

    step: int = 0
    pictures: int = 0
    elapsed_s: float = 0.0


def save_whole(state: dict[str, Any], path: Path) -> None:
    """Write a checkpoint beside its place, then move it there."""
    part = path.with_name(f"{path.name}.part")
    torch.save(state, part)
    part.replace(path)


def load_state(path: Path) -> dict[str, Any]:
    """The dictionary of a checkpoint (weights only: nothing in the file is executed)."""
    if not path.is_file():
        raise CheckpointError(f"{path}: there is no checkpoint.", "Train first, or give another folder.")
    state = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(state, dict) or "average" not in state:
        raise CheckpointError(
            f"{path}: not a checkpoint of this lab: there are no averaged weights in it.",
            "Give a run folder of nearfar-lab train, or the last.pt in it.",
        )
    return state


def known_by(state: dict[str, Any]) -> dict[str, Any]:
    """What tells a run's network from others: as plain values, for what was made of it."""
    return {
        "recipe": state["recipe"],
        "seed": state["seed"],
        "pictures_seen": state["progress"]["pictures"],
    }


def load_net(path: Path) -> tuple[AnyNet, dict[str, Any]]:
    """The averaged network of a checkpoint file or run folder, in evaluation mode, and its state."""
    state = load_state(path / LAST if path.is_dir() else path)
    net = build(options_from(state["net"]))
    net.load_state_dict(state["average"])
    return net.eval(), state


class Average:
    """Exponential moving average of a network's weights and running statistics."""

    def __init__(self, net: torch.nn.Module, decay: float) -> None:
        self.decay = decay
        self.values: dict[str, Tensor] = {k: v.clone() for k, v in net.state_dict().items()}

    @torch.no_grad()
    def update(self, net: torch.nn.Module, step: int) -> None:
        """Move towards the network; quickly at first."""
        decay = min(self.decay, (1 + step) / (10 + step))
        theirs = net.state_dict()
        moving = [name for name, value in self.values.items() if value.is_floating_point()]
        torch._foreach_lerp_(
            [self.values[name] for name in moving], [theirs[name] for name in moving], 1 - decay
        )
        for name in self.values.keys() - set(moving):
            self.values[name].copy_(theirs[name])
