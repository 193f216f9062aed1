"""Many training views at once: the right part of the frame, colour and depth together."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from nearfar_lab.augment import Strength  # noqa: E402
from nearfar_lab.datasets.frames import Frame  # noqa: E402
from nearfar_lab.pool import Pool, Traits  # noqa: E402
from nearfar_lab.views import blurred, compressed, crop_boxes, geometric, photometric  # noqa: E402

CPU = torch.device("cpu")
STILL = Strength(full_frame=1.0, aspect=1.0001, turn=0.0)


def _pool(*sizes: tuple[int, int], canvas: int = 64) -> Pool:
    """Frames whose red and whose inverse depth rise from left to right, 0 to 1."""
    pool = Pool(len(sizes), canvas, CPU)
    for height, width in sizes:
        across = np.broadcast_to((np.arange(width) + 0.5) / width, (height, width))
        rgb = np.repeat((across * 255).astype(np.uint8)[..., None], 3, axis=2)
        pool.add([Frame("ramp", rgb, across.astype(np.float32))], Traits())
    return pool


@pytest.mark.parametrize("size", [(32, 64), (64, 32), (32, 32)])
def test_views_have_the_size_asked_for(size: tuple[int, int]) -> None:
    """Whatever the frames' own sizes are."""
    rgb, inverse = geometric(
        np.random.default_rng(0), _pool((48, 64), (64, 40)), np.array([0, 1, 0]), size, Strength()
    )
    assert rgb.shape == (3, 3, *size)
    assert inverse.shape == (3, *size)


def test_a_whole_frame_keeps_its_depth() -> None:
    """Without crop or turn a view is the frame or its mirror image."""
    _, inverse = geometric(np.random.default_rng(1), _pool((48, 64)), np.zeros(8, np.int64), (48, 64), STILL)
    ramp = (torch.arange(64) + 0.5) / 64
    for row in inverse[:, 20]:
        assert torch.allclose(row, ramp, atol=0.02) or torch.allclose(row, ramp.flip(0), atol=0.02)
    assert len({bool(row[0] < row[-1]) for row in inverse[:, 20]}) == 2


def test_colour_and_depth_stay_together() -> None:
    """Cropped, turned and mirrored, what is as bright as its depth stays so; nothing of the canvas shows."""
    strength = Strength(turn=1.0, turn_deg=10.0)
    index = np.arange(40) % 2
    rgb, inverse = geometric(np.random.default_rng(2), _pool((48, 64), (64, 40)), index, (48, 48), strength)
    assert (rgb[:, 0] - inverse).abs().max() < 0.06
    assert inverse.min() > 0


def test_crop_boxes_lie_inside() -> None:
    """No part reaches over its frame's edge, and parts differ."""
    sizes = np.tile([[90, 160], [160, 90]], (50, 1))
    top, left, height, width = crop_boxes(np.random.default_rng(0), sizes, 1.4, Strength()).T
    assert (np.minimum(top, left) >= 0).all()
    assert (top + height <= sizes[:, 0] + 1e-6).all()
    assert (left + width <= sizes[:, 1] + 1e-6).all()
    assert len(np.unique(height.round(3))) > 40


def test_parts_can_be_drawn_near_the_middle() -> None:
    """As `augment` does, one frame at a time."""
    sizes = np.full((400, 2), 160)
    spread = []
    for central in (0.0, 1.0):
        strength = Strength(full_frame=0.0, central=central)
        top, _, height, _ = crop_boxes(np.random.default_rng(0), sizes, 3.0, strength).T
        assert (top >= 0).all()
        assert (top + height <= 160 + 1e-6).all()
        spread.append(np.std(top + height / 2 - 80))
    assert spread[1] < 0.7 * spread[0]


def test_colours_change_and_stay_in_range() -> None:
    """Every picture in its own way."""
    rgb = torch.rand(6, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    found = photometric(
        np.random.default_rng(0), torch.Generator().manual_seed(0), rgb, Strength(jpeg=0.5, blur=0.5)
    )
    assert found.min() >= 0
    assert found.max() <= 1
    assert ((found - rgb).abs().mean(dim=(1, 2, 3)) > 0.01).all()


def test_the_same_seed_gives_the_same_colours() -> None:
    """Noise included."""
    rgb = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    first, second = (
        photometric(np.random.default_rng(3), torch.Generator().manual_seed(3), rgb, Strength(noise=1.0))
        for _ in range(2)
    )
    assert torch.equal(first, second)


def test_a_blur_keeps_the_mean_and_takes_detail() -> None:
    """Wider for a larger sigma."""
    rgb = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    found = blurred(rgb, torch.tensor([[0.4], [1.2]]))
    assert torch.allclose(found.mean(dim=(1, 2, 3)), rgb.mean(dim=(1, 2, 3)), atol=0.01)
    assert found[1].std() < found[0].std() < rgb[0].std()


def test_compression_leaves_flat_blocks_and_loses_detail() -> None:
    """The mean of a block stays within half a step; a finer step loses less."""
    rgb = torch.rand(2, 3, 16, 24, generator=torch.Generator().manual_seed(0))
    steps = torch.tensor([0.01, 0.5]).view(2, 1, 1, 1, 1)
    error = (compressed(rgb, steps) - rgb).abs().mean(dim=(1, 2, 3))
    assert error[0] < 0.02 < error[1]
    flat = torch.full((1, 3, 8, 8), 0.5)
    assert torch.allclose(compressed(flat, steps[:1]), flat, atol=0.002)
