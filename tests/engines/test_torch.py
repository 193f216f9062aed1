"""The torch engine: what of it can be tried without a GPU."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from nearfar.engines import EngineOptions  # noqa: E402
from nearfar.engines._recordings import Recordings  # noqa: E402
from nearfar.engines.torch import TorchSession, narrow_type, session  # noqa: E402
from nearfar.errors import EngineError, NonFiniteOutputError  # noqa: E402
from nearfar.pipeline import Estimator  # noqa: E402
from nearfar.types import Photo  # noqa: E402
from nearfar.zoo.catalogue import card  # noqa: E402 - after the check

RNG = np.random.default_rng(3)


class Notes:
    """Records runs by noting their shapes; refuses shapes that are as wide as ``refused``."""

    def __init__(self, refused: int = 0) -> None:
        self.refused = refused
        self.made: list[tuple[int, ...]] = []

    def __call__(self, run: Any, example: np.ndarray) -> Any:
        """A recording, or RuntimeError as CUDA would raise."""
        self.made.append(example.shape)
        if example.shape[-1] == self.refused:
            raise RuntimeError("operation not permitted when stream is capturing")
        return lambda batch: run(batch) + 100


def test_one_recording_a_shape_and_the_least_used_goes() -> None:
    """A shape is recorded once; beyond the limit the one that was used longest ago is forgotten."""
    notes = Notes()
    runs = Recordings(lambda batch: batch * 2, notes, limit=2)
    for width in (1, 2, 1, 3, 1, 2):
        assert np.array_equal(runs(np.ones((1, width))), np.full((1, width), 102))
    assert notes.made == [(1, 1), (1, 2), (1, 3), (1, 2)]


def test_shape_that_cannot_be_recorded_runs_as_it_is() -> None:
    """The failure is not tried again, and other shapes are recorded all the same."""
    notes = Notes(refused=5)
    runs = Recordings(lambda batch: batch * 2, notes)
    assert runs(np.ones((1, 5))).max() == runs(np.ones((1, 5))).max() == 2
    assert runs(np.ones((1, 4))).max() == 102
    assert notes.made == [(1, 5), (1, 4)]


@pytest.mark.parametrize(
    ("precision", "device", "has_bfloat16", "expected"),
    [
        ("float32", "cuda", True, ""),
        ("bfloat16", "cuda", True, "bfloat16"),
        ("bfloat16", "cuda", False, "float16"),
        ("bfloat16", "cpu", False, "bfloat16"),
    ],
)
def test_older_gpus_compute_in_float16(
    precision: str, device: str, has_bfloat16: bool, expected: str
) -> None:
    """They have no bfloat16."""
    cuda = SimpleNamespace(is_bf16_supported=lambda **_: has_bfloat16)
    assert narrow_type(EngineOptions(precision=precision, device=device), cuda) == expected


class Mean(torch.nn.Module):
    """A convolution and a mean over channels; infinite where a picture is bright."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, H, W)."""
        return self.conv(x).mean(1) + torch.where(x.mean(1) > 100, torch.inf, 0.0)


def test_bfloat16_is_close_and_batches_equal_single_runs() -> None:
    """On the processor: narrow numbers differ little, answers are float32, and pictures do not mix."""
    torch.manual_seed(0)
    network = Mean().eval()
    batch = RNG.standard_normal((3, 3, 16, 24)).astype(np.float32)
    exact, narrow = (TorchSession(network, "mean", "cpu", kind) for kind in ("", "bfloat16"))
    whole = exact.run(batch)
    assert np.allclose(whole, np.concatenate([exact.run(one[None]) for one in batch]), atol=1e-6)
    rough = narrow.run(batch)
    assert rough.dtype == np.float32
    assert 0 < np.abs(rough - whole).max() < 0.05


def test_answer_that_is_not_finite_is_an_error() -> None:
    """NaN and infinity never become a map, whatever engine gave them."""
    session = TorchSession(Mean().eval(), "mean", "cpu")
    assert np.isinf(session.run(np.full((1, 3, 8, 8), 200, np.float32))).any()
    model = Estimator(card("embedded"), SimpleNamespace(fixed_size=None, run=_nan), "torch")
    with pytest.raises(NonFiniteOutputError, match="NaN or infinity"):
        model.estimate(Photo(np.zeros((32, 32, 3), np.uint8)))


def _nan(batch: np.ndarray) -> np.ndarray:
    return np.full(batch.shape[:1] + batch.shape[2:], np.nan, np.float32)


def test_network_that_fails_is_told() -> None:
    """A shape that it cannot take is an error of ours."""
    with pytest.raises(EngineError, match="'mean' failed"):
        TorchSession(Mean().eval(), "mean", "cpu").run(np.zeros((1, 4, 8, 8), np.float32))


def test_weights_are_rounded_once_and_answers_stay_the_same() -> None:
    """What autocast rounds in every run is rounded when the session is made: bit for bit the same answer."""
    torch.manual_seed(1)
    network = Mean().eval()
    batch = RNG.standard_normal((2, 3, 16, 24)).astype(np.float32)
    in_every_run = TorchSession(network, "mean", "cpu", "bfloat16").run(batch)
    once = session(network, "mean", EngineOptions(precision="bfloat16"))
    assert network.conv.weight.dtype == torch.bfloat16
    assert np.array_equal(once.run(batch), in_every_run)
