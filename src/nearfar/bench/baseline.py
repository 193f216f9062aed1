"""MiDaS small the way its users run it, to compare with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from nearfar.errors import MissingExtraError
from nearfar.machine.cpus import usable_cpus
from nearfar.weights import open_store
from nearfar.zoo import catalogue

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from nearfar.settings import Settings

MODEL = "midas-small"
_MEAN, _STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


class Baseline:
    """Read, floats, cubic to 256 pixels, torch eager, bicubic to the photo's size, colour map, PNG."""

    def __init__(self, settings: Settings) -> None:
        """With the checkpoint that is installed, else with drawn weights.

        Raises:
            MissingExtraError: PyTorch is not installed.
        """
        try:
            import torch
        except ImportError as exc:
            raise MissingExtraError(
                "The baseline needs PyTorch.", "Install it: pip install 'nearfar[torch]'"
            ) from exc
        self._torch = torch
        self._card = catalogue.card(MODEL)
        self._network = _network(settings)
        self.is_stand_in = not open_store(settings).is_installed(self._card, "torch")
        torch.set_num_threads(usable_cpus())

    def read(self, file: Path) -> Any:
        """(H, W, 3), blue first."""
        return cv2.imread(str(file))

    def prepare(self, bgr: Any) -> Any:
        """(1, 3, H, W)."""
        size = self._card.input.network_size(bgr.shape[1], bgr.shape[0])
        small = cv2.resize(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB) / 255.0, size, interpolation=cv2.INTER_CUBIC)
        return self._torch.from_numpy(((small - _MEAN) / _STD).transpose(2, 0, 1)[None].astype(np.float32))

    def forward(self, batch: Any) -> Any:
        """(1, H, W)."""
        with self._torch.no_grad():
            return self._network(batch)

    def depth(self, file: Path) -> npt.NDArray[np.float32]:
        """(H, W) values, as large as the photo."""
        bgr = self.read(file)
        small = self.forward(self.prepare(bgr))[:, None]
        size = bgr.shape[:2]
        large = self._torch.nn.functional.interpolate(small, size=size, mode="bicubic", align_corners=False)
        values: npt.NDArray[np.float32] = large[0, 0].numpy()
        return values

    def whole(self, file: Path, target: Path) -> None:
        """From file to file."""
        values = self.depth(file)
        grey = (unit(values) * 255).astype(np.uint8)
        cv2.imwrite(str(target), cv2.applyColorMap(grey, cv2.COLORMAP_INFERNO))


def difference(values: npt.NDArray[np.float32], expected: npt.NDArray[np.float32]) -> float:
    """The mean difference of two maps in steps of 1/255 of the second one's range."""
    spread = max(float(expected.max()) - float(expected.min()), 1e-6)
    return float(np.abs(values - expected).mean()) / spread * 255


def unit(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Values in 0…1."""
    low, high = float(values.min()), float(values.max())
    return np.asarray((values - low) / max(high - low, 1e-6), np.float32)


def _network(settings: Settings) -> Any:
    from nearfar.nets import build, stand_in
    from nearfar.nets._checkpoint import load_into, read_state

    card, store = catalogue.card(MODEL), open_store(settings)
    network = build(card.network)
    state = read_state(store.find(card, "torch").path) if store.is_installed(card, "torch") else None
    load_into(network, state or stand_in.drawn(network), card.network)
    return network.eval()
