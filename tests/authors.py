"""Stand-ins for packages of networks' authors, with the parts of them that nearfar calls.

``make authors`` runs the same networks by the packages themselves (tests/nets/test_authors.py).
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

FILES = {
    "depth_anything_3/__init__.py": "",
    "depth_anything_3/registry.py": """
NAMES = "da3-small da3-base da3-large da3-giant da3mono-large da3metric-large".split()
MODEL_REGISTRY = {name: name for name in NAMES}
""",
    "depth_anything_3/cfg.py": """
import torch

print("told on standard output, as the package does")


def load_config(path):
    parts = {"name": path}
    return parts | ({"gs_head": 1, "gs_adapter": 1} if "giant" in path else {})


class Net(torch.nn.Module):
    def __init__(self, config):
        super().__init__()
        assert "gs_head" not in config
        self.has_sky = "mono" in config["name"] or "metric" in config["name"]
        self.stem = torch.nn.Conv2d(3, 2, 1)
        self.norm = torch.nn.LayerNorm(2)
        self.aux_norm = self.norm

    def backbone(self, x, cam_token=None, export_feat_layers=(), ref_view_strategy=""):
        assert x.ndim == 5 and x.shape[1] == 1
        return [self.stem(x[:, 0])], []

    def head(self, features, height, width, patch_start_idx=0):
        assert features[0].shape[2:] == (height, width)
        planes = self.norm(features[0].permute(0, 2, 3, 1)).abs() + 1
        answer = {"depth": planes[None, ..., 0].permute(1, 0, 2, 3)}
        if self.has_sky:
            answer["sky"] = 0.1 * planes[None, ..., 1].permute(1, 0, 2, 3)
        return answer


def create_object(config):
    return Net(config)
""",
    "moge/__init__.py": "",
    "moge/model/__init__.py": "",
    "moge/model/v2.py": """
import torch


class MoGeModel(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.stem = torch.nn.Conv2d(3, width, 1)

    def forward(self, image, num_tokens):
        assert num_tokens == 1800
        z = self.stem(image).abs().sum(dim=1) + 1
        rows = torch.linspace(-1, 1, z.shape[1])[None, :, None].expand_as(z)
        columns = torch.linspace(-1, 1, z.shape[2])[None, None].expand_as(z)
        points = torch.stack([columns * z, rows * z, z], dim=3)
        return {"points": points, "mask": torch.ones_like(z), "metric_scale": z.mean(dim=(1, 2))}
""",
}


@contextmanager
def stand_ins(folder: Path) -> Iterator[None]:
    """Within, the stand-ins are what is imported; before and after it is as it was."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    before = _taken_out()
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        _taken_out()
        sys.modules.update(before)


def _taken_out() -> dict[str, ModuleType]:
    """The modules of these packages, which no longer count as imported."""
    names = [key for key in sys.modules if key.partition(".")[0] in {"depth_anything_3", "moge"}]
    return {name: sys.modules.pop(name) for name in names}


def checkpoint(network: str, path: Path) -> Path:
    """A random checkpoint of a stand-in as the hub has such files: shared weights once, parts not read."""
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    family, _, variant = network.partition("/")
    if family == "moge":
        from moge.model.v2 import MoGeModel

        held: dict[str, Any] = {"model_config": {"width": 4}, "model": MoGeModel(4).state_dict()}
        torch.save(held, path)
        return path
    from depth_anything_3.cfg import Net

    state = {f"model.{key}": value.clone() for key, value in Net({"name": variant}).state_dict().items()}
    kept = {key: value for key, value in state.items() if "aux_norm" not in key}
    save_file(kept | {"model.gs_head.weight": torch.zeros(2)}, path)
    return path
