"""Labels and reports from elsewhere into the report store."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Any

import luigi

from pipeline.errors import PipelineError
from pipeline.files import read_own
from pipeline.tasks.base import PipelineTask
from pipeline.tasks.messages import bar, say
from pipeline.tasks.outputs import FolderTarget, write_json


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
        from pipeline.tasks.plan import open_store

        if not self.marker.exists():
            return False
        stored = read_own(self.marker.path / "import.json", remove=self.marker.path)
        known = {address.digest for address in open_store(self.workspace).addresses()}
        return set(stored["addresses"]) <= known

    def finish(self, addresses: list[str], notes: list[str]) -> None:
        """Marks the import as done, with what there is to say of it."""
        with self.output().write() as folder:
            write_json(folder / "import.json", {**self.identity, "addresses": sorted(addresses), "notes": notes})

    def summarise(self) -> None:
        """Says what came in."""
        said = read_own(self.marker.path / "import.json", remove=self.marker.path)
        say("\n  ".join(["Imported", *said["notes"]]))


class ImportHLSyn(_Import):
    """Imports a published label set: the HLSyn archive, the plain Vitis set, or another of their layout."""

    path = luigi.Parameter(default="", description="archive (tar.gz, zip) or folder; default: download from --url")
    url = luigi.Parameter(
        default="", description="address to download; default: the public HLSyn archive, checksum checked"
    )
    source_prefix = luigi.Parameter(default="hlsyn", description="designs/VERSION/ becomes the source PREFIX-VERSION")
    source = luigi.Parameter(default="", description="the source's name, needed for a flat designs/ folder")
    dialect = luigi.Parameter(default="", description="merlin or vitis-plain; default: told from the designs")

    @cached_property
    def archive(self) -> tuple[Path, str]:
        """The local file or folder and the SHA-256 of its bytes (of its files' names and bytes, for a folder)."""
        from pipeline.dataset import HLSYN_URL, fetch, known_checksum, sha256_of

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
        if not path.is_dir():
            return path, sha256_of(path).sha256
        files = sorted(file for file in path.rglob("*.json") if file.is_file())
        listing = "\n".join(f"{file.relative_to(path).as_posix()} {sha256_of(file).sha256}" for file in files)
        return path, hashlib.sha256(listing.encode()).hexdigest()

    @cached_property
    def identity(self) -> dict[str, Any]:
        """The bytes, how they are read, and the kernels they are filed under."""
        from pipeline.tasks.plan import suite_hash

        return {
            **super().identity,
            "archive": self.archive[1],
            "dialect": self.dialect,
            "source": self.source,
            "source_prefix": self.source_prefix,
            "suite": suite_hash(),
        }

    def run(self) -> None:
        """Reads the set and files one pack a kernel and source."""
        from pipeline.dataset import read_label_set
        from pipeline.synthesis import KNOWN_FLOWS, Address, Entry, imported_flow
        from pipeline.tasks.plan import kernel_or_none, open_store

        path, digest = self.archive
        store = open_store(self.workspace)
        counts: dict[str, int] = {}
        unknown: set[str] = set()
        problems: list[PipelineError] = []
        addresses = []
        parts = read_label_set(
            path,
            source_prefix=self.source_prefix,
            source=self.source or None,
            dialect=self.dialect or None,
            on_problem=problems.append,
        )
        for part in self.follow(parts, "kernels"):
            kernel = kernel_or_none(part.kernel)
            if kernel is None:
                unknown.add(part.kernel)
            flow = KNOWN_FLOWS.get(part.source) or imported_flow(part.source, part.dialect)
            if flow.dialect != part.dialect:
                raise PipelineError(
                    f"the designs of {part.kernel} are of dialect {part.dialect}, "
                    f"those of source {part.source} are {flow.dialect}",
                    file=str(path),
                    fix="name another --source, or the --dialect",
                )
            address = Address(part.kernel, kernel.ast_hash if kernel else "", flow)
            store.put_all(address, [Entry(d.key, d.point, d.label) for d in part.designs])
            addresses.append(address.digest)
            counts[part.source] = counts.get(part.source, 0) + len(part.designs)
        for problem in problems:
            say(f"ERROR: {problem}")
        if not addresses:
            raise PipelineError("no file of this label set could be read", file=str(path), fix="see the lines above")
        notes = [f"{path.name} has the SHA-256 {digest}"]
        for source, count in sorted(counts.items()):
            notes.append(f"source {source}: {count:,} designs; use them with --source {source}")
        if unknown:
            notes.append(f"without C in the suite, labels only: {', '.join(sorted(unknown))}")
        if problems:
            say("\n  ".join(["Imported what could be read", *notes]))
            raise PipelineError(f"{len(problems)} files could not be read, the others are imported", file=str(path))
        self.finish(addresses, notes)


class ImportReports(_Import):
    """Imports a folder of past runs: every csynth.xml in it becomes an entry of the report store."""

    path = luigi.Parameter(description="folder to search for csynth.xml files")
    source = luigi.Parameter(description="a name of your own for these runs, such as vitis-2023.2")
    kernel = luigi.Parameter(description="the kernel they are of: a suite name, a path to its C file, or just a name")
    dialect = luigi.Parameter(default="merlin", description="what site values mean: merlin, hls or vitis-plain")

    @cached_property
    def collected(self) -> list[Any]:
        """What the folder holds."""
        from pipeline.synthesis import collect_reports
        from pipeline.tasks.plan import kernel_or_none

        kernel = kernel_or_none(self.kernel)
        return list(collect_reports(Path(self.path), top=kernel.top if kernel else None))

    @cached_property
    def identity(self) -> dict[str, Any]:
        """The reports found, how they are filed, and the kernel."""
        from pipeline.tasks.plan import kernel_or_none

        kernel = kernel_or_none(self.kernel)
        return {
            **super().identity,
            "dialect": self.dialect,
            "kernel": kernel.ast_hash if kernel else self.kernel,
            "reports": sorted((found.key, found.sha256) for found in self.collected),
            "source": self.source,
        }

    def run(self) -> None:
        """Files what was found as one pack."""
        from pipeline.synthesis import Address, imported_flow
        from pipeline.tasks.plan import kernel_or_none, open_store

        if not self.collected:
            raise PipelineError(
                "there is no csynth.xml in this folder", file=self.path, fix="name the folder of your runs"
            )
        kernel = kernel_or_none(self.kernel)
        name = kernel.name if kernel else self.kernel
        address = Address(name, kernel.ast_hash if kernel else "", imported_flow(self.source, self.dialect))
        count = len(self.collected)
        # One pack a folder: importing a second folder leaves the first as it is.
        pack = "folder_" + hashlib.sha256(str(Path(self.path).resolve()).encode()).hexdigest()[:16]
        following = self.follow(self.collected, "reports")
        open_store(self.workspace).put_all(address, (found.entry() for found in following), name=pack)
        unkeyed = sum(found.point is None for found in self.collected)
        notes = [f"source {self.source}: {count:,} reports of {name}; use them with --source {self.source}"]
        if unkeyed:
            notes.append(f"{unkeyed:,} without a known design; a design.json beside the report or a designs.csv tells")
        notes += [
            f"{found.label.status}: {found.label.reason}"
            for found in self.collected
            if found.label.reason and found.label.status != "ok"
        ]
        self.finish([address.digest], notes)
