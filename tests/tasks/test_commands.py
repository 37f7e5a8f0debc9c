"""The commands that users type, as they type them, in this environment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.tasks.compare import CompareSearches
from pipeline.tasks.loop.commands import command_of, settled
from pipeline.tasks.outputs import point_latest
from tests.tasks.commands import BIN, ROOT, content, dataset, environment, luigi, module, one_error_line


def test_the_first_command_of_the_readme_gives_a_dataset_that_says_it_is_estimated(tmp_path: Path) -> None:
    done = luigi("--module", "pipeline", "GenerateDataset", "--workspace", str(tmp_path))
    assert done.returncode == 0, done.stderr
    labels = pq.read_table(dataset(tmp_path) / "labels.parquet").to_pandas()
    packs = {path.stem for path in (ROOT / "reports" / "estimator").glob("*.zip")}
    assert set(labels["kernel"]) == packs and set(labels["source"]) == {"estimator"}
    assert (labels["status"] == "ok").mean() > 0.9 and labels["tool_version"].str.startswith("estimator").all()
    assert f"{len(packs)} kernels, {len(labels):,} designs sampled" in done.stderr
    assert "estimates of an analytical model" in done.stderr
    for table in ("designs", "labels", "loops", "kernels", "sites", "splits", "runs"):
        assert (dataset(tmp_path) / f"{table}.parquet").exists()
    assert {path.name for path in (dataset(tmp_path) / "graphs").iterdir()} == packs


def test_the_same_command_as_a_python_module_gives_the_same_tables(tmp_path: Path) -> None:
    arguments = ("GenerateDataset", "--kernels", "atax", "--workspace")
    assert luigi("--module", "pipeline", *arguments, str(tmp_path / "a")).returncode == 0
    assert module(*arguments, str(tmp_path / "b")).returncode == 0
    assert content(dataset(tmp_path / "a")) == content(dataset(tmp_path / "b"))


def test_luigi_without_module_finds_the_tasks(tmp_path: Path) -> None:
    done = luigi("DescribeKernel", "--kernel", "atax", "--workspace", str(tmp_path))
    assert done.returncode == 0 and "top function kernel_atax" in done.stdout, done.stderr


def test_luigi_started_as_a_module_says_what_the_program_says(tmp_path: Path) -> None:
    for arguments in (("RunActiveLearningLoop", "--help"), ("DescribeKernel", "--kernal", "atax")):
        done = subprocess.run(
            [sys.executable, "-m", "luigi", *arguments],
            cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        program = luigi(*arguments)
        assert (done.returncode, done.stdout) == (program.returncode, program.stdout)
        assert done.stderr.splitlines()[-1:] == program.stderr.splitlines()[-1:]


def test_other_programs_of_the_environment_keep_their_arguments() -> None:
    script = "import sys; print(sys.argv[1:], any(m == 'luigi' or m.startswith('pipeline') for m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script, "x"], capture_output=True, text=True, check=True, cwd="/")
    assert done.stdout.split() == ["['x']", "False"]
    named = subprocess.run(
        [str(BIN / "luigi"), "--module", "luigi.tools.range", "RangeDaily", "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "RangeDaily" in named.stdout and "GenerateDataset" not in named.stdout


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("GenerateDataset", "--kernels", "gemm-nqubed"), "gemm-ncubed"),
        (("GenerateDataset", "--source", "hlsyn-v18"), "ImportHLSyn"),
        (("GenerateDataset", "--kernels", "aes"), "--backend estimator"),
        (("GenerateDataset", "--backend", "estimator", "--kernels", "nowhere.c"), "nowhere.c"),
        (("ImportHLSyn", "--path", "nowhere.tar.gz"), "nowhere.tar.gz"),
        (("ImportReports", "--path", "nowhere", "--source", "mine", "--kernel", "k"), "nowhere"),
        (("ImportReports", "--path", "docs", "--source", "mine", "--kernel", "k"), "csynth.xml"),
        (("SampleConfigurations", "--kernel", "atax", "--backend", "estimator", "--count", "0"), "--count"),
        (("GenerateDataset", "--kernels", "atax,,bicg"), "empty name"),
        (("GenerateDatasset",), "GenerateDataset"),
        (("SampleConfigurations",), "kernel"),
    ],
)
def test_a_mistake_on_the_command_line_gives_one_line_and_a_failing_exit_code(
    arguments: tuple[str, ...], expected: str, tmp_path: Path
) -> None:
    done = (
        luigi("--module", "pipeline", *arguments, "--workspace", str(tmp_path))
        if arguments[0] != "GenerateDatasset"
        else luigi(*arguments)
    )
    assert done.returncode != 0
    assert expected in one_error_line(done)


def test_a_users_own_c_file_without_any_pragma_gets_a_labelled_space(tmp_path: Path) -> None:
    source = tmp_path / "saxpy.c"
    source.write_text(
        "void saxpy(float a, float x[256], float y[256]) {\n  for (int i = 0; i < 256; i++)\n    y[i] += a * x[i];\n}\n"
    )
    done = luigi(
        "--module", "pipeline", "GenerateDataset", "--kernels", str(source), "--backend", "estimator", "--count", "5",
        "--workspace", str(tmp_path / "w"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    labels = pq.read_table(dataset(tmp_path / "w") / "labels.parquet").to_pandas()
    assert len(labels) == 5 and labels["cycles"].nunique() > 1
    broken = tmp_path / "broken.c"
    broken.write_text("void f(int a[4]) {\n  for (int i = 0; i < 4; i++) a[i] = ;\n}\n")
    error = one_error_line(
        luigi("--module", "pipeline", "GenerateDataset", "--kernels", str(broken), "--backend", "estimator")
    )
    assert f"{broken}:2:" in error


def test_a_second_run_finds_everything_done_and_says_where_it_is(tmp_path: Path) -> None:
    arguments = ("--module", "pipeline", "GenerateDataset", "--kernels", "bicg", "--workspace", str(tmp_path))
    assert luigi(*arguments).returncode == 0
    before = content(dataset(tmp_path))
    done = luigi(*arguments)
    assert done.returncode == 0 and "Nothing to do" in done.stderr and "labels.parquet" in done.stderr
    assert content(dataset(tmp_path)) == before


def test_a_kernel_becomes_a_graph_and_a_page_that_needs_no_network(tmp_path: Path) -> None:
    done = luigi("--module", "pipeline", "BuildGraph", "--kernel", "gemm-p", "--workspace", str(tmp_path))
    assert done.returncode == 0, done.stderr
    (folder,) = (tmp_path / "graphs" / "gemm-p").iterdir()
    nodes = pq.read_table(folder / "nodes.parquet").to_pandas()
    assert (nodes["kind"] == "loop").sum() == 4 and (nodes["kind"] == "site").sum() == 8
    page = (folder / "page.html").read_text(encoding="utf-8")
    assert "__PARA__L0" in page and "http://" not in page.replace("http://www.w3.org", "") and "https://" not in page


def test_a_command_to_make_it_again_names_what_latest_is_now(tmp_path: Path) -> None:
    (tmp_path / "datasets" / "a").mkdir(parents=True)
    point_latest(tmp_path / "datasets" / "a")
    task = CompareSearches(source="estimator", dataset=str(tmp_path / "datasets" / "latest"))
    assert f"--dataset {tmp_path / 'datasets' / 'a'}" in command_of(task)
    assert settled("latest") == "latest", "what is no link of a workspace stays as it was given"


def test_warnings_of_libraries_that_are_made_errors_end_no_command(tmp_path: Path) -> None:
    environ = {**environment(), "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        [BIN / "luigi", "SampleConfigurations", "--kernel", "atax", "--count", "3", "--workspace", str(tmp_path)],
        env=environ, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0 and "Warning" not in done.stderr, done.stderr
