"""Depth Pro: sharp metric depth that finds the focal length by itself."""

from __future__ import annotations

from nearfar.cards import DepthKind, InputSpec, ModelCard
from nearfar.models import _hub

HALF = (0.5, 0.5, 0.5)
SIZE = 1536

PLUGIN = (
    ModelCard(
        name="depth-pro",
        title="Depth Pro",
        family="depth_pro",
        kind=DepthKind.METRIC,
        input=InputSpec(SIZE, 32, HALF, HALF, "exact", SIZE, SIZE, resample="linear"),
        weights=_hub.checkpoint("apple/DepthPro-hf"),
        licence="Apple-AMLR (research only)",
        is_commercial_use_allowed=False,
        parameters=952_000_000,
        summary="Depth in metres with sharp edges; finds the focal length where the photo tells none; slow.",
        paper="https://arxiv.org/abs/2410.02073",
        max_depth_m=10_000.0,
        extra="transformers",
        network="transformers/depth_pro",
        reading="focal",
        source="apple/ml-depth-pro depth_pro.py and cli/run.py; apple/DepthPro-hf preprocessor_config.json",
        not_converted="it is too large for one ONNX file",
    ),
)
