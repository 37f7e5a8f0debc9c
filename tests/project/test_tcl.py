"""Scripts are evaluated as Tcl does it, within bounds, and nothing of them is done."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.errors import PipelineError
from pipeline.project.tcl import Evaluator, Unknown


def told(folder: Path, text: str, **environment: str) -> list[list[str]]:
    """The words that the command ``tell`` gets in a script."""
    (folder / "script.tcl").write_text(text)
    found: list[list[str]] = []

    def handler(name: str, words: list[str], line: int) -> str | None:
        if name == "tell":
            found.append(words)
            return ""
        return None

    Evaluator(handler, folder=folder, environment=environment, matters=re.compile(r"\btell\b")).run(
        folder / "script.tcl"
    )
    return found


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("set a 3; tell $a ${a}x \"<$a>\" {$a} \\$a", ["3", "3x", "<3>", "$a", "$a"]),
        ("tell a \\\n  b ;# not this\n# nor \\\n this\n", ["a", "b"]),
        ("set l [list a {b c} {}]; tell [llength $l] [lindex $l 1] [lindex $l end] {*}$l",
         ["3", "b c", "", "a", "b c", ""]),
        ("tell [expr 1000.0 / 300] [expr {2 ** 3 + 7 / 2}] [expr {-7 % 3}] [expr 0x10 << 1]",
         ["3.3333333333333335", "11", "2", "32"]),
        ("tell [expr {3 > 2 && !(1 == 2) ? \"yes\" : \"no\"}] [expr {\"a\" eq \"a\"}] [expr {int(2.7) + round(2.5)}]",
         ["yes", "1", "5"]),
        ("tell [file join a /b c.cpp] [file dirname a/b/c] [file tail a/b.c] [file rootname a/b.c]"
         " [file extension b.c] [file normalize /a/./b/../c]",
         ["/b/c.cpp", "a/b", "b.c", "a/b", ".c", "/a/c"]),
        ("set env2(x) 4; array set m {k v}; tell $env2(x) $m(k) [array names m] $::env(HERE)",
         ["4", "v", "k", "there"]),
        ("proc f {a {b 5} args} { global g; return $a$b$g[llength $args] }; set g -; tell [f 1] [f 1 2 3 4]",
         ["15-0", "12-2"]),
        ("foreach {a b} {1 2 3 4} { lappend s $b$a }\n"
         "for {set i 0} {$i < 9} {incr i} { if {$i == 2} break; append s $i }; tell $s",
         ["21 4301"]),
        ("set i 0; while 1 { incr i; if {$i < 3} continue; break }; switch -glob ab.c { *.h {tell h} *.c {tell c $i} }",
         ["c", "3"]),
        ("proc add {&to what} { upvar 1 ${&to} to m(k) key; append to $what; set key <$to>\n"
         "uplevel {set seen $flags} }\n"
         "proc both {name} { upvar #0 $name n; add n -DB=2; uplevel #0 {set top yes}; set top no }\n"
         "set flags -DA=1; add flags { -DC}; both flags; tell $flags $m(k) $seen $top [catch {upvar 3 a b}]",
         ["-DA=1 -DC-DB=2", "<-DA=1 -DC>", "-DA=1 -DC", "yes", "1"]),
        ("dict set d w 4; dict set d a b 5; dict set d a c {6 7}; dict incr d w; dict incr d n 3\n"
         "dict lappend d l {x y} z; dict append d t u v; dict for {k v} {p 1 q 2 p 3} { append s $k$v }\n"
         "tell {*}[dict keys $d] [dict get $d w] [dict get $d a c] [dict exists $d a b] [dict exists $d a z] $s $d",
         ["w", "a", "n", "l", "t", "5", "6 7", "1", "0", "p3q2", "w 5 a {b 5 c {6 7}} n 3 l {{x y} z} t uv"]),
        ("if {[catch {error bad} m]} { tell $m }", ["bad"]),
        ("set outer 5; namespace eval cfg { variable taps 16; set y 3; array set m {k v}\n"
         "proc more {by} { variable taps; return [incr taps $by] }; namespace eval in {variable d $::outer}; more 1 }\n"
         "set own [namespace eval cfg {list $taps $y $outer $in::d [more 1]}]\n"
         "tell $cfg::taps $::cfg::taps [info exists taps] {*}$own [cfg::more 2] $cfg::in::d $cfg::m(k)",
         ["18", "18", "0", "17", "3", "5", "5", "18", "20", "5", "v"]),
        ("tell [format %.2f 3.333] [string map {a b} banana] [join {a b} ,] [string toupper x] [lsort -unique {b a b}]",
         ["3.33", "bbnbnb", "a,b", "X", "a b"]),
        ("eval tell [list a \"b c\"]; exit; tell never", ["a", "b c"]),
        ("if {[info exists nothing] || [file exists script.tcl]} {tell [file tail [info script]]} else {tell no}",
         ["script.tcl"]),
    ],
)  # fmt: skip
def test_a_script_means_what_tcl_makes_of_it(tmp_path: Path, script: str, words: list[str]) -> None:
    assert told(tmp_path, script, HERE="there") == [words]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("-directory {a b} *.c", ["a b/k.c"]),
        ("-path ab/k -- *.c", ["ab/k1.c", "ab/k[1].c"]),
        ("-path {ab/k[} *", ["ab/k[1].c"]),
        ("-tails -path ab/k ?.c", ["k1.c"]),
        ("-path a *", ["a b", "ab"]),
        ("{a\\ b/*.c}", ["a b/k.c"]),
    ],
)
def test_glob_takes_folders_and_beginnings_as_they_are(tmp_path: Path, words: str, found: list[str]) -> None:
    for name in ("a b/k.c", "ab/k1.c", "ab/k[1].c", "ab/l.c"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert told(tmp_path, f"tell {{*}}[glob {words}]") == [found]


def test_what_would_have_to_be_done_is_unknown_and_says_why(tmp_path: Path) -> None:
    ((done, unset, joined),) = told(tmp_path, 'set v [exec date]; tell $v $env(NO) "x$v"')
    assert isinstance(done, Unknown) and done.why == "exec is not done"
    assert isinstance(unset, Unknown) and "NO" in unset.why and isinstance(joined, Unknown)


def test_a_condition_that_is_unknown_is_refused_only_where_it_decides_something(tmp_path: Path) -> None:
    assert told(tmp_path, "set a 1\nif {[exec x]} { set a 2; puts hi }\ntell ok") == [["ok"]]
    with pytest.raises(PipelineError, match=r"script\.tcl:2: whether tell is reached is not known: exec is not done"):
        told(tmp_path, "set a 1\nif {[exec x]} { tell no }")


@pytest.mark.parametrize(
    "script",
    [
        "exec touch {made}", "open {made} w", "file mkdir {made}", "set f [open {made} w]; puts $f x; close $f",
        "file copy script.tcl {made}", "open \"|touch {made}\"", "catch {exec touch {made}}",
        "if {[catch {exec touch {made}}]} {}", "after 1 {exec touch {made}}", "interp create x", "load {made}",
        "eval [list exec touch {made}]", "[string map {z x} ezec] touch {made}", "cd ..; exec touch {made}",
        "proc unknown args {exec touch {made}}; nothing", "socket localhost 1", "trace add variable a write exec",
    ],
)  # fmt: skip
def test_a_hostile_script_does_nothing(tmp_path: Path, script: str) -> None:
    made = tmp_path / "made"
    before = sorted(tmp_path.parent.rglob("*"))
    told(tmp_path, script.replace("{made}", str(made)))
    assert not made.exists()
    assert sorted(tmp_path.parent.rglob("*")) == sorted([*before, tmp_path / "script.tcl"])


@pytest.mark.parametrize("kept", ["root:x:0\nsecret word\n", "secret {", "set a [secret"])
def test_no_message_shows_what_stands_in_a_file_that_is_no_script(tmp_path: Path, kept: str) -> None:
    (tmp_path / "passwords").write_text(kept)
    (tmp_path / "script.tcl").write_text("tell a\nsource passwords\n")
    read = Evaluator(lambda name, words, line: "" if name == "tell" else None, folder=tmp_path, environment={},
                     matters=re.compile(r"\btell\b"))  # fmt: skip
    try:
        read.run(tmp_path / "script.tcl")
        said = [f"{Path(file).name}:{line}: {what}" for file, line, what in read.unread]
    except PipelineError as error:
        said = [str(error)]
    assert len(said) == 1 and "script.tcl:2: " in said[0] and "source passwords" in said[0]
    assert "secret" not in said[0] and "root:" not in said[0]


@pytest.mark.parametrize(
    "script",
    [
        "while 1 {}", "proc f {} {f}; f", "set a x; while 1 {append a $a}", "tell [string repeat x 99999999]",
        "tell [expr 9**9**9]", "tell [expr 1 << 99999999]", "tell [lrepeat 99999999 x]", "source script.tcl",
        "for {set i 0} 1 {incr i} {lappend l $i$i$i$i$i$i$i$i}", "tell [expr " + "(" * 5000 + "1" + ")" * 5000 + "]",
        "tell " + "[list " * 3000 + "]" * 3000, "tell {", "tell \"", "tell [", "tell ${a", "tell $a(",
        "tell [format %99999999d 1]",
        "tell " + "{" * 100_000, "expr {" + "-" * 100_000 + "1}",
        "foreach a [split [string repeat x, 99999] ,] {foreach b $a {while 1 {}}}",
        "glob " + "{a,b}" * 30, "if 1", "set", "foreach a", "switch", "proc f", "lindex", "expr {1 +}", "expr {abc}",
        "lindex {a b} x", "string range abc", "format %d x", "dict get {a b} c",
    ],
)  # fmt: skip
def test_a_script_without_an_end_or_a_meaning_is_one_line(tmp_path: Path, script: str) -> None:
    with pytest.raises(PipelineError) as told_of:
        told(tmp_path, script)
    assert str(told_of.value).startswith(f"{tmp_path / 'script.tcl'}:1:") and "\n" not in str(told_of.value)
