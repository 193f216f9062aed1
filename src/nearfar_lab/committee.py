"""Several finished networks that look at a picture together, some of them twice, at different sizes.

Each sees something that another does not: a larger encoder knows more things, a smaller size sees the whole
of a room, a larger one thin things. What they say is brought to one scale and averaged.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from nearfar.errors import ParameterError
from nearfar_lab.lite import LiteNet, LiteOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

MULTIPLE = 32
ALL = 8
EIGHTHS = (4, 5, 6, 7, ALL)
TINY = 1e-6


@dataclass(frozen=True)
class CommitteeOptions:
    """The networks, and who looks at what.

    looks: rows of a member's number and the size at which it gets the picture, in eighths (8 is all of it).
    The first look gives the scale of the answer.
    """

    members: tuple[LiteOptions, ...] = (LiteOptions(),)
    looks: tuple[tuple[int, int], ...] = ((0, ALL),)

    def __post_init__(self) -> None:
        if {member for member, _ in self.looks} != set(range(len(self.members))):
            raise ParameterError(
                f"{len(self.members)} networks and the looks {self.looks}: each network looks once at least.",
                "Number the networks from 0.",
            )
        wrong = [eighths for _, eighths in self.looks if eighths not in EIGHTHS]
        if wrong:
            raise ParameterError(
                f"A look at {wrong[0]} eighths of the size.", "Give 4 to 8: smaller ones see little."
            )

    def as_dict(self) -> dict[str, object]:
        """A plain dictionary that JSON and a checkpoint can carry."""
        return asdict(self)

    @classmethod
    def from_fields(
        cls, members: Sequence[dict[str, Any]], looks: Sequence[Sequence[int]]
    ) -> CommitteeOptions:
        """The options that `as_dict` wrote."""
        options: list[dict[str, Any]] = [
            {k: tuple(v) if isinstance(v, list | tuple) else v for k, v in m.items()} for m in members
        ]
        return cls(tuple(LiteOptions(**row) for row in options), tuple((m, eighths) for m, eighths in looks))


class Committee(nn.Module):
    """(N, 3, H, W) normalised RGB (H, W multiples of 32) to (N, H, W), near is large."""

    def __init__(self, options: CommitteeOptions) -> None:
        super().__init__()
        self.options = options
        self.members = nn.ModuleList(LiteNet(member) for member in options.members)

    @property
    def description(self) -> str:
        """What it is made of, for a card."""
        looks = ", ".join(
            f"network {member + 1} at {eighths / ALL:.1%} of the size"
            for member, eighths in self.options.looks
        )
        nets = "; ".join(
            f"network {place}: {member.description}" for place, member in enumerate(self.members, 1)
        )
        return f"mean of {len(self.options.looks)} looks, each of mean deviation 1 ({looks}). {nets}"

    def forward(self, image: Tensor) -> Tensor:
        """The mean of all looks, on the scale of the first."""
        looks = [self._look(image, member, eighths) for member, eighths in self.options.looks]
        together, scales = torch.zeros_like(looks[0]), []
        for seen in looks:
            middle = seen.mean(dim=(1, 2), keepdim=True)
            spread = (seen - middle).abs().mean(dim=(1, 2), keepdim=True)
            together = together + (seen - middle) / (spread + TINY)
            scales.append((middle, spread))
        middle, spread = scales[0]
        return together / len(looks) * spread + middle

    def _look(self, image: Tensor, member: int, eighths: int) -> Tensor:
        """What a member says of the picture at a part of its size, (N, H, W) of the whole."""
        net = self.members[member]
        if eighths == ALL:
            return net(image)  # type: ignore[no-any-return]
        size = image.shape[2], image.shape[3]
        part = [(side // MULTIPLE * eighths + ALL // 2) // ALL * MULTIPLE for side in size]
        small = functional.interpolate(image, size=part, mode="bilinear", align_corners=False)
        return functional.interpolate(net(small)[:, None], size=size, mode="bilinear", align_corners=False)[
            :, 0
        ]
