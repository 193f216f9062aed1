"""TIPSv2 with a DPT head: metres for rooms, on an encoder that also reads texts."""

from __future__ import annotations

from nearfar.cards import DepthKind, InputSpec, ModelCard
from nearfar.models import _hub

SIZE, PATCH = 448, 14
NOTHING, ONE = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
ROWS = (("base", "b14", 110), ("large", "l14", 343))


def _card(size: str, letter: str, millions: int) -> ModelCard:
    return ModelCard(
        name=f"tipsv2-{size}",
        title=f"TIPSv2 DPT {letter[0].upper()}/14",
        family="tipsv2",
        kind=DepthKind.METRIC,
        input=InputSpec(SIZE, PATCH, NOTHING, ONE, "exact", 112, 1022),
        weights=_hub.checkpoint(f"google/tipsv2-{letter}-dpt"),
        licence="Apache-2.0",
        is_commercial_use_allowed=True,
        parameters=millions * 1_000_000,
        summary="Depth in metres for rooms.",
        paper="https://arxiv.org/abs/2604.12012",
        domain="indoor",
        max_depth_m=10.0,
        extra="transformers",
        network=_hub.NETWORK,
        not_converted="its library binds an export to the size it was made at",
        source="the hub's pages of google/tipsv2-*-dpt; transformers' tipsv2_dpt (needs transformers 5.13)",
    )


PLUGIN = tuple(_card(*row) for row in ROWS)
