"""Tcl's commands on texts and lists: words in, a text out, nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cmp_to_key

from pipeline.project.tcl.expression import number, truth
from pipeline.project.tcl.lists import list_of, text_of
from pipeline.project.tcl.unknown import Raised, Unknown

_MOST = 2**20


def matches(pattern: str, text: str) -> bool:
    """Whether the text matches a pattern with ``*``, ``?`` and ``[a-z]``, in time that grows with their product."""
    parts = re.findall(r"\\.|\[[^\]]*\]|.", pattern, re.DOTALL)
    reached = {0}
    for letter in [*text, None]:
        places: set[int] = set()
        pending = list(reached)
        while pending:
            place = pending.pop()
            if place in places:
                continue
            places.add(place)
            if place < len(parts) and parts[place] == "*":
                pending.append(place + 1)
        if letter is None:
            return len(parts) in places
        reached = {
            place + (parts[place] != "*") for place in places if place < len(parts) and _fits(parts[place], letter)
        }
    return False


def _fits(part: str, letter: str) -> bool:
    if part in ("*", "?"):
        return True
    if part.startswith("[") and len(part) > 1:
        ranges = re.findall(r"(.)-(.)|(.)", part[1:-1], re.DOTALL)
        return any(low <= letter <= high if low else letter == one for low, high, one in ranges)
    return part.removeprefix("\\") == letter if len(part) > 1 else part == letter


def _index(text: str, size: int) -> int:
    match = re.fullmatch(r"(end|-?\d{1,9})([+-]\d{1,9})?", text.strip())
    if match is None:
        raise Raised(f"bad index {text[:20]!r}")
    return (size - 1 if match[1] == "end" else int(match[1])) + int(match[2] or 0)


def _lindex(words: list[str]) -> str:
    value = words[0]
    for index in [one for word in words[1:] for one in list_of(word)]:
        elements = list_of(value)
        place = _index(index, len(elements))
        value = elements[place] if 0 <= place < len(elements) else ""
    return value


def _lrange(words: list[str]) -> str:
    elements = list_of(words[0])
    first, last = _index(words[1], len(elements)), _index(words[2], len(elements))
    return text_of(elements[max(first, 0) : last + 1] if last >= 0 else [])


def _lsearch(words: list[str]) -> str:
    options, (text, pattern) = words[:-2], words[-2:]
    if "-regexp" in options:
        return Unknown("lsearch -regexp is not done")
    exact = "-exact" in options
    found = [
        place
        for place, element in enumerate(list_of(text))
        if (element == pattern if exact else matches(pattern, element))
    ]
    if "-all" in options:
        return text_of(list_of(text)[place] if "-inline" in options else str(place) for place in found)
    return (list_of(text)[found[0]] if "-inline" in options else str(found[0])) if found else (
        "" if "-inline" in options else "-1"
    )  # fmt: skip


def _lsort(words: list[str]) -> str:
    options, elements = words[:-1], list_of(words[-1])
    if "-command" in options or "-index" in options:
        return Unknown("lsort -command is not done")
    if "-integer" in options or "-real" in options:
        elements.sort(key=lambda element: number(element) or 0)
    elif "-dictionary" in options:
        elements.sort(key=cmp_to_key(_dictionary))
    else:
        elements.sort()
    if "-unique" in options:
        elements = list(dict.fromkeys(elements))
    return text_of(elements[::-1] if "-decreasing" in options else elements)


def _dictionary(one: str, two: str) -> int:
    a, b = (
        [(0, int(part), "") if part.isdigit() else (1, 0, part.lower()) for part in re.findall(r"\d+|\D+", text)]
        for text in (one, two)
    )
    return (a > b) - (a < b)


def _linsert(words: list[str]) -> str:
    elements = list_of(words[0])
    place = _index(words[1], len(elements) + 1)
    return text_of([*elements[: max(place, 0)], *words[2:], *elements[max(place, 0) :]])


def _lreplace(words: list[str]) -> str:
    elements = list_of(words[0])
    first, last = max(_index(words[1], len(elements)), 0), _index(words[2], len(elements))
    return text_of([*elements[:first], *words[3:], *elements[max(last + 1, first) :]])


def _lrepeat(words: list[str]) -> str:
    times = int(words[0])
    if times * sum(map(len, words[1:])) > _MOST or times > _MOST:
        raise Raised("a list is too long")
    return text_of(words[1:] * times)


def _split(words: list[str]) -> str:
    text, letters = words[0], words[1] if len(words) > 1 else " \t\n\r"
    if not letters:
        return text_of(text)
    return text_of(re.split("[" + re.escape(letters) + "]", text)) if text else ""


def _format(words: list[str]) -> str:
    given = iter(words[1:])

    def one(match: re.Match[str]) -> str:
        if match[3] == "%":
            return "%"
        if len(match[1]) > 6 or max((int(size) for size in re.findall(r"\d+", match[2])), default=0) > 1000:
            raise Raised("a format is too wide")
        value = next(given, "")
        if match[3] == "s":
            return f"%{match[1]}{match[2]}s" % value
        if match[3] == "c":
            return chr(int(value))
        as_number = number(value)
        if as_number is None:
            raise Raised(f"expected a number and got {value[:40]!r}")
        whole = match[3] in "dxXoiu"
        return f"%{match[1]}{match[2]}{'d' if match[3] in 'iu' else match[3]}" % (
            int(as_number) if whole else float(as_number)
        )

    return re.sub(r"%([-+ 0#]*)(\d*(?:\.\d+)?)l{0,2}([%sdxXoiufeEgGc])", one, words[0])


def _string(words: list[str]) -> str:
    name, given = words[0], words[1:]
    nocase = bool(given) and given[0] == "-nocase"
    if nocase:
        given = [word.lower() for word in given[1:]]
    if name in ("equal", "compare"):
        one, two = given[-2:]
        return str(int(one == two) if name == "equal" else (one > two) - (one < two))
    if name == "match":
        return str(int(matches(given[0], given[1])))
    if name in ("tolower", "toupper", "totitle"):
        return {"tolower": str.lower, "toupper": str.upper, "totitle": str.capitalize}[name](given[0])
    if name in ("trim", "trimleft", "trimright"):
        strip = {"trim": str.strip, "trimleft": str.lstrip, "trimright": str.rstrip}[name]
        return strip(given[0], given[1] if len(given) > 1 else None)
    if name == "length":
        return str(len(given[0]))
    if name in ("first", "last"):
        return str(given[1].find(given[0]) if name == "first" else given[1].rfind(given[0]))
    if name == "index":
        place = _index(given[1], len(given[0]))
        return given[0][place] if 0 <= place < len(given[0]) else ""
    if name == "range":
        first, last = _index(given[1], len(given[0])), _index(given[2], len(given[0]))
        return given[0][max(first, 0) : last + 1] if last >= 0 else ""
    if name == "repeat":
        if int(given[1]) * len(given[0]) > _MOST:
            raise Raised("a text is too long")
        return given[0] * int(given[1])
    if name == "map":
        pairs = list_of(given[0])
        table = dict(zip(pairs[::2], pairs[1::2], strict=True))
        if not any(table):
            return given[1]
        return re.sub("|".join(re.escape(key) for key in table if key), lambda found: table[found[0]], given[1])
    if name == "reverse":
        return given[0][::-1]
    if name == "replace":
        first, last = _index(given[1], len(given[0])), _index(given[2], len(given[0]))
        return given[0][:first] + (given[3] if len(given) > 3 else "") + given[0][last + 1 :]
    if name == "is":
        return _string_is(given[0], given[-1])
    return Unknown(f"string {name[:40]} is not done")


def _string_is(kind: str, text: str) -> str:
    if kind in ("integer", "wideinteger", "entier", "digit"):
        return str(int(isinstance(number(text), int) if kind != "digit" else text.isdigit()))
    if kind in ("double", "real"):
        return str(int(number(text) is not None))
    if kind in ("boolean", "true", "false"):
        try:
            value = truth(text)
        except Raised:
            return "0"
        return str(int(kind == "boolean" or value == (kind == "true")))
    plain = {
        "alpha": str.isalpha,
        "alnum": str.isalnum,
        "space": str.isspace,
        "upper": str.isupper,
        "lower": str.islower,
    }
    return str(int(plain[kind](text))) if kind in plain else Unknown(f"string is {kind[:20]} is not done")


def dictionary(text: str) -> dict[str, str]:
    """The keys of a dictionary and their values. Raises ValueError for a list of odd length."""
    pairs = list_of(text)
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


def with_key(text: str, keys: list[str], value: Callable[[str], str]) -> str:
    """A dictionary in which the key, of the dictionary that lies under those before it, has the value that comes of its
    own (empty where it has none). Raises ValueError for what is no dictionary and without a key."""
    key, *inner = keys
    held = dictionary(text)
    of = held.get(key, "")
    held[key] = with_key(of, inner, value) if inner else value(of)
    return text_of(one for pair in held.items() for one in pair)


def _dict(words: list[str]) -> str:
    name, given = words[0], words[1:]
    if name == "create":
        return text_of(given)
    held = dictionary(given[0])
    if name == "get":
        if len(given) == 1:
            return given[0]
        if given[1] not in held:
            raise Raised(f"key {given[1][:40]!r} not known in dictionary")
        return held[given[1]] if len(given) == 2 else _dict(["get", held[given[1]], *given[2:]])
    if name == "exists":
        return (
            _dict([name, held[given[1]], *given[2:]]) if given[1] in held and given[2:] else str(int(given[1] in held))
        )
    if name in ("keys", "values"):
        return text_of(held if name == "keys" else held.values())
    if name == "size":
        return str(len(held))
    return Unknown(f"dict {name[:40]} is not done")


COMMANDS: dict[str, Callable[[list[str]], str]] = {
    "concat": lambda words: " ".join(filter(None, (word.strip() for word in words))),
    "dict": _dict,
    "format": _format,
    "join": lambda words: (words[1] if len(words) > 1 else " ").join(list_of(words[0])),
    "lindex": _lindex,
    "linsert": _linsert,
    "list": text_of,
    "llength": lambda words: str(len(list_of(words[0]))),
    "lrange": _lrange,
    "lrepeat": _lrepeat,
    "lreplace": _lreplace,
    "lreverse": lambda words: text_of(list_of(words[0])[::-1]),
    "lsearch": _lsearch,
    "lsort": _lsort,
    "split": _split,
    "string": _string,
    "regexp": lambda words: Unknown("regexp is not done"),
    "regsub": lambda words: Unknown("regsub is not done"),
}
"""By name."""
