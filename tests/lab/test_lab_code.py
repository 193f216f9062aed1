"""The shape of the lab's code: short functions of few parameters, nothing twice, one meaning a name."""

from __future__ import annotations

import ast

import pytest

from house_reading import functions, modules, repeated, tree_of

LAB = "nearfar_lab"


def test_functions_are_short() -> None:
    """At most one in a hundred has more than fifty lines."""
    found = list(functions(LAB))
    long = [one for one in found if one.lines > 50]
    assert len(long) <= 0.01 * len(found), long


def test_functions_take_few_parameters() -> None:
    """Fewer than five in a hundred take more than five."""
    found = list(functions(LAB))
    many = [one for one in found if one.parameters > 5]
    assert len(many) < 0.05 * len(found), many


def test_no_ten_lines_stand_twice() -> None:
    """Neither in two files of the lab nor in one of it and one of nearfar."""
    assert [pair for pair in repeated(10) if LAB in pair] == []


@pytest.mark.parametrize("name", ["Row", "Job", "Picture"])
def test_a_word_of_many_meanings_names_no_class(name: str) -> None:
    """A row, a job, a picture of what? Classes say it."""
    found = [
        module
        for module, file in modules().items()
        if module.startswith(LAB)
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.ClassDef) and node.name == name
    ]
    assert found == []
