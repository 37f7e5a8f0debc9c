"""The compiler's preprocessor: every line at its place, the system's headers apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import PipelineError
from pipeline.kernels.read import read_kernel
from pipeline.project import parse_flags
from pipeline.project.preprocess import preprocess


def loops(text: str, **more: object) -> list[tuple[int, int, int | None]]:
    kernel = read_kernel(text, file="k.c", **more)  # type: ignore[arg-type]
    return [(loop.line, loop.column, loop.trip_count) for loop in kernel.loops]


def test_a_source_without_directives_is_taken_as_it_is_and_reads_as_through_the_compiler() -> None:
    text = "void f(int a[4])\n{\n    /* two\n lines */ for (int i = 0;   i < 4; i++)  a[i] =\t0;\n}\n"
    assert preprocess(text, file="k.c").text.split("\n")[3] == "          for (int i = 0;   i < 4; i++)  a[i] =\t0;"
    assert loops(text) == [(4, 11, 4)]
    kernel, through = read_kernel(text, file="k.c"), read_kernel(f"{text}#undef NOTHING\n", file="k.c")
    assert (kernel.loops, kernel.ast_hash) == (through.loops, through.ast_hash)


def test_loops_keep_their_line_and_column_behind_macros_blanks_splices_and_pragmas() -> None:
    text = (
        "#define N 4\n#define WIDE wide_name_that_is_long\n#define HINT(x) _Pragma(#x)\n"
        "void f(int a[N]) { int i, WIDE = 1; int   b  = N;   for (i = 0; i < N; i++) a[i] = WIDE; for (;b--;) a[0]++;\n"
        "HINT(HLS unroll) for (i = 0; i < \\\n N; i++) a[i]++; /* x\n */ for (i = 0; i < 2; i++) a[i]++;\n"
        "a[0]++; \\\n for (i = 0; i < 3; i++) a[i]--; }\n"
    )
    rows = text.split("\n")
    found = loops(text)
    assert [trip for _, _, trip in found] == [4, 4, 4, 2, 3]
    for line, column, _ in found:
        assert rows[line - 1][column - 1 :].startswith("for"), (line, column)


def test_macros_of_the_tool_of_flags_and_of_the_c_library_have_the_compilers_values() -> None:
    text = (
        "#include <limits.h>\n#include <stdint.h>\n#include <float.h>\n#include <math.h>\n"
        "#ifndef __SYNTHESIS__\n#error simulation\n#endif\n#define WIDE(v) v##ULL\n"
        "void f(double a[N], unsigned long long b[4]) {\n"
        "for (int i = 0; i < CHAR_BIT; i++) a[i] = M_SQRT1_2 < FLT_MAX;\n"
        "for (int i = 0; i < UINT8_MAX; i++) b[i & 3] += WIDE(0x7);\n"
        "for (int i = 0; i < N; i++) a[i] = isnan(a[i]);\n}\n"
    )
    kernel = read_kernel(text, file="k.c", flags=parse_flags("-DN=9"))
    assert [loop.trip_count for loop in kernel.loops] == [8, 255, 9]
    assert kernel.arrays[0].dims == (9,)
    assert "isnan" in kernel.functions[0].calls, "written back, the call means the same under any C library"
    assert kernel.includes == ("<limits.h>", "<stdint.h>", "<float.h>", "<math.h>")


def test_headers_are_found_beside_the_file_and_in_include_folders_alone(tmp_path: Path) -> None:
    (tmp_path / "inc").mkdir()
    (tmp_path / "inc" / "sizes.h").write_text("#define N 6\n")
    (tmp_path / "own.h").write_text(
        "#include <sizes.h>\n\nstatic void g(int *a) {\n  for (int i = 0; i < N; i++) a[i] = 0;\n}\n"
    )
    file = tmp_path / "k.c"
    text = '#include "own.h"\nvoid f(int a[N]) { g(a); }\n'
    kernel = read_kernel(text, file=str(file), flags=parse_flags(["-I", str(tmp_path / "inc")]))
    assert [(loop.file, loop.line, loop.trip_count) for loop in kernel.loops] == [(str(tmp_path / "own.h"), 4, 6)]
    assert kernel.top == "f" and kernel.includes == ()
    with pytest.raises(PipelineError, match=r"own\.h:1:10: header sizes\.h is not found; .*--cflags \"-I FOLDER\""):
        read_kernel(text, file=str(file))


def test_neither_a_shift_nor_a_bomb_nor_a_device_takes_more_than_it_may(tmp_path: Path) -> None:
    kernel = "void k(int a[4]) { for (int i = 0; i < 4; i++) a[i] = 0; }\n"
    assert loops(f"#if (1 << 20000000000) > 3\n#endif\n{kernel}") == [(3, 20, 4)]
    (tmp_path / "self.h").write_text('#include "self.h"\n')
    for head, message in [
        ('#include "self.h"\n', "nested too deeply"),
        ("".join(f"#define A{k} A{k + 1} A{k + 1}\n" for k in range(60)) + "int x[] = {A0};\n", "expand to too much"),
        ('#include "/dev/zero"\n', "clang|device"),
    ]:
        with pytest.raises(PipelineError, match=message) as caught:
            read_kernel(head + kernel, file=str(tmp_path / "k.c"))
        assert "\n" not in str(caught.value)


def test_nothing_of_the_environment_or_the_clock_enters_a_kernel(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = "#define S __FILE__ __DATE__ __TIME__\nvoid f(char a[64]) { const char *s = S; a[0] = s[1]; }\n"
    first = read_kernel(text, file=str(tmp_path / "k.c")).ast_hash
    monkeypatch.setenv("CPATH", str(tmp_path))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400000")
    monkeypatch.setenv("CCC_OVERRIDE_OPTIONS", "+-DN=3")
    assert read_kernel(text, file="elsewhere/k.c").ast_hash == first
