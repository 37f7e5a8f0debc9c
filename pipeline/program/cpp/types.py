"""C++ types, as clang writes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from pycparser import c_ast

_TOKEN = re.compile(r"\(lambda at [^()]*\)|\((?:anonymous|unnamed)[^()]*\)|[A-Za-z_$]\w*|::|&&|\d+\w*|[^\s]")
ANONYMOUS = "(anonymous namespace)"
"""How clang writes a namespace without a name."""
_BUILTIN = {
    "void", "bool", "char", "short", "int", "long", "signed", "unsigned", "float", "double", "_Float16", "__int128",
    "wchar_t", "char16_t", "char32_t", "char8_t", "_Bool", "__fp16", "__bf16", "__float128",
}  # fmt: skip
_WORDS = {"const", "volatile", "struct", "class", "union", "enum", "typename", "__restrict", "restrict", "_Atomic"}
LIBRARY_TYPES = {
    "int8_t": "signed char", "uint8_t": "unsigned char", "int16_t": "short", "uint16_t": "unsigned short",
    "int32_t": "int", "uint32_t": "unsigned int", "int64_t": "long", "uint64_t": "unsigned long",
    "size_t": "unsigned long",
    "ssize_t": "long", "ptrdiff_t": "long", "intptr_t": "long", "uintptr_t": "unsigned long", "uchar": "unsigned char",
    "uint": "unsigned int", "ushort": "unsigned short", "ulong": "unsigned long", "half": "_Float16",
    "ap_slong": "long long", "ap_ulong": "unsigned long long", "nullptr_t": "long", "char16_t": "unsigned short",
    "char32_t": "unsigned int", "char8_t": "unsigned char", "u_int8_t": "unsigned char", "int_fast8_t": "signed char",
    "u_int16_t": "unsigned short", "u_int32_t": "unsigned int", "u_int64_t": "unsigned long", "intmax_t": "long",
    "uintmax_t": "unsigned long",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CppType:
    """A type. ``kind`` is ``plain`` (a builtin), ``number`` (a vendor's integer or fixed-point number), ``record``,
    ``pointer``, ``reference``, ``array``, ``function`` or ``lambda``."""

    kind: str
    name: str = ""
    """Of a plain type its words; of a number or record its name with arguments, without blanks around them."""
    to: CppType | None = None
    length: int | None = None
    const: bool = False
    arguments: tuple[str, ...] = ()
    """Template arguments of a record or number, as text."""
    rvalue: bool = False

    @property
    def scalar(self) -> bool:
        """Whether a value is one number or pointer."""
        return self.kind in ("plain", "number", "pointer")


class Unreadable(ValueError):
    """A type that is not understood."""


class TypeReader:
    """Reads types by their text; ``alias`` gives what a name of a typedef stands for, None for other names."""

    def __init__(self, alias: Callable[[str], str | None], enums: Callable[[str], bool]) -> None:
        self.alias = alias
        self.enums = enums
        self.constants: Mapping[str, int] = {}
        """The numbers that names stand for in arguments of templates."""
        self._known: dict[str, CppType] = {}
        self._depth = 0

    def forget(self) -> None:
        """Types read so far; a name may stand for another one from here."""
        self._known = {}

    def read(self, text: str) -> CppType:
        """The type; raises Unreadable."""
        found = self._known.get(text)
        if found is None:
            if self._depth > 40:
                raise Unreadable(text)
            self._depth += 1
            try:
                words = _TOKEN.findall(text)
                found, end = self._type(words, 0)
                if end != len(words) and words[end : end + 1] not in (["noexcept"], ["mutable"]):
                    raise Unreadable(text)
            finally:
                self._depth -= 1
            self._known[text] = found
        return found

    def _type(self, words: list[str], at: int) -> tuple[CppType, int]:
        const = False
        plain: list[str] = []
        base: CppType | None = None
        while at < len(words):
            word = words[at]
            if word in _WORDS:
                const = const or word == "const"
                at += 1
            elif base is None and word == "_BitInt" and words[at + 1 : at + 2] == ["("]:
                sign = "ap_uint" if "unsigned" in plain else "ap_int"
                base, plain = CppType("number", f"{sign}<{words[at + 2]}>", arguments=(words[at + 2],)), []
                at += 4
            elif base is None and word in _BUILTIN:
                plain.append(word)
                at += 1
            elif base is None and not plain and (word[0].isalpha() or word[0] in "_$" or word in ("::", ANONYMOUS)):
                base, at = self._named(words, at)
            elif base is None and not plain and word.startswith("(lambda"):
                base, at = CppType("lambda", word), at + 1
            elif base is None and not plain and word.startswith(("(anonymous", "(unnamed")):
                meant = self.alias(word)
                other = CppType("plain", "int") if " enum at " in word else CppType("record", word)
                base, at = self.read(meant) if meant is not None else other, at + 1
            else:
                break
        if base is None:
            if not plain:
                raise Unreadable(" ".join(words))
            base = CppType("plain", " ".join("_Bool" if word == "bool" else word for word in plain))
        if const:
            base = _const(base)
        return self._declarator(base, words, at)

    def _named(self, words: list[str], at: int) -> tuple[CppType, int]:
        name = ""
        arguments: tuple[str, ...] = ()
        if words[at] == "::":
            at += 1
        while at < len(words):
            name += words[at]
            at += 1
            arguments = ()
            if words[at : at + 1] == ["<"]:
                arguments, at = self._arguments(words, at + 1)
                name += f"<{','.join(arguments)}>"
            if words[at : at + 1] == ["::"]:
                name += "::"
                at += 1
                continue
            break
        return self.named(name, arguments), at

    def named(self, name: str, arguments: tuple[str, ...]) -> CppType:
        """The type of that name."""
        short = name.removeprefix("std::").removeprefix("__1::")
        meant = self.alias(name)
        if meant is not None and meant.replace(" ", "") != name:
            return self.read(meant)
        if short in LIBRARY_TYPES:
            return self.read(LIBRARY_TYPES[short])
        if self.enums(name) or "(unnamed enum at " in name:
            return CppType("plain", "int")
        number = number_type(name.partition("<")[0], arguments)
        if number is not None:
            return number
        stem = name.partition("<")[0]
        if stem in ("ap_axis", "ap_axiu", "qdma_axis"):
            data = f"ap_{'' if stem == 'ap_axis' else 'u'}int<{arguments[0]}>"
            return CppType("record", f"hls::axis<{','.join((data, *arguments[1:]))}>", arguments=(data, *arguments[1:]))
        if stem == "hls::stream" and arguments:  # whatever its depth
            name, arguments = f"hls::stream<{arguments[0]}>", arguments[:1]
        return CppType("record", name, arguments=arguments)

    def _arguments(self, words: list[str], at: int) -> tuple[tuple[str, ...], int]:
        found: list[str] = []
        start, depth = at, 1
        while at < len(words):
            word = words[at]
            if word in ("<", "(", "["):
                depth += 1
            elif word in (">", ")", "]"):
                depth -= 1
            if depth == 0 or (depth == 1 and word == ","):
                if at > start:
                    found.append(self.argument(" ".join(words[start:at])))
                start = at + 1
                if depth == 0:
                    return tuple(found), at + 1
            at += 1
        raise Unreadable(" ".join(words))

    def argument(self, text: str) -> str:
        """A template argument in one spelling."""
        text = text.strip()
        if re.fullmatch(r"-?\s*\d+[uUlL]*", text):
            return re.sub(r"[\suUlL]", "", text)
        if text in ("true", "false"):
            return str(int(text == "true"))
        if (cast := re.fullmatch(r"\(\s*[\w: ]+\)\s*(-?\s*\d+)", text)) is not None:
            return cast[1].replace(" ", "")
        if text in self.constants and self.alias(text) is None:
            return str(self.constants[text])
        if re.fullmatch(r"[\w\s()+\-*/%]+", text) and re.search(r"[-+*/%]", text):  # as written, with what is given
            numbers = re.sub(r"[A-Za-z_]\w*", lambda word: str(self.constants.get(word[0], word[0])), text)
            plain = re.sub(r"(?<=\d)[uUlL]+\b", "", numbers)
            if not re.search(r"[A-Za-z_]", plain) and (value := arithmetic(plain)) is not None:
                return str(value)
        if re.fullmatch(r"[A-Z][A-Z_0-9]*", text) and self.alias(text) is None:
            return text
        try:
            return spelled(self.read(text))
        except Unreadable:
            return text.replace(" ", "")

    def _declarator(self, kind: CppType, words: list[str], at: int) -> tuple[CppType, int]:
        while at < len(words):
            word = words[at]
            if word == "*":
                kind = CppType("pointer", to=kind)
            elif word in ("&", "&&") and words[at + 1 : at + 2] == ["["]:  # clang's way to write `auto &` to an array
                whole, at = self._array(kind, words, at + 1)
                return CppType("reference", to=whole, rvalue=word == "&&"), at
            elif word in ("&", "&&"):
                kind = kind if kind.kind == "reference" else CppType("reference", to=kind, rvalue=word == "&&")
            elif word in _WORDS:
                kind = _const(kind) if word == "const" else kind
            elif word == "[":
                return self._array(kind, words, at)
            elif word == "(":
                if words[at + 1 : at + 2] in (["*"], ["&"], ["&&"]):
                    close = _close(words, at)
                    outer, after = self._suffix(kind, words, close + 1)
                    inner, end = self._declarator(outer, words[:close], at + 1)
                    if end != close:
                        raise Unreadable(" ".join(words))
                    return inner, after
                return CppType("function", to=kind), self._past(words, _close(words, at) + 1)
            else:
                break
            at += 1
        return kind, at

    def _past(self, words: list[str], at: int) -> int:
        while at < len(words) and words[at] in ("const", "noexcept", "volatile", "&", "&&"):
            at += 1
        return at

    def _suffix(self, kind: CppType, words: list[str], at: int) -> tuple[CppType, int]:
        if words[at : at + 1] == ["["]:
            return self._array(kind, words, at)
        if words[at : at + 1] == ["("]:
            return CppType("function", to=kind), self._past(words, _close(words, at) + 1)
        return kind, at

    def _array(self, kind: CppType, words: list[str], at: int) -> tuple[CppType, int]:
        lengths: list[int | None] = []
        while words[at : at + 1] == ["["]:
            end = _close(words, at)
            text = "".join(words[at + 1 : end])
            lengths.append(int(text.rstrip("uUlL")) if re.fullmatch(r"\d+[uUlL]*", text) else None)
            at = end + 1
        for length in reversed(lengths):
            kind = CppType("array", to=kind, length=length)
        return kind, at


def _const(kind: CppType) -> CppType:
    if kind.kind == "array" and kind.to is not None:
        return replace(kind, to=_const(kind.to))
    return kind if kind.kind == "reference" else replace(kind, const=True)


def _close(words: list[str], at: int) -> int:
    depth = 0
    for position in range(at, len(words)):
        if words[position] in ("(", "["):
            depth += 1
        elif words[position] in (")", "]"):
            depth -= 1
            if not depth:
                return position
    raise Unreadable(" ".join(words))


def number_type(stem: str, arguments: tuple[str, ...]) -> CppType | None:
    """The vendor's number of that name, in one spelling; None for other names."""
    if stem in ("ap_int", "ap_uint") and arguments:
        return CppType("number", f"{stem}<{arguments[0]}>", arguments=arguments[:1])
    if stem == "ap_int_base" and arguments:
        name = "ap_int" if arguments[1:2] in (("1",), ("-1",), ()) else "ap_uint"
        return CppType("number", f"{name}<{arguments[0]}>", arguments=arguments[:1])
    if stem == "ap_bit_ref":
        return CppType("number", "ap_uint<1>", arguments=("1",))
    if stem in ("ap_range_ref", "ap_concat_ref") and arguments:
        return CppType("number", f"ap_uint<{arguments[0]}>", arguments=arguments[:1])
    if stem in ("ap_fixed", "ap_ufixed", "ap_fixed_base") and len(arguments) > 1:
        sign, modes = stem, arguments[2:]
        if stem == "ap_fixed_base":
            sign = "ap_fixed" if arguments[2:3] in (("1",), ("-1",), ()) else "ap_ufixed"
            modes = arguments[3:]
        given = (*arguments[:2], *modes)
        for default in ("0", "AP_WRAP", "AP_TRN"):
            numbers = {"AP_WRAP": "3", "AP_TRN": "5"}
            if len(given) > 2 and given[-1] in (default, numbers.get(default)):
                given = given[:-1]
        return CppType("number", f"{sign}<{','.join(given)}>", arguments=given)
    return None


def width(kind: CppType) -> int | None:
    """Bits of a number or integer, None for others."""
    if kind.kind == "number":
        return int(kind.arguments[0]) if kind.arguments[0].isdigit() else None
    words = kind.name.split()
    if kind.kind != "plain" or "float" in words or "double" in words or "void" in words:
        return None
    if "char" in words:
        return 8
    if "short" in words:
        return 16
    if "_Bool" in words:
        return 1
    return 128 if "__int128" in words else 64 if "long" in words else 32


def is_signed(kind: CppType) -> bool:
    """Whether a number or integer has a sign."""
    if kind.kind == "number":
        return not kind.name.startswith(("ap_u",))
    return "unsigned" not in kind.name.split() and kind.name != "_Bool"


def is_integer(kind: CppType) -> bool:
    """Whether a type is one of integers, the vendor's among them."""
    if kind.kind == "number":
        return not is_fixed(kind)
    return kind.kind == "plain" and width(kind) is not None and not kind.name.startswith("_Float")


def is_fixed(kind: CppType) -> bool:
    """Whether a type is one of fixed-point numbers."""
    return kind.kind == "number" and "fixed" in kind.name


def spelled(kind: CppType) -> str:
    """The type in one spelling, without blanks where none are needed."""
    const = "const " if kind.const else ""
    match kind.kind:
        case "pointer" if kind.to is not None:
            return f"{spelled(kind.to)}*"
        case "reference" if kind.to is not None:
            return f"{spelled(kind.to)}&"
        case "array" if kind.to is not None:
            return f"{spelled(kind.to)}[{kind.length if kind.length is not None else ''}]"
        case "function" if kind.to is not None:
            return f"{spelled(kind.to)}()"
    return const + kind.name.replace("_Bool", "bool")


def declarator(kind: CppType, name: str | None, coord: object = None) -> c_ast.Node:
    """pycparser's nodes for a type, with the name that is declared."""
    quals = ["const"] if kind.const else []
    match kind.kind:
        case "pointer" | "reference" if kind.to is not None:
            return c_ast.PtrDecl(quals, declarator(kind.to, name, coord), coord)
        case "array" if kind.to is not None:
            dim = c_ast.Constant("int", str(kind.length), coord) if kind.length is not None else None
            return c_ast.ArrayDecl(declarator(kind.to, name, coord), dim, [], coord)
        case "function" if kind.to is not None:
            return c_ast.FuncDecl(None, declarator(kind.to, name, coord), coord)
    if kind.kind == "plain":
        inner: c_ast.Node = c_ast.IdentifierType(kind.name.split(), coord)
    elif kind.kind == "number":
        inner = c_ast.IdentifierType([kind.name], coord)
    else:
        inner = c_ast.Struct(kind.name, None, coord)
    return c_ast.TypeDecl(name, quals, None, inner, coord)


def typename(kind: CppType, coord: object = None) -> c_ast.Typename:
    """pycparser's node for a type without a name, as in a cast."""
    return c_ast.Typename(None, ["const"] if kind.const else [], None, declarator(kind, None, coord), coord)


def arithmetic(text: str) -> int | None:
    """The value of an arithmetic expression of integer literals."""
    import ast

    def value(node: ast.AST) -> int:
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            return node.value
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = value(node.left), value(node.right)
            match node.op:
                case ast.Add():
                    return left + right
                case ast.Sub():
                    return left - right
                case ast.Mult():
                    return left * right
                case ast.FloorDiv():
                    return abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
                case ast.Mod():
                    return left - right * (abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1))
                case ast.LShift() if 0 <= right < 64:
                    return left << right
                case ast.RShift() if 0 <= right < 64:
                    return left >> right
        raise ValueError(text)

    try:
        found = value(ast.parse(text.strip().replace("/", "//"), mode="eval").body)
    except (SyntaxError, ValueError, ZeroDivisionError, RecursionError, MemoryError):
        return None
    return found if abs(found) < 1 << 62 else None
