"""What a run is about to do: which kernel, which flow, which backend, which part of the report store.

Everything here is decided from parameters and the store before a task runs, so that it can enter output paths.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.design_space import load_space
from pipeline.design_space.narrowed import narrowed
from pipeline.errors import PipelineError, nearest_file
from pipeline.kernels import Kernel
from pipeline.kernels.suite import ALIASES, find_kernel, suite_names
from pipeline.project import Project, TestBench
from pipeline.project.compiler import is_foreign
from pipeline.synthesis import (
    BACKENDS,
    BackendRequest,
    ReplayBackend,
    ReportStore,
    Target,
    made_for_target,
    make_backend,
)
from pipeline.synthesis.former import take_over
from pipeline.synthesis.lowering.delivery import Delivery, check_terms, delivers, is_cpp
from pipeline.synthesis.plan import KernelPlan
from pipeline.synthesis.vitis.sources import check_file_name
from pipeline.tasks.base import names
from pipeline.tasks.estimator_device import devices
from pipeline.tasks.installed_tool import installed_tool
from pipeline.tasks.kernel_options import AS_IT_IS, Reading, flags_of, project_named
from pipeline.tasks.messages import say, working
from pipeline.tasks.sections import own_settings, section, vitis
from pipeline.tasks.stored import open_store as open_store
from pipeline.tasks.target_options import for_kernel
from pipeline.terms import Dialect, OwnBackend

if TYPE_CHECKING:
    from pipeline.kernels.further_sites import Explored
    from pipeline.kernels.propose import Terms
    from pipeline.synthesis.flow import Flow

_NOTHING_ASKED = Target()
_GIVE = "give the kernel's source, hls_config.cfg or a Tcl script of the tool"


@lru_cache(maxsize=512)
def kernel_of(name: str, reading: Reading = AS_IT_IS) -> Kernel:
    """The kernel of that name or path, read once a process as the options say; of a project's file, the project's.

    Raises PipelineError as ``find_kernel`` and ``open_project``.
    """
    if "," in name and not Path(name).is_file():
        raise PipelineError(
            f"--kernel {name[:100]!r} is several", fix=f"name one, as --kernel {name.split(',')[0][:100]}"
        )
    for bench in names(reading.testbench):
        if not Path(bench).exists():
            meant = nearest_file(Path(bench), (Path(bench).suffix.lower(),))
            fix = f"did you mean {meant}?" if meant is not None else "check --testbench"
            raise PipelineError("there is no such file", file=bench, fix=fix)
    of_a_file = project_named(name, reading)
    project = of_a_file or Project(
        name,
        flags_of(reading.cflags),
        names(reading.files),
        reading.top or None,
        TestBench(names(reading.testbench)),
        reading.name or None,
    )
    terms, explore = _sites(reading.sites)
    with working(f"reading {project.name or name}"):
        try:
            return find_kernel(project, sites=terms, explore=explore)
        except PipelineError as error:
            if of_a_file is None and Path(name).is_file() and is_foreign(name):
                # What its first line lacks to be C is not what is to be mended.
                raise PipelineError("is no source of C or C++", file=name, fix=_GIVE) from error
            words = name.split()
            if len(words) > 1 and all(word in suite_names() or Path(word).is_file() for word in words):
                raise PipelineError(
                    f"{name!r} is no kernel", fix=f"put commas between them: {','.join(words)}"
                ) from None
            raise


def _sites(text: str) -> tuple[Terms, tuple[Explored, ...]]:
    """Whose terms ``--sites`` names, and what beside loops; raises PipelineError for a word that is none of it."""
    from pipeline.kernels.further_sites import EXPLORED
    from pipeline.kernels.propose import TERMS

    found = names(text)
    unknown = [name for name in found if name not in (*TERMS, *EXPLORED)]
    terms = [one for one in TERMS if one in found]
    if unknown or len(terms) > 1:
        raise PipelineError(
            f"--sites {text[:60]}",
            fix=f"give tool or merlin; with tool also {' and '.join(EXPLORED)}, as tool,{','.join(EXPLORED)}",
        )
    return (terms or ["auto"])[0], tuple(one for one in EXPLORED if one in found)


def kernel_or_none(name: str, reading: Reading = AS_IT_IS) -> Kernel | None:
    """The kernel of that name in the suite or at that path, read as the options say; None where its C is nowhere.

    A file of just the kernel's name, such as what was compiled from it, is no source.
    """
    if ALIASES.get(name, name) in suite_names() or "/" in name or (Path(name).suffix and Path(name).is_file()):
        return kernel_of(name, reading)
    return None


@lru_cache(maxsize=1)
def suite_hash() -> str:
    """A hash of all kernels of the suite by their syntax trees."""
    trees = "\n".join(f"{name} {kernel_of(name).ast_hash}" for name in suite_names())
    return hashlib.sha256(trees.encode()).hexdigest()


def resolve_backend(backend: str) -> str:
    """The backend that ``auto`` stands for here: Vitis HLS where it is found, else replay."""
    if backend != "auto":
        return backend
    return (OwnBackend.REPLAY if installed_tool() is None else OwnBackend.VITIS).value


def default_source(workspace: str, backend: str) -> str:
    """The source that a run without ``--source`` uses, empty for the backend's own.

    Raises PipelineError where it is not clear.
    """
    return BACKENDS[backend].default_source(open_store(workspace))


@lru_cache
def _say_once(text: str) -> None:
    say(text)


def cached_kernels(workspace: str, source: str, target: Target = _NOTHING_ASKED) -> tuple[str, ...]:
    """The kernels with cached reports of a source for a target, sorted; raises PipelineError where there is none.

    A user's own kernel is known to the store by its name alone: where nobody names its file it is left out, and said.
    """
    addresses = made_for_target(open_store(workspace).addresses(source=source), target)
    suite = set(suite_names())
    found = tuple(sorted({one.kernel for one in addresses if not one.kernel_hash or one.kernel in suite}))
    others = ", ".join(sorted({one.kernel for one in addresses} - set(found)))
    if others and not found:
        raise PipelineError(f"the reports of {source} are of {others}", fix="give the C files with --kernels")
    if others:
        _say_once(f"Left out: {others}, which {source} has reports of; give their C files with --kernels.")
    if not found:
        known = ", ".join(sorted(open_store(workspace).sources())) or "none"
        raise PipelineError(
            f"there is no cached report of source {source!r} (sources here: {known})",
            fix="import it with ImportHLSyn or ImportReports, or name another --source",
        )
    return found


def make_plan(
    workspace: str, kernel: str, reading: Reading, space: str, source: str, backend: str,
    target: Target = _NOTHING_ASKED, narrowing: tuple[tuple[str, ...], tuple[str, ...]] = ((), ()),
) -> KernelPlan:  # fmt: skip
    """What to do for one kernel; raises PipelineError for a kernel, space, source, part or clock that cannot serve.

    Replay also serves kernels whose C is not at hand: then there are labels and no space. ``narrowing`` has the words
    of ``--only`` and ``--keep``.
    """
    store = open_store(workspace)
    try:
        found = kernel_of(kernel, reading)
    except PipelineError:
        nameless = [address for address in store.addresses(source=source, kernel=kernel) if not address.kernel_hash]
        if backend != OwnBackend.REPLAY or len(nameless) != 1:
            raise
        made_for_target(nameless, target)
        if any(narrowing):
            raise _nothing_to_keep(kernel, source) from None
        return KernelPlan(ReplayBackend(store, nameless[0]), nameless[0], None, None)
    if moved := take_over(store, found):
        say(f"{found.name}: {moved} reports that version 0.1.0 filed under another hash of it are taken over.")
    request = BackendRequest(
        store, found, source, for_kernel(target, found), devices(), own_settings(backend), now=_now
    )
    made = make_backend(backend, request)
    address = made.address_of(found)
    if made.replays and not store.count(address):
        raise _nothing_cached(store, found, source)
    if made.runs_tool:
        # Before the budget is spent, as is the next.
        check_terms(found, address.flow.dialect)
    elif not made.replays and is_cpp(found) and not delivers(found, found.dialect):
        say(f"{found.name}: C++ with Merlin's pragmas is not delivered to Vitis HLS; best/ is for the Merlin compiler.")
    if not made.replays and delivers(found, address.flow.dialect):
        # Before the budget is spent: the tool would be handed the file under its own name.
        check_file_name(Path(found.file).name)
    rules = load_space(found, Path(space) if space else None) if _has_rules(found, address.flow) else None
    kept: tuple[str, ...] = ()
    if any(narrowing):
        if rules is None:
            raise _nothing_to_keep(found.name, source)
        rules, kept = narrowed(rules, found, *narrowing)
    return KernelPlan(made, address, found, rules, _delivery(found, address.flow, replays=made.replays), kept)


def _nothing_to_keep(kernel: str, source: str) -> PipelineError:
    return PipelineError(
        f"--only and --keep: the loops of {kernel} are not those that the labels of {source} are of",
        fix="leave them out, or use --backend estimator",
    )


def _now() -> str:
    """The time, to the second; by name, as it goes to workers with the backend."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _delivery(kernel: Kernel, flow: Flow, *, replays: bool) -> Delivery:
    """How designs are written, as ``[vitis] delivery`` says; what only pragmas in the sources can say is told."""
    asked: Delivery = section(vitis).delivery
    if asked == "directives" and not replays and not (delivers(kernel, flow.dialect) and flow.dialect != Dialect.HLS):
        say(f"{kernel.name}: its values stand in pragmas of its sources, for which there are no directives.")
    return asked


def _has_rules(kernel: Kernel, flow: Flow) -> bool:
    """Whether the kernel's own sites are those that the flow's points are of."""
    return flow.dialect != Dialect.VITIS_PLAIN or kernel.dialect == Dialect.VITIS_PLAIN


def _nothing_cached(store: ReportStore, kernel: Kernel, source: str) -> PipelineError:
    if store.addresses(source=source, kernel=kernel.name):
        return PipelineError(
            f"the cached reports of {kernel.name} from {source} were made from another version of its C",
            fix="import them again, or go back to that version",
        )
    return PipelineError(
        f"no report of kernel {kernel.name!r} from {source} is cached",
        fix="estimate its designs with --backend estimator, or import reports",
    )
