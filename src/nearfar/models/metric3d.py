"""Metric3D v2 small: metres for a camera whose focal length is known."""

from __future__ import annotations

from nearfar.cards import DepthKind, InputSpec, ModelCard, WeightFile

REPOSITORY = "hub:onnx-community/metric3d-vit-small@ee63b95d92d2f629b3e019e88f57eea7c1e97d4b"
HEIGHT, WIDTH, PATCH = 616, 1064, 14
BYTES_UP_TO_255 = (1 / 255, 1 / 255, 1 / 255)  # mean and deviation are inside the file
CANONICAL_FOCAL_PX = 1000.0
REMARK = (
    "The hub's page of the ONNX files says CC0-1.0, the authors' code BSD-2-Clause; no word of theirs on the "
    "weights alone was found."
)

PLUGIN = (
    ModelCard(
        name="metric3d-v2-small",
        title="Metric3D v2 ViT-S",
        family="metric3d",
        kind=DepthKind.METRIC,
        input=InputSpec(
            HEIGHT,
            PATCH,
            (0.0, 0.0, 0.0),
            BYTES_UP_TO_255,
            min_size=112,
            resample="linear",
            letterbox=True,
            width=WIDTH,
        ),
        weights=(
            WeightFile("model.onnx", f"{REPOSITORY}/onnx/model.onnx", "674a665052f01bb2", 150_739_433),
            WeightFile(
                "model_fp16.onnx",
                f"{REPOSITORY}/onnx/model_fp16.onnx",
                "4afcc0893dbb3c0c63e270f8bb24bfa63ccf2dc68ab9c0c3601fdae4f0aafd9b",
                75_778_144,
                engine="onnxruntime-fp16",
            ),
        ),
        licence="CC0-1.0 (hub), BSD-2-Clause (code)",
        is_commercial_use_allowed=True,
        parameters=37_500_000,
        summary="Depth in metres, indoors and outdoors, where the photo tells its focal length.",
        paper="https://arxiv.org/abs/2404.15506",
        max_depth_m=200.0,
        reference_focal_px=CANONICAL_FOCAL_PX,
        outputs=("predicted_depth",),
        source="YvanYin/Metric3D README.md and onnx/; the hub's pages of onnx-community/metric3d-vit-small",
        details={"licence_remark": REMARK},
    ),
)
