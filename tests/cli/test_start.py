"""What a plain command line loads, and that it is read as the parser would read it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from cyclopts import App, CycloptsError
from PIL import Image

from nearfar.cli._verb import Flag, hide_dashes, verb
from nearfar.options import option
from pictures import draw

if TYPE_CHECKING:
    from pathlib import Path

STARTED = """
import sys
from nearfar.cli import main
code = main(sys.argv[1:])
libraries = ("cyclopts", "rich", "fastapi", "uvicorn", "starlette", "PIL", "subprocess", "_hashlib")
wanted = (*libraries, "nearfar.service", "nearfar.cli.", "nearfar.models.")
print(code, *sorted(name for name in sys.modules if name.startswith(wanted)), sep="\\n")
"""


@dataclass(frozen=True, slots=True)
class Options:
    """Flags of every kind."""

    output: str = option("", "Where.")
    overlay: float | None = option(None, "How much.")
    is_on: bool = option(False, "Whether.")
    is_off: bool = option(True, "Whether not.")


@verb(Options, ("WORD", "Words."), {"output": Flag("-o")})
def command(words: tuple[str, ...], given: dict[str, Any]) -> Any:
    """Give back what was read."""
    return words, given


def by_parser(tokens: list[str]) -> Any:
    """What the parser reads."""
    command.sign()
    app = App(name="nearfar", result_action="return_value")
    app.default(command)
    return app(hide_dashes(tokens), exit_on_error=False, print_error=False)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "a",
        "a b",
        "a -o x",
        "-o x a b",
        "a --output=x",
        "a -o -",
        "- --is-on",
        "a --overlay 0.5 b",
        "a --is-off",
    ],
)
def test_a_plain_line_is_read_as_the_parser_reads_it(line: str) -> None:
    """Words and flags, in any order."""
    run = command.plain(line.split())
    assert run is not None
    assert run() == by_parser(line.split())


@pytest.mark.parametrize(
    "line",
    [
        "a --nothing",
        "a -o",
        "a -o --is-on",
        "a -o x -o y",
        "a --is-on=1",
        "a -ox",
        "a -o=x",
        "a --",
        "a --output=",
    ],
)
def test_anything_unusual_is_the_parsers(line: str) -> None:
    """It says what is wrong, or knows what is meant."""
    assert command.plain(line.split()) is None
    with pytest.raises(CycloptsError) if line in {"a --nothing", "a -o"} else _nothing():
        by_parser(line.split())


class _nothing:  # noqa: N801 - a context, as pytest.raises is
    """Whatever comes of it."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> bool:
        return True


def test_a_plain_start_loads_nothing_of_others(tmp_path: Path) -> None:
    """No parser, service, other verb or family of networks; for a JPEG no Pillow, OpenSSL or program."""
    photo = tmp_path / "a.jpg"
    Image.fromarray(draw(64, 48)).save(photo)
    run = partial(subprocess.run, [sys.executable, "-c", STARTED, str(photo)], capture_output=True, text=True)
    run(check=True)  # the first one hashes the network and keeps what the runtime made of it
    photo.with_suffix(".depth.png").unlink()
    done = run(check=True).stdout.split()
    assert done[:2] == [str(photo.with_suffix(".depth.png")), "0"]
    verbs = [
        name for name in done[2:] if name.startswith("nearfar.cli.") and not name.startswith("nearfar.cli._")
    ]
    assert verbs == ["nearfar.cli.depth"]
    assert [name for name in done[2:] if not name.startswith("nearfar.cli.")] == ["nearfar.models.embedded"]
