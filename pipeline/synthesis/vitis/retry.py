"""Another try for runs that failed for a reason that may pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from pipeline.errors import PipelineError
from pipeline.synthesis.executors.context import pause
from pipeline.synthesis.vitis.run import ToolResult


@dataclass(frozen=True)
class Retries:
    """How often a transient failure is tried again: ``attempts`` in all, waiting ``first_s``, then twice as long
    each time up to ``longest_s``, each by a random part shorter so that a farm does not ask for licences in step."""

    attempts: int = 5
    first_s: float = 2.0
    longest_s: float = 120.0

    def __post_init__(self) -> None:
        if self.attempts < 1 or self.first_s < 0 or self.longest_s < 0:
            raise PipelineError(f"{self} cannot be followed", fix="use one attempt or more and waits of 0 s or more")


def run_with_retries(
    run: Callable[[], ToolResult],
    retries: Retries = Retries(),
    *,
    sleep: Callable[[float], None] = pause,
) -> tuple[ToolResult, int]:
    """The first result that is not transient, or the last one, and the number of tries."""
    from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_attempt, wait_random_exponential

    tries = 0

    def once() -> ToolResult:
        nonlocal tries
        tries += 1
        return run()

    def last(state: RetryCallState) -> ToolResult:
        assert state.outcome is not None
        return cast(ToolResult, state.outcome.result())

    retrying = Retrying(
        stop=stop_after_attempt(retries.attempts),
        wait=wait_random_exponential(multiplier=retries.first_s, max=retries.longest_s),
        retry=retry_if_result(lambda result: result.transient),
        retry_error_callback=last,
        sleep=sleep,
        reraise=True,
    )
    return retrying(once), tries
