"""Write ``docs/reference/models.md`` from the cards, what tests prove of each, and what was measured.

python tools/models_page.py            # a test holds the page to the code
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nearfar.weights import hub
from nearfar.zoo.catalogue import cards
from nearfar.zoo.recommend import ADVICE, TASKS

if TYPE_CHECKING:
    from nearfar.cards import ModelCard

DOCS = Path(__file__).resolve().parent.parent / "docs" / "reference"
PAGE, SPEEDS, FOOTPRINTS = DOCS / "models.md", DOCS / "bench.md", DOCS / "model_footprints.json"
HEAD = """# The models

Made by `python tools/models_page.py` from the cards: do not edit. What one card says in full:
`nearfar models NAME`. How weights come here: [weights](weights.md). How fast and how accurate:
[bench](bench.md), [accuracy](accuracy.md).

No published weights can be fetched where nearfar is built. What stands here was looked up in public
sources (each card names them), and every row was run with weights that were drawn at random: its shapes,
its way through pull or import, load and photo, and, where it says so, numbers against published vectors.
**No row but the embedded ones was ever tried with its real weights.**
"""
PROVED = {
    "embedded": "all: it is trained and evaluated here",
    "midas": "keys, shapes and outputs against vectors; ONNX input rule from a file that normalises inside",
    "dpt": "the library's class or second implementations; the release's names; ONNX files of one size",
    "leres": "keys, shapes and outputs against vectors",
    "bts": "keys, shapes and outputs against vectors; files without a suffix",
    "zoedepth": "the library's class; sizes; K eight times as far as its configuration says",
    "depth_anything": "the library's class; any size; ONNX agrees with torch; narrow files load",
    "depth_anything_3": "ONNX files with views, data beside, sky, bars, by stand-ins; its package",
    "depth_pro": "the library's class; metres and focal length",
    "moge": "ONNX files of two inputs and five planes, by stand-ins; shift, focal length; its package",
    "metric3d": "ONNX files by stand-ins; bars; metres by the focal length",
    "glpn": "the library's class; ONNX agrees with torch",
    "tipsv2": "the library's class",
    "distill_any_depth": "the library's class",
    "prompt_depth_anything": "the library's class, with a prompt and without",
}
LEFT_OUT = """## What is not here

- Depth Anything 3 Nested (Giant and Metric Large in one): its two parts have rows of their own.
- MoGe-2 ViT-L without normals: the row of the same size computes the same depth, and normals besides.
"""


def page() -> str:
    """The page as Markdown."""
    speeds = SPEEDS.read_text(encoding="utf-8")
    held = json.loads(FOOTPRINTS.read_text(encoding="utf-8"))
    table = _table(speeds, held["rows"])
    parts = [HEAD, _advice(), "## All of them\n", *table, "", _key(held), _unmeasured(held["rows"]), LEFT_OUT]
    return "\n".join(parts)


def _advice() -> str:
    lines = ["## Which one\n", "`nearfar models recommend` says the same.\n", "| For | Try | Because |"]
    lines.append("| --- | --- | --- |")
    lines += [f"| {TASKS[row.task]} | `{row.model}` | {row.why} |" for row in ADVICE]
    return "\n".join(lines) + "\n"


def _table(speeds: str, rows: dict[str, Any]) -> list[str]:
    measured = ("Memory", "Time", "onnxruntime")
    heads = ("Name", "Kind", "Input", "Licence", "At work", *measured, "Weights", "Proved")
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    for card in cards().values():
        cells = (
            f"`{card.name}`",
            f"{card.kind.value}, {'m' if card.unit == 'm' else 'no unit'}",
            _input(card),
            card.licence,
            "yes" if card.is_commercial_use_allowed else "no",
            _memory(rows.get(card.name, {})),
            _seconds(rows.get(card.name, {})),
            _time(card, speeds),
            _where(card),
            PROVED.get(card.family, "shapes"),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _key(held: dict[str, Any]) -> str:
    dates = sorted({row["date"] for row in held["rows"].values()})
    machine, dated = held["machine"], dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"
    return (
        "Input: width × height of the network's input for a photo of 4000×3000. Memory and time: measured by "
        f"`python benchmarks/zoo_footprint.py` on {dated}, on {machine['processor']} ({machine['threads']} "
        f"processors, {machine['memory_gb']} GB), torch {machine['torch']}, float32, one thread, with drawn "
        "weights: the most memory of the process (libraries and the photo in it) and seconds of the "
        "processor for such a photo, without decoding it; the least of three runs, above 130 M parameters "
        "of one. The rows in the package run in onnxruntime. onnxruntime: milliseconds of the network alone, "
        "as the [table of speeds](bench.md) has it, with all processors; empty where it was not measured. "
        "Weights: `package`; `hub` (ONNX, checkpoint or both); `release` page; `import`, which is published "
        "elsewhere.\n"
    )


def _unmeasured(rows: dict[str, Any]) -> str:
    """Which rows have no figures, and why."""
    why = {name: row["why_not"] for name, row in rows.items() if "why_not" in row}
    why |= {name: "not run" for name in cards() if name not in rows}
    told = [f"`{name}` ({reason})" for name, reason in why.items()]
    return f"Not measured: {'; '.join(told)}.\n" if told else ""


def _memory(row: dict[str, Any]) -> str:
    return f"{row['bytes'] / 1e9:.1f} GB" if "bytes" in row else ""


def _seconds(row: dict[str, Any]) -> str:
    return f"{row['seconds']:.3g} s" if "seconds" in row else ""


def _input(card: ModelCard) -> str:
    width, height = card.input.network_size(4000, 3000)
    return f"{width}×{height}"


def _time(card: ModelCard, speeds: str) -> str:
    found = re.search(
        rf"^\| {re.escape(card.name)}\*? \| onnxruntime \| float32 \| ([\d.]+) \|", speeds, re.MULTILINE
    )
    return f"{found[1]} ms" if found else ""


def _where(card: ModelCard) -> str:
    first = card.weights[0]
    if first.location.startswith("asset:"):
        return "package"
    if hub.place_of(first) is None:
        return "release" if first.location else "import"
    kinds = {"torch": "checkpoint"}
    return "hub: " + ", ".join(dict.fromkeys(kinds.get(file.engine, "ONNX") for file in card.weights))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
