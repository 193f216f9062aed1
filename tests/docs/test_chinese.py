"""Pages that stand in both languages say the same: headings, code, tables, figures and links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOW_TO, CHINESE = ROOT / "docs" / "how-to", ROOT / "docs" / "zh"
DIGESTS = {"operate-the-service"}
"""Chinese pages that tell the same in other parts than the English ones."""
RESEARCH = {"train-the-embedded-network.md", "evaluate-a-model.md"}
PAIRS = [("README.md", "README.zh-CN.md")] + [
    (f"docs/how-to/{page.name}", f"docs/zh/{page.name}")
    for page in sorted(CHINESE.glob("*.md"))
    if page.stem not in DIGESTS
]
PAIRS += [
    (f"docs/tutorials/{page.name}", f"docs/zh/tutorials/{page.name}")
    for page in sorted((ROOT / "docs" / "tutorials").glob("*.md"))
]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def code(text: str) -> list[list[str]]:
    """The lines of each block of code, without comments."""
    fenced = re.findall(r"^```(?:\w+)?\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [[re.sub(r"\s+#.*", "", line).rstrip() for line in block.splitlines()] for block in fenced]


def prose(text: str) -> str:
    """What stands outside of code and of the targets of links."""
    without = re.sub(r"^```.*?^```$|`[^`]*`|\]\([^)]*\)|<!--.*?-->", "", text, flags=re.MULTILINE | re.DOTALL)
    return without.replace("，", " ").replace("、", " ")


def figures(text: str) -> list[str]:
    """Every number in the prose, in order of their size."""
    return sorted(re.findall(r"(?<![A-Za-z\d.])\d+(?:[.,]\d+)*(?!\d|D\b)", prose(text)))


def tables(text: str) -> list[int]:
    """Cells of each row of every table."""
    return [len(re.findall(r"(?<!\\)\|", line)) - 1 for line in text.splitlines() if line.startswith("|")]


@pytest.fixture(params=PAIRS, ids=[pair[0] for pair in PAIRS])
def both(request) -> tuple[str, str]:
    """A page in English and in Chinese."""
    english, chinese = request.param
    return read(english), read(chinese)


def test_headings_follow_each_other_alike(both) -> None:
    """As many, of the same levels, in the same order."""
    levels = [
        re.findall(r"^(#+) ", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
        for text in both
    ]
    assert levels[0] == levels[1]


def test_code_is_the_same(both) -> None:
    """Block by block and line by line, comments aside."""
    assert code(both[0]) == code(both[1])


def test_tables_have_the_same_shape(both) -> None:
    """Row by row."""
    assert tables(both[0]) == tables(both[1])


def test_no_figure_is_lost_or_another(both) -> None:
    """Every number of the one stands in the other, as often."""
    english, chinese = (figures(text) for text in both)
    assert english == chinese


def test_links_lead_to_the_same_pages(both) -> None:
    """What one links the other links; a page that is there in Chinese is taken."""

    def named(text: str) -> list[str]:
        targets = re.findall(r"\]\(([^)#]+)", text)
        own = [Path(target).name.replace(".zh-CN", "") for target in targets]
        return sorted(name for name in own if name != "README.md")

    assert named(both[0]) == named(both[1])


def test_chinese_pages_link_to_chinese_pages() -> None:
    """No link of a Chinese page leads to an English one where the same stands in Chinese."""
    there = {page.name for page in CHINESE.glob("*.md")}
    for page in [ROOT / "README.zh-CN.md", *CHINESE.glob("*.md")]:
        targets = re.findall(r"\]\(([^)#]*how-to/[^)#]+)", page.read_text(encoding="utf-8"))
        own = {page.name} if page.stem in DIGESTS else set()  # a digest leads to the whole
        assert not [target for target in targets if Path(target).name in there - own], page.name


def test_every_how_to_that_users_need_is_there_in_chinese() -> None:
    """All of them but those for people who train and judge networks."""
    english = {page.name for page in HOW_TO.glob("*.md")} - RESEARCH
    assert english == {page.name for page in CHINESE.glob("*.md")}
