"""Training: learns, saves, is killed, goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

torch = pytest.importorskip("torch")

from nearfar.errors import ParameterError, UnknownNameError  # noqa: E402
from nearfar_lab.checkpoint import Average, load_net, load_state, save_whole  # noqa: E402
from nearfar_lab.errors import CheckpointError  # noqa: E402
from nearfar_lab.lite import LiteOptions  # noqa: E402
from nearfar_lab.mixture import Batch  # noqa: E402
from nearfar_lab.net import EmbeddedNet, NetOptions  # noqa: E402
from nearfar_lab.plot import draw, read_curves  # noqa: E402
from nearfar_lab.recipes import Recipe, Stage, recipe, recipes  # noqa: E402
from nearfar_lab.settings import LabSettings  # noqa: E402
from nearfar_lab.team import Team  # noqa: E402
from nearfar_lab.train import Budget, Order, Run, carry_out, train  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

TINY = Recipe(
    name="tiny",
    shares={"scenes": 1.0},
    stages=(Stage(0.5, ((32, 64, 4, 1.0),)), Stage(1.0, ((32, 32, 4, 1.0),), loss="invariant")),
    net=NetOptions((8, 8, 16, 16, 24), (0, 0, 0, 0, 0), (1, 0, 0, 0), 1, 2),
    warm_up_steps=2,
)


def _batch() -> Batch:
    rng = torch.Generator().manual_seed(0)
    image = torch.randint(0, 255, (4, 32, 64, 3), generator=rng, dtype=torch.uint8)
    target = torch.linspace(-2, 2, 32).view(1, 32, 1).expand(4, 32, 64).clone()
    return Batch(image, target, torch.ones(4, dtype=torch.bool), torch.full((4,), -2.5), image, 2)


def test_a_run_learns_a_ramp(tmp_path: Path) -> None:
    """Forty steps on one batch bring the loss to less than half."""
    run = Run(TINY, tmp_path, Budget(1000))
    losses = [run.step(_batch(), 0.1 * i) for i in range(40)]
    assert losses[-1] < 0.5 * losses[0]


def test_the_relative_error_adds_to_the_loss(tmp_path: Path) -> None:
    """The same batch costs more where a stage asks for relative error too."""
    also = tuple(replace(stage, relative_weight=1.0) for stage in TINY.stages)
    plain = Run(TINY, tmp_path, Budget(1000)).step(_batch(), 0.0)
    assert Run(replace(TINY, stages=also), tmp_path, Budget(1000)).step(_batch(), 0.0) > plain + 0.05


def test_a_run_goes_on_where_it_was_saved(tmp_path: Path) -> None:
    """After a restart the next step gives the same weights as without one."""
    first = Run(TINY, tmp_path, Budget(1000))
    for i in range(3):
        first.step(_batch(), float(i))
    first.save()
    second = Run(TINY, tmp_path, Budget(1000))
    second.restore()
    assert second.progress == first.progress
    first.step(_batch(), 4.0)
    second.step(_batch(), 4.0)
    for mine, other in zip(first.net.parameters(), second.net.parameters(), strict=True):
        assert torch.allclose(mine, other, atol=1e-6)


def test_the_rate_rises_and_then_falls(tmp_path: Path) -> None:
    """Small at first, highest after the warm-up, nearly nothing at the end of the budget."""
    run = Run(TINY, tmp_path, Budget(100))
    start = run.rate()
    run.progress = replace(run.progress, step=10, elapsed_s=5)
    top = run.rate()
    run.progress = replace(run.progress, elapsed_s=100)
    assert start < top
    assert run.rate() == pytest.approx(TINY.final_rate)
    assert top == pytest.approx(TINY.rate, rel=0.02)


def test_a_teacher_s_labels_add_to_the_loss(tmp_path: Path) -> None:
    """On the views of real photos alone; the teacher itself learns nothing."""
    teacher = Run(replace(TINY, seed=9), tmp_path / "teacher", Budget(1000))
    teacher.folder.mkdir()
    teacher.save()
    plain, taught = (Run(TINY, tmp_path, Budget(1000)) for _ in range(2))
    taught.learn_from(tmp_path / "teacher")
    before = [p.clone() for p in taught.teacher.parameters()]
    assert taught.step(_batch(), 0.0) > plain.step(_batch(), 0.0) + 0.05
    assert all(torch.equal(a, b) for a, b in zip(before, taught.teacher.parameters(), strict=True))
    without = replace(_batch(), real_count=0)
    assert taught.step(without, 0.0).isfinite()


def test_a_gradient_that_is_no_number_teaches_nothing(tmp_path: Path) -> None:
    """One broken gradient leaves every weight a number, and the next sound one teaches again."""
    run = Run(TINY, tmp_path, Budget(1000))
    broken = run.net.head.weight.register_hook(lambda gradient: gradient * torch.nan)
    run.step(_batch(), 0.0)
    assert all(p.isfinite().all() for p in run.net.parameters())
    broken.remove()
    before = run.net.head.weight.clone()
    run.step(_batch(), 0.0)
    assert not torch.equal(before, run.net.head.weight)


def test_statistics_can_be_kept(tmp_path: Path) -> None:
    """The normalisations' means and variances stay as they were, while their weights learn."""
    run = Run(replace(TINY, keeps_statistics=True), tmp_path, Budget(1000))
    moving = Run(TINY, tmp_path, Budget(1000))
    name = "encoder.0.0.1"
    before = {k: v.clone() for k, v in run.net.state_dict().items() if k.startswith(name)}
    for one in (run, moving):
        for _ in range(3):
            one.step(_batch(), 0.0)
    assert torch.equal(run.net.state_dict()[f"{name}.running_mean"], before[f"{name}.running_mean"])
    assert not torch.equal(run.net.state_dict()[f"{name}.weight"], before[f"{name}.weight"])
    assert not torch.equal(moving.net.state_dict()[f"{name}.running_mean"], before[f"{name}.running_mean"])


def test_orders_that_do_not_fit_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A member that the recipe has not, statistics to keep without a start, another seed's folder."""
    kept = replace(TINY, keeps_statistics=True)
    monkeypatch.setattr("nearfar_lab.train.find_recipe", lambda name: {"tiny": TINY, "kept": kept}[name])
    settings = LabSettings(data=tmp_path, scenes=tmp_path, runs=tmp_path)
    with pytest.raises(ParameterError, match="no member 1"):
        carry_out(Team(), Order("tiny", tmp_path, 1.0, member=1), settings)
    with pytest.raises(CheckpointError, match="Give --start"):
        carry_out(Team(), Order("kept", tmp_path / "none", 1.0), settings)
    Run(replace(TINY, seed=9), tmp_path, Budget(1.0)).save()
    with pytest.raises(CheckpointError, match="of seed 9, not 1"):
        Run(TINY, tmp_path, Budget(1.0)).restore()


@pytest.mark.slow
def test_a_whole_run_leaves_a_checkpoint_and_a_log(tmp_path: Path, scenes: Path) -> None:
    """Both stages within a budget of seconds, without any real data; the log can be drawn."""
    folder = tmp_path / "run"
    budget = Budget(8.0, log_s=0.5)
    run = Run(TINY, folder, budget)
    train(run, LabSettings(data=tmp_path / "none", scenes=scenes, runs=tmp_path))
    net, state = load_net(folder)
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert state["progress"]["step"] == run.progress.step > 1
    assert {row["stage"] for row in rows if row.get("event") == "stage"} == {0, 1}
    assert net(torch.zeros(1, 3, 32, 32)).isfinite().all()
    assert draw(read_curves(folder / "log.jsonl")).shape[1] == 900
    assert not list(folder.glob("*.part"))


def test_the_average_follows_slowly() -> None:
    """With decay .9 late in a run a tenth of the difference is made up for."""
    net = EmbeddedNet(TINY.net)
    average = Average(net, 0.9)
    before = average.values["head.bias"].clone()
    with torch.no_grad():
        net.head.bias += 1.0
    average.update(net, step=10_000)
    assert torch.allclose(average.values["head.bias"], before + 0.1)


def test_a_folder_without_a_checkpoint_is_an_error(tmp_path: Path) -> None:
    """With the path and what to do."""
    with pytest.raises(CheckpointError, match="Train first"):
        load_net(tmp_path)


def test_a_foreign_file_is_no_checkpoint(tmp_path: Path) -> None:
    """A file of other tensors is refused."""
    save_whole({"weights": torch.zeros(2)}, tmp_path / "other.pt")
    with pytest.raises(CheckpointError, match="not a checkpoint"):
        load_state(tmp_path / "other.pt")


def test_stages_follow_the_fraction() -> None:
    """Each fraction of the budget belongs to one stage, the end to the last."""
    assert [TINY.stage_at(f) for f in (0.0, 0.49, 0.5, 1.0)] == [0, 0, 1, 1]


def test_recipes_are_found_by_name() -> None:
    """The embedded recipe is there, its shares and stages are whole, and unknown names are refused."""
    found = recipe("embedded")
    assert sum(found.shares.values()) == pytest.approx(1.0, abs=0.01)
    assert found.stages[-1].until == 1.0
    assert "embedded" in recipes()
    with pytest.raises(UnknownNameError, match="embedded"):
        recipe("embeded")


def test_no_recipe_trains_on_what_is_held_out() -> None:
    """The rule that figures rest on."""
    from nearfar_lab.datasets import data_set

    for row in recipes().values():
        assert not any(data_set(name).is_held_out for name in row.shares if name != "scenes")


def test_all_sizes_are_multiples_of_32() -> None:
    """What the network takes."""
    sizes = [size for row in recipes().values() for stage in row.stages for size in stage.sizes]
    assert all(height % 32 == width % 32 == 0 for height, width, _, _ in sizes)


def test_open_terms_leave_out_what_is_not_free() -> None:
    """Rendered scenes and sets under CC BY stay; research sets and ranked photos go."""
    open_only = recipe("embedded_lite").open_only()
    assert set(open_only.shares) == {"scenes", "tum", "tartan_hospital"}
    assert not open_only.order_shares
    assert open_only.is_open


def test_a_graphics_card_takes_larger_batches() -> None:
    """Sixteen times as many pictures a step and the card's learning rate; a CPU keeps the recipe."""
    plain = recipe("embedded_lite")
    assert plain.on("cpu") == plain
    on_card = plain.on("cuda")
    assert on_card.stages[0].sizes[0][2] == 16 * plain.stages[0].sizes[0][2]
    assert on_card.rate == plain.card_rate


RANKED = replace(
    TINY,
    net=LiteOptions(widths=(8, 8, 16, 16, 24), decoder_blocks=(1, 0, 0, 0), attention_blocks=1, heads=2),
    stages=(Stage(1.0, ((32, 64, 2, 1.0),), order_weight=1.0),),
    encoder_rate=0.5,
    keeps_encoder_statistics=True,
    halves_on_cpu=False,
)


def _ranked_batch() -> Batch:
    """Two pictures with depth and two with one pair each, whose nearer point stands higher."""
    plain = _batch()
    pairs = torch.tensor([[0, 4, 30, 28, 30], [1, 4, 30, 28, 30]])
    return replace(
        plain,
        target=torch.full((2, 32, 64), torch.nan),
        has_edges=torch.ones(2, dtype=torch.bool),
        zero=torch.full((2,), torch.nan),
        pairs=pairs,
        pair_weight=torch.ones(2),
    )


def test_a_run_learns_the_order_of_ranked_points(tmp_path: Path) -> None:
    """Nothing but pairs teaches it that up is near; the encoder keeps its statistics."""
    run = Run(RANKED, tmp_path, Budget(1000))
    statistics = run.net.encoder.stem[1].running_mean.clone()
    losses = [float(run.step(_ranked_batch(), 0.1 * i)) for i in range(25)]
    assert losses[-1] < 0.5 * losses[0]
    assert torch.equal(run.net.encoder.stem[1].running_mean, statistics)


def test_the_encoder_learns_at_its_own_rate(tmp_path: Path) -> None:
    """Half the rate of the rest, after a step."""
    run = Run(RANKED, tmp_path, Budget(1000))
    run.step(_ranked_batch(), 0.0)
    rates = {group["share"]: group["lr"] for group in run.optimiser.param_groups}
    assert rates[0.5] == pytest.approx(rates[1.0] / 2)
