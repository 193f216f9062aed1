"""Runs of a network that a GPU replays as a whole: one recording for each shape of input."""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[[Any], Any]

SHAPES = 4
"""Recordings kept; each holds the memory of a whole run."""
_WARM_UPS = 3  # before a recording: libraries choose their kernels in the first runs
_log = logging.getLogger("nearfar.engines.torch")


class Recordings:
    """Runs a network from recordings; not for several threads at once.

    ``record`` makes a recording from the run and an input; a shape for which it fails is run as it is.
    """

    def __init__(self, run: Run, record: Callable[[Run, Any], Run], limit: int = SHAPES) -> None:
        self._run, self._record, self._limit = run, record, limit
        self._kept: OrderedDict[tuple[int, ...], Run] = OrderedDict()

    def __call__(self, batch: Any) -> Any:
        """What the network answers; valid until the next call."""
        shape = tuple(batch.shape)
        if shape not in self._kept:
            self._kept[shape] = self._make(batch)
            while len(self._kept) > self._limit:
                self._kept.popitem(last=False)
        self._kept.move_to_end(shape)
        return self._kept[shape](batch)

    def _make(self, batch: Any) -> Run:
        try:
            return self._record(self._run, batch)
        except RuntimeError as exc:  # an operator that cannot be recorded, or too little memory for it
            _log.info("No recording for %s: %s", tuple(batch.shape), exc)
            return self._run


def cuda_graph(run: Run, example: Any) -> Run:
    """A CUDA graph of one run: hundreds of kernels are started by one call (torch.cuda.CUDAGraph).

    Raises:
        RuntimeError: something in the run cannot be recorded.
    """
    import torch

    held = example.clone(memory_format=torch.channels_last)
    aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # the library has no types here
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(_WARM_UPS):
            run(held)
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):  # other threads may send their pictures
        answer = run(held)

    def replay(batch: Any) -> Any:
        held.copy_(batch)
        graph.replay()
        return answer

    return replay
