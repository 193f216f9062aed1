"""Architectures that the model hub publishes: what their ``config.json`` say, for networks without weights.

Numbers are those of the library's conversion scripts (transformers: convert_dpt_beit_to_hf,
convert_dpt_swinv2_to_hf, convert_zoedepth_to_hf, convert_depth_anything_to_hf and their like) and of its own
defaults. A test holds the number of parameters that follows to the cards.
"""

from __future__ import annotations

from typing import Any

_STAGES_LARGE = ["stage6", "stage12", "stage18", "stage24"]
VIT_LARGE: dict[str, Any] = {
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
    "neck_hidden_sizes": [256, 512, 1024, 1024],
    "backbone_out_indices": [5, 11, 17, 23],
    "image_size": 384,
}
HYBRID: dict[str, Any] = {
    "is_hybrid": True,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "image_size": 384,
    "backbone_featmap_shape": [1, 1024, 24, 24],
    "backbone_out_indices": [2, 5, 8, 11],
    "neck_ignore_stages": [0, 1],
    "neck_hidden_sizes": [256, 512, 768, 768],
    "reassemble_factors": [1, 1, 1, 0.5],
}


def _dinov2(hidden: int, layers: int, heads: int, taps: tuple[int, ...]) -> dict[str, Any]:
    return {
        "model_type": "dinov2",
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "image_size": 518,
        "patch_size": 14,
        "out_features": [f"stage{tap}" for tap in taps],
        "apply_layernorm": True,
        "reshape_hidden_states": False,
    }


_ENCODERS = {"small": (384, 12, 6), "base": (768, 12, 12), "large": (1024, 24, 16)}
_FIRST_TAPS = {"small": (9, 10, 11, 12), "base": (9, 10, 11, 12), "large": (21, 22, 23, 24)}
_TAPS = {"small": (3, 6, 9, 12), "base": (3, 6, 9, 12), "large": (5, 12, 18, 24)}
_NECKS = {"small": [48, 96, 192, 384], "base": [96, 192, 384, 768], "large": [256, 512, 1024, 1024]}
_FUSION = {"small": 64, "base": 128, "large": 256}


def _depth_anything(size: str, taps: tuple[int, ...], **more: Any) -> dict[str, Any]:
    return {
        "backbone_config": _dinov2(*_ENCODERS[size], taps),
        "reassemble_hidden_size": _ENCODERS[size][0],
        "patch_size": 14,
        "neck_hidden_sizes": _NECKS[size],
        "fusion_hidden_size": _FUSION[size],
        **more,
    }


def _beit(size: str, image_size: int, **more: Any) -> dict[str, Any]:
    is_large = size == "large"
    sizes = (1024, 24, 16, 4096) if is_large else (768, 12, 12, 3072)
    names = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size")
    encoder = {
        "model_type": "beit",
        "image_size": image_size,
        "use_relative_position_bias": True,
        "reshape_hidden_states": False,
        "out_features": _STAGES_LARGE if is_large else ["stage3", "stage6", "stage9", "stage12"],
        **dict(zip(names, sizes, strict=True)),
    }
    return {"backbone_config": encoder, "neck_hidden_sizes": _NECKS[size], **more}


def _swin2(width: int, depth: int, window: int, image_size: int) -> dict[str, Any]:
    first_heads = width // 32
    return {
        "backbone_config": {
            "model_type": "swinv2",
            "image_size": image_size,
            "embed_dim": width,
            "depths": [2, 2, depth, 2],
            "num_heads": [first_heads * 2**stage for stage in range(4)],
            "window_size": window,
            "out_features": ["stage1", "stage2", "stage3", "stage4"],
        },
        "neck_hidden_sizes": [width * 2**stage for stage in range(4)],
        "reassemble_factors": [1, 1, 1, 1],
    }


def _zoedepth(*domains: tuple[str, float]) -> dict[str, Any]:
    bins = [{"name": name, "n_bins": 64, "min_depth": 1e-3, "max_depth": far} for name, far in domains]
    is_one = len(domains) == 1
    more = {} if is_one else {"num_patch_transformer_layers": 4, "patch_transformer_hidden_size": 128}
    if not is_one:
        more |= {"patch_transformer_intermediate_size": 1024, "patch_transformer_num_attention_heads": 4}
    return _beit("large", 384, bin_configurations=bins, **more)


def _tipsv2(hidden: int, layers: int, heads: int) -> dict[str, Any]:
    last = layers // 4
    neck = _NECKS["base" if hidden < 1024 else "large"]
    encoder = {
        "model_type": "tipsv2_vision_model",
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "intermediate_size": 4 * hidden,
        "out_indices": [last, 2 * last, 3 * last, 4 * last],
        "apply_layernorm": True,
        "reshape_hidden_states": False,
    }
    return {"backbone_config": encoder, "neck_hidden_sizes": neck}


def _depth_pro() -> dict[str, Any]:
    encoder = {
        "model_type": "dinov2",
        "hidden_size": 1024,
        "num_hidden_layers": 24,
        "num_attention_heads": 16,
        "image_size": 384,
        "patch_size": 16,
        "use_mask_token": False,
    }
    parts = ("image_model_config", "patch_model_config", "fov_model_config")
    return {"use_fov_model": True, **dict.fromkeys(parts, encoder)}


Row = tuple[str, dict[str, Any]]
_GLPN: Row = (
    "GLPNConfig",
    {"hidden_sizes": [64, 128, 320, 512], "depths": [3, 8, 27, 3], "num_attention_heads": [1, 2, 5, 8]},
)
HUB: dict[str, Row] = {
    "dpt-large": ("DPTConfig", VIT_LARGE),
    "dpt-hybrid": ("DPTConfig", HYBRID),
    "dpt-beit-large-512": ("DPTConfig", _beit("large", 512)),
    "dpt-beit-large-384": ("DPTConfig", _beit("large", 384)),
    "dpt-beit-base-384": ("DPTConfig", _beit("base", 384)),
    "dpt-swin2-large-384": ("DPTConfig", _swin2(192, 18, 24, 384)),
    "dpt-swin2-base-384": ("DPTConfig", _swin2(128, 18, 24, 384)),
    "dpt-swin2-tiny-256": ("DPTConfig", _swin2(96, 6, 16, 256)),
    "zoedepth-n": ("ZoeDepthConfig", _zoedepth(("nyu", 10.0))),
    "zoedepth-k": ("ZoeDepthConfig", _zoedepth(("kitti", 80.0))),
    "zoedepth-nk": ("ZoeDepthConfig", _zoedepth(("nyu", 10.0), ("kitti", 80.0))),
    "depth-pro": ("DepthProConfig", _depth_pro()),
    "glpn-nyu": _GLPN,
    "glpn-kitti": _GLPN,
    "tipsv2-base": ("Tipsv2DptConfig", _tipsv2(768, 12, 12)),
    "tipsv2-large": ("Tipsv2DptConfig", _tipsv2(1024, 24, 16)),
    "distill-any-depth-small": ("DepthAnythingConfig", _depth_anything("small", _TAPS["small"])),
    "distill-any-depth-large": ("DepthAnythingConfig", _depth_anything("large", _TAPS["large"])),
}
"""Configuration class of the transformers library and its numbers, by the card's name."""
for _size in _ENCODERS:
    HUB[f"depth-anything-v1-{_size}"] = ("DepthAnythingConfig", _depth_anything(_size, _FIRST_TAPS[_size]))
    HUB[f"depth-anything-v2-{_size}"] = ("DepthAnythingConfig", _depth_anything(_size, _TAPS[_size]))
    for _place, _far in (("indoor", 20), ("outdoor", 80)):
        HUB[f"depth-anything-v2-metric-{_place}-{_size}"] = (
            "DepthAnythingConfig",
            _depth_anything(_size, _TAPS[_size], depth_estimation_type="metric", max_depth=_far),
        )
for _size in ("small", "large"):
    HUB[f"prompt-depth-anything-{_size}"] = (
        "PromptDepthAnythingConfig",
        _depth_anything(_size, _TAPS[_size], depth_estimation_type="metric", max_depth=1),
    )
