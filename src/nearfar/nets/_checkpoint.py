"""Published checkpoints to state dicts that fit, without ever running code that a file carries."""

from __future__ import annotations

import pickle
import re
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch

from nearfar.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import Tensor, nn

_WRAPPERS = ("depth_model", "model", "state_dict")  # of LeReS, BTS, and many others
_ZIP, _PICKLE = b"PK\x03\x04", b"\x80"
_GLOBAL = re.compile(r"GLOBAL ([\w.]+)")  # what torch says it met
_AGAIN = "Get it once more and compare its size."
_PREFIX = "module."  # left by training on several GPUs


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a file (.pt, .pth, .bin, .safetensors), unwrapped, without ``module.``.

    Raises:
        WeightsError: it is damaged, holds more than tensors, or no tensors.
    """
    found = read_file(path)
    for wrapper in _WRAPPERS:
        if isinstance(found, Mapping) and isinstance(found.get(wrapper), Mapping):
            found = found[wrapper]
    if not isinstance(found, Mapping) or not found:
        raise WeightsError(
            f"{path.name} holds no state dict.", "Give the checkpoint that the authors publish."
        )
    if not all(isinstance(value, torch.Tensor) for value in found.values()):
        raise WeightsError(f"{path.name} holds other things than tensors.", "Give a plain state dict.")
    return {str(key).removeprefix(_PREFIX): value for key, value in found.items()}


def read_file(path: Path) -> object:
    """All that a file holds, without running what it may carry; errors as in :func:`read_state`."""
    return _reader(path)(path)


def load_into(network: nn.Module, state: Mapping[str, Tensor], name: str) -> None:
    """Give a network its weights: every key and shape must agree, save those that it says it does not read.

    Raises:
        WeightsError: they do not; the message shows the first that differ.
    """
    expected = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    found = _rooted(state, expected)
    unread: tuple[str, ...] = getattr(network, "unread", ())
    found = {key: value for key, value in found.items() if not any(part in key for part in unread)}
    missing = [key for key in expected if key not in found]
    extra = [key for key in found if key not in expected]
    shapes = [key for key in expected if key in found and tuple(found[key].shape) != expected[key]]
    if missing or extra or shapes:
        parts = (("lacks", missing), ("has besides", extra), ("has another shape of", shapes))
        text = "; ".join(f"{word} {keys[0]} ({len(keys)} such)" for word, keys in parts if keys)
        raise WeightsError(f"The file is not a checkpoint of {name}: it {text}.", "Is it of another model?")
    floats = {key: value.float() if value.is_floating_point() else value for key, value in found.items()}
    network.load_state_dict(floats, strict=True, assign=True)


def _rooted(state: Mapping[str, Tensor], expected: Mapping[str, object]) -> dict[str, Tensor]:
    """The state under the root that the network's keys share: LeReS publishes below ``depth_model``."""
    roots = {key.partition(".")[0] for key in expected}
    root = f"{next(iter(roots))}." if len(roots) == 1 else ""
    return {
        key if key in expected or not root else root + key.removeprefix(root): v for key, v in state.items()
    }


def _reader(path: Path) -> Callable[[Path], object]:
    """What reads a file, by its first bytes: a name may be anything.

    Raises:
        WeightsError: it is empty, or no checkpoint by its first bytes.
    """
    with path.open("rb") as file:
        head = file.read(9)
    if not head:
        raise WeightsError(f"{path.name} is empty.", _AGAIN)
    if path.suffix == ".safetensors" or head[8:] == b"{":
        return _read_safetensors
    if head.startswith((_ZIP, _PICKLE)):
        return _read_pickle
    raise WeightsError(
        f"{path.name} is no checkpoint of PyTorch.", "Give the file that the authors publish, as it came."
    )


def _read_pickle(path: Path) -> object:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pickles by other writers, told below in our own words
            found: object = torch.load(path, map_location="cpu", weights_only=True, mmap=_is_zip(path))
    except pickle.UnpicklingError as exc:
        named = _GLOBAL.search(str(exc))
        what = f" ({named[1]})" if named else ""
        raise WeightsError(
            f"{path.name} holds code besides weights{what}, or is no checkpoint.",
            "It was not run. Get the file from its authors, or as safetensors.",
        ) from exc
    except (RuntimeError, EOFError, ValueError, KeyError, OSError, AttributeError) as exc:
        raise WeightsError(f"{path.name} is damaged or cut off.", _AGAIN) from exc
    return found


def _read_safetensors(path: Path) -> object:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as exc:
        raise WeightsError(f"{path.name} is damaged or cut off: {_first_line(exc)}.", _AGAIN) from exc


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == _ZIP


def _first_line(exc: Exception) -> str:
    return str(exc).strip().partition("\n")[0][:200]
