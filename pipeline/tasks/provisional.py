"""Outputs that stand for now: some of their designs have no result, or have one only for as long as limits stay.

What is missing, and which limits were used up, stands in ``standing.json`` beside the tables; a folder in which nothing
is missing and no limit was used up has no such file. A folder with something missing counts as there for the command
that wrote it alone: the next one runs what is missing, and puts the whole folder in its place.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import PipelineError
from pipeline.files import intact, made_whole, read_own
from pipeline.reports.surroundings import exhausted, is_reached
from pipeline.tasks.outputs import FolderTarget, write_json

if TYPE_CHECKING:
    from pipeline.reports.labels import Label
    from pipeline.reports.surroundings import Bounds
    from pipeline.synthesis import Outcome

FILE = "standing.json"
COMMAND = f"{os.getpid()}-{secrets.token_hex(8)}"
"""Names this command; luigi forks its workers from the process that imported this, so they share it."""
_MOST_COMMANDS = 32


@dataclass(frozen=True)
class Missing:
    """A design without a result: its kernel, and the fault that it met last."""

    kernel: str
    key: str
    status: str
    reason: str


@dataclass
class Standing:
    """What of an output stands for now.

    ``designs`` counts all that were asked for, ``missing`` are those without a result, ``limits`` has the least height
    of each limit that a design used up. ``waits`` says whether what is missing can be run; a replay takes what there
    is. ``commands`` are those for which the output counts as there although something is missing.
    """

    designs: int = 0
    missing: list[Missing] = field(default_factory=list)
    limits: dict[str, float] = field(default_factory=dict)
    waits: bool = True
    commands: list[str] = field(default_factory=lambda: [COMMAND])

    def add(self, kernel: str, outcome: Outcome) -> bool:
        """Counts an outcome in; returns whether it is a result."""
        self.designs += 1
        if outcome.faults:
            first = outcome.faults[0]
            self.missing.append(Missing(kernel, outcome.key, str(first.status), first.reason))
            return False
        if self.waits:
            self._note(outcome.label)
        return True

    def expect(self, kernel: str, awaited: Mapping[str, str]) -> None:
        """Counts in designs, with the fault they met last, of which runs were begun elsewhere."""
        self.designs += len(awaited)
        self.missing += [Missing(kernel, key, status, "") for key, status in awaited.items()]

    def _note(self, label: Label) -> None:
        found = exhausted(label.status, label.reason)
        if found is not None:
            name, height = found
            self.limits[name] = min(height, self.limits.get(name, height))

    @property
    def plain(self) -> bool:
        """Whether there is nothing to say: all is there, whatever the limits."""
        return not self.missing and not self.limits

    @property
    def why(self) -> dict[str, int]:
        """How many designs each fault has kept from a result, the commonest first."""
        return dict(sorted(Counter(one.status for one in self.missing).items(), key=lambda item: (-item[1], item[0])))

    def card(self) -> dict[str, Any] | None:
        """What a card tells of an output that is partial; None where it is whole."""
        if not self.missing:
            return None
        kernels = dict(sorted(Counter(one.kernel for one in self.missing).items()))
        return {"designs": self.designs, "missing": len(self.missing), "kernels": kernels, "why": self.why}

    def cause(self) -> str:
        """The reason of the commonest fault that states one."""
        for status in self.why:
            for one in self.missing:
                if one.status == status and one.reason:
                    return one.reason
        return ""

    def write(self, folder: Path) -> None:
        """Writes the file into an output's folder, where there is something to say."""
        if self.plain:
            return
        value = {
            "designs": self.designs,
            "missing": [[one.kernel, one.key, one.status, one.reason] for one in self.missing],
            "limits": self.limits,
            "waits": self.waits,
            "commands": self.commands if self.missing and self.waits else [],
        }
        with made_whole(folder / FILE) as aside:
            write_json(aside, value)


def standing_of(folder: Path) -> Standing:
    """What stands for now in an output's folder; a file that cannot be read counts as everything missing."""
    try:
        value = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return Standing(
            int(value["designs"]),
            [Missing(*map(str, one)) for one in value["missing"]],
            {str(name): float(height) for name, height in value["limits"].items()},
            bool(value["waits"]),
            [str(one) for one in value["commands"]],
        )
    except FileNotFoundError:
        return Standing()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Standing(missing=[Missing("", "", "unreadable", "")], commands=[])


def joined(parts: Iterable[Standing]) -> Standing:
    """The parts as one."""
    whole = Standing(waits=False)
    for part in parts:
        whole.designs += part.designs
        whole.missing += part.missing
        whole.waits = whole.waits or (part.waits and bool(part.missing))
        for name, height in part.limits.items():
            whole.limits[name] = min(height, whole.limits.get(name, height))
    return whole


def partial_text(card: Mapping[str, Any]) -> str:
    """One sentence on an output that is partial, from :meth:`Standing.card`."""
    why = ", ".join(f"{status} {count:,}" for status, count in card["why"].items())
    return f"partial: {card['missing']:,} of {card['designs']:,} designs have no result ({why})"


def unfinished(standing: Standing, *, what: str = "designs", fix: str = "") -> PipelineError:
    """The one line on designs that have to be run again: how many, why, and what to do; ``fix`` ends it."""
    card = standing.card()
    assert card is not None
    why = ", ".join(f"{status} {count:,}" for status, count in card["why"].items())
    cause = standing.cause()
    return PipelineError(
        f"{card['missing']:,} of {card['designs']:,} {what} have no result: {why}" + (f" ({cause})" if cause else ""),
        fix=f"what is finished is kept; mend the cause and run the same command again{fix}",
    )


def partial_notes(dataset: Path) -> list[str]:
    """A sentence on what a dataset lacks, for whoever uses it; none for a whole one.

    Raises PipelineError where the folder's card is damaged.
    """
    from pipeline.dataset.card import partial_sentences

    card = dataset / "card.json"
    if not card.exists():
        return []
    with intact(card, remove=dataset):
        return partial_sentences(read_own(card, remove=dataset))


class ProvisionalTarget(FolderTarget):
    """A folder that is there where all of it is, under the present limits; see the module.

    ``bounds`` are these limits; without them none is asked for.
    """

    def __init__(self, path: Path, bounds: Bounds | None = None) -> None:
        super().__init__(path)
        self.bounds = bounds

    def exists(self) -> bool:
        """Whether the folder counts as complete for this command."""
        return super().exists() and self._stands()

    def _stands(self) -> bool:
        standing = self.standing
        if standing.missing and standing.waits and COMMAND not in standing.commands:
            return False
        if not standing.limits or self.bounds is None:
            return True
        return all(is_reached(name, height, self.bounds) for name, height in standing.limits.items())

    @property
    def standing(self) -> Standing:
        """What of the folder stands for now."""
        return standing_of(self.path)

    def reopen(self) -> None:
        """Lets the folder count as not there from now on, where something is missing."""
        standing = self.standing
        if standing.missing and standing.waits:
            standing.commands = []
            standing.write(self.path)

    @contextlib.contextmanager
    def write(self) -> Iterator[Path]:
        """As that of every folder; one that no longer counts as there makes room for it."""
        with super().write() as aside:
            yield aside
            if self.path.is_dir() and not self._stands():
                before = self.standing
                # Equal commands may run side by side: each goes on with what the last of them has written.
                mine = standing_of(aside)
                if mine.missing:
                    mine.commands = [*mine.commands, *before.commands][:_MOST_COMMANDS]
                    mine.write(aside)
                gone = aside.with_name(f"{aside.name}0")
                with contextlib.suppress(FileNotFoundError):
                    self.path.rename(gone)
                shutil.rmtree(gone, ignore_errors=True)
