"""The questions that a user asks first: what kernels there are, what one looks like, what is installed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.kernels.suite import suite_names
from pipeline.tasks.doctor import Doctor
from tests.tasks.commands import environment, luigi, one_error_line
from tests.tool.install import install

KEY = "__PARA__L0-8.__PARA__L1-{}.__PARA__L2-4.__PIPE__L0-off.__PIPE__L1-NA.__TILE__L0-2.__TILE__L1-1"


def ask(workspace: Path, *arguments: str, env: dict[str, str] | None = None) -> tuple[str, dict[str, Any]]:
    """What the command printed, and the JSON file that it names."""
    done = luigi("--module", "pipeline", *arguments, "--workspace", str(workspace), env=env)
    assert done.returncode == 0, done.stderr
    (named,) = (line for line in done.stderr.splitlines() if line.startswith("As JSON: "))
    facts: dict[str, Any] = json.loads(Path(named.removeprefix("As JSON: ")).read_text(encoding="utf-8"))
    assert f"{arguments[0]}: done in " in done.stderr and done.stderr.rstrip().endswith("exit code 0")
    return done.stdout, facts


def test_a_user_sees_all_kernels_and_asks_twice(tmp_path: Path) -> None:
    for _ in range(2):
        text, facts = ask(tmp_path, "ListKernels")
        assert [kernel["kernel"] for kernel in facts["kernels"]] == suite_names()
        assert all(f"\n{name} " in text for name in suite_names())
    row = next(kernel for kernel in facts["kernels"] if kernel["kernel"] == "gemm-ncubed")
    assert row["space_size"] == 7152 and row["labels"] == {"estimator": 150}


def test_a_users_own_file_is_described_with_loops_arrays_and_a_counted_space(tmp_path: Path) -> None:
    source = tmp_path / "own.c"
    source.write_text(
        "void own(int n, float x[32], float y[8][4]) {\n"
        "  for (int i = 0; i < n; i++)\n"
        "    for (int j = 0; j < 4; j++) y[j][0] += x[i] * 2;\n"
        "}\n"
    )
    text, facts = ask(tmp_path / "w", "DescribeKernel", "--kernel", str(source))
    assert [(loop["loop"], loop["trip_count"], loop["line"]) for loop in facts["loops"]] == [
        ("own/loop_0", None, 2),
        ("own/loop_1", 4, 3),
    ]
    assert "varies" in text and "y[8][4]" in text and f"{facts['space_size']:,} valid points" in text
    assert {site["name"]: site["loop"] for site in facts["sites"]}["__PARA__L1"] == "own/loop_1"
    key = facts["default_key"]
    default, _ = ask(tmp_path / "w", "DescribeDesign", "--kernel", str(source), "--key", key)
    assert "this design is in it" in default and "none cached" in default and source.read_text() in default
    changed = key.replace("__PARA__L1-1", "__PARA__L1-4")
    text, _ = ask(tmp_path / "w", "DescribeDesign", "--kernel", str(source), "--key", changed)
    assert "this design is in it" in text and "#pragma HLS unroll factor=4" in text
    _, merlin = ask(tmp_path / "w", "DescribeKernel", "--kernel", str(source), "--sites", "merlin")
    assert "__TILE__L0" not in facts["default_key"] and {"__PARA__L1", "__PIPE__L0"} <= set(
        site["name"] for site in merlin["sites"]
    )


def test_a_design_says_whether_it_is_allowed_what_it_costs_and_how_its_source_looks(tmp_path: Path) -> None:
    text, facts = ask(tmp_path, "DescribeDesign", "--kernel", "gemm-ncubed", "--key", KEY.format(2))
    assert facts["in_space"] is True and facts["estimate"]["cycles"] > 0 and "(estimate, made now)" in text
    assert "#pragma ACCEL PARALLEL FACTOR=8" in text and "auto{" not in text
    outside, refused = ask(tmp_path, "DescribeDesign", "--kernel", "gemm-ncubed", "--key", KEY.format(3))
    assert refused["in_space"] is False and "__PARA__L1" in refused["violations"][0] and "NOT in it" in outside


def test_a_key_of_plain_vitis_is_shown_as_the_tool_would_get_it(tmp_path: Path) -> None:
    text, facts = ask(tmp_path, "DescribeDesign", "--kernel", "gemm-ncubed", "--key", "__PARA__L2-4.__PIPE__L2-   ")
    assert facts["dialect"] == "vitis-plain" and facts["in_space"] is None
    assert "unroll factor=4" in text.lower() and facts["point"][0]["loop"] == "gemm/loop_2"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("DescribeKernel", "--kernel", "gemm-nqubed"), "gemm-ncubed"),
        (("DescribeDesign", "--kernel", "gemm-ncubed", "--key", "__PARA__L9-1"), "DescribeKernel --kernel gemm-ncubed"),
        (("DescribeDesign", "--kernel", "gemm-ncubed", "--key", "nonsense"), "NAME-VALUE"),
    ],
)
def test_a_wrong_name_or_key_is_answered_with_the_next_step(
    arguments: tuple[str, ...], expected: str, tmp_path: Path
) -> None:
    done = luigi("--module", "pipeline", *arguments, "--workspace", str(tmp_path))
    assert done.returncode != 0 and expected in one_error_line(done)
    assert f"{arguments[0]}: failed after " in done.stderr and f"exit code {done.returncode} (" in done.stderr


def test_doctor_says_that_replay_serves_without_the_tool_and_the_tool_where_it_is(tmp_path: Path) -> None:
    text, facts = ask(tmp_path, "Doctor")
    found = {check["name"]: check for check in facts["checks"]}
    assert found["Vitis HLS"]["state"] == "missing" and "settings64.sh" in text
    assert "clang" in found["compiler"]["found"] and "estimator 1,014" in found["cached labels"]["found"]
    assert facts["will_use"][0]["found"].startswith("replay of source estimator")
    installed = install(tmp_path / "tool", "2023.2", names=None)
    env = environment(**{k: v for k, v in installed.items() if k == "PATH" or k.startswith("STAND_IN")})
    env["XILINXD_LICENSE_FILE"] = f"2100@server:{tmp_path}/nowhere.lic"
    text, facts = ask(tmp_path, "Doctor", env=env)
    found = {check["name"]: check for check in facts["checks"]}
    assert "2023.2" in found["Vitis HLS"]["found"] and facts["will_use"][0]["found"].startswith("vitis")
    assert "nowhere.lic" in found["XILINXD_LICENSE_FILE"]["found"] and "1 problem;" in text


def test_doctor_names_a_pack_that_is_damaged_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = tmp_path / "reports" / "estimator" / "atax.zip"
    pack.parent.mkdir(parents=True)
    good = (Path(__file__).parents[2] / "reports" / "estimator" / "atax.zip").read_bytes()
    monkeypatch.chdir(tmp_path)
    for position in (None, len(good) // 3):
        pack.write_bytes(good if position is None else good[:position] + b"?" + good[position + 1 :])
        named = [one["found"] for one in Doctor(workspace=str(tmp_path))._labels() if one["name"] == "damaged file"]
        assert [str(pack) in found for found in named] == ([] if position is None else [True])
