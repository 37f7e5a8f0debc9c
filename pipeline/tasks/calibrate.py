"""The estimator against measured designs: how well it agrees, and its free constants refitted."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import luigi

from pipeline.errors import PipelineError, counted
from pipeline.files import read_own, read_plain
from pipeline.synthesis import ESTIMATOR_SOURCE
from pipeline.tasks.base import PipelineTask, names
from pipeline.tasks.estimator_device import shipped_device
from pipeline.tasks.kernel_options import KernelOptions, single
from pipeline.tasks.messages import say
from pipeline.tasks.outputs import FolderTarget, point_latest, write_json
from pipeline.tasks.parameters import WholeNumber
from pipeline.tasks.target_options import TargetOptions, one_target

if TYPE_CHECKING:
    from pipeline.estimator.fit import KernelData, Trials
    from pipeline.estimator.scores import Agreement
    from pipeline.kernels import Kernel
    from pipeline.synthesis import Address


class _AgainstLabels(TargetOptions, KernelOptions, PipelineTask):
    """A task that compares estimates with the labels that the report store holds of a source."""

    source = luigi.Parameter(description="where the labels are from, such as vitis-plain, hlsyn-v20 or a name of yours")
    kernels = luigi.Parameter(
        default="", description="suite names or paths, comma-separated; default: all that have labels"
    )
    designs = WholeNumber(least=1, default=60, description="designs a kernel at most, evenly spread over their keys")
    folds = WholeNumber(least=2, default=5, description="groups of kernels; each is judged by a fit to the others")

    @cached_property
    def named(self) -> dict[str, Kernel | None]:
        """The kernels of ``--kernels``, by name; None where the C is nowhere."""
        from pipeline.tasks.plan import kernel_or_none

        wanted = names(self.kernels)
        single(len(wanted), "--kernels", **self.reading.narrow)
        found = {name: kernel_or_none(name, self.reading) for name in wanted}
        return {name if kernel is None else kernel.name: kernel for name, kernel in found.items()}

    def kernel_called(self, name: str) -> Kernel | None:
        """The kernel of that name: one that ``--kernels`` names, else one of the suite; None where its C is nowhere."""
        from pipeline.tasks.plan import kernel_or_none

        return self.named.get(name) or kernel_or_none(name, self.reading)

    @cached_property
    def addresses(self) -> tuple[Address, ...]:
        """The addresses of the kernels, in the order of their names; PipelineError where there is none."""
        from pipeline.synthesis import made_for_target
        from pipeline.tasks.plan import cached_kernels, open_store

        if self.designs < 8 or self.folds < 2:
            raise PipelineError("too few designs or folds to judge by", fix="give --designs from 8 and --folds from 2")
        if self.source == ESTIMATOR_SOURCE:
            raise PipelineError("the estimator's own labels say nothing of it", fix="name the source of real labels")
        wanted = self.named
        labelled = made_for_target(open_store(self.workspace).addresses(source=self.source), self.asked_target)
        known = {address.kernel for address in labelled}
        if not wanted:
            known &= {*cached_kernels(self.workspace, self.source, self.asked_target)}
        missing = [name for name in wanted if name not in known]
        if missing:
            some = ", ".join(sorted(known)) or "the kernels of another --source"
            raise PipelineError(f"no label of kernel {missing[0]!r} from {self.source}", fix=f"name some of: {some}")
        found = []
        for address in labelled:
            kernel = self.kernel_called(address.kernel) if address.kernel in (wanted or known) else None
            if kernel is not None and address.kernel_hash in ("", kernel.ast_hash):
                found.append(address)
        if not found:
            raise PipelineError(
                f"no kernel with labels from {self.source} has C at hand",
                fix="name its file with --kernels",
            )
        one_target({address.kernel: address.flow for address in found})
        return tuple(sorted(found, key=lambda address: (address.kernel, address.digest)))

    @cached_property
    def identity(self) -> dict[str, Any]:
        """The labels, how many are taken, and the estimator's version."""
        from pipeline.estimator import VERSION
        from pipeline.tasks.plan import open_store

        return {
            **super().identity,
            "source": self.source,
            "kernels": self.kernels,
            "designs": self.designs,
            "folds": self.folds,
            "labels": open_store(self.workspace).snapshot(self.addresses),
            "estimator": VERSION,
        }

    def output(self) -> FolderTarget:
        """``estimator/TASK-SOURCE-HASH/``."""
        return FolderTarget(self.folder / "estimator" / f"{type(self).__name__}-{self.source}-{self.digest}")

    def trials(self) -> Trials:
        """The labels with cycles, ready to be compared; PipelineError where their flows or dialects differ."""
        from pipeline.estimator.fit import GRIDS, Trials

        dialects = sorted({address.flow.dialect for address in self.addresses})
        flow = next((name for name in GRIDS if name == (dialects[0] if len(dialects) == 1 else "")), None)
        if flow is None:
            # Points of the hls dialect mean what plain Vitis points do only where the sites are named alike.
            raise PipelineError(
                f"the labels of {self.source} are of the dialect {', '.join(dialects)}",
                fix=f"use labels of one dialect of: {', '.join(GRIDS)}",
            )
        data = [item for address in self.follow(self.addresses, "read labels") if (item := self._data(address))]
        if not data:
            raise PipelineError(f"no label of {self.source} has cycles and a point", fix="import other reports")
        return Trials(shipped_device(self.addresses[0].flow), flow, data)

    def _data(self, address: Address) -> KernelData | None:
        from pipeline.estimator.fit import LEAST, KernelData, Measured
        from pipeline.tasks.plan import open_store

        found = []
        for entry in sorted(open_store(self.workspace).entries(address), key=lambda entry: entry.key):
            label = entry.label
            # 100 cycles: what is below is no run of the kernel (the rule of HLSyn, NeurIPS 2023).
            if entry.point is not None and label.cycles is not None and label.cycles >= 100:
                found.append(Measured(entry.point, float(label.cycles), label.used))
        if len(found) < LEAST:
            return None
        step = max(1.0, len(found) / self.designs)
        picked = tuple(found[int(place * step)] for place in range(min(self.designs, len(found))))
        kernel = self.kernel_called(address.kernel)
        return KernelData(kernel, picked) if kernel is not None else None

    def compare(self, trials: Trials) -> tuple[dict[str, Agreement], dict[str, Agreement]]:
        """By kernel the agreement of the shipped constants, and of those fitted on the other groups of kernels."""
        from pipeline.estimator.fit import cross_validate, judge

        named = {number: data.kernel.name for number, data in enumerate(trials.data)}
        judged = {number: judge(trials, number, None) for number in self.follow(list(named), "shipped constants")}
        with self.following(None, "fits without each group") as advance:
            trials.told = advance
            held = cross_validate(trials, self.folds)
            trials.told = None
        return (
            {named[number]: found for number, found in judged.items() if found is not None},
            {named[number]: found for number, found in held.items()},
        )

    def write(
        self, folder: Path, shipped: Mapping[str, Agreement], held: Mapping[str, Agreement], **more: object
    ) -> None:
        """Writes ``agreement.json`` and ``agreement.md``."""
        from dataclasses import asdict

        from pipeline.estimator.halves import held_back
        from pipeline.estimator.tables import markdown, summary

        (folder / "agreement.md").write_text(markdown(shipped, held), encoding="utf-8")
        write_json(
            folder / "agreement.json",
            {
                **self.identity,
                "shipped": summary(list(shipped.values())),
                "held_out": summary(list(held.values())),
                "held_back_families": summary([found for name, found in shipped.items() if held_back(name)]),
                "by_kernel": {
                    name: {"shipped": asdict(found), "held_out": asdict(held[name]) if name in held else None}
                    for name, found in sorted(shipped.items())
                },
                **more,
            },
        )

    def summarise(self) -> None:
        """Says the figures before and after, and where the table is."""
        path = self.output().path
        said = read_own(path / "agreement.json", remove=path)
        before, after, apart = said["shipped"], said["held_out"], said["held_back_families"]
        within = ", ".join(
            f"{name} {_percent(before['within_1.5'][name])} -> {_percent(after['within_1.5'][name])}"
            for name in before["within_1.5"]
        )
        say(
            f"The estimator against {self.source}: {counted(before['kernels'], 'kernel')}, "
            f"{counted(before['designs'], 'design')}\n"
            f"  median Kendall tau of latency: naive bound {before['median_naive_tau']}, "
            f"shipped constants {before['median_tau']}, refitted without the kernel {after['median_tau']}\n"
            f"  median |log2 error| of cycles: {before['median_log2_error']} -> {after['median_log2_error']}\n"
            f"  within a factor 1.5: {within}\n"
            f"  shipped constants, {counted(apart['kernels'], 'kernel')} of families that nobody looked at: "
            f"tau {apart['median_tau']}, |log2 error| {apart['median_log2_error']}\n"
            f"  by kernel: {path / 'agreement.md'}"
        )


def _percent(share: float | None) -> str:
    return "?" if share is None else f"{100 * share:.0f} %"


class ValidateEstimator(_AgainstLabels):
    """Compares the estimator with measured designs, kernel by kernel, never on kernels that a fit has seen."""

    example = "--source lab-2023.2"

    reports = luigi.Parameter(default="", description="folder of csynth.xml files to hold the law of loops against too")

    @cached_property
    def identity(self) -> dict[str, Any]:
        """The folder of reports as well."""
        return {**super().identity, "reports": str(self.reports)}

    def run(self) -> None:
        """Writes ``estimator/ValidateEstimator-SOURCE-HASH/``."""
        shipped, held = self.compare(self.trials())
        more: dict[str, object] = {"loops": self._loops()} if self.reports else {}
        with self.output().write() as folder:
            self.write(folder, shipped, held, **more)

    def _loops(self) -> dict[str, int]:
        from dataclasses import asdict

        from pipeline.estimator.loop_tables import loop_agreement
        from pipeline.reports.parse import parse_report
        from pipeline.reports.report import MAX_BYTES
        from pipeline.synthesis.find_reports import find_reports
        from pipeline.synthesis.walk import walk

        folder = Path(self.reports)
        items = find_reports(folder, walk(folder)) if folder.is_dir() else []
        found = [item.path for item in items if not item.missing]
        if not found:
            raise PipelineError("there is no report here", file=str(folder), fix="name a folder of csynth.xml files")
        parsed = [
            parse_report(read_plain(folder / path, most=MAX_BYTES), file=path)
            for path in self.follow(found, "read reports")
        ]
        return {"reports": len(parsed), **asdict(loop_agreement(parsed))}

    def summarise(self) -> None:
        """Adds how the law of loops fares."""

        super().summarise()
        loops = read_own(self.output().path / "agreement.json", remove=self.output().path).get("loops")
        if loops:
            say(
                f"  {loops['loops']} pipelined loops of {loops['reports']} reports: the law is exact in "
                f"{loops['exact']}, within one cycle in {loops['within_one']}"
            )


class Calibrate(_AgainstLabels):
    """Refits the estimator's free constants to reports of your own, and says what that gains on kernels not seen."""

    example = "--source lab-2023.2"

    @cached_property
    def identity(self) -> dict[str, Any]:
        """How a kernel's own reports are learned from as well."""
        from pipeline.exploration import prior

        return {**super().identity, "prior": prior.VERSION}

    def run(self) -> None:
        """Writes ``estimator/Calibrate-SOURCE-HASH/constants.toml`` and the agreement before and after."""
        from pipeline.estimator.fit import fit

        trials = self.trials()
        shipped, held = self.compare(trials)
        constants = fit(trials, range(len(trials.data)))
        with self.output().write() as folder:
            self.write(folder, shipped, held, own_reports=self._own_reports())
            (folder / "constants.toml").write_text(constants.to_toml(), encoding="utf-8")
        point_latest(self.output().path)

    def _own_reports(self) -> str:
        """Whether each kernel's own reports correct its estimates as a search uses them, on designs left out."""
        from pipeline.exploration import History
        from pipeline.loop.histories import history_at
        from pipeline.loop.own_reports import correction, correction_text
        from pipeline.tasks.plan import open_store

        found = []
        for address in self.follow(self.addresses, "own reports left out in turn"):
            kernel = self.kernel_called(address.kernel)
            known = history_at(open_store(self.workspace), kernel, address, shipped_device(address.flow))
            if known is not None:
                features, rows = known
                outcomes = [row.outcome() for row in rows]
                found.append(correction(History(address.kernel, address.source, features, outcomes, True), self.seed))
        return correction_text(one for one in found if one is not None)

    def summarise(self) -> None:
        """Adds whether a kernel's own reports help a search, and how to use the constants."""
        super().summarise()
        told = read_own(self.output().path / "agreement.json", "own_reports", remove=self.output().path)
        say(f"  {told['own_reports']}")
        path = self.output().path / "constants.toml"
        say(f"  to use them, write into luigi.cfg:\n    [estimator]\n    constants = {path}")
