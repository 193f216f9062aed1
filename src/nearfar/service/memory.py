"""How the C library hands out memory: set once for a process that works on pictures all day."""

from __future__ import annotations

import ctypes

_MIB = 2**20
_OPTIONS = {  # malloc.h of glibc
    -3: 16 * _MIB,  # M_MMAP_THRESHOLD: buffers of a usual photo are reused, not mapped anew and zeroed
    -1: 64 * _MIB,  # M_TRIM_THRESHOLD: nor given back between two photos
    -8: 2,  # M_ARENA_MAX: threads share two pools, so that memory does not grow with the number of threads
}


def tune() -> bool:
    """Set the options; False, and nothing done, where the C library is not glibc (musl, macOS, Windows).

    Measured on 512×512 photos: about 3 ms less processor time of 21 ms outside the network, for a photo.
    """
    try:
        library = ctypes.CDLL(None)
        set_option, _ = library.mallopt, library.gnu_get_libc_version
    except (AttributeError, OSError, TypeError):
        return False
    done = [set_option(option, value) for option, value in _OPTIONS.items()]
    return all(done)
