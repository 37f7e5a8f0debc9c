"""Whether a place of a C++ text stands in a body of code: the tree has no bodies of templates that nothing uses."""

from __future__ import annotations

import re

_TOKENS = re.compile(
    r"//[^\n]*|/\*.*?\*/|R\"(?P<end>[^(\s]*)\(.*?\)(?P=end)\"|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|[{};]|#[^\n]*",
    re.DOTALL,
)
_HOLDS_DECLARATIONS = re.compile(r"(?:^|[^\w<,])(?:namespace|struct|class|union|enum|extern)\b[^()=]*$")


def in_code(text: str, line: int) -> bool:
    """Whether the beginning of a line, counted from 1, stands in braces that are not those of a namespace or type."""
    end = sum(len(row) + 1 for row in text.split("\n")[: line - 1])
    code: list[bool] = []
    begun = 0
    for token in _TOKENS.finditer(text):
        if token.start() >= end:
            break
        word = token[0]
        if word == "{":
            before = _TOKENS.sub(" ", text[begun : token.start()])
            code.append(_HOLDS_DECLARATIONS.search(before) is None)
        elif word == "}" and code:
            code.pop()
        if word in "{};" or word[0] == "#":
            begun = token.end()
    return any(code)
