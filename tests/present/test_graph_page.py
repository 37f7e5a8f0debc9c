"""The page of a graph: complete, self-contained, the same every time."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.graphs.make import graph_of
from pipeline.present.graph_page import MAX_INSTRUCTIONS, graph_page, write_graph_page
from pipeline.present.linker_names import readable


class _Balanced(HTMLParser):
    """Collects tags that are not closed in order, and ids and links."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.visible: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if found.get("href"):
            self.links.append(str(found["href"]))
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open[-1:] not in (["script"], ["style"]):
            self.visible.append(data)


@pytest.fixture(scope="module", params=["gemm-ncubed", "aes", "spmv-crs"])
def graph(request: pytest.FixtureRequest) -> tuple[pa.Table, pa.Table, str]:
    found = graph_of(request.param)
    return found.nodes, found.edges, found.kernel


def test_the_page_shows_each_loop_site_array_and_block(graph: tuple[pa.Table, pa.Table, str]) -> None:
    nodes, edges, name = graph
    page = graph_page(nodes, edges, title=name)
    parser = _Balanced()
    parser.feed(page)
    assert parser.open == [] and parser.wrong == []
    text = " ".join(parser.visible)
    for row in nodes.to_pylist():
        match row["kind"]:
            case "loop":
                assert row["text"] in text and (row["trip_count"] is None or f"\u00d7 {row['trip_count']}" in text)
            case "site" | "function" | "array":
                assert row["name"] in text
            case "block":
                assert f"b{row['id']}" in parser.ids and f"#b{row['id']}" in parser.links
            case "instruction":
                assert row["text"] in text
    assert len(parser.ids) == len(set(parser.ids))
    assert {link[1:] for link in parser.links} <= set(parser.ids)


def test_functions_and_tables_of_cpp_are_called_as_in_the_source(tmp_path: Path) -> None:
    (tmp_path / "k.cpp").write_text(
        "namespace dsp {\nconst int coef[4] = {1, 2, 3, 4};\n"
        "template <int N> static int dot(const int *a) {\n"
        "  int s = 0;\n  for (int i = 0; i < N; i++) s += a[i] * coef[i & 3];\n  return s;\n}\n}\n"
        "void top(const int a[16], int out[4]) {\n"
        "  for (int i = 0; i < 4; i++) out[i] = dsp::dot<8>(a + i) + dsp::dot<4>(a);\n}\n"
    )
    found = graph_of(tmp_path / "k.cpp", top="top")
    page = graph_page(found.nodes, found.edges, title="k")
    assert any(text and "_ZN3dsp" in text for text in found.nodes["text"].to_pylist()), (
        "the tables keep what clang says"
    )
    assert "_Z" not in page and "@dot&lt;8&gt;(" in page and "@dsp::coef," in page


@pytest.mark.parametrize(
    ("linked", "told"),
    [
        ("_Z3dotPKiS0_", "dot"),
        ("_ZN3dsp3FirILi8EE4tapsE", "dsp::Fir<8>::taps"),
        ("_ZN3dsp3MacILin4EN3abc1TIiEEE3addEPKiS3_", "dsp::Mac<-4,...>::add"),
        ("_ZNSt3__16__math4sqrtB8ne200100Ef", "std::__1::__math::sqrt"),
        ("_ZN12_GLOBAL__N_13fooEv", "foo"),
        ("_ZN3FooD1Ev", "Foo::~Foo"),
        ("_ZZN3dsp4halfEiE3tab_0", "dsp::half::tab"),
        ("_ZNK6ap_intILi8EEplERKS0_", None),
        ("_Znwm", None),
        ("_ZN3", None),
        ("printf", None),
    ],
)
def test_a_linkers_name_is_told_without_types_or_stays(linked: str, told: str | None) -> None:
    assert readable(linked) == (told or linked)


def test_the_page_needs_no_network_and_no_script_to_be_read(graph: tuple[pa.Table, pa.Table, str]) -> None:
    nodes, edges, name = graph
    page = graph_page(nodes, edges, title=name)
    assert not re.search(r'(?:src|href)=(?!"#)|https?:|@import|url\(', page)
    assert "<svg" in page.split("<script>")[0]
    assert page == graph_page(nodes, edges, title=name)


def test_names_from_a_source_cannot_become_markup(tmp_path: Path) -> None:
    (tmp_path / "k.c").write_text("void top(int a[4]) { for (int i = 0; i < 4; i++) a[i] = i; }\n")
    found = graph_of(tmp_path / "k.c")
    nodes = found.nodes
    evil = '<script>alert("x")</script>'
    for column in ("name", "text", "type"):
        place = nodes.schema.get_field_index(column)
        words = pa.array([None if w is None else evil for w in nodes[column].to_pylist()], pa.string())
        nodes = nodes.set_column(place, nodes.schema.field(column), words)
    page = graph_page(nodes, found.edges, title=evil)
    assert page.count("<script>") == 1 and "alert(&#34;" in page


def test_a_big_kernel_gives_a_page_that_still_opens(tmp_path: Path) -> None:
    body = "".join(f"    for (int i = 0; i < 8; i++) a[i] = a[i] * {k} + {k};\n" for k in range(700))
    (tmp_path / "big.c").write_text(f"void top(int a[8]) {{\n{body}}}\n")
    found = graph_of(tmp_path / "big.c")
    path = write_graph_page(tmp_path / "out" / "page.html", found.nodes, found.edges, title="big")
    assert sum(kind == "instruction" for kind in found.nodes["kind"].to_pylist()) > MAX_INSTRUCTIONS
    text = path.read_text()
    assert "in the tables only" in text and len(text) < 4_000_000
    assert [entry.name for entry in path.parent.iterdir()] == ["page.html"]
