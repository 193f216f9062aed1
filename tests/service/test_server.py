"""``serve``: the port, the address, the end."""

from __future__ import annotations

import os
import platform
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest

from nearfar import settings
from nearfar.errors import UnknownNameError
from nearfar.service.errors import AddressError
from nearfar.service.start import address_of, listen, serve


@pytest.fixture
def process():
    """A service in a process of its own, and its address."""
    environment = {**os.environ, "NEARFAR_ENGINE": "fake"}
    command = [sys.executable, "-m", "nearfar", "serve", "--port", "0"]
    running = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    yield running
    running.kill()
    running.communicate()


def _address(process) -> str:
    return next(word for word in process.stdout.readline().split() if word.startswith("http"))


def test_a_port_in_use_is_one_clear_error() -> None:
    """The error names the port and the way out."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AddressError, match=f"port {port}.*--port"):
            serve(settings.load({"NEARFAR_PORT": str(port), "NEARFAR_ENGINE": "fake"}))


def test_an_address_of_another_machine_is_one_clear_error() -> None:
    """A name that does not resolve is told as such."""
    with pytest.raises(AddressError, match="not an address"):
        listen("nowhere.invalid", 0)


def test_an_unknown_model_ends_the_start() -> None:
    """A service that could never answer does not begin."""
    with pytest.raises(UnknownNameError, match="embedded"):
        serve(settings.load({"NEARFAR_MODEL": "embeded"}))


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1")])  # noqa: S104
def test_the_address_can_be_typed(host, shown) -> None:
    """What is shown opens in a browser."""
    with listen(host, 0) as listener:
        assert address_of(listener, host) == f"http://{shown}:{listener.getsockname()[1]}"


def test_it_serves_and_ends_cleanly_on_sigterm(process, jpeg) -> None:
    """One line with the address; a term signal ends it with code 0 and no traceback."""
    address = _address(process)
    assert httpx.post(f"{address}/v1/depth", files={"image": jpeg}, timeout=30).status_code == 200
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in err
    assert "POST /v1/depth 200" in err
    assert out == ""


def test_sigterm_finishes_what_was_taken(process, jpeg) -> None:
    """A request whose body is under way when the signal comes is answered; new ones are not taken."""
    address = _address(process)

    def body():
        yield jpeg[:100]
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        yield jpeg[100:]

    with httpx.Client(base_url=address, timeout=30) as client:
        assert client.get("/healthz").status_code == 200  # the connection stands
        answer = client.post("/v1/depth", content=body(), headers={"Content-Type": "image/jpeg"})
        assert answer.status_code == 200
        with pytest.raises(httpx.TransportError):
            client.get("/healthz")
    assert process.wait(30) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the options are glibc's")
def test_memory_is_tuned_where_the_library_can() -> None:
    """Glibc takes every option; with another library nothing is done."""
    script = "from nearfar.machine.allocator import tune; print(tune())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str("glibc" in platform.libc_ver())
