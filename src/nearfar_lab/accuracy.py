"""The table of figures that the README and the reference page show, made by the evaluation."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from nearfar_lab.card import PROTOCOL
from nearfar_lab.datasets.scenes_sharp import COUNT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from nearfar_lab.evaluate import Evaluation

Column = tuple[str, str, str]
COLUMNS: tuple[Column, ...] = (
    ("δ > 1.25", "beyond", "{:.1%}"),
    ("order", "order", "{:.3f}"),
    ("pairs", "pairs", "{:.1%}"),
    ("nearer higher", "pairs_higher", "{:.1%}"),
    ("AbsRel", "abs_rel", "{:.3f}"),
    ("δ1", "delta1", "{:.3f}"),
    ("δ2", "delta2", "{:.3f}"),
    ("δ3", "delta3", "{:.3f}"),
    ("RMSE (m)", "rmse", "{:.2f}"),
    ("log10", "log10", "{:.3f}"),
    ("SILog", "silog", "{:.1f}"),
    ("boundary F1", "boundary_f1", "{:.3f}"),
)


BRIEF = COLUMNS[:4]
"""These tell most."""
OUTLINES = tuple(column for column in COLUMNS if column[1] in {"beyond", "order", "boundary_f1"})
OUTLINES_TITLE = """## Outlines, by input size

A network sees a photo at the size it is given (`--size`); outlines gain most from a larger one.
"""
OUTLINE_SIZES = (256, 384, 512)
PAGE = """# How accurate

Written by `nearfar-lab table docs/reference/accuracy.md` on {day}, on a machine of {machine}. `ramp` is no
network at all: the lower in the picture, the nearer. Whatever cannot beat it has learned nothing.

{table}
{protocol}

{boundaries}

No set here was trained on; how often the embedded network was measured on them while it was made stands on
its card (`nearfar models embedded`). `photos_various_validation` (one photo of each of many kinds) and
`photos_scenes_validation` (scenes of many things) were kept back from training (together: `order_photos`),
`photos_demo` are others: pairs of points whose order was told by eye; nearer higher: pairs whose nearer point
stands higher in the picture, where a ramp is always wrong. `scenes_sharp` is rendered: {scenes}
scenes of 640×480 whose seeds no training uses, so that boundaries are known to the pixel. Boundary F1 is the
mean over steps of 5 to 25 % between neighbours, larger steps weighing more (Depth Pro, section 4.2); real
sets have no such edges, and no figure there.

The figures of every picture: `nearfar-lab evaluate --data SET --model MODEL --csv FILE`.
"""


def accuracy_page(
    evaluations: Sequence[Evaluation], boundaries: Sequence[Evaluation], day: date, machine: str
) -> str:
    """The whole page, Markdown: when and where it was measured, the tables, and the protocol.

    boundaries: evaluations on scenes of exact depth at several input sizes.
    """
    return PAGE.format(
        day=day.isoformat(),
        machine=machine,
        table=accuracy_table(evaluations),
        boundaries=f"{OUTLINES_TITLE}\n{accuracy_table(boundaries, OUTLINES)}" if boundaries else "",
        protocol="\n".join(wrap(PROTOCOL, 110)),
        scenes=COUNT,
    )


def accuracy_table(evaluations: Sequence[Evaluation], columns: Sequence[Column] = COLUMNS) -> str:
    """Markdown, a row a data set and model, the figures of the columns; a dash where a set has none."""
    head = ["set", "pictures", "model", *(title for title, _, _ in columns)]
    lines = [_line(head), _line(["---"] * len(head))]
    for found in evaluations:
        means = found.means()
        cells = [form.format(means[name]) if name in means else "–" for _, name, form in columns]
        lines.append(_line([f"`{found.data}`", str(len(found.rows)), found.model, *cells]))
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
