"""What networks share whose code their authors publish as a package of their own."""

from __future__ import annotations

import contextlib
import io
import warnings
from typing import TYPE_CHECKING

from nearfar.errors import MissingExtraError
from nearfar.nets._checkpoint import load_into

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import Tensor, nn


@contextlib.contextmanager
def package(name: str, install: str) -> Iterator[None]:
    """Import and build within: such packages print and warn of their own parts.

    Raises:
        MissingExtraError: the package, or something that it needs, is not installed.
    """
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    except ImportError as exc:
        raise MissingExtraError(
            f"This network needs its authors' package {name}: {exc}.", f"Install it: {install}"
        ) from exc


def fill(network: nn.Module, state: Mapping[str, Tensor], name: str) -> None:
    """Give a network its weights. Parts that share a weight need it once; keys of no part are not read.

    Raises:
        WeightsError: a weight is missing, or has another shape.
    """
    found = dict(state)
    for names in _shared(network):
        held = next((key for key in names if key in found), None)
        found |= {key: found[held] for key in names if held is not None}
    expected = network.state_dict().keys()
    load_into(network, {key: value for key, value in found.items() if key in expected}, name)


def _shared(network: nn.Module) -> list[list[str]]:
    """Names of each parameter that has several."""
    names: dict[int, list[str]] = {}
    for key, parameter in network.named_parameters(remove_duplicate=False):
        names.setdefault(id(parameter), []).append(key)
    return [group for group in names.values() if len(group) > 1]
