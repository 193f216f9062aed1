"""Write the blocks of docs/how-to/evaluate-a-model.md: the table of sets, and the figures of our networks.

python tools/evaluation_page.py                  the table of sets alone
python tools/evaluation_page.py --networks       measures too; the data lie where NEARFAR_LAB_DATA says
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from nearfar.evaluation.bootstrap import Drawing
from nearfar.evaluation.catalogue import eval_set, eval_sets, protocol
from nearfar.evaluation.comparing import compare
from nearfar.evaluation.predictions import predictor_of
from nearfar.evaluation.rules import Given
from nearfar.evaluation.runs import Plan, evaluate
from nearfar.evaluation.samples import Wish
from nearfar_lab.datasets import data_set
from nearfar_lab.figures import renew
from nearfar_lab.machine import machine_class
from nearfar_lab.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).resolve().parents[1] / "docs" / "how-to" / "evaluate-a-model.md"
MODELS = ("ramp", "embedded", "embedded-fine")
PHOTOS = 164
"""Of NYU's 654: its table in docs/reference/accuracy.md has all of them."""
SCENES = 24
"""Rendered scenes whose boundaries are judged."""


@dataclass(frozen=True, slots=True)
class Case:
    """One row or more: a set in a folder, a protocol, and the figures of it that are shown."""

    title: str
    plan: Plan
    figures: tuple[str, ...]


def sets_block() -> str:
    """The table of sets, from their readers."""
    lines = ["| Set | What | Published pictures | Home | Terms |", "| --- | --- | --- | --- | --- |"]
    for one in eval_sets().values():
        splits = ", ".join(f"{name} {count:,}" if count else name for name, count in one.splits.items())
        home = f"<{one.home}>" if one.home else "–"
        lines.append(f"| `{one.name}` | {one.title} | {splits} | {home} | {one.terms} |")
    return "\n".join(["", *lines, ""])


def cases(data: Path, work: Path) -> Iterator[Case]:
    """What can be judged here; a line on standard error for what cannot."""
    for folder, build in (
        (data / "nyu_v2" / "test", _nyu),
        (data / "kitti_tiny", _kitti),
        (data / "middlebury_motorcycle", _middlebury),
        (data.parent / "photos", _photos),
    ):
        if folder.is_dir():
            yield from build(folder, work)
        else:
            print(f"{folder} is absent: skipped", file=sys.stderr)
    yield from _scenes(work)


def _plan(name: str, chosen: str, folder: Path, layout: dict[str, Any] | None = None) -> Plan:
    wish = Wish(folder, layout=layout)
    return Plan(protocol(name), eval_set(chosen), wish, drawing=Drawing(), worst=0)


def _nyu(folder: Path, _: Path) -> Iterator[Case]:
    plan = _plan("midas", "folder", folder, {"per_metre": 25.5, "invalid": (0.0, 255.0)})
    plan = replace(plan, given=Given(crop="eigen-nyu", cap_m=10.0), limit=PHOTOS)
    title = "NYU Depth v2, every fourth test photo, filled depth in 8 bits"
    yield Case(title, plan, ("beyond", "abs_rel", "rmse"))


def _kitti(folder: Path, _: Path) -> Iterator[Case]:
    plan = _plan("midas", "folder", folder, {"per_metre": 256.0})
    yield Case("KITTI, 14 frames of one drive", plan, ("beyond", "abs_rel"))
    given = Given(cut="kb", crop="eigen", cap_m=80.0)
    yield Case("the same", replace(plan, protocol=protocol("marigold"), given=given), ("abs_rel", "delta1"))


def _middlebury(folder: Path, work: Path) -> Iterator[Case]:
    """The scene in its published layout, with the calibration of its size."""
    scene = work / "middlebury" / "Motorcycle-perfect"
    scene.mkdir(parents=True)
    (scene / "im0.png").write_bytes((folder / "Motorcycle_left.png").read_bytes())
    with np.load(folder / "Motorcycle_disp.npz") as stored:
        disparity = np.asarray(stored[stored.files[0]], np.float32)
    height, width = disparity.shape
    head = f"Pf\n{width} {height}\n-1.0\n".encode()
    (scene / "disp0.pfm").write_bytes(head + np.ascontiguousarray(disparity[::-1], "<f4").tobytes())
    scale = width / 2964
    text = f"cam0=[{3997.684 * scale} 0 {width / 2}; 0 {3997.684 * scale} {height / 2}; 0 0 1]\n"
    text += f"doffs={131.111 * scale}\nbaseline=193.001\n"
    (scene / "calib.txt").write_text(text, encoding="utf-8")
    plan = _plan("moge", "middlebury", scene.parent)
    figures = ("affine_disparity.abs_rel", "boundary.boundary_f1_radius1")
    yield Case("Middlebury 2014, Motorcycle", plan, figures)


def _photos(folder: Path, work: Path) -> Iterator[Case]:
    """Pairs told by eye, in the layout of DA-2K."""
    target = work / "pairs"
    (target / "images").mkdir(parents=True)
    rows = json.loads((folder / "pairs.json").read_text(encoding="utf-8"))
    listed = {}
    for name, pairs in rows.items():
        data = (folder / name).read_bytes()
        (target / "images" / name).write_bytes(data)
        height, width = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape[:2]
        listed[f"images/{name}"] = [
            {
                "point1": [min(int(y1 * height), height - 1), min(int(x1 * width), width - 1)],
                "point2": [min(int(y2 * height), height - 1), min(int(x2 * width), width - 1)],
                "closer_point": "point1",
            }
            for x1, y1, x2, y2 in pairs
        ]
    (target / "annotations.json").write_text(json.dumps(listed), encoding="utf-8")
    yield Case(
        "82 pairs on ten photos", _plan("da2k", "da2k", target), ("accuracy", "accuracy_nearer_higher")
    )


def _scenes(work: Path) -> Iterator[Case]:
    """Rendered scenes that no training uses, exact at outlines."""
    target = work / "scenes"
    target.mkdir()
    for item in data_set("scenes_sharp").items(work)[:SCENES]:
        frame = item.read()
        picture = cv2.imencode(".png", frame.rgb[:, :, ::-1])[1]
        (target / f"{frame.name}.png").write_bytes(picture.tobytes())
        with np.errstate(divide="ignore"):
            np.save(target / f"{frame.name}_depth.npy", 1 / frame.inverse_depth)
    plan = _plan("moge", "folder", target, {"per_metre": 1.0})
    plan = replace(plan, given=Given(sharp=True, cap_m=80.0))
    figures = ("affine_disparity.delta1", "boundary.boundary_f1_radius1", "boundary.boundary_f1_radius3")
    yield Case(f"{SCENES} rendered scenes", plan, figures)


def networks_block(rows: list[list[str]]) -> str:
    """The table of figures, with how, when and on what it was measured."""
    day = datetime.now(UTC).date().isoformat()
    head = f"`python tools/evaluation_page.py --networks` on {day}, {machine_class()}, no GPU:"
    titles = ["Set", "Protocol", "Pictures", "Figure", *MODELS, "fine less embedded"]
    lines = [_line(titles), _line(["---"] * len(titles)), *map(_line, rows)]
    note = (
        "In brackets: the 95 % interval of a bootstrap over pictures; of one picture there is none. The last "
        "column is the paired difference with its interval and p. None of these pictures was trained on; "
        "the workshop's own evaluation gives the same figures of `midas` on all of NYU and KITTI "
        "([accuracy](../reference/accuracy.md))."
    )
    return "\n".join(["", head, "", *lines, "", note, ""])


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def measured(case: Case) -> list[list[str]]:
    """A row for each figure of a case."""
    print(f"{case.title}, {case.plan.protocol.name} ...", file=sys.stderr)
    documents = [evaluate(case.plan, predictor_of(name)).document for name in MODELS]
    against = compare(documents[1], documents[2], Drawing())["figures"]
    rows = []
    for figure in case.figures:
        cells = [_cell(document["figures"][figure]) for document in documents]
        one = against[figure]
        difference = f"{one['difference']:+.3f} [{one['low']:+.3f}, {one['high']:+.3f}], p {one['p']:.3f}"
        images = documents[0]["images"]
        head = [case.title, f"`{case.plan.protocol.name}`", str(images), f"`{figure}`"]
        rows.append([*head, *cells, difference if images > 1 else "–"])
    return rows


def _cell(figure: dict[str, Any]) -> str:
    if figure["count"] < 2:
        return f"{figure['mean']:.3f}"
    return f"{figure['mean']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]"


def main() -> None:
    """Renew the blocks."""
    renew(PAGE, "sets", sets_block())
    if "--networks" in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as work:
            found = [row for case in cases(read_settings().data, Path(work)) for row in measured(case)]
        renew(PAGE, "networks", networks_block(found))


if __name__ == "__main__":
    main()
