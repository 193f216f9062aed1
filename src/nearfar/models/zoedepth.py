"""ZoeDepth: metric depth on top of MiDaS 3.1."""

from __future__ import annotations

from dataclasses import dataclass

from nearfar.cards import DepthKind, InputSpec, ModelCard
from nearfar.models import _hub

HALF = (0.5, 0.5, 0.5)
SIZE = 384
PAD = 3.0  # the published inference mirrors the photo around itself, and averages with its mirror image


@dataclass(frozen=True, slots=True)
class ZoeVariant:
    """What tells the variants apart."""

    variant: str
    title: str
    repository: str
    domain: str
    max_depth_m: float
    millions: int
    figures: dict[str, dict[str, float]]


ROWS = (
    ZoeVariant(
        "n",
        "ZoeDepth M12-N (rooms)",
        "Intel/zoedepth-nyu",
        "indoor",
        10.0,
        345,
        {
            "NYU": {
                "delta1": 0.955,
                "delta2": 0.995,
                "delta3": 0.999,
                "AbsRel": 0.075,
                "RMSE": 0.270,
                "log10": 0.032,
            }
        },
    ),
    ZoeVariant("k", "ZoeDepth M12-K (streets)", "Intel/zoedepth-kitti", "outdoor", 80.0, 345, {}),
    ZoeVariant(
        "nk",
        "ZoeDepth M12-NK (rooms and streets)",
        "Intel/zoedepth-nyu-kitti",
        "any",
        80.0,
        347,
        {"KITTI": {"AbsRel": 0.057, "RMSE": 2.362}},
    ),
)


def _card(row: ZoeVariant) -> ModelCard:
    return ModelCard(
        name=f"zoedepth-{row.variant}",
        title=row.title,
        family="zoedepth",
        kind=DepthKind.METRIC,
        input=InputSpec(SIZE, 32, HALF, HALF, "minimal", 128, 1024, pad=PAD, flip=True),
        weights=_hub.checkpoint(row.repository),
        licence="MIT",
        is_commercial_use_allowed=True,
        parameters=row.millions * 1_000_000,
        summary="Depth in metres.",
        paper="https://arxiv.org/abs/2302.12288",
        domain=row.domain,
        max_depth_m=row.max_depth_m,
        extra="transformers",
        network=_hub.NETWORK,
        not_converted="the exporter takes more than ten minutes for it",
        details={"figures": row.figures} if row.figures else {},
    )


PLUGIN = tuple(_card(row) for row in ROWS)
