"""Compiler flags as people write them."""

from __future__ import annotations

import pytest

from pipeline.errors import PipelineError
from pipeline.project import parse_flags


def test_flags_are_split_as_a_shell_does_and_read_back_from_their_line() -> None:
    flags = parse_flags("-I 'my inc' -DN=4 -D NAME=\"a b\" -UM -include first.h -std=c99 -O2 -Wall")
    assert flags.words == (
        "-Imy inc", "-DN=4", "-DNAME=a b", "-UM", "-include", "first.h", "-std=c99", "-O2", "-Wall",
    )  # fmt: skip
    assert parse_flags(flags.text) == flags
    assert flags.macros == {"N": "4", "NAME": "a b", "M": None}
    assert flags.reading == ("-Imy inc", "-DN=4", "-DNAME=a b", "-UM", "-include", "first.h", "-std=c99")
    assert flags.absolute().words[0].startswith("-I/") and flags.without_includes().includes == ()


def test_a_standard_of_the_other_language_is_not_for_a_file() -> None:
    flags = parse_flags("-std=c++14 -DX")
    assert flags.for_language("c") == ("-DX",) and flags.for_language("c++") == ("-std=c++14", "-DX")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-DN='4", "close the quote"),
        ("-D", "says nothing"),
        ("-I -DN=3", None),
        ("-D4=3", "no macro"),
        ("-include -DN", "says nothing"),
        ("-fplugin=evil.so", "no flag that is passed on"),
        ("-fprofile-use=x", "no flag that is passed on"),
        ("-o /etc/passwd", "no flag that is passed on"),
        ("@file", "no flag that is passed on"),
        ("-Xclang -load", "no flag that is passed on"),
        ("-m32", "no flag that is passed on"),
        ("other.c", "no flag that is passed on"),
        ("-DX=\x1b[2J", "control character"),
    ],
)
def test_a_flag_that_loads_writes_or_says_nothing_is_refused_in_one_line(text: str, message: str | None) -> None:
    if message is None:
        assert parse_flags(text).options == (("-I", "-DN=3"),)
        return
    with pytest.raises(PipelineError, match=message) as caught:
        parse_flags(text)
    assert str(caught.value).isprintable()
