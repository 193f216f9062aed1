"""Several networks that look together: what they say, how they are put together, what their card tells."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from finished_runs import run_folder  # noqa: E402
from nearfar.errors import ParameterError, SourceError  # noqa: E402
from nearfar_lab import recipes  # noqa: E402
from nearfar_lab.assemble import assemble  # noqa: E402
from nearfar_lab.checkpoint import Progress, load_net, load_state  # noqa: E402
from nearfar_lab.cli import main  # noqa: E402
from nearfar_lab.committee import Committee, CommitteeOptions  # noqa: E402
from nearfar_lab.convert import export_onnx, fold  # noqa: E402
from nearfar_lab.designs import build, described, options_from  # noqa: E402
from nearfar_lab.errors import CheckpointError  # noqa: E402
from nearfar_lab.finish import Finish, write_card  # noqa: E402
from nearfar_lab.lite import LiteNet, LiteOptions  # noqa: E402
from nearfar_lab.net import multiply_adds, parameter_count  # noqa: E402
from nearfar_lab.recipes import Recipe, Stage  # noqa: E402
from nearfar_lab.settings import LabSettings  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

LARGE = LiteOptions(widths=(8, 8, 16, 16, 24), decoder_blocks=(1, 0, 0, 0), attention_blocks=1, heads=2)
SMALL = replace(LARGE, widths=(8, 8, 8, 8, 16))
TOGETHER = CommitteeOptions((LARGE, SMALL), ((0, 8), (0, 6), (1, 4)))
MEMBER = Recipe("large_tiny", {"scenes": 1.0}, (Stage(1.0, ((32, 64, 2, 1.0),)),), net=LARGE, seed=3)
OTHER = replace(MEMBER, name="small_tiny", net=SMALL, seed=4)
BOTH = replace(
    MEMBER, name="both_tiny", net=TOGETHER, committee_of=("large_tiny", "small_tiny"), shares={}, stages=()
)
DONE = Progress(10, 300, 100.0)


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Two finished runs of the members, whose recipes are known."""
    known = {**recipes.recipes(), **{row.name: row for row in (MEMBER, OTHER, BOTH)}}
    monkeypatch.setattr(recipes, "recipes", lambda: known)
    return [run_folder(tmp_path / row.name, row, DONE) for row in (MEMBER, OTHER)]


def _committee() -> Committee:
    torch.manual_seed(0)
    return Committee(TOGETHER).eval()


@torch.no_grad()
def test_the_answer_is_the_mean_of_the_looks() -> None:
    """Each look by hand: made small, asked, made large, brought to deviation 1; on the first one's scale."""
    net, image = _committee(), torch.rand(1, 3, 128, 256)
    looks = []
    for member, size in ((0, (128, 256)), (0, (96, 192)), (1, (64, 128))):
        small = torch.nn.functional.interpolate(image, size=size, mode="bilinear")
        seen = net.members[member](small)
        looks.append(torch.nn.functional.interpolate(seen[:, None], size=(128, 256), mode="bilinear")[0, 0])
    scales = [(look.mean(), (look - look.mean()).abs().mean()) for look in looks]
    mean = sum((look - middle) / spread for look, (middle, spread) in zip(looks, scales, strict=True)) / 3
    expected = mean * scales[0][1] + scales[0][0]
    assert torch.allclose(net(image)[0], expected, atol=1e-4 * float(expected.max() - expected.min()))


@torch.no_grad()
@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 96), (160, 32)])
def test_every_size_keeps_its_shape(height: int, width: int) -> None:
    """The smallest too: a part of one block of 32 is that block."""
    found = _committee()(torch.rand(2, 3, height, width))
    assert found.shape == (2, height, width)
    assert found.isfinite().all()


@torch.no_grad()
def test_an_even_picture_gives_no_nan() -> None:
    """Where a look sees no difference at all, there is nothing to divide by."""
    net = _committee()
    for member in net.members:
        torch.nn.init.zeros_(member.head.weight)
    assert net(torch.zeros(1, 3, 64, 64)).isfinite().all()


def test_a_checkpoint_knows_its_committee() -> None:
    """What is described as plain values makes the same committee again."""
    fields = json.loads(json.dumps(described(TOGETHER)))
    assert fields["design"] == "committee"
    assert options_from(fields) == TOGETHER
    assert isinstance(build(options_from(fields)), Committee)


@pytest.mark.parametrize("looks", [((0, 8),), ((0, 8), (2, 8)), ((0, 8), (1, 3)), ((0, 9), (1, 8))])
def test_looks_that_cannot_be_are_refused(looks: tuple[tuple[int, int], ...]) -> None:
    """A member that never looks, one that is not there, sizes below half and above all."""
    with pytest.raises(ParameterError):
        CommitteeOptions((LARGE, SMALL), looks)


def test_figures_of_a_committee_count_every_look() -> None:
    """Parameters once for each member, multiply-adds once for each look at its size."""
    net = _committee()
    large, small = LiteNet(LARGE), LiteNet(SMALL)
    assert parameter_count(net) == parameter_count(large) + parameter_count(small)
    looks = multiply_adds(large, 128, 256) + multiply_adds(large, 96, 192) + multiply_adds(small, 64, 128)
    assert multiply_adds(net, 128, 256) == looks
    assert "3 looks" in net.description
    assert "network 2 at 50.0% of the size" in net.description


def test_runs_are_put_together(runs: list[Path], tmp_path: Path) -> None:
    """The members' averaged weights in their places; steps, pictures and seconds add up."""
    path = assemble(BOTH, runs, tmp_path / "both")
    net, state = load_net(path)
    for place, run in enumerate(runs):
        theirs = load_net(run)[0].state_dict()
        mine = net.members[place].state_dict()
        assert all(torch.equal(theirs[name], mine[name]) for name in theirs)
    assert state["progress"] == {"step": 20, "pictures": 600, "elapsed_s": 200.0}
    assert [row["recipe"] for row in state["committee"]] == ["large_tiny", "small_tiny"]


def test_the_command_puts_them_together(
    runs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`nearfar-lab assemble` names the file it wrote."""
    with pytest.raises(SystemExit) as end:
        main(["assemble", "both_tiny", *map(str, runs), "--out", str(tmp_path / "both")])
    assert not end.value.code
    assert load_state(tmp_path / "both" / "last.pt")["recipe"] == "both_tiny"
    assert "last.pt" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wrong", "word"), [("order", "in this place"), ("count", "1 runs"), ("recipe", "one network")]
)
def test_what_does_not_fit_is_refused(runs: list[Path], tmp_path: Path, wrong: str, word: str) -> None:
    """Members in another order, too few, a recipe of one network; nothing is written."""
    given = {"order": runs[::-1], "count": runs[:1], "recipe": runs}[wrong]
    with pytest.raises(CheckpointError, match=word):
        assemble(MEMBER if wrong == "recipe" else BOTH, given, tmp_path / "both")
    assert not (tmp_path / "both").exists()


def test_an_unfinished_member_is_refused(runs: list[Path], tmp_path: Path) -> None:
    """Its averaged weights would not be those that are measured."""
    half = run_folder(tmp_path / "half", OTHER, Progress(2, 20, 30.0))
    with pytest.raises(CheckpointError, match="not finished"):
        assemble(BOTH, [runs[0], half], tmp_path / "both")


def test_the_card_names_every_member(runs: list[Path], tmp_path: Path) -> None:
    """Data by the pictures each saw, starts of all of them; other cards than the members' are refused."""
    settings = LabSettings(data=tmp_path, scenes=tmp_path, runs=tmp_path)
    cards = []
    for run, row in zip(runs, (MEMBER, OTHER), strict=True):
        weights = tmp_path / f"{row.name}.onnx"
        weights.write_bytes(row.name.encode())
        write_card(Finish(run, weights), [], settings)
        cards.append(weights.with_suffix(".json"))
    both, out = assemble(BOTH, runs, tmp_path / "both").parent, tmp_path / "both.onnx"
    out.write_bytes(b"both")
    write_card(Finish(both, out, members=tuple(cards)), [], settings)
    training = json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))["training"]
    assert [row["recipe"] for row in training["committee"]] == ["large_tiny", "small_tiny"]
    assert [(row["name"], row["share"]) for row in training["data"]] == [("scenes", 1.0)]
    for wrong in ((), tuple(cards[::-1])):
        with pytest.raises(SourceError, match="committee"):
            write_card(Finish(both, out, members=wrong), [], settings)


@pytest.mark.soak
def test_a_committee_is_one_file(tmp_path: Path) -> None:
    """Exported like any network, it computes what torch computes, and holds a member's weights once."""
    pytest.importorskip("onnxscript")
    import onnx

    net = Committee(CommitteeOptions((SMALL,), ((0, 8), (0, 5)))).eval()
    path = tmp_path / "together.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's exporter warns of itself
        assert export_onnx(net, path) < 1e-4
    kept = sum(np.prod(tensor.dims) for tensor in onnx.load(str(path)).graph.initializer)
    assert kept < 1.05 * sum(p.numel() for p in fold(net).parameters())
