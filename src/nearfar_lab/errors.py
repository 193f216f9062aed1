"""What can go wrong in the lab.

LabError
├── DataMissingError      a folder or file of a data set is not there
├── UnknownNameError      no data set, model or recipe of that name
├── CheckpointError       a run folder or checkpoint cannot be used
├── DeviceMissingError    the device that was asked for is not there
└── ExportError           an exported file does not compute what torch computes
"""

from __future__ import annotations


class LabError(Exception):
    """Base of everything the lab raises on purpose."""


class DataMissingError(LabError, FileNotFoundError):
    """A data set's folder or file is not there."""


class UnknownNameError(LabError, KeyError):
    """No data set, model or recipe of that name."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class CheckpointError(LabError, ValueError):
    """A run folder or checkpoint cannot be used as asked."""


class ExportError(LabError, ValueError):
    """An exported file does not compute what the torch network computes."""


class DeviceMissingError(LabError, RuntimeError):
    """The device that was asked for is not there."""
