"""Write ``deploy/environment.yml``, a Conda environment with the versions of ``requirements/base.txt``.

    python tools/conda.py

Python comes from Conda; the packages come as wheels, for some of them, and some of these versions, are not on
conda-forge: so both ways give the same environment.
"""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
LOCK = REPOSITORY / "requirements" / "base.txt"
TARGET = REPOSITORY / "deploy" / "environment.yml"
PYTHON = "3.11"
HEAD = f"""# Made by `python tools/conda.py` from requirements/base.txt: do not edit.
#   conda env create -f deploy/environment.yml && conda run -n nearfar pip install --no-deps .
name: nearfar
channels:
  - conda-forge
dependencies:
  - python={PYTHON}
  - pip
  - pip:
"""
_PIN = re.compile(r"^([\w.-]+)==(\S+?)(?: ; python_full_version (<|>=) '([\d.]+)')?(?: \\)?$", re.MULTILINE)


def environment(lock: str) -> str:
    """The Conda file of a lock, for one version of Python."""
    fits = {"<": lambda limit: _number(PYTHON) < limit, ">=": lambda limit: _number(PYTHON) >= limit}
    rows = [
        f"      - {name}=={version}\n"
        for name, version, order, limit in _PIN.findall(lock)
        if not order or fits[order](_number(limit))
    ]
    return HEAD + "".join(rows)


def _number(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def main() -> None:
    """Write it."""
    TARGET.write_text(environment(LOCK.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
