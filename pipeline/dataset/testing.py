"""The laws that every importer of label sets keeps, as a class for pytest to subclass.

```
class TestMine(ImporterConformance):
    importer = KIND
    def write(self, folder): ...
```
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import fields, replace
from pathlib import Path

from pipeline.dataset.importers import Importer, ImportRequest
from pipeline.dataset.names import canonical_kernel, checked_source
from pipeline.dataset.published import KernelLabels
from pipeline.errors import PipelineError
from pipeline.reports.labels import DesignStatus
from pipeline.terms import Dialect


class ImporterConformance(ABC):
    """A subclass names its importer and writes a small set of its layout."""

    importer: Importer

    @abstractmethod
    def write(self, folder: Path) -> ImportRequest:
        """Writes two kernels or more, a file each, below ``folder``; returns how they are asked for."""

    def test_kernels_come_once_each_in_order_under_names_that_paths_can_have(self, tmp_path: Path) -> None:
        found = list(self.importer.read(self.write(tmp_path)))
        names = [(part.source, part.kernel) for part in found]
        assert len(names) >= 2 and names == sorted(set(names))
        for part in found:
            checked_source(part.source)
            assert part.kernel == canonical_kernel(part.kernel) and part.dialect in tuple(Dialect)
            assert part.designs and len({design.key for design in part.designs}) == len(part.designs)

    def test_what_was_not_measured_is_not_there_and_never_a_guess(self, tmp_path: Path) -> None:
        for part in self.importer.read(self.write(tmp_path)):
            for design in part.designs:
                label = design.label
                assert label.status is not DesignStatus.NOT_CACHED and (label.cycles is None or label.cycles > 0)
                if label.cycles is None:
                    assert label.status is not DesignStatus.OK or label.reason, "a result without cycles says why"
                for figures in (label.used, label.available, label.fractions):
                    values = [getattr(figures, field.name) for field in fields(figures)]
                    assert all(value is None or value >= 0 for value in values)

    def test_the_same_set_gives_the_same_labels(self, tmp_path: Path) -> None:
        asked = self.write(tmp_path)
        assert list(self.importer.read(asked)) == list(self.importer.read(asked))

    def test_a_file_that_cannot_be_read_is_told_and_costs_no_other(self, tmp_path: Path) -> None:
        asked = self.write(tmp_path)
        whole = list(self.importer.read(asked))
        spoilt = next(file for file in sorted(tmp_path.rglob("*")) if file.is_file())
        spoilt.write_bytes(b"\x00 no labels")
        problems: list[PipelineError] = []
        left: list[KernelLabels] = list(self.importer.read(replace(asked, on_problem=problems.append)))
        assert len(problems) == 1 and spoilt.name in str(problems[0])
        assert len(left) == len(whole) - 1 and all(part in whole for part in left)

    def test_a_place_without_labels_is_one_error(self, tmp_path: Path) -> None:
        empty = tmp_path / "empty"
        empty.mkdir()
        for place in (empty, tmp_path / "missing"):
            try:
                list(self.importer.read(ImportRequest(place, source="mine")))
            except PipelineError:
                continue
            raise AssertionError(f"{place.name} was imported")
