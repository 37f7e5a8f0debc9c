"""What there is: the kernels of the suite, one kernel, one design."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import luigi

from pipeline.design_space import design_key, parse_key
from pipeline.design_space.suite_index import index_row, indexed_rows
from pipeline.errors import PipelineError
from pipeline.kernels.suite import suite_folder, suite_names
from pipeline.reports.assumed import ASSUMED_TRIPS, assumed_cycles
from pipeline.reports.labels import DesignStatus, Label, label_from_report
from pipeline.synthesis.parts import check_part
from pipeline.tasks.estimator_device import asked_device
from pipeline.tasks.information import InformationTask
from pipeline.tasks.kernel_options import KERNEL, KernelOptions
from pipeline.tasks.outputs import fingerprint
from pipeline.tasks.stored import open_store
from pipeline.tasks.target_options import TargetOptions, for_kernel
from pipeline.terms import Dialect, Resource

if TYPE_CHECKING:
    from pipeline.design_space import DesignSpace, Point
    from pipeline.kernels import Kernel


class ListKernels(InformationTask):
    """Lists the kernels of the suite: loops, sites, size of the space, cached labels."""

    def facts(self) -> dict[str, Any]:
        """One entry a kernel, sorted by name."""
        labels = cached_labels(self.workspace)
        rows = indexed_rows(suite_folder())
        if rows is None:
            from pipeline.tasks.plan import kernel_of

            rows = [index_row(kernel_of(name)) for name in self.follow(suite_names(), "kernels")]
        kernels = [{**row, "labels": labels.get(row["kernel"], {})} for row in rows]
        sources = sorted({source for held in labels.values() for source in held})
        return {"folder": str(suite_folder()), "sources": sources, "kernels": kernels}

    def text(self, facts: dict[str, Any]) -> str:
        """One line a kernel."""
        from pipeline.present.descriptions import kernels_text

        return kernels_text(facts)


class _OfKernel(KernelOptions, InformationTask):
    """A question about one kernel."""

    kernel = luigi.Parameter(description=KERNEL)
    space = luigi.Parameter(default="", description="design space file (TOML or AutoDSE JSON); else found or derived")

    @cached_property
    def found(self) -> Kernel:
        """The kernel."""
        from pipeline.tasks.plan import kernel_of

        return kernel_of(self.kernel, self.reading)

    @cached_property
    def rules(self) -> DesignSpace:
        """Its design space."""
        from pipeline.design_space import load_space

        return load_space(self.found, Path(self.space) if self.space else None)


class DescribeKernel(_OfKernel):
    """Describes a kernel: loops with trip counts, arrays, pragma sites and their values, size of the space."""

    example = "--kernel mine.c --cflags '-I include -DN=64'"

    @property
    def stem(self) -> str:
        """One file a kernel."""
        return f"kernel-{self.found.name}"

    def facts(self) -> dict[str, Any]:
        """Loops, arrays, sites, space, labels."""
        from pipeline.design_space.narrowed import spoken
        from pipeline.design_space.rules import TRUE
        from pipeline.estimator.written import without_effect
        from pipeline.kernels.member_arrays import member_arrays
        from pipeline.kernels.pragma_notices import pragma_notices
        from pipeline.kernels.propose import loops_without_sites, site_notices

        kernel, space = self.found, self.rules
        names = ("label", "function", "keyword", "variable", "lower", "upper", "inclusive", "step", "depth", "line",
                 "parent", "trip_count", "trip_min", "trip_max", "innermost")  # fmt: skip
        loops = [
            {"loop": loop.id, **{name: getattr(loop, name) for name in names},
             "sites": [site.name for site in kernel.sites_of(loop.id)], **({"file": loop.file} if loop.file else {})}
            for loop in kernel.loops
        ]  # fmt: skip
        columns = ("name", "function", "element", "bits", "dims", "role", "direction", "line")
        places, words = _places(kernel), spoken(kernel)
        sites = [
            {
                "name": site.name,
                "said": words.get(site.name, site.name),
                "kind": str(site.kind),
                "loop": places[site.name],
                "default": site.default,
                "values": list(site.values),
                "rule": None if site.rule == TRUE else str(site.rule),
            }
            for site in space.sites
        ]
        return {
            "kernel": kernel.name,
            "argument": " ".join([str(self.kernel), *self.asked]),
            "file": kernel.file,
            "top": kernel.top,
            "project": _project(kernel),
            "kernel_hash": kernel.ast_hash,
            "functions": [function.name for function in kernel.functions],
            "loops": loops,
            "arrays": [
                {name: getattr(array, name) for name in columns} for array in (*kernel.arrays, *member_arrays(kernel))
            ],
            "sites": sites,
            "loops_without_sites": [loop.id for loop in loops_without_sites(kernel)] if kernel.sites else [],
            "notices": [
                *_part_notice(kernel),
                *site_notices(kernel),
                *pragma_notices(kernel),
                *without_effect(kernel),
            ],
            "sites_proposed": any(site.proposed for site in kernel.sites),
            "space_hash": space.hash,
            "space_source": space.source or "derived from the loops",
            "space_size": exact_size(space),
            "combinations": math.prod(len(site.values) for site in space.sites),
            "default_key": design_key(space.default),
            "labels": cached_labels(self.workspace, kernel).get(kernel.name, {}),
        }

    def text(self, facts: dict[str, Any]) -> str:
        """Tables of loops, arrays and sites."""
        from pipeline.present.descriptions import kernel_text

        return kernel_text(facts)


class DescribeDesign(TargetOptions, _OfKernel):
    """Describes a design: its values, whether the space allows it, cached labels, an estimate, its annotated C."""

    example = "--kernel gemm-ncubed"

    key = luigi.Parameter(default="", description="the design's key, NAME-VALUE.NAME-VALUE; default: as-written")

    @property
    def stem(self) -> str:
        """One file a design."""
        more = [f"{self.part} {self.clock}"] if self.part or self.clock else []
        return f"design-{self.found.name}-{fingerprint(key=self.key, **({'target': more} if more else {}))}"

    @cached_property
    def point(self) -> Point:
        """The design point."""
        from pipeline.loop.keyed import AS_WRITTEN

        if self.key and self.key != AS_WRITTEN:
            return parse_key(self.key)
        return self.rules.default

    @cached_property
    def dialect(self) -> str:
        """What the values mean: ``hls`` or ``merlin`` for the kernel's own sites, else ``vitis-plain``.

        Raises PipelineError, naming the sites, for a key that is of neither.
        """
        from pipeline.dataset.site_map import site_map

        own = set(_places(self.found))
        values = () if self.found.dialect == Dialect.VITIS_PLAIN else self.point.values()
        blanks = any(isinstance(chosen, str) and chosen and not chosen.strip() for chosen in values)
        if own == set(self.point) and not blanks:
            return self.found.dialect
        missing, extra = sorted(own - set(self.point)), sorted(set(self.point) - own)
        # A key with some of the kernel's own sites alone may be cut short: nothing but a label of it says otherwise.
        plain = bool(extra) or blanks or self._has_plain_label()
        if plain:
            with contextlib.suppress(PipelineError):
                site_map(self.found, Dialect.VITIS_PLAIN, self.point)
                return Dialect.VITIS_PLAIN
        parts = [f"lacks {', '.join(missing[:6])}"] if missing else []
        parts += [f"has {', '.join(extra[:6])}, which the kernel lacks"] if extra else []
        raise PipelineError(
            f"the key {self.key[:80]!r} is none of {self.found.name}: it {' and '.join(parts)}",
            fix=f"DescribeKernel --kernel {self.kernel} lists the sites",
        )

    def _has_plain_label(self) -> bool:
        from pipeline.tasks.plan import open_store

        store = open_store(self.workspace)
        return any(
            address.flow.dialect == Dialect.VITIS_PLAIN and store.get(address, self.key) is not None
            for address in _addresses(self.workspace, self.found)
        )

    def facts(self) -> dict[str, Any]:
        """Values, verdict of the space, labels, estimate, source."""
        plain = self.dialect != self.found.dialect
        violations = [] if plain else self.rules.violations(self.point)
        return {
            "kernel": self.found.name,
            "kernel_hash": self.found.ast_hash,
            "key": design_key(self.point),
            "dialect": self.dialect,
            "point": [
                {"name": name, "value": chosen, "loop": loop}
                for (name, chosen), loop in zip(sorted(self.point.items()), self._loops(), strict=True)
            ],
            "in_space": None if plain else not violations,
            "violations": violations,
            "labels": self._labels(),
            "estimate": self._estimate(),
            "source_code": self._source(),
        }

    def text(self, facts: dict[str, Any]) -> str:
        """The design for a person."""
        from pipeline.present.descriptions import design_text

        return design_text(facts)

    def _loops(self) -> list[str | None]:
        from pipeline.dataset.site_map import site_map

        if self.dialect == Dialect.VITIS_PLAIN:
            found: dict[str, str] = site_map(self.found, self.dialect, self.point)
            return [found[name] for name in sorted(self.point)]
        return [_places(self.found)[name] for name in sorted(self.point)]

    def _labels(self) -> list[dict[str, Any]]:
        """What is cached of the design, by source; published sets may spell the key in their own order."""
        store = open_store(self.workspace)
        found = []
        for address in _addresses(self.workspace, self.found):
            if (address.flow.dialect == Dialect.VITIS_PLAIN) != (self.dialect == Dialect.VITIS_PLAIN):
                continue
            for key in dict.fromkeys((self.key, design_key(self.point))):
                entry = store.get(address, key) if key or not self.point else None
                if entry is not None:
                    for_what = {"part": address.flow.part, "clock_ns": address.flow.clock_ns}
                    found.append({"source": address.source, **for_what, **_said(entry.label)})
                    break
        return found

    def _estimate(self) -> dict[str, Any]:
        from pipeline.estimator import prepare, version

        assumed = None
        device = asked_device(for_kernel(self.asked_target, self.found))
        try:
            prepared = prepare(self.found, device)
            report = prepared.estimate(self.point, _estimated_as(self.dialect))
            label = label_from_report(report)
            assumed = assumed_cycles(report)
        except PipelineError as error:
            label = Label(DesignStatus.NO_VERDICT, str(error))
        return {
            "source": "estimate",
            "version": version(device),
            "part": device.part,
            "clock_ns": device.clock_ns,
            "available": {name: getattr(device.available, name) for name in Resource},
            "assumed": device.assumed or None,
            "assumed_trips": None if assumed is None else ASSUMED_TRIPS,
            "assumed_cycles": assumed,
            **_said(label),
        }

    def _source(self) -> str:
        """The C with the values in its pragmas; for plain Vitis points, which have no place in them, as it is run."""
        from pipeline.kernels.annotate import annotated_files
        from pipeline.synthesis.lowering import lower

        if self.dialect != Dialect.VITIS_PLAIN:
            texts = annotated_files(self.found, self.point)
            return "\n".join(text if len(texts) == 1 else f"/* {file} */\n{text}" for file, text in texts.items())
        sources = lower(self.found, self.point, dialect=self.dialect)
        if self.found.dialect != self.dialect:
            return "".join(sources.files.values())
        files = [(name, text) for name, text in sources.files.items() if any(_holds_site(self.found, name))]
        shown = files or list(sources.files.items())[:1]
        parts = [text if len(shown) == 1 else f"/* {name} */\n{text}" for name, text in shown]
        return "\n".join([*parts, *([f"/* directives */\n{sources.directives}"] if sources.directives else [])])


def _holds_site(kernel: Kernel, name: str) -> Iterator[bool]:
    """Whether each site stands in the file of that name."""
    return (f"/{site.file or kernel.file}".endswith(f"/{name}") for site in kernel.sites)


def exact_size(space: DesignSpace) -> int | None:
    """The number of valid points; None where it cannot be counted."""
    return space.size() if space.countable else None


def _part_notice(kernel: Kernel) -> list[str]:
    """Why no estimates can be made for the part of a kernel's project, as a sentence or none."""
    from pipeline.estimator import find_part

    project = kernel.project
    if project is None or project.tool.part is None:
        return []
    try:
        find_part(check_part(project.tool.part, "the part"))
    except PipelineError as error:
        return [f"{project.script}: {error}"]
    return []


def _project(kernel: Kernel) -> dict[str, Any] | None:
    """What a project's configuration file or script says beside its sources; None for a kernel without one."""
    project = kernel.project
    if project is None or project.script is None:
        return None
    tool = project.tool
    return {
        "script": project.script,
        "sources": [project.file, *project.further],
        "cflags": project.flags.text,
        "testbench": list(project.testbench.files),
        "arguments": list(project.testbench.arguments),
        "part": tool.part,
        "clock_ns": tool.clock_ns,
        "uncertainty": tool.uncertainty,
        "flow_target": tool.flow,
        "settings": dict(tool.settings),
        "later_settings": dict(tool.further),
        "directives": [
            {
                "name": one.name,
                "location": one.operands[0],
                "operands": list(one.operands[1:]),
                "options": {name: value for name, value in one.options},
                "line": one.line,
            }
            for one in project.directives
        ],
    }


def cached_labels(workspace: str, kernel: Kernel | None = None) -> dict[str, dict[str, int]]:
    """Number of cached labels by kernel's name, then source; of one kernel as it is now, where it is given."""
    store = open_store(workspace)
    addresses = store.addresses() if kernel is None else _addresses(workspace, kernel)
    found: dict[str, dict[str, int]] = {}
    for address in addresses:
        counts = found.setdefault(address.kernel, {})
        counts[address.source] = counts.get(address.source, 0) + store.count(address)
    return found


def _addresses(workspace: str, kernel: Kernel) -> list[Any]:
    """Where the store holds labels of this very kernel, or of its name where no C was known."""
    return [
        address
        for address in open_store(workspace).addresses()
        if address.kernel_hash == kernel.ast_hash or (not address.kernel_hash and address.kernel == kernel.name)
    ]


def _places(kernel: Kernel) -> dict[str, str | None]:
    """Each site's loop; None for options, which belong to no loop."""
    return {site.name: site.loop for site in kernel.sites} | {option.name: None for option in kernel.options}


def _estimated_as(dialect: str) -> str:
    return Dialect.VITIS_PLAIN if dialect == Dialect.VITIS_PLAIN else Dialect.MERLIN


def _said(label: Label) -> dict[str, Any]:
    """A label as JSON values."""
    fractions = label.fractions
    uses = {name: getattr(fractions, name) for name in Resource}
    return {
        "status": str(label.status),
        "reason": label.reason,
        "cycles": label.cycles,
        "used": {name: getattr(label.used, name) for name in Resource},
        "utilisation": uses,
    }
