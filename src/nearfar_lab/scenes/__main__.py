"""`python -m nearfar_lab.scenes`: contact sheets, shards for training, sample pictures."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from nearfar_lab.scenes import samples, shards, sheets, textures
from nearfar_lab.scenes.pictures import VERSION, render
from nearfar_lab.scenes.worlds import WORLDS


def options() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m nearfar_lab.scenes", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    sheet = verbs.add_parser("sheet", help="write a contact sheet of scenes and their depths")
    sheet.add_argument("path", type=Path)
    sheet.add_argument("--seed0", type=int, default=0)
    sheet.add_argument("--count", type=int, default=24)
    sheet.add_argument("--columns", type=int, default=3)
    sheet.add_argument("--world", choices=list(WORLDS))
    sheet.add_argument("--portrait", action="store_true")
    shard = verbs.add_parser("shards", help="render scenes for training; goes on where it stopped")
    shard.add_argument("folder", type=Path)
    shard.add_argument("--count", type=int, default=8192)
    shard.add_argument("--seed0", type=int, default=0)
    shard.add_argument("--processes", type=int, default=1)
    shard.add_argument("--name", default=f"v{VERSION}")
    shard.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="where pixels are computed")
    shard.add_argument("--size", type=int, nargs=2, default=(240, 320), metavar=("H", "W"))
    sample = verbs.add_parser("samples", help="write the three sample pictures of the page")
    sample.add_argument("folder", type=Path)
    for verb in (sheet, shard, sample):
        verb.add_argument("--data", type=Path, help="folder of training sets whose photos may be textures")
    return parser


@contextmanager
def reporter() -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal, lines of JSON elsewhere."""
    begun = time.monotonic()
    if sys.stdout.isatty():
        from rich.progress import Progress

        with Progress() as bar:
            task = bar.add_task("scenes")
            yield lambda done, total: bar.update(task, completed=done, total=total)
        return

    def line(done: int, total: int) -> None:
        print(
            json.dumps({"done": done, "total": total, "seconds": round(time.monotonic() - begun, 1)}),
            flush=True,
        )

    yield line


def main(arguments: list[str] | None = None) -> int:
    """Run a command; the exit code."""
    o = options().parse_args(arguments)
    if o.verb == "sheet":
        photos = textures.load(o.data) if o.data else None
        size = (320, 240) if o.portrait else (240, 320)
        seeds = range(o.seed0, o.seed0 + o.count)
        rendered = (render(seed, size, o.world, photos) for seed in seeds)
        sheets.contact_sheet(rendered, o.path, o.columns)
    elif o.verb == "samples":
        for path in samples.write(o.folder, textures.load(o.data) if o.data else None):
            print(path)
    else:
        try:
            with reporter() as progress:
                size = (o.size[0], o.size[1])
                order = shards.Rendering(o.folder, o.count, o.seed0, size, o.data, o.name, o.device)
                shards.render_shards(order, o.processes, progress=progress)
        except KeyboardInterrupt:
            print("stopped; the same command goes on from here", file=sys.stderr)
            return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
