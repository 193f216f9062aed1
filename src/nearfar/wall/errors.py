"""What becomes of a request whose worker does not come back with an answer.

NearfarError
├── WorkerCrashedError (RuntimeError)  the picture brought its worker down
├── WorkerSlowError (TimeoutError)     it took longer than a worker may
├── WorkerLostError (RuntimeError)     the worker was ended from outside; the request may come again
└── WallError (RuntimeError)           no worker can be started
"""

from nearfar.errors import NearfarError


class WorkerCrashedError(NearfarError, RuntimeError):
    """The worker ended by a fault of its own, or answered what no worker answers."""


class WorkerSlowError(NearfarError, TimeoutError):
    """The work took more time than a worker gets, by the clock or by the processor."""


class WorkerLostError(NearfarError, RuntimeError):
    """The worker was ended from outside, such as by the system for want of memory."""


class WallError(NearfarError, RuntimeError):
    """No worker can be started."""


def slow(seconds: float) -> WorkerSlowError:
    """The error of work that took longer than that."""
    return WorkerSlowError(
        f"The work on the picture took longer than {seconds:g} s.",
        "Scale the picture down, ask for less, or raise the setting NEARFAR_WORK_TIMEOUT of the service.",
    )
