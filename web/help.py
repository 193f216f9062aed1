"""Write public/help.html, the page's help, out of docs/how-to/use-the-page.md and its Chinese sister."""

from __future__ import annotations

import html
import re
from pathlib import Path

WEB = Path(__file__).resolve().parent
DOCS = WEB.parent / "docs"
OUT = WEB / "public" / "help.html"
PARTS = (("en", DOCS / "how-to" / "use-the-page.md"), ("zh-CN", DOCS / "zh" / "use-the-page.md"))
FRAME = """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>nearfar: help / 帮助</title>
    <link rel="icon" href="favicon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="assets/page.css" />
  </head>
  <body class="help-page">
    <header class="bar">
      <a class="brand" href="./">nearfar</a>
      <nav><a href="#zh-CN" lang="zh-CN">中文</a></nav>
    </header>
    <main>
{parts}
    </main>
  </body>
</html>
"""


def page() -> str:
    """The whole page."""
    parts = []
    for lang, path in PARTS:
        inner = body(path.read_text(encoding="utf-8"))
        parts.append(f'      <article id="{lang}" lang="{lang}">\n{inner}\n      </article>')
    return FRAME.format(parts="\n".join(parts))


def body(markdown: str) -> str:
    """The headings, paragraphs and lists of a text as HTML; links within the documents become words."""
    lines: list[str] = []
    for block in markdown.replace("\n- ", "\n\n- ").split("\n\n"):
        text = " ".join(line.strip() for line in block.strip().splitlines())
        is_item, was_item = text.startswith("- "), bool(lines) and lines[-1].startswith("<li>")
        if was_item and text and not is_item:
            lines.append("</ul>")
        if is_item and not was_item:
            lines.append("<ul>")
        heading = re.match(r"(#+) (.*)", text)
        if heading:
            lines.append(f"<h{len(heading[1])}>{words(heading[2])}</h{len(heading[1])}>")
        elif text:
            lines.append(f"<li>{words(text[2:])}</li>" if is_item else f"<p>{words(text)}</p>")
    return "\n".join(f"        {line}" for line in lines)


def words(text: str) -> str:
    """A sentence with its marks."""
    text = html.escape(text, quote=False)
    for pattern, form in (
        (r"`([^`]+)`", r"<code>\1</code>"),
        (r"\*\*([^*]+)\*\*", r"<strong>\1</strong>"),
        (r"\*([^*]+)\*", r"<em>\1</em>"),
        (r"\[([^\]]+)\]\([^)]*\)", r"\1"),
    ):
        text = re.sub(pattern, form, text)
    return text


if __name__ == "__main__":
    OUT.write_text(page(), encoding="utf-8")
