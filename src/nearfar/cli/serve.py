"""``nearfar serve``: the page and the HTTP service. Its flags are the settings."""

from __future__ import annotations

from dataclasses import replace

from nearfar import settings
from nearfar.cli._verb import verb
from nearfar.options import parse
from nearfar.settings import Settings


@verb(Settings)
def command(words: tuple[str, ...], given: dict[str, str | bool]) -> int:  # noqa: ARG001 - the seam's shape
    """Serve the page and the HTTP service; a flag goes before its NEARFAR_ variable."""
    named = parse(Settings, given)
    changed = {name: getattr(named, name) for name in given}
    chosen = replace(settings.load(), **changed)
    from nearfar.service import serve  # loads FastAPI and uvicorn

    serve(chosen)
    return 0
