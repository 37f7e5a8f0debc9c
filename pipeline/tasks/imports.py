"""Labels and reports from elsewhere into the report store."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import luigi

from pipeline.errors import PipelineError, clock_text, counted
from pipeline.files import read_own
from pipeline.kernels.suite import suite_names
from pipeline.synthesis import KNOWN_FLOWS, Address, imported_flow, made_for
from pipeline.synthesis.parts import check_part
from pipeline.tasks.base import PipelineTask
from pipeline.tasks.kernel_options import KERNEL, KernelOptions, single
from pipeline.tasks.messages import bar, say, working
from pipeline.tasks.outputs import FolderTarget, write_json
from pipeline.tasks.parameters import Clock, names
from pipeline.terms import Dialect

if TYPE_CHECKING:
    from pipeline.kernels import Kernel
    from pipeline.synthesis import Collected, Flow
    from pipeline.synthesis.passed_on import PackFacts


_MOST_SAID = 10
_MOST_KEPT = 10_000
_LONGEST_LINE = 1000


class _Import(PipelineTask):
    """A task that fills the report store; complete while what it put there is still there."""

    @cached_property
    def marker(self) -> FolderTarget:
        return FolderTarget(self.folder / "imports" / f"{type(self).__name__}-{self.digest}")

    def output(self) -> FolderTarget:
        """``imports/TASK-HASH/`` with ``import.json``, which says what came in."""
        return self.marker

    def complete(self) -> bool:
        """Whether this very input is in the store."""
        if not self.marker.exists():
            return False
        from pipeline.tasks.stored import open_store

        stored = read_own(self.marker.path / "import.json", "addresses", "notes", remove=self.marker.path)
        known = {address.digest for address in open_store(self.workspace).addresses()}
        return set(stored["addresses"]) <= known

    def finish(self, addresses: list[str], notes: list[str], lines: Sequence[str] = ()) -> None:
        """Marks the import as done, with what there is to say of it; of the ``lines`` the first are said as well."""
        said = [line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}..." for line in lines[:_MOST_KEPT]]
        notes = [*notes, *said[:_MOST_SAID]]
        if len(lines) > _MOST_SAID:
            notes.append(f"{len(lines) - _MOST_SAID:,} more such lines are in {self.marker.path / 'import.json'}")
        found = {**self.identity, "addresses": sorted(addresses), "notes": notes, "lines": said}
        with self.output().write() as folder:
            write_json(folder / "import.json", found)

    def summarise(self) -> None:
        """Says what came in."""
        said = read_own(self.marker.path / "import.json", "addresses", "notes", remove=self.marker.path)
        say("\n  ".join(["Imported", *said["notes"]]))


class ImportHLSyn(KernelOptions, _Import):
    """Imports a published label set: the HLSyn archive, the plain Vitis set, or another of their layout.

    A file ``NAME.json`` is of the kernel of the suite that is called NAME, or of one that ``--kernels`` names.
    """

    example = "--path HLSyn_designs.tar.gz"

    path = luigi.Parameter(default="", description="archive (tar.gz, zip) or folder; default: download from --url")
    url = luigi.Parameter(
        default="", description="address to download; default: the public HLSyn archive, checksum checked"
    )
    layout = luigi.Parameter(default="hlsyn", description="how the set is laid out, by the name of an importer")
    source_prefix = luigi.Parameter(default="hlsyn", description="designs/VERSION/ becomes the source PREFIX-VERSION")
    source = luigi.Parameter(default="", description="the source's name, needed for a flat designs/ folder")
    dialect = luigi.Parameter(default="", description="merlin or vitis-plain; default: told from the designs")
    kernels = luigi.Parameter(default="", description=f"kernels that labels are of beside the suite's, each {KERNEL}")
    part = luigi.Parameter(default="", description="part that the labels are for, where the set records none")
    clock = Clock(default=None, description="clock that the labels are for: 4, 4ns or 250MHz")
    tool_version = luigi.Parameter(default="", description="version of the tool that made them")

    @cached_property
    def named(self) -> dict[str, Kernel]:
        """The kernels that are named, by what they are called."""
        from pipeline.tasks.plan import kernel_of

        given = names(self.kernels)
        single(len(given), "--kernels", **self.reading.narrow)
        found = [kernel_of(name, self.reading) for name in given]
        if len({kernel.name for kernel in found}) < len(found):
            raise PipelineError("two of --kernels have one name", fix="import the labels of one at a time, with --name")
        return {kernel.name: kernel for kernel in found}

    def flow_of(self, source: str, dialect: str) -> Flow:
        """The flow of a source's labels; raises PipelineError where what is said of it is known to be otherwise."""
        if self.part:
            check_part(self.part, "--part")
        told = {"part": self.part or None, "clock_ns": self.clock, "tool_version": self.tool_version or None}
        known = KNOWN_FLOWS.get(source)
        if known is None:
            version = self.tool_version or None
            return imported_flow(source, dialect, part=self.part or None, clock_ns=self.clock, tool_version=version)
        said = [name for name, value in told.items() if value not in (None, getattr(known, name))]
        if said:
            raise PipelineError(
                f"the labels of {source} are recorded with {said[0]} {getattr(known, said[0]) or 'unknown'}",
                fix="leave that out, or name another --source",
            )
        return known

    @cached_property
    def archive(self) -> tuple[Path, str]:
        """The local file or folder and the SHA-256 of its bytes (of its files' names and bytes, for a folder)."""
        from pipeline.dataset import HLSYN_URL, fetch, known_checksum, sha256_of
        from pipeline.dataset.archive import check_readable

        if self.path and self.url:
            raise PipelineError("--path and --url exclude each other", fix="give one of them")
        if not self.path:
            url = self.url or HLSYN_URL
            name = hashlib.sha256(url.encode()).hexdigest()[:12] + "-" + url.rsplit("/", 1)[-1][-60:]
            received = 0
            with bar(None, f"bytes of {name[13:]}") as advance:

                def more(now: int, total: int | None) -> None:
                    nonlocal received
                    advance(now - received)
                    received = now

                fetched = fetch(url, self.folder / "downloads" / name, known_checksum(url), progress=more)
            return fetched.path, fetched.sha256
        path = Path(self.path)
        if self.layout == "hlsyn":
            check_readable(path)
        if not path.is_dir():
            with working(f"hashing {path.name}"):
                return path, sha256_of(path).sha256
        lines = []
        files = sorted(file for file in path.rglob("*.json") if not file.is_dir())
        if self.layout == "hlsyn" and not files:
            raise PipelineError("there is no NAME.json in this folder", file=str(path), fix="check --path")
        for file in self.follow(files, "files hashed"):
            try:
                told = sha256_of(file).sha256
            except PipelineError as error:
                # Told, with the others imported, when the set is read.
                told = error.problem
            lines.append(f"{file.relative_to(path).as_posix()} {told}")
        return path, hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()

    @cached_property
    def identity(self) -> dict[str, Any]:
        """The bytes, how they are read, and the kernels they are filed under."""
        # Looked at before all the kernels of the suite are read.
        contents = self.archive[1]
        from pipeline.tasks.plan import suite_hash

        return {
            **super().identity,
            **({} if self.layout == "hlsyn" else {"layout": self.layout}),
            "archive": contents,
            "dialect": self.dialect,
            "source": self.source,
            "source_prefix": self.source_prefix,
            "suite": suite_hash(),
            **({"kernels": sorted((name, one.ast_hash) for name, one in self.named.items())} if self.named else {}),
            **{name: told for name in ("part", "clock", "tool_version") if (told := getattr(self, name))},
        }

    def run(self) -> None:
        """Reads the set and files one pack a kernel and source, beside those of other sets."""
        from pipeline.dataset.importers import ImportRequest, labels_of
        from pipeline.synthesis import Changes, Entry, arriving
        from pipeline.tasks.plan import kernel_or_none, open_store

        path, digest = self.archive
        store = open_store(self.workspace)
        counts: dict[str, int] = {}
        unknown: set[str] = set()
        problems: list[PipelineError] = []
        addresses = []
        changes = Changes()
        asked = ImportRequest(
            path, self.source_prefix, self.source or None, self.dialect or None, on_problem=problems.append
        )
        for part in self.follow(labels_of(self.layout, asked), "kernels"):
            kernel = self.named.get(part.kernel) or kernel_or_none(part.kernel)
            if kernel is None:
                unknown.add(part.kernel)
            flow = self.flow_of(part.source, part.dialect)
            if flow.dialect != part.dialect:
                raise PipelineError(
                    f"the designs of {part.kernel} are of dialect {part.dialect}, "
                    f"those of source {part.source} are {flow.dialect}",
                    file=str(path),
                    fix="name another --source, or the --dialect",
                )
            address = Address(part.kernel, kernel.ast_hash if kernel else "", flow)
            entries = [Entry(d.key, d.point, d.label, made=part.made) for d in part.designs]
            name = f"import_{digest[:16]}"
            store.put_all(address, list(arriving(store, address, entries, changes)), name=name)
            addresses.append(address.digest)
            counts[part.source] = counts.get(part.source, 0) + len(part.designs)
        unread = f"{len(problems)} of its files cannot be read, the first: {problems[0]}" if problems else ""
        if not addresses:
            raise PipelineError(unread or "no file of this label set could be read", file=str(path))
        notes = [f"{path.name} has the SHA-256 {digest}"]
        for source, count in sorted(counts.items()):
            notes.append(f"source {source}: {count:,} designs; use them with --source {source}")
        if unknown:
            notes.append(f"without C in the suite, labels only: {', '.join(sorted(unknown))}")
        notes += changes.counts
        if problems:
            others = [f"not imported: {problem}" for problem in problems[:_MOST_SAID]]
            say("\n  ".join(["Imported what could be read", *notes, *others]))
            raise PipelineError(f"{unread}; the others are imported", file=str(path))
        self.finish(addresses, notes, changes.lines)


class ImportPacks(KernelOptions, _Import):
    """Imports packs that somebody passed on: labels go to the kernels here that have the same sources.

    A pack is of the kernel of the suite, or of one that ``--kernels`` names, whose syntax tree has the hash that stands
    in it, whatever either is called. Which kernels matched is said; packs of others are left out.
    """

    example = "--path packs --kernels mine.c"

    path = luigi.Parameter(description="a pack, or a folder of packs")
    kernels = luigi.Parameter(default="", description=f"kernels that packs may be of beside the suite's, each {KERNEL}")

    @cached_property
    def packs(self) -> list[PackFacts]:
        """What the packs hold."""
        from pipeline.synthesis.passed_on import find_packs

        return find_packs(Path(self.path))

    @cached_property
    def by_hash(self) -> dict[str, Kernel]:
        """The kernels here by the hash of their syntax trees; of two with one hash the one that is named."""
        from pipeline.tasks.plan import kernel_of

        given = names(self.kernels)
        single(len(given), "--kernels", **self.reading.narrow)
        named = [kernel_of(name, self.reading) for name in given]
        return {kernel.ast_hash: kernel for kernel in (*map(kernel_of, suite_names()), *named)}

    @cached_property
    def matched(self) -> list[tuple[PackFacts, Address]]:
        """The packs that are of kernels here, with their addresses."""
        found = []
        for pack in self.packs:
            kernel = self.by_hash.get(pack.address.kernel_hash)
            if kernel is not None:
                found.append((pack, Address(kernel.name, kernel.ast_hash, pack.address.flow)))
        return found

    @cached_property
    def identity(self) -> dict[str, Any]:
        """The packs' contents and the kernels that they match."""
        return {
            **super().identity,
            "packs": sorted([pack.contents, pack.address.digest] for pack in self.packs),
            "matched": sorted(address.digest for _, address in self.matched),
        }

    def run(self) -> None:
        """Files the labels of each pack that matches, beside what is there."""
        from pipeline.synthesis import Changes, arriving, read_pack
        from pipeline.tasks.plan import open_store

        others = [pack for pack in self.packs if pack.address.kernel_hash not in self.by_hash]
        left = ", ".join(f"{pack.address.kernel} ({pack.path.name})" for pack in others[:_MOST_SAID])
        if not self.matched:
            raise PipelineError(
                f"none of its {len(others)} packs is of a kernel here, by the hash of its syntax tree: {left}",
                file=self.path,
                fix="give the sources that they are of with --kernels, and the flags with --cflags",
            )
        store, changes, notes = open_store(self.workspace), Changes(), []
        for pack, address in self.follow(self.matched, "packs"):
            _, entries = read_pack(pack.path)
            name = f"passed_{pack.contents[:16]}"
            store.put_all(address, list(arriving(store, address, entries, changes)), name=name)
            notes.append(
                f"{pack.path.name}: {pack.designs:,} designs of {address.kernel} ({pack.address.kernel_hash[:12]}), "
                f"source {address.source}, {made_for(address.flow)}; use them with --source {address.source}"
                + (f"; terms: {pack.terms}" if pack.terms else "")
            )
        if others:
            notes.append(f"left out, of no kernel here: {left}; give their sources with --kernels")
        self.finish([address.digest for _, address in self.matched], [*notes, *changes.counts], changes.lines)


class ImportReports(KernelOptions, _Import):
    """Imports a folder of past runs: every csynth.xml in it becomes an entry of the report store.

    Only reports of the kernel's top function are taken (``--top``). Of several reports of one design the newest by the
    time of its file counts, also of those that came before. Where ``--kernel`` is the project's own Tcl script or
    ``hls_config.cfg``, what its solutions and work folders have left are reports of what is written there.
    """

    example = "--path old_runs --kernel mine.c --source lab-2023.2"

    path = luigi.Parameter(description="folder to search for csynth.xml files")
    source = luigi.Parameter(description="a name of your own for these runs, such as lab-2023.2")
    kernel = luigi.Parameter(description=f"the kernel they are of: {KERNEL}; or just a name")
    part = luigi.Parameter(default="", description="only reports for this part, where the folder has several")
    clock = Clock(default=None, description="only reports at this clock: 4, 4ns or 250MHz; default: at any")
    tool_version = luigi.Parameter(default="", description="only reports of this version of the tool")
    dialect = luigi.Parameter(
        default=str(Dialect.MERLIN), description="what site values mean: merlin, hls or vitis-plain"
    )

    @cached_property
    def found_kernel(self) -> Kernel | None:
        """The kernel, where its C is at hand."""
        from pipeline.tasks.plan import kernel_or_none

        if self._solutions and not self.solution:
            return kernel_or_none(self.kernel, replace(self.reading, solution=self._solutions[0]))
        return kernel_or_none(self.kernel, self.reading)

    @cached_property
    def _solutions(self) -> list[str]:
        """A title for each of a project's solutions that has left a report, empty for a work folder."""
        from pipeline.project.opened import solutions_of
        from pipeline.synthesis.solutions import REPORT

        return [
            title for title, place in solutions_of(Path(self.kernel), Path(self.path)) if (place / REPORT).is_file()
        ]

    @property
    def filed_dialect(self) -> str:
        """What site values mean: of a project's own reports what the kernel says."""
        kernel = self.found_kernel
        return str(kernel.dialect) if self._solutions and kernel is not None else str(self.dialect)

    @cached_property
    def collected(self) -> tuple[list[Collected], list[str]]:
        """What the folder holds that is taken, and a line on each thing that is not."""
        from pipeline.synthesis import Stated, collect_reports, of_one_flow

        told: list[str] = []
        top = self.found_kernel.top if self.found_kernel else self.top or None
        wanted = Stated(top, self.part or None, self.clock, self.tool_version or None)
        known = {}
        if self._solutions and self.found_kernel is not None:
            from pipeline.synthesis.solutions import designs_of_solutions
            from pipeline.tasks.plan import kernel_of

            def read(title: str) -> Kernel:
                return kernel_of(self.kernel, replace(self.reading, solution=title))

            known = designs_of_solutions(Path(self.kernel), Path(self.path), self.found_kernel, read, told.append)
        found = collect_reports(Path(self.path), top=top, tell=told.append, known=known)
        return of_one_flow(found, wanted, told.append), told

    @cached_property
    def identity(self) -> dict[str, Any]:
        """The reports found, how they are filed, and the kernel."""
        kernel = self.found_kernel
        return {
            **super().identity,
            "dialect": self.filed_dialect,
            "kernel": kernel.ast_hash if kernel else self.kernel,
            "reports": sorted((found.key, found.sha256, found.made) for found in self.collected[0]),
            "source": self.source,
        }

    def run(self) -> None:
        """Files what was found as one pack, with what the folder held before."""
        from pipeline.synthesis import Changes, address_for, arriving, beside, common_flow
        from pipeline.tasks.plan import open_store

        found, told = self.collected
        if not found:
            seen = f"; {told[0]}" if told else ""
            raise PipelineError(
                f"there is no csynth.xml in this folder{seen}", file=self.path, fix="name the folder of your runs"
            )
        kernel, store = self.found_kernel, open_store(self.workspace)
        name = kernel.name if kernel else self.kernel
        # Reports of designs that nobody names, of a kernel without C, are labels only: no search can meet them.
        flow = common_flow(item for item in found if kernel is not None or item.point is not None)
        address = address_for(store, name, kernel.ast_hash if kernel else "", self.source, self.filed_dialect, flow)
        pack = "folder_" + hashlib.sha256(str(Path(self.path).resolve()).encode()).hexdigest()[:16]
        changes = Changes()
        entries = arriving(store, address, (item.entry() for item in self.follow(found, "reports")), changes)
        keys = {item.key for item in found}
        hashes = {item.sha256 for item in found if item.sha256 is not None}
        merged = beside(store.imported(address, pack), entries, changes, keys=keys, hashes=hashes)
        store.put_all(address, merged, name=pack)
        unkeyed = sum(item.point is None for item in found)
        made_with = ", ".join(
            text for text in (flow.part, clock_text(flow.clock_ns) if flow.clock_ns else "", flow.tool_version) if text
        )
        notes = [
            f"source {self.source}: {counted(len(found), 'report')} of {name}{f' ({made_with})' if made_with else ''}; "
            f"use them with --source {self.source}",
            *changes.counts,
        ]
        if unkeyed:
            notes.append(f"{unkeyed:,} without a known design; a design.json beside the report or a designs.csv tells")
        failures = [f"{item.label.status}: {item.label.reason}" for item in found if item.label.status != "ok"]
        odd = [f"{item.path}: {item.label.reason}" for item in found if item.label.status == "ok" and item.label.reason]
        self.finish([address.digest], notes, [*told, *changes.lines, *failures, *odd])
