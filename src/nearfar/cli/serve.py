"""``nearfar serve``: the page and the HTTP service. Its flags are the settings."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass, fields
from functools import partial
from typing import TYPE_CHECKING

from nearfar import settings
from nearfar.cli import _say
from nearfar.cli._verb import Flag, verb
from nearfar.options import option, parse
from nearfar.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class ServeOptions(Settings):
    """The flags of the verb: every setting, and what is said about the start alone."""

    config: str = option("", "TOML file of settings; flags and NEARFAR_ variables go before it.")
    demo: bool = option(False, "Tell an address at which the page opens with its three sample pictures.")
    check: bool = option(False, "Tell whether the service would start and answer, and do not start it.")
    json: bool = option(False, "With check: JSON on standard output.")


@verb(ServeOptions, flags={"config": Flag(value="FILE")})
def command(words: tuple[str, ...], given: dict[str, str | bool]) -> int:  # noqa: ARG001 - the seam's shape
    """Serve the page and the HTTP service; a flag goes before its NEARFAR_ variable, that before a file."""
    named: ServeOptions = parse(ServeOptions, given)
    flags = {row.name: getattr(named, row.name) for row in fields(Settings) if row.name in given}
    load = partial(settings.load, config=named.config, flags=flags)
    if named.check:
        return _check(load, is_json=named.json)
    chosen = load()
    from nearfar.service import serve  # loads FastAPI and uvicorn

    serve(chosen, partial(_greet, host=chosen.host, is_demo=named.demo))
    return 0


def _greet(address: str, host: str, *, is_demo: bool) -> None:
    """Say where the page is; on a terminal with a code for phones where others reach it."""
    from nearfar.service import greeting

    for line in greeting.lines(address, host, is_terminal=sys.stdout.isatty(), is_demo=is_demo):
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _check(load: Callable[[], Settings], *, is_json: bool) -> int:
    """Say what was found; the exit code is 1 where the service would not start or not answer."""
    from nearfar.service import check

    found = check.run(load)
    is_ok = all(finding.status != "failed" for finding in found)
    if is_json:
        _say.document({"ok": is_ok, "findings": [asdict(finding) for finding in found]})
    else:
        width = max(len(finding.name) for finding in found)
        _say.lines(
            f"{finding.status:7}  {finding.name:{width}}  {finding.detail} {finding.hint}".rstrip()
            for finding in found
        )
    return 0 if is_ok else 1
