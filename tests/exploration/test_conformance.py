"""Every surrogate and every acquisition keeps the laws of its kind, those of somebody else's package too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import PipelineError
from pipeline.exploration import ACQUISITIONS, SURROGATES, History, Prior, make_strategy
from pipeline.exploration.outlook import Aim, Expected
from pipeline.exploration.surrogates import SurrogateKind, SurrogateRequest
from pipeline.exploration.surrogates.forest import ForestSurrogate
from pipeline.exploration.testing import AcquisitionConformance, SurrogateConformance
from pipeline.exploration.types import Surrogate

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "acquisition_of_another_package.py"


@pytest.mark.parametrize("name", ["forest", "gp", "transfer", "transfergp"])
class TestSurrogates(SurrogateConformance):
    @pytest.fixture(autouse=True)
    def _named(self, name: str) -> None:
        self.kind = SURROGATES[name]

    def surrogate(self) -> Surrogate:
        prior = None
        if self.kind.needs_prior:
            prior = Prior.fit([History("other", "toy", self.features(), self.outcomes())], trees=5)
        return self.kind.make(SurrogateRequest(0, prior))


@pytest.mark.parametrize("name", list(ACQUISITIONS))
class TestAcquisitions(AcquisitionConformance):
    @pytest.fixture(autouse=True)
    def _named(self, name: str) -> None:
        self.kind = ACQUISITIONS[name]


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package of somebody else's, as an installer leaves it."""
    about = tmp_path / "acme_search-1.0.dist-info"
    about.mkdir()
    (tmp_path / EXAMPLE.name).write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-search\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[hls_moe_pipeline.acquisitions]\nlcb = {EXAMPLE.stem}:KIND\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(ACQUISITIONS.__dict__, "_entries", raising=False)
    return "lcb"


class TestAnothersAcquisition(AcquisitionConformance):
    @pytest.fixture(autouse=True)
    def _found(self, other: str) -> None:
        self.kind = ACQUISITIONS[other]


def test_one_file_is_a_strategy_by_its_name(other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert make_strategy(f"forest-{other}").name == "forest-lcb"
    monkeypatch.setattr(SURROGATES, "_added", {})
    SURROGATES.register(SurrogateKind("trees", lambda asked: ForestSurrogate(trees=5, seed=asked.seed)))
    assert make_strategy(f"trees-{other}+forest-ei").name == "trees-lcb+forest-ei"
    with pytest.raises(PipelineError, match="use auto, random, coreset, or one of trees, "):
        make_strategy("tree-ei")


def test_expected_improvement_counts_gains_up_to_the_cap_and_by_the_chance() -> None:
    cost, spread, chance = np.array([[1.0], [5.0]]), np.full((2, 1), 0.1), np.array([0.5, 0.5])
    value = ACQUISITIONS["ei"].value
    rng = np.random.default_rng(0)
    assert value(Expected(cost, spread, chance), Aim(10.0, 3.0), rng) == pytest.approx(np.log(3.0 * chance))
    assert value(Expected(cost, spread, chance), Aim(10.0), rng) == pytest.approx(np.log((10.0 - cost[:, 0]) * 0.5))
    blind = value(Expected(cost, spread, chance), Aim(np.inf), rng)
    assert blind == pytest.approx(2.0 * np.log(0.5) - cost[:, 0]), "with nothing to improve on the chance counts twice"


def test_thompson_sees_all_designs_as_one_member_does_as_far_off_as_their_spread() -> None:
    members = np.array([[2.0, 9.0], [6.0, 3.0], [4.0, 6.5]])
    outlook = Expected(np.array([[6.0], [7.0]]), np.array([[3.0], [0.5]]), np.ones(2), members)
    off = (members - members.mean(axis=0)) / members.std(axis=0)
    wanted = {tuple(row) for row in np.round(-(outlook.cost[:, 0] + off * outlook.spread[:, 0]), 9).tolist()}
    value = ACQUISITIONS["thompson"].value
    drawn = [np.round(value(outlook, Aim(0.0), np.random.default_rng(seed)), 9).tolist() for seed in range(30)]
    assert {tuple(row) for row in drawn} == wanted


def test_thompson_without_members_draws_costs_as_far_off_as_their_spread() -> None:
    spread = np.repeat([[0.5], [4.0]], 2000, axis=0)
    outlook = Expected(np.full((4000, 1), 6.0), spread, np.ones(4000))
    drawn = -ACQUISITIONS["thompson"].value(outlook, Aim(0.0), np.random.default_rng(0)).reshape(2, 2000)
    assert drawn.mean(axis=1) == pytest.approx([6.0, 6.0], abs=0.3)
    assert drawn.std(axis=1) == pytest.approx([0.5, 4.0], rel=0.1)
