"""What shards of a run hold: ``from runs_shards import samples``."""

from __future__ import annotations

import json
import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def samples(target: Path) -> list[str]:
    """What the shards of a target hold, by what they are of."""
    found = []
    for path in sorted(target.glob("shard-*.tar")):
        with tarfile.open(path) as archive:
            members = [member for member in archive if member.name.endswith(".json")]
            found += [json.load(archive.extractfile(member))["source"] for member in members]
    for path in sorted(target.glob("shard-*.parquet")):
        from pyarrow import parquet

        found += parquet.read_table(path).column("source").to_pylist()
    return sorted(found)
