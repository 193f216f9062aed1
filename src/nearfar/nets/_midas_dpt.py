"""DPT checkpoints as the MiDaS releases hold them, written as the model hub keeps them.

The release names modules as its own code does (``pretrained.model`` is the encoder, ``scratch`` the decoder);
the hub names them as the transformers library. Tensors are the same, save that the release keeps query, key
and value of an attention in one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nearfar.errors import MissingExtraError, WeightsError
from nearfar.nets._checkpoint import read_state
from nearfar.nets._published import HYBRID, VIT_LARGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from torch import Tensor

_UNUSED = ("pretrained.model.head.", "pretrained.model.head_dist.", "auxlayer.")
"""Classifiers, which depth does not use."""
_NAMES = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"pretrained\.model\.cls_token", "dpt.embeddings.cls_token"),
        (r"pretrained\.model\.pos_embed", "dpt.embeddings.position_embeddings"),
        (r"pretrained\.model\.norm\.", "dpt.layernorm."),
        (r"pretrained\.model\.blocks\.(\d+)\.norm1\.", r"dpt.encoder.layer.\1.layernorm_before."),
        (r"pretrained\.model\.blocks\.(\d+)\.norm2\.", r"dpt.encoder.layer.\1.layernorm_after."),
        (r"pretrained\.model\.blocks\.(\d+)\.attn\.proj\.", r"dpt.encoder.layer.\1.attention.output.dense."),
        (
            r"pretrained\.model\.blocks\.(\d+)\.attn\.(query|key|value)\.",
            r"dpt.encoder.layer.\1.attention.attention.\2.",
        ),
        (r"pretrained\.model\.blocks\.(\d+)\.mlp\.fc1\.", r"dpt.encoder.layer.\1.intermediate.dense."),
        (r"pretrained\.model\.blocks\.(\d+)\.mlp\.fc2\.", r"dpt.encoder.layer.\1.output.dense."),
        (
            r"pretrained\.model\.patch_embed\.backbone\.stem\.conv\.",
            "dpt.embeddings.backbone.bit.embedder.convolution.",
        ),
        (
            r"pretrained\.model\.patch_embed\.backbone\.stem\.norm\.",
            "dpt.embeddings.backbone.bit.embedder.norm.",
        ),
        (
            r"pretrained\.model\.patch_embed\.backbone\.stages\.(\d+)\.blocks\.",
            r"dpt.embeddings.backbone.bit.encoder.stages.\1.layers.",
        ),
        (r"scratch\.output_conv\.", "head.head."),
    )
)
_DECODER = re.compile(r"(pretrained\.act_postprocess|scratch\.layer|scratch\.refinenet)(\d)(.*)")
_PARTS = {
    ".0.project.0.": "neck.reassemble_stage.readout_projects.{}.0.",
    ".3.": "neck.reassemble_stage.layers.{}.projection.",
    ".4.": "neck.reassemble_stage.layers.{}.resize.",
    "_rn.": "neck.convs.{}.",
    ".out_conv.": "neck.fusion_stage.layers.{}.projection.",
    ".resConfUnit1.conv1.": "neck.fusion_stage.layers.{}.residual_layer1.convolution1.",
    ".resConfUnit1.conv2.": "neck.fusion_stage.layers.{}.residual_layer1.convolution2.",
    ".resConfUnit2.conv1.": "neck.fusion_stage.layers.{}.residual_layer2.convolution1.",
    ".resConfUnit2.conv2.": "neck.fusion_stage.layers.{}.residual_layer2.convolution2.",
}
_LEVELS = 4
CONFIGS: dict[str, dict[str, Any]] = {"dpt-large": VIT_LARGE, "dpt-hybrid": HYBRID}
"""Numbers of ``DPTConfig`` by the card's name: the networks that MiDaS 3.0 released."""


def hub_state(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors under the names of the hub.

    Raises:
        WeightsError: there is a key that no DPT has.
    """
    is_hybrid = any("patch_embed.backbone" in key for key in state)
    return {
        _renamed(name, is_hybrid=is_hybrid): value
        for key, tensor in state.items()
        if not key.startswith(_UNUSED)
        for name, value in _split(key, tensor)
    }


def _split(key: str, tensor: Tensor) -> Iterator[tuple[str, Tensor]]:
    """Query, key and value one by one; all other tensors as they are."""
    if ".attn.qkv." not in key:
        yield key, tensor
        return
    for name, part in zip(("query", "key", "value"), tensor.chunk(3), strict=True):
        yield key.replace(".qkv.", f".{name}."), part.clone()


def _renamed(key: str, *, is_hybrid: bool) -> str:
    found = _DECODER.fullmatch(key)
    if found:
        level, rest = int(found[2]), found[3]
        # The decoder joins the coarsest level first: its first fusion is the release's last.
        place = _LEVELS - level if "refinenet" in found[1] else level - 1
        for old, new in _PARTS.items():
            if rest.startswith(old):
                return new.format(place) + rest.removeprefix(old)
    projection = "dpt.embeddings." + ("projection." if is_hybrid else "patch_embeddings.projection.")
    for pattern, name in (*_NAMES, (re.compile(r"pretrained\.model\.patch_embed\.proj\."), projection)):
        renamed, count = pattern.subn(name, key, count=1)
        if count:
            return renamed
    raise WeightsError(f"The file is no DPT of a MiDaS release: it holds {key}.", "Is it of another model?")


def write_hub_folder(name: str, source: Path, folder: Path) -> Path:
    """A folder as the model hub keeps it, from a file of a release.

    Args:
        name: of the card, one of :data:`CONFIGS`.
        source: the .pt file.
        folder: where to; it is made.

    Raises:
        MissingExtraError: transformers is not installed.
        WeightsError: the file is damaged, holds code, or is not of such a network.
    """
    try:
        from safetensors.torch import save_file
        from transformers import DPTConfig
    except ImportError as exc:
        raise MissingExtraError(
            "This network needs the library transformers, which is not installed.",
            "Install it: pip install 'nearfar[transformers]'",
        ) from exc
    tensors = hub_state(read_state(source))
    folder.mkdir(parents=True, exist_ok=True)
    save_file({key: value.contiguous() for key, value in tensors.items()}, folder / "model.safetensors")
    config = DPTConfig(architectures=["DPTForDepthEstimation"], **CONFIGS[name])
    config.save_pretrained(folder)
    return folder
