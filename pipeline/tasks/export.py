"""The dataset in layouts that others use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import luigi

from pipeline.errors import PipelineError
from pipeline.files import read_own
from pipeline.tasks.base import PipelineTask, names
from pipeline.tasks.dataset import GenerateDataset
from pipeline.tasks.designs import BACKEND_CHOICES
from pipeline.tasks.kernel_options import KernelOptions
from pipeline.tasks.messages import say, working
from pipeline.tasks.outputs import write_json
from pipeline.tasks.parameters import OptionalWholeNumber
from pipeline.tasks.provisional import ProvisionalTarget, partial_notes

LAYOUTS = ("hlsyn", "autodse", "pyg", "packs")


class ExportDataset(KernelOptions, PipelineTask):
    """Writes a dataset as HLSyn's JSON files, AutoDSE's configurations, tensors for PyTorch Geometric, or as packs.

    Packs, one a kernel, are for ImportPacks; their page says what is in them. With ``--hashes-only`` they hold labels
    alone, which serve whoever has the same sources.
    """

    example = "--layout pyg"

    source = luigi.Parameter(default="", description="whose labels, one source; default: the shipped packs")
    layout = luigi.ChoiceParameter(choices=LAYOUTS, description="hlsyn, autodse, pyg or packs")
    kernels = luigi.Parameter(default="", description="suite names or paths, comma-separated; default: all with labels")
    backend = luigi.ChoiceParameter(default="auto", choices=BACKEND_CHOICES, description="what labels the designs")
    count = OptionalWholeNumber(least=1, default=None, description="designs a kernel; default: all cached, or 100")
    allow_partial = luigi.BoolParameter(
        default=False, description="export the dataset although runs of the tool are missing, and say so in it"
    )

    hashes_only = luigi.BoolParameter(
        default=False, description="packs of labels alone: no kernel's name, no report, no text of a source or log"
    )
    terms = luigi.Parameter(default="", description="terms of the labels, for packs; default: those of the source")

    def requires(self) -> GenerateDataset:
        """The dataset; program graphs only where the layout has them."""
        if len(names(self.source)) > 1:
            raise PipelineError("one export holds one source", fix="export the sources one after the other")
        if self.layout != "packs" and (self.hashes_only or self.terms):
            option = "--hashes-only" if self.hashes_only else "--terms"
            raise PipelineError(f"{option} is for packs", fix="leave it out, or give --layout packs")
        return GenerateDataset(
            workspace=self.workspace, seed=self.seed, kernels=self.kernels, source=self.source, backend=self.backend,
            count=self.count, graphs=self.layout == "pyg", allow_partial=self.allow_partial, **asdict(self.reading),
        )  # fmt: skip

    @cached_property
    def identity(self) -> dict[str, Any]:
        """The dataset and the layout decide the files."""
        return {**super().identity, "dataset": self.requires().digest, "layout": self.layout, **self._packed}

    @property
    def _packed(self) -> dict[str, Any]:
        return {name: told for name in ("hashes_only", "terms") if (told := getattr(self, name))}

    @cached_property
    def label_source(self) -> str:
        """The source with the default resolved."""
        return str(self.requires().shards[0].plan.source)

    def output(self) -> ProvisionalTarget:
        """``exports/LAYOUT/SOURCE-HASH/``."""
        place = self.folder / "exports" / str(self.layout) / f"{self.label_source}-{self.digest}"
        return ProvisionalTarget(place, self.requires().output().bounds)

    @property
    def page(self) -> Path | None:
        """What is in the packs."""
        return self.output().path / "report.html" if self.layout == "packs" else None

    def run(self) -> None:
        """Writes the files, and ``export.json``, which says what they hold and under which terms."""
        from pipeline.dataset.licences import Licence, licence_of

        write = {"hlsyn": self._hlsyn, "autodse": self._autodse, "pyg": self._pyg, "packs": self._packs}[self.layout]
        terms = licence_of(self.label_source)
        if self.terms:
            terms = Licence(self.terms, "as stated by who made the packs")
        with self.output().write() as folder:
            notes = [*partial_notes(self.input().path), *write(folder)]
            self.input().standing.write(folder)
            about = {**self.identity, "source": self.label_source, "notes": notes}
            write_json(folder / "export.json", {**about, "licence": terms.licence, "attribution": terms.attribution})

    def summarise(self) -> None:
        """Says what was written and where."""
        place: Path = self.output().path
        said = read_own(place / "export.json", "notes", "licence", "attribution", remove=place)
        say("\n  ".join([f"Exported to {place}", *said["notes"], f"terms: {said['licence']}, {said['attribution']}"]))

    def _hlsyn(self, folder: Path) -> list[str]:
        from pipeline.dataset.export_hlsyn import label_file, version_folder
        from pipeline.dataset.schemas import read_table

        place = self.input().path
        by_kernel: dict[str, list[dict[str, Any]]] = {}
        with working("reading the dataset"):
            designs = read_table(place / "designs.parquet", "designs").to_pylist()
            points = {(row["kernel"], row["dialect"], row["key"]): row["point"] for row in designs}
            for row in read_table(place / "labels.parquet", "labels").to_pylist():
                row["point"] = points.get((row["kernel"], row["dialect"], row["key"]))
                by_kernel.setdefault(row["kernel"], []).append(row)
        target = folder.joinpath(*version_folder(self.label_source))
        target.mkdir(parents=True)
        written = missing = 0
        for kernel, rows in self.follow(by_kernel.items(), "kernels", len(by_kernel)):
            text, left_out = label_file(rows)
            (target / f"{kernel}.json").write_text(text, encoding="utf-8")
            written, missing = written + len(rows) - left_out, missing + left_out
        notes = [f"{written:,} designs of {len(by_kernel)} kernels as {target.relative_to(folder)}/KERNEL.json"]
        return notes + ([f"{missing:,} left out: their outcome says nothing of the design"] if missing else [])

    def _autodse(self, folder: Path) -> list[str]:
        from pipeline.dataset.export_autodse import CONFIGURATION, autodse_files

        notes = []
        count = 0
        for name, kernel, space in self._kernels():
            try:
                files = autodse_files(kernel, space)
            except PipelineError as error:
                notes.append(f"left out: {error}")
                continue
            (folder / name).mkdir()
            for file, text in files.items():
                (folder / name / file).write_text(text, encoding="utf-8")
            count += 1
        if not count:
            raise PipelineError("no kernel can be written for AutoDSE", fix="; ".join(notes) or "name some with C")
        return [f"{count} kernels as KERNEL/{CONFIGURATION} and KERNEL/KERNEL.c", *notes]

    def _pyg(self, folder: Path) -> list[str]:
        from pipeline.training.pyg_files import write_pyg

        with working("writing tensors"):
            counts = write_pyg(folder, self.input().path, self.label_source)
        return [
            f"{sum(counts.values()):,} designs of {len(counts)} kernels as KERNEL.safetensors and index.json",
            "read them with HLSDesigns of load_designs.py beside them",
        ]

    def _packs(self, folder: Path) -> list[str]:
        from pipeline.dataset.schemas import read_table
        from pipeline.present.packs_report import HOLDS, packs_page
        from pipeline.synthesis import write_pack
        from pipeline.synthesis.passed_on import alone, find_packs
        from pipeline.tasks.packs_told import told_of
        from pipeline.tasks.plan import open_store

        keys: dict[str, list[str]] = {}
        for row in read_table(self.input().path / "labels.parquet", "labels").to_pylist():
            keys.setdefault(row["kernel"], []).append(row["key"])
        store, missing = open_store(self.workspace), 0
        for shard in self.follow(self.requires().shards, "packs"):
            address = shard.plan.address
            found = [entry for _, entry in store.get_many(address, keys.get(shard.plan.name, [])) if entry is not None]
            missing += len(keys.get(shard.plan.name, [])) - len(found)
            address, entries = alone(address, found) if self.hashes_only else (address, found)
            write_pack(folder / f"{address.kernel}.zip", address, list(entries), terms=str(self.terms), fsync=False)
        told = told_of(find_packs(folder), folder)
        (folder / "report.html").write_text(packs_page(told, type(self).__name__), encoding="utf-8")
        notes = [
            f"{sum(one['designs'] for one in told):,} designs of {len(told)} kernels as KERNEL.zip; "
            "whoever has the sources takes them with ImportPacks",
            *(f"they hold {HOLDS[one]}" for one in sorted({one["holds"] for one in told})),
        ]
        return notes + ([f"{missing:,} left out: their outcome says nothing of the design"] if missing else [])

    def _kernels(self) -> Iterator[tuple[str, Any, Any]]:
        """Name, kernel and space of the dataset's kernels whose C is at hand."""
        from pipeline.design_space import load_space

        for shard in self.requires().shards:
            kernel = shard.plan.kernel
            if kernel is not None:
                # A dialect without rules of its own still has the kernel's space.
                yield shard.plan.name, kernel, shard.plan.space or load_space(kernel)
