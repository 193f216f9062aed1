"""What can go wrong in the lab: a branch of nearfar's one tree of errors.

    NearfarError
    ├── UnknownNameError (LookupError)          no data set, recipe or world of that name
    ├── ParameterError (ValueError)             an argument does not fit
    └── LabError
        ├── DataMissingError (FileNotFoundError)  a folder or file of a data set is not there
        ├── HeldOutError (ValueError)             a held-out set was to be trained on
        ├── CheckpointError (ValueError)          a run folder or checkpoint cannot be used
        ├── ExportError (ValueError)              an exported file does not compute what torch computes
        └── DeviceMissingError (RuntimeError)     the device that was asked for is not there

As everywhere in nearfar, the message says what was wrong and what was expected, and the hint what to do next.
"""

from __future__ import annotations

from nearfar.errors import NearfarError


class LabError(NearfarError):
    """What the lab alone raises on purpose."""


class DataMissingError(LabError, FileNotFoundError):
    """A data set's folder or file is not there."""


class HeldOutError(LabError, ValueError):
    """A set that is kept for evaluation was to be trained on."""


class CheckpointError(LabError, ValueError):
    """A run folder or checkpoint cannot be used as asked."""


class ExportError(LabError, ValueError):
    """An exported file does not compute what the torch network computes."""


class DeviceMissingError(LabError, RuntimeError):
    """The device that was asked for is not there."""
