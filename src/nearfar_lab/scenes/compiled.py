"""One source of scalar functions, compiled for whichever machine: `compiled.functions(jit)`.

The modules `noise`, `shapes`, `surfaces` and `light` are plain Python. Here each of their functions is cloned
with globals in which the functions it calls are the compiled ones, so that `numba.njit` and
`numba.cuda.jit(device=True)` start from the same text.
"""

import hashlib
import inspect
from collections.abc import Callable
from functools import cache
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any

from nearfar_lab.scenes import frame, light, noise, pixel, shapes, surfaces

LAYERS: tuple[ModuleType, ...] = (noise, shapes, surfaces, light)

# No value is ever NaN or infinite in the kernels; sums may be reordered and fused, square roots stay exact.
FASTMATH = {"reassoc", "contract", "nsz", "nnan", "ninf"}


def functions(jit: Callable[[FunctionType], Any], layers: tuple[ModuleType, ...] = LAYERS) -> SimpleNamespace:
    """Every function of the layers, compiled by `jit`, as attributes of a namespace."""
    digest = hashlib.sha256("".join(inspect.getsource(m) for m in layers).encode()).hexdigest()[:10]
    done: dict[str, Any] = {}
    for module in layers:
        for name, fn in list(vars(module).items()):
            if isinstance(fn, FunctionType) and fn.__module__ == module.__name__:
                clone = FunctionType(fn.__code__, {**vars(module), **done}, name, fn.__defaults__)
                # numba's disk cache looks only at the file of a function, not at what it calls:
                # a name made from all sources keeps a stale one from being used.
                clone.__qualname__ = f"{name}_{digest}"
                clone.__module__ = module.__name__
                done[name] = jit(clone)
    return SimpleNamespace(**done)


@cache
def cpu() -> SimpleNamespace:
    """The functions compiled for the CPU, kept on disk between runs."""
    import numba

    return functions(
        numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=FASTMATH), (*LAYERS, pixel, frame)
    )
