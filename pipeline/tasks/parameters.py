"""Parameters that know what can be meant: a value outside is refused in one line that names the option."""

from __future__ import annotations

import math
import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import luigi

from pipeline.errors import PipelineError, plain_number
from pipeline.last_words import write_error
from pipeline.synthesis.target import clock_option, parse_clock


def option_of(parameter: object) -> str:
    """The option as it is typed, such as ``--target-cycles``, or ``--vitis-part`` for one of a section."""
    name = str(getattr(parameter, "_attribute_name", "value")).replace("_", "-")
    section = getattr(parameter, "_section", "")
    return f"--{section}-{name}" if section else f"--{name}"


class _Named:
    """Knows the section of luigi.cfg that it is a setting of."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._section = owner.__name__ if issubclass(owner, luigi.Config) else ""
        super().__set_name__(owner, name)  # type: ignore[misc]


class _Bounded(_Named):
    """What whole numbers of both kinds share."""

    def __init__(self, *args: Any, least: int = 0, most: int = 10**12, **kwargs: Any) -> None:
        self._least, self._most = least, most
        super().__init__(*args, **kwargs)

    def parse(self, x: str) -> Any:
        """The number that a text states."""
        # int() would take blanks, underscores and digits of other scripts, and as many of them as there are.
        digits = x.strip().removeprefix("+").removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 19):
            raise self._refused(repr(x[:60]))
        return int(x)

    def normalize(self, x: Any) -> Any:
        """The number, within its bounds."""
        if isinstance(x, int) and not isinstance(x, bool) and not self._least <= x <= self._most:
            raise self._refused(str(x))
        return x

    def _refused(self, x: str) -> PipelineError:
        most = f" to {self._most:,}" if self._most < 10**12 else " up"
        return PipelineError(f"{option_of(self)} {x}", fix=f"give a whole number from {self._least}{most}")


class WholeNumber(_Bounded, luigi.IntParameter):
    """A whole number from ``least`` to ``most``; PipelineError for any other."""


class OptionalWholeNumber(_Bounded, luigi.OptionalIntParameter):  # type: ignore[misc]
    """A whole number from ``least`` to ``most``, or none, which is an empty text."""

    def parse(self, x: str) -> Any:
        """The number that a text states."""
        return super().parse(x) if x else None


class Real(_Named, luigi.FloatParameter):
    """A number above ``above`` (at or above ``least``) and at most ``most``, never ``nan``; PipelineError otherwise.

    ``unit`` and ``hint`` are for the message. ``inf`` is taken only where it is the default.
    """

    def __init__(
        self, *args: Any, above: float | None = None, least: float | None = None, most: float = math.inf,
        hint: str = "", **kwargs: Any,
    ) -> None:  # fmt: skip
        self._above, self._lowest, self._most, self._hint = above, least, most, hint
        super().__init__(*args, **kwargs)

    def parse(self, x: str) -> float:
        """The number that a text states."""
        try:
            return float(x)
        except ValueError:
            raise self._refused(repr(x[:60])) from None

    def normalize(self, x: Any) -> Any:
        """The number, within its bounds."""
        if isinstance(x, int | float):
            low = (self._above is not None and x <= self._above) or (self._lowest is not None and x < self._lowest)
            endless = math.isinf(x) and x != self._default
            if math.isnan(x) or endless or low or x > self._most:
                raise self._refused(f"{plain_number(x, 6)}")
        return x

    def _refused(self, x: str) -> PipelineError:
        bounds = []
        if self._above is not None:
            bounds.append(f"above {plain_number(self._above, 6)}")
        if self._lowest is not None:
            bounds.append(f"from {plain_number(self._lowest, 6)}")
        if not math.isinf(self._most):
            bounds.append(f"at most {plain_number(self._most, 6)}")
        wanted = f"give a number {' and '.join(bounds)}" if bounds else "give a number"
        return PipelineError(f"{option_of(self)} {x}", fix=f"{wanted}{f', {self._hint}' if self._hint else ''}")


class Clock(_Named, luigi.OptionalFloatParameter):  # type: ignore[misc]
    """A clock period in ns, of a text such as ``4``, ``4ns`` or ``250MHz``; None, an empty text, where that may be."""

    def parse(self, x: str) -> float | None:
        """The period that a text states."""
        if not x and self._default is None:
            return None
        return parse_clock(x, option_of(self))

    def serialize(self, x: float | None) -> str:
        """The text that :meth:`parse` gives ``x`` for."""
        return "" if x is None else clock_option(x)

    def normalize(self, x: Any) -> Any:
        """The period, within its bounds."""
        if isinstance(x, int | float) and not isinstance(x, bool):
            return parse_clock(f"{x:.9f}ns" if math.isfinite(x) else str(x), option_of(self))
        return x


class Folder(_Named, luigi.Parameter[str]):
    """The path of a folder that is there or can be made; PipelineError for any other."""

    def normalize(self, x: Any) -> Any:
        """The path as it is."""
        if isinstance(x, str):
            self._check(x)
        return x

    @lru_cache(maxsize=64)  # noqa: B019, one parameter a task class
    def _check(self, x: str) -> None:
        fix = f"name a folder that you can write to with {option_of(self)}"
        if not x.strip() or "\0" in x:
            raise PipelineError(f"{option_of(self)} {x!r} names no folder", fix="give the path of a folder")
        path = Path(x).absolute()
        there = next(one for one in (path, *path.parents) if os.path.lexists(one))
        if not there.is_dir():
            raise PipelineError("is no folder", file=str(there), fix=fix)
        # What the kernel makes up, such as /proc, takes no folders and says so only when asked for one.
        if not os.access(there, os.W_OK | os.X_OK) or there.is_relative_to("/proc"):
            raise PipelineError("cannot be written to", file=str(there), fix=fix)


_COMMA = re.compile(r",(?![^<]*>)")
"""A comma that separates names: none between the arguments of a template."""


@lru_cache(maxsize=1024)
def names(text: str) -> tuple[str, ...]:
    """The names in a comma-separated list, in order, without blanks and repeats; a repeat is said, once.

    ``f<1,4>/loop_0`` is one name.
    """
    given = [part.strip() for part in _COMMA.split(text)]
    found = tuple(dict.fromkeys(given))
    if len(found) < len(given) and "" not in found:
        again = next(name for name in found if given.count(name) > 1)
        write_error(f"{text[:200]}: {again} stands there more than once and counts once.\n")
    if found != ("",) and "" in found:
        raise PipelineError(f"an empty name in the list {text!r}", fix="separate names by single commas")
    return () if found == ("",) else found


_TAKEN = (
    (luigi.BoolParameter, "", "true or false"),
    (luigi.IntParameter, "N", "a whole number"),
    (luigi.FloatParameter, "X", "a number"),
)


def taken(parameter: luigi.Parameter[Any]) -> tuple[str, str]:
    """What stands behind an option in its help, and what to give in words; empty where there is nothing to say."""
    other = "TEXT" if getattr(parameter, "_choices", None) is None else "ONE"
    return next(((short, words) for kind, short, words in _TAKEN if isinstance(parameter, kind)), (other, ""))
