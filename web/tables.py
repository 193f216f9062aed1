"""Write the page's colour tables from the library's own: ``python web/tables.py``."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from nearfar.ops.colormap import COLORMAPS, colorize

TABLES = Path(__file__).parent / "src" / "colormaps.json"


def tables() -> dict[str, str]:
    """256 colours from far to near of every colour map, six hexadecimal digits each, one after the other."""
    ramp = np.linspace(0, 1, 256, dtype=np.float32)[None]
    return {name: colorize(ramp, name).tobytes().hex() for name in COLORMAPS}


if __name__ == "__main__":
    TABLES.write_text(json.dumps(tables(), indent=1) + "\n", encoding="utf-8")
