"""The protocols and sets there are, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nearfar.registry import Rows

if TYPE_CHECKING:
    from nearfar.evaluation.rules import Protocol
    from nearfar.evaluation.samples import EvalSet

_PROTOCOLS = Rows("protocol", "nearfar.evaluation.protocols", "PROTOCOLS")
_SETS = Rows("evaluation set", "nearfar.evaluation.sets", "SETS")


def protocols() -> dict[str, Protocol]:
    """Every protocol by name."""
    return _PROTOCOLS.by_name()


def protocol(name: str) -> Protocol:
    """The protocol of that name; UnknownNameError where there is none."""
    found: Protocol = _PROTOCOLS.load(name)
    return found


def eval_sets() -> dict[str, EvalSet]:
    """Every set that can be read, by name."""
    return _SETS.by_name()


def eval_set(name: str) -> EvalSet:
    """The set of that name; UnknownNameError where there is none."""
    found: EvalSet = _SETS.load(name)
    return found
