"""From a C kernel to its fastest pragma configuration with few HLS runs."""

import sys

__version__ = "0.2.0"

if "luigi" in sys.modules:
    # `luigi --module pipeline TASK` imports this package to find its tasks. A library user does without luigi, whose
    # import costs more than all of ours; whoever wants the tasks imports pipeline.tasks.
    import pipeline.tasks  # noqa: F401
