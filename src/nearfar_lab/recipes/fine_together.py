"""The finer network of the package: a larger network and the small one, each at two sizes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from nearfar_lab.committee import CommitteeOptions
from nearfar_lab.recipes.embedded_lite_labelled import RECIPE as SMALL
from nearfar_lab.recipes.fine import RECIPE as LARGE

if TYPE_CHECKING:
    from nearfar_lab.lite import LiteOptions

_LOOKS = ((0, 8), (0, 5), (1, 6), (1, 4))
"""At the own size of 512: 512 and 320, 384 and 256; chosen on the validation photos and rooms."""
_MEMBERS = (cast("LiteOptions", LARGE.net), cast("LiteOptions", SMALL.net))

RECIPE = replace(
    LARGE,
    name="fine_together",
    summary="The larger network inside the package and the small one together: surest and sharpest, slower.",
    net=CommitteeOptions(_MEMBERS, _LOOKS),
    committee_of=(LARGE.name, SMALL.name),
    shares={},
    order_shares=LARGE.order_shares,  # int8 is calibrated on such photos
    stages=(),
    pretrained=False,
    input_size=512,
    int8_pictures=11,
)
