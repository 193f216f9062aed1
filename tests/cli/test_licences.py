"""``nearfar licences``: what is really installed, for people and for programs."""

from __future__ import annotations

import json
from importlib import metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Run


def test_it_lists_what_is_installed(run: Run) -> None:
    """A line a package, with its version and licence."""
    code, text, _ = run("licences")
    assert code == 0
    assert f"numpy {metadata.version('numpy')}: " in text
    assert "nearfar " in text


def test_json_has_every_file(run: Run) -> None:
    """The same for programs, with the files of each library."""
    code, text, _ = run("licences", "--json")
    rows = {row["name"].lower(): row for row in json.loads(text)}
    assert code == 0
    assert rows["opencv-python-headless"]["version"] == metadata.version("opencv-python-headless")
    assert all(library["files"] for row in rows.values() for library in row["libraries"])
