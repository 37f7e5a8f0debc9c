"""Every backend keeps the same laws, those of this package and one of somebody else's."""

from __future__ import annotations

import math
import re
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline import last_words, registry
from pipeline.design_space import derive_space
from pipeline.design_space.keys import Point, design_key
from pipeline.errors import PipelineError
from pipeline.kernels import Kernel, load_kernel, propose_sites
from pipeline.last_words import at_fault, defect
from pipeline.reports.counts import Resources
from pipeline.reports.labels import DesignStatus, Label, Utilisation
from pipeline.synthesis import Address, BackendRequest, EstimatorBackend, ReplayBackend, ReportStore, make_backend
from pipeline.synthesis.backends.base import Backend, Outcome
from pipeline.synthesis.backends.registry import BACKENDS, BackendKind
from pipeline.synthesis.backends.testing import BackendConformance
from pipeline.synthesis.backends.tool import ToolBackend
from pipeline.synthesis.entry import Entry
from pipeline.synthesis.vitis import VitisBackend
from pipeline.tasks.outcomes import outcomes_of
from tests.synthesis.test_backends import POINTS, SOURCE
from tests.synthesis.vitis.support import flow_of, kernel_of, stand_in
from tests.synthesis.vitis.test_backend import QUICK, lowering, points
from tests.tasks.commands import environment
from tests.tasks.loops import facts, loop

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "backend_of_another_tool.py"

DOCUMENTED: dict[str, Any] = {"__name__": __name__}
exec(
    re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "backends.md").read_text(encoding="utf-8"), re.S)[0], DOCUMENTED
)


class OnScale(BackendConformance):
    def kernel(self, folder: Path) -> Kernel:
        file = folder / "scale.c"
        file.write_text(SOURCE)
        return load_kernel(file)

    def points(self) -> list[Point]:
        return POINTS[:5]


class TestEstimator(OnScale):
    def backend(self, store: ReportStore, kernel: Kernel, folder: Path) -> Backend:
        return EstimatorBackend(store, batch=2)


class TestReplay(OnScale):
    def backend(self, store: ReportStore, kernel: Kernel, folder: Path) -> Backend:
        made = EstimatorBackend(store)
        list(made.synthesize(kernel, self.points()))
        return ReplayBackend(store, made.address_of(kernel))


class TestVitis(BackendConformance):
    def kernel(self, folder: Path) -> Kernel:
        return kernel_of()

    def points(self) -> list[Point]:
        return points("success", "too_large", "success")

    def backend(self, store: ReportStore, kernel: Kernel, folder: Path) -> Backend:
        tool = stand_in(folder)
        address = Address(kernel.name, kernel.ast_hash, flow_of(tool))
        return VitisBackend(store, address, tool, lowering, scratch=folder / "scratch", retries=QUICK)


def _installed(folder: Path) -> Path:
    """A package of somebody else's, as an installer leaves it: the module and its metadata."""
    site = folder / "site"
    about = site / "acme_hls-1.0.dist-info"
    about.mkdir(parents=True, exist_ok=True)
    (site / EXAMPLE.name).write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-hls\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[hls_moe_pipeline.backends]\nacme = {EXAMPLE.stem}:KIND\n")
    (folder / "acme.py").write_text(DOCUMENTED["PROGRAM"])
    return site


@pytest.fixture(autouse=True)
def _found_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(BACKENDS.__dict__, "_entries", raising=False)
    monkeypatch.setattr(BACKENDS, "_added", {})


AsDocumented: Any = DOCUMENTED["TestAcme"]


class TestAnothersTool(AsDocumented):  # type: ignore[misc]
    @pytest.fixture(autouse=True)
    def _package(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.syspath_prepend(_installed(tmp_path))


PLAIN = """
void plain(int a[32][32], int b[32], int c[32]) {
  int kept[32];
  for (int i = 0; i < 32; i++) {
    kept[i] = 0;
    for (int j = 0; j < 32; j++) kept[i] += a[i][j] * b[j];
  }
  for (int i = 0; i < 32; i++) c[i] = kept[i];
}
"""
READS_HLS = """
import json, re, sys
pragmas = re.findall(r"#pragma HLS (.*)", open(sys.argv[1]).read())
factor = max([1, *(int(one) for one in re.findall(r"factor=(\\d+)", " ".join(pragmas)))])
print(json.dumps({"cycles": 4096 // factor + len(pragmas), "used": {"lut": 9}, "available": {"lut": 1000}}))
"""


class TestAnothersToolOnPlainC(TestAnothersTool):
    """C without placeholders: its proposed sites are in the terms of Vitis HLS."""

    def kernel(self, folder: Path) -> Kernel:
        (folder / "plain.c").write_text(PLAIN)
        return propose_sites(load_kernel(folder / "plain.c"), "auto", ("partition", "inline"))

    def points(self) -> list[Point]:
        written = derive_space(self.kernel(Path(tempfile.mkdtemp(dir=self.folder)))).default
        return [
            written,
            *({**written, "__PIPE__L1": value} for value in ("   ", "II=2", "off")),
            {**written, "__PARA__L1": 4},
            {**written, "__PART__plain_kept_D1": "cyclic=2"},
        ]

    @pytest.fixture(autouse=True)
    def _tool(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = tmp_path
        monkeypatch.setitem(DOCUMENTED, "PROGRAM", READS_HLS)

    def test_each_design_reaches_the_tool_in_the_pragmas_of_the_files(self, tmp_path: Path) -> None:
        backend, kernel = self._made(tmp_path)
        found = [outcome.label.cycles for outcome in backend.synthesize(kernel, self.points())]
        assert found == [4096, 4097, 4097, 4097, 1025, 2049]


def test_a_package_of_others_is_a_backend_of_the_command_without_a_change_here(tmp_path: Path) -> None:
    site = _installed(tmp_path)
    kernel = tmp_path / "scale.c"
    kernel.write_text(SOURCE)
    settings = tmp_path / "luigi.cfg"
    settings.write_text(f"[acme]\ncommand = {sys.executable} {tmp_path / 'acme.py'}\n")
    env = {**environment(), "PYTHONPATH": str(site), "LUIGI_CONFIG_PATH": str(settings)}
    asked = ("--kernel", str(kernel), "--backend", "acme", "--budget", "4", "--batch", "2", "--top-k", "1")
    done = loop(tmp_path / "workspace", *asked, env=env)
    assert done.returncode == 0, done.stderr
    found = facts(tmp_path / "workspace")
    assert (found["backend"], found["source"], found["runs"]) == ("acme", "acme-1.0", 4)
    assert found["best"]["origin"] == "synthesised"
    assert {row["origin"] for row in found["validation"]["kernels"]["scale"]["rows"]} == {"resynthesised"}


def test_a_package_that_cannot_be_loaded_is_named_in_one_line(tmp_path: Path) -> None:
    site = _installed(tmp_path)
    (site / EXAMPLE.name).write_text("import no_such_module\n")
    done = loop(tmp_path / "workspace", "--backend", "acme", "--kernel", "atax",
                env={**environment(), "PYTHONPATH": str(site)})  # fmt: skip
    assert done.returncode != 0 and "Traceback" not in done.stderr
    assert (
        "backend acme of acme-hls cannot be loaded: ModuleNotFoundError: No module named 'no_such_module'"
        in done.stderr
    )


def test_a_package_that_ends_python_or_shares_a_name_with_another_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = _installed(tmp_path)
    monkeypatch.syspath_prepend(site)
    (site / "ends.py").write_text("raise SystemExit(3)\n")
    about = site / "ends-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: ends\nVersion: 1.0\n")
    entries = f"[hls_moe_pipeline.backends]\nends = ends:KIND\nacme = {EXAMPLE.stem}:KIND\n"
    (about / "entry_points.txt").write_text(entries)
    with pytest.raises(PipelineError, match="the backend ends of ends cannot be loaded: SystemExit: 3"):
        BACKENDS["ends"]
    with pytest.raises(PipelineError, match="acme-hls and ends both give the backend acme"):
        BACKENDS["acme"]


def test_a_package_that_fails_once_it_is_loaded_is_named_and_not_the_pipeline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = _installed(tmp_path)
    monkeypatch.syspath_prepend(site)
    monkeypatch.setattr(last_words, "OF_OTHERS", others := dict[str, str]())
    monkeypatch.setattr(registry, "OF_OTHERS", others)
    (site / "fails.py").write_text(
        EXAMPLE.read_text(encoding="utf-8").replace('"acme"', '"fails"') + "del AcmeBackend\n"
    )
    (site / "acme_hls-1.0.dist-info" / "entry_points.txt").write_text(
        "[hls_moe_pipeline.backends]\nfails = fails:KIND\n"
    )
    request = BackendRequest(ReportStore(tmp_path / "store"), kernel_of(), settings={"command": "no-such-program"})
    with pytest.raises(NameError) as caught:
        make_backend("fails", request)
    assert defect(caught.value).startswith("a defect of the backend fails of acme-hls, please report it: NameError: ")
    # Where its code has returned, it may have handed on what is wrong.
    ours = defect(ValueError("no Label"))
    assert ours.startswith("a defect of the pipeline and the backend fails of acme-hls, please report it: ValueError")


def test_a_backend_that_loses_renames_or_makes_up_an_outcome_is_named_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(_installed(tmp_path))
    kernel = kernel_of()
    designs = [(design_key(point), point) for point in POINTS[:3]]
    made = [Outcome(key, point, Label(DesignStatus.OK), None, None, "synthesised", None) for key, point in designs]
    renamed = [made[0], replace(made[1], key="other"), made[2]]

    def spoilt(**figures: Any) -> list[Outcome]:
        return [made[0], replace(made[1], label=replace(made[1].label, **figures)), made[2]]

    cases = (
        (made[:2], "2 outcomes for 3 designs"),
        (renamed, r"was not asked for \(other\)"),
        (spoilt(cycles=math.nan), f"cycles nan, .* for {made[1].key}"),
        (spoilt(latency_best=-1), "latency_best -1, which is no number of at least 0"),
        (spoilt(cycles=2.5), "cycles 2.5, which is no whole number"),
        (spoilt(clock_estimated_ns=math.inf), "clock_estimated_ns inf"),
        (spoilt(used=Resources(dsp=-3)), "used.dsp -3"),
        (spoilt(published_utilisation=Utilisation(lut=-0.1)), "published_utilisation.lut -0.1"),
        ([made[0], replace(made[1], seconds=-1.0), made[2]], "seconds -1.0"),
        (spoilt(status="fine"), "the status 'fine', which is no DesignStatus"),
        (spoilt(used={"dsp": 3}), "used as a dict, where a Resources is wanted"),
        ([made[0], replace(made[1], label=None), made[2]], "a NoneType, where a Label is wanted"),  # type: ignore[arg-type]
        ([made[0], replace(made[1], origin="made up"), made[2]], "the origin 'made up', which is none"),  # type: ignore[arg-type]
    )
    for given, told in cases:
        backend: Any = SimpleNamespace(name="acme", outcomes=lambda *_, given=given, **__: iter(given))
        plan: Any = SimpleNamespace(backend=backend, kernel=kernel)
        with pytest.raises(PipelineError, match=f"^the backend acme of acme-hls gave .*{told}"):
            list(outcomes_of(plan, designs, tmp_path, lambda key, stage: None))
    plan.backend = SimpleNamespace(name="acme", outcomes=lambda *_, **__: iter(spoilt(cycles=0)))
    assert len(list(outcomes_of(plan, designs, tmp_path, lambda key, stage: None))) == 3
    backend = make_backend("acme", BackendRequest(ReportStore(tmp_path / "store"), kernel, settings={"command": "x"}))
    assert isinstance(backend, ToolBackend)
    with pytest.raises(PipelineError, match=r"^the backend acme of acme-hls gave cycles -5"):
        backend.file(backend.address, Entry(designs[0][0], None, Label(DesignStatus.OK, cycles=-5)))
    assert backend.store.keys(backend.address) == [], "what is wrong is not stored"


def test_what_a_package_gives_is_all_named_where_its_code_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    others = {"the backend a of acme": "/site/acme", "the strategy b of acme": "/site/acme", "the backend c of c": "/c"}
    monkeypatch.setattr(last_words, "OF_OTHERS", others)
    assert at_fault('  File "/site/acme/part.py", line 1') == "the backend a of acme and the strategy b of acme"


def test_a_package_that_takes_a_name_of_ours_is_named_and_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = _installed(tmp_path)
    monkeypatch.syspath_prepend(site)
    entries = f"[hls_moe_pipeline.backends]\nreplay = {EXAMPLE.stem}:KIND\n"
    (site / "acme_hls-1.0.dist-info" / "entry_points.txt").write_text(entries)
    with pytest.warns(UserWarning, match="the backend replay is not the one of acme-hls: that name is taken here"):
        assert not BACKENDS["replay"].runs_tool
    # Once: the tests take a warning for an error.
    assert not BACKENDS["replay"].runs_tool


def test_a_backend_is_found_by_its_name_and_a_wrong_name_says_which_there_are() -> None:
    assert {"replay", "estimator"} <= set(BACKENDS)
    assert BACKENDS["estimator"].name == "estimator"
    with pytest.raises(Exception, match=r"no backend 'replai'; did you mean replay\?"):
        BACKENDS["replai"]
    mine = BACKENDS.register(BackendKind("mine", BACKENDS["replay"].make))
    assert "mine" in BACKENDS and BACKENDS["mine"] is mine
