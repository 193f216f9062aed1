"""What is made from the code is made from today's: API reference, table of settings, Conda file."""

from __future__ import annotations

import re

import pytest

from scripts import script


@pytest.fixture(scope="module")
def pages():
    """The tool that writes the pages."""
    return script("tools/api_reference.py")


def test_the_reference_is_current(pages) -> None:
    """Run python tools/api_reference.py where this fails."""
    assert pages.API.read_text(encoding="utf-8") == pages.reference(pages.document())


def test_the_table_of_settings_is_current(pages) -> None:
    """Run python tools/api_reference.py where this fails."""
    text = pages.OPERATE.read_text(encoding="utf-8")
    assert text == pages.with_settings(text)
    assert text.count("| `NEARFAR_") == len(pages.describe(pages.Settings))


def test_the_conda_file_is_that_of_the_lock() -> None:
    """Run python tools/conda.py where this fails; every line is a pin of requirements/base.txt."""
    conda = script("tools/conda.py")
    text = conda.TARGET.read_text(encoding="utf-8")
    assert text == conda.environment(conda.LOCK.read_text(encoding="utf-8"))
    pins = dict(re.findall(r"^      - ([\w.-]+)==([\w.]+)$", text, re.MULTILINE))
    locked = dict(re.findall(r"^([\w.-]+)==([\w.]+)", conda.LOCK.read_text(encoding="utf-8"), re.MULTILINE))
    assert pins.keys() == locked.keys()
    assert pins["onnxruntime"] == locked["onnxruntime"]


def test_the_page_of_models_is_current() -> None:
    """Run python tools/models_page.py where this fails; each family says what was proved of it."""
    made = script("tools/models_page.py")
    assert made.PAGE.read_text(encoding="utf-8") == made.page()
    assert set(made.PROVED) >= {card.family for card in made.cards().values()}
