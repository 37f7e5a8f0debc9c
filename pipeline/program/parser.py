"""pycparser's parser with the GNU spellings that real C has.

Attributes are kept: ``__attribute__((...))`` of a declaration stands among its qualifiers, that of a struct or enum
among the node's ``attributes``, so that hash, types and written text all see it. GNU constructs that no later step
understands are refused by name where they stand.
"""

from __future__ import annotations

import re
from typing import Any

from pycparser import c_ast, c_parser
from pycparser.c_lexer import CLexer, Token

from pipeline.program.tree import MAX_DEPTH

ATTRIBUTE = "__attribute__"
"""What the spelling of every kept attribute begins with."""
LAYOUT_WORDS = re.compile(
    r"\b_*(?:packed|aligned|vector_size|mode|ms_struct|gcc_struct|ext_vector_type|scalar_storage_order"
    r"|transparent_union|address_space)_*\b"
)
"""Attributes that decide how a type is laid out."""

_SPELLINGS = {
    "__restrict": ("RESTRICT", "restrict"), "__restrict__": ("RESTRICT", "restrict"),
    "__inline": ("INLINE", "inline"), "__inline__": ("INLINE", "inline"),
    "__const": ("CONST", "const"), "__const__": ("CONST", "const"),
    "__volatile": ("VOLATILE", "volatile"), "__volatile__": ("VOLATILE", "volatile"),
    "__signed": ("SIGNED", "signed"), "__signed__": ("SIGNED", "signed"),
    "__alignof": ("_ALIGNOF", "_Alignof"), "__alignof__": ("_ALIGNOF", "_Alignof"),
    "__complex__": ("_COMPLEX", "_Complex"), "__thread": ("_THREAD_LOCAL", "_Thread_local"),
    "__builtin_offsetof": ("OFFSETOF", "offsetof"),
    "typeof": ("TYPEOF", "__typeof__"), "__typeof": ("TYPEOF", "__typeof__"), "__typeof__": ("TYPEOF", "__typeof__"),
}  # fmt: skip
"""GNU spellings of what C has, with the token and the spelling that stands for them."""
_REFUSED = {
    **dict.fromkeys(("asm", "__asm", "__asm__"), "inline assembly"),
    **dict.fromkeys(("__real", "__real__", "__imag", "__imag__"), "the GNU operator {}"),
    **dict.fromkeys(("__auto_type", "__label__", "__declspec", "_Decimal32", "_Decimal64", "_Decimal128"), "{}"),
    **dict.fromkeys(("__builtin_types_compatible_p", "__builtin_choose_expr"), "the GNU builtin {}"),
}
_TYPES = {
    "__builtin_va_list", "_Float16", "__fp16", "__bf16", "_Float32", "_Float64", "_Float128", "__float128", "__float80",
    "__int128_t", "__uint128_t",
}  # fmt: skip
"""Types that the compiler knows without a declaration."""
_BLANK = re.compile(r"(?:[ \t\n\f\v]|# \d+ [^\n]*\n)*")
_QUOTED = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|[()]')


class Lexer(CLexer):  # type: ignore[misc]
    """pycparser's lexer with GNU spellings; an attribute is one token, a qualifier."""

    _pos: int

    def _init_state(self) -> None:
        super()._init_state()
        for word, (kind, _) in _SPELLINGS.items():
            self._keyword_map[word] = kind

    def _match_token(self) -> Token | None:
        token: Token | None = super()._match_token()
        if token is None:
            return None
        value = token.value
        if value[0] not in "_at?.":
            return token
        if value in _SPELLINGS:
            token.value = _SPELLINGS[value][1]
        elif value == "__extension__":  # it only silences warnings
            return None
        elif value in ("__attribute__", "__attribute"):
            return self._attribute(token)
        elif value in _REFUSED:
            self._refuse(token, _REFUSED[value].format(value))
        elif value == "?" and self._next_is(":"):
            self._refuse(token, "the GNU conditional '?:' without a value between")
        elif value == "..." and not self._next_is(")") and self._follows_value():
            self._refuse(token, "a GNU range (first ... last)")
        return token

    def _refuse(self, token: Token, what: str) -> None:
        self.error_func(f"{what} is not supported", token.lineno, token.column)

    def _next_is(self, text: str) -> bool:
        blank = _BLANK.match(self._lexdata, self._pos)
        return blank is not None and self._lexdata.startswith(text, blank.end())

    def _follows_value(self) -> bool:
        before = self._lexdata[max(0, self._pos - 43) : self._pos - 3].rstrip()
        return before[-1:].isalnum() or before[-1:] in ("_", ")", "'")

    def _attribute(self, token: Token) -> Token:
        """The whole of an attribute as one qualifier."""
        data = self._lexdata
        blank = _BLANK.match(data, self._pos)
        start = end = blank.end() if blank else self._pos
        depth = 0
        if data.startswith("(", start):
            for part in _QUOTED.finditer(data, start):
                depth += (part.group() == "(") - (part.group() == ")")
                if not depth:
                    end = part.end()
                    break
        if end == start:
            self.error_func("an attribute is not complete", token.lineno, token.column)
        text = data[start:end]
        passed = data[self._pos : end]
        self._lineno += passed.count("\n")
        if "\n" in passed:
            self._line_start = self._pos + passed.rfind("\n") + 1
        self._pos = end
        return Token("CONST", ATTRIBUTE + " ".join(text.split()), token.lineno, token.column, token.filename)


class Tokens(c_parser._TokenStream):  # type: ignore[misc]
    """pycparser's tokens; the next one, which is asked for five times a token, is given without further ado."""

    def peek(self, k: int = 1) -> Token | None:
        """The k-th next token, None after the last."""
        try:
            return self._buffer[self._index + k - 1]
        except IndexError:
            return super().peek(k)


class Parser(c_parser.CParser):  # type: ignore[misc]
    """pycparser's parser over that lexer."""

    def __init__(self) -> None:
        super().__init__(lexer=Lexer)

    def parse(self, text: str, filename: str = "", debug: bool = False) -> c_ast.FileAST:
        """The tree of preprocessed text; raises pycparser's ParseError."""
        self.clex.input(text, filename)
        self._tokens = Tokens(self.clex.token)
        self._scope_stack = [dict.fromkeys(_TYPES, True)]
        self._typedef_checked_token = None
        tree = self._parse_translation_unit_or_empty()
        token = self._peek()
        if token is not None:
            self._parse_error(f"before: {token.value}", self._tok_coord(token))
        return tree

    @property
    def inside(self) -> bool:
        """Whether a function's body is being parsed."""
        return len(self._scope_stack) > 1

    def _parse_attribute_specifier_sequence(self) -> list[Any]:
        found = super()._parse_attribute_specifier_sequence()
        while (token := self._peek()) is not None and token.type == "CONST" and token.value.startswith(ATTRIBUTE):
            self._advance()
            found.append(c_ast.ID(token.value, self._tok_coord(token)))
        return found  # type: ignore[no-any-return]

    def _parse_struct_or_union_specifier(self) -> c_ast.Node:
        node = super()._parse_struct_or_union_specifier()
        if node.decls is not None:
            node.attributes += self._parse_attribute_specifier_sequence()
        return node

    def _parse_enum_specifier(self) -> c_ast.Node:
        node = super()._parse_enum_specifier()
        if node.values is not None:
            node.attributes += self._parse_attribute_specifier_sequence()
        return node

    def _type_modify_decl(self, decl: Any, modifier: Any) -> c_ast.Node:
        # Every modifier walks past those before it.
        part, depth = decl, 0
        while not isinstance(part, c_ast.TypeDecl):
            part, depth = part.type, depth + 1
            if depth > MAX_DEPTH:
                self._parse_error(f"a declarator of more than {MAX_DEPTH} parts is not supported", decl.coord)
        return super()._type_modify_decl(decl, modifier)

    def _fix_decl_name_type(self, decl: Any, typename: list[c_ast.Node]) -> Any:
        """Attributes behind a declarator join those before it, among the qualifiers."""
        part = decl.type
        while isinstance(part, c_ast.TypeDecl | c_ast.ArrayDecl | c_ast.FuncDecl | c_ast.PtrDecl):
            if part.attributes:
                if isinstance(part, c_ast.PtrDecl):
                    self._parse_error("an attribute of a pointer is not supported", part.coord)
                decl.quals = [*decl.quals, *(attribute.name for attribute in part.attributes)]
                part.attributes = []
            if isinstance(part, c_ast.TypeDecl):
                break
            part = part.type
        return super()._fix_decl_name_type(decl, typename)
