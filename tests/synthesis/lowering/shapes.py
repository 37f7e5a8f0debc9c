"""Random C kernels with loops that the suite lacks; every access stays inside its array by construction."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st

from tests.kernels.harness import Argument

HEAD = """
typedef struct { int x; int v[4]; } item;
int table[24][24];
static int total;
static int helper(int row[24], int by)
{
    int s = 0;
    int q;
#pragma ACCEL PARALLEL FACTOR=auto{__PARA__H0}
    for (q = 0; q < 24; q++) {
        s += row[q];
        row[q] = row[q] + by;
    }
    return s;
}
"""
SIGNATURE = (
    Argument("n", np.int32, (), lambda generator: generator.integers(0, 12)),
    Argument("a", np.int32, (24, 24)),
    Argument("b", np.int32, (24, 24)),
    Argument("line", np.int64, (640,)),
    Argument("f", np.float64, (24, 24)),
    Argument("g", np.float64, (24,)),
    Argument("items", np.dtype([("x", np.int32), ("v", np.int32, 4)]), (24,)),
    Argument("out", np.int32, (64,)),
)
PARAMETERS = (
    "int n, int a[24][24], const int b[24][24], long line[640], double f[24][24], double g[24], item items[24], "
    "int out[64]"
)


@dataclass
class _Program:
    draw: st.DrawFn
    loops: int = 0
    outs: int = 0
    fresh: int = 0
    declared: list[str] = field(default_factory=list)

    def pick(self, *values: str) -> str:
        return self.draw(st.sampled_from(values))

    def number(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def index(self, variables: list[str]) -> str:
        """An expression with a value from 0 to 23; loop variables run from 0 to 15."""
        kind = self.number(0, 3)
        if not variables or kind == 0:
            return str(self.number(0, 23))
        variable = self.pick(*variables)
        return (variable, f"{variable} + {self.number(1, 4)}", f"{self.number(15, 20)} - {variable}")[kind - 1]

    def value(self, variables: list[str]) -> str:
        i, j = self.index(variables), self.index(variables)
        return self.pick(
            f"a[{i}][{j}]", f"b[{i}][{j}]", f"table[{i}][{j}]", f"items[{i}].x", f"items[{i}].v[{self.number(0, 3)}]",
            f"(int)line[({i}) * 24 + {j}]", "n", "t", "u", *(f"(int){name}" for name in variables),
            str(self.number(-9, 9)),
        )  # fmt: skip

    def expression(self, variables: list[str]) -> str:
        left, right = self.value(variables), self.value(variables)
        operator = self.pick("+", "-", "^", "&")
        return f"({left} {operator} {right}) & 1023"

    def statement(self, variables: list[str], depth: int, in_loop: bool) -> list[str]:
        i, j = self.index(variables), self.index(variables)
        kind = self.number(0, 13)
        value = self.expression(variables)
        match kind:
            case 0 | 1:
                return [f"a[{i}][{j}] = {value};"]
            case 2:
                return [f"a[{i}][{j}] += {value};"]
            case 3:
                return [f"line[({i}) * 24 + {j}] = {value};"]
            case 4:
                return [f"t = {value};"]
            case 5:
                return [f"u += {self.value(variables)} & 63;"]
            case 6:
                return [f"items[{i}].{self.pick('x', 'v[1]', 'v[3]')} = {value};"]
            case 7:
                return [f"f[{i}][{j}] += g[{self.index(variables)}] * 0.5;"]
            case 8:
                return [f"table[{i}][{j}] = {value};"]
            case 9:
                return [f"g[{i}] = g[{i}] + f[{i}][{j}] * 0.25;"]
            case 10:
                return [f"if ({value} > 300) {{", *self.statement(variables, 9, in_loop), "}"]
            case 11 if in_loop:
                return [f"if (({value}) == 7) {self.pick('break', 'continue')};"]
            case 12 if depth < 2:
                return [f"total += helper({self.pick('a', 'table')}[{i}], {self.number(1, 3)}) & 255;"]
            case 13 if depth < 3:
                name = self.new("w")
                return [f"int {name} = {value};", f"a[{i}][{j}] = {name} + t;"]
        return [f"t += {self.value(variables)} & 15;"]

    def new(self, stem: str) -> str:
        self.fresh += 1
        return f"{stem}{self.fresh}"

    def block(self, variables: list[str], depth: int) -> list[str]:
        lines: list[str] = []
        for _ in range(self.number(1, 3)):
            if depth < 3 and self.loops < 6 and self.draw(st.booleans()):
                lines += self.loop(variables, depth)
            else:
                lines += self.statement(variables, depth, depth > 0)
        # A declaration may follow another block's; names are all different, except where one shadows on purpose.
        return lines

    def loop(self, variables: list[str], depth: int) -> list[str]:
        number = self.loops
        self.loops += 1
        kind = self.number(0, 13)
        ctype = self.pick("int", "int", "unsigned", "unsigned char", "long", "short")
        shadow = variables and self.number(0, 9) == 0
        name = self.pick(*variables) if shadow else f"i{number}"
        inside = kind in (0, 3, 6) or shadow
        outer = [variable for variable in variables if variable != name]
        low, step = self.number(0, 5), self.number(1, 4)
        high = self.number(0, 16)
        set_to = f"{ctype} {name}" if inside else name
        if not inside:
            self.declared.append(f"{ctype} {name} = 0;")
        signed = ctype in ("int", "long", "short")
        bound = self.pick(*outer) if outer and not shadow else "n"
        header = {
            0: f"{set_to} = {low}; {name} < {high}; {name}++",
            1: f"{set_to} = {low}; {name} < 16; {name} += {step}",
            2: f"{set_to} = 15; {name} > {low}; {name}--",
            3: f"{set_to} = {low}; {name} <= 15; {name} = {name} + {step}",
            4: f"{set_to} = 0; {name} < 12; {name}++",
            5: f"{set_to} = 0; {name} != 8; {name}++",
            6: f"{ctype} {name} = 0; {name} < ({ctype}){bound}; {name}++",
            7: f"{set_to} = ({ctype}){bound}; {name} < 16; {name}++",
            8: f"{set_to} = 15; {name} >= 1; {name} -= {self.number(1, 2)}" if signed else f"{set_to} = 9; {name}--;",
            9: f"{set_to} = 0; {name} < 0; {name}++",
            10: f"{set_to} = {self.number(0, 3)}; {name} < 16 && t < 5000; {name}++",
        }.get(kind, f"{set_to} = 0; {name} < {self.number(1, 16)}; {name}++")
        seen = [*outer, name]
        pragmas = [f"#pragma ACCEL PARALLEL {self.pick('', 'reduction=u', 'reduction=g', 'reduction')} "
                   f"FACTOR=auto{{__PARA__L{number}}}", f"#pragma ACCEL PIPELINE auto{{__PIPE__L{number}}}",
                   f"#pragma ACCEL TILE FACTOR=auto{{__TILE__L{number}}}"]  # fmt: skip
        body = self.block(seen, depth + 1)
        lines = [*pragmas]
        if self.number(0, 4) == 0:
            lines.append(f"user_{number}:")
        if kind == 11 and not inside:
            lines = [f"{name} = {self.number(1, 15)};", *lines, f"while ({name} > 0) {{", f"{name}--;"]
            # continue must not skip the update, which stands first
            lines += [*body, "}"]
        elif kind == 12 and not inside:
            lines = [f"{name} = 0;", *lines, "do {", *[text.replace("continue;", "break;") for text in body],
                     f"{name}++;", f"}} while ({name} < {self.number(1, 16)});"]  # fmt: skip
        else:
            lines += [f"for ({header}) {{", *body, "}"]
        if not inside and self.outs < 60 and self.draw(st.booleans()):
            lines.append(f"out[{self.outs}] += (int){name};")
            self.outs += 1
        return lines


@st.composite
def programs(draw: st.DrawFn) -> str:
    """The text of a kernel ``shape`` with the arguments of ``SIGNATURE``."""
    program = _Program(draw)
    body: list[str] = []
    for _ in range(draw(st.integers(1, 2))):
        body += program.loop([], 0)
    lines = [*program.declared, "int t = 1;", "int u = n;", "total = 0;", *body]
    lines += [f"out[{60 + place}] = {what};" for place, what in enumerate(("t", "u", "total", "table[3][5]"))]
    return f"{HEAD}void shape({PARAMETERS})\n{{\n" + "\n".join(lines) + "\n}\n"


class _Nest(_Program):
    """Nests whose outer iterations mostly are independent, so that copies of them can be moved inwards."""

    def own(self, outer: list[str], inner: list[str]) -> str:
        """An element of the outer iteration's own; now and then of another's."""
        first = outer[0]
        if self.number(0, 19) == 0:
            first = self.pick(f"{first} + 1", "3", *inner[:1])
        second = self.index(inner) if inner and self.number(0, 3) else str(self.number(0, 23))
        return self.pick(f"a[{first}][{second}]", f"line[({first}) * 24 + ({second})]", f"items[{first}].x")

    def read(self, variables: list[str]) -> str:
        i, j = self.index(variables), self.index(variables)
        return self.pick(f"b[{i}][{j}]", f"table[{i}][{j}]", "n", *(f"(int){name}" for name in variables))

    def work(self, outer: list[str], inner: list[str]) -> list[str]:
        variables = [*outer, *inner]
        value = f"({self.read(variables)} + {self.read(variables)}) & 255"
        match self.number(0, 8):
            case 0 | 1:
                return [f"{self.own(outer, inner)} = ({value}) + (int)({self.own(outer, inner)} & 7);"]
            case 2:
                return [f"s += {value};"]
            case 3:
                return [f"s = {value};", f"{self.own(outer, inner)} = s ^ t;"]
            case 4:
                return [f"t = {value};"]
            case 5:
                return [f"if ({value} > 99) {{", *self.work(outer, inner), "}"]
            case 6:
                return [f"z += g[{self.index(inner)}] * f[{self.index(variables)}][{self.index(inner)}];"]
            case 7:
                return [f"f[{outer[0]}][{self.index(inner)}] = z * 0.5;"]
        return [f"{self.own(outer, inner)} += s & t;"]

    def nest(self, outer: list[str], inner: list[str]) -> list[str]:
        lines: list[str] = []
        for _ in range(self.number(1, 4)):
            if len(inner) < 2 and self.number(0, 1):
                name = self.pick("j", "k") if not inner else "m"
                number = self.loops
                self.loops += 1
                bound = str(self.number(1, 9)) if self.number(0, 9) else outer[0]
                lines += [f"#pragma ACCEL PARALLEL reduction={self.pick('z', 's')} FACTOR=auto{{__PARA__L{number}}}",
                          f"#pragma ACCEL PIPELINE auto{{__PIPE__L{number}}}",
                          f"#pragma ACCEL TILE FACTOR=auto{{__TILE__L{number}}}",
                          self.pick(f"for ({name} = 0; {name} < {bound}; {name}++) {{",
                                    f"for ({name} = 10; {name} > {self.number(0, 8)}; {name} -= 2) {{",
                                    f"for (int {name} = 1; {name} <= {bound}; {name}++) {{"),
                          *self.nest(outer, [*inner, name]), "}"]  # fmt: skip
            else:
                lines += self.work(outer, inner)
        return lines


@st.composite
def nests(draw: st.DrawFn) -> str:
    """The text of a kernel ``shape`` whose outer loop often has independent iterations."""
    program = _Nest(draw, loops=1)
    header = program.pick(
        "for (i = 0; i < 13; i++)", "for (i = 15; i >= 2; i--)", "for (short i = 1; i < 16; i += 2)",
        "for (unsigned char i = 0; i < 8; i++)", "for (i = 0; i != 16; i += 4)",
    )  # fmt: skip
    starts = [start for start in ("s = 0;", "t = 1;", "z = 0.0;") if draw(st.integers(0, 5))]
    body = [*starts, *program.nest(["i"], [])]
    lines = ["int i = 5, j = 0, k = 0, m = 0, s = 3, t = 1, u = n;", "double z = 1.0;", "total = 0;",
             "#pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}", "#pragma ACCEL PIPELINE auto{__PIPE__L0}",
             "#pragma ACCEL TILE FACTOR=auto{__TILE__L0}", f"{header} {{", *body, "}",
             "out[0] = i + 100 * j + 10000 * k + m;", "out[1] = s;", "out[2] = t;", "out[3] = (int)(z * 64.0);",
             "out[4] = u;"]  # fmt: skip
    return f"{HEAD}void shape({PARAMETERS})\n{{\n" + "\n".join(lines) + "\n}\n"
