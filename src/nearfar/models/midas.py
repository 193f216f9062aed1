"""MiDaS v2.1, small and large: the convolutional ones."""

from __future__ import annotations

from dataclasses import dataclass

from nearfar.cards import DepthKind, InputSpec, ModelCard, WeightFile

RELEASE = "https://github.com/isl-org/MiDaS/releases/download/v2_1/"


@dataclass(frozen=True, slots=True)
class MidasVariant:
    """What tells the variants apart.

    ``sha256`` is the prefix in the checkpoint's upstream name. That of small stood in an older name of the
    file, so that a difference is told and not refused.
    """

    variant: str
    title: str
    size: int
    parameters: int
    onnx: str
    checkpoint: str
    sha256: str
    figures: dict[str, float]


ROWS = (
    MidasVariant(
        "small",
        "MiDaS v2.1 small (EfficientNet-Lite3)",
        256,
        21_320_545,
        "model-small.onnx",
        "midas_v21_small_256.pt",
        "70d6b9c8",
        {"DIW": 0.1344, "ETH3D": 0.1344, "Sintel": 0.3370, "TUM": 14.53, "KITTI": 29.27, "NYU": 13.43},
    ),
    MidasVariant(
        "large",
        "MiDaS v2.1 large (ResNeXt-101 32x8d)",
        384,
        105_362_945,
        "model-f6b98070.onnx",
        "midas_v21_384.pt",
        "f6b98070",
        {"DIW": 0.1295, "ETH3D": 0.1155, "Sintel": 0.3285, "TUM": 12.51, "KITTI": 16.08, "NYU": 8.71},
    ),
)


def _card(row: MidasVariant) -> ModelCard:
    return ModelCard(
        name=f"midas-{row.variant}",
        title=row.title,
        family="midas",
        kind=DepthKind.RELATIVE_INVERSE,
        input=InputSpec(row.size, resample="cubic"),
        weights=(
            WeightFile(row.onnx, RELEASE + row.onnx),
            WeightFile(
                row.checkpoint,
                RELEASE + row.checkpoint,
                row.sha256,
                engine="torch",
                is_hash_certain=row.variant != "small",
            ),
        ),
        licence="MIT",
        is_commercial_use_allowed=True,
        parameters=row.parameters,
        summary="The network most people mean by MiDaS; sturdy on any photo.",
        paper="https://arxiv.org/abs/1907.01341",
        extra="torch",
        network=f"midas/{row.variant}",
        source="isl-org/MiDaS README.md, midas/model_loader.py, tf/make_onnx_model.py, tf/run_onnx.py",
        details={"figures": {"MiDaS zero-shot protocol": row.figures}},
    )


PLUGIN = tuple(_card(row) for row in ROWS)
