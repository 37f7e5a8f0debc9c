"""Directives of the tool as values: what stands beside a source where its pragmas do not say it.

``set_directive_NAME`` of a script and ``syn.directive.NAME`` of a configuration file are one thing in two spellings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

DIRECTIVES = frozenset(
    {"aggregate", "alias", "allocation", "array_map", "array_partition", "array_reshape", "array_stencil", "bind_op",
     "bind_storage", "cache", "clock", "data_pack", "dataflow", "dependence", "disaggregate", "expression_balance",
     "function_instantiate", "inline", "interface", "latency", "loop_flatten", "loop_merge", "loop_tripcount",
     "occurrence", "performance", "pipeline", "protocol", "reset", "resource", "shared", "stable", "stream", "top",
     "unroll"}
)  # fmt: skip
"""UG1399, "HLS Optimization Directives", and those of Vivado HLS (UG902)."""
FLAGS = frozenset(
    {"byte_pad", "cross", "direct_io", "enable_flush", "force", "object", "off", "recursive", "region", "register",
     "rewind", "skip_exit_check", "unsafe"}
)  # fmt: skip
"""Options without a value."""
NO_VALUE = ("false", "0")
"""What a flag may be given that means it is not set."""

_OPTION = re.compile(r"-([A-Za-z][A-Za-z0-9_]*)(?:=(.+))?", re.DOTALL)
_NAMED = re.compile(r"-?([A-Za-z][A-Za-z0-9_]*)[=:](.*)", re.DOTALL)


@dataclass(frozen=True)
class Directive:
    """One directive: ``set_directive_NAME -OPTION VALUE ... OPERAND ...``; a flag has the value None."""

    name: str
    """Such as ``pipeline`` or ``array_partition``."""
    options: tuple[tuple[str, str | None], ...]
    operands: tuple[str, ...]
    """A location ``function[/label]``, then a variable where the directive takes one."""
    file: str | None = None
    """The script or configuration file that it stands in."""
    line: int | None = None

    @property
    def function(self) -> str:
        """The function that the location names."""
        return self.operands[0].partition("/")[0]

    @property
    def label(self) -> str | None:
        """The label of the loop or region that the location names, None for the function itself."""
        return self.operands[0].partition("/")[2] or None

    @property
    def variable(self) -> str | None:
        """The variable, port or operation: the second operand, or the option ``variable``; None where there is none."""
        return self.operands[1] if len(self.operands) > 1 else self.option("variable")

    def option(self, name: str) -> str | None:
        """The value of an option, its name in any case; empty for a flag that is set, None where it is not given."""
        for key, value in self.options:
            if key.lower() == name.lower():
                return value or ""
        return None


def of_script(name: str, words: Sequence[str], file: str | None = None, line: int | None = None) -> Directive:
    """The directive of a script's command ``set_directive_NAME WORD ...``. ValueError, saying why, for what is none."""
    options: list[tuple[str, str | None]] = []
    operands: list[str] = []
    following = iter(words)
    for word in following:
        option = _OPTION.fullmatch(word)
        if option is None:
            if word.startswith("-"):
                raise ValueError(f"holds the word {word[:60]!r}")
            operands.append(word)
        else:
            options += _read(option[1], option[2], following)
    return _directive(name, options, operands, file, line)


def of_configuration(name: str, words: Sequence[str], file: str | None = None, line: int | None = None) -> Directive:
    """The directive of ``syn.directive.NAME=WORD ...``: location, operands, ``option=value``. ValueError otherwise."""
    options: list[tuple[str, str | None]] = []
    operands: list[str] = []
    for word in words:
        named = _NAMED.fullmatch(word) if operands else None
        if named is not None:
            options += _read(named[1], named[2], iter(()))
        elif operands and word.removeprefix("-").lower() in FLAGS:
            options.append((word.removeprefix("-"), None))
        elif word.startswith("-"):
            raise ValueError(f"holds the word {word[:60]!r}")
        else:
            operands.append(word)
    return _directive(name, options, operands, file, line)


def _directive(
    name: str, options: list[tuple[str, str | None]], operands: list[str], file: str | None, line: int | None
) -> Directive:
    if name not in DIRECTIVES:
        raise ValueError("is no directive of Vitis HLS")
    if not operands:
        raise ValueError("names no location")
    return Directive(name, tuple(options), tuple(operands), file, line)


def _read(name: str, value: str | None, following: Iterator[str]) -> list[tuple[str, str | None]]:
    """The option as pairs; none for a flag that says no."""
    if name.lower() in FLAGS:
        if value in (None, "true", "1"):
            return [(name, None)]
        if value in NO_VALUE:
            return []
        raise ValueError(f"gives the flag -{name} a value")
    if value is None:
        value = next(following, None)
    if value is None:
        raise ValueError(f"gives the option -{name} no value")
    return [(name, value)]
