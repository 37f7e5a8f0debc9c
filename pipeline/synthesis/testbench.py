"""Proof before the tool: a test bench compiled with a design by the host's compiler, and run.

The user's own test bench is run as the user would run it: nothing but time, memory and the size of what it writes is
bounded, and it works in a copy of its data. Whoever does not trust a test bench does not call :func:`prove`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from pipeline.errors import PipelineError, printable
from pipeline.files import read_plain
from pipeline.project import Project
from pipeline.project.bench_data import LEVELS_ABOVE, RUN_FOLDER, folder_of, opened_data
from pipeline.project.component import SOURCES, defines
from pipeline.synthesis.vitis.process import Limits, run_supervised

SECONDS = 300.0
COMPILE_SECONDS = 600.0
MEMORY_BYTES = 4 * 2**30
OUTPUT_BYTES = 2 * 2**20
DATA_BYTES = 2**30
"""Limits of a test bench: wall-clock time, resident memory, what is kept of its output, the copy of its data."""
_PLACE = "place"
"""What stands for the disk that the project lies on."""
_OLD_C = tuple(
    f"-Wno-error={name}"
    for name in ("implicit-function-declaration", "implicit-int", "int-conversion", "incompatible-pointer-types")
)
"""For C that newer compilers refuse and the tool's own warns of."""
_VENDOR = re.compile(r"(ap_\w+|hls_\w+|xf_\w+|hls)[./]")
_PROBLEM = re.compile(r"\berror\b(?!: ld returned)|undefined (?:reference|symbol)|multiple definition|cannot find")
_KEPT = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "XILINX_HLS", "XILINX_VITIS", "XILINX_VIVADO")


class BenchVerdict(StrEnum):
    """What a test bench says of a design."""

    PASSED = "passed"
    FAILED = "failed"
    """It ends with another code than 0, is killed, or does not end in time."""
    DIFFERS = "differs"
    """It ends with 0 and prints or writes other than it does with the original."""
    NOT_POSSIBLE = "not possible"
    """There is none, or it cannot be compiled here."""


@dataclass(frozen=True, slots=True)
class Proof:
    """The verdict, why where it is not plain, and what the bench printed and wrote (a hash by file's name)."""

    verdict: BenchVerdict
    why: str = ""
    printed: str = field(default="", repr=False)
    wrote: Mapping[str, str] = field(default_factory=dict, repr=False)
    code: int | None = None

    @property
    def text(self) -> str:
        """Verdict and reason in a line."""
        return f"{self.verdict}: {self.why}" if self.why else str(self.verdict)


@dataclass(frozen=True, slots=True)
class Compilers:
    """Words that compile C and C++ on this machine."""

    c: tuple[str, ...]
    cpp: tuple[str, ...]


def host_compilers() -> Compilers | None:
    """gcc and g++ or clang of the machine, else the clang of the ``ziglang`` wheel; None where there is none."""
    for c, cpp in (("gcc", "g++"), ("clang", "clang++"), ("cc", "c++")):
        found = shutil.which(c), shutil.which(cpp)
        if found[0] and found[1]:
            return Compilers((found[0],), (found[1],))
    with contextlib.suppress(ImportError):
        import ziglang  # noqa: F401

        zig = (sys.executable, "-m", "ziglang")
        return Compilers((*zig, "cc"), (*zig, "c++"))
    return None


def has_bench(project: Project | None) -> bool:
    """Whether there is a test bench to run: one that is named, or a ``main`` in the sources themselves."""
    return project is not None and bool(bench_sources(project) or _main_in(_design(project)))


def bench_sources(project: Project) -> list[Path]:
    """The test bench's files that are compiled."""
    return [Path(file) for file in project.testbench.files if file.lower().endswith(SOURCES)]


def bench_digest(project: Project | None) -> str | None:
    """A hash of what decides the verdicts beside the kernel: the bench's files, flags and arguments; None without one.

    Raises PipelineError for a file that cannot be read.
    """
    if project is None or not project.testbench:
        return None
    bench = project.testbench
    digest = hashlib.sha256(repr((bench.flags.text, bench.arguments, bench.link)).encode())
    for place in (*map(Path, bench.files), *opened_data(project)):
        for one in [place] if not place.is_dir() else sorted(entry for entry in place.rglob("*") if entry.is_file()):
            content = read_plain(one, most=2**30, fix="give another with --testbench")
            digest.update(f"{one.name} {hashlib.sha256(content).hexdigest()}\n".encode())
    return digest.hexdigest()


def prove_original(project: Project, *, seconds: float = SECONDS) -> Proof:
    """Runs a project's test bench on its own sources."""
    return _prove(project, _design(project), seconds)


def prove_design(project: Project, texts: Mapping[str, str], original: Proof, *, seconds: float = SECONDS) -> Proof:
    """Runs a project's test bench on a design: ``texts`` are its C and C++ files and headers by name.

    What is printed and written must be what it is with the ``original``, unless that itself changes from run to run.
    """
    if original.verdict is BenchVerdict.FAILED and original.code is None:
        return Proof(BenchVerdict.NOT_POSSIBLE, f"the original gives nothing to compare with: {original.why}")
    with _scratch() as folder:
        sources = []
        for name, text in texts.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
            if name.lower().endswith(SOURCES):
                sources.append(place)
        if not bench_sources(project) and not _main_in(sources):
            return Proof(BenchVerdict.NOT_POSSIBLE, "the main of the sources is not part of the design")
        found = _prove(project, sources, seconds)
    if found.verdict is BenchVerdict.NOT_POSSIBLE and original.code is not None:
        return Proof(BenchVerdict.FAILED, f"it is not compiled as the original is: {found.why}")
    if found.code is None or original.code is None or found.verdict is BenchVerdict.NOT_POSSIBLE:
        return found
    same = _difference(original, found)
    if found.code == original.code and same is None:
        return Proof(
            BenchVerdict.PASSED, "" if found.code == 0 else f"as the original, code {found.code}", code=found.code
        )
    if found.code != 0 or found.verdict is BenchVerdict.FAILED:
        return found
    if same is not None and _difference(original, prove_original(project, seconds=seconds)) is None:
        return Proof(BenchVerdict.DIFFERS, same, found.printed, found.wrote, found.code)
    return Proof(BenchVerdict.PASSED, "what it prints changes from run to run", code=found.code)


def _difference(one: Proof, two: Proof) -> str | None:
    """The first difference between what two runs printed and wrote; None where there is none."""
    before, after = one.printed.splitlines(), two.printed.splitlines()
    for number, (first, second) in enumerate(zip(before, after, strict=False), 1):
        if first != second:
            return f"line {number} of what it prints is {second[:60]!r}, not {first[:60]!r}"
    if len(before) != len(after):
        return f"it prints {len(after)} lines, not {len(before)}"
    changed = sorted(name for name in {*one.wrote, *two.wrote} if one.wrote.get(name) != two.wrote.get(name))
    return f"the file {changed[0]} that it writes is another" if changed else None


def _design(project: Project) -> list[Path]:
    return [Path(file) for file in (project.file, *project.further) if file.lower().endswith(SOURCES)]


def _main_in(sources: Iterable[Path]) -> bool:
    return any(defines(str(source), "main") for source in sources)


def _prove(project: Project, design: list[Path], seconds: float) -> Proof:
    bench = bench_sources(project)
    missing = next((one for one in [*bench, *design] if not one.is_file()), None)
    if missing is not None:
        return Proof(BenchVerdict.NOT_POSSIBLE, f"{missing} is not there")
    if not bench and not _main_in(design):
        return Proof(BenchVerdict.NOT_POSSIBLE, "there is no test bench")
    compilers = host_compilers()
    if compilers is None:
        return Proof(BenchVerdict.NOT_POSSIBLE, "there is no C compiler here (gcc, clang or the ziglang wheel)")
    with _scratch() as folder:
        try:
            inside, data = _with_data(project, folder)
        except (OSError, PipelineError) as error:
            return Proof(BenchVerdict.NOT_POSSIBLE, f"its data cannot be copied: {error}")
        program, problem = _compiled(project, design, bench, compilers, folder)
        if problem:
            return Proof(BenchVerdict.NOT_POSSIBLE, problem)
        return _run(program, project, inside, folder, data, seconds)


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="hls-bench-")).resolve()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _with_data(project: Project, folder: Path) -> tuple[Path, dict[str, str]]:
    """Copies the bench's data to where it is run and to where it lies in the project.

    Returns the folder to run in, and the hashes of the files there and around.
    """
    root, copied = folder_of(project), folder / _PLACE / "/".join(["above"] * LEVELS_ABOVE)
    inside = copied / RUN_FOLDER
    inside.mkdir(parents=True)
    left = DATA_BYTES
    added = [Path(file).absolute() for file in project.testbench.files if not file.lower().endswith(SOURCES)]
    for place in (*added, *opened_data(project)):
        entries = [place] if place.is_file() else [one for one in sorted(place.rglob("*")) if one.is_file()]
        for entry in entries:
            left -= entry.stat().st_size
            if left < 0:
                raise PipelineError(f"it is more than {DATA_BYTES >> 20} MiB")
            lies = Path(os.path.normpath(copied / os.path.relpath(entry, root)))
            targets = [lies] if lies.is_relative_to(folder / _PLACE) else []
            if place in added:
                targets.append(inside / place.name / entry.relative_to(place))
            for target in targets:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(entry, target)
    return inside, _hashes(folder / _PLACE, inside)


def _hashes(folder: Path, inside: Path) -> dict[str, str]:
    """The files of a folder as they are called from the one inside it."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= 64 * 2**20 and len(found) < 1000:
            found[os.path.relpath(path, inside)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def _compiled(
    project: Project, design: list[Path], bench: list[Path], compilers: Compilers, folder: Path
) -> tuple[Path, str]:
    """The program, or why there is none."""
    beside = dict.fromkeys(
        str(place.absolute().parent) for place in (*bench, Path(project.file), *map(Path, project.further))
    )
    vendor = [f"-isystem{place}" for place in _vendor_headers()]
    objects = []
    for number, source in enumerate([*design, *bench]):
        is_c = source.suffix.lower() == ".c"
        flags = project.flags + (project.testbench.flags if source in bench else type(project.flags)())
        words = [
            *(compilers.c if is_c else compilers.cpp),
            "-O1", "-w", *(_OLD_C if is_c else ()),
            *flags.absolute().for_language("c" if is_c else "c++"),
            *(f"-I{place}" for place in beside), *vendor,
            "-c", str(source.absolute()), "-o", str(folder / f"{number}.o"),
        ]  # fmt: skip
        problem = _called(words, folder, number, source)
        if problem:
            return folder, problem
        objects.append(str(folder / f"{number}.o"))
    linker = compilers.c if all(one.suffix.lower() == ".c" for one in [*design, *bench]) else compilers.cpp
    program = folder / "bench"
    link = [word for word in project.testbench.link if re.fullmatch(r"-l[\w.+-]+|-L[^\s]+|-pthread", word)]
    problem = _called([*linker, *objects, *link, "-lm", "-o", str(program)], folder, len(objects), None)
    return program, problem


def _vendor_headers() -> list[Path]:
    """The include folders of an installation that is in the environment."""
    roots = [os.environ.get(name) for name in ("XILINX_HLS", "XILINX_VITIS")]
    return [place for root in roots if root and (place := Path(root) / "include").is_dir()]


def _called(words: list[str], folder: Path, number: int, source: Path | None) -> str:
    """Runs a compiler; what it says first where it fails."""
    log = folder / f"{number}.log"
    ended = run_supervised(
        [shutil.which(words[0]) or words[0], *words[1:]],
        environment=_environment(folder), folder=folder, log=log,
        limits=Limits(wall_s=COMPILE_SECONDS, memory_bytes=MEMORY_BYTES, log_bytes=OUTPUT_BYTES),
        remove=folder,
    )  # fmt: skip
    if ended.how == "exit" and ended.exit_code == 0:
        return ""
    what = f"{source.name} is not compiled here" if source is not None else "it is not linked here"
    if ended.how != "exit":
        return f"{what}: the compiler ended by {ended.how}"
    said = log.read_text(encoding="utf-8", errors="replace").splitlines()
    first = next(filter(_PROBLEM.search, said), said[0] if said else "")
    first = re.sub(r"^\S*?([^/\s]+:\d+)", r"\1", first.replace(str(folder), ""))
    vendor = " (the vendor's headers are not installed)" if "No such file" in first and _VENDOR.search(first) else ""
    return printable(f"{what}: {' '.join(first.split())[:160]}{vendor}")


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "LC_ALL": "C", "TMPDIR": str(folder)}


def _run(program: Path, project: Project, inside: Path, folder: Path, data: dict[str, str], seconds: float) -> Proof:
    log = folder / "run.log"
    ended = run_supervised(
        [str(program), *project.testbench.arguments],
        environment=_environment(folder), folder=inside, log=log,
        limits=Limits(wall_s=seconds, memory_bytes=MEMORY_BYTES, log_bytes=OUTPUT_BYTES, grace_s=0.5),
        remove=folder,
    )  # fmt: skip
    printed = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    wrote = {name: digest for name, digest in _hashes(folder / _PLACE, inside).items() if data.get(name) != digest}
    if ended.how == "exit" and ended.exit_code == 0:
        return Proof(BenchVerdict.PASSED, "", printed, wrote, 0)
    last = next((line for line in reversed(printed.splitlines()) if line.strip()), "")
    said = f": {printable(' '.join(last.split()))[:120]}" if last else ""
    if ended.how == "exit":
        code = ended.exit_code or 0
        how = f"it ends with code {code}" if code > 0 else f"it is ended by signal {-code}"
        return Proof(BenchVerdict.FAILED, how + said, printed, wrote, code)
    limits = {
        "wall": f"it does not end within {seconds:g} s",
        "memory": f"it takes more than {MEMORY_BYTES >> 30} GiB of memory",
    }
    return Proof(
        BenchVerdict.FAILED, limits.get(ended.how, f"it cannot be run: {ended.problem or ended.how}") + said, printed
    )
