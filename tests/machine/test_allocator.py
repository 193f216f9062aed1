"""What the C library is told of memory."""

from __future__ import annotations

import subprocess
import sys

import pytest

PEAK = """
import sys
import numpy as np
from nearfar.machine import allocator
if sys.argv[1] == "spare" and not allocator.spare():
    sys.exit("no glibc")
np.ones(30 << 20, np.uint8)  # once it is freed, glibc keeps smaller blocks to itself
blocks = [np.ones(6 << 20, np.uint8) for _ in range(16)]
del blocks[:-1]
rows = open("/proc/self/status", encoding="ascii").read().splitlines()
print(next(row.split()[1] for row in rows if row.startswith("VmRSS")))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_sparing_process_gives_back_what_it_freed() -> None:
    """Blocks of a few MiB below one that is still there go back to the system."""
    found = []
    for how in ("usual", "spare"):
        done = subprocess.run([sys.executable, "-c", PEAK, how], capture_output=True, text=True, check=False)
        if "no glibc" in done.stderr:
            pytest.skip("not glibc")
        found.append(int(done.stdout) / 1024)
    usual, spare = found
    assert spare < usual - 50


FAULTS = """
import resource
from nearfar.machine import allocator

def photo():
    [bytes(300) for _ in range(8000)]

photo()
allocator.settle()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(40):
    photo()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts page faults as Linux does")
def test_small_objects_of_a_photo_need_no_new_pages() -> None:
    """Python's arenas stay mapped: 40 times 2.4 MB of small objects come and go (500 faults each, else)."""
    done = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 400
