"""Depth Anything 3, one view at a time: depth up to scale and shift, with sky, and in metres."""

from __future__ import annotations

from dataclasses import dataclass

from nearfar.cards import DepthKind, InputSpec, ModelCard, Reading, WeightFile
from nearfar.models import _hub

PAPER = "https://arxiv.org/abs/2511.10647"
FREE, RESTRICTED = "Apache-2.0", "CC-BY-NC-4.0"
LONGER_SIDE, PATCH = 504, 14
CANONICAL_FOCAL_PX = 300.0  # metres are focal length × answer / 300, the focal length in the input's pixels
SMALL_COMMIT = "7764f5829b7429e7ecfa0a9c908a6e0facb65a24"
MONO = WeightFile(
    "da3mono_l_504x378.onnx",
    "hub:ohaiibuzzle/DA3-ONNX/da3mono_l_504x378.onnx",
    "9b1b3f1495a9273adb4abcdc3e716416a28716b6bda4f13a29da462200e931ec",
    1_336_957_133,
)
EXPORT = "da3 onnx-export depth-anything/DA3METRIC-LARGE --views 1 --height 504 --width 504 --out FILE.onnx"


@dataclass(frozen=True, slots=True)
class Row:
    """What tells the variants apart. ``outputs``: of the ONNX file, in the order that ``reading`` takes."""

    variant: str
    title: str
    millions: int
    licence: str
    weights: tuple[WeightFile, ...]
    summary: str
    kind: DepthKind = DepthKind.AFFINE_DEPTH
    reading: Reading = "map"
    outputs: tuple[str, ...] = ("predicted_depth",)


ROWS = (
    Row(
        "small",
        "Depth Anything 3 Small",
        34,
        FREE,
        _hub.onnx_with_data("onnx-community/depth-anything-v3-small", SMALL_COMMIT),
        "Depth up to scale and shift, consistent over far and near.",
    ),
    Row(
        "base",
        "Depth Anything 3 Base",
        120,
        FREE,
        _hub.onnx_with_data("onnx-community/depth-anything-v3-base"),
        "Depth up to scale and shift, consistent over far and near.",
    ),
    Row(
        "large",
        "Depth Anything 3 Large",
        350,
        RESTRICTED,
        _hub.onnx_with_data("onnx-community/depth-anything-v3-large"),
        "Depth up to scale and shift, consistent over far and near.",
    ),
    Row(
        "mono-large",
        "Depth Anything 3 Mono Large",
        350,
        FREE,
        (MONO,),
        "Depth up to scale and shift from one photo; tells the sky.",
        reading="sky",
        outputs=("depth", "sky"),
    ),
    Row(
        "metric-large",
        "Depth Anything 3 Metric Large",
        350,
        FREE,
        (WeightFile("da3metric_large.onnx", ""),),
        "Depth in metres where the photo tells its focal length; tells the sky.",
        DepthKind.METRIC,
        "sky",
        ("depth", "sky"),
    ),
)


def _card(row: Row) -> ModelCard:
    is_metric = row.kind is DepthKind.METRIC
    # Files of one size: the photo keeps its aspect in them, as the authors' own ONNX code does it.
    is_fixed = row.reading == "sky"
    return ModelCard(
        name=f"depth-anything-v3-{row.variant}",
        title=row.title,
        family="depth_anything_3",
        kind=row.kind,
        input=InputSpec(LONGER_SIDE, PATCH, min_size=98, max_size=2044, resample="area", letterbox=is_fixed),
        weights=row.weights,
        licence=row.licence,
        is_commercial_use_allowed=row.licence == FREE,
        parameters=row.millions * 1_000_000,
        summary=row.summary,
        paper=PAPER,
        reference_focal_px=CANONICAL_FOCAL_PX if is_metric else None,
        reading=row.reading,
        outputs=row.outputs,
        source="ByteDance-Seed/Depth-Anything-3 README.md and docs/onnx.md; the hub's pages",
        details={"made_by": EXPORT} if is_metric else {},
    )


PLUGIN = tuple(_card(row) for row in ROWS)
