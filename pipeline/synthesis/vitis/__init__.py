"""Vitis HLS: finding the tool, handing it a design, running it under supervision, reading what it says.

``sources`` is what a design point is lowered to, ``templates`` makes a job of it, ``run`` runs the job, ``logs``
reads the log, ``backend`` joins them to the report store. ``supervise`` is a program of its own.
"""

from __future__ import annotations

from pipeline.synthesis.vitis.backend import Lowering, VitisBackend, tool_flow
from pipeline.synthesis.vitis.job import Command, Further, Job
from pipeline.synthesis.vitis.logs import LogWarning, Verdict, WarningKind, split_runs, stage, verdict
from pipeline.synthesis.vitis.process import Limits
from pipeline.synthesis.vitis.retry import Retries, run_with_retries
from pipeline.synthesis.vitis.run import Keep, StepResult, ToolResult, run_tool
from pipeline.synthesis.vitis.sources import Sources
from pipeline.synthesis.vitis.templates import render
from pipeline.synthesis.vitis.tools import Probe, Tool, ToolKind, choose_tool, probe, settings_environment

__all__ = [
    "Command",
    "Further",
    "Job",
    "Keep",
    "Limits",
    "LogWarning",
    "Lowering",
    "Probe",
    "Retries",
    "Sources",
    "StepResult",
    "Tool",
    "ToolKind",
    "ToolResult",
    "Verdict",
    "VitisBackend",
    "WarningKind",
    "choose_tool",
    "probe",
    "render",
    "run_tool",
    "run_with_retries",
    "settings_environment",
    "split_runs",
    "stage",
    "tool_flow",
    "verdict",
]
