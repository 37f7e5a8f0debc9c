"""Another try for runs that failed for a reason that may pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from pipeline.errors import PipelineError
from pipeline.reports.labels import DesignStatus
from pipeline.synthesis.executors.context import pause
from pipeline.synthesis.vitis.run import ToolResult

_WORTH_WAITING = frozenset({DesignStatus.LICENCE, DesignStatus.DISK_FULL})
_WORTH_NOTHING = frozenset({DesignStatus.PART_NOT_INSTALLED})


@dataclass(frozen=True)
class Retries:
    """How often a run is tried that a fault of the surroundings ended: at most ``attempts`` in all.

    Between them is a wait of ``first_s``, then twice as long each time up to ``longest_s``, each by a random part
    shorter so that a farm does not ask for licences in step. So many tries are for what others will give back, a
    licence or a disk. A tool that vanished, was killed or ended without a word gets one more try, as it may have run
    for hours; a part that is not installed and a setting that is not known get none.
    """

    attempts: int = 5
    first_s: float = 2.0
    longest_s: float = 120.0

    def __post_init__(self) -> None:
        if self.attempts < 1 or self.first_s < 0 or self.longest_s < 0:
            raise PipelineError(f"{self} cannot be followed", fix="use one attempt or more and waits of 0 s or more")

    def most(self, result: ToolResult) -> int:
        """How many tries a run is worth that ended so."""
        if not result.transient or result.status in _WORTH_NOTHING:
            return 1
        if result.status in _WORTH_WAITING:
            return self.attempts
        return 1 if result.status is DesignStatus.NO_VERDICT and result.everywhere else min(2, self.attempts)


def run_with_retries(
    run: Callable[[], ToolResult],
    retries: Retries = Retries(),
    *,
    sleep: Callable[[float], None] = pause,
    on_wait: Callable[[ToolResult, int, float], None] | None = None,
) -> tuple[ToolResult, int]:
    """The first result that is not transient, or the last one, and the number of tries.

    ``on_wait`` is told (result, tries so far, seconds) before each wait.
    """
    from tenacity import RetryCallState, Retrying, retry_if_result, wait_random_exponential

    tries = 0

    def once() -> ToolResult:
        nonlocal tries
        tries += 1
        return run()

    def last(state: RetryCallState) -> ToolResult:
        assert state.outcome is not None
        return cast(ToolResult, state.outcome.result())

    def tell(state: RetryCallState) -> None:
        if on_wait is not None:
            on_wait(last(state), tries, state.upcoming_sleep)

    retrying = Retrying(
        stop=lambda state: tries >= retries.most(last(state)),
        wait=wait_random_exponential(multiplier=retries.first_s, max=retries.longest_s),
        retry=retry_if_result(lambda result: result.transient),
        retry_error_callback=last,
        before_sleep=tell,
        sleep=sleep,
        reraise=True,
    )
    return retrying(once), tries
