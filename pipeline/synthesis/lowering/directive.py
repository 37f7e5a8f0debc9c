"""Vitis HLS directives, written as a pragma or as a TCL command (UG1399, "HLS Optimization Directives").

The pragmas keep the positional spelling (``cyclic factor=4``, ``inter false``) that every version since 2020.1 reads.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LoweredDirective:
    """A directive: options in order (a flag has None), and the variable it is about, where it has one."""

    name: str
    options: tuple[tuple[str, str | None], ...] = ()
    variable: str | None = None

    def pragma(self) -> str:
        """The line ``#pragma HLS ...``."""
        words = [f"#pragma HLS {self.name}"]
        if self.name == "interface":
            named = dict(self.options)
            words.append(named.pop("mode") or "")
            words.append(f"port={self.variable}")
            words += [f"{key}={value}" for key, value in named.items()]
            return " ".join(words)
        if self.variable is not None:
            words.append(f"variable={self.variable}")
        for key, value in self.options:
            if value is None:
                words.append(key)
            elif key in ("type", "dependent"):
                words.append(value)
            else:
                words.append(f"{key}={value}")
        return " ".join(words)

    def tcl(self, location: str) -> str:
        """The command ``set_directive_...`` for ``FUNCTION`` or ``FUNCTION/LABEL``."""
        words = [f"set_directive_{self.name}"]
        if self.name == "dependence" and self.variable is not None:
            words.append(f"-variable {self.variable}")
        words += [f"-{key}" if value is None else f"-{key} {value}" for key, value in self.options]
        words.append(f'"{location}"')
        if self.variable is not None and self.name != "dependence":
            words.append(self.variable)
        return " ".join(words)


PIPELINE = LoweredDirective("pipeline")
PIPELINE_OFF = LoweredDirective("pipeline", (("off", None),))
UNROLL = LoweredDirective("unroll")
NO_FLATTEN = LoweredDirective("loop_flatten", (("off", None),))
INLINE = LoweredDirective("inline")


def unroll(factor: int, *, divides: bool) -> LoweredDirective:
    """Partial unrolling; ``skip_exit_check`` is safe only where the factor divides the trip count (UG1399)."""
    options: tuple[tuple[str, str | None], ...] = (("factor", str(factor)),)
    return LoweredDirective("unroll", (*options, ("skip_exit_check", None)) if divides else options)


def tripcount(least: int, most: int) -> LoweredDirective:
    """Bounds on the number of iterations, for reports only."""
    return LoweredDirective("loop_tripcount", (("min", str(least)), ("max", str(most))))


def independent(variable: str) -> LoweredDirective:
    """No dependence between iterations through this array."""
    return LoweredDirective("dependence", (("type", "inter"), ("dependent", "false")), variable)


def partition(variable: str, kind: str, factor: int | None, dim: int) -> LoweredDirective:
    """A dimension (from 1) split into banks: ``cyclic`` or ``block`` by a factor, or ``complete``."""
    options: list[tuple[str, str | None]] = [("type", kind)]
    if factor is not None:
        options.append(("factor", str(factor)))
    return LoweredDirective("array_partition", (*options, ("dim", str(dim))), variable)


def interface(mode: str, port: str, **options: str) -> LoweredDirective:
    """The interface of an argument, or of the function itself for the port ``return``."""
    return LoweredDirective("interface", (("mode", mode), *options.items()), port)
