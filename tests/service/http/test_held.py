"""Held uploads: who may name them, for how long, and how many there are."""

from __future__ import annotations

import pytest

from nearfar.errors import BusyError, TooLargeError
from nearfar.service.errors import NoSuchPhotoError
from nearfar.service.http.held import HeldUploads, Holding
from nearfar.service.http.uploads import Upload
from nearfar.settings import Settings


class Clock:
    """A time that stands still until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        """The time now."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def held(clock) -> HeldUploads:
    return HeldUploads(Holding(most_bytes=100), clock)


def photo(size: int = 10) -> Upload:
    return Upload(bytes(size), "image/png")


def test_an_upload_is_found_by_its_id(held) -> None:
    """The same object, as long as it is asked for by who sent it."""
    upload = photo()
    assert held.named("me", held.keep("me", upload)) is upload


def test_another_caller_finds_nothing(held) -> None:
    """An id alone opens nothing, not even to forget it."""
    name = held.keep("me", photo())
    for act in (held.named, held.drop):
        with pytest.raises(NoSuchPhotoError):
            act("you", name)
    assert held.named("me", name)


def test_its_time_begins_anew_when_it_is_named(held, clock) -> None:
    """What nobody names for a while is forgotten."""
    name = held.keep("me", photo())
    clock.now = Holding().seconds - 1
    held.named("me", name)
    clock.now += Holding().seconds - 1
    held.named("me", name)
    clock.now += Holding().seconds
    with pytest.raises(NoSuchPhotoError):
        held.named("me", name)


def test_what_was_named_longest_ago_gives_way(held) -> None:
    """All together never hold more bytes than may be."""
    first, second = held.keep("a", photo(40)), held.keep("b", photo(40))
    held.named("a", first)
    held.keep("c", photo(40))
    assert held.named("a", first)
    with pytest.raises(NoSuchPhotoError):
        held.named("b", second)
    with pytest.raises(TooLargeError):
        held.keep("d", photo(101))
    assert held.named("a", first)


def test_no_caller_pushes_out_those_who_hold_less(held) -> None:
    """Whoever holds most gives way, and one photo larger than what others hold is not held."""
    mine = held.keep("me", photo(20))
    flood = [held.keep("flood", photo(30)) for _ in range(9)]
    assert held.named("me", mine)
    assert held.named("flood", flood[-1])
    with pytest.raises(BusyError):
        held.keep("huge", photo(95))
    assert held.named("me", mine)
    assert held.named("flood", flood[-1])


def test_a_caller_has_few(held) -> None:
    """One more takes the place of its own oldest."""
    names = [held.keep("me", photo(1)) for _ in range(Holding().per_caller + 1)]
    with pytest.raises(NoSuchPhotoError):
        held.named("me", names[0])
    assert all(held.named("me", name) for name in names[1:])


def test_the_settings_say_how_much_is_held_and_how_long() -> None:
    """Seconds, bytes and photos of a caller are settings; a time of 0 keeps nothing."""
    settings = Settings(photo_ttl=0, photo_bytes=1000, photos_per_caller=2)
    assert Holding.of(settings) == Holding(0, 1000, 2)
    held = HeldUploads(Holding.of(settings), Clock())
    name = held.keep("me", photo(1))
    with pytest.raises(NoSuchPhotoError):
        held.named("me", name)
    assert Holding.of(Settings()) == Holding()
