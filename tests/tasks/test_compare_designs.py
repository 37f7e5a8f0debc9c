"""``Compare`` on a command line: a build fails with a code of its own where the design got slower."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline.dataset.schemas import read_table
from tests.loop.test_comparison import BASE
from tests.tasks.commands import dataset, luigi, one_error_line
from tests.tasks.loops import SAXPY, loop, rows


def test_a_slower_design_ends_with_exit_code_3_and_json_on_standard_output(tmp_path: Path) -> None:
    for name, cycles in (("fast", 1000), ("slow", 1100)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "point.json").write_text(json.dumps(BASE | {"cycles": cycles}), encoding="utf-8")
    command = ("--module", "pipeline", "Compare", "--first", str(tmp_path / "fast"), "--second", str(tmp_path / "slow"))
    worse, fine, wrong = (luigi(*command, "--fail-above", share) for share in ("5%", "10", "x"))
    assert "--fail-above 10 is taken as 10%." in fine.stderr and "is taken" not in worse.stderr
    assert worse.returncode == 3 and json.loads(worse.stdout)["worse"] == ["cycles", "ns"]
    assert fine.returncode == 0 and json.loads(fine.stdout)["worse"] == []
    assert wrong.returncode == 30 and "--fail-above 'x' is no share" in one_error_line(wrong)


def test_two_designs_of_a_loop_or_of_a_dataset_are_named_by_their_keys(tmp_path: Path) -> None:
    (tmp_path / "saxpy.c").write_text(SAXPY)
    kernel = ("--kernel", str(tmp_path / "saxpy.c"), "--backend", "estimator")
    looped = loop(tmp_path, *kernel, "--warm-start", "none", "--budget", "4", "--top-k", "0")
    assert looped.returncode == 0 and "Validated no design, as --top-k 0 asks" in looped.stderr
    folder, page = tmp_path / "loops" / "latest", tmp_path / "pages" / "two.html"
    compare = ("--module", "pipeline", "Compare", "--first", str(folder), "--first-key")
    last = rows(folder / "runs.csv")[-1]
    done = luigi(*compare, "as-written", "--second-key", last["key"], "--json", "--page-file", str(page))
    assert done.returncode == 0, done.stderr
    facts, told = json.loads(done.stdout), json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert facts["figures"]["cycles"]["first"] == told["as_written"]["cycles"]
    assert facts["figures"]["cycles"]["second"] == float(last["cycles"]) and not facts["obstacles"]
    assert facts["loops"] and facts["sites"] and "Figures" in page.read_text(encoding="utf-8")
    names = [name.rpartition(".")[2] for name in (site["name"] for site in facts["sites"].values())]
    assert set(names) <= {"unroll", "pipeline"} and "__" not in luigi(*compare, "as-written").stdout
    assert "has no design 'no'" in one_error_line(luigi(*compare, "no"))
    assert "one design is named" in one_error_line(luigi(*compare[:-1]))

    made = ("GenerateDataset", "--kernels", "atax,bicg", "--workspace", str(tmp_path))
    assert luigi("--module", "pipeline", *made).returncode == 0
    labels = read_table(dataset(tmp_path) / "labels.parquet", "labels").to_pylist()
    first, second = [row for row in labels if row["kernel"] == "atax"][:2]
    labelled = ("--module", "pipeline", "Compare", "--first", str(dataset(tmp_path)), "--kernel", "atax")
    done = luigi(*labelled, "--first-key", first["key"], "--second-key", second["key"], "--json")
    facts = json.loads(done.stdout)
    assert [facts["figures"]["cycles"][one] for one in ("first", "second")] == [first["cycles"], second["cycles"]]
    assert facts["part"] and facts["clock"] == 4.0 and facts["sites"]
