"""Objectives, limits and targets as people write them on a command line."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from pipeline.errors import PipelineError, nearest, plain_number
from pipeline.exploration.figures import AREA, LATENCIES, Figure, figure_of
from pipeline.exploration.objective import FRONT, Limit, Objective, Term
from pipeline.exploration.types import RESOURCES

_OBJECTIVE, _LIMIT, _TARGET = "--objective", "--limit", "--target"
_HOW = "write cycles, ns, dsp, lut%, a sum such as 'cycles + 10*dsp', or pareto(cycles,dsp)"
_MOST = 1e18
"""The largest number of a limit or target; infinity is above."""
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?", re.ASCII)


def objective_of(
    text: str, limits: str = "", *, utilisation_limit: float = 0.8, weights: Mapping[str, float] | None = None
) -> Objective:
    """The objective that a text states: ``cycles``, ``ns``, a resource, a weighted sum of figures, ``weighted`` with
    ``weights``, or ``pareto``, which takes axes as ``pareto(cycles,dsp)``; ``limits`` as :func:`limits_of` reads them.

    Raises PipelineError for what cannot be meant.
    """
    word = text.strip()
    bounds = limits_of(limits)
    for limit in bounds:
        if limit.figure.share and limit.most > round(100 * utilisation_limit, 9):
            raise PipelineError(
                f"--limit {limit.text} has no effect: no utilisation may reach {plain_number(utilisation_limit)}",
                fix=f"leave it out, or give --utilisation-limit {plain_number(limit.most / 100)} or more too",
            )
    if front := re.fullmatch(r"pareto\s*(?:[(:]\s*([^()]*?)\s*\)?)?", word, re.IGNORECASE):
        axes = tuple(figure_of(one, _OBJECTIVE) for one in front[1].split(",")) if front[1] else FRONT
        return Objective("pareto", utilisation_limit, axes=axes, limits=bounds)
    if word.lower() == "weighted":
        return Objective("weighted", utilisation_limit, weights or {}, limits=bounds)
    if weights:
        raise PipelineError("--weights are for --objective weighted", fix="write them into the sum: cycles + 10*dsp")
    # A + within a number such as 1e+3 adds nothing.
    parts = re.split(r"(?<![eE])\+|(?<=[a-zA-Z%]e)\+", word)
    terms = tuple(_term(part) for part in parts)
    if len(terms) == 1 and terms[0] in (Term(1.0, Figure("cycles")), Term(1.0, Figure("ns"))):
        return Objective(terms[0].figure.name, utilisation_limit, limits=bounds)
    twice = [term.figure.text for place, term in enumerate(terms) if term.figure in [t.figure for t in terms[:place]]]
    if twice:
        raise PipelineError(f"--objective {word[:60]!r} adds {twice[0]} twice", fix="add its weights up")
    return Objective("sum", utilisation_limit, terms=terms, limits=bounds)


def _term(text: str) -> Term:
    if "," in text:
        axes = list(dict.fromkeys(figure_of(part, _OBJECTIVE).text for part in text.split(",") if part.strip()))
        fix = f"a front over them is pareto({','.join(axes)})"
        if len(axes) > 3:
            fix = f"a front is over three at most, as in pareto({','.join(axes[:3])})"
        elif len(axes) < 2:
            fix = f"give {axes[0]} once" if axes else _HOW
        raise PipelineError(f"--objective {text.strip()[:40]!r} is several", fix=fix)
    parts = [part.strip() for part in text.split("*")]
    numbers = [part for part in parts if _NUMBER.fullmatch(part)]
    names = [part for part in parts if not _NUMBER.fullmatch(part)]
    if len(names) != 1 or not names[0] or len(numbers) > 1:
        raise PipelineError(f"--objective: {text.strip()[:40]!r} is no figure of a design", fix=_HOW)
    if names[0] != AREA and nearest(names[0], ("pareto", "weighted")):
        raise PipelineError(f"--objective {names[0][:40]!r}", fix=f"did you mean pareto or weighted? {_HOW}")
    weight = float(numbers[0]) if numbers else 1.0
    if not 0 < weight < math.inf:
        raise PipelineError(f"--objective: {text.strip()[:40]!r} weighs nothing", fix="give a weight above 0")
    return Term(weight, figure_of(names[0], _OBJECTIVE))


def limits_of(text: str) -> tuple[Limit, ...]:
    """The limits that a text states: ``dsp=100,lut=40%,latency=1ms,cycles=5000``, each inclusive.

    Raises PipelineError for what cannot be meant, and for a figure that is limited twice.
    """
    found: dict[str, Limit] = {}
    for part in text.split(",") if text.strip() else ():
        name, mark, amount = part.partition("=")
        name = name.strip().removesuffix("<").strip()
        if not mark or not name:
            raise PipelineError(
                f"--limit: {part.strip()[:40]!r} limits nothing", fix="write dsp=100,lut=40%,latency=1ms"
            )
        if "=" in amount or ";" in amount:
            raise PipelineError(
                f"--limit: {part.strip()[:40]!r} is more than one", fix="put commas between them, as in dsp=100,lut=40%"
            )
        limit = _limit(name, amount.strip())
        key = "latency" if limit.figure.is_time else limit.figure.name
        if key in found:
            raise PipelineError(f"--limit names {name[:40]} twice", fix="leave one of them out")
        found[key] = limit
    return tuple(found.values())


def _limit(name: str, amount: str) -> Limit:
    figure = figure_of(name, _LIMIT)
    number, unit = _amount(amount, f"{_LIMIT} {name}")
    if figure.is_latency and number == 0:
        raise PipelineError(f"--limit {name}={amount[:40]} lets no design pass", fix="give a latency above 0")
    if figure.is_time:
        if not unit and name.lower() in ("latency", "time"):
            raise PipelineError(f"--limit {name}={amount} has no unit", fix=f"write {name}={amount}ns, or cycles=N")
        if unit and (unit not in LATENCIES or unit == "cycles"):
            raise PipelineError(f"--limit {name}={amount[:40]}", fix="give a time in s, ms, us or ns")
        return Limit(Figure(unit or figure.name), number)
    if figure.share and unit != "%":
        raise PipelineError(
            f"--limit {name}={amount[:40]} has no unit" if not unit else f"--limit {name}={amount[:40]}",
            fix=f"it is in percent of the device: write {figure.name}={plain_number(number)}%",
        )
    if unit == "%" and not figure.is_latency:
        figure = Figure(figure.name, share=True)
    elif unit and unit != figure.name:
        known = "cycles" if figure.is_latency else f"blocks, or percent of the device ({name}=40%)"
        raise PipelineError(f"--limit {name}={amount[:40]}", fix=f"give {known}")
    if not figure.is_latency and not figure.share and 0 < number < 1:
        raise PipelineError(
            f"--limit {name}={amount} is less than one block",
            fix=f"for a share of the device write {plain_number(100 * number)}%",
        )
    return Limit(figure, number)


def target_of(text: str, objective: Objective) -> float | None:
    """The target that a text states, in the objective's unit; None for an empty text.

    A number alone is in that unit; ``2000 cycles``, ``0.5ms``, ``20dsp``, ``30%`` say theirs. Raises PipelineError
    where that is not the objective's.
    """
    if not text.strip():
        return None
    number, unit = _amount(text.strip(), _TARGET)
    if not unit:
        return number
    figure = _counted(objective)
    if figure is not None:
        if figure.is_time and unit in LATENCIES and unit != "cycles":
            return number * LATENCIES[unit] / LATENCIES[figure.name]
        if unit == figure.name or (figure.share and unit in ("%", figure.text)):
            return number
    raise PipelineError(
        f"--target {text.strip()[:40]} is not in the unit of --objective {objective.text}",
        fix=f"give a number alone, which is {objective.unit}" if figure is None else f"give it in {objective.unit}",
    )


def _counted(objective: Objective) -> Figure | None:
    """The one figure whose unit the objective has; None for a sum of several."""
    if objective.goal in ("cycles", "ns"):
        return Figure(objective.goal)
    if objective.goal == "pareto":
        return objective.axes[0]
    only = objective.terms[0] if len(objective.terms) == 1 else None
    return only.figure if only is not None and only.weight == 1 else None


def _amount(text: str, option: str) -> tuple[float, str]:
    """The number and the unit, in lower case, of a text such as ``40%`` or ``1 ms``."""
    number = _NUMBER.match(text.replace("_", ""))
    value = float(number[0]) if number else math.nan
    if value > _MOST:
        raise PipelineError(f"{option}: {text[:40]!r} is too large", fix=f"give {_MOST:.0e} at most, or leave it out")
    if number is None:
        raise PipelineError(f"{option}: {text[:40]!r} is no number", fix="write a number such as 100, 40% or 1ms")
    unit = text.replace("_", "")[number.end() :].strip().lower()
    if unit not in ("", "%", *LATENCIES) and unit.removesuffix("%") not in [name.lower() for name in RESOURCES]:
        meant = nearest(unit, LATENCIES)
        raise PipelineError(
            f"{option}: {unit[:20]!r} is no unit", fix=(f"did you mean {meant}? " if meant else "") + "write 40% or 1ms"
        )
    return value, unit
