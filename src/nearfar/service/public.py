"""What clients are told of an error: without the folders of the server, which are nobody's business."""

from __future__ import annotations

import re
from pathlib import Path

_POSIX = re.compile(r"(?<![\w:/.<>])/(?!v1/|docs/)(?:[^\s/'\"]+/)+([^\s/'\",;:]+)")
_WINDOWS = re.compile(r"\b[A-Za-z]:\\(?:[^\\'\"\n]+\\)*([^\s\\'\",;:]+)")


def public(text: str, home: str = "") -> str:
    """The text with nothing but the last name of every path in it.

    ``home``: the folder of the settings, whose name may hold spaces.
    """
    for folder in (home, str(Path.home())):
        if len(folder) > 1:
            text = text.replace(folder.rstrip("/\\"), "/home/nearfar")
    return _WINDOWS.sub(r"\1", _POSIX.sub(r"\1", text))
