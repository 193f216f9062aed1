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
INSTALL = (
    "pip install 'nearfar[torch]' addict einops omegaconf antlr4-python3-runtime==4.9.* "
    "&& pip install --no-deps depth-anything-3"
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
    repository: str
    network: str
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
        "depth-anything/DA3-SMALL",
        "da3-small",
    ),
    Row(
        "base",
        "Depth Anything 3 Base",
        135,
        FREE,
        _hub.onnx_with_data("onnx-community/depth-anything-v3-base"),
        "Depth up to scale and shift, consistent over far and near.",
        "depth-anything/DA3-BASE",
        "da3-base",
    ),
    Row(
        "large",
        "Depth Anything 3 Large",
        411,
        RESTRICTED,
        _hub.onnx_with_data("onnx-community/depth-anything-v3-large"),
        "Depth up to scale and shift, consistent over far and near.",
        "depth-anything/DA3-LARGE",
        "da3-large",
    ),
    Row(
        "large-1.1",
        "Depth Anything 3 Large 1.1",
        411,
        RESTRICTED,
        (),
        "Large, trained again after a fault was mended: better in streets. By its authors' package alone.",
        "depth-anything/DA3-LARGE-1.1",
        "da3-large",
    ),
    Row(
        "giant",
        "Depth Anything 3 Giant",
        1150,
        RESTRICTED,
        (),
        "The largest of the first release; its authors prefer 1.1. By their package alone.",
        "depth-anything/DA3-GIANT",
        "da3-giant",
    ),
    Row(
        "giant-1.1",
        "Depth Anything 3 Giant 1.1",
        1150,
        RESTRICTED,
        (),
        "The largest, trained again after a fault was mended. By its authors' package alone.",
        "depth-anything/DA3-GIANT-1.1",
        "da3-giant",
    ),
    Row(
        "mono-large",
        "Depth Anything 3 Mono Large",
        334,
        FREE,
        (MONO,),
        "Depth up to scale and shift from one photo; tells the sky.",
        "depth-anything/DA3MONO-LARGE",
        "da3mono-large",
        reading="sky",
        outputs=("depth", "sky"),
    ),
    Row(
        "metric-large",
        "Depth Anything 3 Metric Large",
        334,
        FREE,
        (WeightFile("da3metric_large.onnx", ""),),
        "Depth in metres where the photo tells its focal length; tells the sky.",
        "depth-anything/DA3METRIC-LARGE",
        "da3metric-large",
        DepthKind.METRIC,
        "sky",
        ("depth", "sky"),
    ),
)


def _card(row: Row) -> ModelCard:
    is_metric = row.kind is DepthKind.METRIC
    # Files of one size: the photo keeps its aspect in them, as the authors' own ONNX code does it.
    is_fixed = row.reading == "sky"
    package = {"torch_package": {"name": "depth-anything-3", "install": INSTALL}}
    return ModelCard(
        name=f"depth-anything-v3-{row.variant}",
        title=row.title,
        family="depth_anything_3",
        kind=row.kind,
        input=InputSpec(LONGER_SIDE, PATCH, min_size=98, max_size=2044, resample="area", letterbox=is_fixed),
        weights=(*row.weights, _hub.weights_alone(row.repository)),
        licence=row.licence,
        is_commercial_use_allowed=row.licence == FREE,
        parameters=row.millions * 1_000_000,
        summary=row.summary,
        paper=PAPER,
        extra="torch",
        network=f"depth_anything_3/{row.network}",
        not_converted="its code binds an export to the size it was made at",
        reference_focal_px=CANONICAL_FOCAL_PX if is_metric else None,
        reading=row.reading,
        outputs=row.outputs,
        source="ByteDance-Seed/Depth-Anything-3 README.md, docs/onnx.md; PyPI depth-anything-3 0.1.1; "
        "the hub's pages",
        details=package | ({"made_by": EXPORT} if is_metric else {}),
    )


PLUGIN = tuple(_card(row) for row in ROWS)
