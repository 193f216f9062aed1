"""The clients against the real application: in this process, and over a real connection."""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
import time
from dataclasses import replace

import httpx
import numpy as np
import pytest
from PIL import Image

import nearfar
from nearfar import errors as tree
from nearfar import settings
from nearfar.client import (
    AsyncClient,
    Bounds,
    Client,
    KeyRefusedError,
    Retries,
    ServiceError,
    UnreachableError,
)
from nearfar.client.errors import ERRORS, error_of
from nearfar.keys import KeyFile
from nearfar.service import create_app
from nearfar.service import errors as http_tree
from nearfar.service.request.problems import PROBLEMS, all_problems
from nearfar.types import Camera, Clip, Picture
from pictures import draw, encoded, exif, taken
from serving import GatedSession, loader_of, running

ONCE = Retries(attempts=1)


@pytest.fixture
def local(tmp_path, monkeypatch: pytest.MonkeyPatch):
    """What the library says with the same engine."""
    monkeypatch.setenv("NEARFAR_ENGINE", "fake")
    return nearfar


def photo() -> bytes:
    """A photo that knows its focal length and gets a warning: it is dark."""
    how = {"exif": exif({274: 6}, FocalLengthIn35mmFilm=28), "quality": 95}
    return encoded(draw(64, 48) // 40, "JPEG", **how)


def test_depth_is_what_the_library_gives(client, local) -> None:
    """Values, kind, camera, model, hash, warnings: nothing is lost on the way."""
    found, expected = client.depth(photo()), local.estimate(photo())
    assert np.array_equal(found.values, expected.values)
    assert found.describe() == expected.describe()
    assert isinstance(found.camera, Camera)
    assert found.warnings


@pytest.mark.parametrize("form", ["npy", "png16"])
def test_other_forms_keep_the_meaning(client, local, form) -> None:
    """The smaller forms have the same kind, unit, model and hash."""
    found, expected = client.depth(photo(), form=form), local.estimate(photo())
    low, high = expected.value_range
    tolerance = 0 if form == "npy" else (high - low) / 65_000
    assert np.abs(found.values - expected.values).max() <= tolerance
    assert (found.kind, found.unit, found.warnings) == (expected.kind, expected.unit, expected.warnings)
    assert (found.provenance.model, found.provenance.weights_sha256) == (
        expected.provenance.model,
        expected.provenance.weights_sha256,
    )


@pytest.mark.parametrize("form", ["json", "npy", "png16"])
def test_a_smaller_copy_can_be_asked_for(client, form) -> None:
    """The longer side is as long as asked, in every form; effects and heat maps take it as an option."""
    small = client.depth(photo(), form=form, max_side=16)
    assert small.values.shape == (16, 12)
    assert client.heatmap(photo(), max_side=16).pixels.shape == (16, 12, 3)
    assert client.effect("fog", photo(), max_side=16).pixels.shape == (16, 12, 3)


@pytest.mark.parametrize("kind", ["path", "file", "array", "pil", "photo"])
def test_a_photo_in_any_form(client, tmp_path, kind) -> None:
    """Whatever the library takes, the client takes."""
    pixels = draw(40, 30)
    data = encoded(pixels)
    path = tmp_path / "photo.png"
    path.write_bytes(data)
    sources = {
        "path": path,
        "file": io.BytesIO(data),
        "array": pixels,
        "pil": Image.fromarray(pixels),
        "photo": nearfar.read(data),
    }
    assert np.array_equal(client.depth(sources[kind]).values, client.depth(data).values)


def test_pictures_files_and_lists(client, local) -> None:
    """Heat maps, effects with and without files, clips, exports, models, health."""
    data = encoded(draw(64, 48))
    depth = local.estimate(data)
    heat = client.heatmap(data, "turbo", (0.0, 1.0))
    assert np.array_equal(heat.pixels, local.heatmap(depth, "turbo", (0.0, 1.0)).pixels)
    assert dict(heat.text)["nearfar:kind"] == depth.kind.value
    assert np.array_equal(client.heatmap(data, overlay=0.5).pixels, local.overlay(data, depth, 0.5).pixels)
    assert client.effect("fog", data, density=2.0).pixels.shape == (48, 64, 3)
    beach = np.full((48, 64, 3), 200, np.uint8)
    assert np.array_equal(
        client.effect("cutout", data, picture=beach).pixels,
        local.effect("cutout", data, depth, picture=beach).pixels,
    )
    assert isinstance(client.effect("wiggle", data), Clip)
    assert client.export("pfm", data) == local.export("pfm", depth)
    models = client.models()
    assert models.default == "embedded"
    assert models.models[0].licence == "Apache-2.0"
    assert client.health() == {"status": "alive"}
    assert client.ready()["model"] == "embedded"


@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
def test_an_effect_in_another_format_is_a_picture_still(client, format, tmp_path) -> None:
    """It is read in each format, and what it keeps of the photo goes into its file; a clip stays one."""
    found = client.effect("fog", taken(), format=format)
    assert isinstance(found, Picture)
    with Image.open(found.save(tmp_path / "a.jpg")) as image:
        assert image.getexif().get(0x0110) == "Model 5"
    clip = client.effect("wiggle", taken(), format="webp", frames=2, size=32)
    assert (type(clip), clip.suffix) == (Clip, ".webp")


def untimed(models):
    """The models without what photos took so far: it grows with every one."""
    rows = (replace(model, row={**model.row, "measured": None}) for model in models.models)
    return replace(models, models=tuple(rows))


def test_the_asynchronous_client_does_the_same(client) -> None:
    """Through the application itself, without a connection."""
    app = create_app(replace(settings.load({"NEARFAR_ENGINE": "fake"})))
    data = encoded(draw(64, 48))

    async def ask() -> tuple:
        async with (
            app.router.lifespan_context(app),
            AsyncClient("http://127.0.0.1", transport=httpx.ASGITransport(app)) as other,
        ):
            depths = await asyncio.gather(other.depth(data), other.depth(data, form="npy"))
            heat = await other.heatmap(data)
            effect = await other.effect("edges", data)
            file = await other.export("npy", data)
            rows = (await other.models(), await other.health(), await other.ready())
            with pytest.raises(tree.UnknownNameError):
                await other.depth(data, model="nothing")
        return depths, heat, effect, file, rows

    depths, heat, effect, file, rows = asyncio.run(ask())
    expected = client.depth(data)
    assert all(np.array_equal(depth.values, expected.values) for depth in depths)
    assert np.array_equal(heat.pixels, client.heatmap(data).pixels)
    assert np.array_equal(effect.pixels, client.effect("edges", data).pixels)
    assert file == client.export("npy", data)
    assert untimed(rows[0]) == untimed(client.models())
    assert rows[1:] == (client.health(), client.ready())


@pytest.mark.parametrize(
    ("kind", "ask"),
    [
        (tree.EmptyInputError, lambda client: client.depth(b"")),
        (tree.UnsupportedFormatError, lambda client: client.depth(b"text")),
        (tree.BrokenImageError, lambda client: client.depth(encoded(draw(64, 48))[:300])),
        (tree.SourceError, lambda client: client.depth("/nowhere/photo.jpg")),
        (tree.UnknownNameError, lambda client: client.depth(encoded(draw(8, 8)), model="nothing")),
        (tree.ParameterError, lambda client: client.depth(encoded(draw(8, 8)), form="gif")),
        (tree.ParameterError, lambda client: client.effect("fog", encoded(draw(8, 8)), density=-1)),
        (tree.ParameterError, lambda client: client.effect("../depth", encoded(draw(8, 8)))),
        (ServiceError, lambda client: client.effect("nothing", encoded(draw(8, 8)))),
    ],
)
def test_problems_are_the_errors_of_the_library(client, kind, ask) -> None:
    """Who knows the library knows what to catch."""
    with pytest.raises(kind):
        ask(client)


def test_a_refused_parameter_is_named_and_the_request_noted(client) -> None:
    """The error says which parameter, what to do, and under which id the log has it."""
    with pytest.raises(tree.ParameterError) as caught:
        client.effect("fog", encoded(draw(8, 8)), density=-1)
    assert caught.value.parameter == "density"
    assert "HTTP status 422, request " in caught.value.__notes__[0]


def test_every_problem_has_its_error() -> None:
    """What the service may answer is told apart; a problem of the common tree keeps its class."""
    for problem in all_problems():
        error = error_of(problem.status, {"type": problem.type, "detail": "why"}, 3)
        assert error.message == "why"
        assert type(error) is ERRORS.get(problem.slug, ServiceError)
    own = [cls for cls in PROBLEMS if cls.__module__ == tree.__name__ and cls is not tree.NearfarError]
    assert [cls for cls in own if ERRORS[PROBLEMS[cls].slug] is not cls] == []
    assert issubclass(http_tree.StuckEngineError, ERRORS["engine-stuck"])


def test_a_refusal_for_now_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """429 with Retry-After: the client waits that long and comes back; without attempts it is an error."""
    waits: list[float] = []
    sleep = time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: (waits.append(seconds), sleep(seconds)))
    with running(rate_per_minute=60, rate_burst=1) as service:
        with Client(service.url, retries=ONCE) as hasty, pytest.raises(tree.BusyError) as caught:
            _ask_for_models(hasty, 20)  # a loaded machine may take the second that makes room for one more
        waits.clear()
        with Client(service.url, retries=Retries(attempts=10)) as patient:
            asked = 0
            while not waits and asked < 20:
                assert patient.models().default == "embedded"
                asked += 1
    assert caught.value.retry_after_s == 1
    assert any(1 <= wait <= 1.25 for wait in waits)


def _ask_for_models(client: Client, times: int) -> None:
    for _ in range(times):
        client.models()


def test_long_waits_are_not_waited_for() -> None:
    """A service that asks for more patience than there is gets no second question."""
    retries = Retries(attempts=3, longest_wait_s=10)
    assert retries.wait_s(1, 11) is None
    assert retries.wait_s(3, 1) is None
    assert 10 <= retries.wait_s(2, 10) <= 12.5
    with pytest.raises(tree.ParameterError):
        Retries(attempts=0)


def test_a_key_opens_what_is_closed(tmp_path) -> None:
    """Without it the error says so; the key is never shown."""
    file = KeyFile(tmp_path / "keys.json")
    key = file.add("robot", ["infer"])[1]
    with running(keys=str(file.path)) as service:
        with (
            Client(service.url, retries=ONCE) as nobody,
            pytest.raises(KeyRefusedError, match="nearfar keys"),
        ):
            nobody.models()
        with Client(service.url, key) as robot:
            assert robot.models().default == "embedded"
    assert "secret" not in repr(Client("http://127.0.0.1:1", key="secret"))


def test_nobody_there_is_one_clear_error() -> None:
    """A refused connection names the address and what to do."""
    with (
        Client("http://127.0.0.1:1", retries=ONCE) as client,
        pytest.raises(UnreachableError, match=r"http://127\.0\.0\.1:1 cannot be reached.*nearfar serve"),
    ):
        client.health()


def test_a_slow_service_is_given_up() -> None:
    """The timeout ends the wait; the request is not sent a second time."""
    session = GatedSession()
    with running(loader_of(session)) as service:
        try:
            with Client(service.url, timeout=0.5) as client, pytest.raises(UnreachableError, match="in time"):
                client.depth(encoded(draw(8, 8)))
            assert session.entered <= 2  # the photo's run, and the service's own probe
        finally:
            session.open.set()


def test_bounds_hold(service) -> None:
    """Neither a photo nor an answer of more bytes goes through."""
    data = encoded(draw(64, 48))
    with Client(service.url, bounds=Bounds(photo_bytes=100)) as client, pytest.raises(tree.TooLargeError):
        client.depth(data)
    with (
        Client(service.url, bounds=Bounds(answer_bytes=1000)) as client,
        pytest.raises(ServiceError, match="more than"),
    ):
        client.depth(data)


def test_another_service_is_told_apart(service) -> None:
    """An answer that is not nearfar's is a ServiceError, not a crash."""
    with Client(f"{service.url}/docs", retries=ONCE) as client, pytest.raises(ServiceError):
        client.models()
    with pytest.raises(tree.ParameterError, match="Give an address"):
        Client("localhost:8080")


def test_without_the_extra_the_error_names_it() -> None:
    """Importing the client where httpx is absent says what to install."""
    script = (
        "import sys; sys.modules['httpx'] = None\n"
        "from nearfar.errors import MissingExtraError\n"
        "try:\n    import nearfar.client\n"
        "except MissingExtraError as exc:\n    print(exc)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "nearfar[client]" in done.stdout
