"""What a design point asks of each loop, in both dialects of points."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from pipeline.errors import PipelineError
from pipeline.estimator.choice import Choice, Pipeline
from pipeline.estimator.nest import Nest
from pipeline.kernels.as_written import is_pipelined
from pipeline.kernels.model import Kernel

Point: TypeAlias = Mapping[str, "int | str"]
"""A value per pragma site: an int for PARALLEL and TILE, ``off``, ``flatten`` or empty (coarse) for PIPELINE."""

MERLIN = "merlin"
VITIS_PLAIN = "vitis-plain"

_PLAIN_SITE = re.compile(r"__(PIPE|PARA)__L([0-9]{1,6})")
_LARGEST = 1 << 40


@dataclass(frozen=True, slots=True)
class Points:
    """Reads points of one kernel."""

    kernel: Kernel
    nest: Nest
    sites: frozenset[str]
    places: frozenset[int]
    """Positions of the file's ``for`` loops, which plain points name."""

    @staticmethod
    def of(kernel: Kernel, nest: Nest) -> Points:
        """The reader for one kernel."""
        places = frozenset(loop.file_index for loop in kernel.loops if loop.file_index >= 0)
        return Points(kernel, nest, frozenset(site.name for site in kernel.sites), places)

    def choices(self, point: Point, dialect: str) -> dict[int, Choice]:
        """The pragmas of each loop, by node number; PipelineError for a point that does not fit the kernel."""
        if dialect == MERLIN:
            return self._merlin(point)
        if dialect == VITIS_PLAIN:
            return self._plain(point)
        raise PipelineError(f"unknown dialect '{dialect}'", fix=f"use {MERLIN} or {VITIS_PLAIN}")

    def _merlin(self, point: Point) -> dict[int, Choice]:
        if point.keys() != self.sites:
            raise self._misfit(point, self.sites)
        pipelines: dict[str, Pipeline] = {}
        factors: dict[str, int] = {}
        for name, value in point.items():
            if isinstance(value, str):
                try:
                    pipelines[name] = Pipeline(value)
                except ValueError:
                    raise self._wrong(name, value, "one of off, '' and flatten") from None
            else:
                factors[name] = self._factor(name, value)
        choices: dict[int, Choice] = {}
        for number, node in self.nest.loops.items():
            for site in (node.parallel, node.tile):
                if site is not None and site not in factors:
                    raise self._wrong(site, point[site], "a whole number from 1")
            if node.pipeline is not None and node.pipeline not in pipelines:
                raise self._wrong(node.pipeline, point[node.pipeline], "one of off, '' and flatten")
            choices[number] = Choice(
                pipelines[node.pipeline] if node.pipeline is not None else Pipeline.OFF,
                factors[node.parallel] if node.parallel is not None else 1,
                factors[node.tile] if node.tile is not None else 1,
            )
        return choices

    def _plain(self, point: Point) -> dict[int, Choice]:
        pipelines: dict[int, str] = {}
        factors: dict[int, int] = {}
        for name, value in point.items():
            match = _PLAIN_SITE.fullmatch(name)
            if match is None or int(match[2]) not in self.places:
                raise PipelineError(
                    f"site {name!r} names no for loop of kernel '{self.kernel.name}'",
                    file=self.kernel.file,
                    fix=f"name the sites __PIPE__Li and __PARA__Li with i below {len(self.places)}",
                )
            place = int(match[2])
            if match[1] == "PARA":
                factors[place] = self._factor(name, value)
            elif isinstance(value, str) and (value in ("", "off") or is_pipelined(value)):
                pipelines[place] = value
            else:
                raise self._wrong(name, value, "'', off or blanks")
        choices: dict[int, Choice] = {}
        for number, node in self.nest.loops.items():
            place = node.loop.file_index
            text = pipelines.get(place, "")
            # A pipeline directive unrolls every loop below (UG1399), as flatten does.
            asked = is_pipelined(text)
            choices[number] = Choice(Pipeline.FLATTEN if asked else Pipeline.OFF, factors.get(place, 1))
        return choices

    def _factor(self, name: str, value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _LARGEST:
            raise self._wrong(name, value, "a whole number from 1")
        return value

    def _wrong(self, name: str, value: object, wanted: str) -> PipelineError:
        return PipelineError(
            f"site {name} of kernel '{self.kernel.name}' has the value {str(value)[:40]!r}",
            file=self.kernel.file,
            fix=f"give {wanted}",
        )

    def _misfit(self, point: Point, sites: frozenset[str]) -> PipelineError:
        extra, missing = sorted(map(str, point.keys() - sites)), sorted(sites - point.keys())
        problem = f"lacks {', '.join(missing[:3])}" if missing else f"has {', '.join(extra[:3])}"
        return PipelineError(
            f"the point {problem}, which does not fit the sites of kernel '{self.kernel.name}'",
            file=self.kernel.file,
            fix="give one value for each site of the kernel",
        )
