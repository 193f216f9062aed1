"""Networks of the transformers library, small and with random weights, in folders as the hub keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

transformers = pytest.importorskip("transformers")

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DINO: dict[str, Any] = {
    "model_type": "dinov2",
    "hidden_size": 16,
    "num_hidden_layers": 4,
    "num_attention_heads": 2,
    "mlp_ratio": 2,
    "image_size": 56,
    "patch_size": 14,
    "out_features": ["stage1", "stage2", "stage3", "stage4"],
    "reshape_hidden_states": False,
}
BEIT: dict[str, Any] = {
    "model_type": "beit",
    "hidden_size": 16,
    "num_hidden_layers": 4,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "image_size": 64,
    "patch_size": 16,
    "use_relative_position_bias": True,
    "out_features": ["stage1", "stage2", "stage3", "stage4"],
    "reshape_hidden_states": False,
}
NECK = {"neck_hidden_sizes": [8, 8, 16, 16], "fusion_hidden_size": 16, "reassemble_factors": [4, 2, 1, 0.5]}


def dpt_plain() -> Any:
    """As DPT-Large: a plain transformer."""
    return transformers.DPTConfig(
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=32,
        image_size=64,
        backbone_out_indices=[0, 1, 2, 3],
        **NECK,
    )


def dpt_hybrid() -> Any:
    """As DPT-Hybrid: a convolutional stem under a transformer."""
    return transformers.DPTConfig(
        is_hybrid=True,
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=32,
        image_size=64,
        backbone_featmap_shape=[1, 32, 4, 4],
        backbone_out_indices=[0, 1, 2, 3],
        neck_ignore_stages=[0, 1],
        neck_hidden_sizes=[8, 16, 16, 16],
        fusion_hidden_size=16,
        reassemble_factors=[1, 1, 1, 0.5],
        backbone_config={
            "model_type": "bit",
            "embedding_size": 8,
            "hidden_sizes": [8, 16, 32],
            "depths": [1, 1, 1],
            "layer_type": "bottleneck",
            "global_padding": "same",
            "embedding_dynamic_padding": True,
            "num_groups": 2,
            "out_features": ["stage1", "stage2", "stage3"],
        },
    )


def dpt_beit() -> Any:
    """As DPT BEiT."""
    return transformers.DPTConfig(backbone_config=transformers.BeitConfig(**BEIT), **NECK)


def dpt_swin2() -> Any:
    """As DPT Swin2."""
    backbone = transformers.Swinv2Config(
        image_size=256,
        embed_dim=8,
        depths=[1, 1, 1, 1],
        num_heads=[1, 2, 2, 4],
        window_size=8,
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )
    sizes = {"neck_hidden_sizes": [8, 16, 32, 64], "fusion_hidden_size": 16}
    return transformers.DPTConfig(backbone_config=backbone, reassemble_factors=[1, 1, 1, 1], **sizes)


def depth_anything(**changes: Any) -> Any:
    """As Depth Anything."""
    return transformers.DepthAnythingConfig(
        backbone_config=transformers.Dinov2Config(**DINO),
        patch_size=14,
        reassemble_hidden_size=16,
        neck_hidden_sizes=[8, 8, 16, 16],
        fusion_hidden_size=16,
        head_hidden_size=8,
        **changes,
    )


def depth_anything_metric() -> Any:
    """As Depth Anything V2 Metric."""
    return depth_anything(depth_estimation_type="metric", max_depth=20)


def zoedepth() -> Any:
    """As ZoeDepth N."""
    return transformers.ZoeDepthConfig(
        backbone_config=transformers.BeitConfig(**BEIT),
        bottleneck_features=16,
        bin_embedding_dim=16,
        num_attractors=[4, 2, 1, 1],
        bin_configurations=[{"name": "nyu", "n_bins": 8, "min_depth": 0.001, "max_depth": 10.0}],
        num_relative_features=8,
        **NECK,
    )


def zoedepth_nk() -> Any:
    """As ZoeDepth NK: two heads, and a network that chooses between them."""
    rows = [("nyu", 0.001, 10.0), ("kitti", 0.001, 80.0)]
    return transformers.ZoeDepthConfig(
        backbone_config=transformers.BeitConfig(**BEIT),
        bottleneck_features=16,
        bin_embedding_dim=16,
        num_attractors=[4, 2, 1, 1],
        bin_configurations=[
            {"name": name, "n_bins": 8, "min_depth": low, "max_depth": high} for name, low, high in rows
        ],
        num_relative_features=8,
        num_patch_transformer_layers=4,
        patch_transformer_hidden_size=128,
        patch_transformer_intermediate_size=32,
        patch_transformer_num_attention_heads=2,
        **NECK,
    )


def depth_pro() -> Any:
    """As Depth Pro, with its field-of-view network."""
    small = DINO | {"image_size": 16, "patch_size": 4}
    del small["out_features"], small["reshape_hidden_states"]
    encoder = transformers.Dinov2Config(**small)
    return transformers.DepthProConfig(
        fusion_hidden_size=16,
        patch_size=16,
        intermediate_hook_ids=[2, 1],
        intermediate_feature_dims=[16, 16],
        scaled_images_ratios=[0.5, 1.0],
        scaled_images_overlap_ratios=[0.0, 0.5],
        scaled_images_feature_dims=[16, 16],
        use_fov_model=True,
        image_model_config=encoder,
        patch_model_config=encoder,
        fov_model_config=encoder,
    )


def glpn() -> Any:
    """As GLPN."""
    return transformers.GLPNConfig(
        hidden_sizes=[8, 8, 16, 16],
        num_attention_heads=[1, 1, 2, 2],
        depths=[1, 1, 1, 1],
        decoder_hidden_size=8,
        max_depth=10,
    )


def prompt_depth_anything() -> Any:
    """As Prompt Depth Anything, which runs without a prompt too."""
    return transformers.PromptDepthAnythingConfig(
        backbone_config=transformers.Dinov2Config(**DINO),
        patch_size=14,
        reassemble_hidden_size=16,
        neck_hidden_sizes=[8, 8, 16, 16],
        fusion_hidden_size=16,
        head_hidden_size=8,
    )


def tipsv2() -> Any:
    """As TIPSv2 with its DPT head; the library has it since 5.13."""
    if not hasattr(transformers, "Tipsv2DptConfig"):
        pytest.skip("this transformers has no TIPSv2")
    backbone = transformers.Tipsv2VisionConfig(
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=32,
        image_size=112,
        patch_size=14,
        out_indices=[1, 2, 3, 4],
        apply_layernorm=True,
        reshape_hidden_states=False,
    )
    return transformers.Tipsv2DptConfig(
        backbone_config=backbone, neck_hidden_sizes=[8, 8, 16, 16], fusion_hidden_size=16, num_depth_bins=8
    )


# What the names of rows begin with, the longest first: their architecture, small.
FAMILIES: dict[str, Callable[[], Any]] = {
    "depth-anything-v2-metric": depth_anything_metric,
    "depth-anything": depth_anything,
    "dpt-beit": dpt_beit,
    "dpt-swin2": dpt_swin2,
    "dpt-hybrid": dpt_hybrid,
    "dpt-large": dpt_plain,
    "zoedepth-nk": zoedepth_nk,
    "zoedepth": zoedepth,
    "depth-pro": depth_pro,
    "distill-any-depth": depth_anything,
    "glpn": glpn,
    "prompt-depth-anything": prompt_depth_anything,
    "tipsv2": tipsv2,
}


def small_network(name: str) -> Any:
    """The configuration of a row, small."""
    return next(make for start, make in FAMILIES.items() if name.startswith(start))()


def checkpoint(folder: Path, config: Any) -> Path:
    """A folder as the hub keeps it, with random weights: large enough that maps are not flat."""
    import torch

    torch.manual_seed(0)
    network = transformers.AutoModelForDepthEstimation.from_config(config)
    with torch.no_grad():
        for weight in network.parameters():
            if weight.ndim > 1:
                weight.normal_(0, max(0.1, np.prod(weight.shape[1:]) ** -0.5))
    network.save_pretrained(folder)
    return folder
