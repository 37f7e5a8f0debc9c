"""Sources in the form of published plain Vitis sets, and their labels: described, imported, replayed, learned from."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.design_space import load_space
from pipeline.loop import ClosedLoop
from pipeline.reports.labels import DesignStatus, Label
from pipeline.synthesis import KNOWN_FLOWS, Address, Entry, ReplayBackend, imported_flow
from pipeline.synthesis.plan import KernelPlan
from pipeline.synthesis.target import teaches
from pipeline.tasks.plan import kernel_of, open_store
from tests.dataset.label_sets import entry, write_tar
from tests.shared_data import shared
from tests.tasks.commands import luigi, one_error_line

FILES = {
    "blend.h": "#ifndef BLEND_H\n#define BLEND_H\n#include <string.h>\n#include <ap_int.h>\n"
    "int weight(const int w[2]);\nvoid blend(int from[65], int to[64]);\n#endif\n",
    "blend.cpp": '#include "blend.h"\nvoid blend(int from[65], int to[64]) {\n  int held[65];\n'
    "  memcpy(held, from, sizeof(int) * 65);\n  L0: for (int n = 0; n < 64; n++) {\n"
    "#pragma HLS pipeline auto{__PIPE__L0}\n#pragma HLS unroll factor=auto{__PARA__L0}\n"
    "    int pair[2] = {held[n], held[n + 1]};\n    to[n] = weight(pair);\n  }\n}\n",
    "weight.cpp": '#include "blend.h"\nint weight(const int w[2]) {\n  int s = 0;\n  for (int k = 0; k < 2; k++) {\n'
    "#pragma HLS unroll factor=auto{__PARA__L1}\n    s += w[k];\n  }\n  return s / 2;\n}\n",
    "blend.json": '{"__PIPE__L0": ["NA", "   "], "__PARA__L0": ["1", "2", "4", "8"], "__PARA__L1": ["1", "2"]}\n',
    "run.tcl": 'open_project -reset "./$name"\nadd_files "blend.cpp"\nadd_files "weight.cpp"\nadd_files "blend.h"\n'
    'open_solution "solution"\nset_part xcu200-fsgd2104-2-e\nset_top "blend"\n'
    "create_clock -period [expr {1000.0 / 250}]\nconfig_compile -unsafe_math_optimizations\ncsynth_design\nexit\n",
}


def _labels() -> dict[str, object]:
    """A label for each of the 16 designs."""
    found: dict[str, object] = {}
    for pipe, outer, inner in itertools.product(("NA", "   "), (1, 2, 4, 8), (1, 2)):
        point = {"__PIPE__L0": pipe, "__PARA__L0": outer, "__PARA__L1": inner}
        key = ".".join(f"{name}-{point[name]}" for name in sorted(point))
        found[key] = entry(768 // (outer * inner) // (1 if pipe == "NA" else 2), (0, 2, 90, 90), **point)
    return found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    write_tar(tmp_path / "labels.tar.gz", {"designs/blend.json": _labels()})
    return tmp_path


def test_labels_line_up_with_such_a_project_and_are_searched(project: Path) -> None:
    asked = ["--part", "xcu200-fsgd2104-2-e", "--clock", "4", "--tool-version", "2025.1"]
    done = luigi(
        "ImportHLSyn", "--path", "labels.tar.gz", "--source", "mine", "--kernels", "run.tcl",
        "--dialect", "vitis-plain", *asked, cwd=project,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "labels only" not in done.stdout + done.stderr
    same = ["--source", "mine", "--backend", "replay"]
    done = luigi("GenerateDataset", "--kernels", "run.tcl", *same, cwd=project)
    assert done.returncode == 0, done.stderr
    folder = project / "workspace" / "datasets" / "latest"
    labels = pq.read_table(folder / "labels.parquet").to_pylist()
    assert len(labels) == 16 and all(row["in_space"] for row in pq.read_table(folder / "designs.parquet").to_pylist())
    sites = {row["site"]: row["loop"] for row in pq.read_table(folder / "sites.parquet").to_pylist()}
    assert sites == {"__PARA__L0": "blend/loop_0", "__PARA__L1": "weight/loop_0", "__PIPE__L0": "blend/loop_0"}
    done = luigi("RunActiveLearningLoop", "--kernel", "run.tcl", *same, "--budget", "16", cwd=project)
    assert done.returncode == 0, done.stderr
    best = project / "workspace" / "loops" / "latest" / "best"
    assert json.loads((best / "point.json").read_text())["cycles"] <= 768
    assert "auto{" not in (best / "blend.cpp").read_text() + (best / "weight.cpp").read_text()


def test_what_is_known_of_a_published_set_is_not_told_otherwise(project: Path) -> None:
    done = luigi("ImportHLSyn", "--path", "labels.tar.gz", "--source", "hlsyn-vitis", "--clock", "10", cwd=project)
    assert done.returncode and "recorded with clock_ns 4.0" in one_error_line(done)


def test_runs_of_one_tool_version_part_and_clock_teach_each_other() -> None:
    own = imported_flow("lab", "vitis-plain", tool="Vitis HLS", tool_version="2025.1", part="xcu200-fsgd2104-2-e",
                        clock_ns=4.0, uncertainty="27%", flow_target="vitis")  # fmt: skip
    published = KNOWN_FLOWS["hlsyn-vitis"]
    assert teaches(published, own) and teaches(KNOWN_FLOWS["vitis-plain"], own) and teaches(own, published)
    for change in ({"tool_version": "2023.2"}, {"clock_ns": 5.0}, {"part": "xc7z020-clg484-1"}, {"dialect": "merlin"},
                   {"source": "stand-in"}, {"tool": "imported", "tool_version": None}):  # fmt: skip
        assert not teaches(replace(own, **change), published), change
    assert teaches(replace(own, tool="imported"), published)


def test_a_loop_starts_from_kernels_that_only_another_source_of_its_tool_has(project: Path) -> None:
    kernel = kernel_of(str(project / "run.tcl"))
    store = open_store(str(project / "workspace"))
    own = imported_flow("lab", "vitis-plain", tool="Vitis HLS", tool_version="2025.1", part="xcu200-fsgd2104-2-e",
                        clock_ns=4.0)  # fmt: skip
    filed = {
        ("blend", "lab"): Address("blend", kernel.ast_hash, own),
        ("blend", "hlsyn-vitis"): Address("blend", kernel.ast_hash, KNOWN_FLOWS["hlsyn-vitis"]),
        ("atax", "lab"): Address("atax", "", own),
        ("atax", "hlsyn-vitis"): Address("atax", "", KNOWN_FLOWS["hlsyn-vitis"]),
        ("mvt", "hlsyn-vitis"): Address("mvt", "", KNOWN_FLOWS["hlsyn-vitis"]),
        ("mvt", "hlsyn-v20"): Address("mvt", "", KNOWN_FLOWS["hlsyn-v20"]),
    }
    for address in filed.values():
        store.put_all(address, [Entry("a-1", {"a": 1}, Label(DesignStatus.OK, cycles=5))], name="some")
    plan = KernelPlan(ReplayBackend(store, filed["blend", "lab"]), filed["blend", "lab"], kernel, load_space(kernel))
    loop = ClosedLoop({"blend": plan}, store, project / "rounds")
    assert {(one.kernel, one.source) for one in loop.other_addresses()} == {("atax", "lab"), ("mvt", "hlsyn-vitis")}


def test_a_published_plain_set_is_searched_by_replay(tmp_path: Path) -> None:
    archive = shared("hlsyn_vitis", "designs.tar.gz")
    done = luigi("ImportHLSyn", "--path", str(archive), "--source", "hlsyn-vitis", cwd=tmp_path)
    assert done.returncode == 0 and "18,077 designs" in done.stdout + done.stderr
    same = ["--source", "hlsyn-vitis", "--backend", "replay"]
    done = luigi("GenerateDataset", "--kernels", "aes", *same, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    sites = pq.read_table(tmp_path / "workspace" / "datasets" / "latest" / "sites.parquet").to_pylist()
    plain = [row for row in sites if row["dialect"] == "vitis-plain"]
    assert plain and all(row["loop"] for row in plain)
    done = luigi(
        "RunActiveLearningLoop", "--kernel", "aes", *same, "--budget", "10", "--warm-start", "none", cwd=tmp_path
    )
    assert done.returncode == 0 and "for xcu200-fsgd2104-2-e at 4 ns" in done.stdout + done.stderr
