"""Cards, and the size a network sees."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from nearfar.cards import DepthKind, InputSpec
from nearfar.errors import ParameterError

if TYPE_CHECKING:
    from pathlib import Path

RULES = {
    "midas_v21_small_256": InputSpec(256, fit="upper_bound"),
    "midas_v21_384": InputSpec(384, fit="upper_bound"),
    "dpt_large_384": InputSpec(384, fit="minimal"),
}


@pytest.mark.parametrize("name", RULES)
def test_sizes_are_the_published_ones(shared: Path, name: str) -> None:
    """Each rule picks the size that the published preprocessing picks; a side of 0 becomes 32."""
    rows = json.loads((shared / "conformance" / "input_sizes.json").read_text())["rows"]
    for row in rows:
        expected = tuple(max(32, side) for side in row[name])
        assert RULES[name].network_size(*row["image"]) == expected, row["image"]


def test_lower_bound_makes_no_side_shorter() -> None:
    """With this rule the shorter side is the size."""
    assert InputSpec(384, fit="lower_bound").network_size(640, 480) == (512, 384)
    assert InputSpec(384, fit="lower_bound").network_size(333, 777) == (384, 896)


def test_exact_makes_a_square() -> None:
    """This rule gives up the aspect."""
    assert InputSpec(384, fit="exact").network_size(1920, 1080) == (384, 384)


@pytest.mark.parametrize(
    ("photo", "expected"),
    [((640, 480), (256, 192)), ((480, 640), (192, 256)), ((500, 500), (224, 224)), ((1242, 375), (416, 128))],
)
def test_area_gives_every_aspect_as_many_pixels(photo: tuple[int, int], expected: tuple[int, int]) -> None:
    """A wide photo keeps its detail instead of shrinking to a strip; the work stays nearly the same."""
    assert InputSpec(256, fit="area").network_size(*photo) == expected


@pytest.mark.parametrize("fit", ["upper_bound", "lower_bound", "minimal", "exact", "area"])
@pytest.mark.parametrize("size", [(1, 1), (20000, 10), (10, 20000), (38400, 384), (100000000, 1)])
def test_extreme_photos_make_no_extreme_input(fit: str, size: tuple[int, int]) -> None:
    """No side is zero and none is over the largest, whatever the photo's shape."""
    for side in InputSpec(384, fit=fit, max_size=2000).network_size(*size):
        assert 32 <= side <= 2000
        assert side % 32 == 0


@pytest.mark.parametrize(("size", "expected"), [(256, 256), (250, 256), (300, 288), (1000, 992), (40, 32)])
def test_another_size_is_rounded_to_the_multiple(size: int, expected: int) -> None:
    """Any size in the range is brought to what the network takes."""
    assert InputSpec(256, max_size=1000).with_size(size).size == expected


@pytest.mark.parametrize("size", [31, 1001, 0, -5, float("nan")])
def test_another_size_out_of_range(size: float) -> None:
    """A size that the network cannot take is refused with the range."""
    with pytest.raises(ParameterError, match="takes 32 to 1000 pixels") as caught:
        InputSpec(256, max_size=1000).with_size(size)
    assert caught.value.parameter == "size"


@pytest.mark.parametrize("wrong", [{"fit": "cover"}, {"multiple": 0}, {"size": 5000}, {"std": (1, 0, 1)}])
def test_input_spec_checks_itself(wrong: dict[str, object]) -> None:
    """A card with nonsense in it is refused when it is made."""
    with pytest.raises(ParameterError):
        InputSpec(**({"size": 256} | wrong))


def test_kinds_say_what_numbers_mean() -> None:
    """Only metric depth has a unit, and only inverse depth is large where near."""
    assert [kind.unit for kind in DepthKind] == ["1", "1", "m"]
    assert [kind.is_near_large for kind in DepthKind] == [True, False, False]
