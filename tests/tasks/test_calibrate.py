"""Calibrate on a user's own reports, and the estimator told to use what it found."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline.design_space import load_space
from pipeline.design_space.keys import design_key
from pipeline.design_space.sampling import sample
from pipeline.estimator import VERSION, load_device, prepare
from pipeline.estimator.constants import Constants
from pipeline.kernels.suite import find_kernel
from pipeline.reports.labels import DesignStatus, Label
from pipeline.synthesis import Address, Entry, ReportStore, imported_flow
from tests.tasks.commands import luigi


def _labels_of_a_slower_tool(workspace: Path) -> None:
    slower = Constants("merlin", 160, {"carried_cycles": 3}, {}).apply(load_device())
    store = ReportStore(workspace / "store", fsync=False)
    for name in ("bicg", "gemm-ncubed", "atax", "gesummv"):
        kernel = find_kernel(name)
        prepared = prepare(kernel, slower)
        entries = []
        for point in sample(load_space(kernel, None), "uniform", 30, 0):
            found = prepared.figures(point)
            label = Label(DesignStatus.OK, cycles=found.cycles[2], used=found.used)
            entries.append(Entry(design_key(point), point, label))
        store.put_all(Address(name, kernel.ast_hash, imported_flow("ours", "merlin")), entries)


def test_a_user_refits_the_estimator_and_its_estimates_are_kept_apart(tmp_path: Path) -> None:
    workspace = tmp_path / "w"
    _labels_of_a_slower_tool(workspace)
    command = ("--source", "ours", "--folds", "2", "--workspace", str(workspace))
    done = luigi("Calibrate", *command)
    assert done.returncode == 0, done.stderr
    folder = (workspace / "estimator" / "latest").resolve()
    said = json.loads((folder / "agreement.json").read_text(encoding="utf-8"))
    assert said["held_out"]["median_log2_error"] < said["shipped"]["median_log2_error"]
    (line,) = [line for line in done.stderr.splitlines() if "by its own reports" in line]
    assert "left out in turn" in line and "of 4 kernels" in line
    assert "Nothing to do" in luigi("Calibrate", *command).stderr
    config = tmp_path / "luigi.cfg"
    settings = (Path(__file__).resolve().parents[2] / "luigi.cfg").read_text(encoding="utf-8")
    config.write_text(f"{settings}\n[estimator]\nconstants = {folder / 'constants.toml'}\n", encoding="utf-8")
    run = ("SynthesizeDesigns", "--kernel", "gemm-p", "--backend", "estimator", "--count", "3")
    done = luigi(*run, "--workspace", str(workspace), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    versions = {address.flow.tool_version for address in ReportStore(workspace / "store").addresses(source="estimator")}
    assert any(str(version).startswith(f"{VERSION}+") for version in versions)
    (folder / "constants.toml").write_text("flow = 1\n", encoding="utf-8")
    broken = luigi(*run, "--seed", "1", "--workspace", str(workspace), cwd=tmp_path)
    assert broken.returncode != 0
    assert "constants.toml: a file of constants has the members" in broken.stderr
    assert "Traceback" not in broken.stderr
