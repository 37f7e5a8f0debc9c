"""What a design point asks of each loop, in both dialects of points."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from pipeline.errors import PipelineError
from pipeline.estimator.choice import Choice, PipelineChoice
from pipeline.estimator.nest import LoopNode, Memory, Nest
from pipeline.kernels.as_written import NOTHING, OFF, ON, split_of
from pipeline.kernels.model import Kernel, Option
from pipeline.kernels.own_pragmas import ArraySplit
from pipeline.terms import Dialect

Point: TypeAlias = Mapping[str, "int | str"]
"""A value per pragma site: an int for PARALLEL and TILE, ``off``, ``flatten`` or empty (coarse) for PIPELINE."""


_PLAIN_SITE = re.compile(r"__(PIPE|PARA)__L([0-9]{1,6})")
_INTERVAL = re.compile(r"\s*II\s*=\s*([0-9]{1,9})\s*", re.IGNORECASE)
_LARGEST = 1 << 40
_PIPELINES: Mapping[str, PipelineChoice] = {str(item): item for item in PipelineChoice}

_MOST_KEPT = 16_384


@dataclass(frozen=True, slots=True)
class PointReader:
    """Reads points of one kernel."""

    kernel: Kernel
    nest: Nest
    sites: frozenset[str]
    native: bool
    """Whether the kernel's own terms are the tool's, so that the tool gets the source as it stands."""
    places: frozenset[int]
    """Positions of the file's ``for`` loops, which plain points name."""
    further: Mapping[str, Option]
    """Proposed sites of array_partition and inline, by name."""
    made: dict[tuple[str, int, int | str | None, int | str | None], Choice] = field(
        default_factory=dict, repr=False, compare=False
    )
    """By loop and values of its sites: designs share most of theirs."""

    @staticmethod
    def of(kernel: Kernel, nest: Nest) -> PointReader:
        """The reader for one kernel."""
        places = frozenset(loop.file_index for loop in kernel.loops if loop.file_index >= 0)
        named = frozenset(site.name for site in kernel.sites) | {option.name for option in kernel.options}
        further = {option.name: option for option in kernel.options if option.proposed}
        return PointReader(kernel, nest, named, kernel.dialect != Dialect.MERLIN, places, further)

    def choices(self, point: Point, dialect: str) -> dict[int, Choice]:
        """The pragmas of each loop, by node number; PipelineError for a point that does not fit the kernel."""
        if dialect == Dialect.MERLIN:
            return self._merlin(point)
        if dialect == Dialect.VITIS_PLAIN:
            return self._plain(point)
        if dialect == Dialect.HLS:
            return self._hls(point)
        raise PipelineError(f"unknown dialect '{dialect}'", fix=f"use one of {', '.join(Dialect)}")

    def _merlin(self, point: Point) -> dict[int, Choice]:
        if point.keys() != self.sites:
            raise self._misfit(point, self.sites)
        pipelines: dict[str, PipelineChoice] = {}
        factors: dict[str, int] = {}
        for name, value in point.items():
            if isinstance(value, str):
                if value not in _PIPELINES:
                    raise self._wrong(name, value, "one of off, '' and flatten")
                pipelines[name] = _PIPELINES[value]
            else:
                # The method is for what does not fit: a search reads more sites than anything else.
                factors[name] = value if type(value) is int and 0 < value <= _LARGEST else self._factor(name, value)
        choices: dict[int, Choice] = {}
        anything = self.anything
        for number, node in self.nest.loops.items():
            for site in (node.parallel, node.tile):
                if site is not None and site not in factors:
                    raise self._wrong(site, point[site], "a whole number from 1")
            if node.pipeline is not None and node.pipeline not in pipelines:
                raise self._wrong(node.pipeline, point[node.pipeline], "one of off, '' and flatten")
            asked = _asked(
                pipelines[node.pipeline] if node.pipeline is not None else PipelineChoice.OFF,
                factors[node.parallel] if node.parallel is not None else 1,
                factors[node.tile] if node.tile is not None else 1,
            )
            choices[number] = (
                self._completed(node, asked, asked.pipeline is not PipelineChoice.OFF, asked.factor > 1)
                if anything
                else asked
            )
        return choices

    def _plain(self, point: Point) -> dict[int, Choice]:
        pipelines: dict[int, str] = {}
        factors: dict[int, int] = {}
        for name, value in point.items():
            if name in self.further:
                self._check_option(self.further[name], value)
                continue
            match = _PLAIN_SITE.fullmatch(name)
            if match is None or int(match[2]) not in self.places:
                raise PipelineError(
                    f"site {name!r} names no for loop of kernel '{self.kernel.name}'",
                    file=self.kernel.file,
                    fix=f"name the sites __PIPE__Li and __PARA__Li with i below {len(self.places)}",
                )
            place = int(match[2])
            # Published sets write what the search chose to leave out as NA.
            value = "" if value == "NA" else value
            if match[1] == "PARA":
                factors[place] = self._factor(name, value)
            elif isinstance(value, str) and (value in ("", "off") or not value.strip() or _INTERVAL.fullmatch(value)):
                pipelines[place] = value
            else:
                raise self._wrong(name, value, "'', off, blanks or II=N")
        choices: dict[int, Choice] = {}
        anything = self.anything
        if len(self.made) > _MOST_KEPT:
            self.made.clear()
        for number, node in self.nest.loops.items():
            place = node.loop.file_index
            key = "plain", number, pipelines.get(place), factors.get(place)
            found = self.made.get(key) if anything else None
            if found is not None:
                choices[number] = found
                continue
            text = pipelines.get(place, "")
            asked = Choice(factor=factors.get(place, 1))
            if text == "off":
                asked = replace(asked, off=self.native)
            elif text:
                asked = _pipelined(asked, _INTERVAL.fullmatch(text))
            if anything:
                asked = self.made[key] = self._completed(node, asked, place in pipelines, place in factors)
            choices[number] = asked
        return choices

    def _check_option(self, option: Option, value: object) -> None:
        try:
            if option.directive == "array_partition":
                split_of(option, str(value))
            elif str(value) not in (NOTHING, ON, OFF):
                raise ValueError("'', off or blanks")
        except ValueError as error:
            raise self._wrong(option.name, value, str(error)) from None

    def nest_of(self, point: Point) -> Nest:
        """The nest with the partitions that a point chooses."""
        if not self.further:
            return self.nest
        memories = {
            name: replace(memory, splits=(*memory.splits, *_chosen(memory, point))) if memory.chosen else memory
            for name, memory in self.nest.memories.items()
        }
        return replace(self.nest, memories=memories)

    def _hls(self, point: Point) -> dict[int, Choice]:
        if point.keys() != self.sites:
            raise self._misfit(point, self.sites)
        choices: dict[int, Choice] = {}
        if len(self.made) > _MOST_KEPT:
            self.made.clear()
        for number, node in self.nest.loops.items():
            key = (
                "hls",
                number,
                point[node.pipeline] if node.pipeline is not None else None,
                point[node.parallel] if node.parallel is not None else None,
            )
            found = self.made.get(key)
            if found is not None:
                choices[number] = found
                continue
            asked = Choice()
            value = str(point[node.pipeline]).strip().lower() if node.pipeline is not None else "none"
            if value == "off":
                asked = replace(asked, off=True)
            elif value != "none":
                asked = _pipelined(asked, _INTERVAL.fullmatch(value) or re.fullmatch("([0-9]{1,9})", value))
            if node.parallel is not None:
                factor = point[node.parallel]
                whole = not isinstance(factor, int) and not factor.strip()
                unrolled = not isinstance(factor, str) or factor.strip().isdigit()
                asked = replace(asked, factor=_whole(node) if whole else int(factor) if unrolled else 1)
            made = self._completed(node, asked, node.pipeline is not None, node.parallel is not None)
            choices[number] = self.made[key] = made
        return choices

    @property
    def anything(self) -> bool:
        """Whether the source has ``#pragma HLS`` of the user's own."""
        return bool(self.kernel.pragmas)

    @staticmethod
    def _completed(node: LoopNode, asked: Choice, pipeline: bool, unroll: bool) -> Choice:
        """A choice with what the user's own pragmas say of a loop, but for what the point decides."""
        own = node.written
        if own.pipeline is not None and not pipeline:
            asked = replace(asked, off=own.pipeline.off)
            if not own.pipeline.off:
                asked = replace(asked, pipeline=PipelineChoice.FLATTEN, interval=own.pipeline.ii or 1)
        if own.unroll is not None and not unroll:
            asked = replace(asked, whole=not own.unroll.off)
            if not own.unroll.off:
                asked = replace(asked, factor=own.unroll.factor or _whole(node))
        return replace(asked, flattens=own.flatten is not False, flat=node.flat)

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


@functools.lru_cache(maxsize=4_096)
def _asked(pipeline: PipelineChoice, factor: int, tile: int) -> Choice:
    # The designs of a search ask the same of many loops.
    return Choice(pipeline, factor, tile)


def _whole(node: LoopNode) -> int:
    """The factor of a loop that is unrolled whole: none where its bound varies (UG1399, "pragma HLS unroll")."""
    return _LARGEST if node.loop.trip_count is not None else 1


def _pipelined(asked: Choice, interval: re.Match[str] | None) -> Choice:
    """A pipeline directive unrolls every loop below (UG1399), as flatten does."""
    return replace(asked, pipeline=PipelineChoice.FLATTEN, interval=max(1, int(interval[1])) if interval else 1)


def _chosen(memory: Memory, point: Point) -> list[ArraySplit]:
    """The partitions of an array that a point chooses; without a value what is written is not taken either."""
    found = ((split_of(option, str(point.get(option.name, NOTHING))), dim) for option, dim in memory.chosen)
    return [replace(split, dim=dim) for split, dim in found if split is not None]
