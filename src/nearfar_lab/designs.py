"""The networks there are, by the name of their design: what options they take and what they build."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nearfar.registry import named
from nearfar_lab.committee import Committee, CommitteeOptions
from nearfar_lab.lite import LiteNet, LiteOptions
from nearfar_lab.net import EmbeddedNet, NetOptions

if TYPE_CHECKING:
    from collections.abc import Callable

AnyOptions = NetOptions | LiteOptions | CommitteeOptions
AnyNet = EmbeddedNet | LiteNet | Committee


@dataclass(frozen=True)
class Design:
    """A kind of network: its options and its class. read: makes the options of what a checkpoint says."""

    name: str
    options: type[AnyOptions]
    net: Callable[[Any], AnyNet]
    read: Callable[..., AnyOptions]


DESIGNS = (
    Design("residual", NetOptions, EmbeddedNet, NetOptions),
    Design("lite", LiteOptions, LiteNet, LiteOptions),
    Design("committee", CommitteeOptions, Committee, CommitteeOptions.from_fields),
)


def _design_of(options: AnyOptions) -> Design:
    return next(design for design in DESIGNS if isinstance(options, design.options))


def build(options: AnyOptions) -> AnyNet:
    """A network of random weights."""
    return _design_of(options).net(options)


def described(options: AnyOptions) -> dict[str, object]:
    """Options as a plain dictionary that names its design, for a checkpoint."""
    return {"design": _design_of(options).name, **options.as_dict()}


def options_from(fields: dict[str, Any]) -> AnyOptions:
    """The options that `described` wrote; without a design they are those of the first.

    Raises:
        UnknownNameError: no such design.
    """
    name = fields.get("design", DESIGNS[0].name)
    design = named("design", {row.name: row for row in DESIGNS}, name)
    rest = {k: tuple(v) if isinstance(v, list | tuple) else v for k, v in fields.items() if k != "design"}
    return design.read(**rest)
