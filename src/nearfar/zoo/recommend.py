"""Which network for which task, and why."""

from __future__ import annotations

from dataclasses import dataclass

from nearfar.errors import UnknownNameError, did_you_mean


@dataclass(frozen=True, slots=True)
class Advice:
    """One network for a task; the first of a task is the one to try first."""

    task: str
    model: str
    why: str


TASKS = {
    "fast": "answers soon on a plain processor",
    "relative": "the best order of near and far, whatever it takes",
    "indoors": "metres in rooms",
    "outdoors": "metres in streets and landscapes",
    "video": "frames one after the other, steady and soon",
    "commercial": "the best order of near and far that may be used at work",
}
ADVICE = (
    Advice("fast", "embedded", "In the package: nothing to fetch, the smallest, tens of milliseconds."),
    Advice("fast", "embedded-fine", "In the package too: sharper and surer, about a fifth as fast."),
    Advice("fast", "midas-small", "21 M parameters and sturdy on any photo; MIT."),
    Advice("relative", "depth-anything-v2-large", "97.1 % of the pairs of DA-2K; not for commercial use."),
    Advice("relative", "dpt-beit-large-512", "The best published figures of the MiDaS family on NYU; MIT."),
    Advice("relative", "dpt-large", "Best quality of the MiDaS family that has a published ONNX file."),
    Advice("indoors", "moge-2-base", "Metres and the focal length by itself, so any photo will do; MIT."),
    Advice("indoors", "zoedepth-n", "Trained on rooms: published AbsRel 0.075 on NYU; MIT, slow."),
    Advice("indoors", "glpn-nyu", "A small network for rooms; Apache-2.0."),
    Advice("outdoors", "moge-2-base", "Metres and the focal length by itself, so any photo will do; MIT."),
    Advice("outdoors", "zoedepth-k", "Trained on streets up to 80 m; MIT, slow."),
    Advice("outdoors", "metric3d-v2-small", "Metres where the photo tells its focal length; small."),
    Advice("video", "embedded", "Fast enough for a live picture; frames are held steady by nearfar itself."),
    Advice("video", "depth-anything-v2-small", "Finer edges at 25 M parameters; Apache-2.0."),
    Advice("commercial", "depth-anything-v2-small", "95.3 % of the pairs of DA-2K; Apache-2.0."),
    Advice("commercial", "dpt-large", "Best quality of the MiDaS family that has an ONNX file; Apache-2.0."),
    Advice("commercial", "depth-anything-v3-mono-large", "Of the newest generation, tells sky; Apache-2.0."),
)


def recommend(task: str = "") -> tuple[Advice, ...]:
    """Advice for a task, for all of them where none is named.

    Raises:
        UnknownNameError: there is no such task; the message offers the nearest.
    """
    if task and task not in TASKS:
        raise UnknownNameError(f"There is no task '{task}'.", did_you_mean(task, TASKS))
    return tuple(row for row in ADVICE if not task or row.task == task)
