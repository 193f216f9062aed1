"""A Segment Anything network by its real classes, small and random."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def save_tiny(folder: Path) -> Path:
    """Write a network of 56 thousand random weights and its processor into a folder."""
    import torch
    from transformers import SamConfig, SamImageProcessor, SamModel, SamProcessor

    vision = {"hidden_size": 32, "output_channels": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    vision |= {
        "image_size": 64,
        "patch_size": 16,
        "mlp_dim": 64,
        "global_attn_indexes": [1],
        "window_size": 2,
    }
    prompt = {"hidden_size": 16, "image_size": 64, "patch_size": 16, "mask_input_channels": 4}
    decoder = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "mlp_dim": 32}
    decoder |= {"iou_head_hidden_dim": 16, "attention_downsample_rate": 2}
    torch.manual_seed(0)
    config = SamConfig(
        vision_config=vision | {"num_pos_feats": 8}, prompt_encoder_config=prompt, mask_decoder_config=decoder
    )
    processor = SamImageProcessor(
        size={"longest_edge": 64},
        pad_size={"height": 64, "width": 64},
        mask_size={"longest_edge": 16},
        mask_pad_size={"height": 16, "width": 16},
    )
    SamModel(config).save_pretrained(folder)
    SamProcessor(processor).save_pretrained(folder)
    return folder
