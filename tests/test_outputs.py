"""Pipelines: what they make, and what is refused before a job is accepted."""

from __future__ import annotations

import json

import pytest

from nearfar.errors import NearfarError, ParameterError, UnknownNameError
from nearfar.outputs import MAX_OUTPUTS, check_outputs, read_outputs
from nearfar.registry import EFFECTS, EXPORTS


def test_without_one_there_is_a_heat_map() -> None:
    """The empty text, an empty object and a model alone."""
    for text in ("", "{}", '{"model": "embedded"}'):
        assert [output.file for output in read_outputs(text, "embedded").files] == ["heatmap.png"]


def test_every_effect_and_format_can_be_in_it() -> None:
    """Each by its name, with a file of its own; kept, it reads back as the same."""
    for kind, registry in (("effects", EFFECTS), ("exports", EXPORTS)):
        for name in registry.names():
            wanted = check_outputs({kind: [registry.load(name).name]}, "embedded")
            assert wanted.files[0].file.startswith(registry.load(name).name + ".")
            again = check_outputs(json.loads(json.dumps(wanted.plain)), "embedded")
            assert (again.plain, again.files[0].file) == (wanted.plain, wanted.files[0].file)


def test_options_and_names() -> None:
    """Values of JSON become options; what comes twice gets a number; a clip has the suffix of its format."""
    given = {
        "effects": [
            {"name": "bokeh", "options": {"focus": [3, 4.5], "refine": False, "strength": 2, "mask": None}},
            "bokeh",
            {"name": "wiggle", "options": {"format": "webp"}},
        ],
        "exports": ["npy"],
    }
    wanted = check_outputs(given, "embedded")
    assert [output.file for output in wanted.files] == [
        "bokeh.png",
        "bokeh-2.png",
        "wiggle.webp",
        "npy.npy",
    ]
    assert wanted.files[2].media_type == "image/webp"
    assert wanted.plain["effects"][0]["options"] == {"focus": "3,4.5", "refine": "false", "strength": "2"}


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "NaN",
        '{"effects": NaN}',
        '{"effect": ["heatmap"]}',
        '{"effects": "heatmap"}',
        '{"effects": [1]}',
        '{"effects": [{"name": "fog", "more": 1}]}',
        '{"effects": [{"options": {}}]}',
        '{"effects": [{"name": "fog", "options": []}]}',
        '{"effects": [{"name": "fog", "options": {"density": {"a": 1}}}]}',
        '{"effects": [{"name": "fog", "options": {"density": "thick"}}]}',
        '{"effects": [{"name": "bokeh", "options": {"focus": ' + "[" * 500 + "]" * 500 + "}}]}",
        '{"effects": [{"name": "bokeh", "options": {"focus": [1, [2]]}}]}',
        '{"effects": [{"name": "fog", "options": {"no_such": 1}}]}',
        '{"effects": [{"name": "cutout", "options": {"picture": "/etc/passwd"}}]}',
        '{"effects": [{"name": "cutout", "options": {"picture": 1}}]}',
        '{"model": 1}',
        '{"size": "big"}',
        '{"size": true}',
        '{"size": 0}',
        '{"size": 99999999}',
        json.dumps({"effects": ["fog"] * (MAX_OUTPUTS + 1)}),
        '{"effects": ' + "[" * 50_000 + "}",
        " " * 70_000,
    ],
)
def test_what_is_wrong_is_refused(text) -> None:
    """With an error of a parameter."""
    with pytest.raises(ParameterError):
        read_outputs(text, "embedded")


@pytest.mark.parametrize("text", ['{"model": "none"}', '{"effects": ["blur"]}', '{"exports": ["jpeg"]}'])
def test_unknown_names_are_refused(text) -> None:
    """As everywhere else."""
    with pytest.raises(UnknownNameError) as caught:
        read_outputs(text, "embedded")
    assert isinstance(caught.value, NearfarError)
