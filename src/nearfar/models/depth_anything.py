"""Depth Anything V1 and V2: relative depth in three sizes, and V2 in metres for rooms and streets."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from nearfar.cards import DepthKind, InputSpec, ModelCard, WeightFile
from nearfar.models import _hub

V1 = "https://arxiv.org/abs/2401.10891"
V2 = "https://arxiv.org/abs/2406.09414"
FREE, RESTRICTED = "Apache-2.0", "CC-BY-NC-4.0"
PARAMETERS = {"small": 24_800_000, "base": 97_500_000, "large": 335_300_000}
MULTIPLE = 14  # patches of the DINOv2 encoder
ONNX_V2_SMALL = "afb6a5c28f3b6bf1618c6e43f02073ef9dfdc70e937502d51603e57b0a1df10c"
ONNX_V2_SMALL_INT8 = "01aa7a23de3f4a0ee1a2bb9997e6918104c85a9f95dea46d27b9b3fb0c6b9001"
DISAGREE = (
    "Hub and repository disagree: the hub's page of the weights says Apache-2.0, the repository's README "
    "says CC-BY-NC-4.0 for all but Small. The stricter word counts here."
)


@dataclass(frozen=True, slots=True)
class DepthAnythingVariant:
    """What tells the variants apart. ``max_depth_m`` is None for relative depth."""

    variant: str
    title: str
    size: str
    paper: str
    licence: str
    repository: str
    onnx: str = ""
    domain: str = "any"
    max_depth_m: float | None = None
    figures: dict[str, object] = field(default_factory=dict)
    sha256: str = ""
    """Of the ONNX file, where it is published."""
    remark: str = ""
    """What is to be known of the licence."""


def _figures(kitti: tuple[float, float], nyu: tuple[float, float], da2k_percent: float) -> dict[str, object]:
    return {
        "KITTI": {"AbsRel": kitti[0], "delta1": kitti[1]},
        "NYU": {"AbsRel": nyu[0], "delta1": nyu[1]},
        "DA-2K": {"accuracy_percent": da2k_percent},
    }


_V2_FIGURES = {
    "small": _figures((0.078, 0.936), (0.053, 0.973), 95.3),
    "base": _figures((0.078, 0.939), (0.049, 0.976), 97.0),
    "large": _figures((0.074, 0.946), (0.045, 0.979), 97.1),
}


def _rows() -> tuple[DepthAnythingVariant, ...]:
    rows: list[DepthAnythingVariant] = []
    for size in PARAMETERS:
        title = size.capitalize()
        licence = FREE if size == "small" else RESTRICTED
        first = f"LiheYoung/depth-anything-{size}-hf"
        second = f"depth-anything/Depth-Anything-V2-{title}-hf"
        rows += [
            DepthAnythingVariant(
                f"v1-{size}", f"Depth Anything V1 {title}", size, V1, FREE, first, f"Xenova/{first[10:]}"
            ),
            DepthAnythingVariant(
                f"v2-{size}",
                f"Depth Anything V2 {title}",
                size,
                V2,
                licence,
                second,
                f"onnx-community/depth-anything-v2-{size}",
                figures=_V2_FIGURES[size],
                sha256=ONNX_V2_SMALL if size == "small" else "",
            ),
        ]
        for domain, max_depth_m in (("indoor", 20.0), ("outdoor", 80.0)):
            place = f"depth-anything/Depth-Anything-V2-Metric-{domain.capitalize()}-{title}-hf"
            name = f"Depth Anything V2 Metric {domain.capitalize()} {title}"
            variant = f"v2-metric-{domain}-{size}"
            remark = DISAGREE if domain == "outdoor" and size != "small" else ""
            row = DepthAnythingVariant(
                variant, name, size, V2, licence, place, domain=domain, max_depth_m=max_depth_m
            )
            rows.append(replace(row, remark=remark))
    return tuple(rows)


def _card(row: DepthAnythingVariant) -> ModelCard:
    is_metric = row.max_depth_m is not None
    return ModelCard(
        name=f"depth-anything-{row.variant}",
        title=row.title,
        family="depth_anything",
        kind=DepthKind.METRIC if is_metric else DepthKind.RELATIVE_INVERSE,
        input=InputSpec(518, MULTIPLE, fit="lower_bound", min_size=98, max_size=2044),
        weights=_weights(row),
        licence=row.licence,
        is_commercial_use_allowed=row.licence == FREE,
        parameters=PARAMETERS[row.size],
        summary="Depth in metres." if is_metric else "Relative depth with the finest detail of its size.",
        paper=row.paper,
        domain=row.domain,
        max_depth_m=row.max_depth_m,
        extra="transformers",
        network=_hub.NETWORK,
        source="DepthAnything/Depth-Anything-V2 README.md, metric_depth; the hub's pages",
        details=_details(row),
    )


def _weights(row: DepthAnythingVariant) -> tuple[WeightFile, ...]:
    whole = _hub.onnx(row.onnx, row.sha256) if row.onnx else ()
    is_v2 = row.onnx.startswith("onnx-community/")
    int8 = ONNX_V2_SMALL_INT8 if row.sha256 else ""
    return (*whole, *(_hub.narrow(row.onnx, int8) if is_v2 else ()), *_hub.checkpoint(row.repository))


def _details(row: DepthAnythingVariant) -> dict[str, object]:
    details: dict[str, object] = {}
    if row.figures:
        details["figures"] = row.figures
    if row.remark:
        details["licence_remark"] = row.remark
    return details


PLUGIN = tuple(_card(row) for row in sorted(_rows(), key=lambda row: (row.max_depth_m or 0, row.variant[:2])))
