"""What is mistyped, broken or hostile gives one line that names it, a failing exit code, no traceback, in bounds.

Most commands run in forks of one process (forked.py), under a limit of memory and time that the kernel enforces.
"""

from __future__ import annotations

import io
import json
import os
import re
import socket
import struct
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.tasks.commands import ROOT, environment, forks
from tests.tasks.test_vitis_runs import with_tool

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's limits and /proc are Linux's")

MEMORY = 1 << 30
"""Bytes of address space that a refusal may add to what the imports take."""
SECONDS = 60
"""After so many the kernel ends a command; a refusal takes a fraction of one on an idle machine."""
LONGEST = 1500
SMALL = """\
void small(int a[64]) {
#pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
  for (int i = 0; i < 64; i++)
    a[i] += i;
}
"""
SITE = '[sites.__PARA__L0]\nkind = "PARALLEL"\ndefault = 1\nvalues = '


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line of the refusal; fails where it is none."""
        text = self.out + self.err
        assert self.code > 0, (self.code, text)
        assert "Traceback" not in text and "a defect of the pipeline" not in text, text
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", text), repr(text)
        lines = [line for line in text.splitlines() if line.startswith("ERROR")]
        assert len(lines) == 1 and len(lines[0]) <= LONGEST, text
        return lines[0]


class Server:
    """Runs commands in forks, each in a workspace of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.count = folder, 0

    def run(self, arguments: list[str], **env: str) -> Done:
        self.count += 1
        workspace = self.folder / f"w{self.count}"
        given = [word.format(d=self.folder, k=self.folder / "small.c") for word in arguments]
        where = [] if "--workspace" in given else ["--workspace", str(workspace)]
        done = forks().run([*given, *where], ROOT, environment(**env), memory=MEMORY, seconds=SECONDS)
        return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Server:
    folder = tmp_path_factory.mktemp("attacks")
    _make_inputs(folder)
    return Server(folder)


def _make_inputs(d: Path) -> None:
    (d / "small.c").write_text(SMALL)
    os.mkfifo(d / "fifo")
    (d / "empty").mkdir()
    with (d / "sparse.toml").open("wb") as file:
        file.truncate(20 << 30)
    # A path of more than about 100 bytes cannot be bound.
    here = Path.cwd()
    os.chdir(d)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket")
    os.chdir(here)
    for name, text in SPACES.items():
        (d / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    for name, members in TARS.items():
        with tarfile.open(d / name, "w:gz") as tar:
            for inside, kind, data in members:
                info = tarfile.TarInfo(inside)
                info.type, info.linkname, info.size = kind, "/etc/passwd", len(data)
                tar.addfile(info, io.BytesIO(data))
    with zipfile.ZipFile(d / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("designs/v20/k_result.json", b" " * (120 << 20))
    with zipfile.ZipFile(d / "lies.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("designs/v20/k_result.json", b" " * 50_000_000)
    lies = (d / "lies.zip").read_bytes().replace(struct.pack("<I", 50_000_000), struct.pack("<I", 10))
    (d / "lies.zip").write_bytes(lies)
    (d / "cut.tar.gz").write_bytes((d / "deep.tar.gz").read_bytes()[:200])
    (d / "text.tar.gz").write_text("hello")
    (d / "model").mkdir()
    (d / "model" / "model.safetensors").write_bytes(struct.pack("<Q", 1 << 60) + b"{}")
    shape = {"w": {"dtype": "F32", "shape": [1 << 40, 1 << 20], "data_offsets": [0, 4]}}
    header = json.dumps(shape).encode()
    (d / "huge.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + b"1234")


SPACES: dict[str, str | bytes] = {
    "deep.toml": "a = " + "[" * 100_000,
    "deep.json": '{"a": ' + "[" * 200_000,
    "range.toml": SITE + '"range(10**12)"\n',
    "power.json": '{"__PARA__L0": {"options": "[9**9**9**9]", "default": 1}}',
    "code.json": '{"__PARA__L0": {"options": "[x for x in [__import__(\'os\').getpid()]]", "default": 1}}',
    "brackets.json": '{"__PARA__L0": {"options": "[x for x in [1] if ' + "(" * 20_000 + "x" + ")" * 20_000
    + '==1]", "default": 1}}',
    "text.json": '{"__PARA__L0": {"options": "[x for x in [1] if \'a\'*10000000000]", "default": 1}}',
    "encoding.toml": b"\xff\xfe[sites]",
    "unknown.toml": SITE + '[1]\nwhne = "x"\n',
    "negative.toml": SITE + "[-1, 0]\n",
    "fraction.toml": SITE + "[1.5]\n",
    "digits.toml": SITE + "[" + "9" * 5000 + "]\n",
    "default.toml": SITE + "[2, 4]\n",
    "escape.toml": "[sites.\x1b]0;pwn\x07]\n",
    "other.toml": SITE.replace("L0", "L7") + "[1]\n",
}  # fmt: skip
"""Design spaces that are none."""
TARS: dict[str, list[tuple[str, bytes, bytes]]] = {
    "out.tar.gz": [("../../out.json", tarfile.REGTYPE, b"{}"), ("/abs.json", tarfile.REGTYPE, b"{}")],
    "links.tar.gz": [("designs/v20/gemm_result.json", tarfile.SYMTYPE, b"")],
    "devices.tar.gz": [("designs/v20/gemm_result.json", tarfile.CHRTYPE, b"")],
    "deep.tar.gz": [("designs/v20/atax_result.json", tarfile.REGTYPE, b"[" * 300_000)],
    "digits.tar.gz": [("designs/v20/atax_result.json", tarfile.REGTYPE, b'{"x": ' + b"9" * 200_000 + b"}")],
    "bomb.tar.gz": [("other/a.bin", tarfile.REGTYPE, bytes(110 << 20))],
}

DATASET = ["GenerateDataset", "--backend", "estimator", "--kernels", "{k}", "--count", "3", "--graphs", "False"]
LOOP = ["RunActiveLearningLoop", "--backend", "estimator", "--kernel", "{k}", "--budget", "4", "--batch", "2",
        "--warm-start", "none", "--surrogate", "forest"]  # fmt: skip
TRAIN = ["TrainHierarchicalMoE", "--epochs", "1", "--kernels", "atax,gemm-ncubed"]
TOOL = ["GenerateDataset", "--kernels", "{k}", "--count", "2", "--graphs", "False"]
DESCRIBE = ["DescribeKernel", "--kernel"]
DESIGN = ["DescribeDesign", "--kernel"]
TRANSFER = ["EvaluateTransfer", "--source", "estimator", "--epochs", "1"]
COMPARE = ["CompareSearches", "--source", "estimator"]
CUT = "__PARA__L0-4"

OPTIONS: list[tuple[list[str], str]] = [
    # A value that is none, for each kind of option.
    ([*LOOP, "--budget", "ten"], "--budget"),
    ([*LOOP, "--seed", "abc"], "--seed"),
    ([*LOOP, "--seed", "1e9"], "--seed"),
    ([*LOOP, "--batch", "1.5"], "--batch"),
    ([*LOOP, "--budget", "9" * 5000], "--budget"),
    ([*LOOP, "--budget", "1_000"], "--budget"),
    ([*LOOP, "--utilisation-limit", "much"], "--utilisation-limit"),
    ([*LOOP, "--target-cycles", "few"], "--target-cycles"),
    ([*DATASET, "--graphs", "maybe"], "--graphs"),
    ([*DATASET, "--workers", "abc"], "(?<!core)[^-]--workers 'abc'; give a whole number"),
    ([*DATASET, "--workers", "0"], "--workers 0 runs nothing"),
    ([*LOOP, "--objective", "-1*lut"], "begins with - is joined to its option: --objective=-1[*]lut"),
    ([*LOOP, "--objective"], "expected one argument; --help after"),
    # Words that are almost right.
    ([*LOOP, "--backend", "vitsi"], "vitis"),
    ([*LOOP, "--warm-start", "modle"], "model"),
    ([*LOOP, "--objective", "cycels"], "cycles"),
    ([*LOOP, "--acquisition", "thomson"], "did you mean thompson"),
    ([*LOOP, "--surrogate", "forrest"], "did you mean forest"),
    ([*DATASET, "--strategy", "unifrom"], "uniform"),
    ([*LOOP, "--bugdet", "3"], "did you mean --budget"),
    ([*LOOP, "--kernels", "mine.c"], "did you mean --kernel[?] --help"),
    (["Status", "--loop", "x"], "arguments: --loop x; --help"),
    (
        ["DescribeKernel", "--backen", "estimator"],
        "unrecognized arguments: --backen estimator; (?!did you mean --Loop)",
    ),
    ([*DATASET, "--kernls", "atax"], "did you mean --kernels"),
    ([*DATASET, "--vitis-clok-ns", "3"], "did you mean --vitis-clock-ns"),
    ([*LOOP, "--ba", "3"], "did you mean --backend or --baseline or --batch[?]|did you mean --ba[a-z]+ or --ba"),
    (["Compare", "--a", "x", "--b", "y"], "unrecognized arguments: --a x --b y; --help"),
    (["Compare", "x", "y"], "two are given as --first x --second y"),
    (["ImportReports", "{d}/empty", "--source", "m", "--kernel", "{k}"], "a path is given as --path .*empty"),
    ([*LOOP, "--validate-top", "3"], "validate-top 3; --help after"),
    ([*DESCRIBE, "gemm-nqubed"], "did you mean gemm-ncubed|gemm-ncubed"),
    (["GenerateDatset"], "GenerateDataset"),
    (["Frobnicate"], "Frobnicate"),
    (["help"], "No task help; `python -m pipeline`"),
    (["ListKernel"], "did you mean ListKernels"),
    ([*DESCRIBE, "{d}/smal.c"], "did you mean .*/small.c"),
    ([*DESCRIBE, "atax.c"], "the suite's kernel is --kernel atax$"),
    ([*DESCRIBE, "~/mine.c"], "without ="),
    ([*DESCRIBE, "src/mine.c"], "paths start from /"),
    # Too much and too little.
    ([*DATASET, "extra"], "extra"),
    (["RunActiveLearningLoop", "mine.c"], "--kernel mine.c"),
    (["BuildGraph"], "BuildGraph needs --kernel; `BuildGraph --help`"),
    ([*DESCRIBE, "docs/examples/fir"], "give a file in it, such as docs/examples/fir/hls_config.cfg"),
    ([*DESCRIBE, "docs/examples/fir/hls_config.cfg", "--solution", "x"], "leave --solution out"),
    ([*DATASET, "--count"], "--count"),
    ([*LOOP, "--no-lock", "perhaps"], "--no-lock takes no such value"),
    (["ListKernels", "--budget", "3"], "--budget is an option of CompareSearches"),
    ([*DATASET, "--workspace", ""], "--workspace"),
    ([*DATASET, "--workspace", "{k}"], "small.c"),
    ([*DATASET, "--workspace", "{k}/below"], "small.c"),
    ([*DATASET, "--workspace", "/dev/null"], "/dev/null"),
    ([*DATASET, "--workspace", "/proc/x"], "/proc"),
    ([*DATASET, "--workspace", "{d}/" + "x" * 300], "xxx"),
    ([*DATASET, "--kernels", "atax,,bicg"], "empty name"),
    ([*DATASET, "--kernels", "atax bicg"], "put commas between them: atax,bicg"),
    ([*DATASET, "--kernels", "{k} bicg"], "put commas between them: .*small.c,bicg"),
    ([*DATASET, "--strategy", "all", "--count", "5"], "leave --count out"),
    ([*LOOP, "--hours", "8h"], "such as 8"),
    ([*LOOP, "--cflags", "-Isrc", "-DN=4"], "one word: --cflags '-Isrc -DN=4'"),
    (["DescribeKernel", "--kernel", "docs/pictures"], "it holds no C source"),
    (["TrainHierarchicalMoE", "--dataset", "docs"], "docs: not the folder of a dataset; name that of a finished"),
    (["DescribeKernel", "gemm-ncubed"], "a kernel is given as --kernel gemm-ncubed"),
    (["GenerateDataset", "atax"], "a kernel is given as --kernels atax"),
    ([*DESCRIBE, "GEMM-NCUBED"], "did you mean gemm-ncubed"),
    ([*DESCRIBE, "Makefile"], "Makefile: is no source of C or C.+hls_config.cfg or a Tcl script"),
    (["Compare", "--first", "x", "--second", "y", "--figures", "dsp"], "as --fail-above 5%"),
    (["Status", "--workspace", "{d}/empty", "--page-file", "{d}"], "page.html"),
]

MEANT: list[tuple[list[str], str]] = [
    ([*LOOP, "--utilisation-limit", "80"], r"0\.8"),
    ([*LOOP, "--utilisation-limit", "nan"], "--utilisation-limit"),
    ([*LOOP, "--utilisation-limit", "-1"], "--utilisation-limit"),
    ([*LOOP, "--utilisation-limit", "0"], "--utilisation-limit"),
    ([*LOOP, "--target-cycles", "nan"], "--target-cycles"),
    ([*LOOP, "--target-cycles", "-5"], "--target-cycles"),
    ([*LOOP, "--budget", "0"], "--budget"),
    ([*LOOP, "--budget", "1000000000"], "give a budget of 20,000 at most"),
    ([*LOOP, "--clock", "300"], "write 300ns or 300MHz"),
    ([*LOOP, "--part", "xilinx_u250_gen3x16_xdma_4_1_202210_1"], "the part on it, xcu250-figd2104-2l-e"),
    ([*LOOP, "--limit", "dsp=100;lut=40%"], "put commas between them"),
    ([*LOOP, "--objective", "pareto(cycles)"], "two or three axes, as in pareto"),
    ([*LOOP, "--objective", "cycles, dsp"], r"is pareto\(cycles,dsp\)"),
    ([*LOOP, "--objective", "lut,lut"], "give lut once"),
    ([*LOOP, "--objective", "lut,lots"], "'lots' is no figure"),
    ([*LOOP, "--objective", "lut,ff,dsp,bram"], r"three at most, as in pareto\(lut,ff,dsp\)"),
    ([*LOOP, "--limit", "latency=0"], "latency above 0"),
    ([*LOOP, "--limit", "cycles=1e19"], "is too large"),
    ([*LOOP, "--warm-start", "none", "--warm-source", "x"], "--warm-source has no effect under --warm-start none"),
    ([*DATASET, "--around", "nokey"], "--around is for --strategy neighbourhood, and --strategy here is uniform"),
    ([*DESCRIBE, "atax,bicg"], "name one, as --kernel atax"),
    ([*DESCRIBE, "atax", "--testbench", "{d}/no.c"], "no.c: there is no such file; check --testbench"),
    ([*LOOP, "--implement", "--top-k", "0"], "give --top-k 1 or more"),
    ([*LOOP, "--baseline", "faster"], "performance=CYCLES"),
    ([*LOOP, "--hours", "30min"], "--hours"),
    ([*LOOP, "--limit", "latency=1"], "latency=1ns, or cycles=N"),
    ([*LOOP, "--limit", "dsp=100,dsp=50"], "names dsp twice"),
    ([*LOOP, "--only", "__PARA__L9"], "DescribeKernel lists all"),
    ([*LOOP, "--backend", "estimator", "--cosim"], "--backend vitis"),
    ([*LOOP, "--budget", "-3"], "--budget"),
    ([*LOOP, "--batch", "0"], "--batch"),
    ([*LOOP, "--top-k", "-1"], "--top-k"),
    ([*LOOP, "--source", "nosuch"], "nosuch"),
    ([*LOOP, "--top", "nosuch"], "nosuch"),
    ([*DATASET, "--count", "0"], "--count"),
    ([*DESIGN, "{k}", "--key", "garbage"], "garbage"),
    ([*DESIGN, "{k}", "--key", "__PARA__L0"], "__PARA__L0"),
    ([*DESIGN, "{k}", "--key", "__PARA__L0-4.__PARA__L0-4"], "__PARA__L0"),
    ([*DESIGN, "{k}", "--key", "__PARA__L9-4"], "__PARA__L9"),
    ([*DESIGN, "{k}", "--key", "__PARA__L0-\x1b[31m4"], "x1b"),
    ([*DESIGN, "{k}", "--key", "." * 3000], "key"),
    ([*DESIGN, "gemm-ncubed", "--key", CUT], "lacks .*__PIPE__L0"),
    (["SampleConfigurations", "--kernel", "gemm-ncubed", "--strategy", "neighbourhood", "--backend", "estimator",
      "--count", "3", "--around", CUT], "has no value"),
    ([*TRAIN[:1], "--epochs", "0"], "epochs"),
    ([*TRAIN, "--split", "nosuch"], "no split 'nosuch'; choose one of by-kernel-0"),
    ([*TRAIN, "--without", "gemm-ncube"], "did you mean gemm-ncubed"),
    ([*TRAIN, "--without", "gemm-ncubed,atax"], "no kernel is left"),
    ([*TRAIN, "--training", "{{"], "--training"),
    ([*TRAIN, "--training", "[1]"], "--training"),
    ([*TRAIN, "--training", "[" * 50_000], "--training"),
    ([*TRAIN, "--training", '{{"batch_size": "x"}}'], "batch_size"),
    ([*TRAIN, "--training", '{{"learning_rate": NaN}}'], "learning_rate"),
    ([*TRAIN, "--training", '{{"nosuch": 1}}'], "nosuch"),
    ([*TRAIN, "--model-options", '{{"hidden": 1000000000}}'], "hidden"),
    ([*TRAIN, "--model-options", '{{"nosuch": 1}}'], "nosuch"),
    ([*TRANSFER, "--seeds", "0"], "seeds"),
    ([*TRANSFER, "--seeds", "1", "--shots", "-1"], "shots"),
    ([*TRANSFER, "--seeds", "1", "--methods", "nosuch"], "nosuch"),
    ([*COMPARE, "--limit", "80"], "limit"),
    ([*COMPARE, "--folds", "0"], "folds"),
    (["Calibrate", "--source", "estimator", "--folds", "0"], "folds"),
    (["ExportDataset", "--layout", "foo"], "layout"),
    (["BuildPacks", "--kernels", "atax", "--count", "2", "--output-folder", "/dev/null/x"], "/dev/null"),
    (["ImportHLSyn", "--url", "file:///etc/passwd"], "file:///etc/passwd"),
    (["ImportHLSyn", "--url", "garbage"], "garbage"),
]  # fmt: skip

FLOW: list[tuple[str, str]] = [
    ("--vitis-part", "nonsense"), ("--vitis-part", ""), ("--vitis-part", "xcu200; exec rm"),
    ("--vitis-clock-ns", "abc"), ("--vitis-clock-ns", "0"), ("--vitis-clock-ns", "-1"), ("--vitis-clock-ns", "nan"),
    ("--vitis-clock-ns", "1e9"), ("--vitis-uncertainty", "abc"), ("--vitis-uncertainty", "200%"),
    ("--vitis-timeout-minutes", "nan"), ("--vitis-timeout-minutes", "-1"), ("--vitis-memory-gib", "-1"),
    ("--vitis-further", "foo"), ("--vitis-testbench", "/nonexistent.c"), ("--vitis-testbench", "{d}/fifo"),
    ("--vitis-options", "x"), ("--vitis-settings", "/nonexistent"), ("--vitis-settings", "/dev/zero"),
    ("--vitis-tool", "nosuch"), ("--vitis-scratch", "/dev/null/x"), ("--farm-workers", "0"),
    ("--farm-executor", "cloud"), ("--farm-licences", "-1"), ("--farm-options", "nosuch=1"),
]  # fmt: skip

PATHS: list[tuple[list[str], str]] = [
    *(
        ([*DESCRIBE, path], named)
        for path, named in (
            ("/dev/zero", "/dev/zero"), ("{d}", "attacks"), ("{d}/no.c", "no.c"), ("{d}/fifo", "fifo"),
            ("{d}/socket", "socket"), ("/proc/self/mem", "/proc/self/mem"), ("a" * 5000, "aaa"), ("", "kernel"),
            ("{d}/\x1b[31mx.c", "x1b"), ("{d}/a\nb.c", "b.c"),
        )
    ),
    *(
        ([*DESCRIBE, "{k}", "--space", path], named)
        for path, named in (
            ("/dev/zero", "/dev/zero"), ("{d}/fifo", "fifo"), ("{d}", "attacks"), ("{d}/none.toml", "none.toml"),
            ("{d}/sparse.toml", "sparse.toml"), ("/dev/urandom", "/dev/urandom"),
            *((f"{{d}}/{name}", name) for name in SPACES),
        )
    ),
    *(([*LOOP, "--model", path], "model|/dev/zero|fifo|safetensors") for path in
      ("/dev/zero", "{d}/fifo", "{d}/none", "{d}/empty", "{d}/huge.safetensors")),
    *((["FineTune", "--kernel", "atax", "--shots", "5", "--epochs", "1", "--model", path], "safetensors") for path in
      ("{d}/model", "{d}/huge.safetensors")),
    *(([*TRAIN, "--dataset", path], "not the folder of a dataset") for path in ("/dev/zero", "{d}/empty", "{d}/fifo")),
    *((["ImportHLSyn", "--path", path], re.escape(path.removeprefix("{d}/"))) for path in
      ("/dev/zero", "{d}/fifo", "{d}/empty", "{d}/cut.tar.gz", "{d}/text.tar.gz", "{d}/bomb.zip", "{d}/lies.zip",
       *(f"{{d}}/{name}" for name in TARS))),
    (["ImportReports", "--path", "{d}/fifo", "--source", "m", "--kernel", "{k}"], "fifo"),
    (["ImportReports", "--path", "{d}/empty", "--source", "m", "--kernel", "{k}"], "empty"),
    (["ImportReports", "--path", "{d}/empty", "--source", "../x", "--kernel", "{k}"], "x|source"),
]  # fmt: skip


def _names(attacks: list[tuple[Any, str]]) -> list[str]:
    """Short ones that differ."""
    texts = [" ".join(given) if isinstance(given, list) else f"{given} {named}" for given, named in attacks]
    return [f"{number}-{ascii(text)[-50:]}" for number, text in enumerate(texts)]


@pytest.mark.parametrize(("arguments", "named"), OPTIONS, ids=_names(OPTIONS))
def test_an_option_that_is_mistyped_gives_one_line(arguments: list[str], named: str, server: Server) -> None:
    assert re.search(named, server.run(arguments).error)


@pytest.mark.parametrize(("arguments", "named"), MEANT, ids=_names(MEANT))
def test_a_value_that_cannot_be_meant_gives_one_line(arguments: list[str], named: str, server: Server) -> None:
    assert re.search(named, server.run(arguments).error)


@pytest.mark.parametrize(("arguments", "named"), PATHS, ids=_names(PATHS))
def test_a_path_that_leads_to_nothing_good_gives_one_line(arguments: list[str], named: str, server: Server) -> None:
    assert re.search(named, server.run(arguments).error)


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a command needs to find the stand-in."""
    env = with_tool(tmp_path_factory.mktemp("tool"), scenario="success")
    return {name: value for name, value in env.items() if os.environ.get(name) != value}


@pytest.mark.parametrize(("option", "value"), FLOW, ids=_names(FLOW))
def test_a_setting_that_no_run_can_have_gives_one_line(
    option: str, value: str, server: Server, tool: dict[str, str]
) -> None:
    error = server.run([*TOOL, option, value], **tool).error
    name = option.split("-", 3)[3].split("-")[0]
    assert name in error.replace("_", "-") or (value and value.format(d=server.folder) in error), error
