"""Build the site of the docs, in English and Chinese: ``make docs`` puts it under ``dist/docs``.

    python tools/docs_site.py [FOLDER]

The pages are those of ``docs/`` and the texts beside it, laid out anew so that one tree holds them all; the
reference of Python comes from the docstrings. Zensical builds the tree twice, with an English and a Chinese
frame, and refuses links and anchors that lead nowhere. Nothing is fetched, neither here nor by the pages.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).resolve().parent.parent
STAGE, TARGET = ROOT / "build" / "docs", ROOT / "dist" / "docs"
TEXTS = ("README.md", "README.zh-CN.md", "CHANGELOG.md", "CONTRIBUTING.md")
"""Pages beside the folder ``docs``."""
PYTHON = "reference/python"
EXTENSIONS = ("attr_list", "tables", "md_in_html", "pymdownx.superfences", "pymdownx.highlight")

LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^)\s]+)\)")
ROLE = re.compile(r":[a-z]+:`~?(?:[\w.]+\.)?(\w+)`")
ITEM = re.compile(r"^(?:[-*]|\d+\.) ")


@dataclass(frozen=True, slots=True)
class Frame:
    """The site in one language: what stands around the pages. ``home``: the page that it opens with."""

    language: str
    home: str
    words: dict[str, str]

    @property
    def places(self) -> dict[str, str]:
        """Where the texts beside ``docs`` go."""
        other = {"README.md": "english.md", "README.zh-CN.md": "chinese.md"}
        return {name: other.get(name, name.lower()) for name in TEXTS} | {self.home: "index.md"}


FRAMES = (
    Frame("en", "README.md", {}),
    Frame(
        "zh",
        "README.zh-CN.md",
        {
            "Tutorials": "教程",
            "How to": "操作指南",
            "Reference": "参考（英文）",
            "Python": "Python 接口（英文）",
            "Gallery": "画廊（英文）",
            "Decisions": "设计决定（英文）",
            "Changes": "更新记录（英文）",
            "Other language": "English",
        },
    ),
)

MODULES = {
    "robot": ("ground", "follow", "mount", "sectors", "contact", "warn", "messages", "drawing"),
    "evaluation": ("catalogue", "samples", "predictions", "runs", "comparing", "report"),
    "client": ("client", "jobs", "live", "views", "errors"),
}
"""Pages of the reference of Python beside the one of the public names, and the modules that each shows."""


def stage(frame: Frame, folder: Path) -> None:
    """Lay out all pages of the site, and the project file of Zensical, in a folder."""
    shutil.rmtree(folder, ignore_errors=True)
    for file in _sources():
        target = folder / "docs" / _place(file, frame)
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".md":
            target.write_text(page(file, frame), encoding="utf-8")
        else:
            shutil.copyfile(file, target)
    for name, text in python_pages().items():
        target = folder / "docs" / PYTHON / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    _stage_source(folder / "src" / "nearfar")
    (folder / "zensical.toml").write_text(project(frame, folder), encoding="utf-8")


def _sources() -> list[Path]:
    """All files of the site."""
    files = (ROOT / "docs").rglob("*")
    pages = [file for file in files if file.is_file() and not file.name.startswith(".")]
    return sorted(pages) + [ROOT / name for name in TEXTS]


def _place(file: Path, frame: Frame) -> str:
    """The path of a file in the site: as in ``docs``, and what lies beside that folder at the top."""
    if file.name in TEXTS and file.parent == ROOT:
        return frame.places[file.name]
    inside = file.relative_to(ROOT / "docs")
    return (inside.with_name("index.md") if file.name == "README.md" else inside).as_posix()


def page(file: Path, frame: Frame) -> str:
    """A page as the site wants it: links lead to where files lie there, lists begin after an empty line."""
    here = _place(file, frame)
    parts = re.split(r"(^```.*?^```$)", file.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for index in range(0, len(parts), 2):
        linked = LINK.sub(lambda found: _link(found, file, here, frame), parts[index])
        parts[index] = _lists_apart(linked)
    return "".join(parts)


def _link(found: re.Match[str], file: Path, here: str, frame: Frame) -> str:
    """A link from the place of its page; to what is not on the site, its words alone."""
    mark, words, target = found.groups()
    if "://" in target or target.startswith(("#", "mailto:")):
        return found[0]
    path, _, anchor = target.partition("#")
    there = (file.parent / path).resolve()
    there = there / "README.md" if (there / "README.md").is_file() else there
    if not there.is_file() or not (there.is_relative_to(ROOT / "docs") or there in map(ROOT.joinpath, TEXTS)):
        return words
    way = os.path.relpath(_place(there, frame), Path(here).parent).replace(os.sep, "/")
    return f"{mark}[{words}]({way}{'#' + anchor if anchor else ''})"


def _lists_apart(text: str) -> str:
    """Lists that follow a line of words directly begin a paragraph of their own."""
    lines = text.split("\n")
    made = lines[:1]
    for before, line in pairwise(lines):
        is_begin = ITEM.match(line) and before and not before[0].isspace() and not ITEM.match(before)
        made += ["", line] if is_begin else [line]
    return "\n".join(made)


def _stage_source(folder: Path) -> None:
    """The package's code with its docstrings as Markdown has them: names in place of roles."""
    for file in sorted((ROOT / "src" / "nearfar").rglob("*.py")):
        target = folder / file.relative_to(ROOT / "src" / "nearfar")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(ROLE.sub(r"`\1`", file.read_text(encoding="utf-8")), encoding="utf-8")


def python_pages() -> dict[str, str]:
    """The pages of the reference of Python, by name: the public names, and wings of the package."""
    import nearfar

    names = sorted(name for name in nearfar.__all__ if name != "__version__")
    functions, types = ([n for n in names if n.islower() is is_low] for is_low in (True, False))
    head = "# Python\n\nThe names of `import nearfar`, from their docstrings.\n"
    wings = ", ".join(f"[`nearfar.{wing}`]({wing}.md)" for wing in MODULES)
    text = f"{head}\nMore: {wings}.\n\n## Functions\n\n{_shown(functions)}\n## Types\n\n{_shown(types)}"
    pages = {"index.md": text}
    for wing, modules in MODULES.items():
        parts = [f"# nearfar.{wing}\n"]
        parts += [f"## nearfar.{wing}.{module}\n\n::: nearfar.{wing}.{module}\n" for module in modules]
        pages[f"{wing}.md"] = "\n".join(parts)
    return pages


def _shown(names: Iterable[str]) -> str:
    """Each of some public names."""
    return "".join(f"::: nearfar.{name}\n    options:\n      show_root_heading: true\n\n" for name in names)


def project(frame: Frame, folder: Path) -> str:
    """The project file; JSON is as good as TOML for single values."""
    name, other = ("中文", "zh") if frame.language == "en" else ("English", "en")
    lines = [
        "[project]",
        'site_name = "nearfar"',
        'docs_dir = "docs"',
        'site_dir = "site"',
        "use_directory_urls = false",
        f"nav = {_toml(nav(frame, folder / 'docs'))}",
        "[project.theme]",
        f"language = {_toml(frame.language)}",
        "font = false",
        'features = ["navigation.indexes", "navigation.top", "content.code.copy", "search.highlight"]',
        "[project.extra]",
        "generator = false",
        "[[project.extra.alternate]]",
        f"name = {_toml(name)}",
        f"link = {_toml(f'../{other}/index.html')}",
        f"lang = {_toml(other)}",
        "[project.plugins.search]",
        "[project.plugins.mkdocstrings.handlers.python]",
        f"paths = {_toml([str(folder / 'src')])}",
        "[project.plugins.mkdocstrings.handlers.python.options]",
        "show_source = false",
        "heading_level = 3",
        'docstring_style = "google"',
        "[project.markdown_extensions.toc]",
        'permalink = "¶"',
        'slugify = { object = "pymdownx.slugs.slugify", kwds = { case = "lower" } }',
        *(f'[project.markdown_extensions."{name}"]' for name in EXTENSIONS),
    ]
    return "\n".join(lines) + "\n"


def nav(frame: Frame, docs: Path) -> list[Any]:
    """The pages by part; the Chinese site leads to Chinese pages where there are some."""
    chinese = frame.language == "zh"
    own, lessons = ("zh", "zh/tutorials") if chinese else ("how-to", "tutorials")
    other = "english.md" if chinese else "chinese.md"
    parts: list[tuple[str, list[str]]] = [
        ("Tutorials", _pages(docs, lessons)),
        ("How to", _pages(docs, own)),
        ("Reference", [*_pages(docs, "reference"), "architecture.md"]),
        ("Python", _pages(docs, PYTHON)),
        ("Gallery", ["gallery/index.md"]),
        ("Decisions", _pages(docs, "decisions")),
        ("Changes", ["changelog.md", "contributing.md"]),
        ("Other language", [other, *([] if chinese else _pages(docs, "zh"))]),
    ]
    words = {"Other language": "中文", **frame.words}
    return ["index.md", *({words.get(title, title): found} for title, found in parts)]


def _pages(docs: Path, folder: str) -> list[str]:
    """The pages of a folder, its first page first."""
    found = sorted(file.relative_to(docs).as_posix() for file in (docs / folder).glob("*.md"))
    return sorted(found, key=lambda name: not name.endswith("/index.md"))


def _toml(value: Any) -> str:
    """A value as TOML has it; tables stand on one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_toml(key)} = {_toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


FRONT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>nearfar</title>
<meta http-equiv="refresh" content="0; url=en/index.html">
<p><a href="en/index.html">English</a> · <a href="zh/index.html" lang="zh">中文</a></p>
</html>
"""


def build(target: Path, stage_in: Path = STAGE) -> None:
    """Both languages, and a page that leads to them.

    Raises:
        CalledProcessError: a link leads nowhere, or a page cannot be built.
    """
    shutil.rmtree(target, ignore_errors=True)
    for frame in FRAMES:
        folder = stage_in / frame.language
        stage(frame, folder)
        command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
        subprocess.run(command, cwd=folder, check=True)  # noqa: S603 - our own words
        shutil.copytree(folder / "site", target / frame.language)
    (target / "index.html").write_text(FRONT, encoding="utf-8")


def main() -> None:
    """Build where asked for."""
    build(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else TARGET)


if __name__ == "__main__":
    main()
