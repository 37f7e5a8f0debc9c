"""The laws that every backend keeps, as a class for pytest to subclass: in this package and in those of others.

docs/backends.md shows a whole one.
"""

from __future__ import annotations

import multiprocessing
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from pipeline.design_space.keys import Point, design_key
from pipeline.errors import PipelineError
from pipeline.kernels.model import Kernel
from pipeline.reports.labels import DesignStatus
from pipeline.synthesis.backends.base import Backend, Outcome
from pipeline.synthesis.backends.registry import BACKENDS
from pipeline.synthesis.backends.replay import ReplayBackend
from pipeline.synthesis.backends.tool import ToolBackend
from pipeline.synthesis.canonical import sha256_hex
from pipeline.synthesis.store import ReportStore

_NO_RESULT = (DesignStatus.NOT_CACHED, DesignStatus.NO_VERDICT)


class BackendConformance(ABC):
    """A subclass says how its backend is made; ``folder`` is one of the test's own."""

    @abstractmethod
    def kernel(self, folder: Path) -> Kernel:
        """The kernel whose designs are run."""

    @abstractmethod
    def points(self) -> list[Point]:
        """Three designs or more that all come to a result, no two of them equal."""

    @abstractmethod
    def backend(self, store: ReportStore, kernel: Kernel, folder: Path) -> Backend:
        """A new backend filing into the store; two of one folder are of one flow."""

    def test_it_is_found_by_its_name(self, tmp_path: Path) -> None:
        backend, _ = self._made(tmp_path)
        kind = BACKENDS[backend.name]
        assert (kind.name, kind.runs_tool) == (backend.name, backend.runs_tool)

    def test_there_is_an_outcome_a_point_in_the_points_order(self, tmp_path: Path) -> None:
        backend, kernel = self._made(tmp_path)
        points = [*self.points(), self.points()[0]]
        found = list(backend.synthesize(kernel, points))
        assert [outcome.point for outcome in found] == points
        assert [outcome.key for outcome in found] == [design_key(point) for point in points]
        assert not any(outcome.faults or outcome.label.status in _NO_RESULT for outcome in found)
        assert found[0].label == found[-1].label, "a design has one result"

    def test_reports_lie_at_the_address_that_it_names_and_replay_serves_them(self, tmp_path: Path) -> None:
        backend, kernel = self._made(tmp_path)
        address = backend.address_of(kernel)
        assert address.flow == backend.flow and address.kernel == kernel.name
        assert address.kernel_hash in ("", kernel.ast_hash), "a changed kernel never meets an old report"
        found = {outcome.key: outcome for outcome in backend.synthesize(kernel, self.points())}
        again = ReportStore(backend.store.root, fsync=False)
        assert set(found) <= set(again.keys(address))
        designs = [(key, None) for key in found]
        for outcome in ReplayBackend(again, address).replay(designs):
            assert outcome.label == found[outcome.key].label
            assert outcome.point == found[outcome.key].point
            assert outcome.report_hash == found[outcome.key].report_hash
            entry = again.get(address, outcome.key)
            assert entry is not None
            assert entry.xml is None or sha256_hex(entry.xml) == outcome.report_hash

    def test_what_is_handed_on_is_stored_though_the_rest_is_never_asked_for(self, tmp_path: Path) -> None:
        backend, kernel = self._made(tmp_path)
        following = backend.synthesize(kernel, self.points())
        first = next(following)
        entry = ReportStore(backend.store.root, fsync=False).get(backend.address_of(kernel), first.key)
        assert entry is not None and entry.label == first.label

    def test_a_second_command_gets_what_the_first_has_stored(self, tmp_path: Path) -> None:
        backend, kernel = self._made(tmp_path)
        found = [outcome.label for outcome in backend.synthesize(kernel, self.points())]
        other = self.backend(ReportStore(backend.store.root, fsync=False), kernel, tmp_path)
        before = other.store.snapshot([other.address_of(kernel)])
        assert [outcome.label for outcome in other.synthesize(kernel, self.points())] == found
        assert other.store.snapshot([other.address_of(kernel)]) == before, "nothing was run again"

    def test_afresh_takes_nothing_of_before_and_adds_nothing_to_it(self, tmp_path: Path) -> None:
        backend, kernel = self._made(tmp_path)
        points = self.points()
        list(backend.synthesize(kernel, points[:1]))
        address, held = backend.address_of(kernel), backend.store.keys(backend.address_of(kernel))
        afresh = backend.afresh(ReportStore(tmp_path / "afresh", fsync=False))
        if backend.replays:
            assert afresh is backend, "there is nothing to make"
            return
        assert afresh.flow == backend.flow and afresh.store.keys(address) == []
        assert [outcome.faults for outcome in afresh.synthesize(kernel, points)] == [()] * len(points)
        assert set(afresh.store.keys(address)) == {design_key(point) for point in points}
        assert backend.store.keys(address) == held

    def test_a_farm_gets_the_runs_of_a_tool_and_no_others(self, tmp_path: Path) -> None:
        backend, kernel = self._made(tmp_path)
        asked: list[Point] = []

        def farm(of: ToolBackend, kernel: Kernel, points: Sequence[Point]) -> Iterator[Outcome]:
            asked.extend(points)
            yield from (of.run_one(kernel, point) for point in points)

        points = self.points()
        designs = [(design_key(point), point) for point in points]
        found = list(backend.outcomes(kernel, designs, farm))
        assert {outcome.key for outcome in found} == {key for key, _ in designs}
        assert asked == (points if backend.runs_tool else [])
        assert backend.runs_tool == isinstance(backend, ToolBackend)
        assert (backend.bounds is None) == (not backend.runs_tool), "a tool's limits are known before it runs"

    def test_what_runs_a_design_can_be_sent_to_another_process(self, tmp_path: Path) -> None:
        backend, kernel = self._made(tmp_path)
        if isinstance(backend, ToolBackend):
            point = self.points()[0]
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as other:
                assert other.submit(backend.run_one, kernel, point).result().key == design_key(point)

    def test_a_step_that_it_does_not_take_has_no_labels_and_is_refused_in_one_line(self, tmp_path: Path) -> None:
        backend, _ = self._made(tmp_path)
        assert backend.step_labels("cosim", [design_key(point) for point in self.points()]) == {}
        try:
            backend.afresh(ReportStore(tmp_path / "afresh", fsync=False), "no-such-step")
        except PipelineError as error:
            assert "no-such-step" in str(error)
        else:
            assert backend.replays, "a step that is not there was taken"

    def _made(self, folder: Path) -> tuple[Backend, Kernel]:
        kernel = self.kernel(folder)
        return self.backend(ReportStore(folder / "store", fsync=False), kernel, folder), kernel
