"""The tree of errors."""

from __future__ import annotations

import inspect

import pytest

from nearfar import errors

CLASSES = [c for _, c in inspect.getmembers(errors, inspect.isclass) if c.__module__ == errors.__name__]


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_is_in_the_tree_and_in_its_drawing(cls: type) -> None:
    """One except clause catches all, and the drawing shows all."""
    assert issubclass(cls, errors.NearfarError)
    assert cls.__name__ in errors.__doc__


@pytest.mark.parametrize(
    ("cls", "builtin"),
    [
        (errors.InputError, ValueError),
        (errors.SourceError, OSError),
        (errors.OutputError, OSError),
        (errors.UnknownNameError, LookupError),
        (errors.MissingExtraError, ImportError),
        (errors.SettingsError, ValueError),
        (errors.EngineError, RuntimeError),
    ],
)
def test_the_builtin_one_would_guess_catches_it(cls: type, builtin: type) -> None:
    """Code that knows nothing of us still catches the right thing."""
    assert issubclass(cls, builtin)


def test_text_is_message_and_hint() -> None:
    """What was wrong, then what to do next."""
    assert str(errors.SourceError("It is gone.", "Look elsewhere.")) == "It is gone. Look elsewhere."


def test_did_you_mean() -> None:
    """Near names are offered; else all of them are listed."""
    assert errors.did_you_mean("heatmp", ["heatmap", "fog"]) == "Did you mean 'heatmap'?"
    assert errors.did_you_mean("xyz", ["heatmap", "fog"]) == "Known: fog, heatmap."
    assert errors.did_you_mean("xyz", []) == "Known: none."
