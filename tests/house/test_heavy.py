"""What a user runs starts without heavy libraries: they are imported where they are needed, not before."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from house_reading import modules

HEAVY = (
    "torch",
    "transformers",
    "openvino",
    "av",
    "onnxscript",
    "numba",
    "h5py",
    "scipy",
    "fsspec",
    "pyarrow",
    "ray",
)
OWNERS = ("nearfar.nets",)
"""Modules that are nothing without torch: they are imported by what has it."""

ALONE = """
import importlib, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {heavy!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
for name in {names!r}:
    importlib.import_module(name)
    found = sorted(set({heavy!r}) & sys.modules.keys())
    assert not found, f"{{name}} loads {{found}}"
"""


def is_owner(name: str) -> bool:
    """A part of torch's own wing: the wing itself loads without it."""
    return name.startswith(tuple(f"{owner}." for owner in OWNERS))


def start(names: list[str]) -> subprocess.CompletedProcess[str]:
    """A process that imports those modules, and in which nobody can import a heavy library."""
    code = textwrap.dedent(ALONE.format(heavy=HEAVY, names=names))
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_every_module_loads_without_heavy_libraries() -> None:
    """All of nearfar in one process without them, the parts of torch's own wing aside."""
    names = [name for name in modules() if name.split(".")[0] == "nearfar" and not is_owner(name)]
    names.remove("nearfar.__main__")
    assert len(names) > 200
    done = start(names)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["nearfar.nets.midas"])
def test_the_process_really_lacks_them(name: str) -> None:
    """What owns a heavy library fails there: the proof can fail."""
    assert "No module named 'torch'" in start([name]).stderr
