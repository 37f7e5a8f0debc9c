"""From a C kernel to its fastest pragma configuration with few HLS runs."""

__version__ = "0.1.0"

from pipeline import tasks  # luigi finds the tasks by importing the package that --module names

__all__ = ["__version__", "tasks"]
