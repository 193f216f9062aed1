"""What stands under ``args`` in a Serve configuration is checked before anything starts."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from nearfar.errors import ParameterError, SettingsError, UnknownNameError
from nearfar.scale.serve import check_room
from nearfar.scale.serve_options import EVERYWHERE, NetworkOptions, ServeOptions, read_options
from nearfar.service.answer.walls import has_wall
from nearfar.service.guard.keys_now import needs_keys


def test_nothing_is_the_default_model_in_one_replica() -> None:
    """One replica of the service, one to four of the network in the package."""
    found = read_options({})
    assert dict(found.networks) == {"embedded": NetworkOptions()}
    assert (found.replicas, found.cpus) == (1, 1.0)


def test_it_is_closed_unless_its_address_is_named() -> None:
    """Ray Serve is reached by others: keys and wall are as for such an address."""
    found = read_options({}).settings
    assert found.host == EVERYWHERE
    assert needs_keys(found)
    assert has_wall(found)
    assert read_options({"settings": {"host": "127.0.0.1"}}).settings.host == "127.0.0.1"


def test_values_reach_their_places() -> None:
    """Settings, networks and replicas as they stand in YAML."""
    given = {
        "settings": {"rate_per_minute": 60, "home": "/shared"},
        "networks": {"embedded": {"least": 2, "most": 8, "gpus": 0.5, "batch": 8}, "dpt-large": None},
        "replicas": 3,
        "cpus": 2,
    }
    found = read_options(given)
    assert (found.settings.rate_per_minute, found.replicas, found.cpus) == (60, 3, 2)
    assert found.networks["embedded"] == NetworkOptions(least=2, most=8, gpus=0.5, batch=8)
    assert found.networks["dpt-large"] == NetworkOptions()
    assert (found.least_cpus, found.least_gpus) == (3 * 2 + 2 + 1, 1.0)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"network": {}}, ParameterError),
        ({"networks": ["embedded"]}, ParameterError),
        ({"networks": {"embeded": {}}}, UnknownNameError),
        ({"networks": {"embedded": {"leest": 1}}}, ParameterError),
        ({"networks": {"embedded": {"least": 3, "most": 2}}}, ParameterError),
        ({"networks": {"embedded": {"cpus": 0}}}, ParameterError),
        ({"settings": {"prt": 1}}, SettingsError),
        ({"settings": {"max_bytes": "many"}}, SettingsError),
        ({"settings": {"workers": 2}}, SettingsError),
        ({"replicas": 0}, ParameterError),
        ({"replicas": 1.5}, ParameterError),
        ({"cpus": "two"}, ParameterError),
        ({"replicas": 2, "settings": {"home": ""}}, SettingsError),
    ],
)
def test_what_cannot_be_is_refused(given, error) -> None:
    """Unknown words, numbers out of range, and several replicas that would not know each other's jobs."""
    with pytest.raises(error):
        read_options(given)


def test_the_service_takes_as_many_photos_as_networks_can_run() -> None:
    """Else replicas would never have more calls than they are meant to have, and never become more."""
    networks = {"embedded": NetworkOptions(most=5, ongoing=2)}
    found = ServeOptions(networks=networks, cpus=2)
    assert found.streams == 2 + 5 * 4
    assert replace(found, settings=replace(found.settings, streams=3)).streams == 3
    assert replace(found, networks={"embedded": NetworkOptions(most=1000)}).streams == 64


@pytest.mark.parametrize("gpus", [0.0, 1.0])
def test_a_cluster_without_room_is_told_before_the_start(gpus) -> None:
    """Serve would wait for ever for processors, or cards, that are not there."""
    row = NetworkOptions(cpus=1.0, gpus=gpus)
    cluster = SimpleNamespace(cluster_resources=lambda: {"CPU": 1.0 if not gpus else 8.0})
    with pytest.raises(ParameterError, match="at least"):
        check_room(cluster, ServeOptions(networks={"embedded": row}))
    cluster = SimpleNamespace(cluster_resources=lambda: {"CPU": 2.0, "GPU": gpus})
    check_room(cluster, ServeOptions(networks={"embedded": row}))
