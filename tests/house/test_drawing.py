"""The picture of the house is that of its source, and its page names what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from house_reading import SOURCE, drawing

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_the_picture_is_current() -> None:
    """Run python tools/house.py where this fails."""
    assert drawing.PICTURE.read_text(encoding="utf-8") == drawing.drawn(drawing.plans())


def test_every_room_has_a_layer() -> None:
    """Whatever stands directly in nearfar, or in its service, is in a contract."""
    placed = {name for plan in drawing.plans() for row in plan.rows for name in row}
    rooms = [name for name in drawing.modules() if re.fullmatch(r"nearfar\.(service\.)?\w+", name)]
    missing = [room for room in rooms if not any(f"{name}.".startswith(f"{room}.") for name in placed)]
    assert missing == ["nearfar.__main__"]


def test_what_follows_from_others_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A imports B and C, B imports C: two arrows."""
    monkeypatch.setattr(
        drawing, "imports", lambda: {"a.x": {"b", "c"}, "b": {"c.y"}, "c.y": set(), "d": {"a.x"}}
    )
    assert drawing.between({"a", "b", "c"}) == {("a", "b"), ("b", "c")}


@pytest.mark.parametrize(
    "folder", sorted(path.name for path in (SOURCE / "nearfar").iterdir() if path.is_dir())
)
def test_the_page_names_every_folder(folder: str) -> None:
    """A new room gets its line."""
    if folder not in {"__pycache__", "assets", "service"}:
        assert f"{folder}/" in PAGE


def test_places_on_the_page_are_there() -> None:
    """Files and folders that it names exist."""
    for place in re.findall(r"`((?:src|web|tools|tests)/[\w/.]+)`", PAGE):
        folder = place.partition("NAME")[0].partition("FAMILY")[0].partition("NOUN")[0]
        assert (ROOT / folder).exists(), place


def test_the_glossary_has_twenty_words() -> None:
    """Each with its meaning and its Chinese, in order of thought and none twice."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Words")[2]
    rows = re.findall(r"^\| ([a-z ]+) \| (.+) \| (.+) \|$", text, re.MULTILINE)
    assert len({word for word, _, _ in rows}) == len(rows) >= 20
    assert all(re.search(r"[\u4e00-\u9fff]", chinese) for _, _, chinese in rows)
