"""Two designs side by side, for people and for a build that is to fail when a design got slower or larger."""

from __future__ import annotations

import json
import math
from pathlib import Path

import luigi

from pipeline.errors import PipelineError
from pipeline.tasks import ending
from pipeline.tasks.base import PipelineTask, names
from pipeline.tasks.messages import say, show
from pipeline.terms import Resource

WORSE = 3
"""Exit code of a command whose second design is worse by more than ``--fail-above``."""


class Compare(PipelineTask):
    """Compares the best designs of two finished loops, or two designs: sites, loops, resources, cycles, time.

    With --fail-above the answer is JSON on standard output, and the exit code is 3 where a figure grew by more.
    """

    example = "--first before/loops/latest --second after/loops/latest --fail-above 5%"
    only_looks = True

    first = luigi.Parameter(description="folder of a loop, or of its best design: what is compared with")
    second = luigi.Parameter(description="the same of the other")
    fail_above = luigi.Parameter(default="", description="growth of a figure that is a failure, as 5%")
    figures = luigi.Parameter(
        default="cycles,ns,resources",
        description="what --fail-above judges: cycles, ns, resources, or single ones as dsp",
    )
    json = luigi.BoolParameter(default=False, description="JSON instead of a table, as --fail-above has it")

    done = False

    def complete(self) -> bool:
        """Whether this very task has run: a question is answered each time it is asked."""
        return self.done

    def run(self) -> None:
        """Reads, prints and judges; writes nothing."""
        from pipeline.loop.comparison import compare, comparison_text, read_design, worsened

        share, judged = _share(self.fail_above), _figures(self.figures)
        facts = compare(read_design(Path(self.first)), read_design(Path(self.second)))
        if share is not None:
            facts["worse"] = worsened(facts, share, judged)
        show(json.dumps(facts, indent=2, ensure_ascii=False) if self.json or share is not None
             else comparison_text(facts))  # fmt: skip
        if facts.get("worse"):
            say(f"Worse by more than {self.fail_above}: {', '.join(facts['worse'])}")
            ending.fail(WORSE)
        self.done = True


def _share(text: str) -> float | None:
    if not text:
        return None
    try:
        share = float(text.removesuffix("%")) / 100
    except ValueError:
        share = math.nan
    if not 0 <= share < math.inf:
        raise PipelineError(f"--fail-above {text[:40]!r} is no share", fix="write it in percent, as 5%")
    return share


def _figures(text: str) -> tuple[str, ...]:
    from pipeline.loop.comparison import FIGURES

    chosen: dict[str, None] = {}
    for name in names(text):
        meant = tuple(Resource) if name == "resources" else (name.lower(),)
        if any(one not in FIGURES for one in meant):
            raise PipelineError(
                f"--figures {name[:40]!r}", fix=f"it is of {', '.join(('resources', *FIGURES))}, comma-separated"
            )
        chosen |= dict.fromkeys(str(one) for one in meant)
    return tuple(chosen)
