"""What this machine is, in words that name no host."""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def machine_class(device: torch.device | None = None) -> str:
    """Cores and kind of processor, and the graphics card where one is used."""
    cores = f"{len(os.sched_getaffinity(0))} cores, {platform.machine()} CPU"
    if device is None or device.type != "cuda":
        return cores
    import torch

    return f"{cores}, one {torch.cuda.get_device_name(device)}"
