"""nearfar-lab: parsing and printing only."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path  # noqa: TC003 - cyclopts reads the annotations when it runs
from typing import TYPE_CHECKING

from cyclopts import App

from nearfar.errors import NearfarError, ParameterError
from nearfar_lab.settings import read_settings

if TYPE_CHECKING:
    from nearfar_lab.evaluate import Evaluation
    from nearfar_lab.predictors import Predictor

app = App(name="nearfar-lab", help="Train, evaluate and export depth networks.")


def seconds_until(clock: str, now: datetime) -> float:
    """Seconds from now to the next HH:MM (UTC)."""
    hour, minute = (int(part) for part in clock.split(":"))
    then = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return (then + timedelta(days=then <= now) - now).total_seconds()


def _is_open(terms: str) -> bool:
    """What `--terms` means.

    Raises:
        ParameterError: it is neither `all` nor `open`.
    """
    if terms not in {"all", "open"}:
        raise ParameterError(f"--terms is '{terms}'.", "Give all or open.", parameter="terms")
    return terms == "open"


@app.command
def train(
    *,
    out: Path,
    recipe: str = "embedded",
    minutes: float = 120.0,
    until: str = "",
    resume: bool = False,
    processes: int = 1,
    threads: int = 0,
    device: str = "cpu",
    start: Path | None = None,
    teacher: Path | None = None,
    member: int = 0,
    terms: str = "all",
) -> None:
    """Train a recipe into a folder.

    Args:
        out: Run folder: config.json, log.jsonl, last.pt.
        recipe: Which recipe.
        minutes: Time budget of the whole run; stages and learning rate follow the spent fraction.
        until: HH:MM (UTC) at which to be finished, instead of minutes.
        resume: Go on from the folder's last checkpoint.
        processes: Processes that share every batch (on a busy machine: one a core, one thread each).
        threads: Threads of torch in each (0: its own choice).
        device: cpu or cuda.
        start: Finished network to go on from: a checkpoint, a run folder or an exported ONNX file.
        teacher: Finished network that labels the real photos: a checkpoint or a run folder.
        member: Which of the runs side by side of a recipe that averages several (0 is the first).
        terms: `open` learns only from sets whose terms are free for any use, `all` from every set.
    """
    from nearfar_lab.team import start_team
    from nearfar_lab.train import Order, carry_out

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    left_s = seconds_until(until, datetime.now(UTC)) if until else None
    order = Order(
        recipe,
        out,
        minutes * 60,
        left_s,
        is_resumed=resume,
        threads=threads,
        device=device,
        start=start,
        teacher=teacher,
        member=member,
        is_open=_is_open(terms),
    )
    start_team(processes, carry_out, order, read_settings())


@app.command
def label(run: Path) -> None:
    """Label every training photo with ranked points by a finished network, for recipes that learn from that.

    Args:
        run: Run folder or checkpoint of the network.
    """
    from nearfar_lab.label import label_photos

    print(f"{label_photos(run, read_settings())} photos labelled")


@app.command
def blend(first: Path, second: Path, *others: Path, out: Path) -> None:
    """Write the mean of the weights of several finished runs that went on from one start.

    Args:
        first: Run folder or checkpoint.
        second: Another of the same recipe, with another seed.
        others: More of them.
        out: Run folder for the mean: last.pt alone.
    """
    from nearfar_lab.blend import blend as write

    print(write([first, second, *others], out))


@app.command
def assemble(recipe: str, run: Path, *others: Path, out: Path) -> None:
    """Put finished runs together to the committee of a recipe.

    Args:
        recipe: Which recipe.
        run: Run folder or checkpoint of its first member.
        others: Those of the other members, in the recipe's order.
        out: Run folder for the committee: last.pt alone.
    """
    from nearfar_lab.assemble import assemble as write
    from nearfar_lab.recipes import recipe as find_recipe

    print(write(find_recipe(recipe), [run, *others], out))


@app.command
def plot(run: Path, out: Path | None = None) -> None:
    """Draw a run's curves (into the run's folder unless told otherwise).

    Args:
        run: Run folder.
        out: Picture to write.
    """
    from nearfar.types import Picture
    from nearfar_lab.plot import draw, read_curves

    path = out or run / "curves.png"
    Picture(draw(read_curves(run / "log.jsonl"))).save(path)
    print(path)


@app.command
def evaluate(
    *,
    data: str = "",
    model: str = "embedded",
    size: int | None = None,
    fit: str | None = None,
    limit: int = 0,
    csv: Path | None = None,
    video: bool = False,
) -> None:
    """Measure a model on a data set by the MiDaS protocol, or how steady it is on clips.

    Args:
        data: Data set, such as nyu_v2 or kitti_tiny; with --video `all`, `clips` (the rendered ones), or
            names of clips with commas between.
        model: `ramp`, an ONNX file with its card beside it, or a name of the catalogue.
        size: Input size in pixels instead of the card's.
        fit: What the size bounds: upper_bound, lower_bound, minimal or exact.
        limit: Measure about this many pictures, spread over the set (0: all).
        csv: Write the figures of every picture, or of every clip and mode, to this file.
        video: Clips frame by frame, live and offline: alignment error, flicker, delta1, cuts.
    """
    from nearfar.machine.files import write_whole

    if video:
        _evaluate_video(_predictor(model, size, fit), data or "all", csv)
        return
    if not data:
        raise ParameterError("No data set is named.", "Give --data nyu_v2, or --video.", parameter="data")
    found = _evaluate(_predictor(model, size, fit, data), data, limit)
    if csv:
        write_whole(csv, found.as_csv().encode())
    figures = {name: round(value, 4) for name, value in found.means().items()}
    row = {"data": found.data, "model": found.model, "pictures": len(found.rows), **figures}
    print(json.dumps(row))


def _evaluate_video(predictor: Predictor, data: str, csv: Path | None) -> None:
    """Print a line of JSON for each clip and mode, and one of what is left of the figures of each mode."""
    from nearfar.machine.files import write_whole
    from nearfar_lab.video.evaluate import as_csv, clip_names, evaluate_clips, summary

    rows = []
    for row in evaluate_clips(predictor, clip_names(data), read_settings()):
        rows.append(row)
        figures = {name: round(value, 3) for name, value in row.figures.items() if value == value}  # noqa: PLR0124 - no NaN
        print(json.dumps({"clip": row.clip, "mode": row.mode, **figures}), flush=True)
    for line in summary(rows):
        print(json.dumps(line))
    if csv:
        write_whole(csv, as_csv(rows).encode())


def _predictor(model: str, size: int | None, fit: str | None = None, data: str = "") -> Predictor:
    """What a model's name means; a data set may ask for its own input size."""
    from nearfar_lab.finish import rule_for
    from nearfar_lab.predictors import InputRule, find_predictor

    return find_predictor(model, rule_for(data, size, fit) if data else InputRule(size))


def _evaluate(predictor: Predictor, data: str, limit: int = 0) -> Evaluation:
    """The figures; a look at a held-out set is noted."""
    from nearfar_lab.finish import measure

    return measure(predictor, data, read_settings(), limit)


@app.command
def table(
    out: Path,
    *,
    data: tuple[str, ...] = (
        "nyu_v2",
        "kitti_tiny",
        "photos_various_validation",
        "photos_scenes_validation",
        "photos_demo",
        "middlebury_motorcycle",
        "scenes_sharp",
    ),
    model: tuple[str, ...] = ("ramp", "embedded-v1", "embedded", "embedded-int8", "embedded-fine"),
    into: tuple[Path, ...] = (),
) -> None:
    """Measure models on data sets and write the page of figures.

    Args:
        out: Markdown file.
        data: Data sets, the option once for each.
        model: Models, the option once for each; NAME-int8 is the int8 file of NAME.
        into: Pages that get the short table into their block "accuracy", the option once for each.
    """
    from nearfar.machine.files import write_whole
    from nearfar_lab.accuracy import BRIEF, OUTLINE_SIZES, accuracy_page, accuracy_table
    from nearfar_lab.datasets import data_set, data_sets
    from nearfar_lab.figures import check_page, renew
    from nearfar_lab.machine import machine_class
    from nearfar_lab.predictors import RAMP

    for page in into:
        check_page(page, "accuracy")
    found = [_evaluate(_predictor(one, None, None, name), name) for name in data for one in model]
    sharp = [name for name in data if name in data_sets() and data_set(name).has_sharp_edges]
    outlines = [
        _evaluate(_predictor(one, size), name)
        for name in sharp
        for one in model
        for size in OUTLINE_SIZES
        if one != RAMP
    ]
    write_whole(out, accuracy_page(found, outlines, datetime.now(UTC).date(), machine_class()).encode())
    for page in into:
        renew(page, "accuracy", f"\n{accuracy_table(found, BRIEF)}")
    print(out)


@app.command
def export(
    checkpoint: Path,
    out: Path,
    *,
    earlier: Path | None = None,
    member: tuple[Path, ...] = (),
    note: str = "",
) -> None:
    """Export a checkpoint's averaged network: the ONNX file, its int8 file and their card beside it.

    Args:
        checkpoint: Checkpoint file or run folder.
        out: ONNX file; its card gets the same name with .json, the int8 file ends in -int8.onnx.
        earlier: Card of the network that the run went on from.
        member: Card of each member of a committee, in its order, the option once for each.
        note: What is to be said of the training beside its figures.
    """
    from nearfar_lab.finish import Finish
    from nearfar_lab.finish import export as finish

    difference = finish(Finish(checkpoint, out, note, earlier, member), read_settings())
    print(f"{out}: differs from torch by {difference:.1e} of the range")


@app.command
def card(
    checkpoint: Path,
    weights: Path,
    *,
    data: tuple[str, ...] = ("nyu_v2", "kitti_tiny", "scenes_sharp"),
    note: str = "",
    earlier: Path | None = None,
    member: tuple[Path, ...] = (),
) -> None:
    """Evaluate an exported file and write its card, figures and all.

    Args:
        checkpoint: Checkpoint file or run folder it was exported from.
        weights: The ONNX file.
        data: Data sets, the option once for each.
        note: What is to be said of the training beside its figures.
        earlier: Card of the network that the run went on from.
        member: Card of each member of a committee, in its order, the option once for each.
    """
    from nearfar_lab.card import shipped
    from nearfar_lab.checkpoint import load_net
    from nearfar_lab.finish import Finish, write_card
    from nearfar_lab.recipes import recipe

    file = str(shipped(weights, recipe(load_net(checkpoint)[1]["recipe"])))
    found = [_evaluate(_predictor(file, None, None, name), name) for name in data]
    write_card(Finish(checkpoint, weights, note, earlier, member), found, read_settings())
    for evaluation in found:
        print(json.dumps({"data": evaluation.data, **evaluation.means()}))


@app.command
def rebuild(
    out: Path,
    *,
    recipe: str = "embedded_lite_labelled",
    scenes: int = 9664,
    minutes: tuple[float, ...] = (4.75, 5.67, 61),
    processes: int = 14,
    device: str = "cuda",
    train_only: bool = False,
    note: str = "",
    terms: str = "all",
) -> None:
    """Make the network inside the package again, from seeds: scenes, training, export, figures.

    With the defaults on a machine with a graphics card and 16 cores. Without a card:
    --recipe embedded_lite --minutes 107 --scenes 1280 --processes 1 --device cpu.
    Killed at any moment, the same command goes on from there; on another machine too, if the folder of
    runs has come along.

    Args:
        out: ONNX file to write; its int8 file and card go beside it.
        recipe: The last recipe; those that it learns or goes on from are trained first.
        scenes: How many scenes to render at most: before training on a CPU, beside it on a graphics card.
        minutes: Time budget of each recipe, the first to train first; the option once for each.
        processes: Processes that render, and on a CPU share every batch; several runs of a recipe go side by
            side, a process each.
        device: cpu or cuda, to train on; a recipe that is made for a CPU is trained there in any case.
        train_only: End when all is trained; export and figures are left to a second call.
        note: What the card is to say of the training beside its figures.
        terms: `open` learns only from sets whose terms are free for any use, `all` from every set.
    """
    from nearfar_lab.rebuild import Rebuild, train_all
    from nearfar_lab.rebuild import rebuild as make

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    order = Rebuild(out, recipe, scenes, minutes, processes, device, note, is_open=_is_open(terms))
    if train_only:
        train_all(order, read_settings())
        print(read_settings().runs)
        return
    print(make(order, read_settings()))


@app.command
def sheet(model: str, folder: Path, out: Path, *, size: int | None = None, columns: int = 2) -> None:
    """Draw every photo of a folder beside its heat map.

    Args:
        model: `ramp`, an ONNX file with its card beside it, or a name of the catalogue.
        folder: Photos.
        out: Picture to write.
        size: Input size in pixels instead of the card's.
        columns: Pairs side by side.
    """
    from nearfar_lab.sheet import contact_sheet

    contact_sheet(_predictor(model, size), folder, columns=columns).save(out)
    print(out)


@app.command
def gallery(*, out: Path) -> None:
    """Write a page that shows every effect.

    Args:
        out: Folder for the page and its pictures.
    """
    from nearfar_lab.gallery import make_gallery

    print(make_gallery(out))


@app.command(name="drive")
def drive_rooms(
    *,
    rooms: int = 50,
    depth: tuple[str, ...] = ("true", "ramp", "embedded"),
    steps: int = 80,
    first: int = 200,
    page: Path | None = None,
    clip: Path | None = None,
    clip_seed: int = 200,
) -> None:
    """Drive a simulated robot through rooms by obstacles alone, and count what it runs into.

    Args:
        rooms: How many rooms.
        depth: `true`, `ramp` (a vertical gradient) or a network's name, the option once for each.
        steps: Frames of each drive, 0.1 m apart.
        first: Seed of the first room; the planner was made on those from 1000 on.
        page: Page whose block "drive" is renewed.
        clip: Animated WebP of one drive by the last of the depths.
        clip_seed: Seed of the room in it.
    """
    from nearfar_lab.drive import run
    from nearfar_lab.drive.clip import check_clip, save_clip
    from nearfar_lab.figures import block, check_page, renew

    check_page(page, "drive")
    check_clip(clip)
    named = run.looks(depth)
    seeds = run.rooms(rooms, first)
    rows = [
        row for name in named for row in run.figures(name, [run.drive(s, named[name], steps) for s in seeds])
    ]
    command = f"nearfar-lab drive --rooms {rooms} --steps {steps}" + (
        f" --first {first}" if first != 200 else ""
    )
    text = block(command, rows, datetime.now(UTC).date())
    print(text)
    if page is not None:
        renew(page, "drive", text)
    if clip is not None:
        print(save_clip(clip, clip_seed, named[depth[-1]]))


def main(words: list[str] | None = None) -> None:
    """The entry of the console script: 0 when done, 1 with one line on standard error when not.

    words: the command line, the process's own when not given.
    """
    try:
        app(words)
    except NearfarError as error:
        print(f"nearfar-lab: {error}", file=sys.stderr)
        sys.exit(1)
