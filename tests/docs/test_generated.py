"""What is made from the code is made from today's: API reference, table of settings, Conda file."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


def tool(name: str):
    """A file of tools/ as a module."""
    spec = importlib.util.spec_from_file_location(name, REPOSITORY / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pages():
    """The tool that writes the pages."""
    return tool("api_reference")


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
    conda = tool("conda")
    text = conda.TARGET.read_text(encoding="utf-8")
    assert text == conda.environment(conda.LOCK.read_text(encoding="utf-8"))
    pins = dict(re.findall(r"^      - ([\w.-]+)==([\w.]+)$", text, re.MULTILINE))
    locked = dict(re.findall(r"^([\w.-]+)==([\w.]+)", conda.LOCK.read_text(encoding="utf-8"), re.MULTILINE))
    assert pins.keys() == locked.keys()
    assert pins["onnxruntime"] == locked["onnxruntime"]
