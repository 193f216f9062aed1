"""What the service says, in JSON and on a terminal, and what it never says."""

from __future__ import annotations

import io
import json
import logging
import warnings
from pathlib import Path

import pytest
from PIL import Image

from nearfar.service.watch import logs
from nearfar.service.watch.logs import FIELDS, set_up
from pictures import draw
from serving import loader_of, until

HIDDEN = "hush-hush"
HOW_TO = Path(__file__).parents[3] / "docs" / "how-to" / "watch-the-service.md"


class Broken:
    """A network that fails."""

    fixed_size = None
    batch_limit = None

    def run(self, _batch):
        """Fail, with a message that would like to be more than one line."""
        raise RuntimeError("wires\ncrossed \x1b[31m")


class Said:
    """The lines of a service, as they are said."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    def set_up(self, format: str, level: str = "info") -> None:
        """Say it here from now on."""
        set_up(level, format, self.stream)

    @property
    def text(self) -> str:
        """All of it."""
        return self.stream.getvalue()

    def rows(self, **facts: str) -> list[dict]:
        """The JSON lines with these facts."""
        rows = [json.loads(line) for line in self.text.splitlines()]
        return [row for row in rows if facts.items() <= row.items()]

    def row(self, **facts: str) -> dict:
        """The first line with these facts; the line of a request is said just after its answer."""
        until(lambda: bool(self.rows(**facts)))
        return self.rows(**facts)[0]


@pytest.fixture
def said():
    """A place for what is said; the process's own logging is as before when the test is over."""
    loggers = [logging.getLogger(name) for name in ("", "nearfar", "uvicorn", "uvicorn.access")]
    before = [(logger, logger.handlers[:], logger.level) for logger in loggers]
    yield Said()
    logging.captureWarnings(False)
    for logger, handlers, level in before:
        logger.handlers[:] = handlers
        logger.setLevel(level)


def _with_exif(text: str) -> bytes:
    exif = Image.Exif()
    exif[0x010E] = text  # ImageDescription
    out = io.BytesIO()
    Image.fromarray(draw(64, 48)).save(out, "JPEG", exif=exif)
    return out.getvalue()


def test_a_request_is_one_json_line(service, said, jpeg) -> None:
    """Sentence, route, status, bytes and the stages' times, by name; each field is documented."""
    said.set_up("json")
    answer = service.upload(jpeg, **{"X-Request-Id": "said-1"})
    row = said.row(request_id="said-1", logger="nearfar.access")
    assert row["event"].startswith(f"POST /v1/depth 200 {len(answer.content)} B")
    facts = {"method": "POST", "path": "/v1/depth", "route": "/v1/depth", "status": 200}
    assert facts.items() <= row.items()
    assert row["caller"] == "address:127.0.0.1"
    assert {"queue", "decode", "engine", "encode"} <= set(row["stages_ms"])
    assert set(row) <= set(FIELDS)


def test_a_refusal_names_its_problem(service, said) -> None:
    """What was wrong can be counted without reading sentences; an unknown address has no route."""
    said.set_up("json")
    service.client.get("/nothing/here", headers={"X-Request-Id": "said-2"})
    row = said.row(request_id="said-2")
    assert (row["route"], row["problem"], row["status"]) == ("unknown", "not-found", 404)


def test_a_failure_has_its_traceback_and_request(start, said, jpeg) -> None:
    """Whoever gets an id from a client finds what happened; the file's bytes are not in it."""
    said.set_up("json")
    running = start(loader=loader_of(Broken()))
    assert running.upload(jpeg, **{"X-Request-Id": "said-3"}).status_code == 500
    row = said.row(request_id="said-3", level="error")
    assert "RuntimeError: wires" in row["exception"]
    assert said.row(request_id="said-3", logger="nearfar.access")["status"] == 500


def test_lines_of_a_worker_thread_carry_the_request(start, said, jpeg) -> None:
    """What libraries say while they work for a request belongs to it."""
    said.set_up("json")

    def loader(name, size):
        logging.getLogger("some.library").warning("loading")
        return loader_of(Broken())(name, size)

    start(loader=loader).upload(jpeg, **{"X-Request-Id": "said-4"})
    assert said.row(request_id="said-4", logger="some.library")["event"] == "loading"


def test_the_server_and_warnings_use_the_same_chain(said) -> None:
    """One parser reads the whole stream."""
    said.set_up("json")
    logging.getLogger("uvicorn.error").warning("Exceeded %s", "limit")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old ways", stacklevel=1)
    assert [row["logger"] for row in said.rows()] == ["uvicorn.error", "py.warnings"]
    assert said.rows()[0]["event"] == "Exceeded limit"


@pytest.mark.parametrize("format", ["json", "console"])
def test_no_secret_is_said(start, said, format) -> None:
    """Keys, queries, file names and EXIF stay out of good lines, refusals and tracebacks alike."""
    said.set_up(format, "debug")
    photo = _with_exif(HIDDEN)
    headers = {"Authorization": f"Bearer {HIDDEN}", "X-Api-Key": HIDDEN, "Cookie": HIDDEN}
    ids = iter(f"said-{format}-{number}" for number in range(6))
    for running in (start(), start(loader=loader_of(Broken()))):
        for query in ("", f"?model={HIDDEN}", f"?{HIDDEN}=1"):
            files = {"image": (f"{HIDDEN}.jpg", photo), HIDDEN: (HIDDEN, photo)}
            running.client.post(
                f"/v1/depth{query}", files=files, headers={**headers, "X-Request-Id": next(ids)}
            )
    until(lambda: all(f"said-{format}-{number}" in said.text for number in range(6)))
    until(lambda: said.text.count("POST /v1/depth") >= 6)
    assert HIDDEN not in said.text


def test_a_terminal_gets_short_sentences(service, said, jpeg) -> None:
    """Time, level, sentence, id and stages; what the sentence says is not repeated."""
    said.set_up("console")
    service.upload(jpeg, **{"X-Request-Id": "said-5"})
    until(lambda: "said-5" in said.text)
    line = next(line for line in said.text.splitlines() if "said-5" in line)
    assert "POST /v1/depth 200" in line
    assert "route" not in line
    assert "\x1b" not in line  # colours are for terminals


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "a\x1b[2Jb", "a\u2028b", "a\u202eb", "a\x00b"])
@pytest.mark.parametrize("format", ["json", "console"])
def test_no_text_breaks_out_of_its_line(said, format, text) -> None:
    """Whatever a text from outside holds, it stays one line and cannot steer a terminal."""
    said.set_up(format)
    logging.getLogger("nearfar.service").warning("heard %s", text, extra={"word": text})
    assert said.text.count("\n") == 1
    assert said.text.endswith("\n")
    assert said.text[:-1].isprintable()


def test_tracebacks_keep_their_lines_on_a_terminal(start, said, jpeg) -> None:
    """A traceback is for people; a message within it still cannot steer the terminal."""
    said.set_up("console")
    start(loader=loader_of(Broken())).upload(jpeg)
    until(lambda: "wires" in said.text)
    assert "Traceback (most recent call last)" in said.text
    assert "\x1b" not in said.text
    assert "batch =" not in said.text  # no values of variables: they would show pictures


def test_good_health_is_told_at_debug_only(service, said, monkeypatch) -> None:
    """Probes come every few seconds and would drown the rest; their failures are told."""
    said.set_up("json")
    service.client.get("/healthz", headers={"X-Request-Id": "said-6"})
    service.client.post("/healthz", headers={"X-Request-Id": "said-7"})
    assert said.row(request_id="said-7")["status"] == 405
    assert not said.rows(request_id="said-6")
    said.set_up("json", "debug")
    service.client.get("/healthz", headers={"X-Request-Id": "said-8"})
    assert said.row(request_id="said-8")["level"] == "debug"


@pytest.mark.parametrize(("is_terminal", "is_json"), [(True, False), (False, True)])
def test_auto_follows_the_stream(said, monkeypatch, is_terminal, is_json) -> None:
    """Sentences on a terminal, JSON lines elsewhere."""
    monkeypatch.setattr(said.stream, "isatty", lambda: is_terminal)
    said.set_up("auto")
    logging.getLogger("nearfar.service").info("hello")
    assert said.text.startswith("{") == is_json


def test_every_field_is_documented() -> None:
    """The how-to's table of fields is the code's."""
    text = HOW_TO.read_text(encoding="utf-8")
    for name, meaning in logs.FIELDS.items():
        assert f"| `{name}` | {meaning} |" in text
