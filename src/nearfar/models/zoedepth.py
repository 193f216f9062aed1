"""ZoeDepth: metric depth on top of MiDaS 3.1."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nearfar.cards import DepthKind, InputSpec, ModelCard
from nearfar.models import _hub

HALF = (0.5, 0.5, 0.5)
HEIGHT = 384
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
    width: int
    figures: dict[str, dict[str, float]]


ROWS = (
    ZoeVariant(
        "n",
        "ZoeDepth M12-N (rooms)",
        "Intel/zoedepth-nyu",
        "indoor",
        10.0,
        345,
        512,
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
    ZoeVariant("k", "ZoeDepth M12-K (streets)", "Intel/zoedepth-kitti", "outdoor", 80.0, 345, 768, {}),
    ZoeVariant(
        "nk",
        "ZoeDepth M12-NK (rooms and streets)",
        "Intel/zoedepth-nyu-kitti",
        "any",
        80.0,
        347,
        512,
        {"KITTI": {"AbsRel": 0.057, "RMSE": 2.362}},
    ),
)


def _card(row: ZoeVariant) -> ModelCard:
    return ModelCard(
        name=f"zoedepth-{row.variant}",
        title=row.title,
        family="zoedepth",
        kind=DepthKind.METRIC,
        input=_input(row),
        weights=_hub.checkpoint(row.repository),
        licence="MIT",
        is_commercial_use_allowed=True,
        parameters=row.millions * 1_000_000,
        summary="Depth in metres.",
        paper="https://arxiv.org/abs/2302.12288",
        domain=row.domain,
        max_depth_m=row.max_depth_m,
        extra="transformers",
        network="transformers/zoedepth_k" if row.variant == "k" else _hub.NETWORK,
        source="isl-org/ZoeDepth config_zoedepth*.json, depth_model.py; the hub's preprocessor_config.json",
        not_converted="the exporter takes more than ten minutes for it",
        details={"figures": row.figures} if row.figures else {},
    )


def _input(row: ZoeVariant) -> InputSpec:
    """As published: 384 high and 512 wide (768 for streets), and a resize that keeps corners in corners."""
    spec = InputSpec(HEIGHT, 32, HALF, HALF, "minimal", 128, 2048, pad=PAD, flip=True, resample="corners")
    return replace(spec, width=row.width)


PLUGIN = tuple(_card(row) for row in ROWS)
