"""The command as a process: streams, signals, terminals, and the real network."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from command_line import command, environment, names

if TYPE_CHECKING:
    from conftest import Process

posix = pytest.mark.skipif(os.name != "posix", reason="needs signals, terminals and /dev")


def test_real_network(process: Process, photo_jpeg: Path) -> None:
    """The embedded network makes a heat map of the photo's size; spaces and Chinese in the name."""
    odd = photo_jpeg.rename(photo_jpeg.with_name("a b 照片.jpg"))
    done = process(odd.name, env=environment(NEARFAR_ENGINE="auto"))
    assert (done.returncode, done.stdout.decode().strip()) == (0, "a b 照片.depth.png")
    with Image.open(photo_jpeg.with_name("a b 照片.depth.png")) as heat:
        assert heat.size == (128, 96)


def test_pipe_through(process: Process, photo_jpeg: Path) -> None:
    """Standard input to standard output: a PNG and nothing else."""
    done = process("-", input=photo_jpeg.read_bytes())
    with Image.open(io.BytesIO(done.stdout)) as heat:
        assert (heat.format, heat.size) == ("PNG", (128, 96))
    assert (done.returncode, done.stderr) == (0, b"")


def test_pipe_into_a_file(process: Process, photo_jpeg: Path, tmp_path: Path) -> None:
    """Standard input may go to a file."""
    assert process("-", "-o", "heat.png", input=photo_jpeg.read_bytes()).returncode == 0
    assert names(tmp_path) == {"photo.jpg", "heat.png"}


@pytest.mark.parametrize(("data", "said"), [(b"", b"is empty"), (b"text", b"not a picture")])
def test_bad_standard_input(process: Process, data: bytes, said: bytes) -> None:
    """One line, no picture, no traceback."""
    done = process("-", input=data)
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (1, b"", 1)
    assert said in done.stderr


@pytest.mark.parametrize(("words", "code"), [(["gone.jpg"], 1), (["--nonsense"], 2), ([], 2)])
def test_exit_codes(process: Process, words: list[str], code: int) -> None:
    """The exit code of the process is the one of the command, without a traceback."""
    done = process(*words)
    assert (done.returncode, done.stderr.count(b"\n")) == (code, 1)
    assert done.stderr.startswith(b"nearfar: ")


@posix
def test_reader_that_left(photo_jpeg: Path) -> None:
    """A closed pipe ends it quietly, as SIGPIPE would."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        command(photo_jpeg, "-o", "-"), env=environment(), stdout=writer, stderr=subprocess.PIPE, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


@posix
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("more", [["-o", "-"], []])
def test_full_disk_behind_standard_output(process: Process, photo_jpeg: Path, more: list[str]) -> None:
    """A full disk is one clear error."""
    with Path("/dev/full").open("wb") as full:
        done = process(photo_jpeg, *more, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert b"Standard output cannot be written" in done.stderr
    assert b"Traceback" not in done.stderr


@posix
def test_closed_streams(photo_jpeg: Path) -> None:
    """A caller may close all three streams."""
    line = " ".join(command(photo_jpeg)) + " <&- >&- 2>&-"
    assert subprocess.run(line, shell=True, env=environment(), check=False).returncode == 0  # noqa: S602 - our words
    assert photo_jpeg.with_name("photo.depth.png").is_file()


@posix
def test_interrupt(photo_jpeg: Path, tmp_path: Path) -> None:
    """Ctrl-C stops between whole files: exit code 130, no traceback, nothing half-written."""
    for number in range(400):
        shutil.copy(photo_jpeg, tmp_path / f"{number:03}.jpg")
    photo_jpeg.unlink()
    with subprocess.Popen(
        command(*sorted(tmp_path.iterdir())),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # What runs in the background of a script inherits that Ctrl-C is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads yet
    ) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    results = {name for name in names(tmp_path) if not name.endswith(".jpg")}
    assert (process.returncode, err) == (130, "nearfar: interrupted\n")
    assert 1 <= len(results) < 400
    for name in results:
        with Image.open(tmp_path / name) as image:
            image.load()


@posix
@pytest.mark.parametrize("words", [["-"], ["photo.jpg", "-o", "-"]])
def test_no_picture_on_a_terminal(photo_jpeg: Path, words: list[str]) -> None:
    """A terminal is not filled with the bytes of a picture."""
    master, terminal = os.openpty()
    with photo_jpeg.open("rb") as photo:
        done = subprocess.run(
            command(*words),
            env=environment(),
            cwd=photo_jpeg.parent,
            stdin=photo,
            stdout=terminal,
            stderr=subprocess.PIPE,
            check=False,
        )
    os.close(terminal)
    os.close(master)
    assert done.returncode == 2
    assert b"not shown on a terminal" in done.stderr


@posix
def test_no_photo_typed_by_hand(process: Process) -> None:
    """A dash without a pipe does not wait for ever."""
    master, terminal = os.openpty()
    done = process("-", stdin=terminal)
    os.close(terminal)
    os.close(master)
    assert done.returncode == 2
    assert b"Nothing is piped in" in done.stderr


@posix
def test_progress_on_a_terminal(photo_jpeg: Path) -> None:
    """A bar for several photos stands on the terminal, and the piped paths stay untouched by it."""
    shutil.copy(photo_jpeg, photo_jpeg.with_name("second.jpg"))
    master, terminal = os.openpty()
    done = subprocess.run(
        command("photo.jpg", "second.jpg", "gone.jpg"),
        env=environment(TERM="xterm", COLUMNS="100"),
        cwd=photo_jpeg.parent,
        stdout=subprocess.PIPE,
        stderr=terminal,
        check=False,
    )
    os.close(terminal)
    shown = os.read(master, 1 << 16)
    os.close(master)
    assert (done.returncode, done.stdout) == (1, b"photo.depth.png\nsecond.depth.png\n")
    assert b"photos" in shown
    assert b"gone.jpg does not exist" in shown
