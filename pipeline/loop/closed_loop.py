"""A closed loop as its choices decide it: plans, objective, what it searches with, and where its rounds stand."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import __version__
from pipeline.errors import PipelineError, nearest
from pipeline.exploration import ACQUISITIONS, SURROGATES, Objective, make_strategy, prior
from pipeline.exploration.coreset import UNLEARNED
from pipeline.files import fingerprint
from pipeline.kernels import Kernel
from pipeline.kernels.suite import ALIASES, find_kernel, suite_names
from pipeline.loop.baselines import AS_WRITTEN, check_baselines
from pipeline.loop.knowledge import AUTO, Shipped, named, shipped_for
from pipeline.loop.model_file import readable_model
from pipeline.synthesis.devices import Devices
from pipeline.synthesis.target import teaches
from pipeline.terms import LEARNED

if TYPE_CHECKING:
    from pipeline.exploration.features import Kept
    from pipeline.synthesis import Address, Backend, Flow, ReportStore
    from pipeline.synthesis.plan import KernelPlan

HMOE = "hmoe"
"""The surrogate that is a hierarchical mixture of experts; it needs a model file."""
WARM_STARTS = ("auto", "none", "estimator", "reports", "model")


def kernel_at_hand(name: str) -> Kernel | None:
    """The kernel of that name in the suite or at that path; None where there is no C for it."""
    if ALIASES.get(name, name) in suite_names() or "/" in name or Path(name).is_file():
        return find_kernel(name)
    return None


@dataclass(frozen=True)
class ClosedLoop:
    """What decides a search on one or more kernels that share one budget of runs.

    Args:
        plans: each kernel under its flow, by kernel name; all of one source and one kind of backend.
        store: where labels of other kernels are, and those of replays.
        rounds: folder below which the rounds of loops stand, each loop in one that is named by what decides it.
        goal: what is minimised, and when a design fits.
        batch: designs a round.
        target: good enough, in the objective's unit; None where nothing is.
        hours: how long all runs together may take, each run's own time counted; None for no limit.
        surrogate: what forecasts designs, or ``auto``.
        acquisition: how designs are chosen from forecasts, or ``auto``.
        model: a model file or a model's folder, for the surrogate ``hmoe``; empty for none.
        warm_start: what is known before the first run, one of :data:`WARM_STARTS`.
        knowledge: a folder that ``MakeKnowledge`` wrote or the name of one that ships, under any backend; ``auto`` for
            what ships for the backend.
        warm_sources: sources of labels of other kernels; empty for the loop's own.
        baselines: what is run beside the design as written to compare with: ``performance``, the tool's own pragma.
        seed: of everything drawn at random.
        devices: what the estimator works with.
        ir_cache: folder for compiled IR, for a model alone.
        kernel_of: gives the C of other kernels by name, None where it is not at hand.
    """

    plans: Mapping[str, KernelPlan]
    store: ReportStore
    rounds: Path
    goal: Objective = field(default_factory=Objective)
    batch: int = 10
    target: float | None = None
    hours: float | None = None
    surrogate: str = "auto"
    acquisition: str = "auto"
    model: str = ""
    warm_start: str = "auto"
    knowledge: str = AUTO
    warm_sources: tuple[str, ...] = ()
    baselines: tuple[str, ...] = ()
    seed: int = 0
    devices: Devices = field(default_factory=Devices)
    ir_cache: Path = Path("ir")
    kernel_of: Callable[[str], Kernel | None] = kernel_at_hand

    def __post_init__(self) -> None:
        capacities: dict[str, float | None] = {}
        if self.goal.counted:
            there = self.devices.of(self.flow).available
            capacities = {resource.short: getattr(there, resource) for resource in LEARNED}
        object.__setattr__(self, "goal", self.goal.on(capacities, self.flow.clock_ns))

    @property
    def backend(self) -> Backend:
        """The backend of the first kernel; those of a loop are of one kind."""
        return next(iter(self.plans.values())).backend

    @property
    def source_name(self) -> str:
        """Where the labels come from."""
        return next(iter(self.plans.values())).source

    @property
    def flow(self) -> Flow:
        """The flow of the labels; the kernels of a loop have one part and clock."""
        return next(iter(self.plans.values())).address.flow

    @property
    def shipped(self) -> Shipped | None:
        """The knowledge that the loop names, else what ships for its backend, stale or not; None where it is to start
        without. Raises PipelineError as :func:`~pipeline.loop.knowledge.named` and where a card cannot be read.
        """
        if self.warm_start != "auto" or self.model:
            return None
        return shipped_for(self.backend, self.plans) if self.knowledge == AUTO else named(self.knowledge)

    @property
    def known(self) -> Shipped | None:
        """The same, None also where it is stale."""
        return None if (found := self.shipped) is None or found.stale else found

    @property
    def title(self) -> str:
        """The kernels and the source, for paths."""
        return f"{'+'.join(self.plans)[:80]}-{self.source_name}"

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What decides the rounds, as JSON values. The budget does not: a larger one goes on from the rounds there are.

        Raises PipelineError for choices that there are not, or that do not go together.
        """
        if self.batch < 1:
            raise PipelineError(f"--batch {self.batch} proposes no designs", fix="give a positive number")
        self.check()
        # What loops add to the store must not change their paths, so only what is replayed is hashed.
        replayed = [plan.address for plan in self.plans.values() if plan.replays]
        if replayed:
            replayed += self.other_addresses()
        return {
            "acquisition": self.acquisition,
            "baselines": [AS_WRITTEN, *self.baselines],
            "backend": self.backend.name,
            "batch": self.batch,
            "estimator": self.devices.version,
            "knowledge": None if self.known is None else self.known.digest,
            "further": sorted({step for plan in self.plans.values() for step in plan.further}),
            "kernels": [
                [name, plan.address.digest, plan.space.hash if plan.space else None]
                for name, plan in self.plans.items()
            ],
            "model": _hash_of(readable_model(self.model)) if self.model else None,
            "prior": prior.VERSION,
            "processes": prior.PROCESSES_VERSION,
            "objective": [self.goal.goal, self.goal.limit, sorted(self.goal.weights.items()), *self._asked],
            "seed": self.seed,
            "snapshot": self.store.snapshot(replayed) if replayed else None,
            "surrogate": self.surrogate,
            "target": self.target,
            **({} if self.hours is None else {"hours": self.hours}),
            "version": __version__,
            "warm_start": [self.warm_start, sorted(self.warm_sources)],
        }

    @property
    def _asked(self) -> list[str]:
        """What an objective says beyond its name, a limit for all resources and weights; nothing where it does not."""
        asked = [self.goal.text, self.goal.limits_text]
        return asked if asked != [self.goal.goal, ""] else []

    @cached_property
    def kept(self) -> dict[str, Kept]:
        """By kernel, what the estimator said of its designs in earlier rounds of this process."""
        return {}

    @cached_property
    def rounds_folder(self) -> Path:
        """``KERNEL-SOURCE-HASH`` below :attr:`rounds`: what the rounds leave."""
        return self.rounds / f"{self.title}-{fingerprint(**self.identity)}"

    @property
    def histories_folder(self) -> Path:
        """What is known of other kernels."""
        return self.rounds_folder / "warm-start"

    @property
    def processes_folder(self) -> Path:
        """What other kernels teach of how designs resemble each other."""
        return self.rounds_folder / "processes"

    def round_folder(self, number: int) -> Path:
        """The folder of a round, counted from 1."""
        return self.rounds_folder / f"round-{number:03d}"

    def train_folder(self, number: int) -> Path:
        """What was learned before a round."""
        return self.round_folder(number) / "train"

    def proposals_folder(self, number: int) -> Path:
        """What a round proposes."""
        return self.round_folder(number) / "proposals"

    def runs_folder(self, number: int, kernel: str, take: int) -> Path:
        """What the first ``take`` proposals of a round gave for one kernel."""
        part = "" if take == self.batch else f"-first-{take}"
        return self.round_folder(number) / f"runs-{kernel}{part}"

    def check(self) -> None:
        """Raises PipelineError for a surrogate or an acquisition that there is not, before anything is run."""
        known = ("auto", *SURROGATES, HMOE)
        ways = ("auto", *UNLEARNED, *ACQUISITIONS)
        for option, chosen, names in (("surrogate", self.surrogate, known), ("acquisition", self.acquisition, ways)):
            if chosen not in names:
                meant = nearest(chosen, names)
                raise PipelineError(
                    f"--{option} {chosen[:40]!r}",
                    fix=(f"did you mean {meant}? " if meant else "") + f"it is one of {', '.join(names)}",
                )
        check_baselines(self.baselines, self.plans.values())
        self.uses_model()
        if self.acquisition not in ("auto", *UNLEARNED):
            make_strategy(f"forest-{self.acquisition}", objective=self.goal)
        kind = SURROGATES.get(self.surrogate)
        if kind is not None and kind.needs_prior and self.warm_start not in ("auto", "reports"):
            raise PipelineError(
                f"--surrogate {self.surrogate} has nothing to learn from under --warm-start {self.warm_start}",
                fix="leave --warm-start out, or use --surrogate forest",
            )

    def uses_model(self) -> bool:
        """Whether forecasts come from a model. Raises PipelineError where one is needed and none is named."""
        needed = self.surrogate == HMOE or self.warm_start == "model"
        if needed and not self.model:
            raise PipelineError(
                f"--surrogate {HMOE} and --warm-start model need a model",
                fix="name one with --model; TrainHierarchicalMoE makes one",
            )
        if self.model and self.surrogate not in ("auto", HMOE):
            raise PipelineError(
                f"--surrogate {self.surrogate} has no use for a model",
                fix=f"leave --model out, or use --surrogate {HMOE}",
            )
        return bool(self.model)

    def uses_processes(self) -> bool:
        """Whether the search may use what its store's kernels teach of how designs resemble each other; not where that
        is shipped."""
        if self.known is not None:
            return False
        if kind := SURROGATES.get(self.surrogate):
            return kind.needs_processes
        return self.surrogate == "auto" and self.acquisition == "auto" and self.goal.dimensions == 1

    def other_addresses(self) -> Iterator[Address]:
        """Where the labels are that the search starts from, by :attr:`warm_start`.

        Of the loop's own source: earlier reports of its own kernels where a tool runs, the other kernels under the same
        flow, and those that have labels for another part or clock alone; then kernels that another source of the same
        tool, version, part and clock has (a published set beside own runs). Of sources that are named: all.
        """
        if self.warm_start not in ("auto", "reports"):
            return
        own = {plan.address.flow.hash for plan in self.plans.values()}
        searched = {plan.name for plan in self.plans.values()} | {p.address.kernel_hash for p in self.plans.values()}
        known = self.store.sources()
        missing = next((source for source in self.warm_sources if source not in known), None)
        if missing is not None:
            raise PipelineError(
                f"there are no labels of source {missing!r} (sources here: {', '.join(known) or 'none'})",
                fix="import them, or name another --warm-source",
            )
        for source in self.warm_sources:
            for address in self.store.addresses(source=source):
                if address.flow.hash not in own or not {address.kernel, address.kernel_hash} & searched:
                    yield address
        if self.warm_sources:
            return
        # Under replay they are what is searched, and the estimator's own teach nothing of its estimates.
        yield from (plan.address for plan in self.plans.values() if plan.runs_tool and self.store.count(plan.address))
        knowledge = self.known
        others = [
            address
            for address in self.store.addresses(source=self.source_name)
            if not {address.kernel, address.kernel_hash} & searched
            and not (knowledge is not None and knowledge.holds(address.kernel, address.source))
        ]
        alike = [address for address in others if address.flow.hash in own]
        yield from alike
        known_kernels = {address.kernel for address in alike}
        for address in others:
            if address.kernel not in known_kernels and moved(address.flow, self.flow).hash in own:
                yield address
        known_kernels |= {address.kernel for address in others} | searched
        for address in self.store.addresses():
            if (
                address.source != self.source_name
                and not {address.kernel, address.kernel_hash} & known_kernels
                and teaches(address.flow, self.flow)
            ):
                yield address


def moved(flow: Flow, to: Flow) -> Flow:
    """A flow for the part and clock of another."""
    return replace(flow, part=to.part, clock_ns=to.clock_ns, uncertainty=to.uncertainty, flow_target=to.flow_target)


@lru_cache(maxsize=8)
def _hash_of(file: Path) -> str:
    """SHA-256 of a model file; PipelineError where it cannot be read."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise PipelineError(
            f"the model cannot be read: {error.strerror or error}",
            file=str(file),
            fix="train one with TrainHierarchicalMoE, or check the path",
        ) from None
