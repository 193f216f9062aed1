"""MoGe-2: points in metres, a mask, and the camera that sees them; by the authors' ONNX files or package."""

from __future__ import annotations

from nearfar.cards import DepthKind, InputSpec, ModelCard, WeightFile
from nearfar.models import _hub

TOKENS = 1800  # as the authors' page on ONNX; more are finer and slower
SIZE, PATCH = 728, 14
NOTHING, ONE = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
ROWS = (
    ("small", "S", 35, "24eacb5dc7a2c54c7bc98f7de085ffbed79ad006ea5b664c2c2cdc02ff3a52f0", 140_852_051),
    ("base", "B", 104, "bbf14e07a30f11e69d36ab861590123f5598ababcbc8946a063eb4a966f35a21", 419_411_850),
    ("large", "L", 331, "afbc4ccc3450298f3afb35b90f015f4c4f552dea21dc6470d5f7b78b77e2d751", 1_324_265_014),
)
COMMITS = {"base": "2d247a122ada42ce700fe59273cd62e076da1f32"}
"""Of the repositories of ONNX files, where a public source names one."""
INSTALL = "pip install 'nearfar[torch]' scipy && pip install --no-deps dlr-moge dlr-utils3d"
REMARK = (
    "MIT is the licence of microsoft/MoGe; two of the three repositories of ONNX files state none themselves."
)


def _card(size: str, letter: str, millions: int, sha256: str, count: int) -> ModelCard:
    repository = f"Ruicheng/moge-2-vit{letter.lower()}-normal"
    at = f"@{COMMITS[size]}" if size in COMMITS else ""
    onnx = WeightFile("model.onnx", f"hub:{repository}-onnx{at}/model.onnx", sha256, count)
    return ModelCard(
        name=f"moge-2-{size}",
        title=f"MoGe-2 ViT-{letter}",
        family="moge",
        kind=DepthKind.METRIC,
        input=InputSpec(SIZE, PATCH, NOTHING, ONE, "area", 98, 2044),
        weights=(onnx, _hub.weights_alone(repository, "model.pt")),
        licence="MIT",
        is_commercial_use_allowed=True,
        parameters=millions * 1_000_000,
        summary="Depth in metres and the focal length, indoors and outdoors; tells what has no depth.",
        paper="https://arxiv.org/abs/2507.02546",
        extra="torch",
        network="moge/2",
        not_converted="its authors publish it as ONNX",
        reading="points",
        outputs=("points", "mask", "metric_scale"),
        given={"num_tokens": TOKENS},
        source="microsoft/MoGe README.md, docs/onnx.md, moge/model/v2.py; PyPI dlr-moge 2.0.0; hashes: "
        "spirula's catalogue, LichtFeld-Studio",
        details={"licence_remark": REMARK, "torch_package": {"name": "dlr-moge", "install": INSTALL}},
    )


PLUGIN = tuple(_card(*row) for row in ROWS)
