"""Rules of a design space: a small expression tree over site values, parsed from text and never run as code.

The text is a subset of Python expressions: site names, whole and decimal numbers, quoted text, ``+ - * / // % **``,
comparisons (chained ones too), ``in`` and ``not in`` a list, ``and``, ``or``, ``not``. Precedence and short circuits
are Python's. A rule that has no answer on a point (division by zero, text in arithmetic, a number of 2**53 or more)
does not hold there; :class:`Undefined` carries the reason.
"""

from __future__ import annotations

import ast
import math
import operator
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pipeline.errors import PipelineError

Scalar = int | float | str | bool

NUMBER_LIMIT = 2**53
"""Numbers of this magnitude and above are refused: below it, int64 and float64 agree on every whole number."""
MAX_TEXT = 20_000
MAX_DEPTH = 100
MAX_NODES = 20_000

_BRACKETS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
_PREFIX_RUN = re.compile(r"(?:(?:\bnot\b|\blambda\b\s*:|\bawait\b|[-+~])\s*){100}")


class Undefined(ArithmeticError):
    """A rule has no answer on a point; the text says why."""


class Rule:
    """A node of a rule's tree. Nodes are immutable and compare by structure."""

    precedence = 9

    def children(self) -> tuple[Rule, ...]:
        """The operands, left to right."""
        return ()

    def evaluate(self, point: Mapping[str, int | str]) -> Scalar:
        """The value on one point; raises :class:`Undefined`, and KeyError for a site that the point lacks."""
        raise TypeError(f"{type(self).__name__} has no value")

    def rebuild(self, operands: tuple[Rule, ...]) -> Rule:
        """The same node over other operands."""
        return self

    @property
    def is_truth(self) -> bool:
        """True where the value is always True or False."""
        return False

    def holds(self, point: Mapping[str, int | str]) -> bool:
        """Whether the rule has an answer on the point and it is true."""
        try:
            return bool(self.evaluate(point))
        except Undefined:
            return False

    def names(self) -> frozenset[str]:
        """The sites that the rule reads."""
        return frozenset(node.site for node in self.walk() if isinstance(node, Name))

    def walk(self) -> Iterator[Rule]:
        """This node and all below it."""
        yield self
        for child in self.children():
            yield from child.walk()

    def substitute(self, replacements: Mapping[str, Rule]) -> Rule:
        """The rule with site names replaced."""
        if isinstance(self, Name):
            return replacements.get(self.site, self)
        operands = self.children()
        return self.rebuild(tuple(child.substitute(replacements) for child in operands)) if operands else self

    def _wrapped(self, precedence: int) -> str:
        return str(self) if self.precedence >= precedence else f"({self})"


@dataclass(frozen=True, slots=True)
class Const(Rule):
    """A number, a text or a truth value."""

    value: Scalar

    @property
    def precedence(self) -> int:  # type: ignore[override]
        """Negative numbers bind like a minus sign."""
        return 7 if isinstance(self.value, int | float) and self.value < 0 else 9

    @property
    def is_truth(self) -> bool:
        """True for True and False."""
        return isinstance(self.value, bool)

    def evaluate(self, point: Mapping[str, int | str]) -> Scalar:
        """The constant."""
        return self.value

    def __str__(self) -> str:
        return repr(self.value)


@dataclass(frozen=True, slots=True)
class Name(Rule):
    """The value of a site."""

    site: str

    def evaluate(self, point: Mapping[str, int | str]) -> Scalar:
        """The point's value of the site."""
        return point[self.site]

    def __str__(self) -> str:
        return self.site


@dataclass(frozen=True, slots=True)
class Minus(Rule):
    """The negative of a number."""

    operand: Rule
    precedence = 7

    def children(self) -> tuple[Rule, ...]:
        """The operand."""
        return (self.operand,)

    def rebuild(self, operands: tuple[Rule, ...]) -> Rule:
        """The negative of another operand."""
        return Minus(operands[0])

    def evaluate(self, point: Mapping[str, int | str]) -> Scalar:
        """The negative."""
        return -_number(self.operand.evaluate(point))

    def __str__(self) -> str:
        return "-" + self.operand._wrapped(7)


@dataclass(frozen=True, slots=True)
class Arithmetic(Rule):
    """``left op right`` with op one of ``+ - * / // % **``."""

    op: str
    left: Rule
    right: Rule

    @property
    def precedence(self) -> int:  # type: ignore[override]
        """As in Python."""
        return {"+": 5, "-": 5, "**": 8}.get(self.op, 6)

    def children(self) -> tuple[Rule, ...]:
        """Left and right."""
        return (self.left, self.right)

    def rebuild(self, operands: tuple[Rule, ...]) -> Rule:
        """The same operation on other operands."""
        return Arithmetic(self.op, *operands)

    def evaluate(self, point: Mapping[str, int | str]) -> Scalar:
        """The number; undefined where it is 2**53 or more, not finite, or a division by zero."""
        return apply_arithmetic(self.op, _number(self.left.evaluate(point)), _number(self.right.evaluate(point)))

    def __str__(self) -> str:
        own = self.precedence
        left, right = (9, 7) if self.op == "**" else (own, own + 1)
        return f"{self.left._wrapped(left)} {self.op} {self.right._wrapped(right)}"


@dataclass(frozen=True, slots=True)
class Options(Rule):
    """A list of values, the right side of ``in``."""

    items: tuple[Rule, ...]

    def children(self) -> tuple[Rule, ...]:
        """The items."""
        return self.items

    def rebuild(self, operands: tuple[Rule, ...]) -> Rule:
        """A list of other items."""
        return Options(operands)

    def __str__(self) -> str:
        return "[" + ", ".join(item._wrapped(1) for item in self.items) + "]"


@dataclass(frozen=True, slots=True)
class Comparisons(Rule):
    """A chain of comparisons: ``first ops[0] rest[0] ops[1] rest[1] ...``."""

    first: Rule
    ops: tuple[str, ...]
    rest: tuple[Rule, ...]
    precedence = 4

    @property
    def is_truth(self) -> bool:
        """Always."""
        return True

    def children(self) -> tuple[Rule, ...]:
        """All operands."""
        return (self.first, *self.rest)

    def rebuild(self, operands: tuple[Rule, ...]) -> Rule:
        """The same chain over other operands."""
        return Comparisons(operands[0], self.ops, operands[1:])

    def evaluate(self, point: Mapping[str, int | str]) -> Scalar:
        """True or False."""
        left = self.first.evaluate(point)
        for op, right_rule in zip(self.ops, self.rest, strict=True):
            if isinstance(right_rule, Options):
                found = any([_equal(left, item.evaluate(point)) for item in right_rule.items])
                if found != (op == "in"):
                    return False
                continue
            right = right_rule.evaluate(point)
            if op in ("==", "!="):
                answer = _equal(left, right) == (op == "==")
            else:
                answer = ORDERINGS[op](_number(left), _number(right))
            if not answer:
                return False
            left = right
        return True

    def __str__(self) -> str:
        text = self.first._wrapped(5)
        for op, operand in zip(self.ops, self.rest, strict=True):
            text += f" {op} {operand._wrapped(5)}"
        return text


@dataclass(frozen=True, slots=True)
class Not(Rule):
    """True where the operand is false."""

    operand: Rule
    precedence = 3

    @property
    def is_truth(self) -> bool:
        """Always."""
        return True

    def children(self) -> tuple[Rule, ...]:
        """The operand."""
        return (self.operand,)

    def rebuild(self, operands: tuple[Rule, ...]) -> Rule:
        """The negation of another operand."""
        return Not(operands[0])

    def evaluate(self, point: Mapping[str, int | str]) -> Scalar:
        """True or False."""
        return not self.operand.evaluate(point)

    def __str__(self) -> str:
        return "not " + self.operand._wrapped(3)


@dataclass(frozen=True, slots=True)
class _Joined(Rule):
    """Several items with one word between them."""

    items: tuple[Rule, ...]

    @property
    def is_truth(self) -> bool:
        """Where all items are."""
        return all(item.is_truth for item in self.items)

    def children(self) -> tuple[Rule, ...]:
        """The items."""
        return self.items

    def rebuild(self, operands: tuple[Rule, ...]) -> Rule:
        """The same word between other items."""
        return type(self)(operands)


@dataclass(frozen=True, slots=True)
class And(_Joined):
    """True where all items are; items after the first false one are not looked at."""

    precedence = 2

    def evaluate(self, point: Mapping[str, int | str]) -> Scalar:
        """True or False."""
        return all(item.evaluate(point) for item in self.items)

    def __str__(self) -> str:
        return " and ".join(item._wrapped(3) for item in self.items)


@dataclass(frozen=True, slots=True)
class Or(_Joined):
    """True where any item is; items after the first true one are not looked at."""

    precedence = 1

    def evaluate(self, point: Mapping[str, int | str]) -> Scalar:
        """True or False."""
        return any(item.evaluate(point) for item in self.items)

    def __str__(self) -> str:
        return " or ".join(item._wrapped(2) for item in self.items)


TRUE = Const(True)
"""The rule of a site whose values are always allowed."""

ORDERINGS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def all_of(*rules: Rule) -> Rule:
    """The conjunction of rules, flat and without those that always hold."""
    items: list[Rule] = []
    for rule in rules:
        items += rule.items if isinstance(rule, And) else (rule,)
    items = [item for item in items if item != TRUE]
    return And(tuple(items)) if len(items) > 1 else items[0] if items else TRUE


def any_of(*rules: Rule) -> Rule:
    """The disjunction of rules, flat."""
    items: list[Rule] = []
    for rule in rules:
        items += rule.items if isinstance(rule, Or) else (rule,)
    return Or(tuple(items)) if len(items) > 1 else items[0]


def compare(left: Rule, op: str, right: Rule) -> Comparisons:
    """One comparison."""
    return Comparisons(left, (op,), (right,))


def apply_arithmetic(op: str, left: float, right: float) -> float:
    """``left op right`` on two numbers; raises :class:`Undefined` by the limits of the module."""
    result: float
    if op == "+":
        result = left + right
    elif op == "-":
        result = left - right
    elif op == "*":
        result = left * right
    elif op == "**":
        if not isinstance(left, int) or not isinstance(right, int) or not 0 <= right <= 64:
            raise Undefined("a power needs whole numbers and an exponent from 0 to 64")
        result = int(left) ** int(right)
    else:
        if right == 0:
            raise Undefined("division by zero")
        try:
            result = left / right if op == "/" else left // right if op == "//" else left % right
        except OverflowError as error:
            raise Undefined("a number is too large") from error
    if isinstance(result, float) and not math.isfinite(result):
        raise Undefined("a number is not finite")
    if isinstance(result, int) and abs(result) >= NUMBER_LIMIT:
        raise Undefined("a number is 2**53 or more")
    return result


def _number(value: Scalar) -> float:
    if isinstance(value, str):
        raise Undefined(f"the text {value!r} is used as a number")
    return value


def _equal(left: Scalar, right: Scalar) -> bool:
    return isinstance(left, str) == isinstance(right, str) and left == right


# --- text to tree -----------------------------------------------------------------------------------------------------

_ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
}
_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}
_NOT_ALLOWED: dict[type[ast.AST], str] = {
    ast.Call: "a function call",
    ast.Attribute: "a dotted name",
    ast.Subscript: "an index",
    ast.Lambda: "a lambda",
    ast.IfExp: "an 'if ... else'",
    ast.ListComp: "a list comprehension",
    ast.JoinedStr: "a formatted text",
    ast.NamedExpr: "an assignment",
    ast.BitAnd: "the bit operation '&'",
    ast.BitOr: "the bit operation '|'",
    ast.BitXor: "the bit operation '^'",
    ast.LShift: "the bit operation '<<'",
    ast.RShift: "the bit operation '>>'",
    ast.Invert: "the bit operation '~'",
    ast.MatMult: "the operator '@'",
    ast.Is: "'is'",
    ast.IsNot: "'is not'",
}


def parse_rule(text: str, *, file: str | None = None, site: str | None = None) -> Rule:
    """The rule that a text states; blank text is the rule that always holds.

    Raises :class:`PipelineError` naming ``file`` and ``site`` for any text that is no rule, however long or deep.
    """
    place = f"rule of {site}" if site else "rule"
    if not text.strip():
        return TRUE
    tree = parse_expression(text, file=file, place=place)
    return rule_from_ast(tree, file=file, place=place)


def parse_expression(text: str, *, file: str | None = None, place: str = "rule") -> ast.expr:
    """The syntax tree of one Python expression, within the module's limits; nothing of it is ever run."""

    def refuse(why: str) -> PipelineError:
        return PipelineError(
            f"{place}: {why} in {_shown(text)}", file=file, fix="see the rule grammar of design spaces"
        )

    if len(text) > MAX_TEXT:
        raise refuse(f"more than {MAX_TEXT} characters")
    depth = 0
    for character in text:
        depth += _BRACKETS.get(character, 0)
        if depth > MAX_DEPTH:
            raise refuse(f"brackets nested deeper than {MAX_DEPTH}")
    if _PREFIX_RUN.search(text):
        raise refuse(f"a run of more than {MAX_DEPTH} prefix operators")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Newlines inside a rule are layout, as in brackets.
            return ast.parse(" ".join(text.split("\n")).strip(), mode="eval").body
    except SyntaxError as error:
        raise refuse(f"not an expression ({str(error.msg)[:80]})") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise refuse(f"not an expression ({type(error).__name__})") from None


def rule_from_ast(tree: ast.expr, *, file: str | None = None, place: str = "rule") -> Rule:
    """The rule of a syntax tree; raises :class:`PipelineError` for anything outside the rule language."""
    return _Reader(file, place).read(tree, 0)


class _Reader:
    """Turns a syntax tree into a rule, counting nodes and depth."""

    def __init__(self, file: str | None, place: str) -> None:
        self.file = file
        self.place = place
        self.nodes = 0

    def refuse(self, why: str) -> PipelineError:
        return PipelineError(f"{self.place}: {why}", file=self.file, fix="see the rule grammar of design spaces")

    def read(self, node: ast.expr, depth: int) -> Rule:
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise self.refuse(f"an expression deeper than {MAX_DEPTH} levels or with more than {MAX_NODES} parts")
        below = depth + 1
        if isinstance(node, ast.Constant):
            return self.constant(node.value)
        if isinstance(node, ast.Name):
            return Name(node.id)
        if isinstance(node, ast.BoolOp):
            items = [self.read(item, below) for item in node.values]
            return all_of_items(items) if isinstance(node.op, ast.And) else any_of(*items)
        if isinstance(node, ast.UnaryOp):
            return self.unary(node, below)
        if isinstance(node, ast.BinOp):
            op = _ARITHMETIC.get(type(node.op))
            if op is None:
                raise self.not_allowed(node.op)
            return Arithmetic(op, self.number(node.left, below), self.number(node.right, below))
        if isinstance(node, ast.Compare):
            return self.comparison(node, below)
        raise self.not_allowed(node)

    def not_allowed(self, node: ast.AST) -> PipelineError:
        what = _NOT_ALLOWED.get(type(node), f"'{type(node).__name__}'")
        return self.refuse(f"{what} is not part of the rule language")

    def constant(self, value: object) -> Rule:
        if isinstance(value, bool | str):
            return Const(value)
        if isinstance(value, int):
            if abs(value) >= NUMBER_LIMIT:
                raise self.refuse("a number of 2**53 or more")
            return Const(value)
        if isinstance(value, float) and math.isfinite(value):
            return Const(value)
        raise self.refuse(f"the constant {str(value)[:40]} is not part of the rule language")

    def unary(self, node: ast.UnaryOp, depth: int) -> Rule:
        if isinstance(node.op, ast.Not):
            return Not(self.read(node.operand, depth))
        if isinstance(node.op, ast.Invert):
            raise self.not_allowed(node.op)
        operand = self.number(node.operand, depth)
        plain = isinstance(operand, Const) and not isinstance(operand.value, bool | str)
        if isinstance(node.op, ast.UAdd):
            return operand if plain else Arithmetic("+", Const(0), operand)
        if isinstance(operand, Const) and not isinstance(operand.value, bool | str):
            return Const(-operand.value)
        return Minus(operand)

    def value(self, node: ast.expr, depth: int) -> Rule:
        rule = self.read(node, depth)
        if isinstance(rule, And | Or) and not rule.is_truth:
            raise self.refuse(f"'{_shown(str(rule))}' is used as a value")
        return rule

    def number(self, node: ast.expr, depth: int) -> Rule:
        rule = self.value(node, depth)
        if isinstance(rule, Const) and isinstance(rule.value, str):
            raise self.refuse(f"the text {_shown(rule.value)} is used as a number")
        return rule

    def comparison(self, node: ast.Compare, depth: int) -> Rule:
        ops, rest = [], []
        left = first = self.value(node.left, depth)
        for op_node, operand in zip(node.ops, node.comparators, strict=True):
            op = _COMPARISONS.get(type(op_node))
            if op is None:
                raise self.not_allowed(op_node)
            if op in ("in", "not in"):
                if not isinstance(operand, ast.List | ast.Tuple | ast.Set):
                    raise self.refuse(f"the right side of '{op}' is no list")
                right: Rule = Options(tuple(self.value(item, depth + 1) for item in operand.elts))
                if op_node is not node.ops[-1]:
                    raise self.refuse(f"a comparison goes on after '{op} [...]'")
            else:
                right = self.value(operand, depth)
            for side in (left, right):
                if op in ORDERINGS and isinstance(side, Const) and isinstance(side.value, str):
                    raise self.refuse(f"the text {_shown(side.value)} is compared with '{op}'")
            ops.append(op)
            rest.append(right)
            left = right
        return Comparisons(first, tuple(ops), tuple(rest))


def all_of_items(items: list[Rule]) -> Rule:
    """The conjunction of items, flat, keeping constants as written."""
    flat: list[Rule] = []
    for item in items:
        flat += item.items if isinstance(item, And) else (item,)
    return And(tuple(flat)) if len(flat) > 1 else flat[0]


def _shown(text: str) -> str:
    text = " ".join(text.split())
    return repr(text if len(text) <= 80 else text[:77] + "...")
