"""Networks that the transformers library has, from a folder as the model hub keeps it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from nearfar.errors import MissingExtraError, WeightsError
from nearfar.nets._checkpoint import read_state

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

NEAREST_M, FARTHEST_M = 1e-4, 1e4  # the clamp of the published Depth Pro
_NARROWEST = 1e-6  # radians of a field of view: none at all would make the focal length infinite
# Buffers that old checkpoints carry, and pooling layers that depth does not use.
_MAY_DIFFER = ("position_ids", "relative_position_index", "pooler.")


class Depth(nn.Module):
    """Any depth estimator whose ``predicted_depth`` is the answer.

    ``fixed_size``: the only (width, height) in pixels that the library runs it at, or None.
    """

    def __init__(self, inner: Any) -> None:
        super().__init__()
        self.inner = inner
        self.fixed_size = _fixed_size(inner.config)

    def for_export(self) -> None:
        """Attention as plain products, which exporters can follow at any size."""
        self.inner.set_attn_implementation("eager")

    def forward(self, x: Tensor) -> Tensor:
        """(N, H', W') depth (or inverse depth) from (N, 3, H, W); some networks answer at another size."""
        answer: Tensor = self.inner(pixel_values=x).predicted_depth
        return answer


class Dpt(Depth):
    """DPT with a plain transformer, at any size: the library's own way takes the features for a square."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, H, W) inverse depth from (N, 3, H, W); sides are multiples of the patch."""
        config = self.inner.config
        states = self.inner.dpt(x, output_hidden_states=True).hidden_states[1:]
        features = [states[place] for place in config.backbone_out_indices]
        rows, columns = x.shape[2] // config.patch_size, x.shape[3] // config.patch_size
        answer: Tensor = self.inner.head(self.inner.neck(features, rows, columns))
        return answer


class DepthAnything(Depth):
    """Depth Anything at any size: the library's own head binds an export to the size it was made at."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, H, W) depth or inverse depth from (N, 3, H, W); sides are multiples of the patch."""
        head, patch = self.inner.head, self.inner.config.patch_size
        rows, columns = x.shape[2] // patch, x.shape[3] // patch
        features = self.inner.backbone.forward_with_filtered_kwargs(x).feature_maps
        path = head.conv1(self.inner.neck(features, rows, columns)[head.head_in_index])
        path = functional.interpolate(path, (x.shape[2], x.shape[3]), mode="bilinear", align_corners=True)
        path = head.conv3(head.activation1(head.conv2(path)))
        answer: Tensor = head.activation2(path) * head.max_depth
        return answer[:, 0]


class ZoeDepth(Depth):
    """ZoeDepth, each picture by the head of its own domain.

    The library lets a batch vote for one head in Python, which no export can follow.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(N, H, W) depth in metres from (N, 3, H, W); sides are multiples of twice the patch."""
        inner, patch = self.inner, self.inner.patch_size
        states = inner.backbone.forward_with_filtered_kwargs(x).feature_maps
        blocks, bottleneck = inner.neck(states, x.shape[2] // patch, x.shape[3] // patch)
        relative, activation = inner.relative_head(blocks)
        head = inner.metric_head
        if len(inner.config.bin_configurations) == 1:
            answer: Tensor = head(activation, bottleneck, blocks, relative)[0]
            return answer[:, 0]
        base = head.conv2(bottleneck)
        votes = head.mlp_classifier(head.patch_transformer(base)[:, 0, :])
        depths = [_of_domain(head, row, base, activation, blocks) for row in inner.config.bin_configurations]
        place = votes.argmax(dim=1).reshape(-1, 1, 1, 1).expand_as(depths[0])
        return torch.cat(depths, dim=1).gather(1, place)[:, 0]


def _of_domain(
    head: Any, row: dict[str, Any], base: Tensor, activation: Tensor, blocks: list[Tensor]
) -> Tensor:
    """(N, 1, H, W) metres by the bins of one domain (arXiv 2302.12288, section 3)."""
    name, low, high = row["name"], row["min_depth"], row["max_depth"]
    _, centers = head.seed_bin_regressors[name](base)
    is_scaled = head.bin_centers_type in {"normed", "hybrid2"}
    bins = (centers - low) / (high - low) if is_scaled else centers
    embedding = head.seed_projector(base)
    for projector, attractor, block in zip(head.projectors, head.attractors[name], blocks, strict=False):
        before, embedding = embedding, projector(block)
        bins, centers = attractor(embedding, bins, before, interpolate=True)
    size = activation.shape[2:]
    centers, embedding = (
        functional.interpolate(part, size, mode="bilinear", align_corners=True)
        for part in (centers, embedding)
    )
    shares = head.conditional_log_binomial[name](activation, embedding)
    return torch.sum(shares * centers, dim=1, keepdim=True)


class PromptDepthAnything(Depth):
    """Prompt Depth Anything, whose answer spans what its prompt does."""

    takes_prompt = True

    def forward(self, x: Tensor, prompt: Tensor | None = None) -> Tensor:
        """(N, H, W) from (N, 3, H, W): metres with a prompt, (N, 1, h, w) metres; else relative depth."""
        answer: Tensor = self.inner(pixel_values=x, prompt_depth=prompt).predicted_depth
        return answer


class DepthPro(Depth):
    """Depth Pro answers with inverse depth for a canonical camera, and the field of view of the real one."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, 2, H, W) from (N, 3, H, W): metres by the published scaling, and the focal length they are for.

        The focal length is in widths of the picture, the same at every pixel.
        """
        answer = self.inner(pixel_values=x)
        inverse: Tensor = answer.predicted_depth
        if answer.field_of_view is None:
            focal = torch.ones_like(inverse[:, :1, :1])
        else:
            half = torch.deg2rad(answer.field_of_view.reshape(-1, 1, 1)).clamp_min(_NARROWEST) / 2
            focal = 0.5 / torch.tan(half)
        depth = 1 / torch.clamp(inverse / focal, NEAREST_M, FARTHEST_M)
        return torch.stack([depth, focal.expand_as(depth)], dim=1)


_WRAPPERS = {"depth": Depth, "depth_pro": DepthPro}
_FARTHEST_BIN_M = {"zoedepth_k": 80.0}
"""Rows whose published configuration says another depth than the network was trained for.

The hub's says 10 m for ZoeDepth K, whose bins are shares of the largest depth: all came out eight times too
near. Source: discussion 1 of Intel/zoedepth-kitti, issues 28 and 139 of isl-org/ZoeDepth.
"""
_BY_TYPE: dict[str, type[Depth]] = {
    "depth_anything": DepthAnything,
    "prompt_depth_anything": PromptDepthAnything,
    "zoedepth": ZoeDepth,
}


def _wrapper(variant: str, config: Any) -> type[Depth]:
    """What runs a network: its own way where the library's holds only for some sizes."""
    is_plain_dpt = config.model_type == "dpt" and config.backbone_config is None
    return Dpt if is_plain_dpt else _BY_TYPE.get(config.model_type, _WRAPPERS.get(variant, Depth))


def _fixed_size(config: Any) -> tuple[int, int] | None:
    """Hybrid DPT checks the size of its input, and windows of Swin2 are bound to theirs."""
    backbone = getattr(config, "backbone_config", None)
    if config.model_type != "dpt" or backbone is None:
        return None
    if config.is_hybrid:
        return config.image_size, config.image_size
    if backbone.model_type == "swinv2":
        return backbone.image_size, backbone.image_size
    return None


def load(variant: str, path: Path) -> nn.Module:
    """The network whose weights are at ``path``, with ``config.json`` beside them; nothing is downloaded.

    Raises:
        MissingExtraError: transformers is not installed.
        WeightsError: the files are damaged or do not fit one another.
    """
    try:
        from transformers import MODEL_FOR_DEPTH_ESTIMATION_MAPPING, AutoConfig
        from transformers.utils import logging as progress
    except ImportError as exc:
        raise MissingExtraError(
            "This network needs the library transformers, which is not installed.",
            "Install it: pip install 'nearfar[transformers]'",
        ) from exc
    for name in ("transformers", "transformers.modeling_utils"):
        logging.getLogger(name).setLevel(logging.ERROR)  # what it would say is checked below
    progress.disable_progress_bar()  # type: ignore[no-untyped-call]  # the library has no types here
    is_old = path.suffix == ".bin"  # read here: the library would run what such a file may carry
    try:
        config = AutoConfig.from_pretrained(path.parent, local_files_only=True)
        _mend(config, variant)
        kind: Any = MODEL_FOR_DEPTH_ESTIMATION_MAPPING[type(config)]
        inner, report = kind.from_pretrained(
            None if is_old else path.parent,
            config=config,
            state_dict=read_state(path) if is_old else None,
            local_files_only=True,
            use_safetensors=not is_old,
            dtype=torch.float32,
            output_loading_info=True,
        )
    except WeightsError:
        raise
    except Exception as exc:  # the library raises whatever its parts raise
        raise WeightsError(
            f"The checkpoint in {path.parent} could not be loaded: {_first_line(exc)}",
            f"Are config.json and {path.name} of the same model, and whole?",
        ) from exc
    _check_complete(report, path)
    return wrapped(inner, variant)


def _mend(config: Any, variant: str) -> None:
    """Set what a published configuration says wrongly."""
    for row in getattr(config, "bin_configurations", ()) if variant in _FARTHEST_BIN_M else ():
        row["max_depth"] = _FARTHEST_BIN_M[variant]


def wrapped(inner: Any, variant: str = "depth") -> nn.Module:
    """A network of the library as one from pictures to maps, in evaluation mode."""
    return _wrapper(variant, inner.config)(inner).eval()


def _check_complete(report: dict[str, Any], path: Path) -> None:
    """The library fills what a file lacks with random numbers: refuse that."""
    for kind in ("missing_keys", "mismatched_keys"):
        keys = [str(key) for key in report.get(kind) or () if not any(m in str(key) for m in _MAY_DIFFER)]
        if keys:
            raise WeightsError(
                f"{path.name} does not fit its config.json: {kind.replace('_', ' ')}, first {min(keys)}.",
                "Get both files from the same place.",
            )


def _first_line(exc: Exception) -> str:
    return str(exc).strip().partition("\n")[0][:300]
