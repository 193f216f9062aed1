"""Texts from outside are read in time that grows with their length alone; what is told of them is cut."""

from __future__ import annotations

import json
import re
import time

import pytest

from house_reading import SOURCE
from nearfar.decode._validity import parse_invalid
from nearfar.decode._xmp import items, properties
from nearfar.encode.jpeg import picture_end, segments
from nearfar.errors import MOST_TEXT, NearfarError, ParameterError, did_you_mean, shown
from nearfar.ops.camera_files import numbers_of_text
from nearfar.ops.intrinsics import read_intrinsics
from nearfar.outputs import read_outputs
from nearfar.service.answer.answers import _accepted
from nearfar.service.guard.proxies import _address, _forwarded
from nearfar.service.live.options import LiveOptions, changed_by
from nearfar.service.request.problems import public

LENGTH = 65_536
MOST_S = 1.0
"""Seconds of the processor for 64 KiB: a pattern that is quadratic takes many times as long."""
PIECES = (
    *(
        " ",
        "\n",
        "\t",
        ", ",
        "<a:b ",
        "K:\n- 1 ",
        "- 1\n",
        "1 A ",
        "\u202e",
        "\ud800",
        "C:\\",
        "C:\\a\\",
        '\\"',
        '"\\',
    ),
    *[
        "/,",
        "/a",
        "/a/",
        "a/",
        "a",
        "a=",
        "=",
        '"',
        ";",
        ",",
        ";a=",
        "a:b='",
        'a:b="',
        "<rdf:li",
        "<rdf:li>",
        "xmlns:a=",
        "camera_matrix:",
        "[",
        "[]",
        "{",
    ],
    *['{"a":', "e", "1", "1e", "-", "<", "<=", ".", ":", "*/*,", "wait="],
)


def _bytes(text: str) -> bytes:
    return text.encode("latin-1", "replace")


def _quiet(work, text: str) -> None:
    """Do it, whatever it finds wrong."""
    try:
        work(text)
    except (NearfarError, ValueError, KeyError, TypeError, IndexError):
        return


READERS = {
    "public": public,
    "public with a hint": lambda text: NearfarError(text, text),
    "did_you_mean": lambda text: did_you_mean(text, ["heatmap", "overlay", "png16"]),
    "xmp properties": properties,
    "xmp items": items,
    "camera files": numbers_of_text,
    "intrinsics": read_intrinsics,
    "invalid": parse_invalid,
    "Accept": _accepted,
    "Forwarded": lambda text: list(_forwarded({"headers": [(b"forwarded", _bytes(text))]})),
    "an address": _address,
    "pipeline": lambda text: read_outputs(text, "embedded"),
    "live message": lambda text: changed_by(LiveOptions(), text),
    "JPEG segments": lambda text: list(segments(b"\xff\xd8" + _bytes(text))),
    "JPEG end": lambda text: picture_end(b"\xff\xd8" + _bytes(text) * 16),
}  # fmt: skip


@pytest.mark.parametrize("name", READERS)
def test_no_text_takes_long(name: str) -> None:
    """Each reader on 64 KiB of each piece, alone and behind another."""
    for piece in PIECES:
        for text in (piece * (LENGTH // len(piece)), '"' + piece * (LENGTH // len(piece)) + "x"):
            began = time.process_time()
            _quiet(READERS[name], text)
            assert time.process_time() - began < MOST_S, (name, piece)


def test_markers_of_a_jpeg_take_no_time() -> None:
    """Bytes that look like markers, and are stuffed."""
    for piece in (b"\xff\0", b"\xff\xd0", b"\xff\xff", b"\xff\1", b"\xff\xfe\0\2"):
        began = time.process_time()
        data = b"\xff\xd8" + piece * (2**24 // len(piece))
        picture_end(data)
        list(segments(data))
        assert time.process_time() - began < 2 * MOST_S, piece


def test_messages_are_cut_and_escaped() -> None:
    """In one place: no error is longer, none holds controls, half characters or what turns writing round."""
    error = ParameterError(f"There is no '{'x' * 10**6}'.", "\u202e\ud800\x1b[31m", "p" * 1000)
    assert len(str(error)) <= MOST_TEXT + 100
    assert error.message.startswith("There is no 'xxx")
    assert error.message.endswith("xx'.")
    assert error.hint == r"\u202e\ud800\u001b[31m"
    assert len(error.parameter) <= 100
    str(error).encode()


@pytest.mark.parametrize("text", ["plain", "深度", "a\nb", "1\u202f000", "é"])
def test_usual_text_stays(text: str) -> None:
    """Letters of any language, new lines and the spaces of numbers."""
    assert shown(text) == text


def test_pipelines_of_half_characters_are_refused() -> None:
    """JSON can hold what no file and no database can."""
    wanted = {"effects": [{"name": "cutout", "options": {"background": "\ud800"}}]}
    with pytest.raises(ParameterError, match="half a character"):
        read_outputs(json.dumps(wanted), "embedded")


SUSPECT = re.compile(r"\\s[*+](?:\([^)]*\)\?)?\\s[*+]|\)[*+]\)[*+]|\.\*\?.*re\.DOTALL")


def test_no_pattern_repeats_what_repeats() -> None:
    """Two runs of spaces side by side, a repeated group within a repeated group, a lazy search over lines."""
    lines = [
        f"{file.name}: {line.strip()}"
        for file in (SOURCE / "nearfar").rglob("*.py")
        for line in file.read_text(encoding="utf-8").splitlines()
        if "re." in line and SUSPECT.search(line)
    ]
    assert lines == []
