"""What ``nearfar eval`` does: lists, results, comparisons and pages."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nearfar import __version__
from nearfar.cli import _idle, _plugins, _say
from nearfar.cli import _plan as _plan_files
from nearfar.errors import ParameterError, SourceError
from nearfar.machine.files import write_whole
from nearfar.options import option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nearfar.evaluation.bootstrap import Drawing
    from nearfar.evaluation.predictions import Predictor
    from nearfar.evaluation.runs import Plan, Result

_SHEETS = ".worst"
KINDS = ("", "metric", "scale", "affine_depth", "relative_inverse")
ALIGNS = ("", "none", "median", "scale", "scale-shift", "robust-scale", "robust")
CROPS = ("", "none", "garg", "eigen", "eigen-nyu", "make3d", "scannet")
CUTS = ("", "none", "kb", "kb-photo", "two-to-one")


@dataclass(frozen=True, slots=True)
class EvalOptions:
    """The flags of the verb."""

    protocol: str = option("", "How to judge: nearfar eval protocols lists them.")
    set: str = option("", "What to judge on: nearfar eval sets lists them.")
    data: str = option("", "The folder in which the set lies, as it was published.")
    split: str = option("", "Part of the set; its first otherwise.")
    split_file: str = option("", "A list of pictures, one a line, as published with the set.")
    partial: bool = option(False, "Take a list that has other pictures than the published one.")
    predictions: str = option("", "Judge maps in this folder in place of a network's.")
    kind: str = option("", "What their numbers mean, where the files do not say it.", choices=KINDS)
    scale: float = option(
        1.0, "What their numbers are multiplied by; 0.001 for millimetres.", low=1e-9, high=1e9
    )
    array: str = option("", "The name of the array in their .npz files.")
    align: str = option("", "Another alignment than the protocol's.", choices=ALIGNS)
    crop: str = option("", "Another crop than the protocol's.", choices=CROPS)
    cut: str = option("", "Cut photos before the network otherwise than the protocol.", choices=CUTS)
    cap: float = option(0.0, "Another greatest distance in metres than the protocol's.", low=0, high=1e6)
    flip: bool = option(False, "The mean of a photo's map and its mirror image's.")
    size: int | None = option(None, "Length of the network's input in pixels.", low=16, high=8192)
    tiles: int = option(0, "Tiles: length in pixels at which the network sees the longer side.", low=0)
    per_metre: float = option(1000.0, "With --set folder: stored numbers in a metre.", low=1e-9, high=1e9)
    invalid: str = option("0", "With --set folder: numbers that are no distance, commas between.")
    sharp: bool = option(False, "Take boundary figures also where the set is not known for exact outlines.")
    limit: int = option(0, "About so many pictures of all over the set (the first clips); 0 for all.", low=0)
    worst: int = option(20, "So many of the worst pictures are kept as maps.", low=0, high=200)
    resamples: int = option(1000, "Drawings of the bootstrap.", low=1, high=1_000_000)
    level: float = option(0.95, "Confidence of its intervals.", low=0.01, high=0.999)
    unit: str = option("pictures", "What is drawn.", choices=("pictures", "clips"))
    seed: int = option(0, "Seed of the drawings.", low=0, high=2**31 - 1)
    title: str = option("", "With report: the heading of the page.")
    output: str = option("", "Write the result (.json) or the page (.html) here; maps beside a result.")
    overwrite: bool = option(False, "Replace a file that exists already.")
    json: bool = option(False, "The result as JSON on standard output.")


def show_sets(words: tuple[str, ...], options: EvalOptions) -> int:
    """List the sets, or show those named."""
    from nearfar.evaluation import catalogue

    chosen = [catalogue.eval_set(name) for name in words] or list(catalogue.eval_sets().values())
    if options.json:
        _say.document([one.describe() for one in chosen])
        return 0
    for one in chosen:
        splits = ", ".join(f"{name} ({count:,})" if count else name for name, count in one.splits.items())
        rows = (
            ("home", one.home),
            ("terms", one.terms),
            ("files", one.layout),
            ("splits", splits),
            ("list", one.list_help),
            ("needs", "pip install 'nearfar[eval]'" if one.libraries else ""),
        )
        _say.lines([f"{one.name}: {one.title}", *(f"  {name:<7}{text}" for name, text in rows if text)])
    return 0


def show_protocols(words: tuple[str, ...], options: EvalOptions) -> int:
    """List the protocols, or show those named."""
    from nearfar.evaluation import catalogue

    chosen = [catalogue.protocol(name) for name in words] or list(catalogue.protocols().values())
    if options.json:
        _say.document([one.describe() for one in chosen])
        return 0
    for one in chosen:
        _say.lines(
            [
                f"{one.name}: {one.title}",
                f"  source {one.source}",
                f"  sets   {', '.join(one.sets)}",
            ]
        )
    return 0


def judge(words: tuple[str, ...], options: EvalOptions, line: Callable[[str], None]) -> int:
    """Judge a network or a folder of maps, and print or write the result."""
    from nearfar.evaluation.runs import evaluate

    if len(words) + bool(options.predictions) != 1:
        raise ParameterError(
            "One network, or one folder of maps (--predictions), is judged.",
            "For example: nearfar eval embedded --protocol midas --set nyu --data DIR",
        )
    for name in ("protocol", "set", "data"):
        if not getattr(options, name):
            raise ParameterError(
                f"--{name} is not given.",
                "For example: nearfar eval embedded --protocol midas --set nyu --data DIR. "
                "nearfar eval protocols and nearfar eval sets list what there is.",
                parameter=name,
            )
    plan = _plan(options)
    if options.output:
        _check_target(options, ".json")
    result = evaluate(plan, _predictor(words, options), _progress(line))
    result.document["nearfar"] = __version__
    if options.output:
        _write(Path(options.output), result, overwrite=options.overwrite)
    if options.json:
        _say.document(result.document)
    else:
        _say.lines(_outline(result.document))
    return 0


_OF_MAPS = ("kind", "scale", "array")
_OF_NETWORKS = ("flip", "size", "tiles")
_OF_FOLDERS = ("per_metre", "invalid")
_OF_ACTIONS = {
    "sets": ("json",),
    "protocols": ("json",),
    "compare": ("resamples", "level", "unit", "seed", "output", "overwrite", "json"),
    "report": ("title", "output", "overwrite"),
}
"""The flags that each of the other things to do heeds."""


def check_action(given: Iterable[str], action: str) -> None:
    """ParameterError where a flag was given that would change nothing beside what is to be done."""
    _idle.refuse((name for name in given if name not in _OF_ACTIONS[action]), f"with eval {action}")


def check_heeded(given: Iterable[str], options: EvalOptions) -> None:
    """ParameterError where a flag was given that would change nothing."""
    for names, is_heeded, where in (
        (_OF_MAPS, bool(options.predictions), "with --predictions"),
        (_OF_NETWORKS, not options.predictions, "with a network"),
        (_OF_FOLDERS, options.set == "folder", "with --set folder"),
        (("worst",), bool(options.output), "with --output"),
        (("title",), False, "with report"),
    ):
        for name in names:
            if name in given and not is_heeded:
                raise ParameterError(f"{_idle.flag(name)} counts only {where}.", "Leave it out.", name)


def _plan(options: EvalOptions) -> Plan:
    from nearfar.evaluation import catalogue
    from nearfar.evaluation.rules import Given
    from nearfar.evaluation.runs import Plan
    from nearfar.evaluation.samples import Wish

    folder = Path(options.data)
    if not folder.is_dir():
        raise ParameterError(f"--data is '{options.data}', which is no folder.", parameter="data")
    layout = {"per_metre": options.per_metre, "invalid": _numbers(options.invalid)}
    return Plan(
        catalogue.protocol(options.protocol),
        catalogue.eval_set(options.set),
        Wish(folder, options.split, _listed(options.split_file), layout),
        Given(options.align, options.crop, options.cut, options.cap, options.sharp),
        _drawing(options),
        options.limit,
        options.worst if options.output else 0,  # there is no place for them otherwise
        options.partial,
    )


def _drawing(options: EvalOptions) -> Drawing:
    from nearfar.evaluation.bootstrap import Drawing

    return Drawing(options.resamples, options.seed, options.level, options.unit)


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError as exc:
        raise ParameterError(
            f"--invalid is '{text}'.", "Give numbers with commas between: 0,255.", parameter="invalid"
        ) from exc


def _listed(path: str) -> tuple[str, ...]:
    """The lines of a list, without empty ones and comments."""
    if not path:
        return ()
    lines = (line.strip() for line in _read(Path(path)).decode("utf-8", "replace").splitlines())
    listed = tuple(line for line in lines if line and not line.startswith("#"))
    if not listed:
        raise ParameterError(f"{path} lists no picture.", "Give a list of pictures.", parameter="split_file")
    return listed


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise SourceError(f"{path} cannot be read: {exc.strerror}.", "Check the name.") from exc


def _predictor(words: tuple[str, ...], options: EvalOptions) -> Predictor:
    from nearfar.evaluation.predictions import Folder, predictor_of

    if options.predictions:
        return Folder(Path(options.predictions), options.kind, options.scale, options.array)
    return predictor_of(words[0], size=options.size, flip=options.flip, tiles=options.tiles)


def _progress(line: Callable[[str], None]) -> Callable[[int, int], None]:
    """A line at each tenth."""

    def tell(done: int, total: int) -> None:
        if total >= 20 and (done * 10) // total > ((done - 1) * 10) // total:
            line(f"{done:,} of {total:,}")

    return tell


def _write(path: Path, result: Result, *, overwrite: bool) -> None:
    """The result as JSON, and the worst pictures as JPEG in a folder beside it."""
    folder = path.with_suffix(_SHEETS)
    for place, (row, sheet) in enumerate(zip(result.document["worst"], result.sheets, strict=True), 1):
        row["file"] = f"{folder.name}/{place:02d}.jpg"
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(path.parent / row["file"], sheet)
    text = json.dumps(result.document, indent=1, ensure_ascii=False)
    write_whole(path, f"{text}\n".encode(), overwrite=overwrite)


def _outline(document: dict[str, Any]) -> Iterable[str]:
    chosen, expected = document["set"], document["set"]["expected"]
    published = f" of {expected:,} published" if expected else ""
    counted = f"{document['pixels']:,} pixels" if document["pixels"] else f"{document['pairs']:,} pairs"
    yield (
        f"{document['model']['name']} by {document['protocol']['name']} on {chosen['name']} "
        f"({chosen['split']}): {document['images']:,} pictures{published}, {counted}"
    )
    if document["skipped"]:
        yield f"  left out: {len(document['skipped'])} ({document['skipped'][0]['reason']})"
    if document["pixels_without_prediction"]:
        yield f"  without a prediction: {document['pixels_without_prediction']:,} pixels"
    width = max(len(name) for name in document["figures"])
    for name, row in document["figures"].items():
        if row["mean"] is not None:
            yield f"  {name:<{width}}  {row['mean']:9.4f}  [{row['low']:.4f}, {row['high']:.4f}]"


def compare(words: tuple[str, ...], options: EvalOptions) -> int:
    """Whether two results differ by more than chance."""
    from nearfar.evaluation.comparing import compare as set_against

    if len(words) != 2:
        raise ParameterError("Two results are compared.", "nearfar eval compare A.json B.json")
    first, second = (_result(Path(word)) for word in words)
    found = set_against(first, second, _drawing(options))
    if options.output:
        write_whole(options.output, json.dumps(found, indent=1).encode(), overwrite=options.overwrite)
    if options.json:
        _say.document(found)
        return 0
    names = [found[side]["name"] for side in ("first", "second")]
    _say.lines([f"{names[0]} (first) and {names[1]} (second) on {found['images']:,} pictures:"])
    width = max(len(name) for name in found["figures"])
    for name, row in found["figures"].items():
        if row["images"]:
            text = f"  {name:<{width}}  {row['first']:9.4f} {row['second']:9.4f}  {row['difference']:+.4f} "
            text += f"[{row['low']:+.4f}, {row['high']:+.4f}]  p {row['p']:.3f}  better: {row['better']}"
            _say.lines([text])
    return 0


def _check_target(options: EvalOptions, suffix: str) -> None:
    """Refuse, before work of hours, a file of another kind, one that is there, or one in no such folder."""
    target = Path(options.output)
    if target.suffix.lower() != suffix:
        raise ParameterError(
            f"--output is '{options.output}', but a file that ends in {suffix} was expected.", "", "output"
        )
    _plugins.check_absent(target, overwrite=options.overwrite)
    _plan_files.make_folders((), (options.output,))


def _result(path: Path) -> dict[str, Any]:
    """The document of a result; ParameterError where the file is none."""
    try:
        document = json.loads(_read(path))
    except ValueError as exc:
        raise ParameterError(
            f"{path} is not JSON: {exc}.", "Give a file that nearfar eval -o wrote."
        ) from exc
    if not isinstance(document, dict) or not {"protocol", "set", "rows", "figures"} <= document.keys():
        raise ParameterError(
            f"{path} is no result of nearfar eval.", "Give a file that nearfar eval -o wrote."
        )
    return document


def report(words: tuple[str, ...], options: EvalOptions) -> int:
    """Write results as one HTML file."""
    from nearfar.evaluation.report import page

    if not words or not options.output:
        raise ParameterError(
            "report needs results and a place to write to.", "nearfar eval report RESULT.json -o FILE.html"
        )
    _check_target(options, ".html")
    results = []
    for word in words:
        document = _result(Path(word))
        sheets = [_read(Path(word).parent / row["file"]) for row in document["worst"] if "file" in row]
        results.append((document, sheets))
    target = write_whole(options.output, page(results, options.title).encode(), overwrite=options.overwrite)
    _say.lines([str(target)])
    return 0
