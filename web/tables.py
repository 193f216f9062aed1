"""Write the page's tables from the library's own: ``python web/tables.py``.

Colours of every colour map, and the options of the effects that the studio makes in the browser.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from nearfar.ops.colormap import COLORMAPS, colorize
from nearfar.plugins import outline
from nearfar.registry import EFFECTS

TABLES = Path(__file__).parent / "src" / "colormaps.json"
STUDIO_EFFECTS = Path(__file__).parent / "studio" / "effects" / "effects.json"
IN_THE_BROWSER = ("anaglyph", "depth-slices", "fog", "normals", "stereo", "tint", "wiggle")
LEFT_OUT = ("bits",)
"""Options that a browser's own pictures cannot follow: they have 8 bits a channel."""


def tables() -> dict[str, str]:
    """256 colours from far to near of every colour map, six hexadecimal digits each, one after the other."""
    ramp = np.linspace(0, 1, 256, dtype=np.float32)[None]
    return {name: colorize(ramp, name).tobytes().hex() for name in COLORMAPS}


def studio_effects() -> list[dict[str, Any]]:
    """Name, summary, suffixes and options of each effect of the studio, as the service tells them."""
    rows = [outline(EFFECTS.load(name)) for name in IN_THE_BROWSER]
    keep = ("name", "summary", "suffixes")
    return [
        {key: row[key] for key in keep}
        | {"options": [option for option in row["options"] if option["name"] not in LEFT_OUT]}
        for row in rows
    ]


if __name__ == "__main__":
    TABLES.write_text(json.dumps(tables(), indent=1) + "\n", encoding="utf-8")
    STUDIO_EFFECTS.write_text(json.dumps(studio_effects(), indent=1) + "\n", encoding="utf-8")
