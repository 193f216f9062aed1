"""What is held of the house in figures: its arrows, its files, its functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from house_reading import SOURCE, TESTS, arrows, circles, functions, modules, repeated

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

LONGEST_FILE = 600
LONGEST_FUNCTION = 50
MOST_PARAMETERS = 5


def lines_of(files: Iterable[Path]) -> int:
    """Lines of some files together."""
    return sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files)


def test_no_module_imports_in_a_circle() -> None:
    """Of no kind: imports within functions and those for types alone count too."""
    assert circles(arrows()) == []


def test_circles_are_found() -> None:
    """Of two, of three, and none in a plain row."""
    row = {"a": {"b"}, "b": {"c"}, "c": set()}
    assert circles(row) == []
    assert circles(row | {"b": {"a", "c"}}) == [["a", "b"]]
    assert circles(row | {"c": {"a"}}) == [["a", "b", "c"]]


def test_no_file_is_too_long() -> None:
    """A file aims at 200 lines and stops at 600."""
    lengths = {name: len(file.read_text(encoding="utf-8").splitlines()) for name, file in modules().items()}
    assert {name: count for name, count in lengths.items() if count > LONGEST_FILE} == {}


def test_no_function_is_too_long() -> None:
    """Not one over 50 lines."""
    assert [one for one in functions("nearfar") if one.lines > LONGEST_FUNCTION] == []


def test_few_functions_take_many_parameters() -> None:
    """Under 1 % take more than five: an options dataclass is missing there."""
    found = list(functions("nearfar"))
    many = [one for one in found if one.parameters > MOST_PARAMETERS]
    assert len(many) < 0.01 * len(found), many


def test_the_service_has_few_files_at_its_top() -> None:
    """At most twelve; the others lie in wings."""
    assert len(list((SOURCE / "nearfar" / "service").glob("*.py"))) <= 12


def test_the_package_has_few_files_at_its_top() -> None:
    """At most sixteen: what belongs together has a wing."""
    assert len(list((SOURCE / "nearfar").glob("*.py"))) <= 16


def test_no_ten_lines_stand_twice() -> None:
    """Ten equal lines in a row, in two files of the product, are one function that wants to exist."""
    assert [pair for pair in repeated(10) if "nearfar_lab" not in pair] == []


def test_tests_are_many() -> None:
    """At least 0.65 lines of tests for each line of what a user runs; the workshop's tests do not count."""
    tests = (file for file in TESTS.rglob("*.py") if "lab" not in file.parts)
    assert lines_of(tests) >= 0.65 * lines_of((SOURCE / "nearfar").rglob("*.py"))
