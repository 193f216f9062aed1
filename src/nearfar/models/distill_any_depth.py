"""Distill-Any-Depth: Depth Anything's network, taught by several others."""

from __future__ import annotations

from nearfar.cards import DepthKind, InputSpec, ModelCard
from nearfar.models import _hub

REMARK = (
    "The authors say MIT in their repository and Apache-2.0 on the hub; the network is Depth Anything V2 "
    "Large, whose own weights are CC-BY-NC-4.0. The stricter word counts here, until they say more."
)
ROWS = (("small", "Small", 24_800_000, True), ("large", "Large", 335_300_000, False))


def _card(size: str, title: str, parameters: int, is_free: bool) -> ModelCard:
    return ModelCard(
        name=f"distill-any-depth-{size}",
        title=f"Distill-Any-Depth {title}",
        family="distill_any_depth",
        kind=DepthKind.RELATIVE_INVERSE,
        input=InputSpec(518, 14, fit="lower_bound", min_size=98, max_size=2044),
        weights=_hub.checkpoint(f"xingyang1/Distill-Any-Depth-{title}-hf"),
        licence="MIT" if is_free else "MIT (disputable, see remark)",
        is_commercial_use_allowed=is_free,
        parameters=parameters,
        summary="Relative depth, finer than its teacher's.",
        paper="https://arxiv.org/abs/2502.19204",
        extra="transformers",
        network=_hub.NETWORK,
        source="the hub's pages of xingyang1/Distill-Any-Depth*; Westlake-AGI-Lab/Distill-Any-Depth",
        details={} if is_free else {"licence_remark": REMARK},
    )


PLUGIN = tuple(_card(*row) for row in ROWS)
