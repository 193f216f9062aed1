"""GLPN: small metric networks for rooms (NYU) and streets (KITTI)."""

from __future__ import annotations

from nearfar.cards import DepthKind, InputSpec, ModelCard
from nearfar.models import _hub

NOTHING, ONE = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
# Variant, hub repository, its file of weights, height trained at, metres, domain.
ROWS = (
    ("nyu", "vinvino02/glpn-nyu", "model.safetensors", 480, 10.0, "indoor"),
    ("kitti", "vinvino02/glpn-kitti", "pytorch_model.bin", 352, 80.0, "outdoor"),
)


def _card(
    variant: str, repository: str, weights: str, height: int, max_depth_m: float, domain: str
) -> ModelCard:
    return ModelCard(
        name=f"glpn-{variant}",
        title=f"GLPN {variant.upper()}",
        family="glpn",
        kind=DepthKind.METRIC,
        input=InputSpec(height, 32, NOTHING, ONE, "lower_bound", resample="linear"),
        weights=_hub.checkpoint(repository, weights),
        licence="Apache-2.0",
        is_commercial_use_allowed=True,
        parameters=61_200_000,
        summary="Depth in metres for rooms." if domain == "indoor" else "Depth in metres for streets.",
        paper="https://arxiv.org/abs/2201.07436",
        domain=domain,
        max_depth_m=max_depth_m,
        extra="transformers",
        network=_hub.NETWORK,
        source="the hub's pages of vinvino02/glpn-*; transformers' GLPN image processor",
    )


PLUGIN = tuple(_card(*row) for row in ROWS)
