"""Tutorials run as they stand on their pages, and their notebooks are those of the pages."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from scripts import script

if TYPE_CHECKING:
    from pathlib import Path

TOOL = script("tools/notebooks.py")
PAGES = [page for page in TOOL.pages() if page.name != "README.md"]
ENGLISH = [page for page in PAGES if page.parent == TOOL.ENGLISH]
NUMBER = re.compile(r"-?\d[\d,]*\.?\d*")


def is_like(printed: str, told: str) -> bool:
    """The same words, and numbers that differ by no more than processors do."""
    if NUMBER.sub("#", printed).split() != NUMBER.sub("#", told).split():
        return False
    numbers = ([float(n.replace(",", "")) for n in NUMBER.findall(text)] for text in (printed, told))
    return bool(np.allclose(*numbers, rtol=0.2, atol=0.06))


def pixels(picture: bytes) -> np.ndarray:
    """What a picture shows, small enough for fine structure not to matter."""
    with Image.open(io.BytesIO(picture)) as opened:
        return np.asarray(opened.convert("RGB").resize((32, 24)), np.float32)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.parent.name}-{page.stem}")
def test_the_notebook_is_that_of_its_page(page: Path) -> None:
    """Run python tools/notebooks.py where this fails."""
    assert TOOL.notebook_of(page).read_text(encoding="utf-8") == TOOL.written(page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.parent.name}-{page.stem}")
def test_its_links_lead_somewhere(page: Path) -> None:
    """From where the notebook lies, all of them in the folder that its pictures are in."""
    notebook = TOOL.notebook_of(page)
    words = [cell["source"] for cell in TOOL.notebook(page)["cells"] if cell["cell_type"] == "markdown"]
    targets = re.findall(r"\]\(([^)#]+)", "\n".join(words))
    assert targets
    assert [one for one in targets if "://" not in one and not (notebook.parent / one).is_file()] == []


@pytest.mark.parametrize("page", ENGLISH, ids=lambda page: page.stem)
def test_it_runs(page: Path, tmp_path: Path) -> None:
    """Every cell, with what the page says is printed, and the pictures that it shows."""
    pytest.importorskip("nbclient")
    shown = 0
    for cell, printed, picture in TOOL.run(page, tmp_path):
        if cell.printed is not None:
            assert is_like(printed, cell.printed), printed
        if cell.picture:
            stored = (page.parent / cell.picture).read_bytes()
            assert np.abs(pixels(TOOL.small(picture)) - pixels(stored)).mean() < 12, cell.picture
            shown += 1
    assert shown or page.stem == "score-your-network"


@pytest.mark.parametrize("page", ENGLISH, ids=lambda page: page.stem)
def test_it_is_in_both_languages_and_in_the_list(page: Path) -> None:
    """A page, a notebook and a Chinese page, each linked from the list of tutorials."""
    for folder, way in ((TOOL.ENGLISH, ""), (TOOL.CHINESE, "../../tutorials/")):
        listed = (folder / "README.md").read_text(encoding="utf-8")
        there = folder / page.name
        notebook = TOOL.notebook_of(there)
        assert there.is_file()
        assert notebook.is_file()
        assert f"({page.name})" in listed
        assert f"({way}{notebook.name})" in listed


def test_cells_are_cut_where_code_is() -> None:
    """Words, code with what it prints, a picture of a file that was written, commands."""
    code = '```python\nf("a.png")\n```\n```text\n1\n```\n'
    text = f"# A\n\n[x](a.ipynb)\n\n{code}\n![b](i/a.jpg)\n\n```sh\nnearfar a  # so\n```\nEnd\n"
    found = TOOL.cells(text)
    assert [cell.source for cell in found] == [
        "# A",
        'f("a.png")',
        'from IPython.display import Image\n\nImage("a.png")',
        "!nearfar a",
        "End",
    ]
    assert found[1].printed == "1\n"
    assert found[2].picture == "i/a.jpg"


@pytest.mark.parametrize("printed", ["a 1.3", "b 1.0", "a 1.0 2"])
def test_what_is_printed_may_not_be_other(printed: str) -> None:
    """Another number, another word, one more."""
    assert is_like("a 1.05", "a 1.0")
    assert not is_like(printed, "a 1.0")
