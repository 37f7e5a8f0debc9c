"""Two designs side by side, for people and for a build that is to fail when a design got slower or larger."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

import luigi

from pipeline.errors import PipelineError, plain_number
from pipeline.tasks import ending
from pipeline.tasks.base import AskedTask, names
from pipeline.tasks.messages import say, show
from pipeline.tasks.outputs import write_page
from pipeline.tasks.stored import open_store
from pipeline.terms import Resource

if TYPE_CHECKING:
    from pipeline.loop.comparison import Compared
    from pipeline.synthesis import Address

ALL_FIGURES = "cycles,ns,resources"
WORSE = 3
"""Exit code of a command whose second design is worse by more than ``--fail-above``."""


class Compare(AskedTask):
    """Compares the best designs of two finished loops, or two designs by their keys: sites, loops, resources, time.

    With --fail-above the answer is JSON on standard output, and the exit code is 3 where a figure grew by more.
    """

    example = "--first before/loops/latest --second after/loops/latest --fail-above 5%"
    only_looks = True

    first = luigi.Parameter(description="folder of a loop, or of its best design: what is compared with")
    second = luigi.Parameter(default="", description="the same of the other; default: the first's folder, for two keys")
    first_key = luigi.Parameter(
        default="",
        description="a design of the loop, or of a dataset's folder: its key, or as-written; default: the best",
    )
    second_key = luigi.Parameter(default="", description="the same of the other")
    kernel = luigi.Parameter(default="", description="the keys' kernel, where a folder has several")
    source = luigi.Parameter(default="", description="the keys' source, where a dataset has several")
    fail_above = luigi.Parameter(default="", description="growth of a figure that is a failure, in percent, as 5%")
    figures = luigi.Parameter(
        default=ALL_FIGURES,
        description="what --fail-above judges: cycles, ns, resources, or single ones as dsp",
    )
    json = luigi.BoolParameter(default=False, description="JSON instead of a table, as --fail-above has it")
    page_file = luigi.Parameter(default="", description="writes the comparison as a page into this HTML file")

    def run(self) -> None:
        """Reads, prints and judges; writes nothing but the page that was asked for."""
        from pipeline.loop.comparison import compare, comparison_text, worsened

        if not self.second and self.first_key == self.second_key:
            raise PipelineError("one design is named", fix="name the other with --second or --second-key")
        share, judged = _share(self.fail_above), _figures(self.figures)
        if share is None and self.figures != ALL_FIGURES:
            raise PipelineError("--figures says what --fail-above judges", fix="give that too, as --fail-above 5%")
        facts = compare(
            self._design(self.first, self.first_key), self._design(self.second or self.first, self.second_key)
        )
        if share is not None:
            facts["worse"] = worsened(facts, share, judged)
        show(json.dumps(facts, indent=2, ensure_ascii=False) if self.json or share is not None
             else comparison_text(facts))  # fmt: skip
        if self.page is not None:
            from pipeline.loop.comparison_page import comparison_page

            write_page(self.page, comparison_page(facts))
        if facts.get("worse"):
            say(f"Worse by more than {self.fail_above}: {', '.join(facts['worse'])}")
            ending.fail(WORSE)
        self.done = True

    @property
    def page(self) -> Path | None:
        """The comparison, where one was asked for."""
        return Path(self.page_file) if self.page_file else None

    def _design(self, folder: str, key: str) -> Compared:
        from pipeline.loop.comparison import read_design
        from pipeline.loop.keyed import read_keyed

        if not key:
            return read_design(Path(folder))
        store = open_store(str(Path(folder).resolve().parent.parent))

        def report(address: Address, key: str) -> bytes | None:
            entry = store.get(address, key)
            return entry.xml if entry is not None else None

        return read_keyed(Path(folder), key, report, kernel=self.kernel, source=self.source)


def _share(text: str) -> float | None:
    if not text:
        return None
    try:
        share = float(text.removesuffix("%")) / 100
    except ValueError:
        share = math.nan
    if not 0 <= share < math.inf:
        raise PipelineError(f"--fail-above {text[:40]!r} is no share", fix="write it in percent, as 5%")
    if not text.endswith("%"):
        fraction = f"; for {plain_number(10000 * share)}% write that" if 0 < share < 0.01 else ""
        say(f"--fail-above {text} is taken as {plain_number(100 * share)}%{fraction}.")
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
