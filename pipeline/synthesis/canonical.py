"""One spelling per JSON value, so that a hash of the text is a hash of the value."""

from __future__ import annotations

import hashlib
import json
from typing import Any, NoReturn


def canonical_json(value: object) -> str:
    """The value as JSON on one line: keys sorted, no blanks, ASCII only.

    Raises ValueError for NaN, infinities and values that JSON does not have.
    """
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    except TypeError as error:
        raise ValueError(str(error)) from None


def read_json(text: str | bytes) -> Any:
    """The value of a JSON text, read strictly.

    Raises ValueError for anything malformed, for repeated names in an object, for NaN and infinities, and
    for nesting that Python's reader does not bear.
    """
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def sha256_hex(data: bytes | str) -> str:
    """SHA-256 in 64 hexadecimal digits; text is taken as UTF-8."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("an object names a member twice")
    return result


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")
