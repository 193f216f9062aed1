"""Whether every dependency of what is served has a wheel for arm64 (Raspberry Pi and the like), on Linux.

    python tools/arm64.py            # by the stored listing, without a network
    python tools/arm64.py --renew    # ask the index, as pip is set up here, and write the listing

A wheel counts where its SHA-256 is among those that requirements/base.txt and video.txt pin: it is the file
that would be installed. The listing, requirements/arm64.json, has the name and hash of each package's wheel.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = tuple(ROOT / "requirements" / name for name in ("base.txt", "video.txt"))
LISTING = ROOT / "requirements" / "arm64.json"
PYTHON = "3.11"
PLATFORMS = (
    "manylinux_2_28_aarch64",
    "manylinux_2_27_aarch64",
    "manylinux_2_17_aarch64",
    "manylinux2014_aarch64",
)
NEEDLESS = (
    "colorama",
    "editables",
    "hatchling",
    "pathspec",
    "pluggy",
    "trove-classifiers",
    "tzdata",
    "win32",
)
"""What only builds the package, or only Windows has."""


def pinned() -> dict[str, tuple[str, set[str]]]:
    """Package to version and the hashes that the lock allows."""
    found: dict[str, tuple[str, set[str]]] = {}
    name = ""
    for line in "\n".join(lock.read_text(encoding="utf-8") for lock in LOCKS).splitlines():
        if head := re.match(r"([A-Za-z0-9_.-]+)==([^\s;]+)(.*)", line):
            name = head[1].lower()
            is_elsewhere = "win32" in head[3] or ">=" in head[3]  # another system, or a later Python
            if name in NEEDLESS or is_elsewhere:
                name = ""
                continue
            found[name] = (head[2], set())
        elif name and (digest := re.search(r"--hash=sha256:([0-9a-f]{64})", line)):
            found[name][1].add(digest[1])
    return found


def _hash(rows: dict[str, dict[str, str]], name: str) -> str:
    return rows[name]["sha256"] if name in rows else ""


def renewed(known: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """The wheels that pip finds for arm64, by package; what is known and still pinned is not asked."""
    rows = {name: known[name] for name, (_, hashes) in pinned().items() if _hash(known, name) in hashes}
    for name, (version, _) in pinned().items():
        if name in rows:
            continue
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
            command += ["--python-version", PYTHON, *(f"--platform={one}" for one in PLATFORMS), "-d", folder]
            done = subprocess.run(
                [*command, f"{name}=={version}"], check=False, capture_output=True, text=True
            )
            files = list(Path(folder).glob("*.whl"))
            if done.returncode or not files:
                print(f"{name} {version}: no wheel for arm64")
                continue
            rows[name] = {"file": files[0].name, "sha256": hashlib.sha256(files[0].read_bytes()).hexdigest()}
    return rows


def _listed() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(LISTING.read_text("utf-8")) if LISTING.exists() else {}
    return found


def faults(rows: dict[str, dict[str, str]]) -> list[str]:
    """What is wrong: a package without a wheel, a wheel of another platform or one that is not pinned."""
    wrong = []
    for name, (version, hashes) in pinned().items():
        row = rows.get(name)
        if row is None:
            wrong.append(f"{name} {version} has no wheel for arm64 in the listing")
        elif not row["file"].endswith("none-any.whl") and "aarch64" not in row["file"]:
            wrong.append(f"{row['file']} is not for arm64")
        elif row["sha256"] not in hashes:
            wrong.append(f"{row['file']} is not what the lock pins: renew the listing")
    return wrong


def main() -> int:
    """Check, and say so."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--renew", action="store_true", help="ask the index, and write the listing")
    if parser.parse_args().renew:
        LISTING.write_text(json.dumps(renewed(_listed()), indent=1, sort_keys=True) + "\n", encoding="utf-8")
    rows = _listed()
    wrong = faults(rows)
    own = sum("aarch64" in rows[name]["file"] for name in pinned() if name in rows)
    said = f"{len(pinned())} packages, all with a wheel for arm64: {own} built for it, the others for any."
    print("\n".join(wrong) or said)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
