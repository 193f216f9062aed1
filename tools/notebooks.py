"""Make the notebooks of ``docs/tutorials`` from the pages beside them, which are the source.

    python tools/notebooks.py          # writes every notebook from its page and its pictures
    python tools/notebooks.py --run    # first runs the pages: renews their printed lines and their pictures

On a page a block ``python`` is a cell, a block ``sh`` a cell of commands, a block ``text`` after one of them
what it prints, and a picture ``images/TUTORIAL/STEM.jpg`` shows the file ``STEM.*`` that the code before it
has written. Chinese pages have the same code, and the pictures of the English ones.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import os
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).resolve().parent.parent / "docs"
ENGLISH, CHINESE = DOCS / "tutorials", DOCS / "zh" / "tutorials"
INPUTS = ("drive", "rooms", "things")
"""The folders of what tutorials begin with."""
LONGEST_SIDE = 640

PART = re.compile(
    r"^```(?P<language>python|sh|text)\n(?P<code>.*?)^```$|^!\[[^\]]*\]\((?P<picture>[^)]+)\)$",
    re.MULTILINE | re.DOTALL,
)
ELSEWHERE = re.compile(r"^.*\.ipynb\).*\n\n?", re.MULTILINE)
"""The line that leads to the other language and to the notebook: not in the notebook itself."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Words or code; of code, what it prints (None: no matter) and the picture that it shows."""

    source: str
    is_code: bool = False
    printed: str | None = None
    picture: str = ""


def pages() -> list[Path]:
    """Every tutorial, English first."""
    return [*sorted(ENGLISH.glob("*.md")), *sorted(CHINESE.glob("*.md"))]


def notebook_of(page: Path) -> Path:
    """Where a page's notebook lies: beside the English pages, where its pictures and folders are."""
    return ENGLISH / f"{page.stem}{'.zh-CN' if page.parent == CHINESE else ''}.ipynb"


def cells(page: str) -> list[Cell]:
    """A page, cut into cells."""
    page = ELSEWHERE.sub("", page, count=1)
    found: list[Cell] = []
    end = 0
    for part in PART.finditer(page):
        words = page[end : part.start()].strip()
        end = part.end()
        if words:
            found.append(Cell(words))
        if part["language"] == "text":
            found[-1] = replace(found[-1], printed=part["code"])
        elif part["picture"]:
            shown = _shown(part["picture"], page[: part.start()], is_first=not any(c.picture for c in found))
            found.append(shown)
        else:
            found.append(Cell(_code(part["language"], part["code"].rstrip("\n")), is_code=True))
    words = page[end:].strip()
    return [*found, *([Cell(words)] if words else [])]


def _code(language: str, code: str) -> str:
    """Commands are told to the shell, line by line."""
    if language == "python":
        return code
    lines = (re.sub(r"\s+#.*", "", line) for line in code.splitlines())
    return "\n".join(f"!{line}" for line in lines)


def _shown(picture: str, before: str, *, is_first: bool) -> Cell:
    """A cell that shows the file that the code above has written; a picture of nothing above stays words."""
    stem = re.escape(Path(picture).stem)
    file = re.search(rf'(?<![\w/])({stem}\.(?:png|jpg|webp))(?=["\s])', before)
    if file is None:
        return Cell(f"![]({picture})")
    head = "from IPython.display import Image\n\n" if is_first else ""
    return Cell(f'{head}Image("{file[1]}")', is_code=True, picture=picture)


def notebook(page: Path) -> dict[str, Any]:
    """The notebook of a page: its cells, what they print, and their pictures."""
    made = []
    for number, cell in enumerate(cells(page.read_text(encoding="utf-8")), 1):
        common = {"id": f"cell-{number}", "metadata": {}, "source": cell.source}
        if not cell.is_code:
            made.append({"cell_type": "markdown", **common, "source": _from_beside(cell.source, page.parent)})
            continue
        outputs = list(_outputs(cell, page.parent))
        made.append({"cell_type": "code", "execution_count": None, **common, "outputs": outputs})
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _from_beside(words: str, folder: Path) -> str:
    """Words of a page with links that lead to the same places from where notebooks lie."""

    def moved(found: re.Match[str]) -> str:
        if "://" in found[1]:
            return found[0]
        path, _, anchor = found[1].partition("#")
        way = Path(os.path.relpath(folder / path, ENGLISH)).as_posix()
        return f"]({way}{'#' + anchor if anchor else ''})"

    return re.sub(r"\]\(([^)#\s][^)\s]*)\)", moved, words)


def _outputs(cell: Cell, folder: Path) -> Iterator[dict[str, Any]]:
    """What stands below a cell of code."""
    if cell.printed:
        yield {"output_type": "stream", "name": "stdout", "text": cell.printed}
    if cell.picture:
        data = base64.b64encode((folder / cell.picture).read_bytes()).decode()
        yield {"output_type": "display_data", "metadata": {}, "data": {"image/jpeg": data}}


def written(page: Path) -> str:
    """The notebook as the text of its file."""
    return json.dumps(notebook(page), ensure_ascii=False, indent=1) + "\n"


def run(page: Path, folder: Path) -> list[tuple[Cell, str, bytes]]:
    """Run a page's cells in a folder; each cell of code with what it printed and the picture it showed.

    Raises:
        CellExecutionError: a cell fails.
    """
    import nbformat
    from nbclient import NotebookClient

    for name in INPUTS:
        shutil.copytree(ENGLISH / name, folder / name)
    todo = cells(page.read_text(encoding="utf-8"))
    book = nbformat.from_dict(_bare(todo))
    here = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    before, os.environ["PATH"] = os.environ["PATH"], here  # where `!nearfar` is found
    try:
        NotebookClient(book, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    finally:
        os.environ["PATH"] = before
    done = zip(todo, book.cells, strict=True)
    return [(cell, *_came_out(made.outputs)) for cell, made in done if cell.is_code]


def _bare(todo: list[Cell]) -> dict[str, Any]:
    """A notebook that was not run."""
    made = [
        {"cell_type": "code", "execution_count": None, "outputs": []}
        if cell.is_code
        else {"cell_type": "markdown"}
        for cell in todo
    ]
    full = [
        {**one, "id": f"cell-{number}", "metadata": {}, "source": cell.source}
        for number, (one, cell) in enumerate(zip(made, todo, strict=True), 1)
    ]
    return {"cells": full, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def _came_out(outputs: list[Any]) -> tuple[str, bytes]:
    """What a cell printed, and the bytes of its picture."""
    text = "".join(o.text for o in outputs if o.output_type == "stream" and o.name == "stdout")
    shown = [data for o in outputs for kind, data in o.get("data", {}).items() if kind.startswith("image/")]
    return re.sub(r"\r\n?", "\n", text), base64.b64decode(shown[0]) if shown else b""


def renew(page: Path, results: list[tuple[Cell, str, bytes]]) -> None:
    """Put what was printed into the page's blocks, and, of an English page, the pictures beside it."""
    told = iter([printed for cell, printed, _ in results if cell.printed is not None])
    text = re.sub(
        r"^```text\n.*?^```$",
        lambda _: f"```text\n{next(told).rstrip()}\n```",
        page.read_text(encoding="utf-8"),
        flags=re.MULTILINE | re.DOTALL,
    )
    page.write_text(text, encoding="utf-8")
    for cell, _, picture in results:
        if picture and page.parent == ENGLISH:
            target = page.parent / cell.picture
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(small(picture))


def small(picture: bytes) -> bytes:
    """A JPEG of at most 640 pixels; what is clear is white."""
    from PIL import Image

    with Image.open(io.BytesIO(picture)) as opened:
        colours = opened.convert("RGBA")
    ground = Image.new("RGBA", colours.size, "white")
    flat = Image.alpha_composite(ground, colours).convert("RGB")
    flat.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    target = io.BytesIO()
    flat.save(target, "JPEG", quality=82)
    return target.getvalue()


def main() -> None:
    """Run where asked for, then write."""
    parser = argparse.ArgumentParser(description="Make the notebooks of docs/tutorials.")
    parser.add_argument("--run", action="store_true", help="first run the pages")
    parser.add_argument("names", nargs="*", help="tutorials to run; all where none is named")
    given = parser.parse_args()
    for page in sorted(ENGLISH.glob("*.md")) if given.run else []:
        if page.name != "README.md" and (not given.names or page.stem in given.names):
            with tempfile.TemporaryDirectory() as folder:
                results = run(page, Path(folder))
            renew(page, results)
            renew(CHINESE / page.name, results)
    for page in pages():
        if page.name != "README.md":
            notebook_of(page).write_text(written(page), encoding="utf-8")


if __name__ == "__main__":
    main()
