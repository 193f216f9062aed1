"""What comes nearer because the camera moves."""

from __future__ import annotations

import numpy as np
import pytest

from nearfar.cards import DepthKind
from nearfar.video.approach import approach, with_approach
from nearfar.video.flow import Flow

HEIGHT, WIDTH = 96, 128
Y, X = np.mgrid[:HEIGHT, :WIDTH]
DISTANCE = (2 + 3 * np.sin(X / 20) ** 2 + Y / 40).astype(np.float32)


def seen_back(ahead: float, yaw: float = 0.0) -> np.ndarray:
    """(h, w, 2): from each pixel back to where it was before a camera of focal length WIDTH moved."""
    x, y = (X - WIDTH / 2) / WIDTH, (Y - HEIGHT / 2) / WIDTH
    u = x * ahead / DISTANCE - yaw * (1 + x * x)
    v = y * ahead / DISTANCE - yaw * x * y
    return -WIDTH * np.stack([u, v], axis=2).astype(np.float32)


def flow_of(back: np.ndarray) -> Flow:
    """That flow, trusted everywhere."""
    sure = np.ones((HEIGHT, WIDTH), np.float32)
    return Flow(back, back, sure, sure, sure < 0)


@pytest.mark.parametrize("yaw", [0.0, 0.03])
def test_a_step_ahead_is_found(yaw) -> None:
    """Whether the camera turns or not: what it nears in a frame, times inverse depth."""
    found = approach(1 / DISTANCE, seen_back(0.05, yaw), np.ones_like(DISTANCE))
    assert found == pytest.approx(0.05, rel=0.02)


def test_what_moves_by_itself_is_left_out() -> None:
    """A fifth of the picture goes its own way."""
    back = seen_back(0.05)
    back[:, :25] += (6, 2)
    assert approach(1 / DISTANCE, back, np.ones_like(DISTANCE)) == pytest.approx(0.05, rel=0.05)


def test_too_little_trust_tells_nothing() -> None:
    """No approach then."""
    assert approach(1 / DISTANCE, seen_back(0.05), np.zeros_like(DISTANCE)) == 0


def test_metres_are_less_by_what_was_walked() -> None:
    """Every point is 5 cm nearer; running metres are logarithms."""
    nearer = np.exp(with_approach(np.log(DISTANCE), flow_of(seen_back(0.05)), DepthKind.METRIC))
    assert DISTANCE - nearer == pytest.approx(0.05 * np.ones_like(DISTANCE), abs=0.005)


def test_relative_depth_grows_most_where_it_is_near() -> None:
    """And not at all where its points go no known way (affine depth), or where nothing moves."""
    running, flow = 3 / DISTANCE - 0.2, flow_of(seen_back(0.05))
    grown = with_approach(running, flow, DepthKind.RELATIVE_INVERSE) - running
    assert np.corrcoef(grown.ravel(), (1 / DISTANCE**2).ravel())[0, 1] > 0.97
    assert (with_approach(running, flow, DepthKind.AFFINE_DEPTH) == running).all()
    still = Flow(flow.back, flow.forth, flow.trust, flow.trust, flow.trust > 0)
    assert (with_approach(running, still, DepthKind.RELATIVE_INVERSE) == running).all()
