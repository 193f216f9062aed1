"""How much a network has to calculate."""

from __future__ import annotations

from functools import cache

from nearfar.errors import NearfarError
from nearfar.zoo import catalogue


@cache
def gflop(model: str, size: tuple[int, int]) -> float | None:
    """GFLOP of one picture of (width, height); a multiply-add is two. None where it cannot be counted."""
    try:
        import torch
        from torch.utils.flop_counter import FlopCounterMode

        from nearfar.nets import stand_in

        network = stand_in.empty_network(catalogue.card(model))
    except (ImportError, NearfarError):
        return None
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, 3, size[1], size[0], device="meta"))
    return float(counter.get_total_flops()) / 1e9
