"""How large the base install is: a fresh environment with nearfar and all it requires.

Not counted is what the environment brings by itself: pip, and setuptools before Python 3.12.

Needs the package index. The versions are the newest that pyproject.toml allows.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import venv
from collections import Counter
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
LIMIT_MB = 440.0
NOT_COUNTED = ("pip", "setuptools", "pkg_resources", "_distutils_hack", "distutils-precedence")
"""What a fresh environment brings by itself (Python 3.12 and later: pip alone); nearfar needs none of it."""


def install(folder: Path) -> Path:
    """Make the environment; gives its site-packages."""
    venv.create(folder, with_pip=True, clear=True)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", REPOSITORY],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    shown = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    )
    return Path(shown.stdout.strip())


def sizes_mb(folder: Path) -> Counter[str]:
    """MB on disk (10⁶ bytes, whole blocks as du counts them) of each entry of a folder."""
    totals: Counter[str] = Counter()
    for file in folder.rglob("*"):
        if file.is_symlink() or file.is_file():
            stat = file.lstat()
            used = getattr(stat, "st_blocks", -(-stat.st_size // 512)) * 512
            totals[file.relative_to(folder).parts[0]] += used / 1e6  # type: ignore[assignment]
    return totals


def main() -> int:
    """Measure, print, and exit with 1 where the figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--largest", type=int, default=12, help="how many packages to list")
    largest = parser.parse_args().largest
    with tempfile.TemporaryDirectory() as name:
        packages = sizes_mb(install(Path(name)))
        everything = sum(sizes_mb(Path(name)).values())
    tools = sum(mb for package, mb in packages.items() if package.startswith(NOT_COUNTED))
    found = everything - tools
    for package, mb in packages.most_common(largest):
        print(f"{mb:8.1f} MB  {package}")
    verdict = "ok" if found < LIMIT_MB else "MISSED"
    print(f"{found:8.1f} MB  base install without pip and setuptools  (under {LIMIT_MB:g})  {verdict}")
    return 0 if found < LIMIT_MB else 1


if __name__ == "__main__":
    sys.exit(main())
