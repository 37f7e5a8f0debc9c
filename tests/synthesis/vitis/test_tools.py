from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import PipelineError
from pipeline.synthesis.vitis import ToolKind, choose_tool, probe, settings_environment
from pipeline.synthesis.vitis.versions import NEWEST_KNOWN, release_of
from tests.tool.install import install


@pytest.mark.parametrize(
    ("version", "chosen"),
    [
        ("2019.1", "vivado_hls"),
        ("2020.2", "vitis_hls"),
        ("2022.2", "vitis_hls"),
        ("2023.2", "vitis_hls"),
        ("2024.1", "vitis_hls"),
        ("2025.2", "vitis-run"),
        ("2026.1", "vitis-run"),
    ],
)
def test_an_installation_is_driven_by_the_wrong_command(tmp_path: Path, version: str, chosen: str) -> None:
    found = probe(environment=install(tmp_path, version))
    tool = choose_tool(found.tools)
    assert tool is not None
    assert (tool.kind, tool.version, found.notes) == (ToolKind(chosen), f"{version}-stand-in", ())


def test_a_named_settings_file_is_not_used(tmp_path: Path) -> None:
    install(tmp_path / "with a blank", "2025.2")
    settings = tmp_path / "with a blank" / "settings64.sh"
    settings.write_text(
        settings.read_text().replace(f"PATH={tmp_path}/with a blank/bin", f'PATH="{tmp_path}/with a blank/bin"')
    )
    tool = choose_tool(probe(settings).tools, "v++")
    assert tool is not None and tool.vitis_run and tool.environment["STAND_IN_VERSION"] == "2025.2"
    with pytest.raises(PipelineError, match="vivado_hls"):
        choose_tool(probe(settings).tools, "vivado_hls")


def test_a_settings_file_that_fails_or_hangs_stops_the_pipeline(tmp_path: Path) -> None:
    settings = tmp_path / "settings64.sh"
    for text, seconds, words in (
        ("sleep 1000", 0.2, "longer than"),
        ("exit 3", 60.0, "exit status 3"),
        ("return 1", 60.0, "exit status 1"),
    ):
        settings.write_text(text + "\n")
        with pytest.raises(PipelineError, match=words):
            settings_environment(settings, timeout_s=seconds)
    with pytest.raises(PipelineError, match="does not exist"):
        settings_environment(tmp_path / "absent.sh")
    settings.write_text("echo noise; export A='b\nc=d'; cat\n")
    assert settings_environment(settings)["A"] == "b\nc=d"


def test_a_command_that_is_no_tool_is_taken_for_one(tmp_path: Path) -> None:
    environment = install(tmp_path, "2023.2", names=())
    for name, text in (
        ("vitis_hls", "#!/bin/sh\necho hello\n"),
        ("v++", "#!/bin/sh\nsleep 1000\n"),
        ("vivado_hls", "no program"),
    ):
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    found = probe(environment=environment, timeout_s=0.3)
    assert found.tools == () and len(found.notes) == 3
    assert choose_tool(found.tools) is None
    assert probe(environment={"PATH": str(tmp_path / "absent")}).tools == ()


@pytest.mark.parametrize("version", ["2026.2", "2027.1.1", "2030.10"])
def test_a_later_version_is_driven_as_the_newest_known_and_that_is_said(tmp_path: Path, version: str) -> None:
    found = probe(environment=install(tmp_path, version, names=("vitis_hls", "vitis-run", "v++")))
    tool = choose_tool(found.tools)
    assert tool is not None and found.notes == ()
    assert (tool.kind, tool.version) == (ToolKind.VITIS_RUN, f"{version}-stand-in")
    assert tool.note is not None and f"later than {NEWEST_KNOWN}" in tool.note
    known = choose_tool(probe(environment=install(tmp_path / "known", str(NEWEST_KNOWN))).tools)
    assert known is not None and known.note is None


def test_versions_are_compared_as_numbers(tmp_path: Path) -> None:
    order = ["2018.3", "2019.1_AR1", "2020.2", "2024.1.2", "2024.2", "2026.1", "2026.2", "2026.10", "2027.1"]
    releases = [release_of(version) for version in order]
    assert [release for release in releases if release is not None] == sorted(set(releases), key=lambda r: r or (0, 0))
    assert release_of("2024.1.2") == release_of("2024.1-stand-in") == (2024, 1)
    assert release_of("unknown") is release_of("") is None


def test_a_compiler_that_does_not_know_the_mode_is_not_used(tmp_path: Path) -> None:
    found = probe(environment=install(tmp_path, "2022.2", names=("v++",)))
    assert found.tools == () and "does not know --mode hls" in found.notes[0]
