"""Where the store holds reports of a kernel for what was asked, and whether Vitis HLS may be on this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.errors import PipelineError
from pipeline.kernels.model import Kernel
from pipeline.synthesis.address import Address
from pipeline.synthesis.flow import ESTIMATOR_SOURCE
from pipeline.synthesis.store import ReportStore
from pipeline.synthesis.target import Target, made_for, same_target

TOOL_COMMANDS = ("vitis_hls", "vitis-run", "v++")
"""``vitis_hls`` up to 2024.2, ``vitis-run`` from 2023.2, ``v++`` from 2023.1 (UG1702)."""
TOOL_VARIABLES = ("XILINX_HLS", "XILINX_VITIS", "XILINX_VIVADO")
"""Set by the tool's settings64.sh to the installation's folder."""
_NOTHING_ASKED = Target()


def find_vitis(environment: Mapping[str, str] | None = None) -> Path | None:
    """The first of the tool's commands on PATH, else in ``bin`` under one of its variables; None if there is none."""
    environment = os.environ if environment is None else environment
    for command in TOOL_COMMANDS:
        found = shutil.which(command, path=environment.get("PATH", ""))
        if found:
            return Path(found)
    for variable in TOOL_VARIABLES:
        root = environment.get(variable)
        for command in TOOL_COMMANDS if root else ():
            found = shutil.which(command, path=str(Path(root or "") / "bin"))
            if found:
                return Path(found)
    return None


def find_address(
    store: ReportStore, kernel: Kernel, source: str | None = None, target: Target = _NOTHING_ASKED
) -> Address | None:
    """Where the store holds reports of a kernel: under the hash of its syntax tree, else by its name alone.

    None where there are none. Raises PipelineError where several sources, or several flows of the source, hold
    some: their labels are not mixed unasked. Likewise where there are some, and none for what was asked.
    """
    every = store.addresses(source=source)
    found = [address for address in every if address.kernel_hash == kernel.ast_hash]
    found = found or [address for address in every if not address.kernel_hash and address.kernel == kernel.name]
    found = made_for_target(found, target)
    sources = sorted({address.source for address in found})
    if len(sources) > 1:
        raise PipelineError(
            f"reports of kernel {kernel.name!r} are cached from several sources: {', '.join(sources)}",
            fix="name one with --source",
        )
    if len(found) > 1:
        from pipeline.estimator import VERSION

        current = [
            address for address in found if address.source == ESTIMATOR_SOURCE and address.flow.tool_version == VERSION
        ]
        if len(current) == 1:
            return current[0]
        if not all(same_target(found[0].flow, address.flow) for address in found):
            raise PipelineError(
                f"reports of kernel {kernel.name!r} from {sources[0]} are cached for several parts or clocks: "
                f"{', '.join(sorted({made_for(address.flow) for address in found}))}",
                fix="name one with --part and --clock",
            )
        versions = ", ".join(sorted(str(address.flow.tool_version) for address in found))
        raise PipelineError(
            f"reports of kernel {kernel.name!r} are cached from several flows of {sources[0]} (versions {versions})",
            fix="import each under a source name of its own",
        )
    return found[0] if found else None


def made_for_target(addresses: Sequence[Address], target: Target) -> list[Address]:
    """Those of the addresses whose labels are for what was asked.

    Where nobody asked for a part or a clock, and a source has labels for several, those for the defaults. Raises
    PipelineError where there are some, and none for what was asked: a report of another part or clock does not stand
    for it.
    """
    kept = [address for address in addresses if target.difference(address.flow) is None]
    if addresses and not kept:
        first = max(addresses, key=lambda address: (Target().complete.difference(address.flow) is None, address.digest))
        others = {made_for(address.flow) for address in addresses} - {made_for(first.flow)}
        more = f" (others are for {', '.join(sorted(others)[:3])})" if others else ""
        raise PipelineError(
            f"the cached reports of {first.kernel} from {first.source} {target.difference(first.flow)}{more}",
            fix="estimate its designs for that with --backend estimator, run the tool with --backend vitis, or leave "
            "--part and --clock out to replay what is there",
        )
    usual = target.complete
    found = []
    for source in dict.fromkeys(address.source for address in kept):
        own = [address for address in kept if address.source == source]
        found += [address for address in own if usual.difference(address.flow) is None] or own
    return found
