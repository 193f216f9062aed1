"""``nearfar bench``: how fast networks run on this machine."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from nearfar import settings
from nearfar.cli import _say
from nearfar.cli._verb import Flag, verb
from nearfar.errors import NearfarError
from nearfar.machine.files import write_whole
from nearfar.options import option, parse


@dataclass(frozen=True, slots=True)
class BenchOptions:
    """The flags of the verb."""

    engines: str = option("onnxruntime", "Engines, commas between.")
    precisions: str = option("float32", "Precisions, commas between; fast is int8 with all of --fast.")
    photos: str = option("", "Photo sizes, commas between: 256×256, 512×512, 1024×1024, 12 MP; else all.")
    seconds: float = option(2.0, "Seconds of each figure.", low=0.01, high=600)
    baseline: bool = option(False, "Also MiDaS small the way it is usually run: torch eager, bicubic, PNG.")
    output: str = option("", "Also write the tables, with date and command, as a Markdown document here.")
    json: bool = option(False, "JSON on standard output.")
    markdown: bool = option(False, "A Markdown table.")
    row: bool = option(False, "One line for the table of machines: this machine, and ms of whole photos.")


_FLAGS = {name: Flag(value="LIST") for name in ("engines", "precisions", "photos")} | {
    "output": Flag("-o", "FILE.md")
}


@verb(BenchOptions, ("MODEL", "Networks to measure; embedded where none is named."), _FLAGS)
def command(models: tuple[str, ...], given: dict[str, str | bool]) -> int:
    """Measure networks alone and the whole way from a file to a heat map."""
    from nearfar import bench
    from nearfar.bench import document
    from nearfar.zoo import catalogue

    options = parse(BenchOptions, given)
    names = models or ("embedded",)
    cases = tuple(
        bench.Case(catalogue.card(name).name, engine, precision)
        for name in names
        for engine in _parts(options.engines)
        for precision in _parts(options.precisions)
    )
    photos = tuple(_parts(options.photos.replace("x", "×"))) or tuple(bench.PHOTOS)
    plan = bench.Plan(cases, photos, options.seconds, options.baseline)
    if options.row:
        return _row(names, options.seconds)
    report = bench.run(plan, settings.load(), _say.line)
    unsteady = [row for row in report.rows if not row.is_steady]
    if options.output and unsteady:
        raise NearfarError(
            f"{options.output} is not written: {len(unsteady)} rows were disturbed (halves over 10 % apart).",
            "Measure again when the machine has nothing else to do, or for longer: --seconds 10.",
        )
    if options.output:
        write_whole(options.output, document.page(report, _line(models, given), _today()).encode())
    if options.json:
        _say.document(asdict(report))
    else:
        _say.lines(document.tables(report, is_markdown=options.markdown))
    return 0 if all(not row.error for row in report.rows) else 1


def _row(names: tuple[str, ...], seconds: float) -> int:
    """Print the line, and refuse what was disturbed."""
    from nearfar import api, bench
    from nearfar.bench.row import SIZES, line

    model = names[0]
    chosen = settings.load()
    precision = "int8" if api.load(model, settings=chosen).estimator.engine.endswith("int8") else "float32"
    plan = bench.Plan((bench.Case(model, "onnxruntime", precision),), SIZES, seconds)
    report = bench.run(plan, chosen, _say.line)
    _say.lines([line(report)])
    return 0 if all(not row.error and row.is_steady for row in report.rows) else 1


def _line(models: tuple[str, ...], given: dict[str, str | bool]) -> str:
    """The command as it was given."""
    flags = [
        f"--{name.replace('_', '-')}"
        + ("" if value is True else f" '{value}'" if " " in str(value) else f" {value}")
        for name, value in given.items()
    ]
    return " ".join(["nearfar bench", *models, *flags])


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
