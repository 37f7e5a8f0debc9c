"""The knowledge that ships with the package, learned from published labels: found, checked and named.

``models/NAME/`` holds weights and constants, never labels, and ``card.json``, which says of what they were made. The
columns that they ask for come from the estimator: knowledge made with another version of it would be asked with other
numbers than it learned from, so it is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import PipelineError
from pipeline.estimator.features import FEATURES
from pipeline.estimator.prepared import VERSION as ESTIMATOR_VERSION
from pipeline.exploration import prior
from pipeline.files import read_text
from pipeline.graphs.schema import VERSION as GRAPH_VERSION
from pipeline.kernels.families import family
from pipeline.resources import data_folder

if TYPE_CHECKING:
    from pipeline.synthesis.backends import Backend

AUTO = "auto"
CARD = "card.json"
SHIPPED = "models"


def made_with() -> dict[str, Any]:
    """The versions that knowledge must have been made with to be of use."""
    return {
        "estimator": ESTIMATOR_VERSION,
        "graphs": GRAPH_VERSION,
        "columns": len(FEATURES),
        "prior": prior.VERSION,
        "processes": prior.PROCESSES_VERSION,
    }


@dataclass(frozen=True)
class Shipped:
    """Knowledge by name, with its card and the hash of its files; ``stale`` says why it must not be used, else None."""

    name: str
    folder: Path
    card: dict[str, Any]
    digest: str

    @property
    def stale(self) -> str | None:
        """Which versions differ from today's; None where none does."""
        told, today = self.card.get("made_with", {}), made_with()
        other = [f"{name} {told.get(name)} (now {now})" for name, now in today.items() if told.get(name) != now]
        return ", ".join(other) or None

    def holds(self, kernel: str, source: str) -> bool:
        """Whether the labels that this source has of the kernel are among what it was learned from."""
        return kernel in self.card["kernels"] and source in (self.card.get("sources") or ())

    def seen(self, kernel: str) -> list[str]:
        """The kernels that it was learned from which are of the kernel's family."""
        return [name for name in self.card["kernels"] if family(name) == family(kernel)]


def shipped_for(backend: Backend, kernels: Collection[str]) -> Shipped | None:
    """The knowledge that searches under a backend start from; None where there is none.

    On estimates none is taken that was learned from a searched kernel's family, as the loop itself then learns from the
    others. Under a replay the labels may be those that it was learned from, so there it is none.
    Raises PipelineError where the card cannot be read.
    """
    found = None if backend.knowledge is None else shipped(backend.knowledge)
    return None if found is not None and backend.estimates and any(map(found.seen, kernels)) else found


def named(knowledge: str) -> Shipped:
    """The knowledge in a folder or of a name. Raises PipelineError where it is absent, broken or stale."""
    found = _read(Path(knowledge).resolve()) if (Path(knowledge) / CARD).is_file() else shipped(knowledge)
    if found is None:
        raise PipelineError(
            f"no knowledge {knowledge[:80]!r}", file="--knowledge", fix="name a folder that MakeKnowledge wrote"
        )
    if found.stale is not None:
        raise PipelineError(
            f"knowledge that is stale: made with {found.stale}", file=str(found.folder),
            fix="make it again with MakeKnowledge, or leave --knowledge out",
        )  # fmt: skip
    return found


def shipped(name: str) -> Shipped | None:
    """The shipped knowledge of that name; None where the package has none. Raises PipelineError for a broken card."""
    try:
        folder = data_folder(SHIPPED) / name
    except PipelineError:
        return None
    return _read(folder) if (folder / CARD).is_file() else None


@lru_cache(maxsize=4)
def _read(folder: Path) -> Shipped:
    file = folder / CARD
    try:
        card = json.loads(read_text(file))
        names = [str(kernel) for kernel in card["kernels"]]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise PipelineError(
            "not the card of knowledge", file=str(file), fix="install the package again, or use --warm-start none"
        ) from None
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.is_file():
            digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return Shipped(folder.name, folder, {**card, "kernels": names}, digest.hexdigest()[:12])


def knowledge_facts(found: Shipped, kernels: Iterable[str]) -> dict[str, Any]:
    """What the summary of a loop on some kernels says of the knowledge that it started from."""
    return {
        "name": found.name,
        "sources": found.card.get("sources"),
        "kernels": len(found.card["kernels"]),
        "designs": found.card.get("designs"),
        "digest": found.digest,
        "used": found.stale is None,
        "stale": found.stale,
        "of_the_family": {name: found.seen(name) for name in kernels},
    }


def knowledge_notice(found: Shipped, kernels: Iterable[str]) -> str:
    """The same as a sentence."""
    if found.stale:
        made = f"the shipped knowledge {found.name} is not used, as it is stale: made with {found.stale}"
        return f"{made}; make knowledge makes it again"
    seen = sorted({one for name in kernels for one in found.seen(name)})
    sources = ", ".join(found.card.get("sources") or ())
    learned = f"starts from shipped knowledge of {len(found.card['kernels'])} kernels ({sources})"
    return learned + (f", among them of this family: {', '.join(seen)}" if seen else "")
