"""A source that would take for ever, or shows what is not its own, gives one line."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.errors import PipelineError
from pipeline.kernels.read import load_kernel
from pipeline.project import parse_flags
from pipeline.project.compiler import ReadingLimits, limit_reading, run

_BODY = "void top(int a[4]) { for (int i = 0; i < 4; i++) a[i]++; }\n"


@pytest.fixture
def little_time() -> Iterator[None]:
    limit_reading(lambda: ReadingLimits(seconds=0.5))
    yield
    limit_reading(ReadingLimits)


@pytest.mark.parametrize("name", ["kernel.c", "kernel.cpp"])
@pytest.mark.usefixtures("little_time")
def test_a_header_that_never_ends_is_given_up_at_the_limit_of_reading(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe.h")
    (tmp_path / name).write_text(f'#define HEADER "pipe.h"\n#include HEADER\n{_BODY}')
    with pytest.raises(PipelineError, match=r"did not finish within 0.5 s; .* raise seconds .* in \[reading\]") as said:
        load_kernel(tmp_path / name)
    assert "\n" not in str(said.value)


def test_a_source_that_needs_too_much_memory_is_given_up_at_the_limit_of_reading(tmp_path: Path) -> None:
    (tmp_path / "kernel.cpp").write_text(f"int big[100000000] = {{[99999999] = 1}};\n{_BODY}")
    limit_reading(lambda: ReadingLimits(seconds=60, memory_bytes=2**29))
    try:
        with pytest.raises(PipelineError, match=r"needs more than 0.5 GiB of memory; .* memory_gib in \[reading\]"):
            load_kernel(tmp_path / "kernel.cpp")
    finally:
        limit_reading(ReadingLimits)


@pytest.mark.parametrize("name", ["kernel.c", "kernel.cpp"])
@pytest.mark.parametrize("text", ["hidden:x:1\n", "int a = 1;;; struct {{ hidden\n", '"hidden" hidden = hidden;\n'])
@pytest.mark.parametrize("asked", [True, False])
def test_messages_quote_nothing_of_a_file_that_is_no_source(tmp_path: Path, name: str, text: str, asked: bool) -> None:
    (tmp_path / "shadow").write_text(text)
    (tmp_path / name).write_text(_BODY if asked else f'#include "shadow"\n{_BODY}')
    flags = parse_flags(f"-include {tmp_path / 'shadow'}" if asked else "")
    with pytest.raises(PipelineError, match=r"shadow:1:.*what stands there is no C") as said:
        load_kernel(tmp_path / name, flags=flags)
    assert "hidden" not in str(said.value)


@pytest.mark.parametrize("name", ["kernel.c", "kernel.cpp"])
@pytest.mark.parametrize(
    "order",
    [
        "#pragma clang __debug crash",
        "#pragma clang __debug overflow_stack",
        "#pra\\\ngma clang /* */ __de\\\nbug parser_crash",
        '_Pragma("clang __debug llvm_fatal_error")',
        "#pragma clang module import std",
        "%:embed </etc/passwd>",
        '#if __has_include("/etc/passwd")\n#endif',
        '# 1 "/etc/passwd" 1',
        '#include "pipe.h"',
    ],
)
@pytest.mark.parametrize("header", [False, True])
def test_an_order_to_the_compiler_is_refused_at_its_line_before_it_sees_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, order: str, header: bool
) -> None:
    os.mkfifo(tmp_path / "pipe.h")
    (tmp_path / "own.h").write_text(f"\n{order}\n")
    (tmp_path / name).write_text(f'\n#include "own.h"\n{_BODY}' if header else f"\n{order}\n{_BODY}")
    monkeypatch.setattr(subprocess, "Popen", None)
    with pytest.raises(PipelineError) as said:
        load_kernel(tmp_path / name)
    assert (said.value.file, said.value.line) == (str(tmp_path / ("own.h" if header else name)), 2)


@pytest.mark.parametrize("name", ["kernel.c", "kernel.cpp"])
def test_an_order_that_a_macro_makes_does_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(f"#define DO(x) _Pragma(#x)\nDO(clang __debug crash)\n{_BODY}")
    assert len(load_kernel(tmp_path / name).loops) == 1


@pytest.mark.parametrize("name", ["kernel.c", "kernel.cpp"])
@pytest.mark.parametrize("word", ["GCC", "clang"])
def test_what_a_source_says_of_warnings_hides_neither_pragmas_nor_code(tmp_path: Path, name: str, word: str) -> None:
    quiet = f'#pragma {word} diagnostic ignored "-Wunknown-pragmas"\n#pragma {word} system_header\n'
    loop = "for (int i = 0; i < 4; i++) {\n#pragma HLS pipeline II=3\n a[i]++; }"
    (tmp_path / "own.h").write_text(f"{quiet}static void helper(int a[4]) {{ {loop} }}\n")
    (tmp_path / name).write_text(f'{quiet}#include "own.h"\nvoid top(int a[4]) {{ helper(a); {loop} }}\n')
    kernel = load_kernel(tmp_path / name, top="top")
    assert [(pragma.loop, pragma.line) for pragma in kernel.pragmas] == [("helper/loop_0", 4), ("top/loop_0", 5)]


@pytest.mark.parametrize(
    "text",
    [
        f"int top(int a[4]) {{ int s = 0; for (int i = 0; i < 4; i++) s++;\nreturn {' + '.join(['s'] * 60_000)}; }}\n",
        f"void top(int a[4]) {{\n{'if (a[0]) ' * 5_000} for (int i = 0; i < 4; i++) a[i]++; }}\n",
    ],
)
def test_a_tree_that_is_nested_too_deeply_is_refused_at_its_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "kernel.cpp").write_text(text)
    with pytest.raises(PipelineError, match="nested too deeply; split it up") as said:
        load_kernel(tmp_path / "kernel.cpp")
    assert (said.value.file, said.value.line) == (str(tmp_path / "kernel.cpp"), 2)


@pytest.mark.skipif(sys.platform != "linux", reason="limits are Linux's")
@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import os; os.kill(os.getpid(), 9)", "ended from outside, by signal 9"),
        ("import os; os.kill(os.getpid(), 15)", "ended from outside, by signal 15"),
        ("import os; os.kill(os.getpid(), 11)", "clang itself fails on it"),
        ("import os; os.kill(os.getpid(), 24)", "more than 60 s of a processor"),
        ("import sys; sys.exit('LLVM ERROR: out of memory')", "needs more than 4 GiB of memory"),
        (
            "import sys; sys.exit('LLVM ERROR: IO failure: No space left on device')",
            "no space left for what clang writes",
        ),
        ("print('x' * 2**21)", "too much text: more than 1 MiB"),
    ],
)
def test_what_stopped_the_compiler_is_said_as_it_was(tmp_path: Path, program: str, said: str) -> None:
    with pytest.raises(PipelineError, match=said):
        run([sys.executable, "-c", program], scratch=tmp_path, file="kernel.c", output_bytes=2**20)


@pytest.mark.skipif(sys.platform != "linux", reason="limits are Linux's")
def test_a_limit_that_the_shell_sets_is_kept_and_named(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    program = "from pathlib import Path; from pipeline.project.compiler import run; import sys\n"
    program += "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
    program += f"run([sys.executable, '-c', 'print(\"x\" * 9999)'], scratch=Path({str(tmp_path)!r}), file='kernel.c')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "may write files of 4096 bytes here at most; raise the limit that the shell sets: ulimit -f" in done.stderr
    assert resource.getrlimit(resource.RLIMIT_FSIZE) == before
