"""Networks written here compute what the published ones compute."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from conformance import Vector, conformance_weight, relative_difference

torch = pytest.importorskip("torch")

from nearfar.nets import build, stand_in  # noqa: E402 - after the check for torch
from nearfar.nets.bts import REFERENCE_FOCAL_PX  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

TOLERANCE = 1e-4
MIDAS = [("midas_v21_small_256", "midas/small"), ("midas_v21_384", "midas/large")]
LERES = [("leres_res50", "leres/resnet50"), ("leres_resnext101", "leres/resnext101")]
BTS = [(f"bts_{name}", f"bts/{name}") for name in ("nyu_densenet161", "kitti_densenet161", "nyu_resnet50")]
ALL = [*MIDAS, *LERES, *BTS]
KITTI_FOCAL_PX = 721.5377
slow = pytest.mark.slow


def loaded(shared: Path, name: str, network: str) -> tuple[Vector, torch.nn.Module]:
    """A vector and the network with its weights, loaded strictly."""
    vector = Vector(shared / "conformance" / "networks", name)
    with torch.device("meta"):  # no time is spent on random weights
        net = build(network)
    net.load_state_dict(vector.weights(), strict=True, assign=True)
    return vector, net.eval()


@pytest.mark.parametrize(("name", "network"), ALL)
def test_keys_shapes_and_count_are_the_published_ones(shared: Path, name: str, network: str) -> None:
    """A published checkpoint would load strictly."""
    vector = Vector(shared / "conformance" / "networks", name)
    with torch.device("meta"):
        net = build(network)
    assert {k: tuple(v.shape) for k, v in net.state_dict().items()} == vector.shapes
    assert sum(p.numel() for p in net.parameters()) == vector.about["parameters"]


@slow
@torch.inference_mode()
@pytest.mark.parametrize(("name", "network"), MIDAS)
def test_midas_agrees(shared: Path, name: str, network: str) -> None:
    """Inverse depth is the published one."""
    vector, net = loaded(shared, name, network)
    found = net(torch.from_numpy(vector.input())).numpy()
    assert relative_difference(found, vector.output("inverse_depth")) < TOLERANCE


@slow
@torch.inference_mode()
@pytest.mark.parametrize(("name", "network"), LERES)
def test_leres_agrees(shared: Path, name: str, network: str) -> None:
    """Both the raw answer and the shifted depth are the published ones."""
    vector, net = loaded(shared, name, network)
    seen = []
    net.depth_model.register_forward_hook(lambda _module, _given, answer: seen.append(answer))
    depth = net(torch.from_numpy(vector.input())).numpy()
    assert relative_difference(seen[0].numpy(), vector.output("logit")) < TOLERANCE
    assert relative_difference(depth[:, None], vector.output("depth")) < TOLERANCE


@slow
@torch.inference_mode()
@pytest.mark.parametrize(("name", "network"), BTS)
def test_bts_agrees(shared: Path, name: str, network: str) -> None:
    """Depth and the maps on the way to it are the published ones, KITTI's for its focal length."""
    vector, net = loaded(shared, name, network)
    maps = net.maps(torch.from_numpy(vector.input()))
    focal = KITTI_FOCAL_PX / REFERENCE_FOCAL_PX if "kitti" in name else 1.0
    assert relative_difference(maps.depth.numpy() * np.float32(focal), vector.output("depth")) < TOLERANCE
    for key in ("depth_8x8_scaled", "depth_2x2_scaled", "reduc1x1"):
        assert relative_difference(getattr(maps, key).numpy(), vector.output(key)) < TOLERANCE


def test_stand_in_weights_are_those_of_the_vectors() -> None:
    """Networks are measured with the weights that their outputs are known for."""
    empty = build("midas/small")
    for key, value in stand_in.drawn(empty).items():
        assert np.array_equal(value.numpy(), conformance_weight(key, tuple(value.shape))), key
