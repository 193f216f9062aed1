"""The Chinese page of operators says what the English one says; measured figures stand once."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
ENGLISH, CHINESE = DOCS / "how-to" / "operate-the-service.md", DOCS / "zh" / "operate-the-service.md"
WRITTEN = re.compile(r"<!-- (figures|settings): .*?<!-- end of \1.*?-->", re.DOTALL)
ONCE = ("Measured", "Settings")
"""Sections whose tables are written by commands: of the figures the Chinese page has a link."""


def sections(path: Path) -> dict[str, str]:
    """Text by heading, what commands write left out."""
    parts = re.split(r"^## (.+)$", WRITTEN.sub("", path.read_text("utf-8")), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def named(text: str) -> set[str]:
    """Commands, variables, files and tests that a text names, and rows of its tables."""
    return {" ".join(code.split()) for code in re.findall(r"`([^`]+)`", text)}


def test_both_have_the_same_sections() -> None:
    """As many, with as many rows of tables and items of lists in each."""
    english, chinese = sections(ENGLISH), sections(CHINESE)
    assert len(english) == len(chinese)
    for (name, text), (other, told) in zip(english.items(), chinese.items(), strict=True):
        if name not in ONCE:
            for begin in ("| ", "- "):
                count = [sum(line.startswith(begin) for line in one.splitlines()) for one in (text, told)]
                assert count[0] == count[1], f"{name} / {other}"


def test_both_name_the_same_commands() -> None:
    """Whatever the English page calls by its name, the Chinese one does in the same section."""
    for (name, text), told in zip(sections(ENGLISH).items(), sections(CHINESE).values(), strict=True):
        if name not in ONCE:
            assert named(text) == named(told), name


def test_every_setting_is_there_in_chinese() -> None:
    """In the same order, with the same flag, default, names and numbers."""

    def rows(path: Path) -> list[tuple[str, ...]]:
        found = re.findall(
            r"^\| (`NEARFAR_\w+`) \| (\S+) \| (.*?) \| (.*) \|$", path.read_text("utf-8"), re.MULTILINE
        )
        return [
            (*row[:2], row[2].replace("（空）", "(empty)"), *sorted(re.findall(r"\d[\d.e+]*\d|\d", row[3])))
            for row in found
        ]

    assert len(rows(ENGLISH)) > 60
    assert rows(ENGLISH) == rows(CHINESE)


def test_links_lead_somewhere() -> None:
    """Files are there, and each page links to the other."""
    text = CHINESE.read_text("utf-8")
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        assert (CHINESE.parent / target).is_file(), target
    assert "(../zh/operate-the-service.md)" in ENGLISH.read_text("utf-8")
    assert "(../how-to/operate-the-service.md)" in text
