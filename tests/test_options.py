"""Options stated once: described, read from text, checked."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from nearfar.errors import ParameterError
from nearfar.options import check, describe, option, parse


@dataclass(frozen=True, slots=True)
class Fog:
    """Options for these tests."""

    density: float = option(0.5, "How thick.", low=0, high=10)
    steps: int = option(3, "How many.", low=1)
    colour: str = option("grey", "Which.", choices=("grey", "white"))
    is_moving: bool = option(False, "Whether.")
    limit: float | None = option(None, "How far.", high=5)
    pair: tuple[float, float] = option((0, 1), "Ends.", parse=lambda text: tuple(map(float, text.split(","))))


def test_description() -> None:
    """Every face sees names, types, defaults, ranges and choices."""
    rows = {row.name: row for row in describe(Fog)}
    assert [row.type for row in rows.values()] == ["float", "int", "str", "bool", "float", "str"]
    assert (rows["density"].default, rows["density"].low, rows["density"].high) == (0.5, 0, 10)
    assert rows["colour"].choices == ("grey", "white")
    assert rows["steps"].help == "How many."


def test_texts_become_values() -> None:
    """The texts of a command line or a query become typed values."""
    given = {
        "density": "2.5",
        "steps": "4",
        "colour": "white",
        "is-moving": "Yes",
        "limit": "1",
        "pair": "2,3",
    }
    assert parse(Fog, given) == Fog(2.5, 4, "white", True, 1.0, (2.0, 3.0))


def test_values_pass_through() -> None:
    """Values that are typed already are only checked."""
    assert parse(Fog, {"density": 1, "is_moving": True}) == Fog(density=1, is_moving=True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("density", "11"),
        ("density", "-0.1"),
        ("density", "thick"),
        ("density", "nan"),
        ("density", float("inf")),
        ("density", True),
        ("steps", "0"),
        ("steps", "2.5"),
        ("steps", 2.5),
        ("steps", "9" * 5000),
        ("colour", "blue"),
        ("is_moving", "perhaps"),
        ("limit", "6"),
    ],
)
def test_value_out_of_range(name: str, value: object) -> None:
    """Each wrong value is refused, and the error names its option."""
    with pytest.raises(ParameterError) as caught:
        parse(Fog, {name: value})
    assert caught.value.parameter == name


def test_large_whole_number_is_a_number() -> None:
    """A whole number beyond floats is compared, not converted."""
    assert parse(Fog, {"steps": 10**400}).steps == 10**400


def test_unknown_option_offers_the_nearest() -> None:
    """A slip of the pen is answered with the right name."""
    with pytest.raises(ParameterError, match="Did you mean 'density'"):
        parse(Fog, {"densty": "1"})


def test_check_of_an_object_made_by_hand() -> None:
    """An options object is checked where it is used."""
    check(Fog())
    with pytest.raises(ParameterError, match=r"density is 20, but 0 to 10 was expected"):
        check(Fog(density=20))
