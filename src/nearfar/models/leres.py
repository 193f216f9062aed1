"""LeReS: affine-invariant depth, far is large. Its checkpoints come from the user (``models import``)."""

from __future__ import annotations

from nearfar.cards import DepthKind, InputSpec, ModelCard, WeightFile

SIZE = 448
# Percent AbsRel and percent δ1 after alignment, as the table of Marigold (arXiv 2312.02145) reports LeReS.
FIGURES = {
    "NYU": {"AbsRel_percent": 9.0, "delta1_percent": 91.6},
    "KITTI": {"AbsRel_percent": 14.9, "delta1_percent": 78.4},
    "ETH3D": {"AbsRel_percent": 17.1, "delta1_percent": 77.7},
    "DIODE": {"AbsRel_percent": 27.1, "delta1_percent": 76.6},
}
ROWS: tuple[tuple[str, str, str, int, dict[str, object]], ...] = (
    ("resnet50", "LeReS ResNet-50", "res50.pth", 52_126_529, {}),
    ("resnext101", "LeReS ResNeXt-101", "res101.pth", 115_360_833, {"figures": FIGURES}),
)


def _card(variant: str, title: str, file: str, parameters: int, details: dict[str, object]) -> ModelCard:
    return ModelCard(
        name=f"leres-{variant}",
        title=title,
        family="leres",
        kind=DepthKind.AFFINE_DEPTH,
        input=InputSpec(SIZE, fit="exact"),
        weights=(WeightFile(file, "", engine="torch"),),
        licence="non-commercial (authors' terms)",
        is_commercial_use_allowed=False,
        parameters=parameters,
        summary="Depth up to scale and shift, made for recovering the shape of scenes.",
        paper="https://arxiv.org/abs/2012.09365",
        extra="torch",
        network=f"leres/{variant}",
        source="aim-uofa/AdelaiDepth LeReS; figures of Marigold, arXiv 2312.02145",
        details=details,
    )


PLUGIN = tuple(_card(*row) for row in ROWS)
